//! Splits a cdef into tokens, and takes its `#` lines and comments out.

use super::error::{CdefError, Result};
use super::source::Source;

/// One token; its text is looked up in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// An identifier or a keyword.
    Word,
    /// An integer, as yet unread.
    Number,
    /// A floating-point number, which no constant of a cdef may be.
    Float,
    /// `'x'`.
    Character,
    /// `"..."`.
    Text,
    /// `...`.
    Dots,
    /// `<<`.
    ShiftLeft,
    /// `>>`.
    ShiftRight,
    /// Any other character.
    Sign(u8),
    /// The end of the text.
    End,
}

/// A token with the range of bytes that it covers.
#[derive(Clone, Copy, Debug)]
pub struct Spanned {
    /// What it is.
    pub token: Token,
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

/// A `#define`, with its value without comments and line continuations.
#[derive(Debug)]
pub struct Macro<'a> {
    /// The name that it defines.
    pub name: &'a str,
    /// What follows, trimmed.
    pub value: String,
    /// Offset of the name.
    pub at: usize,
}

/// All that a text consists of.
#[derive(Debug)]
pub struct Lexed<'a> {
    /// The text, which knows its lines.
    pub source: Source<'a>,
    /// Its tokens; the last one is the end.
    pub tokens: Vec<Spanned>,
    /// Its `#define` lines.
    pub macros: Vec<Macro<'a>>,
    /// Offsets of its `#pragma` lines, which mean nothing here.
    pub pragmas: Vec<usize>,
}

/// Splits all of `text`.
///
/// # Errors
/// Characters and `#` lines that have no place in a cdef, comments and literals without end.
pub fn lex(text: &str) -> Result<Lexed<'_>> {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        at: 0,
        line_start: true,
        lexed: Lexed {
            source: Source::new(text),
            tokens: Vec::with_capacity(text.len() / 4),
            macros: Vec::new(),
            pragmas: Vec::new(),
        },
    };
    while lexer.step()? {}
    Ok(lexer.lexed)
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Only blanks and comments so far on this line.
    line_start: bool,
    lexed: Lexed<'a>,
}

const fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$'
}

const fn continues_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit()
}

impl<'a> Lexer<'a> {
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn error(&self, at: usize, what: &str) -> Box<CdefError> {
        Box::new(CdefError::syntax(what, self.lexed.source.place(at)))
    }

    fn push(&mut self, token: Token, length: usize) {
        let (start, end) = (self.at, self.at + length);
        self.lexed.tokens.push(Spanned { token, start, end });
        self.at = end;
        self.line_start = false;
    }

    /// Reads one token or skips one blank; false at the end.
    fn step(&mut self) -> Result<bool> {
        if self.at >= self.bytes.len() {
            self.push(Token::End, 0);
            return Ok(false);
        }
        let rest = &self.bytes[self.at..];
        match self.byte(0) {
            b'\n' => {
                self.line_start = true;
                self.at += 1;
            }
            byte if byte.is_ascii_whitespace() || byte == 0x0b => self.at += 1,
            b'\\' if rest.starts_with(b"\\\n") => self.at += 2,
            b'\\' if rest.starts_with(b"\\\r\n") => self.at += 3,
            b'/' if matches!(self.byte(1), b'/' | b'*') => self.skip_comment()?,
            b'#' if self.line_start => self.hash_line()?,
            b'.' if rest.starts_with(b"...") => self.push(Token::Dots, 3),
            b'<' if self.byte(1) == b'<' => self.push(Token::ShiftLeft, 2),
            b'>' if self.byte(1) == b'>' => self.push(Token::ShiftRight, 2),
            b'"' | b'\'' => self.literal()?,
            byte if byte.is_ascii_digit() || (byte == b'.' && self.byte(1).is_ascii_digit()) => {
                self.number();
            }
            byte if starts_word(byte) => {
                let word = rest.iter().take_while(|one| continues_word(**one)).count();
                self.push(Token::Word, word);
            }
            byte if byte.is_ascii_graphic() => self.push(Token::Sign(byte), 1),
            _ => return Err(self.error(self.at, "a character that C does not know")),
        }
        Ok(true)
    }

    /// A number in C's wide sense: it ends where no letter, digit, dot or exponent's sign follows.
    fn number(&mut self) {
        let rest = &self.bytes[self.at..];
        let hexadecimal = matches!(rest, [b'0', b'x' | b'X', ..]);
        let mut length = 1;
        let mut float = rest[0] == b'.';
        while let Some(byte) = rest.get(length) {
            let exponent = |one: u8| match one | 0x20 {
                b'e' => !hexadecimal,
                b'p' => hexadecimal,
                _ => false,
            };
            match byte {
                // `1...` is no number.
                b'.' if rest[length..].starts_with(b"...") => break,
                b'.' => float = true,
                b'+' | b'-' if exponent(rest[length - 1]) => {}
                byte if continues_word(*byte) => float |= exponent(*byte),
                _ => break,
            }
            length += 1;
        }
        self.push(if float { Token::Float } else { Token::Number }, length);
    }

    fn literal(&mut self) -> Result<()> {
        let quote = self.byte(0);
        let mut length = 1;
        loop {
            match self.bytes.get(self.at + length) {
                Some(byte) if *byte == quote => break,
                Some(b'\\') => length += 2,
                Some(b'\n') | None => {
                    return Err(self.error(self.at, "a literal that does not end on its line"));
                }
                Some(_) => length += 1,
            }
        }
        let token = if quote == b'"' {
            Token::Text
        } else {
            Token::Character
        };
        self.push(token, length + 1);
        Ok(())
    }

    fn skip_comment(&mut self) -> Result<()> {
        self.at = self.comment_end(self.at)?;
        Ok(())
    }

    /// Where the comment that begins at `from` ends; of `//`, the newline is not part of it.
    fn comment_end(&self, from: usize) -> Result<usize> {
        if self.bytes[from + 1] == b'*' {
            let inside = from + 2;
            return match self.text[inside..].find("*/") {
                Some(length) => Ok(inside + length + 2),
                None => Err(self.error(from, "a comment that does not end")),
            };
        }
        let mut at = from + 2;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\n' => break,
                // A continued line continues the comment.
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        Ok(at.min(self.bytes.len()))
    }

    fn hash_line(&mut self) -> Result<()> {
        let hash = self.at;
        let line_end = |from: usize| {
            let newline = self.bytes[from..].iter().position(|byte| *byte == b'\n');
            newline.map_or(self.bytes.len(), |length| from + length)
        };
        let end = line_end(hash);
        let line = self.text[hash + 1..end].trim_start_matches([' ', '\t']);
        let word_length = line
            .bytes()
            .take_while(|byte| continues_word(*byte))
            .count();
        let (word, rest) = line.split_at(word_length);
        match word {
            "define" => return self.define(end - rest.len()),
            "pragma" => self.lexed.pragmas.push(hash),
            "line" => self.line_directive(end, rest)?,
            _ if word
                .bytes()
                .next()
                .is_some_and(|byte| byte.is_ascii_digit()) =>
            {
                self.line_directive(end, line)?;
            }
            "" if rest.trim().is_empty() => {}
            _ => {
                let what = format!("#{word} is not possible in cdef(), which has no preprocessor");
                return Err(self.error(hash, &what));
            }
        }
        self.at = end;
        Ok(())
    }

    fn line_directive(&mut self, end: usize, said: &str) -> Result<()> {
        let said = said.trim();
        let digits = said.bytes().take_while(u8::is_ascii_digit).count();
        let (number, file) = said.split_at(digits);
        let Ok(line) = number.parse() else {
            return Err(self.error(self.at, "a line directive without a line number"));
        };
        let file = file.trim().strip_prefix('"');
        let file = file
            .and_then(|file| file.split_once('"'))
            .map(|(file, _)| file);
        self.lexed.source.directive(end, line, file);
        Ok(())
    }

    /// `#define NAME value`, from behind `define`; the value goes on over continued lines.
    fn define(&mut self, from: usize) -> Result<()> {
        let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c);
        let start = from + self.bytes[from..].iter().take_while(blank).count();
        let rest = &self.bytes[start..];
        let length = rest.iter().take_while(|one| continues_word(**one)).count();
        if length == 0 || !starts_word(rest[0]) {
            return Err(self.error(self.at, "#define without a name"));
        }
        let mut value = String::new();
        let mut at = start + length;
        while at < self.bytes.len() && self.bytes[at] != b'\n' {
            let here = &self.bytes[at..];
            if here.starts_with(b"\\\n") || here.starts_with(b"\\\r\n") {
                at += here
                    .iter()
                    .position(|one| *one == b'\n')
                    .map_or(1, |one| one + 1);
                value.push(' ');
            } else if here.starts_with(b"//") || here.starts_with(b"/*") {
                let end = self.comment_end(at)?;
                value.push(' ');
                // As in cffi, a newline inside the comment ends the line.
                if self.text[at..end].contains('\n') {
                    at = end;
                    break;
                }
                at = end;
            } else {
                let one = self.text[at..].chars().next().unwrap_or(' ');
                value.push(one);
                at += one.len_utf8();
            }
        }
        self.lexed.macros.push(Macro {
            name: &self.text[start..start + length],
            value: value.trim().to_owned(),
            at: start,
        });
        self.at = at;
        Ok(())
    }
}

/// The integer that a literal of C stands for.
///
/// # Errors
/// `None` for what is none, and for those beyond 127 bits.
pub fn integer(text: &str) -> Option<i128> {
    let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
    let suffix = text[digits.len()..].to_ascii_lowercase();
    if !matches!(
        suffix.as_str(),
        "" | "u" | "l" | "ul" | "lu" | "ll" | "ull" | "llu"
    ) {
        return None;
    }
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (digits, radix) = match prefix.as_deref() {
        Some("0x") => (&digits[2..], 16),
        Some("0b") => (&digits[2..], 2),
        _ if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        _ => (digits, 10),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    i128::from_str_radix(digits, radix).ok()
}

/// The code of a character literal, quotes included.
pub fn character(literal: &str) -> Option<i128> {
    let inside = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut characters = inside.chars();
    let code = match (characters.next()?, characters.as_str()) {
        ('\\', "n") => '\n',
        ('\\', "t") => '\t',
        ('\\', "r") => '\r',
        ('\\', "0") => '\0',
        ('\\', "a") => '\x07',
        ('\\', "b") => '\x08',
        ('\\', "f") => '\x0c',
        ('\\', "v") => '\x0b',
        ('\\', same @ ("\\" | "'" | "\"" | "?")) => same.chars().next()?,
        ('\\', _) => return None,
        (one, "") if one.is_ascii() => one,
        _ => return None,
    };
    Some(i128::from(u32::from(code)))
}
