//! `conformance/suites.toml`: which suites there are, and how each is run.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::errors::ExpectedError;

/// The folder with everything that conformance needs besides the checker.
pub const FOLDER: &str = "conformance";

/// A suite: files of tests that somebody else wrote for the stock module.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// What `--suite` takes.
    pub name: String,
    /// What a table calls it.
    pub title: String,
    /// What understands its files.
    pub runner: Runner,
    /// What stands in for stock: `_ctypes` (the module alone, under the interpreter's own package), `rust_ctypes` or
    /// `rust_cffi`.
    pub engines: Vec<String>,
    /// Modules that must import, or nothing of the suite says anything.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Packages whose `test_*` modules are the suite; the first that is there counts.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Modules, by name.
    #[serde(default)]
    pub modules: Vec<String>,
    /// The source distribution that `files` lie in, at the version that `requirements.lock` pins.
    pub sdist: Option<String>,
    /// Files: of the source distribution, or else below the folder of `suites.toml`.
    #[serde(default)]
    pub files: Vec<String>,
    /// The lock file of what its files import, below the folder of `suites.toml`.
    pub lock: Option<String>,
    /// Whether one file runs at a time, because all write to the same places.
    #[serde(default)]
    pub alone: bool,
    /// Whether it belongs to the quick set.
    #[serde(default)]
    pub quick: bool,
    /// Whether `--all` runs it on every interpreter, and not on the chosen one alone.
    #[serde(default)]
    pub every_python: bool,
}

/// What understands the files of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runner {
    /// Modules of the standard library's `unittest`.
    Unittest,
    /// Files for pytest.
    Pytest,
    /// Scripts whose `check_*` functions return what stock and engine must agree upon.
    Checks,
}

impl Runner {
    /// What the child calls it.
    pub fn name(self) -> &'static str {
        match self {
            Runner::Unittest => "unittest",
            Runner::Pytest => "pytest",
            Runner::Checks => "checks",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    suite: Vec<Suite>,
}

/// Reads the suites.
///
/// # Errors
/// When the file is missing or says something that is not understood.
pub fn read(folder: &Path) -> Result<Vec<Suite>, ExpectedError> {
    let path = folder.join("suites.toml");
    let document: Document = parse(&path)?;
    Ok(document.suite)
}

/// Reads one TOML file of this folder.
///
/// # Errors
/// When it cannot be read or understood; the text names the place.
pub fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, ExpectedError> {
    let unusable = |problem: String| ExpectedError::UnusableFile {
        path: path.to_owned(),
        problem: problem.into(),
        next: "correct the file as docs/checker.md describes it, or restore it with `git checkout`"
            .into(),
    };
    let text = fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    toml::from_str(&text).map_err(|error| unusable(error.to_string().trim_end().to_owned()))
}

/// The suites that were asked for by name, or all.
///
/// # Errors
/// When a name is no suite's.
pub fn choose(suites: Vec<Suite>, names: &[String]) -> Result<Vec<Suite>, ExpectedError> {
    for name in names {
        if !suites.iter().any(|suite| suite.name == *name) {
            return Err(ExpectedError::UnknownSuite {
                asked: name.clone(),
                known: suites.into_iter().map(|suite| suite.name).collect(),
            });
        }
    }
    if names.is_empty() {
        return Ok(suites);
    }
    Ok(suites
        .into_iter()
        .filter(|suite| names.contains(&suite.name))
        .collect())
}
