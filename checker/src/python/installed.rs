//! Every interpreter that could be chosen: those on PATH, and those that version managers keep.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Python, choose, probe};
use crate::workspace::Workspace;

/// All suitable interpreters, the oldest first, each once however many names it has.
pub fn installed(workspace: &Workspace) -> Vec<Python> {
    let mut found = BTreeMap::new();
    for program in candidates() {
        // What does not answer, or is another implementation, is none that could be chosen.
        if let Ok(python) = probe::probe(workspace, &program)
            && choose::unsuitable(&python).is_none()
        {
            found.insert((python.version, python.executable.clone()), python);
        }
    }
    found.into_values().collect()
}

/// One interpreter for each version, the oldest first: of several the one that lessons can run with, and the newest of those.
pub fn one_of_each(workspace: &Workspace) -> Vec<Python> {
    one_of_each_among(installed(workspace))
}

fn one_of_each_among(all: Vec<Python>) -> Vec<Python> {
    let mut found: BTreeMap<(u32, u32), Python> = BTreeMap::new();
    for python in all {
        let (major, minor, _) = python.version;
        let rank = |python: &Python| (python.has_headers(), python.ensurepip, python.version);
        match found.get(&(major, minor)) {
            Some(other) if rank(other) >= rank(&python) => {}
            _ => {
                found.insert((major, minor), python);
            }
        }
    }
    found.into_values().collect()
}

fn candidates() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let pyenv = std::env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut programs: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| named_python(&folder))
        .collect();
    for versions in [pyenv.join("versions"), home.join(".local/share/uv/python")] {
        for folder in below(&versions) {
            programs.push(folder.join("bin/python3"));
        }
    }
    programs.retain(|program| program.is_file());
    programs
}

/// `python3` and `python3.N` in this folder, without `python3-config` and their like.
fn named_python(folder: &Path) -> Vec<PathBuf> {
    below(folder)
        .into_iter()
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.strip_prefix("python3").is_some_and(|rest| {
                rest.is_empty()
                    || rest
                        .strip_prefix('.')
                        .is_some_and(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()))
            })
        })
        .collect()
}

fn below(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_the_interpreter_that_lessons_can_run_with() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Python.h"), "").unwrap();
        let python = |version: (u32, u32, u32), headers: bool| Python {
            executable: PathBuf::from(format!("/{}.{}", version.1, version.2)),
            version,
            implementation: "cpython".to_owned(),
            abi_tag: String::new(),
            ext_suffix: String::new(),
            include: if headers {
                folder.path().to_owned()
            } else {
                PathBuf::from("/nowhere")
            },
            ensurepip: true,
        };
        let chosen = one_of_each_among(vec![
            python((3, 13, 0), false),
            python((3, 9, 2), true),
            python((3, 9, 18), true),
            python((3, 11, 9), false),
            python((3, 11, 2), true),
        ]);
        let versions: Vec<String> = chosen.iter().map(Python::version_text).collect();
        assert_eq!(versions, ["3.9.18", "3.11.2", "3.13.0"]);
    }

    #[test]
    fn only_names_of_interpreters_count() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "python3",
            "python3.11",
            "python3-config",
            "python3.11-config",
            "python",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let mut found = named_python(folder.path());
        found.sort();
        let wanted = ["python3", "python3.11"].map(|name| folder.path().join(name));
        assert_eq!(found, wanted);
    }
}
