//! The subcommands, one file each: its arguments and a function `run`, which returns the exit code.

pub mod bench;
pub mod claims;
pub mod completions;
pub mod conformance;
pub mod derive;
pub mod diff;
pub mod doctor;
pub mod explain;
pub mod grade;
pub mod hint;
pub mod inspect;
pub mod list;
pub mod man;
mod measure;
mod mutants;
pub mod next;
pub mod progress;
pub mod reset;
pub mod run;
pub mod setup;
pub mod snapshots;
pub mod solution;
pub mod status;
pub mod trace;
pub mod verify;
pub mod watch;
