//! Builds, runs, grades and explains the lessons of Four Bridges.

#![deny(unsafe_code)]

pub mod authoring;
pub mod bench;
pub mod border;
pub mod build;
pub mod catalogue;
pub mod cli;
pub mod commands;
pub mod conformance;
pub mod diagnosis;
pub mod errors;
pub mod exit;
pub mod flow;
pub mod inspect;
pub mod interrupt;
pub mod judge;
pub mod language;
pub mod lesson;
pub mod links;
pub mod message;
pub mod output;
pub mod parallel;
mod pattern;
pub mod picker;
pub mod python;
pub mod report;
pub mod snapshot;
pub mod terminal;
pub mod trace;
pub mod transcript;
pub mod value;
pub mod variant;
pub mod verdict;
pub mod versions;
pub mod watch;
pub mod workspace;
pub mod wrong;
