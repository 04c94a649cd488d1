//! Quizzes: a participant's choices against the solution's.

use std::path::Path;

use super::inputs;
use super::report::{Choice, Problem, QuizReport};
use crate::errors::ExpectedError;
use crate::lesson::{Lesson, Quiz, Sources};
use crate::message;
use crate::message::Message;

/// Judges every quiz of a lesson. A known wrong answer has no quiz of its own.
pub fn judge(lesson: &Lesson, sources: &Sources) -> Vec<QuizReport> {
    if matches!(sources, Sources::Wrong(_)) {
        return Vec::new();
    }
    lesson
        .manifest
        .quizzes
        .iter()
        .map(|quiz| judge_one(lesson, quiz, sources))
        .collect()
}

fn judge_one(lesson: &Lesson, quiz: &Quiz, sources: &Sources) -> QuizReport {
    let report = |choices: Vec<Choice>, problem: Option<Problem>| {
        let all_right = problem.is_none() && choices.iter().all(|choice| choice.right);
        QuizReport {
            id: quiz.id.clone(),
            title: quiz.title.clone(),
            points: if all_right { quiz.points } else { 0 },
            possible: quiz.points,
            choices,
            problem,
        }
    };
    let read = |sources: &Sources| {
        table(
            lesson.source_root(sources),
            &lesson.source_file(sources, &quiz.file),
        )
    };
    match (read(&Sources::Solution), read(sources)) {
        (Ok(solution), Ok(chosen)) => report(compare(&solution, &chosen), None),
        (Err(error), _) | (_, Err(error)) => report(Vec::new(), Some(Problem::from(&error))),
    }
}

fn table(folder: &Path, path: &Path) -> Result<toml::Table, ExpectedError> {
    let refuse = |problem: Message| ExpectedError::UnusableFile {
        path: path.to_owned(),
        problem,
        next: message!("error-quiz-next"),
    };
    let bytes = inputs::read(folder, path)?;
    let text = String::from_utf8(bytes).map_err(|_| refuse(message!("error-not-utf8")))?;
    toml::from_str(&text).map_err(|error| refuse(error.to_string().into()))
}

/// One entry for each question of the solution; a table of questions is named `table.question`.
fn compare(solution: &toml::Table, chosen: &toml::Table) -> Vec<Choice> {
    let right = answers(solution, "");
    let chosen = answers(chosen, "");
    right
        .iter()
        .map(|(question, right)| {
            let own = chosen
                .iter()
                .find(|(name, _)| name == question)
                .map(|(_, own)| own.clone());
            let is_right = own.as_ref() == Some(right);
            let why = own
                .as_deref()
                .filter(|_| !is_right)
                .and_then(|own| why(solution, question, own));
            Choice {
                question: question.clone(),
                right: is_right,
                why,
                chosen: own.filter(|own| !own.trim().is_empty()),
            }
        })
        .collect()
}

/// All texts but those below `why`, with their dotted names.
fn answers(table: &toml::Table, prefix: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::Table(_) if prefix.is_empty() && name == "why" => {}
            toml::Value::Table(inner) => found.extend(answers(inner, &format!("{prefix}{name}."))),
            toml::Value::String(text) => found.push((format!("{prefix}{name}"), text.clone())),
            other => found.push((format!("{prefix}{name}"), other.to_string())),
        }
    }
    found
}

/// The solution's word about a wrong choice: `[why.question]` holds one text for each choice.
fn why(solution: &toml::Table, question: &str, chosen: &str) -> Option<String> {
    let mut texts = solution.get("why")?.as_table()?;
    for part in question.split('.') {
        texts = texts.get(part)?.as_table()?;
    }
    Some(texts.get(chosen)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_choice_is_explained() {
        let solution = toml::from_str("one = \"abi\"\ntwo = \"ext\"\n[why.one]\nctypes = \"no compiler, yes, but no header either\"").unwrap();
        let chosen = toml::from_str("one = \"ctypes\"\n").unwrap();
        let choices = compare(&solution, &chosen);
        assert_eq!(choices.len(), 2);
        assert!(!choices[0].right && choices[0].why.as_deref().unwrap().contains("no header"));
        assert!(!choices[1].right && choices[1].chosen.is_none());
        assert!(
            compare(&solution, &solution)
                .iter()
                .all(|choice| choice.right)
        );
    }
}
