//! Load, describe and call plain C libraries; no Python in it.
//!
//! * [`inspect`] reads a library file without loading it (always available).
//! * [`library`] opens it and finds its symbols.
//! * [`ctype`] and [`layout`] describe C types and place the members of structs and unions.
//! * [`cdef`] reads C declarations.
//! * [`plan`] turns a signature into a prepared call, [`registers`] makes those that need no libffi,
//!   and [`closure`] makes a C entry point for Rust code.

pub mod cdef;
#[cfg(all(feature = "call", target_arch = "x86_64", unix))]
mod classify;
#[cfg(feature = "call")]
pub mod closure;
pub mod ctype;
#[cfg(feature = "call")]
mod ffi_type;
pub mod inspect;
pub mod layout;
#[cfg(all(feature = "call", unix))]
pub mod library;
#[cfg(feature = "call")]
pub mod plan;
#[cfg(feature = "call")]
pub mod registers;
#[cfg(feature = "call")]
mod trampoline;
