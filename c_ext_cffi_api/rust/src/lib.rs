//! Generates and compiles the C glue behind `set_source` and `compile`; no Python in it.
//!
//! * [`describe`] is the plain description of a cdef that the generator starts from.
//! * [`generate`] writes an extension module in C for it. The text needs Python.h and the user's
//!   preamble to compile; at import the module asks `rust_cffi` for what it needs (`glue.h`).
//! * [`compile`] builds it with the C compiler that crate cc finds.

mod checks;
pub mod compile;
pub mod describe;
mod externs;
mod facts;
pub mod generate;
mod place;
mod wrapper;
