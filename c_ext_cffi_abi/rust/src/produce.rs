//! C memory into Python values.

use pyo3::exceptions::{PySystemError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyComplex, PyFloat};

use crate::cdata;
use crate::ctype::{CField, Kind, Type, layout};
use crate::primitive::{Class, Primitive, read_float, read_signed, read_unsigned};
use crate::wide;

/// The Python value of the `ctype` at `at`: numbers become Python's own, everything else a cdata.
///
/// # Safety
/// `at` points to an initialised value of `ctype`; for arrays and records, the result refers to it.
pub unsafe fn from_c<'py>(at: *mut u8, ctype: Type<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    let py = ctype.py();
    match &ctype.get().kind {
        Kind::Primitive(primitive)
        | Kind::Enum {
            base: primitive, ..
        } => {
            // SAFETY: the caller's promise.
            unsafe { from_primitive(at, ctype, *primitive) }
        }
        Kind::Pointer { .. } | Kind::Function(_) => {
            // SAFETY: as above.
            let address = unsafe { at.cast::<*mut u8>().read_unaligned() };
            cdata::plain(ctype, address)
        }
        Kind::Array {
            length: Some(_), ..
        } => cdata::plain(ctype, at),
        // Nobody knows its length here, so that a pointer is all that can be given.
        Kind::Array { pointer, .. } => cdata::plain(pointer.bind(py), at),
        Kind::Record(_) => {
            layout(ctype)?;
            if ctype.get().size_now() < 0 {
                return opaque(ctype);
            }
            cdata::plain(ctype, at)
        }
        Kind::Void => opaque(ctype),
    }
}

fn opaque<'py>(ctype: Type<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    Err(PyTypeError::new_err(format!(
        "cdata '{}' is opaque",
        ctype.get().name
    )))
}

/// # Safety
/// As for [`from_c`].
unsafe fn from_primitive<'py>(
    at: *mut u8,
    ctype: Type<'_, 'py>,
    primitive: Primitive,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, size) = (ctype.py(), primitive.size);
    // SAFETY: the caller promises a value of this primitive, in every arm.
    unsafe {
        match primitive.class {
            Class::Signed => signed(py, read_signed(at, size)),
            Class::Unsigned => unsigned(py, read_unsigned(at, size)),
            Class::Bool => match at.read() {
                byte @ (0 | 1) => Ok(pyo3::types::PyBool::new(py, byte == 1)
                    .to_owned()
                    .into_any()),
                other => Err(PyValueError::new_err(format!(
                    "got a _Bool of value {other}, expected 0 or 1"
                ))),
            },
            Class::Char if size == 1 => Ok(PyBytes::new(py, &[at.read()]).into_any()),
            Class::Char => wide::read(py, at, size, 1),
            Class::Float => Ok(PyFloat::new(py, read_float(at, size)).into_any()),
            Class::LongDouble => {
                let (made, room) = cdata::primitive(ctype)?;
                at.copy_to_nonoverlapping(room, size);
                Ok(made)
            }
            Class::Complex => {
                let value = read_complex(at, size);
                Ok(PyComplex::from_doubles(py, value.real, value.imag).into_any())
            }
        }
    }
}

/// Reads a complex number of `size` bytes.
///
/// # Safety
/// `at` points to `size` (8 or 16) initialised bytes.
pub unsafe fn read_complex(at: *const u8, size: usize) -> ffi::Py_complex {
    // SAFETY: the caller's promise; each part takes half of it.
    unsafe {
        ffi::Py_complex {
            real: read_float(at, size / 2),
            imag: read_float(at.add(size / 2), size / 2),
        }
    }
}

fn signed(py: Python<'_>, value: i64) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: makes a new object.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyLong_FromLongLong(value)) }
}

fn unsigned(py: Python<'_>, value: u64) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: makes a new object.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyLong_FromUnsignedLongLong(value)) }
}

/// The value of a bit-field.
///
/// # Safety
/// `at` points to the storage of the bit-field.
pub unsafe fn from_bits<'py>(
    py: Python<'py>,
    at: *const u8,
    field: &CField,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(primitive) = field.ctype.bind(py).get().primitive() else {
        return Err(PySystemError::new_err("a bit-field of no primitive type"));
    };
    let (shift, width) = (
        u32::from(field.bitshift as u16),
        u32::from(field.bitsize as u16),
    );
    // SAFETY: the caller's promise.
    let storage = unsafe { read_unsigned(at, primitive.size) };
    let above = 64 - width;
    // Moved to the top and back down, the sign comes along by itself.
    let top = (storage >> shift) << above;
    if primitive.class == Class::Signed {
        signed(py, (top as i64) >> above)
    } else {
        unsigned(py, top >> above)
    }
}

/// A struct that came by value, with memory of its own.
///
/// # Safety
/// `at` points to an initialised value of `ctype`.
pub unsafe fn record_copy<'py>(at: *const u8, ctype: Type<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    layout(ctype)?;
    let Ok(size) = usize::try_from(ctype.get().size_now()) else {
        return Err(PyTypeError::new_err(
            "return type is an opaque structure or union",
        ));
    };
    if ctype.get().has_open_array() {
        return Err(PyTypeError::new_err(
            "return type is a struct/union with a varsize array member",
        ));
    }
    let made = cdata::owning(ctype, size, -1, false)?;
    if let Some(value) = cdata::Value::of(&made) {
        // SAFETY: both have `size` bytes; one of them is new.
        unsafe { at.copy_to_nonoverlapping(value.data(), size) };
    }
    Ok(made)
}
