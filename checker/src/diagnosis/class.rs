//! The classes of bugs, and what a learner reads about each.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::language::{self, Language};

/// What is told about a class.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// A headline, without a full stop.
    pub title: String,
    /// The section of the course that teaches it, for example `9.2`.
    pub section: String,
    /// What that section is about.
    pub topic: String,
    /// What happened, in a sentence or two.
    pub what: String,
    /// What to do first, in the imperative.
    pub next: String,
    /// Why it happens, how it shows itself, how it is prevented.
    pub text: String,
}

macro_rules! classes {
    ($($(#[$about:meta])* $name:ident = $slug:literal,)*) => {
        /// A kind of bug at the border between Python and C.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Class {
            $($(#[$about])* #[serde(rename = $slug)] $name,)*
        }

        impl Class {
            /// All classes, in the order in which they are listed.
            pub const ALL: &[Class] = &[$(Class::$name,)*];

            /// The name that a user types and reads.
            pub fn name(self) -> &'static str {
                match self { $(Class::$name => $slug,)* }
            }
        }
    };
}

classes! {
    /// A NULL pointer was followed.
    NullPointer = "null-pointer",
    /// A pointer passed through an `int`.
    CutPointer = "cut-pointer",
    /// An address that never was one.
    BadPointer = "bad-pointer",
    /// Memory used after C freed it.
    UseAfterFree = "use-after-free",
    /// Memory freed twice.
    DoubleFree = "double-free",
    /// Freed what `malloc` never gave.
    BadFree = "bad-free",
    /// Taken from one allocator, given to another.
    AllocatorMismatch = "allocator-mismatch",
    /// Written past the end of a block.
    BufferOverflow = "buffer-overflow",
    /// Written past the end of a local array.
    StackSmash = "stack-smash",
    /// Read past the end of a block.
    OutOfBoundsRead = "out-of-bounds-read",
    /// A string without its NUL.
    UnterminatedString = "unterminated-string",
    /// The address of a local variable outlived it.
    DanglingLocal = "dangling-local",
    /// Memory of a Python object outlived by its pointer.
    DanglingBuffer = "dangling-buffer",
    /// A callback whose Python object is gone.
    CollectedCallback = "collected-callback",
    /// C called itself until its stack was full.
    StackExhausted = "stack-exhausted",
    /// C and Python called each other without end.
    BorderRecursion = "border-recursion",
    /// An integer divided by zero.
    DivisionByZero = "division-by-zero",
    /// C gave up by itself.
    Aborted = "aborted",
    /// Two descriptions of one struct differ.
    StructLayout = "struct-layout",
    /// Declared and real parameter or result types differ in kind.
    WrongTypes = "wrong-types",
    /// Declared and real integer types differ in width.
    IntegerWidth = "integer-width",
    /// An address that its type may not have.
    Misaligned = "misaligned",
    /// A result that a signed integer cannot hold.
    SignedOverflow = "signed-overflow",
    /// Memory read before anything was written there.
    Uninitialised = "uninitialised-read",
    /// C wrote into memory that must not change.
    ReadOnlyWrite = "read-only-write",
    /// C wrote into a `bytes` object.
    WrittenBytes = "written-bytes",
    /// References counted wrongly.
    ReferenceCount = "reference-count",
    /// NULL returned, no exception set.
    NullWithoutException = "null-without-exception",
    /// A result returned, an exception set.
    ResultWithException = "result-with-exception",
    /// Python's functions called without the GIL.
    GilNotHeld = "gil-not-held",
    /// A long C call that keeps the GIL.
    GilHeld = "gil-held",
    /// Threads that wait for each other, one with the GIL.
    GilDeadlock = "gil-deadlock",
    /// A lock that nobody will release.
    Deadlock = "deadlock",
    /// A loop that does not end.
    EndlessLoop = "endless-loop",
    /// Allocated and never freed.
    MemoryLeak = "memory-leak",
    /// Opened and never closed.
    DescriptorLeak = "descriptor-leak",
    /// A call into a library that is closed.
    UnloadedLibrary = "unloaded-library",
    /// A name that the library does not have.
    MissingSymbol = "missing-symbol",
    /// A name that C++ changed.
    MangledName = "mangled-name",
    /// A library for another machine.
    WrongMachine = "wrong-machine",
    /// A panic that reached the border.
    RustPanic = "rust-panic",
    /// A buffer that is still exported.
    BufferNotReleased = "buffer-not-released",
    /// An error number that nobody kept.
    ErrnoLost = "errno-lost",
}

impl Class {
    /// The class with this name.
    pub fn named(name: &str) -> Option<Class> {
        Class::ALL
            .iter()
            .copied()
            .find(|class| class.name() == name)
    }

    /// What is told about it, in English.
    pub fn text(self) -> &'static Text {
        self.text_in(Language::En)
    }

    /// What is told about it, in the reader's language.
    pub fn told(self) -> &'static Text {
        self.text_in(language::chosen())
    }

    fn text_in(self, language: Language) -> &'static Text {
        static PARSED: [OnceLock<BTreeMap<String, Text>>; 2] = [const { OnceLock::new() }; 2];
        let all = PARSED[language as usize].get_or_init(|| {
            toml::from_str(language.classes()).expect("a test reads the texts of each language")
        });
        all.get(self.name())
            .expect("a test holds the texts against the classes")
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn each_class_has_its_text_and_each_text_its_class() {
        for language in Language::value_variants() {
            let texts: BTreeMap<String, Text> = toml::from_str(language.classes()).unwrap();
            for name in texts.keys() {
                assert!(Class::named(name).is_some(), "no class {name}");
            }
            for class in Class::ALL {
                let text = class.text_in(*language);
                assert!(!text.title.ends_with('.'), "{class}");
                assert!(
                    text.what.ends_with('.') && text.next.ends_with('.'),
                    "{class}"
                );
                let words = text.text.split_whitespace().count();
                assert!((30..=160).contains(&words), "{class}: {words} words");
            }
        }
    }

    #[test]
    fn each_class_is_told_in_each_language() {
        let parts =
            |it: &Text| [&it.title, &it.topic, &it.what, &it.next, &it.text].map(String::to_owned);
        for language in Language::value_variants() {
            for class in Class::ALL {
                let (english, told) = (class.text(), class.text_in(*language));
                assert_eq!(told.section, english.section, "{class}");
                for (one, other) in parts(english).iter().zip(parts(told)) {
                    let code = |text: &str| text.matches('`').count();
                    assert_eq!(code(one), code(&other), "{class}: {other}");
                    assert!(
                        *language == Language::En || *one != other,
                        "{class}: {other}"
                    );
                }
            }
        }
    }
}
