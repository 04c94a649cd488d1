//! Errors that we expect, each with its cause, its next step and its exit code.
//!
//! Whatever is not listed here travels as `anyhow::Error` and ends with [`exit::INTERNAL`]: a fault of ours.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::exit;
use crate::message;
use crate::message::Message;

/// A problem that a user can meet, and can do something about.
///
/// [`ExpectedError::message`] names the thing and the cause, as a lower-case fragment; [`ExpectedError::next_step`] says what to do.
#[derive(Clone, Debug)]
pub enum ExpectedError {
    /// No folder from the current one upwards is the workshop.
    NoWorkshop {
        /// Where the search began.
        searched_from: PathBuf,
    },
    /// `CHECKER_ROOT` names something else than the workshop.
    WrongRoot {
        /// What the variable says.
        root: PathBuf,
    },
    /// A lesson id that no folder has.
    UnknownLesson {
        /// What was typed.
        asked: String,
        /// The nearest existing id.
        nearest: Option<String>,
    },
    /// An exercise id that the lesson does not have.
    UnknownExercise {
        /// The lesson.
        lesson: String,
        /// What was typed.
        asked: String,
        /// The exercises that it has.
        known: Vec<String>,
    },
    /// A wrong answer that the lesson does not have.
    UnknownWrongAnswer {
        /// The lesson.
        lesson: String,
        /// What was typed.
        asked: String,
        /// The wrong answers that it has.
        known: Vec<String>,
    },
    /// The record of what a participant has done cannot be read or written.
    State {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        problem: Message,
        /// What to do.
        next: Message,
    },
    /// A claim, or a choice of claims, that there is not.
    NoClaim {
        /// What there is not.
        what: Message,
        /// What to do.
        next: Message,
    },
    /// No lesson was named, and all of them are done.
    AllDone,
    /// A suite that `conformance/suites.toml` does not have.
    UnknownSuite {
        /// What was typed.
        asked: String,
        /// The suites that there are.
        known: Vec<String>,
    },
    /// A lesson that names no call to measure.
    NothingToMeasure {
        /// The lesson.
        lesson: String,
    },
    /// A C function that no variant of the lesson calls.
    UnknownFunction {
        /// The lesson.
        lesson: String,
        /// What was typed.
        asked: String,
        /// The functions that are called.
        known: Vec<String>,
    },
    /// A `lesson.toml` that cannot be used.
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
    UnusableFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: Message,
        /// What to do.
        next: Message,
    },
    /// A chosen interpreter that cannot be used, or none at all.
    Python {
        /// Which choice failed.
        what: Message,
        /// Why.
        cause: Message,
        /// What to do.
        next: Message,
    },
    /// The `.venv` cannot be made.
    SetUp {
        /// The folder.
        venv: PathBuf,
        /// Why.
        cause: Message,
        /// What to do.
        next: Message,
    },
    /// A program that builds need is missing or does not work.
    Tool {
        /// The program.
        tool: Message,
        /// Why it cannot be used.
        cause: Message,
        /// What to do.
        next: Message,
    },
    /// Something of ours does not build: the engines or the lesson's C library.
    OwnBuild {
        /// What was built.
        what: Message,
        /// What the compiler said.
        output: String,
        /// What to do.
        next: Message,
    },
    /// The cache folder cannot be written.
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: Arc<std::io::Error>,
    },
    /// The reader of our output went away.
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

    /// What is wrong, and why.
    pub fn message(&self) -> Message {
        match self {
            ExpectedError::NoWorkshop { searched_from } => message!(
                "error-no-workshop",
                folder = searched_from.display().to_string(),
            ),
            ExpectedError::WrongRoot { root } => {
                message!("error-wrong-root", folder = root.display().to_string())
            }
            ExpectedError::UnknownLesson { asked, .. } => {
                message!("error-no-lesson", asked = asked.as_str())
            }
            ExpectedError::UnknownExercise { lesson, asked, .. } => message!(
                "error-no-exercise",
                lesson = lesson.as_str(),
                asked = asked.as_str(),
            ),
            ExpectedError::UnknownWrongAnswer { lesson, asked, .. } => message!(
                "error-no-wrong-answer",
                lesson = lesson.as_str(),
                asked = asked.as_str(),
            ),
            ExpectedError::State { path, problem, .. }
            | ExpectedError::UnusableFile { path, problem, .. } => {
                message!("about", name = shown(path), what = problem.clone())
            }
            ExpectedError::NoClaim { what, .. } => what.clone(),
            ExpectedError::AllDone => message!("error-all-done"),
            ExpectedError::UnknownSuite { asked, .. } => {
                message!("error-no-suite", asked = asked.as_str())
            }
            ExpectedError::NothingToMeasure { lesson } => {
                message!("error-nothing-to-measure", lesson = lesson.as_str())
            }
            ExpectedError::UnknownFunction { lesson, asked, .. } => message!(
                "error-no-function",
                lesson = lesson.as_str(),
                asked = asked.as_str(),
            ),
            ExpectedError::BrokenManifest {
                path,
                line_column,
                problem,
                excerpt,
            } => message!(
                "about",
                name = format!("{}{}", shown(path), place(*line_column)),
                what = format!("{problem}{excerpt}"),
            ),
            ExpectedError::Python { what, cause, .. } => {
                message!("about", name = what.clone(), what = cause.clone())
            }
            ExpectedError::SetUp { venv, cause, .. } => {
                message!("error-set-up", folder = shown(venv), cause = cause.clone())
            }
            ExpectedError::Tool { tool, cause, .. } => {
                message!("about", name = tool.clone(), what = cause.clone())
            }
            ExpectedError::OwnBuild { what, output, .. } => message!(
                "error-own-build",
                what = what.clone(),
                output = output.as_str(),
            ),
            ExpectedError::Cache { path, cause } => message!(
                "error-cache",
                folder = shown(path),
                cause = cause.to_string(),
            ),
            ExpectedError::BrokenPipe => message!("error-broken-pipe"),
        }
    }

    /// What the user can do now.
    pub fn next_step(&self) -> Message {
        match self {
            ExpectedError::NoWorkshop { .. } => message!("error-no-workshop-next"),
            ExpectedError::WrongRoot { .. } => message!("error-wrong-root-next"),
            ExpectedError::UnknownLesson {
                nearest: Some(id), ..
            } => message!("error-near-lesson-next", id = id.as_str()),
            ExpectedError::UnknownLesson { nearest: None, .. } => message!("error-no-lesson-next"),
            ExpectedError::NothingToMeasure { .. } => message!("error-nothing-to-measure-next"),
            ExpectedError::AllDone => message!("error-all-done-next"),
            ExpectedError::UnknownSuite { known, .. } => {
                message!("error-no-suite-next", known = known.join(", "))
            }
            ExpectedError::UnknownWrongAnswer { known, .. } if known.is_empty() => {
                message!("error-no-wrong-answers-next")
            }
            ExpectedError::UnknownWrongAnswer { known, .. } => {
                message!("error-no-wrong-answer-next", known = known.join(", "))
            }
            ExpectedError::UnknownFunction { known, .. } => {
                message!("error-no-function-next", known = known.join(", "))
            }
            ExpectedError::UnknownExercise { known, .. } => {
                message!("error-no-exercise-next", known = known.join(", "))
            }
            ExpectedError::BrokenManifest { .. } => message!("error-manifest-next"),
            ExpectedError::Cache { cause, .. } => cache_step(cause),
            ExpectedError::BrokenPipe => Message::from(""),
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

/// In the reader's language.
impl fmt::Display for ExpectedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for ExpectedError {}

fn cache_step(cause: &std::io::Error) -> Message {
    match cause.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            message!("error-cache-full-next")
        }
        _ => message!("error-cache-next"),
    }
}
