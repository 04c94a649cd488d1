//! `repr` of cdata.

use pyo3::ffi;
use pyo3::prelude::*;

use crate::cdata::{Flavour, Value};
use crate::convert::type_name;
use crate::ctype::{Kind, Type};
use crate::machine;
use crate::primitive::Class;
use crate::produce::from_c;
use crate::slots::{borrow, guard_object};

/// `repr(x)`.
pub unsafe extern "C" fn repr(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a slot is called with a living object.
        let value = Value::expect(unsafe { borrow(py, &object) })?;
        Ok(text(value)?.into_pyobject(py)?.into_any())
    })
}

fn text(value: Value<'_, '_>) -> PyResult<String> {
    let name = &value.ctype().get().name;
    match value.flavour {
        Flavour::Base | Flavour::Collected => plain_text(value),
        Flavour::Own => Ok(format!(
            "<cdata '{name}' owning {} bytes>",
            owned_size(value)
        )),
        Flavour::OwnGc => {
            // SAFETY: the flavour says which struct this is; its object lives as long as it does.
            let target = unsafe {
                let own = value.object.as_ptr().cast::<crate::cdata::OwnGc>();
                borrow(value.py(), &(*own).object).repr()?
            };
            let does = if value.ctype().get().is_void_pointer(value.py()) {
                "handle to"
            } else {
                "calling"
            };
            Ok(format!("<cdata '{name}' {does} {target}>"))
        }
        Flavour::FromBuffer => Ok(buffer_text(value, name)),
    }
}

fn buffer_text(value: Value<'_, '_>, name: &str) -> String {
    let Some(parts) = value.buffer_parts() else {
        return String::new();
    };
    // SAFETY: the parts live as long as the object.
    let owner = unsafe { (*parts).view.obj };
    if owner.is_null() {
        return format!("<cdata '{name}' buffer RELEASED>");
    }
    // SAFETY: the view keeps its owner alive.
    let kind = type_name(unsafe { borrow(value.py(), &owner) });
    if value.ctype().get().is_array() {
        let length = value.array_length();
        format!("<cdata '{name}' buffer len {length} from '{kind}' object>")
    } else {
        format!("<cdata '{name}' buffer from '{kind}' object>")
    }
}

/// Bytes that a cdata from `new` owns.
pub fn owned_size(value: Value<'_, '_>) -> usize {
    let size = |ctype: Type<'_, '_>| usize::try_from(ctype.get().size_now()).unwrap_or(0);
    if let Some(size) = value.open_record_size() {
        return size;
    }
    match &value.ctype().get().kind {
        Kind::Pointer { item, .. } => size(item.bind(value.py())),
        Kind::Array { item, .. } => value.array_length() * size(item.bind(value.py())),
        _ => size(value.ctype()),
    }
}

/// The text for a cdata that owns nothing.
pub fn plain_text(value: Value<'_, '_>) -> PyResult<String> {
    let ctype = value.ctype().get();
    let inner = match &ctype.kind {
        Kind::Enum { .. } => enum_text(value, true)?,
        // SAFETY: a cdata of a primitive type points to its value.
        Kind::Primitive(primitive) if primitive.class == Class::LongDouble => unsafe {
            machine::long_double_text(value.data())
        },
        // SAFETY: as above.
        Kind::Primitive(_) => unsafe { from_c(value.data(), value.ctype())? }
            .repr()?
            .to_string(),
        Kind::Array { length: None, .. } => format!("sliced length {}", value.array_length()),
        _ if value.data().is_null() => "NULL".to_owned(),
        _ => format!("{:p}", value.data()),
    };
    let reference = if ctype.record().is_some() { " &" } else { "" };
    Ok(format!("<cdata '{}{reference}' {inner}>", ctype.name))
}

/// The name of an enum's value, or its number; with both, `number: name`.
pub fn enum_text(value: Value<'_, '_>, both: bool) -> PyResult<String> {
    // SAFETY: a cdata of an enum type points to its value.
    let number = unsafe { from_c(value.data(), value.ctype())? };
    let Kind::Enum { names, .. } = &value.ctype().get().kind else {
        return Ok(number.str()?.to_string());
    };
    use pyo3::types::PyDictMethods;
    Ok(match names.bind(value.py()).get_item(&number)? {
        None => number.str()?.to_string(),
        Some(name) if both => format!("{}: {}", number.str()?, name.str()?),
        Some(name) => name.str()?.to_string(),
    })
}
