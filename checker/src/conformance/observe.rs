//! One file of a suite in a process of its own, on stock or on the engine, with limits.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::heard::Heard;
use super::place::Place;
use super::plan::Suite;
use crate::border::{self, Access, Ended, Ending, Job};
use crate::build::store::{Key, write_atomically};
use crate::build::tools::Tools;
use crate::build::{self, output_of};
use crate::lesson::Limits;
use crate::python::probe;

/// The program that runs the file.
const CHILD: &str = include_str!("child.py");

/// Generous, because these tests are meant to pass, but finite, because an engine may hang. The longest compile
/// hundreds of small extension modules.
const LIMITS: Limits = Limits {
    wall_seconds: 1200,
    memory_mib: 8192,
    output_kib: 16 * 1024,
    processes: 512,
    cpu_seconds: Some(2400),
    open_files: 1024,
    file_mib: 2048,
    disk_mib: 4096,
};

/// Which side runs the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The interpreter's own module, or the installed cffi.
    Stock,
    /// Our engine in its place.
    Engine,
}

/// Runs one file. What stock says is remembered, unless it broke off; `fresh` asks it again.
///
/// # Errors
/// When the process cannot be started, or the cache cannot be written. How it ends is never an error.
pub fn observe(
    tools: &Tools,
    suite: &Suite,
    place: &Place,
    file: &str,
    side: Side,
    fresh: bool,
) -> anyhow::Result<Heard> {
    let memory = memory(tools, suite, place, file)?;
    if side == Side::Stock
        && !fresh
        && let Some(heard) = fs::read(&memory)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
    {
        return Ok(heard);
    }
    let heard = run(tools, suite, place, file, side)?;
    if side == Side::Stock && heard.broken.is_none() {
        write_atomically(&memory, &serde_json::to_vec(&heard)?)
            .map_err(|cause| crate::errors::ExpectedError::cache(&memory, cause))?;
    }
    Ok(heard)
}

fn run(
    tools: &Tools,
    suite: &Suite,
    place: &Place,
    file: &str,
    side: Side,
) -> anyhow::Result<Heard> {
    let scratch = tools.scratch()?;
    let program = scratch.write("child.py", CHILD.as_bytes())?;
    let report = scratch.path().join("report.jsonl");
    let temporary = scratch.path().join("tmp");
    fs::create_dir(&temporary)?;
    let order = json!({
        "runner": suite.runner.name(),
        "target": file,
        "engines": if side == Side::Engine { &suite.engines[..] } else { &[] },
        "needs": suite.needs,
        "report": report,
    });
    let mut env = build::environment();
    env.retain(|(name, _)| name != "TMPDIR");
    env.push(("TMPDIR".into(), temporary.clone().into()));
    env.push(("PYTHONDONTWRITEBYTECODE".into(), "1".into()));
    let ended = border::run(&Job {
        program: place.venv.python.clone(),
        args: vec![program.into(), OsString::from(order.to_string())],
        env,
        cwd: place.folder.clone(),
        limits: LIMITS,
        access: Access {
            trusted: true,
            ..Access::default()
        },
    })?;
    let text = fs::read(&report).unwrap_or_default();
    Ok(Heard::read(&String::from_utf8_lossy(&text), ending(&ended)))
}

/// How a process ended, in words, unless it ended as it should.
fn ending(ended: &Ended) -> Option<String> {
    match ended.ending {
        Ending::Exited(0) => None,
        Ending::Exited(code) => {
            let said = output_of(ended);
            let last = said
                .lines()
                .rev()
                .find(|line| !line.trim().is_empty())
                .unwrap_or("it says nothing");
            Some(format!("it ended with exit code {code}: {}", last.trim()))
        }
        Ending::Signaled(number) => {
            Some(format!("it was ended by {}", border::signal_name(number)))
        }
        Ending::Stopped(limit) => Some(format!("it was stopped at a limit ({limit:?})")),
        Ending::Dismissed => Some("it was dismissed".to_owned()),
    }
}

/// The file that keeps what stock said: named by everything that the answer depends on.
fn memory(tools: &Tools, suite: &Suite, place: &Place, file: &str) -> anyhow::Result<PathBuf> {
    let stamp = probe::stamp(&tools.python.executable).map_err(anyhow::Error::msg)?;
    let source = fs::read(place.folder.join(file)).unwrap_or_default();
    let key = Key::of("conformance 1")
        .text(CHILD)
        .text(&stamp)
        .text(&place.lock)
        .text(&place.folder.to_string_lossy())
        .text(suite.runner.name())
        .text(file)
        .bytes(&source)
        .finish();
    Ok(tools
        .workspace
        .cache_folder("conformance/stock")?
        .join(format!("{key}.json")))
}
