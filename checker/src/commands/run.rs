//! `checker run`.

use crate::build::compiler::Compiler;
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::flow::state::now;
use crate::flow::store::Store;
use crate::flow::{course, record};
use crate::judge::report::{LessonReport, Problem};
use crate::judge::{self, Order, Proof};
use crate::lesson::{Lesson, Sources};
use crate::python::choose;
use crate::report::{json, problems, text};
use crate::variant::{Backend, Bridge, Variant};
use crate::verdict::Verdict;
use crate::workspace::Workspace;
use crate::{catalogue, exit, output, words};

/// Build and judge lessons in all their variants, and show one matrix each.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Lessons, for example lesson-7.3 or 7.3; the one where you are when none is named.
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
    /// Only this bridge; may be given more than once.
    #[arg(long, value_enum)]
    bridge: Vec<Bridge>,
    /// Only this backend.
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Judge the reference solution instead of the exercise files.
    #[arg(long)]
    solution: bool,
    /// Run everything again, with new hidden values, instead of answering from the cache.
    #[arg(long)]
    fresh: bool,
    /// Tell in full what fails in exercises that you have not begun, too.
    #[arg(long)]
    full: bool,
    /// After the report, print each problem in a line for editors: `file:line:column: severity: message`.
    #[arg(long)]
    problems: bool,
}

/// Judges the lessons one after the other, and reports each as soon as it is done.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let lessons: Vec<Lesson> = match &args.lessons[..] {
        [] => vec![course::meant(&workspace, None)?],
        named => named
            .iter()
            .map(|id| catalogue::find(&workspace, id))
            .collect::<Result<_, _>>()?,
    };
    let python = choose::choose(&workspace, global.python.as_deref())?;
    let compiler = Compiler::find(&workspace)?;
    let tools = Tools::new(workspace, python, compiler);
    let order = args.order();
    let mut reports = Vec::new();
    let mut problems = Vec::new();
    for (index, lesson) in lessons.iter().enumerate() {
        let report = judge::judge(&tools, lesson, &order)?;
        let done = note(&tools.workspace, lesson, &report, lessons.len() == 1);
        let context = text::Context {
            workspace: &tools.workspace,
            lesson,
            python: &tools.python,
            full: args.full,
        };
        let found = problems::of(&context, &report);
        if !global.json {
            let gap = if index == 0 { "" } else { "\n" };
            output::result(&format!("{gap}{}", text::lesson(&context, &report)))?;
            output::result(&news(&done))?;
            if args.problems {
                output::result(&format!("\n{}", problems::block(&report, &found)))?;
            }
        }
        reports.push(report);
        problems.push(found);
    }
    if global.json {
        let mut document = json::document(&tools.python, &reports);
        for (index, found) in problems.iter().enumerate() {
            document["lessons"][index]["problems"] = serde_json::json!(found);
        }
        output::json(&document)?;
    }
    Ok(exit_code(&reports))
}

/// Notes what was done; a state that cannot be written is no reason to keep the report back.
fn note(
    workspace: &Workspace,
    lesson: &Lesson,
    report: &LessonReport,
    alone: bool,
) -> Vec<record::Done> {
    if report.sources != Sources::Exercise {
        return Vec::new();
    }
    let noted = Store::of(workspace).update(|state| {
        if alone {
            state.current = Some(lesson.manifest.id.clone());
        }
        record::record(state, lesson, report, now())
    });
    noted.unwrap_or_else(|error| {
        let warning = words!("run-forgotten", problem = error.to_string());
        let next = words!("run-next", step = error.next_step());
        output::remark(&format!("{warning}\n  {next}"));
        Vec::new()
    })
}

fn news(done: &[record::Done]) -> String {
    let mut text = String::new();
    for task in done {
        let done = words!(
            "run-done",
            exercise = task.id.as_str(),
            title = task.title.as_str(),
            points = task.points,
        );
        text += &format!("\n{done}\n");
    }
    if !done.is_empty() {
        text += &format!("{}\n", words!("run-done-next"));
    }
    text
}

impl Args {
    fn order(&self) -> Order {
        let asked = |variant: &Variant| {
            (self.bridge.is_empty() || self.bridge.contains(&variant.bridge))
                && self
                    .backend
                    .is_none_or(|backend| backend == variant.backend)
        };
        Order {
            variants: Variant::all().filter(asked).collect(),
            sources: if self.solution {
                Sources::Solution
            } else {
                Sources::Exercise
            },
            fresh: self.fresh,
            recall: true,
            proof: Proof::Quick,
            explain: true,
        }
    }
}

/// What stands in the way comes first: the machine, then a file, then a fault of ours, then the answers.
fn exit_code(reports: &[LessonReport]) -> u8 {
    let problems = |report: &LessonReport| -> Vec<Problem> {
        let variants = report.variants.iter().filter_map(|it| it.problem.clone());
        let quizzes = report.quizzes.iter().filter_map(|it| it.problem.clone());
        variants.chain(quizzes).collect()
    };
    let codes: Vec<u8> = reports
        .iter()
        .flat_map(problems)
        .map(|problem| problem.exit_code)
        .collect();
    let is_fault = |report: &LessonReport| {
        report
            .variants
            .iter()
            .any(|it| matches!(it.verdict, Verdict::GraderFault(_)))
    };
    if codes.contains(&exit::ENVIRONMENT) {
        exit::ENVIRONMENT
    } else if let Some(code) = codes.first() {
        *code
    } else if reports.iter().any(is_fault) {
        exit::INTERNAL
    } else if !reports.iter().all(LessonReport::passed) {
        exit::NOT_PASSED
    } else if !reports.iter().all(LessonReport::accepted) {
        exit::SNAPSHOT
    } else {
        exit::PASSED
    }
}
