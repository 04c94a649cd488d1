//! kv by hand in Rust: codes, errno and out-parameters become results and exceptions.

use std::ffi::{CStr, CString, OsStr, c_char, c_int};
use std::io;
use std::os::unix::ffi::OsStrExt;

use pyo3::exceptions::{PyException, PyLookupError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyString, PyTuple, PyType};

unsafe extern "C" {
    fn kv_get(path: *const c_char, key: *const c_char, value: *mut i64, line: *mut i32) -> c_int;
    fn kv_put(path: *const c_char, key: *const c_char, value: i64) -> c_int;
    fn kv_count(path: *const c_char, line: *mut i32) -> i64;
    fn kv_exists(path: *const c_char) -> c_int;
    fn kv_message(code: c_int) -> *const c_char;
    fn kv_open_files() -> i32;
}

const KV_E_FILE: c_int = -1;

/// `TYPES[-code]`, and KvError itself as the first.
static TYPES: PyOnceLock<[Py<PyType>; 5]> = PyOnceLock::new();

/// What kv said no to.
struct Refused<'a, 'py> {
    operation: &'a str,
    code: c_int,
    path: &'a Bound<'py, PyString>,
    key: Option<&'a Bound<'py, PyString>>,
    /// 0 unless a line is bad.
    line: i32,
}

impl Refused<'_, '_> {
    /// Returns the exception for the code, or another one if it cannot be made.
    fn into_error(self, py: Python<'_>) -> PyErr {
        // First of all: every call may change errno.
        let reason = io::Error::last_os_error();
        self.described(py, &reason).unwrap_or_else(|error| error)
    }

    fn described(&self, py: Python<'_>, reason: &io::Error) -> PyResult<PyErr> {
        let types = TYPES.get(py).expect("made when the module is imported");
        let kind = types[self.code.unsigned_abs() as usize].bind(py);
        let (operation, code, path) = (self.operation, self.code, self.path);
        let line = (self.line != 0).then_some(self.line);
        let exception = if code == KV_E_FILE {
            let errno = reason.raw_os_error();
            let text: String = py
                .import("os")?
                .call_method1("strerror", (errno,))?
                .extract()?;
            kind.call1((errno, format!("{operation}: {text}"), path))?
        } else {
            // SAFETY: kv returned this code, so it has a message, which lives for ever.
            let text = unsafe { CStr::from_ptr(kv_message(code)) }.to_string_lossy();
            let known = (path, self.key, line).into_pyobject(py)?;
            let known = PyString::new(py, "path=%r, key=%r, line=%r").rem(known)?;
            kind.call1((format!("{operation}: {text} (code {code}): {known}"),))?
        };
        exception.setattr("operation", operation)?;
        exception.setattr("code", code)?;
        exception.setattr("path", path)?;
        exception.setattr("key", self.key)?;
        exception.setattr("line", line)?;
        Ok(PyErr::from_value(exception))
    }
}

/// Returns text as C reads it: encoded as file names are, with a NUL at its end and nowhere else.
fn c_string(text: &Bound<'_, PyString>) -> PyResult<CString> {
    let encoded: std::ffi::OsString = text.extract()?;
    Ok(CString::new(AsRef::<OsStr>::as_ref(&encoded).as_bytes())?)
}

/// Return the value of a key.
#[pyfunction]
fn get(path: &Bound<'_, PyString>, key: &Bound<'_, PyString>) -> PyResult<i64> {
    let (c_path, c_key) = (c_string(path)?, c_string(key)?);
    let (mut value, mut line) = (0, 0);
    // SAFETY: both strings live until the call is over, both places are ours.
    let code = unsafe {
        kv_get(
            c_path.as_ptr(),
            c_key.as_ptr(),
            &raw mut value,
            &raw mut line,
        )
    };
    if code == 0 {
        return Ok(value);
    }
    let refused = Refused {
        operation: "get",
        code,
        path,
        key: Some(key),
        line,
    };
    Err(refused.into_error(path.py()))
}

/// Give a key a value.
#[pyfunction]
fn put(path: &Bound<'_, PyString>, key: &Bound<'_, PyString>, value: i64) -> PyResult<()> {
    let (c_path, c_key) = (c_string(path)?, c_string(key)?);
    // SAFETY: both strings live until the call is over.
    let code = unsafe { kv_put(c_path.as_ptr(), c_key.as_ptr(), value) };
    if code == 0 {
        return Ok(());
    }
    let refused = Refused {
        operation: "put",
        code,
        path,
        key: Some(key),
        line: 0,
    };
    Err(refused.into_error(path.py()))
}

/// Return how many lines the file has.
#[pyfunction]
fn count(path: &Bound<'_, PyString>) -> PyResult<i64> {
    let c_path = c_string(path)?;
    let mut line = 0;
    // SAFETY: the string lives until the call is over, the place is ours.
    let lines = unsafe { kv_count(c_path.as_ptr(), &raw mut line) };
    if lines >= 0 {
        return Ok(lines);
    }
    let refused = Refused {
        operation: "count",
        code: lines as c_int, // The codes of kv.h are ints.
        path,
        key: None,
        line,
    };
    Err(refused.into_error(path.py()))
}

/// Return whether there is such a file.
#[pyfunction]
fn exists(path: &Bound<'_, PyString>) -> PyResult<bool> {
    let c_path = c_string(path)?;
    // SAFETY: the string lives until the call is over.
    Ok(unsafe { kv_exists(c_path.as_ptr()) } == 1)
}

/// Return how many files the library has left open.
#[pyfunction]
fn open_files() -> i32 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { kv_open_files() }
}

/// Makes one exception type of several bases.
fn new_type<'py>(
    name: &str,
    bases: &[&Bound<'py, PyType>],
    doc: &str,
) -> PyResult<Bound<'py, PyType>> {
    let py = bases[0].py();
    let own = [("__module__", "_lesson_9_1"), ("__doc__", doc)].into_py_dict(py)?;
    let made = py
        .get_type::<PyType>()
        .call1((name, PyTuple::new(py, bases)?, own))?;
    Ok(made.cast_into()?)
}

// region: hierarchy
fn new_types(py: Python<'_>) -> PyResult<[Py<PyType>; 5]> {
    let exception = py.get_type::<PyException>();
    let error = new_type("KvError", &[&exception], "What kv refuses.")?;
    let both = |name, base, doc| new_type(name, &[&error, &base], doc).map(Bound::unbind);
    let (os, lookup, value) = (
        py.get_type::<PyOSError>(),
        py.get_type::<PyLookupError>(),
        py.get_type::<PyValueError>(),
    );
    Ok([
        error.clone().unbind(),
        both("KvFileError", os, "The system refused the file.")?,
        both("KvKeyError", lookup, "The file has no such key.")?,
        both("KvArgumentError", value.clone(), "Not a key.")?,
        both("KvFormatError", value, "A line is not key=value.")?,
    ])
}
// endregion

/// A key-value store in a text file.
#[pymodule(gil_used = true)]
fn _lesson_9_1(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    for kind in TYPES.get_or_try_init(py, || new_types(py))? {
        module.add(kind.bind(py).name()?, kind)?;
    }
    module.add_function(wrap_pyfunction!(get, module)?)?;
    module.add_function(wrap_pyfunction!(put, module)?)?;
    module.add_function(wrap_pyfunction!(count, module)?)?;
    module.add_function(wrap_pyfunction!(exists, module)?)?;
    module.add_function(wrap_pyfunction!(open_files, module)?)
}
