//! The engines: rust_ctypes, rust_cffi and rust_config, built once for each interpreter ABI.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Failure;
use super::rust;
use super::store::{self, Key};
use super::tools::Tools;
use crate::errors::ExpectedError;
use crate::message;
use crate::python::{Python, venv::Venv};
use crate::workspace::Workspace;

/// An engine of the workspace.
struct Engine {
    /// The cargo package.
    package: &'static str,
    /// Its folder.
    folder: &'static str,
    /// Where its extension module belongs, without the suffix.
    module: &'static str,
}

const ENGINES: [Engine; 3] = [
    Engine {
        package: "rust-ctypes",
        folder: "c_ext_ctypes_add/rust",
        module: "rust_ctypes/_rust_ctypes",
    },
    // Beside its package: compiled modules import it without running any Python code.
    Engine {
        package: "rust-cffi",
        folder: "c_ext_cffi_abi/rust",
        module: "_rust_cffi",
    },
    Engine {
        package: "rust-config",
        folder: "c_ext_config_basic/rust",
        module: "rust_config/_rust_config",
    },
];

/// Everything that the engines are made from, besides the workspace's own files.
const SOURCES: [&str; 5] = [
    "c_ext_ffi_clib/rust",
    "c_ext_ctypes_add/rust",
    "c_ext_cffi_abi/rust",
    "c_ext_cffi_api/rust",
    "c_ext_config_basic/rust",
];

/// What lies beside the sources of a crate and does not change what is built.
const OTHER_THAN_SOURCES: [&str; 5] = ["tests", "fuzz", "benches", "target", "pyproject.toml"];

/// The workspace's files that decide how they are compiled.
const WORKSPACE_FILES: [&str; 3] = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"];

/// Cargo's profiles, which name the folders of what they build.
const ENGINE: &str = "engine";
const MODULE: &str = "module";

/// The one file by which the virtual environment finds the engines.
const PATH_FILE: &str = "four_bridges_engines.pth";

/// Built engines.
#[derive(Clone, Debug)]
pub struct Engines {
    /// The folder to put on `sys.path`.
    pub folder: PathBuf,
    /// Names their content.
    pub key: String,
}

/// What the engines are made from, for this interpreter.
///
/// # Errors
/// When a source file cannot be read.
pub fn key(workspace: &Workspace, python: &Python) -> Result<String, ExpectedError> {
    key_of("engines 3", workspace, python, &SOURCES)
}

fn key_of(
    kind: &str,
    workspace: &Workspace,
    python: &Python,
    folders: &[&str],
) -> Result<String, ExpectedError> {
    let mut key = Key::of(kind).text(&python.abi_tag).text(&python.ext_suffix);
    for name in WORKSPACE_FILES {
        key = key.text(name).bytes(&read(workspace, Path::new(name))?);
    }
    for folder in folders {
        let below = workspace.root.join(folder);
        for file in sources(&below).map_err(|error| missing(&below, &error))? {
            let path = Path::new(folder).join(file);
            key = key
                .text(&path.to_string_lossy())
                .bytes(&read(workspace, &path)?);
        }
    }
    Ok(key.finish())
}

/// The files of a crate that change what is built, relative to its folder, sorted: no tests, prose or packaging.
fn sources(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if OTHER_THAN_SOURCES.iter().any(|other| name == *other) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            let files = store::files_below(&entry.path())?;
            found.extend(files.iter().map(|file| Path::new(&name).join(file)));
        } else {
            found.push(PathBuf::from(name));
        }
    }
    found.retain(|file| {
        let name = file.to_string_lossy();
        !name.contains("__pycache__") && !name.ends_with(".so") && !name.ends_with(".md")
    });
    found.sort();
    Ok(found)
}

fn read(workspace: &Workspace, file: &Path) -> Result<Vec<u8>, ExpectedError> {
    let path = workspace.root.join(file);
    fs::read(&path).map_err(|error| missing(&path, &error))
}

fn missing(path: &Path, error: &std::io::Error) -> ExpectedError {
    ExpectedError::UnusableFile {
        path: path.to_owned(),
        problem: message!("error-engines-unbuilt", why = error.to_string()),
        next: message!("error-restore-it"),
    }
}

/// Builds the engines, or finds them in the store.
pub fn ensure(tools: &Tools) -> anyhow::Result<Engines> {
    let key = tools.engines_key()?.to_owned();
    let engines = store::Store::new(tools.workspace.cache.join("engines"));
    let _lock = lock(tools)?;
    let made = engines.get_or_make::<ExpectedError>(&key, |entry| {
        rust::require_plain_cache(&tools.workspace)?;
        let _step = tools.progress.step(&crate::words!("step-engines"));
        if let Err(error) = cargo(tools, ENGINE, &ENGINES.map(|engine| engine.package)) {
            return Ok(Err(error));
        }
        for engine in &ENGINES {
            collect(tools, entry, engine)?;
        }
        compile_python(tools, entry)?;
        Ok(Ok(()))
    })?;
    Ok(Engines { folder: made?, key })
}

/// Builds another crate of the workspace as the engines are built, and returns the folder that holds its module.
///
/// # Errors
/// When it does not build, or its sources in `folder` cannot be read.
pub fn extra(tools: &Tools, package: &str, folder: &str) -> anyhow::Result<PathBuf> {
    let key = key_of(package, &tools.workspace, &tools.python, &[folder])?;
    let module = format!("_{}", package.replace('-', "_"));
    let store = store::Store::new(tools.workspace.cache.join("engines"));
    let _lock = lock(tools)?;
    let made = store.get_or_make::<ExpectedError>(&key, |entry| {
        rust::require_plain_cache(&tools.workspace)?;
        let _step = tools
            .progress
            .step(&crate::words!("step-building", what = package));
        if let Err(error) = cargo(tools, ENGINE, &[package]) {
            return Ok(Err(error));
        }
        let file = format!("{module}{}", tools.python.ext_suffix);
        super::copy(&library(tools, &module), &entry.join(file))?;
        Ok(Ok(()))
    })?;
    Ok(made?)
}

/// Builds a crate of the workspace that is a static library, links the extension module that it holds, and returns the
/// folder of that.
///
/// rustc links std's unwinder into each module, with all that prints a panic; the C compiler takes what is called.
///
/// # Errors
/// As for [`extra`]; the inner one when it does not link.
pub fn linked(
    tools: &Tools,
    package: &str,
    folder: &str,
) -> anyhow::Result<Result<PathBuf, Failure>> {
    let kind = format!("{package} linked with {}", tools.compiler.identity());
    let key = key_of(&kind, &tools.workspace, &tools.python, &[folder])?;
    let module = format!("_{}", package.replace('-', "_"));
    let file = format!("{module}{}", tools.python.ext_suffix);
    let archive = format!("lib{module}.a");
    let store = store::Store::new(tools.workspace.cache.join("engines"));
    let _lock = lock(tools)?;
    store.get_or_make(&key, |entry| {
        rust::require_plain_cache(&tools.workspace)?;
        let _step = tools
            .progress
            .step(&crate::words!("step-building", what = package));
        cargo(tools, MODULE, &[package])?;
        let scratch = tools.scratch()?;
        let built = target(tools).join(MODULE).join(&archive);
        super::copy(&built, &scratch.path().join(&archive))?;
        let mut args = vec!["-shared".to_owned(), "-o".to_owned(), file.clone()];
        args.extend(super::module_link_flags());
        if cfg!(not(target_os = "macos")) {
            args.push("-Wl,--gc-sections".to_owned());
        }
        args.extend([format!("-Wl,-u,PyInit_{module}"), archive.clone()]);
        if let Err(failure) = tools.compiler.run(scratch.path(), &args, &file, &[])? {
            return Ok(Err(failure));
        }
        super::copy(&scratch.path().join(&file), &entry.join(&file))?;
        Ok(Ok(()))
    })
}

impl Engines {
    /// Makes `import rust_ctypes` work in the virtual environment.
    pub fn make_importable(&self, venv: &Venv) -> Result<(), ExpectedError> {
        let path = venv.site_packages.join(PATH_FILE);
        let line = format!("{}\n", self.folder.display());
        if !fs::read_to_string(&path).is_ok_and(|old| old == line) {
            store::write_atomically(&path, line.as_bytes())
                .map_err(|cause| ExpectedError::cache(&path, cause))?;
        }
        // Fresh files are for their owner alone.
        store::open_to_all(&path).map_err(|cause| ExpectedError::cache(&path, cause))
    }
}

/// One build of the engines at a time: cargo would only make the second wait, without a word.
fn lock(tools: &Tools) -> anyhow::Result<File> {
    let path = tools.workspace.cache_folder("engines")?.join("lock");
    let unwritable = |cause| ExpectedError::cache(path.clone(), cause);
    let file = File::create(&path).map_err(unwritable)?;
    file.lock().map_err(unwritable)?;
    Ok(file)
}

fn target(tools: &Tools) -> PathBuf {
    tools.workspace.cache.join("cargo/engines")
}

/// Without the network first: it is quicker, and it is all that most runs need.
fn cargo(tools: &Tools, profile: &str, packages: &[&str]) -> Result<(), ExpectedError> {
    match attempt(tools, profile, packages, true) {
        Err(said) if rust::lacks_downloads(&said) => match attempt(tools, profile, packages, false)
        {
            Err(said) if rust::lacks_downloads(&said) => Err(rust::offline(&said)),
            other => other.map_err(refused),
        },
        other => other.map_err(refused),
    }
}

fn attempt(tools: &Tools, profile: &str, packages: &[&str], offline: bool) -> Result<(), String> {
    let program = rust::cargo().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["build", "--quiet", "--locked", "--profile", profile]);
    if offline {
        command.arg("--offline");
    }
    for package in packages {
        command.args(["-p", package]);
    }
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text.starts_with("PYO3_")
            || text.starts_with("PYTHON")
        {
            command.env_remove(&name);
        }
    }
    let output = command
        .current_dir(&tools.workspace.root)
        .env("CARGO_TARGET_DIR", target(tools))
        .env("PYO3_PYTHON", &tools.python.executable)
        .env("PYO3_BUILD_EXTENSION_MODULE", "1")
        .env("CARGO_TERM_COLOR", "never")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn refused(said: String) -> ExpectedError {
    let next = if said.contains("No space left") {
        message!("error-engines-full-next")
    } else {
        message!("error-engines-next")
    };
    ExpectedError::OwnBuild {
        what: message!("error-the-engines"),
        output: said,
        next,
    }
}

/// Writes the byte code of the packages: drivers may not write it, and would compile the same files at every start.
///
/// It is not held against the times of the files, which a copy of the cache changes: an entry never changes.
fn compile_python(tools: &Tools, entry: &Path) -> anyhow::Result<()> {
    let output = Command::new(&tools.python.executable)
        .args(["-I", "-m", "compileall", "-q"])
        .args(["--invalidation-mode", "unchecked-hash"])
        .arg(entry)
        .stdin(Stdio::null())
        .output()?;
    anyhow::ensure!(
        output.status.success(),
        "the engines' Python files do not compile:\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(())
}

/// Puts a package together: its Python files, and its extension module inside.
fn collect(tools: &Tools, entry: &Path, engine: &Engine) -> anyhow::Result<()> {
    let sources = tools.workspace.root.join(engine.folder).join("python");
    if let Ok(files) = store::files_below(&sources) {
        for file in files.iter().filter(|file| {
            // A package of the module's own name is for wheels, which cannot have the module beside it.
            !file.starts_with(engine.module)
                && file
                    .extension()
                    .is_some_and(|it| it == "py" || it == "pyi" || it == "typed")
        }) {
            let to = entry.join(file);
            fs::create_dir_all(to.parent().unwrap_or(entry))?;
            super::copy(&sources.join(file), &to)?;
        }
    }
    let file = entry.join(format!("{}{}", engine.module, tools.python.ext_suffix));
    fs::create_dir_all(file.parent().unwrap_or(entry))?;
    let name = Path::new(engine.module).file_name().unwrap_or_default();
    super::copy(&library(tools, &name.to_string_lossy()), &file)
}

/// Where cargo puts the library of this name.
fn library(tools: &Tools, name: &str) -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    target(tools)
        .join(ENGINE)
        .join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_compiled_counts_and_nothing_else() {
        let own = [
            "Cargo.toml",
            "build.rs",
            "csrc/machine.c",
            "python/rust_cffi/_front.py",
            "src/lib.rs",
        ];
        let others = [
            "README.md",
            "pyproject.toml",
            "python/rust_cffi/__pycache__/_front.cpython-311.pyc",
            "python/rust_cffi/_rust_cffi.cpython-311-x86_64-linux-gnu.so",
            "target/debug/libx.rlib",
            "tests/test_calls.py",
        ];
        let folder = tempfile::tempdir().unwrap();
        for file in own.iter().chain(&others) {
            store::write_atomically(&folder.path().join(file), b"x").unwrap();
        }
        assert_eq!(sources(folder.path()).unwrap(), own.map(PathBuf::from));
    }
}
