//! The command line: what can be typed, and how a result becomes an exit code.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::{Parser, Subcommand};

use crate::border::{self, Isolation, Role};
use crate::errors::ExpectedError;
use crate::language::Language;
use crate::report::progress;
use crate::watch::check::{ATTENDED, ATTENDED_IN_FULL};
use crate::{commands, exit, interrupt, language, links, output, snapshot, words};

/// Builds, runs, grades and explains the lessons of Four Bridges.
///
/// Without a command it says where you are and what to do next.
///
/// Exit codes: 0 passed; 1 something did not pass; 2 wrong command line; 3 environment or set-up problem;
/// 4 lesson or file problem; 5 snapshot pending or changed; 70 fault of the checker; 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "checker", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options that every subcommand takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
    /// Print the result as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// The language of what participants read, instead of what CHECKER_LANGUAGE and the locale say.
    #[arg(long, global = true, value_name = "CODE", value_enum)]
    pub language: Option<Language>,
    /// When to use colour; nothing is said by colour alone.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
    /// Plain output, which reads well aloud: lines only, no colour, no links, nothing drawn again.
    #[arg(long, global = true, env = "CHECKER_PLAIN", value_parser = clap::builder::FalseyValueParser::new())]
    pub plain: bool,
    /// When names of files are links that the terminal opens.
    #[arg(long, global = true, value_name = "WHEN", value_enum, env = "CHECKER_LINKS", default_value_t = links::When::Auto)]
    pub links: links::When,
    /// How much isolation runs have at most; `grade` refuses to work with less. `none` is for trusted code only.
    #[arg(long, global = true, value_name = "LAYER", value_enum, env = "CHECKER_ISOLATION", default_value_t = Isolation::Full)]
    pub isolation: Isolation,
    /// The Python to use, instead of CHECKER_PYTHON and of `python3` on PATH.
    #[arg(long, global = true, value_name = "PATH")]
    pub python: Option<PathBuf>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Watch(commands::watch::Args),
    Next(commands::next::Args),
    List(commands::list::Args),
    Progress(commands::progress::Args),
    Hint(commands::hint::Args),
    Explain(commands::explain::Args),
    Solution(commands::solution::Args),
    Diff(commands::diff::Args),
    Reset(commands::reset::Args),
    Claims(commands::claims::Args),
    Inspect(commands::inspect::Args),
    Trace(commands::trace::Args),
    Bench(commands::bench::Args),
    Conformance(commands::conformance::Args),
    Run(commands::run::Args),
    Grade(commands::grade::Args),
    Setup(commands::setup::Args),
    Doctor(commands::doctor::Args),
    Derive(commands::derive::Args),
    Snapshots(commands::snapshots::Args),
    Verify(commands::verify::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}

/// The whole program, the name it was called by first. For `main` alone, or for a test that stands in for the binary.
pub fn start(args: Vec<OsString>) -> ExitCode {
    // Before everything else: what is born in a nursery begins here, with one thread and without anything that was read.
    let born = if args.get(1).is_some_and(|word| word == border::NURSERY) {
        Some(border::be_nursery())
    } else {
        border::open_nursery()
    };
    match born {
        Some(Role::Supervisor) => return border::supervise(),
        Some(Role::Checker(args)) => return start(args.into_iter().map(OsString::from).collect()),
        None => {}
    }
    let code = obey(args);
    border::close_nursery();
    code
}

/// Does what the command line says.
fn obey(mut args: Vec<OsString>) -> ExitCode {
    let attended = args
        .get(1)
        .is_some_and(|word| word == ATTENDED || word == ATTENDED_IN_FULL);
    let tried = attended && args.remove(1) == ATTENDED_IN_FULL;
    if let Err(error) = snapshot::settle_environment(&args) {
        return ExitCode::from(report(&error, false));
    }
    // The environment is settled, so there may be threads from here on.
    if attended {
        progress::as_lines();
        interrupt::leave_with_input();
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    choose_appearance(&cli.global);
    choose_language(&cli.global);
    let json = cli.global.json;
    border::use_isolation(cli.global.isolation);
    if tried {
        border::take_as_tried();
    }
    let outcome = run(cli);
    say_shortfall();
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => ExitCode::from(report(&error, json)),
    }
}

fn run(cli: Cli) -> anyhow::Result<u8> {
    let Some(command) = cli.command else {
        return commands::status::run(&cli.global);
    };
    match command {
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => commands::man::run(&args),
        Command::Watch(args) => commands::watch::run(&args, &cli.global),
        Command::Next(args) => commands::next::run(&args, &cli.global),
        Command::Progress(args) => commands::progress::run(&args, &cli.global),
        Command::Solution(args) => commands::solution::run(&args, &cli.global),
        Command::Diff(args) => commands::diff::run(&args, &cli.global),
        Command::Reset(args) => commands::reset::run(&args, &cli.global),
        Command::List(args) => commands::list::run(&args, &cli.global),
        Command::Hint(args) => commands::hint::run(&args, &cli.global),
        Command::Explain(args) => commands::explain::run(&args, &cli.global),
        Command::Claims(args) => commands::claims::run(&args, &cli.global),
        Command::Inspect(args) => commands::inspect::run(&args, &cli.global),
        Command::Trace(args) => commands::trace::run(&args, &cli.global),
        Command::Verify(args) => commands::verify::run(&args, &cli.global),
        Command::Bench(args) => commands::bench::run(&args, &cli.global),
        Command::Conformance(args) => commands::conformance::run(&args, &cli.global),
        Command::Snapshots(args) => commands::snapshots::run(&args, &cli.global),
        Command::Grade(args) => commands::grade::run(&args, &cli.global),
        Command::Run(args) => commands::run::run(&args, &cli.global),
        Command::Setup(args) => commands::setup::run(&args, &cli.global),
        Command::Doctor(args) => commands::doctor::run(&args, &cli.global),
        Command::Derive(args) => commands::derive::run(&args, &cli.global),
    }
}

/// Runs with less isolation than was asked for are said so, once.
fn say_shortfall() {
    if let Some(text) = border::known_isolation().and_then(border::Found::shortfall) {
        output::remark(&words!("run-note", remark = text));
    }
}

/// Help and version are results; a wrong command line is not.
fn usage(error: &clap::Error) -> ExitCode {
    match error.print() {
        Err(problem) if problem.kind() != std::io::ErrorKind::BrokenPipe => {
            ExitCode::from(exit::INTERNAL)
        }
        _ if error.use_stderr() => ExitCode::from(exit::USAGE),
        _ => ExitCode::from(exit::PASSED),
    }
}

/// A program that reads JSON is not to depend on who runs it.
fn choose_language(global: &Global) {
    let english = global.json.then_some(Language::En);
    language::choose(english.or(global.language));
}

/// Plain means without escape sequences, whatever else was said.
fn choose_appearance(global: &Global) {
    let (colour, links) = if global.plain {
        output::be_plain();
        (Colour::Never, links::When::Never)
    } else {
        (global.color, global.links)
    };
    links::choose(links, colour);
    match colour {
        Colour::Auto => {}
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Says what went wrong and what to do; returns the exit code.
fn report(error: &anyhow::Error, json: bool) -> u8 {
    let bold = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let Some(expected) = error.downcast_ref::<ExpectedError>() else {
        output::remark(&format!(
            "{bold}{}{bold:#}: {error:#}\n  {}",
            words!("error-fault"),
            words!("error-fault-next")
        ));
        return exit::INTERNAL;
    };
    if matches!(expected, ExpectedError::BrokenPipe) {
        return exit::PASSED;
    }
    let next = expected.next_step();
    let step = words!("run-next", step = next.clone());
    output::remark(&format!(
        "{bold}{}{bold:#}: {expected}\n  {step}",
        words!("error")
    ));
    if json {
        let document = serde_json::json!({
            "schema_version": crate::report::SCHEMA_VERSION,
            "error": { "kind": expected.kind(), "message": expected.message().english(), "next": next.english() },
        });
        // The message is on standard error already, and the exit code says the rest.
        let _ = output::json(&document);
    }
    expected.exit_code()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// In the README's table of commands, each cell names one or two, in backticks.
    #[test]
    fn what_the_readme_says_to_type_is_understood() {
        let readme = include_str!("../../README.md");
        let rows = readme.lines().filter(|line| line.starts_with("| `checker"));
        let typed = rows.flat_map(|row| row.split('`').filter(|it| it.starts_with("checker")));
        let mut understood = 0;
        for command in typed {
            let parsed = Cli::try_parse_from(command.split(' '));
            assert!(parsed.is_ok(), "`{command}`: {}", parsed.unwrap_err());
            understood += 1;
        }
        assert!(understood >= 13, "{understood} commands");
    }
}
