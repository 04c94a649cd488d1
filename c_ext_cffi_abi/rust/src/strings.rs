//! `string` and `unpack`: C arrays and strings as Python values in one go.

use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::cdata::Value;
use crate::ctype::Kind;
use crate::primitive::{Class, read_unsigned};
use crate::produce::from_c;
use crate::{show, wide};

/// `string(cdata, maxlen)`: up to the first NUL, the end of the array or `maxlen`.
pub fn string<'py>(value: Value<'_, 'py>, maxlen: isize) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let ctype = value.ctype().get();
    if let Some(item) = ctype.item(py)
        && let Some(primitive) = item.get().primitive()
        && (primitive.class == Class::Char
            || (primitive.is_integer() && primitive.class != Class::Bool))
        && (primitive.size == 1 || primitive.class == Class::Char)
    {
        check_address(value, "string()")?;
        let mut most = usize::try_from(maxlen).ok();
        if most.is_none() && ctype.is_array() {
            most = Some(value.array_length());
        }
        let (at, size) = (value.data(), primitive.size);
        let mut length = 0;
        // SAFETY: as in C, the text ends with a NUL or at the length that is given.
        let unit = |index: usize| unsafe { read_unsigned(at.add(index * size), size) };
        while most.is_none_or(|most| length < most) && unit(length) != 0 {
            length += 1;
        }
        // SAFETY: as above.
        return unsafe { text(py, at, size, length) };
    }
    match &ctype.kind {
        Kind::Enum { .. } => {
            let name = show::enum_text(value, false)?;
            return Ok(PyString::new(py, &name).into_any());
        }
        Kind::Primitive(primitive)
            if primitive.class == Class::Char
                || (primitive.size == 1
                    && matches!(primitive.class, Class::Signed | Class::Unsigned)) =>
        {
            // SAFETY: a cdata of a primitive type points to its value.
            return unsafe { text(py, value.data(), primitive.size, 1) };
        }
        _ => {}
    }
    Err(PyTypeError::new_err(format!(
        "string(): unexpected cdata '{}' argument",
        ctype.name
    )))
}

/// # Safety
/// `at` points to `length` initialised units of `size` bytes.
unsafe fn text<'py>(
    py: Python<'py>,
    at: *const u8,
    size: usize,
    length: usize,
) -> PyResult<Bound<'py, PyAny>> {
    if size == 1 {
        // SAFETY: the caller's promise.
        let bytes = unsafe { std::slice::from_raw_parts(at, length) };
        return Ok(PyBytes::new(py, bytes).into_any());
    }
    // SAFETY: the caller's promise.
    unsafe { wide::read(py, at, size, length) }
}

fn check_address(value: Value<'_, '_>, what: &str) -> PyResult<()> {
    if value.data().is_null() {
        let shown = show::plain_text(value)?;
        return Err(PyRuntimeError::new_err(format!(
            "cannot use {what} on {shown}"
        )));
    }
    Ok(())
}

/// `unpack(cdata, length)`: exactly so many items.
pub fn unpack<'py>(value: Value<'_, 'py>, length: isize) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let ctype = value.ctype().get();
    let Some(item) = ctype.item(py) else {
        return Err(PyTypeError::new_err(format!(
            "expected a pointer or array, got '{}'",
            ctype.name
        )));
    };
    let Ok(length) = usize::try_from(length) else {
        return Err(PyValueError::new_err("'length' cannot be negative"));
    };
    check_address(value, "unpack()")?;
    if let Kind::Primitive(primitive) = &item.get().kind
        && primitive.class == Class::Char
    {
        // SAFETY: the caller of `unpack` vouches for the length, as in C.
        return unsafe { text(py, value.data(), primitive.size, length) };
    }
    let Ok(size) = usize::try_from(item.get().size_now()) else {
        return Err(PyValueError::new_err(format!(
            "'{}' points to items of unknown size",
            ctype.name
        )));
    };
    // SAFETY: a new list is filled in before anybody else sees it; the caller of `unpack` vouches
    // for the length, as in C. Should an item fail, the list may be freed half filled.
    unsafe {
        let list = Bound::from_owned_ptr_or_err(py, ffi::PyList_New(length.cast_signed()))?;
        for index in 0..length {
            let one = from_c(value.data().add(index * size), item)?;
            ffi::PyList_SET_ITEM(list.as_ptr(), index.cast_signed(), one.into_ptr());
        }
        Ok(list)
    }
}
