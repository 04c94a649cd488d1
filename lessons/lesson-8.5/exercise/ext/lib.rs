//! text as an extension module in Rust: `CString` owns what C reads, `Vec<u8>` what C writes.

use std::ffi::{CStr, CString, c_char, c_int};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

const TEXT_E_ROOM: c_int = -3;

/// Small, so that the room has to grow.
const FIRST_ROOM: usize = 16;

unsafe extern "C" {
    fn text_count(text: *const c_char) -> i64;
    fn text_upper(text: *mut c_char) -> c_int;
    fn text_quote(text: *const c_char, out: *mut c_char, room: usize, length: *mut usize) -> c_int;
    fn text_message(status: c_int) -> *const c_char;
}

/// A copy of the text for C, with its NUL byte; refuses a text that has another one.
fn encoded(operation: &str, text: &Bound<'_, PyAny>) -> PyResult<CString> {
    let data = if let Ok(text) = text.cast::<PyString>() {
        text.to_cow()?.into_owned().into_bytes()
    } else if let Ok(bytes) = text.cast::<PyBytes>() {
        bytes.as_bytes().to_vec()
    } else {
        let found = text.get_type().name()?;
        let message = format!("{operation}: str or bytes expected, not {found}");
        return Err(PyTypeError::new_err(message));
    };
    CString::new(data).or_else(|error| {
        let place = error.nul_position();
        let message = format!("{operation}: NUL at byte {place}: {}", text.repr()?);
        Err(PyValueError::new_err(message))
    })
}

/// Turns a status of the library into an exception.
fn check(operation: &str, status: c_int, text: &Bound<'_, PyAny>) -> PyResult<()> {
    if status >= 0 {
        return Ok(());
    }
    // SAFETY: text_message never returns NULL, and its text lives as long as the library.
    let meaning = unsafe { CStr::from_ptr(text_message(status)) }.to_string_lossy();
    let message = format!("{operation}: {meaning} (status {status}): {}", text.repr()?);
    Err(PyValueError::new_err(message))
}

/// How many characters a text has.
#[pyfunction]
fn count(text: &Bound<'_, PyAny>) -> PyResult<i64> {
    let data = encoded("count", text)?;
    // SAFETY: `data` ends with a NUL byte and outlives the call.
    let characters = unsafe { text_count(data.as_ptr()) };
    check("count", characters.min(0) as c_int, text)?;
    Ok(characters)
}

/// The text with a to z in upper case.
#[pyfunction]
fn upper(text: &Bound<'_, PyAny>) -> PyResult<String> {
    let mut data = encoded("upper", text)?.into_bytes_with_nul();
    // SAFETY: `data` is ours alone and ends with a NUL byte.
    let status = unsafe { text_upper(data.as_mut_ptr().cast()) };
    check("upper", status, text)?;
    data.pop();
    Ok(String::from_utf8(data)?)
}

/// The text as one word for a POSIX shell.
#[pyfunction]
fn quote(text: &Bound<'_, PyAny>) -> PyResult<String> {
    let data = encoded("quote", text)?;
    let mut length = FIRST_ROOM - 1;
    loop {
        let mut out = vec![0_u8; length + 1];
        // SAFETY: `data` ends with a NUL byte, and `out` has as many bytes as we say.
        let status = unsafe {
            text_quote(
                data.as_ptr(),
                out.as_mut_ptr().cast(),
                out.len(),
                &mut length,
            )
        };
        if status == TEXT_E_ROOM {
            continue;
        }
        check("quote", status, text)?;
        out.truncate(length);
        return Ok(String::from_utf8(out)?);
    }
}

/// Tools for text in UTF-8.
#[pymodule]
fn _lesson_8_5(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(count, module)?)?;
    module.add_function(wrap_pyfunction!(upper, module)?)?;
    module.add_function(wrap_pyfunction!(quote, module)?)
}
