//! The type `Config` of section 7.4, twice: by hand over raw `pyo3::ffi`, and as a `#[pyclass]`.
//!
//! Both do what `mymodule.Config` does (its contract stands in `config.h`), so that the three
//! sources can be read side by side: what the C API asks for, what stays of it in Rust, and what
//! PyO3 writes for us.

mod class;
mod raw;

use pyo3::prelude::*;

/// The extension module inside the package `rust_config`.
// `raw::Config` changes its fields without a lock, so the module must not drop the GIL.
#[pymodule(gil_used = true)]
fn _rust_config(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // `checker bench` reports nothing of an engine that is not optimised.
    module.add("__opt_level__", env!("OPT_LEVEL"))?;
    raw::add_type(module)?;
    module.add_class::<class::PyClassConfig>()
}
