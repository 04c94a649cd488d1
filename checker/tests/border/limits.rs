//! Programs that want more than they get.

use checker::border::{Ending, Interrogation, Limit};
use checker::lesson::Limits;
use checker::value::Value;
use checker::verdict::Verdict;

use crate::fixture::{Fixture, LIMITS, int, shell};

fn ask(bridge: &str, change: impl FnOnce(&mut Limits)) -> (Fixture, Interrogation) {
    let fixture = Fixture::bridge(bridge, &["takes", "one"]).limits(change);
    let heard = fixture.ask(&["takes", "one"]);
    assert_eq!(heard.answers[1], int(1), "the others are answered");
    (fixture, heard)
}

#[test]
fn a_flood_of_output_ends() {
    let bridge = "
def one(): return 1
def takes():
    while True:
        print('x' * 1000)
";
    let (_, heard) = ask(bridge, |limits| limits.output_kib = 64);
    assert_eq!(heard.verdict(), Some(Verdict::OutputLimit));
    let flood = &heard.interruptions[0].ended.stdout;
    assert!(flood.total > 64 * 1024);
    assert!(flood.head.len() + flood.tail.len() <= 64 * 1024);
}

#[test]
fn both_streams_count_as_output() {
    let bridge = "
import os
def one(): return 1
def takes():
    os.write(1, b'x' * 40_000)
    os.write(2, b'x' * 40_000)
    os._exit(0)
";
    let (_, heard) = ask(bridge, |limits| limits.output_kib = 64);
    assert_eq!(heard.verdict(), Some(Verdict::OutputLimit));
}

#[test]
fn a_memory_hog_ends() {
    let bridge = "
def one(): return 1
def takes():
    kept = []
    while True:
        kept.append(bytearray(b'x' * (1 << 20)))
";
    let (_, heard) = ask(bridge, |limits| limits.memory_mib = 100);
    assert_eq!(heard.verdict(), Some(Verdict::MemoryLimit));
}

#[test]
fn children_share_the_memory_limit_but_shared_pages_count_once() {
    let bridge = "
import os, time
def one(): return 1
def family(size, own, seconds):
    kept = bytearray(b'x' * (size << 20))
    children = []
    for _ in range(6):
        child = os.fork()
        if child == 0:
            more = bytearray(b'y' * (own << 20))
            time.sleep(seconds)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return 1
def shares(): return family(80, 0, 0.3)
def takes(): return family(1, 60, 20)
";
    let fixture = Fixture::bridge(bridge, &["shares", "takes"]).limits(|l| l.memory_mib = 250);
    let heard = fixture.ask(&["shares", "takes"]);
    assert_eq!(heard.answers[0], int(1), "{:?}", heard.interruptions);
    assert_eq!(heard.verdict(), Some(Verdict::MemoryLimit));
}

#[test]
fn a_fork_bomb_ends() {
    let bridge = "
import os, time
def one(): return 1
def takes():
    # Bounded, in case the limit does not work.
    for _ in range(10):
        try:
            if os.fork() == 0:
                os.setsid()
        except OSError:
            pass  # The kernel's own limit can come first; an answer would then be one of many.
    time.sleep(20)
";
    let (fixture, heard) = ask(bridge, |limits| limits.processes = 16);
    assert_eq!(heard.verdict(), Some(Verdict::ProcessLimit));
    assert!(fixture.living().is_empty());
}

#[test]
fn threads_count_as_processes() {
    let bridge = "
import threading, time
def one(): return 1
def takes():
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(20,)).start()
    time.sleep(20)
";
    let (_, heard) = ask(bridge, |limits| limits.processes = 16);
    assert_eq!(heard.verdict(), Some(Verdict::ProcessLimit));
}

#[test]
fn deaf_and_stopped_programs_end_at_their_time() {
    let deaf = "
import signal, time
def one(): return 1
def takes():
    for number in (signal.SIGTERM, signal.SIGABRT, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1)
";
    let stopped = "
import os, signal
def one(): return 1
def takes(): os.kill(os.getpid(), signal.SIGSTOP)
";
    for bridge in [deaf, stopped] {
        let (_, heard) = ask(bridge, |limits| limits.wall_seconds = 4);
        assert_eq!(heard.verdict(), Some(Verdict::Timeout));
        let wall = heard.interruptions[0].ended.wall.as_secs_f64();
        assert!((4.0..25.0).contains(&wall), "{wall}");
    }
}

#[test]
fn a_program_that_asks_for_the_signal_of_a_limit_has_not_reached_it() {
    let ended = shell("kill -XCPU $$", &LIMITS);
    assert_eq!(ended.ending, Ending::Signaled(nix::libc::SIGXCPU));
    let ended = shell("kill -KILL $$", &LIMITS);
    assert_eq!(ended.ending, Ending::Signaled(nix::libc::SIGKILL));
}

#[test]
fn the_kernels_own_limits_are_set() {
    let bridge = "
import resource
def one(): return 1
def takes():
    names = ('RLIMIT_CORE', 'RLIMIT_CPU', 'RLIMIT_FSIZE', 'RLIMIT_NOFILE')
    return [list(resource.getrlimit(getattr(resource, name))) for name in names]
";
    let (_, heard) = ask(bridge, |limits| limits.wall_seconds = 7);
    let checker::border::Answer::Observed(Value::List(rows)) = &heard.answers[0] else {
        panic!("{:?}", heard.answers);
    };
    assert_eq!(rows[0].to_string(), "[0, 0]");
    assert_eq!(rows[1].to_string(), "[8, 9]");
    assert_eq!(heard.verdict(), None);
}

#[test]
fn a_flood_within_its_limit_is_counted_and_not_kept() {
    let limits = Limits {
        output_kib: 300 * 1024,
        ..LIMITS
    };
    let ended = shell("head -c 200000000 /dev/zero", &limits);
    assert_eq!(ended.ending, Ending::Exited(0));
    assert_eq!(ended.stdout.total, 200_000_000);
    assert!(ended.stdout.head.len() + ended.stdout.tail.len() <= 64 * 1024);
}

#[test]
fn time_limits_hold_for_programs_that_only_sleep() {
    let limits = Limits {
        wall_seconds: 1,
        ..LIMITS
    };
    let ended = shell("trap '' ABRT TERM; sleep 60 & sleep 60", &limits);
    assert_eq!(ended.ending, Ending::Stopped(Limit::Time));
    assert_eq!(
        ended.leaked, 0,
        "what the supervisor ends was not left behind"
    );
}
