//! What builds and runs need, gathered once: compiler, interpreter, virtual environment, engines, store.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::compiler::Compiler;
use super::engines::{self, Engines};
use super::store::Store;
use crate::errors::ExpectedError;
use crate::interrupt;
use crate::python::{Python, venv};
use crate::report::progress::Progress;
use crate::workspace::Workspace;

/// The tools of one run of the checker.
#[derive(Debug)]
pub struct Tools {
    /// Where we are.
    pub workspace: Workspace,
    /// The interpreter that was chosen.
    pub python: Python,
    /// The C compiler.
    pub compiler: Compiler,
    /// Finished builds.
    pub store: Store,
    /// What is being done.
    pub progress: Progress,
    venv: OnceLock<venv::Venv>,
    engines: OnceLock<Engines>,
    set_up: std::sync::Mutex<()>,
}

impl Tools {
    /// Gathers what is found without starting anything that takes long.
    pub fn new(workspace: Workspace, python: Python, compiler: Compiler) -> Tools {
        let store = Store::new(workspace.cache.join("store"));
        Tools {
            workspace,
            python,
            compiler,
            store,
            progress: Progress::default(),
            venv: OnceLock::new(),
            engines: OnceLock::new(),
            set_up: std::sync::Mutex::new(()),
        }
    }

    /// The virtual environment, made when it is first asked for.
    pub fn venv(&self) -> anyhow::Result<&venv::Venv> {
        let _one_at_a_time = self.set_up.lock();
        self.venv_unlocked()
    }

    fn venv_unlocked(&self) -> anyhow::Result<&venv::Venv> {
        if let Some(venv) = self.venv.get() {
            return Ok(venv);
        }
        let made = venv::ensure(&self.workspace, &self.python, &self.progress)?;
        Ok(self.venv.get_or_init(|| made))
    }

    /// The engines, built and made importable in the virtual environment when they are first asked for.
    pub fn engines(&self) -> anyhow::Result<&Engines> {
        let _one_at_a_time = self.set_up.lock();
        if let Some(engines) = self.engines.get() {
            return Ok(engines);
        }
        let built = engines::ensure(self)?;
        built.make_importable(self.venv_unlocked()?)?;
        Ok(self.engines.get_or_init(|| built))
    }

    /// An empty folder for one build or one run, removed when dropped.
    pub fn scratch(&self) -> anyhow::Result<Scratch> {
        let work = self.workspace.cache_folder("work")?;
        let folder = tempfile::Builder::new()
            .prefix("w")
            .tempdir_in(&work)
            .map_err(|cause| ExpectedError::cache(work, cause))?;
        interrupt::remove_at_interrupt(folder.path().to_owned());
        Ok(Scratch { folder })
    }
}

/// A private folder, removed when dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
}

impl Drop for Scratch {
    /// A run without isolation may have left folders that cannot be listed; they must not stay for the next run.
    fn drop(&mut self) {
        unlock(self.folder.path());
    }
}

/// Makes every folder below one its owner's again; what cannot be reached stays as it is.
fn unlock(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(0o700));
            unlock(&entry.path());
        }
    }
}

impl Scratch {
    /// The folder.
    pub fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Lets other users read the folder: payloads of root run as somebody else.
    pub fn open_to_all(&self) -> anyhow::Result<()> {
        super::store::open_to_all(self.path())
            .map_err(|cause| ExpectedError::cache(self.path(), cause).into())
    }

    /// Writes a file below the folder and returns its path.
    pub fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.folder.path().join(name);
        let written = match path.parent() {
            Some(parent) => {
                std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, bytes))
            }
            None => std::fs::write(&path, bytes),
        };
        match written {
            Ok(()) => Ok(path),
            Err(cause) => Err(ExpectedError::cache(&path, cause).into()),
        }
    }
}
