//! Ctrl-C: says so, and ends with the documented code.
//!
//! Whatever runs behind the border ends with us: each supervisor watches a pipe that closes when this process ends. One that
//! finds us gone also removes the folders that we can no longer remove.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::{border, exit};

/// How long folders that are still written to are removed again and again.
const FAREWELL: Duration = Duration::from_millis(500);

static WATCH: Once = Once::new();
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// From now on, Ctrl-C and a polite request to end lead to exit code 130.
pub fn watch() {
    WATCH.call_once(|| {
        let signals = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
        if let Ok(mut pipe) = border::signal_pipe(&signals) {
            std::thread::spawn(move || {
                if pipe.read_exact(&mut [0]).is_ok() {
                    leave();
                }
            });
        }
    });
}

/// The folders that would have to be removed now.
pub fn folders() -> Vec<PathBuf> {
    let mut folders = locked();
    folders.retain(|folder| folder.exists());
    folders.clone()
}

/// From now on, the end of standard input ends the program, as Ctrl-C does.
pub fn leave_with_input() {
    std::thread::spawn(|| {
        // Nobody writes there; whatever ends the reading means that the other side is gone.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        leave();
    });
}

/// Makes a folder that is removed should the run be interrupted. Once it is, no more of them are made: whoever asks waits for the end.
///
/// # Errors
/// Those of `make`.
pub fn folder(make: impl FnOnce() -> io::Result<TempDir>) -> io::Result<TempDir> {
    let mut folders = locked();
    let made = make()?;
    folders.push(made.path().to_owned());
    Ok(made)
}

fn locked() -> MutexGuard<'static, Vec<PathBuf>> {
    // A list of paths is whole at any moment.
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn leave() -> ! {
    // Held to the end: a folder that is made now would stay.
    let mut folders = locked();
    let end = Instant::now() + FAREWELL;
    loop {
        for folder in &*folders {
            // Its owner may be removing it at this moment, or still write to it.
            let _ = std::fs::remove_dir_all(folder);
        }
        folders.retain(|folder| folder.exists());
        if folders.is_empty() || Instant::now() > end {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    crate::output::remark("interrupted: nothing of yours was changed; the same command continues");
    std::process::exit(i32::from(exit::INTERRUPTED));
}
