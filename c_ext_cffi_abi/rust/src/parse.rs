//! Reads the text of a C type, such as `int(*)(struct point *, long)`, into a tree of [`Op`]s.
//!
//! The grammar and the complaints are those that users of compiled `ffi` objects know. What names
//! mean is asked of the module's declarations.

use crate::opcode::{Op, primitive};

/// Parentheses deeper than this are refused: the reader calls itself for each.
const DEEPEST: usize = 200;
/// More ops than this are refused.
const MOST_OPS: usize = 1200;

/// What a tag or a name stands for.
pub trait Names {
    /// The record `struct TAG` or `union TAG`: its number and whether it is a union.
    fn record(&self, tag: &str, union: bool) -> Option<(isize, bool)>;
    /// The number of `enum TAG`.
    fn enumeration(&self, tag: &str) -> Option<usize>;
    /// What `typedef` has given this name to.
    fn typedef(&self, name: &str) -> Option<Op>;
    /// The integer constant of this name, as an array's length.
    fn length(&self, name: &str) -> Option<Result<usize, &'static str>>;
}

/// The ops of a text, and which of them is the type.
pub struct Tree {
    /// Ops that refer to each other by number.
    pub ops: Vec<Op>,
    /// The number of the type itself.
    pub root: usize,
}

/// Where a text stops being a type, in bytes, and why.
pub struct Complaint {
    /// Bytes from the beginning.
    pub at: usize,
    /// Why.
    pub message: &'static str,
}

/// How a text is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// By a user.
    User,
    /// By our generator, which writes `[...]` for a length that only the compiler knows.
    Generated,
}

/// Reads all of `text` as a type.
///
/// # Errors
/// Where and why the text is no type.
pub fn parse(text: &str, names: &dyn Names, dialect: Dialect) -> Result<Tree, Complaint> {
    let mut reader = Reader {
        text,
        names,
        dialect,
        ops: Vec::new(),
        at: 0,
        length: 0,
        token: Token::End,
        depth: 0,
    };
    reader.advance();
    let root = reader.complete()?;
    if reader.token != Token::End {
        return Err(reader.complaint("unexpected symbol"));
    }
    Ok(Tree {
        ops: reader.ops,
        root,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Word,
    Number,
    Sign(u8),
    Dots,
    End,
}

struct Reader<'a> {
    text: &'a str,
    names: &'a dyn Names,
    dialect: Dialect,
    ops: Vec<Op>,
    /// The token at hand: where it begins, its bytes, its class.
    at: usize,
    length: usize,
    token: Token,
    depth: usize,
}

fn word_part(byte: u8) -> bool {
    // Stock cffi invents names with '$' for structs without a tag.
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

impl Reader<'_> {
    fn complaint(&self, message: &'static str) -> Complaint {
        Complaint {
            at: self.at,
            message,
        }
    }

    fn rest(&self, from: usize) -> &[u8] {
        self.text.as_bytes().get(from..).unwrap_or_default()
    }

    fn advance(&mut self) {
        let mut at = self.at + self.length;
        let space = |byte: u8| byte.is_ascii_whitespace() || byte == b'\x0b';
        while self.rest(at).first().is_some_and(|byte| space(*byte)) {
            at += 1;
        }
        let rest = self.rest(at);
        let run = |fits: fn(u8) -> bool| rest.iter().take_while(|byte| fits(**byte)).count();
        let (token, length) = match rest.first() {
            None => (Token::End, 0),
            Some(byte) if byte.is_ascii_digit() => {
                let prefix = match rest.get(1) {
                    Some(b'x' | b'X') => 2,
                    _ => 0,
                };
                let digits = rest[prefix..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_hexdigit());
                (Token::Number, prefix + digits.count())
            }
            Some(byte) if word_part(*byte) => (Token::Word, run(word_part)),
            Some(_) if rest.starts_with(b"...") => (Token::Dots, 3),
            Some(byte) if byte.is_ascii() => (Token::Sign(*byte), 1),
            // A character of several bytes; it is no part of any type.
            Some(_) => (Token::Sign(0), run(|byte| !byte.is_ascii())),
        };
        (self.at, self.length, self.token) = (at, length, token);
    }

    fn word(&self) -> &str {
        match self.token {
            Token::Word => self.text.get(self.at..self.at + self.length).unwrap_or(""),
            _ => "",
        }
    }

    fn is_name(&self) -> bool {
        self.token == Token::Word && !is_keyword(self.word())
    }

    fn push(&mut self, op: Op) -> Result<usize, Complaint> {
        if self.ops.len() >= MOST_OPS {
            return Err(self.complaint("internal type complexity limit reached"));
        }
        self.ops.push(op);
        Ok(self.ops.len() - 1)
    }

    fn qualifiers(&mut self) {
        while matches!(self.word(), "const" | "volatile") {
            self.advance();
        }
    }

    /// A whole type: what stands before the declarator, and the declarator.
    fn complete(&mut self) -> Result<usize, Complaint> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.complaint("internal type complexity limit reached"));
        }
        self.qualifiers();
        let base = self.base()?;
        let outer = self.push(base)?;
        let inner = self.declarator(outer)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn base(&mut self) -> Result<Op, Complaint> {
        let (mut long, mut sign) = (0i8, 0i8);
        loop {
            match self.word() {
                "short" if long != 0 => {
                    return Err(self.complaint("'short' after another 'short' or 'long'"));
                }
                "short" => long = -1,
                "long" if long < 0 => return Err(self.complaint("'long' after 'short'")),
                "long" if long >= 2 => {
                    return Err(self.complaint("'long long long' is too long"));
                }
                "long" => long += 1,
                "signed" | "unsigned" if sign != 0 => {
                    return Err(self.complaint("multiple 'signed' or 'unsigned'"));
                }
                "signed" => sign = 1,
                "unsigned" => sign = -1,
                _ => break,
            }
            self.advance();
        }
        let (op, complex) = if long != 0 || sign != 0 {
            (self.sized_integer(long, sign)?, None)
        } else {
            self.plain_base()?
        };
        if self.word() != "_Complex" {
            return Ok(op);
        }
        match complex {
            Some(complex) => {
                self.advance();
                Ok(complex)
            }
            None => Err(self.complaint("_Complex type combination unsupported")),
        }
    }

    fn sized_integer(&mut self, long: i8, sign: i8) -> Result<Op, Complaint> {
        let wrong = "invalid combination of types";
        let mut is_char = false;
        match self.word() {
            "void" | "_Bool" | "float" | "struct" | "union" | "enum" | "_Complex" => {
                return Err(self.complaint(wrong));
            }
            "double" if sign != 0 || long != 1 => return Err(self.complaint(wrong)),
            "double" => {
                self.advance();
                return Ok(Op::Primitive(primitive("long double")));
            }
            "char" if long != 0 => return Err(self.complaint(wrong)),
            "char" => {
                is_char = true;
                self.advance();
            }
            "int" => self.advance(),
            _ => {}
        }
        let name = match (is_char, long, sign < 0) {
            (true, _, false) => "signed char",
            (true, _, true) => "unsigned char",
            (_, -1, false) => "short",
            (_, -1, true) => "unsigned short",
            (_, 1, false) => "long",
            (_, 1, true) => "unsigned long",
            (_, 2, false) => "long long",
            (_, 2, true) => "unsigned long long",
            (_, _, false) => "int",
            (_, _, true) => "unsigned int",
        };
        Ok(Op::Primitive(primitive(name)))
    }

    /// A type without `long` and the like; with what `_Complex` makes of it.
    fn plain_base(&mut self) -> Result<(Op, Option<Op>), Complaint> {
        let named = |name: &str| Op::Primitive(primitive(name));
        let (op, complex) = match self.word() {
            word @ ("int" | "char" | "void" | "_Bool") => (named(word), None),
            "float" => (named("float"), Some(named("_cffi_float_complex_t"))),
            "double" => (named("double"), Some(named("_cffi_double_complex_t"))),
            "struct" => (self.record(false)?, None),
            "union" => (self.record(true)?, None),
            "enum" => (self.enumeration()?, None),
            _ if self.is_name() => (self.named()?, None),
            _ => return Err(self.complaint("identifier expected")),
        };
        self.advance();
        Ok((op, complex))
    }

    fn record(&mut self, union: bool) -> Result<Op, Complaint> {
        self.advance();
        if !self.is_name() {
            return Err(self.complaint("struct or union name expected"));
        }
        match self.names.record(self.word(), union) {
            Some((number, is_union)) if is_union == union => Ok(Op::Record(number)),
            Some(_) => Err(self.complaint("wrong kind of tag: struct vs union")),
            None if !union && self.word() == "_IO_FILE" => Ok(Op::FILE),
            None => Err(self.complaint("undefined struct/union name")),
        }
    }

    fn enumeration(&mut self) -> Result<Op, Complaint> {
        self.advance();
        if !self.is_name() {
            return Err(self.complaint("enum name expected"));
        }
        match self.names.enumeration(self.word()) {
            Some(number) => Ok(Op::Enum(number)),
            None => Err(self.complaint("undefined enum name")),
        }
    }

    fn named(&mut self) -> Result<Op, Complaint> {
        let word = self.word();
        if let Some(op) = self.names.typedef(word) {
            return Ok(op);
        }
        match word {
            "FILE" => Ok(Op::FILE),
            "bool" => Ok(Op::Primitive(primitive("_Bool"))),
            // The other primitives are keywords, and not names.
            _ if word.ends_with("_t") && primitive(word) >= 0 => Ok(Op::Primitive(primitive(word))),
            _ => Err(self.complaint("undefined type name")),
        }
    }

    /// Everything behind the base: `*`, a name, groups, parameters and lengths. `outer` is what it
    /// is applied to.
    fn declarator(&mut self, mut outer: usize) -> Result<usize, Complaint> {
        let mut convention = false;
        loop {
            if self.token == Token::Sign(b'*') {
                outer = self.push(Op::Pointer(outer))?;
            } else if matches!(self.word(), "__cdecl" | "__stdcall") {
                convention = true;
            } else {
                match self.word() {
                    "const" | "volatile" => {}
                    "restrict" if self.dialect == Dialect::Generated => {}
                    _ => break,
                }
            }
            self.advance();
        }
        let mut may_group = true;
        if self.is_name() {
            self.advance();
            may_group = false;
        }
        // What stands first binds closest to the declared thing, so types are made from the last
        // suffix on; a group is what the suffixes behind it are applied in.
        let mut group = None;
        let mut suffixes = Vec::new();
        while self.token == Token::Sign(b'(') {
            self.advance();
            if matches!(self.word(), "__cdecl" | "__stdcall") {
                convention = true;
                self.advance();
            }
            let groups = matches!(self.token, Token::Sign(b'*' | b'['))
                || matches!(self.word(), "const" | "volatile");
            if std::mem::take(&mut may_group) && groups {
                let hole = self.push(Op::Same(outer))?;
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(self.complaint("internal type complexity limit reached"));
                }
                group = Some((hole, self.declarator(hole)?));
                self.depth -= 1;
            } else {
                convention = false;
                suffixes.push(self.parameters()?);
            }
            if self.token != Token::Sign(b')') {
                return Err(self.complaint("expected ')'"));
            }
            self.advance();
        }
        if convention {
            return Err(self.complaint("expected '('"));
        }
        while self.token == Token::Sign(b'[') {
            self.advance();
            suffixes.push(self.length()?);
            if self.token != Token::Sign(b']') {
                return Err(self.complaint("expected ']'"));
            }
            self.advance();
        }
        for suffix in suffixes.into_iter().rev() {
            outer = self.push(match suffix {
                Suffix::Open => Op::OpenArray(outer),
                Suffix::Length(length) => Op::Array(outer, length),
                Suffix::Function(arguments, variadic) => Op::Function {
                    result: outer,
                    arguments,
                    variadic,
                },
            })?;
        }
        match group {
            Some((hole, inner)) => {
                self.ops[hole] = Op::Same(outer);
                Ok(inner)
            }
            None => Ok(outer),
        }
    }

    fn parameters(&mut self) -> Result<Suffix, Complaint> {
        let mut arguments = Vec::new();
        let mut variadic = false;
        if self.word() == "void" {
            let behind = self.rest(self.at + self.length).trim_ascii_start();
            if behind.first() == Some(&b')') {
                self.advance();
            }
        }
        if self.token != Token::Sign(b')') {
            loop {
                if self.token == Token::Dots {
                    variadic = true;
                    self.advance();
                    break;
                }
                let argument = self.complete()?;
                // C hands arrays and functions over as pointers.
                let argument = match &self.ops[argument] {
                    Op::Array(item, _) | Op::OpenArray(item) => {
                        let item = *item;
                        self.push(Op::Pointer(item))?
                    }
                    Op::Function { .. } => self.push(Op::Pointer(argument))?,
                    _ => argument,
                };
                arguments.push(argument);
                if self.token != Token::Sign(b',') {
                    break;
                }
                self.advance();
            }
        }
        Ok(Suffix::Function(arguments, variadic))
    }

    fn length(&mut self) -> Result<Suffix, Complaint> {
        let length = match self.token {
            Token::Sign(b']') => return Ok(Suffix::Open),
            Token::Dots if self.dialect == Dialect::Generated => {
                self.advance();
                return Ok(Suffix::Open);
            }
            Token::Number => {
                let text = self.text.get(self.at..self.at + self.length);
                match number(text.unwrap_or_default()) {
                    None => return Err(self.complaint("invalid number")),
                    Some(number) if isize::try_from(number).is_err() => {
                        return Err(self.complaint("number too large"));
                    }
                    Some(number) => usize::try_from(number).unwrap_or(usize::MAX),
                }
            }
            _ => match self.is_name().then(|| self.names.length(self.word())) {
                Some(Some(Ok(length))) => length,
                Some(Some(Err(message))) => return Err(self.complaint(message)),
                _ => return Err(self.complaint("expected a positive integer constant")),
            },
        };
        self.advance();
        Ok(Suffix::Length(length))
    }
}

/// What stands behind a declarator.
enum Suffix {
    Open,
    Length(usize),
    Function(Vec<usize>, bool),
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "_Bool"
            | "char"
            | "_Complex"
            | "const"
            | "double"
            | "enum"
            | "float"
            | "int"
            | "long"
            | "short"
            | "signed"
            | "struct"
            | "union"
            | "unsigned"
            | "void"
            | "volatile"
            | "__cdecl"
            | "__stdcall"
    )
}

/// A whole number as C writes it; too large ones are all the same.
fn number(text: &str) -> Option<u128> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|one| one.is_digit(radix)) {
        return None;
    }
    Some(u128::from_str_radix(digits, radix).unwrap_or(u128::MAX))
}
