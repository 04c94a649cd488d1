//! `checker list`.

use serde_json::json;

use super::status;
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::flow::course::Course;
use crate::lesson::{Lesson, Manifest};
use crate::picker::{self, Entry, Picked};
use crate::workspace::Workspace;
use crate::{exit, output, report, words};

/// Show the lessons with their exercises, minutes and points, and what is done of them.
///
/// On a terminal, and without words, the list can be searched: j and k or the arrow keys move, / or any other letter begins
/// a search, Enter goes to the lesson, q or Esc quits. Elsewhere, or with --plain, it is a table.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only lessons that have all these words in their id, title, section, exercises, files or claims.
    #[arg(value_name = "WORD")]
    search: Vec<String>,
    /// Show the exercises too.
    #[arg(long)]
    exercises: bool,
}

/// Lists every lesson that can be read, then names the ones that cannot.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let mut course = Course::open(Workspace::find()?)?;
    let broken = std::mem::take(&mut course.broken);
    let found: Vec<&Lesson> = course
        .lessons
        .iter()
        .filter(|lesson| {
            args.search
                .iter()
                .all(|word| mentions(&lesson.manifest, word))
        })
        .collect();
    let mut code = exit::PASSED;
    if global.json {
        output::json(&document(&course, &found, &broken))?;
    } else if args.search.is_empty() && !args.exercises && picker::is_possible() {
        code = choose(&course)?;
    } else if found.is_empty() && !args.search.is_empty() {
        let nothing = words!("list-nothing", words = args.search.join(" "));
        output::result(&format!("{nothing}\n{}\n", words!("list-nothing-next")))?;
    } else {
        output::result(&table(&course, &found, args.exercises))?;
    }
    for error in &broken {
        let next = words!("run-next", step = error.next_step());
        output::remark(&format!("{}: {error}\n  {next}", words!("error")));
    }
    if code == exit::PASSED && !broken.is_empty() {
        code = exit::LESSON;
    }
    Ok(code)
}

/// Lets the participant choose a lesson, and goes there.
fn choose(course: &Course) -> anyhow::Result<u8> {
    let lessons: Vec<&Lesson> = course.lessons.iter().collect();
    let lines = rows(course, &lessons);
    let entries = lessons.iter().zip(lines).map(|(lesson, line)| {
        let tasks = course.tasks(lesson);
        Entry {
            line,
            details: tasks.iter().map(|task| status::line(task, false)).collect(),
            searched: searched(&lesson.manifest),
        }
    });
    let here = course.current().map(|lesson| &lesson.manifest.id);
    let place = lessons.iter().position(|it| Some(&it.manifest.id) == here);
    match picker::pick(entries.collect(), place.unwrap_or(0))? {
        Picked::One(index) => {
            let lesson = lessons[index];
            let id = lesson.manifest.id.clone();
            course.store.update(|state| state.current = Some(id))?;
            output::result(&status::place(course, lesson))?;
            Ok(exit::PASSED)
        }
        Picked::None => Ok(exit::PASSED),
        Picked::Interrupted => Ok(exit::INTERRUPTED),
    }
}

/// Whether a word stands in what somebody might remember of a lesson; case does not matter.
fn mentions(manifest: &Manifest, word: &str) -> bool {
    searched(manifest).contains(&word.to_lowercase())
}

/// What a search looks at, in lower case and line by line.
fn searched(manifest: &Manifest) -> String {
    let exercises = manifest.exercises.iter().flat_map(|it| {
        let files = it.files.iter().map(|file| file.display().to_string());
        files.chain([it.id.clone(), it.title.clone()])
    });
    [&manifest.id.0, &manifest.title, &manifest.section]
        .into_iter()
        .chain(&manifest.claims)
        .cloned()
        .chain(exercises)
        .map(|text| text.to_lowercase() + "\n")
        .collect()
}

fn table(course: &Course, lessons: &[&Lesson], exercises: bool) -> String {
    let mut text = String::new();
    for (lesson, line) in lessons.iter().zip(rows(course, lessons)) {
        text += &format!("{line}\n");
        for task in course.tasks(lesson).iter().filter(|_| exercises) {
            text += &format!("    {}\n", status::line(task, false));
        }
    }
    if lessons.is_empty() {
        text += &format!("{}\n", words!("list-empty"));
    }
    text
}

/// A line for each lesson.
fn rows(course: &Course, lessons: &[&Lesson]) -> Vec<String> {
    let ids = lessons.iter().map(|lesson| lesson.manifest.id.0.len());
    let width = ids.max().unwrap_or(0);
    let here = course.current().map(|lesson| &lesson.manifest.id);
    let marks = [
        words!("list-done"),
        words!("list-here"),
        String::new(),
        words!("list-begun"),
    ];
    let widest = marks.iter().map(|mark| mark.chars().count()).max();
    let mark_width = widest.unwrap_or(0);
    let [done, at, untouched, begun] = &marks;
    let row = |lesson: &&Lesson| {
        let manifest = &lesson.manifest;
        let tasks = course.tasks(lesson);
        let mark = match tasks.iter().filter(|task| task.done()).count() {
            all if all == tasks.len() && all > 0 => done,
            _ if here == Some(&manifest.id) => at,
            0 => untouched,
            _ => begun,
        };
        let numbers = words!(
            "list-numbers",
            minutes = format!("{:>3}", manifest.minutes),
            points = format!("{:>3}", manifest.points()),
        );
        format!(
            "{:width$}  {numbers}  {mark:<mark_width$}  {}",
            manifest.id.0, manifest.title
        )
    };
    lessons.iter().map(row).collect()
}

fn document(course: &Course, lessons: &[&Lesson], broken: &[ExpectedError]) -> serde_json::Value {
    json!({
        "schema_version": report::SCHEMA_VERSION,
        "lessons": lessons.iter().map(|lesson| entry(course, lesson)).collect::<Vec<_>>(),
        "broken": broken.iter().map(|error| json!({ "message": error.message().english(), "next": error.next_step().english() })).collect::<Vec<_>>(),
    })
}

fn entry(course: &Course, lesson: &Lesson) -> serde_json::Value {
    let manifest = &lesson.manifest;
    let known = course.state.lesson(&manifest.id);
    let done = |id: &str| known.exercises.get(id).and_then(|task| task.done);
    json!({
        "id": manifest.id,
        "title": manifest.title,
        "section": manifest.section,
        "minutes": manifest.minutes,
        "points": manifest.points(),
        "done": course.is_done(lesson),
        "exercises": manifest.exercises.iter().map(|exercise| json!({
            "id": exercise.id,
            "title": exercise.title,
            "minutes": exercise.minutes,
            "files": exercise.files,
            "done": done(&exercise.id),
        })).collect::<Vec<_>>(),
    })
}
