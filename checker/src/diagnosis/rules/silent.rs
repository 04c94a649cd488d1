//! What shows only in a wrong value, or in what is left at the end.

use std::sync::LazyLock;

use regex::Regex;

use super::super::evidence::Source;
use super::super::stack::Line;
use super::super::{Class, Finding, Rung};
use super::{FREED, FRESH, Facts};
use crate::inspect::compare::Sort;
use crate::message;
use crate::value::Value;

/// Memory that was never written, or was freed, shows as the byte that the second run fills it with.
pub(super) fn from_fill(facts: &Facts) -> Option<Finding> {
    let second = facts.evidence.second.as_ref()?;
    let (before, after) = (
        facts.evidence.first.observed.as_ref(),
        second.observed.as_ref()?,
    );
    if before == Some(after) {
        return None;
    }
    let holds = |bytes: &[u8]| bytes.iter().any(|byte| filled(after, *byte));
    let words =
        |memory: &str| message!("found-filled", memory = memory, answer = after.to_string(),);
    if holds(&FREED) {
        let class = if facts.evidence.bridge_holds("free(") {
            Class::UseAfterFree
        } else {
            Class::DanglingBuffer
        };
        return Some(Finding::new(class, Rung::Sanitizer, words("freed")));
    }
    holds(&FRESH).then(|| Finding::new(Class::Uninitialised, Rung::Sanitizer, words("fresh")))
}

/// Whether a value holds a number or text that is made of one byte.
fn filled(value: &Value, byte: u8) -> bool {
    match value {
        Value::Int(digits) => {
            let Ok(number) = digits.parse::<i128>() else {
                return false;
            };
            [4, 8].iter().any(|length| {
                let pattern = (0..*length).fold(0_i128, |sum, _| (sum << 8) | i128::from(byte));
                let negative = pattern - (1_i128 << (8 * length));
                number == pattern || number == negative
            })
        }
        Value::Bytes(bytes) => {
            bytes.len() >= 2 && bytes.iter().filter(|it| **it == byte).count() * 2 > bytes.len()
        }
        Value::Str(text) => {
            let as_char = |c: char| u32::from(c) == u32::from(byte) || c == '\u{fffd}';
            let length = text.chars().count();
            length >= 2 && text.chars().filter(|c| as_char(*c)).count() * 2 > length
        }
        Value::List(items) | Value::Tuple(items) => items.iter().any(|item| filled(item, byte)),
        _ => false,
    }
}

pub(super) fn from_leaks(facts: &Facts) -> Option<Finding> {
    let leak = facts
        .leaks
        .leaks
        .iter()
        .find_map(|leak| Some((leak, facts.own_c_line(&leak.stack)?)));
    if let Some((leak, place)) = leak {
        let words = message!("found-leak", bytes = leak.bytes, blocks = leak.blocks);
        return Some(Finding::new(Class::MemoryLeak, Rung::Sanitizer, words).in_c(Some(place)));
    }
    let run = facts.evidence.leaks.as_ref()?;
    let open: Vec<&str> = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("[watch] open "))
        .collect();
    if open.is_empty() {
        return None;
    }
    let words = message!("found-open", count = open.len(), which = open.join(", "),);
    let finding = Finding::new(Class::DescriptorLeak, Rung::Sanitizer, words);
    let mut openers = opening_lines(facts);
    Some(match openers.len() {
        0 => finding,
        1 => finding.in_c(openers.pop()),
        // Which of them it was, the run does not tell.
        _ => {
            let places = openers.iter().map(|it| format!("{}:{}", it.file, it.line));
            let places: Vec<String> = places.collect();
            finding.and(message!("found-openers", places = places.join(", ")))
        }
    })
}

/// The lines of the C library that open something.
fn opening_lines(facts: &Facts) -> Vec<Line> {
    static OPENER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:open|openat|creat|fopen|opendir|socket|accept|pipe2?|dup2?|mkstemp)\(")
            .expect("a fixed pattern")
    });
    let lines_of = |source: &Source| {
        let lines = source.text.lines().enumerate();
        let opening = lines.filter(|(_, line)| {
            !line.trim_start().starts_with(['*', '/']) && OPENER.is_match(line)
        });
        opening
            .map(|(at, _)| Line {
                file: source.shown.clone(),
                line: u32::try_from(at + 1).unwrap_or(u32::MAX),
                function: String::new(),
            })
            .collect::<Vec<_>>()
    };
    facts.evidence.c_files().flat_map(lines_of).collect()
}

/// What is wrong without any sign at run time but a wrong value.
pub(super) fn from_declarations(facts: &Facts) -> Option<Finding> {
    // A lesson may declare something wrongly to show it; only an answer that went wrong makes that a bug.
    facts.evidence.call.as_ref()?;
    facts
        .declared(Class::CutPointer, &[Sort::CutPointer])
        .or_else(|| facts.declared(Class::WrongTypes, &[Sort::Kind]))
        .or_else(|| facts.declared(Class::StructLayout, &[Sort::Layout]))
        .or_else(|| facts.declared(Class::IntegerWidth, &[Sort::Width, Sort::Sign]))
        .or_else(|| facts.declared(Class::WrittenBytes, &[Sort::Constant]))
        .or_else(|| lost_errno(facts))
}

/// `get_errno` reads a copy that exists only for libraries opened with `use_errno`.
fn lost_errno(facts: &Facts) -> Option<Finding> {
    let source = facts.evidence.python_files().find(|source| {
        source.text.contains("get_errno(") && !source.text.contains("use_errno=True")
    })?;
    let at = source
        .text
        .lines()
        .position(|line| line.contains("DLL("))
        .unwrap_or(0);
    let place = Line {
        file: source.shown.clone(),
        line: u32::try_from(at + 1).unwrap_or(0),
        function: String::new(),
    };
    let words = message!("found-no-use-errno");
    Some(Finding::new(Class::ErrnoLost, Rung::Declarations, words).in_python(Some(place)))
}
