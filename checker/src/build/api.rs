//! The extension module of CFFI's API mode: the build script says what to compile, we compile it.

use std::ffi::OsString;
use std::path::Path;

use serde::Deserialize;

use super::scratch::Scratch;
use super::store::Key;
use super::tools::Tools;
use super::{Built, Failure, environment, ext, limits, outcome};
use crate::border::{self, Access, Ending, Job};
use crate::inspect::cdef_place;
use crate::judge::inputs::Files;
use crate::variant::Backend;

/// Runs in the work folder: imports `api_build`, writes its C text, says what to compile.
const EMIT: &str = include_str!("emit.py");

/// Where `emit.py` writes what is to be compiled.
const WANTED: &str = "wanted.json";

/// How `emit.py` ends when the engine cannot be loaded.
const ENGINE_FAILED: i32 = 70;

const FLAGS: [&str; 7] = [
    "-O1",
    "-g0",
    "-fPIC",
    "-DNDEBUG",
    "-fwrapv",
    "-Werror=implicit-function-declaration",
    "-shared",
];

/// What the build script wants compiled; from a participant's process, so every part is checked before it is used.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    sources: Vec<String>,
    include_dirs: Vec<String>,
    library_dirs: Vec<String>,
    runtime_library_dirs: Vec<String>,
    libraries: Vec<String>,
    define_macros: Vec<(String, Option<String>)>,
    undef_macros: Vec<String>,
    extra_objects: Vec<String>,
    extra_compile_args: Vec<String>,
    extra_link_args: Vec<String>,
}

/// Builds the extension module that `api_build.py` describes, or finds it in the store. `checks` are the flags of the
/// sanitizers, or nothing.
pub fn build(
    tools: &Tools,
    module: &str,
    backend: Backend,
    script: &[u8],
    shown: &str,
    clib: &Files,
    checks: &[String],
) -> anyhow::Result<Result<Built, Failure>> {
    ext::require_headers(tools)?;
    let venv = tools.venv()?;
    let engine = match backend {
        Backend::Stock => String::new(),
        Backend::Rust => tools.engines()?.key.clone(),
    };
    let file = format!("{module}{}", tools.python.ext_suffix);
    let key = Key::of("api 1")
        .text(&tools.compiler.identity())
        .text(&FLAGS.join(" "))
        .text(&checks.join(" "))
        .text(EMIT)
        .text(&file)
        .text(&tools.python.include.to_string_lossy())
        .text(&tools.python.version_text())
        .bytes(&std::fs::read(
            tools.workspace.root.join("requirements.lock"),
        )?)
        .text(&engine)
        .bytes(script)
        .named(clib.entries())
        .finish();
    let made = tools.store.get_or_make(&key, |entry| {
        let _step = tools.progress.step(&crate::words!(
            "step-building",
            what = format!("api/{}", backend.name())
        ));
        let scratch = tools.scratch()?;
        clib.write_to(&scratch, "")?;
        scratch.write("api_build.py", script)?;
        let names = [("api_build.py".to_owned(), shown.to_owned())];
        let wanted = match emit(tools, &venv.python, backend, module, &scratch)? {
            Ok(wanted) => wanted,
            Err(failure) => {
                let source = String::from_utf8_lossy(script);
                let placed = failure.map(|it| cdef_place::told(&it, "api_build.py", &source));
                return Ok(Err(placed.with_shown_names(&names)));
            }
        };
        let mut args = checks.to_vec();
        args.splice(0..0, FLAGS.iter().map(|flag| (*flag).to_owned()));
        args.extend(arguments(&wanted, tools, module, &file));
        let headers = std::slice::from_ref(&tools.python.include);
        match tools.compiler.run(scratch.path(), &args, &file, headers)? {
            Err(failure) => Ok(Err(failure.with_shown_names(&names))),
            Ok(said) => {
                super::keep(&scratch, entry, &file, &said)?;
                Ok(Ok(()))
            }
        }
    })?;
    Ok(made.map(|entry| Built::read(&entry, &file)))
}

fn emit(
    tools: &Tools,
    python: &Path,
    backend: Backend,
    module: &str,
    scratch: &Scratch,
) -> anyhow::Result<Result<Wanted, Failure>> {
    // Outside the work folder, where the build script cannot be mistaken for it.
    let emitter = tools.scratch()?;
    let program = emitter.write("emit.py", EMIT.as_bytes())?;
    emitter.open_to_all()?;
    let (engine, engines) = match backend {
        Backend::Stock => ("-", Vec::new()),
        Backend::Rust => ("rust_cffi", vec![tools.engines()?.folder.clone()]),
    };
    let args: Vec<OsString> = [
        "-I".into(),
        "-B".into(),
        program.into_os_string(),
        module.into(),
        engine.into(),
    ]
    .into();
    let ended = border::run(&Job {
        program: python.to_owned(),
        args,
        env: environment(),
        cwd: scratch.path().to_owned(),
        limits: limits(),
        access: Access {
            readable: [
                border::interpreter_places(python),
                vec![emitter.path().to_owned()],
                engines,
            ]
            .concat(),
            results: vec![format!("{module}.c").into(), WANTED.into()],
            ..Access::default()
        },
    })?;
    super::take_results(&ended, scratch.path())?;
    if ended.ending == Ending::Exited(ENGINE_FAILED) {
        anyhow::bail!("the engine does not load:\n{}", super::output_of(&ended));
    }
    if let Err(failure) = outcome(&ended)? {
        return Ok(Err(failure));
    }
    if ended.leaked > 0 {
        return Ok(Err(Failure::Stopped(format!(
            "api_build.py: the build script left {} processes behind, which were ended\n",
            ended.leaked
        ))));
    }
    let answer = std::fs::read(scratch.path().join(WANTED)).ok();
    let wanted = answer.and_then(|bytes| serde_json::from_slice::<Wanted>(&bytes).ok());
    Ok(wanted.ok_or_else(|| {
        Failure::Refused(format!(
            "api_build.py: the build script ended before it said what to compile\n{}",
            super::output_of(&ended)
        ))
    }))
}

/// As setuptools would call the compiler, in one step.
fn arguments(wanted: &Wanted, tools: &Tools, module: &str, file: &str) -> Vec<String> {
    let mut args: Vec<String> = super::module_link_flags().collect();
    args.push(format!("-I{}", tools.python.include.display()));
    args.extend(
        wanted
            .include_dirs
            .iter()
            .map(|folder| format!("-I{folder}")),
    );
    args.extend(
        wanted
            .define_macros
            .iter()
            .map(|(name, value)| match value {
                Some(value) => format!("-D{name}={value}"),
                None => format!("-D{name}"),
            }),
    );
    args.extend(wanted.undef_macros.iter().map(|name| format!("-U{name}")));
    args.extend(wanted.extra_compile_args.iter().cloned());
    args.extend(["-o".to_owned(), file.to_owned(), format!("{module}.c")]);
    args.extend(wanted.sources.iter().cloned());
    args.extend(wanted.extra_objects.iter().cloned());
    args.extend(
        wanted
            .library_dirs
            .iter()
            .map(|folder| format!("-L{folder}")),
    );
    args.extend(
        wanted
            .runtime_library_dirs
            .iter()
            .map(|folder| format!("-Wl,-rpath,{folder}")),
    );
    args.extend(
        wanted
            .libraries
            .iter()
            .map(|library| format!("-l{library}")),
    );
    args.extend(wanted.extra_link_args.iter().cloned());
    args
}
