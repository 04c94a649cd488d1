//! The committed lists of known failures. A list can only shrink: whatever is listed must still fail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::compare::Judged;
use super::plan;
use crate::errors::ExpectedError;

/// The known failures of one suite on one version of Python: test and cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    causes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    failure: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    cause: String,
    tests: Vec<String>,
}

/// A failure of the engine, with its cause when it is a known one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The test.
    pub test: String,
    /// What happened.
    pub reason: String,
    /// Why, when the list says so.
    pub cause: Option<String>,
}

impl Known {
    /// The file of this suite and version, for example `known/test_ctypes-3.11.toml`.
    pub fn path(folder: &Path, suite: &str, version: (u32, u32, u32)) -> PathBuf {
        let (major, minor, _) = version;
        folder.join(format!("known/{suite}-{major}.{minor}.toml"))
    }

    /// Reads a list. No file means that nothing is known to fail.
    ///
    /// # Errors
    /// When the file cannot be understood, a cause is empty, or a test is listed twice.
    pub fn read(path: &Path) -> Result<Known, ExpectedError> {
        if !path.exists() {
            return Ok(Known::default());
        }
        let document: Document = plan::parse(path)?;
        Known::new(document.failure).map_err(|problem| ExpectedError::UnusableFile {
            path: path.to_owned(),
            problem: problem.into(),
            next: "give each failing test one cause".into(),
        })
    }

    fn new(failures: Vec<Failure>) -> Result<Known, String> {
        let mut known = Known::default();
        for failure in failures {
            if failure.cause.trim().is_empty() {
                return Err(format!(
                    "no cause is given for {}",
                    failure.tests.join(", ")
                ));
            }
            for test in failure.tests {
                if known.causes.contains_key(&test) {
                    return Err(format!("{test} is listed twice"));
                }
                known.causes.insert(test, failure.cause.clone());
            }
        }
        Ok(known)
    }

    /// The failures among the results, and the listed tests that do not belong in the list any more, each with the reason.
    ///
    /// `complete` says whether the whole suite was run; a part cannot tell that a listed test is gone.
    pub fn settle(
        &self,
        results: &[(String, Judged)],
        complete: bool,
    ) -> (Vec<Failed>, Vec<String>) {
        let mut failures = Vec::new();
        let mut stale = Vec::new();
        for (test, judged) in results {
            let cause = self.causes.get(test);
            match judged {
                Judged::Failed(reason) => failures.push(Failed {
                    test: test.clone(),
                    reason: reason.clone(),
                    cause: cause.cloned(),
                }),
                Judged::Passed if cause.is_some() => {
                    stale.push(format!("{test} passes: remove it"));
                }
                Judged::Skipped(_) | Judged::NotApplicable(_) if cause.is_some() => {
                    stale.push(format!("{test} is not passed by stock either: remove it"));
                }
                _ => {}
            }
        }
        if complete {
            let gone = self
                .causes
                .keys()
                .filter(|test| !results.iter().any(|(name, _)| name == *test));
            stale.extend(gone.map(|test| format!("{test} is no test of this suite: remove it")));
        }
        (failures, stale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(tests: &[&str]) -> Known {
        Known::new(vec![Failure {
            cause: "a cause".into(),
            tests: tests.iter().map(|test| (*test).to_owned()).collect(),
        }])
        .unwrap()
    }

    fn result(judged: Judged) -> Vec<(String, Judged)> {
        vec![("t".to_owned(), judged)]
    }

    #[test]
    fn a_known_failure_has_its_cause_and_an_unknown_one_none() {
        let results = result(Judged::Failed("boom".into()));
        let (failures, stale) = known(&["t"]).settle(&results, true);
        assert_eq!(failures[0].cause.as_deref(), Some("a cause"));
        assert!(stale.is_empty());
        let (failures, _) = known(&[]).settle(&results, true);
        assert_eq!(failures[0].cause, None);
    }

    #[test]
    fn a_listed_test_that_passes_has_to_leave_the_list() {
        let (failures, stale) = known(&["t"]).settle(&result(Judged::Passed), true);
        assert!(failures.is_empty());
        assert_eq!(stale, ["t passes: remove it"]);
    }

    #[test]
    fn a_listed_test_that_stock_does_not_pass_has_to_leave_the_list() {
        let (_, stale) = known(&["t"]).settle(&result(Judged::Skipped("Windows".into())), true);
        assert_eq!(stale.len(), 1, "{stale:?}");
    }

    #[test]
    fn only_a_whole_suite_tells_that_a_listed_test_is_gone() {
        let list = known(&["gone"]);
        assert_eq!(list.settle(&result(Judged::Passed), true).1.len(), 1);
        assert!(list.settle(&result(Judged::Passed), false).1.is_empty());
    }

    #[test]
    fn a_list_without_a_cause_or_with_a_test_twice_is_refused() {
        let failure = |cause: &str| Failure {
            cause: cause.into(),
            tests: vec!["t".into()],
        };
        assert!(Known::new(vec![failure(" ")]).is_err());
        let problem = Known::new(vec![failure("x"), failure("y")]).unwrap_err();
        assert_eq!(problem, "t is listed twice");
    }
}
