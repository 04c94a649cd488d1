//! The rules for a lesson's folder as a whole: its files belong together, and nothing lies there without a purpose.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::starters::files_below;
use super::{Problem, regions};
use crate::judge::inputs::files_of;
use crate::lesson::Lesson;
use crate::transcript;
use crate::variant::{Variant, VariantPattern};
use crate::wrong::WrongAnswer;

/// How many lines a header of a C library may have; it is the manual that participants read.
const HEADER_LINES: usize = 60;

/// Holds a lesson against the rules that no other check states.
pub fn check(lesson: &Lesson) -> anyhow::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    problems.extend(minutes(lesson));
    problems.extend(bridges(lesson));
    problems.extend(exercises(lesson));
    problems.extend(scenarios(lesson));
    problems.extend(behaviours(lesson));
    problems.extend(wrong_answers(lesson)?);
    problems.extend(clib(lesson)?);
    problems.extend(hidden_snapshots(lesson));
    Ok(problems)
}

fn manifest_problem(lesson: &Lesson, what: String) -> Problem {
    Problem::of_file(&lesson.folder.join("lesson.toml"), what)
}

fn named(patterns: &[VariantPattern]) -> impl Iterator<Item = Variant> {
    Variant::all().filter(|variant| patterns.iter().any(|pattern| pattern.matches(*variant)))
}

fn minutes(lesson: &Lesson) -> Option<Problem> {
    let manifest = &lesson.manifest;
    let exercises: u32 = manifest.exercises.iter().map(|one| one.minutes).sum();
    (manifest.minutes == 0 || exercises > manifest.minutes).then(|| {
        let whole = manifest.minutes;
        let what = format!("the exercises take {exercises} minutes, the whole lesson {whole}");
        manifest_problem(lesson, what)
    })
}

fn bridges(lesson: &Lesson) -> Vec<Problem> {
    let files: BTreeSet<&str> = Variant::all()
        .flat_map(|variant| files_of(variant).iter().copied())
        .collect();
    let solution = lesson.folder.join("solution");
    let missing = files.into_iter().map(|file| solution.join(file));
    missing
        .filter(|path| !path.is_file())
        .map(|path| Problem::of_file(&path, "is missing; a solution has all four bridges"))
        .collect()
}

/// What an exercise names must be open in its files: each file a task, each file one of a named variant.
fn exercises(lesson: &Lesson) -> Vec<Problem> {
    let mut problems = Vec::new();
    for exercise in &lesson.manifest.exercises {
        let id = &exercise.id;
        let own: BTreeSet<&str> = named(&exercise.variants)
            .flat_map(|variant| files_of(variant).iter().copied())
            .collect();
        if exercise.files.is_empty() {
            let what = format!("exercise `{id}` names no file to edit");
            problems.push(manifest_problem(lesson, what));
        }
        for file in &exercise.files {
            let path = lesson.folder.join("solution").join(file);
            if !own.contains(file.to_string_lossy().as_ref()) {
                let shown = file.display();
                let what =
                    format!("exercise `{id}` names `{shown}`, which none of its variants uses");
                problems.push(manifest_problem(lesson, what));
            } else if !has_task(&path) {
                let what = format!("has no task, but exercise `{id}` asks to edit it");
                problems.push(Problem::of_file(&path, what));
            }
        }
    }
    for quiz in &lesson.manifest.quizzes {
        let path = lesson.folder.join("solution").join(&quiz.file);
        if !has_task(&path) {
            let what = format!("has no task, but quiz `{}` asks for choices in it", quiz.id);
            problems.push(Problem::of_file(&path, what));
        }
    }
    problems
}

/// Whether a file is there and leaves a task open. Markers out of place are the business of the starters.
fn has_task(path: &Path) -> bool {
    let Ok(text) = fs::read_to_string(path) else {
        return false;
    };
    regions::parse(path, &text).map_or(true, |marked| marked.tasks().next().is_some())
}

fn scenarios(lesson: &Lesson) -> Vec<Problem> {
    let manifest = &lesson.manifest;
    let mut problems = Vec::new();
    for scenario in &manifest.scenarios {
        let name = &scenario.name;
        if scenario.evidence && !scenario.hidden.is_empty() {
            let what =
                format!("evidence scenario `{name}` has hidden cases; a snapshot cannot hold them");
            problems.push(manifest_problem(lesson, what));
        }
        if named(&scenario.variants).next().is_none() {
            let what = format!("scenario `{name}` runs in no variant");
            problems.push(manifest_problem(lesson, what));
        }
    }
    problems.extend(unused_functions(lesson));
    problems
}

/// Functions of `scenarios.py` that take a bridge and that no `[[scenario]]` names.
fn unused_functions(lesson: &Lesson) -> Vec<Problem> {
    let path = lesson.folder.join("scenarios.py");
    let Ok(text) = fs::read_to_string(&path) else {
        return vec![Problem::of_file(&path, "cannot be read as text")];
    };
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let definition = line
            .strip_prefix("def ")
            .and_then(|rest| rest.split_once('('));
        let Some((name, parameters)) = definition else {
            continue;
        };
        let scenarios = &lesson.manifest.scenarios;
        let known = scenarios.iter().any(|scenario| scenario.name == name);
        if parameters.starts_with("bridge") && !name.starts_with('_') && !known {
            let what = format!("no [[scenario]] runs `{name}`; a helper's name begins with `_`");
            problems.push(Problem::at(&path, index + 1, what));
        }
    }
    problems
}

fn behaviours(lesson: &Lesson) -> Vec<Problem> {
    let manifest = &lesson.manifest;
    let mut problems = Vec::new();
    for behaviour in &manifest.behaviours {
        let name = &behaviour.name;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if ["common", transcript::EVIDENCE].contains(&name.as_str())
            || name.is_empty()
            || !name.chars().all(plain)
        {
            let what = format!(
                "behaviour `{name}` needs another name: small letters, digits and `-`, not `common` or `evidence`"
            );
            problems.push(manifest_problem(lesson, what));
        }
        let own = named(&behaviour.variants).any(|variant| manifest.behaviour_of(variant) == name);
        if !own {
            let what = format!("behaviour `{name}` covers no variant that none before it covers");
            problems.push(manifest_problem(lesson, what));
        }
    }
    problems
}

fn wrong_answers(lesson: &Lesson) -> anyhow::Result<Vec<Problem>> {
    let folder = lesson.folder.join("wrong");
    let mut problems = Vec::new();
    let mut present: BTreeSet<PathBuf> = BTreeSet::new();
    for file in files_below(&folder)? {
        let name: PathBuf = file.components().take(1).collect();
        let path = folder.join(&file);
        let known = |answer: &&WrongAnswer| Path::new(&answer.name) == name;
        let Some(answer) = lesson.manifest.wrong_answers.iter().find(known) else {
            problems.push(Problem::of_file(&path, "belongs to no [[wrong]]"));
            continue;
        };
        let below = file.strip_prefix(&name).unwrap_or(&file);
        let used = named(&answer.variants)
            .any(|variant| files_of(variant).iter().any(|own| Path::new(own) == below));
        if !used {
            let what = "is used by none of the variants that this wrong answer is tried in";
            problems.push(Problem::of_file(&path, what));
        }
        present.insert(name);
    }
    for answer in &lesson.manifest.wrong_answers {
        if !present.contains(Path::new(&answer.name)) {
            let what = format!("wrong answer `{}` has no file below wrong/", answer.name);
            problems.push(manifest_problem(lesson, what));
        }
    }
    Ok(problems)
}

fn clib(lesson: &Lesson) -> anyhow::Result<Vec<Problem>> {
    let folder = lesson.folder.join("clib");
    let mut problems = Vec::new();
    for file in files_below(&folder)? {
        let path = folder.join(&file);
        let Ok(text) = fs::read_to_string(&path) else {
            problems.push(Problem::of_file(
                &path,
                "is not text; a lesson holds no built file",
            ));
            continue;
        };
        if let Some(line) = text.lines().position(|line| line.contains("Python.h")) {
            let what = "the C library is plain C and knows nothing of Python";
            problems.push(Problem::at(&path, line + 1, what));
        }
        let lines = text.lines().count();
        if path.extension().is_some_and(|extension| extension == "h") && lines > HEADER_LINES {
            let what = format!("has {lines} lines; a header has at most {HEADER_LINES}");
            problems.push(Problem::of_file(&path, what));
        }
    }
    Ok(problems)
}

/// cargo-insta turns back at a folder with a manifest of its own.
fn hidden_snapshots(lesson: &Lesson) -> Option<Problem> {
    let path = lesson.folder.join("Cargo.toml");
    let what =
        "hides snapshots/ from cargo-insta; the manifest of a lesson's crate is rust/Cargo.toml";
    path.exists().then(|| Problem::of_file(&path, what))
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
[[behaviour]]
name = "cuts"
variants = ["ctypes/*"]
why = "W"
[[wrong]]
name = "late"
variants = ["ctypes/stock"]
outcome = "wrong"
"#;

    struct Bench(tempfile::TempDir);

    impl Bench {
        fn new() -> Self {
            let bench = Bench(tempfile::tempdir().unwrap());
            for variant in Variant::all() {
                for file in files_of(variant) {
                    bench.put(&format!("solution/{file}"), "");
                }
            }
            let task = "# task: a\n# starter:\n# endtask\n";
            bench.put("solution/ctypes_bridge.py", task);
            bench.put(
                "scenarios.py",
                "def adds(bridge):\n    return 1\n\n\ndef _help(bridge):\n    return 1\n",
            );
            bench.put("clib/add.h", "int add(int, int);\n");
            bench.put("wrong/late/ctypes_bridge.py", "");
            bench
        }

        fn put(&self, file: &str, text: &str) {
            let path = self.0.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn told(&self, manifest: &str) -> Vec<String> {
            let lesson = Lesson {
                folder: self.0.path().to_owned(),
                manifest: toml::from_str(manifest).unwrap(),
            };
            let problems = check(&lesson).unwrap();
            let told = problems
                .iter()
                .map(|one| one.below(self.0.path()).to_string());
            told.collect()
        }
    }

    #[test]
    fn a_good_lesson_has_no_problem() {
        assert_eq!(Bench::new().told(MANIFEST), Vec::<String>::new());
    }

    #[test]
    fn each_rule_of_the_manifest_is_told() {
        let bench = Bench::new();
        for (old, new, expected) in [
            (
                "minutes = 20",
                "minutes = 9",
                "lesson.toml: the exercises take 10 minutes, the whole lesson 9",
            ),
            (
                "files = [\"ctypes_bridge.py\"]",
                "files = []",
                "lesson.toml: exercise `ctypes` names no file",
            ),
            (
                "files = [\"ctypes_bridge.py\"]",
                "files = [\"abi_bridge.py\"]",
                "lesson.toml: exercise `ctypes` names `abi_bridge.py`, which none",
            ),
            (
                "title = \"T\"\n[[behaviour]]",
                "title = \"T\"\nevidence = true\nhidden = { a = \"i8\" }\n[[behaviour]]",
                "lesson.toml: evidence scenario `adds` has hidden cases",
            ),
            (
                "title = \"T\"\n[[behaviour]]",
                "title = \"T\"\nvariants = []\n[[behaviour]]",
                "lesson.toml: scenario `adds` runs in no variant",
            ),
            (
                "name = \"adds\"",
                "name = \"sums\"",
                "scenarios.py:1: no [[scenario]] runs `adds`",
            ),
            (
                "name = \"cuts\"",
                "name = \"common\"",
                "lesson.toml: behaviour `common` needs another name",
            ),
            (
                "name = \"cuts\"",
                "name = \"a/b\"",
                "lesson.toml: behaviour `a/b` needs another name",
            ),
            (
                "[[wrong]]",
                "[[behaviour]]\nname = \"second\"\nvariants = [\"ctypes/rust\"]\nwhy = \"W\"\n[[wrong]]",
                "lesson.toml: behaviour `second` covers no variant",
            ),
            (
                "name = \"late\"",
                "name = \"early\"",
                "wrong/late/ctypes_bridge.py: belongs to no [[wrong]]",
            ),
            (
                "name = \"late\"",
                "name = \"early\"",
                "lesson.toml: wrong answer `early` has no file",
            ),
            (
                "variants = [\"ctypes/stock\"]",
                "variants = [\"abi/stock\"]",
                "wrong/late/ctypes_bridge.py: is used by none",
            ),
        ] {
            assert!(MANIFEST.contains(old), "{old}");
            let told = bench.told(&MANIFEST.replace(old, new));
            assert!(
                told.iter().any(|line| line.starts_with(expected)),
                "{expected}: {told:?}"
            );
        }
    }

    #[test]
    fn each_rule_of_the_folder_is_told() {
        let bench = Bench::new();
        fs::remove_file(bench.0.path().join("solution/ext/lib.rs")).unwrap();
        bench.put("solution/ctypes_bridge.py", "x = 1\n");
        bench.put("clib/add.h", &"\n".repeat(61));
        bench.put("Cargo.toml", "");
        bench.put("clib/add.c", "\n#include <Python.h>\n");
        fs::write(bench.0.path().join("clib/libadd.so"), [0xff]).unwrap();
        assert_eq!(
            bench.told(MANIFEST),
            [
                "solution/ext/lib.rs: is missing; a solution has all four bridges",
                "solution/ctypes_bridge.py: has no task, but exercise `ctypes` asks to edit it",
                "clib/add.c:2: the C library is plain C and knows nothing of Python",
                "clib/add.h: has 61 lines; a header has at most 60",
                "clib/libadd.so: is not text; a lesson holds no built file",
                "Cargo.toml: hides snapshots/ from cargo-insta; the manifest of a lesson's crate is rust/Cargo.toml",
            ]
        );
    }
}
