//! What the supervisor does to itself and to a payload before the payload's first instruction, and how the checker hears
//! signals.
//!
//! This is the only file of the checker with unsafe code. Further stages of isolation (namespaces, Landlock, seccomp)
//! belong here too: [`confine`] is the one place that every payload passes between fork and exec.

#![allow(unsafe_code)]

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::libc;
use nix::sys::prctl;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{Pid, getpid, getppid, setsid};

use crate::lesson::Limits;

/// The largest file that a payload may write, bytes.
const FILE_SIZE: rlim_t = 1 << 30;
/// How many descriptors a payload may have open.
const DESCRIPTORS: rlim_t = 1024;
/// Threads of the same user that may start elsewhere while a payload runs.
const NEIGHBOURS: rlim_t = 256;

/// Makes this process fit to supervise: a session of its own, the parent of every orphan below it, closed to debuggers
/// of the same user, deaf to signals other than SIGKILL and SIGSTOP, and with no descriptor that a child would inherit.
///
/// # Errors
/// Whatever the kernel refuses.
pub(super) fn become_supervisor() -> io::Result<()> {
    setsid()?;
    prctl::set_child_subreaper(true)?;
    prctl::set_dumpable(false)?;
    SigSet::all().thread_block()?;
    keep_descriptors_private()
}

/// Lets no descriptor above standard error pass into a child.
fn keep_descriptors_private() -> io::Result<()> {
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let number: Option<i32> = name.to_str().and_then(|digits| digits.parse().ok());
        if let Some(number) = number.filter(|number| *number > 2) {
            // SAFETY: the borrow lives for one call; a number that is closed by then gives EBADF and nothing else.
            let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
            match fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)) {
                // The listing's own descriptor is among the names and may be closed already.
                Ok(_) | Err(Errno::EBADF) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// Lets this one descriptor pass into children.
///
/// # Errors
/// Whatever the kernel refuses.
pub(super) fn let_inherit(descriptor: impl AsFd) -> io::Result<()> {
    fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(())
}

/// Arranges that `command`, once started, has its own session, default signals, resource limits, and dies with the
/// supervisor.
///
/// # Errors
/// When the present limits cannot be read.
pub(super) fn confine(command: &mut Command, limits: &Limits) -> io::Result<()> {
    let ceilings = ceilings(limits)?;
    let supervisor = getpid();
    let stage = move || {
        setsid()?;
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        if getppid() != supervisor {
            // The supervisor died before the line above; nobody would end this process.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        for (resource, soft, hard) in ceilings {
            setrlimit(resource, soft, hard)?;
        }
        for number in 1..=libc::SIGRTMAX() {
            // SAFETY: signal() is async-signal-safe. It refuses the few numbers that cannot be changed, as it should.
            unsafe { libc::signal(number, libc::SIG_DFL) };
        }
        SigSet::empty().thread_set_mask()?;
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls only. It owns plain numbers, allocates nothing and
    // takes no lock; the supervisor has one thread, so no lock can be held by another.
    unsafe { command.pre_exec(stage) };
    Ok(())
}

/// Lets this process run before all others for what little it has left to do. Only a privileged user may, and only such
/// a user needs it: the kernel's limit on processes, which keeps fork bombs small, does not bind root.
pub(super) fn go_first() {
    let priority = libc::sched_param { sched_priority: 1 };
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    // SAFETY: `priority` lives during the call, which reads it and nothing else. A refusal changes nothing.
    let _ = unsafe { libc::sched_setscheduler(0, policy, &raw const priority) };
}

/// The writing end of the pipe behind [`signal_pipe`]; negative before it exists.
static SIGNAL_PIPE: AtomicI32 = AtomicI32::new(-1);

/// A pipe that gets a byte whenever one of these signals arrives, which then does nothing else; those that are ignored
/// already stay so. Unlike blocked signals, this
/// does not pass into programs that are started: they keep hearing Ctrl-C themselves.
///
/// # Errors
/// Whatever the kernel refuses.
pub fn signal_pipe(signals: &[Signal]) -> io::Result<PipeReader> {
    let (reader, writer) = io::pipe()?;
    SIGNAL_PIPE.store(writer.into_raw_fd(), Ordering::SeqCst);
    let action = SigAction::new(
        SigHandler::Handler(note_signal),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    for signal in signals {
        // SAFETY: the handler makes one async-signal-safe system call on a descriptor that is never closed.
        let before = unsafe { sigaction(*signal, &action)? };
        if matches!(before.handler(), SigHandler::SigIgn) {
            // Whoever started us wants it ignored, as nohup does.
            // SAFETY: no handler of ours is involved.
            unsafe { sigaction(*signal, &before)? };
        }
    }
    Ok(reader)
}

extern "C" fn note_signal(_: libc::c_int) {
    let byte = [0_u8];
    // The interrupted code may be about to read its own errno.
    let errno = Errno::last_raw();
    // SAFETY: write() is async-signal-safe and reads one byte of `byte`. A full pipe has told its reader already.
    unsafe { libc::write(SIGNAL_PIPE.load(Ordering::SeqCst), byte.as_ptr().cast(), 1) };
    Errno::set_raw(errno);
}

/// Collects one child that has ended, whoever started it; `None` while all live. nix refuses statuses with real-time
/// signals, after the child is gone, and so would lose them.
///
/// # Errors
/// `ECHILD` when no child is left.
pub(super) fn reap() -> Result<Option<(Pid, ExitStatus)>, Errno> {
    let mut status = 0;
    // SAFETY: `status` is valid for a write of a c_int during the call, and nothing else is passed by address.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG | libc::__WALL) };
    match Errno::result(pid)? {
        0 => Ok(None),
        pid => Ok(Some((Pid::from_raw(pid), ExitStatus::from_raw(status)))),
    }
}

/// The resource limits of a payload: soft and hard value of each, never above what this process has itself.
fn ceilings(limits: &Limits) -> io::Result<[(Resource, rlim_t, rlim_t); 5]> {
    // Above the wall clock, so that the watch comes first and Python can show its stack.
    let cpu = limits.wall_seconds.saturating_add(1);
    let wanted = [
        (Resource::RLIMIT_CORE, 0, 0),
        (Resource::RLIMIT_CPU, cpu, cpu.saturating_add(1)),
        (Resource::RLIMIT_FSIZE, FILE_SIZE, FILE_SIZE),
        (Resource::RLIMIT_NOFILE, DESCRIPTORS, DESCRIPTORS),
        (
            Resource::RLIMIT_NPROC,
            thread_ceiling(limits),
            thread_ceiling(limits),
        ),
    ];
    let mut allowed = wanted;
    for (resource, soft, hard) in &mut allowed {
        let (_, present) = getrlimit(*resource)?;
        *hard = (*hard).min(present);
        *soft = (*soft).min(*hard);
    }
    Ok(allowed)
}

/// The kernel counts all threads of the user, so the run's own share comes on top of those that exist now.
fn thread_ceiling(limits: &Limits) -> rlim_t {
    threads_on_this_machine().map_or(RLIM_INFINITY, |present| {
        present
            .saturating_add(limits.processes)
            .saturating_add(NEIGHBOURS)
    })
}

/// The figure behind the slash in `/proc/loadavg`, for example 94 in `0.51 0.25 0.20 1/94 15168`.
fn threads_on_this_machine() -> Option<rlim_t> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_ascii_whitespace()
        .nth(3)?
        .split_once('/')?
        .1
        .parse()
        .ok()
}

/// Takes variables out of this process's environment and puts others in.
///
/// # Errors
/// When this process has more than one thread, since another thread could be reading the environment.
pub(crate) fn change_environment(unset: &[&str], set: &[(&str, OsString)]) -> io::Result<()> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other(
            "the environment can only change before the first thread starts",
        ));
    }
    for name in unset {
        // SAFETY: this is the only thread, as counted above, so nobody reads the environment meanwhile.
        unsafe { std::env::remove_var(name) };
    }
    for (name, value) in set {
        // SAFETY: as above.
        unsafe { std::env::set_var(name, value) };
    }
    Ok(())
}
