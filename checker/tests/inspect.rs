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
