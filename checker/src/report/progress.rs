//! What is being done right now: one line on standard error while it lasts, nothing where nobody would see it.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output;
use crate::watch::check::STEP;

/// Whether somebody reads what is being done line by line.
static LINES: AtomicBool = AtomicBool::new(false);

/// From now on, each change is a line on standard error that begins with [`STEP`].
pub fn as_lines() {
    LINES.store(true, Ordering::Relaxed);
}

/// Whether somebody reads line by line: `watch`, which checks again by itself.
pub fn is_read() -> bool {
    LINES.load(Ordering::Relaxed)
}

/// The line, and the steps that are under way.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    steps: Vec<String>,
    line: Option<ProgressBar>,
}

/// A step that is under way until this is dropped.
#[derive(Debug)]
pub struct Step {
    progress: Progress,
    name: String,
}

impl Progress {
    /// Shows the step until the guard is dropped. The line is drawn only on a terminal; where it may not be drawn again, each
    /// step is a line of its own.
    pub fn step(&self, name: &str) -> Step {
        if output::is_plain() && !is_read() && std::io::stderr().is_terminal() {
            output::remark(name);
        }
        if let Ok(mut state) = self.state.lock() {
            state.steps.push(name.to_owned());
            state.show();
        }
        Step {
            progress: self.clone(),
            name: name.to_owned(),
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Ok(mut state) = self.progress.state.lock() {
            if let Some(index) = state.steps.iter().position(|step| *step == self.name) {
                state.steps.remove(index);
            }
            state.show();
        }
    }
}

impl State {
    fn show(&mut self) {
        if is_read() {
            output::remark(&format!("{STEP}{}", self.steps.join(", ")));
            return;
        }
        if output::is_plain() {
            return;
        }
        if self.steps.is_empty() {
            if let Some(line) = self.line.take() {
                line.finish_and_clear();
            }
            return;
        }
        let line = self.line.get_or_insert_with(|| {
            let line = ProgressBar::new_spinner();
            line.set_style(
                ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            line.enable_steady_tick(Duration::from_millis(120));
            line
        });
        line.set_message(self.steps.join(", "));
    }
}
