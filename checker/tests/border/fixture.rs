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
    /// A bridge and the scenarios that cross it.
    pub fn new(bridge: &str, scenarios: &str) -> Self {
        border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
        let fixture = Fixture {
            folder: tempfile::tempdir().unwrap(),
            limits: LIMITS,
            replace: None,
        };
        fixture.write("bridge.py", bridge);
        fixture.write("scenarios.py", scenarios);
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
            env: vec![(MARK.into(), self.path().into())],
            access: Access::default(),
            wrapper: Vec::new(),
            options: Vec::new(),
            python_variables: false,
        };
        border::interrogate(&job, questions)
    }

    /// The processes of this fixture's runs that live.
    pub fn living(&self) -> Vec<i32> {
        marked(self.path())
    }
}

/// A variable in the environment of every payload, by which the processes of a test are found from outside: the ids that
/// they know of themselves count within their box only.
pub const MARK: &str = "BORDER_TEST";

/// All living processes with this mark.
pub fn marked(mark: &Path) -> Vec<i32> {
    let wanted = format!("{MARK}={}", mark.display());
    let entries = std::fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else {
            return false;
        };
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|variable| variable == wanted.as_bytes()) && lives(*pid)
    })
    .collect()
}

/// Every process between `pid` and its ancestor `top`, both left out.
pub fn between(mut pid: i32, top: i32) -> Vec<i32> {
    let mut found = Vec::new();
    while let Some(parent) = parent_of(pid).filter(|parent| *parent > 1 && *parent != top) {
        found.push(parent);
        pid = parent;
    }
    found
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')')
        .next()?
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
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
    // What is found on PATH may be a version manager's script, which starts another program.
    let output = std::process::Command::new(name)
        .args(["-I", "-c", "import sys; print(sys.executable)"])
        .output()
        .expect("a python3 on PATH");
    String::from_utf8(output.stdout).unwrap().trim().into()
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
        env: vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())],
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
