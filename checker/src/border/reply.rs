//! One line from a driver, read without trust.

use serde::Deserialize;

use super::{Answer, printable};
use crate::value::Value;

/// The longest line that a driver may send, bytes.
pub(super) const LONGEST: usize = 1 << 20;
/// The longest class name, message and traceback, characters; the driver cuts its texts to these lengths.
pub(super) const TEXTS: [usize; 3] = [200, 2000, 8000];

/// What a driver may answer.
#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    Loaded,
    /// What a scenario came to, or the exception that an import raised.
    Answer(Answer),
    End,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    reply: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Body {
    Loaded,
    Observed(serde_json::Value),
    Raised(Exception),
    End,
}

/// A Python exception in the driver's words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    class: String,
    message: String,
    traceback: String,
}

impl Reply {
    /// Reads the line that answers the request with this id.
    ///
    /// # Errors
    /// In words, when no honest driver sends such a line.
    pub fn parse(line: &[u8], id: &str) -> Result<Self, String> {
        // serde would take a struct's fields from an array as well.
        if !line.starts_with(b"{") {
            return Err("a reply that is no JSON object".into());
        }
        let line: Line = serde_json::from_slice(line)
            .map_err(|error| format!("a reply that is not understood: {error}"))?;
        if line.id != id {
            return Err("a reply to a question that was not asked".into());
        }
        Ok(match line.reply {
            Body::Loaded => Reply::Loaded,
            Body::End => Reply::End,
            Body::Raised(exception) => {
                let [class, message, traceback] = exception.texts()?;
                Reply::Answer(Answer::Raised {
                    class,
                    message,
                    traceback,
                })
            }
            Body::Observed(value) => Reply::Answer(Answer::Observed(Value::from_wire(&value)?)),
        })
    }
}

impl Exception {
    /// The three texts, safe to print.
    fn texts(self) -> Result<[String; 3], String> {
        let texts = [self.class, self.message, self.traceback];
        let mut lengths = texts.iter().map(|text| text.chars().count()).zip(TEXTS);
        if lengths.any(|(length, longest)| length > longest) {
            return Err("an exception with an endless text".into());
        }
        Ok(texts.map(|text| printable(text.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(line: &str) -> Result<Reply, String> {
        Reply::parse(line.as_bytes(), "7f")
    }

    #[test]
    fn each_form_is_read() {
        assert_eq!(
            parse(r#"{"id": "7f", "reply": "loaded"}"#),
            Ok(Reply::Loaded)
        );
        assert_eq!(parse(r#"{"id": "7f", "reply": "end"}"#), Ok(Reply::End));
        assert_eq!(
            parse(r#"{"id": "7f", "reply": {"observed": {"int": "5"}}}"#),
            Ok(Reply::Answer(Answer::Observed(Value::Int("5".into()))))
        );
        let line = r#"{"id": "7f", "reply": {"raised":
            {"class": "OSError", "message": "no \u001b[2J", "traceback": ""}}}"#;
        let Ok(Reply::Answer(Answer::Raised { message, .. })) = parse(line) else {
            panic!("{:?}", parse(line));
        };
        assert_eq!(message, "no \\x1b[2J");
    }

    #[test]
    fn nothing_else_is() {
        let lines = [
            r#"{"id": "7f", "reply": "passed"}"#,
            r#"{"id": "70", "reply": "loaded"}"#,
            r#"{"id": "7f", "reply": "loaded", "passed": true}"#,
            r#"{"id": "7f", "id": "7f", "reply": "loaded"}"#,
            r#"{"id": "7f", "reply": {"observed": 5}}"#,
            r#"{"id": "7f", "reply": {"observed": null, "raised": null}}"#,
            r#"{"id": 127, "reply": "loaded"}"#,
            r#"{"id": "7f", "reply": "loaded"} {}"#,
            r#"["7f", "loaded"] "#,
            "",
        ];
        for line in lines {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn endless_texts_are_refused() {
        let line = format!(
            r#"{{"id": "7f", "reply": {{"raised": {{"class": "{}", "message": "", "traceback": ""}}}}}}"#,
            "A".repeat(201)
        );
        assert!(parse(&line).is_err());
    }

    const HONEST: &str = r#"{"id":"7f","reply":{"observed":{"dict":[["k",[{"int":"5"},null]]]}}}"#;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn noise_is_never_accepted(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Reply::parse(&noise, "7f").is_err());
        }

        #[test]
        fn a_damaged_reply_is_refused_or_is_another_plain_value(
            changes in proptest::collection::vec((0..HONEST.len(), any::<u8>()), 1..4),
        ) {
            let mut line = HONEST.as_bytes().to_vec();
            for (place, byte) in changes {
                line[place] = byte;
            }
            let reply = Reply::parse(&line, "7f");
            let plain = matches!(reply, Err(_) | Ok(Reply::Answer(Answer::Observed(_))));
            prop_assert!(plain, "{reply:?}");
        }
    }
}
