//! What AddressSanitizer reports about a block of memory.

use super::super::sanitizer::{Access, Memory};
use super::super::stack::{Frame, Line};
use super::super::{Class, Finding, Rung, messages};
use super::Facts;
use super::address::bad_address;
use crate::inspect::compare::Sort;
use crate::message;
use crate::message::Message;
use crate::variant::Bridge;

/// Functions that read a string up to its NUL.
const READ_TO_NUL: [&str; 11] = [
    "strlen", "strdup", "strcpy", "strcat", "strchr", "printf", "puts", "atoi", "strcmp", "strtol",
    "strstr",
];

pub(super) fn from_memory_report(facts: &Facts) -> Option<Finding> {
    let memory = facts.reports.memory.as_ref()?;
    let place = facts.own_c_line(&memory.stack);
    let found = match memory.kind.as_str() {
        "heap-use-after-free" => used_after_free(memory),
        "attempting double-free" => freed_twice(facts, memory),
        "attempting free" => freed_wrongly(memory),
        "alloc-dealloc-mismatch" => Finding::new(
            Class::AllocatorMismatch,
            Rung::Sanitizer,
            message!("found-two-allocators"),
        ),
        "heap-buffer-overflow"
        | "global-buffer-overflow"
        | "stack-buffer-overflow"
        | "dynamic-stack-buffer-overflow"
        | "stack-buffer-underflow" => overflow(facts, memory, place.as_ref()),
        "stack-use-after-return" | "stack-use-after-scope" => Finding::new(
            Class::DanglingLocal,
            Rung::Sanitizer,
            message!("found-local-returned"),
        ),
        "stack-overflow" => stack_full(facts, memory),
        "FPE" => Finding::new(
            Class::DivisionByZero,
            Rung::Sanitizer,
            message!("found-division"),
        ),
        "ABRT" => {
            let calls = memory
                .stack
                .iter()
                .any(|frame| frame.function.contains("abort"));
            // The message that came before says why.
            let told = messages::on_standard_error(&facts.evidence.first.stderr);
            if !calls || told.is_some() {
                return None;
            }
            Finding::new(
                Class::Aborted,
                Rung::Sanitizer,
                message!("found-called-abort"),
            )
        }
        "SEGV" | "BUS" | "ILL" => return Some(bad_address(facts, memory, place)),
        kind if kind.ends_with("param-overlap") || kind.starts_with("negative-size") => {
            Finding::new(
                Class::BufferOverflow,
                Rung::Sanitizer,
                message!("found-sanitizer", kind = kind),
            )
        }
        _ => return None,
    };
    // The innermost frame of a recursion is somewhere; the next one stands at the call.
    let calls: Vec<Line> = memory
        .stack
        .iter()
        .filter_map(|it| facts.as_own(it))
        .take(2)
        .collect();
    let place = match memory.kind.as_str() {
        "stack-overflow" => calls.last().cloned(),
        _ => place,
    };
    Some(
        found.in_c(
            place
                .or_else(|| facts.own_c_line(&memory.freed))
                .or_else(|| facts.own_c_line(&memory.allocated)),
        ),
    )
}

/// Whether the block was handled by Python's own code, judged by the frames next to the allocator.
fn by_python(stack: &[Frame]) -> bool {
    let named = stack.iter().filter(|frame| !frame.function.is_empty());
    let mut after = named
        .filter(|frame| !frame.function.contains("interceptor") && !is_allocator(&frame.function));
    after.next().is_some_and(Frame::is_python)
}

fn is_allocator(function: &str) -> bool {
    ["malloc", "calloc", "realloc", "free"].contains(&function)
}

pub(super) fn used_after_free(memory: &Memory) -> Finding {
    let touched = touched(memory);
    let class = if by_python(&memory.freed) {
        Class::DanglingBuffer
    } else {
        Class::UseAfterFree
    };
    let words = if class == Class::DanglingBuffer {
        message!("found-freed-by-python", touched = touched)
    } else {
        message!("found-freed-before", touched = touched)
    };
    Finding::new(class, Rung::Sanitizer, words).and(callers("freed", &memory.freed))
}

/// What happened (`crashed`, `allocated`, `freed` or `freed-first`), and the two innermost functions in which it did.
pub(super) fn callers(what: &str, stack: &[Frame]) -> Message {
    let named = stack
        .iter()
        .filter(|frame| !frame.function.is_empty() && !frame.function.contains("interceptor"));
    let names: Vec<&str> = named
        .map(|frame| frame.function.as_str())
        .filter(|name| !is_allocator(name))
        .take(2)
        .collect();
    let place = match names[..] {
        [] => message!("found-nameless"),
        [function] => Message::from(function),
        [function, caller, ..] => message!("found-called-by", function = function, caller = caller),
    };
    message!("found-history", what = what, place = place)
}

fn touched(memory: &Memory) -> Message {
    let touched = match memory.access {
        Some(Access::Write) => message!("found-wrote", bytes = memory.bytes),
        _ => message!("found-read", bytes = memory.bytes),
    };
    match memory.region.clone() {
        Some(region) => message!("found-touched-at", touched = touched, region = region),
        None => touched,
    }
}

pub(super) fn freed_twice(facts: &Facts, memory: &Memory) -> Finding {
    let class = if facts.evidence.variant.bridge == Bridge::Ext
        && by_python(&memory.stack)
        && by_python(&memory.freed)
    {
        Class::ReferenceCount
    } else {
        Class::DoubleFree
    };
    Finding::new(class, Rung::Sanitizer, message!("found-freed-twice"))
        .and(callers("freed-first", &memory.freed))
}

fn freed_wrongly(memory: &Memory) -> Finding {
    if by_python(&memory.allocated) {
        return Finding::new(
            Class::AllocatorMismatch,
            Rung::Sanitizer,
            message!("found-freed-of-python"),
        )
        .and(callers("allocated", &memory.allocated));
    }
    let words = match memory.region.clone() {
        None => message!("found-freed-nothing"),
        Some(region) => message!("found-freed-inside", region = region),
    };
    Finding::new(Class::BadFree, Rung::Sanitizer, words)
}

fn overflow(facts: &Facts, memory: &Memory, place: Option<&Line>) -> Finding {
    let line = place
        .and_then(|place| facts.evidence.text_at(place))
        .unwrap_or_default();
    if line.contains("->")
        && by_python(&memory.allocated)
        && let Some(it) = facts.mismatch(&[Sort::Layout])
    {
        return Finding::new(Class::StructLayout, Rung::Sanitizer, touched(memory))
            .and(it.words.clone())
            .in_python(Some(it.place.clone()));
    }
    let on_stack = memory.kind.contains("stack");
    let innermost = memory
        .stack
        .first()
        .map(|frame| frame.function.as_str())
        .unwrap_or_default();
    if memory.access == Some(Access::Read) {
        let to_nul = READ_TO_NUL.iter().any(|name| innermost.contains(name));
        return if to_nul {
            Finding::new(Class::UnterminatedString, Rung::Sanitizer, touched(memory)).and(message!(
                "found-reads-to-nul",
                function = innermost.trim_start_matches("__interceptor_"),
            ))
        } else {
            Finding::new(Class::OutOfBoundsRead, Rung::Sanitizer, touched(memory))
        };
    }
    if on_stack {
        return Finding::new(
            Class::StackSmash,
            Rung::Sanitizer,
            message!("found-local-array", touched = touched(memory)),
        );
    }
    Finding::new(Class::BufferOverflow, Rung::Sanitizer, touched(memory))
        .and(callers("allocated", &memory.allocated))
}

/// Frames of Python that no program of a lesson has without recursion.
const MANY_FRAMES: usize = 50;

fn stack_full(facts: &Facts, memory: &Memory) -> Finding {
    let crosses = memory
        .stack
        .iter()
        .any(|frame| frame.is_callback_entry() || frame.function.contains("_PyEval"))
        || facts
            .threads
            .iter()
            .any(|thread| thread.current && thread.frames.len() > MANY_FRAMES);
    let repeated = memory
        .stack
        .first()
        .map(|frame| frame.function.clone())
        .unwrap_or_default();
    if crosses {
        return Finding::new(
            Class::BorderRecursion,
            Rung::Sanitizer,
            message!("found-stack-alternates"),
        );
    }
    Finding::new(
        Class::StackExhausted,
        Rung::Sanitizer,
        message!("found-stack-repeats", function = repeated),
    )
}
