//! Runs the measuring program: once for all variants in turn, or once for each under a counter of instructions.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::Parts;
use super::rows::{Gil, Per, Row};
use crate::python::probe;
use crate::variant::Variant;

/// How large the large arguments are.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Sizes {
    /// Items of the long list.
    pub list: u32,
    /// Calls from C into Python in one call.
    pub callback: u32,
    /// Numbers to sort.
    pub sort: u32,
}

impl Sizes {
    /// For timing.
    pub const FULL: Sizes = Sizes {
        list: 1_000_000,
        callback: 100,
        sort: 10_000,
    };
    /// For counting, where a hundredth of the work gives the same figure.
    pub const SMALL: Sizes = Sizes {
        list: 10_000,
        callback: 100,
        sort: 1_000,
    };
}

/// One figure as the program gives it: for one call, whatever the row's figure is per.
#[derive(Clone, Debug, Deserialize)]
pub struct Figure {
    /// The row.
    pub row: String,
    /// The variant's name; empty for the empty loop.
    pub variant: String,
    /// What happens to the GIL, where a C function is called.
    pub gil: Option<Gil>,
    /// Nanoseconds; none where instructions are counted outside.
    pub value: Option<f64>,
}

/// A row that a variant could not do.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
pub struct Failed {
    /// The row.
    pub row: String,
    /// The variant's name.
    pub variant: String,
    /// What happens to the GIL, where a C function is called.
    pub gil: Option<Gil>,
    /// The exception.
    pub error: String,
}

/// What the program answers.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// The figures, in the order in which they were measured.
    pub cells: Vec<Figure>,
    /// What did not work.
    pub failures: Vec<Failed>,
    /// How often qsort compared.
    pub comparisons: u32,
}

impl Answer {
    /// What the figure of one call is divided by.
    pub fn items(&self, per: Per, sizes: Sizes) -> f64 {
        f64::from(match per {
            Per::Call => 1,
            Per::Item => sizes.list,
            Per::Callback => sizes.callback,
            Per::Comparison => self.comparisons.max(1),
        })
    }
}

/// What to ask the program for.
#[derive(Debug)]
pub struct Request {
    /// `time`, `count` or `stamp`.
    pub what: &'static str,
    /// The rows.
    pub rows: Vec<(&'static Row, u32)>,
    /// The variants, all in one process.
    pub variants: Vec<Variant>,
    /// How large the large arguments are.
    pub sizes: Sizes,
    /// How often each cell is timed.
    pub rounds: u32,
    /// Whether rust_ctypes stands in for ctypes.
    pub install: bool,
}

impl Request {
    /// As the program takes it.
    pub fn document(&self, parts: &Parts) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|(row, calls)| json!({"name": row.name, "calls": calls, "crosses": row.crosses}))
            .collect();
        let variants: Vec<String> = self.variants.iter().map(Variant::to_string).collect();
        json!({
            "do": self.what,
            "paths": parts.paths,
            "library": parts.library,
            "rows": rows,
            "variants": variants,
            "sizes": self.sizes,
            "rounds": self.rounds,
            "install": self.install,
        })
    }
}

/// Python without site-packages of its own, with nothing from our environment, and with a fixed order of sets.
fn python(mut command: Command, program: &Path, request: &Value) -> Command {
    command
        .args(["-s", "-S", "-B"])
        .arg(program)
        .arg(request.to_string())
        .env("PYTHONHASHSEED", "0")
        // NumPy's own threads would only disturb.
        .env("OPENBLAS_NUM_THREADS", "1")
        .stdin(Stdio::null());
    command
}

/// Runs a program of the bench and returns what it writes.
///
/// # Errors
/// When it ends early.
pub fn run(interpreter: &Path, program: &Path, request: &Value) -> anyhow::Result<String> {
    output(python(
        probe::quiet(Command::new(interpreter)),
        program,
        request,
    ))
}

/// The same under callgrind; the counts are written to `folder`, one file for each mark.
///
/// # Errors
/// When it ends early.
pub fn run_counted(
    valgrind: &Path,
    interpreter: &Path,
    program: &Path,
    request: &Value,
    folder: &Path,
) -> anyhow::Result<String> {
    let mut command = probe::quiet(Command::new(valgrind));
    command
        .args(["--quiet", "--tool=callgrind", "--dump-line=no"])
        .arg("--dump-before=bench_mark")
        .arg(format!(
            "--callgrind-out-file={}",
            folder.join("counts").display()
        ))
        .arg(interpreter);
    output(python(command, program, request))
}

fn output(mut command: Command) -> anyhow::Result<String> {
    let ended = command
        .output()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    if !ended.status.success() {
        let why = String::from_utf8_lossy(&ended.stderr);
        bail!("measuring ended with {}\n{said}{why}", ended.status);
    }
    Ok(said)
}

/// The program that measures rows.
pub fn measure(parts: &Parts) -> PathBuf {
    parts.programs.path().join("measure.py")
}

/// The program that makes one first call.
pub fn first_call(parts: &Parts) -> PathBuf {
    parts.programs.path().join("first_call.py")
}
