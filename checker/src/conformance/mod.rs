//! How much of somebody else's tests an engine passes, beside stock, test by test.
//!
//! A suite runs by substitution: the same files twice, each in a process of its own, once with the engine in the place
//! of the stock module. What stock does not pass says nothing about the engine.

pub mod compare;
pub mod heard;
pub mod known;
pub mod observe;
pub mod place;
pub mod plan;
pub mod report;

use std::path::Path;

use compare::{Judged, compare};
use heard::Heard;
use known::{Failed, Known};
use observe::{Side, observe};
use place::Place;
use plan::Suite;

use crate::build::tools::Tools;
use crate::parallel;
use crate::python::Python;

/// One suite on one interpreter.
#[derive(Clone, Debug)]
pub struct SuiteReport {
    /// What `--suite` takes.
    pub suite: String,
    /// What a table calls it.
    pub title: String,
    /// The interpreter.
    pub python: Python,
    /// The numbers, or why the suite says nothing here.
    pub outcome: Result<Numbers, String>,
}

/// What a suite said.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// Tests that pass on stock and on the engine.
    pub passed: usize,
    /// Tests that pass on stock and not on the engine.
    pub failures: Vec<Failed>,
    /// Tests that stock skips, with its reason.
    pub skipped: Vec<(String, String)>,
    /// Tests that stock does not pass, with the reason.
    pub not_applicable: Vec<(String, String)>,
    /// Lines of the list of known failures that have to go, each with the reason.
    pub stale: Vec<String>,
}

impl SuiteReport {
    /// Whether nothing failed that is not listed, and nothing is listed that does not fail.
    pub fn is_as_known(&self) -> bool {
        self.outcome.as_ref().map_or(true, |numbers| {
            numbers.stale.is_empty() && numbers.failures.iter().all(|it| it.cause.is_some())
        })
    }
}

impl Numbers {
    fn new(results: Vec<(String, Judged)>, known: &Known, complete: bool) -> Numbers {
        let (failures, stale) = known.settle(&results, complete);
        let mut numbers = Numbers {
            failures,
            stale,
            ..Numbers::default()
        };
        for (test, judged) in results {
            match judged {
                Judged::Passed => numbers.passed += 1,
                Judged::Failed(_) => {}
                Judged::Skipped(reason) => numbers.skipped.push((test, reason)),
                Judged::NotApplicable(reason) => numbers.not_applicable.push((test, reason)),
            }
        }
        numbers
    }

    /// Tests that stock passes.
    pub fn wanted(&self) -> usize {
        self.passed + self.failures.len()
    }
}

/// Runs a suite on the interpreter of these tools: all of it, or the files whose names contain one of `only`.
///
/// # Errors
/// When something of ours cannot be built, fetched or started.
pub fn run(
    tools: &Tools,
    suite: &Suite,
    folder: &Path,
    only: &[String],
    fresh: bool,
) -> anyhow::Result<SuiteReport> {
    let outcome = match place::prepare(tools, suite, folder)? {
        Err(reason) => Err(reason),
        Ok(mut place) => {
            place
                .files
                .retain(|file| only.is_empty() || only.iter().any(|part| file.contains(part)));
            let path = Known::path(folder, &suite.name, tools.python.version);
            let known = Known::read(&path)?;
            let results = compare_all(tools, suite, &place, fresh)?;
            Ok(Numbers::new(results, &known, only.is_empty()))
        }
    };
    Ok(SuiteReport {
        suite: suite.name.clone(),
        title: suite.title.clone(),
        python: tools.python.clone(),
        outcome,
    })
}

/// What stock said, and what the engine said.
type Sides = (Heard, Heard);

/// How many files of a suite run at a time.
fn at_once(suite: &Suite) -> usize {
    if suite.alone {
        return 1;
    }
    parallel::processors()
}

/// Runs every file on both sides, as many at a time as there are processors, or one.
fn compare_all(
    tools: &Tools,
    suite: &Suite,
    place: &Place,
    fresh: bool,
) -> anyhow::Result<Vec<(String, Judged)>> {
    let (major, minor, micro) = tools.python.version;
    let _step = tools.progress.step(&format!(
        "{} on Python {major}.{minor}.{micro}",
        suite.title
    ));
    let heard = parallel::try_each(&place.files, at_once(suite), |file| {
        both_sides(tools, suite, place, file, fresh)
    })?;
    let files = place.files.iter().zip(heard);
    Ok(files
        .flat_map(|(file, (stock, ours))| compare(file, &stock, &ours))
        .collect())
}

fn both_sides(
    tools: &Tools,
    suite: &Suite,
    place: &Place,
    file: &str,
    fresh: bool,
) -> anyhow::Result<Sides> {
    let stock = observe(tools, suite, place, file, Side::Stock, fresh)?;
    let ours = observe(tools, suite, place, file, Side::Engine, fresh)?;
    Ok((stock, ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_write_to_one_folder_run_one_at_a_time() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance");
        let suites = plan::read(&folder).unwrap();
        let alone: Vec<&str> = suites
            .iter()
            .filter(|suite| at_once(suite) == 1)
            .map(|suite| suite.name.as_str())
            .collect();
        // On a machine with one processor all do.
        if parallel::processors() > 1 {
            assert_eq!(alone, ["cffi-verify"]);
        }
        assert!(alone.contains(&"cffi-verify"));
    }

    #[test]
    fn numbers_add_up() {
        let results = vec![
            ("a".to_owned(), Judged::Passed),
            ("b".to_owned(), Judged::Failed("boom".into())),
            ("c".to_owned(), Judged::Skipped("Windows".into())),
            ("d".to_owned(), Judged::NotApplicable("no c++".into())),
        ];
        let numbers = Numbers::new(results, &Known::default(), true);
        assert_eq!((numbers.passed, numbers.wanted()), (1, 2));
        assert_eq!(numbers.skipped, [("c".to_owned(), "Windows".to_owned())]);
        assert_eq!(numbers.not_applicable.len(), 1);
    }
}
