//! `checker hint`.

use std::fs;

use anyhow::Context as _;
use serde_json::json;

use crate::authoring::hints::{Hints, Topic};
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::flow::course;
use crate::flow::failing::Failing;
use crate::flow::hints::{FailureHint, OPEN_TASK, hint_for};
use crate::flow::state::{LessonState, TaskState};
use crate::flow::store::Store;
use crate::lesson::{Exercise, Lesson};
use crate::message;
use crate::workspace::Workspace;
use crate::{exit, output, report, words};

/// Show a hint for what went wrong in the last run, and for the exercise that you work at.
///
/// First a question, then a pointer, then the shape of the answer: each time you ask, one step more.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The lesson, or an exercise of the one where you are; that lesson when none is named.
    lesson: Option<String>,
    /// One exercise by its id; what you work at when none is named.
    exercise: Option<String>,
    /// How much to tell: 1 is a question, 2 a pointer, 3 the shape of the answer; one more than last time when not given.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    step: Option<u8>,
}

/// What is told about one exercise.
struct Told<'a> {
    exercise: &'a Exercise,
    /// The first steps of the exercise's own hints.
    hints: &'a [String],
    step: u8,
    /// The failure of the last run, and the hint for it.
    failing: Option<(Failing, &'static FailureHint)>,
}

/// Prints the hints up to the step that was asked for, and remembers how far that was.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let (lesson, asked) = meant(&workspace, args)?;
    let store = Store::of(&workspace);
    let known = store.read()?.lesson(&lesson.manifest.id);
    let (exercises, others) = chosen(&lesson, asked, &known)?;
    let hints = read(&lesson)?;
    let told: Vec<Told> = exercises
        .into_iter()
        .map(|exercise| {
            let state = known.exercises.get(&exercise.id);
            let step = args.step.unwrap_or_else(|| following(state));
            Told {
                exercise,
                hints: first_steps(&hints.exercises, exercise, step.into()),
                step,
                failing: state
                    .and_then(|it| it.failing.clone())
                    .and_then(|failing| hint_for(&failing).map(|hint| (failing, hint))),
            }
        })
        .collect();
    remember(&store, &lesson, &told);
    if global.json {
        output::json(&document(&lesson, &told))?;
    } else {
        output::result(&text(&lesson, &told, &others))?;
    }
    Ok(exit::PASSED)
}

/// The lesson and the exercise that are asked for. One word alone may be an exercise of the lesson where you are.
fn meant<'a>(
    workspace: &Workspace,
    args: &'a Args,
) -> Result<(Lesson, Option<&'a str>), ExpectedError> {
    let (word, exercise) = (args.lesson.as_deref(), args.exercise.as_deref());
    let found = course::meant(workspace, word);
    if let (Some(word), None, Err(ExpectedError::UnknownLesson { .. })) = (word, exercise, &found)
        && let Ok(here) = course::meant(workspace, None)
        && here.manifest.exercises.iter().any(|it| it.id == word)
    {
        return Ok((here, Some(word)));
    }
    Ok((found?, exercise))
}

/// One step more than what was shown.
fn following(state: Option<&TaskState>) -> u8 {
    state.map_or(1, |it| (it.hints + 1).clamp(1, 3))
}

/// A hint that cannot be noted is shown all the same.
fn remember(store: &Store, lesson: &Lesson, told: &[Told]) {
    let noted = store.update(|state| {
        let known = state.lesson_mut(&lesson.manifest.id);
        for it in told {
            let task = known.exercises.entry(it.exercise.id.clone()).or_default();
            task.hints = task.hints.max(it.step);
        }
    });
    if let Err(error) = noted {
        let problem = error.to_string();
        let (warning, next) = (
            words!("hint-forgotten", problem = problem),
            words!("run-next", step = error.next_step()),
        );
        output::remark(&format!("{warning}\n  {next}"));
    }
}

/// Exercises to tell of, and others that are open.
type Chosen<'a> = (Vec<&'a Exercise>, Vec<&'a Exercise>);

/// The exercise that is named, else what is worked at: of those that are not done or fail again the ones whose last run
/// got further than an open task, or the first. When everything is done, all.
fn chosen<'a>(
    lesson: &'a Lesson,
    asked: Option<&str>,
    known: &LessonState,
) -> Result<Chosen<'a>, ExpectedError> {
    let exercises = &lesson.manifest.exercises;
    let Some(asked) = asked else {
        let is_open = |it: &&Exercise| {
            known
                .exercises
                .get(&it.id)
                .is_none_or(|task| task.done.is_none() || task.failing.is_some())
        };
        let is_begun = |it: &&Exercise| {
            let failing = known.exercises.get(&it.id)?.failing.as_ref()?;
            Some(hint_for(failing)?.name != OPEN_TASK)
        };
        let open: Vec<&Exercise> = exercises.iter().filter(is_open).collect();
        let (mut told, mut others): Chosen = open
            .into_iter()
            .partition(|it| is_begun(it).unwrap_or(false));
        if told.is_empty() && !others.is_empty() {
            told.push(others.remove(0));
        }
        if told.is_empty() {
            told.extend(exercises);
        }
        return Ok((told, others));
    };
    let found = exercises.iter().find(|exercise| exercise.id == asked);
    found
        .map(|exercise| (vec![exercise], Vec::new()))
        .ok_or_else(|| ExpectedError::UnknownExercise {
            lesson: lesson.manifest.id.0.clone(),
            asked: asked.to_owned(),
            known: exercises
                .iter()
                .map(|exercise| exercise.id.clone())
                .collect(),
        })
}

fn read(lesson: &Lesson) -> anyhow::Result<Hints> {
    let file = lesson.folder.join("hints.md");
    let text = fs::read_to_string(&file).map_err(|error| ExpectedError::UnusableFile {
        path: file.clone(),
        problem: error.to_string().into(),
        next: message!("error-restore-file"),
    })?;
    Hints::parse(&file, &text)
        .map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            ExpectedError::UnusableFile {
                path: file.clone(),
                problem: lines.join("\n").into(),
                next: "correct the file as docs/lesson-format.md describes it".into(),
            }
        })
        .context("reading the hints")
}

/// The first hints of an exercise, at most `step` of them.
fn first_steps<'a>(topics: &'a [Topic], exercise: &Exercise, step: usize) -> &'a [String] {
    topics
        .iter()
        .find(|topic| topic.name == exercise.id)
        .map_or(&[], |topic| &topic.hints[..step.min(topic.hints.len())])
}

fn text(lesson: &Lesson, told: &[Told], others: &[&Exercise]) -> String {
    let id = &lesson.manifest.id;
    let mut text = String::new();
    for it in told {
        text += &format!("{}: {}\n", it.exercise.id, it.exercise.title);
        if let Some((failing, hint)) = &it.failing {
            let last = words!(
                "hint-last-run",
                variant = failing.variant.as_str(),
                verdict = failing.verdict.as_str(),
                title = hint.title.as_str(),
            );
            text += &format!("  {last}\n");
            text += &steps(&hint.steps[..usize::from(it.step)]);
            text += &format!("  {}\n", words!("hint-exercise"));
        }
        text += &steps(it.hints);
        text.push('\n');
    }
    let only = match told {
        [one] => format!(" {}", one.exercise.id),
        _ => String::new(),
    };
    match told.iter().map(|it| it.step).min() {
        Some(step) if step < 3 => {
            let command = format!("checker hint {id}{only} --step {}", step + 1);
            text += &format!("{}\n", words!("hint-more", command = command));
        }
        _ => {
            let command = format!("checker solution {id}{only}");
            text += &format!("{}\n", words!("hint-solution", command = command));
        }
    }
    if let Some(first) = others.first() {
        let ids: Vec<&str> = others.iter().map(|it| it.id.as_str()).collect();
        let command = format!("checker hint {id} {}", first.id);
        let line = words!("hint-others", ids = ids.join(", "), command = command);
        text += &format!("{line}\n");
    }
    text
}

fn steps(hints: &[String]) -> String {
    hints
        .iter()
        .enumerate()
        .map(|(index, hint)| format!("  {}. {hint}\n", index + 1))
        .collect()
}

fn document(lesson: &Lesson, told: &[Told]) -> serde_json::Value {
    json!({
        "schema_version": report::SCHEMA_VERSION,
        "lesson": lesson.manifest.id,
        "hints": told.iter().map(|it| json!({
            "exercise": it.exercise.id,
            "title": it.exercise.title,
            "step": it.step,
            "hints": it.hints,
            "failure": it.failing.as_ref().map(|(failing, hint)| json!({
                "variant": failing.variant,
                "verdict": failing.verdict,
                "name": hint.name,
                "title": hint.title,
                "hints": &hint.steps[..usize::from(it.step)],
            })),
        })).collect::<Vec<_>>(),
    })
}
