//! `checker solution`.

use std::path::Path;

use serde_json::json;

use crate::authoring::regions;
use crate::cli::Global;
use crate::flow::course::{self, Task};
use crate::flow::state::now;
use crate::flow::store::Store;
use crate::judge::inputs;
use crate::lesson::{Lesson, Sources};
use crate::report::SCHEMA_VERSION;
use crate::workspace::Workspace;
use crate::{exit, output, words};

/// Show the solution of an exercise: after it has passed, or when asked a second time.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,
}

/// What a solution is asked of.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The lesson; the one where you are when none is named.
    lesson: Option<String>,
    /// One exercise by its id; all of the lesson's when none is named.
    exercise: Option<String>,
}

/// Prints the files, or asks to try once more.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let (lesson, asked) = ask(&workspace, &args.which)?;
    let files = files(&lesson, &asked.shown)?;
    if global.json {
        output::json(&json!({
            "schema_version": SCHEMA_VERSION,
            "lesson": lesson.manifest.id,
            "files": files.iter().map(|(name, text)| json!({ "file": name, "text": text })).collect::<Vec<_>>(),
            "withheld": asked.withheld.iter().map(|it| &it.id).collect::<Vec<_>>(),
        }))?;
    } else {
        let mut text = String::new();
        for (name, content) in &files {
            let path = lesson.source_file(&Sources::Solution, Path::new(name));
            text += &format!("--- {}\n{content}\n", workspace.typed(&path));
        }
        text += &withheld(&lesson, &asked.withheld, "solution");
        output::result(&text)?;
    }
    Ok(asked.exit_code())
}

/// What may be shown, and what not yet.
#[derive(Debug)]
pub struct Asked {
    /// Passed, or asked for before.
    pub shown: Vec<Task>,
    /// Asked for the first time before a pass.
    pub withheld: Vec<Task>,
}

impl Asked {
    /// Nothing shown is no success.
    pub fn exit_code(&self) -> u8 {
        if self.shown.is_empty() && !self.withheld.is_empty() {
            exit::NOT_PASSED
        } else {
            exit::PASSED
        }
    }
}

/// Sorts the exercises of a lesson by whether their solution may be shown, and notes that it was asked for.
///
/// # Errors
/// When there is no such lesson or exercise, or the state cannot be read or written.
pub fn ask(workspace: &Workspace, which: &Which) -> anyhow::Result<(Lesson, Asked)> {
    let lesson = course::meant(workspace, which.lesson.as_deref())?;
    let store = Store::of(workspace);
    let tasks = course::chosen_tasks(&store.read()?, &lesson, which.exercise.as_deref())?;
    let may = |task: &Task| task.done() || task.state.solution_asked.is_some();
    let (shown, withheld): (Vec<Task>, Vec<Task>) = tasks.into_iter().partition(may);
    if !withheld.is_empty() {
        store.update(|state| {
            let known = state.lesson_mut(&lesson.manifest.id);
            for task in &withheld {
                let records = if task.quiz {
                    &mut known.quizzes
                } else {
                    &mut known.exercises
                };
                let record = records.entry(task.id.clone()).or_default();
                record.solution_asked.get_or_insert_with(now);
            }
        })?;
    }
    Ok((lesson, Asked { shown, withheld }))
}

/// What is said instead of a solution.
pub fn withheld(lesson: &Lesson, tasks: &[Task], command: &str) -> String {
    let id = &lesson.manifest.id;
    if tasks.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    let only = if let [task] = tasks {
        format!(" {}", task.id)
    } else {
        String::new()
    };
    let next = words!(
        "solution-withheld-next",
        hint = format!("checker hint {id}{only}"),
        again = format!("checker {command} {id}{only}"),
    );
    let withheld = words!("solution-withheld", exercises = names.join(", "));
    format!("{withheld}\n{next}\n")
}

/// The files of the solutions, each once, as everybody reads them: without the markers.
///
/// # Errors
/// When one cannot be read.
pub fn files(lesson: &Lesson, tasks: &[Task]) -> anyhow::Result<Vec<(String, String)>> {
    let mut names: Vec<_> = tasks.iter().flat_map(|task| &task.files).collect();
    names.sort();
    names.dedup();
    let mut files = Vec::new();
    for name in names {
        let path = lesson.source_file(&Sources::Solution, name);
        let text = String::from_utf8_lossy(&inputs::read(&lesson.folder, &path)?).into_owned();
        let plain = match regions::parse(&path, &text) {
            Ok(marked) if marked.has_markers() => marked.solution(),
            // A file with broken markers is `checker verify`'s concern; it can be read all the same.
            _ => text,
        };
        files.push((name.display().to_string(), plain));
    }
    Ok(files)
}
