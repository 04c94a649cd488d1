//! `checker conformance` through the real binary, on a suite that has every outcome.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// A copy of the fixture, to which a test may add a list of known failures.
struct Fixture {
    folder: tempfile::TempDir,
}

const FAILING: [&str; 5] = [
    "fake.test_crash.Crash.test_before",
    "fake.test_crash.Crash.test_crashes",
    "fake.test_outcomes.Outcomes.test_fails_in_a_subtest_on_the_engine",
    "fake.test_outcomes.Outcomes.test_fails_on_the_engine",
    "fake.test_outcomes.Outcomes.test_skipped_on_the_engine",
];

impl Fixture {
    fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/conformance");
        fs::create_dir(folder.path().join("fake")).unwrap();
        for name in [
            "suites.toml",
            "fake/__init__.py",
            "fake/test_outcomes.py",
            "fake/test_crash.py",
        ] {
            fs::copy(from.join(name), folder.path().join(name)).unwrap();
        }
        // The same lock file as the real suites have, and so the same environment.
        let lock = project().join("conformance/tests.lock");
        fs::copy(lock, folder.path().join("tests.lock")).unwrap();
        Fixture { folder }
    }

    /// Lists these tests as known failures, whatever the version of Python.
    fn knows(self, tests: &[&str]) -> Fixture {
        let folder = self.folder.path().join("known");
        fs::create_dir(&folder).unwrap();
        for minor in 9..20 {
            let list = format!("[[failure]]\ncause = \"made to fail\"\ntests = {tests:?}\n");
            fs::write(folder.join(format!("fake-3.{minor}.toml")), list).unwrap();
        }
        self
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::cargo_bin("checker")
            .unwrap()
            .env("CHECKER_ROOT", project())
            .env("CHECKER_CONFORMANCE", self.folder.path())
            .args(["conformance", "--json"])
            .args(args)
            .output()
            .unwrap()
    }
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document(output: &Output, code: i32) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The names and reasons of a list of tests.
fn listed(list: &Value) -> Vec<(&str, &str)> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["test"].as_str().unwrap(),
                entry["reason"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_outcome_is_counted_and_named() {
    let document = document(&Fixture::new().run(&[]), 1);
    assert_eq!(document["as_known"], false);
    let fake = &document["suites"][0];
    assert_eq!(fake["engine"]["passed"], 1);
    assert_eq!(fake["engine"]["failed"], 5);
    assert_eq!(fake["stock"]["passed"], 6);
    assert_eq!(
        listed(&fake["skipped"]),
        [(
            "fake.test_outcomes.Outcomes.test_skipped",
            "only for Windows"
        )]
    );
    let stock_fails = listed(&fake["not_passed_by_stock"]);
    assert_eq!(stock_fails.len(), 1);
    assert!(stock_fails[0].0.ends_with("test_fails_on_stock"));
    let mut failures = listed(&fake["failures"]);
    failures.sort_unstable();
    let names: Vec<&str> = failures.iter().map(|(test, _)| *test).collect();
    assert_eq!(names, FAILING);
    for (_, reason) in &failures[..2] {
        assert_eq!(
            *reason,
            "the file breaks off: in fake.test_crash.Crash.test_crashes, it was ended by SIGABRT"
        );
    }
    assert!(failures[2].1.contains("(number=1)"), "{}", failures[2].1);
    assert!(failures[3].1.contains("this is the engine"));
    assert_eq!(
        failures[4].1,
        "is skipped, and stock runs it: does not want to"
    );
    let absent = &document["suites"][1];
    assert_eq!(
        absent["not_applicable"],
        "this Python comes without no_such_package.test"
    );
}

#[test]
fn exactly_the_known_failures_pass() {
    let output = Fixture::new().knows(&FAILING).run(&["--suite", "fake"]);
    let document = document(&output, 0);
    assert_eq!(document["as_known"], true);
    assert_eq!(
        document["suites"][0]["failures"][0]["cause"],
        "made to fail"
    );
}

#[test]
fn a_list_can_only_shrink() {
    let mut tests = FAILING.to_vec();
    tests.push("fake.test_outcomes.Outcomes.test_passes");
    tests.push("fake.test_outcomes.Outcomes.test_renamed");
    let output = Fixture::new().knows(&tests).run(&["--suite", "fake"]);
    let stale = document(&output, 1)["suites"][0]["stale"].clone();
    assert_eq!(
        stale,
        serde_json::json!([
            "fake.test_outcomes.Outcomes.test_passes passes: remove it",
            "fake.test_outcomes.Outcomes.test_renamed is no test of this suite: remove it",
        ])
    );
    let output = Fixture::new()
        .knows(&FAILING[1..])
        .run(&["--suite", "fake"]);
    assert_eq!(document(&output, 1)["as_known"], false);
}

#[test]
fn a_part_of_a_suite_can_be_run() {
    let output = Fixture::new()
        .knows(&FAILING)
        .run(&["--suite", "fake", "--file", "crash"]);
    let document = document(&output, 0);
    assert_eq!(document["suites"][0]["stock"]["passed"], 2);
}

#[test]
fn what_cannot_be_used_is_named() {
    let output = Fixture::new().run(&["--suite", "cpython"]);
    let error = document(&output, 4)["error"].clone();
    assert_eq!(error["kind"], "unknown-suite");
    assert_eq!(error["next"], "the suites are: fake, absent");
    let broken = Fixture::new().knows(&["t", "t"]);
    let error = document(&broken.run(&["--suite", "fake"]), 4)["error"].clone();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("t is listed twice")
    );
}
