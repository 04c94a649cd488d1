//! What AddressSanitizer reports about a block of memory.

use super::super::sanitizer::{Access, Memory};
use super::super::stack::{Frame, Line};
use super::super::{Class, Finding, Rung, messages};
use super::Facts;
use super::address::bad_address;
use crate::inspect::compare::Sort;
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
            "the block was made by one allocator and freed by another",
        ),
        "heap-buffer-overflow"
        | "global-buffer-overflow"
        | "stack-buffer-overflow"
        | "dynamic-stack-buffer-overflow"
        | "stack-buffer-underflow" => overflow(facts, memory, place.as_ref()),
        "stack-use-after-return" | "stack-use-after-scope" => Finding::new(
            Class::DanglingLocal,
            Rung::Sanitizer,
            "the address is that of a local variable whose function has returned",
        ),
        "stack-overflow" => stack_full(facts, memory),
        "FPE" => Finding::new(
            Class::DivisionByZero,
            Rung::Sanitizer,
            "the processor refused an integer division",
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
            Finding::new(Class::Aborted, Rung::Sanitizer, "the C code called abort()")
        }
        "SEGV" | "BUS" | "ILL" => return Some(bad_address(facts, memory, place)),
        kind if kind.ends_with("param-overlap") || kind.starts_with("negative-size") => {
            Finding::new(
                Class::BufferOverflow,
                Rung::Sanitizer,
                format!("AddressSanitizer reports {kind}"),
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
    let by = if class == Class::DanglingBuffer {
        "Python freed it, with the object that owned it"
    } else {
        "it had been freed"
    };
    Finding::new(class, Rung::Sanitizer, format!("{touched}, and {by}"))
        .and(history("freed", &memory.freed))
}

/// Frames of an allocation or a release, in a sentence.
pub(super) fn history(verb: &str, stack: &[Frame]) -> String {
    callers(&format!("it was {verb}"), stack)
}

/// What happened, and the two innermost functions in which it did.
pub(super) fn callers(what: &str, stack: &[Frame]) -> String {
    let named = stack
        .iter()
        .filter(|frame| !frame.function.is_empty() && !frame.function.contains("interceptor"));
    let names: Vec<&str> = named
        .map(|frame| frame.function.as_str())
        .filter(|name| !is_allocator(name))
        .take(2)
        .collect();
    if names.is_empty() {
        return format!("{what} in a function without a name");
    }
    format!("{what} in {}", names.join(", called by "))
}

fn touched(memory: &Memory) -> String {
    let verb = match memory.access {
        Some(Access::Write) => "wrote",
        _ => "read",
    };
    let region = if memory.region.is_empty() {
        String::new()
    } else {
        format!(", {}", memory.region)
    };
    match memory.bytes {
        0 => format!("the code {verb} the memory{region}"),
        1 => format!("the code {verb} 1 byte{region}"),
        bytes => format!("the code {verb} {bytes} bytes{region}"),
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
    Finding::new(
        class,
        Rung::Sanitizer,
        "a block was freed that had been freed before",
    )
    .and(history("freed first", &memory.freed))
}

fn freed_wrongly(memory: &Memory) -> Finding {
    if by_python(&memory.allocated) {
        return Finding::new(
            Class::AllocatorMismatch,
            Rung::Sanitizer,
            "free() was given memory that Python's allocator made",
        )
        .and(history("allocated", &memory.allocated));
    }
    let words = match memory.region.as_str() {
        "" => "free() was given an address that no allocator gave".to_owned(),
        region => format!("free() was given an address {region}"),
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
            Finding::new(Class::UnterminatedString, Rung::Sanitizer, touched(memory)).and(format!(
                "{} reads until it finds a NUL",
                innermost.trim_start_matches("__interceptor_")
            ))
        } else {
            Finding::new(Class::OutOfBoundsRead, Rung::Sanitizer, touched(memory))
        };
    }
    if on_stack {
        return Finding::new(
            Class::StackSmash,
            Rung::Sanitizer,
            format!("{}; it is a local array", touched(memory)),
        );
    }
    Finding::new(Class::BufferOverflow, Rung::Sanitizer, touched(memory))
        .and(history("allocated", &memory.allocated))
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
            "the C stack is full, and its frames alternate between C and Python",
        );
    }
    Finding::new(
        Class::StackExhausted,
        Rung::Sanitizer,
        format!("the C stack is full, and its innermost frames are all of `{repeated}`"),
    )
}
