//! What a run of one file said about its tests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What became of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed, or raised.
    Failed,
    /// It did not run.
    Skipped,
}

/// One test's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What became of it.
    pub outcome: Outcome,
    /// The reason, for a test that did not pass.
    pub detail: String,
    /// What it returned, where that counts.
    #[serde(default)]
    pub value: String,
}

/// Everything that is known of one run of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The tests that ended, by name.
    pub tests: BTreeMap<String, Told>,
    /// Why the process did not come to the end of the file in order: a crash, a limit, an exception outside a test.
    pub broken: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Ended {
        test: String,
        #[serde(flatten)]
        told: Told,
    },
    Started {
        started: String,
    },
    End {
        #[expect(dead_code, reason = "the name alone tells this line from the others")]
        end: bool,
    },
}

impl Heard {
    /// Reads a report; `ending` says how the process ended, unless it ended as it should.
    pub fn read(report: &str, ending: Option<String>) -> Heard {
        let mut heard = Heard::default();
        let mut running = None;
        let mut complete = false;
        for line in report.lines() {
            match serde_json::from_str(line) {
                Ok(Line::Started { started }) => running = Some(started),
                Ok(Line::Ended { test, told }) => {
                    heard.tests.insert(test, told);
                }
                Ok(Line::End { .. }) => complete = true,
                // The last line of a process that was killed while it wrote.
                Err(_) => break,
            }
        }
        heard.broken = match (ending, complete) {
            (None, true) => None,
            (Some(ending), true) => Some(format!("after its last test, {ending}")),
            (ending, false) => {
                let ending = ending.unwrap_or_else(|| "the process ended early".to_owned());
                Some(match running {
                    Some(test) => format!("in {test}, {ending}"),
                    None => format!("before its first test, {ending}"),
                })
            }
        };
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "{\"started\": \"a\"}\n{\"test\": \"a\", \"outcome\": \"passed\", \"detail\": \"\", \"value\": \"1\"}\n{\"started\": \"b\"}\n";

    #[test]
    fn a_report_is_complete_only_with_its_end() {
        let heard = Heard::read(&format!("{REPORT}{{\"end\": true}}\n"), None);
        assert_eq!(heard.broken, None);
        assert_eq!(heard.tests["a"].outcome, Outcome::Passed);
        assert_eq!(heard.tests["a"].value, "1");
        assert_eq!(heard.tests.len(), 1);
    }

    #[test]
    fn a_crash_names_the_test_that_was_running() {
        let heard = Heard::read(REPORT, Some("it was ended by SIGSEGV".into()));
        assert_eq!(heard.broken.unwrap(), "in b, it was ended by SIGSEGV");
        let heard = Heard::read("", None);
        assert_eq!(
            heard.broken.unwrap(),
            "before its first test, the process ended early"
        );
    }

    #[test]
    fn a_crash_at_exit_is_a_crash() {
        let report = format!("{REPORT}{{\"end\": true}}\n");
        let heard = Heard::read(&report, Some("it was ended by SIGABRT".into()));
        assert_eq!(
            heard.broken.unwrap(),
            "after its last test, it was ended by SIGABRT"
        );
    }

    #[test]
    fn half_a_line_is_left_out() {
        let heard = Heard::read("{\"started\": \"a\"}\n{\"test\": \"a\", \"outc", None);
        assert!(heard.tests.is_empty());
        assert!(heard.broken.unwrap().starts_with("in a, "));
    }
}
