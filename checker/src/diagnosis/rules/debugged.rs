//! What gdb and valgrind show.

use super::super::evidence::End;
use super::super::sanitizer::{Access, Memory};
use super::super::{Class, Finding, Rung, debugger};
use super::Facts;
use super::address::classify_address;
use super::memory::{freed_twice, used_after_free};
use crate::message;

pub(super) fn from_debugger(facts: &Facts) -> Option<Finding> {
    let text = &facts.evidence.tool.as_ref()?.stderr;
    if let Some(memory) = debugger::valgrind(text)
        .into_iter()
        .find(|it| facts.own_c_line(&it.stack).is_some())
    {
        let place = facts.own_c_line(&memory.stack);
        let found = match (memory.kind.as_str(), memory.access) {
            ("uninitialised", _) => Finding::new(
                Class::Uninitialised,
                Rung::Debugger,
                message!("found-valgrind-unwritten"),
            ),
            ("heap-use-after-free", _) => used_after_free(&memory),
            ("attempting double-free", _) => freed_twice(facts, &memory),
            (_, Some(Access::Write)) => Finding::new(
                Class::BufferOverflow,
                Rung::Debugger,
                message!("found-valgrind-write"),
            ),
            _ => Finding::new(
                Class::OutOfBoundsRead,
                Rung::Debugger,
                message!("found-valgrind-read"),
            ),
        };
        return Some(
            Finding {
                rung: Rung::Debugger,
                ..found
            }
            .in_c(place),
        );
    }
    let stack = debugger::gdb_stack(text);
    let place = facts.own_c_line(&stack)?;
    let memory = Memory {
        kind: "SEGV".to_owned(),
        address: debugger::gdb_address(text),
        stack,
        ..Memory::default()
    };
    if facts.evidence.first.end != End::Signal("SIGSEGV".to_owned()) {
        return None;
    }
    let mut found = classify_address(facts, &memory, Some(&place));
    found.rung = Rung::Debugger;
    Some(found.in_c(Some(place)))
}
