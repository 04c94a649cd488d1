//! What builds and runs need, gathered once: compiler, interpreter, virtual environment, engines, store.

use std::sync::OnceLock;

use super::compiler::Compiler;
use super::engines::{self, Engines};
use super::scratch::Scratch;
use super::store::Store;
use crate::errors::ExpectedError;
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
    engines_key: OnceLock<String>,
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
            engines_key: OnceLock::new(),
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

    /// What the engines are made from: their sources, some two hundred files, are read once.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn engines_key(&self) -> Result<&str, ExpectedError> {
        if let Some(key) = self.engines_key.get() {
            return Ok(key);
        }
        let key = engines::key(&self.workspace, &self.python)?;
        Ok(self.engines_key.get_or_init(|| key))
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
        Ok(Scratch::new_in(&self.workspace.cache_folder("work")?)?)
    }
}
