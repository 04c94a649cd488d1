//! How each claim stands: shown, by which scenarios; not checkable here, and why; or open, and for which lesson.

use std::collections::BTreeMap;

use super::coverage::{Coverage, coverage};
use super::{Claim, Claims, Document};
use crate::lesson::{Lesson, LessonId, Scenario};
use crate::snapshot;
use crate::transcript;
use crate::variant::Variant;

/// A claim with what the lessons say of it.
pub struct Standing<'a> {
    /// Its document.
    pub document: &'a Document,
    /// The claim.
    pub claim: &'a Claim,
    /// The scenarios that are evidence for it.
    pub evidence: Vec<Evidence<'a>>,
    /// The lesson that says why no scenario can be evidence, and what it says.
    pub why_not: Option<(&'a LessonId, &'a str)>,
}

/// A scenario that is evidence for a claim.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// Its lesson.
    pub lesson: &'a Lesson,
    /// The scenario.
    pub scenario: &'a Scenario,
}

impl Standing<'_> {
    /// One word for it: what was found, `not-checkable`, or `open`.
    pub fn word(&self) -> &'static str {
        if !self.evidence.is_empty() {
            self.claim.verdict.name()
        } else if self.why_not.is_some() {
            "not-checkable"
        } else {
            "open"
        }
    }

    /// Whether its lesson is not written yet.
    pub fn is_open(&self) -> bool {
        self.evidence.is_empty() && self.why_not.is_none()
    }

    /// Whether the claim belongs to a lesson, or is shown there.
    pub fn concerns(&self, lesson: &LessonId) -> bool {
        let reason = self.why_not.is_some_and(|(id, _)| id == lesson);
        let shown = |one: &Evidence| one.lesson.manifest.id == *lesson;
        self.claim.home() == *lesson || reason || self.evidence.iter().any(shown)
    }
}

impl Evidence<'_> {
    /// What was accepted: the name of each snapshot that has the scenario, and its block there.
    ///
    /// # Errors
    /// When a snapshot cannot be read.
    pub fn accepted(&self) -> anyhow::Result<Vec<(String, String)>> {
        let manifest = &self.lesson.manifest;
        let mut names = self.snapshots();
        let more = manifest.versions.iter().flat_map(|versions| {
            let own = names.iter().map(|name| format!("{name}@{}", versions.name));
            own.collect::<Vec<_>>()
        });
        names.extend(more.collect::<Vec<_>>());
        let mut found = Vec::new();
        for name in names {
            let text = snapshot::accepted(&self.lesson.folder, &name)?.unwrap_or_default();
            if let Some(block) = transcript::block_of(&text, &self.scenario.name) {
                found.push((name, block.to_owned()));
            }
        }
        Ok(found)
    }

    /// Whether the scenario runs in a variant.
    pub fn runs_in(&self, variant: Variant) -> bool {
        let patterns = &self.scenario.variants;
        patterns.iter().any(|pattern| pattern.matches(variant))
    }

    /// The snapshots that have the scenario on the versions of Python that no `[[python]]` of the lesson holds.
    fn snapshots(&self) -> Vec<String> {
        if self.scenario.evidence {
            return vec![transcript::EVIDENCE.to_owned()];
        }
        let mut names: Vec<String> = Vec::new();
        for variant in Variant::all().filter(|variant| self.runs_in(*variant)) {
            let name = self.lesson.manifest.behaviour_of(variant);
            if !names.iter().any(|other| other == name) {
                names.push(name.to_owned());
            }
        }
        names
    }
}

/// The standing of every claim, in the order of the documents.
pub fn standings<'a>(claims: &'a Claims, lessons: &'a [Lesson]) -> Vec<Standing<'a>> {
    let covered: BTreeMap<&str, Coverage> = coverage(lessons);
    let mut found = Vec::new();
    for document in &claims.documents {
        for claim in &document.claims {
            let coverage = covered.get(claim.id.as_str());
            let scenarios = coverage.map_or(&[][..], |it| &it.scenarios);
            let reason = coverage.and_then(|it| it.reasons.first());
            found.push(Standing {
                document,
                claim,
                evidence: scenarios
                    .iter()
                    .map(|(lesson, scenario)| Evidence { lesson, scenario })
                    .collect(),
                why_not: reason.map(|(lesson, reason)| (&lesson.manifest.id, reason.why.as_str())),
            });
        }
    }
    found
}
