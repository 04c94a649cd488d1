//! Holds what the solution observed against the accepted transcripts.

use super::report::{LessonReport, ScenarioReport, VariantReport};
use crate::border::{Answer, Question};
use crate::lesson::{Lesson, Scenario};
use crate::snapshot::{self, State};
use crate::transcript::{self, Block};
use crate::variant::Variant;

/// How one transcript stands to its snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The stem of the snapshot's file.
    pub name: String,
    /// How they compare.
    pub state: State,
}

/// Checks the transcript of every behaviour that was judged, and the evidence. Variants of a behaviour agree already, or
/// are wrong; so the first one that passed speaks for all. What was not judged keeps its accepted text.
///
/// # Errors
/// When an accepted snapshot cannot be read.
pub fn hold(lesson: &Lesson, report: &LessonReport) -> anyhow::Result<Vec<Transcript>> {
    let manifest = &lesson.manifest;
    let mut names: Vec<&str> = report
        .variants
        .iter()
        .map(|it| manifest.behaviour_of(it.variant))
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut found = Vec::new();
    for name in names {
        let blocks: Vec<Block> = manifest
            .scenarios
            .iter()
            .filter(|scenario| !scenario.evidence)
            .filter_map(|scenario| {
                let speaker = |it: &&VariantReport| {
                    manifest.behaviour_of(it.variant) == name && runs(scenario, it.variant)
                };
                let cases = passed(report)
                    .filter(speaker)
                    .map(|it| cases(it, scenario))
                    .next()?;
                Some(transcript::block(scenario, &cases))
            })
            .collect();
        if !blocks.is_empty() {
            let accepted = snapshot::accepted(&lesson.folder, name)?;
            let text = transcript::behaviour(manifest, name, &blocks, accepted.as_deref());
            found.push(Transcript {
                name: name.to_owned(),
                state: snapshot::check(&lesson.folder, name, &text),
            });
        }
    }
    found.extend(evidence(lesson, report)?);
    Ok(found)
}

fn evidence(lesson: &Lesson, report: &LessonReport) -> anyhow::Result<Option<Transcript>> {
    let name = transcript::EVIDENCE;
    let blocks: Vec<Block> = lesson
        .manifest
        .scenarios
        .iter()
        .filter(|scenario| scenario.evidence)
        .filter_map(|scenario| {
            let named: Vec<Variant> = Variant::all()
                .filter(|variant| runs(scenario, *variant))
                .collect();
            let told: Vec<(Variant, Vec<(Question, Answer)>)> = passed(report)
                .filter(|it| named.contains(&it.variant))
                .map(|it| (it.variant, cases(it, scenario)))
                .collect();
            (told.len() == named.len()).then(|| transcript::evidence_block(scenario, &told))
        })
        .collect();
    if blocks.is_empty() {
        return Ok(None);
    }
    let accepted = snapshot::accepted(&lesson.folder, name)?;
    let text = transcript::evidence(&lesson.manifest, &blocks, accepted.as_deref());
    Ok(Some(Transcript {
        name: name.to_owned(),
        state: snapshot::check(&lesson.folder, name, &text),
    }))
}

fn passed(report: &LessonReport) -> impl Iterator<Item = &VariantReport> {
    report.variants.iter().filter(|it| it.verdict.passed())
}

fn runs(scenario: &Scenario, variant: Variant) -> bool {
    scenario
        .variants
        .iter()
        .any(|pattern| pattern.matches(variant))
}

/// The fixed cases of a scenario, with their answers.
fn cases(report: &VariantReport, scenario: &Scenario) -> Vec<(Question, Answer)> {
    let is_fixed = |it: &&ScenarioReport| it.question.scenario == scenario.name && !it.hidden;
    report
        .scenarios
        .iter()
        .filter(is_fixed)
        .map(|it| (it.question.clone(), it.answer.clone()))
        .collect()
}
