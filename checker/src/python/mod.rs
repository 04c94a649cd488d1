//! The interpreter: which one, what it can do, and the virtual environment that we make from it.

pub mod choose;
pub mod installed;
pub mod numpy;
pub mod probe;
pub mod venv;

use std::path::PathBuf;

use crate::message;
use crate::message::Message;
use serde::{Deserialize, Serialize};

/// The oldest Python that the workshop supports.
pub const OLDEST: (u32, u32) = (3, 9);

/// What an interpreter says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Python {
    /// The interpreter itself: never a version manager's script, never the one of a virtual environment.
    pub executable: PathBuf,
    /// For example `[3, 11, 7]`.
    pub version: (u32, u32, u32),
    /// For example `cpython`.
    pub implementation: String,
    /// For example `cpython-311-x86_64-linux-gnu`; names the ABI that extension modules are built for.
    pub abi_tag: String,
    /// For example `.cpython-311-x86_64-linux-gnu.so`.
    pub ext_suffix: String,
    /// The folder that should hold `Python.h`.
    pub include: PathBuf,
    /// Whether `python -m venv` can install pip.
    pub ensurepip: bool,
}

impl Python {
    /// `3.11.7`.
    pub fn version_text(&self) -> String {
        let (major, minor, micro) = self.version;
        format!("{major}.{minor}.{micro}")
    }

    /// Whether extension modules can be compiled for it. Looked up afresh: a package manager may just have added it.
    pub fn has_headers(&self) -> bool {
        self.include.join("Python.h").is_file()
    }

    /// The one line by which a report says which Python it used.
    pub fn description(&self) -> String {
        let headers = if self.has_headers() {
            "with headers"
        } else {
            "without headers"
        };
        format!(
            "Python {} ({}, {headers}) {}",
            self.version_text(),
            self.abi_tag,
            self.executable.display()
        )
    }

    /// What to do when `Python.h` is missing.
    pub fn headers_step(&self) -> Message {
        let header = self.include.join("Python.h").display().to_string();
        message!("error-headers-next", header = header)
    }
}
