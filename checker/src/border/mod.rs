//! The border between the judge and code that it does not trust.
//!
//! The judge starts a supervisor (this same binary, re-executed), the supervisor starts the payload with limits and ends
//! everything that it started. Only data comes back: captured output, a way of ending, and for a driver its answers.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lesson::Limits;
use crate::value::Value;

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
    pub head: Vec<u8>,
    /// The last bytes, when not all fit into `head`.
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
    /// An exception left the scenario: its type, its message, the traceback within the participant's files.
    Raised {
        /// The exception's class, for example `OverflowError`.
        class: String,
        /// Its text.
        message: String,
        /// The frames, innermost last, with paths below the work folder only.
        traceback: String,
    },
    /// The process ended while it worked on this question.
    Unfinished,
    /// The process had ended before this question could be asked.
    NotAsked,
}

/// What became of loading the bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loading {
    /// The bridge was imported.
    Loaded,
    /// Importing raised this exception.
    Failed {
        /// The exception's class.
        class: String,
        /// Its text.
        message: String,
        /// The frames, innermost last.
        traceback: String,
    },
    /// The process ended during the import.
    Unfinished,
}

/// A whole conversation with a driver.
#[derive(Clone, Debug)]
pub struct Interrogation {
    /// What became of loading the bridge.
    pub loading: Loading,
    /// One answer for each question, in order.
    pub answers: Vec<Answer>,
    /// A reply that no honest driver sends, in words.
    pub tampering: Option<String>,
    /// How the last process of the conversation ended.
    pub ended: Ended,
}
