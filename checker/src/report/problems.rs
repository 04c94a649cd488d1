//! What went wrong, one line each, in a form that editors read: `file:line:column: severity: message [variants: verdict]`.
//!
//! The form is stable and always English; `.vscode/tasks.json` holds the pattern that matches it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use super::text::{Context, failing, generated, groups};
use crate::border::{Answer, printable};
use crate::judge::inputs;
use crate::judge::report::{LessonReport, QuizReport, Speaker, VariantReport};
use crate::pattern::pattern;
use crate::variant::Variant;

/// Characters of a message at most.
const LONGEST: usize = 300;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It keeps something from passing.
    Error,
    /// A compiler's warning.
    Warning,
}

/// A problem and its place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, from the root of the workshop on.
    pub file: String,
    /// Counted from 1; 1 when no line is known.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// The variants that have it and their verdict; or the quiz.
    pub whose: String,
}

/// How compilers that follow gcc say it.
static OF_C: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(.+?):(\d+):(\d+): (fatal error|error|warning): (.+)$"));
/// The two lines in which rustc says it.
static OF_RUST: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(error|warning)(?:\[\w+\])?: (.+)$"));
static RUST_PLACE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*--> (.+?):(\d+):(\d+)$"));
/// A frame of a traceback, as the driver writes it.
static FRAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(\S+?):(\d+)(?: in .+)?$"));
/// Words that a message puts in quotes, and tasks that it names.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(TODO \d+)\b|['`‘](\w+)['`’]"));

/// All problems of a lesson; a lesson that passed has none.
pub fn of(context: &Context, report: &LessonReport) -> Vec<Problem> {
    let finder = Finder { context, report };
    let mut found: Vec<Problem> = Vec::new();
    for group in groups(failing(report)) {
        found.extend(finder.of_variants(&group));
    }
    for quiz in &report.quizzes {
        found.extend(finder.of_quiz(quiz));
    }
    found
}

/// The block that stands after a report: a first line, the problems, and how many they are.
pub fn block(report: &LessonReport, problems: &[Problem]) -> String {
    let lines: String = problems.iter().map(|it| format!("{it}\n")).collect();
    format!(
        "problems of {}:\n{lines}problems: {}\n",
        report.id,
        problems.len()
    )
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(
            f,
            "{}:{}:{}: {severity}: {} [{}]",
            self.file, self.line, self.column, self.message, self.whose
        )
    }
}

/// Where in a file.
type Place = (String, usize, usize);

struct Finder<'a> {
    context: &'a Context<'a>,
    report: &'a LessonReport,
}

impl Finder<'_> {
    fn of_variants(&self, group: &[&VariantReport]) -> Vec<Problem> {
        let first = group[0];
        let names: Vec<String> = group.iter().map(|it| it.variant.to_string()).collect();
        let whose = format!("{}: {}", names.join(", "), first.verdict);
        let compiled = self.compiled(first, &whose);
        if compiled.iter().any(|it| it.severity == Severity::Error) {
            return compiled;
        }
        let (place, message) = self
            .diagnosed(first)
            .or_else(|| self.raised(first))
            .unwrap_or_else(|| {
                let message = in_short(first);
                (self.guessed(first, &message), message)
            });
        vec![problem(place, Severity::Error, &message, &whose)]
    }

    /// What a compiler says of the participant's own files.
    fn compiled(&self, report: &VariantReport, whose: &str) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut headline = None;
        // What a program of the participant prints may look just like it.
        let compilers = report
            .diagnostics
            .iter()
            .filter(|it| matches!(it.from, Speaker::Build | Speaker::Compiler));
        let texts: Vec<String> = compilers
            .map(|it| {
                let told = generated(self.context, self.report, report, it);
                told.map_or_else(|| it.text.english(), |told| told.text)
            })
            .collect();
        for line in texts.iter().flat_map(|it| it.lines()) {
            if let Some(said) = OF_C.captures(line) {
                let place = (said[1].to_owned(), number(&said[2]), number(&said[3]));
                found.push((place, severity(&said[4]), said[5].to_owned()));
            } else if let Some(said) = OF_RUST.captures(line) {
                headline = Some((severity(&said[1]), said[2].to_owned()));
            } else if let Some(said) = RUST_PLACE.captures(line)
                && let Some((severity, message)) = headline.take()
            {
                let place = (said[1].to_owned(), number(&said[2]), number(&said[3]));
                found.push((place, severity, message));
            }
        }
        found
            .into_iter()
            .filter(|((file, ..), ..)| self.is_own(file))
            .map(|(place, severity, message)| problem(place, severity, &message, whose))
            .collect()
    }

    fn diagnosed(&self, report: &VariantReport) -> Option<(Place, String)> {
        let found = report.diagnosis.as_ref()?;
        let mut places = found.place().into_iter().chain(&found.python);
        let at = places.find(|at| self.is_own(&at.file))?;
        let line = usize::try_from(at.line).ok()?;
        let because = found.evidence.last();
        let because = because.map_or_else(String::new, |it| format!(": {}", it.english()));
        let message = format!("{}{because}", found.class.text().title);
        Some((self.at_line(&at.file, line), message))
    }

    /// The innermost frame in the participant's own files, and the exception.
    fn raised(&self, report: &VariantReport) -> Option<(Place, String)> {
        report.diagnostics.iter().find_map(|diagnostic| {
            let text = diagnostic.text.english();
            let mut frames = text.lines().rev().filter_map(|line| {
                let said = FRAME.captures(line)?;
                self.is_own(&said[1])
                    .then(|| (said[1].to_owned(), number(&said[2])))
            });
            let (file, line) = frames.next()?;
            Some((self.at_line(&file, line), exception(&text)))
        })
    }

    /// Where no tool names a line: the open task, or the word that the message is about, else the first line.
    fn guessed(&self, report: &VariantReport, message: &str) -> Place {
        let exercise = self.context.lesson.manifest.exercise_of(report.variant);
        let files: Vec<&str> = inputs::files_of(report.variant)
            .iter()
            .copied()
            .filter(|name| {
                exercise.is_none_or(|it| it.files.iter().any(|file| file == Path::new(name)))
            })
            .collect();
        let words = QUOTED.captures_iter(message);
        let words = words.filter_map(|it| it.get(1).or(it.get(2)));
        let words: Vec<&str> = words.map(|it| it.as_str()).chain(["TODO"]).collect();
        for (word, name) in words
            .iter()
            .flat_map(|word| files.iter().map(move |name| (word, name)))
        {
            let (file, text) = self.file(name);
            if let Some(index) = text.lines().position(|line| has_word(line, word)) {
                return self.at_line(&file, index + 1);
            }
        }
        // An exercise may name other files than those of its bridge.
        let name = files
            .first()
            .unwrap_or(&inputs::files_of(report.variant)[0]);
        (self.file(name).0, 1, 1)
    }

    fn of_quiz(&self, quiz: &QuizReport) -> Vec<Problem> {
        let known = &self.context.lesson.manifest.quizzes;
        let Some(name) = known.iter().find(|it| it.id == quiz.id) else {
            return Vec::new();
        };
        let (file, text) = self.file(&name.file.display().to_string());
        let whose = format!("{}: {} of {} points", quiz.id, quiz.points, quiz.possible);
        if let Some(found) = &quiz.problem {
            return vec![problem(
                (file, 1, 1),
                Severity::Error,
                &found.message.english(),
                &whose,
            )];
        }
        let wrong = quiz.choices.iter().filter(|choice| !choice.right);
        wrong
            .map(|choice| {
                let key = choice.question.rsplit('.').next().unwrap_or_default();
                let index = text.lines().position(|line| {
                    let start = line.split('=').next().unwrap_or_default();
                    start.trim().trim_matches('"') == key
                });
                let message = match &choice.chosen {
                    None => format!("{}: no choice yet", choice.question),
                    Some(chosen) => {
                        format!("{}: `{chosen}` is not the best choice", choice.question)
                    }
                };
                let place = self.at_line(&file, index.map_or(1, |index| index + 1));
                problem(place, Severity::Error, &message, &whose)
            })
            .collect()
    }

    /// Whether it is one of the files that are judged, and no scenario or header.
    fn is_own(&self, file: &str) -> bool {
        let path = self.context.workspace.root.join(file);
        Variant::all()
            .flat_map(inputs::files_of)
            .any(|name| path == self.source(name))
    }

    fn source(&self, name: &str) -> PathBuf {
        let sources = &self.report.sources;
        self.context.lesson.source_file(sources, Path::new(name))
    }

    /// A file of the exercise: its name and its text, which is empty where it cannot be read.
    fn file(&self, name: &str) -> (String, String) {
        let path = self.source(name);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        (
            self.context.workspace.shown(&path).display().to_string(),
            text,
        )
    }

    /// The first column of a line that holds something.
    fn at_line(&self, file: &str, line: usize) -> Place {
        let path = self.context.workspace.root.join(file);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let found = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let blank = found.chars().take_while(|c| c.is_whitespace()).count();
        (file.to_owned(), line.max(1), blank + 1)
    }
}

/// What a report says first, in one line.
fn in_short(report: &VariantReport) -> String {
    if let Some(problem) = &report.problem {
        return problem.message.english();
    }
    let failing = report.scenarios.iter().find(|it| !it.verdict.passed());
    if let Some(scenario) = failing {
        let expected = scenario.expected.as_ref();
        let expected = expected.map_or_else(String::new, |it| format!("expected {it}, "));
        let observed = match &scenario.answer {
            Answer::Observed(value) => format!("observed {value}"),
            Answer::Raised { class, message, .. } => format!("{class} was raised: {message}"),
            Answer::Unfinished | Answer::NotAsked => "no answer".to_owned(),
        };
        return format!("{}: {expected}{observed}", scenario.title);
    }
    let said = report.diagnostics.iter().map(|it| it.text.english());
    let said: Vec<String> = said.collect();
    let errors = said
        .iter()
        .flat_map(|it| it.lines())
        .filter_map(|line| line.split_once("error: "));
    let first = errors.map(|(_, message)| message.to_owned()).next();
    first.unwrap_or_else(|| report.verdict.to_string())
}

fn problem(place: Place, severity: Severity, message: &str, whose: &str) -> Problem {
    let (file, line, column) = place;
    let words: Vec<&str> = message.split_whitespace().collect();
    let mut message = printable(words.join(" ").as_bytes());
    if let Some((end, _)) = message.char_indices().nth(LONGEST) {
        message.truncate(end);
        message += "...";
    }
    Problem {
        file,
        line,
        column,
        severity,
        message,
        whose: whose.to_owned(),
    }
}

fn severity(word: &str) -> Severity {
    match word {
        "warning" => Severity::Warning,
        _ => Severity::Error,
    }
}

fn number(digits: &str) -> usize {
    digits.parse().unwrap_or(1)
}

/// Whether the word stands in the line, not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(index, _)| {
        let before = line[..index].chars().next_back();
        let after = line[index + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// What stands after the frames of a traceback, without the sources and marks that are indented below it.
fn exception(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let frames = lines.iter().rposition(|line| FRAME.is_match(line));
    let after = &lines[frames.map_or(0, |last| last + 1)..];
    let said = after
        .iter()
        .filter(|line| !line.starts_with(char::is_whitespace) && !line.is_empty());
    let said: Vec<&str> = said.map(|line| line.trim_end()).collect();
    if said.is_empty() {
        return lines.last().map_or("", |line| line.trim()).to_owned();
    }
    said.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_one_line_without_sources_and_marks() {
        let text = "b.py:9 in <module>\n    ffi.cdef(\nb.py:11 in the cdef\nCDefError: cannot parse \"x\"\n<cdef source string>:3:5: expected ';'\n        x\n        ^";
        let expected = "CDefError: cannot parse \"x\"; <cdef source string>:3:5: expected ';'";
        assert_eq!(exception(text), expected);
        assert_eq!(
            exception("b.py:9 in <module>\n  TypeError: no"),
            "TypeError: no"
        );
        assert_eq!(exception(""), "");
    }
}
