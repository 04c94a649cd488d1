//! Reads a C type from text, such as `struct point *(*)[3]`.
//!
//! The names come from a [`Names`]; the grammar is C's for a type name, with `[...]` for an array
//! whose length only the C compiler knows.

use pyo3::prelude::*;

use crate::compose;
use crate::ctype::CType;
use crate::errors::ffi_error;

/// libffi's default calling convention.
pub const DEFAULT_ABI: i32 = 2;
/// Parentheses deeper than this are refused: the reader calls itself for each.
const DEEPEST: usize = 200;
/// Longer texts are left out of error messages.
const LONGEST_SHOWN: usize = 500;

/// Where the meaning of names comes from.
pub trait Names<'py> {
    /// The record `struct NAME`, `union NAME` or the enum `enum NAME`.
    ///
    /// # Errors
    /// Those of making the type.
    fn tagged(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, CType>>>;
    /// The type that `typedef` has given this name.
    ///
    /// # Errors
    /// Those of making the type.
    fn typedef(&self, py: Python<'py>, name: &str) -> PyResult<Option<Found<'py>>>;
}

/// A type, or a function that is not (yet) a pointer to one.
#[derive(Clone)]
pub enum Found<'py> {
    /// A type.
    Type(Bound<'py, CType>),
    /// A function, as the pointer to it.
    Function(Bound<'py, CType>),
}

impl<'py> Found<'py> {
    /// The type, a function as the pointer to it.
    pub fn decayed(self) -> Bound<'py, CType> {
        match self {
            Found::Type(ctype) | Found::Function(ctype) => ctype,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Number(usize),
    Sign(char),
    Dots,
    End,
}

/// Reads all of `text` as a type.
///
/// # Errors
/// `error` that says where the text stops being a type.
pub fn parse<'py>(py: Python<'py>, text: &str, names: &dyn Names<'py>) -> PyResult<Found<'py>> {
    let mut reader = Reader::new(py, text, names)?;
    let base = reader.base()?;
    let found = reader.declarator(Found::Type(base))?;
    if *reader.peek() != Token::End {
        return Err(reader.error("unexpected symbol"));
    }
    Ok(found)
}

struct Reader<'a, 'py> {
    py: Python<'py>,
    text: &'a str,
    names: &'a dyn Names<'py>,
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

impl<'a, 'py> Reader<'a, 'py> {
    fn new(py: Python<'py>, text: &'a str, names: &'a dyn Names<'py>) -> PyResult<Self> {
        let mut reader = Reader {
            py,
            text,
            names,
            tokens: Vec::new(),
            next: 0,
            depth: 0,
        };
        reader.tokens = reader.split()?;
        Ok(reader)
    }

    fn split(&self) -> PyResult<Vec<(usize, Token)>> {
        let mut tokens = Vec::new();
        let mut rest = self.text;
        loop {
            rest = rest.trim_start();
            let at = self.text.len() - rest.len();
            let Some(first) = rest.chars().next() else {
                tokens.push((at, Token::End));
                return Ok(tokens);
            };
            let word = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '$';
            let length = rest.find(|one| !word(one)).unwrap_or(rest.len());
            let (token, length) = if rest.starts_with("...") {
                (Token::Dots, 3)
            } else if first.is_ascii_digit() {
                let number = number(&rest[..length]);
                (
                    Token::Number(number.ok_or_else(|| self.error_at(at, "invalid number"))?),
                    length,
                )
            } else if length > 0 {
                (Token::Word(rest[..length].to_owned()), length)
            } else {
                (Token::Sign(first), first.len_utf8())
            };
            tokens.push((at, token));
            rest = &rest[length..];
        }
    }

    fn peek(&self) -> &Token {
        self.tokens
            .get(self.next)
            .map_or(&Token::End, |(_, token)| token)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn accept(&mut self, sign: char) -> bool {
        let same = *self.peek() == Token::Sign(sign);
        self.next += usize::from(same);
        same
    }

    fn expect(&mut self, sign: char) -> PyResult<()> {
        if self.accept(sign) {
            return Ok(());
        }
        Err(self.error(&format!("expected '{sign}'")))
    }

    fn error(&self, message: &str) -> PyErr {
        let at = self
            .tokens
            .get(self.next)
            .map_or(self.text.len(), |(at, _)| *at);
        self.error_at(at, message)
    }

    fn error_at(&self, at: usize, message: &str) -> PyErr {
        if self.text.len() > LONGEST_SHOWN {
            return ffi_error(self.py, message.to_owned());
        }
        let text: String = self.text.chars().map(shown).collect();
        let before = self
            .text
            .get(..at)
            .map_or(0, |before| before.chars().count());
        let caret = format!("{}^", " ".repeat(before));
        ffi_error(self.py, format!("{message}\n{text}\n{caret}"))
    }

    fn qualifiers(&mut self) {
        while let Token::Word(word) = self.peek() {
            if !matches!(
                word.as_str(),
                "const" | "volatile" | "restrict" | "__restrict"
            ) {
                return;
            }
            self.next += 1;
        }
    }

    /// What stands before the declarator: `unsigned long`, `struct point`, `size_t`.
    fn base(&mut self) -> PyResult<Bound<'py, CType>> {
        self.qualifiers();
        let start = self.next;
        let mut words: Vec<String> = Vec::new();
        while let Token::Word(word) = self.peek() {
            const PARTS: [&str; 11] = [
                "unsigned", "signed", "long", "short", "int", "char", "float", "double", "void",
                "_Bool", "_Complex",
            ];
            if !PARTS.contains(&word.as_str()) {
                break;
            }
            words.push(word.clone());
            self.next += 1;
            self.qualifiers();
        }
        if !words.is_empty() {
            let Some(name) = primitive_name(&words) else {
                self.next = start;
                return Err(self.error("invalid combination of types"));
            };
            return match name {
                "void" => compose::void(self.py),
                name => compose::primitive(self.py, name),
            };
        }
        let Token::Word(word) = self.take() else {
            self.next = start;
            return Err(self.error("identifier expected"));
        };
        let found = if matches!(word.as_str(), "struct" | "union" | "enum") {
            let tag = match self.take() {
                Token::Word(tag) if !matches!(tag.as_str(), "struct" | "union" | "enum") => tag,
                _ => {
                    self.next = start + 1;
                    return Err(self.error("struct or union name expected"));
                }
            };
            let name = format!("{word} {tag}");
            match self.names.tagged(self.py, &name)? {
                Some(found) => found,
                None => {
                    self.next = start + 1;
                    return Err(self.error("undefined struct/union name"));
                }
            }
        } else {
            self.named(&word, start)?
        };
        self.qualifiers();
        Ok(found)
    }

    fn named(&mut self, word: &str, start: usize) -> PyResult<Bound<'py, CType>> {
        if let Some(found) = self.names.typedef(self.py, word)? {
            return Ok(found.decayed());
        }
        if let Ok(primitive) = compose::primitive(self.py, word) {
            return Ok(primitive);
        }
        let common = match word {
            "bool" => Some("_Bool"),
            _ => None,
        };
        match common {
            Some(name) => compose::primitive(self.py, name),
            None => {
                self.next = start;
                Err(self.error("undefined type name"))
            }
        }
    }

    /// Applies `*`, `[]`, `()` and parentheses around them to `base`.
    fn declarator(&mut self, base: Found<'py>) -> PyResult<Found<'py>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("the type is nested too deeply"));
        }
        let mut found = base;
        while self.accept('*') {
            self.qualifiers();
            found = Found::Type(match found {
                Found::Type(ctype) => compose::pointer(&ctype)?,
                Found::Function(function) => function,
            });
        }
        if *self.peek() == Token::Sign('(') && self.is_group() {
            // The suffix behind the group binds first, so the group is read after it.
            let group = self.next + 1;
            self.skip_group()?;
            found = self.suffixes(found)?;
            let end = self.next;
            self.next = group;
            found = self.declarator(found)?;
            self.expect(')')?;
            self.next = end;
        } else {
            if matches!(self.peek(), Token::Word(_)) {
                // The name of a parameter.
                self.next += 1;
            }
            found = self.suffixes(found)?;
        }
        self.depth -= 1;
        Ok(found)
    }

    /// Whether the parenthesis here groups a declarator rather than beginning parameters.
    fn is_group(&self) -> bool {
        let after = self.tokens.get(self.next + 1).map(|(_, token)| token);
        matches!(after, Some(Token::Sign('*' | '(' | '[')))
    }

    fn skip_group(&mut self) -> PyResult<()> {
        let mut open = 0usize;
        loop {
            match self.take() {
                Token::Sign('(') => open += 1,
                Token::Sign(')') if open == 1 => return Ok(()),
                Token::Sign(')') => open -= 1,
                Token::End => {
                    self.next -= 1;
                    return Err(self.error("expected ')'"));
                }
                _ => {}
            }
        }
    }

    fn suffixes(&mut self, found: Found<'py>) -> PyResult<Found<'py>> {
        if self.accept('(') {
            return self.function(found);
        }
        let mut lengths = Vec::new();
        while self.accept('[') {
            if self.accept(']') {
                lengths.push(None);
                continue;
            }
            lengths.push(match self.take() {
                Token::Number(length) => Some(length),
                // The length is filled in by who knows the size in bytes.
                Token::Dots => None,
                _ => {
                    self.next -= 1;
                    return Err(self.error("expected a positive integer constant"));
                }
            });
            self.expect(']')?;
        }
        let mut ctype = match found {
            Found::Function(_) if lengths.is_empty() => return Ok(found),
            Found::Function(_) => return Err(self.error("array of functions")),
            Found::Type(ctype) => ctype,
        };
        for length in lengths.into_iter().rev() {
            ctype = compose::array(&compose::pointer(&ctype)?, length)?;
        }
        Ok(Found::Type(ctype))
    }

    fn function(&mut self, result: Found<'py>) -> PyResult<Found<'py>> {
        let result = match result {
            Found::Type(ctype) => ctype,
            Found::Function(_) => return Err(self.error("a function cannot return a function")),
        };
        let mut arguments = Vec::new();
        let mut variadic = false;
        if !self.accept(')') {
            loop {
                if *self.peek() == Token::Dots {
                    self.next += 1;
                    variadic = true;
                } else {
                    let base = self.base()?;
                    arguments.push(self.declarator(Found::Type(base))?.decayed());
                }
                if !self.accept(',') {
                    break;
                }
            }
            self.expect(')')?;
        }
        let void = |one: &Bound<'py, CType>| matches!(one.get().kind, crate::ctype::Kind::Void);
        if arguments.len() == 1 && arguments.iter().all(void) {
            arguments.clear();
        }
        let made = compose::function(&arguments, &result, variadic, DEFAULT_ABI)?;
        Ok(Found::Function(made))
    }
}

/// A character as an error message shows it.
fn shown(one: char) -> char {
    match one {
        _ if one.is_whitespace() => ' ',
        ' '..='~' => one,
        _ => '?',
    }
}

fn number(text: &str) -> Option<usize> {
    let text = text.trim_end_matches(['u', 'U', 'l', 'L']);
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return usize::from_str_radix(digits, 16).ok();
    }
    match text.strip_prefix('0').filter(|digits| !digits.is_empty()) {
        Some(octal) => usize::from_str_radix(octal, 8).ok(),
        None => text.parse().ok(),
    }
}

/// The one name of a type that C spells with several words in any order.
fn primitive_name(words: &[String]) -> Option<&'static str> {
    let count = |word: &str| words.iter().filter(|one| *one == word).count();
    let (unsigned, signed) = (count("unsigned"), count("signed"));
    let (long, short, int) = (count("long"), count("short"), count("int"));
    if unsigned + signed > 1 || int > 1 || short > 1 || long > 2 {
        return None;
    }
    let sizes = unsigned + signed + long + short + int;
    let alone = sizes == 0 && words.len() == 1;
    let name = match words.iter().map(String::as_str).find(|word| {
        matches!(
            *word,
            "char" | "float" | "double" | "void" | "_Bool" | "_Complex"
        )
    }) {
        Some("char") if words.len() == 1 + unsigned + signed => match (unsigned, signed) {
            (1, _) => "unsigned char",
            (_, 1) => "signed char",
            _ => "char",
        },
        Some("double") if sizes == 1 && long == 1 && words.len() == 2 => "long double",
        Some("float") if alone => "float",
        Some("double") if alone => "double",
        Some("void") if alone => "void",
        Some("_Bool") if alone => "_Bool",
        Some("_Complex" | "float" | "double") if words.len() == 2 && count("_Complex") == 1 => {
            match (count("float"), count("double")) {
                (1, 0) => "_cffi_float_complex_t",
                (0, 1) => "_cffi_double_complex_t",
                _ => return None,
            }
        }
        Some(_) => return None,
        None if short > 0 && long > 0 => return None,
        None => match (unsigned > 0, short, long) {
            (false, 0, 0) => "int",
            (true, 0, 0) => "unsigned int",
            (false, 1, _) => "short",
            (true, 1, _) => "unsigned short",
            (false, _, 1) => "long",
            (true, _, 1) => "unsigned long",
            (false, _, _) => "long long",
            (true, _, _) => "unsigned long long",
        },
    };
    Some(name)
}
