//! What a ctypes bridge declares: `_fields_`, `argtypes`, `restype`, prototypes.

use std::collections::{HashMap, HashSet};

use super::declared::{Builder, Draft};
use super::python::{self, Expr, Statement, Token, assignment, last};
use super::types::{Form, Function, Parameter, Place, RecordId, Side, Type};

/// How far a name is followed from one assignment to the next, and a type into its parts.
const DEEPEST: usize = 32;

const POINTER: u64 = size_of::<*const u8>() as u64;

/// Reads a bridge; `file` is how a reader knows it. A call of a method with the name of a function of `real` is taken for
/// a call of C, whatever the object is called; of others, only those on what is seen to be a library.
pub fn read(file: &str, text: &str, real: &Side) -> Side {
    let statements = python::statements(text);
    let mut reader = Reader {
        file,
        builder: Builder::default(),
        classes: HashMap::new(),
        values: HashMap::new(),
        libraries: HashSet::new(),
        real,
        functions: Vec::new(),
    };
    reader.names(&statements);
    reader.classes(&statements);
    reader.signatures(&statements);
    reader.uses(&statements);
    reader.builder.side.functions = reader.functions;
    reader.builder.finish()
}

struct Reader<'a> {
    file: &'a str,
    builder: Builder,
    classes: HashMap<String, RecordId>,
    values: HashMap<String, Expr>,
    libraries: HashSet<String>,
    real: &'a Side,
    functions: Vec<Function>,
}

impl Reader<'_> {
    fn place(&self, line: u64) -> Place {
        Place {
            file: self.file.to_owned(),
            line,
        }
    }

    /// What names stand for, and which of them are libraries.
    fn names(&mut self, statements: &[Statement]) {
        for statement in statements {
            let Some((Expr::Name(name), value)) = assignment(statement) else {
                continue;
            };
            if let Expr::Call(called, _) = &value
                && let Expr::Name(called) = called.as_ref()
                && matches!(last(called), "CDLL" | "PyDLL" | "WinDLL" | "LoadLibrary")
            {
                self.libraries.insert(name.clone());
            }
            self.values.entry(name).or_insert(value);
        }
    }

    fn classes(&mut self, statements: &[Statement]) {
        let mut drafts: Vec<(RecordId, Expr, u64)> = Vec::new();
        let mut inside: Option<(usize, RecordId)> = None;
        let mut packs: HashMap<RecordId, usize> = HashMap::new();
        for statement in statements {
            if inside.is_some_and(|(indent, _)| statement.indent <= indent) {
                inside = None;
            }
            if let Some((name, union)) = class_head(statement) {
                let place = self.place(statement.line);
                let id = self.builder.reserve(vec![name.clone()], union, place);
                self.classes.insert(name, id);
                inside = Some((statement.indent, id));
                continue;
            }
            let Some((Expr::Name(target), value)) = assignment(statement) else {
                continue;
            };
            let own = inside.map(|(_, id)| id);
            let (id, word) = match target.rsplit_once('.') {
                Some((class, word)) => (self.classes.get(class).copied(), word),
                None => (own, target.as_str()),
            };
            match (id, word) {
                (Some(id), "_fields_") => drafts.push((id, value, statement.line)),
                (Some(id), "_pack_") => {
                    if let Some(Ok(pack)) = self.number(&value, 0).map(usize::try_from) {
                        packs.insert(id, pack);
                    }
                }
                _ => {}
            }
        }
        for (id, fields, line) in drafts {
            match self.fields(&fields) {
                Some(fields) if placed_by_own_rules(&fields) => {
                    let title = self.builder.side.record(id).title();
                    self.builder.side.remarks.push(format!(
                        "{}:{line}: {title} is not compared: ctypes places bit-fields beside a type of another size by rules of its own; let C read and write them",
                        self.file
                    ));
                }
                Some(fields) => self.builder.define(
                    id,
                    Draft {
                        fields,
                        pack: packs.get(&id).copied().filter(|pack| *pack > 0),
                        align: None,
                    },
                ),
                None => self.not_understood(line, "_fields_"),
            }
        }
    }

    fn not_understood(&mut self, line: u64, what: &str) {
        self.builder.side.remarks.push(format!(
            "{}:{line}: {what} is computed; only what stands there literally is compared",
            self.file
        ));
    }

    fn fields(&self, value: &Expr) -> Option<Vec<(String, Type, Option<u32>)>> {
        let Expr::List(items) = self.followed(value, 0) else {
            return None;
        };
        let fields = items.iter().map(|item| {
            let Expr::List(parts) = item else { return None };
            match parts.as_slice() {
                [Expr::Text(name, _), ctype] => Some((name.clone(), self.ctype(ctype, 0), None)),
                [Expr::Text(name, _), ctype, bits] => {
                    let bits = u32::try_from(self.number(bits, 0)?).ok()?;
                    Some((name.clone(), self.ctype(ctype, 0), Some(bits)))
                }
                _ => None,
            }
        });
        fields.collect()
    }

    fn signatures(&mut self, statements: &[Statement]) {
        for statement in statements {
            let Some((target, value)) = assignment(statement) else {
                continue;
            };
            let Expr::Name(target) = target else {
                continue;
            };
            let line = statement.line;
            match target.rsplit_once('.') {
                Some((function, "restype" | "argtypes")) if function.starts_with('?') => {
                    self.not_understood(line, "the name of the function");
                }
                Some((function, "restype")) => {
                    let ctype = self.ctype(&value, 0);
                    let function = self.function(function, line);
                    function.result = Some(ctype);
                    function.implied_result = false;
                    function.result_line = Some(line);
                }
                Some((function, "argtypes")) => match self.followed(&value, 0) {
                    Expr::List(items) => {
                        let types = items.iter().map(|it| self.ctype(it, 0));
                        let parameters = types.map(unnamed).collect();
                        let function = self.function(function, line);
                        function.parameters = Some(parameters);
                        function.parameters_line = Some(line);
                    }
                    Expr::Name(none) if none == "None" => {}
                    _ => self.not_understood(line, "argtypes"),
                },
                _ => self.prototype(&value, line),
            }
        }
    }

    /// `CFUNCTYPE(result, arguments...)(("name", library))`.
    fn prototype(&mut self, value: &Expr, line: u64) {
        let Expr::Call(prototype, arguments) = value else {
            return;
        };
        let [(None, Expr::List(parts)), ..] = arguments.as_slice() else {
            return;
        };
        let [Expr::Text(name, _), ..] = parts.as_slice() else {
            return;
        };
        let Expr::Call(maker, types) = self.followed(prototype, 0) else {
            return;
        };
        if !matches!(maker.as_ref(), Expr::Name(maker) if last(maker).ends_with("FUNCTYPE")) {
            return;
        }
        let mut types = types.iter().map(|(_, it)| self.ctype(it, 0));
        let result = types.next();
        let parameters = types.map(unnamed).collect();
        let function = self.function(name, line);
        function.result = result;
        function.implied_result = false;
        function.parameters = Some(parameters);
    }

    /// Functions that are called without a word about their types.
    fn uses(&mut self, statements: &[Statement]) {
        for statement in statements {
            for window in statement.tokens.windows(4) {
                if let [
                    Token::Name(library),
                    Token::Sign('.'),
                    Token::Name(name),
                    Token::Sign('('),
                ] = window
                    && (self.libraries.contains(library) || self.real.function(name).is_some())
                {
                    let name = name.clone();
                    self.function(&name, statement.line);
                }
            }
        }
    }

    /// The function that a dotted name ends in, made when it is first mentioned.
    fn function(&mut self, name: &str, line: u64) -> &mut Function {
        let mut name = name.to_owned();
        // `f = lib.add`, then `f.restype = …`.
        for _ in 0..DEEPEST {
            match self.values.get(&name) {
                Some(Expr::Name(other)) if *other != name => name = other.clone(),
                _ => break,
            }
        }
        let name = last(&name).to_owned();
        let known = self.functions.iter().position(|it| it.name == name);
        let index = known.unwrap_or_else(|| {
            let place = self.place(line);
            self.functions.push(Function {
                name,
                result: Some(primitive("int", true, 4)),
                implied_result: true,
                result_line: None,
                parameters: None,
                parameters_line: None,
                variadic: false,
                defined: false,
                place,
            });
            self.functions.len() - 1
        });
        &mut self.functions[index]
    }

    /// The expression behind a name.
    fn followed(&self, value: &Expr, depth: usize) -> Expr {
        match value {
            Expr::Name(name) if depth < DEEPEST => match self.values.get(name) {
                Some(next) if next != value => self.followed(next, depth + 1),
                _ => value.clone(),
            },
            _ => value.clone(),
        }
    }

    fn number(&self, value: &Expr, depth: usize) -> Option<i128> {
        if depth > DEEPEST {
            return None;
        }
        match self.followed(value, 0) {
            Expr::Number(number) => Some(number),
            Expr::Binary(sign, left, right) => {
                let (left, right) = (
                    self.number(&left, depth + 1)?,
                    self.number(&right, depth + 1)?,
                );
                match sign {
                    '+' => left.checked_add(right),
                    '-' => left.checked_sub(right),
                    '*' => left.checked_mul(right),
                    '/' => left.checked_div(right),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn ctype(&self, value: &Expr, depth: usize) -> Type {
        if depth > DEEPEST {
            return Type::unknown("?");
        }
        match value {
            Expr::Name(name) => self.named(name, depth),
            Expr::Call(called, arguments) => {
                let Expr::Name(called) = called.as_ref() else {
                    return Type::unknown("?");
                };
                match (last(called), arguments.as_slice()) {
                    ("POINTER", [(None, to)]) => {
                        let to = self.ctype(to, depth + 1);
                        Type::pointer(format!("POINTER({})", to.name), to, false, POINTER)
                    }
                    (maker, _) if maker.ends_with("FUNCTYPE") => {
                        let function = Type {
                            form: Form::Function,
                            ..Type::unknown("function")
                        };
                        Type::pointer(maker, function, false, POINTER)
                    }
                    _ => Type::unknown(format!("{}(...)", last(called))),
                }
            }
            Expr::Binary('*', left, right) => {
                let (item, length) = match self.number(right, 0) {
                    Some(length) => (left, length),
                    None => match self.number(left, 0) {
                        Some(length) => (right, length),
                        None => return Type::unknown("?"),
                    },
                };
                let item = self.ctype(item, depth + 1);
                let Ok(length) = u64::try_from(length) else {
                    return Type::unknown("?");
                };
                Type {
                    name: format!("{} * {length}", item.name),
                    size: item.size.and_then(|size| size.checked_mul(length)),
                    form: Form::Array {
                        item: Box::new(item),
                        length: Some(length),
                    },
                }
            }
            _ => Type::unknown("?"),
        }
    }

    fn named(&self, name: &str, depth: usize) -> Type {
        if let Some(id) = self.classes.get(name) {
            return Type {
                name: name.to_owned(),
                form: Form::Record(*id),
                size: None,
            };
        }
        if let Some(ctype) = simple(last(name)) {
            return ctype;
        }
        match self.values.get(name) {
            Some(value) => Type {
                name: name.to_owned(),
                ..self.ctype(value, depth + 1)
            },
            None => Type::unknown(name),
        }
    }
}

fn unnamed(ctype: Type) -> Parameter {
    Parameter {
        name: String::new(),
        ctype,
    }
}

/// `class NAME(ctypes.Structure):`, and whether it is a union.
fn class_head(statement: &Statement) -> Option<(String, bool)> {
    let [
        Token::Name(class),
        Token::Name(name),
        Token::Sign('('),
        rest @ ..,
    ] = statement.tokens.as_slice()
    else {
        return None;
    };
    if class != "class" {
        return None;
    }
    let bases = rest.iter().filter_map(|token| match token {
        Token::Name(base) => Some(base.as_str()),
        _ => None,
    });
    let bases: Vec<&str> = bases.collect();
    if bases
        .iter()
        .any(|base| matches!(*base, "Structure" | "LittleEndianStructure"))
    {
        Some((name.clone(), false))
    } else if bases.contains(&"Union") {
        Some((name.clone(), true))
    } else {
        None
    }
}

/// Whether ctypes, up to CPython 3.13, may place these fields elsewhere than the compiler does: it begins anew where the
/// type changes, and the compiler goes on in the bytes that are left.
fn placed_by_own_rules(fields: &[(String, Type, Option<u32>)]) -> bool {
    fields.windows(2).any(|pair| {
        let [(_, before, bits_before), (_, after, bits_after)] = pair else {
            return false;
        };
        let (Some(before), Some(after)) = (before.size, after.size) else {
            return bits_before.or(*bits_after).is_some();
        };
        match (bits_before, bits_after) {
            (Some(_), Some(_)) => before != after,
            (Some(_), None) => after < before,
            (None, Some(_)) => before % after.max(1) != 0,
            (None, None) => false,
        }
    })
}

fn primitive(name: &str, signed: bool, size: u64) -> Type {
    Type {
        name: name.to_owned(),
        form: Form::Integer { signed },
        size: Some(size),
    }
}

/// The types that ctypes brings.
fn simple(name: &str) -> Option<Type> {
    const LONG: u64 = size_of::<std::ffi::c_long>() as u64;
    let integer = |signed, size| Some(primitive(name, signed, size));
    let other = |form, size| {
        Some(Type {
            name: name.to_owned(),
            form,
            size: Some(size),
        })
    };
    let text = |item: &str, size| {
        let item = Type {
            name: item.to_owned(),
            form: Form::Signless,
            size: Some(size),
        };
        Some(Type::pointer(name, item, true, POINTER))
    };
    match name {
        "None" => Some(Type::void("None")),
        "c_char" | "c_bool" => other(Form::Signless, 1),
        "c_wchar" => other(Form::Signless, 4),
        "c_byte" | "c_int8" => integer(true, 1),
        "c_ubyte" | "c_uint8" => integer(false, 1),
        "c_short" | "c_int16" => integer(true, 2),
        "c_ushort" | "c_uint16" => integer(false, 2),
        "c_int" | "c_int32" => integer(true, 4),
        "c_uint" | "c_uint32" => integer(false, 4),
        "c_long" => integer(true, LONG),
        "c_ulong" => integer(false, LONG),
        "c_longlong" | "c_int64" => integer(true, 8),
        "c_ulonglong" | "c_uint64" => integer(false, 8),
        "c_ssize_t" => integer(true, POINTER),
        "c_size_t" => integer(false, POINTER),
        "c_float" => other(Form::Float, 4),
        "c_double" => other(Form::Float, 8),
        "c_longdouble" => other(Form::Float, 16),
        "c_char_p" => text("char", 1),
        "c_wchar_p" => text("wchar_t", 4),
        "c_void_p" | "py_object" => Some(Type::pointer(name, Type::void("void"), false, POINTER)),
        _ => None,
    }
}
