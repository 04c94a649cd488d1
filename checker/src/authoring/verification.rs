//! The checks of `checker verify` that look at files only, and the form in which every check reports.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::claims::{Claims, coverage};
use super::hints::Hints;
use super::starters::{self, files_below};
use super::{Problem, conventions, hints, includes, readme, regions};
use crate::lesson::Lesson;
use crate::variant::Variant;
use crate::versions::Versions;
use crate::{exit, transcript};

/// Lines of code shorter than this are too common to give a task away: `return x`, `}`.
const TELLING: usize = 14;

/// One check and what it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A stable name in small letters, for scripts.
    pub name: &'static str,
    /// What the check asks, for the reader.
    pub title: &'static str,
    /// What is wrong; empty if nothing is.
    pub details: Vec<String>,
    /// The exit code that a failure leads to.
    pub code: u8,
}

impl Check {
    /// A check whose failure means that something did not pass.
    pub fn new(name: &'static str, title: &'static str, details: Vec<String>) -> Check {
        Check {
            name,
            title,
            details,
            code: exit::NOT_PASSED,
        }
    }

    /// The same check with another exit code for its failure.
    pub fn with_code(self, code: u8) -> Check {
        Check { code, ..self }
    }

    /// Whether nothing is wrong.
    pub fn passed(&self) -> bool {
        self.details.is_empty()
    }

    /// The check as data.
    pub fn to_json(&self) -> Json {
        json!({ "name": self.name, "passed": self.passed(), "details": self.details })
    }
}

/// All checks of one lesson that run nothing.
///
/// # Errors
/// When a folder cannot be listed or a file cannot be read.
pub fn of_files(
    root: &Path,
    lesson: &Lesson,
    claims: Option<&Claims>,
) -> anyhow::Result<Vec<Check>> {
    let told = |problems: Vec<Problem>| -> Vec<String> {
        let shown = problems
            .iter()
            .map(|problem| problem.below(root).to_string());
        shown.collect()
    };
    let mut checks = vec![
        Check::new(
            "conventions",
            "the folder follows the lesson format",
            told(conventions::check(lesson)?),
        ),
        Check::new(
            "starters-fresh",
            "starters are what solution/ derives",
            told(starters_fresh(lesson)?),
        ),
        Check::new(
            "readme",
            "the README follows its rules, its code blocks are fresh",
            told(readme_problems(root, lesson)),
        ),
        Check::new(
            "hints",
            "hints are complete and give nothing away",
            told(hint_problems(lesson)?),
        ),
    ];
    if let Some(claims) = claims {
        let problems = coverage::check_lesson(claims, lesson);
        checks.push(Check::new(
            "claims",
            "claims and scenarios name each other",
            told(problems),
        ));
    }
    let problems = snapshot_files(lesson)?;
    checks.push(
        Check::new(
            "snapshot-files",
            "every snapshot is used and none waits",
            told(problems),
        )
        .with_code(exit::SNAPSHOT),
    );
    Ok(checks)
}

fn starters_fresh(lesson: &Lesson) -> anyhow::Result<Vec<Problem>> {
    let starters = match starters::derive(&lesson.folder)? {
        Ok(starters) => starters,
        Err(problems) => return Ok(problems),
    };
    let stale = starters::check(&lesson.folder, &starters)?;
    let exercise = lesson.folder.join("exercise");
    Ok(stale
        .into_iter()
        .map(|(file, freshness)| Problem::of_file(&exercise.join(file), freshness.to_string()))
        .collect())
}

fn readme_problems(root: &Path, lesson: &Lesson) -> Vec<Problem> {
    let path = lesson.folder.join("README.md");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return vec![Problem::of_file(&path, format!("cannot be read: {error}"))],
    };
    let mut problems = readme::check(root, &lesson.folder, &lesson.manifest, &text);
    match includes::refresh(root, &lesson.folder, &text) {
        Ok(fresh) => problems.extend(fresh.stale),
        Err(more) => problems.extend(more),
    }
    problems.sort();
    problems
}

fn hint_problems(lesson: &Lesson) -> anyhow::Result<Vec<Problem>> {
    let path = lesson.folder.join("hints.md");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            return Ok(vec![Problem::of_file(
                &path,
                format!("cannot be read: {error}"),
            )]);
        }
    };
    Ok(match Hints::parse(&path, &text) {
        Ok(parsed) => hints::check(&path, &parsed, &lesson.manifest, &hidden_code(lesson)?),
        Err(problems) => problems,
    })
}

/// The lines that the tasks of a lesson hide, as far as they tell something.
fn hidden_code(lesson: &Lesson) -> anyhow::Result<Vec<String>> {
    let solution = lesson.folder.join("solution");
    let mut code = Vec::new();
    for file in files_below(&solution)? {
        let path = solution.join(file);
        let (Some(sign), Ok(text)) = (regions::comment_sign(&path), fs::read_to_string(&path))
        else {
            continue;
        };
        // Markers out of place are told where the starters are derived.
        let Ok(marked) = regions::parse(&path, &text) else {
            continue;
        };
        for (_, lines) in marked.tasks() {
            let lines = lines.lines().map(str::trim);
            let telling = lines.filter(|line| line.len() >= TELLING && !line.starts_with(sign));
            code.extend(telling.map(str::to_owned));
        }
    }
    Ok(code)
}

/// The names of all snapshots that a lesson has a use for.
pub fn snapshot_names(lesson: &Lesson) -> BTreeSet<String> {
    let manifest = &lesson.manifest;
    let mut names: BTreeSet<String> = Variant::all()
        .map(|variant| manifest.behaviour_of(variant).to_owned())
        .collect();
    if manifest.scenarios.iter().any(|scenario| scenario.evidence) {
        names.insert(transcript::EVIDENCE.to_owned());
    }
    let every = |versions: &Versions| -> Vec<String> {
        let own = names.iter().map(|name| format!("{name}@{}", versions.name));
        own.collect()
    };
    let of_versions: Vec<String> = manifest.versions.iter().flat_map(every).collect();
    names.extend(of_versions);
    names
}

fn snapshot_files(lesson: &Lesson) -> anyhow::Result<Vec<Problem>> {
    let folder = lesson.folder.join("snapshots");
    let names = snapshot_names(lesson);
    let mut problems = Vec::new();
    for file in files_below(&folder)? {
        let shown = file.to_string_lossy();
        let path = folder.join(&file);
        let name = shown.strip_suffix(".new").unwrap_or(&shown);
        let used = name
            .strip_suffix(".snap")
            .is_some_and(|name| names.contains(name));
        if !used {
            problems.push(Problem::of_file(
                &path,
                "is the snapshot of no behaviour; remove it",
            ));
        } else if name != shown {
            problems.push(Problem::of_file(
                &path,
                "waits for a review: `checker snapshots review`",
            ));
        }
    }
    for versions in &lesson.manifest.versions {
        let end = format!("@{}.snap", versions.name);
        let has_one = files_below(&folder)?
            .iter()
            .any(|file| file.to_string_lossy().ends_with(&end));
        if !has_one {
            let what = format!(
                "[[python]] `{}` has no snapshot of its own; run the lesson with --solution on Python {}, or remove it",
                versions.name, versions.versions
            );
            problems.push(Problem::of_file(&lesson.folder.join("lesson.toml"), what));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
format_version = 1
id = "lesson-1"
order = 1
title = "T"
section = "1"
minutes = 20
claims = ["A1"]
[clib]
name = "add"
[[exercise]]
id = "ctypes"
title = "T"
minutes = 10
variants = ["ctypes/*"]
files = ["ctypes_bridge.py"]
points = 1
[[scenario]]
name = "adds"
title = "T"
claims = ["A1"]
"#;

    const HINTS: &str = "# exercise: ctypes\n1. What?\n2. Look there.\n3. One line.\n";

    const README: &str = "---\nid: lesson-1\ntitle: T\nminutes: 20\n---\n`run lesson-1`\n";

    const CLAIMS: &str = "title = \"T\"\n[[claim]]\nid = \"A1\"\nsection = \"7\"\nstatement = \"S.\"\n\
                          verdict = \"holds\"\nlesson = \"1\"\n";

    struct Bench(tempfile::TempDir);

    impl Bench {
        fn new() -> Self {
            let bench = Bench(tempfile::tempdir().unwrap());
            let task = "# task: a\nlib.add.restype = c_int\n# starter:\n# | pass\n# endtask\n";
            for (file, text) in [
                ("lesson.toml", MANIFEST),
                ("README.md", README),
                ("hints.md", HINTS),
                ("scenarios.py", "def adds(bridge):\n    return 1\n"),
                ("solution/ctypes_bridge.py", task),
                ("exercise/ctypes_bridge.py", "pass\n"),
                ("clib/add.h", "int add(int, int);\n"),
                ("snapshots/common.snap", "---\nsource: x\n---\none\n"),
            ] {
                bench.put(file, text);
            }
            for file in [
                "abi_bridge.py",
                "api_build.py",
                "api_bridge.py",
                "ext/module.c",
                "ext/lib.rs",
            ] {
                bench.put(&format!("solution/{file}"), "");
                bench.put(&format!("exercise/{file}"), "");
            }
            bench
        }

        fn put(&self, file: &str, text: &str) {
            let path = self.0.path().join("lesson-1").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn failures(&self) -> Vec<String> {
            let folder = self.0.path().join("lesson-1");
            let manifest = fs::read_to_string(folder.join("lesson.toml")).unwrap();
            let lesson = Lesson {
                manifest: toml::from_str(&manifest).unwrap(),
                folder,
            };
            let lists = self.0.path().join("claims");
            fs::create_dir_all(&lists).unwrap();
            fs::write(lists.join("a.toml"), CLAIMS).unwrap();
            let claims = Claims::load(&lists).unwrap();
            let checks = of_files(self.0.path(), &lesson, Some(&claims)).unwrap();
            let failed = checks.iter().filter(|check| !check.passed());
            failed
                .flat_map(|check| {
                    check
                        .details
                        .iter()
                        .map(|detail| format!("{}: {detail}", check.name))
                })
                .collect()
        }
    }

    #[test]
    fn a_good_lesson_passes_every_check() {
        assert_eq!(Bench::new().failures(), Vec::<String>::new());
    }

    #[test]
    fn each_check_fails_for_its_own_reason() {
        for (file, text, expected) in [
            (
                "exercise/ctypes_bridge.py",
                "mine\n",
                "starters-fresh: lesson-1/exercise/ctypes_bridge.py: differs from what solution/ derives",
            ),
            (
                "exercise/extra.py",
                "",
                "starters-fresh: lesson-1/exercise/extra.py: has no source in solution/",
            ),
            (
                "solution/abi_bridge.py",
                "# task: a\n",
                "starters-fresh: lesson-1/solution/abi_bridge.py:1: `a` is never ended",
            ),
            (
                "README.md",
                "x\n",
                "readme: lesson-1/README.md:1: the front matter lacks `id: lesson-1`",
            ),
            (
                "README.md",
                "<!-- include: clib/add.h -->\n```c\n```\n",
                "readme: lesson-1/README.md:1: the code block below differs",
            ),
            (
                "hints.md",
                "",
                "hints: lesson-1/hints.md: has no `# exercise: ctypes`",
            ),
            (
                "hints.md",
                &HINTS.replace("One line", "Say lib.add.restype = c_int"),
                "hints: lesson-1/hints.md:1: a hint of `ctypes` gives the code away",
            ),
            (
                "lesson.toml",
                &MANIFEST.replace("[\"A1\"]\n[clib]", "[]\n[clib]"),
                "claims: lesson-1/lesson.toml: a scenario is evidence for `A1`",
            ),
            (
                "lesson.toml",
                &MANIFEST.replace("minutes = 10", "minutes = 30"),
                "conventions: lesson-1/lesson.toml: the exercises take 30 minutes",
            ),
            (
                "snapshots/old.snap",
                "",
                "snapshot-files: lesson-1/snapshots/old.snap: is the snapshot of no behaviour",
            ),
            (
                "snapshots/evidence.snap",
                "",
                "snapshot-files: lesson-1/snapshots/evidence.snap: is the snapshot of no behaviour",
            ),
            (
                "snapshots/common.snap.new",
                "",
                "snapshot-files: lesson-1/snapshots/common.snap.new: waits for a review",
            ),
        ] {
            let bench = Bench::new();
            bench.put(file, text);
            let failures = bench.failures();
            assert!(
                failures.iter().any(|line| line.starts_with(expected)),
                "{expected}: {failures:#?}"
            );
        }
    }

    #[test]
    fn files_that_cannot_be_read_are_told() {
        let bench = Bench::new();
        for file in ["README.md", "hints.md"] {
            fs::remove_file(bench.0.path().join("lesson-1").join(file)).unwrap();
        }
        let failures = bench.failures();
        assert_eq!(failures.len(), 2, "{failures:?}");
        assert!(failures.iter().all(|line| line.contains("cannot be read")));
    }
}
