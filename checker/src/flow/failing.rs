//! What went wrong in a variant, in the few words that choose a hint.

use serde::{Deserialize, Serialize};

use crate::border::Answer;
use crate::judge::report::VariantReport;

/// How much of a message is kept.
const LONGEST: usize = 400;

/// The failure of one variant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// Which variant, for example `ctypes/stock`.
    pub variant: String,
    /// The verdict's name.
    pub verdict: String,
    /// The class of the bug, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The class of the exception, when one was raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised: Option<String>,
    /// The exception's text, or what the compiler said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Expected and observed type, when they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<(String, String)>,
}

impl Failing {
    /// What a report says about a variant that did not pass.
    pub fn of(report: &VariantReport) -> Failing {
        let first = report.scenarios.iter().find(|it| !it.verdict.passed());
        let (raised, message) = match first.map(|it| &it.answer) {
            Some(Answer::Raised { class, message, .. }) => (Some(class.clone()), message.clone()),
            _ => (None, said(report)),
        };
        let types = match first.map(|it| (&it.expected, &it.answer)) {
            Some((Some(expected), Answer::Observed(observed)))
                if expected.type_name() != observed.type_name() =>
            {
                Some((
                    expected.type_name().to_string(),
                    observed.type_name().to_string(),
                ))
            }
            _ => None,
        };
        Failing {
            variant: report.variant.to_string(),
            verdict: report.verdict.name().to_owned(),
            class: report
                .diagnosis
                .as_ref()
                .map(|it| it.class.name().to_owned()),
            raised,
            message: message.chars().take(LONGEST).collect(),
            types,
        }
    }

    /// Whether two runs failed in the same way; what exactly was said does not matter.
    pub fn alike(one: Option<&Failing>, other: Option<&Failing>) -> bool {
        let kind = |it: &Failing| {
            (
                it.verdict.clone(),
                it.class.clone(),
                it.raised.clone(),
                it.types.clone(),
            )
        };
        one.map(kind) == other.map(kind)
    }

    /// The bridge's name: what stands before the stroke.
    pub fn bridge(&self) -> &str {
        self.variant.split('/').next().unwrap_or_default()
    }
}

fn said(report: &VariantReport) -> String {
    match &report.problem {
        Some(problem) => problem.message.english(),
        None => report
            .diagnostics
            .iter()
            .map(|it| it.text.english())
            .collect::<Vec<_>>()
            .join("\n"),
    }
}
