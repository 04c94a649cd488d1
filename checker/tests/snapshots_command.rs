//! `checker snapshots` through the real binary, without a terminal.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lesson = folder.path().join("lessons/lesson-1");
    fs::create_dir_all(lesson.join("snapshots")).unwrap();
    fs::write(lesson.join("lesson.toml"), "").unwrap();
    put(folder.path(), "common.snap", "one");
    put(folder.path(), "common.snap.new", "two");
    folder
}

fn put(root: &Path, file: &str, text: &str) {
    let content = format!("---\nsource: x.rs\n---\n{text}\n");
    let path = root.join("lessons/lesson-1/snapshots").join(file);
    fs::write(path, content).unwrap();
}

fn snapshots(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("checker").unwrap();
    command.current_dir(root).arg("snapshots").args(args);
    command
        .env_remove("CHECKER_ROOT")
        .env("INSTA_UPDATE", "junk");
    command
}

#[test]
fn a_review_without_a_terminal_shows_and_changes_nothing() {
    let folder = workshop();
    let review = snapshots(folder.path(), &["review"])
        .write_stdin("a\n")
        .assert();
    review
        .code(5)
        .stdout("lesson-1/common (changed)\n- one\n+ two\n\n")
        .stderr("next: `checker snapshots accept NAME` or `checker snapshots reject NAME`\n");
    snapshots(folder.path(), &["list"])
        .assert()
        .code(5)
        .stdout("lesson-1/common  pending: changed\n");
}

#[test]
fn accepting_and_rejecting_leave_nothing_pending() {
    let folder = workshop();
    snapshots(folder.path(), &["accept", "lesson-1/common"])
        .assert()
        .code(0);
    snapshots(folder.path(), &["list"])
        .assert()
        .code(0)
        .stdout("lesson-1/common  accepted\n");
    put(folder.path(), "common.snap.new", "three");
    snapshots(folder.path(), &["reject", "--all"])
        .assert()
        .code(0);
    let kept = fs::read_to_string(folder.path().join("lessons/lesson-1/snapshots/common.snap"));
    assert!(kept.unwrap().ends_with("two\n"));
}

#[test]
fn a_name_that_nothing_has_is_told() {
    let folder = workshop();
    let accept = snapshots(folder.path(), &["accept", "lesson-2"])
        .assert()
        .code(4);
    let stderr = String::from_utf8(accept.get_output().stderr.clone()).unwrap();
    assert!(
        stderr.contains("lesson-2: no pending snapshot has this name"),
        "{stderr}"
    );
    assert!(stderr.contains("name one of: lesson-1/common"), "{stderr}");
    snapshots(folder.path(), &["accept"]).assert().code(2);
}

#[test]
fn a_broken_pending_file_is_told_and_stays() {
    let folder = workshop();
    let path = folder
        .path()
        .join("lessons/lesson-1/snapshots/common.snap.new");
    fs::write(&path, "<<<<<<< HEAD\n").unwrap();
    for action in [&["accept", "--all"][..], &["review"]] {
        let told = snapshots(folder.path(), action).assert().code(4);
        let stderr = String::from_utf8(told.get_output().stderr.clone()).unwrap();
        assert!(stderr.contains("merge conflict"), "{stderr}");
    }
    assert!(path.exists());
}

#[test]
fn every_action_can_end_with_the_state_as_json() {
    let folder = workshop();
    for (args, code, pending) in [
        (vec!["list", "--json"], 5, true),
        (vec!["review", "--json"], 5, true),
        (vec!["accept", "--all", "--json"], 0, false),
    ] {
        let ran = snapshots(folder.path(), &args).assert().code(code);
        let document: serde_json::Value = serde_json::from_slice(&ran.get_output().stdout).unwrap();
        let snapshot = &document["snapshots"][0];
        assert_eq!(snapshot["name"], "lesson-1/common", "{args:?}");
        assert_eq!(snapshot["pending"], pending, "{args:?}");
    }
}
