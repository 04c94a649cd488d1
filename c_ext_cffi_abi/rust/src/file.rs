//! Python files as C's `FILE *`.

use std::ffi::{CStr, CString, c_char, c_int, c_void};

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCapsule, PyCapsuleMethods, PyType};

use crate::ctype::Type;

unsafe extern "C" {
    fn fdopen(descriptor: c_int, mode: *const c_char) -> *mut c_void;
    fn fclose(file: *mut c_void) -> c_int;
    fn setvbuf(file: *mut c_void, buffer: *mut c_char, mode: c_int, size: usize) -> c_int;
    fn dup(descriptor: c_int) -> c_int;
}

/// `_IONBF`: no buffering, so that C and Python write in the order in which they are called.
const UNBUFFERED: c_int = 2;
const ATTRIBUTE: &str = "__cffi_FILE";

struct File(*mut c_void);

// SAFETY: a C file may be closed by any thread.
unsafe impl Send for File {}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: opened by `fdopen` here and closed once.
        unsafe { fclose(self.0) };
    }
}

static IO_BASE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// A `FILE *` over a Python file, kept with it; `None` if the object is no file.
///
/// # Errors
/// When the file is closed or has no descriptor.
pub fn pointer_of(object: &Bound<'_, PyAny>) -> PyResult<Option<*mut u8>> {
    let py = object.py();
    let base = IO_BASE.get_or_try_init(py, || -> PyResult<_> {
        Ok(py
            .import("_io")?
            .getattr("_IOBase")?
            .cast_into::<PyType>()?
            .unbind())
    })?;
    if !object.is_instance(base.bind(py))? {
        return Ok(None);
    }
    object.call_method0("flush")?;
    let name = c"FILE";
    if let Ok(kept) = object.getattr(ATTRIBUTE)
        && let Ok(capsule) = kept.cast::<PyCapsule>()
    {
        let pointer = capsule.pointer_checked(Some(name))?;
        // SAFETY: the capsule was made below, over a `File`.
        return Ok(Some(unsafe { pointer.cast::<File>().as_ref() }.0.cast()));
    }
    let descriptor: c_int = object.call_method0("fileno")?.extract()?;
    let mode: String = object.getattr("mode")?.extract()?;
    let mode = CString::new(mode)?;
    let file = open(descriptor, &mode)?;
    let address = file.0;
    let capsule = PyCapsule::new_with_value(py, file, name)?;
    object.setattr(ATTRIBUTE, capsule)?;
    Ok(Some(address.cast()))
}

/// The same where a value of type `ctype` is wanted; `None` unless that is `FILE *`.
///
/// # Errors
/// As for [`pointer_of`].
pub fn pointer_for(ctype: Type<'_, '_>, object: &Bound<'_, PyAny>) -> PyResult<Option<*mut u8>> {
    let is_file = |item: Type<'_, '_>| item.get().record().is_some_and(|record| record.file);
    if ctype.get().target(ctype.py()).is_some_and(is_file) {
        return pointer_of(object);
    }
    Ok(None)
}

fn open(descriptor: c_int, mode: &CStr) -> PyResult<File> {
    // SAFETY: the descriptor is duplicated, so that closing the C file leaves Python's open.
    let file = unsafe {
        let copy = dup(descriptor);
        if copy < 0 {
            return Err(PyOSError::new_err(
                std::io::Error::last_os_error().to_string(),
            ));
        }
        fdopen(copy, mode.as_ptr())
    };
    if file.is_null() {
        return Err(PyOSError::new_err(
            std::io::Error::last_os_error().to_string(),
        ));
    }
    // SAFETY: the file has just been opened and not been used.
    unsafe { setvbuf(file, std::ptr::null_mut(), UNBUFFERED, 0) };
    Ok(File(file))
}
