//! `checker man`.

use std::fs;
use std::path::PathBuf;

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::errors::ExpectedError;
use crate::{exit, output};

/// Print the manual page, or write one for each command.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write the pages into this folder, for example ~/.local/share/man/man1.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Writes roff, as `man` reads it.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let command = Cli::command();
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .map_err(|cause| ExpectedError::UnusableFile {
                path: folder.clone(),
                problem: cause.to_string().into(),
                next: "name a folder that you can write to".into(),
            })?;
        return Ok(exit::PASSED);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    output::result(&String::from_utf8(page)?)?;
    Ok(exit::PASSED)
}
