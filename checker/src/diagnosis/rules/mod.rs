//! From evidence to a class: rules in the order of how much they prove.

mod address;
mod debugged;
mod facts;
mod hang;
mod memory;
mod silent;

use super::evidence::End;
use super::stack::Line;
use super::{Class, Finding, Rung, messages};
use crate::inspect::compare::Sort;
use crate::message;

pub use facts::Facts;

use debugged::from_debugger;
use hang::from_hang;
use memory::from_memory_report;
use silent::{from_declarations, from_fill, from_leaks};

/// With what the sanitizer run fills memory that was just allocated, local variables, and memory that was freed.
pub const FRESH: [u8; 3] = [0xBE, 0xFE, 0xCD];

/// What freed memory is filled with: by the sanitizer, and by Python's checking allocator.
pub const FREED: [u8; 2] = [0xDF, 0xDD];

/// The first rule that applies.
pub fn find(facts: &Facts) -> Option<Finding> {
    let first = &facts.evidence.first;
    if let Some(finding) = from_exceptions(facts) {
        return Some(finding);
    }
    if first.end == End::TimedOut {
        return from_hang(facts);
    }
    let said = messages::on_standard_error(&first.stderr).map(|it| placed(facts, it));
    let precise = |finding: &Finding| {
        // What the C library notices is the damage; the sanitizer saw the act.
        !matches!(
            finding.class,
            Class::DoubleFree | Class::BadFree | Class::BufferOverflow | Class::StackSmash
        )
    };
    if let Some(finding) = said.clone().filter(precise) {
        return Some(finding);
    }
    from_memory_report(facts)
        .or_else(|| from_second_messages(facts))
        .or_else(|| from_undefined(facts))
        .or(said)
        .or_else(|| from_debugger(facts))
        .or_else(|| from_signal(facts))
        .or_else(|| from_fill(facts))
        .or_else(|| from_leaks(facts))
        .or_else(|| from_declarations(facts))
}

/// A finding of a message with the names that a reader knows, and with the C line of the second run.
fn placed(facts: &Facts, mut finding: Finding) -> Finding {
    finding.c = match finding.c {
        Some(line) => {
            let source = facts
                .evidence
                .c_files()
                .find(|source| source.is_at(&line.file));
            Some(Line {
                file: source.map_or(line.file.clone(), |it| it.shown.clone()),
                ..line
            })
        }
        None => facts.own_c_line(facts.reported_stack()),
    };
    finding
}

fn from_exceptions(facts: &Facts) -> Option<Finding> {
    let raised = facts.evidence.first.raised.as_ref()?;
    let calls_back = facts.has_callback() || facts.evidence.bridge_holds("PyObject_Call");
    if raised.class == "RecursionError" && !calls_back {
        return None;
    }
    let found = messages::in_exception(raised, &facts.evidence.symbols)?;
    if found.class == Class::StructLayout
        && let Some(it) = facts.mismatch(&[Sort::Layout])
    {
        return Some(
            found
                .and(raised.message.clone())
                .and(it.words.clone())
                .in_python(Some(it.place.clone())),
        );
    }
    if found.class == Class::RustPanic {
        // Rust wrote the place of the panic before PyO3 made an exception of it.
        let at = messages::panicked_at(&facts.evidence.first.stderr);
        return Some(placed(facts, found.in_c(at)));
    }
    Some(if found.evidence[0].english().contains(&raised.message) {
        found
    } else {
        found.and(format!("{}: {}", raised.class, raised.message))
    })
}

/// Messages that came only in the second run, whose allocators check more.
fn from_second_messages(facts: &Facts) -> Option<Finding> {
    let second = facts.evidence.second.as_ref()?;
    let mut finding = messages::on_standard_error(&second.stderr)
        .or_else(|| messages::in_exception(second.raised.as_ref()?, &facts.evidence.symbols))?;
    finding.rung = Rung::Sanitizer;
    Some(placed(facts, finding))
}

fn from_undefined(facts: &Facts) -> Option<Finding> {
    const KINDS: [(&str, Class); 9] = [
        ("null pointer", Class::NullPointer),
        ("division by zero", Class::DivisionByZero),
        ("misaligned address", Class::Misaligned),
        ("signed integer overflow", Class::SignedOverflow),
        ("shift exponent", Class::SignedOverflow),
        ("left shift of", Class::SignedOverflow),
        ("cannot be represented", Class::SignedOverflow),
        ("out of bounds", Class::OutOfBoundsRead),
        ("insufficient space", Class::OutOfBoundsRead),
    ];
    let all = facts.reports.undefined.iter().chain(&facts.leaks.undefined);
    all.filter_map(|report| {
        let (_, class) = KINDS.iter().find(|(part, _)| report.what.contains(part))?;
        let place = facts.own_c_line(&report.stack)?;
        let words = message!("found-undefined", what = report.what.as_str());
        Some(Finding::new(*class, Rung::Sanitizer, words).in_c(Some(place)))
    })
    .next()
}

/// Without a sanitizer: what the signal and the declarations suggest.
fn from_signal(facts: &Facts) -> Option<Finding> {
    let End::Signal(name) = &facts.evidence.first.end else {
        return None;
    };
    match name.as_str() {
        "SIGFPE" => {
            return Some(Finding::new(
                Class::DivisionByZero,
                Rung::Run,
                message!("found-fpe"),
            ));
        }
        "SIGABRT" => {
            let found = Finding::new(Class::Aborted, Rung::Run, message!("found-abort"));
            return Some(found.in_c(facts.own_c_line(facts.reported_stack())));
        }
        _ => {}
    }
    facts
        .declared(Class::CutPointer, &[Sort::CutPointer])
        .or_else(|| facts.declared(Class::WrongTypes, &[Sort::Kind]))
        .or_else(|| facts.declared(Class::StructLayout, &[Sort::Layout]))
        .or_else(|| {
            if matches!(name.as_str(), "SIGSEGV" | "SIGBUS" | "SIGILL") {
                return Some(Finding::new(
                    Class::BadPointer,
                    Rung::Run,
                    message!("found-only-signal", name = name.as_str()),
                ));
            }
            None
        })
}
