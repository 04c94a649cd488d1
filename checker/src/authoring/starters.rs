//! Starters: what `exercise/` holds before a participant edits it, derived from `solution/`.
//!
//! An edited exercise is a participant's work, so nothing is replaced that cannot be derived again: a file may go only if its
//! content is known to be a derivation, of the solution as it is committed or of one that this machine has derived before.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Problem, regions};
use crate::errors::ExpectedError;
use crate::message;

/// One file of `exercise/` as it ought to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    /// The path below `exercise/` and below `solution/`.
    pub file: PathBuf,
    /// The whole content.
    pub content: Vec<u8>,
}

/// How a file of `exercise/` stands to its starter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Equal to the starter.
    Fresh,
    /// Not there.
    Missing,
    /// Different: edited by hand, or derived from another solution.
    Different,
    /// There, but `solution/` has no such file.
    Orphan,
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Freshness::Fresh => "is fresh",
            Freshness::Missing => "is missing; `checker derive` writes it",
            Freshness::Different => {
                "differs from what solution/ derives: it is edited, or `checker derive` is due"
            }
            Freshness::Orphan => "has no source in solution/",
        })
    }
}

/// What became of a file of `exercise/` when starters were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was right already.
    Unchanged,
    /// It is new.
    Created,
    /// It was a derivation of an older solution.
    Replaced,
    /// It was edited, and `force` was given.
    Overwritten,
    /// It is edited, and was left alone.
    Kept,
}

/// Derives every starter of a lesson folder, sorted by path.
pub fn derive(lesson: &Path) -> anyhow::Result<Result<Vec<Starter>, Vec<Problem>>> {
    let solution = lesson.join("solution");
    let mut starters = Vec::new();
    let mut problems = Vec::new();
    for file in files_below(&solution)? {
        let path = solution.join(&file);
        let bytes = fs::read(&path).map_err(|cause| unusable(&path, &cause))?;
        match starter_of(&path, bytes) {
            Ok(content) => starters.push(Starter { file, content }),
            Err(more) => problems.extend(more),
        }
    }
    Ok(if problems.is_empty() {
        Ok(starters)
    } else {
        Err(problems)
    })
}

/// Holds `exercise/` against the starters; files that are fresh are left out.
pub fn check(lesson: &Path, starters: &[Starter]) -> anyhow::Result<Vec<(PathBuf, Freshness)>> {
    let exercise = lesson.join("exercise");
    let mut stale = Vec::new();
    for starter in starters {
        match freshness(&exercise, starter)? {
            Freshness::Fresh => {}
            other => stale.push((starter.file.clone(), other)),
        }
    }
    for file in files_below(&exercise)? {
        if !starters.iter().any(|starter| starter.file == file) {
            stale.push((file, Freshness::Orphan));
        }
    }
    Ok(stale)
}

/// Writes the starters of a lesson. A file that is not known to be a derivation is kept, unless `force` is set.
pub fn write(
    lesson: &Path,
    starters: &[Starter],
    known: &Derivations,
    force: bool,
) -> anyhow::Result<Vec<(PathBuf, Outcome)>> {
    let exercise = lesson.join("exercise");
    let mut outcomes = Vec::new();
    for starter in starters {
        let path = exercise.join(&starter.file);
        let outcome = match freshness(&exercise, starter)? {
            Freshness::Fresh => Outcome::Unchanged,
            Freshness::Missing | Freshness::Orphan => Outcome::Created,
            Freshness::Different => {
                let edited = fs::read(&path).map_err(|cause| unusable(&path, &cause))?;
                if is_derivation(lesson, &starter.file, &edited, known) {
                    Outcome::Replaced
                } else if force {
                    Outcome::Overwritten
                } else {
                    Outcome::Kept
                }
            }
        };
        if outcome != Outcome::Kept {
            known.remember(&starter.content)?;
        }
        if !matches!(outcome, Outcome::Kept | Outcome::Unchanged) {
            replace(&path, &starter.content)?;
        }
        outcomes.push((starter.file.clone(), outcome));
    }
    Ok(outcomes)
}

/// Which contents this machine has derived before, by hash, in a folder of empty files.
#[derive(Clone, Debug)]
pub struct Derivations {
    folder: PathBuf,
}

impl Derivations {
    /// Remembers in a folder below the cache, which need not exist yet.
    pub fn below(cache: &Path) -> Self {
        Derivations {
            folder: cache.join("derived"),
        }
    }

    fn path(&self, content: &[u8]) -> PathBuf {
        self.folder.join(blake3::hash(content).to_hex().as_str())
    }

    fn contains(&self, content: &[u8]) -> bool {
        self.path(content).is_file()
    }

    fn remember(&self, content: &[u8]) -> anyhow::Result<()> {
        let path = self.path(content);
        fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&path, b""))
            .map_err(|cause| unusable(&path, &cause).into())
    }
}

fn starter_of(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Vec<Problem>> {
    if regions::comment_sign(path).is_none() {
        return Ok(bytes);
    }
    let Ok(text) = str::from_utf8(&bytes) else {
        return Err(vec![Problem::of_file(path, "is not UTF-8 text")]);
    };
    let marked = regions::parse(path, text)?;
    Ok(if marked.has_markers() {
        marked.starter().into_bytes()
    } else {
        bytes
    })
}

fn freshness(exercise: &Path, starter: &Starter) -> anyhow::Result<Freshness> {
    let path = exercise.join(&starter.file);
    match fs::read(&path) {
        Ok(content) if content == starter.content => Ok(Freshness::Fresh),
        Ok(_) => Ok(Freshness::Different),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Freshness::Missing),
        Err(error) => Err(unusable(&path, &error).into()),
    }
}

fn is_derivation(lesson: &Path, file: &Path, content: &[u8], known: &Derivations) -> bool {
    known.contains(content) || committed_starter(lesson, file).is_some_and(|old| old == content)
}

/// The starter that the last commit's solution derives; none without git, without a commit or without the file in it.
fn committed_starter(lesson: &Path, file: &Path) -> Option<Vec<u8>> {
    let path = Path::new("solution").join(file);
    let output = Command::new("git")
        .arg("-C")
        .arg(lesson)
        .arg("show")
        .arg(format!("HEAD:./{}", path.display()))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    starter_of(&lesson.join(path), output.stdout).ok()
}

/// Writes beside the file and renames, so that an interruption leaves either the old content or the new.
pub fn replace(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().expect("a starter lies in a folder");
    let written = fs::create_dir_all(folder)
        .and_then(|()| tempfile::NamedTempFile::new_in(folder))
        .and_then(|file| {
            fs::write(file.path(), content)?;
            set_ordinary_mode(file.path())?;
            file.persist(path).map_err(|error| error.error)
        });
    match written {
        Ok(_) => Ok(()),
        Err(cause) => Err(unusable(path, &cause).into()),
    }
}

/// A temporary file is for its owner alone; a starter is an ordinary file.
fn set_ordinary_mode(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

/// A file or folder of a lesson that the file system refuses.
pub fn unusable(path: &Path, cause: &std::io::Error) -> ExpectedError {
    ExpectedError::UnusableFile {
        path: path.to_owned(),
        problem: cause.to_string().into(),
        next: message!("error-writable-or-restore"),
    }
}

/// The files below a folder, by relative path and sorted; hidden ones and what Python leaves behind are not a lesson's.
pub(crate) fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fn walk(folder: &Path, below: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
        for entry in fs::read_dir(folder.join(below))? {
            let entry = entry?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") || name == OsStr::new("__pycache__") {
                continue;
            }
            let path = below.join(&name);
            if entry.path().is_dir() {
                walk(folder, &path, found)?;
            } else {
                found.push(path);
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    if folder.is_dir() {
        walk(folder, Path::new(""), &mut found).map_err(|cause| unusable(folder, &cause))?;
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLUTION: &str = "# task: a\nx = 1\n# starter:\n# | x = 0\n# endtask\n";

    struct Bench {
        folder: tempfile::TempDir,
    }

    impl Bench {
        fn new() -> Self {
            let bench = Bench {
                folder: tempfile::tempdir().unwrap(),
            };
            bench.put("lesson/solution/bridge.py", SOLUTION);
            bench.put(
                "lesson/solution/ext/module.c",
                "int one(void) { return 1; }\n",
            );
            bench
        }

        fn lesson(&self) -> PathBuf {
            self.folder.path().join("lesson")
        }

        fn put(&self, file: &str, text: &str) {
            let path = self.folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn get(&self, file: &str) -> String {
            fs::read_to_string(self.folder.path().join(file)).unwrap()
        }

        fn write(&self, force: bool) -> Vec<Outcome> {
            let known = Derivations::below(&self.folder.path().join("cache"));
            let starters = derive(&self.lesson()).unwrap().unwrap();
            let outcomes = write(&self.lesson(), &starters, &known, force).unwrap();
            outcomes.into_iter().map(|(_, outcome)| outcome).collect()
        }

        fn stale(&self) -> Vec<(PathBuf, Freshness)> {
            let starters = derive(&self.lesson()).unwrap().unwrap();
            check(&self.lesson(), &starters).unwrap()
        }

        fn git(&self, args: &[&str]) {
            let identity = [
                "-c",
                "user.name=T",
                "-c",
                "user.email=t@example.org",
                "-c",
                "commit.gpgsign=false",
            ];
            let status = Command::new("git")
                .args(identity)
                .args(args)
                .current_dir(self.folder.path())
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .stdout(Stdio::null())
                .status()
                .unwrap();
            assert!(status.success(), "git {args:?}");
        }
    }

    #[test]
    fn starters_are_written_once_and_then_fresh() {
        let bench = Bench::new();
        assert_eq!(bench.stale().len(), 2);
        assert_eq!(bench.write(false), [Outcome::Created, Outcome::Created]);
        assert_eq!(bench.get("lesson/exercise/bridge.py"), "x = 0\n");
        assert_eq!(
            bench.get("lesson/exercise/ext/module.c"),
            bench.get("lesson/solution/ext/module.c")
        );
        assert_eq!(bench.write(false), [Outcome::Unchanged, Outcome::Unchanged]);
        assert_eq!(bench.stale(), []);
    }

    #[test]
    fn an_edited_exercise_is_kept_until_forced() {
        let bench = Bench::new();
        bench.write(false);
        bench.put("lesson/exercise/bridge.py", "x = 1  # mine\n");
        assert_eq!(
            bench.stale(),
            [(PathBuf::from("bridge.py"), Freshness::Different)]
        );
        assert_eq!(bench.write(false), [Outcome::Kept, Outcome::Unchanged]);
        assert_eq!(bench.get("lesson/exercise/bridge.py"), "x = 1  # mine\n");
        assert_eq!(
            bench.write(true),
            [Outcome::Overwritten, Outcome::Unchanged]
        );
        assert_eq!(bench.get("lesson/exercise/bridge.py"), "x = 0\n");
    }

    #[test]
    fn an_older_derivation_of_this_machine_is_replaced() {
        let bench = Bench::new();
        bench.write(false);
        bench.put(
            "lesson/solution/bridge.py",
            &SOLUTION.replace("x = 0", "x = None"),
        );
        assert_eq!(bench.write(false), [Outcome::Replaced, Outcome::Unchanged]);
        assert_eq!(bench.get("lesson/exercise/bridge.py"), "x = None\n");
    }

    #[test]
    fn the_committed_derivation_is_replaced_on_another_machine() {
        if Command::new("git").arg("--version").output().is_err() {
            eprintln!("not checked: git is not installed here");
            return;
        }
        let bench = Bench::new();
        bench.write(false);
        bench.git(&["init", "-q"]);
        bench.git(&["add", "lesson"]);
        bench.git(&["commit", "-q", "-m", "lesson"]);
        fs::remove_dir_all(bench.folder.path().join("cache")).unwrap();
        bench.put(
            "lesson/solution/bridge.py",
            &SOLUTION.replace("x = 0", "x = None"),
        );
        assert_eq!(bench.write(false), [Outcome::Replaced, Outcome::Unchanged]);
    }

    #[test]
    fn without_memory_or_commit_nothing_is_replaced() {
        let bench = Bench::new();
        bench.write(false);
        fs::remove_dir_all(bench.folder.path().join("cache")).unwrap();
        bench.put(
            "lesson/solution/bridge.py",
            &SOLUTION.replace("x = 0", "x = None"),
        );
        assert_eq!(bench.write(false), [Outcome::Kept, Outcome::Unchanged]);
    }

    #[test]
    fn a_file_without_a_source_is_an_orphan_and_stays() {
        let bench = Bench::new();
        bench.put("lesson/exercise/notes.md", "mine\n");
        bench.put("lesson/exercise/.swp", "");
        bench.put("lesson/exercise/__pycache__/x.pyc", "");
        bench.write(false);
        assert_eq!(
            bench.stale(),
            [(PathBuf::from("notes.md"), Freshness::Orphan)]
        );
        assert_eq!(bench.get("lesson/exercise/notes.md"), "mine\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_named_in_sources_and_copied_elsewhere() {
        let bench = Bench::new();
        let solution = bench.lesson().join("solution");
        fs::write(solution.join("data.bin"), [0xff, 0, 0xfe]).unwrap();
        bench.write(false);
        assert_eq!(
            fs::read(bench.lesson().join("exercise/data.bin")).unwrap(),
            [0xff, 0, 0xfe]
        );
        fs::write(solution.join("bad.py"), [0xff]).unwrap();
        let problems = derive(&bench.lesson()).unwrap().unwrap_err();
        assert!(
            problems[0]
                .to_string()
                .ends_with("bad.py: is not UTF-8 text")
        );
    }

    #[test]
    fn a_starter_is_readable_by_everybody() {
        use std::os::unix::fs::PermissionsExt as _;
        let bench = Bench::new();
        bench.write(false);
        let file = bench.lesson().join("exercise/bridge.py");
        assert_eq!(
            fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o644
        );
    }
}
