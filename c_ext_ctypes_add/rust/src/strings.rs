//! Character arrays as strings: `value` and `raw`.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

use crate::cdata::Data;
use crate::entry;
use crate::py::{self, Buffer, Exc, Obj, Raised, Res, raise};
use crate::types::leak;
use crate::value::{self, Access};

entry::getter!(char_value_entry, char_value);
entry::setter!(set_char_value_entry, set_char_value);
entry::getter!(raw_entry, raw);
entry::setter!(set_raw_entry, set_raw);
entry::getter!(wide_value_entry, wide_value);
entry::setter!(set_wide_value_entry, set_wide_value);

/// The properties of character arrays. Descriptors refer to them, so they live for ever, once.
struct Properties {
    char_value: ffi::PyGetSetDef,
    raw: ffi::PyGetSetDef,
    wide_value: ffi::PyGetSetDef,
}

fn properties() -> &'static mut Properties {
    static PLACE: AtomicPtr<Properties> = AtomicPtr::new(std::ptr::null_mut());
    let mut place = PLACE.load(Ordering::Acquire);
    if place.is_null() {
        place = leak(Properties {
            char_value: entry::property(c"value", char_value_entry, Some(set_char_value_entry)),
            raw: entry::property(c"raw", raw_entry, Some(set_raw_entry)),
            wide_value: entry::property(c"value", wide_value_entry, Some(set_wide_value_entry)),
        });
        PLACE.store(place, Ordering::Release);
    }
    // SAFETY: leaked above, and only used by one thread at a time: it holds the interpreter.
    unsafe { &mut *place }
}

/// Adds `value` and `raw` to an array of `c_char`.
pub(crate) fn add_char_properties(ty: &Obj) -> Res<()> {
    let properties = properties();
    add(ty, "value", &raw mut properties.char_value)?;
    add(ty, "raw", &raw mut properties.raw)
}

/// Adds `value` to an array of `c_wchar`.
pub(crate) fn add_wide_properties(ty: &Obj) -> Res<()> {
    add(ty, "value", &raw mut properties().wide_value)
}

fn add(ty: &Obj, name: &str, property: *mut ffi::PyGetSetDef) -> Res<()> {
    let pointer = ty.ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: a living type, and a definition that is never freed.
    let descriptor = unsafe { Obj::owned(ffi::PyDescr_NewGetSet(pointer, property)) }?;
    py::add_to_type(ty, name, &descriptor)
}

fn no_deletion(value: Option<&Obj>) -> Res<&Obj> {
    value.ok_or_else(|| raise(Exc::Type, "can't delete attribute"))
}

fn char_value(slf: &Obj) -> Res<Obj> {
    // SAFETY: the `self` of a property of array types.
    let data = unsafe { Data::of_self(slf) };
    // SAFETY: the instance's memory, an array of characters.
    unsafe { value::chars(data.memory(), data.size()) }
}

fn set_char_value(slf: &Obj, value: Option<&Obj>) -> Res<()> {
    // SAFETY: the `self` of a property of array types.
    let data = unsafe { Data::of_self(slf) };
    let value = no_deletion(value)?;
    if !value.is_bytes() {
        let given = value.type_name();
        return Err(raise(
            Exc::Type,
            format!("bytes expected instead of {given} instance"),
        ));
    }
    let (bytes, size) = (value.as_bytes(), data.size());
    if bytes.len() > size {
        return Err(raise(Exc::Value, "byte string too long"));
    }
    // SAFETY: the instance's memory has `size` bytes; the terminator is written where it fits.
    unsafe {
        data.memory()
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        if bytes.len() < size {
            data.memory().add(bytes.len()).write(0);
        }
    }
    Ok(())
}

fn raw(slf: &Obj) -> Res<Obj> {
    // SAFETY: the `self` of a property of array types.
    let data = unsafe { Data::of_self(slf) };
    // SAFETY: the instance's memory.
    py::bytes(unsafe { std::slice::from_raw_parts(data.memory(), data.size()) })
}

fn set_raw(slf: &Obj, value: Option<&Obj>) -> Res<()> {
    // SAFETY: the `self` of a property of array types.
    let data = unsafe { Data::of_self(slf) };
    let Some(value) = value else {
        return Err(raise(Exc::Attribute, "cannot delete attribute"));
    };
    let buffer = Buffer::of(value, ffi::PyBUF_SIMPLE)?;
    if buffer.len() > data.size() {
        return Err(raise(Exc::Value, "byte string too long"));
    }
    // SAFETY: both sides have that many bytes; they may overlap.
    unsafe { data.memory().copy_from(buffer.memory(), buffer.len()) };
    Ok(())
}

fn wide_value(slf: &Obj) -> Res<Obj> {
    // SAFETY: the `self` of a property of array types.
    let data = unsafe { Data::of_self(slf) };
    // SAFETY: the instance's memory, an array of wide characters.
    unsafe { value::wide_chars(data.memory(), data.size()) }
}

fn set_wide_value(slf: &Obj, value: Option<&Obj>) -> Res<()> {
    // SAFETY: the `self` of a property of array types.
    let data = unsafe { Data::of_self(slf) };
    let value = no_deletion(value)?;
    // SAFETY: as above.
    let kept = unsafe { Access::native(b'U').set(data.memory(), value, data.size(), None) };
    match kept {
        Ok(_) => Ok(()),
        Err(Raised) if py::forgive(Exc::Value).is_ok() => Err(raise(Exc::Value, "string too long")),
        Err(Raised) => Err(Raised),
    }
}
