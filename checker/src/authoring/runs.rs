//! The checks of `checker verify` that run lessons: solutions, starters, wrong answers, and what they observe.

use std::collections::BTreeSet;

use super::difference;
use super::verification::Check;
use crate::build::tools::Tools;
use crate::exit;
use crate::judge::accepted::{self, Transcript};
use crate::judge::report::{LessonReport, VariantReport};
use crate::judge::{self, Order, Proof};
use crate::lesson::{Lesson, Sources};
use crate::report::text;
use crate::snapshot::{self, State};
use crate::transcript::EVIDENCE;
use crate::variant::Variant;
use crate::verdict::Verdict;
use crate::wrong::WrongAnswer;

/// All checks of one lesson that run something. What ran before with the same content is answered from the cache.
///
/// # Errors
/// When the lesson's own files cannot be read.
pub fn of_lesson(tools: &Tools, lesson: &Lesson) -> anyhow::Result<Vec<Check>> {
    let court = Court { tools, lesson };
    let solution = court.judge(Sources::Solution, Variant::all().collect())?;
    let exercise = court.judge(Sources::Exercise, Variant::all().collect())?;
    let mut checks = vec![
        court.solutions_pass(&solution),
        court.starters_fail(&exercise),
    ];
    checks.extend(court.snapshots_current(&solution));
    checks.push(court.behaviours_differ(&solution));
    checks.push(court.wrong_answers()?);
    Ok(checks)
}

struct Court<'a> {
    tools: &'a Tools,
    lesson: &'a Lesson,
}

impl Court<'_> {
    fn judge(&self, sources: Sources, variants: Vec<Variant>) -> anyhow::Result<LessonReport> {
        let order = Order {
            variants,
            sources,
            fresh: false,
            recall: true,
            proof: Proof::Full,
            explain: true,
        };
        judge::judge(self.tools, self.lesson, &order)
    }

    /// The report as `checker run` prints it, without styles.
    fn told(&self, report: &LessonReport) -> String {
        let context = text::Context {
            workspace: &self.tools.workspace,
            lesson: self.lesson,
            python: &self.tools.python,
            full: true,
        };
        let told = text::lesson(&context, report);
        anstream::adapter::strip_str(&told).to_string()
    }

    fn solutions_pass(&self, report: &LessonReport) -> Check {
        // Snapshots are told by a check of their own.
        let without_snapshots = LessonReport {
            transcripts: Vec::new(),
            ..report.clone()
        };
        let details = if report.passed() {
            Vec::new()
        } else {
            vec![self.told(&without_snapshots)]
        };
        let title = "the solution passes in all variants, which agree";
        Check::new("solutions-pass", title, details).with_code(code_of(report))
    }

    /// A starter fails, and in a way that a participant can work on; what is handed out complete passes.
    fn starters_fail(&self, report: &LessonReport) -> Check {
        let mut details = Vec::new();
        for variant in &report.variants {
            let name = variant.variant;
            let verdict = &variant.verdict;
            let asked = self.lesson.manifest.exercise_of(name).is_some();
            match starter_problem(asked, verdict) {
                None => {}
                Some(what) => details.push(format!("{name}: {what}{}", because(variant))),
            }
        }
        let quizzes = report
            .quizzes
            .iter()
            .filter(|quiz| quiz.points > 0 || quiz.problem.is_some());
        for quiz in quizzes {
            let why = quiz
                .problem
                .as_ref()
                .map(|problem| format!(": {}", problem.message));
            let what = why.unwrap_or_else(|| format!(": gives {} points unanswered", quiz.points));
            details.push(format!("quiz `{}`{what}", quiz.id));
        }
        let title = "starters build and fail, what is complete passes";
        Check::new("starters-fail", title, details).with_code(code_of(report))
    }

    fn snapshots_current(&self, solution: &LessonReport) -> [Check; 2] {
        let (evidence, transcripts): (Vec<_>, Vec<_>) = solution
            .transcripts
            .iter()
            .partition(|one| one.name.split('@').next() == Some(EVIDENCE));
        let told = |transcripts: Vec<&Transcript>| {
            let problems = transcripts.into_iter().filter_map(snapshot_problem);
            problems.collect()
        };
        [
            Check::new(
                "snapshots-current",
                "transcripts are as accepted",
                told(transcripts),
            )
            .with_code(exit::SNAPSHOT),
            Check::new(
                "evidence-current",
                "evidence is as accepted",
                told(evidence),
            )
            .with_code(exit::SNAPSHOT),
        ]
    }

    fn behaviours_differ(&self, solution: &LessonReport) -> Check {
        let behaviours = self.lesson.manifest.behaviours.iter();
        let elsewhere = self.differs_elsewhere();
        let idle = behaviours.filter(|behaviour| {
            if elsewhere {
                return false;
            }
            let workspace = &self.tools.workspace;
            accepted::differs(workspace, self.lesson, solution, &behaviour.name) == Some(false)
        });
        let details = idle.map(|behaviour| {
            let name = &behaviour.name;
            format!("behaviour `{name}` observes in every scenario what the others observe")
        });
        Check::new(
            "behaviours-differ",
            "behaviours differ from each other",
            details.collect(),
        )
    }

    /// Whether behaviours differ on other versions of Python than this one, which only their snapshots can tell here.
    fn differs_elsewhere(&self) -> bool {
        let manifest = &self.lesson.manifest;
        let here = manifest.versions_of(self.tools.python.version);
        let names = || Variant::all().map(|variant| manifest.behaviour_of(variant));
        let accepted = |name: &str| snapshot::accepted_path(&self.lesson.folder, name).exists();
        manifest
            .versions
            .iter()
            .any(|it| names().any(|name| accepted(&format!("{name}@{}", it.name))))
            || here.is_some()
    }

    fn wrong_answers(&self) -> anyhow::Result<Check> {
        let mut details = Vec::new();
        let mut code = exit::NOT_PASSED;
        for answer in &self.lesson.manifest.wrong_answers {
            let variants = Variant::all()
                .filter(|variant| answer.variants.iter().any(|one| one.matches(*variant)))
                .collect();
            let report = self.judge(Sources::Wrong(answer.name.clone()), variants)?;
            let problems = self.answer_problems(answer, &report);
            if !problems.is_empty() {
                code = code.max(code_of(&report));
            }
            details.extend(problems);
        }
        let title = "wrong answers get their outcome and their diagnosis";
        Ok(Check::new("wrong-answers", title, details).with_code(code))
    }

    fn answer_problems(&self, answer: &WrongAnswer, report: &LessonReport) -> Vec<String> {
        let name = &answer.name;
        let mut problems = Vec::new();
        for variant in &report.variants {
            let verdict = &variant.verdict;
            if !answer.may_be(verdict) {
                let which = variant.variant;
                let due = answer.due();
                let why = because(variant);
                problems.push(format!(
                    "{name} in {which} is {verdict} instead of {due}{why}"
                ));
            }
        }
        let told = self.told(report);
        let verdicts = report.variants.iter().map(|one| &one.verdict);
        let due: BTreeSet<&str> = verdicts
            .filter_map(|verdict| answer.says(verdict))
            .collect();
        for says in due.into_iter().filter(|says| !told.contains(says)) {
            problems.push(format!(
                "the report of {name} does not say `{says}`; it says:\n{told}"
            ));
        }
        problems
    }
}

/// What is wrong with the verdict on a variant as it is handed out.
fn starter_problem(asked: bool, verdict: &Verdict) -> Option<String> {
    match (asked, verdict) {
        (true, Verdict::Passed) => Some("the starter passes".to_owned()),
        (
            true,
            Verdict::CompileError
            | Verdict::ImportError
            | Verdict::Tampered
            | Verdict::Skipped(_)
            | Verdict::GraderFault(_),
        ) => Some(format!("the starter is {verdict}")),
        (false, verdict) if !verdict.passed() => {
            Some(format!("no exercise asks for it, and it is {verdict}"))
        }
        _ => None,
    }
}

/// Why a variant could not be run, if that is the case.
fn because(variant: &VariantReport) -> String {
    let problem = variant.problem.as_ref();
    problem.map_or_else(String::new, |problem| format!(" ({})", problem.message))
}

fn snapshot_problem(transcript: &Transcript) -> Option<String> {
    let name = &transcript.name;
    let next = "run the lesson with --solution, then `checker snapshots review`";
    Some(match &transcript.state {
        State::Match => return None,
        State::Missing => format!("{name}: nothing was accepted yet; {next}"),
        State::Broken(why) => format!("{name}: {why}"),
        State::Changed { old, new } => {
            let difference = difference::lines(old, new);
            format!("{name}: something else was accepted; {next}\n{difference}")
        }
    })
}

/// The exit code that a failure with this report leads to: an environment that cannot run it weighs most.
fn code_of(report: &LessonReport) -> u8 {
    let problems = report
        .variants
        .iter()
        .filter_map(|one| one.problem.as_ref());
    let codes: Vec<u8> = problems.map(|problem| problem.exit_code).collect();
    let fault = |one: &VariantReport| matches!(one.verdict, Verdict::GraderFault(_));
    if codes.contains(&exit::ENVIRONMENT) {
        exit::ENVIRONMENT
    } else if let Some(code) = codes.first() {
        *code
    } else if report.variants.iter().any(fault) {
        exit::INTERNAL
    } else {
        exit::NOT_PASSED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starter_fails_in_a_way_that_one_can_work_on() {
        let problem = |verdict| starter_problem(true, &verdict);
        for fine in [
            Verdict::Wrong,
            Verdict::Exception,
            Verdict::AbiMismatch,
            Verdict::Crashed("SIGSEGV".into()),
        ] {
            assert_eq!(problem(fine), None);
        }
        assert_eq!(problem(Verdict::Passed).unwrap(), "the starter passes");
        for bad in [
            Verdict::CompileError,
            Verdict::ImportError,
            Verdict::GraderFault("x".into()),
        ] {
            assert!(problem(bad).is_some());
        }
    }

    #[test]
    fn what_is_handed_out_complete_passes() {
        assert_eq!(starter_problem(false, &Verdict::Passed), None);
        assert_eq!(
            starter_problem(false, &Verdict::Wrong).unwrap(),
            "no exercise asks for it, and it is wrong"
        );
    }

    #[test]
    fn a_snapshot_that_is_not_as_accepted_is_told() {
        let told = |state| {
            let transcript = Transcript {
                name: "common".to_owned(),
                state,
            };
            snapshot_problem(&transcript)
                .map(|text| anstream::adapter::strip_str(&text).to_string())
        };
        assert_eq!(told(State::Match), None);
        assert!(
            told(State::Missing)
                .unwrap()
                .starts_with("common: nothing was accepted yet; ")
        );
        assert_eq!(
            told(State::Broken("why".to_owned())).unwrap(),
            "common: why"
        );
        let changed = State::Changed {
            old: "a".to_owned(),
            new: "b".to_owned(),
        };
        assert!(told(changed).unwrap().ends_with("\n- a\n+ b\n"));
    }
}
