//! Builds, runs, grades and explains the lessons of Four Bridges.

pub mod border;
pub mod lesson;
pub mod value;
pub mod variant;
pub mod verdict;
