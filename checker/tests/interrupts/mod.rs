//! Ctrl-C in tests.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::{SigHandler, Signal, signal};

/// Lets the program hear Ctrl-C, whoever started the tests: a shell has it ignored by all that it runs in the background,
/// and the checker respects that.
pub fn heard_by(command: &mut Command) -> &mut Command {
    let reset = || {
        // SAFETY: signal() is async-signal-safe, and no handler of ours is involved.
        unsafe { signal(Signal::SIGINT, SigHandler::SigDfl)? };
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes one system call; it allocates nothing and takes no lock.
    unsafe { command.pre_exec(reset) }
}
