//! Hints: `hints.md`, read into data and held against its rules.

use std::path::Path;

use super::{Problem, markdown};
use crate::lesson::Manifest;
use crate::verdict;

/// How many words a hint may have.
pub const WORD_LIMIT: usize = 40;

/// How many hints an exercise has: a question, a pointer, the shape of the answer.
pub const STEPS: usize = 3;

/// The hints of one lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// For each exercise its hints, the faintest first.
    pub exercises: Vec<Topic>,
    /// For each failure class one hint.
    pub failures: Vec<Topic>,
}

/// A heading of `hints.md` and what stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The exercise's id, or the name of a verdict.
    pub name: String,
    /// The line of the heading, counted from 1.
    pub line: usize,
    /// The hints, each as one line of text.
    pub hints: Vec<String>,
}

impl Hints {
    /// Reads `hints.md`; a line that belongs to no heading is a problem.
    pub fn parse(file: &Path, text: &str) -> Result<Hints, Vec<Problem>> {
        let mut hints = Hints::default();
        let mut problems = Vec::new();
        let mut current: Option<&mut Topic> = None;
        for (index, line) in text.lines().enumerate() {
            if let Some(heading) = line.strip_prefix('#') {
                current = hints.begin(heading, index + 1);
                if current.is_none() {
                    let what = "a heading is `# exercise: ID` or `# failure: VERDICT`";
                    problems.push(Problem::at(file, index + 1, what));
                }
            } else if line.trim_start().starts_with("```") {
                let what = "a hint shows no code block; it describes the shape of the answer";
                problems.push(Problem::at(file, index + 1, what));
            } else if let Some(topic) = &mut current {
                topic.add(line);
            } else if !line.trim().is_empty() && problems.is_empty() {
                let what = "this text belongs to no heading";
                problems.push(Problem::at(file, index + 1, what));
            }
        }
        if problems.is_empty() {
            Ok(hints)
        } else {
            Err(problems)
        }
    }

    fn begin(&mut self, heading: &str, line: usize) -> Option<&mut Topic> {
        let (kind, name) = heading.split_once(':')?;
        let topics = match kind.trim() {
            "exercise" => &mut self.exercises,
            "failure" => &mut self.failures,
            _ => return None,
        };
        topics.push(Topic {
            name: name.trim().to_owned(),
            line,
            hints: Vec::new(),
        });
        topics.last_mut()
    }
}

impl Topic {
    /// Adds a line: a new hint if it is numbered or the first, else the rest of the last one.
    fn add(&mut self, line: &str) {
        let text = line.trim();
        if text.is_empty() {
            return;
        }
        let numbered = text
            .split_once(". ")
            .filter(|(number, _)| number.parse() == Ok(self.hints.len() + 1))
            .map(|(_, text)| text.trim());
        match (numbered, self.hints.last_mut()) {
            (Some(text), _) => self.hints.push(text.to_owned()),
            (None, None) => self.hints.push(text.to_owned()),
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(text);
            }
        }
    }
}

/// Holds the hints against the lesson; `code` is what the tasks hide, which no hint may hold.
pub fn check(file: &Path, hints: &Hints, manifest: &Manifest, code: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for exercise in &manifest.exercises {
        if !hints
            .exercises
            .iter()
            .any(|topic| topic.name == exercise.id)
        {
            let what = format!("has no `# exercise: {}`", exercise.id);
            problems.push(Problem::of_file(file, what));
        }
    }
    for wrong in &manifest.wrong_answers {
        for outcome in &wrong.outcomes {
            if !hints.failures.iter().any(|topic| topic.name == *outcome) {
                let name = &wrong.name;
                let what =
                    format!("has no `# failure: {outcome}`, which wrong answer `{name}` gets");
                problems.push(Problem::of_file(file, what));
            }
        }
    }
    for topic in &hints.exercises {
        problems.extend(exercise_problem(file, topic, manifest));
    }
    for topic in &hints.failures {
        problems.extend(failure_problem(file, topic));
    }
    for topic in hints.exercises.iter().chain(&hints.failures) {
        problems.extend(text_problems(file, topic, code));
    }
    problems.sort();
    problems.dedup();
    problems
}

fn exercise_problem(file: &Path, topic: &Topic, manifest: &Manifest) -> Option<Problem> {
    let name = &topic.name;
    let what = if !manifest
        .exercises
        .iter()
        .any(|exercise| exercise.id == *name)
    {
        format!("lesson.toml has no exercise `{name}`")
    } else if topic.hints.len() != STEPS {
        let count = topic.hints.len();
        format!(
            "`{name}` has {count} hints instead of {STEPS}: a question, a pointer, the shape of the answer"
        )
    } else if !topic.hints[0].contains('?') {
        format!("the first hint of `{name}` is not a question")
    } else {
        return None;
    };
    Some(Problem::at(file, topic.line, what))
}

fn failure_problem(file: &Path, topic: &Topic) -> Option<Problem> {
    let name = &topic.name;
    let what = if name == "passed" || !verdict::NAMES.contains(&name.as_str()) {
        format!("`{name}` is no verdict of a failure")
    } else if topic.hints.len() != 1 {
        format!("`{name}` has {} hints instead of one", topic.hints.len())
    } else {
        return None;
    };
    Some(Problem::at(file, topic.line, what))
}

fn text_problems(file: &Path, topic: &Topic, code: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for hint in &topic.hints {
        let words = markdown::words(hint);
        if words > WORD_LIMIT {
            let what = format!(
                "a hint of `{}` has {words} words, of at most {WORD_LIMIT}",
                topic.name
            );
            problems.push(Problem::at(file, topic.line, what));
        }
        if let Some(line) = code.iter().find(|line| hint.contains(line.as_str())) {
            let what = format!("a hint of `{}` gives the code away: `{line}`", topic.name);
            problems.push(Problem::at(file, topic.line, what));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const HINTS: &str = "\
# exercise: abi
1. What does C return?
2. Look at the header,
   line 3.
3. One declaration.

# failure: wrong
Compare the widths.
";

    fn manifest() -> Manifest {
        toml::from_str(
            "format_version = 1\nid = \"lesson-1\"\norder = 1\ntitle = \"T\"\nsection = \"1\"\nminutes = 45\n\
             [clib]\nname = \"add\"\n\
             [[exercise]]\nid = \"abi\"\ntitle = \"T\"\nminutes = 1\nvariants = [\"abi/*\"]\nfiles = []\npoints = 1\n\
             [[wrong]]\nname = \"w\"\nvariants = [\"*\"]\noutcome = \"wrong\"\n",
        )
        .unwrap()
    }

    fn complaints(text: &str) -> Vec<String> {
        let file = Path::new("hints.md");
        let code = ["lib.add.restype = c_int".to_owned()];
        let problems = match Hints::parse(file, text) {
            Ok(hints) => check(file, &hints, &manifest(), &code),
            Err(problems) => problems,
        };
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn good_hints_have_no_problem_and_join_their_lines() {
        assert_eq!(complaints(HINTS), Vec::<String>::new());
        let hints = Hints::parse(Path::new("hints.md"), HINTS).unwrap();
        assert_eq!(hints.exercises[0].hints[1], "Look at the header, line 3.");
        assert_eq!(hints.failures[0].hints, ["Compare the widths."]);
    }

    #[test]
    fn each_rule_is_told_with_its_line() {
        let long = "word ".repeat(41);
        let cases = [
            (
                "3. One declaration.\n",
                "",
                "hints.md:1: `abi` has 2 hints instead of 3",
            ),
            (
                "return?",
                "return.",
                "hints.md:1: the first hint of `abi` is not a question",
            ),
            (
                "exercise: abi",
                "exercise: abo",
                "hints.md: has no `# exercise: abi`",
            ),
            (
                "failure: wrong",
                "failure: wrongs",
                "hints.md: has no `# failure: wrong`",
            ),
            (
                "# failure: wrong",
                "# failed",
                "hints.md:7: a heading is `# exercise: ID`",
            ),
            (
                "Compare the widths.",
                &long,
                "hints.md:7: a hint of `wrong` has 41 words",
            ),
            (
                "Compare the widths.",
                "",
                "hints.md:7: `wrong` has 0 hints instead of one",
            ),
            (
                "One declaration.",
                "Say `lib.add.restype = c_int`.",
                "hints.md:1: a hint of `abi` gives the code away",
            ),
            (
                "# exercise: abi",
                "hello",
                "hints.md:1: this text belongs to no heading",
            ),
        ];
        for (old, new, expected) in cases {
            let found = complaints(&HINTS.replace(old, new));
            assert!(
                found.iter().any(|line| line.starts_with(expected)),
                "{expected}: {found:?}"
            );
        }
        let found = complaints(&HINTS.replace("3. One declaration.", "3. One:\n```c\nint x;\n```"));
        assert!(
            found[0].starts_with("hints.md:6: a hint shows no code block"),
            "{found:?}"
        );
    }
}
