//! The report of `checker run` for people.

use std::path::Path;

use anstyle::Style;

use super::{diagnosis, matrix::matrix, progress};
use crate::authoring::hints::{Hints, Topic};
use crate::border::Answer;
use crate::judge::accepted::Transcript;
use crate::judge::inputs;
use crate::judge::report::{LessonReport, QuizReport, ScenarioReport, VariantReport};
use crate::lesson::{Lesson, Sources};
use crate::python::Python;
use crate::snapshot::{self, State};
use crate::transcript;
use crate::value::Value;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// Failing scenarios that are shown for a variant.
const SHOWN: usize = 3;

/// What a report needs besides what the judge found.
pub struct Context<'a> {
    /// Where we are.
    pub workspace: &'a Workspace,
    /// The lesson.
    pub lesson: &'a Lesson,
    /// The interpreter that was used.
    pub python: &'a Python,
}

/// The whole report of one lesson, with a line end after each line.
pub fn lesson(context: &Context, report: &LessonReport) -> String {
    let bold = Style::new().bold();
    let whose = match &report.sources {
        Sources::Exercise => String::new(),
        Sources::Solution => " (solution)".to_owned(),
        Sources::Submission(folder) => format!(" (submission {})", folder.display()),
        Sources::Wrong(name) => format!(" (wrong answer {name})"),
    };
    let mut text = format!(
        "{bold}{}  {}{bold:#}{whose}\n{}\n",
        report.id,
        report.title,
        context.python.description()
    );
    if !report.variants.is_empty() {
        text += "\n";
        text += &matrix(report);
    }
    text += "\n";
    text += &summary(report);
    let hints = hints(&context.lesson.folder);
    for group in groups(report) {
        text += "\n";
        text += &failure(context, report, &group, hints.as_ref());
    }
    for quiz in &report.quizzes {
        text += &quiz_lines(quiz);
    }
    for transcript in &report.transcripts {
        text += &transcript_lines(context, transcript);
    }
    for remark in &report.remarks {
        text += &format!("\nnote: {remark}\n");
    }
    text
}

fn summary(report: &LessonReport) -> String {
    let (earned, possible) = report.points();
    let passed = report
        .variants
        .iter()
        .filter(|it| it.verdict.passed())
        .count();
    let mut text = format!("{passed} of {} variants passed", report.variants.len());
    if possible > 0 {
        text += &format!(", {earned} of {possible} points");
    }
    if report.cached() {
        text += "; answered from the cache, nothing was run";
    } else {
        let kept = report.variants.iter().filter(|it| it.cached).count();
        if kept > 0 {
            text += &format!("; {kept} answered from the cache");
        }
    }
    text + "\n"
}

/// Failing variants; those of one bridge that failed alike are told together.
pub(super) fn groups(report: &LessonReport) -> Vec<Vec<&VariantReport>> {
    let mut groups: Vec<Vec<&VariantReport>> = Vec::new();
    for failing in report.variants.iter().filter(|it| !it.verdict.passed()) {
        let alike = groups.iter_mut().find(|group| {
            let first = group[0];
            let same_problem = first.problem.is_some() && first.problem == failing.problem;
            same_problem
                || (first.variant.bridge == failing.variant.bridge && told_alike(first, failing))
        });
        match alike {
            Some(group) => group.push(failing),
            None => groups.push(vec![failing]),
        }
    }
    groups
}

fn told_alike(one: &VariantReport, other: &VariantReport) -> bool {
    let same = |a: &ScenarioReport, b: &ScenarioReport| {
        a.question == b.question
            && a.answer == b.answer
            && a.expected == b.expected
            && a.verdict == b.verdict
    };
    let bug = |report: &VariantReport| {
        let found = report.diagnosis.as_ref()?;
        Some((found.class, found.place().cloned()))
    };
    one.verdict == other.verdict
        && bug(one) == bug(other)
        && one.diagnostics == other.diagnostics
        && one.scenarios.len() == other.scenarios.len()
        && one
            .scenarios
            .iter()
            .zip(&other.scenarios)
            .all(|(a, b)| same(a, b))
}

fn failure(
    context: &Context,
    report: &LessonReport,
    group: &[&VariantReport],
    hints: Option<&Hints>,
) -> String {
    let first = group[0];
    let names: Vec<String> = group.iter().map(|it| it.variant.to_string()).collect();
    let bold = Style::new().bold();
    let mut text = format!(
        "{bold}{}: {}{bold:#}\n",
        names.join(", "),
        first.verdict.name()
    );
    match (&first.problem, &first.verdict) {
        (Some(problem), _) => {
            text += &indented(&problem.message, 2);
            return text + &format!("  next: {}\n", problem.next);
        }
        (None, Verdict::GraderFault(why)) => {
            text += &indented(why, 2);
            return text + "  next: this is not your fault and costs no points; please report it\n";
        }
        _ => {}
    }
    text += &questions(first);
    if let Some(found) = &first.diagnosis {
        text += &indented(&diagnosis::short(found, &report.id, &report.sources), 2);
    }
    for diagnostic in &first.diagnostics {
        text += &format!("  {} says:\n", diagnostic.from);
        text += &indented(&diagnostic.text, 4);
    }
    text + &format!("  next: {}\n", next_step(context, report, first, hints))
}

/// The first failing question of each scenario, up to [`SHOWN`] scenarios; the rest are counted.
fn questions(report: &VariantReport) -> String {
    let failing: Vec<&ScenarioReport> = report
        .scenarios
        .iter()
        .filter(|it| !it.verdict.passed() && !matches!(it.verdict, Verdict::Skipped(_)))
        .collect();
    let mut first_ones = failing.clone();
    first_ones.dedup_by_key(|it| it.question.scenario.clone());
    let mut text = String::new();
    for scenario in first_ones.iter().take(SHOWN) {
        let drawn = if scenario.hidden {
            " (values drawn by the checker)"
        } else {
            ""
        };
        text += &format!("  {}{drawn}\n", scenario.title);
        text += &format!("    {}\n", transcript::call(&scenario.question));
        if let Some(expected) = &scenario.expected {
            text += &format!("      expected  {}\n", with_type(expected));
        }
        let observed = indented(&observed(scenario), 16);
        text += &format!("      observed  {}\n", observed.trim());
    }
    match failing.len().saturating_sub(first_ones.len().min(SHOWN)) {
        0 => text,
        1 => text + "  and one more question went wrong\n",
        more => text + &format!("  and {more} more questions went wrong\n"),
    }
}

fn observed(scenario: &ScenarioReport) -> String {
    match &scenario.answer {
        Answer::Observed(value) => with_type(value),
        Answer::Raised { class, message, .. } if message.is_empty() => {
            format!("{class} was raised")
        }
        Answer::Raised { class, message, .. } => format!("{class} was raised: {message}"),
        Answer::Unfinished => format!("no answer: {}", scenario.verdict),
        Answer::NotAsked => "not asked".to_owned(),
    }
}

fn with_type(value: &Value) -> String {
    const WIDEST: usize = 400;
    let text = value.to_string();
    if text.chars().count() <= WIDEST {
        return format!("{text} ({})", value.type_name());
    }
    let head: String = text.chars().take(WIDEST).collect();
    format!(
        "{head}... ({}, {} characters in all)",
        value.type_name(),
        text.chars().count()
    )
}

/// A hint for this failure, else for this exercise, else where to go on.
fn next_step(
    context: &Context,
    report: &LessonReport,
    failing: &VariantReport,
    hints: Option<&Hints>,
) -> String {
    let exercise = context.lesson.manifest.exercise_of(failing.variant);
    let files: Vec<String> = inputs::files_of(failing.variant)
        .iter()
        .map(Path::new)
        .filter(|name| exercise.is_none_or(|it| it.files.iter().any(|file| file == name)))
        .map(|name| context.lesson.source_file(&report.sources, name))
        .map(|path| context.workspace.typed(&path))
        .collect();
    let first = |topics: &[Topic], name: &str| {
        topics
            .iter()
            .find(|topic| topic.name == name)
            .and_then(|topic| topic.hints.first().cloned())
    };
    let hint = hints.and_then(|hints| {
        first(&hints.failures, failing.verdict.name())
            .or_else(|| {
                failing
                    .diagnosis
                    .as_ref()
                    .map(|it| it.class.text().next.clone())
            })
            .or_else(|| general_hint(&failing.verdict).map(str::to_owned))
            .or_else(|| exercise.and_then(|exercise| first(&hints.exercises, &exercise.id)))
    });
    let again = if progress::is_read() {
        "and save it"
    } else {
        "then type the same command again"
    };
    let edit = format!("edit {}, {again}", files.join(" or "));
    match hint {
        Some(hint) => format!("{hint}\n        {edit}"),
        None => edit,
    }
}

/// What helps in every lesson where a process did not end as it should; an exercise's hint would point elsewhere.
fn general_hint(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Crashed(_) => Some(
            "Look at the last call before it: does each declared type agree with the header, and is its memory still owned?",
        ),
        Verdict::Timeout => Some("Look for a loop that never ends, or a call that waits."),
        Verdict::MemoryLimit => {
            Some("Look for a size that was read wrongly, or memory that is never freed.")
        }
        Verdict::OutputLimit => Some("Look for a `print` in a loop, and take it out."),
        Verdict::ProcessLimit | Verdict::LeakedProcess => {
            Some("Look for a process that is started; no bridge needs one.")
        }
        Verdict::EarlyExit => {
            Some("Look for what ends the process: `exit`, `os._exit`, or `exit()` in C.")
        }
        _ => None,
    }
}

/// The lesson's hints; a broken hints.md is `checker verify`'s concern, not a participant's.
fn hints(folder: &Path) -> Option<Hints> {
    let path = folder.join("hints.md");
    Hints::parse(&path, &std::fs::read_to_string(&path).ok()?).ok()
}

/// Nothing for a match; otherwise what differs, and how to decide.
fn transcript_lines(context: &Context, transcript: &Transcript) -> String {
    let path = snapshot::accepted_path(&context.lesson.folder, &transcript.name);
    let shown = context.workspace.typed(&path);
    match &transcript.state {
        State::Match => String::new(),
        State::Missing => format!(
            "\n{shown}: nothing was accepted yet\n  next: read and accept it with `checker snapshots review`\n"
        ),
        State::Changed { old, new } => {
            let difference = similar::TextDiff::from_lines(old, new);
            let lines = difference
                .unified_diff()
                .context_radius(2)
                .header("accepted", "observed")
                .to_string();
            format!(
                "\n{shown}: the solution observes something else than what was accepted\n{}  next: accept or reject it with \
                 `checker snapshots review`, or correct the solution\n",
                indented(&lines, 4)
            )
        }
        State::Broken(why) => {
            format!("\n{shown}: {why}\n  next: restore it with `git checkout -- {shown}`\n")
        }
    }
}

fn quiz_lines(quiz: &QuizReport) -> String {
    let mut text = format!(
        "\n{}: {} of {} points\n",
        quiz.title, quiz.points, quiz.possible
    );
    if let Some(problem) = &quiz.problem {
        text += &indented(&problem.message, 2);
        text += &format!("  next: {}\n", problem.next);
    }
    for choice in quiz.choices.iter().filter(|choice| !choice.right) {
        text += &match &choice.chosen {
            None => format!("  {}: no choice yet\n", choice.question),
            Some(chosen) => format!("  {}: `{chosen}` is not the best choice\n", choice.question),
        };
        if let Some(why) = &choice.why {
            text += &indented(why, 4);
        }
    }
    text
}

fn indented(text: &str, columns: usize) -> String {
    let indent = " ".repeat(columns);
    text.trim_end()
        .lines()
        .map(|line| format!("{}\n", format!("{indent}{line}").trim_end()))
        .collect()
}
