//! The article's commands, typed literally in a copy of the demos without built files.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use tempfile::TempDir;

/// Where the two bytes of the machine number stand in an ELF header; 183 is AArch64, 62 is x86-64.
const E_MACHINE: usize = 18;

#[test]
fn every_command_of_the_article_prints_its_ok_line() {
    let demos = Demos::copied();
    demos.sh("make -C c_ext_ffi_clib").succeeds("");
    demos
        .sh("python3 c_ext_ctypes_add/test_ctypes_add.py")
        .succeeds("c_ext_ctypes_add: OK");
    demos
        .sh("python3 c_ext_cffi_abi/test_cffi_abi.py")
        .succeeds("c_ext_cffi_abi: OK");
    demos
        .sh("python3 c_ext_cffi_api/test_cffi_api.py")
        .succeeds("c_ext_cffi_api: OK");
}

#[test]
fn each_demo_builds_what_it_needs_whatever_the_working_directory() {
    let demos = Demos::copied();
    for (folder, test) in [
        ("c_ext_ctypes_add", "test_ctypes_add.py"),
        ("c_ext_cffi_abi", "test_cffi_abi.py"),
        ("c_ext_cffi_api", "test_cffi_api.py"),
        ("c_ext_config_basic", "test_mymodule.py"),
    ] {
        let ok = format!("{folder}: OK");
        demos
            .sh(&format!("cd {folder} && python3 {test}"))
            .succeeds(&ok);
        let absolute = demos.root().join(folder).join(test);
        demos
            .sh(&format!("cd / && python3 '{}'", absolute.display()))
            .succeeds(&ok);
    }
}

#[test]
fn the_hand_written_module_builds_in_its_folder_and_runs_from_the_root() {
    let demos = Demos::copied();
    demos
        .sh("cd c_ext_config_basic && python3 setup.py build_ext --inplace")
        .succeeds("");
    let ran = demos.sh("cd c_ext_config_basic && python3 test_mymodule.py");
    ran.succeeds("c_ext_config_basic: OK");
    assert_eq!(
        ran.stdout.trim(),
        "c_ext_config_basic: OK",
        "nothing was left to build"
    );
    demos
        .sh("python3 c_ext_config_basic/test_mymodule.py")
        .succeeds("c_ext_config_basic: OK");
}

#[test]
fn the_api_module_imports_as_the_article_does() {
    let demos = Demos::copied();
    demos
        .sh("cd c_ext_cffi_api && python3 setup.py build_ext --inplace")
        .succeeds("");
    let import =
        "cd c_ext_cffi_api && python3 -c 'from _add_cffi import lib; print(lib.add(2, 3))'";
    demos.sh(import).succeeds("5");
}

#[test]
fn the_c_library_keeps_its_contract() {
    Demos::copied()
        .sh("make -C c_ext_ffi_clib check")
        .succeeds("c_ext_ffi_clib: OK");
}

#[test]
fn make_names_and_rebuilds_a_library_for_another_machine() {
    let demos = Demos::copied();
    demos.sh("make -C c_ext_ffi_clib").succeeds("");
    let other = demos.patch_machine("c_ext_ffi_clib/libadd.so");
    demos
        .sh("make -C c_ext_ffi_clib")
        .succeeds(&format!("libadd.so is built for {other}; rebuilding"));
    demos
        .sh("make -C c_ext_ffi_clib")
        .succeeds("Nothing to be done");
    demos
        .sh("python3 c_ext_ctypes_add/test_ctypes_add.py")
        .succeeds("c_ext_ctypes_add: OK");
}

#[test]
fn the_tests_name_and_rebuild_a_library_for_another_machine() {
    let demos = Demos::copied();
    for (test, ok) in [
        (
            "c_ext_ctypes_add/test_ctypes_add.py",
            "c_ext_ctypes_add: OK",
        ),
        ("c_ext_cffi_abi/test_cffi_abi.py", "c_ext_cffi_abi: OK"),
    ] {
        demos.sh("make -C c_ext_ffi_clib").succeeds("");
        let other = demos.patch_machine("c_ext_ffi_clib/libadd.so");
        let named =
            format!("make -C c_ext_ffi_clib: libadd.so is built for {other}; rebuilding\n{ok}");
        demos.sh(&format!("python3 {test}")).succeeds(&named);
    }
}

#[test]
fn an_extension_module_for_another_machine_is_named_and_rebuilt() {
    let demos = Demos::copied();
    for (folder, module, test) in [
        ("c_ext_cffi_api", "_add_cffi", "test_cffi_api.py"),
        ("c_ext_config_basic", "mymodule", "test_mymodule.py"),
    ] {
        let (test, ok) = (format!("python3 {folder}/{test}"), format!("{folder}: OK"));
        demos.sh(&test).succeeds(&ok);
        let built = demos.extension(folder, module);

        let other = demos.patch_machine(&built);
        let named = format!("{built} is built for {other}, this Python for ");
        demos.sh(&test).succeeds(&named).succeeds(&ok);

        demos.patch_machine(&built);
        let setup = format!("cd {folder} && python3 setup.py build_ext --inplace");
        demos.sh(&setup).succeeds(&named);
        let quiet = demos.sh(&test);
        assert_eq!(quiet.stdout.trim(), ok, "setup.py has rebuilt {built}");
    }
}

#[test]
fn a_changed_source_is_built_anew() {
    let demos = Demos::copied();
    let test = "python3 c_ext_cffi_api/test_cffi_api.py";
    demos.sh(test).succeeds("c_ext_cffi_api: OK");
    let source = demos.root().join("c_ext_ffi_clib/add.c");
    let text = fs::read_to_string(&source).unwrap();
    fs::write(
        &source,
        text.replace("(unsigned)a + (unsigned)b", "(unsigned)a - (unsigned)b"),
    )
    .unwrap();
    // The module must be older than its source even where the file system counts whole seconds.
    demos
        .sh("touch -d '2001-01-01' c_ext_cffi_api/_add_cffi*.so")
        .succeeds("");
    let ran = demos.sh(test);
    assert!(ran.stdout.contains("is older than its sources"), "{ran:?}");
    assert!(ran.stderr.contains("assert lib.add(2, 3) == 5"), "{ran:?}");
    assert_eq!(ran.code, Some(1));
}

#[test]
fn a_python_without_the_packages_gets_one_line_with_the_commands() {
    let demos = Demos::copied();
    let bare = demos.bare_python();
    for (command, missing) in [
        ("c_ext_cffi_abi/test_cffi_abi.py", "no cffi"),
        ("c_ext_cffi_api/test_cffi_api.py", "no cffi"),
        ("c_ext_cffi_api/setup.py build_ext --inplace", "no cffi"),
        ("c_ext_cffi_abi/test_cffi_abi_rust.py", "no rust_cffi"),
        ("c_ext_cffi_api/test_cffi_api_rust.py", "no rust_cffi"),
        ("c_ext_config_basic/test_mymodule_rust.py", "no rust_config"),
        ("c_ext_ctypes_add/test_ctypes_add_rust.py", "no rust_ctypes"),
    ] {
        let ran = demos.sh(&format!("'{}' {command}", bare.display()));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert!(ran.stderr.contains(missing), "{ran:?}");
        let next = format!("run `cargo run -- setup`, then `.venv/bin/python {command}`");
        assert!(ran.stderr.trim_end().ends_with(&next), "{ran:?}");
    }
    // ctypes belongs to Python: its demo needs no package.
    let ctypes = format!("'{}' c_ext_ctypes_add/test_ctypes_add.py", bare.display());
    demos.sh(&ctypes).succeeds("c_ext_ctypes_add: OK");
}

#[test]
fn switched_off_assertions_are_no_pass() {
    let demos = Demos::copied();
    let ran = demos.sh("python3 -O c_ext_ctypes_add/test_ctypes_add.py");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("without -O"), "{ran:?}");
}

#[test]
fn the_rust_backed_twins_pass() {
    let root = project();
    let mut twins: Vec<String> = Vec::new();
    for folder in demo_folders() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.starts_with("test_") && name.ends_with("_rust.py") {
                twins.push(format!("{folder}/{name}"));
            }
        }
    }
    twins.sort();
    assert_eq!(
        twins,
        [
            "c_ext_cffi_abi/test_cffi_abi_rust.py",
            "c_ext_cffi_api/test_cffi_api_rust.py",
            "c_ext_config_basic/test_mymodule_rust.py",
            "c_ext_ctypes_add/test_ctypes_add_rust.py",
        ]
    );
    for twin in twins {
        let ran = Ran::of(Command::new(&*PYTHON).arg(&twin).current_dir(&root));
        ran.succeeds(": OK");
    }
}

#[test]
fn no_tracked_file_is_a_built_file() {
    let root = project();
    if !root.join(".git").exists() {
        // A source archive tracks nothing.
        return;
    }
    let listed = match Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(&root)
        .output()
    {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("not checked: git is not installed here");
            return;
        }
        Err(error) => panic!("git does not run: {error}"),
    };
    let problem = String::from_utf8_lossy(&listed.stderr);
    assert!(listed.status.success(), "git ls-files failed: {problem}");
    let names = String::from_utf8(listed.stdout).unwrap();
    let built: Vec<&str> = names
        .split_terminator('\0')
        // A file that was deleted and not yet committed is listed too.
        .filter(|name| fs::read(root.join(name)).is_ok_and(|content| is_built(&content)))
        .collect();
    assert!(
        names.contains("Cargo.toml"),
        "git listed no file of the project"
    );
    assert!(built.is_empty(), "built files are tracked: {built:?}");
}

/// A copy of the article's folders that holds no built file.
struct Demos {
    folder: TempDir,
}

impl Demos {
    fn copied() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in demo_folders().iter().map(String::as_str).chain(["tools"]) {
            copy(&project().join(name), &folder.path().join(name));
        }
        Self { folder }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Run a command line at the root, with the project's own Python as `python3`.
    fn sh(&self, line: &str) -> Ran {
        let mut path = OsString::from(PYTHON.parent().unwrap());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        Ran::of(
            Command::new("sh")
                .args(["-c", line])
                .current_dir(self.root())
                .env("PATH", path),
        )
    }

    /// The path, as seen from the root, of the extension module that was built in `folder`.
    fn extension(&self, folder: &str, module: &str) -> String {
        let start = format!("{module}.");
        let mut names = fs::read_dir(self.root().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(&start) && name.ends_with(".so"));
        let name = names.next().expect("the module was built");
        assert_eq!(names.next(), None, "one module is built");
        format!("{folder}/{name}")
    }

    /// Turn a library into one for another machine, new as it is; returns the machine's name.
    fn patch_machine(&self, name: &str) -> &'static str {
        let path = self.root().join(name);
        let mut bytes = fs::read(&path).unwrap();
        let (number, other) = if bytes[E_MACHINE] == 183 {
            (62u8, "x86-64")
        } else {
            (183u8, "AArch64")
        };
        bytes[E_MACHINE] = number;
        bytes[E_MACHINE + 1] = 0;
        fs::write(&path, bytes).unwrap();
        other
    }

    /// A Python that has nothing but its standard library.
    fn bare_python(&self) -> PathBuf {
        let home = self.root().join("bare");
        let made = Ran::of(
            Command::new(&*PYTHON)
                .args(["-m", "venv", "--without-pip"])
                .arg(home.as_os_str()),
        );
        made.succeeds("");
        home.join("bin/python3")
    }
}

/// A command that has ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(command: &mut Command) -> Self {
        // What cargo and make told this test must not reach the commands; nor may a setting of
        // the caller's Python.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if ["PYTHON", "CARGO", "MAKE", "MFLAGS"]
                .iter()
                .any(|start| name.starts_with(start))
            {
                command.env_remove(name);
            }
        }
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        Self {
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    #[track_caller]
    fn succeeds(&self, says: &str) -> &Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        assert!(
            self.stdout.contains(says),
            "no {says:?} in {:?}",
            self.stdout
        );
        self
    }
}

/// The Python of the project's `.venv`, which `checker setup` has made.
static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    let ran = Ran::of(
        Command::new(env!("CARGO_BIN_EXE_checker"))
            .arg("setup")
            .current_dir(project()),
    );
    assert_eq!(
        ran.code,
        Some(0),
        "checker setup failed: {}{}",
        ran.stdout,
        ran.stderr
    );
    project().join(".venv/bin/python3")
});

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("checker/ is in the root")
        .to_path_buf()
}

fn demo_folders() -> Vec<String> {
    let mut folders: Vec<String> = fs::read_dir(project())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("c_ext_"))
        .collect();
    folders.sort();
    folders
}

/// Copy a folder without what was built in it, and without the engines' Rust sources.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            let name = entry.file_name();
            if !["build", "rust", "__pycache__"]
                .iter()
                .any(|skipped| name == *skipped)
            {
                copy(&source, &target);
            }
        } else if !is_named_as_built(&source) && !is_built(&fs::read(&source).unwrap()) {
            fs::copy(&source, &target).unwrap();
        }
    }
}

/// Whether a file has the name of a library or an object file: another test may have one made at this moment, and its first bytes are not there yet.
fn is_named_as_built(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "so" || it == "o")
}

/// Whether a file is a program, a library, an object file or an archive, as its first bytes say.
fn is_built(content: &[u8]) -> bool {
    const STARTS: [&[u8]; 8] = [
        b"\x7fELF",
        b"MZ",
        b"!<arch>\n",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
    ];
    STARTS.iter().any(|start| content.starts_with(start))
}
