//! Transcripts: the readable record of what a solution's scenarios observed, kept as a snapshot.
//!
//! A transcript is a title and one block for each scenario. A block depends on its scenario and on the answers alone, not on
//! the variant that gave them, so the block of each variant can be held against the one accepted block.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::border::{Answer, Question};
use crate::lesson::{Manifest, Scenario};
use crate::value::{self, Value};
use crate::variant::Variant;
use crate::versions::Versions;

/// The stem of the snapshot that holds all evidence of a lesson.
pub const EVIDENCE: &str = "evidence";

/// Observations wider than this many columns are broken, one entry to a line.
const WIDTH: usize = 88;

/// What one scenario showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The function in `scenarios.py`.
    pub scenario: String,
    /// Its lines, the heading first, with a line end after each.
    pub text: String,
}

/// The block of a scenario, from the answers to its fixed cases. Hidden cases appear as a number.
pub fn block(scenario: &Scenario, cases: &[(Question, Answer)]) -> Block {
    let mut text = heading(scenario);
    for (question, answer) in cases {
        text.push_str(&call(question));
        text.push('\n');
        push_answer(&mut text, answer, 4);
    }
    if !scenario.hidden.is_empty() {
        text.push_str(&format!("and {} hidden cases\n", scenario.rounds));
    }
    Block {
        scenario: scenario.name.clone(),
        text,
    }
}

/// The block of an evidence scenario, from the answers in each variant that it names; equal answers are told once.
pub fn evidence_block(scenario: &Scenario, told: &[(Variant, Vec<(Question, Answer)>)]) -> Block {
    let mut text = heading(scenario);
    if !scenario.claims.is_empty() {
        text.push_str(&format!("claims: {}\n", scenario.claims.join(", ")));
    }
    let cases = told.iter().map(|(_, cases)| cases.len()).max().unwrap_or(0);
    for index in 0..cases {
        let mut groups: Vec<(&Answer, Vec<String>)> = Vec::new();
        for (variant, cases) in told {
            let Some((question, answer)) = cases.get(index) else {
                continue;
            };
            if groups.is_empty() {
                text.push_str(&call(question));
                text.push('\n');
            }
            match groups.iter_mut().find(|(other, _)| same(other, answer)) {
                Some((_, variants)) => variants.push(variant.to_string()),
                None => groups.push((answer, vec![variant.to_string()])),
            }
        }
        for (answer, variants) in groups {
            text.push_str(&format!("  {}\n", variants.join(", ")));
            push_answer(&mut text, answer, 4);
        }
    }
    Block {
        scenario: scenario.name.clone(),
        text,
    }
}

/// The transcript of a behaviour. Scenarios without a fresh block keep their accepted one, so that a run of a few
/// variants changes nothing that it did not look at; scenarios that the lesson no longer has disappear.
pub fn behaviour(
    manifest: &Manifest,
    name: &str,
    fresh: &[Block],
    accepted: Option<&str>,
) -> String {
    let variants: Vec<Variant> = Variant::all()
        .filter(|variant| manifest.behaviour_of(*variant) == name)
        .collect();
    let mut text = format!("# {}: {name}\n", manifest.id);
    let listed: Vec<String> = variants.iter().map(Variant::to_string).collect();
    text.push_str(&format!("variants: {}\n", listed.join(", ")));
    if let Some(behaviour) = manifest.behaviours.iter().find(|other| other.name == name) {
        text.push_str(&format!("why: {}\n", behaviour.why));
    }
    let scenarios = manifest.scenarios.iter().filter(|scenario| {
        let runs = |variant: &Variant| scenario.variants.iter().any(|p| p.matches(*variant));
        !scenario.evidence && variants.iter().any(runs)
    });
    push_blocks(&mut text, scenarios, fresh, accepted);
    text
}

/// The transcript of all evidence of a lesson, assembled as [`behaviour`] is.
pub fn evidence(manifest: &Manifest, fresh: &[Block], accepted: Option<&str>) -> String {
    let mut text = format!("# {}: {EVIDENCE}\n", manifest.id);
    let scenarios = manifest
        .scenarios
        .iter()
        .filter(|scenario| scenario.evidence);
    push_blocks(&mut text, scenarios, fresh, accepted);
    text
}

/// What some versions of Python observe instead: the blocks that differ from those of the `common` transcript, which the
/// other versions have; none if nothing does. Scenarios without a fresh block keep their accepted one.
pub fn of_versions(
    manifest: &Manifest,
    versions: &Versions,
    name: &str,
    fresh: &[Block],
    common: &str,
    accepted: Option<&str>,
) -> Option<String> {
    let mut blocks = String::new();
    for scenario in &manifest.scenarios {
        let block = match fresh.iter().find(|block| block.scenario == scenario.name) {
            Some(block) if agrees(common, block) => None,
            Some(block) => Some(block.text.trim_end()),
            None => accepted.and_then(|accepted| block_of(accepted, &scenario.name)),
        };
        if let Some(block) = block {
            blocks.push_str(&format!("\n{block}\n"));
        }
    }
    let Versions { versions, why, .. } = versions;
    let head = format!(
        "# {}: {name}\npython: {versions}\nwhy: {why}\n",
        manifest.id
    );
    (!blocks.is_empty()).then(|| head + &blocks)
}

/// The accepted block of a scenario within a transcript, heading included.
pub fn block_of<'a>(transcript: &'a str, scenario: &str) -> Option<&'a str> {
    let heading = format!("## {scenario}: ");
    let start = if transcript.starts_with(&heading) {
        0
    } else {
        transcript.find(&format!("\n{heading}"))? + 1
    };
    let rest = &transcript[start..];
    let end = rest[1..].find("\n## ").map_or(rest.len(), |end| end + 2);
    Some(rest[..end].trim_end())
}

/// Whether a variant's block says what the accepted transcript says for the same scenario.
pub fn agrees(transcript: &str, block: &Block) -> bool {
    block_of(transcript, &block.scenario) == Some(block.text.trim_end())
}

/// Replaces what differs from run to run or from machine to machine: the named folders, addresses, times and process ids.
pub fn normalise(text: &str, folders: &[(&Path, &str)]) -> String {
    let mut text = text.to_owned();
    for (folder, name) in folders {
        text = text.replace(&folder.display().to_string(), name);
    }
    for (pattern, name) in UNSTABLE.iter() {
        text = pattern.replace_all(&text, *name).into_owned();
    }
    text
}

/// Each unstable part by its own filter, so that a review shows which one was at work.
static UNSTABLE: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
    let pattern = |text: &str| Regex::new(text).expect("valid");
    [
        (pattern(r"\b0x[0-9a-fA-F]{9,16}\b"), "[ADDRESS]"),
        (
            pattern(r"\b[0-9]+(?:\.[0-9]+)? ?(?:ns|µs|us|ms|seconds|s)\b"),
            "[TIME]",
        ),
        (pattern(r"\b(?:pid|PID)[ =:]+[0-9]+\b"), "[PID]"),
    ]
});

fn heading(scenario: &Scenario) -> String {
    format!("## {}: {}\n", scenario.name, scenario.title)
}

fn push_blocks<'a>(
    text: &mut String,
    scenarios: impl Iterator<Item = &'a Scenario>,
    fresh: &[Block],
    accepted: Option<&str>,
) {
    for scenario in scenarios {
        let new = fresh.iter().find(|block| block.scenario == scenario.name);
        let block = match new {
            Some(block) => Some(block.text.trim_end()),
            None => accepted.and_then(|accepted| block_of(accepted, &scenario.name)),
        };
        if let Some(block) = block {
            text.push('\n');
            text.push_str(block);
            text.push('\n');
        }
    }
}

/// The question as a call, `adds(a=2, b=3)`.
pub fn call(question: &Question) -> String {
    let given = question.given.iter();
    let given: Vec<String> = given
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{}({})", question.scenario, given.join(", "))
}

fn push_answer(text: &mut String, answer: &Answer, indent: usize) {
    match answer {
        Answer::Observed(value) => push_value(text, value, indent, "", ""),
        Answer::Raised { class, .. } => {
            text.push_str(&format!("{:indent$}raises {class}\n", ""));
        }
        Answer::Unfinished => text.push_str(&format!("{:indent$}the process ended here\n", "")),
        Answer::NotAsked => text.push_str(&format!("{:indent$}not asked\n", "")),
    }
}

/// Answers that a transcript tells alike: messages and tracebacks of exceptions are not part of it.
fn same(one: &Answer, other: &Answer) -> bool {
    match (one, other) {
        (Answer::Raised { class: one, .. }, Answer::Raised { class: other, .. }) => one == other,
        _ => one == other,
    }
}

/// Writes a value between `before` and `after`: on one line if that fits, else one entry to a line as pprint would.
fn push_value(text: &mut String, value: &Value, indent: usize, before: &str, after: &str) {
    let line = format!("{:indent$}{before}{value}{after}\n", "");
    if line.chars().count() <= WIDTH + 1 || is_flat(value) {
        return text.push_str(&line);
    }
    let (open, close) = match value {
        Value::List(_) => ("[", "]"),
        Value::Tuple(_) => ("(", ")"),
        _ => ("{", "}"),
    };
    text.push_str(&format!("{:indent$}{before}{open}\n", ""));
    match value {
        Value::Dict(entries) => {
            for (key, value) in entries {
                let key = format!("{}: ", value::str_repr(key));
                push_value(text, value, indent + 4, &key, ",");
            }
        }
        Value::List(items) | Value::Tuple(items) => {
            for item in items {
                push_value(text, item, indent + 4, "", ",");
            }
        }
        _ => {}
    }
    text.push_str(&format!("{:indent$}{close}{after}\n", ""));
}

fn is_flat(value: &Value) -> bool {
    match value {
        Value::List(items) | Value::Tuple(items) => items.is_empty(),
        Value::Dict(entries) => entries.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        toml::from_str(
            r#"
format_version = 1
id = "lesson-1"
order = 1
title = "T"
section = "1"
minutes = 45
[clib]
name = "add"
[[scenario]]
name = "adds"
title = "adds two integers"
hidden = { a = "i32" }
[[scenario]]
name = "too_large"
title = "refuses what does not fit"
variants = ["abi/*"]
[[scenario]]
name = "links"
title = "what a module links"
variants = ["ext/*"]
claims = ["A7", "A16"]
evidence = true
[[behaviour]]
name = "ctypes"
variants = ["ctypes/*"]
why = "ctypes cuts"
"#,
        )
        .unwrap()
    }

    fn int(value: i64) -> Value {
        Value::Int(value.to_string())
    }

    fn asked(scenario: &str, given: &[(&str, i64)], answer: Answer) -> (Question, Answer) {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), int(*value)));
        let question = Question {
            scenario: scenario.to_owned(),
            given: given.collect(),
        };
        (question, answer)
    }

    fn raised(class: &str) -> Answer {
        Answer::Raised {
            class: class.to_owned(),
            message: "text".to_owned(),
            traceback: "frames".to_owned(),
        }
    }

    fn adds() -> Block {
        let cases = [
            asked("adds", &[("a", 2), ("b", 3)], Answer::Observed(int(5))),
            asked("adds", &[], raised("TypeError")),
        ];
        block(&manifest().scenarios[0], &cases)
    }

    #[test]
    fn a_block_reads_like_a_session() {
        assert_eq!(
            adds().text,
            "## adds: adds two integers\nadds(a=2, b=3)\n    5\nadds()\n    raises TypeError\nand 3 hidden cases\n"
        );
    }

    #[test]
    fn evidence_tells_equal_answers_once() {
        let told: Vec<_> = [("ext/stock", 1), ("ext/rust", 1), ("ctypes/stock", 2)]
            .into_iter()
            .map(|(name, value)| {
                let variant = Variant::all().find(|v| v.to_string() == name).unwrap();
                (
                    variant,
                    vec![asked("links", &[], Answer::Observed(int(value)))],
                )
            })
            .collect();
        assert_eq!(
            evidence_block(&manifest().scenarios[2], &told).text,
            "## links: what a module links\nclaims: A7, A16\nlinks()\n  ext/stock, ext/rust\n    1\n  ctypes/stock\n    2\n"
        );
    }

    #[test]
    fn a_behaviour_names_its_variants_and_why_it_differs() {
        let text = behaviour(&manifest(), "ctypes", &[adds()], None);
        let head = "# lesson-1: ctypes\nvariants: ctypes/stock, ctypes/rust\nwhy: ctypes cuts\n\n## adds: ";
        assert!(text.starts_with(head), "{text}");
        let common = behaviour(&manifest(), "common", &[adds()], None);
        assert!(
            common.contains("variants: abi/stock, abi/rust, api/stock"),
            "{common}"
        );
        assert!(!common.contains("why:"), "{common}");
    }

    #[test]
    fn what_was_not_looked_at_keeps_its_accepted_block() {
        let manifest = manifest();
        let large = Block {
            scenario: "too_large".to_owned(),
            text: "## too_large: refuses what does not fit\ntoo_large()\n    1\n".to_owned(),
        };
        let whole = behaviour(&manifest, "common", &[adds(), large.clone()], None);
        assert_eq!(
            behaviour(
                &manifest,
                "common",
                std::slice::from_ref(&large),
                Some(&whole)
            ),
            whole
        );
        assert_eq!(behaviour(&manifest, "common", &[], Some(&whole)), whole);
        let with_old = format!("{whole}\n## gone: no longer there\ngone()\n    1\n");
        assert_eq!(
            behaviour(&manifest, "common", &[adds()], Some(&with_old)),
            whole
        );
        assert!(agrees(&whole, &adds()) && agrees(&whole, &large));
        let other = Block {
            text: large.text.replace("    1", "    2"),
            ..large
        };
        assert!(!agrees(&whole, &other));
        assert_eq!(block_of(&whole, "too"), None);
    }

    #[test]
    fn versions_keep_only_what_differs() {
        let mut manifest = manifest();
        manifest.versions =
            vec![toml::from_str("name = \"old\"\nversions = \"<3.12\"\nwhy = \"W\"\n").unwrap()];
        let versions = &manifest.versions[0];
        let common = behaviour(&manifest, "common", &[adds()], None);
        let told = |block: Block, own: Option<&str>| {
            of_versions(&manifest, versions, "common@old", &[block], &common, own)
        };
        assert_eq!(told(adds(), None), None);
        let other = Block {
            text: adds().text.replace("    5", "    6"),
            ..adds()
        };
        let text = told(other, None).unwrap();
        let head = "# lesson-1: common@old\npython: <3.12\nwhy: W\n\n## adds: adds two integers\nadds(a=2, b=3)\n    6\n";
        assert!(text.starts_with(head), "{text}");
        assert_eq!(
            of_versions(&manifest, versions, "common@old", &[], &common, Some(&text)),
            Some(text.clone())
        );
        assert_eq!(told(adds(), Some(&text)), None);
    }

    #[test]
    fn wide_observations_are_broken_and_stay_unambiguous() {
        let row = |n: i64| Value::Tuple(vec![Value::Str("x".repeat(40)), int(n)]);
        let value = Value::Dict(vec![
            ("short".to_owned(), int(1)),
            ("rows".to_owned(), Value::List(vec![row(1), row(2)])),
        ]);
        let mut text = String::new();
        push_value(&mut text, &value, 4, "", "");
        let x = "x".repeat(40);
        assert_eq!(
            text,
            format!(
                "    {{\n        'short': 1,\n        'rows': [\n            ('{x}', 1),\n            ('{x}', 2),\n        ],\n    }}\n"
            )
        );
    }

    #[test]
    fn unstable_parts_are_replaced_and_small_numbers_stay() {
        let text =
            "<f at 0x7f12ab34cd56> in /tmp/work/add.so took 12.5 ms, pid=4711; 0xff, 5 steps, 3 s";
        assert_eq!(
            normalise(text, &[(Path::new("/tmp/work"), "[WORK]")]),
            "<f at [ADDRESS]> in [WORK]/add.so took [TIME], [PID]; 0xff, 5 steps, [TIME]"
        );
    }
}
