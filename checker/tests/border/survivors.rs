//! What tries to outlive a run, and what happens when the checker itself dies.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use checker::border;
use checker::lesson::Limits;
use checker::verdict::Verdict;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::fixture::{
    Fixture, LIMITS, MARK, between, eventually, int, lives, marked, shell, shell_job,
};
use crate::interrupts;

const STAND_IN: &str = "survivors::stands_in_for_a_checker";
/// A folder that a checker would remove at its end.
const LEGACY: &str = "work";
/// Set for the copies of this test program that stand in for a checker.
const SCRIPT: &str = "CHECKER_TEST_SCRIPT";

#[test]
fn a_daemon_is_found_ended_and_counted() {
    let bridge = "
import os, time
def one(): return 1
def leaves():
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            os.write(writing, b'x')
            time.sleep(60)
        os._exit(0)
    os.read(reading, 1)
    return 1
";
    let fixture = Fixture::bridge(bridge, &["leaves"]);
    let heard = fixture.ask(&["leaves"]);
    assert_eq!(heard.answers, [int(1)]);
    assert_eq!(heard.left_behind(), 1);
    assert_eq!(heard.verdict(), Some(Verdict::LeakedProcess));
    assert!(fixture.living().is_empty());
}

#[test]
fn a_helper_that_ends_by_itself_is_not_left_behind() {
    let ended = shell("true & exit 0", &LIMITS);
    assert_eq!(ended.leaked, 0);
    let ended = shell("sleep 60 & sleep 60 & exit 0", &LIMITS);
    assert_eq!(ended.leaked, 2);
}

#[test]
fn processes_that_breed_while_they_are_killed_end_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let source = folder.path().join("breed.c");
    let program = folder.path().join("breed");
    // Each child lives on in a session of its own while its parent ends; bounded, in case nobody stops it.
    std::fs::write(
        &source,
        "#include <unistd.h>\n\
         int main(void) {\n\
             for (int line = 0; line < 4; line++)\n\
                 if (fork() == 0)\n\
                     for (int n = 0; n < 20000; n++) {\n\
                         if (fork() != 0) _exit(0);\n\
                         setsid();\n\
                     }\n\
             sleep(60);\n\
         }\n",
    )
    .unwrap();
    let compiled = Command::new("cc")
        .arg("-o")
        .arg(&program)
        .arg(&source)
        .status()
        .unwrap();
    assert!(compiled.success());
    let limits = Limits {
        wall_seconds: 1,
        ..LIMITS
    };
    let mut job = shell_job(&format!("exec {}", program.display()), &limits);
    job.access.readable.push(folder.path().into());
    border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
    border::run(&job).unwrap();
    let name = format!("{}\0", program.display());
    let alive = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let line = std::fs::read(entry.unwrap().path().join("cmdline")).ok()?;
        (line == name.as_bytes()).then_some(())
    });
    assert_eq!(alive.count(), 0);
}

/// Not a test of its own: a checker that is interrupted while it works.
#[test]
fn stands_in_for_an_interrupted_checker() {
    if std::env::var(SCRIPT).is_err() {
        return;
    }
    checker::interrupt::watch();
    let status = Command::new("grep")
        .args(["SigBlk", "/proc/self/status"])
        .status()
        .unwrap();
    assert!(status.success());
    kill(Pid::this(), Signal::SIGINT).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(20));
}

#[test]
fn an_interrupted_checker_says_so_and_what_it_starts_can_be_interrupted_too() {
    let test = "survivors::stands_in_for_an_interrupted_checker";
    let output = interrupts::heard_by(&mut checker(test, ""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("SigBlk:\t0000000000000000"), "{text}");
}

/// Not a test of its own: what a copy of this program does when another test starts it as a checker.
#[test]
fn stands_in_for_a_checker() {
    let Ok(script) = std::env::var(SCRIPT) else {
        return;
    };
    border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
    let limits = Limits {
        output_kib: 1024 * 1024,
        ..LIMITS
    };
    let _legacy = std::env::var_os(MARK).map(|folder| {
        let make = || {
            tempfile::Builder::new()
                .prefix(LEGACY)
                .rand_bytes(0)
                .tempdir_in(folder)
        };
        let made = checker::interrupt::folder(make).unwrap();
        std::fs::write(made.path().join("bridge.py"), "").unwrap();
        made
    });
    let mut job = shell_job(&script, &limits);
    job.env
        .extend(std::env::var_os(MARK).map(|mark| (MARK.into(), mark)));
    let ended = border::run(&job).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    println!("\n{} bytes, {peak}", ended.stdout.total);
}

fn checker(test: &str, script: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(SCRIPT, script)
        .stdout(Stdio::piped());
    command
}

#[test]
fn nothing_outlives_a_checker_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let legacy = folder.path().join(LEGACY);
    let script = "trap '' TERM HUP; setsid sleep 60 & sleep 60";
    let mut checker = checker(STAND_IN, script)
        .env(MARK, folder.path())
        .spawn()
        .unwrap();
    let own = i32::try_from(checker.id()).unwrap();
    // The nursery has the environment of its checker, and so has what is born there.
    let ours = |pid: i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(border::NURSERY)
    };
    let below = || {
        let mut pids = marked(folder.path());
        pids.retain(|pid| *pid != own);
        pids
    };
    let payload = || below().into_iter().filter(|pid| !ours(*pid)).count();
    eventually("the payload starts", || payload() == 3);
    let mut pids = below();
    assert!(pids.iter().any(|pid| ours(*pid)));
    pids.extend(pids.clone().iter().flat_map(|pid| between(*pid, own)));
    assert!(pids.len() > 3 && pids.iter().all(|pid| lives(*pid)));
    kill(
        Pid::from_raw(i32::try_from(checker.id()).unwrap()),
        Signal::SIGKILL,
    )
    .unwrap();
    checker.wait().unwrap();
    eventually("all processes end", || !pids.iter().any(|pid| lives(*pid)));
    eventually("its folders are removed", || !legacy.exists());
    assert!(folder.path().exists());
}

/// The most memory that a checker had while a program wrote so many bytes, KiB.
fn peak_while_writing(bytes: u64) -> u64 {
    let output = checker(STAND_IN, &format!("head -c {bytes} /dev/zero"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("VmHWM"))
        .expect(&text);
    assert!(line.starts_with(&format!("{bytes} bytes")), "{line}");
    let kib = line.split_whitespace().rev().nth(1);
    kib.unwrap().parse().unwrap()
}

fn stays_small_while_writing(bytes: u64) {
    let (idle, busy) = (peak_while_writing(1), peak_while_writing(bytes));
    println!("{idle} KiB at rest, {busy} KiB while {bytes} bytes are written");
    assert!(busy < idle + 32 * 1024, "{busy} KiB, {idle} at rest");
}

#[test]
fn the_checker_stays_small_while_a_program_writes_much() {
    stays_small_while_writing(200_000_000);
}

/// `cargo test -p checker --test border -- --ignored --nocapture`
#[test]
#[ignore = "takes a minute on a busy machine; the ordinary tests let a fifth be written"]
fn the_checker_stays_small_while_a_program_writes_a_gigabyte() {
    stays_small_while_writing(1_000_000_000);
}
