//! `bench_add` as somebody writes it who leaves everything to PyO3: beside the module that is written by hand.

use pyo3::prelude::*;

mod c {
    use std::ffi::c_int;

    unsafe extern "C" {
        #[link_name = "bench_add"]
        pub safe fn add(a: c_int, b: c_int) -> c_int;
    }
}

#[pyfunction]
fn add(a: i32, b: i32) -> i32 {
    c::add(a, b)
}

#[pyfunction]
fn add_released(py: Python<'_>, a: i32, b: i32) -> i32 {
    py.detach(|| c::add(a, b))
}

/// The extension module.
#[pymodule]
fn _rust_bench_macros(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // `checker bench` reports nothing of a module that is not optimised.
    module.add("__opt_level__", env!("OPT_LEVEL"))?;
    module.add_function(wrap_pyfunction!(add, module)?)?;
    module.add_function(wrap_pyfunction!(add_released, module)?)
}
