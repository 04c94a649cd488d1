//! Notes what a run has shown.

use jiff::Timestamp;

use super::failing::Failing;
use super::state::{LessonState, State};
use crate::judge::report::{LessonReport, VariantReport};
use crate::lesson::{Exercise, Lesson, Sources};
use crate::variant::Variant;

/// The longest time between two runs, in seconds, that counts as work on the lesson.
pub const LONGEST_PAUSE: i64 = 15 * 60;

/// An exercise or a quiz that is done since this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it earned.
    pub points: u32,
}

/// Notes a run of the participant's own files; returns what is done since. Runs of other files leave no trace.
pub fn record(
    state: &mut State,
    lesson: &Lesson,
    report: &LessonReport,
    now: Timestamp,
) -> Vec<Done> {
    if report.sources != Sources::Exercise {
        return Vec::new();
    }
    let known = state.lesson_mut(&lesson.manifest.id);
    count_time(known, now);
    let mut done: Vec<Done> = lesson
        .manifest
        .exercises
        .iter()
        .filter_map(|exercise| exercise_run(known, exercise, report, now))
        .collect();
    for quiz in &report.quizzes {
        let task = known.quizzes.entry(quiz.id.clone()).or_default();
        task.points = task.points.max(quiz.points);
        if quiz.problem.is_none() && quiz.points == quiz.possible && task.done.is_none() {
            task.done = Some(now);
            done.push(Done {
                id: quiz.id.clone(),
                title: quiz.title.clone(),
                points: quiz.points,
            });
        }
    }
    done
}

fn count_time(known: &mut LessonState, now: Timestamp) {
    if let Some(last) = known.last_run {
        let pause = now.as_second() - last.as_second();
        if (0..=LONGEST_PAUSE).contains(&pause) {
            known.seconds += pause.unsigned_abs();
        }
    }
    known.last_run = Some(now);
}

/// The variants that prove an exercise.
pub fn variants_of(exercise: &Exercise) -> impl Iterator<Item = Variant> {
    Variant::all().filter(|variant| {
        exercise
            .variants
            .iter()
            .any(|pattern| pattern.matches(*variant))
    })
}

fn exercise_run(
    known: &mut LessonState,
    exercise: &Exercise,
    report: &LessonReport,
    now: Timestamp,
) -> Option<Done> {
    let needed: Vec<Variant> = variants_of(exercise).collect();
    let judged: Vec<&VariantReport> = report
        .variants
        .iter()
        .filter(|it| needed.contains(&it.variant))
        .collect();
    if judged.is_empty() {
        return None;
    }
    let task = known.exercises.entry(exercise.id.clone()).or_default();
    if judged.iter().any(|it| !it.cached) {
        task.attempts += 1;
    }
    let passed = judged.iter().filter(|it| it.verdict.passed());
    task.passed.extend(passed.map(|it| it.variant.to_string()));
    let failing = judged
        .iter()
        .find(|it| !it.verdict.passed())
        .map(|it| Failing::of(it));
    if !Failing::alike(task.failing.as_ref(), failing.as_ref()) {
        // Another failure begins with a question again.
        task.hints = 0;
    }
    task.failing = failing;
    let count = needed
        .iter()
        .filter(|it| task.passed.contains(&it.to_string()))
        .count();
    task.points = exercise.points * u32::try_from(count).unwrap_or(u32::MAX);
    if count < needed.len() || task.done.is_some() {
        return None;
    }
    task.done = Some(now);
    Some(Done {
        id: exercise.id.clone(),
        title: exercise.title.clone(),
        points: task.points,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::LessonId;
    use crate::verdict::Verdict;

    fn lesson() -> Lesson {
        let manifest = toml::from_str(
            "format_version = 1\nid = \"lesson-1\"\norder = 1\ntitle = \"T\"\nsection = \"1\"\nminutes = 45\n\
             [clib]\nname = \"add\"\n\
             [[exercise]]\nid = \"abi\"\ntitle = \"Declare\"\nminutes = 1\nvariants = [\"abi/*\"]\nfiles = []\npoints = 2\n",
        );
        Lesson {
            folder: "lessons/lesson-1".into(),
            manifest: manifest.unwrap(),
        }
    }

    fn report(stock: Verdict, rust: Verdict) -> LessonReport {
        let variants = ["abi/stock", "abi/rust"].map(|name| name.parse::<Variant>().unwrap());
        LessonReport {
            id: LessonId("lesson-1".into()),
            title: "T".into(),
            sources: Sources::Exercise,
            variants: variants
                .into_iter()
                .zip([stock, rust])
                .map(|(variant, verdict)| VariantReport::without_run(variant, 2, verdict))
                .collect(),
            quizzes: Vec::new(),
            remarks: Vec::new(),
            transcripts: Vec::new(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_exercise_is_done_once_all_its_variants_have_passed() {
        let (mut state, lesson) = (State::default(), lesson());
        let half = report(Verdict::Passed, Verdict::Exception);
        assert!(record(&mut state, &lesson, &half, at(1000)).is_empty());
        let task = &state.lesson(&lesson.manifest.id).exercises["abi"];
        assert_eq!((task.points, task.done), (2, None));
        assert_eq!(task.failing.as_ref().unwrap().variant, "abi/rust");

        let other = report(Verdict::Wrong, Verdict::Passed);
        let done = record(&mut state, &lesson, &other, at(1060));
        assert_eq!(done[0].points, 4);
        let whole = report(Verdict::Passed, Verdict::Passed);
        assert!(record(&mut state, &lesson, &whole, at(90_000)).is_empty());
        let known = state.lesson(&lesson.manifest.id);
        assert_eq!(known.exercises["abi"].done, Some(at(1060)));
        assert_eq!(known.seconds, 60, "a night is no work");
        assert_eq!(known.exercises["abi"].failing, None);
    }

    #[test]
    fn a_run_of_the_solution_leaves_no_trace() {
        let (mut state, lesson) = (State::default(), lesson());
        let run = LessonReport {
            sources: Sources::Solution,
            ..report(Verdict::Passed, Verdict::Passed)
        };
        assert!(record(&mut state, &lesson, &run, at(1)).is_empty());
        assert_eq!(state, State::default());
    }
}
