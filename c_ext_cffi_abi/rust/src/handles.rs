//! Handles: a `void *` that stands for a Python object while the handle lives.

use pyo3::exceptions::{PyRuntimeError, PySystemError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::cdata::{self, Value};
use crate::ctype::Type;

/// A handle of type `void *`.
///
/// # Errors
/// `TypeError` for another type.
pub fn new<'py>(ctype: Type<'_, 'py>, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if !ctype.get().is_void_pointer(ctype.py()) {
        return Err(PyTypeError::new_err(format!(
            "needs 'void *', got '{}'",
            ctype.get().name
        )));
    }
    cdata::own_gc(ctype, object.clone(), None)
}

/// The object that a handle stands for.
///
/// # Errors
/// For what is no pointer, null, or visibly not the address of a handle.
pub fn target<'py>(value: Value<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    if !value.ctype().get().is_void_or_char_pointer(py) {
        return Err(PyTypeError::new_err(format!(
            "expected a 'cdata' object with a 'void *' out of new_handle(), got '{}'",
            value.ctype().get().name
        )));
    }
    if value.data().is_null() {
        return Err(PyRuntimeError::new_err(
            "cannot use from_handle() on NULL pointer",
        ));
    }
    // SAFETY: the address is that of a living handle, for which the caller vouches; a wrong one is
    // noticed by its type as far as that is possible.
    match unsafe { target_at(value.data().cast()) } {
        // SAFETY: the handle owns its target.
        Some(target) => unsafe { Ok(Bound::from_borrowed_ptr(py, target)) },
        None => Err(PySystemError::new_err(
            "from_handle(): the address is not that of a living handle",
        )),
    }
}

/// The target of the handle at an address; `None` when no handle is there.
///
/// # Safety
/// The address is that of a Python object, and the GIL is held.
pub unsafe fn target_at(address: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's promise; the type says what the object is.
    unsafe { cdata::is_own_gc(address).then(|| (*address.cast::<cdata::OwnGc>()).object) }
}
