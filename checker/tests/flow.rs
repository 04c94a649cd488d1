//! The participant's way through the real binary: where they are, what is done, what was set back.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod workshop;

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use workshop::{BRIDGE, STOCK, Workshop};

/// A workshop whose solutions are marked, and whose ctypes bridge is wrong.
fn begun() -> Workshop {
    let shop = Workshop::new();
    shop.edit(
        "solution/ctypes_bridge.py",
        "lib.pair_half.restype = ctypes.c_double\n",
        "# task: half\nlib.pair_half.restype = ctypes.c_double\n# starter:\n# | pass  # TODO 1\n# endtask\n",
    );
    shop.edit(BRIDGE, "lib.pair_half.restype = ctypes.c_double\n", "");
    shop
}

#[test]
fn what_nobody_has_begun_is_told_in_a_line() {
    let shop = Workshop::unbegun();
    let line = "open  ext  Write them by hand (0/3 points): not begun";
    let fails = ["ctypes/stock: wrong", "ext/stock: wrong"];
    let told = |more: &str| {
        let said = shop.run(&format!("run 0.1 {} {more}", STOCK.join(" ")));
        said.must(1, &[]);
        let seen = fails.map(|it| said.stdout.contains(it));
        (seen, said.stdout.contains(line), said.stdout)
    };
    let (seen, brief, text) = told("");
    assert_eq!((seen, brief), ([true, false], true), "{text}");
    assert!(text.contains("`checker run lesson-0.1 --full`"), "{text}");
    let (seen, brief, text) = told("--full");
    assert_eq!((seen, brief), ([true, true], false), "{text}");

    // Whatever is edited is told in full, and what is not gives way to it.
    shop.edit("exercise/ext/module.c", "0.0 *", "1.0 *");
    let (seen, brief, text) = told("");
    assert_eq!((seen, brief), ([false, true], false), "{text}");
    let other = "open  ctypes  Declare them (0/2 points): not begun";
    assert!(text.contains(other), "{text}");
    shop.edit(BRIDGE, "# TODO 1", "# TODO one");
    let (seen, brief, text) = told("");
    assert_eq!((seen, brief), ([true, true], false), "{text}");

    // What was asked for alone is told, begun or not; programs are told everything.
    shop.run("derive 0.1 --force").must(0, &[]);
    shop.run("run 0.1 --backend stock --bridge ext")
        .must(1, &fails[1..]);
    let json = shop
        .run(&format!("run 0.1 {} --json", STOCK.join(" ")))
        .json();
    let variants = json["lessons"][0]["variants"].as_array().unwrap().clone();
    assert!(
        variants
            .iter()
            .all(|it| !it["scenarios"].as_array().unwrap().is_empty())
    );
}

#[test]
fn a_run_is_remembered_and_the_way_goes_on() {
    let shop = begun();
    shop.run("").must(
        0,
        &[
            "0 of 3 exercises done, 0 of 6 points",
            "You are at lesson-0.1",
            "edit    lessons/lesson-0.1/exercise/ctypes_bridge.py",
            "now   ctypes  Declare them (0/2 points, 1 min)",
            "`checker watch` checks at each save",
        ],
    );
    assert!(!shop.path(".checker").exists(), "looking writes nothing");
    shop.check().must(
        1,
        &["done: ext, Write them by hand (3 points)", "done: choose"],
    );
    shop.run("").must(
        0,
        &["2 of 3 exercises done", "last run: ctypes/stock wrong"],
    );
    shop.run("progress").must(
        0,
        &["module 0:", "in all:  2 of  3 exercises,   4 of   6 points"],
    );
    let progress = shop.run("progress --json").json();
    let tasks = progress["modules"][0]["lessons"][0]["tasks"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(tasks[0]["attempts"], 1);
    assert_eq!(tasks[0]["done"], serde_json::Value::Null);
    assert!(tasks[1]["done"].as_str().unwrap().ends_with('Z'));
    shop.run("next").must(0, &["You are at lesson-0.1"]);
    shop.run("next --skip")
        .must(0, &["There is no other open lesson"]);

    fs::copy(
        shop.lesson("solution/ctypes_bridge.py"),
        shop.lesson(BRIDGE),
    )
    .unwrap();
    shop.check().must(0, &["done: ctypes"]);
    shop.run("")
        .must(0, &["3 of 3 exercises done", "All of it is done"]);
    shop.run("list").must(0, &["done   A pair of functions"]);
    fs::rename(shop.path(".checker"), shop.path("elsewhere")).unwrap();
    shop.run("").must(0, &["0 of 3"]);
    let mut moved = shop.command(&["progress", "--json"]);
    let moved = moved.env("CHECKER_STATE", "elsewhere").output().unwrap();
    assert!(
        String::from_utf8(moved.stdout)
            .unwrap()
            .contains("\"done\": 3")
    );
}

#[test]
fn the_list_can_be_searched() {
    let shop = Workshop::new();
    shop.run("list PAIR 0.1 by").must(0, &["lesson-0.1"]);
    shop.run("list module.c --exercises")
        .must(0, &["Write them by hand"]);
    let none = shop.run("list nothing");
    none.must(0, &["No lesson has `nothing`"]);
    assert_eq!(
        shop.run("list nothing --json").json()["lessons"],
        serde_json::json!([])
    );
}

#[test]
fn a_solution_is_shown_after_a_pass_or_when_asked_twice() {
    let shop = begun();
    let first = shop.run("solution 0.1 ctypes");
    first.must(
        1,
        &["Not passed yet: ctypes", "checker hint lesson-0.1 ctypes"],
    );
    assert!(!first.stdout.contains("restype"));
    let second = shop.run("solution 0.1 ctypes");
    second.must(
        0,
        &[
            "--- lessons/lesson-0.1/solution/ctypes_bridge.py",
            "pair_half.restype",
        ],
    );
    assert!(
        !second.stdout.contains("# task"),
        "markers are nobody's business"
    );
    shop.run("diff 0.1 ext").must(1, &["Not passed yet: ext"]);
    shop.check();
    shop.run("diff 0.1 ext").must(
        0,
        &["lessons/lesson-0.1/exercise/ext/module.c is the solution, line by line"],
    );
    shop.run("diff 0.1 ctypes")
        .must(0, &["+ lib.pair_half.restype = ctypes.c_double"]);
    shop.run("solution 0.1 nobody")
        .must(4, &["its exercises are: ctypes, ext, choose"]);
}

#[test]
fn a_reset_keeps_what_was_there_and_undo_puts_it_back() {
    let shop = begun();
    let mine = fs::read(shop.lesson(BRIDGE)).unwrap();
    shop.run("reset 0.1 ctypes").must(
        0,
        &[
            "set back  lessons/lesson-0.1/exercise/ctypes_bridge.py",
            "--undo",
        ],
    );
    assert!(
        fs::read_to_string(shop.lesson(BRIDGE))
            .unwrap()
            .contains("TODO 1")
    );
    shop.run("reset 0.1 ctypes")
        .must(0, &["as they were handed out"]);
    shop.run("reset 0.1 --undo").must(0, &["put back"]);
    assert_eq!(fs::read(shop.lesson(BRIDGE)).unwrap(), mine);
    shop.run("reset 0.1 --undo")
        .must(0, &["No reset of lesson-0.1 is left"]);
}

#[test]
fn a_broken_state_is_named_kept_and_begun_anew() {
    let shop = Workshop::new();
    fs::create_dir(shop.path(".checker")).unwrap();
    fs::write(shop.path(".checker/state.toml"), "version = 1\nhello\n").unwrap();
    let said = shop.run("");
    said.must(
        0,
        &[
            "warning: .checker/state.toml cannot be understood: line 2",
            "state.toml.broken-1",
            "next:",
        ],
    );
    assert!(said.stdout.contains("0 of 3"), "{}", said.stdout);
    assert_eq!(shop.run("").stderr, "");
    fs::write(shop.path(".checker/state.toml"), "version = 2\n").unwrap();
    shop.check().must(
        0,
        &[
            "it has version 2, and this checker knows 1",
            "state.toml.broken-2",
            "done: ctypes",
        ],
    );
    assert!(shop.path(".checker/state.toml.broken-1").is_file());
}

#[test]
fn a_state_that_cannot_be_written_does_not_keep_a_report_back() {
    let shop = Workshop::new();
    fs::write(shop.path(".checker"), "a file").unwrap();
    shop.check().must(
        0,
        &[
            "6 of 6 points",
            "this run is not remembered",
            "CHECKER_STATE",
        ],
    );
    shop.run("next").must(3, &["set CHECKER_STATE"]);
}

#[test]
fn a_current_lesson_that_is_gone_is_said_so() {
    let shop = Workshop::new();
    shop.run("next 0.1").must(0, &["You are at"]);
    fs::rename(shop.path("lessons/lesson-0.1"), shop.path("moved")).unwrap();
    fs::create_dir_all(shop.path("lessons/rust")).unwrap();
    shop.run("").must(
        0,
        &[
            "note: lesson-0.1, where you were, cannot be found",
            "There is no lesson yet",
        ],
    );
    shop.run("run").must(4, &["every lesson is done"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let shop = Workshop::new();
    for command in ["", "list", "progress", "next"] {
        let mut child = shop
            .command(&command.split_whitespace().collect::<Vec<_>>())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{command}");
        std::io::stderr().write_all(&ended.stderr).unwrap();
        assert!(ended.stderr.is_empty(), "{command}");
    }
}

#[test]
fn a_hint_is_about_the_failure_of_the_last_run() {
    let shop = begun();
    let before = shop.run("hint 0.1 ctypes");
    before.must(0, &["1. What does ctypes believe"]);
    assert!(
        !before.stdout.contains("your last run"),
        "{}",
        before.stdout
    );
    shop.check();
    shop.run("hint").must(
        0,
        &[
            "your last run, ctypes/stock wrong: A float is expected, and an int came back",
            "1. What type has a result that you never declared?",
            "More: checker hint lesson-0.1 ctypes --step 2",
        ],
    );
    shop.run("hint")
        .must(0, &["2. Integers and floating-point numbers"]);
    shop.edit(
        BRIDGE,
        "return lib.pair_half(x)",
        "raise NotImplementedError('TODO 2')",
    );
    shop.check();
    let other = shop.run("hint --json").json();
    assert_eq!(other["hints"][0]["failure"]["name"], "open-task");
    assert_eq!(
        other["hints"][0]["step"], 1,
        "another failure, a question again"
    );
}

#[test]
fn the_lesson_where_you_are_is_meant() {
    let shop = begun();
    shop.check();
    shop.run("hint ctypes")
        .must(0, &["your last run, ctypes/stock"]);
    shop.run("hint nothing")
        .must(4, &["no lesson is called `nothing`"]);
    shop.run("inspect --bridge ctypes")
        .must(1, &["DISAGREES", "ctypes_bridge.py"]);
    shop.run("inspect --struct pair")
        .must(2, &["<FILE|LESSON>"]);
    shop.run("explain")
        .must(1, &["ctypes/stock: wrong", "(wrong-types)"]);
    let declared = "lib.pair_half.argtypes = [ctypes.c_double]\n";
    shop.edit(
        BRIDGE,
        declared,
        &format!("{declared}lib.pair_half.restype = ctypes.c_double\n"),
    );
    shop.edit(BRIDGE, "lib.pair_half(x)", "lib.pair_half(x + 1)");
    shop.run("explain 0.1 ctypes/stock").must(
        0,
        &["No bug of a known class was found.", "`checker hint` helps"],
    );
}

#[test]
fn shells_and_man_know_every_command() {
    let shop = Workshop::new();
    for shell in ["bash", "zsh", "fish"] {
        shop.run(&format!("completions {shell}"))
            .must(0, &["watch", "progress", "isolation"]);
    }
    shop.run("completions csh").must(2, &["possible values"]);
    shop.run("man")
        .must(0, &[".TH checker 1", "where you are and what to do next"]);
    shop.run("man --out pages").must(0, &[]);
    let page = fs::read_to_string(shop.path("pages/checker-watch.1")).unwrap();
    assert!(page.contains("at each save"), "{page}");
    shop.run("man --out lessons/lesson-0.1/lesson.toml")
        .must(4, &["name a folder"]);
}

#[test]
fn colour_is_for_those_who_see_it() {
    let shop = begun();
    let escapes = |words: &str, no_color: bool| {
        let args: Vec<&str> = words.split_whitespace().collect();
        let mut command = shop.command(&args);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!escapes("", false), "a pipe gets none");
    assert!(escapes("--color always", false));
    assert!(
        escapes("--color always", true),
        "what is typed goes before the variable"
    );
    assert!(!escapes("--color never", false));
}
