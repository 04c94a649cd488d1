//! What each key does, and the commands whose text is shown below the report.

use nix::sys::signal::{Signal, raise};

use super::Watch;
use super::events::Key;
use super::work::Purpose;
use crate::flow::begun;
use crate::flow::course::Course;
use crate::flow::store::Store;
use crate::lesson::Exercise;
use crate::words;

impl Watch<'_> {
    pub(super) fn key(&mut self, key: Key) -> anyhow::Result<()> {
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

    /// The variant that the last run has found failing first, and of which it has told: what nobody has begun comes last.
    fn failing(&self) -> Option<String> {
        let state = Store::of(self.workspace).read().ok()?;
        let known = state.lesson(&self.lesson.manifest.id);
        let untouched = begun::untouched(&self.lesson);
        let is_untouched = |it: &&Exercise| untouched.iter().any(|other| other.id == it.id);
        let mut exercises: Vec<&Exercise> = self.lesson.manifest.exercises.iter().collect();
        exercises.sort_by_key(is_untouched);
        let mut failing = exercises
            .iter()
            .filter_map(|it| known.exercises.get(&it.id)?.failing.as_ref());
        failing.next().map(|it| it.variant.clone())
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
}
