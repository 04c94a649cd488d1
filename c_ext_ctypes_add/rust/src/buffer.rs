//! The buffer protocol of instances.

use std::ffi::c_int;

use pyo3::ffi;

use crate::cdata::Data;
use crate::entry;
use crate::info::{Info, Kind};
use crate::py::{self, Exc, Obj, Res, name, raise};

/// `bf_getbuffer`: the instance's memory, described by its type.
pub(crate) unsafe extern "C" fn get(
    slf: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    _flags: c_int,
) -> c_int {
    py::guard(-1, || {
        let slf = entry::borrow!(slf);
        let data = Data::expect(slf)?;
        let info = Info::of_instance(slf).ok_or_else(|| raise(Exc::Type, "abstract class"))?;
        let item_size = innermost_size(&info);
        // SAFETY: Python passes a buffer description to fill in. Format and shape belong to the
        // type's record, which cannot change once there is an instance; the view owns a reference to
        // the instance.
        unsafe {
            (*view).buf = data.memory().cast();
            (*view).obj = slf.clone().into_ptr();
            (*view).len = data.size() as isize;
            (*view).readonly = 0;
            (*view).itemsize = item_size as isize;
            (*view).format = info.format.as_ptr().cast_mut();
            (*view).ndim = info.shape.len() as c_int;
            (*view).shape = info.shape.as_ptr().cast_mut();
            (*view).strides = std::ptr::null_mut();
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = std::ptr::null_mut();
        }
        Ok(0)
    })
}

/// The size of what an array of arrays holds in the end.
fn innermost_size(info: &Info) -> usize {
    let item = info
        .proto
        .as_ref()
        .filter(|_| info.kind == Kind::Array)
        .and_then(Info::of_type);
    match item {
        Some(inner) => innermost_size(&inner),
        None => info.size,
    }
}

/// `__reduce__`: instances without pointers travel as their bytes.
pub(crate) fn reduce(slf: &Obj) -> Res<Obj> {
    let data = Data::expect(slf)?;
    let info = Info::of_instance(slf).ok_or_else(|| raise(Exc::Type, "abstract class"))?;
    if crate::cdata::holds_pointers(&info) {
        return Err(raise(
            Exc::Value,
            "ctypes objects containing pointers cannot be pickled",
        ));
    }
    let dict = match slf.getattr_opt(name!(c"__dict__"))? {
        Some(dict) => dict,
        None => py::dict()?,
    };
    // SAFETY: the instance's memory.
    let image = py::bytes(unsafe { std::slice::from_raw_parts(data.memory(), data.size()) })?;
    // SAFETY: made at import and kept for ever.
    let unpickle = unsafe { Obj::borrowed(crate::types::types().unpickle) }.ok_or(py::Raised)?;
    let state = py::tuple(&[&dict, &image])?;
    py::tuple(&[&unpickle, &py::tuple(&[&slf.ty(), &state])?])
}

/// `__setstate__(dict, bytes)`.
pub(crate) fn set_state(slf: &Obj, arguments: &Obj) -> Res<Obj> {
    let data = Data::expect(slf)?;
    let [dict, image] = arguments.items() else {
        let given = arguments.items().len();
        return Err(raise(
            Exc::Type,
            format!("__setstate__() takes 2 arguments ({given} given)"),
        ));
    };
    if !image.is_bytes() {
        return Err(raise(
            Exc::Type,
            "the second part of a ctypes state is bytes",
        ));
    }
    let bytes = image.as_bytes();
    // SAFETY: at most the instance's size is copied into its memory.
    unsafe {
        data.memory()
            .copy_from(bytes.as_ptr(), bytes.len().min(data.size()))
    };
    let own = slf.getattr(name!(c"__dict__"))?;
    // SAFETY: both are living objects; the first is an instance dict.
    if unsafe { ffi::PyDict_Check(own.ptr()) } == 0 {
        let given = own.type_name();
        return Err(raise(
            Exc::Type,
            format!(
                "{}.__dict__ must be a dictionary, not {given}",
                slf.type_name()
            ),
        ));
    }
    // SAFETY: as above.
    py::done(unsafe { ffi::PyDict_Update(own.ptr(), dict.ptr()) })?;
    Ok(py::none())
}

/// `_unpickle(type, state)`.
pub(crate) fn unpickle(_module: &Obj, arguments: &Obj) -> Res<Obj> {
    let [ty, state] = arguments.items() else {
        let given = arguments.items().len();
        return Err(raise(
            Exc::Type,
            format!("_unpickle() takes 2 arguments ({given} given)"),
        ));
    };
    let made = ty.getattr(name!(c"__new__"))?.call_one(ty)?;
    made.getattr(name!(c"__setstate__"))?
        .call_tuple(&state.to_tuple()?)?;
    Ok(made)
}
