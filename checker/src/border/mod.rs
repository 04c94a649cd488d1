//! The border between the judge and code that it does not trust.
//!
//! The judge starts a supervisor (in this same program), the supervisor starts the payload with limits and ends
//! everything that it started. Only data comes back: captured output, a way of ending, and for a driver its answers.

mod capture;
mod frame;
mod interpreter;
mod interrogation;
mod isolation;
mod launch;
mod layers;
mod nursery;
mod outcome;
mod pipes;
mod printable;
mod process_tree;
mod reply;
mod results;
mod supervisor;
mod wire;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lesson::Limits;
use crate::value::Value;

pub use interpreter::places as interpreter_places;
pub use interrogation::interrogate;
pub(crate) use isolation::change_environment;
pub use isolation::signal_pipe;
pub use launch::{run, run_in};
pub use layers::{
    Found, Isolation, found_isolation, known_isolation, landlock_generation, take_as_tried,
    use_isolation, wanted_isolation,
};
pub use nursery::{NURSERY, Role, be_nursery, close_nursery, open_nursery, use_supervisor};
pub(crate) use nursery::{Newborn, bear};
pub use outcome::signal_name;
pub use printable::printable;
pub use supervisor::supervise;

/// A program to run behind the border.
#[derive(Clone, Debug)]
pub struct Job {
    /// The program, by absolute path.
    pub program: PathBuf,
    /// Its arguments, without the program's name.
    pub args: Vec<OsString>,
    /// The whole environment; nothing is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// The working directory.
    pub cwd: PathBuf,
    /// What it may use.
    pub limits: Limits,
    /// What it may see and do besides.
    pub access: Access,
}

/// What a payload may see and do besides the ordinary: the system's own programs and libraries, and its work folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Files and folders that it may read and run.
    pub readable: Vec<PathBuf>,
    /// Folders in which what it writes stays after its end. With any, it keeps the checker's own user id.
    pub writable: Vec<PathBuf>,
    /// Files that it is to leave behind, relative to its working directory; [`Ended::results`] brings those that are there.
    pub results: Vec<PathBuf>,
    /// Whether it is code of ours, which needs no isolation: measurements and the suites of other projects.
    pub trusted: bool,
    /// Whether it may trace its own processes, as a debugger and the leak sanitizer do.
    pub tracing: bool,
    /// How long it may take to print its stacks after a time limit; 150 ms when `None`.
    pub last_words: Option<Duration>,
}

/// How a payload ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal, which nobody here sent.
    Signaled(i32),
    /// Ended by the supervisor, which says why.
    Stopped(Limit),
    /// Ended by the supervisor because the judge wanted no more of it.
    Dismissed,
}

/// The limit that ended a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// Wall clock or CPU time.
    Time,
    /// Memory of all its processes.
    Memory,
    /// Bytes on its output streams.
    Output,
    /// Processes and threads.
    Processes,
}

/// One output stream: its head, its tail and its true length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The first bytes.
    #[serde(with = "frame::hexadecimal")]
    pub head: Vec<u8>,
    /// The last bytes, when not all fit into `head`.
    #[serde(with = "frame::hexadecimal")]
    pub tail: Vec<u8>,
    /// How many bytes came in all.
    pub total: u64,
}

/// What is known of a payload after everything that it started is gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// How it ended.
    pub ending: Ending,
    /// Its standard output.
    pub stdout: Captured,
    /// Its standard error, with the stack that faulthandler prints.
    pub stderr: Captured,
    /// Processes that it left behind, and that were ended.
    pub leaked: u32,
    /// Wall time.
    pub wall: Duration,
    /// CPU time of the payload and its children.
    pub cpu: Duration,
    /// The files of [`Access::results`] that it left behind; they travel apart from the rest.
    #[serde(skip)]
    pub results: Vec<(PathBuf, Vec<u8>)>,
}

/// A driver to start: a Python that loads one bridge and answers questions.
#[derive(Clone, Debug)]
pub struct DriverJob {
    /// The interpreter, by absolute path.
    pub python: PathBuf,
    /// The work folder: the bridge, its libraries and `scenarios.py`. Also the working directory.
    pub work_dir: PathBuf,
    /// The module that the scenarios get as `bridge`.
    pub bridge_module: String,
    /// The module whose `install()` puts an engine in place of `ctypes` or `cffi`: `rust_ctypes` or `rust_cffi`.
    pub replace: Option<String>,
    /// What each of its processes may use.
    pub limits: Limits,
    /// Added to the driver's environment, which otherwise holds `PATH`, `HOME` and a UTF-8 locale only.
    pub env: Vec<(OsString, OsString)>,
    /// What it may see and do besides its limits; its interpreter's own folders are added.
    pub access: Access,
    /// A program and its arguments to start the interpreter with, for example a debugger; empty for none.
    pub wrapper: Vec<OsString>,
    /// Options for the interpreter, for example `-X dev`, after our own.
    pub options: Vec<OsString>,
    /// Whether Python reads the `PYTHON*` variables of `env`, as an isolated one does not.
    pub python_variables: bool,
}

/// One question to a driver: run this scenario with these keyword arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The function in `scenarios.py`.
    pub scenario: String,
    /// Its keyword arguments.
    pub given: Vec<(String, Value)>,
}

/// What came back for one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The scenario returned this.
    Observed(Value),
    /// An exception left the scenario; all three texts are safe to print.
    Raised {
        /// The exception's class, for example `OverflowError`.
        class: String,
        /// Its text.
        message: String,
        /// The frames within the participant's files, innermost last, with paths below the work folder.
        traceback: String,
    },
    /// The process ended while it worked on this question.
    Unfinished,
    /// The conversation had ended before this question could be asked.
    NotAsked,
}

/// The parts that a driver imports, in this order; the last is the first that nobody trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The engine that stands in for `ctypes` or `cffi`.
    Engine,
    /// The lesson's `scenarios.py`.
    Scenarios,
    /// What the participant wrote.
    Bridge,
}

/// What became of loading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loading {
    /// Everything was imported.
    Loaded,
    /// Importing raised an exception; all three texts are safe to print.
    Failed {
        /// What was being imported.
        part: Part,
        /// The exception's class.
        class: String,
        /// Its text.
        message: String,
        /// The frames, innermost last.
        traceback: String,
    },
    /// The process ended while it imported this part.
    Unfinished(Part),
}

/// A process of a conversation that ended before its last answer.
#[derive(Clone, Debug)]
pub struct Interruption {
    /// The index of the question it worked on; `None` while it loaded, the number of questions after the last answer.
    pub question: Option<usize>,
    /// How it ended.
    pub ended: Ended,
}

/// A whole conversation: one driver, and after each interruption a new one for the questions left.
#[derive(Clone, Debug)]
pub struct Interrogation {
    /// What became of loading in the first process.
    pub loading: Loading,
    /// One answer for each question, in order.
    pub answers: Vec<Answer>,
    /// A reply that no honest driver sends, in words; safe to print.
    pub tampering: Option<String>,
    /// The processes that ended before their last answer, in order.
    pub interruptions: Vec<Interruption>,
    /// Whether the last process said that it ends, as it does after its last answer.
    pub finished: bool,
    /// How the last process of the conversation ended.
    pub ended: Ended,
}
