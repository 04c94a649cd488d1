//! Constant expressions: literals, known constants, and C's arithmetic on them.
//!
//! Numbers have 128 bits, so that no intermediate result of 64-bit operands wraps unseen.

use super::error::{Class, Result};
use super::lexer::{Token, character, integer};
use super::reader::Reader;

/// How tightly a binary operator binds; 0 for what is none.
fn strength(token: Token) -> u8 {
    match token {
        Token::Sign(b'|') => 1,
        Token::Sign(b'^') => 2,
        Token::Sign(b'&') => 3,
        Token::ShiftLeft | Token::ShiftRight => 4,
        Token::Sign(b'+' | b'-') => 5,
        Token::Sign(b'*' | b'/' | b'%') => 6,
        _ => 0,
    }
}

/// The result; `None` when it has no meaning in C, or too many bits.
fn apply(operator: Token, left: i128, right: i128) -> Option<i128> {
    match operator {
        Token::Sign(b'|') => Some(left | right),
        Token::Sign(b'^') => Some(left ^ right),
        Token::Sign(b'&') => Some(left & right),
        Token::Sign(b'+') => left.checked_add(right),
        Token::Sign(b'-') => left.checked_sub(right),
        Token::Sign(b'*') => left.checked_mul(right),
        Token::Sign(b'/') => left.checked_div(right),
        Token::Sign(b'%') => left.checked_rem(right),
        Token::ShiftRight if right > 126 => Some(if left < 0 { -1 } else { 0 }),
        Token::ShiftRight => left.checked_shr(u32::try_from(right).ok()?),
        _ => {
            let factor = 1i128.checked_shl(u32::try_from(right).ok()?)?;
            left.checked_mul(factor).filter(|_| factor > 0)
        }
    }
}

impl Reader<'_> {
    /// Reads a constant expression.
    ///
    /// # Errors
    /// What is no expression, or has no value that is known here.
    pub fn constant(&mut self) -> Result<i128> {
        let value = self.binary(1)?;
        match self.peek(0) {
            Token::Sign(b'?' | b'<' | b'>' | b'=' | b'!' | b'(' | b'[' | b'.') => {
                Err(self.unsupported())
            }
            Token::Sign(b'&' | b'|') => Err(self.unsupported()),
            _ => Ok(value),
        }
    }

    fn unsupported(&self) -> Box<super::error::CdefError> {
        self.meaningless(
            self.at(),
            "unsupported expression: expected a simple numeric constant",
        )
    }

    fn binary(&mut self, weakest: u8) -> Result<i128> {
        let mut left = self.unary()?;
        loop {
            let (operator, at) = (self.peek(0), self.at());
            let strength = strength(operator);
            // `&&` and `||` are two signs that follow each other at once.
            if strength < weakest || strength == 0 || self.is_doubled() {
                return Ok(left);
            }
            self.skip();
            let right = self.binary(strength + 1)?;
            left = apply(operator, left, right).ok_or_else(|| {
                self.meaningless(at, "the result of this operation is undefined or too large")
            })?;
        }
    }

    fn is_doubled(&self) -> bool {
        let text = &self.lexed.source.text[self.at()..];
        text.starts_with("&&") || text.starts_with("||")
    }

    fn unary(&mut self) -> Result<i128> {
        self.enter()?;
        let at = self.at();
        let value = match self.peek(0) {
            Token::Sign(b'+') => {
                self.skip();
                self.unary()?
            }
            Token::Sign(b'-') => {
                self.skip();
                let value = self.unary()?;
                value.checked_neg().ok_or_else(|| self.unsupported())?
            }
            Token::Sign(b'(') => {
                self.skip();
                let value = self.constant()?;
                self.expect(b')')?;
                value
            }
            Token::Number => self.literal(integer)?,
            Token::Character => self.literal(character)?,
            Token::Float | Token::Text => self.literal(|_| None)?,
            Token::Word => {
                let Some(value) = self.known.constant(self.word(0)) else {
                    return Err(self.unknown_name());
                };
                self.skip();
                value
            }
            Token::Dots => {
                let what = "unsupported '...' here, only the C compiler knows this value";
                return Err(self.meaningless(at, what));
            }
            Token::Sign(b'~' | b'!' | b'*' | b'&') => return Err(self.unsupported()),
            _ => return Err(self.expected("a constant expression")),
        };
        self.leave();
        Ok(value)
    }

    fn literal(&mut self, read: fn(&str) -> Option<i128>) -> Result<i128> {
        let (text, at) = (self.text(0), self.at());
        let Some(value) = read(text) else {
            let what = format!("invalid constant {text:?}");
            return Err(self.error(Class::Cdef, at, what));
        };
        self.skip();
        Ok(value)
    }

    fn unknown_name(&self) -> Box<super::error::CdefError> {
        let word = self.word(0);
        let what = match word {
            "sizeof" | "_Alignof" => format!(
                "unsupported expression: expected a simple numeric constant; \
                 {word} has no value before the types are made"
            ),
            _ => format!(
                "unsupported expression: expected a simple numeric constant, \
                 and '{word}' is not the name of one"
            ),
        };
        self.meaningless(self.at(), &what)
    }
}
