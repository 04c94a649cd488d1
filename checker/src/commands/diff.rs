//! `checker diff`.

use std::path::Path;

use serde_json::json;

use super::solution;
use crate::authoring::difference;
use crate::cli::Global;
use crate::judge::inputs;
use crate::lesson::{Lesson, Sources};
use crate::report::SCHEMA_VERSION;
use crate::workspace::Workspace;
use crate::{output, words};

/// Compare your files with the solution: `-` is yours, `+` the solution. Shown when `solution` may be.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: solution::Which,
}

/// Prints what differs, file by file.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let (lesson, asked) = solution::ask(&workspace, &args.which)?;
    let in_words = [
        words!("diff-both"),
        words!("diff-yours"),
        words!("diff-solution"),
    ];
    let marks = if output::is_plain() && !global.json {
        in_words.each_ref().map(String::as_str)
    } else {
        [" ", "-", "+"]
    };
    let mut compared = Vec::new();
    for (name, theirs) in solution::files(&lesson, &asked.shown)? {
        let mine = mine(&lesson, &name)?;
        compared.push((name, difference::marked(&mine, &theirs, marks)));
    }
    if global.json {
        output::json(&json!({
            "schema_version": SCHEMA_VERSION,
            "lesson": lesson.manifest.id,
            "files": compared.iter().map(|(name, lines)| json!({
                "file": name,
                "difference": anstream::adapter::strip_str(lines).to_string(),
            })).collect::<Vec<_>>(),
            "withheld": asked.withheld.iter().map(|it| &it.id).collect::<Vec<_>>(),
        }))?;
    } else {
        let mut text = String::new();
        for (name, lines) in &compared {
            text += &one(&workspace, &lesson, name, lines);
        }
        text += &solution::withheld(&lesson, &asked.withheld, "diff");
        output::result(&text)?;
    }
    Ok(asked.exit_code())
}

fn mine(lesson: &Lesson, name: &str) -> anyhow::Result<String> {
    let path = lesson.source_file(&Sources::Exercise, Path::new(name));
    let bytes = inputs::read(&lesson.folder, &path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn one(workspace: &Workspace, lesson: &Lesson, name: &str, lines: &str) -> String {
    let file = |sources| workspace.typed(&lesson.source_file(&sources, Path::new(name)));
    let mine = file(Sources::Exercise);
    if lines.is_empty() {
        return format!("{}\n\n", words!("diff-same", file = mine));
    }
    let theirs = file(Sources::Solution);
    if output::is_plain() {
        let (yours, solution) = (words!("diff-yours"), words!("diff-solution"));
        return format!("{yours} {mine}\n{solution} {theirs}\n{lines}\n");
    }
    format!("--- {mine}\n+++ {theirs}\n{lines}\n")
}
