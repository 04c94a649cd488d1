//! `checker completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::{exit, output};

/// Print what completes commands and options in a shell.
///
/// For bash: checker completions bash > ~/.local/share/bash-completion/completions/checker
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "checker", &mut script);
    output::result(&String::from_utf8(script)?)?;
    Ok(exit::PASSED)
}
