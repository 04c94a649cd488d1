//! `checker run` and its neighbours through the real binary, on a tiny workshop: what each kind of bad input leads to.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod interrupts;
#[path = "workshop/said.rs"]
mod said;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use said::{Said, copy};
use serde_json::Value as Json;
use tempfile::TempDir;

const BOTH: [&str; 8] = [
    "run",
    "lesson-0.1",
    "--backend",
    "stock",
    "--bridge",
    "ctypes",
    "--bridge",
    "ext",
];
const CTYPES: [&str; 6] = [
    "run",
    "lesson-0.1",
    "--backend",
    "stock",
    "--bridge",
    "ctypes",
];
const EXT: [&str; 6] = ["run", "lesson-0.1", "--backend", "stock", "--bridge", "ext"];
const BRIDGE: &str = "exercise/ctypes_bridge.py";
const MODULE: &str = "exercise/ext/module.c";

/// A private copy of the fixture workshop.
struct Workshop {
    root: TempDir,
}

impl Workshop {
    /// The fixture, with the bridges that have no stock backend in this test left out.
    fn new() -> Workshop {
        let root = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/workshop");
        copy(&fixture, root.path());
        Workshop { root }
    }

    fn lesson(&self, file: &str) -> PathBuf {
        self.root.path().join("lessons/lesson-0.1").join(file)
    }

    fn with(self, file: &str, text: impl AsRef<[u8]>) -> Workshop {
        fs::write(self.lesson(file), text).unwrap();
        self
    }

    fn edited(self, file: &str, from: &str, to: &str) -> Workshop {
        let text = fs::read_to_string(self.lesson(file)).unwrap();
        assert!(text.contains(from), "{file} does not hold {from:?}");
        self.with(file, text.replace(from, to))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
        command
            .args(args)
            .env("CHECKER_LANGUAGE", "en")
            .current_dir(self.root.path())
            .stdin(Stdio::null());
        for name in [
            "CHECKER_ROOT",
            "CHECKER_CACHE",
            "CHECKER_PYTHON",
            "CC",
            "NO_COLOR",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command and proves that it left every file of the lessons as it was.
    fn run(&self, args: &[&str]) -> Said {
        self.finish(self.command(args))
    }

    fn finish(&self, mut command: Command) -> Said {
        let before = contents(&self.root.path().join("lessons"));
        let output = command.output().unwrap();
        assert_eq!(
            before,
            contents(&self.root.path().join("lessons")),
            "a file of the participant changed"
        );
        Said::from(&output)
    }

    /// A folder for programs, as the only one on PATH.
    fn path_with(&self, programs: &[(&str, &Path)]) -> PathBuf {
        let folder = self.root.path().join("programs");
        fs::create_dir_all(&folder).unwrap();
        for (name, program) in programs {
            symlink(program, folder.join(name)).unwrap();
        }
        folder
    }
}

/// Every file below a folder by its path; a link by where it leads.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            found.insert(
                path.clone(),
                fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_encoded_bytes(),
            );
        } else if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

fn on_path(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap()
}

/// What the chosen Python says of itself, as `checker` reports it.
fn python_of(workshop: &Workshop) -> Json {
    let mut args = CTYPES.to_vec();
    args.push("--json");
    workshop.run(&args).json()["python"].clone()
}

#[test]
fn a_right_answer_passes_and_is_remembered() {
    let workshop = Workshop::new();
    workshop.run(&BOTH).must(
        0,
        &[
            "ctypes  passed 2/2",
            "ext     passed 3/3",
            "6 of 6 points",
            "with headers",
        ],
    );
    let again = workshop.run(&BOTH);
    again.must(
        0,
        &["6 of 6 points", "answered from the cache, nothing was run"],
    );
    assert_eq!(again.stderr, "");
}

#[test]
fn a_changed_line_runs_only_what_depends_on_it() {
    let workshop = Workshop::new();
    workshop.run(&BOTH).must(0, &[]);
    let workshop = workshop.edited(BRIDGE, "The sum, from C.", "The sum.");
    workshop.run(&BOTH).must(0, &["1 answered from the cache"]);
    let workshop = workshop.edited("solution/ctypes_bridge.py", "The sum, from C.", "The sum.");
    let said = workshop.run(&BOTH);
    said.must(0, &["2 of 2 variants passed"]);
    assert!(
        !said.stdout.contains("cache"),
        "the reference changed, so both depend on it: {}",
        said.stdout
    );
}

#[test]
fn fresh_runs_everything_again() {
    let workshop = Workshop::new();
    workshop.run(&CTYPES).must(0, &[]);
    let said = workshop.run(&[&CTYPES[..], &["--fresh"]].concat());
    said.must(0, &[]);
    assert!(!said.stdout.contains("cache"), "{}", said.stdout);
}

#[test]
fn a_wrong_answer_shows_call_expectation_and_observation_with_types() {
    let workshop = Workshop::new().edited(BRIDGE, "lib.pair_half.restype = ctypes.c_double\n", "");
    workshop.run(&CTYPES).must(
        1,
        &[
            "ctypes/stock: wrong",
            "halves a number",
            "halves(x=1.0)",
            "expected  0.5 (float)",
            "(int)",
            "What does ctypes believe when nothing is declared?",
            "edit lessons/lesson-0.1/exercise/ctypes_bridge.py",
        ],
    );
}

#[test]
fn an_imitation_of_the_hidden_values_fails() {
    let workshop = Workshop::new().edited(BRIDGE, "return lib.pair_add(a, b)", "return 5");
    workshop
        .run(&CTYPES)
        .must(1, &["ctypes/stock: wrong", "values drawn by the checker"]);
}

#[test]
fn an_equal_value_of_another_type_is_wrong() {
    let workshop = Workshop::new().edited(
        BRIDGE,
        "return lib.pair_add(a, b)",
        "return float(lib.pair_add(a, b))",
    );
    workshop
        .run(&CTYPES)
        .must(1, &["expected  5 (int)", "observed  5.0 (float)"]);
}

#[test]
fn a_printed_report_is_not_believed() {
    let forged = "import os, sys\nprint('{\"observed\": {\"int\": \"5\"}}')\nprint('passed')\n\ndef add(a, b):\n    print('ctypes passed 2/2')\n    return None\n\ndef half(x):\n    return None\n";
    Workshop::new()
        .with(BRIDGE, forged)
        .run(&CTYPES)
        .must(1, &["ctypes/stock: wrong", "observed  None (NoneType)"]);
}

#[test]
fn a_crash_is_explained_and_leaves_the_other_variant_graded() {
    let workshop = Workshop::new().edited(
        BRIDGE,
        "return lib.pair_half(x)",
        "return ctypes.string_at(1)",
    );
    workshop.run(&BOTH).must(
        1,
        &[
            "crashed(SIGSEGV) 0/2",
            "passed 3/3",
            "used an address that is not its own",
            "ctypes_bridge.py",
            "Which address did C get?",
        ],
    );
}

#[test]
fn crashes_that_are_alike_are_told_once_and_counted() {
    let crash = "return ctypes.string_at(1)";
    let said = Workshop::new()
        .edited(BRIDGE, "return lib.pair_half(x)", crash)
        .edited(BRIDGE, "return lib.pair_add(a, b)", crash)
        .run(&CTYPES);
    said.must(1, &["[and so at ", " more questions]"]);
    let told = said.stdout.matches("Fatal Python error").count();
    assert_eq!(told, 1, "{}", said.stdout);
}

#[test]
fn a_hang_ends_at_its_limit() {
    let workshop = Workshop::new()
        .edited(BRIDGE, "return lib.pair_half(x)", "while True: pass")
        .edited("lesson.toml", "wall_seconds = 30", "wall_seconds = 4");
    let said = workshop.run(&BOTH);
    said.must(
        1,
        &[
            "timeout 0/2",
            "passed 3/3",
            "longer than its time limit",
            "ctypes_bridge.py",
            "next: Look for a loop that never ends",
        ],
    );
    assert!(
        !said.stdout.contains("Aborted"),
        "it was stopped, it did not abort: {}",
        said.stdout
    );
}

#[test]
fn a_flood_ends_at_its_limit() {
    let workshop = Workshop::new().edited(
        BRIDGE,
        "return lib.pair_half(x)",
        "while True: print('x' * 1000)",
    );
    let said = workshop.run(&BOTH);
    said.must(
        1,
        &[
            "output-limit 0/2",
            "passed 3/3",
            "more output than its limit",
        ],
    );
    assert!(
        said.stdout.len() < 20_000,
        "the report is {} bytes long",
        said.stdout.len()
    );
}

#[test]
fn leaving_at_import_is_no_pass() {
    let workshop = Workshop::new().edited(
        BRIDGE,
        "import ctypes\n",
        "import ctypes, os\nos._exit(0)\n",
    );
    workshop.run(&BOTH).must(
        1,
        &[
            "early-exit 0/2",
            "passed 3/3",
            "exit code 0",
            "next: Look for what ends the process",
        ],
    );
}

#[test]
fn an_import_error_names_the_line() {
    let workshop = Workshop::new().edited(BRIDGE, "libpair.so", "libpear.so");
    workshop.run(&CTYPES).must(
        1,
        &[
            "import-error",
            "lessons/lesson-0.1/exercise/ctypes_bridge.py:6",
            "libpear.so",
        ],
    );
}

#[test]
fn a_python_syntax_error_names_the_line() {
    let workshop = Workshop::new().edited(
        BRIDGE,
        "def add(a: int, b: int) -> int:",
        "def add(a: int, b: int -> int:",
    );
    workshop.run(&CTYPES).must(
        1,
        &[
            "import-error",
            "SyntaxError",
            "lessons/lesson-0.1/exercise/ctypes_bridge.py:13",
        ],
    );
}

#[test]
fn a_c_error_names_the_line() {
    let workshop = Workshop::new().edited(MODULE, "int b;", "int b");
    workshop.run(&EXT).must(
        1,
        &[
            "compile-error 0/3",
            "lessons/lesson-0.1/exercise/ext/module.c:",
            "error:",
        ],
    );
}

#[test]
fn control_characters_of_a_bridge_do_not_reach_the_terminal() {
    let workshop = Workshop::new().edited(
        BRIDGE,
        "return lib.pair_add(a, b)",
        "raise ValueError('\\x1b[2J\\x07gone')",
    );
    let said = workshop.run(&CTYPES);
    said.must(1, &["ValueError", "gone"]);
    assert!(
        !said.stdout.contains('\x1b') && !said.stdout.contains('\x07'),
        "{:?}",
        said.stdout
    );
}

#[test]
fn strange_exercise_files_are_named_and_cost_their_variant_only() {
    let next = "git checkout --";
    type Spoil<'a> = &'a dyn Fn(&Path);
    let strange: [(&str, Spoil, &str); 6] = [
        (
            "missing",
            &|path| fs::remove_file(path).unwrap(),
            "the file is missing",
        ),
        (
            "empty",
            &|path| fs::write(path, "\n\n").unwrap(),
            "the file is empty",
        ),
        (
            "not UTF-8",
            &|path| fs::write(path, b"import ctypes\n# caf\xe9\n").unwrap(),
            "line 2 is not UTF-8 (byte 0xe9)",
        ),
        (
            "too long",
            &|path| fs::write(path, vec![b'#'; 10 << 20]).unwrap(),
            "it has 10485760 bytes",
        ),
        (
            "a folder",
            &|path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            },
            "it is a folder",
        ),
        (
            "a link",
            &|path| {
                fs::remove_file(path).unwrap();
                symlink("/etc/hostname", path).unwrap();
            },
            "leads out of the lesson",
        ),
    ];
    for (name, spoil, message) in strange {
        let workshop = Workshop::new();
        spoil(&workshop.lesson(BRIDGE));
        let said = workshop.run(&BOTH);
        assert_eq!(said.code, Some(4), "{name}: {}{}", said.stdout, said.stderr);
        said.must(
            4,
            &[
                "ctypes_bridge.py",
                message,
                next,
                "skipped 0/2",
                "passed 3/3",
            ],
        );
    }
}

#[test]
fn a_broken_manifest_is_shown_with_its_line() {
    let cases = [
        (
            "minutes = 1\n\n[clib]",
            "minutes = one\n\n[clib]",
            ":6:11",
            "minutes = one",
        ),
        (
            "variants = [\"ext/stock\"]",
            "variants = [\"ext/stick\"]",
            ":27:12",
            "names no variant",
        ),
        (
            "name = \"halves\"",
            "name = \"adds\"",
            "",
            "two [[scenario]] have the name `adds`",
        ),
        (
            "name = \"halves\"",
            "name = \"quarters\"",
            ":44:1",
            "scenarios.py has no function `quarters`",
        ),
        ("i32:-1000..1000", "i33", "", "is no kind of value"),
        (
            "id = \"lesson-0.1\"",
            "id = \"lesson-0.2\"",
            ":2:6",
            "the folder is called `lesson-0.1`",
        ),
        (
            "variants = [\"ext/stock\"]",
            "variants = [\"*/stock\"]",
            "",
            "it can earn points only once",
        ),
        (
            "format_version = 1",
            "format_version = 2",
            ":1:1",
            "this checker reads 1",
        ),
        (
            "wall_seconds",
            "wall_secs",
            ":12:1",
            "unknown field `wall_secs`",
        ),
    ];
    for (from, to, place, problem) in cases {
        let workshop = Workshop::new().edited("lesson.toml", from, to);
        workshop
            .run(&CTYPES)
            .must(4, &["lesson.toml", place, problem, "docs/lesson-format.md"]);
    }
}

#[test]
fn an_unknown_lesson_gets_the_nearest_name() {
    let workshop = Workshop::new();
    workshop.run(&["run", "leson-0.1"]).must(
        4,
        &[
            "no lesson is called `leson-0.1`",
            "did you mean `lesson-0.1`?",
        ],
    );
    workshop
        .run(&["run", "0.11"])
        .must(4, &["did you mean `lesson-0.1`?"]);
    workshop
        .run(&["run", "../lessons/lesson-0.1"])
        .must(4, &["no lesson is called"]);
    workshop
        .run(&["run", "0.1", "--bridge", "ctypes", "--backend", "stock"])
        .must(0, &[]);
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let workshop = Workshop::new();
    workshop
        .run(&["run", "--backend"])
        .must(2, &["a value is required"]);
    workshop
        .run(&["run", "lesson-0.1", "--bridge", "pybind"])
        .must(2, &["ctypes, abi, api, ext"]);
}

#[test]
fn outside_of_a_workshop_it_says_so() {
    let workshop = Workshop::new();
    let mut command = workshop.command(&["list"]);
    command.current_dir("/");
    workshop
        .finish(command)
        .must(3, &["no workshop here", "CHECKER_ROOT"]);
}

#[test]
fn without_python_it_says_what_to_install() {
    let workshop = Workshop::new();
    let mut command = workshop.command(&CTYPES);
    command.env("PATH", workshop.path_with(&[("cc", &on_path("cc"))]));
    workshop.finish(command).must(
        3,
        &[
            "no program `python3` is on PATH",
            "python3-venv",
            "--python PATH",
        ],
    );
}

#[test]
fn an_explicit_python_that_fails_is_an_error() {
    let workshop = Workshop::new();
    workshop
        .run(&[&CTYPES[..], &["--python", "/nowhere/python3"]].concat())
        .must(3, &["--python", "/nowhere/python3", "no such program"]);
    workshop
        .run(&[&CTYPES[..], &["--python", "/bin/false"]].concat())
        .must(3, &["/bin/false", "before it said what it is"]);
    workshop
        .run(&[&CTYPES[..], &["--python", "/bin/echo"]].concat())
        .must(3, &["does not answer as a Python does"]);
    let mut command = workshop.command(&CTYPES);
    command.env("CHECKER_PYTHON", "python-of-nobody");
    workshop.finish(command).must(
        3,
        &["CHECKER_PYTHON", "no program `python-of-nobody` is on PATH"],
    );
    let mut command = workshop.command(&CTYPES);
    command.env("CHECKER_PYTHON", "");
    workshop.finish(command).must(0, &["passed 2/2"]);
}

/// A program that answers the probe as this document says.
fn pretending(workshop: &Workshop, answer: &Json) -> PathBuf {
    let path = workshop.root.path().join("pretending-python");
    fs::write(&path, format!("#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn answer(python: &Json, version: [u32; 3]) -> Json {
    serde_json::json!({
        "executable": python["executable"],
        "version": version,
        "implementation": "cpython",
        "abi_tag": python["abi_tag"],
        "ext_suffix": ".so",
        "include": "/nowhere/include",
        "ensurepip": true,
    })
}

#[test]
fn without_headers_only_what_is_compiled_against_them_is_skipped() {
    let workshop = Workshop::new();
    let python = pretending(&workshop, &answer(&python_of(&workshop), [3, 11, 0]));
    let said = workshop.run(&[&BOTH[..], &["--python", python.to_str().unwrap()]].concat());
    said.must(
        3,
        &[
            "passed 2/2",
            "skipped 0/3",
            "there is no /nowhere/include/Python.h",
            "python3-dev",
            "without headers",
        ],
    );
}

#[test]
fn an_old_or_foreign_python_is_refused() {
    let workshop = Workshop::new();
    let mut described = answer(&python_of(&workshop), [3, 8, 1]);
    let python = pretending(&workshop, &described);
    workshop
        .run(&[&CTYPES[..], &["--python", python.to_str().unwrap()]].concat())
        .must(3, &["Python 3.8.1, too old"]);
    described["implementation"] = "pypy".into();
    let python = pretending(&workshop, &described);
    workshop
        .run(&[&CTYPES[..], &["--python", python.to_str().unwrap()]].concat())
        .must(3, &["is pypy"]);
}

#[test]
fn without_a_compiler_it_says_what_to_install() {
    let workshop = Workshop::new();
    let python = python_of(&workshop)["executable"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = workshop.path_with(&[("python3", Path::new(&python))]);
    let mut command = workshop.command(&CTYPES);
    command.env("PATH", &path);
    workshop.finish(command).must(
        3,
        &[
            "no C compiler",
            "no program `cc` is on PATH",
            "apt install gcc",
        ],
    );
    let mut command = workshop.command(&["doctor"]);
    command.env("PATH", &path);
    workshop
        .finish(command)
        .must(3, &["problem  C compiler", "ok       Python"]);
    let mut command = workshop.command(&CTYPES);
    command.env("CC", "/nowhere/cc -O2");
    workshop
        .finish(command)
        .must(3, &["CC names", "/nowhere/cc -O2", "unset it"]);
}

#[test]
fn a_compiler_is_used_wherever_it_lies_and_refused_by_name_when_it_needs_more() {
    let workshop = Workshop::new();
    let tools = tempfile::tempdir().unwrap();
    fs::set_permissions(tools.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let script = |name: &str, text: String| {
        let path = tools.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let plain = script("plain-cc", "#!/bin/sh\nexec cc \"$@\"\n".to_owned());
    let mut command = workshop.command(&CTYPES);
    command.env("CC", &plain);
    workshop.finish(command).must(0, &["passed"]);
    let hidden = script("parts/cc", "#!/bin/sh\nexec cc \"$@\"\n".to_owned());
    let needy = script(
        "needy-cc",
        format!("#!/bin/sh\nexec {} \"$@\"\n", hidden.display()),
    );
    let mut command = workshop.command(&CTYPES);
    command.env("CC", &needy).env_remove("CHECKER_ISOLATION");
    let said = workshop.finish(command);
    checker::border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
    match checker::border::found_isolation().isolation {
        checker::border::Isolation::None => said.must(0, &["passed"]),
        _ => said.must(3, &["CC names", "needy-cc", "does not start in the box"]),
    };
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let workshop = Workshop::new();
    let mut command = workshop.command(&CTYPES);
    command.env("CHECKER_CACHE", "/dev/null/cache");
    workshop.finish(command).must(
        3,
        &[
            "cannot write to the cache folder /dev/null/cache",
            "CHECKER_CACHE",
        ],
    );
}

#[test]
fn a_read_only_checkout_works_with_a_cache_elsewhere() {
    let workshop = Workshop::new();
    let cache = tempfile::tempdir().unwrap();
    let Some(_mounted) = Mounted::new(
        &["-o", "bind,ro"],
        workshop.root.path(),
        workshop.root.path(),
    ) else {
        return;
    };
    workshop.run(&CTYPES).must(
        3,
        &[
            "cannot write to the cache folder",
            "Read-only file system",
            "CHECKER_CACHE",
        ],
    );
    let mut command = workshop.command(&BOTH);
    command.env("CHECKER_CACHE", cache.path());
    workshop.finish(command).must(0, &["6 of 6 points"]);
}

#[test]
fn a_full_disk_is_named() {
    let workshop = Workshop::new();
    let cache = tempfile::tempdir().unwrap();
    let Some(_mounted) = Mounted::new(
        &["-t", "tmpfs", "-o", "size=8k"],
        Path::new("none"),
        cache.path(),
    ) else {
        return;
    };
    let mut command = workshop.command(&CTYPES);
    command.env("CHECKER_CACHE", cache.path());
    workshop
        .finish(command)
        .must(3, &["No space left on device", "free some space"]);
}

/// A mount that lasts until it is dropped; `None`, with the reason printed, where mounting is not allowed.
struct Mounted(PathBuf);

impl Mounted {
    fn new(options: &[&str], from: &Path, to: &Path) -> Option<Mounted> {
        let output = Command::new("mount")
            .args(options)
            .arg(from)
            .arg(to)
            .output();
        match output {
            Ok(output) if output.status.success() => {
                // A bind mount becomes read-only in a second step only.
                if options.contains(&"bind,ro") {
                    let remounted = Command::new("mount")
                        .args(["-o", "remount,bind,ro"])
                        .arg(to)
                        .status();
                    assert!(remounted.unwrap().success());
                }
                Some(Mounted(to.to_owned()))
            }
            Ok(output) => {
                eprintln!(
                    "skipped, mounting is not allowed here: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
                None
            }
            Err(error) => {
                eprintln!("skipped, there is no `mount`: {error}");
                None
            }
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(
            unmounted.unwrap().success(),
            "{} stays mounted",
            self.0.display()
        );
    }
}

/// A workshop that pins packages, so that a run needs a virtual environment.
fn pinning(requirements: &str) -> Workshop {
    let workshop = Workshop::new();
    fs::write(workshop.root.path().join("requirements.lock"), requirements).unwrap();
    workshop
}

#[test]
fn an_environment_of_somebody_else_is_left_alone() {
    let workshop = pinning("# nothing\n");
    let theirs = workshop.root.path().join(".venv");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("pyvenv.cfg"), "theirs").unwrap();
    workshop.run(&CTYPES).must(0, &["passed 2/2"]);
    assert_eq!(
        contents(&theirs).len(),
        1,
        "something was written into .venv"
    );
    let own = contents(&workshop.root.path().join("target/checker/venvs"));
    assert!(own.keys().any(|path| path.ends_with("pyvenv.cfg")));
}

#[test]
fn an_interrupted_set_up_is_done_again_when_the_rest_of_it_has_ended() {
    let workshop = pinning("# nothing\n");
    let venv = workshop.root.path().join(".venv");
    let may_end = workshop.root.path().join("may-end");
    // A set-up that takes as long as the test wants, and works on when its checker is killed.
    let slow = workshop.root.path().join("programs/uv");
    let script = format!(
        "#!/bin/sh\nfor folder; do :; done\n: > \"$folder/pyvenv.cfg\"\n\
         until [ -e {} ]; do sleep 0.05; done\nexit 1\n",
        may_end.display()
    );
    fs::create_dir(slow.parent().unwrap()).unwrap();
    fs::write(&slow, script).unwrap();
    fs::set_permissions(&slow, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut child = workshop
        .command(&CTYPES)
        .env(
            "PATH",
            format!("{}:{path}", slow.parent().unwrap().display()),
        )
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(|| venv.join("pyvenv.cfg").exists().then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut second = workshop
        .command(&CTYPES)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(second.try_wait().unwrap().is_none());
    assert!(!venv.join("bin").exists(), "two make the same environment");
    fs::write(may_end, "").unwrap();
    Said::from(&second.wait_with_output().unwrap()).must(0, &["passed 2/2"]);
    assert!(venv.join(".checker.json").exists());
}

#[test]
fn without_network_and_packages_it_says_so() {
    let hash = "0".repeat(64);
    let workshop = pinning(&format!("cffi==1.0.0 --hash=sha256:{hash}\n"));
    let mut command = workshop.command(&CTYPES);
    command
        .env("PIP_NO_INDEX", "1")
        .env_remove("PIP_FIND_LINKS");
    workshop.finish(command).must(
        3,
        &[
            "cannot set up the virtual environment .venv",
            "no network",
            "connect once",
            "skipped 0/2",
        ],
    );
}

#[test]
fn a_library_for_another_machine_is_named_and_not_used() {
    let mut header = vec![0_u8; 64];
    header[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    header[16] = 3; // a shared library
    header[18] = if cfg!(target_arch = "aarch64") {
        62
    } else {
        183
    };
    header[20] = 1;
    header[52] = 64;
    let workshop = Workshop::new().with("exercise/libpair.so", &header);
    workshop.run(&CTYPES).must(
        0,
        &[
            "passed 2/2",
            "note: lessons/lesson-0.1/exercise/libpair.so is built for",
            "this machine is",
        ],
    );
}

#[test]
fn a_damaged_cache_is_made_again() {
    let workshop = Workshop::new();
    workshop.run(&BOTH).must(0, &[]);
    for (path, bytes) in contents(&workshop.root.path().join("target")) {
        if !path.ends_with("lock") {
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }
    }
    workshop.run(&BOTH).must(0, &["6 of 6 points"]);
}

#[test]
fn two_checkers_at_once_do_not_disturb_each_other() {
    let workshop = Workshop::new();
    let start = || {
        workshop
            .command(&BOTH)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let both = [start(), start()];
    for checker in both {
        Said::from(&checker.wait_with_output().unwrap()).must(0, &["6 of 6 points"]);
    }
}

#[test]
fn nothing_is_left_in_the_work_folder() {
    let workshop = Workshop::new().edited(
        BRIDGE,
        "return lib.pair_half(x)",
        "return ctypes.string_at(1)",
    );
    workshop.run(&BOTH).must(1, &[]);
    let work = workshop.root.path().join("target/checker/work");
    assert_eq!(fs::read_dir(work).unwrap().count(), 0);
}

#[test]
fn a_wrong_choice_in_a_quiz_is_explained() {
    let workshop = Workshop::new().with("exercise/choices.toml", "plugin = \"ctypes\"\n");
    workshop.run(&BOTH).must(
        1,
        &[
            "Which bridge: 0 of 1 points",
            "`ctypes` is not the best choice",
            "it costs most for each call",
        ],
    );
    let workshop = workshop.with("exercise/choices.toml", "plugin = \n");
    workshop.run(&BOTH).must(4, &["choices.toml", "line 1"]);
}

#[test]
fn json_has_stable_names() {
    let workshop = Workshop::new().edited(BRIDGE, "return lib.pair_half(x)", "return None");
    let document = workshop.run(&[&CTYPES[..], &["--json"]].concat()).json();
    assert_eq!(document["schema_version"], 1);
    let lesson = &document["lessons"][0];
    assert_eq!(
        (lesson["id"].as_str(), lesson["passed"].as_bool()),
        (Some("lesson-0.1"), Some(false))
    );
    let variant = &lesson["variants"][0];
    assert_eq!(variant["variant"], "ctypes/stock");
    assert_eq!(variant["verdict"], "wrong");
    let scenario = variant["scenarios"].as_array().unwrap().last().unwrap();
    assert_eq!(scenario["expected"], "0.5");
    assert_eq!(scenario["observed"], "None");
    let error = workshop.run(&["run", "lesson-9.9", "--json"]).json();
    assert_eq!(error["error"]["kind"], "unknown-lesson");
}

#[test]
fn every_name_of_the_json_is_documented() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/checker.md");
    let docs = fs::read_to_string(docs).unwrap();
    let workshop = Workshop::new()
        .edited(BRIDGE, "return lib.pair_half(x)", "raise ValueError('x')")
        .with("exercise/choices.toml", "plugin = \"ctypes\"\n");
    fs::remove_file(workshop.lesson(MODULE)).unwrap();
    let documents = [
        workshop.run(&[&BOTH[..], &["--json"]].concat()).json(),
        workshop.run(&["list", "--json"]).json(),
        workshop.run(&["doctor", "--json"]).json(),
        workshop.run(&["run", "lesson-9.9", "--json"]).json(),
    ];
    let mut names = BTreeSet::new();
    documents
        .iter()
        .for_each(|document| collect_names(document, &mut names));
    assert!(
        names.contains("diagnostics") && names.contains("findings"),
        "{names:?}"
    );
    // The names of limits are those of lesson.toml.
    let of_limits = ["wall_seconds", "memory_mib", "output_kib", "processes"];
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !of_limits.contains(&name.as_str()) && !docs.contains(&format!("`{name}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/checker.md does not tell of {missing:?}"
    );
}

fn collect_names(json: &Json, names: &mut BTreeSet<String>) {
    match json {
        Json::Object(object) => object.iter().for_each(|(name, value)| {
            names.insert(name.clone());
            collect_names(value, names);
        }),
        Json::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        _ => {}
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let workshop = Workshop::new();
    workshop.run(&CTYPES).must(0, &[]);
    let mut child = workshop
        .command(&CTYPES)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(stderr, "");
}

#[test]
fn an_interrupt_ends_everything_that_was_started() {
    let workshop = Workshop::new().edited(BRIDGE, "return lib.pair_half(x)", "while True: pass");
    let child = interrupts::heard_by(&mut workshop.command(&CTYPES))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let driver = wait_for(|| process_at_home_below(workshop.root.path()));
    kill(
        Pid::from_raw(child.id().try_into().unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    Said::from(&child.wait_with_output().unwrap()).must(130, &["interrupted"]);
    let gone = || (!driver.exists()).then_some(());
    wait_for(gone);
    // What the checker could not remove in its last moments, the supervisor does.
    let work = workshop.root.path().join("target/checker/work");
    wait_for(|| (fs::read_dir(&work).unwrap().count() == 0).then_some(()));
}

/// The folder in /proc of a process whose home lies below this folder, as that of every driver does. What ids it knows
/// of itself says nothing outside of its box.
fn process_at_home_below(folder: &Path) -> Option<PathBuf> {
    let home = format!("HOME={}/", folder.display());
    let processes = fs::read_dir("/proc")
        .unwrap()
        .map(|entry| entry.unwrap().path());
    processes.into_iter().find(|process| {
        fs::read(process.join("environ")).is_ok_and(|environment| {
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable.starts_with(home.as_bytes()))
        })
    })
}

/// Asks until there is an answer, for half a minute at most.
#[track_caller]
fn wait_for<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "waited for half a minute"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
