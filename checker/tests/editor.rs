//! What an editor relies on: tasks whose patterns match what the checker prints, and a container that agrees with the README.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod workshop;

use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::Value as Json;
use workshop::{BRIDGE, STOCK, Workshop};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

fn tasks() -> Vec<Json> {
    let document: Json = serde_json::from_str(&read(".vscode/tasks.json")).unwrap();
    document["tasks"].as_array().unwrap().clone()
}

fn pattern(of: &Json) -> Regex {
    Regex::new(of.as_str().unwrap()).unwrap()
}

/// The problems that an editor finds in a text: file, line, column and message.
fn matched(task: &Json, text: &str) -> Vec<(String, usize, usize, String)> {
    let of = &task["problemMatcher"]["pattern"];
    let pattern = pattern(&of["regexp"]);
    let group = |name: &str| usize::try_from(of[name].as_u64().unwrap()).unwrap();
    let found = text.lines().filter_map(|line| pattern.captures(line));
    found
        .map(|it| {
            assert!(matches!(&it[group("severity")], "error" | "warning"));
            (
                it[group("file")].to_owned(),
                it[group("line")].parse().unwrap(),
                it[group("column")].parse().unwrap(),
                it[group("message")].to_owned(),
            )
        })
        .collect()
}

/// Counted from 1.
fn line_of(shop: &Workshop, file: &str, part: &str) -> usize {
    let text = fs::read_to_string(shop.lesson(file)).unwrap();
    text.lines().position(|line| line.contains(part)).unwrap() + 1
}

#[test]
fn each_task_is_a_command_that_there_is() {
    let shop = Workshop::new();
    for task in tasks() {
        assert_eq!(task["command"], "cargo");
        let args: Vec<&str> = task["args"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap())
            .collect();
        let (cargo, ours) = args.split_at(args.iter().position(|it| *it == "--").unwrap() + 1);
        assert_eq!(cargo, ["run", "--quiet", "--"]);
        let said = shop
            .command(&[ours, &["--help"]].concat())
            .output()
            .unwrap();
        assert!(said.status.success(), "{task:#}");
    }
}

#[test]
fn the_problems_of_a_failing_run_are_found_at_their_lines() {
    let shop = Workshop::new();
    let (task, watch) = (&tasks()[0], &tasks()[1]);
    assert_eq!(
        task["problemMatcher"]["pattern"],
        watch["problemMatcher"]["pattern"]
    );
    let run = format!("run {} --problems", shop.lesson(BRIDGE).display());
    let run = format!("{run} {}", STOCK.join(" "));
    let passed = shop
        .run(&run)
        .must(0, &["problems of lesson-0.1:\nproblems: 0\n"])
        .stdout
        .clone();
    assert_eq!(matched(task, &passed), []);

    shop.edit(
        BRIDGE,
        "    return lib.pair_add(a, b)",
        "    return lib.pair_add(a)",
    );
    shop.edit("exercise/ext/module.c", "pair_add(a, b)", "undeclared");
    shop.edit("exercise/choices.toml", "ext", "abi");
    let failed = shop.run(&run).must(1, &[]).stdout.clone();
    let found = matched(task, &failed);
    assert!(
        failed.ends_with(&format!("problems: {}\n", found.len())),
        "{failed}"
    );
    // What a compiler warns of besides is its own affair.
    let is_error = |message: &str| failed.contains(&format!(": error: {message}"));
    let errors: Vec<_> = found.iter().filter(|it| is_error(&it.3)).collect();
    let at = |file: &str| format!("lessons/lesson-0.1/{file}");
    let [bridge, module, choice] = &errors[..] else {
        panic!("{failed}")
    };
    assert_eq!(bridge.0, at(BRIDGE));
    assert_eq!(
        (bridge.1, bridge.2),
        (line_of(&shop, BRIDGE, "lib.pair_add(a)"), 5)
    );
    assert!(
        bridge.3.contains("TypeError") && bridge.3.ends_with("[ctypes/stock: exception]"),
        "{bridge:?}"
    );
    assert_eq!(module.0, at("exercise/ext/module.c"));
    assert_eq!(
        module.1,
        line_of(&shop, "exercise/ext/module.c", "undeclared")
    );
    assert!(
        module.2 > 1 && module.3.contains("undeclared"),
        "{module:?}"
    );
    assert_eq!(choice.0, at("exercise/choices.toml"));
    assert_eq!(choice.1, line_of(&shop, "exercise/choices.toml", "plugin"));

    let document = shop
        .run(&format!("run 0.1 --json {}", STOCK.join(" ")))
        .json();
    let problems = document["lessons"][0]["problems"].as_array().unwrap();
    assert_eq!(problems.len(), found.len());
    assert_eq!(problems[0]["line"], bridge.1);

    let background = &watch["problemMatcher"]["background"];
    let line = |of: &str| {
        let pattern = pattern(&background[of]);
        failed
            .lines()
            .position(|line| pattern.is_match(line))
            .unwrap()
    };
    let between = line("endsPattern") - line("beginsPattern");
    assert_eq!(between, found.len() + 1);
}

#[test]
fn where_no_line_is_known_the_open_task_or_the_word_is_found() {
    let shop = Workshop::new();
    shop.edit(
        BRIDGE,
        "    return lib.pair_add(a, b)",
        "    return 0  # TODO 1: call it",
    );
    let said = shop.run("run 0.1 --problems --backend stock --bridge ctypes");
    let found = matched(&tasks()[0], &said.stdout);
    assert_eq!(
        found[0].1,
        line_of(&shop, BRIDGE, "TODO 1"),
        "{}",
        said.stdout
    );
    assert!(
        found[0]
            .3
            .contains("adds two integers: expected 5, observed 0"),
        "{found:?}"
    );
    fs::remove_file(shop.lesson(BRIDGE)).unwrap();
    let said = shop.run("run 0.1 --problems --backend stock --bridge ctypes");
    let found = matched(&tasks()[0], &said.stdout);
    assert_eq!((found[0].1, found[0].2), (1, 1), "{}", said.stdout);
}

#[test]
fn the_container_agrees_with_the_toolchain_and_the_readme() {
    let container: Json = serde_json::from_str(&read(".devcontainer/devcontainer.json")).unwrap();
    let recipe = container["build"]["dockerfile"].as_str().unwrap();
    let recipe = read(&format!(".devcontainer/{recipe}"));
    let toolchain: toml::Table = toml::from_str(&read("rust-toolchain.toml")).unwrap();
    let version = toolchain["toolchain"]["channel"].as_str().unwrap();
    assert!(
        recipe.contains(&format!("\nFROM rust:{version}-bookworm\n")),
        "{recipe}"
    );

    let readme = read("README.md");
    let row = readme
        .lines()
        .find(|line| line.starts_with("| Debian 12 |"))
        .unwrap();
    let packages = row.split('`').nth(1).unwrap();
    assert!(recipe.contains(&format!(" {packages} ")), "{packages}");
    let setup = container["postCreateCommand"].as_str().unwrap();
    assert!(readme.contains(&format!("`{setup}`")), "{setup}");
    let user = container["remoteUser"].as_str().unwrap();
    assert!(recipe.contains(&format!("\nUSER {user}\n")));
}
