//! Conversations with bridges that are honest, broken or impatient, but do not lie.

use checker::border::{Answer, Ending, Limit, Loading, Part};
use checker::value::Value;
use checker::verdict::Verdict;

use crate::fixture::{Fixture, int, question};

fn class(answer: &Answer) -> &str {
    match answer {
        Answer::Raised { class, .. } => class,
        other => panic!("no exception: {other:?}"),
    }
}

#[test]
fn an_honest_bridge_is_heard() {
    let fixture = Fixture::new(
        "def add(a, b):\n    return a + b\n",
        "def adds(bridge, a, b):\n    return bridge.add(a, b)\n",
    );
    let adds = |a: Value, b: Value| question("adds", &[("a", a), ("b", b)]);
    let text = "quote \" back \\ bell \u{7} del \u{7f} line \u{2028} crab 🦀";
    let heard = fixture.ask_all(&[
        adds(Value::Int("2".into()), Value::Int("3".into())),
        adds(Value::float(0.5), Value::float(f64::INFINITY)),
        adds(Value::Str(text.into()), Value::Str("\n\0".into())),
        adds(Value::Bytes(vec![0, 255]), Value::Bytes(vec![])),
        adds(
            Value::List(vec![Value::Tuple(vec![Value::None])]),
            Value::List(vec![Value::Dict(vec![("k".into(), Value::Bool(true))])]),
        ),
    ]);
    let expected = [
        Value::Int("5".into()),
        Value::Float("inf".into()),
        Value::Str(format!("{text}\n\0")),
        Value::Bytes(vec![0, 255]),
        Value::List(vec![
            Value::Tuple(vec![Value::None]),
            Value::Dict(vec![("k".into(), Value::Bool(true))]),
        ]),
    ];
    assert_eq!(heard.loading, Loading::Loaded);
    assert_eq!(heard.answers, expected.map(Answer::Observed));
    assert_eq!(heard.verdict(), None);
    assert!(heard.finished && heard.interruptions.is_empty());
    assert_eq!(heard.ended.ending, Ending::Exited(0));
}

#[test]
fn only_exact_types_are_data() {
    let bridge = "
class Friendly:
    def __eq__(self, other):
        return True

class Number(int):
    pass

class Meta(type):
    __module__ = property(lambda kind: 'builtins')
    __name__ = property(lambda kind: 'int')

class Posing(metaclass=Meta):
    pass

def friendly(): return Friendly()
def number(): return [Number(5), True, 5, 5.0]
def posing(): return Posing()
def surrogate(): return 'a\\\\\\udcff'
def literal(): return 'a\\\\udcff'
def keys(): return {1: 2}
def deep():
    value = []
    for _ in range(16):
        value = [value]
    return value
def endless():
    value = []
    value.append(value)
    return value
def large(): return 'x' * (1 << 20)
def many(): return [None] * 20_000
def wide(): return 1 << 100_000
";
    let names = ["friendly", "number", "posing", "surrogate", "literal"];
    let refused = ["keys", "deep", "endless", "large", "many", "wide"];
    let all = [&names[..], &refused[..]].concat();
    let heard = Fixture::bridge(bridge, &all).ask(&all);
    let opaque = |name: &str| Answer::Observed(Value::Opaque(name.into()));
    assert_eq!(heard.answers[0], opaque("bridge.Friendly"));
    let Answer::Observed(numbers) = &heard.answers[1] else {
        panic!("{:?}", heard.answers[1]);
    };
    assert_eq!(
        numbers.to_string(),
        "[<bridge.Number object>, True, 5, 5.0]"
    );
    let Answer::Observed(Value::Opaque(posing)) = &heard.answers[2] else {
        panic!("{:?}", heard.answers[2]);
    };
    assert!(posing.ends_with("Posing"), "{posing}");
    let escaped = Value::Surrogates(r"a\\\udcff".into());
    assert_eq!(heard.answers[3], Answer::Observed(escaped));
    assert_eq!(
        heard.answers[4],
        Answer::Observed(Value::Str(r"a\udcff".into()))
    );
    for answer in &heard.answers[5..] {
        assert_eq!(class(answer), "TooLarge");
    }
    assert_eq!(heard.verdict(), Some(Verdict::Exception));
}

#[test]
fn exceptions_come_with_the_participants_frames_only() {
    let bridge = "import os

def fails():
    os.stat(os.path.join(os.getcwd(), 'no\\x1b[2Jsuch'))

def leaves():
    raise SystemExit(0)

def endless():
    raise ValueError('x' * 1_000_000 + '\\udcff')
";
    let names = ["fails", "leaves", "endless"];
    let heard = Fixture::bridge(bridge, &names).ask(&names);
    let Answer::Raised {
        class,
        message,
        traceback,
    } = &heard.answers[0]
    else {
        panic!("{:?}", heard.answers[0]);
    };
    assert_eq!(class, "FileNotFoundError");
    assert!(message.ends_with(r"'no\x1b[2Jsuch'"), "{message}");
    assert_eq!(
        traceback,
        "scenarios.py:2 in fails\n    return bridge.fails()\n\
         bridge.py:4 in fails\n    os.stat(os.path.join(os.getcwd(), 'no\\x1b[2Jsuch'))"
    );
    assert_eq!(self::class(&heard.answers[1]), "SystemExit");
    assert_eq!(self::class(&heard.answers[2]), "ValueError");
    assert_eq!(heard.verdict(), Some(Verdict::Exception));
    assert!(heard.finished);
}

#[test]
fn what_cannot_be_loaded_is_named() {
    let failure = |fixture: &Fixture| {
        let heard = fixture.ask(&["x"]);
        assert_eq!(heard.answers, [Answer::NotAsked]);
        match heard.loading.clone() {
            Loading::Failed {
                part,
                class,
                traceback,
                ..
            } => (part, class, traceback, heard.verdict().unwrap()),
            other => panic!("{other:?}"),
        }
    };
    let (part, class, traceback, verdict) = failure(&Fixture::new("def f(:\n    pass\n", ""));
    assert_eq!((part, class.as_str()), (Part::Bridge, "SyntaxError"));
    assert_eq!(traceback, "bridge.py:1\n    def f(:");
    assert_eq!(verdict, Verdict::ImportError);

    let (part, class, _, verdict) = failure(&Fixture::new("import sys\nsys.exit()\n", ""));
    assert_eq!((part, class.as_str()), (Part::Bridge, "SystemExit"));
    assert_eq!(verdict, Verdict::ImportError);

    let (part, _, _, verdict) = failure(&Fixture::new("", "import no_such_module\n"));
    assert_eq!(part, Part::Scenarios);
    assert_eq!(verdict.name(), "grader-fault");

    let (part, _, _, verdict) = failure(&Fixture::new("", "").replace("no_such_engine"));
    assert_eq!(part, Part::Engine);
    assert_eq!(verdict.name(), "grader-fault");
}

#[test]
fn an_engine_that_crashes_is_not_the_participants_fault() {
    let fixture = Fixture::new("", "").replace("engine");
    fixture.write("engine.py", "import os\nos.abort()\n");
    let heard = fixture.ask(&["one"]);
    assert_eq!(heard.loading, Loading::Unfinished(Part::Engine));
    assert_eq!(heard.verdict().unwrap().name(), "grader-fault");
}

#[test]
fn an_engine_is_in_place_before_the_bridge_is_loaded() {
    let fixture = Fixture::new(
        "import ctypes\nname = ctypes.name\n",
        "def tells(bridge):\n    return bridge.name\n",
    )
    .replace("engine");
    fixture.write(
        "engine.py",
        "import sys, types\n\ndef install():\n    sys.modules['ctypes'] = types.SimpleNamespace(name='ours')\n",
    );
    let heard = fixture.ask(&["tells"]);
    assert_eq!(heard.answers, [Answer::Observed(Value::Str("ours".into()))]);
}

#[test]
fn a_scenario_that_is_not_there_is_missing() {
    let heard = Fixture::new("", "").ask(&["adds"]);
    assert_eq!(class(&heard.answers[0]), "NoSuchScenario");
    assert_eq!(heard.verdict(), Some(Verdict::MissingScenarios));
}

const CRASHES: &str = "
import ctypes

def one(): return 1
def crashes(): ctypes.string_at(0)
def two(): return 2
";

#[test]
fn a_segfault_leaves_the_other_answers() {
    let fixture = Fixture::bridge(CRASHES, &["one", "crashes", "two"]);
    let heard = fixture.ask(&["one", "crashes", "two", "crashes"]);
    let unfinished = Answer::Unfinished;
    assert_eq!(
        heard.answers,
        [int(1), unfinished.clone(), int(2), unfinished]
    );
    let questions: Vec<_> = heard.interruptions.iter().map(|i| i.question).collect();
    assert_eq!(questions, [Some(1), Some(3)]);
    assert_eq!(heard.verdict(), Some(Verdict::Crashed("SIGSEGV".into())));
    let stack = heard.interruptions[0].ended.stderr.text();
    assert!(stack.contains("Segmentation fault"), "{stack}");
    assert!(stack.contains("in crashes"), "{stack}");
}

#[test]
fn endless_crashing_is_not_followed_for_ever() {
    let fixture = Fixture::bridge(CRASHES, &["crashes"]);
    let heard = fixture.ask(&["crashes"; 20]);
    assert_eq!(heard.interruptions.len(), 17);
    assert_eq!(
        heard.answers[16..18],
        [Answer::Unfinished, Answer::NotAsked]
    );
}

#[test]
fn a_crash_while_loading_is_not_repeated() {
    let heard = Fixture::new("import os\nos.abort()\n", "").ask(&["one", "two"]);
    assert_eq!(heard.loading, Loading::Unfinished(Part::Bridge));
    assert_eq!(heard.answers, [Answer::NotAsked, Answer::NotAsked]);
    assert_eq!(heard.interruptions.len(), 1);
    assert_eq!(heard.verdict(), Some(Verdict::Crashed("SIGABRT".into())));
}

#[test]
fn a_crash_after_the_last_answer_is_still_a_crash() {
    let bridge = "
import atexit, os, signal
def one(): return 1
atexit.register(os.kill, os.getpid(), signal.SIGSEGV)
";
    let heard = Fixture::bridge(bridge, &["one"]).ask(&["one"]);
    assert!(heard.finished);
    assert_eq!(heard.answers, [int(1)]);
    assert_eq!(heard.verdict(), Some(Verdict::Crashed("SIGSEGV".into())));
}

#[test]
fn ending_early_is_never_a_pass() {
    let at_import = Fixture::new("import os\nos._exit(0)\n", "").ask(&["one"]);
    assert_eq!(at_import.ended.ending, Ending::Exited(0));
    assert_eq!(at_import.verdict(), Some(Verdict::EarlyExit));

    let bridge = "
import os
def one(): return 1
def leaves(): os._exit(0)
";
    let names = ["one", "leaves"];
    let heard = Fixture::bridge(bridge, &names).ask(&["one", "leaves", "one"]);
    assert_eq!(heard.answers, [int(1), Answer::Unfinished, int(1)]);
    assert_eq!(heard.verdict(), Some(Verdict::EarlyExit));

    let at_exit = "import atexit, os\natexit.register(os._exit, 3)\ndef one(): return 1\n";
    let heard = Fixture::bridge(at_exit, &["one"]).ask(&["one"]);
    assert_eq!(heard.verdict(), Some(Verdict::EarlyExit));
}

#[test]
fn a_bridge_without_descriptors_cannot_answer() {
    let bridge = "import os\ndef closes(): os.closerange(0, 1024)\ndef one(): return 1\n";
    let heard = Fixture::bridge(bridge, &["closes", "one"]).ask(&["closes", "one"]);
    assert_eq!(heard.answers, [Answer::Unfinished, int(1)]);
    assert_eq!(heard.verdict(), Some(Verdict::EarlyExit));
}

#[test]
fn a_loop_in_python_ends_and_shows_its_line() {
    let bridge = "
def loops():
    while True:
        pass
def one(): return 1
";
    let fixture = Fixture::bridge(bridge, &["loops", "one"]).limits(|l| l.wall_seconds = 4);
    let heard = fixture.ask(&["loops", "one"]);
    assert_eq!(heard.answers, [Answer::Unfinished, int(1)]);
    assert_eq!(
        heard.interruptions[0].ended.ending,
        Ending::Stopped(Limit::Time)
    );
    let stack = heard.interruptions[0].ended.stderr.text();
    assert!(stack.contains("in loops"), "{stack}");
    assert_eq!(heard.verdict(), Some(Verdict::Timeout));
}

#[test]
fn two_loops_are_enough() {
    let bridge = "def loops():\n    while True:\n        pass\n";
    let fixture = Fixture::bridge(bridge, &["loops"]).limits(|l| l.wall_seconds = 1);
    let heard = fixture.ask(&["loops", "loops", "loops"]);
    assert_eq!(heard.interruptions.len(), 2);
    assert_eq!(heard.answers[2], Answer::NotAsked);
}

#[test]
fn a_loop_in_c_that_holds_the_interpreter_ends() {
    let bridge = "
import ctypes
from pathlib import Path
lib = ctypes.PyDLL(str(Path(__file__).with_name('libspin.so')))
def spins(): lib.spin()
";
    let fixture = Fixture::bridge(bridge, &["spins"]).limits(|l| l.wall_seconds = 4);
    fixture.write(
        "spin.c",
        "void spin(void) { for (volatile int go = 1; go;) { } }\n",
    );
    let compiled = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-o", "libspin.so", "spin.c"])
        .current_dir(fixture.path())
        .status()
        .unwrap();
    assert!(compiled.success());
    let heard = fixture.ask(&["spins"]);
    assert_eq!(heard.verdict(), Some(Verdict::Timeout));
    let stack = heard.ended.stderr.text();
    assert!(stack.contains("in spins"), "{stack}");
}

#[test]
fn a_forked_child_that_comes_back_is_not_heard() {
    let bridge = "
import os
def forks():
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return 1
";
    let heard = Fixture::bridge(bridge, &["forks"]).ask(&["forks"]);
    assert_eq!(heard.answers, [int(1)]);
    assert_eq!(heard.verdict(), None);
}
