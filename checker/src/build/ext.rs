//! The extension module in C: `module.c` together with `clib/*.c`.

use std::path::PathBuf;

use super::store::Key;
use super::tools::Tools;
use super::{Built, Failure};
use crate::errors::ExpectedError;
use crate::judge::inputs::Files;

/// A participant sees the warnings; what newer compilers refuse is refused by all.
const FLAGS: [&str; 13] = [
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
    "-shared",
];

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
    let key = Key::of("ext-c 1")
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
        let mut args: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        args.extend(checks.iter().cloned());
        args.extend(super::module_link_flags());
        args.extend([
            "-I.".to_owned(),
            format!("-I{}", tools.python.include.display()),
        ]);
        args.extend(["-o".to_owned(), file.clone(), "ext/module.c".to_owned()]);
        args.extend(clib.c_files().map(str::to_owned));
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

/// Refuses early, and by name, what the compiler would say in forty lines.
pub fn require_headers(tools: &Tools) -> Result<(), ExpectedError> {
    if tools.python.has_headers() {
        return Ok(());
    }
    Err(ExpectedError::Python {
        what: format!("{} has no headers", tools.python.executable.display()),
        cause: format!("there is no {}", shown_header(&tools.python.include)),
        next: tools.python.headers_step(),
    })
}

fn shown_header(include: &std::path::Path) -> String {
    let header: PathBuf = include.join("Python.h");
    header.display().to_string()
}
