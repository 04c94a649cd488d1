//! The report as a chart: bars on a logarithmic scale, readable on a light and on a dark page.

use super::table::number;
use super::{Cell, Report, Unit};
use crate::report::xml::{escaped, text};

const WIDTH: f64 = 900.0;
/// Where the bars begin; labels and names stand left of it.
const LEFT: f64 = 330.0;
const RIGHT: f64 = 60.0;
const BAR: f64 = 11.0;
const GAP: f64 = 14.0;
const TOP: f64 = 80.0;

/// Stock is pale, rust is full, and both are named beside their bar: nothing is said by colour alone.
const STYLE: &str = "\
text { font: 11px system-ui, sans-serif; fill: #1f2328 }
.end { text-anchor: end } .middle { text-anchor: middle }
.title { font-size: 15px; font-weight: 600 }
.small { font-size: 10px; fill: #59636e }
.line { stroke: #d1d9e0 }
.one { stroke: #59636e; stroke-dasharray: 3 3 }
.page { fill: #ffffff }
.ctypes { fill: #0969da } .abi { fill: #1a7f37 } .api { fill: #9a6700 } .ext { fill: #8250df }
.stock { fill-opacity: 0.45 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .small { fill: #9198a1 }
  .line { stroke: #3d444d }
  .one { stroke: #9198a1 }
  .page { fill: #0d1117 }
  .ctypes { fill: #4493f8 } .abi { fill: #3fb950 } .api { fill: #d29922 } .ext { fill: #ab7df8 }
}";

/// One line of the table: a bar for each variant.
struct Group<'a> {
    label: String,
    cells: Vec<(&'a Cell, f64)>,
}

/// The chart of a report.
pub fn chart(report: &Report) -> String {
    let groups = groups(report);
    let bars: usize = groups.iter().map(|group| group.cells.len()).sum();
    let height = TOP + bars as f64 * BAR + groups.len() as f64 * GAP + 10.0;
    let scale = Scale::of(&groups);
    let unit = match report.unit {
        Unit::Nanoseconds => "CPU time",
        Unit::Instructions => "instructions",
    };
    let title = format!("What a call costs: {unit} as a multiple of a C METH_FASTCALL function");
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{}</title>\n<style>\n{STYLE}\n</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n",
        escaped(&title)
    );
    svg += &text("title", 16.0, 26.0, &title);
    for (index, line) in report.machine.lines().lines().take(2).enumerate() {
        svg += &text("small", 16.0, 42.0 + 13.0 * index as f64, line);
    }
    svg += &axis(scale, height);
    let mut y = TOP;
    for group in &groups {
        svg += &text("end", LEFT - 74.0, y + BAR - 2.0, &group.label);
        for (cell, ratio) in &group.cells {
            svg += &bar(scale, cell, *ratio, y);
            y += BAR;
        }
        y += GAP;
    }
    svg + "</svg>\n"
}

/// The cells of each row and way with the GIL; a cell without a ratio has no bar.
fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for cell in &report.cells {
        let Some(ratio) = cell.ratio.filter(|ratio| *ratio > 0.0) else {
            continue;
        };
        let label = match cell.gil {
            Some(gil) => format!("{}, {}", cell.row.title, gil.name()),
            None => cell.row.title.to_owned(),
        };
        match groups.iter_mut().find(|group| group.label == label) {
            Some(group) => group.cells.push((cell, ratio)),
            None => groups.push(Group {
                label,
                cells: vec![(cell, ratio)],
            }),
        }
    }
    groups
}

/// From a ratio to a place, in powers of ten.
#[derive(Clone, Copy)]
struct Scale {
    lowest: i32,
    highest: i32,
}

impl Scale {
    fn of(groups: &[Group<'_>]) -> Scale {
        let ratios = || {
            groups
                .iter()
                .flat_map(|group| &group.cells)
                .map(|(_, ratio)| ratio.log10())
        };
        Scale {
            lowest: ratios().fold(-0.5, f64::min).floor() as i32,
            highest: ratios().fold(0.5, f64::max).ceil() as i32,
        }
    }

    fn x(self, ratio: f64) -> f64 {
        let share =
            (ratio.log10() - f64::from(self.lowest)) / f64::from(self.highest - self.lowest);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }
}

fn axis(scale: Scale, height: f64) -> String {
    (scale.lowest..=scale.highest)
        .map(|power| {
            let ratio = 10f64.powi(power);
            let (x, class) = (scale.x(ratio), if power == 0 { "one" } else { "line" });
            format!(
                "<line class=\"{class}\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>\n",
                TOP - 6.0,
                height - 10.0
            ) + &text("small middle", x, TOP - 10.0, &format!("{ratio}"))
        })
        .collect()
}

fn bar(scale: Scale, cell: &Cell, ratio: f64, y: f64) -> String {
    let (from, to) = (
        scale.x(1.0).min(scale.x(ratio)),
        scale.x(1.0).max(scale.x(ratio)),
    );
    let variant = cell.variant.to_string();
    let shape = format!(
        "<rect class=\"{} {}\" x=\"{from:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\n",
        cell.variant.bridge.name(),
        cell.variant.backend.name(),
        (to - from).max(1.0),
        BAR - 2.0
    );
    let name = text("small end", LEFT - 6.0, y + BAR - 3.0, &variant);
    let figure = text("small", to + 4.0, y + BAR - 3.0, &number(ratio));
    shape + &name + &figure
}
