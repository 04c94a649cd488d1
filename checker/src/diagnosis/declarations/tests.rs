use super::*;

const HEADER: &str = "
/* A tile. */
typedef struct { int32_t x; int32_t y; double side; } tile;
typedef struct note note;
typedef int (*visit)(int);

char *label(int number);   // the caller frees it
note *note_new(const char *text);
size_t note_length(const note *note);
int64_t tile_steps(const tile *a, const tile *b);
double tile_area(tile t);
void each(visit call, int (*other)(int), double values[], size_t n);
void upper(char *text);
extern long
total(void);
";

fn ctypes(text: &str) -> Vec<(String, Fault)> {
    let found = of_ctypes(&Header::parse(HEADER), "b.py", text);
    found.into_iter().map(|it| (it.name, it.fault)).collect()
}

#[test]
fn the_header_is_understood() {
    let header = Header::parse(HEADER);
    let kinds = |name: &str| {
        header
            .function(name)
            .map(|it| (it.result.clone(), it.params.clone()))
            .unwrap()
    };
    let pointer = |to: &str, writable| Kind::Pointer(to.to_owned(), writable);
    assert_eq!(
        kinds("label"),
        (pointer("char", true), vec![Kind::Int(32, true)])
    );
    assert_eq!(
        kinds("note_new"),
        (pointer("note", true), vec![pointer("char", false)])
    );
    assert_eq!(kinds("total"), (Kind::Int(64, true), vec![]));
    assert_eq!(
        kinds("each").1[1..3],
        [pointer("function", true), pointer("double", true)]
    );
    assert_eq!(header.function("label").unwrap().line, 7);
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
    assert_eq!(ctypes(bridge), []);
}

#[test]
fn each_contradiction_is_named_with_its_place() {
    assert_eq!(
        ctypes("x = lib.label(3)\n"),
        [("label".into(), Fault::PointerAsInt)]
    );
    assert_eq!(
        ctypes("lib.tile_steps.restype = ctypes.c_int\n"),
        [("tile_steps".into(), Fault::Width)]
    );
    assert_eq!(
        ctypes("lib.tile_area.restype = ctypes.c_int\n"),
        [("tile_area".into(), Fault::Kind)]
    );
    assert_eq!(
        ctypes("lib.upper.argtypes = [ctypes.c_char_p]\n"),
        [("upper".into(), Fault::Constant)]
    );
    let bridge = "class Tile(ctypes.Structure):\n    _fields_ = [(\"y\", ctypes.c_int32), (\"x\", ctypes.c_int32)]\n\n";
    assert_eq!(ctypes(bridge), [("tile".into(), Fault::Fields)]);
    let found = of_ctypes(
        &Header::parse(HEADER),
        "b.py",
        "\n\nlib.tile_steps.restype = ctypes.c_int\n",
    );
    assert_eq!(found[0].place.line, 3);
    assert!(
        found[0].words.contains("an integer of 64 bits"),
        "{}",
        found[0].words
    );
}

#[test]
fn cdefs_are_held_against_the_header_too() {
    let bridge = "ffi = FFI()\nffi.cdef(\"\"\"\nint label(int number);\nint tile_steps(const tile *a, const tile *b);\n\
                  typedef struct { int32_t y; int32_t x; double side; } tile;\n\"\"\")\n";
    let found = of_cdef(&Header::parse(HEADER), "b.py", bridge);
    let faults: Vec<(Fault, u32)> = found.iter().map(|it| (it.fault, it.place.line)).collect();
    assert_eq!(
        faults,
        [
            (Fault::PointerAsInt, 3),
            (Fault::Width, 4),
            (Fault::Fields, 5)
        ]
    );
}

#[test]
fn several_cdefs_are_read_as_one_text() {
    let bridge = "ffi.cdef(\"typedef long total_t;\")\nffi.cdef(\n    \"int label(int number);\"\n    \"total_t tile_steps(const tile *a, \"\n    \"const tile *b)\"\n)\nffi.cdef('int total(void);')\n";
    let found = of_cdef(&Header::parse(HEADER), "b.py", bridge);
    let faults: Vec<(&str, Fault, u32)> = found
        .iter()
        .map(|it| (it.name.as_str(), it.fault, it.place.line))
        .collect();
    assert_eq!(
        faults,
        [
            ("label", Fault::PointerAsInt, 3),
            ("total", Fault::Width, 7)
        ]
    );
}

#[test]
fn text_that_is_no_c_or_no_python_says_nothing() {
    for text in [
        "", ";;;", "(((", "typedef", "struct {", "/*", "int f(", "é(ü);",
    ] {
        let header = Header::parse(text);
        assert!(of_ctypes(&header, "b", text).is_empty());
        assert!(of_cdef(&header, "b", text).is_empty());
    }
}
