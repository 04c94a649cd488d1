//! System calls that nix does not offer, each behind a function that is safe to call.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::libc::{self, c_int, c_long};
use nix::unistd::Pid;

/// Copies this process into new namespaces: `None` in the copy, its id in the original.
///
/// The C library does not know of this fork, so its record of the thread's id is wrong in the copy; only locks that
/// record their owner and `abort` look at it, and both are left alone until the next program is started.
///
/// # Safety
/// This process must have one thread: in the copy, whatever another thread holds is held for ever.
pub unsafe fn fork_into(namespaces: c_int) -> io::Result<Option<Pid>> {
    let flags = c_long::from(namespaces | libc::SIGCHLD);
    // SAFETY: without CLONE_VM and with no stack of its own, the copy goes on here on its own copy of this stack.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0_usize, 0_usize, 0_usize, 0_usize) };
    match Errno::result(pid)? {
        0 => Ok(None),
        pid => Ok(Some(Pid::from_raw(
            i32::try_from(pid).map_err(io::Error::other)?,
        ))),
    }
}

/// A copy of the mounts at and below `path`, attached nowhere yet.
pub fn copy_of_mount(path: &Path) -> io::Result<OwnedFd> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let flags =
        libc::OPEN_TREE_CLONE | libc::O_CLOEXEC.unsigned_abs() | libc::AT_RECURSIVE.unsigned_abs();
    // SAFETY: `path` ends with a zero byte and lives during the call.
    let tree = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
    let tree = i32::try_from(Errno::result(tree)?).map_err(io::Error::other)?;
    // SAFETY: the kernel has just given us this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(tree) })
}

/// Switches attributes (`MOUNT_ATTR_*`) of a copied mount on, and of all below it.
pub fn restrict_mount(tree: impl AsFd, attributes: u64) -> io::Result<()> {
    let change = libc::mount_attr {
        attr_set: attributes,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    // SAFETY: the empty path ends with a zero byte; `change` lives during the call, and its true size is told.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_fd().as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const change,
            size_of::<libc::mount_attr>(),
        )
    };
    Errno::result(done)?;
    Ok(())
}

/// Attaches a copied mount at `path`.
pub fn attach_mount(tree: impl AsFd, path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: both paths end with a zero byte and live during the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_fd().as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    };
    Errno::result(done)?;
    Ok(())
}

/// Gives up the right to gain any capability from a program file.
pub fn empty_bounding_set() -> io::Result<()> {
    for capability in 0.. {
        // SAFETY: the call takes numbers only.
        let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        match Errno::result(dropped) {
            Ok(_) => {}
            // Past the last capability that this kernel knows.
            Err(Errno::EINVAL) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Gives up all capabilities that this process has.
pub fn drop_capabilities() -> io::Result<()> {
    /// As `capset` expects it: version 3 has two words for each of three sets.
    #[repr(C)]
    struct Header {
        version: u32,
        pid: c_int,
    }
    const VERSION_3: u32 = 0x2008_0522;
    let header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let none = [0_u32; 6];
    // SAFETY: both arguments have the layout of version 3 and live during the call.
    let done = unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) };
    Errno::result(done)?;
    Ok(())
}

/// The generation of Landlock that this kernel offers; 0 for none.
pub fn landlock_generation() -> i64 {
    const ASK_FOR_VERSION: u32 = 1;
    // SAFETY: with this flag the kernel reads no memory; the address is null and the size zero, as it demands.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            ASK_FOR_VERSION,
        )
    };
    version.max(0)
}

/// Ends this process at once, without any of the checker's own clean-up.
pub fn exit_now(code: c_int) -> ! {
    // SAFETY: the call does not return and touches no memory.
    unsafe { libc::_exit(code) }
}
