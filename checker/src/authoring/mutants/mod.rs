//! Mutants: solutions with one small change each, of which the scenarios of a lesson should tell nine in ten.
//!
//! Only what participants write is changed, the tasks of the files that exercises name. A mutant is judged as a submission is,
//! in the first variant that its exercise names and its file belongs to.

mod keepalive;
pub mod lexer;
pub mod mutate;

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Problem, regions};
use crate::authoring::starters::files_below;
use crate::build::scratch::Scratch;
use crate::build::store::Key;
use crate::build::tools::Tools;
use crate::errors::ExpectedError;
use crate::judge::inputs;
use crate::judge::report::VariantReport;
use crate::judge::{self, Order, Proof};
use crate::lesson::{Equivalent, Exercise, Lesson, Sources};
use crate::message::Message;
use crate::parallel;
use crate::variant::Variant;
use crate::verdict::Verdict;
use lexer::Language;
use mutate::Change;

/// A solution with one change.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The file that differs, below `solution/`.
    pub file: PathBuf,
    /// The line that the change begins in, counted from 1.
    pub line: usize,
    /// What kind of change.
    pub kind: &'static str,
    /// The lines that the change touches, as the solution has them.
    pub old: String,
    /// The same lines in the mutant.
    pub new: String,
    /// The variant that it is judged in.
    pub variant: Variant,
    text: String,
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The scenarios told that it is wrong.
    Killed(Verdict),
    /// It does not build, so there is nothing for scenarios to tell.
    NotViable,
    /// The lesson says that it does the same as the solution.
    Equivalent,
    /// It passed.
    Survived,
}

/// What became of the mutants of a lesson.
#[derive(Debug)]
pub struct Outcome {
    /// The mutants that were judged, in the order of their places.
    pub mutants: Vec<(Mutant, Fate)>,
    /// How many there are, of which these are a sample.
    pub possible: usize,
    /// What is wrong with the lesson's `[[equivalent]]`.
    pub problems: Vec<Problem>,
}

impl Outcome {
    /// How many mutants had a fate that a function accepts.
    pub fn count(&self, fate: impl Fn(&Fate) -> bool) -> usize {
        self.mutants.iter().filter(|(_, own)| fate(own)).count()
    }

    /// The mutants that the scenarios could tell, and how many of them they told.
    pub fn killed_of(&self) -> (usize, usize) {
        let killed = self.count(|fate| matches!(fate, Fate::Killed(_)));
        (killed, killed + self.count(|fate| *fate == Fate::Survived))
    }

    /// Whether nine in ten were told.
    pub fn enough(&self) -> bool {
        let (killed, viable) = self.killed_of();
        killed * 10 >= viable * 9
    }
}

/// How many mutants of each lesson to judge, and which.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// How many at most; all when none is given.
    pub size: Option<usize>,
    /// Another number chooses others.
    pub seed: u64,
}

/// Makes the mutants of a lesson and judges them, several at a time.
///
/// # Errors
/// When a file of the lesson cannot be read, when the environment cannot judge, or by a fault of ours.
pub fn judge_all(tools: &Tools, lesson: &Lesson, sample: Sample) -> anyhow::Result<Outcome> {
    let all = of_lesson(lesson)?;
    let problems = stale_equivalents(lesson, &all);
    let possible = all.len();
    let chosen = sample.choose(all);
    let fates = parallel::try_each(&chosen, parallel::processors(), |mutant| {
        fate_of(tools, lesson, mutant)
    })?;
    let mutants = chosen.into_iter().zip(fates).collect();
    Ok(Outcome {
        mutants,
        possible,
        problems,
    })
}

impl Sample {
    /// The chosen ones, still in their order. The choice depends on the mutants and the seed alone.
    fn choose(&self, all: Vec<Mutant>) -> Vec<Mutant> {
        let Some(size) = self.size else {
            return all;
        };
        let mut drawn: Vec<(String, usize)> = all
            .iter()
            .enumerate()
            .map(|(index, mutant)| (self.lot(mutant), index))
            .collect();
        drawn.sort();
        drawn.truncate(size);
        let drawn: BTreeSet<usize> = drawn.into_iter().map(|(_, index)| index).collect();
        let mutants = all.into_iter().enumerate();
        mutants
            .filter(|(index, _)| drawn.contains(index))
            .map(|(_, mutant)| mutant)
            .collect()
    }

    fn lot(&self, mutant: &Mutant) -> String {
        Key::of("mutant")
            .bytes(&self.seed.to_le_bytes())
            .text(&mutant.file.to_string_lossy())
            .text(&mutant.text)
            .finish()
    }
}

/// All mutants of what participants write.
fn of_lesson(lesson: &Lesson) -> anyhow::Result<Vec<Mutant>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for exercise in &lesson.manifest.exercises {
        for file in &exercise.files {
            let Some(variant) = first_variant(exercise, file) else {
                continue;
            };
            if seen.insert(file) {
                found.extend(of_file(lesson, file, variant)?);
            }
        }
    }
    Ok(found)
}

/// The first variant of an exercise that has this file.
fn first_variant(exercise: &Exercise, file: &Path) -> Option<Variant> {
    Variant::all().find(|variant| {
        let named = exercise.variants.iter().any(|it| it.matches(*variant));
        named
            && inputs::files_of(*variant)
                .iter()
                .any(|own| Path::new(own) == file)
    })
}

fn of_file(lesson: &Lesson, file: &Path, variant: Variant) -> anyhow::Result<Vec<Mutant>> {
    let path = lesson.folder.join("solution").join(file);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let Some(language) = Language::of(file) else {
        return Ok(Vec::new());
    };
    // Markers out of place are told where the starters are derived.
    let Ok(marked) = regions::parse(&path, &text) else {
        return Ok(Vec::new());
    };
    let tasks: Vec<Range<usize>> = marked
        .task_lines()
        .map(|lines| bytes_of(&text, lines))
        .collect();
    let made = mutate::changes(language, &text, &tasks);
    Ok(made
        .into_iter()
        .map(|change| mutant(file, variant, &text, &change))
        .collect())
}

/// Where lines, counted from 0, begin and end.
fn bytes_of(text: &str, lines: Range<usize>) -> Range<usize> {
    let lengths: Vec<usize> = text.split_inclusive('\n').map(str::len).collect();
    let start = lengths[..lines.start].iter().sum();
    start..start + lengths[lines].iter().sum::<usize>()
}

fn mutant(file: &Path, variant: Variant, text: &str, change: &Change) -> Mutant {
    let Range { start, end } = change.place;
    let mut new = text.to_owned();
    new.replace_range(start..end, &change.with);
    let begin = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let rest = |text: &str, from: usize| text[from..].find('\n').map_or(text.len(), |at| from + at);
    Mutant {
        file: file.to_owned(),
        line: text[..start].matches('\n').count() + 1,
        kind: change.kind,
        old: text[begin..rest(text, end)].to_owned(),
        new: new[begin..rest(&new, start + change.with.len())].to_owned(),
        variant,
        text: new,
    }
}

fn is_equivalent(mutant: &Mutant, equivalent: &Equivalent) -> bool {
    let plain =
        |text: &str| -> Vec<String> { text.lines().map(|line| line.trim().to_owned()).collect() };
    mutant.file == equivalent.file
        && plain(&mutant.old) == plain(equivalent.line.trim())
        && plain(&mutant.new) == plain(equivalent.mutant.trim())
}

/// What an `[[equivalent]]` says has to be true of some mutant.
fn stale_equivalents(lesson: &Lesson, all: &[Mutant]) -> Vec<Problem> {
    let equivalents = &lesson.manifest.equivalents;
    let stale = equivalents
        .iter()
        .filter(|it| !all.iter().any(|mutant| is_equivalent(mutant, it)));
    let file = lesson.folder.join("lesson.toml");
    stale
        .map(|it| {
            let what = format!(
                "[[equivalent]] `{}` of {} is no mutant of this solution",
                it.mutant,
                it.file.display()
            );
            Problem::of_file(&file, what)
        })
        .collect()
}

fn fate_of(tools: &Tools, lesson: &Lesson, mutant: &Mutant) -> anyhow::Result<Fate> {
    let equivalents = &lesson.manifest.equivalents;
    if equivalents.iter().any(|it| is_equivalent(mutant, it)) {
        return Ok(Fate::Equivalent);
    }
    let submission = submission(tools, lesson, mutant)?;
    let order = Order {
        variants: vec![mutant.variant],
        sources: Sources::Submission(submission.path().to_owned()),
        fresh: false,
        recall: true,
        proof: Proof::Quick,
        explain: false,
    };
    let report = judge::judge(tools, lesson, &order)?;
    let variant = report
        .variants
        .into_iter()
        .next()
        .context("a mutant was not judged")?;
    fate(variant)
}

/// The solution's files with the mutant's in place of its own.
fn submission(tools: &Tools, lesson: &Lesson, mutant: &Mutant) -> anyhow::Result<Scratch> {
    let scratch = tools.scratch()?;
    let solution = lesson.folder.join("solution");
    for file in files_below(&solution)? {
        let bytes = fs::read(solution.join(&file))?;
        scratch.write(&file.to_string_lossy(), &bytes)?;
    }
    scratch.write(&mutant.file.to_string_lossy(), mutant.text.as_bytes())?;
    Ok(scratch)
}

fn fate(report: VariantReport) -> anyhow::Result<Fate> {
    match (report.verdict, report.problem) {
        (Verdict::Passed, _) => Ok(Fate::Survived),
        (Verdict::CompileError, _) => Ok(Fate::NotViable),
        (Verdict::GraderFault(why), _) => anyhow::bail!("a mutant could not be judged: {why}"),
        (Verdict::Skipped(why), problem) => {
            let next = problem.map_or_else(|| Message::from(""), |it| it.next);
            anyhow::bail!(ExpectedError::Tool {
                tool: report.variant.to_string().into(),
                cause: why.into(),
                next,
            })
        }
        (verdict, _) => Ok(Fate::Killed(verdict)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLUTION: &str = "import x\n\n\ndef add(a, b):\n    # task: add\n    return a + b\n    # starter:\n    #| return 0 + 1\n    # endtask\n";

    fn lesson(folder: &Path, more: &str) -> Lesson {
        let manifest = format!(
            "format_version = 1\nid = \"lesson-1\"\norder = 1\ntitle = \"T\"\nsection = \"1\"\nminutes = 1\n\
             [clib]\nname = \"add\"\n[[exercise]]\nid = \"e\"\ntitle = \"T\"\nminutes = 1\nvariants = [\"ctypes/*\"]\n\
             files = [\"ctypes_bridge.py\"]\npoints = 1\n{more}"
        );
        fs::create_dir_all(folder.join("solution")).unwrap();
        fs::write(folder.join("solution/ctypes_bridge.py"), SOLUTION).unwrap();
        Lesson {
            folder: folder.to_owned(),
            manifest: toml::from_str(&manifest).unwrap(),
        }
    }

    #[test]
    fn only_tasks_have_mutants() {
        let folder = tempfile::tempdir().unwrap();
        let made = of_lesson(&lesson(folder.path(), "")).unwrap();
        assert_eq!(made.len(), 1);
        let mutant = &made[0];
        assert_eq!(
            (mutant.line, mutant.old.as_str(), mutant.new.as_str()),
            (6, "    return a + b", "    return a - b")
        );
        assert_eq!(mutant.variant.to_string(), "ctypes/stock");
        assert_eq!(mutant.text, SOLUTION.replace("a + b", "a - b"));
    }

    #[test]
    fn an_equivalent_has_to_be_a_mutant() {
        let folder = tempfile::tempdir().unwrap();
        let named = |mutant: &str| {
            let more = format!(
                "[[equivalent]]\nfile = \"ctypes_bridge.py\"\nline = \"return a + b\"\nmutant = \"{mutant}\"\nwhy = \"W\"\n"
            );
            let lesson = lesson(folder.path(), &more);
            stale_equivalents(&lesson, &of_lesson(&lesson).unwrap())
        };
        assert_eq!(named("return a - b"), []);
        assert!(named("return b + a")[0].what.contains("is no mutant"));
    }

    #[test]
    fn a_sample_depends_on_its_seed_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mutant = of_lesson(&lesson(folder.path(), "")).unwrap().remove(0);
        let all: Vec<Mutant> = (0..20)
            .map(|number| Mutant {
                line: number,
                text: number.to_string(),
                ..mutant.clone()
            })
            .collect();
        let lines = |seed: u64| -> Vec<usize> {
            let sample = Sample {
                size: Some(5),
                seed,
            };
            sample
                .choose(all.clone())
                .iter()
                .map(|it| it.line)
                .collect()
        };
        assert_eq!(lines(1), lines(1));
        assert_ne!(lines(1), lines(2));
        assert!(lines(1).is_sorted() && lines(1).len() == 5);
    }

    #[test]
    fn nine_in_ten_are_enough() {
        let folder = tempfile::tempdir().unwrap();
        let mutant = of_lesson(&lesson(folder.path(), "")).unwrap().remove(0);
        let outcome = |killed: usize, survived: usize| {
            let fates = std::iter::repeat_n(Fate::Killed(Verdict::Wrong), killed)
                .chain(std::iter::repeat_n(Fate::Survived, survived))
                .chain([Fate::NotViable, Fate::Equivalent]);
            Outcome {
                mutants: fates.map(|fate| (mutant.clone(), fate)).collect(),
                possible: 0,
                problems: Vec::new(),
            }
        };
        assert!(outcome(9, 1).enough() && outcome(0, 0).enough());
        assert!(!outcome(8, 1).enough());
        assert_eq!(outcome(9, 1).killed_of(), (9, 10));
    }
}
