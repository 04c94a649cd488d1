//! The functions that generated modules call.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_ulonglong, c_void};

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::call::pointer_argument;
use crate::cdata::Value;
use crate::convert::{character, signed, to_c, unsigned};
use crate::ctype::CType;
use crate::declared::{Declared, Source};
use crate::glue::{Module, Table, Tables, VERSION};
use crate::lib_object::Lib;
use crate::produce::{from_c, record_copy};
use crate::slots::{borrow, guard, guard_object};
use crate::temporaries::Temporaries;
use crate::{extern_python, machine, published};

/// The table behind the capsule `_C_API_RUST`.
pub static TABLE: Table = Table {
    version: VERSION,
    start,
    find_type,
    to_signed,
    to_unsigned,
    overflow,
    to_char,
    to_c: value_to_c,
    to_pointer,
    free_temporaries,
    from_c: value_from_c,
    from_record,
    kept_errno: machine::kept_errno,
    call_python: extern_python::call_python,
};

/// # Safety
/// `object` is a living `CType`.
unsafe fn ctype<'a, 'py>(
    py: Python<'py>,
    object: &'a *mut ffi::PyObject,
) -> PyResult<&'a Bound<'py, CType>> {
    // SAFETY: the caller's promise.
    Ok(unsafe { borrow(py, object) }.cast::<CType>()?)
}

unsafe extern "C" fn start(
    module: *mut ffi::PyObject,
    description: *const Module,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a generated module of our version passes itself and its tables.
        let (module, tables) = unsafe { (borrow(py, &module), Tables::new(description)) };
        let declared = Declared::new(py, Source::Generated(tables))?;
        let lib = Lib::new(&declared, tables.name(), None)?;
        published::publish(module, tables.name(), &declared, &lib)?;
        published::include(&declared, tables.name(), tables.includes())?;
        Ok(declared.into_any())
    })
}

unsafe extern "C" fn find_type(
    started: *mut ffi::PyObject,
    name: *const c_char,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: generated code passes what `start` returned, and a string of its own.
        let (started, name) = unsafe { (borrow(py, &started), CStr::from_ptr(name)) };
        let declared = started.cast::<Declared>()?;
        let found = Declared::generated(declared, &name.to_string_lossy())?;
        Ok(found.decayed().into_any())
    })
}

unsafe extern "C" fn to_signed(value: *mut ffi::PyObject, place: *mut c_longlong) -> c_int {
    guard(-1, |py| {
        // SAFETY: generated code passes a living object and its own variable.
        unsafe { place.write(signed(borrow(py, &value))?) };
        Ok(0)
    })
}

unsafe extern "C" fn to_unsigned(value: *mut ffi::PyObject, place: *mut c_ulonglong) -> c_int {
    guard(-1, |py| {
        // SAFETY: as above.
        unsafe { place.write(unsigned(borrow(py, &value))?) };
        Ok(0)
    })
}

unsafe extern "C" fn overflow(value: *mut ffi::PyObject, bits: c_int, is_signed: c_int) -> c_int {
    guard(-1, |py| {
        // SAFETY: generated code passes a living object.
        let value = unsafe { borrow(py, &value) }.str()?;
        let sign = if is_signed != 0 { "" } else { "unsigned " };
        Err(PyOverflowError::new_err(format!(
            "integer {value} does not fit '{bits}-bit {sign}int'"
        )))
    })
}

unsafe extern "C" fn to_char(value: *mut ffi::PyObject, place: *mut u8) -> c_int {
    guard(-1, |py| {
        // SAFETY: generated code passes a living object and its own variable.
        unsafe { place.write(character(borrow(py, &value), 1)? as u8) };
        Ok(0)
    })
}

unsafe extern "C" fn value_to_c(
    value: *mut ffi::PyObject,
    of: *mut ffi::PyObject,
    place: *mut u8,
) -> c_int {
    guard(-1, |py| {
        // SAFETY: generated code passes living objects, and a variable of that C type.
        unsafe { to_c(place, ctype(py, &of)?, borrow(py, &value))? };
        Ok(0)
    })
}

unsafe extern "C" fn to_pointer(
    value: *mut ffi::PyObject,
    of: *mut ffi::PyObject,
    place: *mut *mut u8,
    temporaries: *mut *mut c_void,
) -> c_int {
    // The common cases without more ado.
    // SAFETY: as below.
    if let Some(address) = unsafe { plain_address(&value, &of) } {
        // SAFETY: as below.
        unsafe { place.write(address) };
        return 0;
    }
    guard(-1, |py| {
        // SAFETY: generated code passes living objects, its own variable, and a list that begins
        // as null and that it gives back to `free_temporaries`.
        unsafe {
            let mut all = Temporaries::from_raw(*temporaries);
            let pointer = pointer_argument(ctype(py, &of)?, borrow(py, &value), &mut all);
            *temporaries = all.into_raw();
            place.write(pointer?);
        }
        Ok(0)
    })
}

/// The address that a pointer argument is, if it is a cdata of this very type, or `bytes` for
/// characters or `void`.
///
/// # Safety
/// The GIL is held, `value` lives, and `of` is a living `CType`.
unsafe fn plain_address(value: &*mut ffi::PyObject, of: &*mut ffi::PyObject) -> Option<*mut u8> {
    // SAFETY: the caller's promise.
    let (py, value, of) = unsafe {
        let py = Python::assume_attached();
        let of = borrow(py, of).cast_unchecked::<CType>();
        (py, borrow(py, value), of)
    };
    if let Some(cdata) = Value::of(value) {
        return cdata.ctype().is(of).then(|| cdata.data());
    }
    let bytes = value.cast_exact::<PyBytes>().ok()?;
    of.get()
        .is_void_or_char_pointer(py)
        .then(|| bytes.as_bytes().as_ptr().cast_mut())
}

unsafe extern "C" fn free_temporaries(temporaries: *mut c_void) {
    // SAFETY: made in `to_pointer`, given back once.
    drop(unsafe { Temporaries::from_raw(temporaries) });
}

unsafe extern "C" fn value_from_c(place: *mut u8, of: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: generated code passes a variable of that C type.
    guard_object(|py| unsafe { from_c(place, ctype(py, &of)?) })
}

unsafe extern "C" fn from_record(place: *mut u8, of: *mut ffi::PyObject) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: as above.
        let of = unsafe { ctype(py, &of)? };
        if of.get().record().is_none() {
            return Err(PyTypeError::new_err("a struct or union is expected"));
        }
        // SAFETY: as above.
        unsafe { record_copy(place, of) }
    })
}
