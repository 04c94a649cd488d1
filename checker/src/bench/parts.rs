//! What a bench needs built: the C library, the two extension modules of API mode, the one in C and the one in Rust.
//!
//! All C is compiled with -O2, all Rust with the profile of the engines.

use std::path::{Path, PathBuf};

use crate::build::scratch::Scratch;
use crate::build::store::Key;
use crate::build::tools::Tools;
use crate::build::{Failure, api, copy, engines, ext};
use crate::errors::ExpectedError;
use crate::judge::inputs::Files;
use crate::python::numpy;
use crate::variant::Backend;

/// The folder of the sources, below the root.
const SOURCES: &str = "checker/bench";

/// The crate of the extension module in Rust.
const CRATE: (&str, &str) = ("rust-bench", "checker/bench/rust");

/// `Config` in C.
const CONFIG: &str = "c_ext_config_basic";

const FLAGS: [&str; 6] = ["-std=c11", "-O2", "-g0", "-fPIC", "-shared", "-I."];

/// Where everything is.
#[derive(Debug)]
pub struct Parts {
    /// calls.h as a shared library.
    pub library: PathBuf,
    /// The folders to put on `sys.path`.
    pub paths: Vec<PathBuf>,
    /// Holds the programs; Python puts it on `sys.path` itself.
    pub programs: Scratch,
}

impl Parts {
    /// Builds them, or finds them in the store.
    ///
    /// # Errors
    /// When one of them does not build: that is a fault of ours, or of the machine.
    pub fn build(tools: &Tools) -> anyhow::Result<Parts> {
        ext::require_headers(tools)?;
        let sources = Files::of_folder(&tools.workspace.root.join(SOURCES))?;
        let config = Files::of_folder(&tools.workspace.root.join(CONFIG))?;
        let suffix = &tools.python.ext_suffix;
        let base = format!("bench_base{suffix}");
        let (package, folder) = CRATE;
        let mut paths = vec![
            compiled(tools, &base, &sources, &["base.c", "calls.c"])?,
            compiled(
                tools,
                &format!("mymodule{suffix}"),
                &config,
                &["mymodule.c", "config.c"],
            )?,
            engines::extra(tools, package, folder)?,
        ];
        for backend in Backend::ALL {
            paths.push(api_module(tools, &sources, backend)?);
        }
        paths.push(tools.engines()?.folder.clone());
        paths.extend(numpy::find(tools)?);
        paths.push(tools.venv()?.site_packages.clone());
        let library = compiled(tools, "libcalls.so", &sources, &["calls.c"])?.join("libcalls.so");
        let programs = tools.scratch()?;
        for (name, bytes) in sources.entries().filter(|(name, _)| name.ends_with(".py")) {
            programs.write(name, bytes)?;
        }
        Ok(Parts {
            library,
            paths,
            programs,
        })
    }
}

/// Compiles some of the C files into one library, and returns the folder that holds it.
fn compiled(tools: &Tools, file: &str, sources: &Files, units: &[&str]) -> anyhow::Result<PathBuf> {
    let c_sources = || {
        sources
            .entries()
            .filter(|(name, _)| name.ends_with(".c") || name.ends_with(".h"))
    };
    let key = Key::of("bench-c 1")
        .text(&tools.compiler.identity())
        .text(&FLAGS.join(" "))
        .text(file)
        .text(&units.join(" "))
        .text(&tools.python.include.to_string_lossy())
        .text(&tools.python.version_text())
        .named(c_sources())
        .finish();
    let made = tools.store.get_or_make(&key, |entry| {
        let _step = tools.progress.step(&format!("compiling {file}"));
        let scratch = tools.scratch()?;
        for (name, bytes) in c_sources() {
            scratch.write(name, bytes)?;
        }
        let mut args: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        args.extend(crate::build::module_link_flags());
        args.push(format!("-I{}", tools.python.include.display()));
        args.extend(["-o".to_owned(), file.to_owned()]);
        args.extend(units.iter().map(|unit| (*unit).to_owned()));
        let headers = [tools.python.include.clone()];
        if let Err(failure) = tools.compiler.run(scratch.path(), &args, file, &headers)? {
            return Ok(Err(failure));
        }
        copy(&scratch.path().join(file), &entry.join(file))?;
        Ok(Ok(()))
    })?;
    made.map_err(|failure| unbuilt(file, failure).into())
}

/// The extension module of API mode, `_bench_stock` or `_bench_rust`: both live in one process.
fn api_module(tools: &Tools, sources: &Files, backend: Backend) -> anyhow::Result<PathBuf> {
    let module = format!("_bench_{}", backend.name());
    let script = String::from_utf8_lossy(sources.get("api_build.py").unwrap_or_default())
        .replace("MODULE", &module);
    let script = script.as_bytes();
    let shown = "checker/bench/api_build.py";
    let built = api::build(tools, &module, backend, script, shown, sources, &[])?
        .map_err(|failure| unbuilt(&module, failure))?;
    let folder = built.module.parent().unwrap_or(Path::new("."));
    Ok(folder.to_owned())
}

fn unbuilt(what: &str, failure: Failure) -> ExpectedError {
    let (Failure::Refused(output) | Failure::Stopped(output)) = failure;
    ExpectedError::OwnBuild {
        what: format!("{what}, which the bench measures"),
        output,
        next: "restore checker/bench with `git checkout`; `checker doctor` tries the compiler"
            .to_owned(),
    }
}
