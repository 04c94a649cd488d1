//! Hints that belong to a failure, whatever the lesson: `checker/hints/failures.toml`.

use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

use super::failing::Failing;

/// How many steps a hint has.
pub const STEPS: usize = 3;

/// The entry for a file that was handed out and not begun, or not finished.
pub const OPEN_TASK: &str = "open-task";

const TEXT: &str = include_str!("../../hints/failures.toml");

/// A hint and the failures that it is for. A condition that is left out holds for all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureHint {
    /// Its name, in the JSON of `hint`.
    pub name: String,
    /// What went wrong, as a headline.
    pub title: String,
    /// What a report says of it in one line, where its words tell the mistake beyond doubt.
    pub next: Option<String>,
    /// A question, a pointer, the shape of the answer.
    pub steps: [String; STEPS],
    #[serde(default)]
    class: Vec<String>,
    #[serde(default)]
    bridge: Vec<String>,
    #[serde(default)]
    verdict: Vec<String>,
    #[serde(default)]
    types: Vec<String>,
    raised: Option<String>,
    message: Option<String>,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the test of this file reads it")
    )]
    example: Failing,
}

/// The hint for a failure; none for one that a participant cannot mend, such as a missing compiler.
pub fn hint_for(failing: &Failing) -> Option<&'static FailureHint> {
    all().iter().find(|hint| hint.fits(failing))
}

fn all() -> &'static [FailureHint] {
    #[derive(Deserialize)]
    struct Whole {
        hint: Vec<FailureHint>,
    }
    static PARSED: OnceLock<Vec<FailureHint>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let whole: Whole = toml::from_str(TEXT).expect("a test reads hints/failures.toml too");
        whole.hint
    })
}

impl FailureHint {
    fn fits(&self, failing: &Failing) -> bool {
        let one_of = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|it| list.iter().any(|other| other == it))
        };
        let types = failing
            .types
            .as_ref()
            .map(|(expected, observed)| format!("{expected}:{observed}"));
        let matches = |pattern: &Option<String>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| {
                Regex::new(pattern)
                    .expect("a test compiles the patterns")
                    .is_match(text)
            })
        };
        one_of(&self.class, failing.class.as_deref())
            && one_of(&self.bridge, Some(failing.bridge()))
            && one_of(&self.verdict, Some(&failing.verdict))
            && one_of(&self.types, types.as_deref())
            && matches(&self.raised, failing.raised.as_deref().unwrap_or_default())
            && matches(&self.message, &failing.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authoring::{hints::WORD_LIMIT, markdown};
    use crate::diagnosis::Class;
    use crate::verdict;

    #[test]
    fn each_hint_is_found_by_its_example_and_nothing_before_it() {
        for hint in all() {
            let found = hint_for(&hint.example).map(|it| &it.name);
            assert_eq!(found, Some(&hint.name));
        }
    }

    #[test]
    fn the_conditions_name_what_there_is_and_the_steps_keep_the_rules() {
        for hint in all() {
            let name = &hint.name;
            for class in &hint.class {
                assert!(Class::named(class).is_some(), "{name}: {class}");
            }
            for verdict in &hint.verdict {
                assert!(
                    verdict::NAMES.contains(&verdict.as_str()),
                    "{name}: {verdict}"
                );
            }
            assert!(
                hint.steps[0].contains('?'),
                "{name}: the first is a question"
            );
            for step in &hint.steps {
                assert!(markdown::words(step) <= WORD_LIMIT, "{name}: {step}");
            }
            if let Some(next) = &hint.next {
                assert!(hint.message.is_some(), "{name}: only words prove a mistake");
                assert!(markdown::words(next) <= WORD_LIMIT, "{name}: {next}");
            }
        }
    }

    #[test]
    fn an_open_task_is_known_by_its_name() {
        assert!(all().iter().any(|hint| hint.name == OPEN_TASK));
    }

    #[test]
    fn the_machine_s_own_troubles_have_no_hint() {
        let failing = Failing {
            variant: "ext/stock".into(),
            verdict: "skipped".into(),
            ..Failing::default()
        };
        assert!(hint_for(&failing).is_none());
    }
}
