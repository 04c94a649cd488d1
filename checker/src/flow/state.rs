//! What is remembered of a participant, as it lies in `state.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::failing::Failing;
use crate::lesson::LessonId;

/// The version of the file that this checker writes, and the only one that it reads.
pub const VERSION: u32 = 1;

/// The whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// [`VERSION`].
    pub version: u32,
    /// The lesson that commands mean when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<LessonId>,
    /// What was done, by lesson.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lessons: BTreeMap<LessonId, LessonState>,
    /// What was set back, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "reset")]
    pub resets: Vec<Reset>,
}

/// What was done in a lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LessonState {
    /// Time between runs; a pause of more than [`super::record::LONGEST_PAUSE`] is not counted.
    pub seconds: u64,
    /// When it was last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<Timestamp>,
    /// By the exercise's id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exercises: BTreeMap<String, TaskState>,
    /// By the quiz's id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub quizzes: BTreeMap<String, TaskState>,
}

/// What was done in an exercise or a quiz.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TaskState {
    /// Points that were earned, the most ever.
    pub points: u32,
    /// Runs that were not answered from the cache.
    pub attempts: u32,
    /// Steps of the hints that were shown.
    pub hints: u8,
    /// When all of it had passed for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<Timestamp>,
    /// When the solution was first asked for before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solution_asked: Option<Timestamp>,
    /// The variants that have passed.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub passed: BTreeSet<String>,
    /// What went wrong in the last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
}

/// Files that were set back to their starters, and where the ones before lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Of which lesson.
    pub lesson: LessonId,
    /// When.
    pub when: Timestamp,
    /// The folder of the saved files, below that of the state.
    pub saved: PathBuf,
    /// The files, below the lesson's `exercise/`.
    pub files: Vec<PathBuf>,
    /// Whether they were put back.
    #[serde(default)]
    pub undone: bool,
    /// What was remembered of the exercises, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exercises: BTreeMap<String, TaskState>,
    /// What was remembered of the quizzes, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quizzes: BTreeMap<String, TaskState>,
}

impl Default for State {
    fn default() -> State {
        State {
            version: VERSION,
            current: None,
            lessons: BTreeMap::new(),
            resets: Vec::new(),
        }
    }
}

impl State {
    /// What was done in a lesson; nothing is remembered of most.
    pub fn lesson(&self, id: &LessonId) -> LessonState {
        self.lessons.get(id).cloned().unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn lesson_mut(&mut self, id: &LessonId) -> &mut LessonState {
        self.lessons.entry(id.clone()).or_default()
    }
}

/// The time, in whole seconds: nobody wants to read more.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
