//! `checker inspect` through the real binary: files that a compiler made, and files that none did.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;

fn inspect(args: &[&str]) -> Output {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    Command::new(env!("CARGO_BIN_EXE_checker"))
        .arg("inspect")
        .args(args)
        .env("CHECKER_ROOT", root)
        .env_remove("COLUMNS")
        .output()
        .unwrap()
}

fn out(said: &Output) -> String {
    String::from_utf8(said.stdout.clone()).unwrap()
}

fn err(said: &Output) -> String {
    String::from_utf8(said.stderr.clone()).unwrap()
}

/// Compiles a text to a file in `folder`.
fn compiled(folder: &TempDir, source: &str, text: &str, made: &str, flags: &[&str]) -> PathBuf {
    fs::write(folder.path().join(source), text).unwrap();
    let compiler = if source.ends_with("pp") { "c++" } else { "cc" };
    let status = Command::new(compiler)
        .current_dir(folder.path())
        .args(["-fPIC", source, "-o", made])
        .args(flags)
        .status()
        .unwrap();
    assert!(status.success());
    folder.path().join(made)
}

fn at(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_library_tells_its_machine_its_needs_and_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let text = "#include <math.h>\nnamespace tiles { double area(double side) { return sqrt(side); } }\n\
                extern \"C\" int add(int a, int b) { return a + b; }\n";
    let flags = [
        "-shared",
        "-Wl,-rpath,/opt/tiles/lib:$ORIGIN",
        "-Wl,--disable-new-dtags",
        "-lm",
    ];
    let library = compiled(&folder, "tiles.cpp", text, "libtiles.so", &flags);
    let said = inspect(&[at(&library)]);
    assert_eq!(said.status.code(), Some(0), "{}", err(&said));
    let text = out(&said);
    for part in [
        "a shared library",
        "libm.so",
        "rpath     /opt/tiles/lib:$ORIGIN",
        "mangled by C++: tiles::area(double)",
        "\n    add\n",
        "extern \"C\"",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let document: Json =
        serde_json::from_slice(&inspect(&[at(&library), "--json"]).stdout).unwrap();
    assert_eq!(document["search"][0]["kind"], "rpath");
    let symbols = document["symbols"].as_array().unwrap();
    let area = symbols.iter().find(|it| it["mangled"] == "C++").unwrap();
    assert_eq!(area["readable"], "tiles::area(double)");
    assert!(
        symbols
            .iter()
            .any(|it| it["name"] == "add" && it["mangled"].is_null())
    );
}

#[test]
fn a_runpath_is_told_from_an_rpath() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["-shared", "-Wl,-rpath,/opt/lib", "-Wl,--enable-new-dtags"];
    let library = compiled(
        &folder,
        "one.c",
        "int one(void) { return 1; }\n",
        "libone.so",
        &flags,
    );
    let text = out(&inspect(&[at(&library)]));
    assert!(text.contains("runpath   /opt/lib"), "{text}");
    assert!(text.contains("none mangled"), "{text}");
}

#[test]
fn what_is_no_object_file_is_named_with_a_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let library = compiled(
        &folder,
        "one.c",
        "int one(void) { return 1; }\n",
        "libone.so",
        &["-shared"],
    );
    let whole = fs::read(&library).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let huge = write("huge.so", b"");
    fs::File::options()
        .write(true)
        .open(&huge)
        .unwrap()
        .set_len(3 << 30)
        .unwrap();
    let cases = [
        (
            write("notes.txt", b"int add(int a, int b);\n"),
            "a text file",
            "shared library",
        ),
        (write("empty.so", b""), "empty", "build the file again"),
        (
            write("cut.so", &whole[..whole.len() / 3]),
            "machine code",
            "cut off",
        ),
        (
            write("libone.a", b"!<arch>\nnothing"),
            "static archive",
            "ar x",
        ),
        (
            folder.path().to_owned(),
            "not a regular file",
            "in this folder",
        ),
        (folder.path().join("none.so"), "cannot read", "checker list"),
        (huge, "3072 MiB", "strip"),
    ];
    for (path, cause, next) in cases {
        let said = inspect(&[at(&path)]);
        assert_eq!(
            said.status.code(),
            Some(4),
            "{}: {}",
            path.display(),
            out(&said)
        );
        let text = err(&said);
        assert!(
            text.contains(at(path.file_name().unwrap().as_ref())),
            "{text}"
        );
        assert!(text.contains(cause) && text.contains("next: "), "{text}");
        assert!(text.contains(next), "{text}");
    }
}

const TILES: &str = "#include <stdint.h>\n\
    typedef struct { int32_t x; int32_t y; double side; char tag; } tile;\n\
    double tile_area(const tile *of) { return of->side * of->side; }\n\
    int64_t tile_steps(const tile *from, const tile *to) { return from->x + (int64_t)to->x; }\n";

#[test]
fn debug_information_tells_functions_and_padding() {
    let folder = tempfile::tempdir().unwrap();
    let library = compiled(&folder, "t.c", TILES, "libt.so", &["-g", "-shared"]);
    let text = out(&inspect(&[at(&library)]));
    assert!(
        text.contains("double tile_area(const tile *of)\n"),
        "{text}"
    );
    let row = "        17       7  (padding)\n";
    assert!(
        text.contains("struct tile, 24 bytes\n") && text.contains(row),
        "{text}"
    );
    let document: Json =
        serde_json::from_slice(&inspect(&[at(&library), "--struct", "tile", "--json"]).stdout)
            .unwrap();
    let rows = document["structs"][0]["rows"].as_array().unwrap();
    let padding = rows.last().unwrap();
    assert_eq!(
        (&padding["padding"], &padding["bits"]),
        (&true.into(), &56.into())
    );
    let said = inspect(&[at(&library), "--struct", "none_such"]);
    assert_eq!(said.status.code(), Some(4));
    assert!(err(&said).contains("`none_such`"), "{}", err(&said));
}

#[test]
fn without_debug_information_it_says_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let library = compiled(&folder, "t.c", TILES, "libt.so", &["-g0", "-shared"]);
    let said = inspect(&[at(&library)]);
    assert_eq!(said.status.code(), Some(0));
    assert!(
        out(&said).contains("no debug information; next: compile"),
        "{}",
        out(&said)
    );
    let bridge = folder.path().join("b.py");
    fs::write(&bridge, "lib.tile_area.restype = c_double\n").unwrap();
    let said = inspect(&[at(&library), "--against", at(&bridge)]);
    assert_eq!(said.status.code(), Some(4));
    assert!(err(&said).contains("no debug information") && err(&said).contains("with -g"));
}

#[test]
fn a_bridge_is_held_against_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let library = compiled(&folder, "t.c", TILES, "libt.so", &["-g", "-shared"]);
    let bridge = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let right = "ffi.cdef('typedef struct { int32_t x, y; double side; char tag; } tile; double tile_area(const tile *);')\n";
    let said = inspect(&[at(&library), "--against", at(&bridge("right.py", right))]);
    assert_eq!(said.status.code(), Some(0), "{}", out(&said));
    let wrong = "#[repr(C)] struct Tile { x: i32, y: i32, side: f32, tag: i8 }\nextern \"C\" { fn tile_steps(a: *const Tile) -> i32; }\n";
    let wrong = bridge("wrong.rs", wrong);
    for (columns, most) in [("80", 80), ("40", 48)] {
        let said = Command::new(env!("CARGO_BIN_EXE_checker"))
            .args(["inspect", at(&library), "--against", at(&wrong)])
            .env("COLUMNS", columns)
            .output()
            .unwrap();
        assert_eq!(said.status.code(), Some(1));
        let text = out(&said).replace(at(folder.path()), "");
        assert!(
            text.contains("DISAGREES") && text.contains("<- differs"),
            "{text}"
        );
        assert!(!text.contains('\x1b'));
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains("C takes 2 arguments, declared are 1"),
            "{text}"
        );
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= most, "{longest} columns:\n{text}");
    }
    for no_bridge in [&library, &folder.path().join("none.py")] {
        let said = inspect(&[at(&library), "--against", at(no_bridge)]);
        assert_eq!(said.status.code(), Some(4));
        assert!(err(&said).contains("next: name "), "{}", err(&said));
    }
    let computed = bridge(
        "computed.py",
        "for n in names:\n    getattr(lib, n).restype = c_int\n",
    );
    let said = inspect(&[at(&library), "--against", at(&computed)]);
    assert!(
        out(&said).contains("the name of the function is computed"),
        "{}",
        out(&said)
    );
}

/// A workshop of one lesson, whose exercise is the solution until a test plants an error.
struct Workshop(TempDir);

impl Workshop {
    fn new() -> Workshop {
        let root = tempfile::tempdir().unwrap();
        let lesson = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lessons/lesson-7.3");
        let copied = root.path().join("lessons/lesson-7.3");
        copy(&lesson, &copied);
        fs::remove_dir_all(copied.join("exercise")).unwrap();
        copy(&lesson.join("solution"), &copied.join("exercise"));
        Workshop(root)
    }

    fn planted(self, file: &str, from: &str, to: &str) -> Workshop {
        let path = self.0.path().join("lessons/lesson-7.3/exercise").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} does not hold {from:?}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
        self
    }

    fn inspect(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_checker"))
            .args(["inspect", "lesson-7.3"])
            .args(args)
            .env("CHECKER_ROOT", self.0.path())
            .env_remove("CHECKER_CACHE")
            .env_remove("COLUMNS")
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
}

#[test]
fn five_planted_errors_are_found_each_in_its_bridge() {
    let right = Workshop::new();
    let said = right.inspect(&[]);
    let text = out(&said);
    assert_eq!(said.status.code(), Some(0), "{text}{}", err(&said));
    assert_eq!(text.matches(": agrees\n").count(), 5 + 5, "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );

    let struct_in_c = "typedef struct { int32_t x; int64_t y; double side; } tile;\n\
                       int add(int, int); double tile_area(const tile *); int64_t tile_steps(const tile *, const tile *);\n\
                       int tile_refine(const tile *, int32_t, tile *);\n#include <stdint.h>\n";
    let wrong = right
        .planted(
            "ctypes_bridge.py",
            "(\"x\", ctypes.c_int32), (\"y\", ctypes.c_int32)",
            "(\"y\", ctypes.c_int32), (\"x\", ctypes.c_int32)",
        )
        .planted("abi_bridge.py", "int64_t tile_steps", "int tile_steps")
        .planted("api_build.py", "double side;", "float side;")
        .planted(
            "ext/lib.rs",
            "factor: i32, out: *mut Tile",
            "factor: f64, out: *mut Tile",
        )
        .planted(
            "ext/module.c",
            "#include \"tiles.h\"",
            &format!("#include <stdint.h>\n{struct_in_c}"),
        );
    let said = wrong.inspect(&["--json"]);
    assert_eq!(said.status.code(), Some(1), "{}", err(&said));
    let document: Json = serde_json::from_slice(&said.stdout).unwrap();
    let faults = |variant: &str| -> String {
        let bridges = document["bridges"].as_array().unwrap().iter();
        let mut bridges = bridges.filter(|it| {
            it["variants"]
                .as_array()
                .unwrap()
                .iter()
                .any(|it| it == variant)
        });
        let bridge = bridges.next().unwrap();
        assert_eq!(bridge["agrees"], false, "{bridge}");
        let both = ["structs", "functions"].map(|kind| bridge[kind].as_array().unwrap());
        let faults = both
            .into_iter()
            .flatten()
            .map(|it| it["faults"].to_string());
        faults.collect()
    };
    for (variant, fault) in [
        ("ctypes/stock", "at offset 0 C has `x`, declared is `y`"),
        ("ctypes/rust", "at offset 4 C has `y`, declared is `x`"),
        (
            "abi/rust",
            "the result has 8 bytes in C (`int64_t`), declared are 4 (`int`)",
        ),
        ("api/stock", "`side` has 8 bytes in C, declared are 4 bytes"),
        (
            "ext/rust",
            "argument 2 (factor) is `int32_t` in C, declared is `f64`",
        ),
        ("ext/stock", "C needs 16 bytes, the declaration says 24"),
    ] {
        let told = faults(variant);
        assert!(told.contains(fault), "{variant}: {told}");
    }
    let said = wrong.inspect(&["--bridge", "abi"]);
    assert_eq!(said.status.code(), Some(1));
    let place = "lessons/lesson-7.3/exercise/abi_bridge.py:";
    assert!(out(&said).contains(place), "{}", out(&said));
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_shown() {
    let workshop = Workshop::new().planted("ext/module.c", "int a, b;", "int a, b");
    fs::remove_file(
        workshop
            .0
            .path()
            .join("lessons/lesson-7.3/exercise/abi_bridge.py"),
    )
    .unwrap();
    let said = workshop.inspect(&[]);
    let text = out(&said);
    assert_eq!(said.status.code(), Some(4), "{text}");
    assert!(
        text.contains("abi/stock, abi/rust: cannot be read"),
        "{text}"
    );
    assert!(text.contains("ext/stock: does not compile"), "{text}");
    assert!(text.contains("ctypes/stock, ctypes/rust: agrees"), "{text}");
    for args in [&["--struct", "tile"][..], &["--against", "x.py"]] {
        assert_eq!(workshop.inspect(args).status.code(), Some(4), "{args:?}");
    }
    let said = inspect(&["lesson-9.9"]);
    assert_eq!(said.status.code(), Some(4));
    assert!(
        err(&said).contains("no lesson is called `lesson-9.9`"),
        "{}",
        err(&said)
    );
}
