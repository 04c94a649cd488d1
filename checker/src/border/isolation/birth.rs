//! Copies of a process of one thread, and descriptors for them.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::SigSet;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use nix::unistd::{ForkResult, Pid, setpgid};

use super::kernel;

/// Copies this process, which must have one thread: `None` in the copy, its id in the original.
///
/// # Errors
/// When there are other threads, or there may be no more processes.
pub(in super::super) fn fork() -> io::Result<Option<Pid>> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("only a process of one thread may fork"));
    }
    // SAFETY: this is the only thread, as counted above, so nothing is held by another for ever.
    match unsafe { nix::unistd::fork()? } {
        ForkResult::Child => Ok(None),
        ForkResult::Parent { child } => Ok(Some(child)),
    }
}

/// Copies this nursery into a child of its parent: `None` in the copy, its id in the original.
///
/// # Errors
/// When there may be no more processes.
pub(in super::super) fn fork_sibling() -> io::Result<Option<Pid>> {
    // SAFETY: a nursery has one thread: `fork` has counted, and a program of its own starts none.
    unsafe { kernel::fork_into(libc::CLONE_PARENT) }
}

/// Makes this process deaf to all signals but SIGKILL and SIGSTOP, and closes it to debuggers of the same user. Both pass into copies.
///
/// # Errors
/// Whatever the kernel refuses.
pub(in super::super) fn become_nursery() -> io::Result<()> {
    prctl::set_name(c"nursery")?;
    prctl::set_dumpable(false)?;
    Ok(SigSet::all().thread_block()?)
}

/// Undoes this in a copy that is a checker, and gives it a process group of its own.
///
/// # Errors
/// Whatever the kernel refuses.
pub(in super::super) fn become_checker() -> io::Result<()> {
    let this = Pid::from_raw(0);
    setpgid(this, this)?;
    prctl::set_name(c"checker")?;
    prctl::set_dumpable(true)?;
    Ok(SigSet::empty().thread_set_mask()?)
}

/// Sends a message together with three descriptors.
///
/// # Errors
/// `EPIPE` or `ECONNRESET` when the other side is gone.
pub(in super::super) fn send_with(
    socket: impl AsFd,
    message: &[u8],
    descriptors: [BorrowedFd<'_>; 3],
) -> nix::Result<()> {
    let numbers = descriptors.map(|descriptor| descriptor.as_raw_fd());
    let rights = [ControlMessage::ScmRights(&numbers)];
    let parts = [IoSlice::new(message)];
    let flags = MsgFlags::MSG_NOSIGNAL;
    sendmsg::<()>(socket.as_fd().as_raw_fd(), &parts, &rights, flags, None)?;
    Ok(())
}

/// Receives a message with three descriptors; `None` once the other side is gone.
///
/// # Errors
/// When the message is longer than `message`, or comes without three descriptors.
pub(in super::super) fn receive_with(
    socket: impl AsFd,
    message: &mut [u8],
) -> io::Result<Option<(usize, [OwnedFd; 3])>> {
    let mut space = cmsg_space!([RawFd; 3]);
    let mut parts = [IoSliceMut::new(message)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let received = recvmsg::<()>(
        socket.as_fd().as_raw_fd(),
        &mut parts,
        Some(&mut space),
        flags,
    )?;
    let mut numbers = Vec::new();
    for part in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(rights) = part {
            numbers.extend(rights);
        }
    }
    // SAFETY: the kernel has just made these descriptors for us, and nobody else knows them.
    let owned = |number| unsafe { OwnedFd::from_raw_fd(number) };
    let descriptors: Vec<OwnedFd> = numbers.into_iter().map(owned).collect();
    if received.bytes == 0 {
        return Ok(None);
    }
    if received.flags.contains(MsgFlags::MSG_TRUNC) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let descriptors = descriptors
        .try_into()
        .map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Some((received.bytes, descriptors)))
}

/// Waits for the end of this child.
///
/// # Errors
/// `ECHILD` when it is none, or was waited for.
pub(in super::super) fn wait(child: Pid) -> io::Result<ExitStatus> {
    let mut status = 0;
    loop {
        // SAFETY: `status` is valid for a write of a c_int during the call, and nothing else is passed by address.
        let waited = unsafe { libc::waitpid(child.as_raw(), &raw mut status, 0) };
        match Errno::result(waited) {
            Ok(_) => return Ok(ExitStatus::from_raw(status)),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
