//! Sizes and places inside C values: `sizeof`, `offsetof`, `addressof`.

use pyo3::exceptions::{PyKeyError, PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::cdata::{self, Value};
use crate::ctype::{CField, CType, Kind, Type, layout, size_of_type};

/// Bytes of a value, open arrays included.
pub fn size_of_value(value: Value<'_, '_>) -> isize {
    let ctype = value.ctype().get();
    match &ctype.kind {
        Kind::Array { item, .. } => {
            value.array_length().cast_signed() * item.bind(value.py()).get().size_now()
        }
        Kind::Record(_) => value
            .open_record_size()
            .map_or(ctype.size_now(), usize::cast_signed),
        _ => ctype.size_now(),
    }
}

/// The type and the offset in bytes of a field (by name) or an item (by number); `following`
/// another step, so that a pointer is not followed.
///
/// # Errors
/// `TypeError` for what has no such parts, `KeyError` for an unknown field.
pub fn step<'py>(
    ctype: Type<'_, 'py>,
    field: &Bound<'py, PyAny>,
    following: bool,
) -> PyResult<(Bound<'py, CType>, isize)> {
    match field.cast::<PyString>() {
        Ok(name) => offset_of_field(ctype, name, following),
        Err(_) => offset_of_item(ctype, field),
    }
}

fn offset_of_field<'py>(
    ctype: Type<'_, 'py>,
    name: &Bound<'py, PyString>,
    following: bool,
) -> PyResult<(Bound<'py, CType>, isize)> {
    let py = ctype.py();
    let record = match ctype.get().target(py) {
        Some(item) if !following => item,
        _ => ctype,
    };
    if record.get().record().is_none() {
        return Err(PyTypeError::new_err(
            "with a field name argument, expected a struct or union ctype",
        ));
    }
    let Some(fields) = layout(record)? else {
        return Err(PyTypeError::new_err("struct/union is opaque"));
    };
    let Some(field) = fields.fields.bind(py).get_item(name)? else {
        return Err(PyKeyError::new_err(name.clone().unbind()));
    };
    let field = field.cast::<CField>()?.get();
    if field.bitshift >= 0 {
        return Err(PyTypeError::new_err("not supported for bitfields"));
    }
    Ok((field.ctype.bind(py).clone(), field.offset.cast_signed()))
}

fn offset_of_item<'py>(
    ctype: Type<'_, 'py>,
    index: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, CType>, isize)> {
    let Ok(index) = index.extract::<isize>() else {
        return Err(PyTypeError::new_err("field name or array index expected"));
    };
    let item = match ctype.get().item(ctype.py()) {
        Some(item) if size_of_type(item)? >= 0 => item,
        _ => {
            return Err(PyTypeError::new_err(
                "with an integer argument, expected an array ctype or a pointer to non-opaque",
            ));
        }
    };
    let offset = index
        .checked_mul(item.get().size_now())
        .ok_or_else(|| PyOverflowError::new_err("array offset would overflow a Py_ssize_t"))?;
    Ok((item.clone(), offset))
}

/// A pointer of type `ctype`, so many bytes behind what `value` points to or lies at.
///
/// # Errors
/// `TypeError` for what has no address.
pub fn address_inside<'py>(
    ctype: Type<'_, 'py>,
    value: Value<'_, 'py>,
    offset: isize,
) -> PyResult<Bound<'py, PyAny>> {
    if value.ctype().get().record().is_none() && value.ctype().get().item(ctype.py()).is_none() {
        return Err(PyTypeError::new_err(
            "expected a cdata struct/union/array/pointer object",
        ));
    }
    cdata::plain(ctype, value.data().wrapping_offset(offset))
}
