//! What the calls that a lesson names cost in its solutions.
//!
//! All variants run in one process, in turn. Every ratio is to one and the same call: `add`, a METH_FASTCALL function in C,
//! the cheapest way from Python to C. So 3.0 means "three such calls", whatever the row does.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde_json::{Value as Json, json};

use super::count;
use super::machine::Machine;
use super::parts::Parts;
use super::program::{self, Answer, Sizes};
use super::{Unit, Wanted, ratio};
use crate::build::tools::Tools;
use crate::judge::{self, work::Prepared};
use crate::lesson::{Bench, Lesson, Sources};
use crate::report;
use crate::value::Value;
use crate::variant::{Backend, Bridge, Variant};

/// How the program names the call that ratios are to.
const BASE: &str = "base";

/// Calls in a loop: timed, counted, or as few as a test needs.
const CALLS: [u32; 3] = [2000, 200, 10];

/// The figures of one lesson.
#[derive(Debug)]
pub struct Table {
    /// The machine.
    pub machine: Machine,
    /// What is measured.
    pub unit: Unit,
    /// One row for each call that the lesson names.
    pub rows: Vec<Row>,
}

/// One call through all variants.
#[derive(Debug)]
pub struct Row {
    /// The function of the bridge.
    pub function: String,
    /// What the call costs, by the name of the variant; and what the base costs.
    pub costs: BTreeMap<String, f64>,
}

impl Table {
    /// Builds the solutions of all variants and measures the lesson's calls.
    ///
    /// # Errors
    /// When a solution does not build or run: that is a fault of the lesson, not of a participant. When an engine is not
    /// optimised, and when valgrind is wanted and missing.
    pub fn measure(tools: &Tools, lesson: &Lesson, wanted: &Wanted) -> anyhow::Result<Table> {
        let valgrind = match wanted.unit {
            Unit::Instructions => Some(count::valgrind()?),
            Unit::Nanoseconds => None,
        };
        let parts = Parts::build(tools)?;
        let interpreter = &tools.venv()?.python;
        let machine = Machine::ask(tools, &parts, interpreter)?;
        machine.require_optimised()?;
        let prepared = judge::prepare_all(tools, lesson, &Sources::Solution)?;
        let calls = match (wanted.tiny, wanted.unit) {
            (true, _) => CALLS[2],
            (false, Unit::Instructions) => CALLS[1],
            (false, Unit::Nanoseconds) => CALLS[0],
        };
        let request = request(&parts, lesson, &prepared, wanted, calls)?;
        let program = program::measure(&parts);
        let _step = tools.progress.step("measuring");
        let costs = match valgrind {
            None => times(&answer(&program::run(interpreter, &program, &request)?)?),
            Some(valgrind) => {
                let scratch = tools.scratch()?;
                let folder = scratch.path();
                let said =
                    program::run_counted(&valgrind, interpreter, &program, &request, folder)?;
                let answer = answer(&said)?;
                let loops = count::loops(&count::between_marks(folder)?, answer.cells.len())?;
                counts(&answer, &loops, calls)
            }
        };
        Ok(Table {
            machine,
            unit: wanted.unit,
            rows: rows(lesson, costs),
        })
    }
}

fn request(
    parts: &Parts,
    lesson: &Lesson,
    prepared: &[(Variant, Prepared)],
    wanted: &Wanted,
    calls: u32,
) -> anyhow::Result<Json> {
    let variants: Vec<_> = prepared
        .iter()
        .map(|(variant, prepared)| {
            let job = prepared.job();
            json!({
                "name": variant,
                "folder": job.work_dir,
                "module": job.bridge_module,
                "replace": job.replace,
            })
        })
        .collect();
    let benches = &lesson.manifest.benches;
    let described: Vec<Json> = benches.iter().map(call).collect::<anyhow::Result<_>>()?;
    let rows: Vec<Json> = benches
        .iter()
        .map(|bench| json!({"name": bench.function, "calls": calls, "crosses": false}))
        .collect();
    Ok(json!({
        "do": match wanted.unit {
            Unit::Nanoseconds => "time",
            Unit::Instructions => "count",
        },
        "paths": parts.paths,
        "library": parts.library,
        "rows": rows,
        "sizes": Sizes::SMALL,
        "rounds": wanted.rounds,
        "lesson": {"variants": variants, "calls": described},
    }))
}

/// One call, its arguments as Python writes them.
fn call(bench: &Bench) -> anyhow::Result<Json> {
    let arguments: Vec<String> = bench
        .arguments
        .iter()
        .map(|argument| Ok(Value::from_toml(argument)?.to_string()))
        .collect::<Result<_, String>>()
        .map_err(|problem| anyhow::anyhow!("[[bench]] {}: {problem}", bench.function))?;
    Ok(json!({ "function": bench.function, "direct": bench.direct, "arguments": arguments }))
}

fn answer(said: &str) -> anyhow::Result<Answer> {
    let answer: Answer = serde_json::from_str(said).context("reading the figures")?;
    match answer.failures.first() {
        None => Ok(answer),
        Some(failed) => bail!(
            "{} through {}: {}",
            failed.row,
            failed.variant,
            failed.error
        ),
    }
}

/// A cost, with the row and the variant that it belongs to.
type Cost = (String, String, f64);

fn times(answer: &Answer) -> Vec<Cost> {
    let cells = answer.cells.iter();
    cells
        .map(|cell| {
            let spent = cell.value.unwrap_or_default();
            (cell.row.clone(), cell.variant.clone(), spent)
        })
        .collect()
}

fn counts(answer: &Answer, loops: &[count::Loop], calls: u32) -> Vec<Cost> {
    let mut empty = 0.0;
    let mut costs = Vec::new();
    for (cell, counted) in answer.cells.iter().zip(loops) {
        let per_call = counted.per_call(calls);
        if cell.variant.is_empty() {
            empty = per_call;
        } else {
            costs.push((cell.row.clone(), cell.variant.clone(), per_call - empty));
        }
    }
    costs
}

fn rows(lesson: &Lesson, costs: Vec<Cost>) -> Vec<Row> {
    let mut rows: Vec<Row> = lesson
        .manifest
        .benches
        .iter()
        .map(|bench| Row {
            function: bench.function.clone(),
            costs: BTreeMap::new(),
        })
        .collect();
    for (function, variant, cost) in costs {
        if let Some(row) = rows.iter_mut().find(|row| row.function == function) {
            row.costs.insert(variant, cost);
        }
    }
    rows
}

/// The table for a reader: costs, and the ratio to the cheapest call.
pub fn text(lesson: &Lesson, table: &Table) -> String {
    let what = match table.unit {
        Unit::Nanoseconds => "Fewest nanoseconds of CPU time per call",
        Unit::Instructions => "Instructions per call, counted with callgrind",
    };
    let mut text = format!(
        "{}: {}\n{}\n{what}; in brackets the ratio to add(2, 3) through a METH_FASTCALL function in C.\n\
         ctypes, abi and api release the GIL around each call; ext keeps it here.\n",
        lesson.manifest.id,
        lesson.manifest.title,
        table.machine.lines()
    );
    for row in &table.rows {
        text += &format!("\n{}\n", row.function);
        for bridge in Bridge::ALL {
            text += &format!("  {:8}", bridge.name());
            for backend in Backend::ALL {
                let cell = row.cell(Variant { bridge, backend });
                text += &format!("{:>6} {cell:20}", backend.name());
            }
            text = text.trim_end().to_owned() + "\n";
        }
    }
    text
}

impl Row {
    /// The cost of a variant, as a multiple of the cheapest call; none when that was too small to measure.
    pub fn ratio(&self, variant: Variant) -> Option<f64> {
        ratio(
            *self.costs.get(&variant.to_string())?,
            *self.costs.get(BASE)?,
        )
    }

    /// The cost of the cheapest call.
    pub fn base(&self) -> Option<f64> {
        self.costs.get(BASE).copied()
    }

    fn cell(&self, variant: Variant) -> String {
        match (self.costs.get(&variant.to_string()), self.ratio(variant)) {
            (Some(cost), Some(ratio)) => format!("{cost:8.1} ({ratio:.1})"),
            (Some(cost), None) => format!("{cost:8.1}"),
            (None, _) => "-".to_owned(),
        }
    }
}

/// The same table as data.
pub fn document(lesson: &Lesson, table: &Table) -> Json {
    json!({
        "schema_version": report::SCHEMA_VERSION,
        "lesson": lesson.manifest.id,
        "machine": table.machine,
        "unit": table.unit,
        "calls": table.rows.iter().map(|row| json!({
            "function": row.function,
            "base": row.costs.get(BASE),
            "values": row.costs.iter().filter(|(name, _)| *name != BASE).collect::<BTreeMap<_, _>>(),
            "ratios": Variant::all()
                .filter_map(|variant| Some((variant.to_string(), row.ratio(variant)?)))
                .collect::<BTreeMap<_, _>>(),
        })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(costs: &[(&str, f64)]) -> Row {
        Row {
            function: "add".to_owned(),
            costs: costs
                .iter()
                .map(|(name, cost)| ((*name).to_owned(), *cost))
                .collect(),
        }
    }

    const CTYPES: Variant = Variant {
        bridge: Bridge::Ctypes,
        backend: Backend::Stock,
    };

    #[test]
    fn a_ratio_is_to_the_cheapest_call() {
        let row = row(&[("base", 20.0), ("ext/stock", 50.0), ("ctypes/stock", 400.0)]);
        assert_eq!(row.ratio(CTYPES), Some(20.0));
        assert_eq!(row.cell(CTYPES).trim(), "400.0 (20.0)");
    }

    #[test]
    fn there_is_no_ratio_to_nothing() {
        let row = row(&[("base", 0.0), ("ctypes/stock", 400.0)]);
        assert_eq!(row.ratio(CTYPES), None);
        assert_eq!(row.cell(CTYPES).trim(), "400.0");
    }

    #[test]
    fn the_empty_loop_is_subtracted_from_the_rows_after_it() {
        let answer: Answer = serde_json::from_value(json!({
            "cells": [
                {"row": "add", "variant": "", "gil": null, "value": null},
                {"row": "add", "variant": "base", "gil": null, "value": null},
            ],
            "failures": [], "comparisons": 0,
        }))
        .unwrap();
        let counted = |short, long| count::Loop { short, long };
        let costs = counts(&answer, &[counted(10, 30), counted(10, 130)], 10);
        assert_eq!(costs, [("add".to_owned(), "base".to_owned(), 10.0)]);
    }
}
