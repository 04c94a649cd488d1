//! What lies on the disk of a lesson, by content: two equal pictures mean that there is nothing new to check.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::judge::inputs;
use crate::lesson::Lesson;
use crate::variant::Variant;

/// Larger files are not read; the judge refuses them anyway.
const LARGEST: u64 = 1 << 20;

/// A picture of all files that a verdict depends on and somebody may edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    entries: BTreeMap<PathBuf, Entry>,
}

/// What has the name of a watched file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Missing,
    Empty,
    Content(blake3::Hash),
    Folder,
    Device,
    Large(u64),
    Unreadable(String),
}

/// Which files the picture was taken of: a file that was written again with the same content has another stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(Vec<(u64, u64, i64, i64)>);

/// The files that are watched, each by its path. They need not exist.
pub fn watched(lesson: &Lesson) -> Vec<PathBuf> {
    let exercise = lesson.folder.join("exercise");
    let bridges = Variant::all()
        .flat_map(|variant| inputs::files_of(variant).iter().map(PathBuf::from))
        .filter(|file| {
            let named = |it: &crate::lesson::Exercise| it.files.contains(file);
            lesson.manifest.exercises.iter().any(named) || exercise.join(file).exists()
        });
    let quizzes = lesson.manifest.quizzes.iter().map(|quiz| quiz.file.clone());
    let mut files: Vec<PathBuf> = bridges
        .chain(quizzes)
        .map(|file| exercise.join(file))
        .collect();
    for own in ["lesson.toml", "scenarios.py"] {
        files.push(lesson.folder.join(own));
    }
    if let Ok(entries) = fs::read_dir(lesson.folder.join("clib")) {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files.sort();
    files.dedup();
    files
}

/// The folders whose events tell of these files, the folder of all lessons first.
pub fn folders(lesson: &Lesson) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = watched(lesson)
        .iter()
        .filter_map(|file| file.parent())
        .chain(lesson.folder.parent())
        .chain([lesson.folder.join("exercise").as_path()])
        .map(Path::to_owned)
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Takes a picture; `None` when the lesson itself is gone.
pub fn look(lesson: &Lesson) -> Option<(Seen, Stamp)> {
    if !lesson.folder.join("lesson.toml").exists() {
        return None;
    }
    let files = watched(lesson);
    let stamp = Stamp(files.iter().map(|file| stamp(file)).collect());
    let entries = files
        .into_iter()
        .map(|file| (file.clone(), entry(&file)))
        .collect();
    Some((Seen { entries }, stamp))
}

impl Seen {
    /// A short name for the content, the same for the same content.
    pub fn name(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (path, entry) in &self.entries {
            hasher.update(path.as_os_str().as_encoded_bytes());
            hasher.update(format!("\0{entry:?}\0").as_bytes());
        }
        hasher.finalize().to_hex()[..12].to_owned()
    }

    /// Whether a file of the other picture is missing or empty here: many editors remove or empty a file before they write it.
    pub fn lacks_what(&self, other: &Seen) -> bool {
        let lacking = [Entry::Missing, Entry::Empty];
        self.entries.iter().any(|(path, entry)| {
            let before = other.entries.get(path);
            lacking.contains(entry) && before.is_some_and(|it| !lacking.contains(it))
        }) || other
            .entries
            .keys()
            .any(|path| !self.entries.contains_key(path))
    }
}

fn stamp(file: &Path) -> (u64, u64, i64, i64) {
    fs::metadata(file).map_or((0, 0, 0, 0), |data| {
        (data.ino(), data.len(), data.ctime(), data.ctime_nsec())
    })
}

fn entry(file: &Path) -> Entry {
    let data = match fs::metadata(file) {
        Ok(data) => data,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Entry::Missing,
        Err(error) => return Entry::Unreadable(error.kind().to_string()),
    };
    if data.is_dir() {
        return Entry::Folder;
    }
    // Opening a pipe would wait for its writer.
    if !data.is_file() {
        return Entry::Device;
    }
    if data.len() == 0 {
        return Entry::Empty;
    }
    if data.len() > LARGEST {
        return Entry::Large(data.len());
    }
    let mut bytes = Vec::new();
    match fs::File::open(file).and_then(|it| it.take(LARGEST + 1).read_to_end(&mut bytes)) {
        Ok(_) => Entry::Content(blake3::hash(&bytes)),
        Err(error) => Entry::Unreadable(error.kind().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn lesson() -> (tempfile::TempDir, Lesson) {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("lesson-1");
        fs::create_dir_all(folder.join("exercise")).unwrap();
        fs::write(folder.join("lesson.toml"), "").unwrap();
        let manifest = toml::from_str(
            "format_version = 1\nid = \"lesson-1\"\norder = 1\ntitle = \"T\"\nsection = \"1\"\nminutes = 45\n\
             [clib]\nname = \"add\"\n\
             [[exercise]]\nid = \"abi\"\ntitle = \"D\"\nminutes = 1\nvariants = [\"abi/*\"]\nfiles = [\"abi_bridge.py\"]\npoints = 2\n",
        );
        let manifest = manifest.unwrap();
        (root, Lesson { folder, manifest })
    }

    #[test]
    fn only_content_counts_and_a_stamp_tells_a_second_writing() {
        let (_root, lesson) = lesson();
        let file: PathBuf = lesson.folder.join("exercise/abi_bridge.py");
        let nothing = look(&lesson).unwrap().0;
        fs::write(&file, "x").unwrap();
        let (first, stamp) = look(&lesson).unwrap();
        assert_ne!(first, nothing);
        assert!(nothing.lacks_what(&first) && !first.lacks_what(&nothing));
        let other = lesson.folder.join("new");
        fs::write(&other, "x").unwrap();
        fs::rename(&other, &file).unwrap();
        let (second, again) = look(&lesson).unwrap();
        assert_eq!((&second, second.name()), (&first, first.name()));
        assert_ne!(again, stamp);
        fs::write(&file, "").unwrap();
        assert!(look(&lesson).unwrap().0.lacks_what(&first));
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_ne!(look(&lesson).unwrap().0.name(), nothing.name());
        fs::remove_dir_all(&lesson.folder).unwrap();
        assert!(look(&lesson).is_none());
    }

    #[test]
    fn a_pipe_does_not_make_it_wait() {
        let (_root, lesson) = lesson();
        let file = lesson.folder.join("exercise/abi_bridge.py");
        nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRWXU).unwrap();
        look(&lesson).unwrap();
    }
}
