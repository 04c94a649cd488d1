//! `checker` without a command.

use anstyle::Style;
use serde_json::json;

use crate::cli::Global;
use crate::flow::course::{self, Course, Task};
use crate::lesson::Lesson;
use crate::report::SCHEMA_VERSION;
use crate::workspace::Workspace;
use crate::{exit, output, words};

/// Says where the participant is, and what to do next.
pub fn run(global: &Global) -> anyhow::Result<u8> {
    let course = Course::open(Workspace::find()?)?;
    course::say_vanished(&course);
    if global.json {
        output::json(&document(&course))?;
    } else {
        output::result(&text(&course))?;
    }
    Ok(exit::PASSED)
}

fn text(course: &Course) -> String {
    let (done, all) = course.counts();
    let (earned, possible) = course.points();
    let bold = Style::new().bold();
    let mut text = format!(
        "{bold}Four Bridges{bold:#}: {}\n{}\n\n",
        words!("course-subtitle"),
        words!(
            "course-counts",
            done = done,
            all = all,
            earned = earned,
            possible = possible,
        )
    );
    match course.current() {
        None if course.lessons.is_empty() => {
            text += &format!("{}\n", words!("course-empty"));
        }
        None => {
            text += &format!(
                "{}\n{}\n",
                words!("course-done"),
                words!("course-done-next")
            );
        }
        Some(lesson) => text += &place(course, lesson),
    }
    text += &format!("\n{}\n", words!("course-help"));
    if !is_on_path() {
        text += &format!("{}\n", words!("course-same"));
    }
    text
}

/// Whether somebody who types `checker` reaches one.
fn is_on_path() -> bool {
    let name = format!("checker{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}

/// A lesson with its exercises and the next step: what `checker` and `checker next` show.
pub fn place(course: &Course, lesson: &Lesson) -> String {
    let manifest = &lesson.manifest;
    let bold = Style::new().bold();
    let readme = lesson.folder.join("README.md");
    let name = format!("{bold}{}  {}{bold:#}", manifest.id, manifest.title);
    let mut text = words!("place-here", lesson = name, minutes = manifest.minutes) + "\n";
    if readme.is_file() {
        let label = words!("place-read");
        text += &format!("{label:<7} {}\n", course.workspace.typed(&readme));
    }
    let tasks = course.tasks(lesson);
    let open = tasks.iter().find(|task| !task.done());
    for file in open.iter().flat_map(|task| &task.files) {
        let path = lesson.folder.join("exercise").join(file);
        let label = words!("place-edit");
        text += &format!("{label:<7} {}\n", course.workspace.typed(&path));
    }
    text += "\n";
    for task in &tasks {
        text += &format!(
            "  {}\n",
            line(task, open.is_some_and(|it| it.id == task.id))
        );
    }
    text.push('\n');
    match open {
        None => {
            let (done, next) = (words!("place-all-done"), words!("place-all-done-next"));
            text += &format!("{done}\n{next}\n");
        }
        Some(task) => {
            if let Some(failing) = &task.state.failing {
                let last = words!(
                    "place-last-run",
                    variant = failing.variant.as_str(),
                    verdict = failing.verdict.as_str(),
                );
                text += &format!("{last}\n{}\n", words!("place-failing-next"));
            } else {
                text += &format!("{}\n", words!("place-open-next"));
            }
        }
    }
    text
}

/// A task with its mark: a word, since a sign alone would be read out badly.
pub fn line(task: &Task, here: bool) -> String {
    let mark = match (task.done(), here) {
        (true, _) => words!("task-done"),
        (false, true) => words!("task-now"),
        (false, false) => words!("task-open"),
    };
    let (earned, possible) = (task.earned(), task.possible);
    let points = match task.minutes {
        None => words!("task-points", earned = earned, possible = possible),
        Some(minutes) => words!(
            "task-points-minutes",
            earned = earned,
            possible = possible,
            minutes = minutes,
        ),
    };
    format!("{mark:<5} {}  {} ({points})", task.id, task.title)
}

fn document(course: &Course) -> serde_json::Value {
    let (done, all) = course.counts();
    let (points, possible) = course.points();
    let open = |lesson: &Lesson| {
        course
            .tasks(lesson)
            .into_iter()
            .find(|task| !task.done())
            .map(|task| {
                json!({
                    "id": task.id,
                    "title": task.title,
                    "files": task.files,
                    "failing": task.state.failing,
                })
            })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "done": done,
        "exercises": all,
        "points": points,
        "possible": possible,
        "lesson": course.current().map(|lesson| &lesson.manifest.id),
        "exercise": course.current().and_then(open),
    })
}
