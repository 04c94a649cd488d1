//! The files that a payload was to leave behind, read after everything that it started is dead.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};

use super::frame::Frame;
use super::pipes::Pipes;

/// The most that all results of a run may hold, bytes.
const MOST: u64 = 64 << 20;
const PIECE: usize = 512 * 1024;

/// Queues the files for the checker. One that is not there, or is no ordinary file, is left out.
///
/// # Errors
/// When reading fails for a reason that no payload has in its hands.
pub(super) fn send(folder: &File, wanted: &[PathBuf], pipes: &mut Pipes) -> anyhow::Result<()> {
    let mut room = MOST;
    for (index, name) in wanted.iter().enumerate() {
        let index = u8::try_from(index)?;
        let Some(file) = open(folder, name)? else {
            continue;
        };
        let length = file.metadata()?.len();
        if length > room {
            continue;
        }
        room -= length;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            pipes.enqueue(&Frame::Result(index, Vec::new()));
        }
        for piece in bytes.chunks(PIECE) {
            pipes.enqueue(&Frame::Result(index, piece.to_owned()));
        }
    }
    Ok(())
}

/// Opens an ordinary file below `folder`; no link is followed on the way, whoever made it.
///
/// # Errors
/// Whatever the kernel says other than that there is no such file.
pub fn open(folder: &File, name: &Path) -> anyhow::Result<Option<File>> {
    let plain = name
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    anyhow::ensure!(plain, "{} is no name below a folder", name.display());
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS);
    match openat2(folder, name, how) {
        Ok(file) => {
            let file = File::from(file);
            Ok(file.metadata()?.is_file().then_some(file))
        }
        Err(Errno::ENOENT | Errno::ELOOP | Errno::ENOTDIR | Errno::EACCES | Errno::ENXIO) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
