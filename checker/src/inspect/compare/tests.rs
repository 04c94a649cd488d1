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

fn faults_between(real: &Side, declared: &Side) -> Vec<String> {
    let found = compare(real, declared);
    let faults = found.records.into_iter().flat_map(|it| it.faults);
    faults.map(|it| it.words.english()).collect()
}

fn faults(declared: &Side) -> Vec<String> {
    let done = compare(&c(), declared);
    let records = done.records.into_iter().flat_map(|it| it.faults);
    records
        .chain(done.functions.into_iter().flat_map(|it| it.faults))
        .map(|it| it.words.english())
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
    let declared = of_ctypes::read("b.py", text, &Side::default());
    assert_eq!(faults(&declared), [""; 0]);
    let done = compare(&c(), &declared);
    // ctypes puts the bit-fields of `Whole` elsewhere than C does: two bytes further on.
    assert_eq!((done.records.len(), done.functions.len()), (2, 7));
    assert!(declared.remarks[0].contains("struct Whole is not compared"));
}

#[test]
fn each_kind_of_fault_is_found() {
    let of = |text: &str| faults(&of_ctypes::read("b.py", text, &Side::default()));
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
        of_ctypes::read("b.py", &text, &Side::default())
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
    let compared = |q: &str| compare(&real, &of_ctypes::read("b.py", &text(q), &Side::default()));
    assert!(
        compared("c_int64").agrees(),
        "{:?}",
        compared("c_int64").records
    );
    let done = compared("c_double");
    assert_eq!(
        done.records[0].faults[0].words.english(),
        "`mid.q` is `int64_t` in C, declared is `c_double`"
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
    let text = "typedef struct { char c; int64_t n; } p;";
    let loose = of_cdef::read("b.py", &format!("f.cdef('{text}')"));
    let [size, cause] = &faults_between(&packed, &loose)[..] else {
        panic!("one cause, and not each of its consequences");
    };
    assert_eq!(size, "C needs 9 bytes, the declaration says 16");
    assert!(cause.contains("`packed=True`"), "{cause}");
    let other_way = faults_between(&loose, &packed);
    assert!(
        other_way[1].starts_with("the declaration packs"),
        "{other_way:?}"
    );
    let moved = of_cdef::read("b.py", "f.cdef('typedef struct { int64_t n; char c; } p;')");
    let told = faults_between(&packed, &moved);
    assert!(
        told.iter().any(|it| it.contains("declared is `n`")),
        "{told:?}"
    );
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
    let beside = |item: &str| {
        let text = format!("{item}\nextern \"C\" {{ fn tile_area(of: *const u8) -> f64; }}");
        of_rust::read("lib.rs", &text).remarks
    };
    assert_eq!(
        beside("struct Swapped { y: i32, x: i32, side: [f64; 2] }"),
        [
            "lib.rs:1: struct Swapped has no #[repr(C)]: Rust orders its fields as it likes, so C must not read or write it"
        ]
    );
    for other in [
        "#[pyclass] struct Of { x: i32, y: i32 }",
        "struct Of(i32);",
        "struct Of { at: *mut u8, size: usize }",
    ] {
        assert_eq!(beside(other), [""; 0], "{other}");
    }
    assert!(of_rust::read("lib.rs", "fn (").remarks[0].contains("no Rust"));
    let deep = format!("type T = {}u8;", "&".repeat(60_000));
    of_rust::read("lib.rs", &deep);
}

proptest::proptest! {
    #[test]
    fn no_source_panics(text in "(class A\\(Structure\\):\n _fields_ = |lib\\.f\\.argtypes = |cdef\\()[a-z0-9_ \n()\\[\\]'\",*.;=]{0,80}") {
        let real = c();
        for side in [of_ctypes::read("b", &text, &Side::default()), of_cdef::read("b", &text), of_rust::read("b", &text)] {
            compare(&real, &side);
        }
    }
}
