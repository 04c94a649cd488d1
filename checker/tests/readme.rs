//! The tables of the README say what the program says.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use checker::exit;
use serde_json::Value;

#[test]
fn the_lesson_table_lists_every_lesson_in_its_order() {
    let listed = Command::new(env!("CARGO_BIN_EXE_checker"))
        .args(["list", "--json"])
        .current_dir(project())
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let rows: Vec<String> = listed["lessons"]
        .as_array()
        .unwrap()
        .iter()
        .map(row)
        .collect();
    assert!(!rows.is_empty());
    assert_eq!(rows, table("| lesson | title | minutes |"));
}

#[test]
fn the_table_of_exit_codes_is_complete() {
    let codes: Vec<String> = table("| code | meaning |")
        .iter()
        .map(|row| row.split('|').nth(1).unwrap().trim().to_owned())
        .collect();
    let documented = [
        exit::PASSED,
        exit::NOT_PASSED,
        exit::USAGE,
        exit::ENVIRONMENT,
        exit::LESSON,
        exit::SNAPSHOT,
        exit::INTERNAL,
        exit::INTERRUPTED,
    ];
    assert_eq!(codes, documented.map(|code| code.to_string()));
}

#[test]
fn the_checker_prints_what_the_readme_shows() {
    let text = fs::read_to_string(project().join("README.md")).unwrap();
    let blocks: Vec<&str> = text.split("```console\n$ cargo run -- ").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let (command, rest) = block.split_once('\n').unwrap();
        let (shown, _) = rest.split_once("\n```").unwrap();
        let ended = Command::new(env!("CARGO_BIN_EXE_checker"))
            .args(command.split(' '))
            .env("CHECKER_LANGUAGE", "en")
            .current_dir(project())
            .output()
            .unwrap();
        let printed = String::from_utf8(ended.stdout).unwrap();
        for (shown, printed) in shown.lines().zip(printed.lines()) {
            match shown.trim() {
                "..." => break,
                // The Python is the reader's own.
                line if line.starts_with("Python 3.") => assert!(printed.starts_with("Python 3.")),
                _ => assert_eq!(shown, without_origin(printed), "of `{command}`"),
            }
        }
        assert!(
            printed.lines().count() >= shown.lines().count(),
            "of `{command}`: {printed}"
        );
    }
}

/// A line of the report without the remark about what the cache has answered.
fn without_origin(line: &str) -> &str {
    match line.split_once(" points; ") {
        Some((scored, _)) => &line[..scored.len() + " points".len()],
        None => line,
    }
}

fn row(lesson: &Value) -> String {
    let (id, section) = (
        lesson["id"].as_str().unwrap(),
        lesson["section"].as_str().unwrap(),
    );
    let (title, minutes) = (lesson["title"].as_str().unwrap(), &lesson["minutes"]);
    format!("| [{section}](lessons/{id}/README.md) | {title} | {minutes} |")
}

/// The rows of the README's table below `head` and its rule.
fn table(head: &str) -> Vec<String> {
    let text = fs::read_to_string(project().join("README.md")).unwrap();
    let mut lines = text.lines().skip_while(|line| *line != head).skip(2);
    lines
        .by_ref()
        .take_while(|line| line.starts_with('|'))
        .map(str::to_owned)
        .collect()
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("checker/ is in the root")
        .to_path_buf()
}
