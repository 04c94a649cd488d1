//! The judge's side of a conversation with drivers: one question at a time, and nothing believed that was not asked for.

use std::ffi::OsString;

use serde_json::json;

use super::frame::{Frame, Specification};
use super::interpreter;
use super::launch::{Supervised, isolation_for};
use super::reply::{self, Reply};
use super::{
    Answer, DriverJob, Ended, Ending, Interrogation, Interruption, Job, Limit, Loading, Part,
    Question, printable,
};
use crate::value;

/// The driver's whole program; it travels as an argument, so that no file of it can be changed.
const DRIVER: &str = include_str!("driver.py");
/// How many interruptions of a conversation are followed by a new driver.
const RESTARTS: usize = 16;
/// How many of them may be time limits, since each costs as long as a whole run may take.
const TIMEOUTS: usize = 1;

/// Loads a bridge in a driver and asks it these questions in order. After a question that ends the process, a new driver
/// is asked the rest, a bounded number of times.
///
/// # Errors
/// When a supervisor or the interpreter cannot be started, or a supervisor is lost. Whatever the bridge does is part of
/// the answer.
pub fn interrogate(job: &DriverJob, questions: &[Question]) -> anyhow::Result<Interrogation> {
    let specification = specification(job);
    let mut conversation = Conversation {
        job,
        questions,
        loading: Loading::Loaded,
        answers: vec![Answer::NotAsked; questions.len()],
        interruptions: Vec::new(),
    };
    let mut next = 0;
    loop {
        let mut driver = Driver::start(&specification)?;
        let outcome = conversation.hold(&mut driver, next)?;
        let ended = match driver.ended.take() {
            Some(ended) => ended,
            None => driver.dismiss()?,
        };
        let (tampering, finished) = match outcome {
            Outcome::Finished => (None, true),
            Outcome::Tampered(words) => (Some(words), false),
            Outcome::Interrupted(question) => {
                conversation.interruptions.push(Interruption {
                    question,
                    ended: ended.clone(),
                });
                next = question.map_or(questions.len(), |question| question + 1);
                if next < questions.len() && conversation.may_restart() {
                    continue;
                }
                (None, false)
            }
        };
        return Ok(Interrogation {
            loading: conversation.loading,
            answers: conversation.answers,
            tampering,
            interruptions: conversation.interruptions,
            finished,
            ended,
        });
    }
}

fn specification(job: &DriverJob) -> Specification {
    let mut access = job.access.clone();
    access.readable.extend(interpreter::places(&job.python));
    let inherited = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    let mut env: Vec<(OsString, OsString)> = vec![
        ("PATH".into(), inherited),
        ("HOME".into(), job.work_dir.clone().into()),
        ("LC_ALL".into(), "C.UTF-8".into()),
    ];
    env.extend(job.env.iter().cloned());
    let mut command = job.wrapper.clone();
    command.push(job.python.clone().into());
    // Isolated from the user's settings; no byte code beside the participant's files, which would outlive an edit;
    // nothing of a crashed process's output lost in a buffer.
    let isolation = if job.python_variables { "-s" } else { "-I" };
    command.extend([isolation, "-B", "-u", "-X", "faulthandler"].map(OsString::from));
    command.extend(job.options.iter().cloned());
    command.extend(["-c", DRIVER].map(OsString::from));
    let values = [value::DEEPEST, value::MOST, value::LONGEST];
    let caps = values.iter().chain(&reply::TEXTS).map(usize::to_string);
    command.extend(caps.map(OsString::from));
    let job = Job {
        program: command.remove(0).into(),
        args: command,
        env,
        cwd: job.work_dir.clone(),
        limits: job.limits.clone(),
        access,
    };
    Specification {
        isolation: isolation_for(&job.access),
        ..Specification::new(&job, true)
    }
}

enum Outcome {
    /// The driver said that it ends, and ended.
    Finished,
    /// The process ended on this question, or while it loaded; the number of questions stands for its end.
    Interrupted(Option<usize>),
    /// Something came that no honest driver sends, in words.
    Tampered(String),
}

struct Conversation<'a> {
    job: &'a DriverJob,
    questions: &'a [Question],
    loading: Loading,
    answers: Vec<Answer>,
    interruptions: Vec<Interruption>,
}

impl Conversation<'_> {
    /// Talks to one driver, from the question with this index on.
    fn hold(&mut self, driver: &mut Driver, first: usize) -> anyhow::Result<Outcome> {
        let (loading, outcome) = self.load(driver)?;
        let loaded = loading == Loading::Loaded;
        if self.interruptions.is_empty() {
            // Later drivers load the same once more.
            self.loading = loading;
        }
        if let Some(outcome) = outcome {
            return Ok(outcome);
        }
        let asked = if loaded {
            first..self.questions.len()
        } else {
            0..0
        };
        for index in asked {
            let question = &self.questions[index];
            self.answers[index] = match driver.ask(request(question))? {
                Heard::Reply(Reply::Answer(answer)) => answer,
                Heard::Reply(_) => return Ok(out_of_turn()),
                Heard::Tampering(words) => return Ok(Outcome::Tampered(words)),
                Heard::End => {
                    self.answers[index] = Answer::Unfinished;
                    return Ok(Outcome::Interrupted(Some(index)));
                }
            };
        }
        match driver.ask(json!({ "do": "end" }))? {
            Heard::Reply(Reply::End) => driver.farewell(),
            Heard::Reply(_) => Ok(out_of_turn()),
            Heard::Tampering(words) => Ok(Outcome::Tampered(words)),
            Heard::End => Ok(Outcome::Interrupted(Some(self.questions.len()))),
        }
    }

    /// Has the driver import one part after the other. Tells what became of it, and the outcome if there is nothing more
    /// to say.
    fn load(&self, driver: &mut Driver) -> anyhow::Result<(Loading, Option<Outcome>)> {
        for part in self.parts() {
            let outcome = match driver.ask(self.load_request(part))? {
                Heard::Reply(Reply::Loaded) => continue,
                Heard::Reply(Reply::Answer(Answer::Raised {
                    class,
                    message,
                    traceback,
                })) => {
                    let failed = Loading::Failed {
                        part,
                        class,
                        message,
                        traceback,
                    };
                    return Ok((failed, None));
                }
                Heard::Reply(_) => out_of_turn(),
                Heard::Tampering(words) => Outcome::Tampered(words),
                Heard::End => Outcome::Interrupted(None),
            };
            return Ok((Loading::Unfinished(part), Some(outcome)));
        }
        Ok((Loading::Loaded, None))
    }

    /// What a driver imports, each asked for by itself: until the bridge is loaded, the answers come from code of ours.
    fn parts(&self) -> Vec<Part> {
        let engine = self.job.replace.as_ref().map(|_| Part::Engine);
        let rest = [Part::Scenarios, Part::Bridge];
        engine.into_iter().chain(rest).collect()
    }

    fn load_request(&self, part: Part) -> serde_json::Value {
        let (name, module) = match part {
            Part::Engine => ("engine", self.job.replace.as_deref().unwrap_or_default()),
            Part::Scenarios => ("scenarios", "scenarios"),
            Part::Bridge => ("bridge", self.job.bridge_module.as_str()),
        };
        json!({ "do": "load", "part": name, "module": module })
    }

    fn may_restart(&self) -> bool {
        let timeouts = self
            .interruptions
            .iter()
            .filter(|interruption| interruption.ended.ending == Ending::Stopped(Limit::Time));
        self.interruptions.len() <= RESTARTS && timeouts.count() <= TIMEOUTS
    }
}

fn request(question: &Question) -> serde_json::Value {
    let given: serde_json::Map<String, serde_json::Value> = question
        .given
        .iter()
        .map(|(name, value)| (name.clone(), value.to_wire()))
        .collect();
    json!({ "do": "run", "scenario": question.scenario, "given": given })
}

fn out_of_turn() -> Outcome {
    Outcome::Tampered("a reply of the wrong kind for its question".into())
}

enum Heard {
    Reply(Reply),
    Tampering(String),
    /// The process has ended; [`Driver::ended`] tells how.
    End,
}

/// One driver and what it has sent.
struct Driver {
    supervised: Supervised,
    received: Vec<u8>,
    ended: Option<Ended>,
}

impl Driver {
    fn start(specification: &Specification) -> anyhow::Result<Self> {
        Ok(Driver {
            supervised: Supervised::start(specification)?,
            received: Vec::new(),
            ended: None,
        })
    }

    /// Sends one request under a fresh id and waits for the line that answers it.
    fn ask(&mut self, mut request: serde_json::Value) -> anyhow::Result<Heard> {
        if !self.received.is_empty() {
            return Ok(Heard::Tampering("more than one reply to a question".into()));
        }
        let id = format!("{:016x}", rand::random::<u64>());
        request["id"] = id.clone().into();
        let line = format!("{request}\n");
        self.supervised.send(line.as_bytes());
        let mut known = 0;
        while self.hear()? {
            let news = &self.received[known..];
            if let Some(end) = news.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=known + end).collect();
                return Ok(Reply::parse(&line, &id).map_or_else(tampering, Heard::Reply));
            }
            if self.received.len() > reply::LONGEST {
                return Ok(tampering("a reply without end".into()));
            }
            known = self.received.len();
        }
        Ok(Heard::End)
    }

    /// Waits for the end of a driver that has said its last word.
    fn farewell(&mut self) -> anyhow::Result<Outcome> {
        while self.received.is_empty() {
            if !self.hear()? {
                return Ok(Outcome::Finished);
            }
        }
        Ok(Outcome::Tampered("data after the last word".into()))
    }

    /// Takes what comes next; `false` once the process has ended.
    fn hear(&mut self) -> anyhow::Result<bool> {
        match self.supervised.next()? {
            Frame::Reply(bytes) => self.received.extend(bytes),
            Frame::Ended(ended) => self.ended = Some(ended),
            Frame::Result(..) => anyhow::bail!("a result that nobody asked for"),
            Frame::Fault(text) => anyhow::bail!(text),
        }
        Ok(self.ended.is_none())
    }

    /// Ends a driver that is not believed any more.
    fn dismiss(&mut self) -> anyhow::Result<Ended> {
        self.supervised.dismiss();
        loop {
            match self.supervised.next()? {
                Frame::Reply(_) | Frame::Result(..) => {}
                Frame::Ended(ended) => return Ok(ended),
                Frame::Fault(text) => anyhow::bail!(text),
            }
        }
    }
}

fn tampering(words: String) -> Heard {
    Heard::Tampering(printable(words.as_bytes()))
}
