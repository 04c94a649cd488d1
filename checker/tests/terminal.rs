//! What the participant's commands show on a terminal that can do more than lines.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod interrupts;
#[path = "workshop/terminal.rs"]
mod terminal;
mod workshop;

use std::fs;

use nix::sys::signal::Signal;
use nix::sys::termios::LocalFlags;
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
    assert!(below.output().unwrap().status.success());
    let mut below = shop.command(&["diff", "0.1", "ext"]);
    let said = below.current_dir(shop.lesson("exercise")).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.starts_with("ext/module.c is the solution"), "{text}");
}

/// Two lessons, so that there is something to choose.
fn two_lessons() -> Workshop {
    let shop = Workshop::new();
    let second = shop.path("lessons/lesson-0.2");
    workshop::copy(&shop.lesson(""), &second);
    let manifest = fs::read_to_string(second.join("lesson.toml")).unwrap();
    let manifest = manifest
        .replace("lesson-0.1", "lesson-0.2")
        .replace("order = 1", "order = 2")
        .replace("A pair of functions", "Another pair");
    fs::write(second.join("lesson.toml"), manifest).unwrap();
    shop
}

fn list(shop: &Workshop, columns: u16, more: &[&str]) -> Terminal {
    let mut command = shop.command(&[&["list"], more].concat());
    interrupts::heard_by(&mut command);
    Terminal::start(command, 24, columns)
}

/// Lines, echo and signals, as a terminal begins; it may be taken before a test can look at it.
fn is_given_back(terminal: &Terminal) -> bool {
    let flags = LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG;
    terminal.settings().local_flags.contains(flags)
}

const OPENED: &str = "\x1b[?1049h";
const CLOSED: &str = "\x1b[?1049l";

#[test]
fn a_lesson_is_found_by_typing_and_enter_goes_there() {
    let shop = two_lessons();
    let mut terminal = list(&shop, 80, &[]);
    terminal.wait_for(OPENED);
    terminal.wait_for("2 of 2 lessons");
    terminal.wait_for("> lesson-0.1");
    terminal.wait_for("Declare them");
    assert!(!is_given_back(&terminal));
    terminal.press("j");
    terminal.wait_for("> lesson-0.2");
    terminal.press("\x1b[A");
    terminal.wait_for("> lesson-0.1");
    terminal.press("another");
    terminal.wait_for("search: another_   1 of 2 lessons");
    terminal.wait_for("> lesson-0.2");
    terminal.resize(10, 50);
    terminal.wait_for("> lesson-0.2");
    terminal.press("\r");
    terminal.wait_for(CLOSED);
    terminal.wait_for("You are at");
    terminal.wait_for("lesson-0.2");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(is_given_back(&terminal));
    shop.run("").must(0, &["You are at lesson-0.2"]);
}

#[test]
fn the_list_gives_the_terminal_back_whatever_ends_it() {
    let shop = two_lessons();
    for (keys, code) in [("q", 0), ("\x1b", 0), ("\x03", 130)] {
        let mut terminal = list(&shop, 80, &[]);
        terminal.wait_for("q quit");
        terminal.press(keys);
        terminal.wait_for(CLOSED);
        assert_eq!(terminal.end().code(), Some(code), "{keys:?}");
        assert!(is_given_back(&terminal), "{keys:?}");
    }
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let mut terminal = list(&shop, 80, &[]);
        terminal.wait_for("q quit");
        terminal.signal(signal);
        terminal.wait_for(CLOSED);
        assert_eq!(terminal.end().code(), Some(130), "{signal}");
        assert!(is_given_back(&terminal), "{signal}");
    }
    // Nobody could continue it here, so the system does not stop it: it gives the terminal back, and takes it again.
    let mut terminal = list(&shop, 80, &[]);
    terminal.wait_for("q quit");
    terminal.press("\x1a");
    terminal.wait_for(CLOSED);
    terminal.wait_for(OPENED);
    terminal.wait_for("2 of 2 lessons");
    terminal.press("q");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(
        !shop.path(".checker/state.toml").exists(),
        "nothing was chosen"
    );
}

#[test]
fn the_list_is_a_table_where_it_cannot_be_drawn_or_was_asked_for_something() {
    let shop = two_lessons();
    let is_table = |mut terminal: Terminal| {
        assert_eq!(terminal.end().code(), Some(0));
        assert!(!terminal.seen.contains('\x1b'), "{:?}", terminal.seen);
        assert!(terminal.seen.contains("Another pair"), "{}", terminal.seen);
    };
    is_table(list(&shop, 39, &[]));
    is_table(list(&shop, 80, &["--plain"]));
    is_table(list(&shop, 80, &["another"]));
    is_table(list(&shop, 80, &["--json"]));
    is_table(list(&shop, 80, &["--exercises"]));
    let dumb = shop.command(&["list"]);
    is_table(Terminal::start_as("dumb", dumb, 24, 80));
    let mut plain = shop.command(&["list"]);
    plain.env("CHECKER_PLAIN", "1");
    is_table(Terminal::start(plain, 24, 80));
    let mut forced = shop.command(&["list", "--color", "always", "--links", "always"]);
    forced.env("CHECKER_PLAIN", "yes");
    is_table(Terminal::start(forced, 24, 80));
}

#[test]
fn plain_output_is_told_in_words_and_lines() {
    let shop = Workshop::new();
    shop.edit(
        BRIDGE,
        "return lib.pair_add(a, b)",
        "return lib.pair_add(a, 0)",
    );
    let run = [&["run", "0.1", "--plain"], &STOCK[..]].concat();
    let mut terminal = Terminal::start(shop.command(&run), 24, 80);
    terminal.end();
    let report = terminal.seen.clone();
    for part in [
        "running ctypes/stock\r\n",
        "ctypes/stock: wrong 0/2\r\next/stock: passed 3/3",
    ] {
        assert!(report.contains(part), "no {part:?} in {report}");
    }
    assert!(
        !report.contains('\x1b') && !report.contains("  rust"),
        "{report}"
    );
    // Nobody lacks `a, b` more than those who hear of it only as a plus sign.
    shop.run("diff 0.1 ctypes");
    shop.run("diff 0.1 ctypes --plain").must(
        0,
        &[
            "yours: lessons/lesson-0.1/exercise/ctypes_bridge.py\nsolution: ",
            "yours:     return lib.pair_add(a, 0)\nsolution:     return lib.pair_add(a, b)\n",
        ],
    );

    let mut command = shop.command(&[&["watch", "--plain", "0.1"], &STOCK[..4]].concat());
    command.env("CHECKER_LINKS", "always");
    let mut terminal = Terminal::start(command, 24, 80);
    terminal.wait_for("checking lesson-0.1");
    terminal.wait_for("ctypes/stock: wrong 0/2");
    terminal.press("h\n");
    terminal.wait_for("your last run");
    terminal.press("q\n");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(!terminal.seen.contains('\x1b'), "{:?}", terminal.seen);
}
