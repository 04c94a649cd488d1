//! `checker bench`.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;

use crate::bench::bars::{self, Group, Ink};
use crate::bench::lesson::Table;
use crate::bench::{self, Report, Unit, Wanted};
use crate::build::compiler::Compiler;
use crate::build::store::write_atomically;
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::inspect::page::{self, Page};
use crate::lesson::Lesson;
use crate::message;
use crate::python::choose;
use crate::workspace::Workspace;
use crate::{catalogue, exit, interrupt, output};

/// Measure what a call costs through each bridge and backend, as ratios to a METH_FASTCALL function in C.
///
/// Without a lesson: one table of operations, stock and ours side by side in one process, with the GIL released and
/// held. With a lesson: the calls that it names, in its solutions.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson, for example lesson-7.5.
    #[arg(conflicts_with_all = ["only", "svg"])]
    lesson: Option<String>,
    /// Count instructions with valgrind instead of taking times.
    #[arg(long)]
    instructions: bool,
    /// Measure these rows only, for example add,sort.
    #[arg(long, value_name = "ROWS", value_delimiter = ',', value_parser = PossibleValuesParser::new(bench::row_names()))]
    only: Vec<String>,
    /// How often each cell is timed; the fewest nanoseconds count.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Also write a chart to this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Draw bars behind the table too; a terminal that is too narrow for the table gets bars instead.
    #[arg(long, conflicts_with = "lesson")]
    bars: bool,
    /// Do as little as possible: the figures mean nothing.
    #[arg(long, hide = true)]
    tiny: bool,
}

/// Measures the table, or the calls that a lesson names.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let lesson = match &args.lesson {
        Some(name) => Some(measurable(&workspace, name)?),
        None => None,
    };
    let python = choose::choose(&workspace, global.python.as_deref())?;
    let compiler = Compiler::find(&workspace)?;
    interrupt::watch();
    let tools = Tools::new(workspace, python, compiler);
    let wanted = Wanted {
        only: args.only.clone(),
        unit: match args.instructions {
            true => Unit::Instructions,
            false => Unit::Nanoseconds,
        },
        rounds: args.rounds,
        tiny: args.tiny,
    };
    match lesson {
        Some(lesson) => of_lesson(&tools, &lesson, &wanted, global),
        None => of_table(&tools, &wanted, args, global),
    }
}

fn measurable(workspace: &Workspace, name: &str) -> anyhow::Result<Lesson> {
    let lesson = catalogue::find(workspace, name)?;
    if lesson.manifest.benches.is_empty() {
        return Err(ExpectedError::NothingToMeasure {
            lesson: lesson.manifest.id.0,
        }
        .into());
    }
    Ok(lesson)
}

fn of_lesson(
    tools: &Tools,
    lesson: &Lesson,
    wanted: &Wanted,
    global: &Global,
) -> anyhow::Result<u8> {
    let table = Table::measure(tools, lesson, wanted)?;
    if global.json {
        output::json(&bench::lesson::document(lesson, &table))?;
    } else {
        let page = Page::for_output();
        let bars = bars::draw(&Group::of_lesson(&table), page.width(), Ink::for_output());
        output::result(&format!("{}\n{bars}", bench::lesson::text(lesson, &table)))?;
    }
    Ok(exit::PASSED)
}

fn of_table(tools: &Tools, wanted: &Wanted, args: &Args, global: &Global) -> anyhow::Result<u8> {
    let report = Report::measure(tools, wanted)?;
    if let Some(file) = &args.svg {
        write(file, &bench::chart(&report))?;
    }
    if global.json {
        output::json(&bench::document(&report))?;
    } else {
        output::result(&text(&report, args.bars))?;
    }
    Ok(match report.failures.is_empty() {
        true => exit::PASSED,
        false => exit::NOT_PASSED,
    })
}

/// The report as standard output can show it.
fn text(report: &Report, bars: bool) -> String {
    let columns = page::columns_of_terminal();
    let narrow = columns.is_some_and(|it| it < bench::TABLE_COLUMNS);
    let drawn = (bars || narrow).then(|| {
        let width = Page::for_output().width();
        bars::draw(&Group::of_report(report), width, Ink::for_output())
    });
    bench::text(report, !narrow, drawn.as_deref())
}

fn write(file: &Path, chart: &str) -> Result<(), ExpectedError> {
    write_atomically(file, chart.as_bytes()).map_err(|error| ExpectedError::UnusableFile {
        path: file.to_owned(),
        problem: error.to_string().into(),
        next: message!("error-svg-next"),
    })
}
