//! journal as an extension module in Rust, which calls variadic functions but sees no macro.

use std::ffi::{CStr, CString, c_char, c_int, c_longlong, c_uint};

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyString};

const OFF: c_int = 0;
const E_LEVEL: c_int = -1;

unsafe extern "C" {
    fn journal_write(level: c_int, format: *const c_char, ...) -> c_int;
    fn journal_set_mask(mask: c_uint) -> c_int;
    fn journal_last() -> *const c_char;
    fn journal_lines() -> i64;
}

/// `value` as an integer of the C type; TypeError or OverflowError that names `place`.
fn integer<'py, T>(place: &str, value: &Bound<'py, PyAny>) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    value.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            PyOverflowError::new_err(format!("{place} does not fit"))
        } else if error.is_instance_of::<PyTypeError>(value.py()) {
            PyTypeError::new_err(format!("{place} is no integer"))
        } else {
            error
        }
    })
}

/// `value` as a double; TypeError or OverflowError that names the operation.
fn number_of(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    if !value.is_instance_of::<PyFloat>() && !value.is_instance_of::<PyInt>() {
        return Err(PyTypeError::new_err("real: value is no number"));
    }
    value
        .extract()
        .map_err(|_| PyOverflowError::new_err("real: value does not fit"))
}

/// A copy of a text for C; TypeError or ValueError that names `place`.
fn encoded(place: &str, text: &Bound<'_, PyAny>) -> PyResult<CString> {
    let text = text
        .cast::<PyString>()
        .map_err(|_| PyTypeError::new_err(format!("{place} is no str")))?;
    CString::new(text.to_cow()?.into_owned())
        .map_err(|_| PyValueError::new_err(format!("{place} has a NUL")))
}

/// The line that was written, or None; ValueError for a code of journal.h.
fn line(operation: &str, code: c_int, about: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if code < 0 {
        let message = format!("{operation}: code {code} for {}", about.repr()?);
        return Err(PyValueError::new_err(message));
    }
    if code == OFF {
        return Ok(None);
    }
    // SAFETY: it is never NULL, ends with a NUL, and nobody writes before we have copied it.
    let last = unsafe { CStr::from_ptr(journal_last()) };
    Ok(Some(last.to_string_lossy().into_owned()))
}

/// Write a message as it is.
#[pyfunction]
fn text(level: &Bound<'_, PyAny>, message: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let level: c_int = integer("text: level", level)?;
    let data = encoded("text: message", message)?;
    // SAFETY: TODO 1: which text may be a format, and which may not?
    let code = unsafe { journal_write(level, data.as_ptr()) };
    line("text", code, message)
}

/// Write name=value, a 64-bit integer.
#[pyfunction]
fn number(
    level: &Bound<'_, PyAny>,
    name: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> PyResult<Option<String>> {
    let level: c_int = integer("number: level", level)?;
    let data = encoded("number: name", name)?;
    let value: c_longlong = integer("number: value", value)?;
    // TODO 2: a format for a text and a long long, then both of them.
    let _ = (level, data, value);
    let code = OFF;
    line("number", code, name)
}

/// Write name=value with nine digits.
#[pyfunction]
fn real(
    level: &Bound<'_, PyAny>,
    name: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> PyResult<Option<String>> {
    let level: c_int = integer("real: level", level)?;
    let data = encoded("real: name", name)?;
    let value = number_of(value)?;
    let format = c"%s=%.9g".as_ptr();
    // SAFETY: a text and a double follow, as the format says.
    let code = unsafe { journal_write(level, format, data.as_ptr(), value) };
    line("real", code, name)
}

/// Keep the levels from 0 to `level`, drop the others.
#[pyfunction]
fn upto(level: &Bound<'_, PyAny>) -> PyResult<()> {
    let bits: c_int = integer("upto: level", level)?;
    // TODO 3: what the macro does, with this function; E_LEVEL for a level that is not 0 to 7.
    let _ = journal_set_mask;
    let code = if bits == 7 { OFF } else { E_LEVEL };
    line("upto", code, level)?;
    Ok(())
}

/// How many lines were written.
#[pyfunction]
fn lines() -> i64 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { journal_lines() }
}

/// The log of a program.
#[pymodule]
fn _lesson_8_7(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(text, module)?)?;
    module.add_function(wrap_pyfunction!(number, module)?)?;
    module.add_function(wrap_pyfunction!(real, module)?)?;
    module.add_function(wrap_pyfunction!(upto, module)?)?;
    module.add_function(wrap_pyfunction!(lines, module)?)
}
