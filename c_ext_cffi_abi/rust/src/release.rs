//! Methods of cdata, and the end of what it owns: `with`, `release`, destructors.

use std::ffi::{CStr, c_char};
use std::mem::zeroed;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyList};

use crate::cdata::{Collected, Flavour, Value};
use crate::ctype::layout;
use crate::primitive::Class;
use crate::produce::read_complex;
use crate::slots::{borrow, guard_object};

/// The methods of every cdata.
pub fn methods() -> [ffi::PyMethodDef; 5] {
    let method = |name: &'static CStr, call: ffi::PyCFunction, flags| ffi::PyMethodDef {
        ml_name: name.as_ptr().cast::<c_char>(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: flags,
        ml_doc: std::ptr::null(),
    };
    [
        method(c"__dir__", dir, ffi::METH_NOARGS),
        method(c"__complex__", to_complex, ffi::METH_NOARGS),
        method(c"__enter__", enter, ffi::METH_NOARGS),
        method(c"__exit__", exit, ffi::METH_VARARGS),
        // SAFETY: an entry of nulls ends the table.
        unsafe { zeroed() },
    ]
}

unsafe extern "C" fn dir(
    object: *mut ffi::PyObject,
    _unused: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a method is called with a living object.
        let value = Value::expect(unsafe { borrow(py, &object) })?;
        let record = value.ctype().get().target(py).unwrap_or(value.ctype());
        let names = match layout(record)? {
            Some(layout) => layout.fields.bind(py).keys(),
            None => PyList::empty(py),
        };
        Ok(names.into_any())
    })
}

unsafe extern "C" fn to_complex(
    object: *mut ffi::PyObject,
    _unused: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a method is called with a living object.
        let value = Value::expect(unsafe { borrow(py, &object) })?;
        match value.ctype().get().primitive() {
            Some(primitive) if primitive.class == Class::Complex => {
                // SAFETY: a cdata of a primitive type points to its value.
                let number = unsafe { read_complex(value.data(), primitive.size) };
                Ok(PyComplex::from_doubles(py, number.real, number.imag).into_any())
            }
            _ => Err(PyTypeError::new_err(format!(
                "complex() not supported on cdata '{}'",
                value.ctype().get().name
            ))),
        }
    })
}

unsafe extern "C" fn enter(
    object: *mut ffi::PyObject,
    _unused: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a method is called with a living object.
        let value = Value::expect(unsafe { borrow(py, &object) })?;
        check_releasable(value)?;
        Ok(value.object.clone())
    })
}

unsafe extern "C" fn exit(
    object: *mut ffi::PyObject,
    _reason: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a method is called with a living object.
        release(Value::expect(unsafe { borrow(py, &object) })?)?;
        Ok(py.None().into_bound(py))
    })
}

fn check_releasable(value: Value<'_, '_>) -> PyResult<()> {
    let from_new = || value.ctype().get().item(value.py()).is_some();
    match value.flavour {
        Flavour::FromBuffer | Flavour::Collected => Ok(()),
        Flavour::Own if from_new() => Ok(()),
        _ => Err(PyValueError::new_err(
            "only 'cdata' object from ffi.new(), ffi.gc(), ffi.from_buffer() or \
             ffi.new_allocator()() can be used with the 'with' keyword or ffi.release()",
        )),
    }
}

/// `gc`: an equal cdata that calls the destructor in the end; without one, removes the destructor
/// of a cdata that has one.
///
/// # Errors
/// `TypeError` for a cdata without a destructor.
pub fn collect<'py>(
    value: Value<'_, 'py>,
    destructor: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if !destructor.is_none() {
        return crate::cdata::collected(value.ctype(), value, Some(destructor)).map(Some);
    }
    let Some(parts) = value.collected() else {
        return Err(PyTypeError::new_err(
            "Can remove destructor only on a object previously returned by ffi.gc()",
        ));
    };
    // SAFETY: the object lives; its reference to the destructor is given back once.
    unsafe {
        let removed = std::ptr::replace(&raw mut (*parts).destructor, std::ptr::null_mut());
        ffi::Py_XDECREF(removed);
    }
    Ok(None)
}

/// Ends now what the object would end when it is no longer used. Memory from `new` stays: it is
/// part of the object.
pub fn release(value: Value<'_, '_>) -> PyResult<()> {
    check_releasable(value)?;
    let record = value.owned_record().and_then(Value::of);
    for one in [Some(value), record].into_iter().flatten() {
        if let Some(parts) = one.buffer_parts() {
            // SAFETY: the parts live as long as the object; releasing twice does nothing.
            unsafe { ffi::PyBuffer_Release(&raw mut (*parts).view) };
        }
        if let Some(parts) = one.collected() {
            // SAFETY: as above.
            unsafe {
                let (origin, destructor) = take(parts);
                destroy(origin, destructor);
            }
        }
    }
    Ok(())
}

/// Takes destructor and origin out, so that the destructor is called at most once.
///
/// # Safety
/// `parts` is a living object of that type; its references become the caller's.
pub unsafe fn take(parts: *mut Collected) -> (*mut ffi::PyObject, *mut ffi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        (
            std::ptr::replace(&raw mut (*parts).origin, std::ptr::null_mut()),
            std::ptr::replace(&raw mut (*parts).destructor, std::ptr::null_mut()),
        )
    }
}

/// Calls `destructor(origin)` and gives both references back. An exception of the destructor goes
/// to `sys.unraisablehook`; one that is already being handled stays as it is.
///
/// # Safety
/// Both are owned references or null; the GIL is held.
pub unsafe fn destroy(origin: *mut ffi::PyObject, destructor: *mut ffi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        if !destructor.is_null() && !origin.is_null() {
            let py = Python::assume_attached();
            let pending = PyErr::take(py);
            let (function, argument) = (borrow(py, &destructor), borrow(py, &origin));
            if let Err(error) = function.call1((argument,)) {
                crate::callback::report(py, error, "from callback for ffi.gc ", Some(argument), "");
            }
            if let Some(pending) = pending {
                pending.restore(py);
            }
        }
        ffi::Py_XDECREF(destructor);
        ffi::Py_XDECREF(origin);
    }
}
