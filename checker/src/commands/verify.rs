//! `checker verify`: proves that the lessons keep what they promise.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};
use serde_json::{Value as Json, json};

use crate::authoring::Problem;
use crate::authoring::claims::{Claims, coverage};
use crate::authoring::runs;
use crate::authoring::verification::{self, Check};
use crate::build::compiler::Compiler;
use crate::build::tools::Tools;
use crate::catalogue::{self, Catalogue};
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::lesson::Lesson;
use crate::python::choose;
use crate::workspace::Workspace;
use crate::{exit, output, report};

/// Prove that lessons are whole: starters fail, solutions pass, what is derived is fresh, claims are covered.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Lessons by id, for example lesson-7.3; all when none is named.
    lessons: Vec<String>,
    /// Look at the files only; build and run nothing.
    #[arg(long)]
    no_run: bool,
}

/// What was checked together: one lesson, or all of them.
struct Subject {
    name: String,
    checks: Vec<Check>,
}

/// Checks the named lessons one after the other, then what only all lessons together can answer.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let (lessons, broken) = chosen(&workspace, &args.lessons)?;
    let claims = Claims::load(&Claims::folder(&workspace.lessons()));
    let tools = if args.no_run {
        None
    } else {
        let python = choose::choose(&workspace, global.python.as_deref())?;
        let compiler = Compiler::find(&workspace)?;
        Some(Tools::new(workspace.clone(), python, compiler))
    };
    let mut subjects = Vec::new();
    for lesson in &lessons {
        let mut checks = verification::of_files(&workspace.root, lesson, claims.as_ref().ok())?;
        if let Some(tools) = &tools {
            checks.extend(runs::of_lesson(tools, lesson)?);
        }
        let subject = Subject {
            name: lesson.manifest.id.to_string(),
            checks,
        };
        announce(&subject, global)?;
        subjects.push(subject);
    }
    let mut course = vec![manifests(&broken)];
    if args.lessons.is_empty() {
        course.push(covered(&workspace, &claims, &lessons));
    }
    let course = Subject {
        name: "all lessons".to_owned(),
        checks: course,
    };
    announce(&course, global)?;
    subjects.push(course);
    if global.json {
        output::json(&document(&subjects))?;
    }
    Ok(exit_code(&subjects))
}

fn chosen(
    workspace: &Workspace,
    named: &[String],
) -> Result<(Vec<Lesson>, Vec<ExpectedError>), ExpectedError> {
    if named.is_empty() {
        let (mut lessons, broken) = Catalogue::open(workspace)?.load_all();
        lessons.sort_by_key(|lesson| (lesson.manifest.order, lesson.manifest.id.clone()));
        return Ok((lessons, broken));
    }
    let lessons = named.iter().map(|id| catalogue::find(workspace, id));
    Ok((lessons.collect::<Result<_, _>>()?, Vec::new()))
}

fn manifests(broken: &[ExpectedError]) -> Check {
    let details = broken.iter().map(ToString::to_string).collect();
    Check::new("manifests", "every lesson.toml can be read", details).with_code(exit::LESSON)
}

fn covered(
    workspace: &Workspace,
    claims: &Result<Claims, Vec<Problem>>,
    lessons: &[Lesson],
) -> Check {
    let problems = match claims {
        Ok(claims) => coverage::check_course(claims, lessons),
        Err(problems) => problems.clone(),
    };
    let told = problems
        .iter()
        .map(|one| one.below(&workspace.root).to_string());
    Check::new(
        "claims-covered",
        "every claim is shown in its lesson, each in one way, or waits for it",
        told.collect(),
    )
}

/// Prints one line for each check, and the details of those that failed.
fn announce(subject: &Subject, global: &Global) -> anyhow::Result<()> {
    if global.json {
        return Ok(());
    }
    let mut text = String::new();
    for check in &subject.checks {
        let (word, colour) = if check.passed() {
            ("ok    ", AnsiColor::Green)
        } else {
            ("FAILED", AnsiColor::Red)
        };
        let style = Style::new().fg_color(Some(colour.into()));
        text += &format!(
            "{style}{word}{style:#} {:11} {}\n",
            subject.name, check.title
        );
        for line in check.details.iter().flat_map(|detail| detail.lines()) {
            text += &format!("         {line}\n");
        }
    }
    output::result(&text)
}

fn document(subjects: &[Subject]) -> Json {
    let subjects: Vec<Json> = subjects
        .iter()
        .map(|subject| {
            let checks: Vec<Json> = subject.checks.iter().map(Check::to_json).collect();
            json!({ "name": subject.name, "checks": checks })
        })
        .collect();
    json!({ "schema_version": report::SCHEMA_VERSION, "subjects": subjects })
}

/// The gravest of the failures: what kept us from checking, before what did not pass, before what waits for a review.
fn exit_code(subjects: &[Subject]) -> u8 {
    let checks = subjects.iter().flat_map(|subject| &subject.checks);
    let failed: BTreeSet<u8> = checks
        .filter(|check| !check.passed())
        .map(|check| check.code)
        .collect();
    let gravest = [
        exit::INTERNAL,
        exit::ENVIRONMENT,
        exit::LESSON,
        exit::NOT_PASSED,
        exit::SNAPSHOT,
    ];
    gravest
        .into_iter()
        .find(|code| failed.contains(code))
        .unwrap_or(exit::PASSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(codes: &[u8]) -> Subject {
        let failed = |code: &u8| Check::new("x", "x", vec!["d".to_owned()]).with_code(*code);
        let mut checks: Vec<Check> = codes.iter().map(failed).collect();
        checks.push(Check::new("y", "y", Vec::new()).with_code(exit::INTERNAL));
        Subject {
            name: "lesson-1".to_owned(),
            checks,
        }
    }

    #[test]
    fn the_exit_code_is_that_of_the_gravest_failure() {
        assert_eq!(exit_code(&[subject(&[])]), exit::PASSED);
        assert_eq!(exit_code(&[subject(&[exit::SNAPSHOT])]), exit::SNAPSHOT);
        let both = [subject(&[exit::SNAPSHOT]), subject(&[exit::NOT_PASSED])];
        assert_eq!(exit_code(&both), exit::NOT_PASSED);
        assert_eq!(
            exit_code(&[subject(&[exit::NOT_PASSED, exit::ENVIRONMENT])]),
            exit::ENVIRONMENT
        );
    }
}
