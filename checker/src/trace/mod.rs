//! The call path: which libraries and frames lie between a Python call and the C function, walked at the moment C runs.
//!
//! The variant is built and run as always. Beside its scenarios lies a small extension module of ours, which puts a breakpoint
//! on the first instruction of each function of the C library, and notes the stack when it is reached.

mod answer;
pub mod document;
mod image;
pub mod page;
pub mod path;
pub mod svg;

use std::path::Path as FilePath;

use crate::border::{Answer, Interrogation, Loading, Question, signal_name};
use crate::build::tools::Tools;
use crate::build::{self, Failure};
use crate::errors::ExpectedError;
use crate::judge::inputs::Files;
use crate::judge::plan::{self, Asked};
use crate::judge::work::Prepared;
use crate::judge::{self, diagnosis};
use crate::lesson::{Lesson, Sources};
use crate::message;
use crate::transcript;
use crate::value::Value;
use crate::variant::Variant;
use answer::{RawCall, Told};
use image::Image;
use path::{Map, Path};

const WALK: &str = include_str!("walk.c");
const TRACE: &str = include_str!("trace.py");

/// What a scenario is asked through.
const SCENARIO: &str = "checker_trace";

/// Added to the scenarios, where it can reach them.
const ASK: &str = "

def checker_trace(bridge, scenario, given, targets):
    import _call_trace

    return _call_trace.trace(bridge, globals()[scenario], given, targets)
";

/// The paths of one variant.
#[derive(Debug)]
pub struct Traced {
    /// The variant.
    pub variant: Variant,
    /// Whose files ran.
    pub sources: Sources,
    /// Why the participant's own files were passed over, when they were.
    pub passed_over: Option<String>,
    /// The first call of each function, in the order in which they happened; or why there is none.
    pub calls: Result<Vec<Call>, String>,
}

/// The first call of a C function.
#[derive(Clone, Debug)]
pub struct Call {
    /// The C function.
    pub function: String,
    /// The scenario with its arguments.
    pub scenario: String,
    /// The Python frames that led to it, outermost first.
    pub python: Vec<PythonFrame>,
    /// What lies between Python and the function.
    pub path: Path,
}

/// A frame of Python code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonFrame {
    /// The file, as a reader knows it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The function.
    pub function: String,
}

/// Whose files are traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The participant's where they call C, else the solution's.
    Own,
    /// The solution's.
    Solution,
}

/// Refuses machines that the tracer does not know.
///
/// # Errors
/// When breakpoints for this system and processor are not known.
pub fn supported(system: &str, processor: &str) -> Result<(), ExpectedError> {
    if system == "linux" && ["x86_64", "aarch64"].contains(&processor) {
        return Ok(());
    }
    Err(ExpectedError::Tool {
        tool: "trace".into(),
        cause: message!("trace-machine", system = system, processor = processor),
        next: message!("trace-machine-next"),
    })
}

/// Traces one variant.
///
/// # Errors
/// When something of ours, or of the machine, is in the way.
pub fn trace(
    tools: &Tools,
    lesson: &Lesson,
    variant: Variant,
    whose: Whose,
) -> anyhow::Result<Traced> {
    let _step = tools.progress.step(&format!("tracing {variant}"));
    let traced = |sources, passed_over, calls| Traced {
        variant,
        sources,
        passed_over,
        calls,
    };
    let mut passed_over = None;
    if whose == Whose::Own {
        match calls(tools, lesson, variant, &Sources::Exercise)? {
            Ok(calls) => return Ok(traced(Sources::Exercise, None, Ok(calls))),
            Err(why) => passed_over = Some(why),
        }
    }
    let calls = calls(tools, lesson, variant, &Sources::Solution)?;
    Ok(traced(Sources::Solution, passed_over, calls))
}

/// The first calls that these files make, or why they make none.
fn calls(
    tools: &Tools,
    lesson: &Lesson,
    variant: Variant,
    sources: &Sources,
) -> anyhow::Result<Result<Vec<Call>, String>> {
    let mut prepared = match judge::prepare(tools, lesson, sources, variant) {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(failure)) => return Ok(Err(first_words_of(failure))),
        // A file that is missing, or is something strange: the participant's own business.
        Err(error) => match error.downcast::<ExpectedError>()? {
            unusable @ ExpectedError::UnusableFile { .. } if *sources == Sources::Exercise => {
                return Ok(Err(unusable.to_string()));
            }
            other => return Err(other.into()),
        },
    };
    put_tracer(tools, &mut prepared)?;
    let (targets, own) = targets(lesson, &prepared);
    let asked = plan::all_questions(lesson, variant, false, |_| 0).map_err(anyhow::Error::msg)?;
    // Hidden values are for judging; a scenario's own cases call the same functions.
    let (hidden, plain): (Vec<Asked>, Vec<Asked>) = asked.into_iter().partition(|it| it.hidden);
    let only_hidden = hidden.into_iter().filter(|it| {
        !plain
            .iter()
            .any(|other| other.question.scenario == it.question.scenario)
    });
    let questions: Vec<Question> = plain
        .iter()
        .cloned()
        .chain(only_hidden)
        .map(|it| it.question)
        .collect();
    let wrapped: Vec<Asked> = questions.iter().map(|it| wrapped(it, &targets)).collect();
    let told = prepared.interrogate(&wrapped)?;
    let mut map = Map::new(&prepared.job().python, &lesson.manifest.clib.name, own);
    Ok(read(&told, &questions, &prepared, &mut map))
}

/// Why a variant that does not build cannot be traced: what `run` shows at length, in a line.
fn first_words_of(failure: Failure) -> String {
    let text = diagnosis::of_build(failure).text.english();
    let error = text.lines().find(|line| line.contains("error"));
    let line = error.or(text.lines().next()).unwrap_or_default().trim();
    format!("it does not build: {line}")
}

/// Builds the tracer and puts it beside the scenarios.
fn put_tracer(tools: &Tools, prepared: &mut Prepared) -> anyhow::Result<()> {
    let built = build::ext::build(
        tools,
        "_call_walk",
        WALK.as_bytes(),
        "walk.c",
        &Files::default(),
        &[],
    )?;
    let module = match built {
        Ok(built) => built.module,
        Err(Failure::Refused(output) | Failure::Stopped(output)) => {
            return Err(ExpectedError::OwnBuild {
                what: message!("trace-walker"),
                output,
                next: message!("trace-walker-next"),
            }
            .into());
        }
    };
    prepared.add_file(&module)?;
    prepared.write("_call_trace.py", TRACE.as_bytes())?;
    prepared.add_to_scenarios(ASK)
}

/// Where breakpoints go, as the tracer wants them, and the names of all functions of the C library.
fn targets(lesson: &Lesson, prepared: &Prepared) -> (Value, Vec<String>) {
    let folder = &prepared.job().work_dir;
    let library = folder.join(format!("lib{}.so", lesson.manifest.clib.name));
    let Some(image) = Image::read(&library) else {
        return (Value::List(Vec::new()), Vec::new());
    };
    // What the linker adds has no size.
    let functions = || image.functions().iter().filter(|it| it.size > 0);
    let public: Vec<&str> = functions()
        .filter(|it| it.public)
        .map(|it| it.name.as_str())
        .collect();
    let mut targets = Vec::new();
    let module = lesson.manifest.id.module();
    for file in files_in(folder) {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if file != library && !name.starts_with(&format!("{module}.")) {
            continue;
        }
        let Some(image) = Image::read(&file) else {
            continue;
        };
        for function in image.functions() {
            if public.contains(&function.name.as_str()) {
                targets.push(Value::Tuple(vec![
                    Value::Str(name.clone()),
                    Value::Str(function.name.clone()),
                    Value::Int(function.address.to_string()),
                ]));
            }
        }
    }
    let own = functions().map(|it| it.name.clone()).collect();
    (Value::List(targets), own)
}

fn files_in(folder: &FilePath) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|it| it.path()).collect();
    files.sort();
    files
}

fn wrapped(question: &Question, targets: &Value) -> Asked {
    let given = vec![
        ("scenario".to_owned(), Value::Str(question.scenario.clone())),
        ("given".to_owned(), Value::Dict(question.given.clone())),
        ("targets".to_owned(), targets.clone()),
    ];
    Asked {
        question: Question {
            scenario: SCENARIO.to_owned(),
            given,
        },
        hidden: false,
    }
}

/// The first call of each function, or in words why there is none.
fn read(
    told: &Interrogation,
    questions: &[Question],
    prepared: &Prepared,
    map: &mut Map,
) -> Result<Vec<Call>, String> {
    let mut calls: Vec<Call> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for (question, answer) in questions.iter().zip(&told.answers) {
        let scenario = transcript::call(question);
        match answer {
            Answer::Observed(value) => {
                let Some(told) = Told::read(value) else {
                    return Err("something else than the tracer answered".to_owned());
                };
                let raised = told
                    .raised
                    .map(|error| format!("{scenario} raises {error}"));
                reasons.extend(raised);
                for raw in told.calls {
                    if !calls.iter().any(|it| it.function == raw.function) {
                        calls.push(call(raw, &scenario, prepared, map));
                    }
                }
            }
            Answer::Raised { class, message, .. } => {
                reasons.push(format!("{scenario} cannot be traced: {class}: {message}"));
            }
            Answer::Unfinished => reasons.push(format!("{scenario} {}", how_it_ended(told))),
            Answer::NotAsked => {}
        }
    }
    if !calls.is_empty() {
        return Ok(calls);
    }
    Err(why_none(told, &reasons))
}

fn how_it_ended(told: &Interrogation) -> String {
    use crate::border::Ending;
    let ended = told
        .interruptions
        .first()
        .map_or(&told.ended, |it| &it.ended);
    match &ended.ending {
        Ending::Signaled(signal) => format!("ends the process with {}", signal_name(*signal)),
        Ending::Stopped(limit) => format!("is stopped: {}", build::limit_in_words(*limit)),
        Ending::Exited(code) => format!("ends the process with exit code {code}"),
        Ending::Dismissed => "was ended".to_owned(),
    }
}

fn why_none(told: &Interrogation, reasons: &[String]) -> String {
    if let Some(words) = &told.tampering {
        return format!("the process sends {words}");
    }
    match &told.loading {
        Loading::Failed { class, message, .. } => {
            format!("it cannot be imported: {class}: {message}")
        }
        Loading::Unfinished(_) => format!("importing it {}", how_it_ended(told)),
        Loading::Loaded => match reasons.first() {
            Some(reason) => format!("no C function is called: {reason}"),
            None => "its scenarios call no function of the C library".to_owned(),
        },
    }
}

fn call(raw: RawCall, scenario: &str, prepared: &Prepared, map: &mut Map) -> Call {
    let python = raw.python.iter().rev();
    Call {
        path: map.path(&raw.frames),
        scenario: scenario.to_owned(),
        python: python
            .filter_map(|line| python_frame(line, prepared))
            .collect(),
        function: raw.function,
    }
}

/// `File "/w/ctypes_bridge.py", line 36 in add`; nothing for our own code, which leads to every scenario.
fn python_frame(line: &str, prepared: &Prepared) -> Option<PythonFrame> {
    let (file, rest) = line.strip_prefix("File \"")?.rsplit_once("\", line ")?;
    let (line, function) = rest.split_once(" in ")?;
    let work = format!("{}/", prepared.job().work_dir.display());
    let name = file.strip_prefix(&work).unwrap_or(file);
    if name == "_call_trace.py" || name == "<string>" || function == SCENARIO {
        return None;
    }
    let known = prepared.names().iter().find(|(staged, _)| staged == name);
    Some(PythonFrame {
        file: known.map_or(name, |(_, shown)| shown).to_owned(),
        line: line.parse().ok()?,
        function: function.to_owned(),
    })
}

/// The function that is shown when none was asked for: the first that all variants call, else the first that any calls.
pub fn common_function(traced: &[Traced]) -> Option<&str> {
    let calls = || traced.iter().filter_map(|it| it.calls.as_ref().ok());
    let in_all =
        |function: &&str| calls().all(|it| it.iter().any(|call| call.function == *function));
    let all = || calls().flatten().map(|it| it.function.as_str());
    all().find(in_all).or_else(|| all().next())
}

/// All functions that some variant calls, in the order in which they were first called.
pub fn functions(traced: &[Traced]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for call in traced
        .iter()
        .filter_map(|it| it.calls.as_ref().ok())
        .flatten()
    {
        if !names.contains(&call.function.as_str()) {
            names.push(&call.function);
        }
    }
    names
}

impl Traced {
    /// The first call of this function.
    pub fn call(&self, function: &str) -> Option<&Call> {
        let calls = self.calls.as_ref().ok()?;
        calls.iter().find(|it| it.function == function)
    }

    /// Why there is no path to this function, in words.
    pub fn why_not(&self, function: &str) -> String {
        match &self.calls {
            Err(why) => why.clone(),
            Ok(calls) => {
                let others: Vec<&str> = calls.iter().map(|it| it.function.as_str()).collect();
                format!(
                    "it does not call {function}; it calls {}",
                    others.join(", ")
                )
            }
        }
    }
}
