//! `checker bench`.

use crate::bench::{self, Table};
use crate::build::compiler::Compiler;
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::python::choose;
use crate::workspace::Workspace;
use crate::{catalogue, exit, output};

/// Measure what a call costs through each bridge and backend, as ratios to the extension in C.
///
/// All variants run in one process, in turn; each figure is the fewest nanoseconds of thread CPU time per call. The
/// solutions of the lesson are measured, never the exercises.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The lesson, for example lesson-7.5.
    #[arg(default_value = "lesson-7.5")]
    lesson: String,
    /// How often each call is timed; the fewest nanoseconds count.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
}

/// Measures the calls that the lesson names.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let lesson = catalogue::find(&workspace, &args.lesson)?;
    if lesson.manifest.benches.is_empty() {
        return Err(ExpectedError::NothingToMeasure {
            lesson: lesson.manifest.id.0,
        }
        .into());
    }
    let python = choose::choose(&workspace, global.python.as_deref())?;
    let compiler = Compiler::find(&workspace)?;
    let tools = Tools::new(workspace, python, compiler);
    let table = Table::measure(&tools, &lesson, args.rounds)?;
    if global.json {
        output::json(&bench::document(&lesson, &table))?;
    } else {
        output::result(&bench::text(&lesson, &table))?;
    }
    Ok(exit::PASSED)
}
