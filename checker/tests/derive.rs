//! `checker derive` through the real binary.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

const MANIFEST: &str = r#"
format_version = 1
id = "lesson-1"
order = 1
title = "T"
section = "1"
minutes = 1
[clib]
name = "add"
"#;

fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "lesson.toml", MANIFEST);
    let task = "# task: a\nx = 1\n# starter:\n# | x = 0\n# endtask\n";
    put(folder.path(), "solution/ctypes_bridge.py", task);
    let readme = "<!-- include: solution/ctypes_bridge.py#a -->\n";
    put(folder.path(), "README.md", readme);
    folder
}

fn put(root: &Path, file: &str, text: &str) {
    let path = root.join("lessons/lesson-1").join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn get(root: &Path, file: &str) -> String {
    fs::read_to_string(root.join("lessons/lesson-1").join(file)).unwrap()
}

fn derive(root: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("checker").unwrap();
    command.current_dir(root).arg("derive").args(args);
    command
        .env_remove("CHECKER_ROOT")
        .env_remove("CHECKER_CACHE");
    command.assert()
}

#[test]
fn what_is_stale_is_told_and_then_written() {
    let folder = workshop();
    derive(folder.path(), &["--check"])
        .code(1)
        .stdout("lessons/lesson-1/exercise/ctypes_bridge.py is missing; `checker derive` writes it\n")
        .stderr(
            "lessons/lesson-1/README.md:1: the code block below differs from `solution/ctypes_bridge.py#a`\n",
        );
    assert!(!folder.path().join("lessons/lesson-1/exercise").exists());
    derive(folder.path(), &["lesson-1"]).code(0);
    assert_eq!(get(folder.path(), "exercise/ctypes_bridge.py"), "x = 0\n");
    assert!(get(folder.path(), "README.md").ends_with("```python\nx = 1\n```\n"));
    derive(folder.path(), &["--check"])
        .code(0)
        .stdout("")
        .stderr("");
}

#[test]
fn an_edited_exercise_is_named_and_kept() {
    let folder = workshop();
    derive(folder.path(), &[]).code(0);
    put(folder.path(), "exercise/ctypes_bridge.py", "mine\n");
    derive(folder.path(), &[]).code(1).stderr(
        "lessons/lesson-1/exercise/ctypes_bridge.py: kept, because it may hold somebody's work; --force replaces it\n",
    );
    assert_eq!(get(folder.path(), "exercise/ctypes_bridge.py"), "mine\n");
    derive(folder.path(), &["--force"]).code(0);
    assert_eq!(get(folder.path(), "exercise/ctypes_bridge.py"), "x = 0\n");
}

#[test]
fn bad_input_is_told_with_its_exit_code() {
    let folder = workshop();
    let unknown = derive(folder.path(), &["lesson-2"]).code(4);
    let stderr = String::from_utf8(unknown.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("did you mean `lesson-1`?"), "{stderr}");
    put(folder.path(), "solution/abi_bridge.py", "# task: a\n");
    derive(folder.path(), &[])
        .code(1)
        .stderr("lessons/lesson-1/solution/abi_bridge.py:1: `a` is never ended\n");
    fs::remove_file(
        folder
            .path()
            .join("lessons/lesson-1/solution/abi_bridge.py"),
    )
    .unwrap();
    // A file in place of the folder refuses writing even to root, who ignores permissions.
    put(folder.path(), "exercise", "");
    let refused = derive(folder.path(), &[]).code(4);
    let stderr = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("exercise/ctypes_bridge.py: "), "{stderr}");
}

#[test]
fn what_is_stale_can_be_read_as_json() {
    let folder = workshop();
    let ran = derive(folder.path(), &["--check", "--json"]).code(1);
    let document: serde_json::Value = serde_json::from_slice(&ran.get_output().stdout).unwrap();
    let texts = |name: &str| document[name].as_array().unwrap().len();
    assert_eq!((texts("results"), texts("problems")), (1, 1), "{document}");
    let stale = document["results"][0].as_str().unwrap();
    assert!(stale.starts_with("lessons/lesson-1/exercise/ctypes_bridge.py is missing"));
}
