//! The engines' Python tests, each file in a process of its own, with the `.venv` that the checker makes.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn rust_ctypes_passes_its_tests() {
    every_file_passes("c_ext_ctypes_add/rust/tests");
}

#[test]
fn rust_cffi_passes_its_tests() {
    every_file_passes("c_ext_cffi_abi/rust/tests");
}

fn every_file_passes(folder: &str) {
    let python = python();
    let folder = project().join(folder);
    let modules = test_modules(&folder);
    assert!(!modules.is_empty(), "no tests in {}", folder.display());
    for module in modules {
        let ran = run(Command::new(&python)
            .args(["-B", "-m", "unittest", &module])
            .env_remove("PYTHONPATH")
            .current_dir(&folder));
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(
            ran.status.success(),
            "{module} in {}:\n{said}",
            folder.display()
        );
        assert!(!said.contains("Ran 0 tests"), "{module} is empty:\n{said}");
    }
}

fn test_modules(folder: &Path) -> Vec<String> {
    let mut modules: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "py"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name.starts_with("test_"))
        .collect();
    modules.sort();
    modules
}

/// The Python of the `.venv`, after the checker has set it up.
fn python() -> PathBuf {
    let setup = run(Command::new(env!("CARGO_BIN_EXE_checker"))
        .arg("setup")
        .current_dir(project()));
    let said = String::from_utf8_lossy(&setup.stderr);
    assert!(setup.status.success(), "checker setup failed:\n{said}");
    project().join(".venv/bin/python")
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}
