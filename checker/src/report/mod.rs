//! What a user reads: matrices, messages, JSON.

/// The version of every JSON document that the checker prints; raised when a name changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;
