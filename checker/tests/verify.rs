//! `checker verify --no-run` through the real binary; that the real lessons pass is the test of package `lessons`.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::assert::Assert;

const MANIFEST: &str = r#"
format_version = 1
id = "lesson-1"
order = 1
title = "T"
section = "1"
minutes = 20
claims = ["A1"]
[clib]
name = "add"
[[scenario]]
name = "adds"
title = "adds"
claims = ["A1"]
"#;

const CLAIMS: &str = "title = \"T\"\n[[claim]]\nid = \"A1\"\nsection = \"1\"\nstatement = \"S.\"\n\
                      verdict = \"holds\"\nlesson = \"1\"\n";

fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("claims/a.toml", CLAIMS),
        ("lesson-1/lesson.toml", MANIFEST),
        (
            "lesson-1/README.md",
            "---\nid: lesson-1\ntitle: T\nminutes: 20\n---\n`run lesson-1`\n",
        ),
        ("lesson-1/hints.md", ""),
        ("lesson-1/scenarios.py", "def adds(bridge):\n    return 1\n"),
        ("lesson-1/clib/add.h", "int add(int, int);\n"),
    ] {
        put(folder.path(), file, text);
    }
    for file in [
        "ctypes_bridge.py",
        "abi_bridge.py",
        "api_build.py",
        "api_bridge.py",
        "ext/module.c",
        "ext/lib.rs",
    ] {
        put(folder.path(), &format!("lesson-1/solution/{file}"), "");
        put(folder.path(), &format!("lesson-1/exercise/{file}"), "");
    }
    folder
}

fn put(root: &Path, file: &str, text: &str) {
    let path = root.join("lessons").join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn verify(root: &Path, args: &[&str]) -> Assert {
    let mut command = Command::cargo_bin("checker").unwrap();
    command
        .current_dir(root)
        .args(["verify", "--no-run"])
        .env("CHECKER_LANGUAGE", "en")
        .args(args);
    command
        .env_remove("CHECKER_ROOT")
        .env_remove("CHECKER_CACHE");
    command.assert()
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn a_good_lesson_has_one_line_for_each_check() {
    let folder = workshop();
    let told = stdout(&verify(folder.path(), &[]).code(0));
    assert_eq!(told.lines().count(), 9, "{told}");
    assert!(
        told.lines().all(|line| line.starts_with("ok     ")),
        "{told}"
    );
    let named = stdout(&verify(folder.path(), &["1"]).code(0));
    assert_eq!(named.lines().count(), 7, "{named}");
}

#[test]
fn a_failure_is_told_below_its_check() {
    let folder = workshop();
    put(folder.path(), "lesson-1/exercise/abi_bridge.py", "mine\n");
    let told = stdout(&verify(folder.path(), &[]).code(1));
    assert!(
        told.contains(
            "FAILED lesson-1    starters are what solution/ derives\n         \
             lessons/lesson-1/exercise/abi_bridge.py: differs from what solution/ derives"
        ),
        "{told}"
    );
}

#[test]
fn a_claim_waits_for_its_lesson_and_is_owed_by_it() {
    let folder = workshop();
    let waiting = "[[claim]]\nid = \"A2\"\nsection = \"1\"\nstatement = \"S.\"\nverdict = \"holds\"\n\
                   lesson = \"2\"\n";
    let both = format!("{CLAIMS}{waiting}");
    put(folder.path(), "claims/a.toml", &both);
    verify(folder.path(), &[]).code(0);
    put(
        folder.path(),
        "claims/a.toml",
        &both.replace("lesson = \"2\"", "lesson = \"1\""),
    );
    let told = stdout(&verify(folder.path(), &["lesson-1"]).code(1));
    assert!(
        told.contains("lesson.toml: claim `A2` belongs to this lesson"),
        "{told}"
    );
}

#[test]
fn what_only_all_lessons_can_answer_is_asked_of_all() {
    let folder = workshop();
    put(
        folder.path(),
        "claims/a.toml",
        &CLAIMS.replace("lesson = \"1\"", "lesson = \"2\""),
    );
    let told = stdout(&verify(folder.path(), &[]).code(1));
    assert!(
        told.contains("lessons/claims/a.toml: claim `A1` belongs to lesson-2, but it is lesson-1"),
        "{told}"
    );
    verify(folder.path(), &["lesson-1"]).code(0);
}

#[test]
fn a_pending_snapshot_alone_has_its_own_exit_code() {
    let folder = workshop();
    put(folder.path(), "lesson-1/snapshots/common.snap.new", "");
    verify(folder.path(), &[]).code(5);
    put(folder.path(), "lesson-1/hints.md", "x\n");
    verify(folder.path(), &[]).code(1);
}

#[test]
fn a_broken_manifest_leaves_the_others_checked() {
    let folder = workshop();
    put(folder.path(), "lesson-2/lesson.toml", "format_version =\n");
    let told = stdout(&verify(folder.path(), &[]).code(4));
    assert!(
        told.contains("FAILED all lessons every lesson.toml can be read"),
        "{told}"
    );
    assert!(told.contains("lesson-2/lesson.toml:1:"), "{told}");
    assert!(told.contains("ok     lesson-1"), "{told}");
}

#[test]
fn json_names_every_check() {
    let folder = workshop();
    let told = stdout(&verify(folder.path(), &["--json"]).code(0));
    let document: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(document["subjects"][0]["name"], "lesson-1");
    let checks = document["subjects"][0]["checks"].as_array().unwrap();
    let names: Vec<&str> = checks
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "conventions",
            "starters-fresh",
            "readme",
            "hints",
            "claims",
            "snapshot-files"
        ]
    );
    assert!(checks.iter().all(|check| check["passed"] == true));
}
