//! `checker inspect`.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::build::compiler::Compiler;
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::flow::course;
use crate::inspect::compare::{self, Comparison};
use crate::inspect::file::{self, File};
use crate::inspect::lesson::{self, Inspection, Outcome, Subject};
use crate::inspect::page::Page;
use crate::inspect::types::{Function, RecordId, Side};
use crate::inspect::{debug_info, draw, json as documents, of_cdef, of_ctypes, of_rust};
use crate::judge::inputs;
use crate::lesson::Sources;
use crate::message;
use crate::python::choose;
use crate::variant::{Backend, Bridge, Variant};
use crate::workspace::Workspace;
use crate::{exit, output, report, words};

/// How many functions and structs of a file are shown before the rest is counted.
const FUNCTIONS: usize = 40;
const RECORDS: usize = 12;

/// Show what a built file holds, and whether what a bridge declares agrees with it: structs field by field, signatures.
///
/// Of a file: machine, needed libraries, symbols and, from its debug information, functions and structs with their
/// padding. Of a lesson: its C library, and each bridge's declarations beside it; exit code 1 when one disagrees.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A shared library, extension module, object file or program; or a lesson, for example lesson-7.3; the lesson where you
    /// are when none is named.
    #[arg(value_name = "FILE|LESSON")]
    subject: Option<PathBuf>,
    /// Of a file: compare it with what this bridge declares (.py or .rs); exit code 1 when they disagree.
    #[arg(long, value_name = "BRIDGE", requires = "subject", conflicts_with_all = ["solution", "bridge", "backend"])]
    against: Option<PathBuf>,
    /// Of a file: show this struct or union; may be given more than once.
    #[arg(long = "struct", value_name = "NAME", requires = "subject", conflicts_with_all = ["against", "solution", "bridge", "backend"])]
    structs: Vec<String>,
    /// Of a lesson: look at the reference solution instead of the exercise files.
    #[arg(long)]
    solution: bool,
    /// Of a lesson: only this bridge; may be given more than once.
    #[arg(long, value_enum)]
    bridge: Vec<Bridge>,
    /// Of a lesson: only this backend.
    #[arg(long, value_enum)]
    backend: Option<Backend>,
}

/// Reads a file or a lesson, and prints what was found.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    match &args.subject {
        None => of_lesson(None, args, global),
        Some(subject) => match name_of_lesson(subject) {
            None => of_file(subject, args, global),
            Some(name) => of_lesson(Some(&name), args, global),
        },
    }
}

/// A word that is no existing file and could be the name of a lesson.
fn name_of_lesson(subject: &Path) -> Option<String> {
    let name = subject.to_str()?;
    let number = name.strip_prefix("lesson-").unwrap_or(name);
    let numbered = number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let named = name.starts_with("lesson-") && !name.contains(['/', '\\']);
    (!subject.is_file() && (numbered || named)).then(|| name.to_owned())
}

fn of_file(subject: &Path, args: &Args, global: &Global) -> anyhow::Result<u8> {
    if args.solution || !args.bridge.is_empty() || args.backend.is_some() {
        return Err(ExpectedError::UnusableFile {
            path: subject.to_owned(),
            problem: message!("inspect-options-of-lessons"),
            next: message!("inspect-options-of-lessons-next"),
        }
        .into());
    }
    let file = File::read(subject)?;
    if let Some(bridge) = &args.against {
        return of_pair(subject, &file, bridge, global);
    }
    let read = debug_info::read(&file.data);
    if let (Err(missing), false) = (&read, args.structs.is_empty()) {
        return Err(file::no_debug_info(subject, missing).into());
    }
    let side = read.as_ref().ok();
    let functions = side.map_or_else(Vec::new, |side| offered(&file, side));
    let records = match side {
        None => Vec::new(),
        Some(side) if args.structs.is_empty() => lesson::reachable(side, functions.iter().copied()),
        Some(side) => asked(side, &args.structs, subject)?,
    };
    if global.json {
        let mut document = file.document();
        document["schema_version"] = json!(report::SCHEMA_VERSION);
        document["debug_information"] = match &read {
            Ok(_) => json!({ "found": true }),
            Err(missing) => {
                let (problem, next) = file::debug_info_words(missing);
                json!({ "found": false, "message": problem.english(), "next": next.english() })
            }
        };
        let all = functions.iter().map(|it| documents::function(it));
        document["functions"] = all.collect();
        let all = records
            .iter()
            .filter_map(|id| Some(documents::record(side?, *id)));
        document["structs"] = all.collect();
        output::json(&document)?;
        return Ok(exit::PASSED);
    }
    let mut page = Page::for_output();
    if args.structs.is_empty() {
        file.describe(&mut page);
        match &read {
            Err(missing) => {
                let (problem, next) = file::debug_info_words(missing);
                page.row("types", 10, &format!("{problem}; next: {next}"));
            }
            Ok(_) => show_functions(&mut page, &functions),
        }
    }
    if let Some(side) = side {
        for id in records.iter().take(RECORDS.max(args.structs.len())) {
            page.gap();
            draw::record(&mut page, side, *id);
        }
        if let Some(more @ 1..) = records.len().checked_sub(RECORDS)
            && args.structs.is_empty()
        {
            page.words(
                2,
                &format!(
                    "and {}; --struct NAME shows one, --json all",
                    file::counted(more, "more struct")
                ),
            );
        }
    }
    output::result(&page.finish())?;
    Ok(exit::PASSED)
}

/// The functions that others can call, in the order of their names.
fn offered<'a>(file: &File, side: &'a Side) -> Vec<&'a Function> {
    // An object file that was never linked has no list of exports; what it defines for others counts there.
    let exported = |name: &str| {
        !file.contents.shared
            || file
                .symbols
                .binary_search_by(|it| it.name.as_str().cmp(name))
                .is_ok()
    };
    let functions = side.functions.iter();
    let mut found: Vec<&Function> = functions
        .filter(|it| it.defined && exported(&it.name))
        .collect();
    found.sort_by(|one, two| one.name.cmp(&two.name));
    found.dedup_by(|one, two| one.name == two.name);
    found
}

fn asked(side: &Side, names: &[String], path: &Path) -> Result<Vec<RecordId>, ExpectedError> {
    let mut found = Vec::new();
    for name in names {
        let plain = name
            .trim_start_matches("struct ")
            .trim_start_matches("union ");
        let ids = side.named(plain);
        let defined = ids.iter().find(|id| side.record(**id).defined);
        found.push(*defined.ok_or_else(|| ExpectedError::UnusableFile {
            path: path.to_owned(),
            problem: match ids.is_empty() {
                true => message!("inspect-no-record", name = plain),
                false => message!("inspect-opaque-record", name = plain),
            },
            next: message!("inspect-no-record-next"),
        })?);
    }
    Ok(found)
}

fn show_functions(page: &mut Page, functions: &[&Function]) {
    let count = file::counted(functions.len(), "function");
    page.row("types", 10, &format!("debug information tells {count}"));
    for function in functions.iter().take(FUNCTIONS) {
        page.words(4, &file::safe(&compare::prototype(function)));
    }
    if let Some(more @ 1..) = functions.len().checked_sub(FUNCTIONS) {
        page.words(4, &format!("and {more} more; --json lists all"));
    }
}

fn of_pair(subject: &Path, file: &File, bridge: &Path, global: &Global) -> anyhow::Result<u8> {
    let real =
        debug_info::read(&file.data).map_err(|missing| file::no_debug_info(subject, &missing))?;
    let folder = bridge.parent().filter(|it| *it != Path::new(""));
    let bytes = inputs::read(folder.unwrap_or(Path::new(".")), bridge).map_err(not_a_bridge)?;
    let text = String::from_utf8_lossy(&bytes);
    let shown = crate::errors::shown(bridge);
    let declared = match bridge.extension().and_then(|it| it.to_str()) {
        Some("rs") => of_rust::read(&shown, &text),
        Some("py") => of_python(&shown, &text, &real),
        _ => {
            return Err(ExpectedError::UnusableFile {
                path: bridge.to_owned(),
                problem: message!("inspect-no-bridge"),
                next: message!("inspect-no-bridge-next"),
            }
            .into());
        }
    };
    let done = compare::compare(&real, &declared);
    if global.json {
        let mut document = documents::comparison(&real, &declared, &done);
        document["schema_version"] = json!(report::SCHEMA_VERSION);
        document["file"] = json!(file.shown);
        document["bridge"] = json!(shown);
        output::json(&document)?;
    } else {
        let mut page = Page::for_output();
        page.words(
            0,
            &format!(
                "{shown} beside {}: {}",
                file.shown,
                verdict(&declared, &done)
            ),
        );
        draw::comparison(&mut page, &real, &declared, &done);
        output::result(&page.finish())?;
    }
    Ok(match done.agrees() {
        true => exit::PASSED,
        false => exit::NOT_PASSED,
    })
}

/// The same error with a step that fits a file that need not be of a lesson.
fn not_a_bridge(error: ExpectedError) -> ExpectedError {
    match error {
        ExpectedError::UnusableFile { path, problem, .. } => ExpectedError::UnusableFile {
            path,
            problem,
            next: message!("inspect-name-bridge-next"),
        },
        other => other,
    }
}

/// What a file declares, through whichever of the two bridges it is written for.
fn of_python(shown: &str, text: &str, real: &Side) -> Side {
    let cdefs = of_cdef::read(shown, text);
    let declares = |side: &Side| !side.functions.is_empty() || !side.records.is_empty();
    if declares(&cdefs) || !cdefs.remarks.is_empty() {
        return cdefs;
    }
    of_ctypes::read(shown, text, real)
}

fn verdict(declared: &Side, done: &Comparison) -> String {
    let nothing = declared.functions.is_empty() && !declared.records.iter().any(|it| it.defined);
    match done.faults() {
        0 if nothing => "declares nothing".to_owned(),
        0 if done.functions.is_empty() && done.records.is_empty() => {
            "declares nothing of the C library's".to_owned()
        }
        0 => "agrees".to_owned(),
        faults => format!("DISAGREES, {}", file::counted(faults, "wrong declaration")),
    }
}

fn of_lesson(name: Option<&str>, args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let found = course::meant(&workspace, name)?;
    if args.against.is_some() || !args.structs.is_empty() {
        return Err(ExpectedError::UnusableFile {
            path: found.folder,
            problem: message!("inspect-options-of-files"),
            next: message!("inspect-options-of-files-next"),
        }
        .into());
    }
    let python = choose::choose(&workspace, global.python.as_deref())?;
    let compiler = Compiler::find(&workspace)?;
    let tools = Tools::new(workspace, python, compiler);
    let sources = match args.solution {
        true => Sources::Solution,
        false => Sources::Exercise,
    };
    let asked = |it: &Variant| {
        (args.bridge.is_empty() || args.bridge.contains(&it.bridge))
            && args.backend.is_none_or(|backend| backend == it.backend)
    };
    let variants: Vec<Variant> = Variant::all().filter(asked).collect();
    let inspection = lesson::inspect(&tools, &found, &sources, &variants)?;
    if global.json {
        output::json(&document(&inspection, name_of(&sources)))?;
    } else {
        let mut page = Page::for_output();
        inspection.library.describe(&mut page);
        for subject in &inspection.subjects {
            page.gap();
            show(&mut page, &inspection, subject);
        }
        output::result(&page.finish())?;
    }
    Ok(exit_code(&inspection))
}

fn name_of(sources: &Sources) -> &'static str {
    match sources {
        Sources::Solution => "solution",
        _ => "exercise",
    }
}

/// A file that cannot be used comes first, then a declaration that is wrong.
fn exit_code(inspection: &Inspection) -> u8 {
    let unusable = inspection.subjects.iter().find_map(|it| match &it.outcome {
        Outcome::Unusable(error) => Some(error.exit_code()),
        _ => None,
    });
    match unusable {
        Some(code) => code,
        None if inspection.subjects.iter().any(Subject::disagrees) => exit::NOT_PASSED,
        None => exit::PASSED,
    }
}

fn variants(subject: &Subject) -> String {
    let names: Vec<String> = subject.variants.iter().map(ToString::to_string).collect();
    names.join(", ")
}

fn show(page: &mut Page, inspection: &Inspection, subject: &Subject) {
    let head = |page: &mut Page, verdict: &str| {
        page.words(0, &format!("{}: {verdict}", variants(subject)));
        page.words(2, &subject.shown);
    };
    match &subject.outcome {
        Outcome::Compared {
            declared,
            real,
            done,
        } => {
            head(page, &verdict(declared, done));
            let real = real.as_ref().unwrap_or(&inspection.real);
            draw::comparison(page, real, declared, done);
        }
        Outcome::NoBuild(_) => {
            head(page, "does not compile");
            let lesson = "`checker run` shows what the compiler says";
            page.words(2, lesson);
        }
        Outcome::Unusable(error) => {
            head(page, "cannot be read");
            page.words(2, &error.to_string());
            page.words(2, &words!("run-next", step = error.next_step()));
        }
    }
}

fn document(inspection: &Inspection, sources: &str) -> serde_json::Value {
    let subjects = inspection.subjects.iter().map(|subject| {
        let mut entry = match &subject.outcome {
            Outcome::Compared {
                declared,
                real,
                done,
            } => {
                let real = real.as_ref().unwrap_or(&inspection.real);
                documents::comparison(real, declared, done)
            }
            Outcome::NoBuild(output) => json!({
                "problem": { "kind": "compile-error", "message": output, "next": "`checker run` shows it at its place" },
            }),
            Outcome::Unusable(error) => json!({
                "problem": { "kind": error.kind(), "message": error.message().english(), "next": error.next_step().english() },
            }),
        };
        entry["variants"] = subject.variants.iter().map(ToString::to_string).collect();
        entry["file"] = json!(subject.shown);
        entry
    });
    json!({
        "schema_version": report::SCHEMA_VERSION,
        "sources": sources,
        "library": inspection.library.document(),
        "bridges": subjects.collect::<Vec<_>>(),
    })
}
