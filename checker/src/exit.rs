//! The exit codes of `checker`: documented, stable, for scripts to rely on.

/// Everything that was asked for passed.
pub const PASSED: u8 = 0;
/// Something did not pass.
pub const NOT_PASSED: u8 = 1;
/// The command line is wrong; clap's own code.
pub const USAGE: u8 = 2;
/// The environment cannot do it: no Python, no compiler, no space, no network.
pub const ENVIRONMENT: u8 = 3;
/// A lesson or one of its files cannot be used: broken `lesson.toml`, missing or unreadable exercise file.
pub const LESSON: u8 = 4;
/// A snapshot is pending or has changed.
pub const SNAPSHOT: u8 = 5;
/// A fault of the checker itself.
pub const INTERNAL: u8 = 70;
/// Ended with Ctrl-C.
pub const INTERRUPTED: u8 = 130;
