//! Exact ints and floats, read where they lie.
//!
//! The layouts are private to the interpreter, but the same in every build of a version for 64-bit
//! machines; [`check`] makes sure of it when the module is imported.

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// An int object: up to Python 3.11 its sign is that of the number of digits. From 3.12 on the
/// lowest bits say zero (1) or negative (2), and the bits from the fourth on the number of digits.
#[repr(C)]
struct Int {
    base: ffi::PyObject,
    digits: isize,
    digit: u32,
}

/// The value of an int, not of a class derived from it, if it fits 64 bits with a sign.
///
/// # Safety
/// `object` is a living object, and the GIL is held.
#[inline]
pub unsafe fn int(object: *mut ffi::PyObject) -> Option<i64> {
    // SAFETY: an exact int never changes; a digit is there whenever the count is not zero, and
    // room for it always.
    unsafe {
        if ffi::Py_TYPE(object) != &raw mut ffi::PyLong_Type {
            return None;
        }
        let int = object.cast::<Int>();
        #[cfg(not(Py_3_12))]
        match (*int).digits {
            1 => return Some(i64::from((*int).digit)),
            0 => return Some(0),
            -1 => return Some(-i64::from((*int).digit)),
            _ => {}
        }
        #[cfg(Py_3_12)]
        if (*int).digits < 2 << 3 {
            let sign = 1 - ((*int).digits & 3) as i64;
            return Some(sign * i64::from((*int).digit));
        }
        let mut overflow = 0;
        let number = ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow);
        (overflow == 0).then_some(number)
    }
}

/// The value of a float, not of a class derived from it.
///
/// # Safety
/// As for [`int`].
#[inline]
pub unsafe fn float(object: *mut ffi::PyObject) -> Option<f64> {
    // SAFETY: an exact float never changes.
    unsafe {
        (ffi::Py_TYPE(object) == &raw mut ffi::PyFloat_Type)
            .then(|| (*object.cast::<ffi::PyFloatObject>()).ob_fval)
    }
}

/// Compares both readings with the C API.
///
/// # Errors
/// `ImportError` for an interpreter whose numbers lie differently.
pub fn check(py: Python<'_>) -> PyResult<()> {
    let long = 1i64 << 40;
    let ints = [
        0,
        1,
        -1,
        257,
        -30_000,
        (1 << 30) - 1,
        1 - (1 << 30),
        1 << 30,
        long,
        -long,
    ];
    for expected in ints {
        let number = expected.into_pyobject(py)?;
        // SAFETY: a living object.
        if unsafe { int(number.as_ptr()) } != Some(expected) {
            return Err(PyImportError::new_err("ints of an unknown layout"));
        }
    }
    let number = (-2.5f64).into_pyobject(py)?;
    // SAFETY: as above.
    if unsafe { float(number.as_ptr()) } != Some(-2.5) {
        return Err(PyImportError::new_err("floats of an unknown layout"));
    }
    Ok(())
}
