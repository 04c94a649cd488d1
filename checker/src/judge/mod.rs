//! Asks the questions, compares the answers, decides the verdicts. Never loads a participant's code.

pub mod hidden;
