//! `checker list`.

use serde_json::json;

use crate::catalogue::Catalogue;
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::lesson::{Lesson, Manifest};
use crate::workspace::Workspace;
use crate::{exit, output, report};

/// Show all lessons with their exercises, minutes and points.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Lists every lesson that can be read, then names the ones that cannot.
pub fn run(_: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let (mut lessons, broken) = Catalogue::open(&workspace)?.load_all();
    lessons.sort_by_key(|lesson| (lesson.manifest.order, lesson.manifest.id.clone()));
    if global.json {
        output::json(&document(&lessons, &broken))?;
    } else {
        output::result(&table(&lessons))?;
    }
    for error in &broken {
        output::remark(&format!("error: {error}\n  next: {}", error.next_step()));
    }
    Ok(if broken.is_empty() {
        exit::PASSED
    } else {
        exit::LESSON
    })
}

fn table(lessons: &[Lesson]) -> String {
    let width = lessons
        .iter()
        .map(|lesson| lesson.manifest.id.0.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for lesson in lessons {
        let manifest = &lesson.manifest;
        text += &format!(
            "{:width$}  {:>3} min  {:>3} points  {}\n",
            manifest.id.0,
            manifest.minutes,
            manifest.points(),
            manifest.title
        );
    }
    if lessons.is_empty() {
        text += "No lesson yet.\n";
    }
    text
}

fn document(lessons: &[Lesson], broken: &[ExpectedError]) -> serde_json::Value {
    json!({
        "schema_version": report::SCHEMA_VERSION,
        "lessons": lessons.iter().map(|lesson| entry(&lesson.manifest)).collect::<Vec<_>>(),
        "broken": broken.iter().map(|error| json!({ "message": error.to_string(), "next": error.next_step() })).collect::<Vec<_>>(),
    })
}

fn entry(manifest: &Manifest) -> serde_json::Value {
    json!({
        "id": manifest.id,
        "title": manifest.title,
        "section": manifest.section,
        "minutes": manifest.minutes,
        "points": manifest.points(),
        "exercises": manifest.exercises.iter().map(|exercise| json!({
            "id": exercise.id,
            "title": exercise.title,
            "minutes": exercise.minutes,
            "files": exercise.files,
        })).collect::<Vec<_>>(),
    })
}
