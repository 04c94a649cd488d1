//! What stands before the declarators: `static const unsigned long`, `struct point {...}`.

use super::error::{Class, Result};
use super::lexer::Token;
use super::model::{Quals, Type};
use super::primitives::Words;
use super::reader::Reader;

/// The left part of a declaration.
#[derive(Debug)]
pub struct Specifiers {
    /// The type, or the dots in its place.
    pub base: Base,
    /// `const` and the like.
    pub quals: Quals,
    /// Whether `typedef` was there.
    pub typedef: bool,
    /// Whether a storage class (`extern`, `static`, ...) was there.
    pub storage: bool,
    /// Whether the base was a struct, union or enum, which is of use even without a declarator.
    pub tagged: bool,
}

/// What the specifiers say about the type.
#[derive(Clone, Debug)]
pub enum Base {
    /// It is this one.
    Type(Type),
    /// `...`.
    Dots,
    /// `int...`.
    IntegerDots,
    /// `float...`.
    FloatDots,
}

/// Who asks for specifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A declaration of its own; only here may `typedef` stand.
    Declaration,
    /// A member of a struct or union.
    Member,
    /// A parameter, or a type name.
    Parameter,
}

/// The qualifier of a word.
pub fn qualifier(word: &str) -> Option<Quals> {
    match word {
        "const" => Some(Quals::CONST),
        "volatile" => Some(Quals::VOLATILE),
        "restrict" | "__restrict" | "__restrict__" => Some(Quals::RESTRICT),
        "__stdcall" | "WINAPI" => Some(Quals::STDCALL),
        "__cdecl" | "_Atomic" => Some(Quals::default()),
        _ => None,
    }
}

/// Words that C has taken, so that nothing can be called so.
pub fn is_keyword(word: &str) -> bool {
    let mut words = Words::default();
    words.take(word)
        || qualifier(word).is_some_and(|_| !matches!(word, "WINAPI"))
        || storage(word)
        || matches!(
            word,
            "typedef"
                | "struct"
                | "union"
                | "enum"
                | "sizeof"
                | "inline"
                | "_Noreturn"
                | "_Alignas"
                | "_Alignof"
                | "_Static_assert"
                | "break"
                | "case"
                | "continue"
                | "default"
                | "do"
                | "else"
                | "for"
                | "goto"
                | "if"
                | "return"
                | "switch"
                | "while"
        )
}

fn storage(word: &str) -> bool {
    matches!(
        word,
        "extern" | "static" | "auto" | "register" | "_Thread_local"
    )
}

impl Reader<'_> {
    /// Reads specifiers; at least a type, or dots in its place.
    pub fn specifiers(&mut self, context: Context) -> Result<Specifiers> {
        let start = self.at();
        let mut found: Option<Base> = None;
        let mut words = Words::default();
        let (mut quals, mut tagged) = (Quals::default(), false);
        let (mut is_typedef, mut has_storage) = (false, false);
        loop {
            let word = self.word(0);
            if word.is_empty() {
                if self.peek(0) != Token::Dots || found.is_some() {
                    break;
                }
                found = Some(self.dots(words)?);
                words = Words::default();
            } else if let Some(more) = qualifier(word) {
                quals = quals.with(more);
                self.skip();
            } else if word == "typedef" && context == Context::Declaration {
                is_typedef = true;
                self.skip();
            } else if storage(word) && context != Context::Member {
                has_storage = true;
                self.skip();
            } else if matches!(word, "inline" | "_Noreturn") && context == Context::Declaration {
                self.skip();
            } else if word.starts_with("__attribute") || word == "__declspec" {
                return Err(self.syntax_error(&format!("{word} is not possible in cdef()")));
            } else if found.is_some() {
                break;
            } else if words.take(word) {
                self.skip();
            } else if !words.is_empty() {
                break;
            } else if matches!(word, "struct" | "union" | "enum") {
                found = Some(Base::Type(self.tagged(context, is_typedef)?));
                tagged = true;
            } else if let Some((named, more)) = self.named_type(word) {
                quals = quals.with(more);
                found = Some(Base::Type(named));
                self.skip();
            } else {
                break;
            }
        }
        let base = match found {
            Some(base) if words.is_empty() => base,
            Some(_) => return Err(self.senseless(start)),
            None if words.is_empty() => return Err(self.no_type()),
            None => Base::Type(words.primitive().ok_or_else(|| self.senseless(start))?),
        };
        Ok(Specifiers {
            base,
            quals,
            typedef: is_typedef,
            storage: has_storage,
            tagged,
        })
    }

    fn dots(&mut self, words: Words) -> Result<Base> {
        let base = if words.is_empty() {
            Base::Dots
        } else if words.may_be_unknown_integer() {
            Base::IntegerDots
        } else if words.may_be_unknown_float() {
            Base::FloatDots
        } else {
            return Err(self.meaningless(self.at(), "unsupported usage of \"...\" in typedef"));
        };
        self.skip();
        Ok(base)
    }

    fn senseless(&self, start: usize) -> Box<super::error::CdefError> {
        let text = self.lexed.source.text[start..self.at()].trim();
        let what = format!(
            "Unsupported type: {text:?}; these words do not go together, or name a type that \
             the engine does not have"
        );
        self.error(Class::Ffi, start, what)
    }

    fn no_type(&self) -> Box<super::error::CdefError> {
        let word = self.word(0);
        if word.is_empty() || is_keyword(word) {
            return self.expected("a type");
        }
        self.syntax_error(&format!(
            "'{word}' is not the name of a type that is known here"
        ))
    }

    /// The type where no `...` may take its place.
    pub fn plain_base(&self, specifiers: &Specifiers, at: usize) -> Result<Type> {
        match &specifiers.base {
            Base::Type(ctype) => Ok(ctype.clone()),
            _ => Err(self.meaningless(at, "bad usage of \"...\"")),
        }
    }
}
