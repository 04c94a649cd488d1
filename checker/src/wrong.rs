//! Known wrong answers, as a `[[wrong]]` of lesson.toml describes them: the verdicts that each may get, and what its report says.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, de};

use crate::variant::VariantPattern;
use crate::verdict::{self, Verdict};

/// Verdicts that tell nothing about an answer: that it is right, or that nobody judged it.
const NO_OUTCOMES: [&str; 3] = ["passed", "skipped", "grader-fault"];

/// A known wrong answer and the verdict that it must get.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Entry")]
pub struct WrongAnswer {
    /// The folder below `wrong/`.
    pub name: String,
    /// The variants that it is tried in.
    pub variants: Vec<VariantPattern>,
    /// The verdicts of which it must get one in each variant, by name; more than one for undefined behaviour only.
    pub outcomes: Vec<String>,
    says: Says,
}

impl WrongAnswer {
    /// Whether it may get this verdict.
    pub fn may_be(&self, verdict: &Verdict) -> bool {
        self.outcomes.iter().any(|one| one == verdict.name())
    }

    /// The outcomes for a sentence: `crashed or timeout`.
    pub fn due(&self) -> String {
        self.outcomes.join(" or ")
    }

    /// Text that the report must contain when some variant got this verdict.
    pub fn says(&self, verdict: &Verdict) -> Option<&str> {
        match &self.says {
            Says::Nothing => None,
            Says::Always(text) => Some(text),
            Says::Each(texts) => texts.get(verdict.name()).map(String::as_str),
        }
    }

    /// What is wrong with the entry itself.
    fn problem(&self) -> Option<String> {
        if self.outcomes.is_empty() {
            return Some("names no outcome; name the verdict that it must get".to_owned());
        }
        for (index, outcome) in self.outcomes.iter().enumerate() {
            if NO_OUTCOMES.contains(&outcome.as_str()) {
                return Some(format!(
                    "`{outcome}` is no outcome of a wrong answer: it does not say that the answer is wrong"
                ));
            }
            if !verdict::NAMES.contains(&outcome.as_str()) {
                return Some(format!(
                    "no verdict is called `{outcome}`; the verdicts are: {}",
                    verdict::NAMES.join(" ")
                ));
            }
            if self.outcomes[..index].contains(outcome) {
                return Some(format!("names the outcome `{outcome}` twice"));
            }
        }
        let Says::Each(texts) = &self.says else {
            return None;
        };
        let stray = texts.keys().find(|it| !self.outcomes.contains(it))?;
        Some(format!(
            "`says` has a text for `{stray}`, which is none of its outcomes"
        ))
    }
}

/// A `[[wrong]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    variants: Vec<VariantPattern>,
    #[serde(deserialize_with = "one_or_more")]
    outcome: Vec<String>,
    #[serde(default)]
    says: Says,
}

impl TryFrom<Entry> for WrongAnswer {
    type Error = String;

    fn try_from(entry: Entry) -> Result<WrongAnswer, String> {
        let answer = WrongAnswer {
            name: entry.name,
            variants: entry.variants,
            outcomes: entry.outcome,
            says: entry.says,
        };
        match answer.problem() {
            None => Ok(answer),
            Some(problem) => Err(format!("wrong answer `{}`: {problem}", answer.name)),
        }
    }
}

/// What the report must contain.
#[derive(Clone, Debug, Default)]
enum Says {
    /// Nothing in particular.
    #[default]
    Nothing,
    /// The same whatever the outcome.
    Always(String),
    /// A text of its own for an outcome.
    Each(BTreeMap<String, String>),
}

/// Reads `"crashed"` as well as `["crashed", "timeout"]`.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Visitor;

    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the name of a verdict, or a list of such names")
        }

        fn visit_str<E: de::Error>(self, name: &str) -> Result<Vec<String>, E> {
            Ok(vec![name.to_owned()])
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, names: A) -> Result<Vec<String>, A::Error> {
            Vec::deserialize(de::value::SeqAccessDeserializer::new(names))
        }
    }

    deserializer.deserialize_any(Visitor)
}

impl<'de> Deserialize<'de> for Says {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Says, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Says;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table with a text for each of several outcomes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Says, E> {
                Ok(Says::Always(text.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, texts: A) -> Result<Says, A::Error> {
                let texts = BTreeMap::deserialize(de::value::MapAccessDeserializer::new(texts))?;
                Ok(Says::Each(texts))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Result<WrongAnswer, String> {
        let text = format!("name = \"freed\"\nvariants = [\"ctypes/*\"]\n{lines}");
        toml::from_str(&text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn one_outcome_or_several_may_be_named() {
        let one = read("outcome = \"wrong\"\nsays = \"expected\"").unwrap();
        assert!(one.may_be(&Verdict::Wrong) && !one.may_be(&Verdict::Passed));
        assert_eq!(one.due(), "wrong");
        assert_eq!(one.says(&Verdict::Wrong), Some("expected"));

        let several =
            read("outcome = [\"crashed\", \"timeout\"]\nsays = { crashed = \"SIG\" }").unwrap();
        let crashed = Verdict::Crashed("SIGABRT".to_owned());
        assert!(several.may_be(&crashed) && several.may_be(&Verdict::Timeout));
        assert!(!several.may_be(&Verdict::Wrong) && !several.may_be(&Verdict::Passed));
        assert_eq!(several.due(), "crashed or timeout");
        assert_eq!(several.says(&crashed), Some("SIG"));
        assert_eq!(several.says(&Verdict::Timeout), None);
        assert_eq!(read("outcome = [\"wrong\"]").unwrap().due(), "wrong");
    }

    #[test]
    fn an_entry_that_cannot_be_meant_is_refused_by_name() {
        for (lines, expected) in [
            ("outcome = []", "wrong answer `freed`: names no outcome"),
            (
                "outcome = [\"crashed\", \"wrong\", \"crashed\"]",
                "wrong answer `freed`: names the outcome `crashed` twice",
            ),
            (
                "outcome = [\"crashed\", \"crash\"]",
                "wrong answer `freed`: no verdict is called `crash`; the verdicts are: passed ",
            ),
            (
                "outcome = [\"crashed\", \"passed\"]",
                "wrong answer `freed`: `passed` is no outcome of a wrong answer",
            ),
            (
                "outcome = \"passed\"",
                "wrong answer `freed`: `passed` is no outcome of a wrong answer",
            ),
            (
                "outcome = \"skipped\"",
                "wrong answer `freed`: `skipped` is no outcome of a wrong answer",
            ),
            (
                "outcome = [\"crashed\", \"timeout\"]\nsays = { wrong = \"x\" }",
                "wrong answer `freed`: `says` has a text for `wrong`",
            ),
            ("outcome = 3", "expected the name of a verdict, or a list"),
            ("outcome = [\"crashed\", 3]", "expected a string"),
            (
                "outcome = \"wrong\"\nsays = 3",
                "expected a text, or a table",
            ),
            ("outcome = \"wrong\"\nsay = \"x\"", "unknown field `say`"),
            ("says = \"x\"", "missing field `outcome`"),
        ] {
            let problem = read(lines).unwrap_err();
            assert!(problem.contains(expected), "{lines}: {problem}");
        }
    }
}
