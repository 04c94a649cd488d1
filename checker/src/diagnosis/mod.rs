//! Explains why a bridge crashed, hangs or corrupts memory.
//!
//! [`explain`] makes a [`Diagnosis`] from an [`Evidence`] and does nothing else. `judge::investigation` gathers the evidence,
//! from what costs nothing (exit status, faulthandler) to what costs seconds (sanitizers, a debugger).

pub mod class;
pub mod debugger;
pub mod declarations;
pub mod evidence;
mod messages;
mod rules;
pub mod sanitizer;
pub mod stack;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::message::Message;
use crate::{message, words};
pub use class::Class;
use evidence::{End, Evidence};
use stack::Line;

/// What showed the bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// The ordinary run: how it ended, and what Python said.
    Run,
    /// The declarations, read beside the header.
    Declarations,
    /// A second run under the sanitizers.
    Sanitizer,
    /// gdb or valgrind.
    Debugger,
}

impl Rung {
    /// As a sentence names it.
    pub fn words(self) -> String {
        match self {
            Rung::Run => words!("explain-by-run"),
            Rung::Declarations => words!("explain-by-declarations"),
            Rung::Sanitizer => words!("explain-by-sanitizer"),
            Rung::Debugger => words!("explain-by-debugger"),
        }
    }
}

/// What is wrong, where, how it is known, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The class of the bug.
    pub class: Class,
    /// The signal and the address in words; `None` when no signal came.
    pub signal: Option<Message>,
    /// The line of C.
    pub c: Option<Line>,
    /// The line of the hand-written extension from which `c` was reached, when it is another.
    #[serde(default)]
    pub extension: Option<Line>,
    /// The line of Python.
    pub python: Option<Line>,
    /// The bridge and its backend, as in `ctypes/stock`.
    pub variant: String,
    /// The scenario with its arguments; empty while the bridge was imported.
    pub call: String,
    /// The C function that was called; empty when it is not known.
    pub function: String,
    /// What the class was concluded from, one sentence each.
    pub evidence: Vec<Message>,
    /// What showed it.
    pub rung: Rung,
}

impl Diagnosis {
    /// The place that has to change, or the nearest that is known: the C line, else the Python line.
    pub fn place(&self) -> Option<&Line> {
        if self.rung == Rung::Declarations {
            return self.python.as_ref().or(self.c.as_ref());
        }
        self.c.as_ref().or(self.python.as_ref())
    }
}

/// What the rules found out, before it is completed with what every diagnosis tells.
#[derive(Clone, Debug)]
struct Finding {
    class: Class,
    evidence: Vec<Message>,
    rung: Rung,
    c: Option<Line>,
    python: Option<Line>,
}

impl Finding {
    fn new(class: Class, rung: Rung, evidence: impl Into<Message>) -> Finding {
        Finding {
            class,
            evidence: vec![evidence.into()],
            rung,
            c: None,
            python: None,
        }
    }

    fn and(mut self, evidence: impl Into<Message>) -> Finding {
        self.evidence.push(evidence.into());
        self
    }

    fn in_c(mut self, place: Option<Line>) -> Finding {
        self.c = place.or(self.c);
        self
    }

    fn in_python(mut self, place: Option<Line>) -> Finding {
        self.python = place.or(self.python);
        self
    }
}

/// The diagnosis, or nothing when the evidence shows no bug of a known class.
pub fn explain(evidence: &Evidence) -> Option<Diagnosis> {
    let facts = rules::Facts::of(evidence);
    let finding = rules::find(&facts)?;
    let python = finding.python.or_else(|| facts.python_line());
    let extension = facts
        .extension_line()
        .filter(|line| finding.c.as_ref().is_some_and(|place| place != line));
    Some(Diagnosis {
        extension,
        class: finding.class,
        signal: signal_in_words(evidence, &facts),
        function: facts.called_function(python.as_ref(), finding.c.as_ref()),
        c: finding.c,
        python,
        variant: evidence.variant.to_string(),
        call: evidence
            .call
            .as_ref()
            .map(|call| call.text.clone())
            .unwrap_or_default(),
        evidence: finding.evidence,
        rung: finding.rung,
    })
}

/// The signal of the ordinary run, and the address, where the second run tells it.
fn signal_in_words(evidence: &Evidence, facts: &rules::Facts) -> Option<Message> {
    let End::Signal(name) = &evidence.first.end else {
        return None;
    };
    let meaning = message!("explain-ended-by", name = name.as_str());
    let Some(memory) = facts.reports.memory.as_ref().filter(|it| it.kind == "SEGV") else {
        return Some(meaning);
    };
    let how = match memory.access {
        Some(sanitizer::Access::Write) => "write",
        _ if memory.wild_jump => "jump",
        _ => "read",
    };
    let address = match memory.address {
        None => message!("explain-address-impossible"),
        Some(0) => message!("explain-address-null"),
        Some(low) if low < 4096 => message!(
            "explain-address-low",
            address = format!("{low:#x}"),
            above = low,
        ),
        Some(address) => message!("explain-address", address = format!("{address:#x}")),
    };
    Some(message!(
        "explain-signal",
        meaning = meaning,
        how = how,
        address = address,
    ))
}

/// Which section of the course teaches the class, in words.
pub fn taught_in(class: Class) -> String {
    let text = class.told();
    format!("{}, {}", text.section, text.topic)
}
