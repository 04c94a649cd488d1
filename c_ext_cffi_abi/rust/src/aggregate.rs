//! Python values into C arrays and records: lists, dictionaries, strings.

use pyo3::exceptions::{
    PyIndexError, PyKeyError, PyOverflowError, PySystemError, PyTypeError, PyValueError,
};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::cdata::Value;
use crate::compose::too_large;
use crate::convert::{to_c, type_name, wrong_kind};
use crate::ctype::{CField, Kind, Type, layout};
use crate::primitive::{Class, read_unsigned, write_integer};
use crate::wide;

/// A list or a tuple.
enum Row<'a, 'py> {
    List(&'a Bound<'py, PyList>),
    Tuple(&'a Bound<'py, PyTuple>),
}

impl<'a, 'py> Row<'a, 'py> {
    fn of(value: &'a Bound<'py, PyAny>) -> Option<Row<'a, 'py>> {
        if let Ok(list) = value.cast::<PyList>() {
            return Some(Row::List(list));
        }
        value.cast::<PyTuple>().ok().map(Row::Tuple)
    }

    fn len(&self) -> usize {
        match self {
            Row::List(list) => list.len(),
            Row::Tuple(tuple) => tuple.len(),
        }
    }

    /// Items one by one: converting one may change the list.
    fn get(&self, index: usize) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Row::List(list) => list.get_item(index),
            Row::Tuple(tuple) => tuple.get_item(index),
        }
    }
}

/// Writes initial values to an array; `ctype` may be a pointer, for an argument `T *` that is
/// given as a list.
///
/// # Safety
/// `at` points to room for the array, or for [`new_array_length`] items.
pub unsafe fn array_to_c(
    at: *mut u8,
    ctype: Type<'_, '_>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = ctype.py();
    let Some(item) = ctype.get().item(py) else {
        return Err(PySystemError::new_err("an array without items"));
    };
    let limit = match &ctype.get().kind {
        Kind::Array { length, .. } => *length,
        _ => None,
    };
    let size = usize::try_from(item.get().size_now()).unwrap_or(0);
    let name = &ctype.get().name;
    if let Some(row) = Row::of(value) {
        let count = row.len();
        if limit.is_some_and(|limit| count > limit) {
            return Err(PyIndexError::new_err(format!(
                "too many initializers for '{name}' (got {count})"
            )));
        }
        for index in 0..count {
            // SAFETY: the caller promises room for as many items.
            unsafe { to_c(at.add(index * size), item, &row.get(index)?)? };
        }
        return Ok(());
    }
    let primitive = item.get().primitive();
    let bytes = primitive
        .is_some_and(|one| one.size == 1 && (one.is_integer() || one.class == Class::Char));
    let expected = match primitive {
        Some(primitive) if bytes => {
            if let Ok(source) = value.cast::<PyBytes>() {
                let source = source.as_bytes();
                let count = source.len();
                if limit.is_some_and(|limit| count > limit) {
                    return Err(PyIndexError::new_err(format!(
                        "initializer bytes is too long for '{name}' (got {count} characters)"
                    )));
                }
                if primitive.class == Class::Bool {
                    check_booleans(source)?;
                }
                // SAFETY: bytes end with a NUL in memory, which is copied when there is room.
                unsafe {
                    let with_nul = count + usize::from(limit != Some(count));
                    source.as_ptr().copy_to_nonoverlapping(at, with_nul);
                }
                return Ok(());
            }
            "bytes or list or tuple"
        }
        Some(primitive) if primitive.class == Class::Char => {
            if let Ok(text) = value.cast::<PyString>() {
                let count = wide::length(text, primitive.size)?;
                if limit.is_some_and(|limit| count > limit) {
                    return Err(PyIndexError::new_err(format!(
                        "initializer unicode is too long for '{name}' (got {count} characters)"
                    )));
                }
                let room = limit.unwrap_or(count + 1).min(count + 1);
                // SAFETY: there is room for the text, and for a NUL unless the array is full.
                return unsafe { wide::write(at, text, primitive.size, room) };
            }
            "unicode or list or tuple"
        }
        _ => "list or tuple",
    };
    if ctype.get().is_array()
        && let Some(same) = Value::of(value).filter(|one| one.ctype().is(ctype))
    {
        // SAFETY: both are arrays of this type and length; they may be the same one.
        unsafe { same.data().copy_to(at, same.array_length() * size) };
        return Ok(());
    }
    Err(wrong_kind(ctype, value, expected))
}

/// Refuses bytes that are no `_Bool`.
pub fn check_booleans(bytes: &[u8]) -> PyResult<()> {
    if bytes.iter().any(|byte| *byte > 1) {
        return Err(PyValueError::new_err(
            "an array of _Bool can only contain \\x00 or \\x01",
        ));
    }
    Ok(())
}

/// How many items a new open array gets from its initial value, and whether the value is only
/// that number.
pub fn new_array_length(item: Type<'_, '_>, value: &Bound<'_, PyAny>) -> PyResult<(usize, bool)> {
    if let Some(row) = Row::of(value) {
        return Ok((row.len(), false));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok((bytes.as_bytes().len() + 1, false));
    }
    if let Ok(text) = value.cast::<PyString>() {
        let size = usize::try_from(item.get().size_now()).unwrap_or(4);
        return Ok((wide::length(text, size)? + 1, false));
    }
    // SAFETY: any object may be given.
    let number = unsafe { ffi::PyNumber_AsSsize_t(value.as_ptr(), ffi::PyExc_OverflowError) };
    if let Ok(number) = usize::try_from(number) {
        return Ok((number, true));
    }
    Err(match PyErr::take(value.py()) {
        None => PyValueError::new_err("negative array length"),
        Some(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
            PyTypeError::new_err(format!(
                "expected new array length or list/tuple/str, not {}",
                type_name(value)
            ))
        }
        Some(error) => error,
    })
}

/// The fields that initial values name, each with its value.
fn initial_fields<'py>(
    ctype: Type<'_, 'py>,
    value: &Bound<'py, PyAny>,
    expected: &str,
    mut each: impl FnMut(&CField, &Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<()> {
    let py = ctype.py();
    let Some(fields) = layout(ctype)? else {
        return Err(PyTypeError::new_err(format!(
            "'{}' is opaque",
            ctype.get().name
        )));
    };
    if let Some(row) = Row::of(value) {
        let count = row.len();
        for index in 0..count {
            let Some(field) = fields.listed.get(index) else {
                return Err(PyValueError::new_err(format!(
                    "too many initializers for '{}' (got {count})",
                    ctype.get().name
                )));
            };
            each(field.get(), &row.get(index)?)?;
        }
        return Ok(());
    }
    if let Ok(values) = value.cast::<PyDict>() {
        for (name, value) in values {
            let Some(field) = fields.fields.bind(py).get_item(&name)? else {
                return Err(PyKeyError::new_err(name.unbind()));
            };
            each(field.cast::<CField>()?.get(), &value)?;
        }
        return Ok(());
    }
    Err(wrong_kind(ctype, value, expected))
}

/// Writes initial values to a record.
///
/// # Safety
/// `at` points to room for the record, and for the open array if the value fills one.
pub unsafe fn record_to_c(
    at: *mut u8,
    ctype: Type<'_, '_>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = ctype.py();
    initial_fields(
        ctype,
        value,
        "list or tuple or dict or struct-cdata",
        |field, value| {
            let inner = field.ctype.bind(py);
            if inner.get().is_array() && inner.get().size_now() < 0 {
                let Some(item) = inner.get().item(py) else {
                    return Ok(());
                };
                // A number says only how long the array is; its items stay zero.
                if new_array_length(item, value)?.1 {
                    return Ok(());
                }
            }
            // SAFETY: the field lies inside the record.
            unsafe { field_to_c(at, field, value, py) }
        },
    )
}

/// Writes a field of the record at `at`.
///
/// # Safety
/// `at` points to a record that has this field.
pub unsafe fn field_to_c(
    at: *mut u8,
    field: &CField,
    value: &Bound<'_, PyAny>,
    py: Python<'_>,
) -> PyResult<()> {
    // SAFETY: the caller's promise; the offset is that of the field.
    unsafe {
        let at = at.add(field.offset);
        if field.bitshift >= 0 {
            bits_to_c(at, field, value, py)
        } else {
            to_c(at, field.ctype.bind(py), value)
        }
    }
}

/// Bytes that a record takes with the open arrays that the initial value fills.
pub fn open_record_size(ctype: Type<'_, '_>, value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let py = ctype.py();
    let mut size = usize::try_from(ctype.get().size_now()).unwrap_or(0);
    initial_fields(ctype, value, "list or tuple or dict", |field, value| {
        let inner = field.ctype.bind(py);
        let end = if inner.get().is_array() && inner.get().size_now() < 0 {
            let Some(item) = inner.get().item(py) else {
                return Ok(());
            };
            let (length, _) = new_array_length(item, value)?;
            let each = usize::try_from(item.get().size_now()).unwrap_or(0);
            length.checked_mul(each)
        } else if inner.get().has_open_array() && Value::of(value).is_none() {
            Some(open_record_size(inner, value)?)
        } else {
            return Ok(());
        };
        let end = end.and_then(|bytes| bytes.checked_add(field.offset));
        let end = end.filter(|end| isize::try_from(*end).is_ok());
        size = size.max(end.ok_or_else(too_large)?);
        Ok(())
    })?;
    Ok(size)
}

/// # Safety
/// `at` points to the storage of the bit-field.
unsafe fn bits_to_c(
    at: *mut u8,
    field: &CField,
    value: &Bound<'_, PyAny>,
    py: Python<'_>,
) -> PyResult<()> {
    let Some(primitive) = field.ctype.bind(py).get().primitive() else {
        return Err(PySystemError::new_err("a bit-field of no primitive type"));
    };
    let (shift, width) = (
        u32::from(field.bitshift as u16),
        u32::from(field.bitsize as u16),
    );
    // SAFETY: any object may be given.
    let number = unsafe { ffi::PyLong_AsLongLong(value.as_ptr()) };
    if number == -1
        && let Some(error) = PyErr::take(py)
    {
        return Err(error);
    }
    let ones = u64::MAX >> (64 - width);
    let (least, most) = if primitive.class == Class::Signed {
        let most = (ones >> 1) as i64;
        // One signed bit may be set with 1 as well as with -1.
        (-most - 1, if width == 1 { 1 } else { most })
    } else {
        (0, ones as i64)
    };
    if number < least || number > most {
        return Err(PyOverflowError::new_err(format!(
            "value {} outside the range allowed by the bit field width: {least} <= x <= {most}",
            value.str()?
        )));
    }
    // SAFETY: the storage is readable and writable.
    unsafe {
        let before = read_unsigned(at, primitive.size);
        let mask = ones << shift;
        let bits = ((number as u64) << shift) & mask;
        write_integer(at, (before & !mask) | bits, primitive.size);
    }
    Ok(())
}
