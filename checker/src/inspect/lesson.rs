//! A lesson's bridges beside its C library: each file that declares something, held against what the compiler made.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::compare::{self, Comparison};
use super::file::File;
use super::types::{RecordId, Side};
use super::{debug_info, of_cdef, of_ctypes, of_rust};
use crate::build::tools::Tools;
use crate::build::{self, Failure};
use crate::errors::ExpectedError;
use crate::judge::inputs::{self, Files};
use crate::lesson::{Lesson, Sources};
use crate::variant::{Backend, Bridge, Variant};

/// As for a debugger, so that one build serves both: debug information, nothing moved or inlined.
const FLAGS: [&str; 3] = ["-g", "-O0", "-fno-omit-frame-pointer"];

/// A lesson and what its bridges say of it.
#[derive(Debug)]
pub struct Inspection {
    /// The C library.
    pub library: File,
    /// What it really is.
    pub real: Side,
    /// One for each file that declares.
    pub subjects: Vec<Subject>,
}

/// A file of a bridge.
#[derive(Debug)]
pub struct Subject {
    /// The variants that it serves.
    pub variants: Vec<Variant>,
    /// The file, as a participant knows it.
    pub shown: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a file.
#[derive(Debug)]
pub enum Outcome {
    /// It was compared with `real`, or with the inspection's own where that is none.
    Compared {
        /// What it declares.
        declared: Side,
        /// What that was held against, where it is not the library.
        real: Option<Side>,
        /// What came of it.
        done: Comparison,
    },
    /// Its code does not compile, and says nothing before it does.
    NoBuild(String),
    /// It cannot be read.
    Unusable(ExpectedError),
}

impl Subject {
    /// Whether a declaration of it is wrong.
    pub fn disagrees(&self) -> bool {
        matches!(&self.outcome, Outcome::Compared { done, .. } if !done.agrees())
    }
}

/// Builds the C library and compares the files of these variants with it. No code of a participant runs.
///
/// # Errors
/// When the C library cannot be built or read.
pub fn inspect(
    tools: &Tools,
    lesson: &Lesson,
    sources: &Sources,
    variants: &[Variant],
) -> anyhow::Result<Inspection> {
    let clib = Files::of_folder(&lesson.folder.join("clib"))?;
    let flags = FLAGS.map(str::to_owned);
    let path = build::clib::build(tools, &lesson.manifest.clib.name, &clib, &flags)?;
    let mut library = File::read(&path)?;
    library.shown = format!(
        "lib{}.so, built from {}/clib with -g",
        lesson.manifest.clib.name, lesson.manifest.id
    );
    let real = debug_info::read(&library.data)
        .map_err(|missing| super::file::no_debug_info(&path, &missing))?;
    let mut subjects: Vec<Subject> = Vec::new();
    for variant in variants {
        let name = declaring_file(*variant);
        let path = lesson.source_file(sources, Path::new(name));
        let shown = tools.workspace.shown(&path).display().to_string();
        if let Some(known) = subjects.iter_mut().find(|it| it.shown == shown) {
            known.variants.push(*variant);
            continue;
        }
        let outcome = match inputs::bridge_files(lesson, *variant, sources) {
            Err(error) => Outcome::Unusable(error),
            Ok(files) => {
                let source = files.get(name).unwrap_or_default();
                let look = Look {
                    tools,
                    lesson,
                    clib: &clib,
                    real: &real,
                    shown: &shown,
                };
                look.at(*variant, source)?
            }
        };
        subjects.push(Subject {
            variants: vec![*variant],
            shown,
            outcome,
        });
    }
    Ok(Inspection {
        library,
        real,
        subjects,
    })
}

/// The file that holds a variant's declarations.
fn declaring_file(variant: Variant) -> &'static str {
    match (variant.bridge, variant.backend) {
        (Bridge::Ctypes, _) => "ctypes_bridge.py",
        (Bridge::Abi, _) => "abi_bridge.py",
        (Bridge::Api, _) => "api_build.py",
        (Bridge::Ext, Backend::Stock) => "ext/module.c",
        (Bridge::Ext, Backend::Rust) => "ext/lib.rs",
    }
}

struct Look<'a> {
    tools: &'a Tools,
    lesson: &'a Lesson,
    clib: &'a Files,
    real: &'a Side,
    shown: &'a str,
}

impl Look<'_> {
    fn at(&self, variant: Variant, source: &[u8]) -> anyhow::Result<Outcome> {
        let text = String::from_utf8_lossy(source);
        let declared = match (variant.bridge, variant.backend) {
            (Bridge::Ext, Backend::Stock) => return self.c_module(source),
            (Bridge::Ext, Backend::Rust) => of_rust::read(self.shown, &text),
            (Bridge::Ctypes, _) => of_ctypes::read(self.shown, &text, self.real),
            (Bridge::Abi | Bridge::Api, _) => of_cdef::read(self.shown, &text),
        };
        Ok(Outcome::Compared {
            done: compare::compare(self.real, &declared),
            declared,
            real: None,
        })
    }

    /// The compiler has read module.c and the C library into one file: the debug information of the one is held against
    /// that of the other.
    fn c_module(&self, source: &[u8]) -> anyhow::Result<Outcome> {
        let module = self.lesson.manifest.id.module();
        let flags = FLAGS.map(str::to_owned);
        let built = build::ext::build(self.tools, &module, source, self.shown, self.clib, &flags)?;
        let path: PathBuf = match built {
            Ok(built) => built.module,
            Err(Failure::Refused(output) | Failure::Stopped(output)) => {
                return Ok(Outcome::NoBuild(output));
            }
        };
        let file = File::read(&path)?;
        let all = debug_info::read(&file.data)
            .map_err(|missing| super::file::no_debug_info(&path, &missing))?;
        let declared = part(&all, |file| file.ends_with("module.c"), self.shown);
        let real = part(&all, |file| !file.ends_with("module.c"), "");
        let mut done = compare::compare(&real, &declared);
        // A module has functions and structs of its own, Python's among them.
        done.unmatched.clear();
        Ok(Outcome::Compared {
            declared,
            real: Some(real),
            done,
        })
    }
}

/// What some of the compiled files say; the others' records stay, without a name to be found by.
fn part(all: &Side, chosen: impl Fn(&str) -> bool, shown: &str) -> Side {
    let mut side = all.clone();
    for record in &mut side.records {
        if !chosen(&record.place.file) {
            record.names.clear();
        } else if !shown.is_empty() {
            shown.clone_into(&mut record.place.file);
        }
    }
    side.functions.retain(|it| chosen(&it.place.file));
    for function in &mut side.functions {
        if !shown.is_empty() {
            shown.clone_into(&mut function.place.file);
        }
    }
    side
}

/// The records with a name that the signatures of these functions lead to, each once.
pub fn reachable<'a>(
    side: &Side,
    functions: impl Iterator<Item = &'a super::types::Function>,
) -> Vec<RecordId> {
    let mut found: Vec<RecordId> = Vec::new();
    // Each compiled file brings its own copy of what a header declares.
    let mut known: HashSet<(&str, Option<u64>, usize)> = HashSet::new();
    let mut add = |id: Option<RecordId>, found: &mut Vec<RecordId>| {
        let Some(id) = id.map(|id| side.defined(id)) else {
            return;
        };
        let record = side.record(id);
        if let Some(name) = record.names.first()
            && record.defined
            && known.insert((name, record.size, record.fields.len()))
        {
            found.push(id);
        }
    };
    for function in functions {
        let parameters = function.parameters.iter().flatten().map(|it| &it.ctype);
        for ctype in parameters.chain(&function.result) {
            add(ctype.record(), &mut found);
        }
    }
    let mut next = 0;
    while next < found.len() {
        for field in &side.record(found[next]).fields {
            add(field.ctype.record(), &mut found);
        }
        next += 1;
    }
    found
}
