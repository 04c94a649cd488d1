//! What a conversation amounts to where no comparison is needed.

use nix::sys::signal::Signal;

use super::{Answer, Ended, Ending, Interrogation, Limit, Loading, Part};
use crate::verdict::Verdict;

/// The class of the exception that a driver reports for a scenario that `scenarios.py` does not have.
const NO_SUCH_SCENARIO: &str = "NoSuchScenario";

/// The name of a signal, for example `SIGSEGV`, or `signal 40` when it has none.
pub fn signal_name(number: i32) -> String {
    match Signal::try_from(number) {
        Ok(signal) => signal.as_str().to_owned(),
        Err(_) => format!("signal {number}"),
    }
}

impl Ended {
    /// The verdict on a process that should still be at work; `None` when the judge itself ended it.
    pub fn cut_short(&self) -> Option<Verdict> {
        match self.ending {
            Ending::Exited(_) => Some(Verdict::EarlyExit),
            Ending::Signaled(number) => Some(Verdict::Crashed(signal_name(number))),
            Ending::Stopped(Limit::Time) => Some(Verdict::Timeout),
            Ending::Stopped(Limit::Memory) => Some(Verdict::MemoryLimit),
            Ending::Stopped(Limit::Output) => Some(Verdict::OutputLimit),
            Ending::Stopped(Limit::Processes) => Some(Verdict::ProcessLimit),
            Ending::Dismissed => None,
        }
    }
}

impl Interrogation {
    /// The verdict, when it does not depend on what was observed; `None` when every scenario was observed, everything
    /// ended in order, and the judge has to compare. The worst comes first: forged replies, then loading, then processes
    /// that were cut short, then exceptions, then what happened after the last answer.
    pub fn verdict(&self) -> Option<Verdict> {
        if self.tampering.is_some() {
            return Some(Verdict::Tampered);
        }
        if let Loading::Failed {
            part,
            class,
            message,
            ..
        } = &self.loading
        {
            let text = format!("{class}: {message}");
            return Some(match part {
                Part::Bridge => Verdict::ImportError,
                Part::Engine => Verdict::GraderFault(format!("the engine does not load: {text}")),
                Part::Scenarios => {
                    Verdict::GraderFault(format!("scenarios.py does not load: {text}"))
                }
            });
        }
        let cut_short = self
            .interruptions
            .iter()
            .map(|interruption| &interruption.ended);
        if let Some(verdict) = cut_short.clone().find_map(Ended::cut_short) {
            return Some(verdict);
        }
        if let Some(verdict) = self.answers.iter().find_map(without_observation) {
            return Some(verdict);
        }
        if self.ended.ending != Ending::Exited(0) {
            return self.ended.cut_short();
        }
        if !self.finished || self.answers.contains(&Answer::NotAsked) {
            return Some(Verdict::MissingScenarios);
        }
        (self.left_behind() > 0).then_some(Verdict::LeakedProcess)
    }

    /// Processes that were left behind, in all processes of the conversation.
    pub fn left_behind(&self) -> u32 {
        let interrupted = self
            .interruptions
            .iter()
            .map(|interruption| interruption.ended.leaked);
        // An interrupted last process is among the interruptions already.
        let last = if self.finished { self.ended.leaked } else { 0 };
        interrupted.sum::<u32>() + last
    }
}

fn without_observation(answer: &Answer) -> Option<Verdict> {
    match answer {
        Answer::Raised { class, .. } if class == NO_SUCH_SCENARIO => {
            Some(Verdict::MissingScenarios)
        }
        Answer::Raised { .. } => Some(Verdict::Exception),
        // An unfinished answer always has its interruption; the judge does not rely on it.
        Answer::Unfinished => Some(Verdict::MissingScenarios),
        Answer::Observed(_) | Answer::NotAsked => None,
    }
}
