//! The results as a table for people and as data for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Numbers, SuiteReport};
use crate::report::SCHEMA_VERSION;

const HEADINGS: [&str; 9] = [
    "suite", "Python", "passed", "of", "share", "known", "new", "skipped", "n/a",
];

/// The table, and below it whatever somebody has to look at.
pub fn text(results: &[SuiteReport], all_reasons: bool) -> String {
    let rows: Vec<Vec<String>> = results.iter().map(row).collect();
    let mut text = table(&rows);
    text += "\n`of` counts the tests that stock passes; skipped and n/a are skipped or not passed by stock too.\n";
    for result in results {
        text += &remarks(result, all_reasons);
    }
    text
}

fn row(result: &SuiteReport) -> Vec<String> {
    let mut row = vec![result.suite.clone(), result.python.version_text()];
    match &result.outcome {
        Err(_) => row.push("not applicable".to_owned()),
        Ok(numbers) => {
            let known = known(numbers);
            let new = numbers.failures.len() - known;
            row.push(numbers.passed.to_string());
            row.push(numbers.wanted().to_string());
            row.push(share(numbers));
            for count in [
                known,
                new,
                numbers.skipped.len(),
                numbers.not_applicable.len(),
            ] {
                row.push(count.to_string());
            }
        }
    }
    row
}

fn known(numbers: &Numbers) -> usize {
    numbers
        .failures
        .iter()
        .filter(|failed| failed.cause.is_some())
        .count()
}

/// Never rounded up to all.
fn share(numbers: &Numbers) -> String {
    if numbers.wanted() == 0 {
        return "-".to_owned();
    }
    let tenths = numbers.passed * 1000 / numbers.wanted();
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn table(rows: &[Vec<String>]) -> String {
    let headings: Vec<String> = HEADINGS.map(str::to_owned).into();
    let lines: Vec<&Vec<String>> = std::iter::once(&headings).chain(rows).collect();
    let width = |column: usize| {
        let cells = lines.iter().filter(|line| line.len() > 3 || column < 2);
        cells
            .filter_map(|line| line.get(column))
            .map(String::len)
            .max()
            .unwrap_or(0)
    };
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .enumerate()
            .map(|(column, cell)| match column {
                0 | 1 => format!("{cell:<0$}", width(column)),
                _ => format!("{cell:>0$}", width(column)),
            })
            .collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

fn remarks(result: &SuiteReport, all_reasons: bool) -> String {
    let title = format!(
        "\n{} on Python {}",
        result.suite,
        result.python.version_text()
    );
    let mut lines = Vec::new();
    match &result.outcome {
        Err(reason) => lines.push(format!("not applicable: {reason}")),
        Ok(numbers) => {
            lines.extend(numbers.stale.iter().map(|line| format!("list: {line}")));
            lines.extend(new_failures(numbers));
            if all_reasons {
                lines.extend(known_failures(numbers));
            }
            if all_reasons {
                lines.extend(grouped("skipped", &numbers.skipped));
                lines.extend(grouped("not applicable", &numbers.not_applicable));
            }
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    format!("{title}\n  {}\n", lines.join("\n  "))
}

/// Each reason once, with the tests that fail for it.
fn new_failures(numbers: &Numbers) -> Vec<String> {
    let mut tests: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for failed in numbers.failures.iter().filter(|it| it.cause.is_none()) {
        tests.entry(&failed.reason).or_default().push(&failed.test);
    }
    let list = |(reason, tests): (&str, Vec<&str>)| {
        format!("new failure: {reason}\n    {}", tests.join("\n    "))
    };
    tests.into_iter().map(list).collect()
}

fn known_failures(numbers: &Numbers) -> Vec<String> {
    let known = numbers.failures.iter().filter_map(|failed| {
        let cause = failed.cause.as_ref()?;
        Some(format!(
            "known failure: {}\n    {}\n    cause: {cause}",
            failed.test, failed.reason
        ))
    });
    known.collect()
}

fn grouped(what: &str, tests: &[(String, String)]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, reason) in tests {
        *counts.entry(reason).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(reason, count)| format!("{what}: {count} x {reason}"))
        .collect()
}

/// The document that `--json` prints.
pub fn document(results: &[SuiteReport]) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "as_known": results.iter().all(SuiteReport::is_as_known),
        "suites": results.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn entry(result: &SuiteReport) -> Value {
    let mut entry = json!({
        "suite": result.suite,
        "title": result.title,
        "python": result.python.version_text(),
        "executable": result.python.executable,
        "as_known": result.is_as_known(),
    });
    match &result.outcome {
        Err(reason) => entry["not_applicable"] = json!(reason),
        Ok(numbers) => {
            let failed = numbers.failures.len();
            let skipped = numbers.skipped.len();
            entry["engine"] =
                json!({ "passed": numbers.passed, "failed": failed, "skipped": skipped });
            entry["stock"] = json!({
                "passed": numbers.wanted(),
                "failed": numbers.not_applicable.len(),
                "skipped": skipped,
            });
            entry["failures"] = json!(failures(numbers));
            entry["skipped"] = json!(reasons(&numbers.skipped));
            entry["not_passed_by_stock"] = json!(reasons(&numbers.not_applicable));
            entry["stale"] = json!(numbers.stale);
        }
    }
    entry
}

fn failures(numbers: &Numbers) -> Vec<Value> {
    numbers
        .failures
        .iter()
        .map(
            |failed| json!({ "test": failed.test, "reason": failed.reason, "cause": failed.cause }),
        )
        .collect()
}

fn reasons(tests: &[(String, String)]) -> Vec<Value> {
    tests
        .iter()
        .map(|(test, reason)| json!({ "test": test, "reason": reason }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_up_to_all() {
        let mut numbers = Numbers {
            passed: 1999,
            ..Numbers::default()
        };
        assert_eq!(share(&numbers), "100.0 %");
        numbers.failures = vec![super::super::Failed {
            test: "t".into(),
            reason: "boom".into(),
            cause: None,
        }];
        assert_eq!(share(&numbers), "99.9 %");
        assert_eq!(share(&Numbers::default()), "-");
    }
}
