//! `checker trace`.

use std::path::PathBuf;

use crate::build::compiler::Compiler;
use crate::build::store::write_atomically;
use crate::build::tools::Tools;
use crate::cli::Global;
use crate::errors::ExpectedError;
use crate::flow::course;
use crate::inspect::page::Page;
use crate::lesson::Lesson;
use crate::message;
use crate::python::choose;
use crate::trace::{self, Traced, Whose, document, page, svg};
use crate::variant::{Variant, VariantPattern};
use crate::workspace::Workspace;
use crate::{exit, interrupt, output};

/// Show the way of a call from Python to C, library by library and frame by frame, as it is when the C function runs.
///
/// Each variant is built and run as always; the stack is walked at the first instruction of the C function. Traced are your
/// own files where they call C, else those of the solution, and it is said which. Exit code 1 when a variant has no path.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson, for example lesson-7.3; the one where you are when none is named.
    lesson: Option<String>,
    /// Only these variants, for example ctypes/stock, 'abi/*' or '*/rust'; may be given more than once.
    #[arg(long, value_name = "VARIANT")]
    variant: Vec<VariantPattern>,
    /// The C function; the first that all variants call when none is named.
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Trace the reference solution instead of the exercise files.
    #[arg(long)]
    solution: bool,
    /// Show the libraries, without their frames.
    #[arg(long)]
    libraries: bool,
    /// Also write a picture to this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Traces the variants of a lesson and prints their paths.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    trace::supported(std::env::consts::OS, std::env::consts::ARCH)?;
    let workspace = Workspace::find()?;
    let lesson = course::meant(&workspace, args.lesson.as_deref())?;
    let python = choose::choose(&workspace, global.python.as_deref())?;
    let compiler = Compiler::find(&workspace)?;
    interrupt::watch();
    let tools = Tools::new(workspace, python, compiler);
    let traced = args
        .variants()
        .map(|variant| trace::trace(&tools, &lesson, variant, args.whose()))
        .collect::<anyhow::Result<Vec<Traced>>>()?;
    let function = function(args, &lesson, &traced)?;
    if let Some(file) = &args.svg {
        let picture = svg::picture(&lesson, &traced, &function);
        write_atomically(file, picture.as_bytes()).map_err(|error| {
            ExpectedError::UnusableFile {
                path: file.clone(),
                problem: error.to_string().into(),
                next: message!("error-svg-next"),
            }
        })?;
    }
    if global.json {
        output::json(&document::document(&lesson, &traced, &function))?;
    } else {
        let mut text = Page::for_output();
        page::write(&mut text, &lesson, &traced, &function, args.libraries);
        output::result(&text.finish())?;
    }
    Ok(match traced.iter().all(|it| it.call(&function).is_some()) {
        true => exit::PASSED,
        false => exit::NOT_PASSED,
    })
}

impl Args {
    fn variants(&self) -> impl Iterator<Item = Variant> {
        Variant::all().filter(|variant| {
            self.variant.is_empty() || self.variant.iter().any(|it| it.matches(*variant))
        })
    }

    fn whose(&self) -> Whose {
        match self.solution {
            true => Whose::Solution,
            false => Whose::Own,
        }
    }
}

/// The function to show. Nothing is called when no variant builds or runs; then a placeholder stands in the report, which
/// tells why.
fn function(args: &Args, lesson: &Lesson, traced: &[Traced]) -> Result<String, ExpectedError> {
    let Some(asked) = &args.function else {
        let first = trace::common_function(traced);
        return Ok(first.unwrap_or("C").to_owned());
    };
    let known = trace::functions(traced);
    if known.contains(&asked.as_str()) || known.is_empty() {
        return Ok(asked.clone());
    }
    Err(ExpectedError::UnknownFunction {
        lesson: lesson.manifest.id.0.clone(),
        asked: asked.clone(),
        known: known.into_iter().map(str::to_owned).collect(),
    })
}
