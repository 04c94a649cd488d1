//! A check in a process of its own: it can be ended at any moment, and takes everything that it started along.
//!
//! The process is the checker itself with [`ATTENDED`] before its arguments: it ends when its standard input does, as each supervisor below it does
//! in turn, and tells on standard error, line by line, what it is doing. It is in a process group of its own: Ctrl-C is for the watch to answer.

use std::io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Read as _};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::mpsc::Sender;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::events::Message;
use crate::border::{self, Isolation, Newborn, Role};
use crate::build::scratch;

/// The hidden word that makes a checker end with its standard input and tell what it is doing.
pub const ATTENDED: &str = "__attended";

/// The same, and full isolation was seen to work.
pub const ATTENDED_IN_FULL: &str = "__attended_in_full";

/// Stands at the beginning of a line that tells what is being done.
pub const STEP: char = '\u{1}';

/// How a check ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code or signal; `None` if it could not be waited for.
    pub status: Option<ExitStatus>,
    /// What it reported.
    pub report: String,
    /// What else it had to say.
    pub remarks: String,
}

/// A check under way. Dropping it ends the check; its [`Ended`] still arrives.
#[derive(Debug)]
pub struct Running {
    /// Its number, which its messages carry.
    pub number: u64,
    process: Pid,
    _lifeline: PipeWriter,
}

impl Running {
    /// Starts a check; its messages carry `number`. What it may leave in `work` is removed.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(
        args: &[String],
        number: u64,
        sender: &Sender<Message>,
        work: PathBuf,
    ) -> anyhow::Result<Running> {
        let attended = match border::found_isolation().isolation {
            Isolation::Full => ATTENDED_IN_FULL,
            _ => ATTENDED,
        };
        let mut line = vec!["checker".to_owned(), attended.to_owned()];
        line.extend_from_slice(args);
        let (input, lifeline) = io::pipe()?;
        let (stdout, output) = io::pipe()?;
        let (stderr, errors) = io::pipe()?;
        let streams = [input.as_fd(), output.as_fd(), errors.as_fd()];
        let check = border::bear(&Role::Checker(line), streams)?;
        let process = check.id();
        let sender = sender.clone();
        std::thread::spawn(move || {
            let ended = attend(check, stdout, stderr, number, &sender);
            // It may have been ended in the middle of its work.
            scratch::remove_abandoned(&work);
            // Nobody listens any more when the watch has ended.
            let _ = sender.send(Message::Ended(number, ended));
        });
        Ok(Running {
            number,
            process,
            _lifeline: lifeline,
        })
    }

    /// Lets go of the check; returns the process, should it have to be ended by force.
    pub fn cancel(self) -> Pid {
        self.process
    }
}

/// Ends a process that did not go by itself, for example because somebody has stopped it.
pub fn end_by_force(process: Pid) {
    // It may have ended just now.
    let _ = kill(process, Signal::SIGKILL);
}

/// Reads all that a check says, and waits for its end.
fn attend(
    mut check: Newborn,
    mut stdout: PipeReader,
    stderr: PipeReader,
    number: u64,
    sender: &Sender<Message>,
) -> Ended {
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error counts.
        let _ = stdout.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let mut remarks = String::new();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        match line.strip_prefix(STEP) {
            Some(step) => {
                let _ = sender.send(Message::Step(number, step.to_owned()));
            }
            None => remarks += &format!("{line}\n"),
        }
    }
    Ended {
        report: reader.join().unwrap_or_default(),
        status: check.wait().ok(),
        remarks,
    }
}
