//! What an address tells at which the processor refused to read, write or run.

use super::super::sanitizer::{Access, Memory};
use super::super::stack::{Frame, Line};
use super::super::{Class, Finding, Rung};
use super::memory::callers;
use super::{FREED, FRESH, Facts};
use crate::inspect::compare::Sort;
use crate::message;
use crate::message::Message;
use crate::variant::Bridge;

/// Whether the byte stands in an address again and again.
fn is_filled_with(address: u64, bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| {
        address
            .to_be_bytes()
            .iter()
            .filter(|it| *it == byte)
            .count()
            >= 5
    })
}

/// Whether the lower half of a register is such a byte four times: an `int` that was read from such memory.
fn holds_only(register: u64, bytes: &[u8]) -> bool {
    let half = register.to_be_bytes();
    bytes
        .iter()
        .any(|byte| half[4..].iter().all(|it| it == byte))
}

/// Whether an address looks like one that went through 32 bits.
fn is_cut(address: u64) -> bool {
    let high = address >> 31;
    address >= 1 && (high == 0 || high == u64::from(u32::MAX) << 1 | 1)
}

fn cut_in_words(address: u64) -> Message {
    let shown = format!("{address:#x}");
    if address >> 32 == 0 {
        return message!("found-short-address", address = shown);
    }
    message!(
        "found-widened-address",
        address = shown,
        number = address.cast_signed().to_string(),
    )
}

pub(super) fn bad_address(facts: &Facts, memory: &Memory, place: Option<Line>) -> Finding {
    let finding = classify_address(facts, memory, place.as_ref());
    finding.in_c(place)
}

pub(super) fn classify_address(facts: &Facts, memory: &Memory, place: Option<&Line>) -> Finding {
    let found = |class, words: Message| Finding::new(class, Rung::Sanitizer, words);
    let address = memory.address;
    let outermost_own = memory
        .stack
        .iter()
        .position(|frame| facts.as_own(frame).is_some());
    let above = &memory.stack[..outermost_own.unwrap_or(0)];
    if memory.wild_jump {
        let to = message!(
            "found-wild-jump",
            address = format!("{:#x}", address.unwrap_or(0)),
        );
        return match (facts.closes_library(), facts.has_callback()) {
            (true, _) => found(Class::UnloadedLibrary, to).and(message!("found-closes-library")),
            (false, true) => {
                found(Class::CollectedCallback, to).and(message!("found-makes-callbacks"))
            }
            (false, false) => found(Class::BadPointer, to),
        };
    }
    let nowhere = memory
        .stack
        .first()
        .is_some_and(|frame| frame.module.contains("<unknown"));
    if facts.has_callback() && (nowhere || above.iter().any(Frame::is_callback_entry)) {
        return found(Class::CollectedCallback, message!("found-callback-entry"));
    }
    let in_python = memory
        .stack
        .iter()
        .find(|frame| !frame.function.is_empty())
        .is_some_and(|frame| frame.function.starts_with("Py") || frame.function.starts_with("_Py"));
    if in_python && (memory.other_thread || facts.calls_python_without_gil()) {
        let name = memory.stack[0].function.clone();
        let why = if memory.other_thread {
            message!("found-thread-of-c")
        } else {
            message!("found-loader-without-gil")
        };
        return found(Class::GilNotHeld, message!("found-in-python", name = name)).and(why);
    }
    if address.is_some_and(|it| it > 0 && is_cut(it))
        && let Some(it) = facts.mismatch(&[Sort::CutPointer])
    {
        return found(Class::CutPointer, cut_in_words(address.unwrap_or(0)))
            .and(it.words.clone())
            .in_python(Some(it.place.clone()));
    }
    if let Some(address) = address.filter(|it| is_filled_with(*it, &FREED)) {
        return freed_address(facts, address);
    }
    let inside = facts.library_frames(&memory.stack);
    if let (Some(base), false) = (memory.base, inside.is_empty())
        && holds_only(base, &FREED)
    {
        return freed_fill(inside, base);
    }
    if facts.evidence.variant.bridge == Bridge::Ext && place.is_none() && inside.is_empty() {
        return found(Class::ReferenceCount, message!("found-after-extension"))
            .and(callers("crashed", &memory.stack));
    }
    if address.is_some_and(|it| it < 4096) {
        return found(
            Class::NullPointer,
            message!(
                "found-null",
                address = format!("{:#x}", address.unwrap_or(0)),
            ),
        );
    }
    if let Some(it) = facts.mismatch(&[Sort::Kind, Sort::CutPointer]) {
        return found(Class::WrongTypes, it.words.clone()).in_python(Some(it.place.clone()));
    }
    if address.is_some_and(|it| is_filled_with(it, &FRESH)) {
        return found(Class::Uninitialised, message!("found-address-of-fresh"));
    }
    if let Some(it) = facts.mismatch(&[Sort::Layout]) {
        return found(Class::StructLayout, it.words.clone()).in_python(Some(it.place.clone()));
    }
    let in_a_file = |address: u64| {
        let mut files = facts.reports.files.iter();
        files.any(|(start, end)| (*start..*end).contains(&address))
    };
    if memory.access == Some(Access::Write) && address.is_some_and(in_a_file) {
        return found(Class::ReadOnlyWrite, message!("found-read-only"));
    }
    found(Class::BadPointer, message!("found-nothing-there"))
}

/// The C library worked with what it read from memory that was freed before.
fn freed_fill(inside: &[Frame], register: u64) -> Finding {
    Finding::new(
        Class::UseAfterFree,
        Rung::Sanitizer,
        message!(
            "found-register-of-freed",
            register = format!("{register:#x}"),
        ),
    )
    .and(callers("crashed", inside))
}

fn freed_address(facts: &Facts, address: u64) -> Finding {
    let class = if facts.evidence.variant.bridge == Bridge::Ext {
        Class::ReferenceCount
    } else {
        Class::UseAfterFree
    };
    Finding::new(
        class,
        Rung::Sanitizer,
        message!("found-address-of-freed", address = format!("{address:#x}"),),
    )
}
