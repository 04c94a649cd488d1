//! The pipes of a supervisor: between the checker on one side and the payload on the other, none of them ever waited for.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use anyhow::Context;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signalfd::SignalFd;

use super::capture::Capture;
use super::frame::Frame;

/// The most that one read takes, and the most that is held back for a slow reader.
const CHUNK: usize = 64 * 1024;
/// The most that is read from one pipe after its writers should all be dead.
const REMAINDER: usize = 4 << 20;

/// The two pipes by which a driver is asked and answers: the supervisor's ends.
pub(super) struct Channel {
    pub requests: PipeWriter,
    pub replies: PipeReader,
}

/// All pipes of a run.
pub(super) struct Pipes {
    /// From the checker; its end means that the checker is gone or wants no more.
    control: Option<File>,
    /// To the checker.
    events: File,
    /// Whether nobody can read them any more.
    deserted: bool,
    /// Frames that the checker has not taken yet.
    outbox: Vec<u8>,
    /// To the payload.
    requests: Option<PipeWriter>,
    /// Bytes for the payload that it has not taken yet.
    pending: Vec<u8>,
    replies: Option<PipeReader>,
    stdout: Option<PipeReader>,
    stderr: Option<PipeReader>,
    /// From the first process of a box.
    report: Option<PipeReader>,
    /// What it told.
    pub told: Vec<u8>,
    /// What came on standard output.
    pub out: Capture,
    /// What came on standard error.
    pub err: Capture,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Control,
    Children,
    Stdout,
    Stderr,
    Replies,
    Requests,
    Events,
    Report,
}

/// What a read gave.
enum Piece {
    Bytes(Vec<u8>),
    Later,
    End,
}

impl Pipes {
    /// Takes over the supervisor's standard input and output.
    ///
    /// # Errors
    /// When a pipe cannot be made non-blocking.
    pub fn new(control: File, events: File) -> std::io::Result<Self> {
        set_nonblocking(control.as_fd())?;
        set_nonblocking(events.as_fd())?;
        Ok(Pipes {
            control: Some(control),
            events,
            deserted: false,
            outbox: Vec::new(),
            requests: None,
            pending: Vec::new(),
            replies: None,
            stdout: None,
            stderr: None,
            report: None,
            told: Vec::new(),
            out: Capture::default(),
            err: Capture::default(),
        })
    }

    /// Takes over the payload's streams.
    ///
    /// # Errors
    /// When a pipe cannot be made non-blocking.
    pub fn connect(
        &mut self,
        stdout: PipeReader,
        stderr: PipeReader,
        channel: Option<Channel>,
        report: Option<PipeReader>,
    ) -> std::io::Result<()> {
        if let Some(report) = &report {
            set_nonblocking(report.as_fd())?;
        }
        self.report = report;
        set_nonblocking(stdout.as_fd())?;
        set_nonblocking(stderr.as_fd())?;
        if let Some(Channel { requests, replies }) = channel {
            set_nonblocking(requests.as_fd())?;
            set_nonblocking(replies.as_fd())?;
            self.requests = Some(requests);
            self.replies = Some(replies);
        }
        self.stdout = Some(stdout);
        self.stderr = Some(stderr);
        Ok(())
    }

    /// Whether the checker has closed its side.
    pub fn abandoned(&self) -> bool {
        self.control.is_none()
    }

    /// Bytes on both output streams.
    pub fn output(&self) -> u64 {
        self.out.total() + self.err.total()
    }

    /// Waits until something happens, at most `timeout`, and moves what can be moved without waiting.
    ///
    /// # Errors
    /// When the kernel refuses to wait, or the checker's side is broken.
    pub fn turn(&mut self, children: &SignalFd, timeout: Duration) -> anyhow::Result<()> {
        for name in self.ready(Some(children), timeout)? {
            match name {
                Name::Control => self.hear_checker(),
                Name::Children => while matches!(children.read_signal(), Ok(Some(_))) {},
                Name::Stdout => capture(&mut self.stdout, &mut self.out),
                Name::Stderr => capture(&mut self.stderr, &mut self.err),
                Name::Replies => self.forward_replies(),
                Name::Requests => self.forward_requests(),
                Name::Events => self.flush(),
                Name::Report => self.hear_report(),
            }
        }
        Ok(())
    }

    /// Reads what is left in the payload's pipes after everything that it started is dead.
    pub fn drain(&mut self) {
        for _ in 0..REMAINDER / CHUNK {
            capture(&mut self.stdout, &mut self.out);
            capture(&mut self.stderr, &mut self.err);
        }
        let mut rest = 0;
        while let (true, Piece::Bytes(bytes)) = (rest < REMAINDER, read(&mut self.replies)) {
            rest += bytes.len();
            Frame::Reply(bytes).write(&mut self.outbox);
        }
    }

    /// Puts a frame in the queue for the checker; it leaves with the last one.
    pub fn enqueue(&mut self, frame: &Frame) {
        frame.write(&mut self.outbox);
    }

    /// Sends the last frame and waits until the checker has it (`true`) or is gone. Nothing of the payload lives any more,
    /// so a checker that is stopped may take its time.
    ///
    /// # Errors
    /// When the kernel refuses to wait.
    pub fn deliver(&mut self, last: &Frame) -> anyhow::Result<bool> {
        last.write(&mut self.outbox);
        (self.requests, self.replies, self.stdout, self.stderr) = (None, None, None, None);
        while !self.outbox.is_empty() {
            let ready = self.ready(None, Duration::MAX)?;
            if ready.contains(&Name::Control) {
                // Keeps a checker that is still writing a question from waiting for us while we wait for it.
                self.hear_checker();
                self.pending.clear();
            }
            if ready.contains(&Name::Events) {
                self.flush();
            }
        }
        Ok(!self.deserted)
    }

    /// Waits until some pipe has something to do, at most `timeout`; empty when none had.
    fn ready<'a>(
        &'a self,
        children: Option<&'a SignalFd>,
        timeout: Duration,
    ) -> anyhow::Result<Vec<Name>> {
        let mut watched: Vec<(Name, PollFd<'a>)> = Vec::new();
        let mut watch = |name, descriptor: Option<BorrowedFd<'a>>, flags| {
            watched.extend(descriptor.map(|descriptor| (name, PollFd::new(descriptor, flags))));
        };
        let (input, output) = (PollFlags::POLLIN, PollFlags::POLLOUT);
        // A control pipe is always watched: its end is reported even when no input is wanted.
        let more = if self.pending.len() < CHUNK {
            input
        } else {
            PollFlags::empty()
        };
        watch(Name::Control, self.control.as_ref().map(AsFd::as_fd), more);
        watch(Name::Children, children.map(AsFd::as_fd), input);
        watch(Name::Stdout, self.stdout.as_ref().map(AsFd::as_fd), input);
        watch(Name::Stderr, self.stderr.as_ref().map(AsFd::as_fd), input);
        watch(Name::Report, self.report.as_ref().map(AsFd::as_fd), input);
        if self.outbox.len() < CHUNK {
            watch(Name::Replies, self.replies.as_ref().map(AsFd::as_fd), input);
        }
        if !self.pending.is_empty() {
            watch(
                Name::Requests,
                self.requests.as_ref().map(AsFd::as_fd),
                output,
            );
        }
        if !self.outbox.is_empty() {
            watch(Name::Events, Some(self.events.as_fd()), output);
        }
        let (names, mut descriptors): (Vec<_>, Vec<_>) = watched.into_iter().unzip();
        poll(&mut descriptors, milliseconds(timeout)).context("cannot wait for pipes")?;
        let ready = names.into_iter().zip(&descriptors);
        Ok(ready
            .filter(|(_, descriptor)| descriptor.any() == Some(true))
            .map(|(name, _)| name)
            .collect())
    }

    fn hear_checker(&mut self) {
        match read(&mut self.control) {
            // A payload without a channel is not spoken to.
            Piece::Bytes(_) if self.requests.is_none() => {}
            Piece::Bytes(bytes) => self.pending.extend(bytes),
            Piece::Later | Piece::End => {}
        }
    }

    /// Takes what the first process of a box has told so far.
    pub fn hear_report(&mut self) {
        while let Piece::Bytes(bytes) = read(&mut self.report) {
            self.told.extend(bytes);
        }
    }

    fn forward_replies(&mut self) {
        if let Piece::Bytes(bytes) = read(&mut self.replies) {
            Frame::Reply(bytes).write(&mut self.outbox);
            self.flush();
        }
    }

    fn forward_requests(&mut self) {
        if let Some(pipe) = &mut self.requests
            && !write(pipe, &mut self.pending)
        {
            // The payload has closed its end; what it does not want to read is its own affair.
            self.requests = None;
            self.pending.clear();
        }
    }

    fn flush(&mut self) {
        if !write(&mut self.events, &mut self.outbox) {
            self.control = None;
            self.deserted = true;
            self.outbox.clear();
        }
    }
}

fn capture(stream: &mut Option<impl Read>, into: &mut Capture) {
    if let Piece::Bytes(bytes) = read(stream) {
        into.push(&bytes);
    }
}

/// One read; at the end of the stream, or when it fails, the stream is closed.
fn read(stream: &mut Option<impl Read>) -> Piece {
    let Some(source) = stream else {
        return Piece::End;
    };
    let mut bytes = vec![0; CHUNK];
    match source.read(&mut bytes) {
        Ok(length) if length > 0 => {
            bytes.truncate(length);
            Piece::Bytes(bytes)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Piece::Later
        }
        Ok(_) | Err(_) => {
            *stream = None;
            Piece::End
        }
    }
}

/// Writes what the pipe takes now; `false` when nobody can read it any more.
fn write(pipe: &mut impl Write, bytes: &mut Vec<u8>) -> bool {
    match pipe.write(bytes) {
        Ok(length) => {
            bytes.drain(..length);
            true
        }
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}

/// Rounded up, so that a wait never ends just before the moment it waits for.
fn milliseconds(duration: Duration) -> PollTimeout {
    let rounded = duration.as_micros().div_ceil(1000);
    PollTimeout::try_from(rounded).unwrap_or(PollTimeout::MAX)
}

fn set_nonblocking(descriptor: BorrowedFd<'_>) -> std::io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(descriptor, FcntlArg::F_GETFL)?);
    fcntl(descriptor, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
