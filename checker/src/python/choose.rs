//! Chooses the interpreter: `--python`, then `CHECKER_PYTHON`, then `python3` on PATH.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{OLDEST, Python, installed, probe};
use crate::errors::ExpectedError;
use crate::workspace::Workspace;

const INSTALL: &str = "install CPython 3.9 or later (on Debian and Ubuntu `sudo apt install python3 python3-dev python3-venv`), \
                       or name one with --python PATH";

/// The interpreters of a list: `all` that are installed, one for each version, or names with `:` in between; one if nothing names
/// more.
///
/// # Errors
/// When one that was named cannot be used, or none is there.
pub fn choose_all(
    workspace: &Workspace,
    flag: Option<&Path>,
) -> Result<Vec<Python>, ExpectedError> {
    let variable = std::env::var_os("CHECKER_PYTHON").map(PathBuf::from);
    let named = flag.map(Path::to_owned).or(variable);
    let Some(named) = named.filter(|name| !name.as_os_str().is_empty()) else {
        return Ok(vec![choose(workspace, flag)?]);
    };
    if named.as_os_str() == ALL {
        let found = installed::one_of_each(workspace);
        return if found.is_empty() {
            Ok(vec![choose(workspace, None)?])
        } else {
            Ok(found)
        };
    }
    std::env::split_paths(&named)
        .map(|one| choose(workspace, Some(&one)))
        .collect()
}

/// What stands for every interpreter that is installed.
pub const ALL: &str = "all";

/// Chooses and probes. An explicit choice that fails is an error; there is no falling back from it.
pub fn choose(workspace: &Workspace, flag: Option<&Path>) -> Result<Python, ExpectedError> {
    // An empty variable is an unset one, as in a shell.
    let variable = std::env::var_os("CHECKER_PYTHON").filter(|name| !name.is_empty());
    let (name, origin) = match (flag, variable) {
        (Some(path), _) => (path.as_os_str().to_owned(), Some("--python")),
        (None, Some(named)) => (named, Some("CHECKER_PYTHON")),
        (None, None) => (OsString::from("python3"), None),
    };
    let shown = name.to_string_lossy().into_owned();
    let what = match origin {
        Some(origin) => format!("the Python chosen with {origin}, {shown}, cannot be used"),
        None => "no Python can be used".to_owned(),
    };
    let refuse = |cause: String, next: String| ExpectedError::Python {
        what: what.clone(),
        cause,
        next,
    };

    let Some(program) = probe::find_program(&name) else {
        let cause = match Path::new(&name).components().count() {
            0 | 1 => format!("no program `{shown}` is on PATH"),
            _ => "there is no such program".to_owned(),
        };
        let next = match origin {
            Some(origin) => format!("correct {origin}, or leave it out to use `python3` from PATH"),
            None => INSTALL.to_owned(),
        };
        return Err(refuse(cause, next));
    };
    let python = probe::probe(workspace, &program).map_err(|cause| {
        refuse(
            format!("{}: {cause}", program.display()),
            INSTALL.to_owned(),
        )
    })?;
    match unsuitable(&python) {
        Some(cause) => Err(refuse(cause, INSTALL.to_owned())),
        None => Ok(python),
    }
}

/// Why this interpreter cannot be used, if it cannot.
pub(super) fn unsuitable(python: &Python) -> Option<String> {
    let (major, minor, _) = python.version;
    let executable = python.executable.display();
    if python.implementation != "cpython" {
        return Some(format!(
            "{executable} is {}, and the C API of the lessons is CPython's",
            python.implementation
        ));
    }
    if (major, minor) < OLDEST {
        return Some(format!(
            "{executable} is Python {}, too old by now",
            python.version_text()
        ));
    }
    None
}
