//! What the tests share: work folders with a bridge, programs to run, and a look at which processes live.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use checker::border::{self, Access, Answer, DriverJob, Ended, Interrogation, Job, Question};
use checker::lesson::Limits;
use checker::value::Value;

/// Roomy enough for an honest run on a busy machine.
pub const LIMITS: Limits = Limits {
    wall_seconds: 30,
    memory_mib: 512,
    output_kib: 1024,
    processes: 32,
    ..Limits::DEFAULT
};

/// A work folder with one bridge, and limits for its drivers.
pub struct Fixture {
    folder: tempfile::TempDir,
    limits: Limits,
    replace: Option<String>,
}

impl Fixture {
    /// A bridge and the scenarios that cross it. In both, `note(pid)` writes the id of a process down for the test.
    pub fn new(bridge: &str, scenarios: &str) -> Self {
        border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
        let fixture = Fixture {
            folder: tempfile::tempdir().unwrap(),
            limits: LIMITS,
            replace: None,
        };
        fixture.write("bridge.py", bridge);
        fixture.write("scenarios.py", scenarios);
        fixture.write(
            "notes.py",
            "import os\n\ndef note(pid):\n    with open('pids', 'a') as notes:\n        \
             notes.write(f'{pid}\\n')\n",
        );
        fixture
    }

    /// Scenarios that do what their bridge's function of the same name does.
    pub fn bridge(bridge: &str, names: &[&str]) -> Self {
        let scenario = |name: &&str| format!("def {name}(bridge):\n    return bridge.{name}()\n\n");
        Fixture::new(bridge, &names.iter().map(scenario).collect::<String>())
    }

    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    pub fn replace(mut self, engine: &str) -> Self {
        self.replace = Some(engine.into());
        self
    }

    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn ask(&self, scenarios: &[&str]) -> Interrogation {
        let questions: Vec<Question> = scenarios.iter().map(|name| question(name, &[])).collect();
        self.ask_all(&questions)
    }

    pub fn ask_all(&self, questions: &[Question]) -> Interrogation {
        self.try_all(questions).unwrap()
    }

    pub fn try_all(&self, questions: &[Question]) -> anyhow::Result<Interrogation> {
        let job = DriverJob {
            python: python(),
            work_dir: self.path().canonicalize().unwrap(),
            bridge_module: "bridge".into(),
            replace: self.replace.clone(),
            limits: self.limits.clone(),
            env: Vec::new(),
            access: Access::default(),
            wrapper: Vec::new(),
            options: Vec::new(),
            python_variables: false,
        };
        border::interrogate(&job, questions)
    }

    /// The processes that were written down, and that have to be gone.
    pub fn noted(&self) -> Vec<i32> {
        let notes = std::fs::read_to_string(self.path().join("pids")).unwrap();
        notes.lines().map(|line| line.parse().unwrap()).collect()
    }
}

pub fn question(scenario: &str, given: &[(&str, Value)]) -> Question {
    Question {
        scenario: scenario.into(),
        given: given
            .iter()
            .map(|(name, value)| ((*name).into(), value.clone()))
            .collect(),
    }
}

/// The interpreter that the whole test suite uses.
pub fn python() -> PathBuf {
    let name = std::env::var("CHECKER_PYTHON").unwrap_or_else(|_| "python3".into());
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path)
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file())
        .expect("a python3 on PATH")
}

/// A shell script behind the border.
pub fn shell(script: &str, limits: &Limits) -> Ended {
    border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
    border::run(&shell_job(script, limits)).unwrap()
}

pub fn shell_job(script: &str, limits: &Limits) -> Job {
    Job {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        env: vec![("PATH".into(), std::env::var_os("PATH").unwrap())],
        cwd: "/".into(),
        limits: limits.clone(),
        access: Access::default(),
    }
}

pub fn int(number: i64) -> Answer {
    Answer::Observed(Value::Int(number.to_string()))
}

/// Whether a process lives; a dead one that nobody has waited for does not.
pub fn lives(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('Z')
    })
}

/// Waits until a condition holds, and fails after a time that no honest machine needs.
pub fn eventually(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
