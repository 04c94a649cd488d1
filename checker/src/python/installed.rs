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
