use super::*;
use crate::diagnosis::evidence::Run;
use crate::variant::{Backend, Variant};

const HEADER: &str = "
/* A tile. */
typedef struct { int32_t x; int32_t y; double side; } tile;
typedef struct note note;
typedef int (*visit)(int);

char *label(int number);   // the caller frees it
note *note_new(const char *text);
size_t note_length(const note *note);
int64_t tile_steps(const tile *a, const tile *b);
uint32_t tile_colour(const tile *of);
double tile_area(tile t);
void each(visit call, int (*other)(int), double values[], size_t n);
void upper(char *text);
extern long
total(void);
";

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        shown: name.to_owned(),
        text: text.to_owned(),
    }
}

fn evidence(bridge: Bridge, files: &[(&str, &str)], header: &str) -> Evidence {
    Evidence {
        variant: Variant {
            bridge,
            backend: Backend::Rust,
        },
        call: None,
        first: Run::default(),
        second: None,
        leaks: None,
        tool: None,
        bridge: files
            .iter()
            .map(|(name, text)| source(name, text))
            .collect(),
        clib: vec![
            source("tiles.c", "int label(void);"),
            source("tiles.h", header),
        ],
        symbols: Vec::new(),
    }
}

fn found(bridge: Bridge, name: &str, text: &str) -> Vec<(String, Sort, u32)> {
    let evidence = evidence(bridge, &[(name, text)], HEADER);
    contradictions(&evidence, &header(&evidence))
        .into_iter()
        .map(|it| (it.name, it.sort, it.place.line))
        .collect()
}

fn one(name: &str, sort: Sort, line: u32) -> (String, Sort, u32) {
    (name.to_owned(), sort, line)
}

#[test]
fn a_right_bridge_contradicts_nothing() {
    let bridge = "
class _Tile(ctypes.Structure):
    _fields_ = [(\"x\", ctypes.c_int32), (\"y\", ctypes.c_int32), (\"side\", ctypes.c_double)]

_tile_p = ctypes.POINTER(_Tile)
lib.tile_area.argtypes = [_Tile]
lib.tile_area.restype = ctypes.c_double
lib.tile_steps.argtypes = [_tile_p, _tile_p]
lib.tile_steps.restype = ctypes.c_int64
lib.note_new.restype = ctypes.c_void_p
lib.note_length.restype = ctypes.c_size_t
lib.upper(b)
";
    assert_eq!(found(Bridge::Ctypes, "b.py", bridge), []);
}

#[test]
fn each_contradiction_is_named_with_its_place() {
    let of = |text: &str| found(Bridge::Ctypes, "b.py", text);
    assert_eq!(
        of("x = self.lib.label(3)\n"),
        [one("label", Sort::CutPointer, 1)]
    );
    assert_eq!(
        of("lib.tile_steps.argtypes = [p, p]\nlib.tile_steps.restype = ctypes.c_int\n"),
        [one("tile_steps", Sort::Width, 2)]
    );
    assert_eq!(
        of("lib.tile_colour.restype = ctypes.c_int32\n"),
        [one("tile_colour", Sort::Sign, 1)]
    );
    assert_eq!(
        of("lib.tile_area.restype = ctypes.c_int\nlib.tile_area.argtypes = []"),
        [
            one("tile_area", Sort::Kind, 1),
            one("tile_area", Sort::Kind, 2)
        ]
    );
    assert_eq!(
        of("lib.upper.argtypes = [ctypes.c_char_p]\n"),
        [one("upper", Sort::Constant, 1)]
    );
    let swapped = "\nclass Tile(ctypes.Structure):\n    _fields_ = [(\"y\", ctypes.c_int32), (\"x\", ctypes.c_int32), (\"side\", ctypes.c_double)]\n";
    assert_eq!(
        of(swapped),
        [one("tile", Sort::Layout, 2), one("tile", Sort::Layout, 2)]
    );
}

#[test]
fn the_words_name_both_sides() {
    let evidence = evidence(
        Bridge::Ctypes,
        &[("b.py", "lib.tile_steps.restype = ctypes.c_int\n")],
        HEADER,
    );
    let found = contradictions(&evidence, &header(&evidence));
    assert_eq!(
        found[0].words.english(),
        "`tile_steps`: the result has 8 bytes in C (`int64_t`), declared are 4 (`c_int`)"
    );
}

#[test]
fn what_scenarios_declare_is_not_the_participants() {
    let wrong = "lib.tile_steps.restype = ctypes.c_int\n";
    assert_eq!(found(Bridge::Ctypes, "scenarios.py", wrong), []);
}

#[test]
fn cdefs_are_held_against_the_header_too() {
    let bridge = "ffi = FFI()\nffi.cdef(\"\"\"\ntypedef struct { int32_t y; int32_t x; double side; } tile;\nint label(int number);\n\
                  int tile_steps(const tile *a, const tile *b);\n\"\"\")\n";
    assert_eq!(
        found(Bridge::Api, "api_build.py", bridge),
        [
            one("tile", Sort::Layout, 3),
            one("tile", Sort::Layout, 3),
            one("label", Sort::CutPointer, 4),
            one("tile_steps", Sort::Width, 5),
        ]
    );
}

#[test]
fn externs_of_rust_are_held_against_the_header_too() {
    let bridge = "unsafe extern \"C\" {\n    fn label(number: c_int) -> c_int;\n}\n";
    assert_eq!(
        found(Bridge::Ext, "ext/lib.rs", bridge),
        [one("label", Sort::CutPointer, 2)]
    );
    assert_eq!(
        found(Bridge::Ext, "ext/module.c", "int label(int number);"),
        []
    );
}

#[test]
fn text_that_is_no_c_or_no_python_says_nothing() {
    for text in [
        "", ";;;", "(((", "typedef", "struct {", "/*", "int f(", "é(ü);",
    ] {
        for (bridge, name) in [
            (Bridge::Ctypes, "b.py"),
            (Bridge::Abi, "b.py"),
            (Bridge::Ext, "lib.rs"),
        ] {
            let evidence = evidence(bridge, &[(name, text)], text);
            assert_eq!(contradictions(&evidence, &header(&evidence)), []);
        }
    }
}
