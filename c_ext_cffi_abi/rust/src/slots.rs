//! The border between the interpreter's C and our Rust.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Runs `body` for a type slot or a C callback: an error is left with the interpreter and a panic
/// becomes an error, so that neither unwinds into C.
pub fn guard<R>(failed: R, body: impl FnOnce(Python<'_>) -> PyResult<R>) -> R {
    // SAFETY: the interpreter enters slots with the GIL held; C callbacks acquire it first.
    let py = unsafe { Python::assume_attached() };
    let error = match catch_unwind(AssertUnwindSafe(|| body(py))) {
        Ok(Ok(value)) => return value,
        Ok(Err(error)) => error,
        Err(_) => PySystemError::new_err("rust_cffi failed; its message is on stderr"),
    };
    // Attached, so that what only the error object has held is given back now and not later.
    attached(|py| error.restore(py));
    failed
}

/// Runs `body` for a thread that holds the GIL in a way that PyO3 may not know of. References that
/// it drops are given back at once, unless the interpreter is at its very end.
pub fn attached<R>(body: impl FnOnce(Python<'_>) -> R) -> R {
    let mut body = Some(body);
    let mut run = |py: Python<'_>| body.take().map(|body| body(py));
    if let Some(done) = Python::try_attach(&mut run).flatten() {
        return done;
    }
    // SAFETY: the caller holds the GIL.
    let done = run(unsafe { Python::assume_attached() });
    done.expect("the body has not run, or else there would be a result")
}

/// As [`guard`], for slots that return an object.
pub fn guard_object(
    body: impl FnOnce(Python<'_>) -> PyResult<Bound<'_, PyAny>>,
) -> *mut ffi::PyObject {
    guard(std::ptr::null_mut(), |py| Ok(body(py)?.into_ptr()))
}

/// Looks at an object that the caller keeps alive.
///
/// # Safety
/// `*slot` is a living object for `'a`, and the GIL is held.
pub unsafe fn borrow<'a, 'py>(
    py: Python<'py>,
    slot: &'a *mut ffi::PyObject,
) -> &'a Bound<'py, PyAny> {
    debug_assert!(!slot.is_null());
    // SAFETY: `Py` is a non-null object pointer in memory, and the caller vouches for the object.
    let object = unsafe { &*std::ptr::from_ref(slot).cast::<Py<PyAny>>() };
    object.bind(py)
}

/// A new reference to an object. The interpreter's own function for it is younger than Python 3.9.
///
/// # Safety
/// `object` is a living object, and the GIL is held.
#[inline]
pub unsafe fn new_reference(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    unsafe { ffi::Py_INCREF(object) };
    object
}
