//! Errors that we expect, each with its cause, its next step and its exit code.
//!
//! Whatever is not listed here travels as `anyhow::Error` and ends with [`exit::INTERNAL`]: a fault of ours.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::exit;

/// A problem that a user can meet, and can do something about.
///
/// The text names the thing and the cause, as a lower-case fragment; [`ExpectedError::next_step`] says what to do.
#[derive(Clone, Debug, Error)]
pub enum ExpectedError {
    /// No folder from the current one upwards is the workshop.
    #[error("no workshop here: neither {} nor a folder above it holds `lessons/`", searched_from.display())]
    NoWorkshop {
        /// Where the search began.
        searched_from: PathBuf,
    },
    /// `CHECKER_ROOT` names something else than the workshop.
    #[error("CHECKER_ROOT is {}, which holds no folder `lessons`", root.display())]
    WrongRoot {
        /// What the variable says.
        root: PathBuf,
    },
    /// A lesson id that no folder has.
    #[error("no lesson is called `{asked}`")]
    UnknownLesson {
        /// What was typed.
        asked: String,
        /// The nearest existing id.
        nearest: Option<String>,
    },
    /// An exercise id that the lesson does not have.
    #[error("{lesson} has no exercise `{asked}`")]
    UnknownExercise {
        /// The lesson.
        lesson: String,
        /// What was typed.
        asked: String,
        /// The exercises that it has.
        known: Vec<String>,
    },
    /// A wrong answer that the lesson does not have.
    #[error("{lesson} has no wrong answer `{asked}`")]
    UnknownWrongAnswer {
        /// The lesson.
        lesson: String,
        /// What was typed.
        asked: String,
        /// The wrong answers that it has.
        known: Vec<String>,
    },
    /// The record of what a participant has done cannot be read or written.
    #[error("{}: {problem}", shown(path))]
    State {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        problem: String,
        /// What to do.
        next: String,
    },
    /// A claim, or a choice of claims, that there is not.
    #[error("{what}")]
    NoClaim {
        /// What there is not.
        what: String,
        /// What to do.
        next: String,
    },
    /// No lesson was named, and all of them are done.
    #[error("every lesson is done, so none is meant when none is named")]
    AllDone,
    /// A suite that `conformance/suites.toml` does not have.
    #[error("no suite is called `{asked}`")]
    UnknownSuite {
        /// What was typed.
        asked: String,
        /// The suites that there are.
        known: Vec<String>,
    },
    /// A lesson that names no call to measure.
    #[error("{lesson} names no call to measure")]
    NothingToMeasure {
        /// The lesson.
        lesson: String,
    },
    /// A C function that no variant of the lesson calls.
    #[error("no variant of {lesson} calls a C function `{asked}`")]
    UnknownFunction {
        /// The lesson.
        lesson: String,
        /// What was typed.
        asked: String,
        /// The functions that are called.
        known: Vec<String>,
    },
    /// A `lesson.toml` that cannot be used.
    #[error("{}{}: {problem}{excerpt}", shown(path), place(*line_column))]
    BrokenManifest {
        /// The file.
        path: PathBuf,
        /// Line and column, from 1, when they are known.
        line_column: Option<(usize, usize)>,
        /// What is wrong with it.
        problem: String,
        /// The line itself with a mark below the place, or nothing.
        excerpt: String,
    },
    /// A file of a lesson that cannot be read or used.
    #[error("{}: {problem}", shown(path))]
    UnusableFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        next: String,
    },
    /// A chosen interpreter that cannot be used, or none at all.
    #[error("{what}: {cause}")]
    Python {
        /// Which choice failed.
        what: String,
        /// Why.
        cause: String,
        /// What to do.
        next: String,
    },
    /// The `.venv` cannot be made.
    #[error("cannot set up the virtual environment {}: {cause}", shown(venv))]
    SetUp {
        /// The folder.
        venv: PathBuf,
        /// Why.
        cause: String,
        /// What to do.
        next: String,
    },
    /// A program that builds need is missing or does not work.
    #[error("{tool}: {cause}")]
    Tool {
        /// The program.
        tool: String,
        /// Why it cannot be used.
        cause: String,
        /// What to do.
        next: String,
    },
    /// Something of ours does not build: the engines or the lesson's C library.
    #[error("cannot build {what}\n{output}")]
    OwnBuild {
        /// What was built.
        what: String,
        /// What the compiler said.
        output: String,
        /// What to do.
        next: String,
    },
    /// The cache folder cannot be written.
    #[error("cannot write to the cache folder {}: {cause}", shown(path))]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: Arc<std::io::Error>,
    },
    /// The reader of our output went away.
    #[error("the reader of the output has gone")]
    BrokenPipe,
}

/// A path as it can be typed here: relative where it lies below the current folder.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn place(line_column: Option<(usize, usize)>) -> String {
    line_column.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"))
}

impl ExpectedError {
    /// The cache, at this path, cannot be written.
    pub fn cache(path: impl AsRef<Path>, cause: std::io::Error) -> ExpectedError {
        ExpectedError::Cache {
            path: path.as_ref().to_owned(),
            cause: Arc::new(cause),
        }
    }

    /// The code that the process ends with.
    pub fn exit_code(&self) -> u8 {
        match self {
            ExpectedError::BrokenPipe => exit::PASSED,
            ExpectedError::NoWorkshop { .. }
            | ExpectedError::WrongRoot { .. }
            | ExpectedError::Python { .. }
            | ExpectedError::SetUp { .. }
            | ExpectedError::Tool { .. }
            | ExpectedError::OwnBuild { .. }
            | ExpectedError::State { .. }
            | ExpectedError::Cache { .. } => exit::ENVIRONMENT,
            ExpectedError::UnknownLesson { .. }
            | ExpectedError::UnknownExercise { .. }
            | ExpectedError::UnknownWrongAnswer { .. }
            | ExpectedError::UnknownSuite { .. }
            | ExpectedError::NoClaim { .. }
            | ExpectedError::NothingToMeasure { .. }
            | ExpectedError::UnknownFunction { .. }
            | ExpectedError::AllDone
            | ExpectedError::BrokenManifest { .. }
            | ExpectedError::UnusableFile { .. } => exit::LESSON,
        }
    }

    /// What the user can do now.
    pub fn next_step(&self) -> String {
        match self {
            ExpectedError::NoWorkshop { .. } => {
                "change to the folder of the workshop, or set CHECKER_ROOT to it".to_owned()
            }
            ExpectedError::WrongRoot { .. } => {
                "set CHECKER_ROOT to the folder that holds `lessons`, or unset it".to_owned()
            }
            ExpectedError::UnknownLesson {
                nearest: Some(id), ..
            } => {
                format!("did you mean `{id}`? `checker list` shows all lessons")
            }
            ExpectedError::UnknownLesson { nearest: None, .. } => {
                "`checker list` shows all lessons".to_owned()
            }
            ExpectedError::NothingToMeasure { .. } => {
                "measure lesson-7.5, or add a `[[bench]]` to the lesson's lesson.toml".to_owned()
            }
            ExpectedError::AllDone => {
                "name one, for example `checker run 7.3`; `checker list` shows all".to_owned()
            }
            ExpectedError::UnknownSuite { known, .. } => {
                format!("the suites are: {}", known.join(", "))
            }
            ExpectedError::UnknownWrongAnswer { known, .. } if known.is_empty() => {
                "leave --wrong out; this lesson has none".to_owned()
            }
            ExpectedError::UnknownWrongAnswer { known, .. } => {
                format!("its wrong answers are: {}", known.join(", "))
            }
            ExpectedError::UnknownFunction { known, .. } => {
                format!("the functions that are called: {}", known.join(", "))
            }
            ExpectedError::UnknownExercise { known, .. } => {
                format!("its exercises are: {}", known.join(", "))
            }
            ExpectedError::BrokenManifest { .. } => {
                "correct the file as docs/lesson-format.md describes it".to_owned()
            }
            ExpectedError::Cache { cause, .. } => cache_step(cause).to_owned(),
            ExpectedError::BrokenPipe => String::new(),
            ExpectedError::UnusableFile { next, .. }
            | ExpectedError::NoClaim { next, .. }
            | ExpectedError::Python { next, .. }
            | ExpectedError::SetUp { next, .. }
            | ExpectedError::State { next, .. }
            | ExpectedError::Tool { next, .. }
            | ExpectedError::OwnBuild { next, .. } => next.clone(),
        }
    }

    /// The same error as data, for `--json`.
    pub fn kind(&self) -> &'static str {
        match self {
            ExpectedError::NoWorkshop { .. } => "no-workshop",
            ExpectedError::WrongRoot { .. } => "wrong-root",
            ExpectedError::UnknownLesson { .. } => "unknown-lesson",
            ExpectedError::UnknownExercise { .. } => "unknown-exercise",
            ExpectedError::UnknownSuite { .. } => "unknown-suite",
            ExpectedError::NoClaim { .. } => "no-claim",
            ExpectedError::UnknownWrongAnswer { .. } => "unknown-wrong-answer",
            ExpectedError::NothingToMeasure { .. } => "nothing-to-measure",
            ExpectedError::UnknownFunction { .. } => "unknown-function",
            ExpectedError::State { .. } => "state",
            ExpectedError::AllDone => "all-done",
            ExpectedError::BrokenManifest { .. } => "broken-manifest",
            ExpectedError::UnusableFile { .. } => "unusable-file",
            ExpectedError::Python { .. } => "python",
            ExpectedError::SetUp { .. } => "set-up",
            ExpectedError::Tool { .. } => "tool",
            ExpectedError::OwnBuild { .. } => "own-build",
            ExpectedError::Cache { .. } => "cache",
            ExpectedError::BrokenPipe => "broken-pipe",
        }
    }
}

fn cache_step(cause: &std::io::Error) -> &'static str {
    match cause.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "free some space, or set CHECKER_CACHE to a folder on another disk"
        }
        _ => "set CHECKER_CACHE to a folder that you can write to",
    }
}
