//! The checker's side of a supervisor.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::frame::{Frame, Specification};
use super::nursery::{Newborn, Role, bear};
use super::{Access, Ended, Isolation, Job, found_isolation, signal_name};

/// How much longer than its payload's wall clock a supervisor may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a supervisor that is no longer wanted may take to end everything.
const FAREWELL: Duration = Duration::from_secs(5);

/// Runs a program behind the border and waits for its end. All its processes are gone when this returns.
///
/// # Errors
/// When the supervisor or the program cannot be started, or the supervisor is lost. How the program itself ends is never
/// an error.
pub fn run(job: &Job) -> anyhow::Result<Ended> {
    run_in(isolation_for(&job.access), job)
}

/// The same, in this layer and no other.
///
/// # Errors
/// As for [`run`], and when this machine does not offer the layer.
pub fn run_in(isolation: Isolation, job: &Job) -> anyhow::Result<Ended> {
    let specification = Specification {
        isolation,
        ..Specification::new(job, false)
    };
    let mut supervised = Supervised::start(&specification)?;
    let mut results: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    loop {
        match supervised.next()? {
            Frame::Ended(ended) => return Ok(Ended { results, ..ended }),
            Frame::Fault(text) => bail!(text),
            Frame::Reply(_) => bail!("a reply from a program that has no channel"),
            Frame::Result(index, piece) => {
                let wanted = &job.access.results;
                let name = wanted
                    .get(usize::from(index))
                    .context("a result that nobody wants")?;
                match results.last_mut() {
                    Some((last, bytes)) if last == name => bytes.extend(piece),
                    _ => results.push((name.clone(), piece)),
                }
            }
        }
    }
}

/// What a job with this access runs in.
pub(super) fn isolation_for(access: &Access) -> Isolation {
    if access.trusted {
        Isolation::None
    } else {
        found_isolation().isolation
    }
}

/// A running supervisor. Dropping it ends its payload too.
pub(super) struct Supervised {
    process: Newborn,
    /// The supervisor's lifeline: once it is closed, by whatever cause, everything is ended.
    control: Option<PipeWriter>,
    events: PipeReader,
    received: Vec<u8>,
    deadline: Instant,
}

impl Supervised {
    /// Starts a supervisor and tells it what to run.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(specification: &Specification) -> anyhow::Result<Self> {
        let (input, control) = io::pipe()?;
        let (events, output) = io::pipe()?;
        let errors = io::stderr();
        let streams = [input.as_fd(), output.as_fd(), errors.as_fd()];
        let process = bear(&Role::Supervisor, streams).context("cannot start the supervisor")?;
        let wall = Duration::from_secs(specification.limits.wall_seconds);
        let far = Duration::from_secs(u64::from(u32::MAX));
        let mut supervised = Supervised {
            control: Some(control),
            process,
            events,
            received: Vec::new(),
            deadline: Instant::now() + wall.saturating_add(PATIENCE).min(far),
        };
        supervised.send(&specification.to_bytes()?);
        Ok(supervised)
    }

    /// Sends bytes to the payload. A payload or a supervisor that has ended takes none; [`Supervised::next`] tells.
    pub fn send(&mut self, bytes: &[u8]) {
        if let Some(control) = &mut self.control
            && control.write_all(bytes).is_err()
        {
            self.control = None;
        }
    }

    /// Closes the lifeline: the payload is ended, and the supervisor reports for the last time.
    pub fn dismiss(&mut self) {
        self.control = None;
    }

    /// Waits for the next frame.
    ///
    /// # Errors
    /// When the supervisor is lost: it ended without a report, does not answer in time, or sends what is no frame.
    pub fn next(&mut self) -> anyhow::Result<Frame> {
        loop {
            if let Some(frame) = Frame::read(&mut self.received)? {
                return Ok(frame);
            }
            if !self.receive(self.deadline)? {
                return Err(self.lost());
            }
        }
    }

    /// Takes what the supervisor sends next; `false` when nothing will come any more.
    fn receive(&mut self, deadline: Instant) -> anyhow::Result<bool> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left.as_millis()).unwrap_or(PollTimeout::MAX);
            let mut pipe = [PollFd::new(self.events.as_fd(), PollFlags::POLLIN)];
            match poll(&mut pipe, timeout) {
                Ok(0) if left.is_zero() => {
                    bail!("the supervisor does not answer; the code under test may have stopped it")
                }
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => break,
                Err(error) => return Err(error.into()),
            }
        }
        let mut bytes = vec![0; 64 * 1024];
        let length = self.events.read(&mut bytes)?;
        self.received.extend_from_slice(&bytes[..length]);
        Ok(length > 0)
    }

    /// What is known of a supervisor that ended without a report.
    fn lost(&mut self) -> anyhow::Error {
        match self.process.wait() {
            Ok(status) => match status.signal() {
                Some(signal) => anyhow::anyhow!(
                    "the supervisor was ended by {}; the code under test may have done it",
                    signal_name(signal)
                ),
                None => anyhow::anyhow!("the supervisor ended without a report ({status})"),
            },
            Err(error) => error.into(),
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.dismiss();
        let deadline = Instant::now() + FAREWELL;
        while matches!(self.receive(deadline), Ok(true)) {
            self.received.clear();
        }
        // Ended already in the ordinary case; then this does nothing.
        self.process.kill();
        // Who was killed is gone either way, and its status says nothing that anybody needs.
        let _ = self.process.wait();
    }
}
