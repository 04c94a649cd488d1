//! What an extension module in Rust declares: `#[repr(C)]` types and `extern "C"` blocks.

use std::collections::{HashMap, HashSet};

use super::declared::{Builder, Draft};
use super::types::{Form, Function, Parameter, Place, RecordId, Side, Type};

const POINTER: u64 = size_of::<*const u8>() as u64;

/// How far types are followed into their parts.
const DEEPEST: usize = 64;

/// The longest source that is read, bytes. The parser recurses without a limit of its own, so it gets a stack of so many
/// bytes that no source of this length exhausts it.
const LONGEST: usize = 128 << 10;
const STACK: usize = 512 << 20;

/// Reads a source; `file` is how a reader knows it.
pub fn read(file: &str, text: &str) -> Side {
    if text.len() > LONGEST {
        return Side {
            remarks: vec![format!("{file} is too long to be read")],
            ..Side::default()
        };
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let done = thread.spawn_scoped(scope, || read_here(file, text));
        done.map_err(|error| format!("{file} is not compared: no thread can be started: {error}"))
            .and_then(|thread| {
                let broken = |_| format!("{file} is not compared: it cannot be parsed");
                thread.join().map_err(broken)
            })
            .unwrap_or_else(|remark| Side {
                remarks: vec![remark],
                ..Side::default()
            })
    })
}

fn read_here(file: &str, text: &str) -> Side {
    let mut reader = Reader {
        file,
        builder: Builder::default(),
        records: HashMap::new(),
        aliases: HashMap::new(),
        noted: HashSet::new(),
        numbers: Vec::new(),
    };
    match syn::parse_file(text) {
        Err(error) => {
            let line = error.span().start().line as u64;
            reader.remark(line, &format!("this is no Rust yet: {error}"));
        }
        Ok(parsed) => {
            reader.names(&parsed.items);
            reader.items(&parsed.items);
            reader.loose();
        }
    }
    reader.builder.finish()
}

struct Reader<'a> {
    file: &'a str,
    builder: Builder,
    records: HashMap<String, RecordId>,
    aliases: HashMap<String, syn::Type>,
    noted: HashSet<RecordId>,
    /// Structs of numbers without a layout: perhaps meant for C, which may see them through a cast.
    numbers: Vec<RecordId>,
}

/// What `#[repr(...)]` says.
#[derive(Clone, Copy, Debug, Default)]
struct Repr {
    c: bool,
    transparent: bool,
    pack: Option<usize>,
    align: Option<u64>,
}

impl Reader<'_> {
    fn remark(&mut self, line: u64, words: &str) {
        self.builder
            .side
            .remarks
            .push(format!("{}:{line}: {words}", self.file));
    }

    fn place(&self, ident: &syn::Ident) -> Place {
        Place {
            file: self.file.to_owned(),
            line: ident.span().start().line as u64,
        }
    }

    /// Types may be used before they are declared.
    fn names(&mut self, items: &[syn::Item]) {
        for item in items {
            match item {
                syn::Item::Struct(it) => self.reserve(&it.ident, false),
                syn::Item::Union(it) => self.reserve(&it.ident, true),
                syn::Item::Type(it) => {
                    self.aliases.insert(it.ident.to_string(), (*it.ty).clone());
                }
                syn::Item::Mod(it) => {
                    if let Some((_, items)) = &it.content {
                        self.names(items);
                    }
                }
                _ => {}
            }
        }
    }

    fn reserve(&mut self, ident: &syn::Ident, union: bool) {
        let place = self.place(ident);
        let id = self.builder.reserve(vec![ident.to_string()], union, place);
        self.records.insert(ident.to_string(), id);
    }

    fn items(&mut self, items: &[syn::Item]) {
        for item in items {
            match item {
                syn::Item::Struct(it) => self.define(&it.ident, &it.attrs, &it.fields),
                syn::Item::Union(it) => {
                    let fields = syn::Fields::Named(it.fields.clone());
                    self.define(&it.ident, &it.attrs, &fields);
                }
                syn::Item::ForeignMod(it) => self.foreign(it),
                syn::Item::Mod(it) => {
                    if let Some((_, items)) = &it.content {
                        self.items(items);
                    }
                }
                _ => {}
            }
        }
    }

    fn define(&mut self, ident: &syn::Ident, attrs: &[syn::Attribute], fields: &syn::Fields) {
        let Some(id) = self.records.get(&ident.to_string()).copied() else {
            return;
        };
        let repr = repr(attrs);
        if !repr.c && !repr.transparent {
            // Its layout is the compiler's secret; `unordered` tells whether a signature shows it to C.
            let is_class = attrs.iter().any(|attr| attr.path().is_ident("pyclass"));
            if !is_class && fields.len() > 1 && fields.iter().all(|it| self.is_number(&it.ty)) {
                self.numbers.push(id);
            }
            return;
        }
        let fields = fields.iter().enumerate().map(|(index, field)| {
            let name = field
                .ident
                .as_ref()
                .map_or_else(|| index.to_string(), ToString::to_string);
            let name = name.trim_start_matches("r#").to_owned();
            (name, self.ctype(&field.ty, 0), None)
        });
        let fields: Vec<(String, Type, Option<u32>)> = fields.collect();
        // The usual form of an opaque type: nothing is known of what lies there.
        let opaque = fields.iter().all(|(_, ctype, _)| ctype.size == Some(0));
        if opaque {
            return;
        }
        let (pack, align) = (repr.pack, repr.align);
        self.builder.define(
            id,
            Draft {
                fields,
                pack,
                align,
            },
        );
    }

    fn foreign(&mut self, block: &syn::ItemForeignMod) {
        for item in &block.items {
            let syn::ForeignItem::Fn(function) = item else {
                continue;
            };
            let signature = &function.sig;
            let parameters = signature.inputs.iter().filter_map(|input| match input {
                syn::FnArg::Typed(typed) => Some(Parameter {
                    name: String::new(),
                    ctype: self.ctype(&typed.ty, 0),
                }),
                syn::FnArg::Receiver(_) => None,
            });
            let parameters: Vec<Parameter> = parameters.collect();
            let result = match &signature.output {
                syn::ReturnType::Default => Type::void("()"),
                syn::ReturnType::Type(_, ctype) => self.ctype(ctype, 0),
            };
            let types = parameters.iter().map(|it| &it.ctype).chain([&result]);
            let named: Vec<RecordId> = types.filter_map(Type::record).collect();
            self.unordered(&named);
            self.builder.side.functions.push(Function {
                name: link_name(&function.attrs).unwrap_or_else(|| signature.ident.to_string()),
                result: Some(result),
                implied_result: false,
                result_line: None,
                parameters: Some(parameters),
                parameters_line: None,
                variadic: signature.variadic.is_some(),
                defined: false,
                place: self.place(&signature.ident),
            });
        }
    }

    /// Says of records that C gets to see that Rust may order their fields as it likes.
    fn unordered(&mut self, ids: &[RecordId]) {
        for id in ids {
            let record = self.builder.side.record(*id);
            let (name, line) = (record.names.join(""), record.place.line);
            if !self.builder.is_defined(*id) && self.noted.insert(*id) {
                self.remark(
                    line,
                    &format!(
                        "struct {name} is not compared: either it has no #[repr(C)], and Rust orders its fields as it likes, or it is opaque"
                    ),
                );
            }
        }
    }

    fn is_number(&mut self, ctype: &syn::Type) -> bool {
        let mut ctype = &self.ctype(ctype, 0);
        while let Form::Array { item, .. } = &ctype.form {
            ctype = item;
        }
        matches!(
            ctype.form,
            Form::Integer { .. } | Form::Signless | Form::Float
        )
    }

    /// Says of structs of numbers that no signature names, beside functions of C, what they are not fit for.
    fn loose(&mut self) {
        if self.builder.side.functions.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.numbers) {
            let record = self.builder.side.record(id);
            let (title, line) = (record.title(), record.place.line);
            if self.noted.insert(id) {
                self.remark(
                    line,
                    &format!("{title} has no #[repr(C)]: Rust orders its fields as it likes, so C must not read or write it"),
                );
            }
        }
    }

    fn ctype(&mut self, ctype: &syn::Type, depth: usize) -> Type {
        if depth > DEEPEST {
            return Type::unknown("?");
        }
        match ctype {
            syn::Type::Paren(it) => self.ctype(&it.elem, depth + 1),
            syn::Type::Group(it) => self.ctype(&it.elem, depth + 1),
            syn::Type::Ptr(it) => {
                let to = self.ctype(&it.elem, depth + 1);
                let word = if it.mutability.is_some() {
                    "mut"
                } else {
                    "const"
                };
                let name = format!("*{word} {}", to.name);
                Type::pointer(name, to, it.mutability.is_none(), POINTER)
            }
            syn::Type::Reference(it) => {
                let to = self.ctype(&it.elem, depth + 1);
                let word = if it.mutability.is_some() {
                    "&mut "
                } else {
                    "&"
                };
                Type::pointer(
                    format!("{word}{}", to.name),
                    to,
                    it.mutability.is_none(),
                    POINTER,
                )
            }
            syn::Type::BareFn(_) => {
                let function = Type {
                    form: Form::Function,
                    ..Type::unknown("function")
                };
                Type::pointer("extern fn", function, false, POINTER)
            }
            syn::Type::Array(it) => {
                let item = self.ctype(&it.elem, depth + 1);
                let length = match &it.len {
                    syn::Expr::Lit(syn::ExprLit {
                        lit: syn::Lit::Int(length),
                        ..
                    }) => length.base10_parse::<u64>().ok(),
                    _ => None,
                };
                let Some(length) = length else {
                    return Type::unknown("[...]");
                };
                Type {
                    name: format!("[{}; {length}]", item.name),
                    size: match length {
                        0 => Some(0),
                        _ => item.size.and_then(|size| size.checked_mul(length)),
                    },
                    form: Form::Array {
                        item: Box::new(item),
                        length: Some(length),
                    },
                }
            }
            syn::Type::Tuple(it) if it.elems.is_empty() => Type::void("()"),
            syn::Type::Path(it) => self.path(&it.path, depth),
            _ => Type::unknown("?"),
        }
    }

    fn path(&mut self, path: &syn::Path, depth: usize) -> Type {
        let Some(segment) = path.segments.last() else {
            return Type::unknown("?");
        };
        let name = segment.ident.to_string();
        if let (true, syn::PathArguments::AngleBracketed(arguments)) =
            (name == "Option" || name == "NonNull", &segment.arguments)
            && let Some(syn::GenericArgument::Type(inner)) = arguments.args.first()
        {
            let inner = self.ctype(inner, depth + 1);
            // `Option` of a pointer is that pointer or NULL; `NonNull` points itself.
            return match (name.as_str(), &inner.form) {
                ("Option", Form::Pointer { .. }) => inner,
                ("NonNull", _) => {
                    Type::pointer(format!("NonNull<{}>", inner.name), inner, false, POINTER)
                }
                _ => Type::unknown(name),
            };
        }
        if let Some(id) = self.records.get(&name) {
            return Type {
                name,
                form: Form::Record(*id),
                size: None,
            };
        }
        if let Some(alias) = self.aliases.get(&name).cloned() {
            return Type {
                name,
                ..self.ctype(&alias, depth + 1)
            };
        }
        primitive(&name)
    }
}

fn repr(attrs: &[syn::Attribute]) -> Repr {
    let mut repr = Repr::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
        // What cannot be understood here, the Rust compiler refuses.
        let _ = attr.parse_nested_meta(|meta| {
            let number = |meta: &syn::meta::ParseNestedMeta| -> syn::Result<u64> {
                if !meta.input.peek(syn::token::Paren) {
                    return Ok(1);
                }
                let content;
                syn::parenthesized!(content in meta.input);
                content.parse::<syn::LitInt>()?.base10_parse()
            };
            if meta.path.is_ident("C") {
                repr.c = true;
            } else if meta.path.is_ident("transparent") {
                repr.transparent = true;
            } else if meta.path.is_ident("packed") {
                repr.pack = usize::try_from(number(&meta)?).ok();
            } else if meta.path.is_ident("align") {
                repr.align = Some(number(&meta)?).filter(|align| align.is_power_of_two());
            }
            Ok(())
        });
    }
    repr
}

fn link_name(attrs: &[syn::Attribute]) -> Option<String> {
    let attr = attrs
        .iter()
        .find(|attr| attr.path().is_ident("link_name"))?;
    let syn::Meta::NameValue(pair) = &attr.meta else {
        return None;
    };
    match &pair.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(name),
            ..
        }) => Some(name.value()),
        _ => None,
    }
}

fn primitive(name: &str) -> Type {
    const LONG: u64 = size_of::<std::ffi::c_long>() as u64;
    let integer = |signed, size| (Form::Integer { signed }, size);
    let (form, size) = match name {
        "bool" | "c_char" => (Form::Signless, 1),
        "i8" | "c_schar" => integer(true, 1),
        "u8" | "c_uchar" => integer(false, 1),
        "i16" | "c_short" => integer(true, 2),
        "u16" | "c_ushort" => integer(false, 2),
        "i32" | "c_int" => integer(true, 4),
        "u32" | "c_uint" => integer(false, 4),
        "i64" | "c_longlong" => integer(true, 8),
        "u64" | "c_ulonglong" => integer(false, 8),
        "c_long" => integer(true, LONG),
        "c_ulong" => integer(false, LONG),
        "isize" | "Py_ssize_t" => integer(true, POINTER),
        "usize" => integer(false, POINTER),
        "f32" | "c_float" => (Form::Float, 4),
        "f64" | "c_double" => (Form::Float, 8),
        "c_void" => return Type::void(name),
        _ => return Type::unknown(name),
    };
    Type {
        name: name.to_owned(),
        form,
        size: Some(size),
    }
}
