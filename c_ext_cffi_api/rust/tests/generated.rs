//! The generated C is held against a C compiler with strict warnings.

#![expect(clippy::unwrap_used, reason = "a test states its invariants")]

use std::path::{Path, PathBuf};
use std::process::Command;

use rust_cffi_api::compile::{CompileError, Job, compile};
use rust_cffi_api::describe::Module;
use rust_cffi_api::generate::generate;
use serde_json::json;

/// The headers of the Python that the tests run beside.
fn python_headers() -> PathBuf {
    let python = std::env::var("PYO3_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let code = "import sysconfig; print(sysconfig.get_path('include'))";
    let said = Command::new(python).args(["-c", code]).output().unwrap();
    PathBuf::from(String::from_utf8(said.stdout).unwrap().trim())
}

fn module(preamble: &str, parts: serde_json::Value) -> String {
    let mut all = json!({"name": "folder._probe", "preamble": preamble});
    all.as_object_mut()
        .unwrap()
        .extend(parts.as_object().unwrap().clone());
    let module: Module = serde_json::from_value(all).unwrap();
    generate(&module)
}

/// Lets the compiler read the text as C99; the error is all that it says.
fn check(text: &str) -> Result<(), String> {
    check_as("probe.c", &["-std=c99", "-Wextra"], text)
}

fn check_as(file: &str, flags: &[&str], text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join(file);
    std::fs::write(&source, text).unwrap();
    let said = Command::new("cc")
        .args(["-Wall", "-Werror", "-fsyntax-only"])
        .args(flags)
        .arg("-isystem")
        .arg(python_headers())
        .arg(&source)
        .output()
        .unwrap();
    if said.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&said.stderr).into_owned())
    }
}

fn of(spelling: &str, class: &str) -> serde_json::Value {
    json!({"spelling": spelling, "class": class})
}

fn function(
    name: &str,
    result: serde_json::Value,
    arguments: Vec<serde_json::Value>,
) -> serde_json::Value {
    json!({
        "name": name, "result": result, "arguments": arguments,
        "pointer": of("int(*&)(int)", "other"), "variadic": false,
    })
}

#[test]
fn a_module_of_everything_compiles_without_warning() {
    let preamble = "
        struct point { int x; double y; int bits : 3; };
        typedef struct { short only; } unnamed;
        typedef unsigned short number;
        enum color { RED, GREEN };
        #define ANSWER 42
        static const double RATIO = 1.5;
        int counter, table[4];
        static int add(int a, int b) { return a + b; }
        static unsigned char low(unsigned long long x) { return (unsigned char)x; }
        static char upper(char c) { return c; }
        static double half(double x) { return x / 2; }
        static struct point make(int x) { struct point p = {x, x, 0}; return p; }
        static const char *name(const struct point *p) { return p ? \"point\" : 0; }
        static int (*chosen(int (*f)(int)))(int) { return f; }
        static void nothing(void) {}
        static int total(int n, ...) { return n; }
    ";
    let field = |name: &str, ctype, bits: i32| json!({"name": name, "ctype": ctype, "bits": bits});
    let text = module(
        preamble,
        json!({
            "typedefs": [
                {"name": "number", "target": "integer"},
                {"name": "alias", "target": {"type": of("struct point *&", "other")}},
            ],
            "records": [
                {"name": "struct point", "spelling": "struct point", "union": false, "complete": true, "pack": 0,
                 "fields": [field("x", of("int&", "signed"), -1), field("y", of("double&", "float"), -1),
                            field("bits", of("int&", "signed"), 3)]},
                {"name": "unnamed", "spelling": "unnamed", "union": false, "complete": false, "pack": 0,
                 "fields": [field("only", of("short&", "signed"), -1)]},
                {"name": "struct opaque", "spelling": "struct opaque", "union": false,
                 "complete": true, "pack": 0, "fields": null},
            ],
            "enums": [{"name": "enum color", "names": ["RED", "GREEN"], "spelling": "enum color"}],
            "constants": [
                {"name": "ANSWER", "ctype": null, "claimed": "42"},
                {"name": "RATIO", "ctype": of("double&", "float"), "claimed": null},
            ],
            "variables": [
                {"name": "counter", "ctype": of("int&", "signed"),
                 "pointer": {"ctype": of("int *&", "pointer")}},
                {"name": "table", "ctype": of("int&[...]", "other"),
                 "pointer": {"ctype": of("int *&", "pointer"), "items": 1}},
            ],
            "functions": [
                function("add", of("int&", "signed"), vec![of("int&", "signed"), of("int&", "signed")]),
                function("low", of("unsigned char&", "unsigned"), vec![of("unsigned long long&", "unsigned")]),
                function("upper", of("char&", "char"), vec![of("char&", "char")]),
                function("half", of("double&", "float"), vec![of("double&", "float")]),
                function("make", of("struct point&", "record"), vec![of("int&", "signed")]),
                function("name", of("char const *&", "pointer"), vec![of("struct point const *&", "pointer")]),
                function("chosen", of("int(*&)(int)", "other"), vec![of("int(*&)(int)", "other")]),
                function("nothing", of("void&", "void"), vec![]),
                {"name": "total", "result": of("int&", "signed"), "arguments": [of("int&", "signed")],
                 "pointer": of("int(*&)(int, ...)", "other"), "variadic": true},
            ],
        }),
    );
    assert_eq!(check(&text), Ok(()));
    assert!(
        text.contains("PyMODINIT_FUNC PyInit__probe(void)"),
        "{text}"
    );
    assert!(text.contains("\"folder._probe\""));
}

#[test]
fn functions_that_call_python_compile_as_c_and_as_cpp() {
    let text = module(
        "struct point { int x; double y; };
         static int seen(int, struct point);
         void other(long double);
         typedef int row[3];",
        json!({
            "check": true,
            "includes": ["folder._first"],
            "typedefs": [{"name": "row", "target": {"type": of("int&[...]", "other")}}],
            "externs": [
                {"name": "seen", "result": of("int&", "signed"), "linkage": "static",
                 "arguments": [of("int&", "signed"), of("struct point&", "record")],
                 "pointer": of("int(*&)(int, struct point)", "other")},
                {"name": "other", "result": of("void&", "void"), "linkage": "module",
                 "arguments": [of("long double&", "long")],
                 "pointer": of("void(*&)(long double)", "other")},
            ],
            "records": [
                {"name": "struct point", "spelling": "struct point", "union": false,
                 "complete": true, "pack": 0, "at": {"file": "<cdef>", "line": 3},
                 "fields": [{"name": "x", "ctype": of("int&", "signed"), "bits": -1},
                            {"name": "y", "ctype": of("double&", "float"), "bits": -1}]},
            ],
        }),
    );
    assert_eq!(check(&text), Ok(()));
    assert_eq!(check_as("probe.cpp", &[], &text), Ok(()));
    assert!(text.contains("\"folder._probe.seen\""), "{text}");
    assert!(text.contains("_cffi_array_len((*(row *)0))"), "{text}");
    assert!(text.contains("\"int[#0]\""), "{text}");
}

#[test]
fn the_compiler_blames_the_declaration() {
    let text = |line: u32, check: bool| {
        module(
            "struct s { long a; };",
            json!({"check": check, "records": [{
                "name": "struct s", "spelling": "struct s", "union": false, "complete": true,
                "pack": 0, "at": {"file": "<cdef>", "line": line},
                "fields": [{"name": "a", "ctype": of("int&", "signed"), "bits": -1,
                            "at": {"file": "<cdef>", "line": line + 1}}],
            }]}),
        )
    };
    assert_eq!(check(&text(4, false)), Ok(()));
    let said = check(&text(4, true)).unwrap_err();
    assert!(
        said.contains("<cdef>:5:") && said.contains("rc_size_of_a"),
        "{said}"
    );
    assert!(said.contains("<cdef>:4:"), "{said}");
    let lenient = format!("#define RC_LENIENT\n{}", text(4, true));
    assert_eq!(check(&lenient), Ok(()));
}

#[test]
fn an_empty_module_compiles() {
    assert_eq!(check(&module("", json!({}))), Ok(()));
}

#[test]
fn what_c_contradicts_does_not_compile() {
    let add = |arguments| {
        module(
            "static int add(int a, int b) { return a + b; }",
            json!({"functions": [function("add", of("int&", "signed"), arguments)]}),
        )
    };
    let one = check(&add(vec![of("int&", "signed")])).unwrap_err();
    assert!(one.contains("too few arguments"), "{one}");

    let field = |name: &str, ctype: serde_json::Value| {
        module(
            "struct s { double real; };",
            json!({"records": [{
                "name": "struct s", "spelling": "struct s", "union": false, "complete": true, "pack": 0,
                "fields": [{"name": name, "ctype": ctype, "bits": -1}],
            }]}),
        )
    };
    assert_eq!(check(&field("real", of("double&", "float"))), Ok(()));
    let missing = check(&field("nope", of("double&", "float"))).unwrap_err();
    assert!(missing.contains("nope"), "{missing}");
    let integer = check(&field("real", of("int&", "signed"))).unwrap_err();
    assert!(integer.contains("invalid operands"), "{integer}");
}

#[test]
fn text_is_quoted_for_c() {
    let odd = "a\\\"b?\n\u{e9}";
    let text = module(
        "",
        json!({"records": [{
            "name": odd, "union": false, "complete": true, "pack": 0, "spelling": null, "fields": null,
        }]}),
    );
    assert!(text.contains(r#""a\\\"b\077\012\303\251""#), "{text}");
    assert_eq!(check(&text), Ok(()));
}

fn job(folder: &Path, source: &str) -> Job {
    let file = folder.join("probe.c");
    std::fs::write(&file, source).unwrap();
    Job {
        sources: vec![file],
        target: folder.join("probe.so"),
        define_macros: vec![("GIVEN".to_owned(), Some("7".to_owned()))],
        ..Job::default()
    }
}

#[test]
fn a_shared_object_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path(), "int seven(void) { return GIVEN; }\n");
    compile(&job).unwrap();
    assert!(job.target.is_file());
}

#[test]
fn a_failing_compiler_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let error = compile(&job(
        folder.path(),
        "int seven(void) { return no_such_name; }\n",
    ));
    match error {
        Err(CompileError::Refused {
            message, command, ..
        }) => {
            assert!(message.contains("no_such_name"), "{message}");
            assert!(command.contains("probe.c"), "{command}");
        }
        other => panic!("{other:?}"),
    }
}
