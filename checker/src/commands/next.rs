//! `checker next`.

use serde_json::json;

use super::status;
use crate::cli::Global;
use crate::flow::course::{self, Course};
use crate::lesson::Lesson;
use crate::report::SCHEMA_VERSION;
use crate::workspace::Workspace;
use crate::{catalogue, exit, output, words};

/// Go on: to the next open exercise, and once a lesson is done to the lesson after it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Go to this lesson instead.
    lesson: Option<String>,
    /// Leave the current lesson for the one after it, done or not.
    #[arg(long, conflicts_with = "lesson")]
    skip: bool,
}

/// Chooses the lesson, remembers it, and shows it.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let named = args.lesson.as_deref();
    let named = named
        .map(|asked| catalogue::find(&workspace, asked))
        .transpose()?;
    let course = Course::open(workspace)?;
    course::say_vanished(&course);
    let chosen = named.as_ref().or_else(|| follow(&course, args.skip));
    if let Some(lesson) = chosen {
        let id = lesson.manifest.id.clone();
        course.store.update(|state| state.current = Some(id))?;
    }
    if global.json {
        output::json(&json!({
            "schema_version": SCHEMA_VERSION,
            "lesson": chosen.map(|lesson| &lesson.manifest.id),
        }))?;
        return Ok(exit::PASSED);
    }
    match chosen {
        Some(lesson) => output::result(&status::place(&course, lesson))?,
        None => output::result(&format!(
            "{}\n{}\n",
            words!("course-no-other"),
            words!("course-no-other-next")
        ))?,
    }
    Ok(exit::PASSED)
}

/// The current lesson while it has something open, else the next open one.
fn follow(course: &Course, skip: bool) -> Option<&Lesson> {
    let current = course.current()?;
    if skip || course.is_done(current) {
        course.open_after(&current.manifest.id)
    } else {
        Some(current)
    }
}
