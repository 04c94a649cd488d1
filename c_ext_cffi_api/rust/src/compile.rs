//! Builds a generated module with the system's C compiler.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use thiserror::Error;

/// What to build, and with what.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// All C files: the generated one and the user's.
    pub sources: Vec<PathBuf>,
    /// The module to write, such as `build/_add.cpython-311-x86_64-linux-gnu.so`.
    pub target: PathBuf,
    /// Folders with headers, that of Python.h included.
    pub include_dirs: Vec<PathBuf>,
    /// Folders with libraries.
    pub library_dirs: Vec<PathBuf>,
    /// Folders that the loader searches at run time.
    pub runtime_library_dirs: Vec<PathBuf>,
    /// Libraries to link, without `lib` and suffix.
    pub libraries: Vec<String>,
    /// Macros: a name, and a value or nothing.
    pub define_macros: Vec<(String, Option<String>)>,
    /// Macros to leave undefined.
    pub undef_macros: Vec<String>,
    /// Object files to link.
    pub extra_objects: Vec<OsString>,
    /// Further arguments for the compiler.
    pub extra_compile_args: Vec<OsString>,
    /// Further arguments for the linker.
    pub extra_link_args: Vec<OsString>,
    /// Whether a debugger shall find its way.
    pub debug: bool,
}

/// Why nothing was built.
#[derive(Debug, Error)]
pub enum CompileError {
    /// No C compiler was found.
    #[error("no C compiler: {0}")]
    NoCompiler(String),
    /// The compiler could not be started.
    #[error("cannot run {command}: {error}")]
    Start {
        /// What was run.
        command: String,
        /// The system's reason.
        error: std::io::Error,
    },
    /// The compiler refused the code.
    #[error("the C compiler failed ({status}):\n{command}\n{message}")]
    Refused {
        /// What was run.
        command: String,
        /// How it ended.
        status: String,
        /// All that the compiler said.
        message: String,
    },
}

/// Compiles and links `job` into an importable module; returns what the compiler said (warnings).
///
/// # Errors
/// When there is no compiler, or it refuses; then with its own text.
pub fn compile(job: &Job) -> Result<String, CompileError> {
    let folder = job.target.parent().unwrap_or(Path::new("."));
    let compiler = compiler(folder)?;
    let mut command = Command::new(compiler.path());
    // Whether and which warnings are given is the user's choice.
    command.args(compiler.args().iter().filter(|argument| *argument != "-w"));
    command.envs(compiler.get_envs());
    command.args(["-O2", "-fPIC", "-shared"]);
    if job.debug {
        command.arg("-g");
    }
    for (name, value) in &job.define_macros {
        command.arg(match value {
            Some(value) => format!("-D{name}={value}"),
            None => format!("-D{name}"),
        });
    }
    command.args(job.undef_macros.iter().map(|name| format!("-U{name}")));
    with_folders(&mut command, "-I", &job.include_dirs);
    command.args(&job.extra_compile_args);
    command.args(&job.sources).args(&job.extra_objects);
    command.arg("-o").arg(&job.target);
    with_folders(&mut command, "-L", &job.library_dirs);
    with_folders(&mut command, "-Wl,-rpath,", &job.runtime_library_dirs);
    command.args(job.libraries.iter().map(|name| format!("-l{name}")));
    command.args(&job.extra_link_args);
    if job.sources.iter().any(|source| is_cpp(source)) {
        command.arg(CPP_LIBRARY);
    }
    run(&mut command)
}

/// The driver of the C compiler also compiles C++, by the file's name, but does not link its
/// library.
const CPP_LIBRARY: &str = if cfg!(target_vendor = "apple") {
    "-lc++"
} else {
    "-lstdc++"
};

fn is_cpp(source: &Path) -> bool {
    let extension = source.extension().and_then(|one| one.to_str());
    matches!(extension, Some("cpp" | "cc" | "cxx" | "c++" | "C"))
}

/// The compiler that crate cc finds; outside a build script it has to be told everything.
fn compiler(folder: &Path) -> Result<cc::Tool, CompileError> {
    let host = HOST;
    cc::Build::new()
        .target(host)
        .host(host)
        .opt_level(2)
        .out_dir(folder)
        .cargo_metadata(false)
        .cargo_warnings(false)
        .no_default_flags(true)
        .warnings(false)
        .try_get_compiler()
        .map_err(|error| CompileError::NoCompiler(error.to_string()))
}

/// The machine that this was built for, which is also the one that it builds for.
const HOST: &str = env!("RUST_CFFI_API_HOST");

fn with_folders(command: &mut Command, flag: &str, folders: &[PathBuf]) {
    for folder in folders {
        let mut argument = OsString::from(flag);
        argument.push(folder);
        command.arg(argument);
    }
}

/// The program and its arguments, without the environment.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    words.join(" ")
}

fn run(command: &mut Command) -> Result<String, CompileError> {
    let shown = shown(command);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().map_err(|error| CompileError::Start {
        command: shown.clone(),
        error,
    })?;
    let message = [stdout, stderr].concat();
    let message = String::from_utf8_lossy(&message).into_owned();
    if status.success() {
        Ok(message)
    } else {
        Err(CompileError::Refused {
            command: shown,
            status: status.to_string(),
            message,
        })
    }
}
