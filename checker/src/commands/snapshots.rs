//! `checker snapshots`: the accepted transcripts, and those that wait for a review.

use std::io::{BufRead, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use crate::authoring::difference;
use crate::authoring::starters::files_below;
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::workspace::Workspace;
use crate::{exit, output, report, snapshot};

/// List, review, accept or reject the snapshots of the lessons.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show every snapshot, and which wait for a review.
    List,
    /// Go through the pending snapshots one by one; without a terminal, show what each changes.
    Review,
    /// Make pending snapshots the accepted ones.
    Accept(Chosen),
    /// Remove pending snapshots.
    Reject(Chosen),
}

/// Pending snapshots by name.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Chosen {
    /// Snapshots by name, for example lesson-7.3/common, or all of one lesson, lesson-7.3.
    names: Vec<String>,
    /// All pending snapshots.
    #[arg(long)]
    all: bool,
}

/// Does what was asked; the exit code says whether a snapshot is still pending.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    match &args.action {
        // The document below says it.
        Action::List | Action::Review if global.json => {}
        Action::List => list(&workspace)?,
        Action::Review if std::io::stdin().is_terminal() => {
            let pending = pending(&workspace)?;
            review(&pending, std::io::stdin().lock(), &mut anstream::stdout())?;
        }
        Action::Review => show(&workspace)?,
        Action::Accept(chosen) => {
            for pending in chosen.find(&workspace)? {
                snapshot::accept(&pending.path).map_err(|error| pending.unusable(&error))?;
                output::remark(&format!("{} accepted", pending.name));
            }
        }
        Action::Reject(chosen) => {
            for pending in chosen.find(&workspace)? {
                snapshot::reject(&pending.path).map_err(|error| pending.unusable(&error))?;
                output::remark(&format!("{} rejected", pending.name));
            }
        }
    }
    if global.json {
        output::json(&document(&workspace)?)?;
    }
    Ok(if pending(&workspace)?.is_empty() {
        exit::PASSED
    } else {
        exit::SNAPSHOT
    })
}

/// A snapshot that waits for a review.
#[derive(Debug)]
struct Pending {
    /// `lesson-7.3/common`.
    name: String,
    /// The file, which ends in `.snap.new`.
    path: PathBuf,
}

impl Pending {
    fn accepted(&self) -> PathBuf {
        self.path.with_extension("")
    }

    fn is_new(&self) -> bool {
        !self.accepted().exists()
    }

    /// What accepting would change.
    fn difference(&self) -> anyhow::Result<String> {
        let old = if self.is_new() {
            String::new()
        } else {
            snapshot::read(&self.accepted())?
        };
        Ok(difference::lines(&old, &snapshot::read(&self.path)?))
    }

    fn unusable(&self, error: &anyhow::Error) -> ExpectedError {
        ExpectedError::UnusableFile {
            path: self.path.clone(),
            problem: format!("{error:#}").into(),
            next: "remove it, and run the lesson with --solution again".into(),
        }
    }
}

impl Chosen {
    fn find(&self, workspace: &Workspace) -> anyhow::Result<Vec<Pending>> {
        let pending = pending(workspace)?;
        let of_lesson = |one: &Pending, name: &str| {
            let rest = one.name.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        for name in &self.names {
            if !pending.iter().any(|one| of_lesson(one, name)) {
                let known: Vec<&str> = pending.iter().map(|one| one.name.as_str()).collect();
                let next = if known.is_empty() {
                    "nothing is pending; `checker run LESSON --solution` leaves what differs"
                        .to_owned()
                } else {
                    format!("name one of: {}", known.join(", "))
                };
                let error = ExpectedError::UnusableFile {
                    path: PathBuf::from(name),
                    problem: "no pending snapshot has this name".into(),
                    next: next.into(),
                };
                return Err(error.into());
            }
        }
        let chosen = |one: &Pending| self.all || self.names.iter().any(|name| of_lesson(one, name));
        Ok(pending.into_iter().filter(chosen).collect())
    }
}

fn pending(workspace: &Workspace) -> anyhow::Result<Vec<Pending>> {
    let paths = snapshot::pending_below(&workspace.lessons())?;
    let named = paths.into_iter().map(|path| Pending {
        name: name_of(workspace, &path),
        path,
    });
    Ok(named.collect())
}

/// `lesson-7.3/common` for `lessons/lesson-7.3/snapshots/common.snap` and for its pending twin.
fn name_of(workspace: &Workspace, path: &Path) -> String {
    let below = path.strip_prefix(workspace.lessons()).unwrap_or(path);
    let name = below.display().to_string();
    let name = name.trim_end_matches(".new").trim_end_matches(".snap");
    name.replace("/snapshots/", "/")
}

/// A snapshot's name, and whether it is accepted, pending or both.
struct Entry {
    name: String,
    accepted: bool,
    pending: bool,
}

impl Entry {
    fn state(&self) -> &'static str {
        match (self.accepted, self.pending) {
            (true, false) => "accepted",
            (true, true) => "pending: changed",
            _ => "pending: new",
        }
    }
}

fn entries(workspace: &Workspace) -> anyhow::Result<Vec<Entry>> {
    let lessons = workspace.lessons();
    let mut entries: Vec<Entry> = Vec::new();
    for file in files_below(&lessons)? {
        let path = lessons.join(file);
        let pending = path.to_string_lossy().ends_with(".snap.new");
        if !pending && path.extension().is_none_or(|extension| extension != "snap") {
            continue;
        }
        let name = name_of(workspace, &path);
        match entries.iter_mut().find(|entry| entry.name == name) {
            Some(entry) => entry.pending |= pending,
            None => entries.push(Entry {
                name,
                accepted: !pending,
                pending,
            }),
        }
    }
    Ok(entries)
}

/// The state of all snapshots, after whatever was done.
fn document(workspace: &Workspace) -> anyhow::Result<serde_json::Value> {
    let snapshots: Vec<_> = entries(workspace)?
        .iter()
        .map(|entry| json!({ "name": entry.name, "accepted": entry.accepted, "pending": entry.pending }))
        .collect();
    Ok(json!({ "schema_version": report::SCHEMA_VERSION, "snapshots": snapshots }))
}

fn list(workspace: &Workspace) -> anyhow::Result<()> {
    let entries = entries(workspace)?;
    let width = entries.iter().map(|entry| entry.name.len()).max();
    let width = width.unwrap_or(0);
    let mut text = String::new();
    for entry in &entries {
        text += &format!("{:width$}  {}\n", entry.name, entry.state());
    }
    if entries.is_empty() {
        text += "No snapshot yet.\n";
    }
    output::result(&text)
}

fn heading(pending: &Pending) -> String {
    let what = if pending.is_new() { "new" } else { "changed" };
    format!("{} ({what})\n", pending.name)
}

fn show(workspace: &Workspace) -> anyhow::Result<()> {
    let mut text = String::new();
    for pending in pending(workspace)? {
        let difference = pending
            .difference()
            .map_err(|error| pending.unusable(&error))?;
        text += &format!("{}{difference}\n", heading(&pending));
    }
    if text.is_empty() {
        text += "Nothing is pending.\n";
    } else {
        output::remark("next: `checker snapshots accept NAME` or `checker snapshots reject NAME`");
    }
    output::result(&text)
}

/// Asks about each pending snapshot; the end of the input leaves the rest as it is.
fn review(
    pending: &[Pending],
    mut input: impl BufRead,
    output: &mut impl Write,
) -> anyhow::Result<()> {
    for (index, one) in pending.iter().enumerate() {
        let difference = one.difference().map_err(|error| one.unusable(&error))?;
        let count = pending.len();
        write!(
            output,
            "{} of {count}: {}{difference}",
            index + 1,
            heading(one)
        )?;
        loop {
            write!(output, "a accept, r reject, s skip: ")?;
            output.flush()?;
            let mut key = String::new();
            if input.read_line(&mut key)? == 0 {
                writeln!(output)?;
                return Ok(());
            }
            match key.trim() {
                "a" => snapshot::accept(&one.path)?,
                "r" => snapshot::reject(&one.path)?,
                "s" => {}
                _ => continue,
            }
            break;
        }
        writeln!(output)?;
    }
    if pending.is_empty() {
        writeln!(output, "Nothing is pending.")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn workshop() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace {
            root: folder.path().to_owned(),
            cache: folder.path().join("cache"),
        };
        for (lesson, file, text) in [
            ("lesson-1", "common.snap", "one"),
            ("lesson-1", "common.snap.new", "two"),
            ("lesson-1", "ctypes.snap", "three"),
            ("lesson-10", "common.snap.new", "four"),
        ] {
            let snapshots = workspace.lessons().join(lesson).join("snapshots");
            fs::create_dir_all(&snapshots).unwrap();
            let content = format!("---\nsource: x.rs\ndescription: d\n---\n{text}\n");
            fs::write(snapshots.join(file), content).unwrap();
        }
        (folder, workspace)
    }

    fn states(workspace: &Workspace) -> Vec<String> {
        let entries = entries(workspace).unwrap();
        let line = |entry: &Entry| format!("{} {}", entry.name, entry.state());
        entries.iter().map(line).collect()
    }

    fn reviewed(workspace: &Workspace, keys: &str) -> String {
        let mut shown = anstream::StripStream::new(Vec::new());
        review(&pending(workspace).unwrap(), keys.as_bytes(), &mut shown).unwrap();
        String::from_utf8(shown.into_inner()).unwrap()
    }

    #[test]
    fn every_snapshot_has_a_state() {
        let (_folder, workspace) = workshop();
        assert_eq!(
            states(&workspace),
            [
                "lesson-1/common pending: changed",
                "lesson-1/ctypes accepted",
                "lesson-10/common pending: new"
            ]
        );
    }

    #[test]
    fn a_review_asks_until_it_understands() {
        let (_folder, workspace) = workshop();
        let shown = reviewed(&workspace, "x\na\nr\n");
        assert_eq!(
            shown,
            "1 of 2: lesson-1/common (changed)\n- one\n+ two\na accept, r reject, s skip: a accept, r reject, s skip: \n\
             2 of 2: lesson-10/common (new)\n+ four\na accept, r reject, s skip: \n"
        );
        assert_eq!(
            states(&workspace),
            ["lesson-1/common accepted", "lesson-1/ctypes accepted"]
        );
        let common = workspace.lessons().join("lesson-1/snapshots/common.snap");
        assert_eq!(snapshot::read(&common).unwrap(), "two");
    }

    #[test]
    fn the_end_of_the_input_leaves_the_rest() {
        let (_folder, workspace) = workshop();
        reviewed(&workspace, "s\n");
        assert_eq!(pending(&workspace).unwrap().len(), 2);
    }

    #[test]
    fn names_choose_one_snapshot_or_one_lesson() {
        let (_folder, workspace) = workshop();
        let found = |names: &[&str], all: bool| {
            let chosen = Chosen {
                names: names.iter().map(|name| (*name).to_owned()).collect(),
                all,
            };
            let pending = chosen.find(&workspace)?;
            anyhow::Ok(pending.into_iter().map(|one| one.name).collect::<Vec<_>>())
        };
        assert_eq!(found(&["lesson-1"], false).unwrap(), ["lesson-1/common"]);
        assert_eq!(
            found(&["lesson-10/common"], false).unwrap(),
            ["lesson-10/common"]
        );
        assert_eq!(found(&[], true).unwrap().len(), 2);
        let error = found(&["lesson-1/ctypes"], false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "lesson-1/ctypes: no pending snapshot has this name"
        );
    }
}
