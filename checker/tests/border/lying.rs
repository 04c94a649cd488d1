//! Bridges that try to be believed. None of them may end without a verdict against it, unless it only talks.

use checker::border::{Answer, Ending, Interrogation, Isolation, found_isolation};
use checker::verdict::Verdict;

use crate::fixture::{Fixture, int, question};

fn ask(bridge: &str) -> Interrogation {
    Fixture::bridge(bridge, &["lies", "one"]).ask(&["lies", "one"])
}

#[test]
fn a_report_on_standard_output_is_only_output() {
    let bridge = r#"
import os
report = '{"id":"0","reply":{"observed":{"int":"1"}}}\n{"Ended":{"ending":{"Exited":0}}}\n2 passed\n'
def lies():
    print(report, flush=True)
    os.write(1, b"E\2\0\0\0{}")
    os.write(2, report.encode())
    raise SystemExit(0)
def one(): return 2
"#;
    let heard = ask(bridge);
    assert_eq!(heard.answers[1], int(2));
    assert_eq!(heard.verdict(), Some(Verdict::Exception));
    assert!(heard.ended.stdout.text().contains("2 passed"));
}

#[test]
fn replies_on_guessed_descriptors_are_not_believed() {
    let bridge = r#"
import os
def lies():
    for descriptor in range(3, 1024):
        try:
            os.write(descriptor, b'{"id":"0000000000000000","reply":{"observed":{"int":"1"}}}\n')
        except OSError:
            pass
    return 1
def one(): return 1
"#;
    let heard = ask(bridge);
    assert_eq!(heard.verdict(), Some(Verdict::Tampered));
    assert_eq!(heard.answers[0], Answer::NotAsked);
    assert_eq!(heard.ended.ending, Ending::Dismissed);
    assert_eq!(
        heard.tampering.as_deref(),
        Some("a reply to a question that was not asked")
    );
}

/// A bridge that knows the driver by heart finds its pipe and the id of the question.
fn with_the_drivers_secrets(lies: &str) -> String {
    format!(
        r#"
import os, sys
def secrets():
    frame = sys._getframe()
    while "replies" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["replies"], frame.f_locals["request"]["id"].encode()
def one(): return 1
def lies():
    pipe, id = secrets()
{lies}
"#
    )
}

#[test]
fn a_second_reply_is_one_too_many() {
    let heard = ask(&with_the_drivers_secrets(
        "    os.write(pipe, b'{\"id\":\"' + id + b'\",\"reply\":{\"observed\":{\"int\":\"1\"}}}\\n')\n    return 1",
    ));
    assert_eq!(heard.verdict(), Some(Verdict::Tampered));
}

#[test]
fn a_word_of_the_wrong_kind_is_no_answer() {
    for word in ["loaded", "end"] {
        let lies = format!(
            "    os.write(pipe, b'{{\"id\":\"' + id + b'\",\"reply\":\"{word}\"}}\\n')\n    os._exit(0)"
        );
        let heard = ask(&with_the_drivers_secrets(&lies));
        assert_eq!(heard.verdict(), Some(Verdict::Tampered), "{word}");
    }
}

#[test]
fn words_after_the_last_word_are_noticed() {
    let heard = ask(&with_the_drivers_secrets(
        "    import atexit\n    atexit.register(os.write, pipe, b'x')\n    return 1",
    ));
    assert_eq!(heard.tampering.as_deref(), Some("data after the last word"));
    assert_eq!(heard.answers, [int(1), int(1)]);
}

#[test]
fn a_reply_without_end_is_cut_off() {
    let heard = ask(&with_the_drivers_secrets(
        "    while True:\n        os.write(pipe, b'x' * 65536)",
    ));
    assert_eq!(heard.tampering.as_deref(), Some("a reply without end"));
}

#[test]
fn replies_that_are_not_text_are_not_believed() {
    let heard = ask(&with_the_drivers_secrets(
        "    os.write(pipe, b'\\xff\\xfe{}\\n')",
    ));
    assert_eq!(heard.verdict(), Some(Verdict::Tampered));
    let heard = ask(&with_the_drivers_secrets(
        "    os.write(pipe, b'[' * 100_000 + b'\\n')",
    ));
    assert_eq!(heard.verdict(), Some(Verdict::Tampered));
}

#[test]
fn what_is_shown_steers_no_terminal() {
    let bridge = r#"
import os
def one(): return 1
def lies():
    os.write(1, b"\x1b[2J\xff\x07pass\r")
    return 1
"#;
    let heard = ask(bridge);
    assert_eq!(heard.ended.stdout.text(), r"\x1b[2J\xff\x07pass\r");
}

#[test]
fn signals_to_the_supervisor_change_nothing() {
    let bridge = "
import os, signal
def one(): return 1
def lies():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD):
        try:
            os.kill(os.getppid(), number)
        except PermissionError:
            pass
    return 1
";
    let heard = ask(bridge);
    assert_eq!(heard.answers, [int(1), int(1)]);
    assert_eq!(heard.verdict(), None);
}

#[test]
fn whoever_kills_the_supervisor_gets_no_answers() {
    let bridge = "
import os, signal
def lies():
    os.kill(os.getppid(), signal.SIGKILL)
    while True:
        pass
";
    let fixture = Fixture::bridge(bridge, &["lies"]);
    match fixture.try_all(&[question("lies", &[])]) {
        // Nothing stands between them.
        Err(error) => assert!(error.to_string().contains("SIGKILL"), "{error}"),
        Ok(heard) => assert_eq!(heard.verdict(), Some(Verdict::Exception)),
    }
    crate::fixture::eventually("the payload dies with its supervisor", || {
        fixture.living().is_empty()
    });
}

#[test]
fn a_bridge_cannot_blame_the_lesson() {
    let bridge = r#"
import os, sys
frame = sys._getframe()
while "replies" not in frame.f_locals:
    frame = frame.f_back
pipe, request = frame.f_locals["replies"], frame.f_locals["request"]
text = '{"class":"ImportError","message":"scenarios.py","traceback":""}'
for reply in ('{"failed":["scenarios",%s]}', '{"raised":%s}'):
    os.write(pipe, ('{"id":"%s","reply":%s}\n' % (request["id"], reply % text)).encode())
"#;
    let heard = Fixture::new(bridge, "").ask(&["one"]);
    assert_eq!(heard.verdict(), Some(Verdict::Tampered));
}

#[test]
fn the_supervisors_pipes_are_closed_to_a_bridge() {
    let bridge = "
import os
def lies():
    try:
        return len(os.listdir(f'/proc/{os.getppid()}/fd'))
    except PermissionError:
        return 0
def one(): return 1
";
    let heard = ask(bridge);
    let bare = found_isolation().isolation == Isolation::None;
    // Nothing is closed to root.
    let open = bare && nix::unistd::geteuid().is_root();
    assert_eq!(heard.answers[0] != int(0), open);
}

#[test]
fn a_process_that_ends_instead_of_its_last_word_has_not_finished() {
    let bridge = r#"
import os, sys
frame = sys._getframe()
while "replies" not in frame.f_locals:
    frame = frame.f_back
drivers_own = frame.f_globals["send"]
def send(pipe, text):
    if '"reply":"end"' in text:
        os._exit(0)
    drivers_own(pipe, text)
frame.f_globals["send"] = send
def lies(): return 1
def one(): return 1
"#;
    let heard = ask(bridge);
    assert_eq!(heard.answers, [int(1), int(1)]);
    assert_eq!(heard.interruptions[0].question, Some(2));
    assert!(!heard.finished);
    assert_eq!(heard.verdict(), Some(Verdict::EarlyExit));
}
