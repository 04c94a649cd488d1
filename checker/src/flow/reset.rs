//! Sets files back to their starters, and puts back what was there.
//!
//! What lies in a file's place is moved away as it is, into a folder that is remembered before; then the starter takes the
//! place. Nothing is copied and nothing removed, so an interruption at any moment leaves each byte in one of the two places.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::state::{LessonState, Reset, TaskState, now};
use super::store::Store;
use crate::authoring::starters::{self, Starter};
use crate::errors::ExpectedError;
use crate::lesson::Lesson;
use crate::message;

/// What was done to the files of a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The files, below `exercise/`.
    pub files: Vec<PathBuf>,
    /// Where the ones before lie.
    pub saved: PathBuf,
}

/// What is set back.
#[derive(Debug)]
pub struct Order<'a> {
    /// Of which lesson.
    pub lesson: &'a Lesson,
    /// The files, below `exercise/`.
    pub files: Vec<PathBuf>,
    /// Exercises whose record goes too, by id.
    pub exercises: Vec<String>,
    /// Quizzes, likewise.
    pub quizzes: Vec<String>,
}

/// Replaces files by their starters; `None` when all of them are starters already.
///
/// # Errors
/// When the solution derives no starters, or a file cannot be saved or written.
pub fn reset(store: &Store, order: &Order) -> anyhow::Result<Option<Changed>> {
    let lesson = order.lesson;
    let starters = starters_of(lesson, &order.files)?;
    let exercise = lesson.folder.join("exercise");
    let changed: Vec<&Starter> = starters
        .iter()
        .filter(|it| !holds(&exercise.join(&it.file), &it.content))
        .collect();
    if changed.is_empty() {
        return Ok(None);
    }
    let files: Vec<PathBuf> = changed.iter().map(|it| it.file.clone()).collect();
    let name = new_folder(store, lesson)?;
    let saved = store.folder().join(&name);
    store.update(|state| {
        let known = state.lesson_mut(&lesson.manifest.id);
        let (exercises, quizzes) = take_records(known, order);
        state.resets.push(Reset {
            lesson: lesson.manifest.id.clone(),
            when: now(),
            saved: name,
            files: files.clone(),
            undone: false,
            exercises,
            quizzes,
        });
    })?;
    for starter in changed {
        let path = exercise.join(&starter.file);
        relocate(&path, &saved.join(&starter.file))?;
        starters::replace(&path, &starter.content)?;
    }
    Ok(Some(Changed { files, saved }))
}

/// Puts back what the last reset of a lesson replaced; what lies there now is moved away likewise. `None` without such a reset.
///
/// # Errors
/// When a file cannot be moved.
pub fn undo(store: &Store, lesson: &Lesson) -> anyhow::Result<Option<Changed>> {
    let id = &lesson.manifest.id;
    let state = store.read()?;
    let last = state
        .resets
        .iter()
        .rfind(|it| it.lesson == *id && !it.undone);
    let Some(last) = last else {
        return Ok(None);
    };
    let from = store.folder().join(&last.saved);
    let aside = store.folder().join(new_folder(store, lesson)?);
    for file in &last.files {
        let (path, kept) = (lesson.folder.join("exercise").join(file), from.join(file));
        // A reset that was interrupted did not come to every file.
        if fs::symlink_metadata(&kept).is_ok() {
            relocate(&path, &aside.join(file))?;
            relocate(&kept, &path)?;
        }
    }
    store.update(|state| {
        if let Some(entry) = state.resets.iter_mut().find(|it| it.saved == last.saved) {
            entry.undone = true;
        }
        let known = state.lesson_mut(id);
        give_back(&mut known.exercises, &last.exercises);
        give_back(&mut known.quizzes, &last.quizzes);
    })?;
    Ok(Some(Changed {
        files: last.files.clone(),
        saved: aside,
    }))
}

type Records = std::collections::BTreeMap<String, TaskState>;

fn take_records(known: &mut LessonState, order: &Order) -> (Records, Records) {
    let take = |records: &mut Records, ids: &[String]| {
        ids.iter()
            .filter_map(|id| records.remove_entry(id))
            .collect()
    };
    (
        take(&mut known.exercises, &order.exercises),
        take(&mut known.quizzes, &order.quizzes),
    )
}

/// What was done since the reset counts more than what was done before.
fn give_back(records: &mut Records, before: &Records) {
    for (id, task) in before {
        if records.get(id).is_none_or(|it| it.done.is_none()) {
            records.insert(id.clone(), task.clone());
        }
    }
}

fn starters_of(lesson: &Lesson, files: &[PathBuf]) -> anyhow::Result<Vec<Starter>> {
    let derived = starters::derive(&lesson.folder)?.map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        ExpectedError::UnusableFile {
            path: lesson.folder.join("solution"),
            problem: lines.join("\n").into(),
            next: message!("error-restore-folder"),
        }
    })?;
    let of = |file: &PathBuf| {
        derived
            .iter()
            .find(|starter| starter.file == *file)
            .cloned()
            .ok_or_else(|| ExpectedError::UnusableFile {
                path: lesson.folder.join("solution").join(file),
                problem: message!("error-solution-missing"),
                next: message!("error-restore-file"),
            })
    };
    Ok(files.iter().map(of).collect::<Result<_, _>>()?)
}

fn holds(path: &Path, content: &[u8]) -> bool {
    fs::symlink_metadata(path).is_ok_and(|it| it.is_file())
        && fs::read(path).is_ok_and(|it| it == content)
}

/// Makes a new folder below the state's; returns its name there.
fn new_folder(store: &Store, lesson: &Lesson) -> Result<PathBuf, ExpectedError> {
    let undo = store.folder().join("undo");
    fs::create_dir_all(&undo).map_err(|cause| unusable(&undo, &cause))?;
    for number in 1u32.. {
        let name = Path::new("undo").join(format!("{}-{number}", lesson.manifest.id));
        let folder = store.folder().join(&name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(unusable(&folder, &cause)),
        }
    }
    unreachable!("a folder does not hold four milliards of folders")
}

/// Moves whatever has this name, if anything has.
fn relocate(from: &Path, to: &Path) -> Result<(), ExpectedError> {
    let folder = to.parent().expect("a saved file lies in a folder");
    fs::create_dir_all(folder).map_err(|cause| unusable(folder, &cause))?;
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            copy_then_remove(from, to).map_err(|cause| unusable(to, &cause))
        }
        other => other.map_err(|cause| unusable(from, &cause)),
    }
}

/// For a state that is kept on another disk than the lessons; only ordinary files can be taken there.
fn copy_then_remove(from: &Path, to: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(from)?.is_file() {
        return Err(io::Error::other(
            "it is no ordinary file, and cannot be moved to another disk",
        ));
    }
    fs::copy(from, to)?;
    File::open(to)?.sync_all()?;
    fs::remove_file(from)
}

fn unusable(path: &Path, cause: &io::Error) -> ExpectedError {
    starters::unusable(path, cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    const STARTER: &str = "x = 0\n";

    struct Shop {
        root: tempfile::TempDir,
        store: Store,
        lesson: Lesson,
    }

    impl Shop {
        fn new() -> Shop {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("lessons/lesson-1");
            for (file, text) in [
                (
                    "solution/a.py",
                    "# task: a\nx = 1\n# starter:\n# | x = 0\n# endtask\n",
                ),
                ("exercise/a.py", "mine\n"),
            ] {
                let path = folder.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let manifest = toml::from_str(
                "format_version = 1\nid = \"lesson-1\"\norder = 1\ntitle = \"T\"\nsection = \"1\"\nminutes = 45\n\
                 [clib]\nname = \"add\"\n",
            );
            let workspace = Workspace {
                root: root.path().to_owned(),
                cache: root.path().join("cache"),
            };
            Shop {
                store: Store::of(&workspace),
                lesson: Lesson {
                    folder,
                    manifest: manifest.unwrap(),
                },
                root,
            }
        }

        fn reset(&self) -> Option<Changed> {
            let order = Order {
                lesson: &self.lesson,
                files: vec!["a.py".into()],
                exercises: vec!["abi".into()],
                quizzes: Vec::new(),
            };
            reset(&self.store, &order).unwrap()
        }

        fn path(&self) -> PathBuf {
            self.root.path().join("lessons/lesson-1/exercise/a.py")
        }

        fn now(&self) -> String {
            fs::read_to_string(self.path()).unwrap()
        }
    }

    #[test]
    fn a_reset_can_be_undone_and_nothing_written_meanwhile_is_lost() {
        let shop = Shop::new();
        let done = Some(now());
        let id = shop.lesson.manifest.id.clone();
        let note = |state: &mut super::super::state::State| {
            let task = state.lesson_mut(&id).exercises.entry("abi".into());
            task.or_default().done = done;
        };
        shop.store.update(note).unwrap();
        shop.reset().unwrap();
        assert_eq!(shop.now(), STARTER);
        assert!(shop.store.read().unwrap().lesson(&id).exercises.is_empty());
        assert_eq!(shop.reset(), None, "it is a starter already");

        fs::write(shop.path(), "second\n").unwrap();
        let undone = undo(&shop.store, &shop.lesson).unwrap().unwrap();
        assert_eq!(shop.now(), "mine\n");
        assert_eq!(
            fs::read_to_string(undone.saved.join("a.py")).unwrap(),
            "second\n"
        );
        assert_eq!(
            shop.store.read().unwrap().lesson(&id).exercises["abi"].done,
            done
        );
        assert_eq!(undo(&shop.store, &shop.lesson).unwrap(), None);
    }

    #[test]
    fn a_folder_or_nothing_in_its_place_is_set_back_too() {
        let shop = Shop::new();
        fs::remove_file(shop.path()).unwrap();
        shop.reset().unwrap();
        assert_eq!(shop.now(), STARTER);
        fs::remove_file(shop.path()).unwrap();
        fs::create_dir(shop.path()).unwrap();
        fs::write(shop.path().join("inside"), "kept").unwrap();
        shop.reset().unwrap();
        assert_eq!(shop.now(), STARTER);
        undo(&shop.store, &shop.lesson).unwrap().unwrap();
        assert_eq!(
            fs::read_to_string(shop.path().join("inside")).unwrap(),
            "kept"
        );
    }
}
