//! Exercises that a report tells in one line each: nobody has begun them, and there is another one to work at.

use crate::flow::begun;
use crate::judge::report::{LessonReport, VariantReport};
use crate::lesson::{Exercise, Lesson, Sources};
use crate::verdict::Verdict;
use crate::words;

/// The failing exercises that nobody has begun. If all are such, the first is the one to work at, and is not among them.
pub fn of<'a>(lesson: &'a Lesson, report: &LessonReport) -> Vec<&'a Exercise> {
    if report.sources != Sources::Exercise {
        return Vec::new();
    }
    let exercises = lesson.manifest.exercises.iter();
    let failing: Vec<&Exercise> = exercises
        .filter(|exercise| {
            report
                .variants
                .iter()
                .any(|it| fails(it) && proves(lesson, exercise, it))
        })
        .collect();
    if failing.len() < 2 {
        return Vec::new();
    }
    let untouched = begun::untouched(lesson);
    let (mut unbegun, begun): (Vec<&Exercise>, Vec<_>) = failing
        .into_iter()
        .partition(|it| untouched.iter().any(|other| other.id == it.id));
    if begun.is_empty() {
        unbegun.remove(0);
    }
    unbegun
}

/// Whether the line of an exercise tells of this variant.
pub fn covers(unbegun: &[&Exercise], lesson: &Lesson, variant: &VariantReport) -> bool {
    fails(variant) && unbegun.iter().any(|it| proves(lesson, it, variant))
}

/// Whether it is the exercise's failure: what stands in the way of all, or is our fault, is told wherever it is met.
fn fails(variant: &VariantReport) -> bool {
    let ours = matches!(
        variant.verdict,
        Verdict::Passed | Verdict::GraderFault(_) | Verdict::Skipped(_)
    );
    variant.problem.is_none() && !ours
}

fn proves(lesson: &Lesson, exercise: &Exercise, variant: &VariantReport) -> bool {
    let found = lesson.manifest.exercise_of(variant.variant);
    found.is_some_and(|it| it.id == exercise.id)
}

/// A line for each, with a line end.
pub fn lines(unbegun: &[&Exercise], lesson: &Lesson, report: &LessonReport) -> String {
    let line = |exercise: &&Exercise| {
        let (earned, possible) = report
            .variants
            .iter()
            .filter(|it| proves(lesson, exercise, it))
            .fold((0, 0), |(earned, possible), it| {
                (earned + it.points, possible + it.possible)
            });
        format!(
            "{:<5} {}  {} ({}): {}\n",
            words!("task-open"),
            exercise.id,
            exercise.title,
            words!("task-points", earned = earned, possible = possible),
            words!("run-not-begun"),
        )
    };
    unbegun.iter().map(line).collect()
}
