//! `checker trace` through the real binary: the fixture workshop, and lesson 7.3 held against the claims.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod workshop;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use workshop::{BRIDGE, Said, Workshop};

/// The variants of the fixture that need no engine and no package.
const STOCK: &str = "--variant ctypes/stock --variant ext/stock";

fn trace(workshop: &Workshop, more: &str) -> Said {
    workshop.run(&format!("trace 0.1 {STOCK} {more}"))
}

/// What was said, however wide the terminal is.
fn in_a_line(said: &Said) -> String {
    said.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first call of the function of a document, in each variant.
fn calls(document: &Json) -> Vec<&Json> {
    let function = &document["function"];
    let variants = document["variants"].as_array().unwrap();
    let of = |it: &'_ Json| {
        it["calls"]
            .as_array()
            .unwrap()
            .iter()
            .position(|call| call["function"] == *function)
    };
    variants
        .iter()
        .map(|it| &it["calls"][of(it).unwrap_or_else(|| panic!("no call in {it}"))])
        .collect()
}

fn words(list: &Json) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect()
}

#[test]
fn each_frame_between_python_and_c_is_shown() {
    let workshop = Workshop::new();
    let document = trace(&workshop, "--json").must(0, &[]).json();
    assert_eq!(document["function"], "pair_add");
    assert_eq!(words(&document["functions"]), ["pair_add", "pair_half"]);
    let [ctypes, ext] = calls(&document)[..] else {
        panic!("two variants in {document}");
    };
    assert_eq!(
        words(&ctypes["libraries"]),
        ["python", "_ctypes", "libffi", "libpair"]
    );
    assert_eq!(ctypes["libffi"], true);
    assert_eq!(ctypes["scenario"], "adds(a=2, b=3)");
    let python = ctypes["python"].as_array().unwrap();
    let [scenario, bridge] = &python[..] else {
        panic!("two Python frames in {ctypes}");
    };
    assert_eq!(scenario["function"], "adds");
    assert_eq!(bridge["function"], "add");
    let file = bridge["file"].as_str().unwrap();
    assert_eq!(file, "lessons/lesson-0.1/exercise/ctypes_bridge.py");
    let line = usize::try_from(bridge["line"].as_u64().unwrap()).unwrap();
    let text = fs::read_to_string(workshop.path(file)).unwrap();
    assert!(
        text.lines()
            .nth(line - 1)
            .unwrap()
            .contains("lib.pair_add(a, b)")
    );
    assert_eq!(words(&ext["libraries"]), ["python", "_lesson_0_1", "pair"]);
    assert_eq!(ext["libffi"], false);
    let last = ext["layers"].as_array().unwrap().last().unwrap();
    assert_eq!(last["compiled_into"], "_lesson_0_1");
    let first = &ext["layers"][0]["frames"][0]["function"];
    assert!(
        first
            .as_str()
            .unwrap()
            .starts_with("_PyEval_EvalFrameDefault"),
        "{ext}"
    );
}

#[test]
fn forty_columns_are_enough() {
    let workshop = Workshop::new();
    let args: Vec<String> = format!("trace 0.1 {STOCK}")
        .split(' ')
        .map(str::to_owned)
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = workshop
        .command(&args)
        .env("COLUMNS", "40")
        .output()
        .unwrap();
    let said = Said::from(&output);
    said.must(0, &["pair_add", "PyCFuncPtr_call", "through libffi: yes"]);
    let long: Vec<&str> = said
        .stdout
        .lines()
        .filter(|it| it.chars().count() > 40)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_solution_stands_in_for_an_exercise_that_does_not_get_to_c() {
    let workshop = Workshop::new();
    workshop.edit(
        BRIDGE,
        "return lib.pair_add(a, b)",
        "raise NotImplementedError(\"TODO 1\")",
    );
    workshop.edit(BRIDGE, "return lib.pair_half(x)", "return x / 2");
    let module = fs::read_to_string(workshop.lesson("exercise/ext/module.c")).unwrap();
    fs::write(
        workshop.lesson("exercise/ext/module.c"),
        module + "int broken(\n",
    )
    .unwrap();
    let said = trace(&workshop, "--libraries");
    let all = in_a_line(said.must(0, &[]));
    for part in [
        "Of the solution: ctypes/stock. In your exercise, no C function is called: adds(a=2, b=3) raises NotImplementedError: TODO 1",
        "Of the solution: ext/stock. In your exercise, it does not build: lessons/lesson-0.1/exercise/ext/module.c:",
    ] {
        assert!(all.contains(part), "no {part:?} in {all}");
    }
    assert!(
        !said.stdout.contains("PyCFuncPtr_call"),
        "--libraries shows no frames"
    );
    // Without an exercise file, too.
    fs::remove_file(workshop.lesson(BRIDGE)).unwrap();
    trace(&workshop, "").must(0, &["Of the solution: ctypes/stock.", "ctypes_bridge.py"]);
    trace(&workshop, "--solution").must(0, &["All of the solution."]);
}

#[test]
fn a_variant_that_never_calls_c_is_named_and_the_others_are_shown() {
    let workshop = Workshop::new();
    for folder in ["exercise", "solution"] {
        let file = format!("{folder}/ctypes_bridge.py");
        workshop.edit(&file, "return lib.pair_add(a, b)", "return a + b");
        workshop.edit(&file, "return lib.pair_half(x)", "import os; os.abort()");
    }
    let said = trace(&workshop, "");
    let parts = [
        "not traced: no C function is called",
        "halves(x=1.0) ends the process with SIGABRT",
    ];
    let all = in_a_line(&said);
    for part in parts {
        assert!(all.contains(part), "no {part:?} in {all}");
    }
    said.must(1, &["ext/stock", "_lesson_0_1"]);
    let document = trace(&workshop, "--json").must(1, &[]).json();
    let problem = document["variants"][0]["problem"].as_str().unwrap();
    assert!(problem.contains("SIGABRT"), "{problem}");
}

#[test]
fn a_crash_in_c_does_not_hide_the_calls_before_it() {
    let workshop = Workshop::new();
    workshop.edit(
        BRIDGE,
        "return lib.pair_half(x)",
        "return ctypes.string_at(0)",
    );
    let document = trace(&workshop, "--json").must(0, &[]).json();
    assert_eq!(document["variants"][0]["sources"], "exercise");
    assert_eq!(calls(&document)[0]["libffi"], true);
}

#[test]
fn a_library_that_is_opened_late_is_traced_too() {
    let workshop = Workshop::new();
    let late = "from pathlib import Path\nimport ctypes\n\n\ndef add(a, b):\n    \
                lib = ctypes.CDLL(str(Path(__file__).with_name(\"libpair.so\")))\n    return lib.pair_add(a, b)\n";
    fs::write(workshop.lesson(BRIDGE), late).unwrap();
    let document = trace(&workshop, "--json").must(0, &[]).json();
    assert_eq!(document["variants"][0]["sources"], "exercise");
    assert_eq!(calls(&document)[0]["function"], "pair_add");
}

#[test]
fn what_is_unknown_is_named_with_what_there_is() {
    let workshop = Workshop::new();
    workshop
        .run("trace 0.2")
        .must(4, &["no lesson is called `0.2`", "did you mean"]);
    trace(&workshop, "--function pair_third").must(
        4,
        &["calls a C function `pair_third`", "pair_add, pair_half"],
    );
    workshop
        .run("trace 0.1 --variant ctypes")
        .must(2, &["names no variant"]);
    trace(&workshop, "--svg /dev/null/way.svg").must(4, &["/dev/null/way.svg", "--svg"]);
    let half = trace(&workshop, "--function pair_half --libraries");
    half.must(0, &["the way from Python to pair_half"]);
    workshop
        .run("trace --help")
        .must(0, &["--libraries", "--svg", "frame by frame"]);
}

#[test]
fn the_lesson_where_you_are_is_traced() {
    let workshop = Workshop::new();
    let said = workshop.run(&format!("trace {STOCK}"));
    said.must(0, &["0.1", "the way from Python to pair_add"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let workshop = Workshop::new();
    let mut command = workshop.command(&["trace", "0.1", "--variant", "ctypes/stock"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(!said.contains("error"), "{said}");
}

#[test]
fn the_picture_is_one_that_can_be_read_aloud() {
    let workshop = Workshop::new();
    let file = workshop.path("way.svg");
    trace(&workshop, &format!("--svg {}", file.display())).must(0, &[]);
    let svg = fs::read_to_string(&file).unwrap();
    assert!(svg.contains(
        "role=\"img\" aria-labelledby=\"call-path-lesson-0-1-title call-path-lesson-0-1-desc\""
    ));
    assert!(
        svg.contains("prefers-color-scheme: dark") && !svg.contains("<script"),
        "{svg}"
    );
    let program = "import sys, xml.dom.minidom as m; r = m.parse(sys.argv[1]).documentElement; \
                   print(r.getElementsByTagName('desc')[0].firstChild.data)";
    let output = Command::new("python3")
        .args(["-I", "-c", program])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "ctypes/stock: through libffi, python -> _ctypes -> libffi -> libpair. \
         ext/stock: without libffi, python -> _lesson_0_1 -> pair."
    );
}

/// What the eight variants of lesson 7.3 pass through, on every machine.
const LESSON_7_3: &str = "\
ctypes/stock libffi: python -> _ctypes -> libffi -> libtiles
ctypes/rust no libffi: python -> _rust_ctypes -> libtiles
abi/stock libffi: python -> _cffi_backend -> libffi -> libtiles
abi/rust no libffi: python -> _rust_cffi -> libtiles
api/stock no libffi: python -> _lesson_7_3 -> tiles
api/rust no libffi: python -> _lesson_7_3 -> tiles
ext/stock no libffi: python -> _lesson_7_3 -> tiles
ext/rust no libffi: python -> _lesson_7_3 -> tiles
";

#[test]
fn the_paths_of_lesson_7_3_are_those_that_the_claims_tell() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO_BIN_EXE_checker"))
        .env("CHECKER_ROOT", &root)
        .args(["trace", "7.3", "--solution", "--function", "add", "--json"])
        .output()
        .unwrap();
    let document = Said::from(&output).must(0, &[]).json();
    let variants = document["variants"].as_array().unwrap();
    let lines: String = variants
        .iter()
        .zip(calls(&document))
        .map(|(it, call)| {
            let libffi = match call["libffi"].as_bool() {
                Some(true) => "libffi",
                Some(false) => "no libffi",
                None => "libffi unknown",
            };
            let variant = it["variant"].as_str().unwrap();
            format!(
                "{variant} {libffi}: {}\n",
                words(&call["libraries"]).join(" -> ")
            )
        })
        .collect();
    assert_eq!(lines, LESSON_7_3);
    agree(&root, &calls(&document));
}

/// Each claim on who passes through libffi, and what the stock variants' paths must be for its verdict.
fn agree(root: &Path, calls: &[&Json]) {
    let text = fs::read_to_string(root.join("lessons/claims/a.toml")).unwrap();
    let claims: toml::Table = toml::from_str(&text).unwrap();
    let claims = claims["claim"].as_array().unwrap();
    // In the order of the course: ctypes, abi, api, ext, each stock and rust.
    let libffi = |index: usize| calls[index]["libffi"].as_bool().unwrap();
    let names = |index: usize| words(&calls[index]["libraries"]);
    let (ctypes, abi, api, ext) = (0, 2, 4, 6);
    let told = [
        // An FFI calls through libffi: of three, one does not.
        (
            "A11",
            "corrected",
            libffi(ctypes) && libffi(abi) && !libffi(api),
        ),
        ("A18", "holds", !libffi(ext)),
        ("A20", "holds", libffi(ctypes) && libffi(abi)),
        (
            "A31",
            "holds",
            names(abi) == ["python", "_cffi_backend", "libffi", "libtiles"],
        ),
        (
            "A55",
            "holds",
            names(ctypes) == ["python", "_ctypes", "libffi", "libtiles"],
        ),
    ];
    for (id, verdict, seen) in told {
        let claim = claims
            .iter()
            .find(|it| it["id"].as_str() == Some(id))
            .unwrap();
        assert_eq!(claim["verdict"].as_str(), Some(verdict), "{id}");
        assert!(seen, "{claim}");
    }
}
