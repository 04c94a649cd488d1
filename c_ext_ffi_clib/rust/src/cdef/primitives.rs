//! The arithmetic types: the names that need no declaration, and how C spells a type with several
//! words.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::model::{Shape, Type, file};

/// The names of the primitive types and `void`, in the order by which the type tables of cffi's modules
/// number them.
pub const PRIMITIVES: [&str; 52] = [
    "void",
    "_Bool",
    "char",
    "signed char",
    "unsigned char",
    "short",
    "unsigned short",
    "int",
    "unsigned int",
    "long",
    "unsigned long",
    "long long",
    "unsigned long long",
    "float",
    "double",
    "long double",
    "wchar_t",
    "int8_t",
    "uint8_t",
    "int16_t",
    "uint16_t",
    "int32_t",
    "uint32_t",
    "int64_t",
    "uint64_t",
    "intptr_t",
    "uintptr_t",
    "ptrdiff_t",
    "size_t",
    "ssize_t",
    "int_least8_t",
    "uint_least8_t",
    "int_least16_t",
    "uint_least16_t",
    "int_least32_t",
    "uint_least32_t",
    "int_least64_t",
    "uint_least64_t",
    "int_fast8_t",
    "uint_fast8_t",
    "int_fast16_t",
    "uint_fast16_t",
    "int_fast32_t",
    "uint_fast32_t",
    "int_fast64_t",
    "uint_fast64_t",
    "intmax_t",
    "uintmax_t",
    "_cffi_float_complex_t",
    "_cffi_double_complex_t",
    "char16_t",
    "char32_t",
];

/// Those whose values are no integers.
const NO_INTEGERS: [&str; 10] = [
    "void",
    "char",
    "float",
    "double",
    "long double",
    "wchar_t",
    "_cffi_float_complex_t",
    "_cffi_double_complex_t",
    "char16_t",
    "char32_t",
];

/// One type per name, so that the same name gives the same type everywhere.
static TYPES: LazyLock<HashMap<&'static str, Type>> = LazyLock::new(|| {
    let shape = |name| match name {
        "void" => Shape::Void,
        name => Shape::Primitive(name),
    };
    let made = PRIMITIVES.into_iter();
    made.map(|name| (name, Type::new(shape(name)))).collect()
});

/// The type of that name, spelled with one space between words; `void` is among them.
pub fn primitive(name: &str) -> Option<Type> {
    TYPES.get(name).cloned()
}

/// Whether the values of the type are integers; those of characters are not.
pub fn is_integer(name: &str) -> bool {
    PRIMITIVES.contains(&name) && !NO_INTEGERS.contains(&name)
}

/// The type of a name that is known without any declaration, such as `size_t` and `FILE`.
pub fn common(name: &str) -> Option<Type> {
    match name {
        "FILE" => Some(file()),
        "bool" => primitive("_Bool"),
        _ if name.ends_with("_t") => primitive(name),
        _ => None,
    }
}

/// No type has so many words; counting stops here.
const MANY: u8 = 20;

/// The words of a type name so far, such as `unsigned long`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words {
    signed: u8,
    unsigned: u8,
    short: u8,
    long: u8,
    int: u8,
    complex: u8,
    /// `char`, `float`, `double`, `void` or `_Bool`.
    main: Option<&'static str>,
    count: u8,
}

impl Words {
    /// Takes the word if it is part of an arithmetic type's name.
    pub fn take(&mut self, word: &str) -> bool {
        let counter = match word {
            "signed" => &mut self.signed,
            "unsigned" => &mut self.unsigned,
            "short" => &mut self.short,
            "long" => &mut self.long,
            "int" => &mut self.int,
            "_Complex" => &mut self.complex,
            _ => {
                const MAIN: [&str; 5] = ["char", "float", "double", "void", "_Bool"];
                let Some(main) = MAIN.into_iter().find(|main| *main == word) else {
                    return false;
                };
                // A second one makes the whole senseless; the count tells.
                self.main.get_or_insert(main);
                self.count = (self.count + 1).min(MANY);
                return true;
            }
        };
        *counter = (*counter + 1).min(MANY);
        self.count = (self.count + 1).min(MANY);
        true
    }

    /// Whether no word has been taken.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// Whether `...` behind them means an unknown integer.
    pub fn may_be_unknown_integer(self) -> bool {
        self.count > 0 && self.complex == 0 && matches!(self.main, None | Some("char"))
    }

    /// Whether `...` behind them means an unknown floating-point number.
    pub fn may_be_unknown_float(self) -> bool {
        self.count == 1 && matches!(self.main, Some("float" | "double"))
    }

    /// The type that they name; `None` for words that do not go together.
    pub fn primitive(self) -> Option<Type> {
        primitive(self.name()?)
    }

    fn name(self) -> Option<&'static str> {
        let sign = self.signed + self.unsigned;
        if sign > 1 || self.int > 1 || self.short > 1 || self.long > 2 || self.complex > 1 {
            return None;
        }
        let sizes = self.short + self.long + self.int;
        match self.main {
            Some(main) => {
                let rest = self.count - 1;
                Some(match (main, rest) {
                    ("char", _) if rest == sign && self.unsigned > 0 => "unsigned char",
                    ("char", _) if rest == sign && self.signed > 0 => "signed char",
                    ("double", 1) if self.long == 1 => "long double",
                    ("float", 1) if self.complex == 1 => "_cffi_float_complex_t",
                    ("double", 1) if self.complex == 1 => "_cffi_double_complex_t",
                    (_, 0) => main,
                    _ => return None,
                })
            }
            None if self.complex > 0 || (self.short > 0 && self.long > 0) || sign + sizes == 0 => {
                None
            }
            None => Some(match (self.unsigned > 0, self.short, self.long) {
                (false, 0, 0) => "int",
                (true, 0, 0) => "unsigned int",
                (false, 1, _) => "short",
                (true, 1, _) => "unsigned short",
                (false, _, 1) => "long",
                (true, _, 1) => "unsigned long",
                (false, _, _) => "long long",
                (true, _, _) => "unsigned long long",
            }),
        }
    }
}
