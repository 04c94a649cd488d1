//! The file of the state: read, replaced as a whole, never lost.
//!
//! A change is made under a lock, on what the file holds at that moment, so that two checkers do not undo each other's work.
//! The new text is on the disk before it takes the old one's name. A file that cannot be understood is never overwritten.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::state::{State, VERSION};
use crate::errors::ExpectedError;
use crate::message;
use crate::workspace::Workspace;
use crate::{output, words};

/// What stands at the top of the file.
const HEAD: &str = "\
# What you have done in this workshop. `checker` writes this file again after each run, so remarks of yours are not kept.
# Times are UTC. Remove the file to begin anew.

";

/// How often a lock that somebody holds is tried again, and after how long.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// The folder of the state: `.checker` in the workshop, or what `CHECKER_STATE` says.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// Why a text is no state.
enum Unreadable {
    /// It says so: written by a later checker.
    Newer(i64),
    /// In words, with the place.
    Broken(String),
}

impl Store {
    /// The store of a workshop. Nothing is created yet.
    pub fn of(workspace: &Workspace) -> Store {
        let folder = match std::env::var_os("CHECKER_STATE") {
            Some(named) => std::path::absolute(&named).unwrap_or_else(|_| PathBuf::from(named)),
            None => workspace.root.join(".checker"),
        };
        Store { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn file(&self) -> PathBuf {
        self.folder.join("state.toml")
    }

    /// What is remembered. A file that cannot be understood is put aside, and said so.
    ///
    /// # Errors
    /// When the file cannot be read, or not be put aside.
    pub fn read(&self) -> Result<State, ExpectedError> {
        match self.load()? {
            Ok(state) => Ok(state),
            Err(_) => {
                let _lock = self.lock()?;
                self.load_or_put_aside()
            }
        }
    }

    /// Changes what is remembered.
    ///
    /// # Errors
    /// When the file cannot be read, put aside or written, or another checker does not let go of it.
    pub fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, ExpectedError> {
        let _lock = self.lock()?;
        let before = self.load_or_put_aside()?;
        let mut state = before.clone();
        let result = change(&mut state);
        if state != before {
            self.write(&state)?;
        }
        Ok(result)
    }

    /// Waits for other checkers. The lock goes with the file that is returned, also when the process is killed.
    fn lock(&self) -> Result<Option<File>, ExpectedError> {
        fs::create_dir_all(&self.folder).map_err(|cause| self.unusable(&self.folder, &cause))?;
        let path = self.folder.join("lock");
        let file = File::create(&path).map_err(|cause| self.unusable(&path, &cause))?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                // Some network folders have no locks; a rename is still whole.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(None);
                }
                Err(TryLockError::Error(cause)) => return Err(self.unusable(&path, &cause)),
            }
        }
        Err(ExpectedError::State {
            path,
            problem: message!("error-state-held"),
            next: message!("error-state-held-next"),
        })
    }

    fn load(&self) -> Result<Result<State, Unreadable>, ExpectedError> {
        let path = self.file();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Ok(State::default()));
            }
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                return Ok(Err(Unreadable::Broken("it is a folder".to_owned())));
            }
            Err(cause) => return Err(self.unusable(&path, &cause)),
        };
        Ok(parse(&bytes))
    }

    fn load_or_put_aside(&self) -> Result<State, ExpectedError> {
        let why = match self.load()? {
            Ok(state) => return Ok(state),
            Err(why) => why,
        };
        let path = self.file();
        let aside = self.free_name();
        fs::rename(&path, &aside).map_err(|cause| self.unusable(&path, &cause))?;
        let (problem, next) = match why {
            Unreadable::Newer(version) => (
                words!("state-newer", version = version, known = VERSION),
                words!("state-newer-next"),
            ),
            Unreadable::Broken(problem) => (problem, words!("state-broken-next")),
        };
        output::remark(&format!(
            "{}\n  {}\n  {next}",
            words!(
                "state-broken",
                file = crate::errors::shown(&path),
                problem = problem,
            ),
            words!("state-kept", file = crate::errors::shown(&aside)),
        ));
        Ok(State::default())
    }

    /// The first `state.toml.broken-N` that is not there.
    fn free_name(&self) -> PathBuf {
        (1u32..)
            .map(|number| self.folder.join(format!("state.toml.broken-{number}")))
            .find(|path| fs::symlink_metadata(path).is_err())
            .expect("a folder does not hold four milliards of files")
    }

    fn write(&self, state: &State) -> Result<(), ExpectedError> {
        let path = self.file();
        let text = toml::to_string(state).map_err(|error| ExpectedError::State {
            path: path.clone(),
            problem: error.to_string().into(),
            next: message!("error-report-next"),
        })?;
        let written = tempfile::Builder::new()
            .prefix("state.toml.")
            .tempfile_in(&self.folder)
            .and_then(|mut file| {
                file.write_all(format!("{HEAD}{text}").as_bytes())?;
                file.as_file().sync_all()?;
                file.persist(&path).map_err(|error| error.error)?;
                File::open(&self.folder)?.sync_all()
            });
        written.map_err(|cause| self.unusable(&path, &cause))
    }

    fn unusable(&self, path: &Path, cause: &io::Error) -> ExpectedError {
        ExpectedError::State {
            path: path.to_owned(),
            problem: cause.to_string().into(),
            next: message!("error-state-next"),
        }
    }
}

/// The version is looked at first: a later file may have names that this checker does not know.
fn parse(bytes: &[u8]) -> Result<State, Unreadable> {
    #[derive(Deserialize)]
    struct Versioned {
        version: i64,
    }
    let text = str::from_utf8(bytes)
        .map_err(|error| Unreadable::Broken(format!("it is no text ({error})")))?;
    let said = |error: toml::de::Error| {
        let line = error.span().map_or(1, |span| {
            text.get(..span.start)
                .map_or(0, |before| before.matches('\n').count())
                + 1
        });
        Unreadable::Broken(format!("line {line}: {}", error.message()))
    };
    let Versioned { version } = toml::from_str(text).map_err(said)?;
    if version != i64::from(VERSION) {
        return Err(Unreadable::Newer(version));
    }
    toml::from_str(text).map_err(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::LessonId;

    fn store() -> (tempfile::TempDir, Store) {
        let root = tempfile::tempdir().unwrap();
        let store = Store {
            folder: root.path().join("below/.checker"),
        };
        (root, store)
    }

    fn choose(store: &Store, id: &str) {
        store
            .update(|state| state.current = Some(LessonId(id.to_owned())))
            .unwrap();
    }

    #[test]
    fn reading_creates_nothing_and_a_change_is_read_again() {
        let (root, store) = store();
        assert_eq!(store.read().unwrap(), State::default());
        assert!(!root.path().join("below").exists());
        choose(&store, "lesson-1");
        assert_eq!(store.read().unwrap().current.unwrap().0, "lesson-1");
        let text = fs::read_to_string(store.file()).unwrap();
        assert!(text.starts_with("# What you have done"), "{text}");
    }

    #[test]
    fn what_cannot_be_understood_is_kept_beside() {
        let (_root, store) = store();
        let broken: [&[u8]; 6] = [
            b"",
            b"version = 1\ncurrent = ",
            b"version = 1\nnobody = 2\n",
            b"version = 99\nlater = true\n",
            b"version = 1\n\xff",
            b"version = 1\n[[reset]]\n",
        ];
        for (index, bytes) in broken.iter().enumerate() {
            choose(&store, "lesson-1");
            fs::write(store.file(), bytes).unwrap();
            assert_eq!(store.read().unwrap(), State::default(), "{index}");
            let aside = store
                .folder
                .join(format!("state.toml.broken-{}", index + 1));
            assert_eq!(fs::read(aside).unwrap(), *bytes);
        }
    }

    #[test]
    fn a_folder_in_its_place_is_put_aside_too() {
        let (_root, store) = store();
        fs::create_dir_all(store.file().join("inside")).unwrap();
        choose(&store, "lesson-2");
        assert!(store.folder.join("state.toml.broken-1/inside").is_dir());
        assert_eq!(store.read().unwrap().current.unwrap().0, "lesson-2");
    }

    #[test]
    fn changes_made_at_the_same_time_all_count() {
        let (_root, store) = store();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    // A disk may take a long time for each, and a lock is not waited for without end.
                    for _ in 0..4 {
                        let id = LessonId("lesson-1".to_owned());
                        store
                            .update(|state| state.lesson_mut(&id).seconds += 1)
                            .unwrap();
                    }
                });
            }
        });
        let id = LessonId("lesson-1".to_owned());
        assert_eq!(store.read().unwrap().lesson(&id).seconds, 16);
        let left: Vec<_> = fs::read_dir(&store.folder).unwrap().collect();
        assert_eq!(left.len(), 2, "state.toml and lock: {left:?}");
    }
}
