//! Chooses the interpreter: `--python`, then `CHECKER_PYTHON`, then `python3` on PATH.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{OLDEST, Python, installed, probe};
use crate::errors::ExpectedError;
use crate::message;
use crate::message::Message;
use crate::workspace::Workspace;

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
        Some(origin) => message!(
            "error-python-chosen",
            origin = origin,
            name = shown.as_str(),
        ),
        None => message!("error-no-python"),
    };
    let refuse = |cause: Message, next: Message| ExpectedError::Python {
        what: what.clone(),
        cause,
        next,
    };

    let Some(program) = probe::find_program(&name) else {
        let cause = match Path::new(&name).components().count() {
            0 | 1 => message!("error-not-on-path", name = shown),
            _ => message!("error-no-program"),
        };
        let next = match origin {
            Some(origin) => message!("error-python-chosen-next", origin = origin),
            None => message!("error-python-next"),
        };
        return Err(refuse(cause, next));
    };
    let python = probe::probe(workspace, &program).map_err(|cause| {
        refuse(
            format!("{}: {cause}", program.display()).into(),
            message!("error-python-next"),
        )
    })?;
    match unsuitable(&python) {
        Some(cause) => Err(refuse(cause, message!("error-python-next"))),
        None => Ok(python),
    }
}

/// Why this interpreter cannot be used, if it cannot.
pub(super) fn unsuitable(python: &Python) -> Option<Message> {
    let (major, minor, _) = python.version;
    let executable = python.executable.display().to_string();
    if python.implementation != "cpython" {
        return Some(message!(
            "error-not-cpython",
            python = executable,
            implementation = python.implementation.as_str(),
        ));
    }
    if (major, minor) < OLDEST {
        return Some(message!(
            "error-python-old",
            python = executable,
            version = python.version_text(),
        ));
    }
    None
}
