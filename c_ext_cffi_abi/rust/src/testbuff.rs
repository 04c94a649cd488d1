//! `_testbuff`, by which cffi's own tests make buffers that no class of Python can offer.

use std::ffi::c_int;
use std::sync::atomic::AtomicU8;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// What the buffers show; whoever gets the writable one may write.
static WRITABLE: [AtomicU8; 3] = [
    AtomicU8::new(b'G'),
    AtomicU8::new(b'T'),
    AtomicU8::new(b'B'),
];
static READ_ONLY: [u8; 3] = *b"ROB";

unsafe extern "C" fn writable(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    let at = WRITABLE.as_ptr().cast_mut().cast();
    // SAFETY: Python calls this with a view to fill; the memory is static, and may be written.
    unsafe { ffi::PyBuffer_FillInfo(view, object, at, 3, 0, flags) }
}

unsafe extern "C" fn read_only(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    let at = READ_ONLY.as_ptr().cast_mut().cast();
    // SAFETY: as above; nobody writes, for the view says that it is read-only.
    unsafe { ffi::PyBuffer_FillInfo(view, object, at, 3, 1, flags) }
}

/// Gives the instances of a class a buffer: a writable one for 8, a read-only one for 16.
///
/// # Errors
/// `TypeError` for a class that C has made, `ValueError` for any other number.
pub fn give(class: &Bound<'_, PyType>, methods: i32) -> PyResult<()> {
    let get = match methods {
        _ if methods & 16 != 0 => read_only,
        _ if methods & 8 != 0 => writable as ffi::getbufferproc,
        _ => return Err(PyValueError::new_err("methods must contain 8 or 16")),
    };
    // SAFETY: the type is alive, and every type has flags.
    let flags = unsafe { ffi::PyType_GetFlags(class.as_type_ptr()) };
    if flags & ffi::Py_TPFLAGS_HEAPTYPE == 0 {
        return Err(PyTypeError::new_err("expected a class of Python"));
    }
    // SAFETY: a class of Python has room for all slots; the GIL is held.
    unsafe { (*(*class.as_type_ptr()).tp_as_buffer).bf_getbuffer = Some(get) };
    Ok(())
}
