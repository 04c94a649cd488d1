//! `checker explain` through the real binary: the classes of bugs, and what bad input leads to.

use assert_cmd::Command;
use serde_json::Value as Json;

fn explain(args: &[&str]) -> std::process::Output {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
    let command = command
        .arg("explain")
        .args(args)
        .env("CHECKER_ROOT", root)
        .env("CHECKER_LANGUAGE", "en");
    command.output().expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("our own text is UTF-8")
}

#[test]
fn every_class_that_is_listed_can_be_explained() {
    let listed = explain(&["--list", "--json"]);
    assert!(listed.status.success());
    let listed: Json = serde_json::from_slice(&listed.stdout).expect("one document");
    let classes = listed["classes"].as_array().expect("a list");
    assert!(classes.len() >= 25, "{}", classes.len());
    for class in ["double-free", "cut-pointer", "gil-held"] {
        let said = explain(&[class]);
        assert!(said.status.success());
        let said = text(&said.stdout);
        assert!(
            said.contains(&format!("({class})")) && said.contains("Next: "),
            "{said}"
        );
        assert!(
            said.lines().all(|line| line.chars().count() <= 110),
            "{said}"
        );
    }
}

#[test]
fn a_misspelt_class_leads_to_the_nearest() {
    let said = explain(&["duble-free"]);
    assert_eq!(said.status.code(), Some(4));
    assert!(text(&said.stderr).contains("did you mean `double-free`?"));
}

#[test]
fn wrong_command_lines_are_refused() {
    for args in [
        &["lesson-7.3", "ctypes/*"][..],
        &["lesson-7.3", "nothing"],
        &["--list", "double-free"],
    ] {
        assert_eq!(explain(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn an_unknown_wrong_answer_names_the_known_ones() {
    let said = explain(&["lesson-7.3", "--wrong", "none-such"]);
    assert_eq!(said.status.code(), Some(4));
    let said = text(&said.stderr);
    assert!(
        said.contains("`none-such`") && said.contains("ctypes-by-value"),
        "{said}"
    );
}

#[test]
fn what_was_found_is_told_again_without_another_run() {
    let args = [
        "lesson-7.3",
        "ctypes/stock",
        "--wrong",
        "ctypes-by-value",
        "--json",
    ];
    let look = || -> Json {
        let said = explain(&args);
        assert_eq!(said.status.code(), Some(1));
        let document: Json = serde_json::from_slice(&said.stdout).expect("one document");
        document["variants"][0].clone()
    };
    let (first, second) = (look(), look());
    assert_eq!(first["diagnosis"], second["diagnosis"]);
    assert!(first["diagnosis"]["class"].is_string(), "{first}");
    let missed = first["missing"].as_array().expect("a list");
    let last = second["steps"].as_array().expect("a list").last();
    let before =
        last.is_some_and(|step| step == "all of this was done before, with the same files");
    // A look that lacks a tool is not kept: the tool may be there the next time.
    assert_eq!(before, missed.is_empty(), "{second}");
}
