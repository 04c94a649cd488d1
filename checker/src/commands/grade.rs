//! `checker grade`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::border::{self, Isolation};
use crate::build::compiler::Compiler;
use crate::build::store::write_atomically;
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::errors::{self, ExpectedError};
use crate::judge::report::LessonReport;
use crate::judge::{self, Order, Proof};
use crate::lesson::{Lesson, Sources};
use crate::python::choose;
use crate::report::{self, json as document};
use crate::variant::{Backend, Bridge, Variant};
use crate::verdict::Verdict;
use crate::workspace::Workspace;
use crate::{catalogue, exit, output};

/// Grade what was handed in: folders of the form of a lesson's `exercise/`, against the lesson's own tests.
///
/// Writes one JSON report for each folder and `summary.json`. Nothing is answered from the cache, every variant has to
/// prove that it calls C, and less isolation than `--isolation` asks for is refused.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders that were handed in.
    #[arg(required = true, value_name = "FOLDER")]
    submissions: Vec<PathBuf>,
    /// The lesson, for example lesson-7.3 or 7.3.
    #[arg(long, value_name = "LESSON")]
    lesson: String,
    /// Where the reports go.
    #[arg(long, value_name = "FOLDER", default_value = "grades")]
    out: PathBuf,
    /// Only this bridge; may be given more than once.
    #[arg(long, value_enum)]
    bridge: Vec<Bridge>,
    /// Only this backend.
    #[arg(long, value_enum)]
    backend: Option<Backend>,
}

/// Grades one folder after the other; a folder that cannot be read costs nobody else anything.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let lesson = catalogue::find(&workspace, &args.lesson)?;
    let isolation = enough_isolation()?;
    let python = choose::choose(&workspace, global.python.as_deref())?;
    let compiler = Compiler::find(&workspace)?;
    let tools = Tools::new(workspace, python, compiler);
    let mut names = HashSet::new();
    let mut entries = Vec::new();
    for (index, folder) in args.submissions.iter().enumerate() {
        let name = name_of(folder, &mut names);
        let entry = grade(&tools, &lesson, args, folder, index == 0, &name)?;
        if !global.json {
            output::result(&line(&entry))?;
        }
        entries.push(entry);
    }
    let summary = json!({
        "schema_version": report::SCHEMA_VERSION,
        "lesson": lesson.manifest.id,
        "isolation": isolation.name(),
        "submissions": entries,
    });
    write(&args.out.join("summary.json"), &summary)?;
    if global.json {
        output::json(&summary)?;
    }
    let all = |key: &str| entries.iter().all(|entry| entry[key] == true);
    Ok(if !all("graded") {
        exit::INTERNAL
    } else if all("passed") {
        exit::PASSED
    } else {
        exit::NOT_PASSED
    })
}

/// Refuses to work with less than was asked for.
fn enough_isolation() -> Result<Isolation, ExpectedError> {
    let wanted = border::wanted_isolation();
    let found = border::found_isolation();
    if found.isolation >= wanted {
        return Ok(found.isolation);
    }
    let causes: Vec<String> = found
        .refusals
        .iter()
        .map(|(layer, cause)| format!("{layer}: {cause}"))
        .collect();
    Err(ExpectedError::Tool {
        tool: format!("isolation `{wanted}`").into(),
        cause: format!(
            "this machine offers `{}` only ({})",
            found.isolation,
            causes.join("; ")
        ).into(),
        next: format!(
            "grade on a machine that allows it, or accept less with `--isolation {}`; docs/trust.md says what is lost",
            found.isolation
        ).into(),
    })
}

fn grade(
    tools: &Tools,
    lesson: &Lesson,
    args: &Args,
    folder: &Path,
    first: bool,
    name: &str,
) -> anyhow::Result<Json> {
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let order = Order {
        variants: Variant::all()
            .filter(|variant| args.bridge.is_empty() || args.bridge.contains(&variant.bridge))
            .filter(|variant| {
                args.backend
                    .is_none_or(|backend| backend == variant.backend)
            })
            .collect(),
        sources: Sources::Submission(folder.clone()),
        // All submissions of a call get the same new hidden values.
        fresh: first,
        recall: false,
        proof: Proof::Full,
        explain: true,
    };
    let report = judge::judge(tools, lesson, &order)?;
    let (points, possible) = report.points();
    write(
        &args.out.join(format!("{name}.json")),
        &document::document(&tools.python, std::slice::from_ref(&report)),
    )?;
    Ok(json!({
        "name": name,
        "submission": errors::shown(&folder),
        "points": points,
        "possible": possible,
        "passed": report.passed(),
        "graded": is_graded(&report),
        "verdicts": verdicts(&report),
    }))
}

/// Whether the points are the submission's own: a fault of ours or of the machine costs nothing, and has to be repeated.
fn is_graded(report: &LessonReport) -> bool {
    !report
        .variants
        .iter()
        .any(|variant| matches!(variant.verdict, Verdict::GraderFault(_)))
}

fn verdicts(report: &LessonReport) -> Json {
    let of =
        |it: &judge::report::VariantReport| (it.variant.to_string(), it.verdict.to_string().into());
    Json::Object(report.variants.iter().map(of).collect())
}

/// The name of a folder, made different from all before it and harmless as a file name.
fn name_of(folder: &Path, taken: &mut HashSet<String>) -> String {
    let own = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let plain: String = own
        .unwrap_or_else(|| "submission".to_owned())
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() || "-_.".contains(letter) {
                letter
            } else {
                '_'
            }
        })
        .collect();
    // `summary` is ours.
    let candidates = (1..).map(|number| match number {
        1 => plain.clone(),
        number => format!("{plain}-{number}"),
    });
    let mut free = candidates.filter(|name| name != "summary");
    free.find(|name| taken.insert(name.clone()))
        .expect("numbers do not end")
}

fn line(entry: &Json) -> String {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    format!(
        "{}  {} of {} points{}\n",
        text("name"),
        entry["points"],
        entry["possible"],
        if entry["graded"] == true {
            ""
        } else {
            "  (not graded: a fault of the checker)"
        }
    )
}

fn write(path: &Path, document: &Json) -> anyhow::Result<()> {
    let text = format!("{document:#}\n");
    write_atomically(path, text.as_bytes())
        .map_err(|cause| ExpectedError::cache(path, cause).into())
}
