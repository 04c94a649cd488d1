//! `checker progress`.

use serde_json::json;

use crate::cli::Global;
use crate::commands::status;
use crate::flow::course::{self, Course, Task};
use crate::lesson::Lesson;
use crate::report::SCHEMA_VERSION;
use crate::workspace::Workspace;
use crate::{exit, output, words};

/// Show what is done: exercises, points and time, by module and lesson.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show each exercise, with the day on which it was done.
    #[arg(long)]
    exercises: bool,
}

/// Lessons whose sections begin alike are a module: 7.1 to 7.5 are module 7.
struct Module<'a> {
    name: &'a str,
    lessons: Vec<&'a Lesson>,
}

/// What was done in some lessons.
#[derive(Default)]
struct Sum {
    done: usize,
    all: usize,
    points: u32,
    possible: u32,
    seconds: u64,
}

/// Adds up what is remembered.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let course = Course::open(Workspace::find()?)?;
    course::say_vanished(&course);
    if global.json {
        output::json(&document(&course))?;
    } else {
        output::result(&table(&course, args.exercises))?;
    }
    Ok(exit::PASSED)
}

fn modules(course: &Course) -> Vec<Module<'_>> {
    let mut modules: Vec<Module> = Vec::new();
    for lesson in &course.lessons {
        let name = lesson.manifest.section.split('.').next().unwrap_or("");
        match modules.iter_mut().find(|module| module.name == name) {
            Some(module) => module.lessons.push(lesson),
            None => modules.push(Module {
                name,
                lessons: vec![lesson],
            }),
        }
    }
    modules
}

fn sum<'a>(course: &Course, lessons: impl IntoIterator<Item = &'a Lesson>) -> Sum {
    lessons.into_iter().fold(Sum::default(), |sum, lesson| {
        let tasks = course.tasks(lesson);
        Sum {
            done: sum.done + tasks.iter().filter(|task| task.done()).count(),
            all: sum.all + tasks.len(),
            points: sum.points + tasks.iter().map(Task::earned).sum::<u32>(),
            possible: sum.possible + tasks.iter().map(|task| task.possible).sum::<u32>(),
            seconds: sum.seconds + course.state.lesson(&lesson.manifest.id).seconds,
        }
    })
}

fn table(course: &Course, exercises: bool) -> String {
    let mut text = String::new();
    for module in modules(course) {
        let all = sum(course, module.lessons.iter().copied());
        let name = words!("progress-module", name = module.name);
        text += &format!("{name}: {}\n", row(&all));
        for lesson in module.lessons {
            let one = sum(course, [lesson]);
            let id = &lesson.manifest.id.0;
            text += &format!("  {id:<12} {}\n", row(&one));
            for task in course.tasks(lesson).iter().filter(|_| exercises) {
                let day = task
                    .state
                    .done
                    .map_or_else(String::new, |at| format!(", {}", &at.to_string()[..10]));
                text += &format!("    {}{day}\n", status::line(task, false));
            }
        }
    }
    let whole = sum(course, &course.lessons);
    text + &format!("{}: {}\n", words!("progress-all"), row(&whole))
}

fn row(sum: &Sum) -> String {
    words!(
        "progress-row",
        done = format!("{:>2}", sum.done),
        all = format!("{:>2}", sum.all),
        points = format!("{:>3}", sum.points),
        possible = format!("{:>3}", sum.possible),
        time = time(sum.seconds),
    )
}

/// Hours and minutes, as one says them.
fn time(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    }
}

fn document(course: &Course) -> serde_json::Value {
    let add = |mut entry: serde_json::Value, sum: &Sum| {
        entry["done"] = json!(sum.done);
        entry["exercises"] = json!(sum.all);
        entry["points"] = json!(sum.points);
        entry["possible"] = json!(sum.possible);
        entry["seconds"] = json!(sum.seconds);
        entry
    };
    let task = |task: &Task| {
        json!({
            "id": task.id,
            "quiz": task.quiz,
            "points": task.earned(),
            "possible": task.possible,
            "attempts": task.state.attempts,
            "hints": task.state.hints,
            "done": task.state.done,
            "solution_asked": task.state.solution_asked,
        })
    };
    let lesson = |lesson: &Lesson| {
        let entry = json!({
            "lesson": lesson.manifest.id,
            "tasks": course.tasks(lesson).iter().map(task).collect::<Vec<_>>(),
        });
        add(entry, &sum(course, [lesson]))
    };
    let module = |module: Module| {
        let lessons: Vec<_> = module.lessons.iter().map(|it| lesson(it)).collect();
        let entry = json!({ "module": module.name, "lessons": lessons });
        add(entry, &sum(course, module.lessons.iter().copied()))
    };
    let entry = json!({
        "schema_version": SCHEMA_VERSION,
        "current": course.current().map(|lesson| &lesson.manifest.id),
        "modules": modules(course).into_iter().map(module).collect::<Vec<_>>(),
    });
    add(entry, &sum(course, &course.lessons))
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_told_in_hours_and_minutes() {
        assert_eq!(time(59), "0 min");
        assert_eq!(time(3599), "59 min");
        assert_eq!(time(3600 + 5 * 60), "1 h 05 min");
    }
}
