//! `checker verify`: proves that the lessons keep what they promise.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};
use serde_json::{Value as Json, json};

use crate::authoring::Problem;
use crate::authoring::claims::{Claims, coverage, pages};
use crate::authoring::mutants::Sample;
use crate::authoring::runs;
use crate::authoring::verification::{self, Check};
use crate::build::compiler::Compiler;
use crate::build::tools::Tools;
use crate::catalogue::{self, Catalogue};
use crate::cli::Global;
use crate::commands::mutants;
use crate::errors::ExpectedError;
use crate::lesson::Lesson;
use crate::python::{Python, choose};
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
    /// Instead, judge mutants of the solutions: programs with one small change, of which the scenarios have to tell nine in ten.
    #[arg(long, conflicts_with = "no_run")]
    mutants: bool,
    /// At most this many mutants of each lesson, drawn by the seed.
    #[arg(long, value_name = "N", requires = "mutants")]
    sample: Option<usize>,
    /// The seed of the sample: another one draws others.
    #[arg(long, value_name = "N", requires = "mutants", default_value_t = 0)]
    seed: u64,
}

/// What was checked together: one lesson, perhaps on one of several Pythons, or all lessons.
struct Subject {
    name: String,
    /// The version of the Python, where there are several.
    python: Option<String>,
    checks: Vec<Check>,
}

/// Checks the named lessons one after the other, then what only all lessons together can answer.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let (lessons, broken) = chosen(&workspace, &args.lessons)?;
    let claims = Claims::load(&Claims::folder(&workspace.lessons()));
    if args.mutants {
        if let Some(error) = broken.into_iter().next() {
            return Err(error.into());
        }
        let python = choose::choose(&workspace, global.python.as_deref())?;
        let compiler = Compiler::find(&workspace)?;
        let sample = Sample {
            size: args.sample,
            seed: args.seed,
        };
        let tools = Tools::new(workspace, python, compiler);
        return mutants::run(&tools, &lessons, sample, global);
    }
    let benches = if args.no_run {
        Benches::default()
    } else {
        Benches::set_up(&workspace, global)?
    };
    for (python, skip) in &benches.skipped {
        output::remark(&format!(
            "skipped: {}: {}\n  next: {}",
            python.description(),
            skip.why,
            skip.next
        ));
    }
    let mut subjects = Vec::new();
    for lesson in &lessons {
        let name = lesson.manifest.id.to_string();
        let mut checks = verification::of_files(&workspace.root, lesson, claims.as_ref().ok())?;
        if let [tools] = &benches.tools[..] {
            checks.extend(runs::of_lesson(tools, lesson)?);
        }
        let mut own = vec![Subject {
            name: name.clone(),
            python: None,
            checks,
        }];
        announce(&own[0], global)?;
        for tools in benches.tools.iter().filter(|_| benches.tools.len() > 1) {
            let subject = Subject {
                name: name.clone(),
                python: Some(tools.python.version_text()),
                checks: runs::of_lesson(tools, lesson)?,
            };
            announce(&subject, global)?;
            own.push(subject);
        }
        subjects.extend(own);
    }
    let mut course = vec![manifests(&broken)];
    if args.lessons.is_empty() {
        course.push(covered(&workspace, &claims, &lessons));
        if let Ok(claims) = &claims {
            course.push(pages_fresh(&workspace, claims, &lessons));
        }
    }
    let course = Subject {
        name: "all lessons".to_owned(),
        python: None,
        checks: course,
    };
    announce(&course, global)?;
    subjects.push(course);
    if global.json {
        output::json(&document(&subjects, &benches))?;
    } else if benches.tools.len() > 1 {
        output::result(&summary(&subjects, &benches))?;
    }
    Ok(exit_code(&subjects))
}

/// The Pythons that lessons run on, and those that they cannot run on.
#[derive(Default)]
struct Benches {
    tools: Vec<Tools>,
    skipped: Vec<(Python, Skip)>,
}

/// Why lessons cannot run on a Python, and what would change that.
struct Skip {
    why: String,
    next: String,
}

impl Benches {
    /// One for each Python that was asked for. Of `all`, those that lack something are skipped; one that was named is not.
    fn set_up(workspace: &Workspace, global: &Global) -> Result<Benches, ExpectedError> {
        let compiler = Compiler::find(workspace)?;
        let pythons = choose::choose_all(workspace, global.python.as_deref())?;
        let several = pythons.len() > 1;
        let mut benches = Benches::default();
        for python in pythons {
            match lack(&python) {
                Some(skip) if several => benches.skipped.push((python, skip)),
                _ => {
                    let tools = Tools::new(workspace.clone(), python, compiler.clone());
                    benches.tools.push(tools);
                }
            }
        }
        Ok(benches)
    }
}

/// What a Python lacks that lessons need.
fn lack(python: &Python) -> Option<Skip> {
    (!python.has_headers()).then(|| Skip {
        why: "it has no headers".to_owned(),
        next: python.headers_step().to_string(),
    })
}

/// A row for each lesson, a column for each Python.
fn summary(subjects: &[Subject], benches: &Benches) -> String {
    let versions: Vec<String> = benches
        .tools
        .iter()
        .map(|tools| tools.python.version_text())
        .collect();
    let mut text = format!("\n{:12}", "");
    for version in &versions {
        text += &format!(" {version:>10}");
    }
    text += "\n";
    let mut names: Vec<&str> = subjects
        .iter()
        .filter(|it| it.python.is_some())
        .map(|it| it.name.as_str())
        .collect();
    names.dedup();
    for name in names {
        text += &format!("{name:12}");
        for version in &versions {
            let own = |it: &&Subject| it.name == name && it.python.as_ref() == Some(version);
            let failed = subjects.iter().find(own).map_or(0, |it| {
                it.checks.iter().filter(|check| !check.passed()).count()
            });
            let word = if failed == 0 {
                "ok".to_owned()
            } else {
                format!("{failed} FAILED")
            };
            text += &format!(" {word:>10}");
        }
        text += "\n";
    }
    text
}

fn chosen(
    workspace: &Workspace,
    named: &[String],
) -> Result<(Vec<Lesson>, Vec<ExpectedError>), ExpectedError> {
    if named.is_empty() {
        return Ok(Catalogue::open(workspace)?.load_all());
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

fn pages_fresh(workspace: &Workspace, claims: &Claims, lessons: &[Lesson]) -> Check {
    let details = match pages::pages(&workspace.root, claims, lessons) {
        Ok(pages) => {
            let stale = pages.iter().filter(|page| !page.fresh);
            let told = stale.map(|page| {
                let path = workspace.shown(&page.path).display();
                format!("{path}: is not what the claims say; `checker derive` writes it")
            });
            told.collect()
        }
        Err(problem) => vec![problem.below(&workspace.root).to_string()],
    };
    Check::new("claims-pages", "the pages about claims are fresh", details)
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
            "{style}{word}{style:#} {:11} {}{}\n",
            subject.name,
            check.title,
            subject
                .python
                .as_ref()
                .map_or_else(String::new, |version| format!(" (Python {version})"))
        );
        for line in check.details.iter().flat_map(|detail| detail.lines()) {
            text += &format!("         {line}\n");
        }
    }
    output::result(&text)
}

fn document(subjects: &[Subject], benches: &Benches) -> Json {
    let subjects: Vec<Json> = subjects
        .iter()
        .map(|subject| {
            let checks: Vec<Json> = subject.checks.iter().map(Check::to_json).collect();
            json!({ "name": subject.name, "python": subject.python, "checks": checks })
        })
        .collect();
    let skipped = benches.skipped.iter().map(|(python, skip)| {
        json!({ "python": python.version_text(), "executable": python.executable, "reason": skip.why, "next": skip.next })
    });
    json!({
        "schema_version": report::SCHEMA_VERSION,
        "subjects": subjects,
        "skipped": skipped.collect::<Vec<_>>(),
    })
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
            python: None,
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
