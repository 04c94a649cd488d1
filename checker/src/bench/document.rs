//! The report as data.

use serde_json::{Value, json};

use super::rows::ROWS;
use super::{BASE, Report};
use crate::report;

/// The report for `--json`; docs/checker.md tells what programs may rely on.
pub fn document(report: &Report) -> Value {
    json!({
        "schema_version": report::SCHEMA_VERSION,
        "machine": report.machine,
        "unit": report.unit,
        "base": BASE,
        "rows": ROWS.iter().filter_map(|row| {
            let cells: Vec<Value> = report.cells.iter().filter(|cell| cell.row.name == row.name).map(|cell| json!({
                "variant": cell.variant,
                "gil": cell.gil,
                "value": cell.value,
                "ratio": cell.ratio,
            })).collect();
            let skipped = report.skipped.iter().find(|(skipped, _)| skipped.name == row.name).map(|(_, why)| why);
            (skipped.is_some() || !cells.is_empty()).then(|| json!({
                "name": row.name,
                "title": row.title,
                "how": row.how,
                "cells": cells,
                "skipped": skipped,
            }))
        }).collect::<Vec<_>>(),
        "failures": report.failures,
        "goals": report.outcomes().iter().map(|outcome| json!({
            "row": outcome.goal.row,
            "gil": outcome.goal.gil,
            "variant": outcome.goal.of,
            "versus": outcome.goal.versus.unwrap_or(BASE),
            "most": outcome.goal.most,
            "measured": outcome.measured,
            "met": outcome.met(),
        })).collect::<Vec<_>>(),
        "slower": report.slower().iter().map(|(cell, factor)| json!({
            "row": cell.row.name,
            "gil": cell.gil,
            "variant": cell.variant,
            "factor": factor,
        })).collect::<Vec<_>>(),
    })
}
