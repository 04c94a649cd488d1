//! Holds what a bridge declares against what the header says. It reads text and runs nothing.
//!
//! It understands the C and the Python that lessons are written in. Of whatever it does not understand it says nothing.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern::pattern;
use super::stack::Line;

/// A C type, as far as a call cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value.
    Void,
    /// An integer of so many bits.
    Int(u32, bool),
    /// `float`.
    Float,
    /// `double`.
    Double,
    /// A pointer to this, and whether C may write there.
    Pointer(String, bool),
    /// A struct by value.
    Struct(String),
    /// Something that nothing is said about.
    Unknown,
}

/// A function as one side sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prototype {
    /// Its name.
    pub name: String,
    /// What it returns.
    pub result: Kind,
    /// What it takes.
    pub params: Vec<Kind>,
    /// The line of its declaration.
    pub line: u32,
}

/// How a declaration is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A pointer is declared, or left, as an `int`.
    PointerAsInt,
    /// An integer has another width.
    Width,
    /// The kinds differ otherwise.
    Kind,
    /// The fields of a struct differ.
    Fields,
    /// C may write into what is declared as a constant string.
    Constant,
}

/// A declaration that contradicts the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The function or struct.
    pub name: String,
    /// How it is wrong.
    pub fault: Fault,
    /// Both sides, in words.
    pub words: String,
    /// Where the bridge says so.
    pub place: Line,
}

static COMMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)/\*.*?\*/|//[^\n]*"));
static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^[ \t]*#[^\n]*$"));
static PROTOTYPE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?s)([\w\s\*]+?[\s\*])(\w+)\s*\(((?:[^();{}]|\([^()]*\))*)\)\s*[;{]")
});
static STRUCT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)(?:typedef\s+)?struct\s*(\w*)\s*\{([^{}]*)\}\s*(\w*)\s*;"));
static ALIAS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)typedef\s+((?:struct\s+)?[\w ]+?[\s\*]+)(\w+)\s*;"));
static CDEF: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?s)\.cdef\(\s*((?:[rf]?(?:"""(?:.*?)"""|'''(?:.*?)'''|"[^"\n]*"|'[^'\n]*')\s*)+)"#)
});
static LITERAL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?s)[rf]?(?:"""(.*?)"""|'''(.*?)'''|"([^"\n]*)"|'([^'\n]*)')"#));
static RESULT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^[ \t]*[\w.]*\b(\w+)\.restype\s*=\s*(.+?)\s*(?:#.*)?$"));
static PARAMS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?ms)^[ \t]*[\w.]*\b(\w+)\.argtypes\s*=\s*[\[\(](.*?)[\]\)]\s*(?:#[^\n]*)?$")
});
static CLASS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?s)class (\w+)\((?:\w+\.)?Structure\):.*?_fields_\s*=\s*\[(.*?)\]\s*\n")
});
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"\(\s*["'](\w+)["']\s*,\s*([^,()]+(?:\([^()]*\))?)\s*(?:,\s*\d+)?\s*\)"#)
});

/// What the header says.
#[derive(Clone, Debug, Default)]
pub struct Header {
    functions: BTreeMap<String, Prototype>,
    structs: BTreeMap<String, Vec<(String, Kind)>>,
}

impl Header {
    /// Reads C declarations.
    pub fn parse(text: &str) -> Header {
        let text = blanked(&DIRECTIVE, &blanked(&COMMENT, text));
        let mut header = Header::default();
        let mut aliases = BTreeMap::new();
        for found in STRUCT.captures_iter(&text) {
            let name = if found[3].is_empty() {
                &found[1]
            } else {
                &found[3]
            };
            let fields = found[2].split(';').filter_map(field).collect();
            header.structs.insert(name.to_owned(), fields);
        }
        for found in ALIAS.captures_iter(&text) {
            aliases.insert(found[2].to_owned(), c_kind(&found[1], &BTreeMap::new()));
        }
        let flat = STRUCT.replace_all(&text, |found: &regex::Captures| {
            found[0].replace(|c: char| c != '\n', " ")
        });
        for found in PROTOTYPE.captures_iter(&flat) {
            let result = found[1].trim_start().trim_start_matches("extern ");
            if ["return", "typedef", "else"]
                .iter()
                .any(|word| result.starts_with(word))
            {
                continue;
            }
            let start = found.get(2).map_or(0, |it| it.start());
            let prototype = Prototype {
                name: found[2].to_owned(),
                result: c_kind(result, &aliases),
                params: parameters(&found[3], &aliases),
                line: line_of(&flat, start),
            };
            header
                .functions
                .entry(prototype.name.clone())
                .or_insert(prototype);
        }
        header
    }

    /// The function with this name.
    pub fn function(&self, name: &str) -> Option<&Prototype> {
        self.functions.get(name)
    }

    /// The names of all functions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }
}

/// All contradictions between a ctypes bridge and the header, in the order of the file.
pub fn of_ctypes(header: &Header, file: &str, text: &str) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let at = |line: u32| Line {
        file: file.to_owned(),
        line,
        function: String::new(),
    };
    let mut results: BTreeMap<&str, (Kind, u32)> = BTreeMap::new();
    for it in RESULT.captures_iter(text) {
        let name = it.get(1).expect("the pattern has it");
        results.insert(
            name.as_str(),
            (python_kind(&it[2], text), line_of(text, name.start())),
        );
    }
    let mut params: BTreeMap<&str, (Vec<Kind>, u32)> = BTreeMap::new();
    for it in PARAMS.captures_iter(text) {
        let name = it.get(1).expect("the pattern has it");
        let kinds = split(&it[2])
            .iter()
            .map(|part| python_kind(part, text))
            .collect();
        params.insert(name.as_str(), (kinds, line_of(text, name.start())));
    }
    for prototype in header.functions.values() {
        let name = prototype.name.as_str();
        let Some(used) = first_use(text, name) else {
            continue;
        };
        let (declared, line) = results
            .get(name)
            .cloned()
            .unwrap_or((Kind::Int(32, true), used));
        let how = if results.contains_key(name) {
            "declares"
        } else {
            "has no restype, which means"
        };
        if (prototype.result != Kind::Void || results.contains_key(name))
            && let Some(fault) = contradiction(&prototype.result, &declared)
        {
            let words = format!(
                "`{name}` returns {} in the header; the bridge {how} {}",
                prototype.result.words(),
                declared.words()
            );
            found.push(Mismatch {
                name: name.to_owned(),
                fault,
                words,
                place: at(line),
            });
        }
        if let Some((declared, line)) = params.get(name) {
            found.extend(parameter_faults(prototype, declared, &at(*line)));
        }
    }
    for it in CLASS.captures_iter(text) {
        let fields = FIELD.captures_iter(&it[2]);
        let fields: Vec<(String, Kind)> = fields
            .map(|field| (field[1].to_owned(), python_kind(&field[2], text)))
            .collect();
        let place = at(line_of(
            text,
            it.get(1).expect("the pattern has it").start(),
        ));
        found.extend(field_fault(header, &it[1], &fields, place));
    }
    found.sort_by_key(|it| it.place.line);
    found
}

/// All contradictions between the cdefs of a CFFI bridge and the header, in the order of the file.
pub fn of_cdef(header: &Header, file: &str, text: &str) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let text = only_cdefs(text);
    let declared = Header::parse(&text);
    let at = |line: u32| Line {
        file: file.to_owned(),
        line,
        function: String::new(),
    };
    for prototype in header.functions.values() {
        let Some(own) = declared.function(&prototype.name) else {
            continue;
        };
        if let Some(fault) = contradiction(&prototype.result, &own.result) {
            let words = format!(
                "`{}` returns {} in the header; the cdef says {}",
                own.name,
                prototype.result.words(),
                own.result.words()
            );
            found.push(Mismatch {
                name: own.name.clone(),
                fault,
                words,
                place: at(own.line),
            });
        }
        found.extend(parameter_faults(prototype, &own.params, &at(own.line)));
    }
    for (name, fields) in &declared.structs {
        let heads = [format!("}} {name};"), format!("struct {name} {{")];
        let start = heads.iter().find_map(|head| text.find(head));
        let line = start.map_or(1, |start| line_of(&text, start));
        found.extend(field_fault(header, name, fields, at(line)));
    }
    found.sort_by_key(|it| it.place.line);
    found
}

/// The C of all cdefs, each on the line where it stands: a later cdef may use what an earlier one declares.
fn only_cdefs(text: &str) -> String {
    let mut kept = String::new();
    let mut done = 0;
    let lines_of = |part: &str| "\n".repeat(part.matches('\n').count());
    for cdef in CDEF.captures_iter(text) {
        let strings = cdef.get(1).expect("the pattern has it");
        for literal in LITERAL.captures_iter(strings.as_str()) {
            let source = (1..=4)
                .find_map(|index| literal.get(index))
                .expect("one of them matched");
            let start = strings.start() + source.start();
            kept += &lines_of(&text[done..start]);
            kept += source.as_str();
            done = start + source.len();
        }
        // A declaration ends with its cdef, whether or not its semicolon was forgotten.
        kept.push(';');
    }
    kept
}

fn parameter_faults(prototype: &Prototype, declared: &[Kind], place: &Line) -> Vec<Mismatch> {
    let name = &prototype.name;
    let mismatch = |fault, words| Mismatch {
        name: name.clone(),
        fault,
        words,
        place: place.clone(),
    };
    if declared.len() != prototype.params.len() {
        let words = format!(
            "`{name}` takes {} arguments in the header; the bridge declares {}",
            prototype.params.len(),
            declared.len()
        );
        return vec![mismatch(Fault::Kind, words)];
    }
    let pairs = prototype.params.iter().zip(declared).enumerate();
    pairs
        .filter_map(|(index, (real, own))| {
            let fault = contradiction(real, own)?;
            let words = format!(
                "argument {} of `{name}` is {} in the header; the bridge declares {}",
                index + 1,
                real.words(),
                own.words()
            );
            Some(mismatch(fault, words))
        })
        .collect()
}

/// Compares a struct with the one of the same name, apart from underscores and case.
fn field_fault(
    header: &Header,
    name: &str,
    fields: &[(String, Kind)],
    place: Line,
) -> Option<Mismatch> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let (real_name, real) = header
        .structs
        .iter()
        .find(|(real, _)| plain(real) == plain(name))?;
    let list = |fields: &[(String, Kind)]| {
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    };
    let same_names = list(real) == list(fields);
    let differing = real
        .iter()
        .zip(fields)
        .find(|(real, own)| contradiction(&real.1, &own.1).is_some());
    let words = match differing {
        _ if !same_names => format!(
            "struct `{real_name}` has the fields {} in the header; the bridge declares {}",
            list(real),
            list(fields)
        ),
        Some((real, own)) => format!(
            "field `{}` of struct `{real_name}` is {} in the header; the bridge declares {}",
            real.0,
            real.1.words(),
            own.1.words()
        ),
        None => return None,
    };
    Some(Mismatch {
        name: real_name.clone(),
        fault: Fault::Fields,
        words,
        place,
    })
}

/// Whether two kinds cannot both be right.
fn contradiction(real: &Kind, own: &Kind) -> Option<Fault> {
    match (real, own) {
        (Kind::Unknown, _) | (_, Kind::Unknown) => None,
        (Kind::Pointer(..), Kind::Int(bits, _)) if *bits < 64 => Some(Fault::PointerAsInt),
        // An address in an integer of its width is still an address.
        (Kind::Pointer(..), Kind::Int(..)) | (Kind::Int(64, _), Kind::Pointer(..)) => None,
        (Kind::Int(real, _), Kind::Int(own, _)) if real != own => Some(Fault::Width),
        (Kind::Int(..), Kind::Int(..)) => None,
        (Kind::Pointer(real, true), Kind::Pointer(own, false))
            if real == "char" && own == "char" =>
        {
            Some(Fault::Constant)
        }
        (Kind::Pointer(..), Kind::Pointer(..)) | (Kind::Struct(_), Kind::Struct(_)) => None,
        (real, own) if real == own => None,
        _ => Some(Fault::Kind),
    }
}

impl Kind {
    /// As a sentence names it.
    pub fn words(&self) -> String {
        match self {
            Kind::Void => "nothing".to_owned(),
            Kind::Int(bits, true) => format!("an integer of {bits} bits"),
            Kind::Int(bits, false) => format!("an unsigned integer of {bits} bits"),
            Kind::Float => "a float".to_owned(),
            Kind::Double => "a double".to_owned(),
            Kind::Pointer(to, true) => format!("a pointer to {to}"),
            Kind::Pointer(to, false) => format!("a pointer to constant {to}"),
            Kind::Struct(name) => format!("struct {name} by value"),
            Kind::Unknown => "something".to_owned(),
        }
    }
}

fn field(text: &str) -> Option<(String, Kind)> {
    let text = text.trim();
    let name_start = text.rfind(|c: char| !c.is_alphanumeric() && c != '_')? + 1;
    let (kind, name) = text.split_at(name_start);
    // An array or a bit-field is more than its first word tells.
    let kind = if name.is_empty() || text.contains(['[', ':']) {
        Kind::Unknown
    } else {
        c_kind(kind, &BTreeMap::new())
    };
    let shown = text.split(['[', ':']).next()?.trim();
    let name = shown
        .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
        .next()?;
    (!name.is_empty()).then(|| (name.to_owned(), kind))
}

fn parameters(text: &str, aliases: &BTreeMap<String, Kind>) -> Vec<Kind> {
    let text = text.trim();
    if text.is_empty() || text == "void" {
        return Vec::new();
    }
    split(text)
        .iter()
        .map(|param| {
            if param.contains('(') {
                Kind::Pointer("function".to_owned(), true)
            } else if param.contains('[') {
                let before = param.split('[').next().unwrap_or_default();
                c_kind(&format!("{} *", unnamed(before)), aliases)
            } else {
                c_kind(&unnamed(param), aliases)
            }
        })
        .collect()
}

/// A parameter without its name: the last word goes, unless it is the only one or a type's own.
fn unnamed(param: &str) -> String {
    const WORDS: [&str; 9] = [
        "int", "char", "long", "short", "double", "float", "unsigned", "signed", "const",
    ];
    let param = param.trim();
    let start = param
        .rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |at| at + 1);
    let (before, last) = param.split_at(start);
    if before.trim().is_empty()
        || WORDS.contains(&last)
        || before.trim() == "const"
        || before.trim() == "struct"
    {
        return param.to_owned();
    }
    before.to_owned()
}

fn c_kind(text: &str, aliases: &BTreeMap<String, Kind>) -> Kind {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == '*')
        .filter(|word| !word.is_empty())
        .collect();
    let constant = words.contains(&"const");
    let plain: Vec<&str> = words
        .into_iter()
        .filter(|word| {
            !["const", "volatile", "static", "extern", "inline", "struct"].contains(word)
        })
        .collect();
    if text.contains('*') {
        return Kind::Pointer(plain.join(" "), !constant);
    }
    match plain.as_slice() {
        ["void"] => Kind::Void,
        ["char" | "int8_t"] | ["signed", "char"] => Kind::Int(8, true),
        ["uint8_t"] | ["unsigned", "char"] | ["_Bool" | "bool"] => Kind::Int(8, false),
        ["short" | "int16_t"] => Kind::Int(16, true),
        ["uint16_t"] | ["unsigned", "short"] => Kind::Int(16, false),
        ["int" | "int32_t" | "signed"] => Kind::Int(32, true),
        ["unsigned" | "uint32_t"] | ["unsigned", "int"] => Kind::Int(32, false),
        ["long"]
        | ["long", "long"]
        | ["int64_t" | "ssize_t" | "intptr_t" | "ptrdiff_t"]
        | ["long", "int"] => Kind::Int(64, true),
        ["unsigned", "long", ..] | ["uint64_t" | "size_t" | "uintptr_t"] => Kind::Int(64, false),
        ["float"] => Kind::Float,
        ["double"] => Kind::Double,
        [name] => match aliases.get(*name) {
            Some(Kind::Unknown) | None if text.contains("struct") => {
                Kind::Struct((*name).to_owned())
            }
            Some(kind) => kind.clone(),
            None => Kind::Unknown,
        },
        _ => Kind::Unknown,
    }
}

/// What a ctypes expression stands for.
fn python_kind(text: &str, file: &str) -> Kind {
    let text = text.trim().trim_end_matches(',');
    let name = text.strip_prefix("ctypes.").unwrap_or(text);
    match name {
        "None" => Kind::Void,
        "c_byte" | "c_int8" | "c_char" => Kind::Int(8, true),
        "c_ubyte" | "c_uint8" | "c_bool" => Kind::Int(8, false),
        "c_short" | "c_int16" => Kind::Int(16, true),
        "c_ushort" | "c_uint16" => Kind::Int(16, false),
        "c_int" | "c_int32" => Kind::Int(32, true),
        "c_uint" | "c_uint32" => Kind::Int(32, false),
        "c_long" | "c_longlong" | "c_int64" | "c_ssize_t" => Kind::Int(64, true),
        "c_ulong" | "c_ulonglong" | "c_uint64" | "c_size_t" => Kind::Int(64, false),
        "c_float" => Kind::Float,
        "c_double" => Kind::Double,
        "c_char_p" => Kind::Pointer("char".to_owned(), false),
        "c_void_p" | "c_wchar_p" => Kind::Pointer("void".to_owned(), true),
        _ if name.starts_with("POINTER(") || name.starts_with("CFUNCTYPE(") => {
            let to = name.split(['(', ')']).nth(1).unwrap_or_default();
            Kind::Pointer(to.to_owned(), true)
        }
        _ => named_kind(name, file),
    }
}

/// What a name of the bridge's own stands for.
fn named_kind(name: &str, file: &str) -> Kind {
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Kind::Unknown;
    }
    if file.contains(&format!("class {name}(ctypes.Structure)"))
        || file.contains(&format!("class {name}(Structure)"))
    {
        return Kind::Struct(name.to_owned());
    }
    let assigned = file
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
    match assigned.map(str::trim) {
        Some(value) if value.contains("POINTER(") || value.contains("FUNCTYPE(") => {
            python_kind(value, "")
        }
        _ => Kind::Unknown,
    }
}

/// The line of the first call of a function, or of its first mention.
fn first_use(text: &str, name: &str) -> Option<u32> {
    let call = format!(".{name}(");
    let mention = format!(".{name}");
    let at = text.find(&call).or_else(|| text.find(&mention))?;
    Some(line_of(text, at))
}

/// Splits at commas that stand in no brackets.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn line_of(text: &str, at: usize) -> u32 {
    u32::try_from(text[..at].matches('\n').count() + 1).unwrap_or(u32::MAX)
}

/// The text with matches blanked, so that lines keep their numbers.
fn blanked(pattern: &Regex, text: &str) -> String {
    pattern
        .replace_all(text, |found: &regex::Captures| {
            found[0].replace(|c: char| c != '\n', " ")
        })
        .into_owned()
}

#[cfg(test)]
mod tests;
