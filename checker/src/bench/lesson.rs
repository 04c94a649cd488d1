//! What a call costs through each bridge and backend, measured on this machine.
//!
//! Time alone says little on a busy machine, so all variants take turns in one process and the result is a ratio to the
//! hand-written extension in C.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::json;

use crate::border::{self, Access, Ending, Job};
use crate::build::tools::Tools;
use crate::build::{captured_text, output_of};
use crate::judge::{self, work::Prepared};
use crate::lesson::{Bench, Lesson, Limits, Sources};
use crate::report;
use crate::value::Value;
use crate::variant::{Backend, Bridge, Variant};

/// The program that takes the times; it runs the solutions only.
const PROGRAM: &str = include_str!("lesson.py");

/// Every ratio is to this variant.
const BASE: Variant = Variant {
    bridge: Bridge::Ext,
    backend: Backend::Stock,
};

/// Measuring takes as long as the calls take.
const LIMITS: Limits = Limits {
    wall_seconds: 600,
    memory_mib: 2048,
    output_kib: 1024,
    processes: 64,
    ..Limits::DEFAULT
};

/// The figures of one lesson.
#[derive(Debug, Deserialize)]
pub struct Table {
    /// The version of Python.
    pub python: String,
    /// One row for each call that the lesson names.
    pub results: Vec<Row>,
}

/// One call through all variants.
#[derive(Debug, Deserialize)]
pub struct Row {
    /// The function of the bridge.
    pub function: String,
    /// Nanoseconds of thread CPU time per call, by the name of the variant.
    pub nanoseconds: BTreeMap<String, f64>,
}

impl Table {
    /// Builds the solutions of all variants and times the lesson's calls.
    ///
    /// # Errors
    /// When a solution does not build or run: that is a fault of the lesson, not of a participant.
    pub fn measure(
        tools: &Tools,
        lesson: &Lesson,
        wanted: &super::Wanted,
    ) -> anyhow::Result<Table> {
        let prepared = judge::prepare_all(tools, lesson, &Sources::Solution)?;
        let (_, base) = prepared
            .iter()
            .find(|(variant, _)| *variant == BASE)
            .context("the extension in C is among the variants")?;
        let job = Job {
            program: tools.venv()?.python.clone(),
            args: vec![
                "-I".into(),
                "-c".into(),
                PROGRAM.into(),
                request(lesson, &prepared, wanted.rounds)?
                    .to_string()
                    .into(),
            ],
            env: Vec::new(),
            cwd: base.job().work_dir.clone(),
            limits: LIMITS,
            access: Access {
                trusted: true,
                ..Access::default()
            },
        };
        let _step = tools.progress.step("measuring");
        let ended = border::run(&job)?;
        if ended.ending != Ending::Exited(0) {
            bail!(
                "measuring ended early ({:?})\n{}",
                ended.ending,
                output_of(&ended)
            );
        }
        serde_json::from_str(&captured_text(&ended.stdout)).context("reading the figures")
    }
}

fn request(
    lesson: &Lesson,
    prepared: &[(Variant, Prepared)],
    rounds: u32,
) -> anyhow::Result<serde_json::Value> {
    let variants: Vec<_> = prepared
        .iter()
        .map(|(variant, prepared)| {
            let job = prepared.job();
            json!({
                "name": variant.to_string(),
                "folder": job.work_dir,
                "module": job.bridge_module,
                "replace": job.replace,
            })
        })
        .collect();
    let calls: Vec<serde_json::Value> = lesson
        .manifest
        .benches
        .iter()
        .map(call)
        .collect::<anyhow::Result<_>>()?;
    Ok(json!({ "variants": variants, "calls": calls, "rounds": rounds }))
}

/// One call, its arguments as Python writes them.
fn call(bench: &Bench) -> anyhow::Result<serde_json::Value> {
    let arguments: Vec<String> = bench
        .arguments
        .iter()
        .map(|argument| Ok(Value::from_toml(argument)?.to_string()))
        .collect::<Result<_, String>>()
        .map_err(|problem| anyhow::anyhow!("[[bench]] {}: {problem}", bench.function))?;
    Ok(json!({ "function": bench.function, "direct": bench.direct, "arguments": arguments }))
}

/// The table for a reader: nanoseconds, and the ratio to the extension in C.
pub fn text(lesson: &Lesson, table: &Table) -> String {
    let mut text = format!(
        "{}: {} (CPython {})\n\
         Fewest nanoseconds of CPU time per call; in brackets the ratio to {BASE}.\n\
         ctypes, abi and api release the GIL around each call; ext keeps it here.\n",
        lesson.manifest.id, lesson.manifest.title, table.python
    );
    for row in &table.results {
        text += &format!("\n{}\n", row.function);
        for bridge in Bridge::ALL {
            text += &format!("  {:8}", bridge.name());
            for backend in Backend::ALL {
                let cell = cell(row, Variant { bridge, backend });
                text += &format!("{:>6} {cell:20}", backend.name());
            }
            text = text.trim_end().to_owned() + "\n";
        }
    }
    text
}

fn cell(row: &Row, variant: Variant) -> String {
    match (
        row.nanoseconds.get(&variant.to_string()),
        row.ratio(variant),
    ) {
        (Some(spent), Some(ratio)) => format!("{spent:8.1} ({ratio:.1})"),
        (Some(spent), None) => format!("{spent:8.1}"),
        (None, _) => "-".to_owned(),
    }
}

impl Row {
    /// The cost of a variant, as a multiple of the cost of the extension in C; none when that was too small to measure.
    pub fn ratio(&self, variant: Variant) -> Option<f64> {
        let base = *self.nanoseconds.get(&BASE.to_string())?;
        let spent = *self.nanoseconds.get(&variant.to_string())?;
        (base > 0.0).then(|| spent / base)
    }
}

/// The same table as data.
pub fn document(lesson: &Lesson, table: &Table) -> serde_json::Value {
    json!({
        "schema_version": report::SCHEMA_VERSION,
        "lesson": lesson.manifest.id,
        "python": table.python,
        "base": BASE,
        "calls": table.results.iter().map(|row| json!({
            "function": row.function,
            "nanoseconds": row.nanoseconds,
            "ratios": Variant::all()
                .filter_map(|variant| Some((variant.to_string(), row.ratio(variant)?)))
                .collect::<BTreeMap<_, _>>(),
        })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(figures: &[(&str, f64)]) -> Row {
        Row {
            function: "add".to_owned(),
            nanoseconds: figures
                .iter()
                .map(|(name, spent)| ((*name).to_owned(), *spent))
                .collect(),
        }
    }

    const CTYPES: Variant = Variant {
        bridge: Bridge::Ctypes,
        backend: Backend::Stock,
    };

    #[test]
    fn a_ratio_is_to_the_extension_in_c() {
        let row = row(&[("ext/stock", 20.0), ("ctypes/stock", 400.0)]);
        assert_eq!(row.ratio(CTYPES), Some(20.0));
        assert_eq!(cell(&row, CTYPES).trim(), "400.0 (20.0)");
    }

    #[test]
    fn there_is_no_ratio_to_nothing() {
        let row = row(&[("ext/stock", 0.0), ("ctypes/stock", 400.0)]);
        assert_eq!(row.ratio(CTYPES), None);
        assert_eq!(cell(&row, CTYPES).trim(), "400.0");
    }
}
