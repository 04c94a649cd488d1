//! The exception class `error` of an `FFI` object.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

static FFI_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The class `error`, made once.
pub fn class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    let made = FFI_ERROR.get_or_try_init(py, || {
        let name = pyo3::ffi::c_str!("ffi.error");
        PyErr::new_type(py, name, None, None, None)
    })?;
    Ok(made.bind(py))
}

/// An `error` with this message.
pub fn ffi_error(py: Python<'_>, message: String) -> PyErr {
    match class(py) {
        Ok(class) => PyErr::from_type(class.clone(), message),
        Err(error) => error,
    }
}
