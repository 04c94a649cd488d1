//! `checker inspect`.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::Global;
use crate::inspect::file::File;
use crate::inspect::page::Page;
use crate::{exit, output, report};

/// Show what a built file says of itself: machine, libraries that it needs, symbols.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A shared library, an extension module, an object file or a program.
    #[arg(value_name = "FILE")]
    subject: PathBuf,
}

/// Reads the file, and prints what it holds.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    file(&args.subject, global)
}

fn file(path: &Path, global: &Global) -> anyhow::Result<u8> {
    let file = File::read(path)?;
    if global.json {
        let mut document = file.document();
        document["schema_version"] = json!(report::SCHEMA_VERSION);
        output::json(&document)?;
    } else {
        let mut page = Page::for_output();
        file.describe(&mut page);
        output::result(&page.finish())?;
    }
    Ok(exit::PASSED)
}
