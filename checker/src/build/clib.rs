//! The lesson's C library as a shared library.

use std::path::PathBuf;

use super::Failure;
use super::store::Key;
use super::tools::Tools;
use crate::errors::ExpectedError;
use crate::judge::inputs::Files;
use crate::message;

const FLAGS: [&str; 8] = [
    "-std=c99", "-O1", "-g0", "-fPIC", "-Wall", "-Wextra", "-shared", "-I.",
];

/// Builds `lib<name>.so` from all C files of `clib/`, or finds it in the store. `checks` are the flags of the sanitizers,
/// or nothing.
pub fn build(
    tools: &Tools,
    name: &str,
    clib: &Files,
    checks: &[String],
) -> anyhow::Result<PathBuf> {
    let file = format!("lib{name}.so");
    let key = Key::of("clib 1")
        .text(&tools.compiler.identity())
        .text(&FLAGS.join(" "))
        .text(&checks.join(" "))
        .text(&file)
        .named(clib.entries())
        .finish();
    let made = tools.store.get_or_make(&key, |entry| {
        let _step = tools
            .progress
            .step(&crate::words!("step-compiling", file = file.as_str()));
        let scratch = tools.scratch()?;
        clib.write_to(&scratch, "")?;
        let mut args: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        args.extend(checks.iter().cloned());
        args.extend(["-o".to_owned(), file.clone()]);
        args.extend(clib.c_files().map(str::to_owned));
        args.push("-lm".to_owned());
        if let Err(failure) = tools.compiler.run(scratch.path(), &args, &file, &[])? {
            return Ok(Err(failure));
        }
        super::copy(&scratch.path().join(&file), &entry.join(&file))?;
        Ok(Ok(()))
    })?;
    match made {
        Ok(entry) => Ok(entry.join(file)),
        Err(Failure::Refused(output) | Failure::Stopped(output)) => Err(ExpectedError::OwnBuild {
            what: message!("error-the-library", file = file),
            output,
            next: message!("error-library-next"),
        }
        .into()),
    }
}
