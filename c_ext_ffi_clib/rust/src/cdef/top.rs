//! A whole text: declarations one after the other, and the `#define` lines before them.

use super::declarations::{Kind, Object};
use super::declarator::Declarator;
use super::error::{Class, Result};
use super::lexer::{Macro, Token, integer};
use super::model::{Quals, Record, Shape, Type};
use super::reader::Reader;
use super::specifiers::{Base, Context, Specifiers};
use std::sync::Arc;

/// Whom the functions belong to that are declared now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Library,
    Python,
    PythonPlusC,
}

/// Something that is accepted, but should be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// `#pragma`, which changes nothing.
    Pragma,
    /// A variable without `extern` or `static`.
    NoStorage(String),
    /// A string literal, which means nothing.
    Text,
}

/// What the initial value of a declaration says.
enum Initial {
    None,
    Integer(i128),
    Other,
}

impl Reader<'_> {
    /// Reads all declarations; warnings are added to `warnings`.
    pub fn all(&mut self, warnings: &mut Vec<Warning>) -> Result<()> {
        if self.has_text() {
            warnings.push(Warning::Text);
        }
        warnings.extend(self.lexed.pragmas.iter().map(|_| Warning::Pragma));
        for one in last_of_each(&self.lexed.macros) {
            self.define(one)?;
        }
        while self.peek(0) != Token::End {
            let at = self.at();
            self.declaration(Owner::Library, warnings)
                .map_err(|error| Box::new(error.within(&self.place(at))))?;
        }
        Ok(())
    }

    /// Whether there is a string literal other than that of `extern "Python"`.
    fn has_text(&self) -> bool {
        let tokens = &self.lexed.tokens;
        let text = |index: usize| {
            let one = tokens[index];
            &self.lexed.source.text[one.start..one.end]
        };
        (0..tokens.len()).any(|index| {
            tokens[index].token == Token::Text
                && !(index > 0 && text(index - 1) == "extern" && language(text(index)).is_some())
        })
    }

    fn define(&mut self, one: &Macro<'_>) -> Result<()> {
        let (name, value) = (one.name, one.value.as_str());
        if value == "..." {
            return self
                .known
                .declare(Kind::Macro, name, Object::Number(None), Quals::default());
        }
        let negative = value.strip_prefix('-');
        let number = integer(negative.unwrap_or(value)).filter(|_| !is_binary(value));
        let Some(number) = number else {
            let what = format!(
                "only supports one of the following syntax:\n  #define {name} ...     (literally \
                 dot-dot-dot)\n  #define {name} NUMBER  (with NUMBER an integer constant, \
                 decimal/hex/octal)\ngot:\n  #define {name} {value}"
            );
            return Err(self.error(Class::Cdef, one.at, what));
        };
        self.number(name, if negative.is_some() { -number } else { number })
    }

    fn number(&mut self, name: &str, value: i128) -> Result<()> {
        self.known.add_constant(name, value)?;
        let object = Object::Number(Some(value));
        self.known
            .declare(Kind::Macro, name, object, Quals::default())
    }

    fn declaration(&mut self, owner: Owner, warnings: &mut Vec<Warning>) -> Result<()> {
        if self.accept(b';') {
            return Ok(());
        }
        if self.word(0) == "extern" && self.peek(1) == Token::Text {
            return self.foreign(warnings);
        }
        if self.word(0) == "_Static_assert" {
            return Err(self.not_here("StaticAssert"));
        }
        let start = self.at();
        let specifiers = self.specifiers(Context::Declaration)?;
        if self.accept(b';') {
            return self.without_name(&specifiers, start);
        }
        loop {
            let at = self.at();
            let declarator = self.declarator(Context::Declaration)?;
            let initial = self.initial()?;
            if self.is(b'{') {
                return Err(self.not_here("FuncDef"));
            }
            if specifiers.typedef {
                self.typedef(&specifiers, declarator, at)?;
            } else {
                self.named(&specifiers, declarator, &initial, owner, at, warnings)?;
            }
            if !self.accept(b',') {
                return self.expect(b';');
            }
        }
    }

    fn not_here(&self, construct: &str) -> Box<super::error::CdefError> {
        let what =
            format!("unexpected <{construct}>: this construct is valid C but not valid in cdef()");
        self.error(Class::Cdef, self.at(), what)
    }

    fn without_name(&self, specifiers: &Specifiers, at: usize) -> Result<()> {
        let what = match specifiers {
            Specifiers { tagged: true, .. } => return Ok(()),
            Specifiers { typedef: true, .. } => "typedef does not declare any name",
            _ => "construct does not declare any variable",
        };
        Err(self.error(Class::Cdef, at, what))
    }

    /// `extern "Python"` and its kin, for one declaration or for those between braces.
    fn foreign(&mut self, warnings: &mut Vec<Warning>) -> Result<()> {
        let start = self.at();
        self.skip();
        let literal = self.text(0);
        let Some(owner) = language(literal) else {
            let what =
                format!("expected \"Python\", \"Python+C\" or \"C\" behind extern, not {literal}");
            return Err(self.syntax_error(&what));
        };
        self.skip();
        self.enter()?;
        if self.accept(b'{') {
            self.group(owner, start, literal, warnings)?;
        } else {
            self.declaration(owner, warnings)?;
        }
        self.leave();
        Ok(())
    }

    /// The declarations up to the closing brace.
    fn group(
        &mut self,
        owner: Owner,
        start: usize,
        literal: &str,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        loop {
            match self.peek(0) {
                Token::Sign(b'}') => {
                    self.skip();
                    return Ok(());
                }
                Token::End => {
                    let what = format!("'extern {literal} {{': no '}}' found");
                    return Err(self.error(Class::Cdef, start, what));
                }
                _ if owner != Owner::Library && self.opens_brace() => {
                    let what = "cannot use { } inside a block 'extern \"Python\" { ... }'";
                    return Err(self.error(Class::Unsupported, self.at(), what));
                }
                _ => self.declaration(owner, warnings)?,
            }
        }
    }

    /// Whether a brace opens in the next declaration.
    fn opens_brace(&self) -> bool {
        let mut ahead = (0..).map(|ahead| self.peek(ahead));
        let first =
            ahead.find(|token| matches!(token, Token::Sign(b'{' | b'}' | b';') | Token::End));
        first == Some(Token::Sign(b'{'))
    }

    /// `= value`, of which only an integer literal means something here.
    fn initial(&mut self) -> Result<Initial> {
        if !self.accept(b'=') {
            return Ok(Initial::None);
        }
        let negative = self.is(b'-');
        let ahead = usize::from(negative);
        let ends = matches!(self.peek(ahead + 1), Token::Sign(b',' | b';'));
        let literal = integer(self.text(ahead)).filter(|_| !is_binary(self.text(ahead)));
        if let (Token::Number, true, Some(value)) = (self.peek(ahead), ends, literal) {
            self.skip();
            if negative {
                self.skip();
            }
            return Ok(Initial::Integer(if negative { -value } else { value }));
        }
        let mut open = Vec::new();
        let start = self.mark();
        loop {
            match self.peek(0) {
                Token::Sign(b',' | b';') if open.is_empty() && self.mark() > start => {
                    return Ok(Initial::Other);
                }
                Token::Sign(b'(') => open.push(b')'),
                Token::Sign(b'[') => open.push(b']'),
                Token::Sign(b'{') => open.push(b'}'),
                Token::Sign(close @ (b')' | b']' | b'}')) if open.pop() != Some(close) => {
                    return Err(self.expected("an initial value"));
                }
                Token::Sign(b';') | Token::End | Token::Dots => {
                    return Err(self.expected("an initial value"));
                }
                Token::Sign(b',') if open.is_empty() => {
                    return Err(self.expected("an initial value"));
                }
                _ => {}
            }
            self.skip();
        }
    }

    fn typedef(
        &mut self,
        specifiers: &Specifiers,
        mut declarator: Declarator<'_>,
        at: usize,
    ) -> Result<()> {
        let Some(name) = declarator.name else {
            return Err(self.error(Class::Cdef, at, "typedef does not declare any name"));
        };
        let unsupported = || self.meaningless(at, "unsupported usage of \"...\" in typedef");
        let (ctype, quals) = match &specifiers.base {
            Base::Type(base) => {
                declarator.express_unknown_lengths();
                self.declared(base.clone(), specifiers.quals, declarator, Some(name), at)?
            }
            Base::Dots if declarator.is_plain_pointer() => {
                (self.unknown(name, true), Quals::default())
            }
            _ if !declarator.is_plain() => return Err(unsupported()),
            Base::Dots => (self.unknown(name, false), Quals::default()),
            Base::IntegerDots => {
                self.known
                    .note_new_feature(format!("'typedef int... {name}'"));
                (
                    Type::new(Shape::UnknownInteger(name.to_owned())),
                    Quals::default(),
                )
            }
            Base::FloatDots => {
                self.known
                    .note_new_feature(format!("'typedef float... {name}'"));
                (
                    Type::new(Shape::UnknownFloat(name.to_owned())),
                    Quals::default(),
                )
            }
        };
        self.known
            .declare(Kind::Typedef, name, Object::Type(ctype), quals)
    }

    /// `typedef ... NAME` and `typedef ... *NAME`: a struct of which nothing is known.
    fn unknown(&self, name: &str, pointer: bool) -> Type {
        let tag = if pointer {
            format!("$${name}")
        } else {
            format!("${name}")
        };
        let record = Arc::new(Record::new(false, tag, !pointer));
        self.known.keep(&record);
        if !pointer {
            record.force_name(name);
            return Type::new(Shape::Record(record));
        }
        Type::new(Shape::Pointer {
            item: Type::new(Shape::Record(record)),
            quals: Quals::default(),
            name: Some(name.to_owned()),
        })
    }

    /// A function, a variable or a constant.
    fn named(
        &mut self,
        specifiers: &Specifiers,
        declarator: Declarator<'_>,
        initial: &Initial,
        owner: Owner,
        at: usize,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let Some(name) = declarator.name else {
            return Err(self.error(Class::Cdef, at, "construct does not declare any variable"));
        };
        let base = self.plain_base(specifiers, at)?;
        let (ctype, quals) = self.declared(base, specifiers.quals, declarator, None, at)?;
        if ctype.raw_function().is_some() {
            let kind = match owner {
                _ if self.known.options.dllexport => Kind::DllexportPython,
                Owner::Library => Kind::Function,
                Owner::Python => Kind::ExternPython,
                Owner::PythonPlusC => Kind::ExternPythonPlusC,
            };
            let object = Object::Type(ctype.decayed());
            return self.known.declare(kind, name, object, Quals::default());
        }
        if let Initial::Integer(value) = initial
            && ctype.is_integer()
        {
            return self.number(name, *value);
        }
        if owner != Owner::Library {
            let what = "cannot declare constants or variables with 'extern \"Python\"'";
            return Err(self.error(Class::Cdef, at, what));
        }
        let constant = quals.has(Quals::CONST) && !ctype.is_array();
        if !constant && !specifiers.storage {
            warnings.push(Warning::NoStorage(name.to_owned()));
        }
        let kind = if constant {
            Kind::Constant
        } else {
            Kind::Variable
        };
        self.known.declare(kind, name, Object::Type(ctype), quals)
    }
}

/// Whose functions a literal behind `extern` introduces; `"C"` changes nothing.
fn language(literal: &str) -> Option<Owner> {
    let words: String = literal.chars().filter(|one| !one.is_whitespace()).collect();
    match words.as_str() {
        "\"Python\"" => Some(Owner::Python),
        "\"Python+C\"" | "\"C+Python\"" => Some(Owner::PythonPlusC),
        "\"C\"" => Some(Owner::Library),
        _ => None,
    }
}

/// Binary literals are for expressions only.
fn is_binary(literal: &str) -> bool {
    let digits = literal.trim_start_matches('-');
    digits.len() > 1 && digits.as_bytes()[1].eq_ignore_ascii_case(&b'b')
}

/// Of several macros with one name the last one counts, at the place of the first.
fn last_of_each<'a, 'b>(macros: &'b [Macro<'a>]) -> Vec<&'b Macro<'a>> {
    let mut chosen: Vec<&Macro<'_>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for one in macros {
        let place = *places.entry(one.name).or_insert(chosen.len());
        if place == chosen.len() {
            chosen.push(one);
        } else {
            chosen[place] = one;
        }
    }
    chosen
}
