//! Builds, runs, grades and explains the lessons of Four Bridges.

pub mod authoring;
pub mod border;
pub mod commands;
pub mod lesson;
pub mod value;
pub mod variant;
pub mod verdict;
