//! Sentences by which Python, the C library and Rust tell what went wrong.

use std::sync::LazyLock;

use regex::Regex;

use super::evidence::Raised;
use super::stack::Line;
use super::{Class, Finding, Rung};
use crate::message;
use crate::message::Message;
use crate::pattern::pattern;

/// A part of a message, the class that it stands for, and what it says in our words.
type Known = (&'static str, Class, fn() -> Message);

/// On standard error; the more specific come first.
const ON_STANDARD_ERROR: &[Known] = &[
    ("stack smashing detected", Class::StackSmash, || {
        message!("found-guard-value")
    }),
    (
        "bad ID: Allocated using API",
        Class::AllocatorMismatch,
        || message!("found-foreign-block"),
    ),
    (
        "called a callback after it was released",
        Class::CollectedCallback,
        || message!("found-by-engine"),
    ),
    ("bad trailing pad byte", Class::BufferOverflow, || {
        message!("found-overwritten-behind")
    }),
    ("bad leading pad byte", Class::BufferOverflow, || {
        message!("found-overwritten-before")
    }),
    ("without holding the GIL", Class::GilNotHeld, || {
        message!("found-allocator-without-gil")
    }),
    (
        "must be called with the GIL held",
        Class::GilNotHeld,
        || message!("found-call-without-gil"),
    ),
    (
        "must be called with an active thread state",
        Class::GilNotHeld,
        || message!("found-call-without-state"),
    ),
    (
        "the function must be called with the GIL",
        Class::GilNotHeld,
        || message!("found-call-without-gil"),
    ),
    ("PyThreadState_Get: ", Class::GilNotHeld, || {
        message!("found-call-without-gil")
    }),
    ("deallocating None", Class::ReferenceCount, || {
        message!("found-none-died")
    }),
    ("negative refcount", Class::ReferenceCount, || {
        message!("found-count-below-zero")
    }),
    ("negative ref count", Class::ReferenceCount, || {
        message!("found-count-below-zero")
    }),
    (
        "panic in a function that cannot unwind",
        Class::RustPanic,
        || message!("found-rust-ended"),
    ),
    ("free(): double free detected", Class::DoubleFree, || {
        message!("found-free-already")
    }),
    ("double free or corruption", Class::DoubleFree, || {
        message!("found-free-already")
    }),
    ("free(): invalid pointer", Class::BadFree, || {
        message!("found-never-given")
    }),
    ("munmap_chunk(): invalid pointer", Class::BadFree, || {
        message!("found-never-given")
    }),
    ("free(): invalid size", Class::BadFree, || {
        message!("found-never-given")
    }),
    ("malloc(): corrupted", Class::BufferOverflow, || {
        message!("found-notes-overwritten")
    }),
    (
        "corrupted size vs. prev_size",
        Class::BufferOverflow,
        || message!("found-notes-overwritten"),
    ),
    ("malloc(): invalid size", Class::BufferOverflow, || {
        message!("found-notes-overwritten")
    }),
    ("free(): invalid next size", Class::BufferOverflow, || {
        message!("found-notes-overwritten")
    }),
];

/// In exceptions.
const IN_EXCEPTIONS: &[Known] = &[
    (
        // Python 3.9 says "an error" here.
        "returned NULL without setting an ",
        Class::NullWithoutException,
        || message!("found-null-alone"),
    ),
    (
        "error return without exception set",
        Class::NullWithoutException,
        || message!("found-null-alone"),
    ),
    (
        "returned a result with an ",
        Class::ResultWithException,
        || message!("found-value-and-exception"),
    ),
    ("exported buffers", Class::BufferNotReleased, || {
        message!("found-buffer-held")
    }),
    ("Existing exports of data", Class::BufferNotReleased, || {
        message!("found-buffer-held")
    }),
    ("cdef says", Class::StructLayout, || {
        message!("found-cffi-compared")
    }),
    ("wrong ELF class", Class::WrongMachine, || {
        message!("found-other-machine")
    }),
    ("invalid ELF header", Class::WrongMachine, || {
        message!("found-no-library")
    }),
    ("another machine", Class::WrongMachine, || {
        message!("found-other-machine")
    }),
    (
        "maximum recursion depth exceeded",
        Class::BorderRecursion,
        || message!("found-too-deep"),
    ),
];

static ASSERTION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(\S+\.[ch]):(\d+): (\w+): Assertion `(.*)' failed"));
static PANIC: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"panicked at ([^\n]*?):(\d+):\d+:?\n?(.*)"));
/// Python's checking allocator marks each block with a letter for the family of functions that made it.
static BLOCK: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"Debug memory block at address p=0x[0-9a-f]+: API '([^\n]*)'"));
static SYMBOL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:undefined symbol: |symbol not found[^\w]*|function/symbol ')(\w+)")
});

/// What standard error tells.
pub fn on_standard_error(text: &str) -> Option<Finding> {
    // To prepare a pattern takes longer than to see that it cannot fit.
    if text.contains("Assertion")
        && let Some(found) = ASSERTION.captures(text)
    {
        let place = Line {
            file: found[1].to_owned(),
            line: found[2].parse().unwrap_or(0),
            function: found[3].to_owned(),
        };
        let words = message!("found-assertion", condition = &found[4]);
        return Some(Finding::new(Class::Aborted, Rung::Run, words).in_c(Some(place)));
    }
    if text.contains("panicked at")
        && let Some(found) = PANIC.captures(text)
    {
        let words = message!("found-panic", message = found[3].trim());
        return Some(Finding::new(Class::RustPanic, Rung::Run, words).in_c(panicked_at(text)));
    }
    if text.contains("Debug memory block")
        && let Some(found) = BLOCK.captures(text)
        && !["r", "m", "o"].contains(&&found[1])
    {
        let words = message!("found-unmarked-block");
        return Some(Finding::new(Class::AllocatorMismatch, Rung::Run, words));
    }
    known(ON_STANDARD_ERROR, text)
}

/// Where the first panic was, by what Rust writes on standard error.
pub fn panicked_at(text: &str) -> Option<Line> {
    let found = PANIC.captures(text)?;
    Some(Line {
        file: found[1].to_owned(),
        line: found[2].parse().ok()?,
        function: String::new(),
    })
}

/// What an exception tells.
pub fn in_exception(raised: &Raised, symbols: &[String]) -> Option<Finding> {
    let Raised { class, message, .. } = raised;
    if class == "PanicException" {
        let words = message!("found-panic-exception", message = message.as_str());
        return Some(Finding::new(Class::RustPanic, Rung::Run, words));
    }
    if message.contains("symbol")
        && let Some(found) = SYMBOL.captures(message)
    {
        return Some(symbol(&found[1], symbols));
    }
    if class == "ArgumentError" {
        let words = message!("found-argument-error", message = message.as_str());
        return Some(Finding::new(Class::WrongTypes, Rung::Run, words));
    }
    if class == "OSError"
        && message.contains("cannot open shared object file")
        && message.contains(".so")
    {
        return None;
    }
    known(IN_EXCEPTIONS, message)
}

/// A symbol that is not there, or is there under the name that C++ gives it.
fn symbol(name: &str, symbols: &[String]) -> Finding {
    let length = format!("{}{name}", name.len());
    let mangled = symbols
        .iter()
        .find(|it| it.starts_with("_Z") && it.contains(&length));
    let missing = message!("found-no-symbol", name = name);
    match mangled {
        Some(mangled) => Finding::new(Class::MangledName, Rung::Run, missing).and(message!(
            "found-mangled",
            mangled = mangled.as_str(),
            name = name,
        )),
        None => Finding::new(Class::MissingSymbol, Rung::Run, missing),
    }
}

fn known(list: &[Known], text: &str) -> Option<Finding> {
    let (_, class, words) = list.iter().find(|(part, ..)| text.contains(part))?;
    Some(Finding::new(*class, Rung::Run, words()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Option<Class> {
        on_standard_error(text).map(|it| it.class)
    }

    fn raised(class: &str, message: &str, symbols: &[&str]) -> Option<Class> {
        let symbols: Vec<String> = symbols.iter().map(|it| (*it).to_owned()).collect();
        let raised = Raised {
            class: class.into(),
            message: message.into(),
            traceback: String::new(),
        };
        in_exception(&raised, &symbols).map(|it| it.class)
    }

    #[test]
    fn sentences_of_the_c_library_and_of_python() {
        assert_eq!(
            class("*** stack smashing detected ***: terminated"),
            Some(Class::StackSmash)
        );
        assert_eq!(
            class("free(): double free detected in tcache 2"),
            Some(Class::DoubleFree)
        );
        assert_eq!(
            class("munmap_chunk(): invalid pointer"),
            Some(Class::BadFree)
        );
        assert_eq!(
            class("Fatal Python error: none_dealloc: deallocating None: bug likely caused by..."),
            Some(Class::ReferenceCount)
        );
        assert_eq!(
            class("C has called a callback after it was released; the process ends"),
            Some(Class::CollectedCallback)
        );
        assert_eq!(class("Fatal Python error: Segmentation fault"), None);
    }

    #[test]
    fn a_block_without_the_marks_of_pythons_allocator_is_anothers() {
        let block =
            |letter: &str| format!("Debug memory block at address p=0x56: API '{letter}'\n");
        assert_eq!(class(&block("!")), Some(Class::AllocatorMismatch));
        assert_eq!(class(&block("m")), None);
        let overrun = block("m") + "Fatal Python error: _PyMem_DebugRawFree: bad trailing pad byte";
        assert_eq!(class(&overrun), Some(Class::BufferOverflow));
    }

    #[test]
    fn an_assertion_has_a_place() {
        let found =
            on_standard_error("python3: notes.c:12: note_at: Assertion `index < 3' failed.\n")
                .unwrap();
        assert_eq!(found.class, Class::Aborted);
        assert_eq!(
            found.c.unwrap(),
            Line {
                file: "notes.c".into(),
                line: 12,
                function: "note_at".into()
            }
        );
    }

    #[test]
    fn a_panic_has_a_place() {
        let text = "\nthread '<unnamed>' (7) panicked at /s/exercise/ext/lib.rs:9:5:\nno such cell\n\
                    thread '<unnamed>' (7) panicked at library/core/src/panicking.rs:225:5:\n\
                    panic in a function that cannot unwind\n";
        let found = on_standard_error(text).unwrap();
        assert_eq!(found.class, Class::RustPanic);
        assert_eq!(found.evidence[0].english(), "Rust panicked: no such cell");
        assert_eq!(found.c.unwrap().line, 9);
    }

    #[test]
    fn a_name_that_cpp_changed_is_told_from_one_that_is_missing() {
        let message = "./libadd.so: undefined symbol: add";
        assert_eq!(
            raised("AttributeError", message, &["sub"]),
            Some(Class::MissingSymbol)
        );
        assert_eq!(
            raised("AttributeError", message, &["_Z3addii"]),
            Some(Class::MangledName)
        );
        let message = "function/symbol 'add' not found in library './libadd.so': ./libadd.so: undefined symbol: add";
        assert_eq!(
            raised("AttributeError", message, &[]),
            Some(Class::MissingSymbol)
        );
    }
}
