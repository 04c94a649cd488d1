//! `checker derive`: writes what follows from a lesson's solution.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::authoring::claims::{Claims, pages};
use crate::authoring::starters::{self, Derivations, Outcome, Starter};
use crate::authoring::{Problem, includes};
use crate::catalogue::{self, Catalogue};
use crate::cli::Global;
use crate::workspace::Workspace;
use crate::{exit, output, report};

/// Write the starters in exercise/ and the code blocks of README.md anew from solution/, and the pages about claims.
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
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let known = Derivations::below(&workspace.cache);
    let mut teller = Teller::new(&workspace.root, global.json);
    let mut clean = true;
    for folder in lesson_folders(&workspace, &args.lessons)? {
        if let Some(starters) = derived(&mut teller, &folder)? {
            clean &= if args.check {
                tell_starters(&mut teller, &folder, &starters)?
            } else {
                write_starters(&mut teller, &folder, &starters, &known, args.force)?
            };
        } else {
            clean = false;
        }
        clean &= readme(&mut teller, &folder, args.check)?;
    }
    if args.lessons.is_empty() {
        clean &= claims_pages(&mut teller, &workspace, args.check)?;
    }
    teller.finish()?;
    Ok(if clean {
        exit::PASSED
    } else {
        exit::NOT_PASSED
    })
}

/// Tells as lines, or keeps what there is to tell for one JSON document.
struct Teller<'a> {
    root: &'a Path,
    json: bool,
    results: Vec<String>,
    problems: Vec<String>,
}

impl<'a> Teller<'a> {
    fn new(root: &'a Path, json: bool) -> Teller<'a> {
        Teller {
            root,
            json,
            results: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn result(&mut self, line: String) -> anyhow::Result<()> {
        if self.json {
            self.results.push(line);
            return Ok(());
        }
        output::result(&format!("{line}\n"))
    }

    fn problem(&mut self, line: String) {
        output::remark(&line);
        self.problems.push(line);
    }

    fn problems(&mut self, problems: &[Problem]) {
        for problem in problems {
            self.problem(problem.below(self.root).to_string());
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        if !self.json {
            return Ok(());
        }
        output::json(&json!({
            "schema_version": report::SCHEMA_VERSION,
            "results": self.results,
            "problems": self.problems,
        }))
    }

    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

fn tell_starters(teller: &mut Teller, lesson: &Path, starters: &[Starter]) -> anyhow::Result<bool> {
    let stale = starters::check(lesson, starters)?;
    for (file, freshness) in &stale {
        let path = teller.shown(&lesson.join("exercise").join(file));
        teller.result(format!("{path} {freshness}"))?;
    }
    Ok(stale.is_empty())
}

fn write_starters(
    teller: &mut Teller,
    lesson: &Path,
    starters: &[Starter],
    known: &Derivations,
    force: bool,
) -> anyhow::Result<bool> {
    let mut clean = true;
    for (file, outcome) in starters::write(lesson, starters, known, force)? {
        let path = teller.shown(&lesson.join("exercise").join(file));
        match outcome {
            Outcome::Unchanged => {}
            Outcome::Created => teller.result(format!("{path}: created"))?,
            Outcome::Replaced => teller.result(format!("{path}: replaced"))?,
            Outcome::Overwritten => {
                teller.result(format!("{path}: overwritten, its edits are gone"))?;
            }
            Outcome::Kept => {
                clean = false;
                teller.problem(format!(
                    "{path}: kept, because it may hold somebody's work; --force replaces it"
                ));
            }
        }
    }
    Ok(clean)
}

/// Checks or writes the included blocks of a lesson's README, if it has one yet.
fn readme(teller: &mut Teller, lesson: &Path, check: bool) -> anyhow::Result<bool> {
    let path = lesson.join("README.md");
    if !path.is_file() {
        return Ok(true);
    }
    let old = std::fs::read_to_string(&path).map_err(|cause| starters::unusable(&path, &cause))?;
    let fresh = match includes::refresh(teller.root, lesson, &old) {
        Ok(fresh) => fresh,
        Err(problems) => {
            teller.problems(&problems);
            return Ok(false);
        }
    };
    if check {
        teller.problems(&fresh.stale);
        return Ok(fresh.stale.is_empty());
    }
    if !fresh.stale.is_empty() {
        starters::replace(&path, fresh.text.as_bytes())?;
        let count = fresh.stale.len();
        let shown = teller.shown(&path);
        teller.result(format!("{shown}: code blocks written: {count}"))?;
    }
    Ok(true)
}

/// Checks or writes the pages about claims. A workshop without lists of claims has none.
fn claims_pages(teller: &mut Teller, workspace: &Workspace, check: bool) -> anyhow::Result<bool> {
    let folder = Claims::folder(&workspace.lessons());
    if !folder.is_dir() {
        return Ok(true);
    }
    let lessons = Catalogue::open(workspace)?.load_whole()?;
    let made = Claims::load(&folder).and_then(|claims| {
        pages::pages(&workspace.root, &claims, &lessons).map_err(|problem| vec![problem])
    });
    let stale = match made {
        Ok(pages) => pages.into_iter().filter(|page| !page.fresh),
        Err(problems) => {
            teller.problems(&problems);
            return Ok(false);
        }
    };
    let mut clean = true;
    for page in stale {
        let shown = teller.shown(&page.path);
        if check {
            clean = false;
            teller.result(format!("{shown} is not what the claims say"))?;
        } else {
            starters::replace(&page.path, page.text.as_bytes())?;
            teller.result(format!("{shown}: written"))?;
        }
    }
    Ok(clean)
}

/// The starters of a lesson, or none after its problems were printed.
fn derived(teller: &mut Teller, lesson: &Path) -> anyhow::Result<Option<Vec<Starter>>> {
    match starters::derive(lesson)? {
        Ok(starters) => Ok(Some(starters)),
        Err(problems) => {
            teller.problems(&problems);
            Ok(None)
        }
    }
}

fn lesson_folders(workspace: &Workspace, named: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    if named.is_empty() {
        return Ok(Catalogue::open(workspace)?.folders().to_vec());
    }
    let lessons = named.iter().map(|id| catalogue::find(workspace, id));
    let folders = lessons.map(|lesson| Ok(lesson?.folder));
    folders.collect()
}
