//! `dlopen`, `dlsym`, `dlclose`: libraries by their handles.

use std::ffi::{CStr, CString, OsStr, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;

use clib::library::{Flags, Library};
use pyo3::ffi;

use crate::py::{self, Exc, Obj, Res, api, name, raise};

/// `dlopen(name, mode)`: the handle as an int. The library is never closed unless `dlclose` is.
pub(crate) fn dlopen(_module: &Obj, arguments: &Obj) -> Res<Obj> {
    let (name, mode) = match arguments.items() {
        [name] => (name, Flags::NOW.bits()),
        [name, mode] => (name, mode.to_isize()? as c_int | Flags::NOW.bits()),
        given => {
            let given = given.len();
            return Err(raise(
                Exc::Type,
                format!("dlopen() takes 1 or 2 arguments ({given} given)"),
            ));
        }
    };
    let encoded = if name.is_none() {
        None
    } else {
        Some(file_name(name)?)
    };
    py::audit(c"ctypes.dlopen", &[name])?;
    let path = encoded
        .as_ref()
        .map(|name| OsStr::from_bytes(name.as_bytes()));
    // Initialisers of the library may take long or call Python: they run like any other C code.
    let library = Library::open(path, Flags::from_bits(mode))
        .map_err(|error| raise(Exc::Os, error.to_string()))?;
    py::address(library.into_raw())
}

/// A path as the file system spells it.
fn file_name(name: &Obj) -> Res<Obj> {
    let mut encoded: *mut ffi::PyObject = std::ptr::null_mut();
    let status = api!(ffi::PyUnicode_FSConverter(
        name.ptr(),
        (&raw mut encoded).cast()
    ));
    if status == 0 {
        return Err(py::Raised);
    }
    // SAFETY: the converter has stored an owned bytes object.
    unsafe { Obj::owned(encoded) }
}

/// `dlsym(handle, name)`: the address as an int.
pub(crate) fn dlsym(_module: &Obj, arguments: &Obj) -> Res<Obj> {
    let [handle, name] = arguments.items() else {
        let given = arguments.items().len();
        return Err(raise(
            Exc::Type,
            format!("dlsym() takes 2 arguments ({given} given)"),
        ));
    };
    py::audit(c"ctypes.dlsym/handle", &[handle, name])?;
    let symbol =
        CString::new(name.as_str()?).map_err(|_| raise(Exc::Value, "embedded null character"))?;
    let found = find(handle.to_address()?, &symbol).map_err(|error| raise(Exc::Os, error))?;
    py::address(found)
}

/// `dlclose(handle)`.
pub(crate) fn dlclose(_module: &Obj, handle: &Obj) -> Res<Obj> {
    let handle = handle.to_address()?;
    // SAFETY: the caller gives up a handle that dlopen has given; a wrong one is reported by the
    // loader.
    let library = unsafe { Library::from_raw(handle) };
    library
        .close()
        .map_err(|error| raise(Exc::Os, error.message))?;
    Ok(py::none())
}

/// The address of a symbol, or the loader's message.
pub(crate) fn find(handle: *mut c_void, name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the handle belongs to a library that nobody closes meanwhile; it is given back below.
    let library = unsafe { Library::from_raw(handle) };
    let found = library.symbol(name);
    let _still_open = library.into_raw();
    found.map_err(|error| error.message)
}

/// The `_handle` of a CDLL.
pub(crate) fn handle_of(library: &Obj) -> Res<*mut c_void> {
    let handle = library.getattr(name!(c"_handle"))?;
    if !handle.is_int() {
        return Err(raise(
            Exc::Type,
            "the _handle attribute of the second argument must be an integer",
        ));
    }
    let address = api!(ffi::PyLong_AsVoidPtr(handle.ptr()));
    if address.is_null() && py::raised() {
        return Err(raise(
            Exc::Value,
            "could not convert the _handle attribute to a pointer",
        ));
    }
    Ok(address)
}
