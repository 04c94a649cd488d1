//! Reads what a run depends on: each file once, with a message of its own for each way in which it can be unusable.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::build::scratch::Scratch;
use crate::errors::{ExpectedError, shown};
use crate::lesson::{Lesson, Sources};
use crate::message;
use crate::message::Message;
use crate::variant::{Backend, Bridge, Variant};
use crate::workspace::Workspace;

/// The largest source file that is read; a bridge file has 80 lines.
const LARGEST: u64 = 1 << 20;

/// Named contents, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    /// All files directly in a folder. Built files are left out: they are ours to make.
    pub fn of_folder(folder: &Path) -> Result<Files, ExpectedError> {
        let refuse = |error: std::io::Error| ExpectedError::UnusableFile {
            path: folder.to_owned(),
            problem: error.to_string().into(),
            next: message!("error-restore-folder"),
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(refuse)? {
            let path = entry.map_err(refuse)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if path.is_file() && !is_built(&path) {
                files.push((name.to_owned(), read(folder, &path)?));
            }
        }
        files.sort();
        Ok(Files(files))
    }

    /// Name and content of each.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// The content of one.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.entries()
            .find(|(other, _)| *other == name)
            .map(|(_, bytes)| bytes)
    }

    /// Puts a content in, in place of any that has this name.
    pub fn set(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.retain(|(other, _)| other != name);
        self.0.push((name.to_owned(), bytes));
        self.0.sort();
    }

    /// Whether a file has this name.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names of the C files.
    pub fn c_files(&self) -> impl Iterator<Item = &str> {
        self.entries()
            .map(|(name, _)| name)
            .filter(|name| name.ends_with(".c"))
    }

    /// Writes all of them below a private folder.
    pub fn write_to(&self, scratch: &Scratch, below: &str) -> anyhow::Result<()> {
        for (name, bytes) in self.entries() {
            scratch.write(&Path::new(below).join(name).to_string_lossy(), bytes)?;
        }
        Ok(())
    }
}

fn is_built(path: &Path) -> bool {
    path.extension().is_some_and(|it| {
        ["so", "o", "a", "dylib", "dll", "pyd"]
            .iter()
            .any(|built| it == *built)
    })
}

/// The files of a bridge, in `solution/` and `exercise/`.
pub fn files_of(variant: Variant) -> &'static [&'static str] {
    match (variant.bridge, variant.backend) {
        (Bridge::Ctypes, _) => &["ctypes_bridge.py"],
        (Bridge::Abi, _) => &["abi_bridge.py"],
        (Bridge::Api, _) => &["api_build.py", "api_bridge.py"],
        (Bridge::Ext, Backend::Stock) => &["ext/module.c"],
        (Bridge::Ext, Backend::Rust) => &["ext/lib.rs"],
    }
}

/// Reads the files of a variant from these sources.
pub fn bridge_files(
    lesson: &Lesson,
    variant: Variant,
    sources: &Sources,
) -> Result<Files, ExpectedError> {
    let mut files = Vec::new();
    for name in files_of(variant) {
        let path = lesson.source_file(sources, Path::new(name));
        let bytes = read(lesson.source_root(sources), &path)?;
        check_text(&path, &bytes).map_err(|problem| unusable(&path, problem))?;
        files.push(((*name).to_owned(), bytes));
    }
    files.sort();
    Ok(Files(files))
}

/// Reads one file of a lesson, wherever a participant may have put something strange.
pub fn read(folder: &Path, path: &Path) -> Result<Vec<u8>, ExpectedError> {
    read_or_say(folder, path).map_err(|problem| unusable(path, problem))
}

fn unusable(path: &Path, problem: Message) -> ExpectedError {
    ExpectedError::UnusableFile {
        path: path.to_owned(),
        problem,
        next: restore(path),
    }
}

fn restore(path: &Path) -> Message {
    let command = format!("git checkout -- {}", shown(path));
    message!("error-correct-or-restore", command = command)
}

fn read_or_say(folder: &Path, path: &Path) -> Result<Vec<u8>, Message> {
    let told = |error: std::io::Error| Message::from(error.to_string());
    let data = match fs::symlink_metadata(path) {
        Ok(data) => data,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(message!("error-file-missing"));
        }
        Err(error) => return Err(told(error)),
    };
    let real = fs::canonicalize(path).map_err(|error| match data.is_symlink() {
        true => message!("error-link-nowhere", why = error.to_string()),
        false => told(error),
    })?;
    let home = fs::canonicalize(folder).map_err(told)?;
    if !real.starts_with(&home) {
        return Err(message!(
            "error-link-outside",
            target = real.display().to_string(),
        ));
    }
    let data = fs::metadata(&real).map_err(told)?;
    if data.is_dir() {
        return Err(message!("error-is-folder"));
    }
    if !data.is_file() {
        return Err(message!("error-is-device"));
    }
    if data.len() > LARGEST {
        return Err(message!(
            "error-too-large",
            bytes = data.len(),
            most = LARGEST,
        ));
    }
    let mut bytes = Vec::new();
    fs::File::open(&real)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(told)?;
    Ok(bytes)
}

fn check_text(path: &Path, bytes: &[u8]) -> Result<(), Message> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(message!("error-file-empty"));
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        let line = bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        let byte = bytes[error.valid_up_to()];
        let language = path.extension().unwrap_or_default().to_string_lossy();
        return Err(message!(
            "error-line-not-utf8",
            line = line,
            byte = format!("0x{byte:02x}"),
            extension = language.as_ref(),
        ));
    }
    Ok(())
}

/// Built files for another machine that lie in a lesson's folders: named before a lesson is blamed for them.
pub fn foreign_libraries(workspace: &Workspace, lesson: &Lesson) -> Vec<String> {
    let folders = ["", "clib", "exercise", "exercise/ext"].map(|below| lesson.folder.join(below));
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    let mut remarks: Vec<String> = entries
        .map(|entry| entry.path())
        .filter(|path| is_built(path))
        .filter_map(|path| {
            let foreign = clib::inspect::foreign(&path)?;
            let shown = workspace.shown(&path).display().to_string();
            Some(format!("{shown} is {foreign}; it is not used, and a fresh one was built; remove it: `rm {shown}`"))
        })
        .collect();
    remarks.sort();
    remarks
}
