//! Programs of all tempers behind the border, through the real binary.

#![allow(clippy::unwrap_used, reason = "a test states its invariants")]

mod conversations;
mod fixture;
#[path = "../interrupts/mod.rs"]
mod interrupts;
mod limits;
mod lying;
mod programs;
mod survivors;
