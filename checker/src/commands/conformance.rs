//! `checker conformance`.

use std::process::{Command, Stdio};

use anyhow::Context;

use crate::build::compiler::Compiler;
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::conformance::{self, plan, report};
use crate::python::{choose, installed};
use crate::workspace::Workspace;
use crate::{exit, interrupt, output};

/// Run the tests that CPython and cffi have for the stock modules on our engines, and compare test by test.
///
/// Each file runs in a process of its own, once on stock and once with the engine in its place. A skip that stock does not
/// have is a failure, and a crash fails every test of its file. Passes when exactly the tests fail that `conformance/known`
/// lists.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only the suites that take seconds; this is the default.
    #[arg(long, conflicts_with = "all")]
    quick: bool,
    /// Every suite, and on every Python found where that means something; may take an hour.
    #[arg(long)]
    all: bool,
    /// Only this suite; can be given several times.
    #[arg(long, value_name = "NAME")]
    suite: Vec<String>,
    /// Only files whose name contains this text; can be given several times.
    #[arg(long, value_name = "TEXT")]
    file: Vec<String>,
    /// Show known failures, skips and what stock does not pass, too, each with its reason.
    #[arg(long)]
    reasons: bool,
    /// Run stock again, instead of remembering what it said.
    #[arg(long)]
    fresh: bool,
    /// Then run the engines' tests where wrong accesses to memory show: tools/soundness.py, with AddressSanitizer or valgrind.
    #[arg(long)]
    soundness: bool,
}

/// Runs the suites that were asked for.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let folder = std::env::var_os("CHECKER_CONFORMANCE").map_or_else(
        || workspace.root.join(plan::FOLDER),
        std::path::PathBuf::from,
    );
    let folder = std::path::absolute(folder)?;
    let mut suites = plan::choose(plan::read(&folder)?, &args.suite)?;
    if args.quick || !args.all && args.suite.is_empty() {
        suites.retain(|suite| suite.quick);
    }
    let chosen = choose::choose(&workspace, global.python.as_deref())?;
    let every = match &global.python {
        None if args.all => installed::installed(&workspace),
        _ => vec![chosen.clone()],
    };
    let compiler = Compiler::find(&workspace)?;
    interrupt::watch();
    let mut results = Vec::new();
    for python in every {
        let is_chosen = python == chosen;
        let tools = Tools::new(workspace.clone(), python, compiler.clone());
        for suite in suites.iter().filter(|it| is_chosen || it.every_python) {
            results.push(conformance::run(
                &tools, suite, &folder, &args.file, args.fresh,
            )?);
        }
    }
    let as_known = results.iter().all(conformance::SuiteReport::is_as_known);
    if global.json {
        output::json(&report::document(&results))?;
    } else {
        output::result(&report::text(&results, args.reasons))?;
    }
    let sound = !args.soundness || is_sound(&Tools::new(workspace, chosen, compiler), args.all)?;
    Ok(if as_known && sound {
        exit::PASSED
    } else {
        exit::NOT_PASSED
    })
}

/// Runs the soundness tests, all of them or the quick ones. What they print is an account of progress, and no part of the result.
fn is_sound(tools: &Tools, all: bool) -> anyhow::Result<bool> {
    let venv = tools.venv()?;
    tools.engines()?;
    let script = tools.workspace.root.join("tools/soundness.py");
    let mut command = Command::new(&venv.python);
    command.arg(&script).args((!all).then_some("--quick"));
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    let status = command.status().with_context(|| {
        format!(
            "cannot start `{}`",
            tools.workspace.shown(&script).display()
        )
    })?;
    Ok(status.success())
}
