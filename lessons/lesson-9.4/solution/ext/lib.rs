//! An open store is a class that owns its handle: at most one, and `Drop` ends it if nobody did.

use std::ffi::{CString, OsString, c_int};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::ptr::{self, NonNull};

use pyo3::exceptions::{PyKeyError, PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

// region: ffi
/// kv.h as Rust sees it; nothing outside of this file does.
mod ffi {
    use std::ffi::{c_char, c_int};
    use std::marker::{PhantomData, PhantomPinned};

    /// Opaque: only pointers to it exist, and no thread may take it along unasked.
    #[repr(C)]
    pub struct Kv {
        _opaque: [u8; 0],
        _marker: PhantomData<(*mut u8, PhantomPinned)>,
    }

    unsafe extern "C" {
        pub fn kv_open(path: *const c_char, opened: *mut *mut Kv) -> c_int;
        pub fn kv_close(store: *mut Kv) -> c_int;
        pub fn kv_put(store: *mut Kv, key: *const c_char, value: i64) -> c_int;
        pub fn kv_get(store: *const Kv, key: *const c_char, value: *mut i64) -> c_int;
        pub fn kv_count(store: *const Kv) -> i64;
        pub fn kv_handles() -> i32;
    }
}
// endregion

// region: handle
/// An open handle. It is neither `Copy` nor `Clone`, so it is ended once.
struct Handle(NonNull<ffi::Kv>);

// SAFETY: kv wants one thread at a time; a thread that is attached is alone.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// Ends the handle and returns the code of kv_close.
    fn close(self) -> c_int {
        // task: close
        let handle = self.0;
        std::mem::forget(self); // or `drop` would end it again
        // SAFETY: the handle is open, and nobody has it any more.
        unsafe { ffi::kv_close(handle.as_ptr()) }
        // starter:
        //| // TODO 1: self ends here, and `drop` cannot say how it went.
        //| 0
        // endtask
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open; this is its only owner. Nobody is left to hear the code.
        unsafe { ffi::kv_close(self.0.as_ptr()) };
    }
}
// endregion

/// Returns what `code` means as an exception that names operation, code and object.
fn error(operation: &str, code: c_int, path: &Bound<'_, PyString>, key: &str) -> PyErr {
    // First of all, and of use after KV_E_FILE only.
    let reason = io::Error::last_os_error().raw_os_error();
    match code {
        -2 => PyKeyError::new_err(format!(
            "{operation}: '{key}' is not there (code {code}): {path}"
        )),
        -3 => PyValueError::new_err(format!(
            "{operation}: '{key}' is not a key (code {code}): {path}"
        )),
        -4 => PyValueError::new_err(format!(
            "{operation}: a line is not key=value (code {code}): {path}"
        )),
        -5 => PyMemoryError::new_err(format!("{operation}: {path}")),
        _ => os_error(operation, reason, path).unwrap_or_else(|failed| failed),
    }
}

/// OSError picks its subclass by the number.
fn os_error(operation: &str, reason: Option<i32>, path: &Bound<'_, PyString>) -> PyResult<PyErr> {
    let py = path.py();
    let text = py.import("os")?.call_method1("strerror", (reason,))?;
    let arguments = (
        reason,
        format!("{operation}: {text}"),
        path.clone().unbind(),
    );
    Ok(PyOSError::new_err(arguments))
}

/// Returns text as C reads it: encoded as file names are, with a NUL at its end and nowhere else.
fn c_string(text: &Bound<'_, PyString>) -> PyResult<CString> {
    Ok(CString::new(text.extract::<OsString>()?.into_vec())?)
}

/// An open store. Close it, best by `with`: only then it can say that writing failed.
#[pyclass(subclass)]
struct Store {
    /// None after `close`.
    handle: Option<Handle>,
    #[pyo3(get)]
    path: Py<PyString>,
}

impl Store {
    /// Returns the handle's address, which self goes on to own.
    fn own(&self, py: Python<'_>) -> PyResult<*mut ffi::Kv> {
        // task: own
        match &self.handle {
            Some(handle) => Ok(handle.0.as_ptr()),
            None => {
                let path = self.path.bind(py);
                Err(PyValueError::new_err(format!(
                    "{path}: the store is closed"
                )))
            }
        }
        // starter:
        //| // TODO 2: `expect` panics where a ValueError is due: path and "the store is closed".
        //| let _ = py;
        //| Ok(self.handle.as_ref().expect("open").0.as_ptr())
        // endtask
    }
}

#[pymethods]
impl Store {
    #[new]
    fn new(path: &Bound<'_, PyString>) -> PyResult<Store> {
        let c_path = c_string(path)?;
        let mut opened = ptr::null_mut();
        // SAFETY: the string lives until the call is over, the place is ours.
        let code = unsafe { ffi::kv_open(c_path.as_ptr(), &raw mut opened) };
        match (code, NonNull::new(opened)) {
            (0, Some(handle)) => Ok(Store {
                handle: Some(Handle(handle)),
                path: path.clone().unbind(),
            }),
            _ => Err(error("open", code, path, "")),
        }
    }

    /// Whether the handle is gone.
    #[getter]
    fn closed(&self) -> bool {
        self.handle.is_none()
    }

    /// Write what is left and end the handle; a second time does nothing.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        // task: take
        match self.handle.take().map(Handle::close) {
            None | Some(0) => Ok(()),
            Some(code) => Err(error("close", code, self.path.bind(py), "")),
        }
        // starter:
        //| // TODO 3: take the handle out of self, end it, and say how it went.
        //| let _ = (py, Handle::close);
        //| Ok(())
        // endtask
    }

    fn __enter__<'py>(this: PyRef<'py, Store>) -> PyResult<PyRef<'py, Store>> {
        this.own(this.py())?;
        Ok(this)
    }

    #[pyo3(signature = (*exception))]
    fn __exit__(&mut self, exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(exception.py())
    }

    /// Give a key a value.
    fn put(&mut self, key: &Bound<'_, PyString>, value: i64) -> PyResult<()> {
        let py = key.py();
        let (store, c_key) = (self.own(py)?, c_string(key)?);
        // SAFETY: the handle is open, the string lives until the call is over.
        match unsafe { ffi::kv_put(store, c_key.as_ptr(), value) } {
            0 => Ok(()),
            code => Err(error("put", code, self.path.bind(py), &key.to_cow()?)),
        }
    }

    /// Return the value of a key.
    fn get(&self, key: &Bound<'_, PyString>) -> PyResult<i64> {
        let py = key.py();
        let (store, c_key) = (self.own(py)?, c_string(key)?);
        let mut value = 0;
        // SAFETY: the handle is open, the string lives until the call is over, the place is ours.
        match unsafe { ffi::kv_get(store, c_key.as_ptr(), &raw mut value) } {
            0 => Ok(value),
            code => Err(error("get", code, self.path.bind(py), &key.to_cow()?)),
        }
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        // SAFETY: the handle is open.
        Ok(usize::try_from(unsafe { ffi::kv_count(self.own(py)?) })?)
    }
}

/// Return how many handles are open in C.
#[pyfunction]
fn handles() -> i32 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { ffi::kv_handles() }
}

/// A key-value store.
#[pymodule(gil_used = true)]
fn _lesson_9_4(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Store>()?;
    module.add_function(wrap_pyfunction!(handles, module)?)
}
