//! Private folders for one build or one run, and the end of those whose owner is gone.
//!
//! Whoever has made a folder holds a lock on it. The kernel gives the lock back however the owner ends, so a folder without a
//! lock is nobody's.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::store;
use crate::errors::ExpectedError;
use crate::interrupt;

/// What their names begin with. Checkers that knew no locks have called theirs otherwise, and may use the same cache at this moment.
const OWNED: &str = "owned-";

/// How long others may keep us from looking for abandoned folders: longer only if one of them was stopped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is tried again.
const PAUSE: Duration = Duration::from_millis(2);

/// A private folder, removed when dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
    /// `None` where the file system has no locks; then an abandoned folder stays until it is old.
    _owner: Option<File>,
}

impl Scratch {
    /// An empty folder in this one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new_in(work: &Path) -> Result<Scratch, ExpectedError> {
        let made = || -> io::Result<Scratch> {
            // As long as one has no lock yet, nobody may look for those without.
            let making = File::open(work)?;
            let _making = making.lock_shared().is_ok().then_some(making);
            let folder =
                interrupt::folder(|| tempfile::Builder::new().prefix(OWNED).tempdir_in(work))?;
            let owner = File::open(folder.path())?;
            let _owner = owner.try_lock().is_ok().then_some(owner);
            Ok(Scratch { folder, _owner })
        };
        made().map_err(|cause| ExpectedError::cache(work, cause))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets other users read the folder: payloads of root run as somebody else.
    ///
    /// # Errors
    /// When the modes cannot be changed.
    pub fn open_to_all(&self) -> Result<(), ExpectedError> {
        store::open_to_all(self.path()).map_err(|cause| ExpectedError::cache(self.path(), cause))
    }

    /// Writes a file below the folder and returns its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, ExpectedError> {
        let path = self.folder.path().join(name);
        let written = match path.parent() {
            Some(parent) => fs::create_dir_all(parent).and_then(|()| fs::write(&path, bytes)),
            None => fs::write(&path, bytes),
        };
        match written {
            Ok(()) => Ok(path),
            Err(cause) => Err(ExpectedError::cache(&path, cause)),
        }
    }
}

impl Drop for Scratch {
    /// A run without isolation may have left folders that cannot be listed; they must not stay for the next run.
    fn drop(&mut self) {
        unlock(self.folder.path());
    }
}

/// Removes the folders whose owner has ended without removing them. One that resists is met again.
pub fn remove_abandoned(work: &Path) {
    let Ok(gate) = File::open(work) else {
        return;
    };
    if !enter(&gate) {
        return;
    }
    let Ok(entries) = fs::read_dir(work) else {
        return;
    };
    let abandoned: Vec<(PathBuf, File)> = entries
        .flatten()
        .filter(|entry| {
            entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(OWNED.as_bytes())
        })
        .filter_map(|entry| Some((entry.path(), File::open(entry.path()).ok()?)))
        .filter(|(_, owner)| owner.try_lock().is_ok())
        .collect();
    drop(gate);
    for (folder, _owner) in abandoned {
        unlock(&folder);
        let _ = fs::remove_dir_all(folder);
    }
}

/// Waits while somebody makes a folder, or looks as we do: who has just looked may have met the folder's owner alive, and will not look again.
fn enter(gate: &File) -> bool {
    let end = Instant::now() + PATIENCE;
    loop {
        match gate.try_lock() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) if Instant::now() < end => sleep(PAUSE),
            Err(_) => return false,
        }
    }
}

/// Makes every folder below one its owner's again; what cannot be reached stays as it is.
fn unlock(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o700));
            unlock(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_owner_is_removed() {
        let work = tempfile::tempdir().unwrap();
        let kept = Scratch::new_in(work.path()).unwrap();
        kept.write("below/file", b"x").unwrap();
        let closed = work.path().join("owned-left/closed");
        fs::create_dir_all(closed.join("below")).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
        remove_abandoned(work.path());
        assert!(kept.path().join("below/file").exists());
        assert!(!work.path().join("owned-left").exists());
        drop(kept);
        assert_eq!(fs::read_dir(work.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_of_an_earlier_checker_stays() {
        let work = tempfile::tempdir().unwrap();
        fs::create_dir(work.path().join("wAbCdEf")).unwrap();
        remove_abandoned(work.path());
        assert!(work.path().join("wAbCdEf").exists());
    }

    #[test]
    fn nothing_is_removed_while_somebody_makes_a_folder() {
        let work = tempfile::tempdir().unwrap();
        fs::create_dir(work.path().join("owned-new")).unwrap();
        let making = File::open(work.path()).unwrap();
        making.lock_shared().unwrap();
        remove_abandoned(work.path());
        assert!(work.path().join("owned-new").exists());
        drop(making);
        remove_abandoned(work.path());
        assert!(!work.path().join("owned-new").exists());
    }

    #[test]
    fn whoever_makes_one_is_waited_for() {
        let work = tempfile::tempdir().unwrap();
        fs::create_dir(work.path().join("owned-left")).unwrap();
        let making = File::open(work.path()).unwrap();
        making.lock_shared().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| remove_abandoned(work.path()));
            sleep(20 * PAUSE);
            drop(making);
        });
        assert!(!work.path().join("owned-left").exists());
    }
}
