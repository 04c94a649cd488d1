//! `checker watch` through the real binary: saves of every kind, keys, signals, terminals.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod interrupts;
#[path = "workshop/terminal.rs"]
mod terminal;
mod workshop;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::termios::LocalFlags;
use nix::unistd::Pid;
use serde_json::Value as Json;
use terminal::Terminal;
use workshop::{BRIDGE, Workshop};

const PATIENCE: Duration = Duration::from_secs(30);
const CTYPES: [&str; 5] = ["0.1", "--backend", "stock", "--bridge", "ctypes"];

/// A watch whose events are read as a program reads them.
struct Watch {
    child: Child,
    stdin: Option<ChildStdin>,
    events: Receiver<Json>,
}

impl Watch {
    fn start(shop: &Workshop, more: &[&str]) -> Watch {
        let args = [&["watch", "--json"], &CTYPES[..], more].concat();
        let mut child = interrupts::heard_by(&mut shop.command(&args))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Watch {
            stdin: child.stdin.take(),
            child,
            events,
        }
    }

    /// Waits for an event of this kind; others before it are passed over.
    #[track_caller]
    fn wait_for(&self, kind: &str) -> Json {
        let end = Instant::now() + PATIENCE;
        let mut passed = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) if event["event"] == kind => return event,
                Ok(event) => passed.push(event["event"].clone()),
                Err(_) => panic!("no {kind}, only {passed:?}"),
            }
        }
    }

    /// Waits for a result with this exit code. On a busy machine a result may come before it of files between two steps of a test.
    #[track_caller]
    fn result(&self, code: i64) -> Json {
        let end = Instant::now() + PATIENCE;
        loop {
            let event = self.wait_for("result");
            if event["exit_code"] == code {
                return event;
            }
            assert!(Instant::now() < end, "{event:#}");
        }
    }

    /// A process below this one with this name.
    #[track_caller]
    fn process(&self, name: &str) -> Pid {
        let below = descendants(self.pid());
        let found = below.iter().find(|it| it.ends_with(&format!(" ({name}")));
        let id = found.and_then(|it| it.split(' ').next());
        Pid::from_raw(id.unwrap_or_else(|| panic!("{below:?}")).parse().unwrap())
    }

    /// Waits until a check runs the bridge, and gives the names of its processes. Before that it has perhaps not read the file yet.
    #[track_caller]
    fn working(&self) -> Vec<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = descendants(self.pid());
            if found.iter().any(|it| it.contains("python")) {
                return found;
            }
            assert!(Instant::now() < end, "{found:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the result of this save. On a busy machine a result may come before it of a file that was still missing or empty.
    #[track_caller]
    fn result_of(&self, save: &str) -> Json {
        loop {
            let result = self.wait_for("result");
            if message(&result) == save {
                return result;
            }
        }
    }

    /// Nothing is said for a while.
    #[track_caller]
    fn is_quiet(&self) {
        if let Ok(event) = self.events.recv_timeout(Duration::from_millis(400)) {
            panic!("{event}");
        }
    }

    /// Neither processes nor folders of checks stay.
    #[track_caller]
    fn leaves_nothing(&self, shop: &Workshop) {
        let end = Instant::now() + PATIENCE;
        let left = || {
            let folders = fs::read_dir(shop.path("target/checker/work")).unwrap();
            let folders = folders.map(|it| it.unwrap().file_name().into_string().unwrap());
            let nursery = self.process("nursery").to_string();
            let mut below = descendants(self.pid());
            below.retain(|it| it.split(' ').next() != Some(&nursery));
            [below, folders.collect()].concat()
        };
        while !left().is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(left(), Vec::<String>::new());
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    fn end(mut self, signal: Signal) -> Option<i32> {
        kill(self.pid(), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Ended already in the ordinary case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A bridge whose check says which save it belongs to.
fn save_number(number: usize) -> String {
    format!("def add(a, b):\n    raise NotImplementedError('save {number};')\n\n\nhalf = add\n")
}

fn message(result: &Json) -> String {
    let scenarios = &result["report"]["lessons"][0]["variants"][0]["scenarios"];
    scenarios[0]["raised"]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// What the descendants of a process are called.
fn descendants(of: Pid) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let Some((head, tail)) = stat.rsplit_once(')') else {
            continue;
        };
        let parent = tail
            .split_whitespace()
            .nth(1)
            .and_then(|it| it.parse().ok());
        if parent == Some(of.as_raw()) {
            let pid = head.split(' ').next().unwrap().parse().unwrap();
            found.push(head.to_owned());
            found.extend(descendants(Pid::from_raw(pid)));
        }
    }
    found
}

#[test]
fn each_way_to_save_is_heard_and_only_content_counts() {
    let shop = Workshop::new();
    let right = fs::read(shop.lesson(BRIDGE)).unwrap();
    let watch = Watch::start(&shop, &[]);
    let first = watch.result(0);

    fs::write(shop.lesson(BRIDGE), save_number(1)).unwrap();
    let wrong = watch.result_of("save 1;");
    assert_ne!(wrong["content"], first["content"]);
    fs::write(shop.lesson(BRIDGE), save_number(1)).unwrap();
    watch.is_quiet();

    // As editors do that write into the file, and are interrupted for a moment.
    fs::write(shop.lesson("exercise/unwatched"), "").unwrap();
    let mut file = fs::File::create(shop.lesson(BRIDGE)).unwrap();
    fs::remove_file(shop.lesson("exercise/unwatched")).unwrap();
    std::thread::sleep(Duration::from_millis(30));
    file.write_all(save_number(9).as_bytes()).unwrap();
    drop(file);
    watch.result_of("save 9;");

    // As editors do that never leave half a file behind.
    let beside = shop.lesson("exercise/.bridge.tmp");
    fs::write(&beside, &right).unwrap();
    fs::rename(&beside, shop.lesson(BRIDGE)).unwrap();
    assert_eq!(watch.result(0)["content"], first["content"]);

    // As editors do that keep the old file.
    fs::rename(shop.lesson(BRIDGE), shop.lesson("exercise/bridge.py~")).unwrap();
    fs::write(shop.lesson(BRIDGE), save_number(2)).unwrap();
    watch.result_of("save 2;");
    assert_eq!(watch.end(Signal::SIGTERM), Some(130));
}

#[test]
fn a_file_or_lesson_that_goes_away_is_said_and_comes_back() {
    let shop = Workshop::new();
    let right = fs::read(shop.lesson(BRIDGE)).unwrap();
    let watch = Watch::start(&shop, &[]);
    watch.result(0);
    fs::remove_file(shop.lesson(BRIDGE)).unwrap();
    let gone = watch.result(4);
    assert!(gone.to_string().contains("the file is missing"), "{gone}");
    fs::create_dir(shop.lesson(BRIDGE)).unwrap();
    let folder = watch.result(4);
    assert!(folder.to_string().contains("it is a folder"), "{folder}");
    fs::remove_dir(shop.lesson(BRIDGE)).unwrap();
    fs::write(shop.lesson(BRIDGE), &right).unwrap();
    watch.result(0);

    let (folder, away) = (shop.lesson(""), shop.path("away"));
    fs::rename(&folder, &away).unwrap();
    let note = watch.wait_for("note");
    assert!(
        note["text"]
            .as_str()
            .unwrap()
            .contains("lesson-0.1 is gone")
    );
    fs::rename(&away, &folder).unwrap();
    watch.result(0);
    fs::write(shop.lesson(BRIDGE), save_number(3)).unwrap();
    watch.result(1);

    // The folder of the files is replaced by another one.
    fs::rename(shop.lesson("exercise"), shop.lesson("old")).unwrap();
    workshop::copy(&shop.lesson("old"), &shop.lesson("exercise"));
    fs::write(shop.lesson(BRIDGE), save_number(4)).unwrap();
    watch.result_of("save 4;");
}

#[test]
fn a_newer_save_ends_the_check_and_nothing_is_left_of_it() {
    let shop = Workshop::new();
    let watch = Watch::start(&shop, &[]);
    watch.result(0);
    let hang = "import time\ntime.sleep(60)\n";
    fs::write(shop.lesson(BRIDGE), hang).unwrap();
    watch.wait_for("start");
    watch.working();
    fs::write(shop.lesson(BRIDGE), save_number(7)).unwrap();
    watch.wait_for("cancelled");
    watch.result_of("save 7;");
    watch.leaves_nothing(&shop);

    fs::write(shop.lesson(BRIDGE), format!("{hang}#")).unwrap();
    watch.wait_for("start");
    let below = watch.working();
    assert_eq!(watch.end(Signal::SIGINT), Some(130));
    // The supervisor ends them as soon as it hears of it.
    let end = Instant::now() + PATIENCE;
    let is_left = |process: &&String| {
        let id = process.split(' ').next().unwrap();
        Path::new("/proc").join(id).exists()
    };
    while below.iter().any(|it| is_left(&it)) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    let left: Vec<_> = below.iter().filter(is_left).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn in_a_burst_the_newest_save_wins() {
    burst(60);
}

/// The whole of it; `tools/save_to_start.py` measures the same.
#[test]
#[ignore = "takes minutes"]
fn in_a_thousand_saves_the_newest_wins() {
    burst(1000);
}

fn burst(saves: usize) {
    let shop = Workshop::new();
    let watch = Watch::start(&shop, &[]);
    watch.result(0);
    for number in 0..saves {
        let text = save_number(number);
        if number % 3 == 0 {
            let beside = shop.lesson("exercise/.bridge.tmp");
            fs::write(&beside, text).unwrap();
            fs::rename(&beside, shop.lesson(BRIDGE)).unwrap();
        } else {
            fs::write(shop.lesson(BRIDGE), text).unwrap();
        }
        // From none at all to long enough for a check to be in the middle of its work.
        std::thread::sleep(Duration::from_millis((number * 7 % 40) as u64));
    }
    let last = format!("save {};", saves - 1);
    let mut shown = Vec::new();
    loop {
        let said = message(&watch.wait_for("result"));
        if said == last {
            shown.push(said);
            break;
        }
        // On a busy machine a file may stay empty for long between its opening and its writing.
        if !said.is_empty() {
            shown.push(said);
        }
    }
    watch.is_quiet();
    let numbers: Vec<usize> = shown
        .iter()
        .map(|it| it["save ".len()..it.len() - 1].parse().unwrap())
        .collect();
    assert!(
        numbers.is_sorted(),
        "an older result after a newer one: {numbers:?}"
    );
    // Checks were ended at all moments, in the middle of making their folders too.
    watch.leaves_nothing(&shop);
}

#[test]
fn without_events_the_files_are_looked_at_and_this_is_said() {
    let shop = Workshop::new();
    let watch = Watch::start(&shop, &["--poll"]);
    let note = watch.wait_for("note");
    assert!(note["text"].as_str().unwrap().contains("looked at every"));
    watch.result(0);
    fs::write(shop.lesson(BRIDGE), save_number(1)).unwrap();
    watch.result_of("save 1;");
}

#[test]
fn two_watches_both_check_and_say_so() {
    let shop = Workshop::new();
    let one = Watch::start(&shop, &[]);
    one.result(0);
    let two = Watch::start(&shop, &[]);
    let note = two.wait_for("note");
    assert!(
        note["text"]
            .as_str()
            .unwrap()
            .contains("another `checker watch`")
    );
    two.result(0);
    fs::write(shop.lesson(BRIDGE), save_number(5)).unwrap();
    one.result_of("save 5;");
    two.result_of("save 5;");
}

#[test]
fn a_check_that_somebody_kills_is_said_and_can_be_repeated() {
    let shop = Workshop::new();
    let mut watch = Watch::start(&shop, &[]);
    watch.result(0);
    fs::write(shop.lesson(BRIDGE), "import time\ntime.sleep(60)\n").unwrap();
    watch.wait_for("start");
    watch.working();
    kill(watch.process("checker"), Signal::SIGKILL).unwrap();
    assert_eq!(watch.wait_for("result")["signal"], "SIGKILL");
    fs::write(shop.lesson(BRIDGE), save_number(1)).unwrap();
    watch.result(1);
    watch.stdin.as_mut().unwrap().write_all(b"r\n").unwrap();
    watch.result(1);
    watch.stdin.as_mut().unwrap().write_all(b"q\n").unwrap();
    assert_eq!(watch.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_check_and_its_supervisors_execute_nothing_of_ours() {
    let shop = Workshop::new();
    let watch = Watch::start(&shop, &[]);
    watch.result(0);
    fs::write(shop.lesson(BRIDGE), "import time\ntime.sleep(60)\n").unwrap();
    watch.wait_for("start");
    watch.working();
    let line = |process: &str| fs::read(format!("/proc/{process}/cmdline")).unwrap();
    let own = line(&watch.pid().to_string());
    let below = descendants(watch.pid());
    let executed = below
        .iter()
        .filter(|it| line(it.split(' ').next().unwrap()) != own);
    let executed: Vec<_> = executed.collect();
    assert!(below.len() > executed.len() + 2, "{below:?}");
    assert!(
        matches!(executed[..], [python] if python.contains("python")),
        "{executed:?}"
    );
}

#[test]
fn a_nursery_that_is_killed_or_stopped_is_replaced() {
    let shop = Workshop::new();
    let watch = Watch::start(&shop, &[]);
    watch.result(0);
    let lost = [
        Signal::SIGKILL,
        Signal::SIGKILL,
        Signal::SIGKILL,
        Signal::SIGSTOP,
    ];
    for (save, signal) in (1..).zip(lost) {
        // The end by a signal takes its time: the request comes before it, or after it.
        let nursery = watch.process("nursery");
        kill(nursery, signal).unwrap();
        fs::write(shop.lesson(BRIDGE), save_number(save)).unwrap();
        watch.result_of(&format!("save {save};"));
        assert_ne!(watch.process("nursery"), nursery);
    }
    watch.leaves_nothing(&shop);
}

/// A `checker watch` that writes lines and reads them.
struct Lines {
    child: Child,
    stdin: ChildStdin,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Lines {
    fn start(shop: &Workshop, args: &[&str]) -> Lines {
        let mut child = shop
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Lines {
            stdin: child.stdin.take().unwrap(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    /// The lines up to the one that contains this.
    #[track_caller]
    fn until(&mut self, part: &str) -> Vec<String> {
        let mut seen = Vec::new();
        for line in self.lines.by_ref().map(Result::unwrap) {
            let found = line.contains(part);
            seen.push(line);
            if found {
                return seen;
            }
        }
        panic!("no {part:?} in {seen:?}");
    }

    fn type_in(&mut self, key: &str) {
        writeln!(self.stdin, "{key}").unwrap();
    }

    #[track_caller]
    fn quit(mut self) {
        self.type_in("q");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn lines_take_the_place_of_a_screen_where_there_is_none() {
    let shop = Workshop::new();
    let mut watch = Lines::start(&shop, &[&["watch"], &CTYPES[..]].concat());
    watch.until("checking lesson-0.1");
    watch.until("1 of 1 variants passed");
    fs::write(shop.lesson(BRIDGE), save_number(1)).unwrap();
    watch.until("save 1;");
    watch.type_in("h");
    let title = watch.until("your last run").pop().unwrap();
    assert!(
        title.contains("A task is still open") && !title.contains('\u{1b}'),
        "{title}"
    );
    watch.quit();
}

#[test]
fn a_lesson_begins_with_one_exercise_and_what_is_edited_is_explained() {
    let shop = Workshop::unbegun();
    let mut watch = Lines::start(&shop, &[&["watch", "0.1"], &workshop::STOCK[..]].concat());
    let begun = watch.until("open  ext  Write them by hand (0/3 points): not begun");
    let text = begun.join("\n");
    assert!(text.contains("ctypes/stock: wrong") && !text.contains("ext/stock: wrong"));
    shop.edit("exercise/ext/module.c", "0.0 *", "1.0 *");
    watch.until("ext/stock: wrong");
    watch.until("open  ctypes  Declare them (0/2 points): not begun");
    watch.type_in("e");
    watch.until("ext/stock: wrong");
    watch.quit();
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let shop = Workshop::new();
    let args = [&["watch"], &CTYPES[..]].concat();
    let mut child = shop.command(&args).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines
        .find(|line| line.as_ref().unwrap().contains("1 of 1 variants passed"))
        .unwrap()
        .unwrap();
    // Nothing is written any more, so a broken pipe would never be met.
    std::thread::sleep(Duration::from_millis(200));
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn on_a_terminal(shop: &Workshop, columns: u16) -> Terminal {
    let args = [&["watch"], &CTYPES[..]].concat();
    let mut command = shop.command(&args);
    interrupts::heard_by(&mut command);
    Terminal::start(command, 24, columns)
}

#[test]
fn keys_help_and_the_terminal_is_given_back() {
    let shop = Workshop::new();
    let mut terminal = on_a_terminal(&shop, 100);
    terminal.wait_for("1 of 1 variants passed");
    terminal.wait_for("q quit");
    assert!(!terminal.settings().local_flags.contains(LocalFlags::ICANON));
    fs::write(shop.lesson(BRIDGE), save_number(1)).unwrap();
    let report = terminal.wait_for("save 1;");
    assert!(
        report.contains("\x1b[2J"),
        "the old report is gone: {report:?}"
    );
    terminal.wait_for("q quit");
    terminal.press("h");
    terminal.wait_for("1. Which TODO does the message name");
    terminal.press("l");
    terminal.wait_for("Write them by hand");
    terminal.resize(24, 40);
    terminal.wait_for("? keys  q quit");
    terminal.press("?");
    terminal.wait_for("l list, a run all lessons");
    terminal.press("q");
    assert_eq!(terminal.end().code(), Some(0));
    assert_eq!(terminal.settings(), terminal.before);
}

#[test]
fn a_key_and_a_new_size_at_once_are_both_heard() {
    let shop = Workshop::new();
    let mut terminal = on_a_terminal(&shop, 100);
    terminal.wait_for("1 of 1 variants passed");
    terminal.wait_for("q quit");
    for columns in 60..160 {
        let before = terminal.seen.len();
        terminal.signal(Signal::SIGSTOP);
        terminal.press("?");
        terminal.resize(24, columns);
        terminal.signal(Signal::SIGCONT);
        let both = |seen: &str| seen.contains("l list, a run all") && seen.contains("\x1b[2J");
        while !both(&terminal.seen[before..]) {
            assert!(
                terminal.receive(Duration::from_secs(10)),
                "{}",
                &terminal.seen[before..]
            );
        }
    }
}

/// The screen, when nothing more comes, without what differs between machines.
fn recording(terminal: &mut Terminal) -> String {
    while terminal.receive(Duration::from_millis(200)) {}
    let screen = terminal.screen();
    let lines = screen.lines().map(|line| match line.split_once(' ') {
        Some(("Python", _)) => "Python (which, and where)",
        _ => line.trim_end(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What a participant sees from the first check to the last key; `cargo insta review` shows what has changed.
#[test]
fn a_session_looks_like_its_recording() {
    let shop = Workshop::new();
    let right = fs::read(shop.lesson(BRIDGE)).unwrap();
    fs::write(shop.lesson(BRIDGE), save_number(1)).unwrap();
    let args = [
        &["watch", "--isolation", "none", "--links", "never"],
        &CTYPES[..],
    ]
    .concat();
    let mut terminal = Terminal::start(shop.command(&args), 40, 100);
    terminal.wait_for("Which bridge: ");
    terminal.wait_for("q quit");
    insta::assert_snapshot!("session_1_a_task_is_open", recording(&mut terminal));
    terminal.press("?");
    terminal.wait_for("press Enter after");
    terminal.wait_for("q quit");
    insta::assert_snapshot!("session_2_help", recording(&mut terminal));
    fs::write(shop.lesson(BRIDGE), right).unwrap();
    terminal.wait_for("1 of 1 variants passed");
    terminal.wait_for("q quit");
    insta::assert_snapshot!("session_3_it_passes", recording(&mut terminal));
    terminal.press("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn each_key_of_the_last_line_does_what_it_says() {
    let shop = Workshop::new();
    fs::write(shop.lesson(BRIDGE), save_number(1)).unwrap();
    let mut terminal = on_a_terminal(&shop, 100);
    terminal.wait_for("save 1;");
    terminal.wait_for("q quit");
    terminal.press("e");
    terminal.wait_for("explaining ctypes/stock");
    terminal.wait_for("No bug of a known class was found");
    terminal.wait_for("q quit");
    terminal.press("a");
    terminal.wait_for("checking all lessons");
    terminal.wait_for("0 of 1 variants passed");
    terminal.wait_for("q quit");
    terminal.press("n");
    terminal.wait_for("there is no other open lesson");
    terminal.press("r");
    terminal.wait_for("checking lesson-0.1");
    terminal.wait_for("save 1;");
    terminal.wait_for("q quit");
    // Another size is drawn anew at once.
    terminal.resize(24, 60);
    terminal.wait_for("\x1b[2J");
    terminal.wait_for("save 1;");
    terminal.wait_for("n next  ? keys  q quit");
    terminal.press("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let shop = Workshop::new();
    let watch = shop.command(&[&["watch"], &CTYPES[..]].concat());
    let mut shell = std::process::Command::new("sh");
    // A shell with job control: without one above it, nothing can be stopped.
    let script = "\"$0\" \"$@\"; echo \"stopped: $?\"; read line; fg; echo \"ended: $?\"";
    shell
        .args(["-mc", script])
        .arg(watch.get_program())
        .args(watch.get_args())
        .current_dir(shop.root.path());
    for (name, value) in watch.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let mut terminal = Terminal::start(shell, 24, 100);
    terminal.wait_for("1 of 1 variants passed");
    terminal.wait_for("q quit");
    terminal.press("\x1a");
    terminal.wait_for("stopped: ");
    assert_eq!(terminal.settings(), terminal.before);
    terminal.press("\n");
    terminal.wait_for("\x1b[2J");
    terminal.wait_for("1 of 1 variants passed");
    terminal.wait_for("q quit");
    assert!(!terminal.settings().local_flags.contains(LocalFlags::ICANON));
    fs::write(shop.lesson(BRIDGE), save_number(2)).unwrap();
    terminal.wait_for("save 2;");
    terminal.wait_for("q quit");
    terminal.press("q");
    terminal.wait_for("ended: 0");
    terminal.end();
    assert_eq!(terminal.settings(), terminal.before);
}

#[test]
fn forty_columns_are_enough_for_the_last_line() {
    let shop = Workshop::new();
    let mut terminal = on_a_terminal(&shop, 40);
    terminal.wait_for("1 of 1 variants passed");
    terminal.wait_for("? keys  q quit");
    for part in terminal.seen.split("\r\x1b[K").skip(1) {
        let line = part.split(['\r', '\x1b']).next().unwrap();
        assert!(line.chars().count() < 40, "{line:?}");
    }
    terminal.press("\x03");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn signals_give_the_terminal_back_in_the_middle_of_a_check() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let shop = Workshop::new();
        fs::write(shop.lesson(BRIDGE), "import time\ntime.sleep(60)\n").unwrap();
        let mut terminal = on_a_terminal(&shop, 80);
        terminal.wait_for("checking lesson-0.1");
        std::thread::sleep(Duration::from_millis(300));
        terminal.signal(signal);
        assert_eq!(terminal.end().code(), Some(130), "{signal}");
        assert_eq!(terminal.settings(), terminal.before, "{signal}");
    }
}

#[test]
fn a_dumb_terminal_gets_lines_without_escapes() {
    let shop = Workshop::new();
    let args = [&["watch"], &CTYPES[..]].concat();
    let mut command = shop.command(&args);
    command.env("NO_COLOR", "1");
    let mut terminal = Terminal::start_as("dumb", command, 24, 80);
    terminal.wait_for("1 of 1 variants passed");
    terminal.press("q\n");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(!terminal.seen.contains('\u{1b}'), "{:?}", terminal.seen);
}

#[test]
fn nothing_wakes_it_while_nothing_happens() {
    let shop = Workshop::new();
    let mut terminal = on_a_terminal(&shop, 80);
    terminal.wait_for("1 of 1 variants passed");
    terminal.wait_for("q quit");
    // The threads of the check still have to end, each in its own time.
    let end = Instant::now() + PATIENCE;
    let mut before = wakeups(terminal.pid());
    loop {
        let heard = terminal.receive(Duration::from_secs(2));
        let after = wakeups(terminal.pid());
        if !heard && after == before {
            return;
        }
        assert!(Instant::now() < end, "{before:?}, then {after:?}");
        before = after;
    }
}

/// How often each thread of a process has gone to sleep by itself.
fn wakeups(process: Pid) -> Vec<(String, String)> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let counts = tasks.filter_map(|task| {
        let task = task.unwrap();
        // A thread may have ended just now.
        let status = fs::read_to_string(task.path().join("status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        let thread = task.file_name().into_string().unwrap();
        Some((thread, line.unwrap().trim().to_owned()))
    });
    counts.collect()
}
