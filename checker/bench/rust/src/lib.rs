//! The functions of `calls.h` as an extension module in Rust, by hand over raw `pyo3::ffi`: the twin of `base.c`.
//!
//! Each is a METH_FASTCALL function. `add` holds the GIL while C runs; `add_released` is the same function and releases
//! it, as ctypes and CFFI do. `add_by_macros` is what somebody writes who leaves all that to PyO3.

mod arguments;
mod c;
mod callback;
mod functions;
mod point;

use pyo3::ffi;
use pyo3::prelude::*;

#[pyfunction]
fn add_by_macros(a: i32, b: i32) -> i32 {
    c::add(a, b)
}

#[pyfunction]
fn add_by_macros_released(py: Python<'_>, a: i32, b: i32) -> i32 {
    py.detach(|| c::add(a, b))
}

/// The extension module.
#[pymodule]
fn _rust_bench(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // `checker bench` reports nothing of a module that is not optimised.
    module.add("__opt_level__", env!("OPT_LEVEL"))?;
    module.add_function(wrap_pyfunction!(add_by_macros, module)?)?;
    module.add_function(wrap_pyfunction!(add_by_macros_released, module)?)?;
    module.add("Point", point::make_type(module.py())?)?;
    let table = functions::table().leak().as_mut_ptr();
    // SAFETY: the table ends with a zero entry and lives as long as the process.
    match unsafe { ffi::PyModule_AddFunctions(module.as_ptr(), table) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(module.py())),
    }
}
