//! `struct`, `union` and `enum`, with or without what stands between their braces.

use std::sync::Arc;

use super::declarations::{Kind, Object};
use super::error::{Class, Result};
use super::lexer::Token;
use super::model::{Body, Enumeration, Field, Quals, Record, Shape, Type};
use super::reader::Reader;
use super::specifiers::{Context, is_keyword};

/// How a record or an enum is mentioned.
struct Mention<'a> {
    /// Its tag.
    tag: Option<&'a str>,
    /// The name that `typedef` gives it.
    forced: Option<&'a str>,
    /// Whether it is a member without a name.
    nested: bool,
}

impl<'a> Reader<'a> {
    /// Reads from the keyword on. In a `typedef`, the name that follows may become the type's own.
    pub fn tagged(&mut self, context: Context, in_typedef: bool) -> Result<Type> {
        self.enter()?;
        let keyword = self.word(0);
        self.skip();
        let tag = match self.word(0) {
            "" => None,
            word if is_keyword(word) => return Err(self.expected("a tag or '{'")),
            tag => {
                self.skip();
                Some(tag)
            }
        };
        if tag.is_none() && !self.is(b'{') {
            return Err(self.expected("a tag or '{'"));
        }
        let mention = Mention {
            tag,
            forced: self.behind_braces(|reader| reader.only_name().filter(|_| in_typedef)),
            nested: context == Context::Member && self.behind_braces(|reader| reader.is(b';')),
        };
        let made = match keyword {
            "enum" => self.enumeration(&mention)?,
            _ => self.record(keyword == "union", &mention)?,
        };
        self.leave();
        Ok(made)
    }

    /// What `look` sees behind the braces that begin here, if any do, and behind qualifiers.
    fn behind_braces<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.mark();
        let mut open = 0usize;
        while self.is(b'{') || open > 0 {
            match self.peek(0) {
                Token::Sign(b'{') => open += 1,
                Token::Sign(b'}') => open -= 1,
                Token::End => break,
                _ => {}
            }
            self.skip();
        }
        while super::specifiers::qualifier(self.word(0)).is_some() {
            self.skip();
        }
        let seen = look(self);
        self.back_to(mark);
        seen
    }

    /// The name declared here, if its declarator is nothing but a name.
    fn only_name(&mut self) -> Option<&'a str> {
        let mut groups = 0;
        while self.accept(b'(') {
            groups += 1;
        }
        let name = self.word(0);
        self.skip();
        let closed = (0..groups).all(|_| self.accept(b')'));
        let alone = closed && !name.is_empty() && (self.is(b',') || self.is(b';'));
        alone.then_some(name)
    }

    fn invented_name(&mut self, forced: Option<&str>) -> String {
        match forced {
            Some(name) => format!("${name}"),
            None => format!("${}", self.known.next_number()),
        }
    }

    fn record(&mut self, union: bool, mention: &Mention<'a>) -> Result<Type> {
        let (tag, forced) = (mention.tag, mention.forced);
        let kind = if union { Kind::Union } else { Kind::Struct };
        let known = tag.and_then(|tag| self.known.tagged(kind, tag));
        let record = match known.as_ref().map(Type::shape) {
            Some(Shape::Record(record)) => Arc::clone(record),
            _ => {
                let name = tag.map_or_else(|| self.invented_name(forced), str::to_owned);
                Arc::new(Record::new(union, name, false))
            }
        };
        let ctype = known.clone().unwrap_or_else(|| {
            self.known.keep(&record);
            Type::new(Shape::Record(Arc::clone(&record)))
        });
        if let (None, Some(tag)) = (&known, tag) {
            self.known
                .declare(kind, tag, Object::Type(ctype.clone()), Quals::default())?;
        }
        if known.is_some() && (forced.is_some() || self.is(b'{')) {
            self.known.remember(&record);
        }
        if let Some(name) = forced {
            record.force_name(name);
            if record.name.contains('$')
                && let Some(name) = record.forced_name()
            {
                let object = Object::Type(ctype.clone());
                self.known
                    .declare(Kind::Anonymous, &name, object, Quals::default())?;
            }
        }
        if self.is(b'{') {
            self.body(&record, mention.nested)?;
        }
        Ok(ctype)
    }

    fn body(&mut self, record: &Arc<Record>, nested: bool) -> Result<()> {
        let start = self.at();
        if record.body().is_some() {
            let what = format!("duplicate declaration of struct {}", record.name);
            return Err(self.error(Class::Cdef, start, what));
        }
        self.skip();
        let mut fields = Vec::new();
        while !self.accept(b'}') {
            if self.peek(0) == Token::Dots && self.peek(1) == Token::Sign(b';') {
                record.make_partial();
                self.skip();
                self.skip();
            } else if !self.accept(b';') {
                self.members(record, &mut fields)?;
            }
        }
        if record.is_partial() && record.is_nameless() && !nested {
            let what = format!("<{}> is partial but has no C name", record.c_name());
            return Err(self.error(Class::Unsupported, start, what));
        }
        if record.body().is_some() {
            // Something between the braces declared the same tag again.
            let what = format!("duplicate declaration of struct {}", record.name);
            return Err(self.error(Class::Cdef, start, what));
        }
        if !record.union && record.is_partial() && fields.iter().any(|one| one.bits.is_some()) {
            let what = format!("<{}>: using both bitfields and '...;'", record.c_name());
            return Err(self.error(Class::Unsupported, start, what));
        }
        record.declare(Body {
            fields,
            pack: self.known.pack(),
        });
        self.known.note_completed(record);
        Ok(())
    }

    /// One declaration of members: `int a, *b, c : 3;`, `struct {...};`.
    fn members(&mut self, record: &Record, fields: &mut Vec<Field>) -> Result<()> {
        let at = self.at();
        let specifiers = self.specifiers(Context::Member)?;
        let base = self.plain_base(&specifiers, at)?;
        if self.accept(b';') {
            let nested = matches!(base.shape(), Shape::Record(_)) && specifiers.tagged;
            if !nested {
                return Err(self.meaningless(at, "bad or unsupported type declaration"));
            }
            inherit_partial(record, &base);
            fields.push(Field {
                name: String::new(),
                ctype: base,
                bits: None,
                quals: Quals::default(),
            });
            return Ok(());
        }
        loop {
            let at = self.at();
            let (name, ctype, quals) = if self.is(b':') {
                ("", base.clone(), specifiers.quals)
            } else {
                let declarator = self.declarator(Context::Member)?;
                let name = declarator.name.unwrap_or("");
                if declarator.has_unknown_length() {
                    record.make_partial();
                }
                let (ctype, quals) =
                    self.declared(base.clone(), specifiers.quals, declarator, None, at)?;
                (name, ctype, quals)
            };
            let bits = self.width()?;
            inherit_partial(record, &ctype);
            fields.push(Field {
                name: name.to_owned(),
                ctype,
                bits,
                quals: quals.visible(),
            });
            if !self.accept(b',') {
                return self.expect(b';');
            }
        }
    }

    /// The width of a bit-field, if one follows.
    fn width(&mut self) -> Result<Option<i128>> {
        if !self.accept(b':') {
            return Ok(None);
        }
        let at = self.at();
        let width = self.constant()?;
        if width < 0 {
            return Err(self.error(Class::Cdef, at, "a bit-field of negative width"));
        }
        Ok(Some(width))
    }

    fn enumeration(&mut self, mention: &Mention<'a>) -> Result<Type> {
        let (tag, forced) = (mention.tag, mention.forced);
        let at = self.at();
        let known = tag.and_then(|tag| self.known.tagged(Kind::Enum, tag));
        if let Some(known) = known {
            if self.is(b'{') {
                let what = format!(
                    "enum {}: the '{{}}' declaration should appear on the first time the enum is \
                     mentioned, not later",
                    tag.unwrap_or_default()
                );
                return Err(self.error(Class::Unsupported, at, what));
            }
            return Ok(known);
        }
        let name = tag.map_or_else(|| self.invented_name(forced), str::to_owned);
        let (values, partial) = if self.is(b'{') {
            self.values()?
        } else {
            (Vec::new(), false)
        };
        let forced = forced.map(str::to_owned);
        let nameless = name.contains('$');
        let label = forced.clone().unwrap_or_else(|| format!("$enum_{name}"));
        let made = Arc::new(Enumeration::new(name, forced, values, partial));
        let ctype = Type::new(Shape::Enum(made));
        let object = Object::Type(ctype.clone());
        if let Some(tag) = tag {
            self.known
                .declare(Kind::Enum, tag, object.clone(), Quals::default())?;
        }
        if nameless {
            self.known
                .declare(Kind::Anonymous, &label, object, Quals::default())?;
        }
        Ok(ctype)
    }

    fn values(&mut self) -> Result<(Vec<(String, i128)>, bool)> {
        self.expect(b'{')?;
        let (mut values, mut partial, mut next) = (Vec::new(), false, 0i128);
        loop {
            if self.peek(0) == Token::Dots && self.peek(1) == Token::Sign(b'}') {
                self.skip();
                partial = true;
            } else {
                let (name, at) = (self.word(0), self.at());
                if name.is_empty() || is_keyword(name) {
                    return Err(self.expected("the name of a constant"));
                }
                self.skip();
                if self.accept(b'=') {
                    let last = matches!(self.peek(1), Token::Sign(b',' | b'}'));
                    if self.peek(0) == Token::Dots && last {
                        self.skip();
                        partial = true;
                    } else {
                        next = self.constant()?;
                    }
                }
                self.known.add_constant(name, next)?;
                values.push((name.to_owned(), next));
                next = next
                    .checked_add(1)
                    .ok_or_else(|| self.meaningless(at, "the next value would be too large"))?;
            }
            if !self.accept(b',') {
                self.expect(b'}')?;
                return Ok((values, partial));
            }
            if self.accept(b'}') {
                return Ok((values, partial));
            }
        }
    }
}

/// A record that holds a partial struct is partial itself.
fn inherit_partial(record: &Record, member: &Type) {
    if let Shape::Record(inner) = member.shape()
        && !inner.union
        && inner.is_partial()
    {
        record.make_partial();
    }
}
