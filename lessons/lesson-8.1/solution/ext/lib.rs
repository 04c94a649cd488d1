//! check as an extension module in Rust: a `Library` closes itself when it is dropped.

use std::ffi::{CString, c_char, c_int};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use libloading::Library;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// With the major version: version 2 has another name, and another file.
const NAME: &str = "libcheck.so.1";
const NEEDED: c_int = 102;

/// A library that fits, and what it offers.
struct Check {
    version: c_int,
    digit: unsafe extern "C" fn(*const c_char) -> c_int,
    /// Keeps the code of `digit` in the process.
    _library: Library,
}

static LOADED: Mutex<Option<Check>> = Mutex::new(None);

/// The library at `path`, if it fits; else the reason. What is refused is closed on the way out.
fn open(path: &Path) -> Result<Check, String> {
    if !path.exists() {
        return Err("no such file".to_string());
    }
    // SAFETY: opening runs the library's initialisers; who names the folder answers for what lies in it.
    let library = unsafe { Library::new(path) }
        .map_err(|error| format!("cannot be loaded ({})", cause(&error)))?;
    let lacks = |error: libloading::Error| format!("lacks a symbol ({})", cause(&error));
    // SAFETY: check.h says that the function of this name has this type, in every version.
    let version = unsafe { library.get::<unsafe extern "C" fn() -> c_int>(b"check_version\0") }
        .map_err(lacks)?;
    // SAFETY: as above.
    let digit =
        *unsafe { library.get::<unsafe extern "C" fn(*const c_char) -> c_int>(b"check_digit\0") }
            .map_err(lacks)?;
    // SAFETY: the function takes nothing, and its library is open.
    let version = unsafe { version() };
    if version / 100 != NEEDED / 100 || version < NEEDED {
        return Err(format!("is version {version}, {NEEDED} is needed"));
    }
    Ok(Check {
        version,
        digit,
        _library: library,
    })
}

/// The loader's own words, which libloading keeps as the source of its error.
fn cause(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The folder of this module.
fn here(module: &Bound<'_, PyModule>) -> PyResult<PathBuf> {
    let file = PathBuf::from(module.filename()?.to_string());
    Ok(file.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// Opens the first library that fits, and tells where it lies; OSError tells all places.
#[pyfunction]
#[pyo3(pass_module)]
fn load(module: &Bound<'_, PyModule>, folders: Vec<String>) -> PyResult<String> {
    let here = here(module)?;
    let mut places = Vec::new();
    for folder in folders {
        let path = here.join(folder).join(NAME);
        match open(&path) {
            Ok(check) => {
                *loaded() = Some(check);
                return Ok(path.display().to_string());
            }
            Err(reason) => places.push(format!("{}: {reason}", path.display())),
        }
    }
    Err(PyOSError::new_err(format!(
        "load: nothing fits in {} places: {}",
        places.len(),
        places.join("; ")
    )))
}

/// The slot of the loaded library. Nothing panics while it is held, so it is never poisoned.
fn loaded() -> std::sync::MutexGuard<'static, Option<Check>> {
    LOADED
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn nothing_loaded(operation: &str) -> PyErr {
    PyRuntimeError::new_err(format!("{operation}: no library is loaded"))
}

/// The version of the loaded library.
#[pyfunction]
fn version() -> PyResult<(c_int, c_int)> {
    let loaded = loaded();
    let check = loaded.as_ref().ok_or_else(|| nothing_loaded("version"))?;
    Ok((check.version / 100, check.version % 100))
}

/// The check digit to write behind `digits`.
#[pyfunction]
fn digit(digits: &Bound<'_, PyAny>) -> PyResult<c_int> {
    let loaded = loaded();
    let check = loaded.as_ref().ok_or_else(|| nothing_loaded("digit"))?;
    let Ok(bytes) = digits.cast::<PyBytes>() else {
        let found = digits.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "digit: bytes expected, not {found}"
        )));
    };
    let Ok(text) = CString::new(bytes.as_bytes()) else {
        return Err(PyValueError::new_err(format!(
            "digit: NUL in {}",
            digits.repr()?
        )));
    };
    // SAFETY: `text` ends with a NUL byte and outlives the call; the library is open while the slot is held.
    let result = unsafe { (check.digit)(text.as_ptr()) };
    if result < 0 {
        let message = format!("digit: status {result}: {}", digits.repr()?);
        return Err(PyValueError::new_err(message));
    }
    Ok(result)
}

/// Check digits, by a library that is found at run time.
#[pymodule]
fn _lesson_8_1(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(load, module)?)?;
    module.add_function(wrap_pyfunction!(version, module)?)?;
    module.add_function(wrap_pyfunction!(digit, module)?)
}
