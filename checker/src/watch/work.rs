//! The process under way: its start, its steps, its end, and what is shown of it.

use std::process::ExitStatus;
use std::time::Instant;

use serde_json::{Value as Json, json};

use super::check::{Ended, Running};
use super::files::{self, Seen, Stamp};
use super::{FAREWELL, Watch};
use crate::{border, words};

/// What a process is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The check of this picture.
    Check(Seen, Stamp),
    /// A command whose text is shown below the report.
    Aside,
}

/// A process under way.
#[derive(Debug)]
pub(super) struct Work {
    running: Running,
    pub(super) purpose: Purpose,
    what: String,
    step: String,
    started: Instant,
    /// Files were written during it, perhaps with the same content.
    pub(super) touched: bool,
}

impl Watch<'_> {
    pub(super) fn start(
        &mut self,
        args: &[String],
        purpose: Purpose,
        what: String,
    ) -> anyhow::Result<()> {
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
    pub(super) fn let_go(&mut self) -> Option<String> {
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

    pub(super) fn show_work(&mut self) -> anyhow::Result<()> {
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

    pub(super) fn step(&mut self, number: u64, step: String) -> anyhow::Result<()> {
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

    pub(super) fn ended(&mut self, number: u64, ended: Ended) -> anyhow::Result<()> {
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
}

fn killed_by(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal().map(border::signal_name)
}
