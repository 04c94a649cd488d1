//! Makes what a variant needs: C library, extension module, engines. Found again by content, never by time.

pub mod api;
pub mod clib;
pub mod compiler;
pub mod engines;
pub mod ext;
pub mod rust;
pub mod sanitizers;
pub mod scratch;
pub mod store;
pub mod sweep;
pub mod tools;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::border::{Captured, Ended, Ending, Limit};
use crate::errors::ExpectedError;
use crate::lesson::Limits;
use crate::message;
use crate::message::Message;

/// Why a participant's code did not become an extension module.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The compiler or the build script refused it; what it said, with the participant's own file names.
    Refused(String),
    /// The build was ended at a limit, by a signal, or tried something that the sandbox forbids.
    Stopped(String),
}

impl Failure {
    /// The same failure with what a program said in other words.
    pub fn map(self, reworded: impl FnOnce(String) -> String) -> Failure {
        match self {
            Failure::Refused(output) => Failure::Refused(reworded(output)),
            Failure::Stopped(output) => Failure::Stopped(reworded(output)),
        }
    }

    /// The same failure with the participant's own file names.
    pub fn with_shown_names(self, names: &[(String, String)]) -> Failure {
        self.map(|output| with_shown_names(&output, names))
    }
}

/// An extension module that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The file.
    pub module: PathBuf,
    /// What the compiler said while it succeeded.
    pub warnings: String,
}

/// Beside the module in the store: what the compiler said.
const WARNINGS: &str = "warnings.txt";

impl Built {
    fn read(entry: &Path, file: &str) -> Built {
        Built {
            module: entry.join(file),
            warnings: std::fs::read_to_string(entry.join(WARNINGS)).unwrap_or_default(),
        }
    }
}

/// Keeps a module and what was said about it in an entry of the store.
fn keep(scratch: &scratch::Scratch, entry: &Path, file: &str, said: &str) -> anyhow::Result<()> {
    copy(&scratch.path().join(file), &entry.join(file))?;
    std::fs::write(entry.join(WARNINGS), said)
        .map_err(|cause| ExpectedError::cache(entry, cause).into())
}

/// An extension module finds Python's functions in the interpreter that loads it; macOS wants that said.
pub fn module_link_flags() -> impl Iterator<Item = String> {
    let flags: &[&str] = if cfg!(target_os = "macos") {
        &["-undefined", "dynamic_lookup"]
    } else {
        &[]
    };
    flags.iter().map(|flag| (*flag).to_owned())
}

/// What building may use: generous, because a compiler is ours, but finite, because its input is not.
pub fn limits() -> Limits {
    Limits {
        wall_seconds: 120,
        memory_mib: 2048,
        output_kib: 4096,
        processes: 128,
        ..Limits::DEFAULT
    }
}

/// The environment of a compiler: enough to find its parts, nothing that changes its output.
pub fn environment() -> Vec<(OsString, OsString)> {
    const KEPT: [&str; 5] = ["PATH", "HOME", "TMPDIR", "SDKROOT", "DEVELOPER_DIR"];
    let mut variables: Vec<(OsString, OsString)> = KEPT
        .iter()
        .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)))
        .collect();
    // Messages are shown to participants and matched by the checker: one language, plain quotes.
    variables.push(("LC_ALL".into(), "C".into()));
    variables
}

/// Puts the files that a build step left behind into our own copy of its folder. Where the step worked in that very
/// folder, it may have put a link in their place; that is removed and not followed.
///
/// # Errors
/// When a file cannot be written.
pub fn take_results(ended: &Ended, folder: &Path) -> anyhow::Result<()> {
    for (name, bytes) in &ended.results {
        let path = folder.join(name);
        let unwritable = |cause| ExpectedError::cache(&path, cause);
        match std::fs::remove_file(&path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(unwritable(cause).into());
            }
            _ => {}
        }
        let mut file = std::fs::File::create_new(&path).map_err(unwritable)?;
        file.write_all(bytes).map_err(unwritable)?;
    }
    Ok(())
}

/// Standard output, then standard error, of a build step.
pub fn output_of(ended: &Ended) -> String {
    let mut text = captured_text(&ended.stdout);
    text += &captured_text(&ended.stderr);
    text
}

/// What was captured, with a remark where the middle is missing.
pub fn captured_text(captured: &Captured) -> String {
    let mut text = String::from_utf8_lossy(&captured.head).into_owned();
    let kept = (captured.head.len() + captured.tail.len()) as u64;
    if captured.total > kept {
        text += &format!("\n[{} bytes left out]\n", captured.total - kept);
    }
    text += &String::from_utf8_lossy(&captured.tail);
    text
}

/// Whether a build step succeeded, with what it said, or how it failed.
///
/// # Errors
/// When the disk is full: nobody's code is to blame then.
pub fn outcome(ended: &Ended) -> Result<Result<String, Failure>, ExpectedError> {
    let said = output_of(ended);
    if ended.ending != Ending::Exited(0) && said.contains("No space left on device") {
        return Err(full_disk());
    }
    Ok(match &ended.ending {
        Ending::Exited(0) => Ok(said),
        Ending::Exited(_) => Err(Failure::Refused(said)),
        Ending::Signaled(signal) => {
            let name = crate::border::signal_name(*signal);
            Err(Failure::Stopped(format!(
                "the build was ended by {name}\n{said}"
            )))
        }
        Ending::Stopped(limit) => {
            let why = limit_in_words(*limit).english();
            Err(Failure::Stopped(format!(
                "the build was stopped: {why}\n{said}"
            )))
        }
        Ending::Dismissed => Err(Failure::Stopped("the build was ended".to_owned())),
    })
}

/// The error for a compiler that found no room.
fn full_disk() -> ExpectedError {
    ExpectedError::Tool {
        tool: message!("speaker-build"),
        cause: message!("error-disk-full-build"),
        next: message!("error-disk-full-build-next"),
    }
}

/// A limit, in words.
pub fn limit_in_words(limit: Limit) -> Message {
    match limit {
        Limit::Time => message!("limit-time"),
        Limit::Memory => message!("limit-memory"),
        Limit::Output => message!("limit-output"),
        Limit::Processes => message!("limit-processes"),
    }
}

/// Puts the participant's own paths into compiler messages: `staged` is the name that the compiler was given.
pub fn with_shown_names(output: &str, names: &[(String, String)]) -> String {
    output
        .lines()
        .map(|line| {
            let mut line = line.to_owned();
            for (staged, shown) in names {
                for (before, after) in [
                    ("", ":"),
                    ("In file included from ", ":"),
                    ("from ", ":"),
                    ("--> ", ":"),
                ] {
                    let needle = format!("{before}{staged}{after}");
                    if line.trim_start().starts_with(&needle) {
                        line = line.replacen(&needle, &format!("{before}{shown}{after}"), 1);
                        break;
                    }
                }
            }
            line + "\n"
        })
        .collect()
}

/// Copies one file to a place below the cache folder, and names it in the error.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match std::fs::copy(from, to) {
        Ok(_) => Ok(()),
        Err(cause)
            if matches!(
                cause.kind(),
                StorageFull | QuotaExceeded | ReadOnlyFilesystem
            ) =>
        {
            Err(ExpectedError::cache(to, cause).into())
        }
        Err(cause) => Err(anyhow::Error::new(cause).context(format!(
            "cannot copy {} to {}",
            from.display(),
            to.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_fills_up_while_a_file_is_copied_is_named() {
        let error = copy(Path::new("/proc/self/exe"), Path::new("/dev/full")).unwrap_err();
        let expected = error.downcast_ref::<ExpectedError>().unwrap();
        assert_eq!(expected.kind(), "cache");
        assert!(expected.next_step().english().contains("free some space"));
    }
}
