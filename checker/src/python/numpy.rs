//! NumPy, which only `checker bench` uses, and only where somebody asked for it: pinned, in a folder of its own.

use std::path::PathBuf;

use super::venv;
use crate::build::store::Key;
use crate::build::tools::Tools;
use crate::errors::ExpectedError;
use crate::message;

const LOCK: &str = "requirements-numpy.lock";

/// The folder to put on `sys.path`, if NumPy was installed for this interpreter.
///
/// # Errors
/// When the pinned requirements cannot be read.
pub fn find(tools: &Tools) -> Result<Option<PathBuf>, ExpectedError> {
    Ok(tools.store.get(&key(tools)?))
}

/// Installs it, unless it is there.
///
/// # Errors
/// When it cannot be installed: without a network, for example.
pub fn ensure(tools: &Tools) -> anyhow::Result<PathBuf> {
    let key = key(tools)?;
    let made = tools.store.get_or_make::<ExpectedError>(&key, |entry| {
        let _step = tools.progress.step(&crate::words!("step-numpy"));
        Ok(venv::install_into(
            tools.venv()?,
            entry,
            &tools.workspace.root.join(LOCK),
        ))
    })?;
    Ok(made?)
}

fn key(tools: &Tools) -> Result<String, ExpectedError> {
    let path = tools.workspace.root.join(LOCK);
    let pinned = std::fs::read(&path).map_err(|error| ExpectedError::UnusableFile {
        path: path.clone(),
        problem: error.to_string().into(),
        next: message!("error-restore-path", path = LOCK),
    })?;
    Ok(Key::of("numpy 1")
        .text(&tools.python.abi_tag)
        .bytes(&pinned)
        .finish())
}
