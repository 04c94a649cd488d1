//! What is wrong with a cdef, and where.

use std::fmt;

/// Which kind of exception a caller from Python expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The text is not C, or not the C of a cdef.
    Cdef,
    /// The text is C, but means nothing here.
    Ffi,
    /// The text makes sense, but is more than this can do.
    Unsupported,
}

/// A place in the text, as a person counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What the last line directive named, if there was one.
    pub file: Option<String>,
    /// Line, from 1; a line directive changes the count.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The whole line of the text.
    pub text: String,
}

/// How a text without a file name is called.
pub const UNNAMED: &str = "<cdef source string>";
/// Longer lines are cut around the place that is shown.
const LONGEST_SHOWN: usize = 120;

impl Place {
    /// The file, or what stands for it.
    pub fn file(&self) -> &str {
        self.file.as_deref().unwrap_or(UNNAMED)
    }

    /// The line with a caret below the place.
    pub fn drawing(&self) -> String {
        let characters: Vec<char> = self.text.chars().collect();
        let at = (self.column - 1).min(characters.len());
        let from = at.saturating_sub(LONGEST_SHOWN / 2);
        let shown = characters[from..].iter().take(LONGEST_SHOWN);
        // A tab would put the caret elsewhere.
        let line: String = shown.map(|one| visible(*one)).collect();
        format!("    {line}\n    {}^", " ".repeat(at - from))
    }
}

fn visible(one: char) -> char {
    if one.is_control() { ' ' } else { one }
}

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdefError {
    /// The kind of exception.
    pub class: Class,
    /// One or several lines, complete.
    pub message: String,
    /// Where, if the fault has one place.
    pub place: Option<Place>,
    /// Whether the text could not even be split into declarations.
    pub(crate) syntax: bool,
}

impl CdefError {
    pub(crate) fn new(class: Class, message: impl Into<String>, place: Option<Place>) -> CdefError {
        CdefError {
            class,
            message: message.into(),
            place,
            syntax: false,
        }
    }

    /// A text that is not C: the message holds the line and a caret.
    pub(crate) fn syntax(what: &str, place: Place) -> CdefError {
        let head = match place.file {
            None => format!("cannot parse \"{}\"", place.text.trim()),
            Some(_) => "parse error".to_owned(),
        };
        let (file, line, column) = (place.file(), place.line, place.column);
        let drawing = place.drawing();
        CdefError {
            class: Class::Cdef,
            message: format!("{head}\n{file}:{line}:{column}: {what}\n{drawing}"),
            place: Some(place),
            syntax: true,
        }
    }

    /// Whether the text is no C at all; the message then shows the place already.
    pub fn is_syntax(&self) -> bool {
        self.syntax
    }

    /// The same, with the file and the line of the declaration that it is part of in front.
    pub(crate) fn within(mut self, declaration: &Place) -> CdefError {
        if self.class == Class::Cdef && !self.syntax {
            let (file, line) = (declaration.file(), declaration.line);
            self.message = format!("{file}:{line}: {}", self.message);
            self.place.get_or_insert_with(|| declaration.clone());
        }
        self
    }
}

impl fmt::Display for CdefError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for CdefError {}

/// A result with that error; boxed, because nearly every function here returns one.
pub type Result<T> = std::result::Result<T, Box<CdefError>>;
