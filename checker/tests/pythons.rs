//! Several Pythons through the real binary. The second one is the first by another path, since no other may be there.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod workshop;

use std::fs;
use std::process::Command;

use serde_json::Value as Json;
use workshop::{STOCK, Workshop};

/// Runs the solution in the variants that the fixture has; `verify` asks for all eight, and cannot pass here.
fn solution(workshop: &Workshop) -> workshop::Said {
    workshop.run(&format!("run 0.1 --solution {}", STOCK.join(" ")))
}

/// The version of the Python that is found without an option.
fn version() -> String {
    let script = "import platform; print(platform.python_version())";
    let output = Command::new("python3")
        .args(["-c", script])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The same Python twice: as it is found, and as a virtual environment names it.
fn twice(workshop: &Workshop) -> String {
    let venv = workshop.path("venv");
    let made = Command::new("python3")
        .args(["-m", "venv", "--without-pip"])
        .arg(&venv)
        .status();
    assert!(made.unwrap().success());
    format!("python3:{}", venv.join("bin/python3").display())
}

/// A wrong answer that is judged with the outcome that the lesson says, as TOML has it.
fn add_wrong_answer(workshop: &Workshop, outcome: &str) {
    let bridge = fs::read_to_string(workshop.lesson("solution/ctypes_bridge.py")).unwrap();
    let wrong = workshop.lesson("wrong/one-too-many");
    fs::create_dir_all(&wrong).unwrap();
    let added = bridge.replace("lib.pair_add(a, b)", "lib.pair_add(a, b) + 1");
    assert_ne!(added, bridge);
    fs::write(wrong.join("ctypes_bridge.py"), added).unwrap();
    append(
        workshop,
        &format!(
            "[[wrong]]\nname = \"one-too-many\"\nvariants = [\"ctypes/stock\"]\noutcome = {outcome}\n"
        ),
    );
}

fn append(workshop: &Workshop, tables: &str) {
    let manifest = fs::read_to_string(workshop.lesson("lesson.toml")).unwrap();
    fs::write(
        workshop.lesson("lesson.toml"),
        format!("{manifest}\n{tables}"),
    )
    .unwrap();
}

/// What became of a check, in each subject that has it: the version that it was made on, and whether it passed.
fn fates(document: &Json, name: &str) -> Vec<(Option<String>, bool)> {
    let subjects = document["subjects"].as_array().unwrap();
    let found = subjects.iter().flat_map(|subject| {
        let version = subject["python"].as_str().map(str::to_owned);
        let checks = subject["checks"].as_array().unwrap().iter();
        checks
            .filter(|check| check["name"] == name)
            .map(move |check| (version.clone(), check["passed"].as_bool().unwrap()))
    });
    found.collect()
}

#[test]
fn each_python_that_is_named_makes_the_checks_that_run_something() {
    let workshop = Workshop::new();
    let both = twice(&workshop);
    let here = Some(version());
    add_wrong_answer(&workshop, "\"wrong\"");
    let verify = format!("verify lesson-0.1 --python {both}");

    let document = workshop.run(&format!("{verify} --json")).json();
    let passed = [(here.clone(), true), (here.clone(), true)];
    assert_eq!(fates(&document, "wrong-answers"), passed, "{document}");
    // Nothing was accepted yet, on either.
    let failed = [(here.clone(), false), (here, false)];
    assert_eq!(fates(&document, "snapshots-current"), failed, "{document}");
    // What only reads files needs no Python, and is asked once.
    assert_eq!(
        fates(&document, "snapshot-files"),
        [(None, true)],
        "{document}"
    );

    let told = workshop.run(&verify);
    let line = format!(
        "ok     lesson-0.1  wrong answers get their outcome and their diagnosis (Python {})\n",
        version()
    );
    assert_eq!(told.stdout.matches(&line).count(), 2, "{}", told.stdout);
    let table = format!(
        "\n             {0:>10} {0:>10}\nlesson-0.1     3 FAILED   3 FAILED\n",
        version()
    );
    told.must(4, &[&table]);
}

#[test]
fn a_wrong_answer_with_another_outcome_is_told_on_each() {
    let workshop = Workshop::new();
    let both = twice(&workshop);
    add_wrong_answer(&workshop, "[\"crashed\", \"timeout\"]");
    let told = workshop.run(&format!("verify lesson-0.1 --python {both}"));
    let line = "one-too-many in ctypes/stock is wrong instead of crashed or timeout\n";
    assert_eq!(told.stdout.matches(line).count(), 2, "{}", told.stdout);
}

#[test]
fn a_wrong_answer_may_get_one_of_several_outcomes() {
    let workshop = Workshop::new();
    let says = "says = { crashed = \"SIG\", wrong = \"expected\" }";
    add_wrong_answer(&workshop, &format!("[\"crashed\", \"wrong\"]\n{says}"));
    let document = workshop.run("verify lesson-0.1 --json").json();
    assert_eq!(
        fates(&document, "wrong-answers"),
        [(None, true)],
        "{document}"
    );

    // What it says for the outcome that is seen has to be in the report.
    workshop.edit("lesson.toml", "wrong = \"expected\"", "wrong = \"SIGSEGV\"");
    workshop
        .run("verify lesson-0.1")
        .must(4, &["the report of one-too-many does not say `SIGSEGV`"]);
    workshop.edit("lesson.toml", "[\"crashed\", \"wrong\"]", "[]");
    workshop.run("verify lesson-0.1").must(
        4,
        &[
            "lesson.toml:",
            "wrong answer `one-too-many`: names no outcome",
        ],
    );
}

#[test]
fn one_that_is_not_there_is_an_error_of_its_own() {
    let workshop = Workshop::new();
    workshop
        .run("verify lesson-0.1 --python python3:/no/such/python3")
        .must(3, &["/no/such/python3", "next: "]);
}

#[test]
fn a_python_that_observes_something_else_has_a_snapshot_of_its_own() {
    let workshop = Workshop::new();
    let common = workshop.lesson("snapshots/common.snap");
    solution(&workshop).must(5, &["nothing was accepted yet"]);
    workshop
        .run("snapshots accept lesson-0.1/common")
        .must(0, &[]);
    solution(&workshop).must(0, &[]);
    let accepted = fs::read_to_string(&common).unwrap();

    append(
        &workshop,
        "[[python]]\nname = \"here\"\nversions = \">=3.9\"\nwhy = \"it answers in a list\"\n",
    );
    workshop.run("verify lesson-0.1 --no-run").must(
        1,
        &["[[python]] `here` has no snapshot of its own; run the lesson with --solution on Python >=3.9, or remove it"],
    );
    workshop.edit(
        "scenarios.py",
        "return bridge.half(x)",
        "return [bridge.half(x)]",
    );
    solution(&workshop).must(5, &["snapshots/common@here.snap: nothing was accepted yet"]);
    workshop
        .run("snapshots accept lesson-0.1/common@here")
        .must(0, &[]);

    // Only the scenario that observes something else stands in it, and what others accepted stays as it was.
    let own = fs::read_to_string(workshop.lesson("snapshots/common@here.snap")).unwrap();
    assert!(own.contains("## halves") && own.contains("[0.5]"), "{own}");
    assert!(!own.contains("## adds"), "{own}");
    assert_eq!(fs::read_to_string(&common).unwrap(), accepted);
    solution(&workshop).must(0, &[]);
    let both = twice(&workshop);
    let verify = format!("verify lesson-0.1 --json --python {both}");
    let document = workshop.run(&verify).json();
    let (here, passed) = (Some(version()), true);
    let on_both = [(here.clone(), passed), (here, passed)];
    assert_eq!(fates(&document, "snapshots-current"), on_both, "{document}");

    // For a version that it does not hold, the common snapshot alone counts.
    workshop.edit("lesson.toml", ">=3.9", "<3.9");
    solution(&workshop).must(
        5,
        &["snapshots/common.snap: the solution observes something else"],
    );
}
