//! `checker bench` through the real binary, with as little work as possible: no figure is held against anything.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// Rows of every kind: a call, an access, a callback, and one that takes a process of its own.
const ROWS: &str = "add,new_struct,callback,config_process,first_call";

fn checker(args: &[&str]) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::cargo_bin("checker").unwrap();
    command.env("CHECKER_ROOT", root).args(args);
    command
}

fn bench(args: &[&str]) -> Output {
    checker(&["bench"])
        .args(["--tiny", "--rounds", "1"])
        .args(args)
        .output()
        .unwrap()
}

fn document(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn row<'a>(document: &'a Value, name: &str) -> &'a Value {
    let rows = document["rows"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap()
}

fn variants(document: &Value, name: &str, gil: &Value) -> Vec<String> {
    let cells = row(document, name)["cells"].as_array().unwrap();
    cells
        .iter()
        .filter(|cell| cell["gil"] == *gil && cell["value"].is_number())
        .map(|cell| cell["variant"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_bridge_and_backend_is_measured_with_the_gil_released_and_held() {
    let chart = tempfile::NamedTempFile::new().unwrap();
    let svg = chart.path().to_str().unwrap();
    let document = document(&bench(&["--json", "--only", ROWS, "--svg", svg]));
    assert_eq!(document["unit"], "nanoseconds");
    assert_eq!(document["failures"], serde_json::json!([]));
    assert_eq!(variants(&document, "add", &"released".into()).len(), 8);
    assert_eq!(
        variants(&document, "add", &"held".into()),
        ["ctypes/stock", "ctypes/rust", "ext/stock", "ext/rust"],
        "CFFI has no way to hold the GIL"
    );
    assert_eq!(variants(&document, "new_struct", &Value::Null).len(), 8);
    assert_eq!(
        variants(&document, "config_process", &Value::Null),
        ["ext/stock", "ext/rust"]
    );
    assert_eq!(variants(&document, "first_call", &Value::Null).len(), 8);
    for engine in ["rust_ctypes._rust_ctypes", "_rust_cffi"] {
        assert_eq!(document["machine"]["engines"][engine], "3");
    }
    is_well_formed(chart.path());
}

/// Python reads the chart as XML.
fn is_well_formed(chart: &Path) {
    let setup = checker(&["setup", "--json"]).output().unwrap();
    let python = document(&setup)["venv_python"].as_str().unwrap().to_owned();
    let program = "import sys, xml.dom.minidom as m; r = m.parse(sys.argv[1]).documentElement; \
                   print(r.tagName, len(r.getElementsByTagName('rect')) > 20)";
    let output = std::process::Command::new(python)
        .args(["-I", "-c", program])
        .arg(chart)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "svg True");
}

#[test]
fn instructions_are_counted_where_valgrind_is() {
    let output = bench(&["--json", "--instructions", "--only", "add"]);
    let installed = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|it| it.join("valgrind").is_file()));
    if !installed {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("apt install valgrind"), "{said}");
        return;
    }
    let document = document(&output);
    assert_eq!(document["unit"], "instructions");
    assert_eq!(variants(&document, "add", &"released".into()).len(), 8);
    for cell in row(&document, "add")["cells"].as_array().unwrap() {
        let value = cell["value"].as_f64().unwrap();
        assert!(value > 10.0, "no call takes {value} instructions: {cell}");
    }
}

#[test]
fn an_unknown_row_is_named_with_the_rows_that_there_are() {
    let output = bench(&["--only", "subtract"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("subtract") && said.contains("new_struct"),
        "{said}"
    );
}

#[test]
fn every_call_of_a_lesson_has_a_figure_for_every_variant() {
    let document = document(&bench(&["lesson-7.5", "--json"]));
    let calls = document["calls"].as_array().unwrap();
    let functions: Vec<&str> = calls
        .iter()
        .map(|call| call["function"].as_str().unwrap())
        .collect();
    assert_eq!(functions, ["add", "checksum", "total"]);
    for call in calls {
        let figures = call["values"].as_object().unwrap();
        assert_eq!(figures.len(), 8, "{call}");
        assert!(figures.values().all(Value::is_number), "{call}");
        assert!(call["base"].is_number(), "{call}");
    }
}

#[test]
fn a_lesson_without_calls_to_measure_is_named() {
    let output = bench(&["lesson-7.1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("lesson-7.1 names no call to measure"),
        "{said}"
    );
}
