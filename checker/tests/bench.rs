//! `checker bench` through the real binary, on the lesson that refers to it.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

fn bench(args: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Command::cargo_bin("checker")
        .unwrap()
        .env("CHECKER_ROOT", root)
        .arg("bench")
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn every_call_has_a_figure_for_every_variant() {
    let output = bench(&["lesson-7.5", "--rounds", "1", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let calls = document["calls"].as_array().unwrap();
    let functions: Vec<&str> = calls
        .iter()
        .map(|call| call["function"].as_str().unwrap())
        .collect();
    assert_eq!(functions, ["add", "checksum", "total"]);
    for call in calls {
        let figures = call["nanoseconds"].as_object().unwrap();
        assert_eq!(figures.len(), 8, "{call}");
        assert!(figures.values().all(serde_json::Value::is_number), "{call}");
    }
}

#[test]
fn a_lesson_without_calls_to_measure_is_named() {
    let output = bench(&["lesson-7.1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("lesson-7.1 names no call to measure"),
        "{said}"
    );
}
