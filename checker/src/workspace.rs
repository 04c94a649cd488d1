//! Where the workshop and its cache are.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::errors::ExpectedError;

/// The folder of the workshop and the folder that the checker may write to.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Holds `lessons/`.
    pub root: PathBuf,
    /// Holds everything that can be made again.
    pub cache: PathBuf,
}

impl Workspace {
    /// Finds the workshop: `CHECKER_ROOT`, or the nearest folder from the current one upwards that holds `lessons/`.
    ///
    /// The cache is `CHECKER_CACHE`, or `target/checker` below the root. Nothing is created here.
    pub fn find() -> Result<Workspace, ExpectedError> {
        let root = match std::env::var_os("CHECKER_ROOT") {
            Some(named) => named_root(Path::new(&named))?,
            None => root_above()?,
        };
        let cache = match std::env::var_os("CHECKER_CACHE") {
            Some(named) => {
                std::path::absolute(named).unwrap_or_else(|_| root.join("target/checker"))
            }
            None => root.join("target/checker"),
        };
        Ok(Workspace { root, cache })
    }

    /// The folder of all lessons.
    pub fn lessons(&self) -> PathBuf {
        self.root.join("lessons")
    }

    /// Creates a folder below the cache, with the folders above it.
    pub fn cache_folder(&self, name: &str) -> Result<PathBuf, ExpectedError> {
        let path = self.cache.join(name);
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(path),
            Err(cause) => Err(ExpectedError::cache(&path, cause)),
        }
    }

    /// A path as reports name it: relative to the root where it lies below.
    pub fn shown<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// A path as it can be typed in the current folder: relative to it while that is in the workshop, else whole.
    pub fn typed(&self, path: &Path) -> String {
        let here = std::env::current_dir().and_then(fs::canonicalize);
        let (Ok(below), Ok(here)) = (path.strip_prefix(&self.root), here) else {
            return path.display().to_string();
        };
        match here.strip_prefix(&self.root) {
            Ok(here) => relative(below, here).display().to_string(),
            Err(_) => path.display().to_string(),
        }
    }
}

/// The way from one folder to a path, both below the same root.
fn relative(path: &Path, from: &Path) -> PathBuf {
    let shared = path
        .components()
        .zip(from.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

fn named_root(named: &Path) -> Result<PathBuf, ExpectedError> {
    match fs::canonicalize(named) {
        Ok(root) if is_root(&root) => Ok(root),
        _ => Err(ExpectedError::WrongRoot {
            root: named.to_owned(),
        }),
    }
}

fn root_above() -> Result<PathBuf, ExpectedError> {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    match here.ancestors().find(|folder| is_root(folder)) {
        Some(root) => Ok(root.to_owned()),
        None => Err(ExpectedError::NoWorkshop {
            searched_from: here,
        }),
    }
}

/// `lessons/` alone could be anybody's folder; the checker's own manifest or a lesson makes it ours.
fn is_root(folder: &Path) -> bool {
    let lessons = folder.join("lessons");
    lessons.join("rust").is_dir() || has_lesson(&lessons).unwrap_or(false)
}

fn has_lesson(lessons: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(lessons)? {
        if entry?.path().join("lesson.toml").is_file() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_can_be_typed_from_below_the_root() {
        let told = |path: &str, from: &str| relative(Path::new(path), Path::new(from));
        assert_eq!(told("lessons/a/b.py", ""), Path::new("lessons/a/b.py"));
        assert_eq!(told("lessons/a/b.py", "lessons/a"), Path::new("b.py"));
        assert_eq!(
            told("lessons/a/b.py", "lessons/c/d"),
            Path::new("../../a/b.py")
        );
    }
}
