//! The report as a table for a terminal of a hundred columns.

use super::rows::{Gil, Row};
use super::{BASE, Report, Unit};
use crate::variant::{Backend, Bridge, Variant};

const TITLE: usize = 29;
const GIL: usize = 9;
const BASE_WIDTH: usize = 11;
const WIDTH: usize = 6;

/// Columns that the table takes; a narrower terminal would tear it.
pub const COLUMNS: usize = 100;

/// The report for a reader: the table, the bars, or one after the other.
pub fn text(report: &Report, table: bool, bars: Option<&str>) -> String {
    let mut text = format!("{}\n", head(report));
    if table {
        text += &figures(report);
    }
    for (row, why) in &report.skipped {
        text += &format!("{:TITLE$} skipped: {why}\n", row.title);
    }
    if let Some(bars) = bars {
        text += &format!("\n{bars}");
    }
    text += &failures(report);
    text += &outcomes(report);
    text += &slower(report);
    text
}

fn figures(report: &Report) -> String {
    let mut text = heading();
    let mut title = "";
    for (row, gil) in lines(report) {
        let shown = if row.title == title { "" } else { row.title };
        title = row.title;
        text += &line(report, row, gil, shown);
    }
    text
}

fn head(report: &Report) -> String {
    let unit = match report.unit {
        Unit::Nanoseconds => "nanoseconds of thread CPU time, the fewest of all rounds",
        Unit::Instructions => "instructions, counted with callgrind",
    };
    format!(
        "{}\nColumn base: {unit}; for a C METH_FASTCALL function that holds the GIL.\n\
         All other columns: ratios to it. A GIL of - means that no C function is called.\n",
        report.machine.lines()
    )
}

fn heading() -> String {
    let mut bridges = format!("{:1$}", "", TITLE + 1 + GIL + BASE_WIDTH);
    let mut backends = format!("{:TITLE$} {:GIL$}{:>BASE_WIDTH$}", "", "GIL", "base");
    for bridge in Bridge::ALL {
        bridges += &format!("  {:1$}", bridge.name(), 2 * WIDTH + 1);
        for backend in Backend::ALL {
            backends += &format!(" {:>WIDTH$}", backend.name());
        }
        backends += " ";
    }
    format!("{}\n{}\n", bridges.trim_end(), backends.trim_end())
}

/// The lines of the table: rows by what happens to the GIL.
pub(super) fn lines(report: &Report) -> Vec<(&'static Row, Option<Gil>)> {
    let mut lines: Vec<(&'static Row, Option<Gil>)> = Vec::new();
    for cell in &report.cells {
        let line = (cell.row, cell.gil);
        if !lines
            .iter()
            .any(|(row, gil)| (row.name, *gil) == (line.0.name, line.1))
        {
            lines.push(line);
        }
    }
    lines
}

fn line(report: &Report, row: &Row, gil: Option<Gil>, title: &str) -> String {
    let base = report
        .cell(row.name, BASE, gil.map(|_| Gil::Held))
        .map_or_else(String::new, |cell| {
            format!("{} {}", number(cell.value), report.unit.short())
        });
    let gil_name = gil.map_or("-", Gil::name);
    let mut line = format!("{title:TITLE$} {gil_name:GIL$}{base:>BASE_WIDTH$}");
    for bridge in Bridge::ALL {
        for backend in Backend::ALL {
            let cell = report.cell(row.name, Variant { bridge, backend }, gil);
            let shown = cell
                .and_then(|cell| cell.ratio)
                .map_or_else(|| "-".to_owned(), number);
            line += &format!(" {shown:>WIDTH$}");
        }
        line += " ";
    }
    line.trim_end().to_owned() + "\n"
}

/// Three figures at most, and no more than are worth reading.
pub fn number(value: f64) -> String {
    if value >= 99.95 {
        format!("{value:.0}")
    } else if value >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn failures(report: &Report) -> String {
    let mut text = String::new();
    for failed in &report.failures {
        let gil = failed.gil.map_or("", Gil::name);
        text += &format!(
            "\nfailed: {} through {} {gil}: {}\n",
            failed.row, failed.variant, failed.error
        );
    }
    text
}

fn outcomes(report: &Report) -> String {
    let outcomes = report.outcomes();
    if outcomes.is_empty() {
        return String::new();
    }
    let mut text = "\nGoals, set in instructions on CPython 3.11:\n".to_owned();
    for outcome in outcomes {
        let goal = outcome.goal;
        let versus = goal.versus.map_or("base".to_owned(), |it| it.to_string());
        text += &format!(
            "  {:15} {:9} {:12} {:4.2} of {versus:13} goal {:.2}  {}\n",
            goal.row,
            goal.gil.map_or("-", Gil::name),
            goal.of.to_string(),
            outcome.measured,
            goal.most,
            if outcome.met() { "reached" } else { "missed" },
        );
    }
    text
}

fn slower(report: &Report) -> String {
    let slower = report.slower();
    if slower.is_empty() {
        return "\nNothing is slower than stock.\n".to_owned();
    }
    let mut text = "\nSlower than stock:\n".to_owned();
    for (cell, factor) in slower {
        text += &format!(
            "  {:15} {:9} {:12} {factor:.2} of stock\n",
            cell.row.name,
            cell.gil.map_or("-", Gil::name),
            cell.variant.to_string(),
        );
    }
    text
}
