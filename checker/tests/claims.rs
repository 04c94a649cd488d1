//! `checker claims` through the real binary, and the pages that follow from claims.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod workshop;

use std::fs;

use workshop::Workshop;

const CLAIMS: &str = r#"
title = "The document"
[[claim]]
id = "A1"
section = "1"
statement = "Two and three are six."
verdict = "corrected"
instead = "Five."
lesson = "0.1"
[[claim]]
id = "A2"
section = "1"
statement = "It is nice."
verdict = "opinion"
lesson = "0.1"
[[claim]]
id = "A3"
section = "2"
statement = "It goes on."
verdict = "holds"
lesson = "0.2"
"#;

/// The fixture with three claims: one that it shows, one that it cannot, one that waits.
fn workshop() -> Workshop {
    let workshop = Workshop::new();
    let lists = workshop.path("lessons/claims");
    fs::create_dir(&lists).unwrap();
    fs::write(lists.join("a.toml"), CLAIMS).unwrap();
    workshop.edit(
        "lesson.toml",
        "title = \"adds two integers\"",
        "title = \"adds two integers\"\nvariants = [\"ctypes/stock\"]\nclaims = [\"A1\"]",
    );
    workshop.edit(
        "lesson.toml",
        "minutes = 1\n\n[clib]",
        "minutes = 1\nclaims = [\"A1\"]\n\n[clib]",
    );
    let manifest = fs::read_to_string(workshop.lesson("lesson.toml")).unwrap();
    let reason = "\n[[not_checkable]]\nclaim = \"A2\"\nwhy = \"it is advice\"\n";
    fs::write(workshop.lesson("lesson.toml"), manifest + reason).unwrap();
    workshop
}

/// Accepts what the solution observes through ctypes.
fn accept(workshop: &Workshop) {
    workshop
        .run("run lesson-0.1 --solution --bridge ctypes --backend stock")
        .must(5, &[]);
    workshop
        .run("snapshots accept --all")
        .must(0, &["accepted"]);
}

#[test]
fn a_list_says_how_each_claim_stands() {
    let workshop = workshop();
    workshop.run("claims").must(
        0,
        &[
            "A  The document\n",
            "A1   0.1   corrected      Two and three are six.\n",
            "A2   0.1   not-checkable  It is nice.\n",
            "A3   0.2   open           It goes on.\n",
            "3 claims: 1 corrected, 1 not-checkable, 1 open\n",
        ],
    );
    workshop.run("claims --open").must(0, &["1 claim: 1 open"]);
    workshop.run("claims --lesson 0.1").must(0, &["2 claims:"]);
    workshop
        .run("claims --verdict opinion")
        .must(0, &["1 claim: 1 not-checkable"]);
    workshop
        .run("claims --document a --verdict depends")
        .must(0, &["no claim is so"]);
}

#[test]
fn a_claim_is_told_with_its_evidence() {
    let workshop = workshop();
    workshop
        .run("claims A1")
        .must(0, &["instead: Five.", "nothing was accepted yet"]);
    accept(&workshop);
    let told = workshop.run("claims a1 A2 A3");
    told.must(
        0,
        &[
            "shown by lesson-0.1, scenario `adds`",
            "as accepted in snapshots/common.snap",
            "    adds(a=2, b=3)\n        5\n",
            "not checkable here (lesson-0.1): it is advice",
            "open: lesson 0.2 will show it",
        ],
    );
    let now = workshop.run("claims A1 --run --json").must(0, &[]).json();
    let evidence = &now["claims"][0]["evidence"][0];
    assert_eq!(evidence["confirmed"], true, "{now}");
    assert_eq!(evidence["observed"][0]["as_accepted"], true, "{now}");
    assert!(
        now["observed_with"]
            .as_str()
            .unwrap()
            .starts_with("Python 3.")
    );
    assert_eq!(now["counts"]["corrected"], 1);
}

#[test]
fn what_is_observed_otherwise_is_no_confirmation() {
    let workshop = workshop();
    accept(&workshop);
    workshop.edit(
        "scenarios.py",
        "return bridge.add(a, b)",
        "return bridge.add(a, b) + 1",
    );
    workshop.run("claims A1 --run").must(
        1,
        &[
            "observed now, but not as accepted in snapshots/common.snap",
            "-     5",
            "+     6",
        ],
    );
    workshop.run("claims --run").must(1, &["corrected ?"]);
}

#[test]
fn bad_input_is_told_with_what_there_is() {
    let workshop = workshop();
    workshop
        .run("claims A9")
        .must(4, &["no claim is called `A9`", "A1 to A3"]);
    workshop
        .run("claims claim")
        .must(4, &["a letter and a number"]);
    workshop
        .run("claims --document q")
        .must(4, &["no document has the letter `Q`", "A (The document)"]);
    workshop
        .run("claims --lesson 9.9")
        .must(4, &["no claim belongs to lesson-9.9", "0.1 0.2"]);
    workshop
        .run("claims A1 --open")
        .must(2, &["cannot be used with"]);
    fs::write(workshop.path("lessons/claims/a.toml"), "title = 1\n").unwrap();
    workshop
        .run("claims")
        .must(4, &["lessons/claims/a.toml:1:", "lesson-format.md"]);
}

#[test]
fn derive_writes_the_pages_and_tells_when_they_are_stale() {
    let workshop = workshop();
    fs::create_dir(workshop.path("docs")).unwrap();
    let readme = "# R\n<!-- corrections: written by checker derive -->\n<!-- corrections end -->\n";
    fs::write(workshop.path("README.md"), readme).unwrap();
    workshop.run("derive --check").must(
        1,
        &[
            "docs/claims.md is not what the claims say",
            "README.md is not what the claims say",
        ],
    );
    workshop
        .run("derive --force")
        .must(0, &["docs/claims.md: written", "README.md: written"]);
    workshop.run("derive --check").must(0, &[]);
    let page = fs::read_to_string(workshop.path("docs/claims.md")).unwrap();
    assert!(
        page.contains("| A3 | 2 | It goes on. | holds |  | open: 0.2 |"),
        "{page}"
    );
    let readme = fs::read_to_string(workshop.path("README.md")).unwrap();
    assert!(
        readme.contains("| Two and three are six. (A1) | Five. |"),
        "{readme}"
    );
}
