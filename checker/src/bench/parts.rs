//! What a bench needs built: the C library, the two extension modules of API mode, the one in C and those in Rust.
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
use crate::variant::{Backend, Bridge, Variant};

/// The folder of the sources, below the root.
const SOURCES: &str = "checker/bench";

/// The crates of the extension modules in Rust: by hand, and by PyO3's macros. Both compile C of [`SOURCES`] too.
const BY_HAND: &str = "rust-bench";
const BY_MACROS: &str = "rust-bench-macros";

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
    own: Own,
    /// Holds the programs; Python puts it on `sys.path` itself.
    pub programs: Scratch,
}

/// The folders of single variants.
#[derive(Debug)]
struct Own {
    base: PathBuf,
    by_hand: PathBuf,
    /// Stock and ours.
    api: [PathBuf; 2],
    engines: PathBuf,
    site_packages: PathBuf,
}

impl Parts {
    /// The folders that one variant imports from: looking through those of others would be counted with its first call.
    pub fn paths_of(&self, variant: Variant) -> Vec<&Path> {
        let Own {
            base,
            by_hand,
            api: [api_stock, api_rust],
            engines,
            site_packages,
        } = &self.own;
        let folders: &[&PathBuf] = match (variant.bridge, variant.backend) {
            (Bridge::Ctypes, Backend::Stock) => &[],
            (Bridge::Ctypes, Backend::Rust) => &[engines],
            (Bridge::Abi, Backend::Stock) => &[site_packages],
            (Bridge::Abi, Backend::Rust) => &[engines, site_packages],
            (Bridge::Api, Backend::Stock) => &[api_stock, site_packages],
            (Bridge::Api, Backend::Rust) => &[api_rust, engines],
            (Bridge::Ext, Backend::Stock) => &[base],
            (Bridge::Ext, Backend::Rust) => &[by_hand],
        };
        folders.iter().map(|folder| folder.as_path()).collect()
    }

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
        let own = Own {
            base: compiled(tools, &base, &sources, &["base.c", "calls.c"])?,
            by_hand: by_hand(tools)?,
            api: [
                api_module(tools, &sources, Backend::Stock)?,
                api_module(tools, &sources, Backend::Rust)?,
            ],
            engines: tools.engines()?.folder.clone(),
            site_packages: tools.venv()?.site_packages.clone(),
        };
        let mymodule = format!("mymodule{suffix}");
        let mut paths = vec![
            own.base.clone(),
            compiled(tools, &mymodule, &config, &["mymodule.c", "config.c"])?,
            own.by_hand.clone(),
            engines::extra(tools, BY_MACROS, SOURCES)?,
        ];
        paths.extend_from_slice(&own.api);
        paths.push(own.engines.clone());
        paths.extend(numpy::find(tools)?);
        paths.push(own.site_packages.clone());
        let library = compiled(tools, "libcalls.so", &sources, &["calls.c"])?.join("libcalls.so");
        let programs = tools.scratch()?;
        for (name, bytes) in sources.entries().filter(|(name, _)| name.ends_with(".py")) {
            programs.write(name, bytes)?;
        }
        Ok(Parts {
            library,
            paths,
            own,
            programs,
        })
    }
}

fn by_hand(tools: &Tools) -> anyhow::Result<PathBuf> {
    Ok(engines::linked(tools, BY_HAND, SOURCES)?.map_err(|failure| unbuilt(BY_HAND, failure))?)
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
        what: format!("{what}, which the bench measures").into(),
        output,
        next: "restore checker/bench with `git checkout`; `checker doctor` tries the compiler"
            .into(),
    }
}
