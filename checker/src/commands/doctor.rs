//! `checker doctor`.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::border::{self, Ending, Isolation, Job};
use crate::build;
use crate::build::compiler::Compiler;
use crate::build::rust;
use crate::build::scratch::Scratch;
use crate::build::store::write_atomically;
use crate::cli::Global;
use crate::commands::measure::{self, Measured};
use crate::errors::ExpectedError;
use crate::lesson::Limits;
use crate::python::{Python, choose, installed, probe, venv};
use crate::workspace::Workspace;
use crate::{exit, message, output, report, words};

/// Say what the checker finds on this machine, and what to do about what is missing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also measure what isolation costs, how soon a limit ends everything, and how small the checker stays; takes half a
    /// minute.
    #[arg(long)]
    measure: bool,
}

/// One thing that was looked at.
struct Finding {
    name: String,
    state: State,
}

enum State {
    /// As it should be; the text says what was found.
    Fine(String),
    /// `run` cannot work without it: what is wrong, and what to do.
    Missing(String, String),
}

impl Finding {
    fn new<T>(
        name: impl Into<String>,
        found: Result<T, ExpectedError>,
        detail: impl Fn(T) -> String,
    ) -> Finding {
        let state = match found {
            Ok(found) => State::Fine(detail(found)),
            Err(error) => State::Missing(error.to_string(), error.next_step().to_string()),
        };
        Finding {
            name: name.into(),
            state,
        }
    }
}

/// Looks at everything; the exit code says whether `run` could work.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let measured = args.measure.then(measure::measure).transpose()?;
    let python = choose::choose(&workspace, global.python.as_deref());
    let compiler = Compiler::find(&workspace);
    let mut findings = vec![Finding::new(words!("doctor-workshop"), Ok(()), |()| {
        workspace.root.display().to_string()
    })];
    findings.push(Finding::new("Python", python.clone(), |python| {
        format!(
            "{} ({}) {}",
            python.version_text(),
            python.abi_tag,
            python.executable.display()
        )
    }));
    if let Ok(python) = &python {
        findings.push(headers(python));
        findings.push(environment(&workspace, python));
    }
    findings.push(others(&workspace));
    findings.push(Finding::new(
        words!("doctor-compiler"),
        compiler.clone(),
        |it| format!("{} ({})", it.version, it.program.display()),
    ));
    if let Ok(compiler) = &compiler {
        findings.push(compiles(&workspace, compiler));
    }
    findings.push(program(
        "make",
        "build-essential",
        words!("doctor-why-make"),
    ));
    findings.push(Finding::new(
        "Rust",
        rust::cargo().and_then(|cargo| first_line(&cargo)),
        |text| text,
    ));
    findings.push(cache(&workspace));
    findings.push(supervisor());
    findings.push(isolation());
    if global.json {
        output::json(&document(&findings, measured.as_ref()))?;
    } else {
        output::result(&text(&findings))?;
        if let Some(measured) = &measured {
            output::result(&measured.text())?;
        }
    }
    let all_fine = findings.iter().all(|it| matches!(it.state, State::Fine(_)));
    Ok(if all_fine {
        exit::PASSED
    } else {
        exit::ENVIRONMENT
    })
}

fn headers(python: &Python) -> Finding {
    let state = if python.has_headers() {
        State::Fine(python.include.display().to_string())
    } else {
        State::Missing(
            words!(
                "doctor-no-header",
                folder = python.include.display().to_string(),
            ),
            python.headers_step().to_string(),
        )
    };
    Finding {
        name: words!("doctor-headers"),
        state,
    }
}

/// The Pythons that `verify --python all` runs lessons on.
fn others(workspace: &Workspace) -> Finding {
    let found = installed::one_of_each(workspace);
    let versions: Vec<String> = found.iter().map(Python::version_text).collect();
    Finding {
        name: words!("doctor-pythons"),
        state: State::Fine(versions.join(", ")),
    }
}

fn environment(workspace: &Workspace, python: &Python) -> Finding {
    let state = match venv::find(workspace, python) {
        Some(venv) => State::Fine(workspace.shown(&venv.folder).display().to_string()),
        None if probe::find_program(OsStr::new("uv")).is_some() || python.ensurepip => {
            State::Fine(words!("doctor-no-environment"))
        }
        None => State::Missing(
            words!("doctor-no-ensurepip"),
            message!("error-no-ensurepip-next").to_string(),
        ),
    };
    Finding {
        name: words!("doctor-environment"),
        state,
    }
}

/// A compiler that answers may still lack the C library's headers or start files.
fn compiles(workspace: &Workspace, compiler: &Compiler) -> Finding {
    let tried = || -> anyhow::Result<Result<String, build::Failure>> {
        let folder = Scratch::new_in(&workspace.cache_folder("work")?)?;
        std::fs::write(
            folder.path().join("try.c"),
            "#include <stdint.h>\nint32_t answer(void) { return 42; }\n",
        )?;
        compiler.run(
            folder.path(),
            &["-shared", "-fPIC", "-o", "try.so", "try.c"],
            "try.so",
            &[],
        )
    };
    let state = match tried() {
        Ok(Ok(_)) => State::Fine(words!("doctor-makes-library")),
        Ok(Err(build::Failure::Refused(output) | build::Failure::Stopped(output))) => {
            State::Missing(
                words!("doctor-makes-no-library", output = output.trim()),
                words!("doctor-makes-no-library-next"),
            )
        }
        Err(error) => State::Missing(
            words!("doctor-untried", why = format!("{error:#}")),
            words!("doctor-untried-next"),
        ),
    };
    Finding {
        name: words!("doctor-library"),
        state,
    }
}

fn program(name: &str, package: &str, why: String) -> Finding {
    let state = match probe::find_program(OsStr::new(name)) {
        Some(path) => State::Fine(path.display().to_string()),
        None => State::Missing(
            words!("doctor-not-on-path", name = name, why = why),
            words!("doctor-not-on-path-next", package = package),
        ),
    };
    Finding {
        name: name.to_owned(),
        state,
    }
}

fn first_line(cargo: &Path) -> Result<String, ExpectedError> {
    let refuse = |cause: String| ExpectedError::Tool {
        tool: "cargo".into(),
        cause: cause.into(),
        next: message!("error-cargo-next"),
    };
    let output = Command::new(cargo)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| refuse(error.to_string()))?;
    if !output.status.success() {
        return Err(refuse(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn cache(workspace: &Workspace) -> Finding {
    let path = workspace.cache.join("work/doctor");
    let written = write_atomically(&path, b"can write")
        .map_err(|cause| ExpectedError::cache(&workspace.cache, cause));
    // Only a trial; nobody reads it.
    let _ = std::fs::remove_file(&path);
    let usable = written.and_then(|()| rust::require_plain_cache(workspace));
    Finding::new(words!("doctor-cache"), usable, |()| {
        workspace.shown(&workspace.cache).display().to_string()
    })
}

/// Protections are proved by using them.
fn supervisor() -> Finding {
    let shell = Path::new("/bin/sh").to_owned();
    let job = Job {
        program: shell,
        args: ["-c", "sleep 60 & exit 7"].map(Into::into).into(),
        env: build::environment(),
        cwd: Path::new("/").to_owned(),
        limits: Limits {
            wall_seconds: 5,
            ..Limits::default()
        },
        access: border::Access::default(),
    };
    let state = match border::run(&job) {
        Ok(ended) if ended.ending == Ending::Exited(7) && ended.leaked == 1 => {
            State::Fine(words!("doctor-supervised"))
        }
        Ok(ended) => State::Missing(
            words!(
                "doctor-trial-ended",
                ending = format!("{:?}", ended.ending),
                count = ended.leaked,
            ),
            words!("doctor-report-next"),
        ),
        Err(error) => State::Missing(
            words!("doctor-trial-failed", why = format!("{error:#}")),
            words!("doctor-report-next"),
        ),
    };
    Finding {
        name: words!("doctor-supervisor"),
        state,
    }
}

/// Not a problem when it is less than all: `run` works with it, and `grade` says by itself when it is too little.
fn isolation() -> Finding {
    let found = border::found_isolation();
    let mut detail = format!(
        "{}: {}",
        found.isolation,
        match found.isolation {
            Isolation::Full => words!("doctor-isolation-full"),
            Isolation::Landlock => words!("doctor-isolation-landlock"),
            Isolation::None => words!("doctor-isolation-none"),
        }
    );
    detail += &match border::landlock_generation() {
        0 => format!(", {}", words!("doctor-no-landlock")),
        generation => format!(", Landlock {generation}"),
    };
    for (layer, cause) in &found.refusals {
        let missing = words!(
            "doctor-not-layer",
            layer = layer.to_string(),
            cause = cause.to_string(),
        );
        detail += &format!("; {missing}");
    }
    Finding {
        name: words!("doctor-isolation"),
        state: State::Fine(detail),
    }
}

fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|it| it.name.chars().count()).max();
    let width = width.unwrap_or(0);
    let (fine, problematic) = (words!("doctor-fine"), words!("doctor-problem"));
    let mut text = String::new();
    for finding in findings {
        text += &match &finding.state {
            State::Fine(detail) => format!("{fine:9}{:width$}  {detail}\n", finding.name),
            State::Missing(problem, next) => {
                let next = words!("run-next", step = next.as_str());
                format!(
                    "{problematic:9}{:width$}  {problem}\n{:9}{:width$}  {next}\n",
                    finding.name, "", ""
                )
            }
        };
    }
    let limits = Limits::default();
    let limits = words!(
        "doctor-limits",
        seconds = limits.wall_seconds,
        memory = limits.memory_mib,
        output = limits.output_kib,
        processes = limits.processes,
    );
    text + &format!("\n{limits}\n")
}

fn document(findings: &[Finding], measured: Option<&Measured>) -> serde_json::Value {
    let entry = |finding: &Finding| match &finding.state {
        State::Fine(detail) => json!({ "name": finding.name, "fine": true, "detail": detail }),
        State::Missing(problem, next) => {
            json!({ "name": finding.name, "fine": false, "detail": problem, "next": next })
        }
    };
    let mut document = json!({
        "schema_version": report::SCHEMA_VERSION,
        "findings": findings.iter().map(entry).collect::<Vec<_>>(),
        "limits": Limits::default(),
    });
    if let Some(measured) = measured {
        measured.add_to(&mut document);
    }
    document
}
