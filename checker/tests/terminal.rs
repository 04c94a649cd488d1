//! What the participant's commands show on a terminal that can do more than lines.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

#[path = "workshop/terminal.rs"]
mod terminal;
mod workshop;

use terminal::Terminal;
use workshop::{BRIDGE, STOCK, Workshop};

/// What a command writes to a terminal that says that it opens links.
fn on_a_terminal(shop: &Workshop, kind: &str, args: &[&str], more: &[(&str, &str)]) -> String {
    let mut command = shop.command(args);
    command.env("TERM_PROGRAM", "WezTerm").env("NO_COLOR", "1");
    command.envs(more.iter().copied());
    let mut terminal = Terminal::start_as(kind, command, 24, 100);
    terminal.end();
    terminal.seen.clone()
}

#[test]
fn names_of_files_are_links_where_the_terminal_opens_them() {
    let shop = Workshop::new();
    let root = shop.root.path().canonicalize().unwrap();
    shop.edit(BRIDGE, "return lib.pair_add(a, b)", "return add(a)");
    let shown = format!("lessons/lesson-0.1/{BRIDGE}");
    let is_link = |text: &str, line: &str| {
        let colon = line.replace('#', ":");
        text.contains(&format!(
            "{}/{shown}{line}\x1b\\{shown}{colon}\x1b]8;;\x1b\\",
            root.display()
        ))
    };
    let args = ["run", "0.1", "--backend", "stock", "--bridge", "ctypes"];
    let report = on_a_terminal(&shop, "xterm", &args, &[]);
    assert!(is_link(&report, "#15"), "{report}");
    assert!(is_link(&report, ""), "{report}");
    assert!(
        !report.contains("\x1b[1m"),
        "no colour was wanted: {report}"
    );
    let place = on_a_terminal(&shop, "xterm", &[], &[]);
    assert!(is_link(&place, ""), "{place}");

    for (kind, words, when) in [
        ("dumb", "", "auto"),
        ("xterm", "--color never", "auto"),
        ("xterm", "--links never", "auto"),
        ("xterm", "", "never"),
    ] {
        let args: Vec<&str> = words.split_whitespace().collect();
        let plain = on_a_terminal(&shop, kind, &args, &[("CHECKER_LINKS", when)]);
        assert!(plain.contains(&shown) && !plain.contains('\x1b'), "{plain}");
    }
    assert!(
        !shop.run("").stdout.contains('\x1b'),
        "a pipe opens nothing"
    );
    let forced = shop.run("--links always").stdout;
    assert!(is_link(&forced, ""), "{forced}");
    assert!(!shop.run("--links always --json").stdout.contains('\x1b'));
}

#[test]
fn a_watch_shows_the_links_of_its_checks() {
    let shop = Workshop::new();
    shop.edit(BRIDGE, "return lib.pair_add(a, b)", "return add(a)");
    let mut command = shop.command(&[&["watch", "0.1"], &STOCK[..4]].concat());
    command.env("TERM_PROGRAM", "WezTerm");
    let mut terminal = Terminal::start(command, 24, 100);
    terminal.wait_for("#15\x1b\\lessons/lesson-0.1/exercise/ctypes_bridge.py:15");
    terminal.press("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn paths_can_be_typed_where_one_stands() {
    let shop = Workshop::new();
    let mut below = shop.command(&["run", "0.1", "--backend", "stock", "--bridge", "ext"]);
    below.current_dir(shop.lesson("exercise"));
    assert!(below.status().unwrap().success());
    let mut below = shop.command(&["diff", "0.1", "ext"]);
    let said = below.current_dir(shop.lesson("exercise")).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.starts_with("ext/module.c is the solution"), "{text}");
}
