//! Verdicts: the fixed outcomes that every report uses.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The outcome of one variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "detail")]
pub enum Verdict {
    /// Every scenario observed what it had to.
    Passed,
    /// An observation differs from the expected one.
    Wrong,
    /// Every observation is right, and did not come from the C library.
    NotNative,
    /// The C or Rust code, or the build script, does not build.
    CompileError,
    /// The bridge cannot be imported.
    ImportError,
    /// The declaration and the compiled code disagree about a layout or a signature.
    AbiMismatch,
    /// A scenario ended with a Python exception that nobody expected.
    Exception,
    /// The process was ended by this signal, for example `SIGSEGV`.
    Crashed(String),
    /// The wall clock or the CPU limit was reached.
    Timeout,
    /// The memory limit was reached.
    MemoryLimit,
    /// More output than the limit allows.
    OutputLimit,
    /// More processes than the limit allows.
    ProcessLimit,
    /// The process ended by itself before the last answer.
    EarlyExit,
    /// All answers came, and a process was left behind.
    LeakedProcess,
    /// A reply that no honest driver sends: forged, out of turn or malformed.
    Tampered,
    /// The driver ended in order without answering every question.
    MissingScenarios,
    /// Not run, and why.
    Skipped(String),
    /// A fault of the checker or of its machine; never costs points.
    GraderFault(String),
}

/// The fixed words for all outcomes.
pub const NAMES: [&str; 18] = [
    "passed",
    "wrong",
    "not-native",
    "compile-error",
    "import-error",
    "abi-mismatch",
    "exception",
    "crashed",
    "timeout",
    "memory-limit",
    "output-limit",
    "process-limit",
    "early-exit",
    "leaked-process",
    "tampered",
    "missing-scenarios",
    "skipped",
    "grader-fault",
];

impl Verdict {
    /// The fixed word for this outcome.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Wrong => "wrong",
            Verdict::NotNative => "not-native",
            Verdict::CompileError => "compile-error",
            Verdict::ImportError => "import-error",
            Verdict::AbiMismatch => "abi-mismatch",
            Verdict::Exception => "exception",
            Verdict::Crashed(_) => "crashed",
            Verdict::Timeout => "timeout",
            Verdict::MemoryLimit => "memory-limit",
            Verdict::OutputLimit => "output-limit",
            Verdict::ProcessLimit => "process-limit",
            Verdict::EarlyExit => "early-exit",
            Verdict::LeakedProcess => "leaked-process",
            Verdict::Tampered => "tampered",
            Verdict::MissingScenarios => "missing-scenarios",
            Verdict::Skipped(_) => "skipped",
            Verdict::GraderFault(_) => "grader-fault",
        }
    }

    /// The signal or the reason, for the outcomes that have one.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Verdict::Crashed(detail) | Verdict::Skipped(detail) | Verdict::GraderFault(detail) => {
                Some(detail)
            }
            _ => None,
        }
    }

    /// Whether the variant earns its points.
    pub fn passed(&self) -> bool {
        *self == Verdict::Passed
    }

    /// Whether the same inputs give the same verdict again, so that it may be answered from the cache. What a busy
    /// machine can cause (a process that ends late, the system's own SIGKILL) is tried again.
    pub fn repeatable(&self) -> bool {
        match self {
            Verdict::Timeout
            | Verdict::LeakedProcess
            | Verdict::Skipped(_)
            | Verdict::GraderFault(_) => false,
            Verdict::Crashed(signal) => signal != "SIGKILL",
            _ => true,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Crashed(detail) | Verdict::Skipped(detail) | Verdict::GraderFault(detail) => {
                write!(f, "{}({detail})", self.name())
            }
            _ => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_names_is_the_names_of_all_outcomes() {
        let all = [
            Verdict::Passed,
            Verdict::Wrong,
            Verdict::NotNative,
            Verdict::CompileError,
            Verdict::ImportError,
            Verdict::AbiMismatch,
            Verdict::Exception,
            Verdict::Crashed(String::new()),
            Verdict::Timeout,
            Verdict::MemoryLimit,
            Verdict::OutputLimit,
            Verdict::ProcessLimit,
            Verdict::EarlyExit,
            Verdict::LeakedProcess,
            Verdict::Tampered,
            Verdict::MissingScenarios,
            Verdict::Skipped(String::new()),
            Verdict::GraderFault(String::new()),
        ];
        assert_eq!(all.each_ref().map(Verdict::name), NAMES);
    }
}
