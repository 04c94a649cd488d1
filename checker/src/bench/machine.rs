//! What was measured on: without it a figure says nothing to anybody else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::parts::Parts;
use super::program;
use crate::build::tools::Tools;
use crate::errors::ExpectedError;

/// Interpreter, packages, engines, compiler and processor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// For example `3.11.7`.
    pub python: String,
    /// When and from what it was built.
    pub build: String,
    /// The compiler that built it.
    pub compiler: String,
    /// The options of its configure script.
    pub configured: String,
    /// Its optimisation flags.
    pub optimisation: String,
    /// Whether it is linked to a shared libpython, which makes calls into it dearer.
    pub shared: bool,
    /// The version of cffi.
    pub cffi: Option<String>,
    /// The version of NumPy.
    pub numpy: Option<String>,
    /// The opt-level that each engine says it was built with.
    pub engines: BTreeMap<String, String>,
    /// The C compiler of the extension modules.
    #[serde(default)]
    pub c_compiler: String,
    /// The processor.
    #[serde(default)]
    pub processor: String,
}

impl Machine {
    /// Asks the interpreter and the engines what they are.
    ///
    /// # Errors
    /// When an engine does not load.
    pub fn ask(tools: &Tools, parts: &Parts, interpreter: &Path) -> anyhow::Result<Machine> {
        let request = json!({"do": "stamp", "paths": parts.paths});
        let said = program::run(interpreter, &program::measure(parts), &request)?;
        let mut machine: Machine =
            serde_json::from_str(&said).context("reading what was measured")?;
        machine.c_compiler = tools.compiler.version.clone();
        machine.processor = processor();
        Ok(machine)
    }

    /// Refuses an engine that is not optimised: its figures would say nothing of its mechanism.
    ///
    /// # Errors
    /// When an engine was built with another opt-level than 2 or 3.
    pub fn require_optimised(&self) -> Result<(), ExpectedError> {
        let slow = self
            .engines
            .iter()
            .find(|(_, level)| !matches!(level.as_str(), "2" | "3"));
        let Some((engine, level)) = slow else {
            return Ok(());
        };
        Err(ExpectedError::Tool {
            tool: format!("the engine {engine}").into(),
            cause: format!("it is built with opt-level {level}, and no figure of it is reported")
                .into(),
            next: "restore `[profile.engine]` in Cargo.toml, and leave CARGO_PROFILE_* unset"
                .into(),
        })
    }

    /// Whether the interpreter was built with the profile-guided optimisation that distributions use.
    fn guided(&self) -> &'static str {
        if self.configured.contains("--enable-optimizations") {
            "with PGO"
        } else {
            "without PGO"
        }
    }

    /// Three lines for the head of a report.
    pub fn lines(&self) -> String {
        let version = |name, version: &Option<String>| match version {
            Some(version) => format!("{name} {version}"),
            None => format!("no {name}"),
        };
        let levels: Vec<_> = self.engines.values().map(String::as_str).collect();
        format!(
            "CPython {} ({}; {}, {}, {} libpython)\n{}, {}; extensions in C: {}, -O2; engines: opt-level {}\n{}\n",
            self.python,
            self.compiler,
            self.optimisation.trim(),
            self.guided(),
            if self.shared { "shared" } else { "static" },
            version("cffi", &self.cffi),
            version("NumPy", &self.numpy),
            self.c_compiler,
            levels.first().unwrap_or(&"unknown"),
            self.processor,
        )
    }
}

/// The processor's name and how many there are, as Linux tells it; elsewhere the architecture.
fn processor() -> String {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let named = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let name = named.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{name}, {count} processors")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::probe;

    fn machine(level: &str) -> Machine {
        serde_json::from_value(json!({
            "python": "3.11.7", "build": "", "compiler": "GCC", "configured": "", "optimisation": "-O3",
            "shared": true, "cffi": "2.1.1", "numpy": null,
            "engines": {"_rust_bench": "3", "rust_ctypes._rust_ctypes": level},
        }))
        .unwrap()
    }

    #[test]
    fn an_optimised_engine_is_measured() {
        assert!(machine("3").require_optimised().is_ok());
        assert!(machine("2").require_optimised().is_ok());
    }

    #[test]
    fn no_other_engine_is() {
        for level in ["0", "1", "s", "z", "unknown", ""] {
            let error = machine(level).require_optimised().unwrap_err();
            assert!(error.to_string().contains("rust_ctypes"), "{error}");
            assert!(!error.next_step().english().is_empty());
        }
    }

    /// The measuring program itself asks engines that stand in for ours; one of them was not optimised.
    #[test]
    fn what_an_engine_says_of_itself_counts() {
        let folder = tempfile::tempdir().unwrap();
        let engine = |module: &str, level: &str| {
            let file = folder
                .path()
                .join(module.replace('.', "/"))
                .with_extension("py");
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, format!("__opt_level__ = '{level}'\n")).unwrap();
        };
        engine("rust_ctypes._rust_ctypes", "3");
        engine("rust_config._rust_config", "3");
        engine("_rust_bench", "3");
        engine("_rust_bench_macros", "3");
        let python = std::env::var("CHECKER_PYTHON").unwrap_or("python3".to_owned());
        let python = probe::find_program(python.as_ref()).unwrap();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/measure.py");
        let request = json!({"do": "stamp", "paths": [folder.path()]});
        for (level, refused) in [("3", false), ("0", true)] {
            engine("_rust_cffi", level);
            let said = program::run(&python, &program, &request).unwrap();
            let machine: Machine = serde_json::from_str(&said).unwrap();
            assert_eq!(machine.require_optimised().is_err(), refused, "{said}");
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        assert!(machine("3").lines().contains("no NumPy"));
    }
}
