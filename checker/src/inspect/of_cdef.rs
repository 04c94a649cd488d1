//! What a CFFI bridge declares in its cdefs.

use std::collections::HashMap;
use std::sync::Arc;

use clib::cdef::{self, Declarations, Kind, Length, Object, Options, Quals, Shape};

use super::declared::{Builder, Draft};
use super::python::{self, Expr, Statement};
use super::types::{Form, Function, Parameter, Place, RecordId, Side, Type};

const POINTER: u64 = size_of::<*const u8>() as u64;

/// How far types are followed into their parts.
const DEEPEST: usize = 64;

/// A cdef in a Python file.
struct Cdef {
    text: String,
    line: u64,
    pack: u64,
}

/// Reads a bridge or a build script; `file` is how a reader knows it.
pub fn read(file: &str, text: &str) -> Side {
    let mut reader = Reader::new(file);
    reader.find(&python::statements(text));
    reader.finish()
}

/// Reads declarations in C, each on its own and on the line where it stands, as [`super::header`] finds them. What a cdef
/// may not hold is left out.
pub fn of_c(file: &str, declarations: Vec<(u64, String)>) -> Side {
    let mut reader = Reader::new(file);
    reader.cdefs = declarations
        .into_iter()
        .map(|(line, text)| Cdef {
            text,
            line,
            pack: 0,
        })
        .collect();
    let mut side = reader.finish();
    side.remarks.clear();
    side
}

struct Reader<'a> {
    file: &'a str,
    builder: Builder,
    records: HashMap<u64, RecordId>,
    cdefs: Vec<Cdef>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str) -> Reader<'a> {
        Reader {
            file,
            builder: Builder::default(),
            records: HashMap::new(),
            cdefs: Vec::new(),
        }
    }

    fn finish(mut self) -> Side {
        // Records are shared by address, so what declares them has to live as long as they are looked up.
        let mut known = Declarations::new();
        for index in 0..self.cdefs.len() {
            self.parse(&mut known, index);
        }
        self.entries(&known);
        self.builder.finish()
    }

    fn find(&mut self, statements: &[Statement]) {
        let values: HashMap<String, Expr> = statements
            .iter()
            .filter_map(python::assignment)
            .filter_map(|(name, value)| match name {
                Expr::Name(name) => Some((name, value)),
                _ => None,
            })
            .collect();
        for statement in statements {
            for arguments in python::calls(statement, "cdef") {
                let positional = arguments.iter().find(|(keyword, _)| {
                    keyword.is_none() || keyword.as_deref() == Some("csource")
                });
                let value = positional.map(|(_, value)| match value {
                    Expr::Name(name) => values.get(name).unwrap_or(value),
                    _ => value,
                });
                let Some(Expr::Text(text, line)) = value else {
                    self.builder.side.remarks.push(format!(
                        "{}:{}: this cdef is computed; only text that stands in the file is compared",
                        self.file, statement.line
                    ));
                    continue;
                };
                self.cdefs.push(Cdef {
                    text: text.clone(),
                    line: *line,
                    pack: pack(&arguments),
                });
            }
        }
    }

    fn parse(&mut self, known: &mut Declarations, index: usize) {
        let one = &self.cdefs[index];
        let options = Options {
            pack: one.pack,
            ..Options::default()
        };
        if let Err(error) = cdef::parse(known, &one.text, options) {
            let told = error.to_string();
            let told = told.lines().next().unwrap_or_default();
            self.builder.side.remarks.push(format!(
                "{}:{}: this cdef declares nothing: {told}",
                self.file, one.line
            ));
        }
    }

    fn entries(&mut self, known: &Declarations) {
        for entry in known.entries() {
            let Object::Type(ctype) = &entry.object else {
                continue;
            };
            match (entry.kind, ctype.shape()) {
                (Kind::Function, Shape::Function(function)) => {
                    let place = self.place(&entry.name);
                    let parameters = function.arguments.iter().map(|it| Parameter {
                        name: String::new(),
                        ctype: self.ctype(&it.decayed(), 0),
                    });
                    let parameters = parameters.collect();
                    let result = self.ctype(&function.result, 0);
                    self.builder.side.functions.push(Function {
                        name: entry.name.clone(),
                        result: Some(result),
                        implied_result: false,
                        result_line: None,
                        parameters: Some(parameters),
                        parameters_line: None,
                        variadic: function.variadic,
                        defined: false,
                        place,
                    });
                }
                (
                    Kind::Struct | Kind::Union | Kind::Typedef | Kind::Anonymous,
                    Shape::Record(record),
                ) => {
                    let id = self.record(record, 0);
                    let names = &mut self.builder.side.records[id.0].names;
                    if !names.contains(&entry.name) {
                        names.push(entry.name.clone());
                    }
                }
                _ => {}
            }
        }
    }

    /// Where a name is declared: in the first cdef that has it as a word.
    fn place(&self, name: &str) -> Place {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let line = self.cdefs.iter().find_map(|cdef| {
            let mut places = cdef.text.match_indices(name);
            let (at, _) = places.find(|(at, _)| {
                let (before, after) = (&cdef.text[..*at], &cdef.text[at + name.len()..]);
                !before.ends_with(is_word) && !after.starts_with(is_word)
            })?;
            Some(cdef.line + cdef.text[..at].matches('\n').count() as u64)
        });
        Place {
            file: self.file.to_owned(),
            line: line.unwrap_or(0),
        }
    }

    fn record(&mut self, record: &Arc<cdef::Record>, depth: usize) -> RecordId {
        if let Some(id) = self.records.get(&record.id) {
            return *id;
        }
        let own_name = record.forced_name().unwrap_or_else(|| record.name.clone());
        let nameless = own_name.starts_with('$');
        let place = self.place(&own_name);
        let names = if nameless {
            Vec::new()
        } else {
            vec![own_name.clone()]
        };
        let id = self.builder.reserve(names, record.union, place);
        self.records.insert(record.id, id);
        if record.is_partial() {
            self.builder.side.remarks.push(format!(
                "{} is not compared: it holds `...`, so the C compiler fills it in",
                record.c_name()
            ));
            return id;
        }
        let Some(body) = record.body() else {
            return id;
        };
        if depth > DEEPEST {
            return id;
        }
        let fields = body.fields.iter().map(|field| {
            let ctype = self.ctype(&field.ctype, depth + 1);
            let bits = field.bits.and_then(|bits| u32::try_from(bits).ok());
            (field.name.clone(), ctype, bits)
        });
        let fields = fields.collect();
        self.builder.define(
            id,
            Draft {
                fields,
                pack: usize::try_from(body.pack).ok().filter(|pack| *pack > 0),
                align: None,
            },
        );
        id
    }

    fn ctype(&mut self, ctype: &cdef::Type, depth: usize) -> Type {
        if depth > DEEPEST {
            return Type::unknown("?");
        }
        match ctype.shape() {
            Shape::Void => Type::void("void"),
            Shape::Primitive(name) => primitive(name),
            Shape::UnknownInteger(name) | Shape::UnknownFloat(name) => Type::unknown(name),
            Shape::Function(function) => {
                let plain = Type {
                    form: Form::Function,
                    ..Type::unknown("function")
                };
                match function.pointer {
                    true => Type::pointer("function pointer", plain, false, POINTER),
                    false => plain,
                }
            }
            Shape::Pointer { item, quals, .. } => {
                let mut to = self.ctype(item, depth + 1);
                let constant = quals.has(Quals::CONST);
                if constant {
                    to.name = format!("const {}", to.name);
                }
                let space = if to.name.ends_with('*') { "" } else { " " };
                Type::pointer(format!("{}{space}*", to.name), to, constant, POINTER)
            }
            Shape::Array { item, length } => {
                let item = self.ctype(item, depth + 1);
                let length = match length {
                    Length::Open => None,
                    Length::Known(length) => u64::try_from(*length).ok(),
                    Length::Unknown | Length::Expression(_) => return Type::unknown(item.name),
                };
                let shown = length.map_or_else(String::new, |length| length.to_string());
                // The outer length comes first: `int[2][3]` is two times `int[3]`.
                let at = item.name.find('[').unwrap_or(item.name.len());
                let (before, after) = item.name.split_at(at);
                Type {
                    name: format!("{before}[{shown}]{after}"),
                    size: length.and_then(|length| item.size?.checked_mul(length)),
                    form: Form::Array {
                        item: Box::new(item),
                        length,
                    },
                }
            }
            Shape::Record(record) => Type {
                name: record.c_name(),
                form: Form::Record(self.record(record, depth + 1)),
                size: None,
            },
            Shape::Enum(enumeration) => Type {
                name: enumeration.c_name(),
                form: Form::Signless,
                size: Some(4),
            },
        }
    }
}

/// `packed=True` and `pack=4`.
fn pack(arguments: &[(Option<String>, Expr)]) -> u64 {
    let keyword = |name: &str| {
        let found = arguments.iter().find(|(it, _)| it.as_deref() == Some(name));
        found.map(|(_, value)| value)
    };
    match (keyword("pack"), keyword("packed")) {
        (Some(Expr::Number(pack)), _) => u64::try_from(*pack).unwrap_or(0),
        (_, Some(Expr::Name(yes))) if yes == "True" => 1,
        _ => 0,
    }
}

fn primitive(name: &str) -> Type {
    const LONG: u64 = size_of::<std::ffi::c_long>() as u64;
    let integer = |signed, size| (Form::Integer { signed }, size);
    let (form, size) = match name {
        "char" | "_Bool" => (Form::Signless, 1),
        "char16_t" => (Form::Signless, 2),
        "wchar_t" | "char32_t" => (Form::Signless, 4),
        "float" => (Form::Float, 4),
        "double" => (Form::Float, 8),
        "long double" => (Form::Float, 16),
        "_cffi_float_complex_t" => (Form::Complex, 8),
        "_cffi_double_complex_t" => (Form::Complex, 16),
        "short" => integer(true, 2),
        "int" => integer(true, 4),
        "long" => integer(true, LONG),
        "long long" | "intmax_t" => integer(true, 8),
        "signed char" => integer(true, 1),
        "unsigned char" => integer(false, 1),
        "unsigned short" => integer(false, 2),
        "unsigned int" => integer(false, 4),
        "unsigned long" => integer(false, LONG),
        "unsigned long long" | "uintmax_t" => integer(false, 8),
        "size_t" | "uintptr_t" => integer(false, POINTER),
        "ssize_t" | "intptr_t" | "ptrdiff_t" => integer(true, POINTER),
        _ => match numbered(name) {
            Some((signed, size)) => integer(signed, size),
            None => return Type::unknown(name),
        },
    };
    Type {
        name: name.to_owned(),
        form,
        size: Some(size),
    }
}

/// `int32_t`, `uint_least8_t`; how wide the fast ones are, each platform decides.
fn numbered(name: &str) -> Option<(bool, u64)> {
    let plain = name.strip_prefix('u').unwrap_or(name);
    let digits = plain.strip_prefix("int")?.strip_suffix("_t")?;
    let bits: u64 = digits
        .strip_prefix("_least")
        .unwrap_or(digits)
        .parse()
        .ok()?;
    Some((plain == name, bits / 8))
}
