//! `checker setup`.

use serde_json::json;

use crate::build::compiler::Compiler;
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::python::{choose, numpy};
use crate::workspace::Workspace;
use crate::{exit, interrupt, output, report};

/// Make the virtual environment and build the engines, so that both can be used without the checker.
///
/// `run` does this by itself when it is needed. Nothing happens when all is there already.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also install what only some commands use: NumPy, for `bench`.
    #[arg(long, value_name = "PACKAGE", value_enum)]
    with: Vec<Extra>,
}

/// A package that not everybody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Extra {
    /// For the rows of `bench` that take a NumPy array.
    Numpy,
}

/// Sets up, and says where everything is.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let python = choose::choose(&workspace, global.python.as_deref())?;
    let compiler = Compiler::find(&workspace)?;
    interrupt::watch();
    let tools = Tools::new(workspace, python, compiler);
    let venv = tools.venv()?;
    let engines = tools.engines()?;
    let numpy = match args.with.contains(&Extra::Numpy) {
        true => Some(numpy::ensure(&tools)?),
        false => numpy::find(&tools)?,
    };
    if global.json {
        output::json(&json!({
            "schema_version": report::SCHEMA_VERSION,
            "python": tools.python.executable,
            "venv": venv.folder,
            "venv_python": venv.python,
            "engines": engines.folder,
            "numpy": numpy,
        }))?;
    } else {
        let numpy = match numpy {
            Some(_) => "NumPy                for `checker bench`\n",
            None => "",
        };
        output::result(&format!(
            "{}\nvirtual environment  {}\nengines              rust_ctypes, rust_cffi, rust_config; import them with {}\n{numpy}",
            tools.python.description(),
            tools.workspace.shown(&venv.folder).display(),
            tools.workspace.shown(&venv.python).display(),
        ))?;
    }
    Ok(exit::PASSED)
}
