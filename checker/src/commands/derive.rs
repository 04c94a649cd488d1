//! `checker derive`: writes what follows from a lesson's solution.

use std::path::{Path, PathBuf};

use crate::authoring::starters::{self, Derivations, Outcome, Starter};
use crate::authoring::{Problem, includes};
use crate::catalogue::{self, Catalogue};
use crate::workspace::Workspace;
use crate::{exit, output};

/// Write the starters in exercise/ and the code blocks of README.md anew from solution/.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Lessons by id, for example lesson-7.3; all when none is named.
    lessons: Vec<String>,
    /// Only tell what is not fresh; write nothing.
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// Replace exercise files even if they were edited by hand.
    #[arg(long)]
    force: bool,
}

/// Derives the named lessons; the exit code is 1 when something is stale or was kept.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let root = &workspace.root;
    let known = Derivations::below(&workspace.cache);
    let mut clean = true;
    for folder in lesson_folders(&workspace, &args.lessons)? {
        if let Some(starters) = derived(root, &folder)? {
            clean &= if args.check {
                tell_starters(root, &folder, &starters)?
            } else {
                write_starters(root, &folder, &starters, &known, args.force)?
            };
        } else {
            clean = false;
        }
        clean &= readme(root, &folder, args.check)?;
    }
    Ok(if clean {
        exit::PASSED
    } else {
        exit::NOT_PASSED
    })
}

fn tell_starters(root: &Path, lesson: &Path, starters: &[Starter]) -> anyhow::Result<bool> {
    let stale = starters::check(lesson, starters)?;
    for (file, freshness) in &stale {
        let path = shown(root, &lesson.join("exercise").join(file));
        say(&format!("{path} {freshness}"))?;
    }
    Ok(stale.is_empty())
}

fn write_starters(
    root: &Path,
    lesson: &Path,
    starters: &[Starter],
    known: &Derivations,
    force: bool,
) -> anyhow::Result<bool> {
    let mut clean = true;
    for (file, outcome) in starters::write(lesson, starters, known, force)? {
        let path = shown(root, &lesson.join("exercise").join(file));
        match outcome {
            Outcome::Unchanged => {}
            Outcome::Created => say(&format!("{path}: created"))?,
            Outcome::Replaced => say(&format!("{path}: replaced"))?,
            Outcome::Overwritten => say(&format!("{path}: overwritten, its edits are gone"))?,
            Outcome::Kept => {
                clean = false;
                output::remark(&format!(
                    "{path}: kept, because it may hold somebody's work; --force replaces it"
                ));
            }
        }
    }
    Ok(clean)
}

/// Checks or writes the included blocks of a lesson's README, if it has one yet.
fn readme(root: &Path, lesson: &Path, check: bool) -> anyhow::Result<bool> {
    let path = lesson.join("README.md");
    if !path.is_file() {
        return Ok(true);
    }
    let old = std::fs::read_to_string(&path).map_err(|cause| starters::unusable(&path, &cause))?;
    let fresh = match includes::refresh(root, lesson, &old) {
        Ok(fresh) => fresh,
        Err(problems) => {
            tell(root, &problems);
            return Ok(false);
        }
    };
    if check {
        tell(root, &fresh.stale);
        return Ok(fresh.stale.is_empty());
    }
    if !fresh.stale.is_empty() {
        starters::replace(&path, fresh.text.as_bytes())?;
        let count = fresh.stale.len();
        say(&format!(
            "{}: code blocks written: {count}",
            shown(root, &path)
        ))?;
    }
    Ok(true)
}

/// The starters of a lesson, or none after its problems were printed.
fn derived(root: &Path, lesson: &Path) -> anyhow::Result<Option<Vec<Starter>>> {
    match starters::derive(lesson)? {
        Ok(starters) => Ok(Some(starters)),
        Err(problems) => {
            tell(root, &problems);
            Ok(None)
        }
    }
}

fn tell(root: &Path, problems: &[Problem]) {
    for problem in problems {
        output::remark(&problem.below(root).to_string());
    }
}

fn say(line: &str) -> anyhow::Result<()> {
    output::result(&format!("{line}\n"))
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn lesson_folders(workspace: &Workspace, named: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    if named.is_empty() {
        return Ok(Catalogue::open(workspace)?.folders().to_vec());
    }
    let lessons = named.iter().map(|id| catalogue::find(workspace, id));
    let folders = lessons.map(|lesson| Ok(lesson?.folder));
    folders.collect()
}
