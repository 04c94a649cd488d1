//! Ctrl-C in tests.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::{SigHandler, Signal, signal};

/// Lets the program hear Ctrl-C and the end of its terminal, whoever started the tests: a shell has the one ignored by all
/// that it runs in the background, nohup the other, and the checker respects that.
pub fn heard_by(command: &mut Command) -> &mut Command {
    let reset = || {
        // SAFETY: signal() is async-signal-safe, and no handler of ours is involved.
        unsafe {
            signal(Signal::SIGINT, SigHandler::SigDfl)?;
            signal(Signal::SIGHUP, SigHandler::SigDfl)?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes two system calls; it allocates nothing and takes no lock.
    unsafe { command.pre_exec(reset) }
}
