//! `lib` of a compiled module.

use pyo3::prelude::*;

/// The function pointer behind a function of a `lib` object, as a cdata.
pub fn function_pointer<'py>(_object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(None)
}
