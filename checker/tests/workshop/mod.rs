//! A private copy of the fixture workshop, and the real binary in it.

#![allow(dead_code, reason = "each file of tests uses its part")]

mod said;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub use said::{Said, copy};

/// The variants of the fixture that need no engine.
pub const STOCK: [&str; 6] = [
    "--backend",
    "stock",
    "--bridge",
    "ctypes",
    "--bridge",
    "ext",
];
/// The participant's file of one exercise.
pub const BRIDGE: &str = "exercise/ctypes_bridge.py";

/// The copy, removed when dropped.
pub struct Workshop {
    pub root: TempDir,
}

impl Workshop {
    pub fn new() -> Workshop {
        let root = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/workshop");
        copy(&fixture, root.path());
        Workshop { root }
    }

    /// One in which both exercises have an open task, and are as they were handed out.
    pub fn unbegun() -> Workshop {
        let shop = Workshop::new();
        shop.edit(
            "solution/ctypes_bridge.py",
            "lib.pair_half.restype = ctypes.c_double\n",
            "# task: half\nlib.pair_half.restype = ctypes.c_double\n# starter:\n# | pass  # TODO 1\n# endtask\n",
        );
        shop.edit(
            "solution/ext/module.c",
            "  return PyFloat_FromDouble(pair_half(x));\n",
            "  // task: half\n  return PyFloat_FromDouble(pair_half(x));\n  // starter:\n  // | return PyFloat_FromDouble(0.0 * x);  // TODO 1\n  // endtask\n",
        );
        shop.run("derive 0.1 --force").must(0, &[]);
        shop
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.root.path().join(file)
    }

    pub fn lesson(&self, file: &str) -> PathBuf {
        self.root.path().join("lessons/lesson-0.1").join(file)
    }

    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.lesson(file)).unwrap();
        assert!(text.contains(from), "{file} does not hold {from:?}");
        fs::write(self.lesson(file), text.replace(from, to)).unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
        command
            .args(args)
            .current_dir(self.root.path())
            .stdin(Stdio::null());
        for name in [
            "CHECKER_ROOT",
            "CHECKER_CACHE",
            "CHECKER_STATE",
            "CHECKER_PYTHON",
            "CHECKER_LANGUAGE",
            "CHECKER_LINKS",
            "CHECKER_PLAIN",
            "CC",
            // There, what differs is not left to be accepted.
            "CI",
            "LANG",
            "LC_ALL",
            "LC_MESSAGES",
            "NO_COLOR",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command of words apart by spaces.
    pub fn run(&self, words: &str) -> Said {
        let args: Vec<&str> = words.split_whitespace().collect();
        Said::from(&self.command(&args).output().unwrap())
    }

    /// Runs the fixture lesson in the variants that need no engine.
    pub fn check(&self) -> Said {
        self.run(&format!("run 0.1 {}", STOCK.join(" ")))
    }
}
