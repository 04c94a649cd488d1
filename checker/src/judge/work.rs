//! The work folder of a variant: copies of what it may see, and nothing that the judge knows.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Courtroom;
use super::inputs::Files;
use super::plan::Asked;
use crate::border::{self, Access, DriverJob, Interrogation};
use crate::build::scratch::Scratch;
use crate::build::{self, Failure};
use crate::lesson::Sources;
use crate::variant::{Backend, Bridge, Variant};

/// A variant that is ready to run. Its folder is removed when this is dropped.
#[derive(Debug)]
pub struct Prepared {
    job: DriverJob,
    /// What the compiler said although it succeeded.
    pub warnings: String,
    /// The names that the participant's files have in the work folder, and the ones that a reader knows.
    names: Vec<(String, String)>,
    scratch: Scratch,
}

impl Prepared {
    /// How its driver is started.
    pub fn job(&self) -> &DriverJob {
        &self.job
    }

    /// How its driver is started, to be changed for another kind of run.
    pub fn job_mut(&mut self) -> &mut DriverJob {
        &mut self.job
    }

    /// Adds text at the end of the copy of `scenarios.py`, where it changes no line number.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn add_to_scenarios(&self, text: &str) -> anyhow::Result<()> {
        let path = self.job.work_dir.join("scenarios.py");
        let mut whole = std::fs::read(&path)?;
        whole.extend_from_slice(text.as_bytes());
        self.scratch.write("scenarios.py", &whole)?;
        Ok(())
    }

    /// Puts a file of ours into the work folder, under its own name.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn add_file(&self, file: &Path) -> anyhow::Result<()> {
        place(&self.scratch, file)
    }

    /// Writes a file of ours into the work folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.scratch.write(name, bytes)?;
        Ok(())
    }

    /// The names that files have in the work folder, each with the one that a reader knows.
    pub fn names(&self) -> &[(String, String)] {
        &self.names
    }

    /// A text of the run with the paths that a reader knows in place of those of the work folder.
    pub fn with_shown_names(&self, text: &str) -> String {
        let work = format!("{}/", self.job.work_dir.display());
        let mut text = build::with_shown_names(&text.replace(&work, ""), &self.names);
        for (staged, shown) in &self.names {
            text = text.replace(&format!("\"{staged}\""), &format!("\"{shown}\""));
        }
        text
    }

    /// The name and the text of the Python file that the driver imports; of an extension by hand, which has none, no text.
    pub fn bridge(&self) -> (String, String) {
        let file = format!("{}.py", self.job.bridge_module);
        let text = std::fs::read(self.job.work_dir.join(&file)).unwrap_or_default();
        (file, String::from_utf8_lossy(&text).into_owned())
    }

    /// Starts a driver and asks it everything.
    ///
    /// # Errors
    /// When the border itself fails.
    pub fn interrogate(&self, asked: &[Asked]) -> anyhow::Result<Interrogation> {
        let questions: Vec<border::Question> =
            asked.iter().map(|asked| asked.question.clone()).collect();
        border::interrogate(&self.job, &questions)
    }
}

/// What a build has that an ordinary one has not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checks<'a> {
    /// Flags for the C compiler, those of the sanitizers for example. A Rust extension is built without them.
    pub flags: &'a [String],
    /// Whether a Rust extension knows its lines, which costs a build of its own.
    pub lines: bool,
}

/// Builds what the variant needs and fills its work folder.
///
/// # Errors
/// When something of ours, or of the machine, is in the way; a participant's code that does not build is no error.
pub fn prepare(
    court: &Courtroom,
    variant: Variant,
    sources: &Sources,
    files: &Files,
    checks: Checks,
) -> anyhow::Result<Result<Prepared, Failure>> {
    let Courtroom {
        tools,
        lesson,
        clib,
        ..
    } = court;
    let library = build::clib::build(tools, &lesson.manifest.clib.name, clib, checks.flags)?;
    let built = match extension(court, variant, sources, files, checks)? {
        Ok(built) => built,
        Err(failure) => return Ok(Err(failure)),
    };
    let scratch = tools.scratch()?;
    court.shown_clib.write_to(&scratch, "")?;
    scratch.write("scenarios.py", &court.scenarios)?;
    for (name, bytes) in files.entries().filter(|(name, _)| !name.contains('/')) {
        scratch.write(name, bytes)?;
    }
    place(&scratch, &library)?;
    let mut warnings = String::new();
    if let Some(built) = built {
        place(&scratch, &built.module)?;
        warnings = built.warnings;
    }
    Ok(Ok(Prepared {
        job: DriverJob {
            python: interpreter(court, variant)?,
            work_dir: scratch.path().to_owned(),
            bridge_module: bridge_module(court, variant),
            replace: engine_of(variant).map(str::to_owned),
            limits: lesson.manifest.limits.clone(),
            env: Vec::new(),
            access: Access {
                readable: engine_places(court, variant)?,
                ..Access::default()
            },
            wrapper: Vec::new(),
            options: options(variant),
            python_variables: false,
        },
        warnings,
        names: shown_names(court, sources, files),
        scratch,
    }))
}

fn extension(
    court: &Courtroom,
    variant: Variant,
    sources: &Sources,
    files: &Files,
    checks: Checks,
) -> anyhow::Result<Result<Option<build::Built>, Failure>> {
    let Courtroom {
        tools,
        lesson,
        clib,
        ..
    } = court;
    let module = lesson.manifest.id.module();
    let source = |name: &str| files.get(name).unwrap_or_default();
    let shown = |name: &str| shown_name(court, sources, name);
    let built = match (variant.bridge, variant.backend) {
        (Bridge::Ctypes | Bridge::Abi, _) => return Ok(Ok(None)),
        (Bridge::Api, backend) => build::api::build(
            tools,
            &module,
            backend,
            source("api_build.py"),
            &shown("api_build.py"),
            clib,
            checks.flags,
        )?,
        (Bridge::Ext, Backend::Stock) => build::ext::build(
            tools,
            &module,
            source("ext/module.c"),
            &shown("ext/module.c"),
            clib,
            checks.flags,
        )?,
        (Bridge::Ext, Backend::Rust) => build::rust::build(
            tools,
            lesson,
            source("ext/lib.rs"),
            &shown("ext/lib.rs"),
            clib,
            checks.lines,
        )?,
    };
    Ok(built.map(Some))
}

fn place(scratch: &Scratch, file: &Path) -> anyhow::Result<()> {
    let name = file.file_name().unwrap_or_default();
    build::copy(file, &scratch.path().join(name))
}

/// The virtual environment's Python wherever the workshop pins packages; without any, the chosen one does.
fn interpreter(court: &Courtroom, variant: Variant) -> anyhow::Result<PathBuf> {
    let tools = court.tools;
    if engine_of(variant).is_some() {
        tools.engines()?;
    }
    let needs_packages =
        matches!(variant.bridge, Bridge::Abi | Bridge::Api) || engine_of(variant).is_some();
    if needs_packages || tools.workspace.root.join("requirements.lock").exists() {
        return Ok(tools.venv()?.python.clone());
    }
    Ok(tools.python.executable.clone())
}

/// Where the engine of a variant lies.
fn engine_places(court: &Courtroom, variant: Variant) -> anyhow::Result<Vec<PathBuf>> {
    match engine_of(variant) {
        Some(_) => Ok(vec![court.tools.engines()?.folder.clone()]),
        None => Ok(Vec::new()),
    }
}

/// A hand-written extension calls Python's own functions; in development mode Python checks how.
fn options(variant: Variant) -> Vec<OsString> {
    match variant.bridge {
        Bridge::Ext => ["-X", "dev"].map(OsString::from).into(),
        _ => Vec::new(),
    }
}

/// The engine that stands in for `ctypes` or `cffi`.
fn engine_of(variant: Variant) -> Option<&'static str> {
    match (variant.bridge, variant.backend) {
        (Bridge::Ctypes, Backend::Rust) => Some("rust_ctypes"),
        (Bridge::Abi | Bridge::Api, Backend::Rust) => Some("rust_cffi"),
        (Bridge::Ext, _) | (_, Backend::Stock) => None,
    }
}

fn bridge_module(court: &Courtroom, variant: Variant) -> String {
    match variant.bridge {
        Bridge::Ctypes => "ctypes_bridge".to_owned(),
        Bridge::Abi => "abi_bridge".to_owned(),
        Bridge::Api => "api_bridge".to_owned(),
        Bridge::Ext => court.lesson.manifest.id.module(),
    }
}

/// A file as whoever edits it knows it: its path below the root of the workshop.
fn shown_name(court: &Courtroom, sources: &Sources, name: &str) -> String {
    let path = court.lesson.source_file(sources, Path::new(name));
    court.tools.workspace.shown(&path).display().to_string()
}

fn shown_names(court: &Courtroom, sources: &Sources, files: &Files) -> Vec<(String, String)> {
    let own = files
        .entries()
        .map(|(name, _)| (name.to_owned(), shown_name(court, sources, name)));
    let shared = |name: &str| {
        let path = court.lesson.folder.join(name);
        (
            name.to_owned(),
            court.tools.workspace.shown(&path).display().to_string(),
        )
    };
    own.chain([shared("scenarios.py")]).collect()
}
