//! What wakes the watch: files, keys, signals, and the check that it has started. Everything arrives in one channel, and every
//! sender waits in the kernel, so that nothing happens while nothing happens.

use std::io::BufRead as _;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::check::Ended;

/// How long the events of a folder are waited for at the beginning, to learn whether they come at all, milliseconds.
const PROBE: u16 = 500;

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// Files may have changed. Those that were only just created have their content a moment later.
    Files { settled: bool, paths: Vec<PathBuf> },
    /// A key, or a word that was typed where keys cannot be read.
    Key(Key),
    /// The terminal has another size.
    Resized,
    /// Nobody reads what is written.
    OutputClosed,
    /// Nothing can be typed any more.
    InputClosed,
    /// Somebody wants the program to end.
    Signal,
    /// The check with this number does this now.
    Step(u64, String),
    /// The check with this number has ended.
    Ended(u64, Ended),
}

/// What can be asked for while watching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Hint,
    Explain,
    Next,
    List,
    All,
    Again,
    Help,
    Quit,
    Suspend,
}

impl Key {
    /// The key with this letter.
    pub fn of(letter: char) -> Option<Key> {
        Some(match letter.to_ascii_lowercase() {
            'h' => Key::Hint,
            'e' => Key::Explain,
            'n' => Key::Next,
            'l' => Key::List,
            'a' => Key::All,
            'r' => Key::Again,
            '?' => Key::Help,
            'q' => Key::Quit,
            _ => return None,
        })
    }
}

/// The events of folders.
pub struct FolderEvents {
    watcher: RecommendedWatcher,
    followed: Vec<PathBuf>,
}

impl FolderEvents {
    /// Begins to listen, to nothing yet.
    ///
    /// # Errors
    /// When the system offers no events, or no more of them.
    pub fn new(sender: Sender<Message>) -> notify::Result<FolderEvents> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let message = match event {
                Ok(event) => message_of(event),
                // Events were lost: everything has to be looked at.
                Err(_) => Some(Message::Files {
                    settled: true,
                    paths: Vec::new(),
                }),
            };
            if let Some(message) = message {
                // Nobody listens any more when the watch is ending.
                let _ = sender.send(message);
            }
        })?;
        Ok(FolderEvents {
            watcher,
            followed: Vec::new(),
        })
    }

    /// Listens to these folders, to those that exist, and to no others. A folder that was replaced is listened to anew.
    ///
    /// # Errors
    /// When the system offers no more events.
    pub fn follow(&mut self, folders: &[PathBuf]) -> notify::Result<()> {
        for folder in self.followed.drain(..) {
            // A folder that was removed has taken its watch along.
            let _ = self.watcher.unwatch(&folder);
        }
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => self.followed.push(folder.clone()),
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether a path is one of the folders that are listened to.
    pub fn follows(&self, path: &Path) -> bool {
        self.followed.iter().any(|folder| folder == path)
    }
}

fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(cause) => cause.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn message_of(event: notify::Event) -> Option<Message> {
    let rescan = event.need_rescan();
    let settled = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Create(CreateKind::File) => false,
        EventKind::Create(_) | EventKind::Remove(_) => true,
        EventKind::Modify(ModifyKind::Name(_) | ModifyKind::Metadata(_)) => true,
        _ if rescan => true,
        // Reading changes nothing, and a writing that goes on is told when it ends.
        _ => return None,
    };
    Some(Message::Files {
        settled,
        paths: event.paths,
    })
}

/// Whether the events of this file system come: why they do not, or nothing.
pub fn deaf(folder: &Path, probe_in: &Path) -> Option<String> {
    if let Some(kind) = remote(folder) {
        return Some(format!("{kind} does not tell when others change files"));
    }
    match probe(probe_in) {
        Ok(true) => None,
        Ok(false) => Some("a file was written, and no event came".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

/// File systems whose changes come from another machine, or another system.
fn remote(folder: &Path) -> Option<&'static str> {
    let kind = nix::sys::statfs::statfs(folder).ok()?.filesystem_type();
    match kind.0 as u32 {
        0x6969 => Some("a network folder (NFS)"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("a network folder (SMB)"),
        0x0102_1997 => Some("a folder of the host system (9p, as WSL has it)"),
        0x6573_5546 => Some("a FUSE folder"),
        _ => None,
    }
}

/// Writes a file in a folder of ours and waits for its event, in this thread: on a busy machine another one may sleep for longer than the event is
/// waited for.
fn probe(folder: &Path) -> std::io::Result<bool> {
    std::fs::create_dir_all(folder)?;
    let events = Inotify::init(InitFlags::IN_CLOEXEC)?;
    events.add_watch(folder, AddWatchFlags::IN_CREATE)?;
    drop(tempfile::NamedTempFile::new_in(folder)?);
    let mut fds = [PollFd::new(events.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut fds, PROBE) {
            Err(Errno::EINTR) => {}
            ready => return Ok(ready? > 0),
        }
    }
}

/// What the terminal tells, while it is in raw mode.
pub fn of_terminal(event: std::io::Result<Event>) -> Option<Message> {
    match event {
        Ok(Event::Key(key)) => key_of(key).map(Message::Key),
        Ok(Event::Resize(..)) => Some(Message::Resized),
        Ok(_) => None,
        Err(_) => Some(Message::InputClosed),
    }
}

fn key_of(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    match event.code {
        KeyCode::Char('c' | 'd') if event.modifiers.contains(KeyModifiers::CONTROL) => {
            Some(Key::Quit)
        }
        KeyCode::Char('z') if event.modifiers.contains(KeyModifiers::CONTROL) => Some(Key::Suspend),
        KeyCode::Char(letter) if !event.modifiers.contains(KeyModifiers::CONTROL) => {
            Key::of(letter)
        }
        KeyCode::Enter => Some(Key::Again),
        _ => None,
    }
}

/// Reads lines, each a letter as one would press it: for a terminal without raw mode, and for pipes.
pub fn read_lines(sender: Sender<Message>) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            let key = line.trim().chars().next().and_then(Key::of);
            if sender.send(Message::Key(key.unwrap_or(Key::Help))).is_err() {
                return;
            }
        }
        let _ = sender.send(Message::InputClosed);
    });
}

/// Tells when nobody reads the output any more: a reader that goes away while nothing is written would not be noticed.
pub fn watch_output(sender: Sender<Message>) {
    std::thread::spawn(move || {
        let stdout = std::io::stdout();
        // No event is asked for; the end of the other side is told all the same.
        let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
        loop {
            match poll(&mut fds, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                Ok(_) => break,
                Err(_) => return,
            }
        }
        let _ = sender.send(Message::OutputClosed);
    });
}
