//! The whole course beside what a participant has done of it: where they are, and what comes next.

use std::path::PathBuf;

use super::record::variants_of;
use super::state::{State, TaskState};
use super::store::Store;
use crate::catalogue::{self, Catalogue};
use crate::errors::ExpectedError;
use crate::lesson::{Lesson, LessonId};
use crate::output;
use crate::words;
use crate::workspace::Workspace;

/// All lessons that can be read, in their order, and the state.
#[derive(Debug)]
pub struct Course {
    /// Where they are.
    pub workspace: Workspace,
    /// Where the state is kept.
    pub store: Store,
    /// The lessons.
    pub lessons: Vec<Lesson>,
    /// The lessons that cannot be read.
    pub broken: Vec<ExpectedError>,
    /// What was done.
    pub state: State,
}

/// What a participant does: an exercise or a quiz.
#[derive(Clone, Debug)]
pub struct Task {
    /// Unique among the lesson's exercises, or among its quizzes.
    pub id: String,
    /// The title.
    pub title: String,
    /// Whether it is a quiz.
    pub quiz: bool,
    /// Minutes that it needs, where the lesson says so.
    pub minutes: Option<u32>,
    /// The files below `exercise/`.
    pub files: Vec<PathBuf>,
    /// Points that it can earn.
    pub possible: u32,
    /// What was done.
    pub state: TaskState,
}

impl Course {
    /// Reads the lessons and the state.
    ///
    /// # Errors
    /// When the lessons' folder or the state cannot be read. A lesson that cannot be read is in `broken`.
    pub fn open(workspace: Workspace) -> Result<Course, ExpectedError> {
        let (lessons, broken) = Catalogue::open(&workspace)?.load_all();
        let store = Store::of(&workspace);
        let state = store.read()?;
        Ok(Course {
            workspace,
            store,
            lessons,
            broken,
            state,
        })
    }

    /// What there is to do in a lesson, exercises first.
    pub fn tasks(&self, lesson: &Lesson) -> Vec<Task> {
        tasks(&self.state, lesson)
    }

    /// Whether everything of a lesson is done.
    pub fn is_done(&self, lesson: &Lesson) -> bool {
        self.tasks(lesson).iter().all(Task::done)
    }

    /// The lesson where the participant is: the chosen one, else the first that is not done, else none.
    pub fn current(&self) -> Option<&Lesson> {
        self.chosen().or_else(|| self.first_open())
    }

    /// The lesson that was chosen by a command, if it can be read.
    fn chosen(&self) -> Option<&Lesson> {
        let id = self.state.current.as_ref()?;
        self.lessons.iter().find(|it| it.manifest.id == *id)
    }

    /// A lesson that was chosen and is no longer there, or cannot be read.
    pub fn vanished(&self) -> Option<&LessonId> {
        let id = self.state.current.as_ref()?;
        self.chosen().is_none().then_some(id)
    }

    /// The first lesson that is not done.
    pub fn first_open(&self) -> Option<&Lesson> {
        self.lessons.iter().find(|lesson| !self.is_done(lesson))
    }

    /// The lesson after this one that is not done; from the last one on, the first.
    pub fn open_after(&self, id: &LessonId) -> Option<&Lesson> {
        let place = self
            .lessons
            .iter()
            .position(|it| it.manifest.id == *id)
            .map_or(0, |index| index + 1);
        let (before, after) = self.lessons.split_at(place);
        after
            .iter()
            .chain(before)
            .find(|lesson| lesson.manifest.id != *id && !self.is_done(lesson))
    }

    /// Points earned and points possible, of all lessons.
    pub fn points(&self) -> (u32, u32) {
        self.lessons
            .iter()
            .flat_map(|lesson| self.tasks(lesson))
            .fold((0, 0), |(earned, possible), task| {
                (earned + task.earned(), possible + task.possible)
            })
    }

    /// Tasks that are done, and all.
    pub fn counts(&self) -> (usize, usize) {
        let all: Vec<Task> = self.lessons.iter().flat_map(|it| self.tasks(it)).collect();
        (all.iter().filter(|task| task.done()).count(), all.len())
    }
}

/// What there is to do in a lesson, exercises first, beside what was done.
pub fn tasks(state: &State, lesson: &Lesson) -> Vec<Task> {
    let known = state.lesson(&lesson.manifest.id);
    let of = |map: &std::collections::BTreeMap<String, TaskState>, id: &str| {
        map.get(id).cloned().unwrap_or_default()
    };
    let exercises = lesson.manifest.exercises.iter().map(|it| Task {
        id: it.id.clone(),
        title: it.title.clone(),
        quiz: false,
        minutes: Some(it.minutes),
        files: it.files.clone(),
        possible: it.points * u32::try_from(variants_of(it).count()).unwrap_or(u32::MAX),
        state: of(&known.exercises, &it.id),
    });
    let quizzes = lesson.manifest.quizzes.iter().map(|it| Task {
        id: it.id.clone(),
        title: it.title.clone(),
        quiz: true,
        minutes: None,
        files: vec![it.file.clone()],
        possible: it.points,
        state: of(&known.quizzes, &it.id),
    });
    exercises.chain(quizzes).collect()
}

/// The tasks that a command means: the one with this id, else all of the lesson's.
///
/// # Errors
/// When the lesson has none with this id.
pub fn chosen_tasks(
    state: &State,
    lesson: &Lesson,
    asked: Option<&str>,
) -> Result<Vec<Task>, ExpectedError> {
    let mut all = tasks(state, lesson);
    let Some(asked) = asked else {
        return Ok(all);
    };
    let known = all.iter().map(|task| task.id.clone()).collect();
    all.retain(|task| task.id == asked);
    if all.is_empty() {
        return Err(ExpectedError::UnknownExercise {
            lesson: lesson.manifest.id.0.clone(),
            asked: asked.to_owned(),
            known,
        });
    }
    Ok(all)
}

impl Task {
    /// Whether all of it has passed.
    pub fn done(&self) -> bool {
        self.state.done.is_some()
    }

    /// Points earned; a lesson may have become worth less meanwhile.
    pub fn earned(&self) -> u32 {
        self.state.points.min(self.possible)
    }
}

/// The lesson that a command means: the one that is named, else the current one.
///
/// # Errors
/// When it cannot be read, or none is named and everything is done.
pub fn meant(workspace: &Workspace, asked: Option<&str>) -> Result<Lesson, ExpectedError> {
    if let Some(asked) = asked {
        return catalogue::find(workspace, asked);
    }
    let course = Course::open(workspace.clone())?;
    say_vanished(&course);
    course.current().cloned().ok_or(ExpectedError::AllDone)
}

/// Says that the current lesson is gone, when it is.
pub fn say_vanished(course: &Course) {
    if let Some(id) = course.vanished() {
        output::remark(&words!("place-vanished", lesson = id.0.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn course(ids: &[&str]) -> Course {
        let lesson = |(index, id): (usize, &&str)| {
            let manifest = toml::from_str(&format!(
                "format_version = 1\nid = \"{id}\"\norder = {index}\ntitle = \"T\"\nsection = \"1\"\nminutes = 45\n\
                 [clib]\nname = \"add\"\n\
                 [[exercise]]\nid = \"abi\"\ntitle = \"D\"\nminutes = 1\nvariants = [\"abi/*\"]\nfiles = []\npoints = 2\n"
            ));
            Lesson {
                folder: id.into(),
                manifest: manifest.unwrap(),
            }
        };
        let workspace = Workspace {
            root: "/nowhere".into(),
            cache: "/nowhere/cache".into(),
        };
        Course {
            store: Store::of(&workspace),
            workspace,
            lessons: ids.iter().enumerate().map(lesson).collect(),
            broken: Vec::new(),
            state: State::default(),
        }
    }

    fn finish(course: &mut Course, id: &str) {
        let known = course.state.lesson_mut(&LessonId(id.into()));
        let task = known.exercises.entry("abi".into()).or_default();
        (task.done, task.points) = (Some(Timestamp::UNIX_EPOCH), 9);
    }

    fn id(lesson: Option<&Lesson>) -> Option<&str> {
        lesson.map(|it| it.manifest.id.0.as_str())
    }

    #[test]
    fn the_way_leads_through_what_is_not_done() {
        let mut course = course(&["a", "b", "c"]);
        assert_eq!(id(course.current()), Some("a"));
        finish(&mut course, "a");
        assert_eq!(id(course.current()), Some("b"));
        assert_eq!(course.points(), (4, 12), "never more than possible");
        course.state.current = Some(LessonId("c".into()));
        assert_eq!(id(course.current()), Some("c"));
        assert_eq!(id(course.open_after(&LessonId("c".into()))), Some("b"));
        finish(&mut course, "b");
        assert_eq!(id(course.open_after(&LessonId("c".into()))), None);
        assert_eq!(course.counts(), (2, 3));
    }

    #[test]
    fn a_lesson_that_is_gone_is_named_and_passed_over() {
        let mut course = course(&["a"]);
        course.state.current = Some(LessonId("gone".into()));
        assert_eq!(course.vanished().unwrap().0, "gone");
        assert_eq!(id(course.current()), Some("a"));
        finish(&mut course, "a");
        assert_eq!(id(course.current()), None);
    }
}
