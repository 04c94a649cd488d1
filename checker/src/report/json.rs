//! The report of `checker run` for programs. Names are stable within a schema version.

use serde_json::{Value as Json, json};

use super::SCHEMA_VERSION;
use crate::border::{Answer, Isolation};
use crate::judge::accepted::Transcript;
use crate::judge::report::{LessonReport, Problem, QuizReport, ScenarioReport, VariantReport};
use crate::lesson::Sources;
use crate::python::Python;
use crate::snapshot::State;
use crate::transcript;

/// The whole document: the interpreter, then each lesson.
pub fn document(python: &Python, reports: &[LessonReport]) -> Json {
    json!({
        "schema_version": SCHEMA_VERSION,
        "python": {
            "executable": python.executable,
            "version": python.version_text(),
            "abi_tag": python.abi_tag,
            "headers": python.has_headers(),
        },
        "lessons": reports.iter().map(lesson).collect::<Vec<_>>(),
    })
}

fn lesson(report: &LessonReport) -> Json {
    let (points, possible) = report.points();
    json!({
        "id": report.id,
        "title": report.title,
        "sources": match &report.sources {
            Sources::Exercise => "exercise".to_owned(),
            Sources::Solution => "solution".to_owned(),
            Sources::Submission(folder) => format!("submission/{}", folder.display()),
            Sources::Wrong(name) => format!("wrong/{name}"),
        },
        "passed": report.passed(),
        "cached": report.cached(),
        "points": points,
        "possible": possible,
        "variants": report.variants.iter().map(variant).collect::<Vec<_>>(),
        "quizzes": report.quizzes.iter().map(quiz).collect::<Vec<_>>(),
        "snapshots": report.transcripts.iter().map(snapshot).collect::<Vec<_>>(),
        "remarks": report.remarks,
    })
}

fn variant(report: &VariantReport) -> Json {
    json!({
        "variant": report.variant,
        "verdict": report.verdict.name(),
        "detail": report.verdict.detail(),
        "points": report.points,
        "possible": report.possible,
        "cached": report.cached,
        "isolation": report.isolation.map(Isolation::name),
        "problem": report.problem.as_ref().map(problem),
        "scenarios": report.scenarios.iter().map(scenario).collect::<Vec<_>>(),
        "diagnosis": report.diagnosis.as_ref().map(super::diagnosis::json),
        "diagnostics": report.diagnostics.iter().map(|it| json!({ "from": it.from.name().english(), "text": it.text.english() })).collect::<Vec<_>>(),
    })
}

fn scenario(report: &ScenarioReport) -> Json {
    let (observed, raised) = match &report.answer {
        Answer::Observed(value) => (Some(value.to_string()), None),
        Answer::Raised { class, message, .. } => {
            (None, Some(json!({ "class": class, "message": message })))
        }
        Answer::Unfinished | Answer::NotAsked => (None, None),
    };
    json!({
        "name": report.question.scenario,
        "title": report.title,
        "call": transcript::call(&report.question),
        "hidden": report.hidden,
        "evidence": report.evidence,
        "verdict": report.verdict.name(),
        "detail": report.verdict.detail(),
        "expected": report.expected.as_ref().map(ToString::to_string),
        "observed": observed,
        "raised": raised,
    })
}

fn quiz(report: &QuizReport) -> Json {
    json!({
        "id": report.id,
        "title": report.title,
        "points": report.points,
        "possible": report.possible,
        "problem": report.problem.as_ref().map(problem),
        "choices": report.choices.iter().map(|choice| json!({
            "question": choice.question,
            "chosen": choice.chosen,
            "right": choice.right,
            "why": choice.why,
        })).collect::<Vec<_>>(),
    })
}

fn snapshot(transcript: &Transcript) -> Json {
    let state = match transcript.state {
        State::Match => "match",
        State::Changed { .. } => "changed",
        State::Missing => "missing",
        State::Broken(_) => "broken",
    };
    json!({ "name": transcript.name, "state": state })
}

fn problem(problem: &Problem) -> Json {
    json!({ "kind": problem.kind, "message": problem.message.english(), "next": problem.next.english() })
}
