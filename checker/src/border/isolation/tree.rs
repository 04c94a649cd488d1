//! The file tree of a box: a fresh tmpfs with what a payload may see, and nothing else.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::pivot_root;

use super::kernel;
use crate::border::Access;

/// Folders of the operating system: programs, libraries, headers.
const SYSTEM: [&str; 7] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
];

/// What programs need of the system's settings: where libraries lie, and which compiler `cc` is.
const SETTINGS: [&str; 5] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
];

const DEVICES: [&str; 5] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

/// The most files and folders that a box may hold.
const INODES: u32 = 1 << 14;

/// Where the tree is put together; what lay there before is not needed any more.
const SCAFFOLD: &str = "/tmp";

/// Who a payload is, inside the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub user: u32,
    pub group: u32,
}

/// What a box is made from.
pub(super) struct Plan<'a> {
    pub access: &'a Access,
    pub cwd: &'a Path,
    pub owner: Owner,
    pub disk_mib: u64,
}

/// The system's own places, which every payload may read.
pub(super) fn system_places() -> Vec<PathBuf> {
    SYSTEM.iter().chain(&SETTINGS).map(PathBuf::from).collect()
}

/// The devices that every payload may use.
pub(super) fn devices() -> Vec<PathBuf> {
    DEVICES.iter().map(PathBuf::from).collect()
}

/// Whether the working directory is copied into the box: it is, unless it is part of something that is there anyway.
pub(super) fn is_copied(access: &Access, cwd: &Path) -> bool {
    let given = access.readable.iter().chain(&access.writable);
    cwd != Path::new("/")
        && !given.clone().any(|place| cwd.starts_with(place))
        && !SYSTEM.iter().any(|place| cwd.starts_with(place))
}

/// A symbolic link and where it leads.
type Link = (PathBuf, PathBuf);

/// A mount that is copied already and waits for its place.
struct Pending {
    place: PathBuf,
    tree: OwnedFd,
    is_folder: bool,
}

/// Builds the tree and makes it the root of this process, which must be alone in a mount namespace of its own.
///
/// # Errors
/// Whatever the kernel refuses, with the place.
pub(super) fn enter(plan: &Plan) -> io::Result<()> {
    // Everything is copied before the first mount is made, so that no mount hides a source.
    let (links, mounts) = gather(plan.access)?;
    let copied = is_copied(plan.access, plan.cwd);
    let work = copied.then(|| open_folder(plan.cwd)).transpose()?;
    let options = format!(
        "mode=0555,size={}m,nr_inodes={INODES}",
        plan.disk_mib.max(1)
    );
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(
        Some("tmpfs"),
        SCAFFOLD,
        Some("tmpfs"),
        flags,
        Some(options.as_str()),
    )
    .map_err(|error| named("mount tmpfs", error.into()))?;
    std::env::set_current_dir(SCAFFOLD)?;
    for (place, target) in links {
        make_parent(&place)?;
        symlink(target, inside(&place))?;
    }
    for folder in ["/tmp", "/dev/shm"] {
        make_folder(Path::new(folder))?;
        fs::set_permissions(inside(Path::new(folder)), Permissions::from_mode(0o1777))?;
    }
    if let Some(work) = work {
        make_folder(plan.cwd)?;
        fs::set_permissions(inside(plan.cwd), Permissions::from_mode(0o755))?;
        let mut room = plan.disk_mib.saturating_mul(1 << 20);
        copy_folder(&work.path, &inside(plan.cwd), plan.owner, &mut room)
            .map_err(|error| named("copy the work folder", error))?;
    }
    for pending in mounts {
        place_mount(&pending)
            .map_err(|error| named(&format!("mount {}", pending.place.display()), error))?;
    }
    write_names(plan.owner)?;
    let traced = plan.access.tracing;
    mount_processes(traced);
    symlink("/proc/self/fd", "dev/fd")?;
    pivot_root(".", ".").map_err(|error| named("pivot_root", error.into()))?;
    umount2(".", MntFlags::MNT_DETACH)?;
    std::env::set_current_dir("/")
}

/// The links to make and the mounts to attach, in an order in which no later one hides an earlier one.
fn gather(access: &Access) -> io::Result<(Vec<Link>, Vec<Pending>)> {
    let mut links = Vec::new();
    let mut mounts = Vec::new();
    let fixed = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
    let ours = SYSTEM.iter().chain(&SETTINGS).map(PathBuf::from);
    let readable = ours.chain(both_names(&access.readable));
    let mut given: Vec<(PathBuf, u64)> = readable.map(|place| (place, fixed)).collect();
    let kept = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
    given.extend(both_names(&access.writable).map(|place| (place, kept)));
    given.extend(
        DEVICES
            .iter()
            .map(|device| (PathBuf::from(device), libc::MOUNT_ATTR_NOSUID)),
    );
    given.sort();
    let mut done: Vec<(PathBuf, u64)> = Vec::new();
    for (place, attributes) in given {
        let covered = done
            .iter()
            .any(|(above, same)| place.starts_with(above) && *same == attributes);
        let Ok(kind) = fs::symlink_metadata(&place) else {
            continue;
        };
        if covered {
            continue;
        }
        if kind.is_symlink() && place.parent() == Some(Path::new("/")) {
            links.push((place.clone(), fs::read_link(&place)?));
            continue;
        }
        let tree = kernel::copy_of_mount(&place)
            .map_err(|error| named(&format!("open_tree {}", place.display()), error))?;
        kernel::restrict_mount(&tree, attributes)
            .map_err(|error| named(&format!("mount_setattr {}", place.display()), error))?;
        let is_folder = fs::metadata(&place)?.is_dir();
        done.push((place.clone(), attributes));
        mounts.push(Pending {
            place,
            tree,
            is_folder,
        });
    }
    Ok((links, mounts))
}

/// Each place under the name that was given and under its real one.
fn both_names(places: &[PathBuf]) -> impl Iterator<Item = PathBuf> {
    places.iter().flat_map(|place| {
        let real = fs::canonicalize(place).ok().filter(|real| real != place);
        std::iter::once(place.clone()).chain(real)
    })
}

fn place_mount(pending: &Pending) -> io::Result<()> {
    let target = inside(&pending.place);
    if pending.is_folder {
        make_folder(&pending.place)?;
    } else if !target.exists() {
        make_parent(&pending.place)?;
        File::create(&target)?;
    }
    kernel::attach_mount(&pending.tree, &target)
}

/// The path below the new root, while that is the working directory.
fn inside(place: &Path) -> PathBuf {
    Path::new(".").join(place.strip_prefix("/").unwrap_or(place))
}

/// Makes a folder and those above it. The payload of an ordinary user owns them, and has no business in any of them.
fn make_folder(place: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o555)
        .create(inside(place))
}

fn make_parent(place: &Path) -> io::Result<()> {
    place.parent().map_or(Ok(()), make_folder)
}

/// Processes of the box. Where the surrounding container masks its own /proc, the kernel refuses, and programs do
/// without. Read-only, because some of its files are the machine's settings; a debugger writes memory through it.
fn mount_processes(writable: bool) {
    let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    if !writable {
        flags |= MsFlags::MS_RDONLY;
    }
    if make_folder(Path::new("/proc")).is_ok() {
        let _ = mount(Some("proc"), "proc", Some("proc"), flags, None::<&str>);
    }
}

/// Programs look up who they are.
fn write_names(owner: Owner) -> io::Result<()> {
    let Owner { user, group } = owner;
    make_folder(Path::new("/etc"))?;
    fs::write(
        "etc/passwd",
        format!("bridge:x:{user}:{group}::/tmp:/bin/sh\n"),
    )?;
    fs::write("etc/group", format!("bridge:x:{group}:\n"))
}

/// A folder that is read through its descriptor, because the scaffold may hide its path.
struct OpenFolder {
    path: PathBuf,
    _folder: File,
}

fn open_folder(path: &Path) -> io::Result<OpenFolder> {
    let folder = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY)
        .open(path)
        .map_err(|error| named(&path.display().to_string(), error))?;
    Ok(OpenFolder {
        path: PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())),
        _folder: folder,
    })
}

/// Copies files and folders, nothing else: a link or a pipe is not followed, not opened, and not there.
fn copy_folder(from: &Path, to: &Path, owner: Owner, room: &mut u64) -> io::Result<()> {
    chown(to, Some(owner.user), Some(owner.group))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            fs::create_dir(&target)?;
            copy_folder(&entry.path(), &target, owner, room)?;
        } else if kind.is_file() {
            copy_file(&entry.path(), &target, owner, room)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path, owner: Owner, room: &mut u64) -> io::Result<()> {
    let source = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(from)?;
    let data = source.metadata()?;
    if !data.is_file() {
        return Ok(());
    }
    let mut target = File::create_new(to)?;
    let copied = io::copy(&mut source.take(*room + 1), &mut target)?;
    *room = room
        .checked_sub(copied)
        .ok_or(io::ErrorKind::FileTooLarge)?;
    target.set_permissions(Permissions::from_mode(
        data.permissions().mode() & 0o777 | 0o600,
    ))?;
    chown(to, Some(owner.user), Some(owner.group))
}

fn named(what: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
