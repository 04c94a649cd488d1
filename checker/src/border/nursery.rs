//! The nursery: a process of one thread, which forks for the checker.
//!
//! A checker at work has threads, and must not fork without starting another program: what a thread holds at that moment is held for ever in the copy.
//! So `main` forks a nursery before the first thread starts, and asks it for each process that is to go on in our own code. What is born there
//! is a child of the checker, not of the nursery, which is not needed any more then, and keeps nothing.
//!
//! A nursery must not use what a copy has to do by itself: it makes no temporary name and draws no random number.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, getpid};
use serde::{Deserialize, Serialize};

use super::isolation;

/// The hidden subcommand that makes the checker a nursery: for the tests, which have threads from the beginning, and in place of one that is lost.
pub const NURSERY: &str = "__nursery";

/// The longest request, bytes.
const LONGEST: usize = 16 * 1024;
/// How long a birth may take before the nursery counts as stopped, and is ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a process is to be.
#[derive(Debug, Serialize, Deserialize)]
pub enum Role {
    /// A supervisor; its specification comes on its standard input.
    Supervisor,
    /// A checker with this command line, in a process group of its own.
    Checker(Vec<String>),
}

/// A process that was born in the nursery: a child of this one.
#[derive(Debug)]
pub struct Newborn {
    id: Pid,
    status: Option<ExitStatus>,
}

impl Newborn {
    fn new(id: Pid) -> Self {
        Newborn { id, status: None }
    }

    /// Its id.
    pub fn id(&self) -> Pid {
        self.id
    }

    /// Ends it by force, if nobody has waited for it yet.
    pub fn kill(&self) {
        if self.status.is_none() {
            // It may have ended just now.
            let _ = kill(self.id, Signal::SIGKILL);
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When somebody else has waited for it.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        match self.status {
            Some(status) => Ok(status),
            None => Ok(*self.status.insert(isolation::wait(self.id)?)),
        }
    }
}

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
static OURS: Mutex<Option<Nursery>> = Mutex::new(None);

/// Names the checker's binary for callers that are not the checker themselves, such as its tests. The first call wins.
pub fn use_supervisor(program: impl Into<PathBuf>) {
    PROGRAM.get_or_init(|| program.into());
}

/// Makes a nursery of a copy of this process. Returns here with `None`, and once more in each process that is born there, with its role. A process that cannot fork
/// now starts a nursery when it needs one.
pub fn open_nursery() -> Option<Role> {
    let (ours, theirs) = pair().ok()?;
    match isolation::fork().ok()? {
        None => {
            drop(ours);
            Some(serve(theirs))
        }
        Some(id) => {
            *locked() = Some(Nursery::new(ours, id));
            None
        }
    }
}

/// The hidden subcommand: a nursery that is asked through standard input. Returns in each process that is born.
pub fn be_nursery() -> Role {
    match io::stdin().as_fd().try_clone_to_owned() {
        Ok(socket) => serve(socket),
        Err(_) => isolation::exit_now(libc::EXIT_FAILURE),
    }
}

/// Ends the nursery of this process. Those that were born in it live on.
pub fn close_nursery() {
    *locked() = None;
}

/// Starts a process that goes on in our own code, with these as its standard streams.
///
/// Who may send signals to us can end a nursery, or stop it. Then nothing has been born: what is born says so itself, before anything else. So another nursery is asked.
///
/// # Errors
/// When no nursery can be started, when the next one is lost too, or when there may be no more processes.
pub(crate) fn bear(role: &Role, streams: [BorrowedFd<'_>; 3]) -> anyhow::Result<Newborn> {
    let request = serde_json::to_vec(role)?;
    ensure!(
        request.len() <= LONGEST,
        "a command line of more than 16 KiB"
    );
    let mut ours = locked();
    if let Some(nursery) = ours.take()
        && let Some(newborn) = nursery.bear(&request, streams)?
    {
        *ours = Some(nursery);
        return Ok(newborn);
    }
    let nursery = Nursery::start().context("cannot start the nursery")?;
    let born = nursery.bear(&request, streams)?;
    let newborn = born.context("the nursery was ended twice; the code under test may do it")?;
    *ours = Some(nursery);
    Ok(newborn)
}

fn locked() -> MutexGuard<'static, Option<Nursery>> {
    // Whoever panics leaves the nursery as it is.
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A nursery, as the process sees it that asks.
struct Nursery {
    socket: OwnedFd,
    process: Newborn,
}

impl Nursery {
    fn new(socket: OwnedFd, id: Pid) -> Self {
        let process = Newborn::new(id);
        Nursery { socket, process }
    }

    /// Starts one as a program of its own.
    fn start() -> io::Result<Self> {
        let (ours, theirs) = pair()?;
        let mut command = match PROGRAM.get() {
            Some(program) => Command::new(program),
            None => {
                // The link stays right when the file was replaced meanwhile.
                let mut command = Command::new("/proc/self/exe");
                command.arg0("checker");
                command
            }
        };
        let child = command
            .arg(NURSERY)
            .stdin(theirs)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let id = i32::try_from(child.id()).map_err(io::Error::other)?;
        Ok(Nursery::new(ours, Pid::from_raw(id)))
    }

    /// Asks for a process; nothing when the nursery was lost before anything was born.
    fn bear(
        &self,
        request: &[u8],
        streams: [BorrowedFd<'_>; 3],
    ) -> anyhow::Result<Option<Newborn>> {
        match isolation::send_with(&self.socket, request, streams) {
            Ok(()) => {}
            Err(Errno::EPIPE | Errno::ECONNRESET) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        if !self.answers()? {
            self.process.kill();
        }
        let mut answer = [0; 4];
        match recv(self.socket.as_raw_fd(), &mut answer, MsgFlags::empty()) {
            Ok(length) if length == answer.len() => match i32::from_le_bytes(answer) {
                id if id > 0 => Ok(Some(Newborn::new(Pid::from_raw(id)))),
                errno => Err(io::Error::from_raw_os_error(-errno).into()),
            },
            // It ended after it had read the request, or before.
            Ok(_) | Err(Errno::ECONNRESET) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is an answer, or the end of the nursery, before patience ends.
    fn answers(&self) -> anyhow::Result<bool> {
        let mut socket = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match poll(&mut socket, PollTimeout::try_from(left)?) {
                Ok(ready) => return Ok(ready > 0),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Nursery {
    fn drop(&mut self) {
        // It has nothing to tidy up, and may have been stopped.
        self.process.kill();
        // Who was killed is gone either way, and its status says nothing that anybody needs.
        let _ = self.process.wait();
    }
}

/// Two ends of a connection that keeps messages apart.
fn pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        SockFlag::SOCK_CLOEXEC,
    )
}

/// What a nursery does, until nobody can ask any more. Returns in each process that is born.
fn serve(socket: OwnedFd) -> Role {
    let born = settle().and_then(|()| {
        loop {
            if let Some(role) = attend(&socket)? {
                return Ok(role);
            }
        }
    });
    // Who asks learns of a failure by the end of the connection.
    born.unwrap_or_else(|_: io::Error| isolation::exit_now(libc::EXIT_FAILURE))
}

/// Holds on to nothing that a reader elsewhere waits for the end of.
fn settle() -> io::Result<()> {
    isolation::become_nursery()?;
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    take_streams([nothing.as_fd(); 3])
}

fn take_streams([input, output, errors]: [BorrowedFd<'_>; 3]) -> io::Result<()> {
    dup2_stdin(input)?;
    dup2_stdout(output)?;
    Ok(dup2_stderr(errors)?)
}

/// Waits for one request and does it. A role for what was born; nothing for the nursery.
fn attend(socket: &OwnedFd) -> io::Result<Option<Role>> {
    let mut request = vec![0; LONGEST];
    let Some((length, streams)) = isolation::receive_with(socket, &mut request)? else {
        isolation::exit_now(libc::EXIT_SUCCESS);
    };
    let role: Role = serde_json::from_slice(&request[..length])?;
    match isolation::fork_sibling() {
        Ok(None) => {
            say(socket, getpid().as_raw())?;
            take_streams(streams.each_ref().map(AsFd::as_fd))?;
            if matches!(role, Role::Checker(_)) {
                isolation::become_checker()?;
            }
            return Ok(Some(role));
        }
        Ok(Some(_)) => {}
        Err(error) => say(socket, -error.raw_os_error().unwrap_or(libc::EAGAIN))?,
    }
    Ok(None)
}

/// Answers with the id of what was born, or with an error's negative number.
fn say(socket: &OwnedFd, answer: i32) -> io::Result<()> {
    let answer = answer.to_le_bytes();
    send(socket.as_raw_fd(), &answer, MsgFlags::MSG_NOSIGNAL)?;
    Ok(())
}
