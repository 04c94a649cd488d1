//! `checker watch`: checks a lesson at each save.
//!
//! The picture of the files by content (`files`) decides everything. A check belongs to one picture; a newer picture ends it,
//! and its result is shown only while the picture is still the same (`pictures`). The loop waits in one channel (`events`); the
//! check is a process of its own (`check`), as are the commands behind the keys (`keys`), and one is under way at a time (`work`).

pub(crate) mod check;
mod events;
mod files;
mod keys;
mod pictures;
mod screen;
mod work;

use std::fs::File;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use serde_json::{Value as Json, json};

use crate::errors::ExpectedError;
use crate::flow::store::Store;
use crate::lesson::Lesson;
use crate::workspace::Workspace;
use crate::{exit, terminal, words};
use events::{FolderEvents, Key, Message};
use files::Seen;
use screen::Screen;
use work::Work;

/// How long a file that has gone is waited for: many editors remove the old one before they put the new one there.
const GRACE: Duration = Duration::from_millis(60);
/// How often files are looked at where no events come.
const POLL: Duration = Duration::from_millis(300);
/// How long a check that is no longer wanted may take to go.
const FAREWELL: Duration = Duration::from_secs(5);
/// How often the time that a check has taken is shown.
const TICK: Duration = Duration::from_secs(1);

/// What to watch, and how.
#[derive(Debug)]
pub struct Options {
    /// Arguments of each check: which variants, which Python, which isolation, colour.
    pub check: Vec<String>,
    /// Arguments of every other command.
    pub other: Vec<String>,
    /// Look at the files again and again instead of waiting for events.
    pub poll: bool,
    /// One JSON object a line.
    pub json: bool,
}

struct Watch<'a> {
    workspace: &'a Workspace,
    options: &'a Options,
    lesson: Lesson,
    screen: Screen,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    /// `None` where the files are looked at again and again.
    events: Option<FolderEvents>,
    work: Option<Work>,
    /// Processes that were let go, and when they are ended by force.
    leaving: Vec<(u64, Pid, Instant)>,
    /// The picture whose result was shown last.
    checked: Option<Seen>,
    /// Where no events come: what was seen once, and is believed when it is seen again.
    unsettled: Option<Seen>,
    gone: bool,
    count: u64,
}

/// Why the loop ends.
enum Leave {
    Asked,
    Signalled,
}

/// Watches until somebody wants it to end; returns the exit code.
///
/// # Errors
/// When signals cannot be heard, or the output cannot be written.
pub fn watch(workspace: &Workspace, lesson: Lesson, options: &Options) -> anyhow::Result<u8> {
    let (sender, receiver) = channel();
    terminal::hear_signals(sender.clone(), || Message::Signal)?;
    events::watch_output(sender.clone());
    let screen = if options.json {
        Screen::lines()
    } else {
        Screen::open()
    };
    if screen.is_live() {
        terminal::hear(sender.clone(), events::of_terminal);
    } else {
        events::read_lines(sender.clone());
    }
    let mut watch = Watch {
        workspace,
        options,
        lesson,
        screen,
        sender,
        receiver,
        events: None,
        work: None,
        leaving: Vec::new(),
        checked: None,
        unsettled: None,
        gone: false,
        count: 0,
    };
    let others = watch.settle_in()?;
    let left = watch.begin().and_then(|()| watch.stay());
    watch.finish();
    drop(others);
    match left {
        Ok(Leave::Asked) => Ok(exit::PASSED),
        Ok(Leave::Signalled) => Ok(exit::INTERRUPTED),
        Err(error) => match error.downcast::<std::io::Error>() {
            // The terminal or the reader of the pipe is gone.
            Ok(cause) if is_closed(&cause) => Err(ExpectedError::BrokenPipe.into()),
            Ok(cause) => Err(cause.into()),
            Err(other) => Err(other),
        },
    }
}

fn is_closed(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
        || error.raw_os_error() == Some(nix::errno::Errno::EIO as i32)
}

impl Watch<'_> {
    /// Says what is unusual about this watch; returns a lock that lasts as long as it does.
    fn settle_in(&mut self) -> anyhow::Result<Option<File>> {
        let store = Store::of(self.workspace);
        let deaf = if self.options.poll {
            Some(words!("watch-poll-given"))
        } else {
            events::deaf(&self.lesson.folder, store.folder())
        };
        match deaf {
            None => self.listen()?,
            Some(why) => self.say_polling(&why)?,
        }
        let lock = File::create(store.folder().join("watch.lock")).ok();
        if let Some(file) = &lock
            && matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock))
        {
            self.say(&words!("watch-two"))?;
        }
        Ok(lock)
    }

    fn listen(&mut self) -> anyhow::Result<()> {
        match FolderEvents::new(self.sender.clone()) {
            Ok(events) => self.events = Some(events),
            Err(error) => self.say_polling(&error.to_string())?,
        }
        Ok(())
    }

    fn say_polling(&mut self, why: &str) -> anyhow::Result<()> {
        self.events = None;
        let every = u32::try_from(POLL.as_millis()).expect("less than a second");
        self.say(&words!("watch-polling", milliseconds = every, reason = why))
    }

    /// A remark for people; a program hears it too.
    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        if self.options.json {
            return self.tell(&json!({ "event": "note", "text": text }));
        }
        Ok(self.screen.append(&format!("{text}\n"))?)
    }

    fn tell(&mut self, event: &Json) -> anyhow::Result<()> {
        Ok(self.screen.append(&format!("{event}\n"))?)
    }

    /// Turns to the lesson: listens to its folders, and checks it.
    fn begin(&mut self) -> anyhow::Result<()> {
        self.gone = false;
        self.checked = None;
        self.follow()?;
        self.look()
    }

    fn follow(&mut self) -> anyhow::Result<()> {
        let folders = files::folders(&self.lesson);
        if let Some(events) = &mut self.events
            && let Err(error) = events.follow(&folders)
        {
            self.say_polling(&error.to_string())?;
        }
        Ok(())
    }

    fn stay(&mut self) -> anyhow::Result<Leave> {
        loop {
            let message = match self.patience() {
                None => self.receiver.recv().ok(),
                Some(patience) => match self.receiver.recv_timeout(patience) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return Ok(Leave::Asked),
                },
            };
            match message {
                None => self.pass_time()?,
                Some(Message::Files { settled, paths }) => self.files(settled, &paths)?,
                Some(Message::Key(Key::Quit) | Message::OutputClosed) => return Ok(Leave::Asked),
                Some(Message::Key(key)) => self.key(key)?,
                Some(Message::Resized) => self.screen.draw()?,
                // Whoever cannot type can still save.
                Some(Message::InputClosed) => {}
                Some(Message::Signal) => return Ok(Leave::Signalled),
                Some(Message::Step(number, step)) => self.step(number, step)?,
                Some(Message::Ended(number, ended)) => self.ended(number, ended)?,
            }
        }
    }

    /// How long to wait at most; for ever when nothing is under way.
    fn patience(&self) -> Option<Duration> {
        let polling = self.events.is_none().then_some(POLL);
        let shown = (self.work.is_some() && self.screen.is_live()).then_some(TICK);
        let leaving = (!self.leaving.is_empty()).then_some(TICK);
        let unsettled = self.unsettled.is_some().then_some(GRACE);
        [polling, shown, leaving, unsettled]
            .into_iter()
            .flatten()
            .min()
    }

    fn pass_time(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        for (_, process, deadline) in &self.leaving {
            if *deadline < now {
                check::end_by_force(*process);
            }
        }
        if self.events.is_none() || self.unsettled.is_some() {
            self.look_twice()?;
        }
        self.show_work()
    }

    /// Ends everything that was started, and waits until it is gone.
    fn finish(&mut self) {
        self.let_go();
        let end = Instant::now() + FAREWELL;
        while !self.leaving.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            match self.receiver.recv_timeout(left) {
                Ok(Message::Ended(number, _)) => {
                    self.leaving.retain(|(other, ..)| *other != number);
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        for (_, process, _) in self.leaving.drain(..) {
            check::end_by_force(process);
        }
    }
}
