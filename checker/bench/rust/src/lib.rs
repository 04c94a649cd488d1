//! The functions of `calls.h` as an extension module in Rust, by hand over raw `pyo3::ffi`: the twin of `base.c`.
//!
//! Each is a METH_FASTCALL function. `add` holds the GIL while C runs; `add_released` is the same function and releases
//! it, as ctypes and CFFI do.
//!
//! Nothing here can panic. One panic would bring in all that prints its message, and whoever imports the module would
//! wait for the loader to find the sixty functions of the C library that this takes.

mod arguments;
mod c;
mod callback;
mod functions;
mod gil;
mod module;
mod point;
