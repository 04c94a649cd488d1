//! Names of symbols: which are mangled, and what they stand for.

use std::fmt::{self, Write as _};

use cpp_demangle::{DemangleOptions, ParseOptions, Symbol as CppSymbol};

/// A symbol as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The name that a bridge has to ask for.
    pub name: String,
    /// The language whose compiler wrote the name, when it is mangled.
    pub mangled: Option<Language>,
    /// The name in that language's own words, as far as it can be read.
    pub readable: Option<String>,
}

/// A language that mangles names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C++ by the rules that gcc and clang follow.
    Cpp,
    /// C++ by Microsoft's rules.
    MicrosoftCpp,
    /// Rust.
    Rust,
}

impl fmt::Display for Language {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Language::Cpp => "C++",
            Language::MicrosoftCpp => "Microsoft C++",
            Language::Rust => "Rust",
        })
    }
}

/// The longest name that is taken apart, and the longest text that may come of it, in bytes: a few letters can stand for
/// megabytes.
const LONGEST: usize = 4096;

/// How deep the parts of a name may be nested.
const DEEPEST: u32 = 96;

impl Symbol {
    /// Reads a name. `underscore` says that the format puts one before each name, as Mach-O does.
    pub fn read(name: &str, underscore: bool) -> Symbol {
        let plain = match underscore {
            true => name.strip_prefix('_').unwrap_or(name),
            false => name,
        };
        let mangled = language(plain);
        Symbol {
            readable: mangled.and_then(|language| readable(plain, language)),
            name: plain.to_owned(),
            mangled,
        }
    }
}

fn language(name: &str) -> Option<Language> {
    if name.starts_with('?') {
        Some(Language::MicrosoftCpp)
    } else if rustc_demangle::try_demangle(name).is_ok() {
        // Before C++: Rust's older rules write names that look like those of C++.
        Some(Language::Rust)
    } else if name.starts_with("_Z") {
        Some(Language::Cpp)
    } else {
        None
    }
}

fn readable(name: &str, language: Language) -> Option<String> {
    if name.len() > LONGEST {
        return None;
    }
    let mut text = Bounded::default();
    match language {
        Language::MicrosoftCpp => return None,
        Language::Rust => {
            let symbol = rustc_demangle::try_demangle(name).ok()?;
            // Without the hash that tells two versions of a crate apart.
            write!(text, "{symbol:#}").ok()?;
        }
        Language::Cpp => {
            let limit = ParseOptions::default().recursion_limit(DEEPEST);
            let symbol = CppSymbol::new_with_options(name, &limit).ok()?;
            let limit = DemangleOptions::default().recursion_limit(DEEPEST);
            symbol.structured_demangle(&mut text, &limit).ok()?;
        }
    }
    (!text.0.is_empty()).then_some(text.0)
}

/// A text that refuses to grow beyond [`LONGEST`].
#[derive(Default)]
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.0.len() + more.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(name: &str) -> (Option<Language>, Option<String>) {
        let symbol = Symbol::read(name, false);
        (symbol.mangled, symbol.readable)
    }

    #[test]
    fn mangled_names_are_told_from_plain_ones() {
        assert_eq!(read("tile_area"), (None, None));
        assert_eq!(
            read("_ZN5tiles4areaEPKd"),
            (
                Some(Language::Cpp),
                Some("tiles::area(double const*)".into())
            )
        );
        assert_eq!(
            read("_ZN5tiles4area17h0123456789abcdefE"),
            (Some(Language::Rust), Some("tiles::area".into()))
        );
        assert_eq!(
            read("_RNvC6_123foo3bar"),
            (Some(Language::Rust), Some("123foo::bar".into()))
        );
        assert_eq!(read("?area@@YANPEBN@Z").0, Some(Language::MicrosoftCpp));
        assert_eq!(read("_Znonsense"), (Some(Language::Cpp), None));
    }

    #[test]
    fn the_underscore_of_mach_o_is_no_part_of_a_name() {
        assert_eq!(Symbol::read("_add", true).name, "add");
        assert_eq!(
            Symbol::read("__Z3addii", true).readable.as_deref(),
            Some("add(int, int)")
        );
    }

    #[test]
    fn a_name_that_grows_without_end_stays_unread() {
        // Each substitution doubles what came before.
        let mut name = "_Z1fIi".to_owned();
        for at in 0..40 {
            name += &format!("1xIS{at:X}_S{at:X}_E");
        }
        name += "EvT_";
        let said = read(&name);
        assert!(said.1.is_none_or(|text| text.len() <= LONGEST));
    }

    proptest! {
        #[test]
        fn no_name_panics(name in "(_Z|_R|_ZN|\\?)?[A-Za-z0-9_$.]{0,60}", any in ".{0,40}") {
            Symbol::read(&name, true);
            Symbol::read(&any, true);
            Symbol::read(&format!("_Z{any}"), false);
        }
    }
}
