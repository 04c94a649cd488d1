//! The matrix of a lesson: bridges down, backends across.

use anstyle::{AnsiColor, Style};

use crate::judge::report::{LessonReport, VariantReport};
use crate::output;
use crate::variant::{Backend, Bridge};
use crate::verdict::Verdict;

/// Lines of the matrix, with a line end after each. A variant that was not asked for shows as `-`. Plain output has a line for
/// each variant instead, since a table is hard to follow by ear.
pub fn matrix(report: &LessonReport) -> String {
    if output::is_plain() {
        let lines = report.variants.iter();
        return lines
            .map(|it| format!("{}: {}\n", it.variant, cell(Some(it))))
            .collect();
    }
    let cells: Vec<(Bridge, Vec<String>, Vec<Style>)> = Bridge::ALL
        .into_iter()
        .filter(|bridge| {
            report
                .variants
                .iter()
                .any(|it| it.variant.bridge == *bridge)
        })
        .map(|bridge| {
            let of = |backend: Backend| {
                report
                    .variants
                    .iter()
                    .find(|it| it.variant.bridge == bridge && it.variant.backend == backend)
            };
            let found = Backend::ALL.map(of);
            (bridge, found.map(cell).to_vec(), found.map(style).to_vec())
        })
        .collect();
    let widths: Vec<usize> = (0..Backend::ALL.len())
        .map(|column| {
            cells
                .iter()
                .map(|(_, texts, _)| texts[column].chars().count())
                .max()
                .unwrap_or(0)
                .max(5)
        })
        .collect();
    let mut text = format!("{:8}", "");
    for (backend, width) in Backend::ALL.into_iter().zip(&widths) {
        text += &format!("{:<width$}  ", backend.name());
    }
    text = text.trim_end().to_owned() + "\n";
    for (bridge, texts, styles) in cells {
        let mut line = format!("{:8}", bridge.name());
        for ((cell, style), width) in texts.iter().zip(styles).zip(&widths) {
            let padding = " ".repeat(width - cell.chars().count());
            line += &format!("{style}{cell}{style:#}{padding}  ");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn cell(found: Option<&VariantReport>) -> String {
    let Some(report) = found else {
        return "-".to_owned();
    };
    let word = match &report.verdict {
        // Reasons have lines of their own below the matrix.
        Verdict::Skipped(_) | Verdict::GraderFault(_) => report.verdict.name().to_owned(),
        verdict => verdict.to_string(),
    };
    match report.possible {
        0 => word,
        possible => format!("{word} {}/{possible}", report.points),
    }
}

fn style(found: Option<&VariantReport>) -> Style {
    let colour = match found.map(|report| &report.verdict) {
        Some(Verdict::Passed) => AnsiColor::Green,
        Some(Verdict::Skipped(_) | Verdict::GraderFault(_)) => AnsiColor::Yellow,
        Some(_) => AnsiColor::Red,
        None => return Style::new(),
    };
    Style::new().fg_color(Some(colour.into()))
}
