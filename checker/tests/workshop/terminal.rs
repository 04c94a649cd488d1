//! The real binary on a terminal of its own.

#![allow(dead_code, reason = "each file of tests uses its part")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;

const PATIENCE: Duration = Duration::from_secs(30);
/// Written to the terminal when the program has ended: what the program wrote comes before it.
const LAST: &str = "\u{1}the program has ended\u{1}";

/// A terminal, and the program that it was opened for.
pub struct Terminal {
    child: Child,
    master: File,
    slave: File,
    /// All that was written so far.
    pub seen: String,
    /// The beginning of a character whose rest has not come yet.
    rest: Vec<u8>,
    /// How the terminal was set before the program started.
    pub before: Termios,
    read_to: usize,
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

impl Terminal {
    /// Starts the command with the terminal as its controlling one.
    pub fn start(command: Command, rows: u16, columns: u16) -> Terminal {
        Terminal::start_as("xterm", command, rows, columns)
    }

    /// The same on a terminal of this kind.
    pub fn start_as(kind: &str, mut command: Command, rows: u16, columns: u16) -> Terminal {
        let pair = openpty(&size(rows, columns), None).unwrap();
        let slave = File::from(pair.slave);
        let before = tcgetattr(&slave).unwrap();
        let control = || {
            // SAFETY: both are system calls on descriptors of this process; nothing is allocated and no lock is taken.
            unsafe {
                libc::setsid();
                if libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
            }
            Ok(())
        };
        command
            .env("TERM", kind)
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave.try_clone().unwrap());
        // SAFETY: between fork and exec the closure makes two system calls; it allocates nothing and takes no lock.
        unsafe { command.pre_exec(control) };
        Terminal {
            child: command.spawn().unwrap(),
            master: File::from(pair.master),
            slave,
            seen: String::new(),
            rest: Vec::new(),
            before,
            read_to: 0,
        }
    }

    /// Waits until this was written after what was waited for before; returns everything up to there.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.seen[self.read_to..].find(text) {
                let start = self.read_to;
                self.read_to += found + text.len();
                return self.seen[start..self.read_to].to_owned();
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {text:?} in:\n{}", self.seen);
            self.receive(left);
        }
    }

    /// Takes what is written next; `false` when nothing comes in time, or ever again.
    pub fn receive(&mut self, patience: Duration) -> bool {
        let timeout = PollTimeout::try_from(patience.as_millis()).unwrap();
        let mut fds = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, timeout).unwrap() == 0 {
            return false;
        }
        let mut bytes = [0; 65536];
        match self.master.read(&mut bytes) {
            Ok(length) => {
                self.rest.extend_from_slice(&bytes[..length]);
                self.take_characters();
                length > 0
            }
            Err(_) => false,
        }
    }

    /// Takes the whole characters of what was read; a read may end in the middle of one.
    fn take_characters(&mut self) {
        let whole = match str::from_utf8(&self.rest) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.rest.len(),
        };
        let bytes: Vec<u8> = self.rest.drain(..whole).collect();
        self.seen += &String::from_utf8_lossy(&bytes);
    }

    /// The text that stands on the screen, as long as only what `watch` uses was written: lines, styles, the clearing of a line and of
    /// everything.
    pub fn screen(&self) -> String {
        let since = self
            .seen
            .rsplit_once("\x1b[2J\x1b[H")
            .map_or(self.seen.as_str(), |(_, rest)| rest);
        let lines = since.split("\r\n").map(|line| {
            let shown = line.rsplit_once("\r\x1b[K").map_or(line, |(_, rest)| rest);
            without_styles(shown)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Gives the window another size, as a mouse does.
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = size(rows, columns);
        // SAFETY: the descriptor is open, and the pointer leads to a whole Winsize that is only read.
        let done =
            unsafe { libc::ioctl(self.master.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
        assert_eq!(done, 0);
    }

    /// How the terminal is set now.
    pub fn settings(&self) -> Termios {
        tcgetattr(&self.slave).unwrap()
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Waits for the program's end, and for all that it has written: the kernel may bring it later.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                // Makes room for the mark.
                while self.receive(Duration::from_millis(20)) {}
                self.slave.write_all(LAST.as_bytes()).unwrap();
                self.wait_for(LAST);
                let mark = self.read_to - LAST.len();
                self.seen.replace_range(mark..self.read_to, "");
                self.read_to = mark;
                return status;
            }
            self.receive(Duration::from_millis(20));
        }
        panic!("it does not end:\n{}", self.seen);
    }
}

fn without_styles(line: &str) -> String {
    let mut pieces = line.split("\x1b[");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (style, rest) = piece.split_once('m').unwrap();
        assert!(
            style.chars().all(|c| c.is_ascii_digit() || c == ';'),
            "{line:?}"
        );
        text += rest;
    }
    text
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Ended already in the ordinary case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
