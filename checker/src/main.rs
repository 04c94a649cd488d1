//! The command `checker`.

use std::path::PathBuf;
use std::process::ExitCode;

use checker::commands::derive;
use clap::Parser as _;

#[derive(clap::Parser)]
#[command(name = "checker", version, about)]
enum Command {
    Derive(derive::Derive),
}

fn main() -> anyhow::Result<ExitCode> {
    let Command::Derive(args) = Command::parse();
    let here = std::env::current_dir()?;
    let root = here
        .ancestors()
        .find(|folder| folder.join("lessons/Cargo.toml").is_file())
        .map_or(here.clone(), PathBuf::from);
    derive::run(&root, &root.join("target/checker"), &args)
}
