//! Small changes that a learner's program could differ by: each makes one mutant of a solution.

use std::ops::Range;

use super::lexer::{Kind, Language, Token, tokens};

/// A change of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change, for the reader.
    pub kind: &'static str,
    /// What is replaced, in bytes.
    pub place: Range<usize>,
    /// What stands there instead.
    pub with: String,
}

/// All changes of a text within some ranges of bytes, in the order of their places.
pub fn changes(language: Language, text: &str, within: &[Range<usize>]) -> Vec<Change> {
    let mut found = of_text(language, text, 0, false);
    found.retain(|change| {
        let own = &change.place;
        within
            .iter()
            .any(|it| it.start <= own.start && own.end <= it.end)
    });
    found.sort_by_key(|change| (change.place.start, change.place.end));
    found.dedup();
    found
}

fn of_text(language: Language, text: &str, offset: usize, embedded: bool) -> Vec<Change> {
    let program = Program {
        language,
        embedded,
        text,
        tokens: tokens(language, text),
    };
    let mut found = Vec::new();
    for index in 0..program.tokens.len() {
        found.extend(program.operator(index));
        found.extend(program.negation(index));
        found.extend(program.constant(index));
        found.extend(program.declared_type(index));
        found.extend(program.exception(index));
        found.extend(program.check(index));
        found.extend(program.swapped(index));
        found.extend(program.destructor(index));
        found.extend(program.release(index));
        found.extend(program.kept(index));
        found.extend(program.embedded(index));
    }
    for change in &mut found {
        change.place.start += offset;
        change.place.end += offset;
    }
    found
}

/// Operators that are written between blanks, each with another one.
const OPERATORS: [(&str, &str, &str); 22] = [
    ("+", "-", "another operator"),
    ("-", "+", "another operator"),
    ("*", "+", "another operator"),
    ("/", "*", "another operator"),
    ("//", "*", "another operator"),
    ("%", "*", "another operator"),
    ("<<", ">>", "another operator"),
    (">>", "<<", "another operator"),
    ("&", "|", "another operator"),
    ("|", "&", "another operator"),
    ("+=", "-=", "another operator"),
    ("-=", "+=", "another operator"),
    ("&&", "||", "another operator"),
    ("||", "&&", "another operator"),
    ("and", "or", "another operator"),
    ("or", "and", "another operator"),
    ("==", "!=", "another comparison"),
    ("!=", "==", "another comparison"),
    ("<", "<=", "another comparison"),
    ("<=", "<", "another comparison"),
    (">", ">=", "another comparison"),
    (">=", ">", "another comparison"),
];

/// Types as declarations name them, each with one of another width or sign.
const TYPES: [(&str, &str); 27] = [
    ("c_int", "c_short"),
    ("c_uint", "c_ushort"),
    ("c_long", "c_int"),
    ("c_ulong", "c_uint"),
    ("c_longlong", "c_int"),
    ("c_int32", "c_int16"),
    ("c_int64", "c_int32"),
    ("c_uint8", "c_int8"),
    ("c_uint16", "c_int16"),
    ("c_uint32", "c_int32"),
    ("c_uint64", "c_int64"),
    ("c_size_t", "c_uint8"),
    ("c_ssize_t", "c_int8"),
    ("c_double", "c_float"),
    ("c_float", "c_double"),
    ("int", "short"),
    ("long", "int"),
    ("int32_t", "int16_t"),
    ("int64_t", "int32_t"),
    ("uint8_t", "int8_t"),
    ("uint16_t", "int16_t"),
    ("uint32_t", "int32_t"),
    ("uint64_t", "int64_t"),
    ("size_t", "uint8_t"),
    ("double", "float"),
    ("float", "double"),
    ("c_void_p", "c_int"),
];

/// The same for Rust, where they count in what is declared for C only.
const RUST_TYPES: [(&str, &str); 13] = [
    ("c_int", "i16"),
    ("c_uint", "u16"),
    ("c_long", "i32"),
    ("c_double", "f32"),
    ("i32", "i16"),
    ("i64", "i32"),
    ("u8", "i8"),
    ("u16", "i16"),
    ("u32", "i32"),
    ("u64", "i64"),
    ("usize", "u8"),
    ("f64", "f32"),
    ("f32", "f64"),
];

/// Exceptions that say what went wrong, which RuntimeError does not.
const EXCEPTIONS: [&str; 10] = [
    "ValueError",
    "TypeError",
    "OverflowError",
    "LookupError",
    "KeyError",
    "IndexError",
    "OSError",
    "BufferError",
    "AttributeError",
    "UnicodeDecodeError",
];

/// Parts of the names of functions that give something back.
const RELEASES: [&str; 9] = [
    "free", "close", "destroy", "release", "Release", "DECREF", "Py_CLEAR", "drop", "finish",
];

/// What begins a line that is more than a call: a definition, or a statement with another one inside.
const HEADS: [&str; 12] = [
    "def", "fn", "return", "if", "else", "with", "static", "void", "pub", "for", "while", "}",
];

/// The kind of a change after which nobody gives something back.
pub(super) const MISSING_RELEASE: &str = "a missing release";

/// A text whose tokens are changed.
pub(super) struct Program<'a> {
    pub(super) language: Language,
    /// Whether it stands in a string of another program, as declarations do.
    embedded: bool,
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token<'a>>,
}

impl<'a> Program<'a> {
    pub(super) fn token(&self, index: usize) -> Option<Token<'a>> {
        self.tokens.get(index).copied()
    }

    pub(super) fn before(&self, index: usize) -> Option<Token<'a>> {
        self.token(index.checked_sub(1)?)
    }

    pub(super) fn is(&self, index: usize, text: &str) -> bool {
        self.token(index).is_some_and(|token| token.text == text)
    }

    pub(super) fn replace(
        &self,
        index: usize,
        kind: &'static str,
        with: impl Into<String>,
    ) -> Change {
        let token = self.tokens[index];
        Change {
            kind,
            place: token.start..token.end(),
            with: with.into(),
        }
    }

    /// A binary operator stands between blanks, unlike a pointer's star or a generic's bracket: formatters see to it.
    fn operator(&self, index: usize) -> Option<Change> {
        let token = self.tokens[index];
        let (_, other, kind) = OPERATORS.iter().find(|(sign, ..)| *sign == token.text)?;
        let blank = |text: Option<char>| text.is_some_and(char::is_whitespace);
        let spaced = blank(self.text[..token.start].chars().next_back())
            && blank(self.text[token.end()..].chars().next());
        let operand = self
            .before(index)
            .is_some_and(|it| it.kind != Kind::Sign || matches!(it.text, ")" | "]" | "}"));
        (spaced && operand && (token.kind == Kind::Sign || self.language == Language::Python))
            .then(|| self.replace(index, kind, *other))
    }

    fn negation(&self, index: usize) -> Option<Change> {
        let token = self.tokens[index];
        let joined = self
            .before(index)
            .is_some_and(|it| it.end() == token.start && it.kind == Kind::Word);
        let negates = match self.language {
            Language::Python => {
                token.text == "not" && self.before(index).is_none_or(|it| it.text != "is")
            }
            Language::C | Language::Rust => token.text == "!" && !joined,
        };
        let attribute = self.is(index + 1, "[");
        let next = self.token(index + 1)?;
        let inside = self.is(index + 1, "in");
        (negates && !attribute && !inside).then(|| Change {
            kind: "a condition turned round",
            place: token.start..next.start,
            with: String::new(),
        })
    }

    fn constant(&self, index: usize) -> Option<Change> {
        const KIND: &str = "another constant";
        let token = self.tokens[index];
        let other = match (token.kind, token.text) {
            (Kind::Word, "True") => "False".to_owned(),
            (Kind::Word, "False") => "True".to_owned(),
            (Kind::Word, "true") => "false".to_owned(),
            (Kind::Word, "false") => "true".to_owned(),
            (Kind::Number, text) => one_more(text)?,
            _ => return None,
        };
        // Every number below zero says the same to those who look for an error, and 0 that there is none.
        if let Some(minus) = self.before(index)
            && (minus.text, token.text, minus.end()) == ("-", "1", token.start)
        {
            return Some(Change {
                kind: KIND,
                place: minus.start..token.end(),
                with: "0".to_owned(),
            });
        }
        // `.0` of a tuple in Rust is no number.
        let field = self.language == Language::Rust
            && self
                .before(index)
                .is_some_and(|it| it.text == "." && it.end() == token.start);
        (!field).then(|| self.replace(index, KIND, other))
    }

    fn declared_type(&self, index: usize) -> Option<Change> {
        let token = self.tokens[index];
        let table: &[(&str, &str)] = match self.language {
            Language::Rust if self.is_declared_for_c(index) => &RUST_TYPES,
            Language::Rust => return None,
            // In an extension in C the compiler knows the declarations; what is local differs in ways that do not matter.
            Language::C if !self.embedded => return None,
            Language::Python | Language::C => &TYPES,
        };
        // In Python `int` and `float` are what functions are annotated with.
        if self.language == Language::Python && !token.text.starts_with("c_") {
            return None;
        }
        let (_, other) = table.iter().find(|(name, _)| *name == token.text)?;
        Some(self.replace(index, "a wrong type", *other))
    }

    /// Whether a token of Rust stands in an `extern "C"` block, or in a struct with the layout of C.
    fn is_declared_for_c(&self, index: usize) -> bool {
        let mut depth = 0;
        for at in (0..index).rev() {
            match self.tokens[at].text {
                "}" => depth += 1,
                "{" if depth > 0 => depth -= 1,
                "{" => {
                    let head: Vec<&str> = self.tokens[at.saturating_sub(12)..at]
                        .iter()
                        .map(|token| token.text)
                        .collect();
                    let block = head.ends_with(&["extern", "\"C\""]);
                    let own = head.iter().rposition(|text| *text == "struct");
                    let repr = head.windows(4).any(|four| four == ["repr", "(", "C", ")"]);
                    return block || (own.is_some() && repr);
                }
                _ => {}
            }
        }
        false
    }

    fn exception(&self, index: usize) -> Option<Change> {
        const KIND: &str = "another exception";
        let token = self.tokens[index];
        let name = match self.language {
            Language::Python => token.text,
            Language::C => token.text.strip_prefix("PyExc_")?,
            Language::Rust => token.text.strip_prefix("Py")?,
        };
        if !EXCEPTIONS.contains(&name) {
            return None;
        }
        match self.language {
            Language::Python => Some(self.replace(index, KIND, "RuntimeError")),
            Language::C => Some(self.replace(index, KIND, "PyExc_RuntimeError")),
            Language::Rust => self
                .is(index + 1, "::")
                .then(|| self.replace(index, KIND, "pyo3::exceptions::PyRuntimeError")),
        }
    }

    /// The condition of an `if` is never met.
    fn check(&self, index: usize) -> Option<Change> {
        let token = self.tokens[index];
        let first = self.token(index + 1)?;
        let never = match self.language {
            Language::Python => "False",
            Language::C => "0",
            Language::Rust => "false",
        };
        let (start, end) = match self.language {
            Language::Python if matches!(token.text, "if" | "elif") && self.begins_line(index) => {
                (first.start, self.closing(index + 1, ":")?)
            }
            Language::C if token.text == "if" && first.text == "(" => {
                (first.end(), self.closing(index + 2, ")")?)
            }
            Language::Rust
                if token.text == "if" && first.text != "let" && !self.is_guard(index) =>
            {
                (first.start, self.closing(index + 1, "{")?)
            }
            _ => return None,
        };
        let end = start + self.text[start..end].trim_end().len();
        Some(Change {
            kind: "a dropped check",
            place: start..end,
            with: never.to_owned(),
        })
    }

    /// Whether an `if` belongs to the arm of a match: no block follows before its arrow.
    fn is_guard(&self, index: usize) -> bool {
        let rest = self.tokens[index..].iter();
        let first = rest
            .map(|token| token.text)
            .find(|text| matches!(*text, "{" | "=>"));
        first == Some("=>")
    }

    pub(super) fn begins_line(&self, index: usize) -> bool {
        let before = &self.text[..self.tokens[index].start];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        before[line..].trim().is_empty()
    }

    /// Where the sign stands that closes what begins at a token, brackets in between left out.
    pub(super) fn closing(&self, from: usize, sign: &str) -> Option<usize> {
        let mut depth = 0;
        for token in self.tokens.get(from..)? {
            if depth == 0 && token.text == sign {
                return Some(token.start);
            }
            match token.text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                return None;
            }
        }
        None
    }

    /// The arguments of a call, as ranges of bytes, and where its bracket closes.
    pub(super) fn arguments(&self, open: usize) -> Option<(Vec<Range<usize>>, usize)> {
        let close = self.closing(open + 1, ")")?;
        let mut found = Vec::new();
        let mut start = self.tokens[open].end();
        let mut depth = 0;
        for token in self.tokens[open + 1..]
            .iter()
            .take_while(|it| it.start < close)
        {
            match token.text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                "," if depth == 0 => {
                    found.push(trimmed(self.text, start..token.start));
                    start = token.end();
                }
                _ => {}
            }
        }
        found.push(trimmed(self.text, start..close));
        found.retain(|range| !range.is_empty());
        Some((found, close))
    }

    /// The first two arguments change places.
    fn swapped(&self, index: usize) -> Option<Change> {
        let token = self.tokens[index];
        if token.kind != Kind::Word
            || !self.is(index + 1, "(")
            || self.tokens[index + 1].start != token.end()
        {
            return None;
        }
        let before = self.before(index).map_or("", |it| it.text);
        let attribute = self.language == Language::Rust
            && before == "["
            && index.checked_sub(2).is_some_and(|at| self.is(at, "#"));
        if attribute
            || matches!(before, "def" | "fn" | "class")
            || matches!(
                token.text,
                "if" | "while" | "for" | "switch" | "return" | "sizeof"
            )
        {
            return None;
        }
        let (arguments, _) = self.arguments(index + 1)?;
        let [first, second, ..] = &arguments[..] else {
            return None;
        };
        let texts = [&self.text[first.clone()], &self.text[second.clone()]];
        let named = texts
            .iter()
            .any(|text| text.contains('=') || text.starts_with('*'));
        // What a declaration calls its parameters does not matter.
        let declared = self.language == Language::C
            && self
                .before(index)
                .is_some_and(|it| it.kind == Kind::Word || it.text == "*")
            && before != "return";
        let same = if declared {
            without_name(texts[0]) == without_name(texts[1])
        } else {
            texts[0] == texts[1]
        };
        let keyword = named && self.language == Language::Python;
        (!same && !keyword).then(|| Change {
            kind: "swapped arguments",
            place: first.start..second.end,
            with: format!(
                "{}{}{}",
                texts[1],
                &self.text[first.end..second.start],
                texts[0]
            ),
        })
    }

    /// `ffi.gc(pointer, free)` without its destructor.
    fn destructor(&self, index: usize) -> Option<Change> {
        let is_call = self.language == Language::Python
            && self.tokens[index].text == "ffi"
            && self.is(index + 1, ".")
            && self.is(index + 2, "gc")
            && self.is(index + 3, "(");
        if !is_call {
            return None;
        }
        let (arguments, close) = self.arguments(index + 3)?;
        let first = arguments.first()?.clone();
        Some(Change {
            kind: MISSING_RELEASE,
            place: self.tokens[index].start..close + 1,
            with: self.text[first].to_owned(),
        })
    }

    /// A statement on a line of its own that gives something back, left out.
    fn release(&self, index: usize) -> Option<Change> {
        let token = self.tokens[index];
        let releases = token.kind == Kind::Word
            && self.is(index + 1, "(")
            && RELEASES.iter().any(|part| token.text.contains(part));
        if !releases {
            return None;
        }
        let place = self.statement(index)?;
        let own = self.texts(&place);
        let first = own.first().copied().unwrap_or_default();
        let plain = !own.contains(&"=");
        let block = self.language == Language::Rust && first == "unsafe" && !own.ends_with(&[";"]);
        let with = if block { "{}" } else { self.nothing() };
        plain.then(|| Change {
            kind: MISSING_RELEASE,
            place,
            with: with.to_owned(),
        })
    }

    /// The line that a token stands in, without blanks and comments, if it is a statement and no part of one.
    pub(super) fn statement(&self, index: usize) -> Option<Range<usize>> {
        let token = self.tokens[index];
        let start = self.text[..token.start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[token.start..]
            .find('\n')
            .map_or(self.text.len(), |at| token.start + at);
        let mut own = self
            .tokens
            .iter()
            .filter(|it| it.start >= start && it.start < end);
        let first = own.next()?;
        let last = own.next_back().unwrap_or(first);
        let place = first.start..last.end();
        let texts = self.texts(&place);
        let count = |text: &str| texts.iter().filter(|it| **it == text).count();
        let whole =
            count("(") == count(")") && count("[") == count("]") && count("{") == count("}");
        let ended = match self.language {
            Language::Python => true,
            Language::C => last.text == ";",
            Language::Rust => last.text == ";" || first.text == "unsafe",
        };
        (whole && ended && !HEADS.contains(&first.text)).then_some(place)
    }

    /// What may stand in place of a statement that is left out.
    pub(super) fn nothing(&self) -> &'static str {
        match self.language {
            Language::Python => "pass",
            Language::C | Language::Rust => ";",
        }
    }

    fn texts(&self, place: &Range<usize>) -> Vec<&'a str> {
        let own = self
            .tokens
            .iter()
            .filter(|it| place.contains(&it.start))
            .map(|it| it.text);
        own.collect()
    }

    /// C text in a string of Python: a cdef, or what goes into the generated module.
    fn embedded(&self, index: usize) -> Vec<Change> {
        let Kind::Text(start, end) = self.tokens[index].kind else {
            return Vec::new();
        };
        let content = &self.text[start..end];
        if self.language != Language::Python || !content.contains(';') {
            return Vec::new();
        }
        of_text(Language::C, content, start, true)
    }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

/// A parameter without its last word: `const char *text` becomes `const char *`.
fn without_name(parameter: &str) -> &str {
    parameter
        .trim_end_matches(|sign: char| sign == '_' || sign.is_alphanumeric())
        .trim_end()
}

/// The next greater number, written in the same way; none for what is no plain number.
fn one_more(text: &str) -> Option<String> {
    if let Some((whole, rest)) = text.split_once('.') {
        let number: u64 = whole.parse().ok()?;
        return Some(format!("{}.{rest}", number + 1));
    }
    let (digits, suffix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, ""),
        None => text.split_at(
            text.find(|sign: char| !sign.is_ascii_digit())
                .unwrap_or(text.len()),
        ),
    };
    let radix = if text.starts_with("0x") { 16 } else { 10 };
    let number = u64::from_str_radix(&digits.replace('_', ""), radix)
        .ok()?
        .checked_add(1)?;
    Some(match radix {
        16 => format!("0x{number:x}"),
        _ => format!("{number}{suffix}"),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Every mutant as the line that it changes, with the kind before it.
    fn mutants(language: Language, text: &str) -> Vec<String> {
        mutants_of(language, text, |_| true)
    }

    /// The same, of some kinds.
    pub fn mutants_of(
        language: Language,
        text: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let whole = 0..text.len();
        let made = changes(language, text, std::slice::from_ref(&whole));
        made.iter()
            .filter(|it| wanted(it.kind))
            .map(|it| {
                let mut new = text.to_owned();
                new.replace_range(it.place.clone(), &it.with);
                format!("{}: {}", it.kind, new.replace('\n', "~"))
            })
            .collect()
    }

    #[test]
    fn python_is_changed_place_by_place() {
        for (text, expected) in [
            ("x = a + b", vec!["another operator: x = a - b"]),
            ("return x and y", vec!["another operator: return x or y"]),
            ("if a:\n    f()", vec!["a dropped check: if False:~    f()"]),
            ("y = a if b else c", vec![]),
            (
                "if not x:\n",
                vec![
                    "a condition turned round: if x:~",
                    "a dropped check: if False:~",
                ],
            ),
            (
                "f.argtypes = [c_int64]",
                vec!["a wrong type: f.argtypes = [c_int32]"],
            ),
            ("def f(a: int, b: int) -> int:\n", vec![]),
            ("f(a, b)", vec!["swapped arguments: f(b, a)"]),
            ("f(a, a)", vec![]),
            (
                "p = ffi.gc(q, lib.q_free)",
                vec![
                    "a missing release: p = q",
                    "swapped arguments: p = ffi.gc(lib.q_free, q)",
                ],
            ),
            (
                "    lib.store_close(x)",
                vec!["a missing release:     pass"],
            ),
            (
                "raise ValueError(1)",
                vec![
                    "another exception: raise RuntimeError(1)",
                    "another constant: raise ValueError(2)",
                ],
            ),
            ("\"not C, 1 + 1\"", vec![]),
        ] {
            assert_eq!(mutants(Language::Python, text), expected, "{text}");
        }
    }

    #[test]
    fn declarations_in_a_cdef_are_changed_as_c() {
        let text = "ffi.cdef(\"int f(int a, char *b);\")";
        assert_eq!(
            mutants(Language::Python, text),
            [
                "a wrong type: ffi.cdef(\"short f(int a, char *b);\")",
                "a wrong type: ffi.cdef(\"int f(short a, char *b);\")",
                "swapped arguments: ffi.cdef(\"int f(char *b, int a);\")",
            ]
        );
        assert_eq!(
            mutants(
                Language::Python,
                "g(\"int f(const char *a, const char *b);\")"
            )
            .len(),
            1
        );
    }

    #[test]
    fn c_and_rust_are_changed_place_by_place() {
        for (language, text, expected) in [
            (
                Language::C,
                "if (p == NULL)",
                vec![
                    "a dropped check: if (0)",
                    "another comparison: if (p != NULL)",
                ],
            ),
            (Language::C, "char *p = q;", vec![]),
            (
                Language::C,
                "    Py_DECREF(type);",
                vec!["a missing release:     ;"],
            ),
            (
                Language::C,
                "return -1;",
                vec!["another constant: return 0;"],
            ),
            (
                Language::C,
                "x = 0xff;",
                vec!["another constant: x = 0x100;"],
            ),
            (
                Language::C,
                "raise(PyExc_KeyError);",
                vec!["another exception: raise(PyExc_RuntimeError);"],
            ),
            (
                Language::Rust,
                "if a < b { x }",
                vec![
                    "a dropped check: if false { x }",
                    "another comparison: if a <= b { x }",
                ],
            ),
            (Language::Rust, "if let Some(x) = y { x }", vec![]),
            (
                Language::Rust,
                "let x: Vec<i32> = !y;",
                vec!["a condition turned round: let x: Vec<i32> = y;"],
            ),
            (Language::Rust, "vec![self.0]", vec![]),
            (Language::Rust, "#[derive(Clone, Copy)]", vec![]),
            (
                Language::Rust,
                "extern \"C\" { fn f(a: i32); }",
                vec!["a wrong type: extern \"C\" { fn f(a: i16); }"],
            ),
            (
                Language::Rust,
                "#[repr(C)]\nstruct P { x: f64 }",
                vec!["a wrong type: #[repr(C)]~struct P { x: f32 }"],
            ),
            (
                Language::Rust,
                "PyValueError::new_err(x)",
                vec!["another exception: pyo3::exceptions::PyRuntimeError::new_err(x)"],
            ),
        ] {
            assert_eq!(mutants(language, text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_outside_of_the_ranges_changes() {
        let text = "a + b\nc + d\n";
        let second = 6..12;
        let made = changes(Language::Python, text, std::slice::from_ref(&second));
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].place, 8..9);
    }
}
