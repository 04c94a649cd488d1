//! The report of `checker run` for people.

use std::path::Path;

use anstyle::Style;

use super::generated::{self, Script, Told};
use super::{diagnosis, differing::differing, matrix::matrix, progress, unbegun};
use crate::authoring::hints::{Hints, Topic};
use crate::border::Answer;
use crate::flow::{failing::Failing, hints::hint_for};
use crate::judge::accepted::Transcript;
use crate::judge::diagnosis::is_shortened;
use crate::judge::inputs;
use crate::judge::report::{
    Diagnostic, LessonReport, QuizReport, ScenarioReport, Speaker, VariantReport,
};
use crate::lesson::{Lesson, Sources};
use crate::python::Python;
use crate::snapshot::{self, State};
use crate::transcript;
use crate::value::Value;
use crate::variant::Bridge;
use crate::verdict::Verdict;
use crate::words;
use crate::workspace::Workspace;

/// Failing scenarios that are shown for a variant.
const SHOWN: usize = 3;

/// Characters of a value that are shown.
const WIDEST: usize = 400;

/// What a report needs besides what the judge found.
pub struct Context<'a> {
    /// Where we are.
    pub workspace: &'a Workspace,
    /// The lesson.
    pub lesson: &'a Lesson,
    /// The interpreter that was used.
    pub python: &'a Python,
    /// Tell what fails in exercises that nobody has begun, too.
    pub full: bool,
}

/// The whole report of one lesson, with a line end after each line.
pub fn lesson(context: &Context, report: &LessonReport) -> String {
    let bold = Style::new().bold();
    let whose = match &report.sources {
        Sources::Exercise => String::new(),
        Sources::Solution => " ".to_owned() + &words!("run-solution"),
        Sources::Submission(folder) => {
            let name = folder.display().to_string();
            " ".to_owned() + &words!("run-submission", name = name)
        }
        Sources::Wrong(name) => " ".to_owned() + &words!("run-wrong", name = name.as_str()),
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
    let unbegun = if context.full {
        Vec::new()
    } else {
        unbegun::of(context.lesson, report)
    };
    let told = failing(report).filter(|it| !unbegun::covers(&unbegun, context.lesson, it));
    for group in groups(told) {
        text += "\n";
        text += &failure(context, report, &group, hints.as_ref());
    }
    if !unbegun.is_empty() {
        text += &format!("\n{}", unbegun::lines(&unbegun, context.lesson, report));
        if !progress::is_read() {
            let command = format!("checker run {} --full", report.id);
            text += &format!("  {}\n", words!("run-not-begun-more", command = command));
        }
    }
    for quiz in &report.quizzes {
        text += &quiz_lines(quiz);
    }
    for transcript in &report.transcripts {
        text += &transcript_lines(context, transcript);
    }
    for remark in &report.remarks {
        text += &format!("\n{}\n", words!("run-note", remark = remark.as_str()));
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
    let all = report.variants.len();
    let mut text = words!("run-passed", passed = passed, all = all);
    if possible > 0 {
        let points = words!("run-points", earned = earned, possible = possible);
        text += &format!(", {points}");
    }
    if report.cached() {
        text += &format!("; {}", words!("run-cached"));
    } else {
        let kept = report.variants.iter().filter(|it| it.cached).count();
        if kept > 0 {
            text += &format!("; {}", words!("run-some-cached", kept = kept));
        }
    }
    text + "\n"
}

/// The variants that did not pass.
pub(super) fn failing(report: &LessonReport) -> impl Iterator<Item = &VariantReport> {
    report.variants.iter().filter(|it| !it.verdict.passed())
}

/// Failing variants; those of one bridge that failed alike are told together.
pub(super) fn groups<'a>(
    failing: impl IntoIterator<Item = &'a VariantReport>,
) -> Vec<Vec<&'a VariantReport>> {
    let mut groups: Vec<Vec<&VariantReport>> = Vec::new();
    for failing in failing {
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
        explained(&first.verdict)
    );
    match (&first.problem, &first.verdict) {
        (Some(problem), _) => {
            text += &indented(&problem.message.to_string(), 2);
            return text + &format!("  {}\n", words!("run-next", step = problem.next.clone()));
        }
        (None, Verdict::GraderFault(why)) => {
            text += &indented(why, 2);
            return text + &format!("  {}\n", words!("run-fault-next"));
        }
        _ => {}
    }
    text += &questions(first);
    if let Some(found) = &first.diagnosis {
        text += &indented(&diagnosis::short(found, &report.id, &report.sources), 2);
    }
    for diagnostic in &first.diagnostics {
        text += &format!("  {}\n", words!("run-says", who = diagnostic.from.name()));
        text += &indented(&said(context, report, first, diagnostic), 4);
    }
    let step = next_step(context, report, first, hints);
    text + &format!("  {}\n", words!("run-next", step = step))
}

/// What somebody says of a variant; of errors in C that CFFI has written, the first one.
fn said(
    context: &Context,
    report: &LessonReport,
    of: &VariantReport,
    diagnostic: &Diagnostic,
) -> String {
    let in_brief = generated(context, report, of, diagnostic).filter(|_| !context.full);
    let Some(Told { text, more }) = in_brief else {
        return diagnostic.text.to_string();
    };
    if more == 0 {
        return text;
    }
    let command = format!("checker explain {} {}", report.id, of.variant);
    // What a report keeps of a very long text does not hold all errors.
    let rest = if is_shortened(&diagnostic.text.english()) {
        words!("run-generated-many", command = command)
    } else {
        words!("run-generated", count = more, command = command)
    };
    text + &rest
}

/// What a build of API mode said, told as mistakes in the build script, where that can be.
pub(super) fn generated(
    context: &Context,
    report: &LessonReport,
    of: &VariantReport,
    diagnostic: &Diagnostic,
) -> Option<Told> {
    if of.variant.bridge != Bridge::Api || diagnostic.from != Speaker::Build {
        return None;
    }
    let file = Path::new("api_build.py");
    let path = context.lesson.source_file(&report.sources, file);
    let script = Script {
        shown: &context.workspace.shown(&path).display().to_string(),
        source: &std::fs::read_to_string(&path).ok()?,
        module: &report.id.module(),
    };
    generated::told(&diagnostic.text.english(), &script)
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
            " ".to_owned() + &words!("run-drawn")
        } else {
            String::new()
        };
        text += &format!("  {}{drawn}\n", scenario.title);
        text += &format!("    {}\n", transcript::call(&scenario.question));
        let (expected, observed) = beside(scenario);
        if let Some(expected) = expected {
            let label = words!("run-expected");
            text += &format!("      {label:<9} {expected}\n");
        }
        let observed = indented(&observed, 16);
        let label = words!("run-observed");
        text += &format!("      {label:<9} {}\n", observed.trim());
    }
    match failing.len().saturating_sub(first_ones.len().min(SHOWN)) {
        0 => text,
        more => text + &format!("  {}\n", words!("run-more-questions", count = more)),
    }
}

/// What was expected and what was observed; of values too long to be compared by eye only what differs.
fn beside(scenario: &ScenarioReport) -> (Option<String>, String) {
    const BY_EYE: usize = 100;
    if let (Some(expected), Answer::Observed(value)) = (&scenario.expected, &scenario.answer)
        && [expected, value]
            .iter()
            .any(|it| it.to_string().chars().count() > BY_EYE)
        && let Some((left, right)) = differing(expected, value)
    {
        let only = |text: &str| {
            let head = text.char_indices().nth(WIDEST).map(|(end, _)| &text[..end]);
            let text = head.map_or_else(|| text.to_owned(), |head| format!("{head}..."));
            words!("run-differing", text = text, type = expected.type_name().to_owned())
        };
        return (Some(only(&left)), only(&right));
    }
    (
        scenario.expected.as_ref().map(with_type),
        observed(scenario),
    )
}

fn observed(scenario: &ScenarioReport) -> String {
    match &scenario.answer {
        Answer::Observed(value) => with_type(value),
        Answer::Raised { class, message, .. } if message.is_empty() => {
            words!("run-raised", class = class.as_str())
        }
        Answer::Raised { class, message, .. } => words!(
            "run-raised-message",
            class = class.as_str(),
            message = message.as_str(),
        ),
        Answer::Unfinished => words!("run-unfinished", verdict = scenario.verdict.to_string()),
        Answer::NotAsked => words!("run-not-asked"),
    }
}

fn with_type(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= WIDEST {
        return format!("{text} ({})", value.type_name());
    }
    let head: String = text.chars().take(WIDEST).collect();
    words!(
        "run-long-value",
        head = head,
        type = value.type_name().to_string(),
        count = text.chars().count(),
    )
}

/// What the failure's own words prove, else the lesson's hint for such a failure or for the exercise, else where to go on.
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
    let proved = hint_for(&Failing::of(failing)).and_then(|it| it.next.clone());
    let hint = hints.and_then(|hints| {
        first(&hints.failures, failing.verdict.name())
            .or_else(|| {
                failing
                    .diagnosis
                    .as_ref()
                    .map(|it| it.class.told().next.clone())
            })
            .or_else(|| general_hint(&failing.verdict))
            .or_else(|| exercise.and_then(|exercise| first(&hints.exercises, &exercise.id)))
    });
    let files = files.join(&format!(" {} ", words!("run-or")));
    let edit = if progress::is_read() {
        words!("run-edit-watched", files = files)
    } else {
        words!("run-edit", files = files)
    };
    match proved.or(hint) {
        Some(hint) => format!("{hint}\n        {edit}"),
        None => edit,
    }
}

/// What helps in every lesson where nothing could be asked, or a process did not end as it should; an exercise's hint would
/// point elsewhere.
fn general_hint(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::CompileError => Some(words!("help-compile")),
        Verdict::ImportError => Some(words!("help-import")),
        Verdict::Crashed(_) => Some(words!("help-crashed")),
        Verdict::Timeout => Some(words!("help-timeout")),
        Verdict::MemoryLimit => Some(words!("help-memory")),
        Verdict::OutputLimit => Some(words!("help-output")),
        Verdict::ProcessLimit | Verdict::LeakedProcess => Some(words!("help-process")),
        Verdict::EarlyExit => Some(words!("help-exit")),
        _ => None,
    }
}

/// The name of a verdict, with a word of explanation where it is a word of another language.
fn explained(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed => words!("verdict-passed"),
        Verdict::Wrong => words!("verdict-wrong"),
        Verdict::NotNative => words!("verdict-not-native"),
        Verdict::CompileError => words!("verdict-compile-error"),
        Verdict::ImportError => words!("verdict-import-error"),
        Verdict::AbiMismatch => words!("verdict-abi-mismatch"),
        Verdict::Exception => words!("verdict-exception"),
        Verdict::Crashed(_) => words!("verdict-crashed"),
        Verdict::Timeout => words!("verdict-timeout"),
        Verdict::MemoryLimit => words!("verdict-memory-limit"),
        Verdict::OutputLimit => words!("verdict-output-limit"),
        Verdict::ProcessLimit => words!("verdict-process-limit"),
        Verdict::EarlyExit => words!("verdict-early-exit"),
        Verdict::LeakedProcess => words!("verdict-leaked-process"),
        Verdict::Tampered => words!("verdict-tampered"),
        Verdict::MissingScenarios => words!("verdict-missing-scenarios"),
        Verdict::Skipped(_) => words!("verdict-skipped"),
        Verdict::GraderFault(_) => words!("verdict-grader-fault"),
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
            "\n{}\n  {}\n",
            words!("run-accepted-nothing", file = shown),
            words!("run-accepted-nothing-next")
        ),
        State::Changed { old, new } => {
            let difference = similar::TextDiff::from_lines(old, new);
            let lines = difference
                .unified_diff()
                .context_radius(2)
                .header("accepted", "observed")
                .to_string();
            format!(
                "\n{}\n{}  {}\n",
                words!("run-accepted-changed", file = shown),
                indented(&lines, 4),
                words!("run-accepted-changed-next")
            )
        }
        State::Broken(why) => {
            let command = format!("git checkout -- {shown}");
            let next = words!("run-accepted-broken-next", command = command);
            format!("\n{shown}: {why}\n  {next}\n")
        }
    }
}

fn quiz_lines(quiz: &QuizReport) -> String {
    let head = words!(
        "run-quiz",
        title = quiz.title.as_str(),
        points = quiz.points,
        possible = quiz.possible,
    );
    let mut text = format!("\n{head}\n");
    if let Some(problem) = &quiz.problem {
        text += &indented(&problem.message.to_string(), 2);
        let next = words!("run-next", step = problem.next.clone());
        text += &format!("  {next}\n");
    }
    for choice in quiz.choices.iter().filter(|choice| !choice.right) {
        let question = choice.question.as_str();
        let told = match &choice.chosen {
            None => words!("run-quiz-open", question = question),
            Some(chosen) => words!(
                "run-quiz-wrong",
                question = question,
                choice = chosen.as_str(),
            ),
        };
        text += &format!("  {told}\n");
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
