//! A store of finished builds, addressed by the content of everything that they were made from.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::errors::ExpectedError;
use crate::interrupt;

/// The file in an entry that lists the others with size and hash.
const CONTENTS: &str = ".contents";

/// Collects what something is made from. Fields are length-prefixed, so that no two lists of fields look alike.
#[derive(Clone, Debug)]
pub struct Key(blake3::Hasher);

impl Key {
    /// Starts a key of this kind.
    pub fn of(kind: &str) -> Key {
        Key(blake3::Hasher::new()).text(kind)
    }

    /// Adds a text.
    pub fn text(self, text: &str) -> Key {
        self.bytes(text.as_bytes())
    }

    /// Adds bytes.
    pub fn bytes(mut self, bytes: &[u8]) -> Key {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds named contents, for example all files of a folder.
    pub fn named<'a>(mut self, entries: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Key {
        let mut count: u64 = 0;
        for (name, bytes) in entries {
            self = self.text(name).bytes(bytes);
            count += 1;
        }
        self.bytes(&count.to_le_bytes())
    }

    /// The key: 64 hexadecimal digits.
    pub fn finish(self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// Where finished builds are kept: one folder for each key.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in this folder, which need not exist yet.
    pub fn new(folder: PathBuf) -> Store {
        Store { folder }
    }

    /// The entry with this key, if it is there and undamaged; a damaged one is removed.
    pub fn get(&self, key: &str) -> Option<PathBuf> {
        let entry = self.folder.join(key);
        if !entry.is_dir() {
            return None;
        }
        // An entry of an earlier checker may still be closed.
        if undamaged(&entry) && open_to_all(&entry).is_ok() {
            super::sweep::note_use(&entry);
            return Some(entry);
        }
        self.discard(&entry);
        None
    }

    /// The entry with this key; when it is missing, `make` fills an empty folder that becomes the entry.
    ///
    /// Two processes may make the same entry at once: the first to finish wins, and both get a complete one.
    pub fn get_or_make<E>(
        &self,
        key: &str,
        make: impl FnOnce(&Path) -> anyhow::Result<Result<(), E>>,
    ) -> anyhow::Result<Result<PathBuf, E>> {
        if let Some(entry) = self.get(key) {
            return Ok(Ok(entry));
        }
        let draft = self.draft()?;
        if let Err(refusal) = make(draft.path())? {
            return Ok(Err(refusal));
        }
        describe(draft.path())
            .and_then(|()| open_to_all(draft.path()))
            .map_err(|cause| self.unwritable(cause))?;
        let entry = self.folder.join(key);
        let made = draft.keep();
        if fs::rename(&made, &entry).is_err() {
            // Somebody else was faster. Theirs is as good as ours, unless the rename failed for another reason.
            let _ = fs::remove_dir_all(&made);
        }
        let entry = self.get(key).with_context(|| {
            format!(
                "the build {key} cannot be kept in {}",
                self.folder.display()
            )
        })?;
        Ok(Ok(entry))
    }

    /// An empty folder beside the entries, removed when dropped.
    fn draft(&self) -> Result<tempfile::TempDir, ExpectedError> {
        fs::create_dir_all(&self.folder)
            .and_then(|()| {
                interrupt::folder(|| {
                    tempfile::Builder::new()
                        .prefix(".draft-")
                        .tempdir_in(&self.folder)
                })
            })
            .map_err(|cause| self.unwritable(cause))
    }

    fn unwritable(&self, cause: io::Error) -> ExpectedError {
        ExpectedError::cache(self.folder.clone(), cause)
    }

    /// Moved aside first, so that nobody finds half an entry.
    fn discard(&self, entry: &Path) {
        if let Ok(grave) = self.draft() {
            let _ = fs::rename(entry, grave.path().join("damaged"));
        }
    }
}

/// Lets other users read a file or list a folder: temporary ones are for their owner alone, and payloads of root run as
/// another user.
///
/// # Errors
/// When it is not ours.
pub fn open_to_all(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let data = fs::metadata(path)?;
    let wanted = if data.is_dir() { 0o055 } else { 0o044 };
    let mode = data.permissions().mode();
    if mode & wanted == wanted {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode | wanted))
}

/// All files below a folder, as paths relative to it, sorted.
pub fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn describe(entry: &Path) -> io::Result<()> {
    let text = contents(entry)?;
    let mut file = File::create(entry.join(CONTENTS))?;
    file.write_all(text.as_bytes())
}

fn undamaged(entry: &Path) -> bool {
    let Ok(noted) = fs::read_to_string(entry.join(CONTENTS)) else {
        return false;
    };
    contents(entry).is_ok_and(|found| found == noted)
}

fn contents(entry: &Path) -> io::Result<String> {
    let mut text = String::new();
    for file in files_below(entry)? {
        let is_cache_of_python = file
            .components()
            .any(|part| part.as_os_str() == "__pycache__");
        if file == Path::new(CONTENTS) || is_cache_of_python {
            continue;
        }
        let bytes = fs::read(entry.join(&file))?;
        text += &format!(
            "{} {} {}\n",
            blake3::hash(&bytes).to_hex(),
            bytes.len(),
            file.display()
        );
    }
    Ok(text)
}

/// Writes a file so that nobody ever sees half of it; creates the folders above it.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(store: &Store, key: &str, text: &str) -> PathBuf {
        let made = store.get_or_make::<()>(key, |folder| {
            fs::write(folder.join("file"), text)?;
            Ok(Ok(()))
        });
        made.unwrap().unwrap()
    }

    #[test]
    fn an_entry_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("store"));
        make(&store, "k", "first");
        let entry = make(&store, "k", "second");
        assert_eq!(fs::read_to_string(entry.join("file")).unwrap(), "first");
    }

    #[test]
    fn a_damaged_entry_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("store"));
        let entry = make(&store, "k", "first");
        fs::write(entry.join("file"), "fir").unwrap();
        let entry = make(&store, "k", "second");
        assert_eq!(fs::read_to_string(entry.join("file")).unwrap(), "second");
    }

    #[test]
    fn a_refusal_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("store"));
        let refused = store.get_or_make("k", |folder| {
            fs::write(folder.join("file"), "half")?;
            Ok(Err("no"))
        });
        assert_eq!(refused.unwrap().unwrap_err(), "no");
        assert_eq!(
            fs::read_dir(folder.path().join("store")).unwrap().count(),
            0
        );
    }

    #[test]
    fn two_makers_of_one_entry_both_get_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("store"));
        let inner = store.clone();
        let entry = store.get_or_make::<()>("k", |draft| {
            make(&inner, "k", "the faster one");
            fs::write(draft.join("file"), "the slower one")?;
            Ok(Ok(()))
        });
        let entry = entry.unwrap().unwrap();
        assert_eq!(
            fs::read_to_string(entry.join("file")).unwrap(),
            "the faster one"
        );
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let key = |a: &str, b: &str| Key::of("test").text(a).text(b).finish();
        assert_ne!(key("ab", "c"), key("a", "bc"));
    }
}
