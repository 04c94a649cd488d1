//! What lesson authors rely on: starters derived from solutions, README blocks held against files, hints in shape, claims covered.
//!
//! Only [`runs`] runs lessons. Each part answers with [`Problem`]s, which name a file and a line, and writes only when asked.

use std::fmt;
use std::path::{Path, PathBuf};

pub mod claims;
pub mod conventions;
pub mod difference;
pub mod hints;
pub mod includes;
pub mod markdown;
pub mod mutants;
pub mod readme;
pub mod regions;
pub mod runs;
pub mod starters;
pub mod verification;

/// Something that an author has to put right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as it was reached.
    pub file: PathBuf,
    /// The line, counted from 1; none if the whole file is meant.
    pub line: Option<usize>,
    /// What is wrong and what to do, as a fragment in lower case.
    pub what: String,
}

impl Problem {
    /// A problem of a whole file.
    pub fn of_file(file: &Path, what: impl Into<String>) -> Self {
        Problem {
            file: file.to_path_buf(),
            line: None,
            what: what.into(),
        }
    }

    /// A problem of one line, counted from 1.
    pub fn at(file: &Path, line: usize, what: impl Into<String>) -> Self {
        Problem {
            line: Some(line),
            ..Problem::of_file(file, what)
        }
    }

    /// The same problem with the file named from `root`, if it lies there.
    pub fn below(&self, root: &Path) -> Self {
        let file = self.file.strip_prefix(root).unwrap_or(&self.file);
        Problem {
            file: file.to_path_buf(),
            ..self.clone()
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for Problem {}
