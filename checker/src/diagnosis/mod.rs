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

use crate::variant::Variant;
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
    pub fn words(self) -> &'static str {
        match self {
            Rung::Run => "the run itself",
            Rung::Declarations => "the declarations beside the header",
            Rung::Sanitizer => "a second run under the sanitizers",
            Rung::Debugger => "a debugger",
        }
    }
}

/// What is wrong, where, how it is known, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The class of the bug.
    pub class: Class,
    /// The signal and the address in words; empty when no signal came.
    pub signal: String,
    /// The line of C.
    pub c: Option<Line>,
    /// The line of Python.
    pub python: Option<Line>,
    /// The bridge and its backend, as in `ctypes/stock`.
    pub variant: String,
    /// The scenario with its arguments; empty while the bridge was imported.
    pub call: String,
    /// The C function that was called; empty when it is not known.
    pub function: String,
    /// What the class was concluded from, one sentence each.
    pub evidence: Vec<String>,
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
    evidence: Vec<String>,
    rung: Rung,
    c: Option<Line>,
    python: Option<Line>,
}

impl Finding {
    fn new(class: Class, rung: Rung, evidence: impl Into<String>) -> Finding {
        Finding {
            class,
            evidence: vec![evidence.into()],
            rung,
            c: None,
            python: None,
        }
    }

    fn and(mut self, evidence: impl Into<String>) -> Finding {
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
    Some(Diagnosis {
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
fn signal_in_words(evidence: &Evidence, facts: &rules::Facts) -> String {
    let End::Signal(name) = &evidence.first.end else {
        return String::new();
    };
    let meaning = meaning_of(name);
    let Some(memory) = facts.reports.memory.as_ref().filter(|it| it.kind == "SEGV") else {
        return format!("{name}: {meaning}");
    };
    let how = match memory.access {
        Some(sanitizer::Access::Write) => "a write to",
        _ if memory.wild_jump => "a jump to",
        _ => "a read of",
    };
    let address = match memory.address {
        None => "an address that no program can have".to_owned(),
        Some(0) => "address 0, NULL".to_owned(),
        Some(low) if low < 4096 => format!("address {low:#x}, {low} bytes above NULL"),
        Some(address) => format!("address {address:#x}"),
    };
    format!("{name}: {meaning}; {how} {address}")
}

/// What a signal means for somebody who writes a bridge.
fn meaning_of(name: &str) -> &'static str {
    match name {
        "SIGSEGV" => "memory was touched that does not belong to the process",
        "SIGBUS" => "memory was touched that is not there",
        "SIGABRT" => "the process gave up by itself",
        "SIGFPE" => "an integer division that has no result",
        "SIGILL" => "bytes were run that are no instruction",
        "SIGTRAP" => "a check that the compiler put in failed",
        _ => "the process was ended",
    }
}

/// Which section of the course teaches the class, in words.
pub fn taught_in(class: Class) -> String {
    let text = class.text();
    format!("section {}, {}", text.section, text.topic)
}

/// The bridge of a diagnosis in words.
pub fn bridge_in_words(variant: Variant) -> String {
    format!(
        "bridge {}, backend {}",
        variant.bridge.name(),
        variant.backend.name()
    )
}
