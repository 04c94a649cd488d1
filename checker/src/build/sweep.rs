//! Keeps the cache from growing for ever: what nobody used for long is removed, and made again should it be missed.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::scratch;
use crate::workspace::Workspace;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Folders of the cache, and how long an entry stays after it was last made or used.
const STAY: [(&str, u32); 6] = [
    ("work", 1),
    ("store", 30),
    ("verdicts", 90),
    ("references", 90),
    ("investigations", 90),
    ("conformance", 90),
];

/// The file of the cache whose time of change tells when it was swept.
const SWEPT: &str = "swept";

/// Removes what is nobody's, and once a day what is past its time: every check begins with it, and looking at each entry of a large cache takes
/// longer than all else. A file that cannot be removed now is removed another time.
pub fn sweep(workspace: &Workspace) {
    scratch::remove_abandoned(&workspace.cache.join("work"));
    sweep_daily(&workspace.cache, SystemTime::now());
}

fn sweep_daily(cache: &Path, now: SystemTime) {
    let swept = cache.join(SWEPT);
    let age = |path: &Path| {
        now.duration_since(fs::metadata(path)?.modified()?)
            .map_err(io::Error::other)
    };
    // A time to come is that of a clock that was wrong.
    if age(&swept).is_ok_and(|age| age < DAY) {
        return;
    }
    // First, so that others leave it to us. In a cache that cannot be written to nothing can be removed either.
    if fs::write(&swept, "").is_err() {
        return;
    }
    for (folder, days) in STAY {
        sweep_folder(&cache.join(folder), now, DAY * days);
    }
}

fn sweep_folder(folder: &Path, now: SystemTime, stay: Duration) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let age = entry
            .metadata()
            .and_then(|data| data.modified())
            .map(|time| now.duration_since(time));
        if !matches!(age, Ok(Ok(age)) if age > stay) {
            continue;
        }
        let path = entry.path();
        // Somebody else may sweep at the same time, and what is missing need not be removed.
        let _ = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
    }
}

/// Notes that an entry was used just now. Without the note it only leaves earlier.
pub fn note_use(entry: &Path) {
    if let Ok(entry) = fs::File::open(entry) {
        let _ = entry.set_modified(SystemTime::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_swept_once_a_day() {
        let cache = tempfile::tempdir().unwrap();
        let entry = cache.path().join("verdicts/old");
        let age = |path: &Path, days: u32| {
            let file = fs::File::create(path).unwrap();
            file.set_modified(SystemTime::now() - DAY * days).unwrap();
        };
        fs::create_dir(cache.path().join("verdicts")).unwrap();
        age(&entry, 100);
        sweep_daily(cache.path(), SystemTime::now());
        assert!(!entry.exists());
        age(&entry, 100);
        sweep_daily(cache.path(), SystemTime::now());
        assert!(entry.exists());
        sweep_daily(cache.path(), SystemTime::now() + DAY * 2);
        assert!(!entry.exists());
        age(&entry, 100);
        sweep_daily(cache.path(), SystemTime::now() - DAY);
        assert!(!entry.exists());
    }

    #[test]
    fn only_what_is_past_its_time_goes() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["old", "used"] {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("file"), "x").unwrap();
            fs::File::open(&path)
                .unwrap()
                .set_modified(SystemTime::now() - DAY * 40)
                .unwrap();
        }
        note_use(&folder.path().join("used"));
        sweep_folder(folder.path(), SystemTime::now(), DAY * 30);
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .map(|it| it.file_name())
            .collect();
        assert_eq!(left, ["used"]);
    }
}
