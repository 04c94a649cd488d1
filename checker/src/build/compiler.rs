//! The C compiler: found through `CC`, else as `cc`; identified without starting it when its file is known.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::store::{Key, write_atomically};
use super::{Failure, environment, limits, outcome};
use crate::border::{self, Access, Ending, Job};
use crate::errors::ExpectedError;
use crate::message;
use crate::message::Message;
use crate::python::probe;
use crate::workspace::Workspace;

/// A C compiler that answers.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// The program.
    pub program: PathBuf,
    /// Arguments that `CC` holds before ours, as in `ccache gcc`.
    leading: Vec<OsString>,
    /// The first line of what it prints for `--version`.
    pub version: String,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    version: String,
}

impl Compiler {
    /// Finds the compiler; an explicit `CC` that fails is an error.
    pub fn find(workspace: &Workspace) -> Result<Compiler, ExpectedError> {
        let named = std::env::var("CC")
            .ok()
            .filter(|named| !named.trim().is_empty());
        let command = named.as_deref().unwrap_or("cc");
        let mut words = command.split_whitespace().map(OsString::from);
        let name = words.next().unwrap_or_default();
        let leading: Vec<OsString> = words.collect();
        let refuse = |cause: Message| ExpectedError::Tool {
            tool: match &named {
                Some(_) => message!("error-compiler-named", command = command),
                None => message!("error-no-compiler"),
            },
            cause,
            next: match &named {
                Some(_) => message!("error-compiler-named-next"),
                None => message!("error-compiler-next"),
            },
        };
        let program = probe::find_program(&name).ok_or_else(|| {
            let name = name.to_string_lossy();
            refuse(message!("error-not-on-path", name = name.as_ref()))
        })?;
        let version =
            version(workspace, &program, &leading).map_err(|cause| refuse(cause.into()))?;
        Ok(Compiler {
            program,
            leading,
            version,
        })
    }

    /// What makes this compiler's output different from another's.
    pub fn identity(&self) -> String {
        let leading: Vec<_> = self
            .leading
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        format!(
            "{} {} {}",
            self.program.display(),
            leading.join(" "),
            self.version
        )
    }

    /// What it needs to be seen where builds run, wherever it is installed.
    pub fn places(&self) -> Vec<PathBuf> {
        places(&self.program, &self.leading)
    }

    /// What it prints when it is asked about itself, with no file of a participant; `None` when it refuses.
    pub fn answer(&self, args: &[&str]) -> Option<String> {
        let output = Command::new(&self.program)
            .args(&self.leading)
            .args(args)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }

    /// Runs it behind the border on a copy of `folder`, to which it brings the file `made` back. It may read the folders
    /// `besides`, for example Python's headers. The text is what it said, warnings included.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        args: &[S],
        made: &str,
        besides: &[PathBuf],
    ) -> anyhow::Result<Result<String, Failure>> {
        let mut all = self.leading.clone();
        all.extend(args.iter().map(|arg| arg.as_ref().to_owned()));
        let ended = border::run(&Job {
            program: self.program.clone(),
            args: all,
            env: environment(),
            cwd: folder.to_owned(),
            limits: limits(),
            access: Access {
                readable: [&self.places(), besides].concat(),
                results: vec![made.into()],
                ..Access::default()
            },
        })?;
        super::take_results(&ended, folder)?;
        Ok(outcome(&ended)?)
    }
}

/// What `--version` prints first; remembered as long as the program's file is the same.
fn version(workspace: &Workspace, program: &Path, leading: &[OsString]) -> Result<String, String> {
    let real = fs::canonicalize(program).map_err(|error| error.to_string())?;
    let mut key = Key::of("compiler")
        .text(&probe::stamp(&real)?)
        .text(&program.to_string_lossy());
    for word in leading {
        key = key.bytes(word.as_encoded_bytes());
    }
    let memory = workspace
        .cache
        .join("compilers")
        .join(format!("{}.json", &key.finish()[..32]));
    let recalled = fs::read(&memory)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Remembered>(&bytes).ok());
    if let Some(Remembered { version }) = recalled {
        return Ok(version);
    }
    let version = ask(program, leading)?;
    try_behind_the_border(program, leading)?;
    if let Ok(text) = serde_json::to_vec(&Remembered {
        version: version.clone(),
    }) {
        // Without a memory the next start asks again.
        let _ = write_atomically(&memory, &text);
    }
    Ok(version)
}

/// The programs of the command and the parts of their installations. Behind `ccache` comes the compiler itself.
fn places(program: &Path, leading: &[OsString]) -> Vec<PathBuf> {
    let others = leading.iter().filter_map(|word| probe::find_program(word));
    let programs = std::iter::once(program.to_owned()).chain(others);
    programs
        .flat_map(|program| {
            let mut places = border::interpreter_places(&program);
            places.push(program);
            places
        })
        .collect()
}

/// Starts it where builds run, which hides most of the machine: a compiler that needs more is refused here, in its own name.
fn try_behind_the_border(program: &Path, leading: &[OsString]) -> Result<(), String> {
    let tried = border::run(&Job {
        program: program.to_owned(),
        args: [leading, &["--version".into()]].concat(),
        env: environment(),
        cwd: Path::new("/").to_owned(),
        limits: limits(),
        access: Access {
            readable: places(program, leading),
            ..Access::default()
        },
    });
    let why = match tried {
        Ok(ended) if ended.ending == Ending::Exited(0) => return Ok(()),
        Ok(ended) => border::printable(super::output_of(&ended).trim().as_bytes()),
        Err(error) => format!("{error:#}"),
    };
    Err(format!(
        "{} answers here, and does not start in the box that builds run in, which shows its own folder and the system's: {why}",
        program.display()
    ))
}

fn ask(program: &Path, leading: &[OsString]) -> Result<String, String> {
    let output = Command::new(program)
        .args(leading)
        .arg("--version")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!(
            "{} --version ended with {}",
            program.display(),
            output.status
        ));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
