//! `checker` without a command.

use anstyle::Style;
use serde_json::json;

use crate::cli::Global;
use crate::flow::course::{self, Course, Task};
use crate::lesson::Lesson;
use crate::report::SCHEMA_VERSION;
use crate::workspace::Workspace;
use crate::{exit, output};

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
        "{bold}Four Bridges{bold:#}: how Python calls C\n{done} of {all} exercises done, {earned} of {possible} points\n\n"
    );
    match course.current() {
        None if course.lessons.is_empty() => {
            text += "There is no lesson yet.\n";
        }
        None => {
            text += "Everything is done.\n";
            text += "next: `checker progress` shows what you did, `checker list` all lessons\n";
        }
        Some(lesson) => text += &place(course, lesson),
    }
    text + "\n`checker --help` shows every command.\n"
}

/// A lesson with its exercises and the next step: what `checker` and `checker next` show.
pub fn place(course: &Course, lesson: &Lesson) -> String {
    let manifest = &lesson.manifest;
    let bold = Style::new().bold();
    let readme = lesson.folder.join("README.md");
    let mut text = format!(
        "You are at {bold}{}  {}{bold:#}, {} minutes.\n",
        manifest.id, manifest.title, manifest.minutes
    );
    if readme.is_file() {
        text += &format!("read    {}\n", course.workspace.typed(&readme));
    }
    let tasks = course.tasks(lesson);
    let open = tasks.iter().find(|task| !task.done());
    for file in open.iter().flat_map(|task| &task.files) {
        let path = lesson.folder.join("exercise").join(file);
        text += &format!("edit    {}\n", course.workspace.typed(&path));
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
            text += "All of it is done.\nnext: `checker next` goes to the lesson after it\n";
        }
        Some(task) => {
            if let Some(failing) = &task.state.failing {
                text += &format!("last run: {} {}\n", failing.variant, failing.verdict);
                text += "next: `checker hint` helps with just that; `checker watch` checks at each save\n";
            } else {
                text += "next: `checker watch` checks at each save, `checker run` checks once\n";
            }
        }
    }
    text
}

/// A task with its mark: a word, since a sign alone would be read out badly.
pub fn line(task: &Task, here: bool) -> String {
    let mark = match (task.done(), here) {
        (true, _) => "done",
        (false, true) => "now",
        (false, false) => "open",
    };
    let minutes = task
        .minutes
        .map_or_else(String::new, |it| format!(", {it} min"));
    format!(
        "{mark:<5} {}  {} ({}/{} points{minutes})",
        task.id,
        task.title,
        task.earned(),
        task.possible
    )
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
