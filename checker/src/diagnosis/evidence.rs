//! What is known of a failing call: everything that a diagnosis is made from, as plain data.

use std::time::Duration;

use super::stack::Line;
use crate::value::Value;
use crate::variant::Variant;

/// How a process that should have answered came to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It answered, and went on in order.
    #[default]
    InOrder,
    /// It ended with this exit code.
    Exited(i32),
    /// By this signal.
    Signal(String),
    /// The wall clock or the CPU time ran out.
    TimedOut,
    /// It was ended for another reason.
    Otherwise,
}

/// An exception that left a scenario or the import of the bridge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// Its class.
    pub class: String,
    /// Its text.
    pub message: String,
    /// Its frames, innermost last, as the driver writes them.
    pub traceback: String,
}

/// One run of the failing question.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// How it ended.
    pub end: End,
    /// What was written on standard error.
    pub stderr: String,
    /// The exception, if one came.
    pub raised: Option<Raised>,
    /// What was observed, if anything was.
    pub observed: Option<Value>,
    /// Wall time.
    pub wall: Duration,
    /// CPU time.
    pub cpu: Duration,
}

/// A source file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its name in the work folder, for example `ctypes_bridge.py` or `ext/module.c`.
    pub name: String,
    /// The name that a reader knows it by.
    pub shown: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// The text of a line, counted from 1, without its indentation.
    pub fn line(&self, number: u32) -> Option<&str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.text.lines().nth(index).map(str::trim)
    }

    /// Whether this is the file at the end of a path.
    pub fn is_at(&self, path: &str) -> bool {
        if self.name.ends_with(".rs") {
            // Every crate has a lib.rs.
            return path.ends_with(&format!("/{}", self.name));
        }
        let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        base(path) == base(&self.name)
    }
}

/// The question at which it went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The scenario with its arguments, as reports write it.
    pub text: String,
}

/// Everything that is known.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The bridge and its backend.
    pub variant: Variant,
    /// The question; `None` while the bridge was imported, or at the end of the process.
    pub call: Option<Call>,
    /// The ordinary run.
    pub first: Run,
    /// The run under the sanitizers.
    pub second: Option<Run>,
    /// The run in which leaks were counted.
    pub leaks: Option<Run>,
    /// What a debugger or valgrind printed.
    pub tool: Option<Run>,
    /// The bridge's own files.
    pub bridge: Vec<Source>,
    /// The C library: sources and headers.
    pub clib: Vec<Source>,
    /// The names that the C library exports.
    pub symbols: Vec<String>,
}

impl Evidence {
    /// All files in C, and those in Rust, which are as native.
    pub fn c_files(&self) -> impl Iterator<Item = &Source> {
        let is_c = |source: &&Source| {
            [".c", ".h", ".rs"]
                .iter()
                .any(|it| source.name.ends_with(it))
        };
        self.clib.iter().chain(&self.bridge).filter(is_c)
    }

    /// All files in Python.
    pub fn python_files(&self) -> impl Iterator<Item = &Source> {
        self.bridge
            .iter()
            .filter(|source| source.name.ends_with(".py"))
    }

    /// Whether any file of the bridge holds this text.
    pub fn bridge_holds(&self, text: &str) -> bool {
        self.bridge.iter().any(|source| source.text.contains(text))
    }

    /// The text of the line at a place, from whichever own file it is in.
    pub fn text_at(&self, place: &Line) -> Option<&str> {
        let mut all = self.bridge.iter().chain(&self.clib);
        all.find(|source| source.shown == place.file)?
            .line(place.line)
    }
}
