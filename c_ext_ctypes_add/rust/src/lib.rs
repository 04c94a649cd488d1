//! A `_ctypes`-shaped extension module over the crate clib.
//!
//! The Python half is the interpreter's own `ctypes` package, executed over this module (see
//! `python/rust_ctypes`). One mechanism per file; `py` is the only layer over the C API.

mod allocation;
mod argument;
mod array;
mod arrival;
mod attach;
mod buffer;
mod call;
mod callback;
mod cdata;
mod creation;
mod direct;
mod ending;
mod entry;
mod errno;
mod error;
mod field;
mod format;
mod function;
mod info;
mod invoke;
mod loader;
mod longdouble;
mod memory;
mod meta;
mod module;
mod ndarray;
mod number;
mod outcome;
mod placement;
mod pointer;
mod prototype;
mod py;
mod record;
mod shapes;
mod simple;
mod strict;
mod strings;
mod tracking;
mod types;
mod value;
mod way;

/// Called by the interpreter when it imports the module.
///
/// # Safety
/// Only the interpreter calls this, and holds itself meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyInit__rust_ctypes() -> *mut pyo3::ffi::PyObject {
    py::guard(std::ptr::null_mut(), || Ok(module::make()?.into_ptr()))
}
