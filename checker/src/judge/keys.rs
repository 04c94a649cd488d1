//! The keys of verdicts and of reference runs: everything that they depend on, and nothing else.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

use super::inputs::{self, Files};
use super::plan;
use crate::build::rust;
use crate::build::store::Key;
use crate::build::tools::Tools;
use crate::lesson::{Lesson, Sources};
use crate::python::probe;
use crate::variant::{Backend, Bridge, Variant};

/// Names this build of the checker: how it asks and compares may change with it.
const BUILD: &str = env!("CHECKER_BUILD");

/// Computes keys for one lesson; parts that variants share are read once.
pub struct Keys<'a> {
    tools: &'a Tools,
    lesson: &'a Lesson,
    shared: String,
    references: Mutex<HashMap<Variant, String>>,
}

impl<'a> Keys<'a> {
    /// Starts with what all variants depend on.
    ///
    /// # Errors
    /// When `lesson.toml` cannot be read.
    pub fn new(
        tools: &'a Tools,
        lesson: &'a Lesson,
        clib: &Files,
        scenarios: &[u8],
    ) -> anyhow::Result<Keys<'a>> {
        let python = &tools.python;
        let requirements =
            std::fs::read(tools.workspace.root.join("requirements.lock")).unwrap_or_default();
        let shared = Key::of("shared 1")
            .text(BUILD)
            .text(&probe::stamp(&python.executable).unwrap_or_default())
            .text(&python.version_text())
            .text(&python.abi_tag)
            .bytes(&requirements)
            .text(&tools.compiler.identity())
            .bytes(&inputs::read(
                &lesson.folder,
                &lesson.folder.join("lesson.toml"),
            )?)
            .bytes(scenarios)
            .named(clib.entries())
            .finish();
        Ok(Keys {
            tools,
            lesson,
            shared,
            references: Mutex::default(),
        })
    }

    /// The key of a verdict on these files.
    ///
    /// # Errors
    /// When a file that the verdict depends on cannot be read.
    pub fn verdict(
        &self,
        variant: Variant,
        files: &Files,
        evidence: bool,
    ) -> anyhow::Result<String> {
        let mut key =
            self.own("verdict 1", variant, files)?
                .text(if evidence { "evidence" } else { "" });
        for of in plan::references(&self.lesson.manifest, variant) {
            key = key.text(&self.reference_of_solution(of)?);
        }
        Ok(key.finish())
    }

    /// The key of what these files of the solution observe.
    ///
    /// # Errors
    /// When a file that the observations depend on cannot be read.
    pub fn reference(&self, variant: Variant, files: &Files) -> anyhow::Result<String> {
        Ok(self.own("reference 1", variant, files)?.finish())
    }

    /// Where the verdict with this key is kept.
    pub fn verdict_path(&self, key: &str) -> PathBuf {
        self.tools
            .workspace
            .cache
            .join("verdicts")
            .join(format!("{key}.json"))
    }

    /// Where the reference run with this key is kept.
    pub fn reference_path(&self, key: &str) -> PathBuf {
        self.tools
            .workspace
            .cache
            .join("references")
            .join(format!("{key}.json"))
    }

    /// Where the investigation with this key is kept.
    pub fn investigation_path(&self, key: &str) -> PathBuf {
        self.tools
            .workspace
            .cache
            .join("investigations")
            .join(format!("{key}.json"))
    }

    fn own(&self, kind: &str, variant: Variant, files: &Files) -> anyhow::Result<Key> {
        Ok(Key::of(kind)
            .text(&self.shared)
            .text(&variant.to_string())
            .text(&self.backend(variant)?)
            .named(files.entries()))
    }

    /// What the backend of a variant adds.
    fn backend(&self, variant: Variant) -> anyhow::Result<String> {
        match (variant.bridge, variant.backend) {
            (_, Backend::Stock) => Ok(String::new()),
            (Bridge::Ext, Backend::Rust) => rust::identity(self.tools, self.lesson),
            (_, Backend::Rust) => Ok(self.tools.engines_key()?.to_owned()),
        }
    }

    fn reference_of_solution(&self, variant: Variant) -> anyhow::Result<String> {
        if let Some(known) = self
            .references
            .lock()
            .ok()
            .and_then(|known| known.get(&variant).cloned())
        {
            return Ok(known);
        }
        let files = inputs::bridge_files(self.lesson, variant, &Sources::Solution)?;
        let key = self.reference(variant, &files)?;
        if let Ok(mut known) = self.references.lock() {
            known.insert(variant, key.clone());
        }
        Ok(key)
    }
}
