//! The place in the tokens: what comes next, and complaints about it.

use super::declarations::Declarations;
use super::error::{CdefError, Class, Place, Result};
use super::lexer::{Lexed, Spanned, Token};
use super::model::{Quals, Type};
use super::primitives;
use super::specifiers::is_keyword;

/// Parentheses, braces and types inside one another, at most: each costs a call of our own.
pub const DEEPEST: usize = 200;

/// Reads one text into declarations.
pub struct Reader<'a> {
    /// The text, split.
    pub lexed: &'a Lexed<'a>,
    /// What is known already, and what the text adds.
    pub known: &'a mut Declarations,
    next: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Begins at the first token.
    pub fn new(lexed: &'a Lexed<'a>, known: &'a mut Declarations) -> Reader<'a> {
        Reader {
            lexed,
            known,
            next: 0,
            depth: 0,
        }
    }

    fn spanned(&self, ahead: usize) -> Spanned {
        let last = self.lexed.tokens.len() - 1;
        self.lexed.tokens[(self.next + ahead).min(last)]
    }

    /// The token so far ahead.
    pub fn peek(&self, ahead: usize) -> Token {
        self.spanned(ahead).token
    }

    /// Its text.
    pub fn text(&self, ahead: usize) -> &'a str {
        let spanned = self.spanned(ahead);
        &self.lexed.source.text[spanned.start..spanned.end]
    }

    /// The word so far ahead, empty if it is no word.
    pub fn word(&self, ahead: usize) -> &'a str {
        match self.peek(ahead) {
            Token::Word => self.text(ahead),
            _ => "",
        }
    }

    /// The offset of the next token.
    pub fn at(&self) -> usize {
        self.spanned(0).start
    }

    /// Goes on by one token.
    pub fn skip(&mut self) {
        self.next = (self.next + 1).min(self.lexed.tokens.len() - 1);
    }

    /// The index of the next token, to come back to.
    pub fn mark(&self) -> usize {
        self.next
    }

    /// Comes back.
    pub fn back_to(&mut self, mark: usize) {
        self.next = mark;
    }

    /// Whether the next token is this sign.
    pub fn is(&self, sign: u8) -> bool {
        self.peek(0) == Token::Sign(sign)
    }

    /// Takes the sign if it comes next.
    pub fn accept(&mut self, sign: u8) -> bool {
        let same = self.is(sign);
        if same {
            self.skip();
        }
        same
    }

    /// Takes the word if it comes next.
    pub fn accept_word(&mut self, word: &str) -> bool {
        let same = self.word(0) == word;
        if same {
            self.skip();
        }
        same
    }

    /// Takes the sign, which must come next.
    pub fn expect(&mut self, sign: u8) -> Result<()> {
        if self.accept(sign) {
            return Ok(());
        }
        Err(self.expected(&format!("'{}'", char::from(sign))))
    }

    /// One level deeper.
    pub fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.syntax_error("nested too deeply"));
        }
        Ok(())
    }

    /// One level up again.
    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// The place of an offset.
    pub fn place(&self, at: usize) -> Place {
        self.lexed.source.place(at)
    }

    /// The next token is not what it should be.
    pub fn expected(&self, what: &str) -> Box<CdefError> {
        let found = match self.peek(0) {
            Token::End => "the end".to_owned(),
            _ => format!("'{}'", self.text(0)),
        };
        self.syntax_error(&format!("expected {what} before {found}"))
    }

    /// The text stops being C at the next token.
    pub fn syntax_error(&self, what: &str) -> Box<CdefError> {
        Box::new(CdefError::syntax(what, self.place(self.at())))
    }

    /// Something at an offset is wrong that is not syntax.
    pub fn error(&self, class: Class, at: usize, what: impl Into<String>) -> Box<CdefError> {
        Box::new(CdefError::new(class, what, Some(self.place(at))))
    }

    /// The same with the line in front, for what cffi calls an `FFIError`.
    pub fn meaningless(&self, at: usize, what: &str) -> Box<CdefError> {
        let line = self.place(at).line;
        self.error(Class::Ffi, at, format!(":{line}: {what}"))
    }

    /// The type of a name, if it is the name of a type.
    pub fn named_type(&self, name: &str) -> Option<(Type, Quals)> {
        match self.known.typedef(name) {
            Some(found) => Some(found),
            None => primitives::common(name).map(|found| (found, Quals::default())),
        }
    }

    /// Whether the token so far ahead is the name of a type.
    pub fn is_type_name(&self, ahead: usize) -> bool {
        let word = self.word(ahead);
        !word.is_empty() && self.named_type(word).is_some()
    }

    /// A text that is one unknown word deserves a message of its own.
    pub fn known_or_keyword(&self) -> Result<()> {
        let word = self.word(0);
        let alone = self.peek(1) == Token::End && !word.is_empty();
        if alone && !is_keyword(word) && self.named_type(word).is_none() {
            let what = format!("unknown identifier '{word}'");
            return Err(self.error(Class::Cdef, self.at(), what));
        }
        Ok(())
    }
}
