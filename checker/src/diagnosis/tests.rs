//! The rules on recorded reports.

use std::time::Duration;

use super::evidence::{Call, End, Evidence, Raised, Run, Source};
use super::{Class, Diagnosis, Rung, explain};
use crate::value::Value;

const HEADER: &str = "int null_read(int *p);\nint fire(int x);\nvoid spin(void);\nchar *make_label(void);\nint put(char *p, int at);\n";

fn recorded(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/reports/");
    std::fs::read_to_string(format!("{folder}{name}")).unwrap()
}

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.into(),
        shown: format!("lessons/lesson-0.1/{name}"),
        text: text.into(),
    }
}

/// A ctypes bridge of which nothing is known yet but its files.
fn evidence(bridge: &str) -> Evidence {
    Evidence {
        variant: "ctypes/stock".parse().unwrap(),
        call: Some(Call {
            text: "shows()".into(),
        }),
        first: Run::default(),
        second: None,
        leaks: None,
        tool: None,
        bridge: vec![source("ctypes_bridge.py", bridge)],
        clib: vec![
            source("a.c", &"\n".repeat(20)),
            source("c.c", &"\n".repeat(20)),
            source("a.h", HEADER),
        ],
        symbols: vec!["null_read".into()],
    }
}

fn crashed(signal: &str, line: u32) -> Run {
    let said = format!(
        "Fatal Python error: x\n\nCurrent thread 0x1 (most recent call first):\n  \
         File \"/box/ctypes_bridge.py\", line {line} in show\n"
    );
    Run {
        end: End::Signal(signal.into()),
        stderr: said,
        ..Run::default()
    }
}

fn sanitized(report: &str) -> Option<Run> {
    Some(Run {
        end: End::Signal("SIGABRT".into()),
        stderr: recorded(report),
        ..Run::default()
    })
}

fn place(found: &Diagnosis) -> (String, u32) {
    let place = found.place().unwrap();
    (place.file.clone(), place.line)
}

#[test]
fn null_is_told_with_both_lines_the_address_and_the_call() {
    let found = explain(&Evidence {
        first: crashed("SIGSEGV", 1),
        second: sanitized("asan-null.txt"),
        ..evidence("lib.null_read(None)\n")
    })
    .unwrap();
    assert_eq!(
        (found.class, found.rung),
        (Class::NullPointer, Rung::Sanitizer)
    );
    assert_eq!(place(&found), ("lessons/lesson-0.1/a.c".into(), 5));
    let python = found.python.unwrap();
    assert_eq!(
        (python.file.as_str(), python.line),
        ("lessons/lesson-0.1/ctypes_bridge.py", 1)
    );
    let signal = found.signal.unwrap().english();
    assert!(
        signal.starts_with("SIGSEGV") && signal.contains("NULL"),
        "{signal}"
    );
    assert_eq!(
        (found.function.as_str(), found.call.as_str()),
        ("null_read", "shows()")
    );
    assert_eq!(found.variant, "ctypes/stock");
}

#[test]
fn heap_errors_are_told_from_each_other() {
    let cases = [
        ("asan-use-after-free.txt", Class::UseAfterFree),
        ("asan-double-free.txt", Class::DoubleFree),
        ("asan-bad-free.txt", Class::BadFree),
        ("asan-overflow.txt", Class::BufferOverflow),
    ];
    for (report, class) in cases {
        let found = explain(&Evidence {
            second: sanitized(report),
            ..evidence("lib.make_label.restype = ctypes.c_void_p\n")
        })
        .unwrap();
        assert_eq!(found.class, class, "{report}");
        assert_eq!(place(&found).0, "lessons/lesson-0.1/c.c", "{report}");
    }
}

/// A handle that `close` and then `drop` close: the C library has no debug information there, and reads freed memory.
#[test]
fn a_crash_inside_the_library_is_no_wrong_count_of_references() {
    let second = |report: String| {
        Some(Run {
            end: End::Signal("SIGABRT".into()),
            stderr: report,
            ..Run::default()
        })
    };
    let found = |report: String, symbol: &str| {
        explain(&Evidence {
            variant: "ext/rust".parse().unwrap(),
            first: crashed("SIGSEGV", 1),
            second: second(report),
            bridge: vec![source("lib.rs", "fn close() {}")],
            symbols: vec![symbol.into()],
            ..evidence("")
        })
        .unwrap()
    };
    let report = recorded("asan-closed-twice.txt");
    let freed = found(report.clone(), "kv_close");
    assert_eq!(freed.class, Class::UseAfterFree);
    assert_eq!(
        freed.evidence.last().unwrap().english(),
        "it crashed in _IO_new_fclose, called by kv_close"
    );
    let elsewhere = found(
        report.replace("0x0000dfdfdfdf", "0x7ffff5b6b640"),
        "kv_close",
    );
    assert_eq!(elsewhere.class, Class::NullPointer);
    // Without a function of the library on the stack, Python itself came to grief.
    assert_eq!(found(report, "add").class, Class::ReferenceCount);
}

#[test]
fn a_crash_below_rust_has_the_line_of_lib_rs_that_led_there() {
    let found = explain(&Evidence {
        variant: "ext/rust".parse().unwrap(),
        first: crashed("SIGSEGV", 1),
        second: sanitized("asan-rust-lines.txt"),
        bridge: vec![source("ext/lib.rs", "fn close() {\n}\nfn drop() {}\n")],
        symbols: vec!["kv_close".into()],
        ..evidence("")
    })
    .unwrap();
    assert_eq!(found.class, Class::UseAfterFree);
    assert_eq!(place(&found), ("lessons/lesson-0.1/c.c".into(), 12));
    let line = found.extension.unwrap();
    assert_eq!(
        (line.file.as_str(), line.line, line.function.as_str()),
        ("lessons/lesson-0.1/ext/lib.rs", 3, "drop")
    );
}

#[test]
fn a_jump_to_nowhere_depends_on_what_the_bridge_does() {
    let class = |bridge: &str, report: &str| {
        explain(&Evidence {
            first: crashed("SIGSEGV", 1),
            second: sanitized(report),
            ..evidence(bridge)
        })
        .unwrap()
        .class
    };
    assert_eq!(
        class("ffi.dlclose(lib)", "asan-jump.txt"),
        Class::UnloadedLibrary
    );
    assert_eq!(
        class("CFUNCTYPE(None)", "asan-jump.txt"),
        Class::CollectedCallback
    );
    assert_eq!(class("", "asan-jump.txt"), Class::BadPointer);
    assert_eq!(
        class("CFUNCTYPE(None)", "asan-callback.txt"),
        Class::CollectedCallback
    );
}

#[test]
fn without_a_sanitizer_the_declarations_and_the_signal_are_left() {
    let found = explain(&Evidence {
        first: crashed("SIGSEGV", 2),
        ..evidence("\np = lib.make_label()\n")
    })
    .unwrap();
    assert_eq!(
        (found.class, found.rung),
        (Class::CutPointer, Rung::Declarations)
    );
    let found = explain(&Evidence {
        first: crashed("SIGFPE", 1),
        ..evidence("lib.fire(0)\n")
    })
    .unwrap();
    assert_eq!(
        (found.class, found.rung),
        (Class::DivisionByZero, Rung::Run)
    );
    let found = explain(&Evidence {
        first: crashed("SIGSEGV", 1),
        ..evidence("x\n")
    })
    .unwrap();
    assert_eq!(found.class, Class::BadPointer);
}

#[test]
fn a_hang_is_told_by_its_frames_and_by_who_could_go_on() {
    let hang = |beats: &str, cpu: f64| {
        let second = Run {
            end: End::TimedOut,
            stderr: format!("{beats}{}", recorded("asan-hang.txt")),
            wall: Duration::from_secs(3),
            ..Run::default()
        };
        let first = Run {
            end: End::TimedOut,
            wall: Duration::from_secs(10),
            cpu: Duration::from_secs_f64(cpu),
            ..crashed("", 1)
        };
        explain(&Evidence {
            first: Run {
                end: End::TimedOut,
                ..first
            },
            second: Some(second),
            ..evidence("lib.spin()\n")
        })
        .unwrap()
    };
    let found = hang("[watch] beat 0.10\n[watch] beat 2.90\n", 9.8);
    assert_eq!(found.class, Class::EndlessLoop);
    assert_eq!(place(&found), ("lessons/lesson-0.1/a.c".into(), 9));
    assert!(
        found
            .evidence
            .iter()
            .any(|it| it.english().contains("the GIL was free")),
        "{:?}",
        found.evidence
    );
    let found = hang("[watch] beat 0.10\n[watch] beat 0.20\n", 9.8);
    assert_eq!(found.class, Class::GilHeld);
    // A slow start: the beats begin late, and end in the middle of the run.
    let found = hang("[watch] beat 1.30\n[watch] beat 1.40\n", 9.8);
    assert_eq!(found.class, Class::GilHeld);
    assert!(
        found
            .evidence
            .iter()
            .any(|it| it.english().contains("the GIL was held")),
        "{:?}",
        found.evidence
    );
}

#[test]
fn a_loop_of_python_is_no_bug_at_the_border() {
    let first = Run {
        end: End::TimedOut,
        wall: Duration::from_secs(10),
        cpu: Duration::from_secs(9),
        ..crashed("", 1)
    };
    assert_eq!(
        explain(&Evidence {
            first,
            ..evidence("while True: pass\n")
        }),
        None
    );
}

#[test]
fn what_is_left_behind_is_found_after_everything_else() {
    let quiet = Run {
        stderr: recorded("lsan-leak.txt"),
        ..Run::default()
    };
    let mut leaky = evidence("");
    leaky.clib.push(source("b.c", "\n\n\n"));
    let found = explain(&Evidence {
        second: Some(Run::default()),
        leaks: Some(quiet),
        ..leaky
    })
    .unwrap();
    assert_eq!(found.class, Class::MemoryLeak);
    assert_eq!(place(&found), ("lessons/lesson-0.1/b.c".into(), 3));
    let open = Run {
        stderr: "[watch] open 5 file\n".into(),
        ..Run::default()
    };
    let found = explain(&Evidence {
        leaks: Some(open),
        ..evidence("")
    })
    .unwrap();
    assert_eq!(found.class, Class::DescriptorLeak);
}

#[test]
fn memory_that_nobody_wrote_shows_as_the_byte_it_was_filled_with() {
    let observed = |number: &str| Run {
        observed: Some(Value::Int(number.into())),
        ..Run::default()
    };
    let class = |number: &str| {
        let evidence = Evidence {
            first: observed("0"),
            second: Some(observed(number)),
            ..evidence("")
        };
        explain(&evidence).map(|found| found.class)
    };
    // 0xBEBEBEBE and 0xDFDFDFDF as signed 32-bit integers.
    assert_eq!(class("-1094795586"), Some(Class::Uninitialised));
    assert_eq!(class("-538976289"), Some(Class::DanglingBuffer));
    assert_eq!(class("1"), None);
    assert_eq!(class("0"), None);
}

#[test]
fn exceptions_are_told_by_their_text() {
    let raised = |class: &str, message: &str| {
        let raised = Raised {
            class: class.into(),
            message: message.into(),
            traceback: "ctypes_bridge.py:2 in show\n    lib.f()\nscenarios.py:2 in shows".into(),
        };
        explain(&Evidence {
            first: Run {
                raised: Some(raised),
                ..Run::default()
            },
            ..evidence("\nlib.f()\n")
        })
    };
    let found = raised(
        "SystemError",
        "<built-in function f> returned NULL without setting an exception",
    )
    .unwrap();
    assert_eq!(found.class, Class::NullWithoutException);
    assert_eq!(found.python.unwrap().line, 2);
    for (words, class) in [
        (
            "<built-in function f> returned NULL without setting an error",
            Class::NullWithoutException,
        ),
        (
            "<built-in function f> returned a result with an error set",
            Class::ResultWithException,
        ),
    ] {
        assert_eq!(raised("SystemError", words).unwrap().class, class);
    }
    assert_eq!(raised("NotImplementedError", "TODO"), None);
    assert_eq!(raised("ValueError", "no such tile"), None);
}

#[test]
fn an_ordinary_run_shows_nothing() {
    assert_eq!(explain(&evidence("")), None);
    let ended = Evidence {
        second: Some(Run::default()),
        leaks: Some(Run::default()),
        ..evidence("lib.fire(1)\n")
    };
    assert_eq!(explain(&ended), None);
}

#[test]
fn a_wrong_declaration_is_a_bug_only_where_an_answer_went_wrong() {
    let bridge = "lib.null_read.restype = ctypes.c_double\nlib.null_read(1)\n";
    let found = explain(&evidence(bridge)).unwrap();
    assert_eq!((found.class, place(&found).1), (Class::WrongTypes, 1));
    // Scenarios may declare wrongly on purpose, and nobody can mend them.
    let meant = Evidence {
        bridge: vec![
            source("ctypes_bridge.py", "lib.null_read(1)\n"),
            source("scenarios.py", bridge),
        ],
        ..evidence("")
    };
    assert_eq!(explain(&meant), None);
    let unsuspected = Evidence {
        call: None,
        ..evidence(bridge)
    };
    assert_eq!(explain(&unsuspected), None);
}
