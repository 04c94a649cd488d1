//! Programs of all tempers behind the border, through the real binary.

#![allow(clippy::unwrap_used, reason = "a test states its invariants")]

use std::path::PathBuf;

use checker::border::{self, Answer, DriverJob, Interrogation, Loading, Question};
use checker::lesson::Limits;
use checker::value::Value;

const LIMITS: Limits = Limits {
    wall_seconds: 20,
    memory_mib: 512,
    output_kib: 1024,
    processes: 32,
};

/// A work folder with one bridge, and a driver for it.
struct Fixture {
    folder: tempfile::TempDir,
    limits: Limits,
}

impl Fixture {
    fn new(bridge: &str, scenarios: &str) -> Self {
        border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("bridge.py"), bridge).unwrap();
        std::fs::write(folder.path().join("scenarios.py"), scenarios).unwrap();
        Fixture {
            folder,
            limits: LIMITS,
        }
    }

    fn ask_all(&self, questions: &[Question]) -> Interrogation {
        let job = DriverJob {
            python: python(),
            work_dir: self.folder.path().canonicalize().unwrap(),
            bridge_module: "bridge".into(),
            replace: None,
            limits: self.limits.clone(),
            env: Vec::new(),
        };
        border::interrogate(&job, questions).unwrap()
    }
}

/// The interpreter that the whole test suite uses.
fn python() -> PathBuf {
    let name = std::env::var("CHECKER_PYTHON").unwrap_or_else(|_| "python3".into());
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path)
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file())
        .expect("a python3 on PATH")
}

fn int(number: i64) -> Answer {
    Answer::Observed(Value::Int(number.to_string()))
}

#[test]
fn an_honest_bridge_is_heard() {
    let fixture = Fixture::new(
        "def add(a, b):\n    return a + b\n",
        "def adds(bridge, a, b):\n    return bridge.add(a, b)\n",
    );
    let given = |a: Value, b: Value| Question {
        scenario: "adds".into(),
        given: vec![("a".into(), a), ("b".into(), b)],
    };
    let heard = fixture.ask_all(&[
        given(Value::Int("2".into()), Value::Int("3".into())),
        given(Value::float(0.5), Value::float(0.25)),
    ]);
    assert_eq!(heard.loading, Loading::Loaded);
    assert_eq!(
        heard.answers,
        [int(5), Answer::Observed(Value::Float("0.75".into()))]
    );
    assert_eq!(heard.verdict(), None);
    assert!(heard.finished && heard.interruptions.is_empty());
}
