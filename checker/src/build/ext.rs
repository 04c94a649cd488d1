//! The extension module in C: `module.c` together with `clib/*.c`.

use std::path::PathBuf;

use super::store::Key;
use super::tools::Tools;
use super::{Built, Failure};
use crate::errors::ExpectedError;
use crate::judge::inputs::Files;
use crate::message;

/// A participant sees the warnings; what newer compilers refuse is refused by all.
const FLAGS: [&str; 12] = [
    "-std=c11",
    "-O1",
    "-g0",
    "-fPIC",
    "-Wall",
    "-Wextra",
    "-Wno-unused-parameter",
    "-Wno-missing-field-initializers",
    "-Wno-cast-function-type",
    "-Werror=implicit-function-declaration",
    "-Werror=incompatible-pointer-types",
    "-Werror=int-conversion",
];

/// The C library as one object, which an edit of the module does not compile again.
const OBJECT: &str = "clib.o";

/// Builds the extension module, or finds it in the store. `shown` is how the participant knows `module.c`; `checks` are the
/// flags of the sanitizers, or nothing.
pub fn build(
    tools: &Tools,
    module: &str,
    source: &[u8],
    shown: &str,
    clib: &Files,
    checks: &[String],
) -> anyhow::Result<Result<Built, Failure>> {
    require_headers(tools)?;
    let file = format!("{module}{}", tools.python.ext_suffix);
    let library = match object(tools, clib, checks)? {
        Ok(library) => library,
        Err(failure) => return Ok(Err(failure)),
    };
    let key = Key::of("ext-c 2")
        .text(&tools.compiler.identity())
        .text(&FLAGS.join(" "))
        .text(&checks.join(" "))
        .text(&file)
        .text(&tools.python.include.to_string_lossy())
        .text(&tools.python.version_text())
        .bytes(source)
        .named(clib.entries())
        .finish();
    let made = tools.store.get_or_make(&key, |entry| {
        let _step = tools
            .progress
            .step(&crate::words!("step-compiling", file = "ext/module.c"));
        let scratch = tools.scratch()?;
        clib.write_to(&scratch, "")?;
        scratch.write("ext/module.c", source)?;
        let mut args = flags(checks);
        args.push("-shared".to_owned());
        args.extend(super::module_link_flags());
        args.extend([
            "-I.".to_owned(),
            format!("-I{}", tools.python.include.display()),
        ]);
        args.extend(["-o".to_owned(), file.clone(), "ext/module.c".to_owned()]);
        match &library {
            Some(library) => {
                super::copy(library, &scratch.path().join(OBJECT))?;
                args.push(OBJECT.to_owned());
            }
            None => args.extend(clib.c_files().map(str::to_owned)),
        }
        args.push("-lm".to_owned());
        let names = [("ext/module.c".to_owned(), shown.to_owned())];
        let headers = [tools.python.include.clone()];
        match tools.compiler.run(scratch.path(), &args, &file, &headers)? {
            Err(failure) => Ok(Err(failure.with_shown_names(&names))),
            Ok(said) => {
                super::keep(
                    &scratch,
                    entry,
                    &file,
                    &super::with_shown_names(&said, &names),
                )?;
                Ok(Ok(()))
            }
        }
    })?;
    Ok(made.map(|entry| Built::read(&entry, &file)))
}

fn flags(checks: &[String]) -> Vec<String> {
    let fixed = FLAGS.iter().map(|flag| (*flag).to_owned());
    fixed.chain(checks.iter().cloned()).collect()
}

/// The C library's object, built or found in the store. Nothing for the sanitizers, whose builds are rare and take everything at once,
/// and for a module without a library.
fn object(
    tools: &Tools,
    clib: &Files,
    checks: &[String],
) -> anyhow::Result<Result<Option<PathBuf>, Failure>> {
    if !checks.is_empty() || clib.c_files().next().is_none() {
        return Ok(Ok(None));
    }
    let key = Key::of("ext-clib 1")
        .text(&tools.compiler.identity())
        .text(&FLAGS.join(" "))
        .named(clib.entries())
        .finish();
    let made = tools.store.get_or_make(&key, |entry| {
        let _step = tools
            .progress
            .step(&crate::words!("step-compiling", file = "clib/*.c"));
        let scratch = tools.scratch()?;
        clib.write_to(&scratch, "")?;
        let mut args = flags(checks);
        args.extend(["-r", "-nostdlib", "-I.", "-o", OBJECT].map(str::to_owned));
        args.extend(clib.c_files().map(str::to_owned));
        match tools.compiler.run(scratch.path(), &args, OBJECT, &[])? {
            Err(failure) => Ok(Err(failure)),
            // Warnings about the C library are nothing that a participant could act on.
            Ok(_) => {
                super::copy(&scratch.path().join(OBJECT), &entry.join(OBJECT))?;
                Ok(Ok(()))
            }
        }
    })?;
    Ok(made.map(|entry| Some(entry.join(OBJECT))))
}

/// Refuses early, and by name, what the compiler would say in forty lines.
pub fn require_headers(tools: &Tools) -> Result<(), ExpectedError> {
    if tools.python.has_headers() {
        return Ok(());
    }
    Err(ExpectedError::Python {
        what: message!(
            "error-no-headers",
            python = tools.python.executable.display().to_string(),
        ),
        cause: message!("error-no-file", file = shown_header(&tools.python.include)),
        next: tools.python.headers_step(),
    })
}

fn shown_header(include: &std::path::Path) -> String {
    let header: PathBuf = include.join("Python.h");
    header.display().to_string()
}
