//! Holds declarations against debug information.

use super::layout::{self, Inner, Row};
use super::types::{Form, Function, RecordId, Side, Type};

/// What came of it.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The structs and unions that both sides know.
    pub records: Vec<RecordComparison>,
    /// The functions that both sides know, in the order of the declarations.
    pub functions: Vec<FunctionComparison>,
    /// Declarations that have nothing to be compared with, in words.
    pub unmatched: Vec<String>,
}

/// One struct or union.
#[derive(Debug)]
pub struct RecordComparison {
    /// As the C code has it.
    pub real: RecordId,
    /// As it is declared.
    pub declared: RecordId,
    /// Both, row by row.
    pub rows: Vec<Pair>,
    /// How they contradict each other, in sentences.
    pub faults: Vec<String>,
}

/// What both sides have at one place.
#[derive(Clone, Debug)]
pub struct Pair {
    /// In C.
    pub real: Option<Row>,
    /// In the declaration.
    pub declared: Option<Row>,
    /// Whether they contradict each other.
    pub differs: bool,
}

/// One function.
#[derive(Debug)]
pub struct FunctionComparison {
    /// Its name.
    pub name: String,
    /// As the C code has it, in C.
    pub real: String,
    /// As it is declared, with the types that the bridge names.
    pub declared: String,
    /// How they contradict each other, in sentences.
    pub faults: Vec<String>,
    /// What is not wrong, but worth knowing.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Whether nothing contradicts anything.
    pub fn agrees(&self) -> bool {
        self.faults() == 0
    }

    /// How many structs and functions are declared wrongly.
    pub fn faults(&self) -> usize {
        let records = self.records.iter().filter(|it| !it.faults.is_empty());
        let functions = self.functions.iter().filter(|it| !it.faults.is_empty());
        records.count() + functions.count()
    }
}

/// Compares everything that is declared with what the C code is.
pub fn compare(real: &Side, declared: &Side) -> Comparison {
    let mut done = Comparison::default();
    let mut pairs = Pairs::default();
    let mut seen: Vec<&str> = Vec::new();
    for function in &declared.functions {
        if seen.contains(&function.name.as_str()) {
            continue;
        }
        seen.push(&function.name);
        match real.function(&function.name) {
            None => done.unmatched.push(format!("function {}", function.name)),
            Some(known) => {
                pairs.of_function(known, function);
                done.functions.push(compare_function(known, function));
            }
        }
    }
    let mut done_with: Vec<RecordId> = Vec::new();
    for (index, record) in declared.records.iter().enumerate() {
        let id = RecordId(index);
        if !record.defined || record.names.is_empty() {
            continue;
        }
        match pairs.partner(id).or_else(|| same_name(real, &record.names)) {
            Some(partner) => {
                let partner = real.defined(partner);
                if real.record(partner).defined && !done_with.contains(&id) {
                    done_with.push(id);
                    done.records
                        .push(compare_record(real, partner, declared, id));
                }
            }
            None => done.unmatched.push(record.title()),
        }
    }
    done
}

/// Which records stand at the same place of a function's signature.
#[derive(Default)]
struct Pairs(Vec<(RecordId, RecordId)>);

impl Pairs {
    fn of_function(&mut self, real: &Function, declared: &Function) {
        if let (Some(real), Some(declared)) = (&real.result, &declared.result) {
            self.of_types(real, declared);
        }
        if let (Some(real), Some(declared)) = (&real.parameters, &declared.parameters) {
            for (real, declared) in real.iter().zip(declared) {
                self.of_types(&real.ctype, &declared.ctype);
            }
        }
    }

    fn of_types(&mut self, real: &Type, declared: &Type) {
        if let (Some(real), Some(declared)) = (real.record(), declared.record()) {
            self.0.push((declared, real));
        }
    }

    fn partner(&self, declared: RecordId) -> Option<RecordId> {
        let found = self.0.iter().find(|(id, _)| *id == declared);
        found.map(|(_, real)| *real)
    }
}

/// A record of this name, apart from underscores and case.
fn same_name(real: &Side, names: &[String]) -> Option<RecordId> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let wanted: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let ids = (0..real.records.len()).map(RecordId);
    let mut found: Vec<RecordId> = ids
        .filter(|id| {
            let names = &real.record(*id).names;
            names.iter().any(|name| wanted.contains(&plain(name)))
        })
        .collect();
    found.sort_by_key(|id| !real.record(*id).defined);
    found.first().copied()
}

fn compare_record(real: &Side, id: RecordId, declared: &Side, own: RecordId) -> RecordComparison {
    let (known, said) = (real.record(id), declared.record(own));
    let mut faults = Vec::new();
    if let (Some(one), Some(two)) = (known.size, said.size)
        && one != two
    {
        faults.push(format!("C needs {one} bytes, the declaration says {two}"));
    }
    if known.union != said.union {
        let word = |union| if union { "a union" } else { "a struct" };
        faults.push(format!(
            "in C it is {}, declared is {}",
            word(known.union),
            word(said.union)
        ));
    }
    let mut rows = paired(
        layout::rows(real, id, Inner::All),
        layout::rows(declared, own, Inner::All),
    );
    let names = |rows: &[Pair], declared: bool| -> Vec<String> {
        let side = |pair: &Pair| match declared {
            true => pair.declared.clone(),
            false => pair.real.clone(),
        };
        rows.iter()
            .filter_map(side)
            .map(|row| plain_field(row.name()).to_owned())
            .collect()
    };
    let (real_names, own_names) = (names(&rows, false), names(&rows, true));
    for pair in &mut rows {
        if let Some(fault) = row_fault(pair, &real_names, &own_names) {
            pair.differs = true;
            faults.push(fault);
        }
    }
    RecordComparison {
        real: id,
        declared: own,
        rows,
        faults,
    }
}

/// Python's words cannot be names there: `from_` is `from`.
fn plain_field(name: &str) -> &str {
    name.trim_matches('_')
}

/// Puts the rows of both sides beside each other, by their places.
fn paired(real: Vec<Row>, declared: Vec<Row>) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = real
        .into_iter()
        .map(|row| Pair {
            real: Some(row),
            declared: None,
            differs: false,
        })
        .collect();
    for row in declared {
        let free = |pair: &Pair| {
            pair.declared.is_none() && pair.real.as_ref().is_some_and(|it| it.start == row.start)
        };
        let namesake = |pair: &Pair| {
            let name = pair.real.as_ref().map_or("", Row::name);
            plain_field(name) == plain_field(row.name())
        };
        let place = pairs
            .iter()
            .position(|pair| free(pair) && namesake(pair))
            .or_else(|| pairs.iter().position(free));
        match place {
            Some(at) => pairs[at].declared = Some(row),
            None => pairs.push(Pair {
                real: None,
                declared: Some(row),
                differs: false,
            }),
        }
    }
    pairs.sort_by_key(|pair| {
        let row = pair.real.as_ref().or(pair.declared.as_ref());
        row.map_or(0, |row| row.start)
    });
    pairs
}

fn row_fault(pair: &Pair, real_names: &[String], own_names: &[String]) -> Option<String> {
    let at = |row: &Row| format!("at offset {}", row.offset());
    match (&pair.real, &pair.declared) {
        (Some(real), Some(own)) => match (&real.field, &own.field) {
            (None, None) => None,
            (Some(field), None) => Some(format!(
                "{} C has `{}`, the declaration leaves padding",
                at(real),
                field.name
            )),
            (None, Some(field)) => Some(format!(
                "{} C leaves padding, declared is `{}`",
                at(real),
                field.name
            )),
            (Some(field), Some(own_field)) => {
                let (name, own_name) = (plain_field(&field.name), plain_field(&own_field.name));
                let moved = name != own_name
                    && (real_names.iter().any(|it| it == own_name)
                        || own_names.iter().any(|it| it == name));
                if moved {
                    return Some(format!(
                        "{} C has `{name}`, declared is `{own_name}`",
                        at(real)
                    ));
                }
                if let (Some(one), Some(two)) = (real.bits, own.bits)
                    && one != two
                {
                    return Some(format!(
                        "`{name}` has {} in C, declared are {}",
                        in_words(one),
                        in_words(two)
                    ));
                }
                contradiction(&field.ctype, &own_field.ctype)
                    .map(|words| format!("`{name}` {words}"))
            }
        },
        (Some(real), None) if real.field.is_some() => Some(format!(
            "{} C has `{}`, the declaration has nothing that begins there",
            at(real),
            real.name()
        )),
        (None, Some(own)) if own.field.is_some() => Some(format!(
            "{} the declaration has `{}`, C has nothing that begins there",
            at(own),
            own.name()
        )),
        _ => None,
    }
}

fn in_words(bits: u64) -> String {
    match bits % 8 {
        0 if bits == 8 => "1 byte".to_owned(),
        0 => format!("{} bytes", bits / 8),
        _ => format!("{bits} bits"),
    }
}

fn compare_function(real: &Function, declared: &Function) -> FunctionComparison {
    let mut faults = Vec::new();
    let mut notes = Vec::new();
    if let (Some(known), Some(said)) = (&real.result, &declared.result)
        && !(known.form == Form::Void && declared.implied_result)
        && let Some(words) = contradiction(known, said)
    {
        faults.push(match declared.implied_result {
            true => format!(
                "the result is `{}` in C; there is no restype, so ctypes takes it for an int",
                known.name
            ),
            false => format!("the result {words}"),
        });
    }
    match (&real.parameters, &declared.parameters) {
        (Some(known), Some(said)) => {
            let (all, told) = (known.len(), said.len());
            if told < all || (told > all && !real.variadic) {
                faults.push(format!("C takes {all} arguments, declared are {told}"));
            }
            for (index, (known, said)) in known.iter().zip(said).enumerate() {
                let words = contradiction(&known.ctype, &said.ctype)
                    .or_else(|| writable(&known.ctype, &said.ctype));
                if let Some(words) = words {
                    let name = match known.name.as_str() {
                        "" => String::new(),
                        name => format!(" ({name})"),
                    };
                    faults.push(format!("argument {}{name} {words}", index + 1));
                }
            }
        }
        (Some(known), None) if !known.is_empty() => notes.push(
            "its arguments are not declared: each is passed as whatever Python value it is"
                .to_owned(),
        ),
        _ => {}
    }
    FunctionComparison {
        name: real.name.clone(),
        real: prototype(real),
        declared: prototype(declared),
        faults,
        notes,
    }
}

/// A function as C writes it; what is not declared is a question mark.
pub fn prototype(function: &Function) -> String {
    let result = function.result.as_ref().map_or("?", |it| it.name.as_str());
    let mut parameters: Vec<String> = match &function.parameters {
        None => vec!["?".to_owned()],
        Some(all) if all.is_empty() && !function.variadic => vec!["void".to_owned()],
        Some(all) => all
            .iter()
            .map(|it| layout::declarator(&it.ctype, &it.name))
            .collect(),
    };
    if function.variadic {
        parameters.push("...".to_owned());
    }
    let space = if result.ends_with('*') { "" } else { " " };
    format!(
        "{result}{space}{}({})",
        function.name,
        parameters.join(", ")
    )
}

/// A string constant where C writes.
fn writable(real: &Type, declared: &Type) -> Option<String> {
    let Form::Pointer {
        to,
        constant: false,
    } = &real.form
    else {
        return None;
    };
    let Form::Pointer {
        to: own,
        constant: true,
    } = &declared.form
    else {
        return None;
    };
    let both_text = to.name == "char" && own.form == Form::Signless && own.size == Some(1);
    both_text.then(|| {
        format!(
            "is `{}`, where C may write; declared is `{}`, which nobody may change",
            real.name, declared.name
        )
    })
}

/// Why two types cannot both be right, as the end of a sentence; `None` where they can.
fn contradiction(real: &Type, declared: &Type) -> Option<String> {
    let plain = || {
        Some(format!(
            "is `{}` in C, declared is `{}`",
            real.name, declared.name
        ))
    };
    match (&real.form, &declared.form) {
        (Form::Unknown, _) | (_, Form::Unknown) | (Form::Void, Form::Void) => None,
        (Form::Integer { .. } | Form::Signless, Form::Integer { .. } | Form::Signless) => {
            if let (Some(one), Some(two)) = (real.size, declared.size)
                && one != two
            {
                return Some(format!(
                    "has {} in C (`{}`), declared are {} (`{}`)",
                    in_words(one * 8),
                    real.name,
                    two,
                    declared.name
                ));
            }
            let signs = (&real.form, &declared.form);
            match signs {
                (Form::Integer { signed: true }, Form::Integer { signed: false }) => Some(format!(
                    "has a sign in C (`{}`), declared is one without (`{}`)",
                    real.name, declared.name
                )),
                (Form::Integer { signed: false }, Form::Integer { signed: true }) => Some(format!(
                    "has no sign in C (`{}`), declared is one with (`{}`)",
                    real.name, declared.name
                )),
                _ => None,
            }
        }
        (Form::Float, Form::Float) | (Form::Complex, Form::Complex) => {
            (real.size != declared.size).then(plain)?
        }
        (Form::Pointer { .. }, Form::Integer { .. })
        | (Form::Integer { .. }, Form::Pointer { .. }) => {
            // An address in an integer of its width is still an address.
            (real.size != declared.size).then(|| match real.form {
                Form::Pointer { .. } => Some(format!(
                    "is an address of {} bytes in C (`{}`), declared are {} (`{}`), so it is cut",
                    real.size.unwrap_or(0),
                    real.name,
                    declared.size.unwrap_or(0),
                    declared.name
                )),
                _ => plain(),
            })?
        }
        (Form::Pointer { to, .. }, Form::Pointer { to: own, .. }) => {
            pointee_contradiction(to, own).then(plain)?
        }
        (
            Form::Array { item, length },
            Form::Array {
                item: own,
                length: own_length,
            },
        ) => match length != own_length && length.is_some() && own_length.is_some() {
            true => plain(),
            false => contradiction(item, own).and_then(|_| plain()),
        },
        (Form::Record(_), Form::Record(_)) => {
            let (one, two) = (real.size?, declared.size?);
            (one != two)
                .then(|| format!("has {one} bytes in C (`{}`), declared are {two}", real.name))
        }
        _ => plain(),
    }
}

/// Whether reading through one of them would misread what the other points to. Bytes and `void` may be anything.
fn pointee_contradiction(real: &Type, declared: &Type) -> bool {
    let loose = |it: &Type| {
        matches!(it.form, Form::Void | Form::Unknown)
            || (it.size == Some(1) && matches!(it.form, Form::Integer { .. } | Form::Signless))
    };
    if loose(real) || loose(declared) {
        return false;
    }
    match (&real.form, &declared.form) {
        (Form::Record(_), Form::Record(_)) => false,
        (Form::Array { item, .. }, _) => pointee_contradiction(item, declared),
        (_, Form::Array { item, .. }) => pointee_contradiction(real, item),
        _ => contradiction(real, declared).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::{of_cdef, of_ctypes, of_rust};

    const HEADER: &str = "
        typedef struct { int32_t x; int32_t y; double side; } tile;
        typedef struct { char tag; tile first; uint16_t flags; unsigned low : 3; unsigned high : 5; int grid[2][3]; } whole;
        typedef union { int64_t i; double d; } value;
        typedef struct opaque opaque;
        double tile_area(const tile *of);
        int64_t tile_steps(const tile *from, const tile *to);
        uint32_t sum(uint32_t start, const uint8_t *data, size_t count);
        char *upper(char *text);
        value pick(whole *of, int at);
        void reset(opaque *of);
        int say(const char *format, ...);
    ";

    fn c() -> Side {
        of_cdef::read("h", &format!("ffi.cdef('''{HEADER}''')"))
    }

    fn faults(declared: &Side) -> Vec<String> {
        let done = compare(&c(), declared);
        let records = done.records.into_iter().flat_map(|it| it.faults);
        records
            .chain(done.functions.into_iter().flat_map(|it| it.faults))
            .collect()
    }

    #[test]
    fn what_is_the_same_agrees() {
        let side = c();
        assert_eq!(side.remarks, [""; 0]);
        let done = compare(&side, &side);
        assert!(done.agrees());
        assert_eq!((done.records.len(), done.functions.len()), (3, 7));
    }

    #[test]
    fn a_right_ctypes_bridge_agrees() {
        let text = "
import ctypes as ct
class Tile(ct.Structure):
    _fields_ = [('x', ct.c_int32), ('y', ct.c_int32), ('side', ct.c_double)]
class Whole(ct.Structure):
    _fields_ = [
        ('tag', ct.c_char), ('first', Tile), ('flags', ct.c_uint16),
        ('low', ct.c_uint, 3), ('high', ct.c_uint, 5), ('grid', (ct.c_int * 3) * 2),
    ]
class Value(ct.Union):
    _fields_ = [('i', ct.c_int64), ('d', ct.c_double)]
lib = ct.CDLL('x')
area = lib.tile_area
area.argtypes, n = [ct.POINTER(Tile)], 0
area.restype = ct.c_double
lib.tile_steps.argtypes = (ct.POINTER(Tile), ct.POINTER(Tile))
lib.tile_steps.restype = ct.c_longlong
lib.sum.argtypes = [ct.c_uint32, ct.c_char_p, ct.c_size_t]
lib.sum.restype = ct.c_uint32
lib.upper.argtypes = [ct.c_void_p]
lib.upper.restype = ct.c_char_p
lib.pick.argtypes = [ct.POINTER(Whole), ct.c_int]
lib.pick.restype = Value
lib.reset.argtypes = [ct.c_void_p]
lib.reset(None)
lib.say(b'x')
";
        let declared = of_ctypes::read("b.py", text);
        assert_eq!(faults(&declared), [""; 0]);
        let done = compare(&c(), &declared);
        // ctypes puts the bit-fields of `Whole` elsewhere than C does: two bytes further on.
        assert_eq!((done.records.len(), done.functions.len()), (2, 7));
        assert!(declared.remarks[0].contains("struct Whole is not compared"));
    }

    #[test]
    fn each_kind_of_fault_is_found() {
        let of = |text: &str| faults(&of_ctypes::read("b.py", text));
        let class = |fields: &str| format!("class Tile(Structure):\n    _fields_ = [{fields}]\n");
        let swapped = class("('y', c_int32), ('x', c_int32), ('side', c_double)");
        assert_eq!(
            of(&swapped),
            [
                "at offset 0 C has `x`, declared is `y`",
                "at offset 4 C has `y`, declared is `x`"
            ]
        );
        let narrow = class("('x', c_int32), ('y', c_int32), ('side', c_float)");
        assert!(of(&narrow).contains(&"`side` has 8 bytes in C, declared are 4 bytes".to_owned()));
        assert!(of(&narrow)[0].contains("C needs 16 bytes, the declaration says 12"));
        let other_kind = class("('x', c_int32), ('y', c_int32), ('side', c_int64)");
        assert_eq!(
            of(&other_kind),
            ["`side` is `double` in C, declared is `c_int64`"]
        );
        let short = class("('x', c_int32), ('y', c_int32)");
        assert!(
            of(&short)
                .iter()
                .any(|it| it.contains("C has `side`, the declaration has nothing"))
        );
        let packed = "class Whole(Structure):\n    _pack_ = 1\n    _fields_ = [('tag', c_char), ('first', c_int)]\n";
        assert!(
            of(packed)
                .iter()
                .any(|it| it.contains("at offset 1 C leaves padding, declared is `first`"))
        );
        assert_eq!(
            of("lib.tile_steps.restype = c_int\n"),
            ["the result has 8 bytes in C (`int64_t`), declared are 4 (`c_int`)"]
        );
        assert!(of("lib = CDLL('x')\nlib.tile_area(t)\n")[0].contains("there is no restype"));
        assert!(of("lib.upper.restype = c_int\n")[0].contains("so it is cut"));
        assert!(
            of("lib.upper.argtypes = [c_char_p]\n")
                .iter()
                .any(|it| it.contains("which nobody may change"))
        );
        assert!(of("lib.sum.restype = c_int32\n")[0].contains("has no sign in C"));
        let arguments =
            "lib.sum.restype = c_uint32\nlib.sum.argtypes = [c_uint32, POINTER(c_int), c_int]\n";
        assert_eq!(of(arguments).len(), 1, "{:?}", of(arguments));
        assert_eq!(
            of("lib.reset.argtypes = []\n"),
            ["C takes 1 arguments, declared are 0"]
        );
        let by_value = "class Tile(Structure):\n    _fields_ = [('x', c_int32), ('y', c_int32), ('side', c_double)]\n\
                        lib.tile_area.restype = c_double\nlib.tile_area.argtypes = [Tile]\n";
        assert_eq!(
            of(by_value),
            ["argument 1 is `const tile *` in C, declared is `Tile`"]
        );
    }

    #[test]
    fn bit_fields_of_ctypes_are_compared_where_it_follows_the_compiler() {
        let real = of_cdef::read(
            "h",
            "f.cdef('typedef struct { uint8_t version; unsigned kind : 3; uint8_t hops; } header; \
             typedef struct { unsigned kind : 3; unsigned length : 10; } small;')",
        );
        let declared = |name: &str, fields: &str| {
            let text = format!("class {name}(Structure):\n    _fields_ = [{fields}]\n");
            of_ctypes::read("b.py", &text)
        };
        let mixed = declared(
            "Header",
            "('version', c_uint8), ('kind', c_uint, 3), ('hops', c_uint8)",
        );
        assert!(compare(&real, &mixed).records.is_empty());
        assert!(
            mixed.remarks[0].contains("rules of its own"),
            "{:?}",
            mixed.remarks
        );
        let alike = declared("Small", "('kind', c_uint, 3), ('length', c_uint, 10)");
        assert_eq!(compare(&real, &alike).records.len(), 1);
        assert!(compare(&real, &alike).agrees() && alike.remarks.is_empty());
        let swapped = declared("Small", "('length', c_uint, 10), ('kind', c_uint, 3)");
        assert!(!compare(&real, &swapped).agrees());
    }

    #[test]
    fn records_in_records_are_compared_by_their_fields() {
        let real = of_cdef::read(
            "h",
            "f.cdef('struct outer { char a; struct { int p; union { int64_t q; char r[3]; }; } mid; };')",
        );
        let text = |q: &str| {
            format!(
                "class Either(Union):\n    _fields_ = [('q', {q}), ('r', c_char * 3)]\n\
                 class Mid(Structure):\n    _anonymous_ = ['u']\n    _fields_ = [('p', c_int), ('u', Either)]\n\
                 class Outer(Structure):\n    _fields_ = [('a', c_char), ('mid', Mid)]\n"
            )
        };
        let compared = |q: &str| compare(&real, &of_ctypes::read("b.py", &text(q)));
        assert!(
            compared("c_int64").agrees(),
            "{:?}",
            compared("c_int64").records
        );
        let done = compared("c_double");
        assert_eq!(
            done.records[0].faults,
            ["`mid.q` is `int64_t` in C, declared is `c_double`"]
        );
    }

    #[test]
    fn cdefs_are_compared_and_unread_ones_said() {
        let text = "DECLARE = '''typedef struct { int32_t x; float side; int32_t y; } tile;'''\nffi.cdef(DECLARE)\n\
                    ffi.cdef('int tile_steps(const tile *, const tile *);')\nffi.cdef(open('x').read())\nffi.cdef('int (;')\n";
        let declared = of_cdef::read("b.py", text);
        let found = faults(&declared);
        assert!(
            found
                .iter()
                .any(|it| it.contains("C needs 16 bytes, the declaration says 12")),
            "{found:?}"
        );
        assert!(
            found
                .iter()
                .any(|it| it.contains("the result has 8 bytes in C"))
        );
        assert_eq!(declared.function("tile_steps").unwrap().place.line, 3);
        assert!(
            declared.remarks[0].starts_with("b.py:4: this cdef is computed"),
            "{:?}",
            declared.remarks
        );
        assert!(declared.remarks[1].starts_with("b.py:5: this cdef declares nothing"));
        let packed = of_cdef::read(
            "b.py",
            "f.cdef('typedef struct { char c; int64_t n; } p;', packed=True)",
        );
        assert_eq!(packed.records[0].size, Some(9));
        let partial = of_cdef::read("b.py", "f.cdef('typedef struct { int x; ...; } tile;')");
        assert!(compare(&c(), &partial).agrees() && partial.remarks[0].contains("`...`"));
    }

    #[test]
    fn rust_declarations_are_compared() {
        let text = "
            use std::ffi::{c_char, c_int, c_uint};
            type Metres = f64;
            #[repr(C)] struct Tile { x: i32, y: i32, side: Metres }
            #[repr(C)] union Value { i: i64, d: f64 }
            #[repr(C)] struct Opaque { _p: [u8; 0] }
            unsafe extern \"C\" {
                fn tile_area(of: *const Tile) -> f64;
                #[link_name = \"tile_steps\"]
                fn steps(from: &Tile, to: *const Tile) -> i32;
                fn upper(text: *mut c_char) -> *mut c_char;
                fn reset(of: Option<std::ptr::NonNull<Opaque>>);
                fn sum(start: u32, data: *const u8, count: usize) -> u32;
                fn say(format: *const c_char, ...) -> c_int;
            }
        ";
        let declared = of_rust::read("lib.rs", text);
        assert_eq!(
            faults(&declared),
            ["the result has 8 bytes in C (`int64_t`), declared are 4 (`i32`)"]
        );
        let done = compare(&c(), &declared);
        assert_eq!((done.records.len(), done.functions.len()), (2, 6));
        let packed = of_rust::read(
            "lib.rs",
            "#[repr(C, packed)] struct Tile { x: i32, y: i32, side: f32 }",
        );
        assert_eq!(packed.records[0].size, Some(12));
        let aligned = of_rust::read("lib.rs", "#[repr(C, align(32))] struct Tile { x: i32 }");
        assert_eq!(aligned.records[0].size, Some(32));
        let loose = of_rust::read(
            "lib.rs",
            "struct Tile { x: i32, y: i32, side: f64 }\nextern \"C\" { fn tile_area(of: *const Tile) -> f64; }",
        );
        assert!(
            loose.remarks[0].contains("no #[repr(C)]"),
            "{:?}",
            loose.remarks
        );
        assert!(of_rust::read("lib.rs", "fn (").remarks[0].contains("no Rust"));
        let deep = format!("type T = {}u8;", "&".repeat(60_000));
        of_rust::read("lib.rs", &deep);
    }

    proptest::proptest! {
        #[test]
        fn no_source_panics(text in "(class A\\(Structure\\):\n _fields_ = |lib\\.f\\.argtypes = |cdef\\()[a-z0-9_ \n()\\[\\]'\",*.;=]{0,80}") {
            let real = c();
            for side in [of_ctypes::read("b", &text), of_cdef::read("b", &text), of_rust::read("b", &text)] {
                compare(&real, &side);
            }
        }
    }
}
