//! Ctrl-C: says so, and ends with the documented code.
//!
//! Whatever runs behind the border ends with us: each supervisor watches a pipe that closes when this process ends.

use std::path::PathBuf;
use std::sync::{Mutex, Once};

use nix::sys::signal::{SigSet, Signal};

use crate::exit;

static WATCH: Once = Once::new();
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// From now on, Ctrl-C and a polite request to end lead to exit code 130. Call it before any other thread starts.
pub fn watch() {
    WATCH.call_once(|| {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGINT);
        signals.add(Signal::SIGTERM);
        signals.add(Signal::SIGHUP);
        // Threads inherit the mask, so only the thread below ever sees these signals. Programs that we start do
        // not: `Command` gives them an empty mask.
        if signals.thread_block().is_ok() {
            std::thread::spawn(move || {
                if signals.wait().is_ok() {
                    leave();
                }
            });
        }
    });
}

/// A folder to remove should the run be interrupted.
pub fn remove_at_interrupt(folder: PathBuf) {
    if let Ok(mut folders) = FOLDERS.lock() {
        folders.push(folder);
    }
}

fn leave() -> ! {
    if let Ok(folders) = FOLDERS.lock() {
        for folder in folders.iter() {
            // Already removed by its owner, most of the time.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
    crate::output::remark("interrupted: nothing of yours was changed; the same command continues");
    std::process::exit(i32::from(exit::INTERRUPTED));
}
