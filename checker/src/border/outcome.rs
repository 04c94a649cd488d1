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
        match &self.loading {
            Loading::Failed {
                part: Part::Bridge, ..
            } => return Some(Verdict::ImportError),
            Loading::Failed {
                part,
                class,
                message,
                ..
            } => return Some(ours(*part, &format!("{class}: {message}"))),
            Loading::Unfinished(part) if *part != Part::Bridge => {
                return Some(ours(*part, "the process ended"));
            }
            Loading::Loaded | Loading::Unfinished(_) => {}
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

/// The verdict on something of ours that does not load.
fn ours(part: Part, words: &str) -> Verdict {
    let name = match part {
        Part::Engine => "the engine",
        Part::Scenarios => "scenarios.py",
        Part::Bridge => "the bridge",
    };
    Verdict::GraderFault(format!("{name} does not load: {words}"))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Captured, Interruption};
    use super::*;
    use crate::value::Value;

    fn ended(ending: Ending) -> Ended {
        Ended {
            ending,
            stdout: Captured::default(),
            stderr: Captured::default(),
            leaked: 0,
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            results: Vec::new(),
        }
    }

    fn good() -> Interrogation {
        Interrogation {
            loading: Loading::Loaded,
            answers: vec![Answer::Observed(Value::None); 2],
            tampering: None,
            interruptions: Vec::new(),
            finished: true,
            ended: ended(Ending::Exited(0)),
        }
    }

    fn interrupted(ending: Ending) -> Interrogation {
        let ended = ended(ending);
        Interrogation {
            answers: vec![Answer::Observed(Value::None), Answer::Unfinished],
            interruptions: vec![Interruption {
                question: Some(1),
                ended: ended.clone(),
            }],
            finished: false,
            ended,
            ..good()
        }
    }

    fn raised(class: &str) -> Answer {
        Answer::Raised {
            class: class.into(),
            message: String::new(),
            traceback: String::new(),
        }
    }

    fn name(heard: &Interrogation) -> &'static str {
        heard.verdict().map_or("compare", |verdict| verdict.name())
    }

    #[test]
    fn only_a_conversation_in_order_is_compared() {
        assert_eq!(name(&good()), "compare");
    }

    #[test]
    fn an_interruption_is_named_by_what_ended_the_process() {
        let cases = [
            (Ending::Exited(0), "early-exit"),
            (Ending::Exited(1), "early-exit"),
            (Ending::Signaled(11), "crashed"),
            (Ending::Stopped(Limit::Time), "timeout"),
            (Ending::Stopped(Limit::Memory), "memory-limit"),
            (Ending::Stopped(Limit::Output), "output-limit"),
            (Ending::Stopped(Limit::Processes), "process-limit"),
        ];
        for (ending, verdict) in cases {
            assert_eq!(name(&interrupted(ending.clone())), verdict);
            let at_the_end = Interrogation {
                ended: ended(ending.clone()),
                ..good()
            };
            let expected = if ending == Ending::Exited(0) {
                "compare"
            } else {
                verdict
            };
            assert_eq!(name(&at_the_end), expected);
        }
        let crash = interrupted(Ending::Signaled(11)).verdict();
        assert_eq!(crash, Some(Verdict::Crashed("SIGSEGV".into())));
    }

    #[test]
    fn forged_replies_outweigh_everything() {
        let mut heard = interrupted(Ending::Signaled(11));
        heard.tampering = Some("two replies".into());
        assert_eq!(name(&heard), "tampered");
    }

    #[test]
    fn a_crash_outweighs_an_exception_and_an_exception_what_was_left_behind() {
        let mut heard = interrupted(Ending::Signaled(11));
        heard.answers[0] = raised("ValueError");
        assert_eq!(name(&heard), "crashed");
        let mut heard = good();
        heard.ended.leaked = 1;
        assert_eq!(name(&heard), "leaked-process");
        heard.answers[0] = raised("ValueError");
        assert_eq!(name(&heard), "exception");
        heard.answers[0] = raised(NO_SUCH_SCENARIO);
        assert_eq!(name(&heard), "missing-scenarios");
    }

    #[test]
    fn an_order_of_things_that_cannot_be_is_no_pass() {
        for heard in [
            Interrogation {
                finished: false,
                ..good()
            },
            Interrogation {
                answers: vec![Answer::NotAsked],
                ..good()
            },
            Interrogation {
                answers: vec![Answer::Unfinished],
                ..good()
            },
        ] {
            assert_eq!(name(&heard), "missing-scenarios");
        }
        let dismissed = interrupted(Ending::Dismissed);
        assert_eq!(name(&dismissed), "missing-scenarios");
    }

    #[test]
    fn what_was_left_behind_is_counted_once() {
        let mut heard = interrupted(Ending::Exited(0));
        heard.interruptions[0].ended.leaked = 2;
        heard.ended.leaked = 2;
        assert_eq!(heard.left_behind(), 2);
        heard.finished = true;
        heard.ended.leaked = 1;
        assert_eq!(heard.left_behind(), 3);
    }
}
