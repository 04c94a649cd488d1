//! `checker reset`.

use serde_json::json;

use crate::cli::Global;
use crate::flow::course;
use crate::flow::reset::{self, Changed, Order};
use crate::flow::store::Store;
use crate::lesson::Lesson;
use crate::report::SCHEMA_VERSION;
use crate::workspace::Workspace;
use crate::{exit, output, words};

/// Set files back to their starters. What was there is kept, and `--undo` puts it back.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The lesson; the one where you are when none is named.
    lesson: Option<String>,
    /// One exercise or quiz by its id; all of the lesson's when none is named.
    exercise: Option<String>,
    /// Put back what the last reset of the lesson replaced.
    #[arg(long, conflicts_with = "exercise")]
    undo: bool,
}

/// Replaces the files, or puts them back.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let lesson = course::meant(&workspace, args.lesson.as_deref())?;
    let store = Store::of(&workspace);
    let changed = if args.undo {
        reset::undo(&store, &lesson)?
    } else {
        let order = order(&store, &lesson, args.exercise.as_deref())?;
        reset::reset(&store, &order)?
    };
    if global.json {
        output::json(&json!({
            "schema_version": SCHEMA_VERSION,
            "lesson": lesson.manifest.id,
            "files": changed.as_ref().map(|it| &it.files),
            "saved": changed.as_ref().map(|it| &it.saved),
        }))?;
    } else {
        output::result(&text(&workspace, &lesson, changed.as_ref(), args.undo))?;
    }
    Ok(exit::PASSED)
}

fn order<'a>(store: &Store, lesson: &'a Lesson, asked: Option<&str>) -> anyhow::Result<Order<'a>> {
    let tasks = course::chosen_tasks(&store.read()?, lesson, asked)?;
    let ids = |quiz: bool| {
        tasks
            .iter()
            .filter(|task| task.quiz == quiz)
            .map(|task| task.id.clone())
            .collect()
    };
    let mut files: Vec<_> = tasks.iter().flat_map(|it| it.files.clone()).collect();
    files.sort();
    files.dedup();
    Ok(Order {
        lesson,
        files,
        exercises: ids(false),
        quizzes: ids(true),
    })
}

fn text(workspace: &Workspace, lesson: &Lesson, changed: Option<&Changed>, undo: bool) -> String {
    let id = &lesson.manifest.id;
    let Some(changed) = changed else {
        return if undo {
            words!("reset-nothing-to-undo", lesson = id.0.as_str()) + "\n"
        } else {
            words!("reset-nothing", lesson = id.0.as_str()) + "\n"
        };
    };
    let mut text = String::new();
    let word = if undo {
        words!("reset-undone")
    } else {
        words!("reset-back")
    };
    for file in &changed.files {
        let path = lesson.folder.join("exercise").join(file);
        text += &format!("{word}  {}\n", workspace.typed(&path));
    }
    let saved = workspace.typed(&changed.saved);
    text += &format!("{}\n", words!("reset-kept", folder = saved));
    if !undo {
        let command = format!("checker reset {id} --undo");
        text += &format!("{}\n", words!("reset-next", command = command));
    }
    text
}
