//! What a user reads: matrices, messages, JSON.

pub mod diagnosis;
mod differing;
mod generated;
pub mod json;
pub mod matrix;
pub mod problems;
pub mod progress;
pub mod text;
mod unbegun;
pub mod xml;

/// The version of every JSON document that the checker prints; raised when a name changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;
