//! A lesson as `lesson.toml` describes it; docs/lesson-format.md is the specification.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::variant::{Variant, VariantPattern};
use crate::versions::Versions;
use crate::wrong::WrongAnswer;

/// The id of a lesson, for example `lesson-7.3`; also the name of its folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LessonId(pub String);

impl fmt::Display for LessonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LessonId {
    /// The name of the lesson's extension module: `_lesson_7_3`.
    pub fn module(&self) -> String {
        format!("_{}", self.0.replace(['-', '.'], "_"))
    }

    /// The name of the lesson's Rust package: `lesson-7-3`.
    pub fn package(&self) -> String {
        self.0.replace('.', "-")
    }
}

/// A lesson folder with its manifest.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The folder that holds `lesson.toml`.
    pub folder: PathBuf,
    /// What `lesson.toml` says.
    pub manifest: Manifest,
}

/// The content of `lesson.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this format; 1.
    pub format_version: u32,
    /// The lesson's id, equal to the name of its folder.
    pub id: LessonId,
    /// The place in the course.
    pub order: u32,
    /// The title, in sentence case.
    pub title: String,
    /// The section of the article.
    pub section: String,
    /// Minutes that a participant needs.
    pub minutes: u32,
    /// Claims that this lesson's scenarios are evidence for.
    #[serde(default)]
    pub claims: Vec<String>,
    /// The lesson's C library.
    pub clib: Clib,
    /// Limits for each variant's run.
    #[serde(default)]
    pub limits: Limits,
    /// What participants do.
    #[serde(default, rename = "exercise")]
    pub exercises: Vec<Exercise>,
    /// Questions with one right choice each.
    #[serde(default, rename = "quiz")]
    pub quizzes: Vec<Quiz>,
    /// The tests, in the order in which they run.
    #[serde(default, rename = "scenario")]
    pub scenarios: Vec<Scenario>,
    /// Calls whose cost `checker bench` measures.
    #[serde(default, rename = "bench")]
    pub benches: Vec<Bench>,
    /// Variants that rightly differ from the others.
    #[serde(default, rename = "behaviour")]
    pub behaviours: Vec<Behaviour>,
    /// Versions of Python on which something else is rightly observed.
    #[serde(default, rename = "python")]
    pub versions: Vec<Versions>,
    /// Known wrong answers.
    #[serde(default, rename = "wrong")]
    pub wrong_answers: Vec<WrongAnswer>,
    /// Mutants of the solution that do the same as the solution.
    #[serde(default, rename = "equivalent")]
    pub equivalents: Vec<Equivalent>,
    /// Claims that no scenario can prove on one machine, each with the reason.
    #[serde(default, rename = "not_checkable")]
    pub not_checkable: Vec<NotCheckable>,
}

/// The lesson's C library.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clib {
    /// `add` for `libadd.so`, made from all C files of `clib/`.
    pub name: String,
    /// Functions that return a number which a bridge has to pass on as it is, by their C declarations: what they return
    /// proves that C was called.
    #[serde(default)]
    pub proof: Vec<String>,
}

/// Limits for one run of one variant.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Wall clock, seconds.
    pub wall_seconds: u64,
    /// Memory of all processes of the run, MiB.
    pub memory_mib: u64,
    /// Output on both streams together, KiB; what comes after ends the run.
    pub output_kib: u64,
    /// Processes and threads of the run.
    pub processes: u64,
    /// CPU time of all processes of the run, seconds; without a value twice the wall clock.
    pub cpu_seconds: Option<u64>,
    /// Descriptors that a process may have open.
    pub open_files: u64,
    /// The largest file that may be written, MiB.
    pub file_mib: u64,
    /// What the work folder may hold in all, MiB.
    pub disk_mib: u64,
}

impl Limits {
    /// What a lesson gets that names no limits.
    pub const DEFAULT: Limits = Limits {
        wall_seconds: 10,
        memory_mib: 1024,
        output_kib: 1024,
        processes: 64,
        cpu_seconds: None,
        open_files: 1024,
        file_mib: 256,
        disk_mib: 256,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// What a participant edits, and what it is worth.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exercise {
    /// Unique within the lesson.
    pub id: String,
    /// The title, in sentence case.
    pub title: String,
    /// Minutes that a participant needs.
    pub minutes: u32,
    /// The variants that prove the exercise.
    pub variants: Vec<VariantPattern>,
    /// The files below `exercise/`.
    pub files: Vec<PathBuf>,
    /// Points for each variant.
    pub points: u32,
}

/// Questions with one right choice each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiz {
    /// Unique within the lesson.
    pub id: String,
    /// The title, in sentence case.
    pub title: String,
    /// The file below `exercise/` and `solution/`.
    pub file: PathBuf,
    /// Points for all answers right.
    pub points: u32,
}

/// A named piece of `scenarios.py`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The function in `scenarios.py`.
    pub name: String,
    /// What it shows, for the reader of a report.
    pub title: String,
    /// Keyword arguments, one table for each case; empty means one case without arguments.
    #[serde(default)]
    pub cases: Vec<toml::Table>,
    /// Keyword arguments that the judge draws: name and kind.
    #[serde(default)]
    pub hidden: std::collections::BTreeMap<String, String>,
    /// How many hidden cases are drawn when `hidden` is not empty.
    #[serde(default = "three")]
    pub rounds: u32,
    /// The variants that it runs in.
    #[serde(default = "every_variant")]
    pub variants: Vec<VariantPattern>,
    /// Claims that it is evidence for.
    #[serde(default)]
    pub claims: Vec<String>,
    /// Whether it observes a fact of the machine, for the solution only.
    #[serde(default)]
    pub evidence: bool,
}

/// A call whose cost `checker bench` measures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bench {
    /// The function of the bridge.
    pub function: String,
    /// What to call instead where the bridge has it, for example `lib.add`: the call without our Python around it.
    #[serde(default)]
    pub direct: Option<String>,
    /// Its positional arguments; bytes as in a scenario's cases.
    #[serde(default)]
    pub arguments: Vec<toml::Value>,
}

/// Variants that rightly differ from the others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The stem of the snapshot file.
    pub name: String,
    /// Which variants.
    pub variants: Vec<VariantPattern>,
    /// Why they differ, for the reader of a report.
    pub why: String,
}

/// A mutant that does the same as the solution, so that no scenario can tell it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equivalent {
    /// The file below `solution/`.
    pub file: PathBuf,
    /// The lines as the solution has them; blanks around a line do not count.
    pub line: String,
    /// The same lines in the mutant.
    pub mutant: String,
    /// Why nobody can tell them apart.
    pub why: String,
}

/// A claim that no scenario can prove on one machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotCheckable {
    /// The claim's id.
    pub claim: String,
    /// Why, and what is known instead.
    pub why: String,
}

/// Where the bridge files of a run come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sources {
    /// What the participant edits.
    Exercise,
    /// The reference.
    Solution,
    /// A folder that somebody handed in, of the form of `exercise/`.
    Submission(PathBuf),
    /// The reference, with the files of a known wrong answer in place of its own.
    Wrong(String),
}

fn three() -> u32 {
    3
}

fn every_variant() -> Vec<VariantPattern> {
    vec![VariantPattern::ANY]
}

fn names(patterns: &[VariantPattern], variant: Variant) -> bool {
    patterns.iter().any(|pattern| pattern.matches(variant))
}

impl Lesson {
    /// The folder that a file from these sources must not lead out of.
    pub fn source_root<'a>(&'a self, sources: &'a Sources) -> &'a Path {
        match sources {
            Sources::Submission(folder) => folder,
            Sources::Exercise | Sources::Solution | Sources::Wrong(_) => &self.folder,
        }
    }

    /// Where the file of a bridge is read from, for these sources.
    pub fn source_file(&self, sources: &Sources, file: &Path) -> PathBuf {
        match sources {
            Sources::Exercise => self.folder.join("exercise").join(file),
            Sources::Solution => self.folder.join("solution").join(file),
            Sources::Submission(folder) => folder.join(file),
            Sources::Wrong(name) => {
                let own = self.folder.join("wrong").join(name).join(file);
                if own.is_file() {
                    own
                } else {
                    self.folder.join("solution").join(file)
                }
            }
        }
    }
}

impl Manifest {
    /// The behaviour that a variant belongs to: its snapshot's stem.
    pub fn behaviour_of(&self, variant: Variant) -> &str {
        self.behaviours
            .iter()
            .find(|behaviour| names(&behaviour.variants, variant))
            .map_or("common", |behaviour| &behaviour.name)
    }

    /// The range of versions that a version of Python belongs to, if it is not one of the rest.
    pub fn versions_of(&self, version: (u32, u32, u32)) -> Option<&Versions> {
        self.versions.iter().find(|it| it.versions.holds(version))
    }

    /// The first variant of the same behaviour, whose observations the others must share.
    pub fn reference_of(&self, variant: Variant) -> Variant {
        let behaviour = self.behaviour_of(variant);
        Variant::all()
            .find(|other| self.behaviour_of(*other) == behaviour)
            .unwrap_or(variant)
    }

    /// The exercise that a variant proves, if the lesson asks for one there.
    pub fn exercise_of(&self, variant: Variant) -> Option<&Exercise> {
        self.exercises
            .iter()
            .find(|exercise| names(&exercise.variants, variant))
    }

    /// The points that a variant earns when it passes; 0 where the lesson asks for nothing.
    pub fn points_of(&self, variant: Variant) -> u32 {
        self.exercise_of(variant)
            .map_or(0, |exercise| exercise.points)
    }

    /// All points of the lesson.
    pub fn points(&self) -> u32 {
        let variants: u32 = Variant::all().map(|variant| self.points_of(variant)).sum();
        let quizzes: u32 = self.quizzes.iter().map(|quiz| quiz.points).sum();
        variants + quizzes
    }

    /// The scenarios that run in a variant; evidence only for the solution.
    pub fn scenarios_for(
        &self,
        variant: Variant,
        evidence: bool,
    ) -> impl Iterator<Item = &Scenario> {
        self.scenarios.iter().filter(move |scenario| {
            names(&scenario.variants, variant) && (evidence || !scenario.evidence)
        })
    }
}
