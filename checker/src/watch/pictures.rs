//! When a picture of the files is believed, and asks for a check.

use std::path::PathBuf;

use serde_json::json;

use super::Watch;
use super::files::{self, Seen, Stamp};
use super::work::{Purpose, Work};
use crate::words;

impl Watch<'_> {
    pub(super) fn files(&mut self, settled: bool, paths: &[PathBuf]) -> anyhow::Result<()> {
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
    pub(super) fn known(&self) -> Option<&Seen> {
        match &self.work {
            Some(Work {
                purpose: Purpose::Check(seen, _),
                ..
            }) => Some(seen),
            _ => self.checked.as_ref(),
        }
    }

    /// Looks at the files, and checks them if they are others than before.
    pub(super) fn look(&mut self) -> anyhow::Result<()> {
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
    pub(super) fn look_twice(&mut self) -> anyhow::Result<()> {
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
                // Nobody has told of what was saved before the folders were listened to again.
                return Ok(files::look(&self.lesson));
            }
        }
        Ok(found)
    }

    /// The manifest may have changed; a broken one is named by the check.
    pub(super) fn reread(&mut self) {
        if let Ok(lesson) = crate::catalogue::load(&self.lesson.folder) {
            self.lesson = lesson;
        }
    }

    /// Checks what was seen; a check under way is about something older, and ends.
    pub(super) fn check(&mut self, seen: Seen, stamp: Stamp) -> anyhow::Result<()> {
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
}
