//! Reads C declarations in the dialect of cffi's `cdef`.
//!
//! The dialect is C without a preprocessor and without function bodies, with `...` wherever only
//! the C compiler knows: in structs, enums, array lengths, `typedef`s and `#define`s.
//!
//! [`parse`] adds a text to [`Declarations`], [`parse_type`] reads the name of a type.
//!
//! * `lexer` takes the text apart, `source` knows its lines, `reader` is the place in it
//! * `top` reads declarations, `specifiers` and `tagged` what stands before a declarator,
//!   `declarator` what stands around a name, `expression` constants
//! * `model`, `primitives` and `declarations` hold what was declared, `error` what was wrong

mod declarations;
mod declarator;
mod error;
mod expression;
mod lexer;
mod model;
mod primitives;
mod reader;
mod source;
mod specifiers;
mod tagged;
mod top;

pub use declarations::{Declarations, Entry, Kind, Object, Options};
pub use error::{CdefError, Class, Place, Result};
pub use model::{
    Body, Enumeration, FILE_ID, Field, Function, Length, Quals, Record, Shape, Type, file,
};
pub use primitives::{PRIMITIVES, primitive};
pub use top::Warning;

use lexer::Token;
use reader::Reader;

/// Adds what `text` declares to `known`, all of it or, after an error, nothing.
///
/// # Errors
/// What is no C, what has no meaning in a cdef, and second declarations.
pub fn parse(known: &mut Declarations, text: &str, options: Options) -> Result<Vec<Warning>> {
    let lexed = lexer::lex(text)?;
    let before = std::mem::replace(&mut known.options, options);
    let done = known.whole_or_nothing(|known| {
        let mut warnings = Vec::new();
        Reader::new(&lexed, known).all(&mut warnings)?;
        Ok(warnings)
    });
    known.options = before;
    done
}

/// Reads the name of a type, such as `struct point *[5]`. Tags that it mentions become known.
///
/// # Errors
/// What is no type.
pub fn parse_type(known: &mut Declarations, text: &str) -> Result<(Type, Quals)> {
    let lexed = lexer::lex(text)?;
    known.whole_or_nothing(|known| {
        let mut reader = Reader::new(&lexed, known);
        reader.known_or_keyword()?;
        let (ctype, quals) = reader.type_name()?;
        if reader.peek(0) != Token::End || !lexed.macros.is_empty() {
            return Err(reader.expected("the end of the type"));
        }
        Ok((ctype, quals.visible()))
    })
}
