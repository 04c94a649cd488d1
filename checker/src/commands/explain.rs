//! `checker explain`.

use serde_json::{Value as Json, json};

use crate::build::compiler::Compiler;
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::diagnosis::Class;
use crate::errors::ExpectedError;
use crate::flow::course;
use crate::judge::investigation::{Effort, Investigation};
use crate::judge::report::VariantReport;
use crate::judge::{self, Order};
use crate::lesson::{Lesson, Sources};
use crate::message::Message;
use crate::python::choose;
use crate::report::{SCHEMA_VERSION, diagnosis};
use crate::variant::Variant;
use crate::workspace::Workspace;
use crate::{catalogue, exit, message, output, words};

/// Explain a crash, a hang or damaged memory: run the variant again under the sanitizers, and say what kind of bug it is.
///
/// With the name of a class of bugs, print what is told about it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson, for example lesson-7.3, or a class of bugs, for example double-free; the lesson where you are when none is named.
    #[arg(value_name = "LESSON|CLASS")]
    subject: Option<String>,
    /// One variant, for example ctypes/stock; every variant that did not pass when none is named.
    #[arg(value_name = "VARIANT")]
    variant: Option<Variant>,
    /// List the classes of bugs.
    #[arg(long, conflicts_with_all = ["subject", "variant"])]
    list: bool,
    /// Look at the reference solution instead of the exercise files.
    #[arg(long, conflicts_with = "wrong")]
    solution: bool,
    /// Look at a known wrong answer of the lesson.
    #[arg(long, value_name = "NAME")]
    wrong: Option<String>,
    /// Have gdb show the C frames too.
    #[arg(long)]
    gdb: bool,
    /// Run under valgrind too, which takes up to two minutes.
    #[arg(long)]
    valgrind: bool,
    /// Print all that the tools wrote.
    #[arg(long)]
    reports: bool,
}

/// What was found out about one variant.
struct Told {
    variant: Variant,
    verdict: String,
    found: Result<Investigation, Message>,
}

/// Lists the classes, tells about one, or looks at the variants of a lesson.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    if args.list {
        return list(global);
    }
    let subject = args.subject.as_deref();
    if let (Some(class), None) = (subject.and_then(Class::named), args.variant) {
        return about(class, global);
    }
    let workspace = Workspace::find()?;
    let lesson = match subject {
        Some(subject) => {
            catalogue::find(&workspace, subject).map_err(|error| or_a_class(error, subject))?
        }
        None => course::meant(&workspace, None)?,
    };
    let sources = args.sources(&lesson)?;
    let python = choose::choose(&workspace, global.python.as_deref())?;
    let compiler = Compiler::find(&workspace)?;
    let tools = Tools::new(workspace, python, compiler);
    let told = look(args, &tools, &lesson, &sources)?;
    if global.json {
        output::json(&document(&lesson, &told))?;
    } else {
        output::result(&text(args, &lesson, &told))?;
    }
    let bugs = told
        .iter()
        .any(|it| !matches!(&it.found, Ok(work) if work.diagnosis.is_none()));
    Ok(if bugs { exit::NOT_PASSED } else { exit::PASSED })
}

fn list(global: &Global) -> anyhow::Result<u8> {
    if global.json {
        let classes: Vec<Json> = Class::ALL
            .iter()
            .map(|class| diagnosis::class_json(*class))
            .collect();
        output::json(&json!({ "schema_version": SCHEMA_VERSION, "classes": classes }))?;
    } else {
        output::result(&format!(
            "{}\n{}\n",
            diagnosis::list(),
            words!("explain-list-more")
        ))?;
    }
    Ok(exit::PASSED)
}

/// Somebody who misspells a class should not be sent to the list of lessons.
fn or_a_class(error: ExpectedError, asked: &str) -> ExpectedError {
    let near = |class: &&Class| strsim::damerau_levenshtein(class.name(), asked) <= 3;
    match (error, Class::ALL.iter().find(near)) {
        (ExpectedError::UnknownLesson { asked, .. }, Some(class)) => ExpectedError::UnknownLesson {
            asked,
            nearest: Some(class.name().to_owned()),
        },
        (error, _) => error,
    }
}

fn about(class: Class, global: &Global) -> anyhow::Result<u8> {
    if global.json {
        let mut document = diagnosis::class_json(class);
        document["schema_version"] = json!(SCHEMA_VERSION);
        output::json(&document)?;
    } else {
        output::result(&diagnosis::class(class))?;
    }
    Ok(exit::PASSED)
}

impl Args {
    fn sources(&self, lesson: &Lesson) -> Result<Sources, ExpectedError> {
        let Some(name) = &self.wrong else {
            return Ok(if self.solution {
                Sources::Solution
            } else {
                Sources::Exercise
            });
        };
        let known: Vec<String> = lesson
            .manifest
            .wrong_answers
            .iter()
            .map(|it| it.name.clone())
            .collect();
        if known.contains(name) {
            return Ok(Sources::Wrong(name.clone()));
        }
        Err(ExpectedError::UnknownWrongAnswer {
            lesson: lesson.manifest.id.0.clone(),
            asked: name.clone(),
            known,
        })
    }

    fn effort(&self) -> Effort {
        Effort {
            thorough: true,
            gdb: self.gdb,
            valgrind: self.valgrind,
            recall: true,
        }
    }
}

fn look(
    args: &Args,
    tools: &Tools,
    lesson: &Lesson,
    sources: &Sources,
) -> anyhow::Result<Vec<Told>> {
    let variants = match (args.variant, sources) {
        (Some(variant), _) => vec![variant],
        (None, Sources::Wrong(name)) => {
            let wrong = lesson
                .manifest
                .wrong_answers
                .iter()
                .find(|it| it.name == *name);
            let patterns = wrong.map(|it| it.variants.clone()).unwrap_or_default();
            Variant::all()
                .filter(|variant| patterns.iter().any(|it| it.matches(*variant)))
                .collect()
        }
        (None, _) => Variant::all().collect(),
    };
    let order = Order {
        variants,
        sources: sources.clone(),
        fresh: false,
        recall: true,
        proof: judge::Proof::Quick,
        explain: true,
    };
    let report = judge::judge(tools, lesson, &order)?;
    let chosen = report
        .variants
        .iter()
        .filter(|it| args.variant.is_some() || !it.verdict.passed());
    chosen
        .map(|it| look_at(args, tools, lesson, sources, it))
        .collect()
}

fn look_at(
    args: &Args,
    tools: &Tools,
    lesson: &Lesson,
    sources: &Sources,
    report: &VariantReport,
) -> anyhow::Result<Told> {
    let told = |found| Told {
        variant: report.variant,
        verdict: report.verdict.to_string(),
        found,
    };
    if let Some(problem) = &report.problem {
        return Ok(told(Err(message!(
            "explain-impossible",
            problem = problem.message.clone(),
            next = problem.next.clone(),
        ))));
    }
    let suspect = report
        .scenarios
        .iter()
        .find(|it| !it.verdict.passed())
        .map(|it| &it.question);
    let _step = tools.progress.step(&words!(
        "step-looking",
        variant = report.variant.to_string()
    ));
    let found = judge::investigate(
        tools,
        lesson,
        sources,
        report.variant,
        suspect,
        args.effort(),
    )?;
    Ok(told(match found {
        Ok(investigation) => Ok(investigation),
        Err(failure) => {
            let said = judge::diagnosis::whole(failure);
            Err(message!("explain-unbuilt", said = said))
        }
    }))
}

fn text(args: &Args, lesson: &Lesson, told: &[Told]) -> String {
    if told.is_empty() {
        let id = &lesson.manifest.id;
        let command = format!("checker explain {id} ctypes/stock");
        return format!(
            "{}\n{}\n",
            words!("explain-all-pass", lesson = id.0.as_str()),
            words!("explain-all-pass-next", command = command)
        );
    }
    let parts: Vec<String> = told.iter().map(|it| one(args, it)).collect();
    parts.join("\n")
}

fn one(args: &Args, told: &Told) -> String {
    let mut text = format!("{}: {}\n\n", told.variant, told.verdict);
    let work = match &told.found {
        Ok(work) => work,
        Err(why) => {
            for line in why.to_string().lines() {
                text += &format!("  {line}\n");
            }
            return text;
        }
    };
    match &work.diagnosis {
        Some(found) => text += &diagnosis::long(found),
        None => {
            text += &format!("{}\n", words!("explain-nothing"));
            if !told.verdict.starts_with("passed") {
                text += &format!("{}\n", words!("explain-nothing-next"));
            }
        }
    }
    text += &format!("\n  {}\n", words!("explain-done"));
    for step in &work.steps {
        text += &format!("    - {step}\n");
    }
    for missing in &work.missing {
        let missing = words!("explain-not-done", what = missing.to_string());
        text += &format!("    - {missing}\n");
    }
    if args.reports {
        for (name, report) in &work.reports {
            text += &format!("\n  {name}\n");
            for line in report.lines() {
                text += &format!("    {line}\n");
            }
        }
    }
    text
}

fn document(lesson: &Lesson, told: &[Told]) -> Json {
    let english = |all: &[Message]| all.iter().map(Message::english).collect::<Vec<_>>();
    let variants: Vec<Json> = told
        .iter()
        .map(|it| {
            let (work, problem) = match &it.found {
                Ok(work) => (work.clone(), None),
                Err(why) => (Investigation::default(), Some(why.english())),
            };
            json!({
                "variant": it.variant,
                "verdict": it.verdict,
                "diagnosis": work.diagnosis.as_ref().map(diagnosis::json),
                "steps": english(&work.steps),
                "missing": english(&work.missing),
                "problem": problem,
                "reports": work.reports.iter().map(|(name, text)| json!({ "name": name.english(), "text": text })).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "schema_version": SCHEMA_VERSION, "lesson": lesson.manifest.id, "variants": variants })
}
