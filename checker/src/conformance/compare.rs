//! An engine's run of a file beside stock's, test by test. Stock decides what counts.

use super::heard::{Heard, Outcome, Told};

/// What one test says about an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It passes on stock and on the engine.
    Passed,
    /// It passes on stock and not on the engine: why.
    Failed(String),
    /// Stock skips it too: why.
    Skipped(String),
    /// It says nothing, because stock does not pass it: why.
    NotApplicable(String),
}

/// Every test of a file, by name.
pub fn compare(file: &str, stock: &Heard, ours: &Heard) -> Vec<(String, Judged)> {
    let mut judged: Vec<(String, Judged)> = stock
        .tests
        .iter()
        .map(|(test, theirs)| (test.clone(), judge(test, theirs, ours)))
        .collect();
    if let Some(broken) = &stock.broken {
        let reason = format!("stock does not come to its end: {broken}");
        judged.push((format!("{file} (the rest)"), Judged::NotApplicable(reason)));
    } else if judged.is_empty() {
        let reason = "the file has no tests".to_owned();
        judged.push((file.to_owned(), Judged::NotApplicable(reason)));
    }
    judged
}

fn judge(test: &str, theirs: &Told, ours: &Heard) -> Judged {
    match theirs.outcome {
        Outcome::Failed => Judged::NotApplicable(format!("stock fails: {}", first_line(theirs))),
        Outcome::Passed => match shortcoming(test, theirs, ours) {
            Some(reason) => Judged::Failed(reason),
            None => Judged::Passed,
        },
        Outcome::Skipped => match ours.tests.get(test) {
            Some(told) if told.outcome == Outcome::Failed => {
                Judged::Failed(format!("fails, and stock skips it: {}", first_line(told)))
            }
            _ => Judged::Skipped(first_line(theirs)),
        },
    }
}

/// What keeps the engine's run of a test from being as good as stock's.
fn shortcoming(test: &str, theirs: &Told, ours: &Heard) -> Option<String> {
    if let Some(broken) = &ours.broken {
        return Some(format!("the file breaks off: {broken}"));
    }
    let Some(told) = ours.tests.get(test) else {
        return Some(match instead(ours) {
            Some(reason) => format!("does not run: {reason}"),
            None => "does not run".to_owned(),
        });
    };
    match told.outcome {
        Outcome::Failed => Some(first_line(told)),
        Outcome::Skipped => Some(format!(
            "is skipped, and stock runs it: {}",
            first_line(told)
        )),
        Outcome::Passed if told.value != theirs.value => {
            Some(format!("{} instead of {}", told.value, theirs.value))
        }
        Outcome::Passed => None,
    }
}

/// What failed before the tests of a file or a class could begin: an import, or a set-up.
fn instead(ours: &Heard) -> Option<String> {
    let marked = |test: &str| {
        test.ends_with("(collection)")
            || test.ends_with("::import")
            || test.starts_with("setUp")
            || test.starts_with("unittest.loader.")
    };
    let failed = ours
        .tests
        .iter()
        .find(|(test, told)| told.outcome != Outcome::Passed && marked(test));
    failed.map(|(_, told)| last_line(told))
}

/// A traceback says last what it is about.
fn last_line(told: &Told) -> String {
    let mut lines = told.detail.lines().rev();
    let line = lines.find(|line| !line.trim().is_empty());
    line.unwrap_or("no reason given").trim().to_owned()
}

fn first_line(told: &Told) -> String {
    let line = told.detail.lines().find(|line| !line.trim().is_empty());
    line.unwrap_or("no reason given").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(outcome: Outcome, detail: &str) -> Told {
        Told {
            outcome,
            detail: detail.into(),
            value: String::new(),
        }
    }

    fn heard(tests: &[(&str, Told)]) -> Heard {
        Heard {
            tests: tests
                .iter()
                .map(|(name, told)| ((*name).to_owned(), told.clone()))
                .collect(),
            broken: None,
        }
    }

    fn one(stock: Told, ours: &Heard) -> Judged {
        let mut judged = compare("f", &heard(&[("t", stock)]), ours);
        assert_eq!(judged.len(), 1);
        judged.remove(0).1
    }

    #[test]
    fn a_pass_counts_when_both_pass_with_the_same_value() {
        let passed = told(Outcome::Passed, "");
        let ours = heard(&[("t", passed.clone())]);
        assert_eq!(one(passed.clone(), &ours), Judged::Passed);
        let other = Told {
            value: "3".into(),
            ..passed
        };
        assert_eq!(
            one(other, &ours),
            Judged::Failed(" instead of 3".to_owned())
        );
    }

    #[test]
    fn a_skip_that_stock_does_not_have_is_a_failure() {
        let ours = heard(&[("t", told(Outcome::Skipped, "no library"))]);
        assert_eq!(
            one(told(Outcome::Passed, ""), &ours),
            Judged::Failed("is skipped, and stock runs it: no library".into())
        );
        assert_eq!(
            one(told(Outcome::Skipped, "Windows"), &ours),
            Judged::Skipped("Windows".into())
        );
    }

    #[test]
    fn a_test_that_does_not_run_is_a_failure() {
        assert_eq!(
            one(told(Outcome::Passed, ""), &heard(&[])),
            Judged::Failed("does not run".into())
        );
        let ours = heard(&[(
            "f (collection)",
            told(Outcome::Failed, "Traceback\nImportError: no x\n"),
        )]);
        assert_eq!(
            one(told(Outcome::Passed, ""), &ours),
            Judged::Failed("does not run: ImportError: no x".into())
        );
    }

    #[test]
    fn a_crash_fails_every_test_of_the_file_even_those_that_had_passed() {
        let passed = told(Outcome::Passed, "");
        let mut ours = heard(&[("a", passed.clone())]);
        ours.broken = Some("in b, it was ended by SIGSEGV".into());
        let stock = heard(&[("a", passed.clone()), ("b", passed)]);
        for (_, judged) in compare("f", &stock, &ours) {
            assert_eq!(
                judged,
                Judged::Failed("the file breaks off: in b, it was ended by SIGSEGV".into())
            );
        }
    }

    #[test]
    fn what_stock_fails_says_nothing_and_says_why() {
        let ours = heard(&[("t", told(Outcome::Passed, ""))]);
        assert_eq!(
            one(told(Outcome::Failed, "\nno c++\nmore"), &ours),
            Judged::NotApplicable("stock fails: no c++".into())
        );
    }

    #[test]
    fn a_failure_where_stock_skips_is_a_failure() {
        let ours = heard(&[("t", told(Outcome::Failed, "boom"))]);
        assert!(matches!(
            one(told(Outcome::Skipped, "Windows"), &ours),
            Judged::Failed(_)
        ));
    }

    #[test]
    fn a_file_without_tests_and_one_that_breaks_off_on_stock_are_named() {
        let empty = compare("f", &heard(&[]), &heard(&[]));
        assert_eq!(
            empty,
            [(
                "f".to_owned(),
                Judged::NotApplicable("the file has no tests".into())
            )]
        );
        let mut stock = heard(&[]);
        stock.broken = Some("before its first test, exit code 1".into());
        let [(name, Judged::NotApplicable(reason))] = &compare("f", &stock, &stock)[..] else {
            panic!("one entry expected");
        };
        assert_eq!(name, "f (the rest)");
        assert!(reason.contains("exit code 1"), "{reason}");
    }
}
