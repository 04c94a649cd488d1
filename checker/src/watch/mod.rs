//! `checker watch`: checks a lesson at each save.
//!
//! The picture of the files by content (`files`) decides everything. A check belongs to one picture; a newer picture ends it,
//! and its result is shown only while the picture is still the same. The loop waits in one channel (`events`); the check is a
//! process of its own (`check`).

pub(crate) mod check;
mod events;
mod files;
mod screen;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, raise};
use nix::unistd::Pid;
use serde_json::{Value as Json, json};

use crate::errors::ExpectedError;
use crate::flow::course::Course;
use crate::flow::store::Store;
use crate::lesson::Lesson;
use crate::workspace::Workspace;
use crate::{border, exit, terminal, words};
use check::{Ended, Running};
use events::{FolderEvents, Key, Message};
use files::{Seen, Stamp};
use screen::Screen;

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

/// What a process is for.
#[derive(Debug)]
enum Purpose {
    /// The check of this picture.
    Check(Seen, Stamp),
    /// A command whose text is shown below the report.
    Aside,
}

/// A process under way.
#[derive(Debug)]
struct Work {
    running: Running,
    purpose: Purpose,
    what: String,
    step: String,
    started: Instant,
    /// Files were written during it, perhaps with the same content.
    touched: bool,
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

    fn files(&mut self, settled: bool, paths: &[PathBuf]) -> anyhow::Result<()> {
        let follows = |path: &PathBuf| {
            self.events.as_ref().is_some_and(|it| it.follows(path)) || *path == self.lesson.folder
        };
        if self.gone || paths.iter().any(follows) {
            self.follow()?;
        }
        if let Some(work) = &mut self.work {
            work.touched = true;
        }
        if settled {
            self.look()
        } else {
            self.look_twice()
        }
    }

    /// What the latest check is or was about.
    fn known(&self) -> Option<&Seen> {
        match &self.work {
            Some(Work {
                purpose: Purpose::Check(seen, _),
                ..
            }) => Some(seen),
            _ => self.checked.as_ref(),
        }
    }

    /// Looks at the files, and checks them if they are others than before.
    fn look(&mut self) -> anyhow::Result<()> {
        let Some((seen, stamp)) = self.look_or_say()? else {
            return Ok(());
        };
        if self.known() == Some(&seen) {
            self.unsettled = None;
            return Ok(());
        }
        if self.known().is_some_and(|known| seen.lacks_what(known))
            && self.unsettled.as_ref() != Some(&seen)
        {
            self.unsettled = Some(seen);
            return Ok(());
        }
        self.unsettled = None;
        self.check(seen, stamp)
    }

    /// The same where a file may still be being written: what is seen twice is believed.
    fn look_twice(&mut self) -> anyhow::Result<()> {
        let Some((seen, stamp)) = self.look_or_say()? else {
            return Ok(());
        };
        if self.known() == Some(&seen) {
            self.unsettled = None;
        } else if self.unsettled.as_ref() == Some(&seen) {
            self.unsettled = None;
            self.check(seen, stamp)?;
        } else {
            self.unsettled = Some(seen);
        }
        Ok(())
    }

    /// Takes a picture; without a lesson it says so, once.
    fn look_or_say(&mut self) -> anyhow::Result<Option<(Seen, Stamp)>> {
        let found = files::look(&self.lesson);
        if found.is_some() == self.gone {
            self.gone = found.is_none();
            if self.gone {
                self.let_go();
                self.checked = None;
                let id = &self.lesson.manifest.id;
                let gone = words!("watch-gone", lesson = id.0.as_str());
                let text = format!("{gone}\n{}", words!("watch-gone-next"));
                self.screen.status("")?;
                self.say(&text)?;
            } else {
                self.reread();
                self.follow()?;
            }
        }
        Ok(found)
    }

    /// The manifest may have changed; a broken one is named by the check.
    fn reread(&mut self) {
        if let Ok(lesson) = crate::catalogue::load(&self.lesson.folder) {
            self.lesson = lesson;
        }
    }

    /// Checks what was seen; a check under way is about something older, and ends.
    fn check(&mut self, seen: Seen, stamp: Stamp) -> anyhow::Result<()> {
        let id = self.lesson.manifest.id.to_string();
        let mut args = vec!["run".to_owned(), id.clone()];
        args.extend(self.options.check.iter().cloned());
        let name = seen.name();
        let checking = words!("watch-checking", lesson = id.as_str());
        self.start(&args, Purpose::Check(seen, stamp), checking.clone())?;
        if self.options.json {
            self.tell(&json!({ "event": "start", "lesson": id, "content": name }))?;
        } else if !self.screen.is_live() {
            self.screen.append(&format!("{checking}\n"))?;
        }
        // The manifest is part of the picture, and may name other files now.
        self.reread();
        Ok(())
    }

    fn start(&mut self, args: &[String], purpose: Purpose, what: String) -> anyhow::Result<()> {
        let replaced = self.let_go();
        self.count += 1;
        let work = self.workspace.cache.join("work");
        let running = Running::start(args, self.count, &self.sender, work)?;
        self.work = Some(Work {
            running,
            purpose,
            what,
            step: String::new(),
            started: Instant::now(),
            touched: false,
        });
        if let Some(name) = replaced
            && self.options.json
        {
            self.tell(&json!({ "event": "cancelled", "content": name }))?;
        }
        self.show_work()
    }

    /// Ends what is under way; returns the name of the picture if it was a check.
    fn let_go(&mut self) -> Option<String> {
        let work = self.work.take()?;
        let number = work.running.number;
        let process = work.running.cancel();
        self.leaving
            .push((number, process, Instant::now() + FAREWELL));
        match work.purpose {
            Purpose::Check(seen, _) => Some(seen.name()),
            Purpose::Aside => None,
        }
    }

    fn show_work(&mut self) -> anyhow::Result<()> {
        let text = match &self.work {
            None => String::new(),
            Some(work) => {
                let step = if work.step.is_empty() {
                    String::new()
                } else {
                    format!(": {}", work.step)
                };
                format!(
                    "{}{step} ({} s)",
                    work.what,
                    work.started.elapsed().as_secs()
                )
            }
        };
        Ok(self.screen.status(&text)?)
    }

    fn step(&mut self, number: u64, step: String) -> anyhow::Result<()> {
        let live = self.screen.is_live();
        let Some(work) = self
            .work
            .as_mut()
            .filter(|work| work.running.number == number)
        else {
            return Ok(());
        };
        work.step = step.clone();
        if !live && !self.options.json && !step.is_empty() {
            self.screen.append(&format!("  {step}\n"))?;
        }
        self.show_work()
    }

    fn ended(&mut self, number: u64, ended: Ended) -> anyhow::Result<()> {
        self.leaving.retain(|(other, ..)| *other != number);
        let Some(work) = self.work.take_if(|work| work.running.number == number) else {
            return Ok(());
        };
        self.screen.status("")?;
        match work.purpose {
            Purpose::Aside => {
                let text = format!("\n{}{}", ended.remarks, ended.report);
                self.screen.append(&text)?;
                // Files may have been saved meanwhile.
                self.look()
            }
            Purpose::Check(seen, stamp) => match files::look(&self.lesson) {
                Some((now, _)) if now != seen => self.look(),
                // Written again with the same content: the check may have read something in between.
                Some((_, written)) if work.touched && written != stamp => self.check(seen, written),
                _ => self.show(seen, &ended),
            },
        }
    }

    /// Shows the result of a check, which belongs to what is on the disk.
    fn show(&mut self, seen: Seen, ended: &Ended) -> anyhow::Result<()> {
        let code = ended.status.and_then(|status| status.code());
        let report = match ended.status.and_then(killed_by) {
            None => format!("{}{}", ended.remarks, ended.report),
            Some(signal) => format!(
                "{}{}{}\n{}\n",
                ended.remarks,
                ended.report,
                words!("watch-ended", signal = signal),
                words!("watch-ended-next")
            ),
        };
        if self.options.json {
            let event = json!({
                "event": "result",
                "lesson": self.lesson.manifest.id,
                "content": seen.name(),
                "exit_code": code,
                "signal": ended.status.and_then(killed_by),
                "report": serde_json::from_str::<Json>(&ended.report).ok(),
            });
            self.tell(&event)?;
        } else {
            self.screen.show(&report)?;
        }
        self.checked = Some(seen);
        Ok(())
    }

    fn key(&mut self, key: Key) -> anyhow::Result<()> {
        let id = self.lesson.manifest.id.to_string();
        match key {
            Key::Hint => self.aside(&["hint", &id], &words!("watch-hint")),
            Key::Explain => match self.failing() {
                Some(variant) => {
                    let what = words!("watch-explaining", variant = variant.as_str());
                    self.aside(&["explain", &id, &variant], &what)
                }
                None => self.say(&words!("watch-nothing-failed")),
            },
            Key::List => self.aside(&["list", "--exercises"], &words!("watch-list")),
            Key::All => {
                let course = Course::open(self.workspace.clone())?;
                let ids: Vec<String> = course
                    .lessons
                    .iter()
                    .map(|it| it.manifest.id.to_string())
                    .collect();
                let mut args = vec!["run"];
                args.extend(ids.iter().map(String::as_str));
                self.aside(&args, &words!("watch-checking-all"))
            }
            Key::Next => self.next(),
            Key::Again => {
                self.checked = None;
                self.let_go();
                self.look()
            }
            Key::Help => self.say(&words!("watch-help")),
            Key::Suspend => {
                self.screen.leave();
                raise(Signal::SIGTSTP)?;
                Ok(self.screen.enter()?)
            }
            // Handled where the loop ends.
            Key::Quit => Ok(()),
        }
    }

    /// Runs a command and shows its text below the report. A check under way is more important: it goes on first.
    fn aside(&mut self, args: &[&str], what: &str) -> anyhow::Result<()> {
        if matches!(&self.work, Some(work) if matches!(work.purpose, Purpose::Check(..))) {
            return self.say(&words!("watch-busy"));
        }
        let mut args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
        args.extend(match args[0].as_str() {
            "run" => self.options.check.iter().cloned(),
            _ => self.options.other.iter().cloned(),
        });
        self.start(&args, Purpose::Aside, what.to_owned())
    }

    /// The variant that the last run has found failing first.
    fn failing(&self) -> Option<String> {
        let state = Store::of(self.workspace).read().ok()?;
        let known = state.lesson(&self.lesson.manifest.id);
        let ids = self.lesson.manifest.exercises.iter().map(|it| &it.id);
        ids.filter_map(|id| known.exercises.get(id)?.failing.as_ref())
            .map(|failing| failing.variant.clone())
            .next()
    }

    fn next(&mut self) -> anyhow::Result<()> {
        let course = Course::open(self.workspace.clone())?;
        let Some(lesson) = course.open_after(&self.lesson.manifest.id).cloned() else {
            return self.say(&words!("watch-no-other"));
        };
        let id = lesson.manifest.id.clone();
        course.store.update(|state| state.current = Some(id))?;
        self.let_go();
        self.lesson = lesson;
        self.screen.show("")?;
        self.begin()
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

fn killed_by(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal().map(border::signal_name)
}
