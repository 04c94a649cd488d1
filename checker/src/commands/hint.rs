//! `checker hint`.

use std::fs;

use anyhow::Context as _;
use serde_json::json;

use crate::authoring::hints::{Hints, Topic};
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::lesson::{Exercise, Lesson};
use crate::workspace::Workspace;
use crate::{catalogue, exit, output, report};

/// Show a hint for a lesson's exercises: first a question, then a pointer, then the shape of the answer.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The lesson, for example lesson-7.3.
    lesson: String,
    /// One exercise by its id; all of the lesson's exercises when none is named.
    exercise: Option<String>,
    /// How much to tell: 1 is a question, 2 a pointer, 3 the shape of the answer.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    step: u8,
}

/// Prints the hints up to the step that was asked for.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let lesson = catalogue::find(&workspace, &args.lesson)?;
    let exercises = chosen(&lesson, args.exercise.as_deref())?;
    let hints = read(&lesson)?;
    let told: Vec<(&Exercise, &[String])> = exercises
        .into_iter()
        .map(|exercise| (exercise, told(&hints.exercises, exercise, args.step.into())))
        .collect();
    if global.json {
        output::json(&document(&lesson, &told))?;
    } else {
        output::result(&text(&lesson, &told, args.step))?;
    }
    Ok(exit::PASSED)
}

fn chosen<'a>(lesson: &'a Lesson, asked: Option<&str>) -> Result<Vec<&'a Exercise>, ExpectedError> {
    let exercises = &lesson.manifest.exercises;
    let Some(asked) = asked else {
        return Ok(exercises.iter().collect());
    };
    let found = exercises.iter().find(|exercise| exercise.id == asked);
    found
        .map(|exercise| vec![exercise])
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
        problem: error.to_string(),
        next: "restore the file, for example with `git restore`".to_owned(),
    })?;
    Hints::parse(&file, &text)
        .map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            ExpectedError::UnusableFile {
                path: file.clone(),
                problem: lines.join("\n"),
                next: "correct the file as docs/lesson-format.md describes it".to_owned(),
            }
        })
        .context("reading the hints")
}

/// The first hints of an exercise, at most `step` of them.
fn told<'a>(topics: &'a [Topic], exercise: &Exercise, step: usize) -> &'a [String] {
    topics
        .iter()
        .find(|topic| topic.name == exercise.id)
        .map_or(&[], |topic| &topic.hints[..step.min(topic.hints.len())])
}

fn text(lesson: &Lesson, told: &[(&Exercise, &[String])], step: u8) -> String {
    let id = &lesson.manifest.id;
    let mut text = String::new();
    for (exercise, hints) in told {
        text += &format!("{}: {}\n", exercise.id, exercise.title);
        for (index, hint) in hints.iter().enumerate() {
            text += &format!("  {}. {hint}\n", index + 1);
        }
        text.push('\n');
    }
    if step < 3 {
        text += &format!("More: checker hint {id} --step {}\n", step + 1);
    } else {
        text += &format!("The reference is in lessons/{id}/solution/.\n");
    }
    text
}

fn document(lesson: &Lesson, told: &[(&Exercise, &[String])]) -> serde_json::Value {
    json!({
        "schema_version": report::SCHEMA_VERSION,
        "lesson": lesson.manifest.id,
        "hints": told.iter().map(|(exercise, hints)| json!({
            "exercise": exercise.id,
            "title": exercise.title,
            "hints": hints,
        })).collect::<Vec<_>>(),
    })
}
