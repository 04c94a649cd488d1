//! What the supervisor does to itself and to a payload before the payload's first instruction, and how the checker hears
//! signals.
//!
//! This folder holds all unsafe code of the checker. [`Confinement::apply`] is the one place that every payload passes
//! between fork and exec.

#![allow(unsafe_code)]

mod birth;
mod kernel;
mod landlock;
mod seccomp;
mod space;
mod tree;

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::libc;
use nix::sys::prctl;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{Gid, Pid, Uid, getpid, getppid, setgroups, setresgid, setresuid, setsid};

use super::Isolation;
use super::frame::Specification;
use crate::lesson::Limits;
use seccomp::Filter;
use tree::{Owner, Plan};

pub(super) use birth::{
    become_checker, become_nursery, fork, fork_sibling, receive_with, send_with, wait,
};
pub(super) use kernel::{exit_now, landlock_generation};
pub(super) use space::{Space, status_from};

/// The stack of a payload's first thread, bytes: what it has, and what it may ask for.
const STACK: (rlim_t, rlim_t) = (8 << 20, 64 << 20);
/// How many processes more than its limit a box may hold, so that the supervisor sees that there are too many.
const SPARE: rlim_t = 8;
/// Threads of the same user that may start elsewhere while a payload runs.
const NEIGHBOURS: rlim_t = 256;

/// Makes this process fit to supervise: a name and a session of its own, the parent of every orphan below it, closed to debuggers
/// of the same user, deaf to signals other than SIGKILL and SIGSTOP, and with no descriptor that a child would inherit.
///
/// # Errors
/// Whatever the kernel refuses.
pub(super) fn become_supervisor() -> io::Result<()> {
    setsid()?;
    prctl::set_name(c"supervisor")?;
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

/// Starts a payload in namespaces and a file tree of its own.
///
/// # Errors
/// When the kernel refuses one of the steps, which is named, or the program cannot be started.
pub(super) fn start_in_space(
    specification: &Specification,
    command: impl FnOnce() -> io::Result<Command>,
) -> io::Result<Space> {
    let access = &specification.access;
    let cwd = Path::new(&specification.cwd);
    let owner = space::owner(!access.writable.is_empty());
    let confinement = Confinement::in_space(specification, owner)?;
    space::start(owner, || {
        tree::enter(&Plan {
            access,
            cwd,
            owner,
            disk_mib: specification.limits.disk_mib,
        })?;
        nix::unistd::sethostname("bridge")?;
        let mut command = command()?;
        confinement.apply(&mut command);
        let child = command.spawn()?;
        Ok(Pid::from_raw(
            i32::try_from(child.id()).map_err(io::Error::other)?,
        ))
    })
}

/// What a payload gives up between fork and exec.
pub(super) struct Confinement {
    /// Ends the payload with its parent; in a box the end of the first process does so.
    parent: Option<Pid>,
    owner: Option<Owner>,
    ceilings: Vec<(Resource, rlim_t, rlim_t)>,
    places: Option<(landlock::Places, bool)>,
    filter: Option<Filter>,
    /// A folder that the payload must not be able to write to, and a network that it must not reach.
    trial: Option<PathBuf>,
}

impl Confinement {
    /// For a payload without namespaces.
    ///
    /// # Errors
    /// When the present limits cannot be read, or there is no filter for this processor.
    pub fn in_the_open(specification: &Specification) -> io::Result<Confinement> {
        let access = &specification.access;
        let isolated = specification.isolation == Isolation::Landlock;
        let places = isolated.then(|| {
            let mut places = places(access, Path::new(&specification.cwd));
            places.readable.extend(tree::system_places());
            places
                .readable
                .extend(["/proc", "/etc/passwd", "/etc/group"].map(PathBuf::from));
            // The C library's own fall-backs when a name service is configured.
            places.readable.push("/etc/nsswitch.conf".into());
            (places, true)
        });
        let give_up = isolated && Uid::current().is_root();
        let filter = isolated
            .then(|| Filter::new(false, access.tracing))
            .transpose()?;
        Ok(Confinement {
            parent: Some(getpid()),
            owner: give_up.then(|| space::owner(true)),
            ceilings: ceilings(&specification.limits, Isolation::None)?,
            places,
            filter,
            trial: specification.trial.clone(),
        })
    }

    fn in_space(specification: &Specification, owner: Owner) -> io::Result<Confinement> {
        let access = &specification.access;
        let mut places = places(access, Path::new(&specification.cwd));
        places.readable.push("/".into());
        places
            .writable
            .extend(["/tmp", "/dev/shm"].map(PathBuf::from));
        Ok(Confinement {
            parent: None,
            owner: Some(owner),
            ceilings: ceilings(&specification.limits, Isolation::Full)?,
            // The tree holds nothing else anyway; where the kernel has no Landlock, that must do.
            places: Some((places, false)),
            filter: Some(Filter::new(true, access.tracing)?),
            trial: specification.trial.clone(),
        })
    }

    /// Arranges that `command`, once started, gives it all up: its session, its user, its capabilities, its limits, its
    /// files and its system calls.
    pub fn apply(self, command: &mut Command) {
        let stage = move || self.enter();
        // SAFETY: whoever starts a payload has one thread, so nothing that this closure uses, the allocator included,
        // can be held by another.
        unsafe { command.pre_exec(stage) };
    }

    fn enter(&self) -> io::Result<()> {
        setsid()?;
        if let Some(parent) = self.parent {
            prctl::set_pdeathsig(Signal::SIGKILL)?;
            if getppid() != parent {
                // The supervisor died before the line above; nobody would end this process.
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
        for (resource, soft, hard) in &self.ceilings {
            setrlimit(*resource, *soft, *hard)?;
        }
        for number in 1..=libc::SIGRTMAX() {
            // SAFETY: signal() is async-signal-safe. It refuses the few numbers that cannot be changed, as it should.
            unsafe { libc::signal(number, libc::SIG_DFL) };
        }
        SigSet::empty().thread_set_mask()?;
        if let Some(owner) = self.owner {
            become_payload(owner)?;
        }
        if let Some((places, required)) = &self.places {
            landlock::restrict(places, *required)?;
        }
        if let Some(filter) = &self.filter {
            filter.install()?;
        }
        match &self.trial {
            Some(outside) => try_the_forbidden(outside),
            None => Ok(()),
        }
    }
}

/// What a payload may touch besides the system.
fn places(access: &super::Access, cwd: &Path) -> landlock::Places {
    let mut places = landlock::Places {
        readable: access.readable.clone(),
        writable: access.writable.clone(),
        devices: tree::devices(),
    };
    if tree::is_copied(access, cwd) {
        places.writable.push(cwd.to_owned());
    }
    if access.tracing {
        places.writable.push("/proc".into());
    }
    places
}

/// Gives up what the first process of a box needed to build it.
fn become_payload(owner: Owner) -> io::Result<()> {
    kernel::empty_bounding_set()?;
    let (user, group) = (Uid::from_raw(owner.user), Gid::from_raw(owner.group));
    if user != Uid::current() {
        setgroups(&[])?;
        setresgid(group, group, group)?;
        setresuid(user, user, user)?;
    }
    kernel::drop_capabilities()
}

/// Proves a stage by doing what it forbids.
///
/// # Errors
/// When something of it works.
fn try_the_forbidden(outside: &Path) -> io::Result<()> {
    if std::fs::File::create_new(outside.join("escaped")).is_ok() {
        return Err(io::Error::other("a file outside could be written"));
    }
    match std::net::TcpStream::connect(("127.0.0.1", 1)) {
        Ok(_) => Err(io::Error::other("the network could be reached")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err(io::Error::other("the network could be reached"))
        }
        Err(_) => Ok(()),
    }
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

/// Waits until a child of this process has ended, and collects it.
///
/// # Errors
/// `ECHILD` when no child is left.
fn reap_next() -> Result<(Pid, ExitStatus), Errno> {
    let mut status = 0;
    // SAFETY: as in [`reap`].
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) };
    let pid = Errno::result(pid)?;
    Ok((Pid::from_raw(pid), ExitStatus::from_raw(status)))
}

/// The resource limits of a payload: soft and hard value of each, never above what this process has itself.
fn ceilings(limits: &Limits, isolation: Isolation) -> io::Result<Vec<(Resource, rlim_t, rlim_t)>> {
    // Above the watched limit, so that the watch comes first and Python can show its stack.
    let cpu = limits
        .cpu_seconds
        .unwrap_or(limits.wall_seconds)
        .saturating_add(1);
    let file = limits.file_mib.saturating_mul(1 << 20);
    let processes = match isolation {
        // The kernel counts the processes of each user namespace by themselves.
        Isolation::Full => limits.processes.saturating_add(SPARE),
        Isolation::Landlock | Isolation::None => thread_ceiling(limits),
    };
    let mut wanted = vec![
        (Resource::RLIMIT_CORE, 0, 0),
        (Resource::RLIMIT_CPU, cpu, cpu.saturating_add(1)),
        (Resource::RLIMIT_FSIZE, file, file),
        (
            Resource::RLIMIT_NOFILE,
            limits.open_files,
            limits.open_files,
        ),
        (Resource::RLIMIT_NPROC, processes, processes),
        (Resource::RLIMIT_STACK, STACK.0, STACK.1),
        (Resource::RLIMIT_MEMLOCK, 0, 0),
        (Resource::RLIMIT_MSGQUEUE, 0, 0),
    ];
    for (resource, soft, hard) in &mut wanted {
        let (_, present) = getrlimit(*resource)?;
        *hard = (*hard).min(present);
        *soft = (*soft).min(*hard);
    }
    Ok(wanted)
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
