//! Where an interpreter keeps what it needs to start.

use std::fs;
use std::path::{Path, PathBuf};

/// What lies below the prefix of an installation and belongs to it. A prefix can be somebody's home.
const PARTS: [&str; 5] = ["bin", "lib", "lib64", "include", "pyvenv.cfg"];

/// The places that a process needs to start this interpreter, or any other program of an installation of that form:
/// the parts of each prefix that the path and its links lead through, and of the base of a virtual environment.
pub fn places(program: &Path) -> Vec<PathBuf> {
    let mut prefixes: Vec<PathBuf> = Vec::new();
    let mut next = Some(program.to_owned());
    // Links can be made to run in circles.
    for _ in 0..16 {
        let Some(path) = next.take() else { break };
        if let Some(prefix) = path.parent().and_then(Path::parent) {
            prefixes.extend(base_of_environment(prefix));
            prefixes.push(prefix.to_owned());
        }
        next = fs::read_link(&path)
            .ok()
            .map(|target| path.parent().unwrap_or(&path).join(target));
    }
    prefixes.extend(
        fs::canonicalize(program)
            .ok()
            .and_then(|real| Some(real.parent()?.parent()?.to_owned())),
    );
    prefixes.sort();
    prefixes.dedup();
    prefixes
        .iter()
        .filter(|prefix| **prefix != Path::new("/"))
        .flat_map(|prefix| PARTS.map(|part| prefix.join(part)))
        .filter(|place| place.exists())
        .collect()
}

/// The installation that a virtual environment was made from.
fn base_of_environment(prefix: &Path) -> Option<PathBuf> {
    let settings = fs::read_to_string(prefix.join("pyvenv.cfg")).ok()?;
    let home = settings
        .lines()
        .find_map(|line| {
            line.split_once('=')
                .filter(|(name, _)| name.trim() == "home")
        })?
        .1;
    Some(Path::new(home.trim()).parent()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_environment_leads_to_its_base_and_not_to_what_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for made in [
            "base/bin",
            "base/lib",
            "base/secrets",
            "venv/bin",
            "venv/lib",
        ] {
            fs::create_dir_all(root.join(made)).unwrap();
        }
        fs::write(root.join("base/bin/python3"), "").unwrap();
        std::os::unix::fs::symlink(root.join("base/bin/python3"), root.join("venv/bin/python"))
            .unwrap();
        fs::write(
            root.join("venv/pyvenv.cfg"),
            format!("home = {}\nversion = 3\n", root.join("base/bin").display()),
        )
        .unwrap();
        let found = places(&root.join("venv/bin/python"));
        let expected = [
            "base/bin",
            "base/lib",
            "venv/bin",
            "venv/lib",
            "venv/pyvenv.cfg",
        ];
        assert_eq!(found, expected.map(|place| root.join(place)));
    }
}
