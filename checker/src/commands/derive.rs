//! `checker derive`: writes what follows from a lesson's solution.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::authoring::starters::{self, Derivations, Freshness, Outcome};

/// Write the starters in exercise/ and the code blocks of README.md anew from solution/.
#[derive(clap::Args, Debug)]
pub struct Derive {
    /// Lessons by id, for example lesson-7.3; all when none is named.
    lessons: Vec<String>,
    /// Only tell what is not fresh; write nothing.
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// Replace exercise files even if they were edited by hand.
    #[arg(long)]
    force: bool,
}

/// Derives the named lessons below `root/lessons`; the exit code is 1 when something is stale or was kept.
pub fn run(root: &Path, cache: &Path, args: &Derive) -> anyhow::Result<ExitCode> {
    let known = Derivations::below(cache);
    let mut clean = true;
    for folder in lesson_folders(root, &args.lessons)? {
        clean &= if args.check {
            tell(root, &folder)?
        } else {
            write(root, &folder, &known, args.force)?
        };
    }
    Ok(if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn tell(root: &Path, lesson: &Path) -> anyhow::Result<bool> {
    let Some(starters) = derived(lesson)? else {
        return Ok(false);
    };
    let stale = starters::check(lesson, &starters)?;
    for (file, freshness) in &stale {
        let path = shown(root, lesson, file);
        match freshness {
            Freshness::Fresh => {}
            Freshness::Missing => anstream::println!("{path}: missing"),
            Freshness::Different => {
                anstream::println!("{path}: differs from what solution/ derives");
            }
            Freshness::Orphan => anstream::println!("{path}: solution/ has no such file"),
        }
    }
    Ok(stale.is_empty())
}

fn write(root: &Path, lesson: &Path, known: &Derivations, force: bool) -> anyhow::Result<bool> {
    let Some(starters) = derived(lesson)? else {
        return Ok(false);
    };
    let mut clean = true;
    for (file, outcome) in starters::write(lesson, &starters, known, force)? {
        let path = shown(root, lesson, &file);
        match outcome {
            Outcome::Unchanged => {}
            Outcome::Created => anstream::println!("{path}: created"),
            Outcome::Replaced => anstream::println!("{path}: replaced"),
            Outcome::Overwritten => anstream::println!("{path}: overwritten, its edits are gone"),
            Outcome::Kept => {
                clean = false;
                anstream::eprintln!(
                    "{path}: kept, because it may hold somebody's work; --force replaces it"
                );
            }
        }
    }
    Ok(clean)
}

/// The starters of a lesson, or none after its problems were printed.
fn derived(lesson: &Path) -> anyhow::Result<Option<Vec<starters::Starter>>> {
    match starters::derive(lesson)? {
        Ok(starters) => Ok(Some(starters)),
        Err(problems) => {
            for problem in problems {
                anstream::eprintln!("{problem}");
            }
            Ok(None)
        }
    }
}

fn shown(root: &Path, lesson: &Path, file: &Path) -> String {
    let path = lesson.join("exercise").join(file);
    path.strip_prefix(root)
        .unwrap_or(&path)
        .display()
        .to_string()
}

fn lesson_folders(root: &Path, named: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    let lessons = root.join("lessons");
    if !named.is_empty() {
        let folders = named.iter().map(|name| {
            let folder = lessons.join(name);
            if !folder.join("lesson.toml").is_file() {
                bail!("there is no lesson `{name}` in {}", lessons.display());
            }
            Ok(folder)
        });
        return folders.collect();
    }
    let entries = std::fs::read_dir(&lessons)
        .with_context(|| format!("cannot list {}", lessons.display()))?;
    let mut folders = Vec::new();
    for entry in entries {
        let folder = entry?.path();
        if folder.join("lesson.toml").is_file() {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders)
}
