//! `checker hint` through the real binary.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const MANIFEST: &str = r#"
format_version = 1
id = "lesson-1.1"
order = 101
title = "One"
section = "1.1"
minutes = 5

[clib]
name = "one"

[[exercise]]
id = "ctypes"
title = "Declare it"
minutes = 5
variants = ["ctypes/*"]
files = ["ctypes_bridge.py"]
points = 1

[[scenario]]
name = "adds"
title = "adds"
"#;

fn workshop(hints: Option<&str>) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let lesson = root.path().join("lessons/lesson-1.1");
    fs::create_dir_all(&lesson).unwrap();
    fs::write(lesson.join("lesson.toml"), MANIFEST).unwrap();
    if let Some(hints) = hints {
        fs::write(lesson.join("hints.md"), hints).unwrap();
    }
    root
}

fn hint(root: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::cargo_bin("checker")
        .unwrap()
        .env("CHECKER_ROOT", root)
        .env("CHECKER_LANGUAGE", "en")
        .arg("hint")
        .args(args)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

const HINTS: &str = "# exercise: ctypes\n1. Why?\n2. There.\n3. So.\n";

#[test]
fn tells_no_more_than_was_asked_for() {
    let root = workshop(Some(HINTS));
    let (code, first) = hint(root.path(), &["1.1"]);
    assert_eq!(code, Some(0));
    assert!(
        first.contains("1. Why?") && !first.contains("There."),
        "{first}"
    );
    assert!(
        first.contains("checker hint lesson-1.1 ctypes --step 2"),
        "{first}"
    );
    let (_, all) = hint(root.path(), &["1.1", "ctypes", "--step", "3"]);
    assert!(
        all.contains("3. So.") && all.contains("checker solution lesson-1.1 ctypes"),
        "{all}"
    );
}

#[test]
fn tells_one_step_more_each_time() {
    let root = workshop(Some(HINTS));
    for (step, last) in ["Why?", "There.", "So.", "So."].iter().enumerate() {
        let (_, text) = hint(root.path(), &[]);
        assert_eq!(text.matches("\n  ").count(), (step + 1).min(3), "{text}");
        assert!(text.contains(last), "{text}");
    }
}

#[test]
fn tells_of_what_is_worked_at_and_names_the_others() {
    let root = workshop(Some(
        "# exercise: ctypes\n1. Why?\n2. There.\n3. So.\n\n# exercise: abi\n1. Which?\n2. Here.\n3. Thus.\n",
    ));
    let second = "\n[[exercise]]\nid = \"abi\"\ntitle = \"Declare it in C\"\nminutes = 5\nvariants = [\"abi/*\"]\n\
                  files = [\"abi_bridge.py\"]\npoints = 1\n";
    let manifest = root.path().join("lessons/lesson-1.1/lesson.toml");
    fs::write(&manifest, format!("{MANIFEST}{second}")).unwrap();
    let (_, first) = hint(root.path(), &[]);
    assert!(
        first.contains("1. Why?") && !first.contains("Which?"),
        "{first}"
    );
    assert!(first.contains("open exercises: abi."), "{first}");

    let remember = |abi: &str, ctypes: &str| {
        let failing = |variant: &str, raised: &str| {
            format!(
                "failing = {{ variant = \"{variant}\", verdict = \"exception\", raised = \"{raised}\" }}\n"
            )
        };
        let text = format!(
            "version = 1\n[lessons.\"lesson-1.1\".exercises.ctypes]\n{}[lessons.\"lesson-1.1\".exercises.abi]\n{}",
            failing("ctypes/stock", ctypes),
            failing("abi/stock", abi)
        );
        fs::create_dir_all(root.path().join(".checker")).unwrap();
        fs::write(root.path().join(".checker/state.toml"), text).unwrap();
    };
    remember("AttributeError", "NotImplementedError");
    let (code, begun) = hint(root.path(), &[]);
    assert_eq!(code, Some(0), "{begun}");
    assert!(
        begun.contains("Which?") && !begun.contains("Why?"),
        "{begun}"
    );
    assert!(
        begun.contains("open exercises: ctypes. checker hint lesson-1.1 ctypes tells of one."),
        "{begun}"
    );
    remember("AttributeError", "AttributeError");
    let (_, both) = hint(root.path(), &[]);
    assert!(both.contains("Which?") && both.contains("Why?"), "{both}");
    assert!(!both.contains("open exercises"), "{both}");
}

#[test]
fn names_the_exercises_when_asked_for_another() {
    let root = workshop(Some(HINTS));
    let (code, text) = hint(root.path(), &["1.1", "api"]);
    assert_eq!(code, Some(4));
    assert!(text.contains("lesson-1.1 has no exercise `api`"), "{text}");
    assert!(text.contains("its exercises are: ctypes"), "{text}");
}

#[test]
fn names_the_file_that_is_missing_or_broken() {
    let (code, text) = hint(workshop(None).path(), &["1.1"]);
    assert_eq!(code, Some(4));
    assert!(
        text.contains("hints.md") && text.contains("next:"),
        "{text}"
    );
    let (code, text) = hint(workshop(Some("no heading\n")).path(), &["1.1"]);
    assert_eq!(code, Some(4));
    assert!(text.contains("hints.md:1"), "{text}");
}
