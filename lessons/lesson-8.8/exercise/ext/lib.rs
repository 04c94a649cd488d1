//! settings as an extension module in Rust, for the stable ABI: one file for every CPython from 3.9 on.

use std::ffi::{CString, OsString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;

use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyString};

const ERASED: u8 = 0xff;
const E_INDEX: c_int = -4;

/// A `bool` of Rust that is neither 0 nor 1 is undefined behaviour as soon as it exists.
#[repr(C)]
#[derive(Default)]
struct Settings {
    format: u16,
    name: [u8; 8],
    switches: [u8; 4],
}

unsafe extern "C" {
    fn settings_load(record: *mut Settings, block: *const c_void, size: usize) -> c_int;
    fn settings_set(record: *mut Settings, index: c_int, on: bool) -> c_int;
    fn settings_export(record: *const Settings, variable: *const c_char) -> c_int;
}

impl Settings {
    /// The record of a block; TypeError if it is no bytes, ValueError if the library refuses it.
    fn load(operation: &str, block: &Bound<'_, PyAny>) -> PyResult<Self> {
        let Ok(block) = block.cast::<PyBytes>() else {
            let message = format!("{operation}: block is no bytes");
            return Err(PyTypeError::new_err(message));
        };
        let block = block.as_bytes();
        let mut record = Self::default();
        // SAFETY: `record` is a record to write, and `block` has as many bytes as we say.
        let code = unsafe { settings_load(&mut record, block.as_ptr().cast(), block.len()) };
        check(operation, code, || {
            Ok(format!("block of {} bytes", block.len()))
        })?;
        Ok(record)
    }

    fn bytes(&self) -> [u8; 14] {
        let mut bytes = [0; 14];
        bytes[..2].copy_from_slice(&self.format.to_ne_bytes());
        bytes[2..10].copy_from_slice(&self.name);
        bytes[10..].copy_from_slice(&self.switches);
        bytes
    }
}

/// IndexError or ValueError for a code of settings.h.
fn check(operation: &str, code: c_int, about: impl FnOnce() -> PyResult<String>) -> PyResult<()> {
    if code == 0 {
        return Ok(());
    }
    let message = format!("{operation}: code {code} for {}", about()?);
    Err(match code {
        E_INDEX => PyIndexError::new_err(message),
        _ => PyValueError::new_err(message),
    })
}

/// `index` as a C int; TypeError or OverflowError that names the operation.
fn integer(operation: &str, index: &Bound<'_, PyAny>) -> PyResult<c_int> {
    // PyO3 asks for `__index__`, on every version of Python.
    index.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(index.py()) {
            PyOverflowError::new_err(format!("{operation}: index does not fit"))
        } else if error.is_instance_of::<PyTypeError>(index.py()) {
            PyTypeError::new_err(format!("{operation}: index is no integer"))
        } else {
            error
        }
    })
}

/// The name of a variable for C; TypeError or ValueError that names the operation.
fn encoded(operation: &str, variable: &Bound<'_, PyAny>) -> PyResult<CString> {
    if !variable.is_instance_of::<PyString>() {
        let message = format!("{operation}: variable is no str");
        return Err(PyTypeError::new_err(message));
    }
    let data: OsString = variable.extract()?;
    CString::new(data.as_bytes())
        .map_err(|_| PyValueError::new_err(format!("{operation}: variable has a NUL")))
}

/// What each switch is: on, off, or None if it was never written.
#[pyfunction]
fn switches(block: &Bound<'_, PyAny>) -> PyResult<Vec<Option<bool>>> {
    let record = Settings::load("switches", block)?;
    let state = |byte: u8| (byte != ERASED).then_some(byte == 1);
    Ok(record.switches.map(state).to_vec())
}

/// The device's name, None if it was never written.
#[pyfunction]
fn name(block: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let record = Settings::load("name", block)?;
    if record.name[0] == ERASED {
        return Ok(None);
    }
    let text = record.name.iter().take_while(|&&byte| byte != 0);
    Ok(Some(text.map(|&byte| char::from(byte)).collect()))
}

/// The block with one switch turned on or off.
#[pyfunction]
fn turn<'py>(
    block: &Bound<'py, PyAny>,
    index: &Bound<'py, PyAny>,
    on: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut record = Settings::load("turn", block)?;
    let Ok(on) = on.cast::<PyBool>() else {
        return Err(PyTypeError::new_err("turn: on is no bool"));
    };
    let number = integer("turn", index)?;
    // SAFETY: `record` is a whole record, which nobody else uses.
    let code = unsafe { settings_set(&mut record, number, on.is_true()) };
    check("turn", code, || Ok(format!("index {}", index.repr()?)))?;
    Ok(PyBytes::new(block.py(), &record.bytes()))
}

/// Put the switches into the environment, for programs that this one starts.
#[pyfunction]
fn export(block: &Bound<'_, PyAny>, variable: &Bound<'_, PyAny>) -> PyResult<()> {
    let record = Settings::load("export", block)?;
    let data = encoded("export", variable)?;
    // SAFETY: both outlive the call; we are attached, so no other thread of Python uses the environment.
    let code = unsafe { settings_export(&record, data.as_ptr()) };
    check("export", code, || {
        Ok(format!("variable {}", variable.repr()?))
    })
}

/// What C sees in the environment, which os.environ only copied when Python started.
#[pyfunction]
fn exported(variable: &Bound<'_, PyAny>) -> PyResult<Option<OsString>> {
    let data = encoded("exported", variable)?;
    let name = std::ffi::OsStr::from_bytes(data.as_bytes());
    Ok(std::env::var_os(name))
}

/// The settings of a device.
#[pymodule]
fn _lesson_8_8(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(switches, module)?)?;
    module.add_function(wrap_pyfunction!(name, module)?)?;
    module.add_function(wrap_pyfunction!(turn, module)?)?;
    module.add_function(wrap_pyfunction!(export, module)?)?;
    module.add_function(wrap_pyfunction!(exported, module)?)
}
