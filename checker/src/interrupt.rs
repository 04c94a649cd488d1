//! Ctrl-C: says so, and ends with the documented code.
//!
//! Whatever runs behind the border ends with us: each supervisor watches a pipe that closes when this process ends. One that
//! finds us gone also removes the folders that we can no longer remove.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Mutex, Once};

use nix::sys::signal::Signal;

use crate::{border, exit};

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
    let Ok(mut folders) = FOLDERS.lock() else {
        return Vec::new();
    };
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

/// A folder to remove should the run be interrupted.
pub fn remove_at_interrupt(folder: PathBuf) {
    if let Ok(mut folders) = FOLDERS.lock() {
        folders.push(folder);
    }
}

fn leave() -> ! {
    for folder in folders() {
        // Its owner may be removing it at this moment.
        let _ = std::fs::remove_dir_all(folder);
    }
    crate::output::remark("interrupted: nothing of yours was changed; the same command continues");
    std::process::exit(i32::from(exit::INTERRUPTED));
}
