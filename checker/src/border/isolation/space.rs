//! Namespaces: a first process of its own for each run, which builds the box, starts the payload and collects what ends.
//!
//! The payload is never the first process itself: the kernel keeps signals from a first process, so that its `abort()`
//! would look like something else, and orphans would have nobody to wait for them.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitStatus;

use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Gid, Pid, Uid};

use super::tree::Owner;
use super::{kernel, reap_next};

/// Every kind that keeps a payload apart from the machine. Cgroups are left out: there is nothing to be seen there.
const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS;

/// The user that a payload of root becomes: nobody.
const NOBODY: u32 = 65534;

const STARTED: u8 = b'S';
const FAILED: u8 = b'F';

/// The first process of a box that runs.
pub(in super::super) struct Space {
    /// The first process; with it everything in the box ends.
    pub init: Pid,
    /// Tells how the payload ended.
    pub report: PipeReader,
}

/// Who the payload is: an ordinary user stays who they are; root becomes nobody, unless files of theirs are written.
pub(super) fn owner(keeps_user: bool) -> Owner {
    let (user, group) = (Uid::current().as_raw(), Gid::current().as_raw());
    if user == 0 && !keeps_user {
        Owner {
            user: NOBODY,
            group: NOBODY,
        }
    } else {
        Owner { user, group }
    }
}

/// Starts the first process of a box. `prepare` runs in it and starts the payload.
///
/// # Errors
/// When the kernel refuses a namespace, or `prepare` fails; with its words.
pub(super) fn start(owner: Owner, prepare: impl FnOnce() -> io::Result<Pid>) -> io::Result<Space> {
    let (mut go_ahead, may_go) = io::pipe()?;
    let (mut report, tell) = io::pipe()?;
    // The maps of a process that is closed to debuggers belong to root.
    prctl::set_dumpable(true)?;
    // SAFETY: the supervisor has one thread.
    let init = match unsafe { kernel::fork_into(NAMESPACES) } {
        // The kernel's word for a limit on namespaces is that there is no space left on a device.
        Err(error) if error.raw_os_error() == Some(libc::ENOSPC) => {
            let why =
                "clone into namespaces: /proc/sys/user/max_*_namespaces allow no more of them";
            return Err(io::Error::new(error.kind(), why));
        }
        Err(error) => return Err(named("clone into namespaces", error)),
        Ok(None) => {
            drop((may_go, report));
            let code = catch_unwind(AssertUnwindSafe(|| run(&mut go_ahead, tell, prepare)));
            kernel::exit_now(code.unwrap_or(libc::EXIT_FAILURE))
        }
        Ok(Some(init)) => init,
    };
    drop((go_ahead, tell));
    let started = map_users(init, owner)
        .and_then(|()| (&may_go).write_all(b"+"))
        .and_then(|()| hear_start(&mut report));
    prctl::set_dumpable(false)?;
    match started {
        Ok(()) => Ok(Space { init, report }),
        Err(error) => {
            // Nothing of ours may stay, whatever the reason; it has no status that anybody needs.
            let _ = kill(init, Signal::SIGKILL);
            let _ = waitpid(init, Some(WaitPidFlag::__WALL));
            Err(error)
        }
    }
}

/// Waits for the word that the payload runs.
fn hear_start(report: &mut PipeReader) -> io::Result<()> {
    let mut word = [0];
    report
        .read_exact(&mut word)
        .map_err(|_| io::Error::other("the first process of the box ended before it was ready"))?;
    if word == [STARTED] {
        return Ok(());
    }
    let mut text = String::new();
    report.read_to_string(&mut text)?;
    Err(io::Error::other(text))
}

/// Says which users exist in the box. Root names two: itself, to build the box, and the payload's.
fn map_users(init: Pid, owner: Owner) -> io::Result<()> {
    let own = (Uid::current().as_raw(), Gid::current().as_raw());
    let file = |name: &str, text: String| {
        fs::write(format!("/proc/{init}/{name}"), text)
            .map_err(|error| named(&format!("write {name}"), error))
    };
    let map = |own: u32, theirs: u32| {
        let first = format!("{own} {own} 1\n");
        if own == theirs {
            first
        } else {
            format!("{first}{theirs} {theirs} 1\n")
        }
    };
    if own.0 != 0 {
        // Without it an ordinary user may map no group.
        file("setgroups", "deny".to_owned())?;
    }
    file("gid_map", map(own.1, owner.group))?;
    file("uid_map", map(own.0, owner.user))
}

/// What the first process does: prepares, starts, and collects until nobody is left.
fn run(
    go_ahead: &mut PipeReader,
    mut tell: PipeWriter,
    prepare: impl FnOnce() -> io::Result<Pid>,
) -> libc::c_int {
    let ready = prctl::set_pdeathsig(Signal::SIGKILL)
        .map_err(io::Error::from)
        // Ends without a byte when the supervisor died before the line above.
        .and_then(|()| go_ahead.read_exact(&mut [0]))
        .and_then(|()| prepare());
    let payload = match ready {
        Ok(payload) => payload,
        Err(error) => {
            let _ = tell.write_all(format!("{}{error}", char::from(FAILED)).as_bytes());
            return libc::EXIT_FAILURE;
        }
    };
    if tell.write_all(&[STARTED]).is_err() {
        return libc::EXIT_FAILURE;
    }
    loop {
        match reap_next() {
            Ok((pid, status)) if pid == payload => {
                // A supervisor that is gone has ended us already.
                let _ = tell.write_all(&status.into_raw().to_le_bytes());
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return libc::EXIT_SUCCESS,
        }
    }
}

/// The payload's status from what the first process tells; `None` while it is incomplete.
pub(in super::super) fn status_from(told: &[u8]) -> Option<ExitStatus> {
    let raw = told.first_chunk::<4>()?;
    Some(ExitStatus::from_raw(i32::from_le_bytes(*raw)))
}

fn named(what: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
