//! Shared libraries opened with `dlopen`.

use std::cell::RefCell;
use std::ffi::{CString, OsStr, c_void};

use clib::library::{Flags, Library};
use pyo3::exceptions::{
    PyAttributeError, PyKeyError, PyOSError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::cdata::{self, Value};
use crate::convert::to_c;
use crate::ctype::{CType, Kind};
use crate::produce::from_c;

/// An open library.
#[pyclass(frozen, module = "_cffi_backend", name = "CLibrary")]
pub struct CLibrary {
    name: String,
    open: RefCell<Option<Library>>,
    /// Whether the handle came from outside and is closed by whoever opened it.
    borrowed: bool,
}

// SAFETY: the cell is used with the GIL held only.
unsafe impl Sync for CLibrary {}

impl Drop for CLibrary {
    fn drop(&mut self) {
        if self.borrowed
            && let Some(library) = self.open.take()
        {
            library.into_raw();
        }
    }
}

/// `load_library(name, flags)`; the name may be `None` for the process itself, or a handle.
///
/// # Errors
/// `OSError` that says why the library cannot be opened.
pub fn load(name: Option<&Bound<'_, PyAny>>, flags: i32) -> PyResult<CLibrary> {
    let flags = if flags & (Flags::LAZY.bits() | Flags::NOW.bits()) == 0 {
        flags | Flags::NOW.bits()
    } else {
        flags
    };
    let Some(name) = name else {
        return open(None, "<None>".to_owned(), flags);
    };
    if let Some(handle) = Value::of(name) {
        return from_handle(handle);
    }
    let path = file_name(name)?;
    let shown = match name.cast::<PyString>() {
        Ok(text) => text.to_str()?.to_owned(),
        Err(_) => path.to_string_lossy().into_owned(),
    };
    open(Some(&path), shown, flags)
}

fn file_name(name: &Bound<'_, PyAny>) -> PyResult<std::ffi::OsString> {
    use std::os::unix::ffi::OsStrExt;
    let path = match name.cast::<PyBytes>() {
        Ok(bytes) => OsStr::from_bytes(bytes.as_bytes()).to_owned(),
        Err(_) => name.cast::<PyString>()?.extract::<std::ffi::OsString>()?,
    };
    if path.as_bytes().contains(&0) {
        return Err(PyValueError::new_err("embedded null character"));
    }
    Ok(path)
}

fn open(path: Option<&OsStr>, name: String, flags: i32) -> PyResult<CLibrary> {
    match Library::open(path, Flags::from_bits(flags)) {
        Ok(library) => Ok(CLibrary {
            name,
            open: RefCell::new(Some(library)),
            borrowed: false,
        }),
        Err(error) => Err(PyOSError::new_err(format!(
            "cannot load library '{name}': {error}"
        ))),
    }
}

fn from_handle(handle: Value<'_, '_>) -> PyResult<CLibrary> {
    if !handle.ctype().get().is_void_pointer(handle.py()) {
        return Err(PyTypeError::new_err(format!(
            "dlopen() takes a file name or 'void *' handle, not '{}'",
            handle.ctype().get().name
        )));
    }
    if handle.data().is_null() {
        return Err(PyRuntimeError::new_err("cannot call dlopen(NULL)"));
    }
    let raw: *mut c_void = handle.data().cast();
    // SAFETY: the caller says that this is a handle; it is not closed here, see `borrowed`.
    let library = unsafe { Library::from_raw(raw) };
    Ok(CLibrary {
        name: format!("{raw:p}"),
        open: RefCell::new(Some(library)),
        borrowed: true,
    })
}

impl CLibrary {
    /// The address of a symbol, or the loader's reason; `None` when the library is closed.
    ///
    /// # Errors
    /// For a name with a NUL in it.
    pub fn find(&self, name: &str) -> PyResult<Option<Result<*mut u8, String>>> {
        let open = self.open.borrow();
        let Some(library) = open.as_ref() else {
            return Ok(None);
        };
        let found = library.symbol(&CString::new(name)?);
        Ok(Some(
            found
                .map(|at| at.cast::<u8>())
                .map_err(|error| error.to_string()),
        ))
    }

    /// Closes the library; closing it again does nothing.
    ///
    /// # Errors
    /// The loader's reason.
    pub fn close(&self) -> Result<(), String> {
        match self.open.take() {
            Some(library) if self.borrowed => {
                library.into_raw();
                Ok(())
            }
            Some(library) => library.close().map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }

    /// What it was opened by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address of a symbol; the inner error is the loader's reason.
    fn symbol(&self, name: &str) -> PyResult<Result<*mut u8, String>> {
        self.find(name)?.ok_or_else(|| {
            PyValueError::new_err(format!("library '{}' has already been closed", self.name))
        })
    }

    /// The address of a variable.
    ///
    /// # Errors
    /// `KeyError` when there is none of this name, `ValueError` when the library is closed.
    pub fn variable(&self, name: &str) -> PyResult<*mut u8> {
        self.symbol(name)?.map_err(|reason| {
            PyKeyError::new_err(format!(
                "variable '{name}' not found in library '{}': {reason}",
                self.name
            ))
        })
    }
}

#[pymethods]
impl CLibrary {
    fn __repr__(&self) -> String {
        format!("<clibrary '{}'>", self.name)
    }

    /// A function, or the address of a variable, as a cdata of type `ctype`.
    pub fn load_function<'py>(
        &self,
        ctype: &Bound<'py, CType>,
        name: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        // A closed library is what matters first.
        let found = self.symbol(name)?;
        let of = ctype.get();
        if !of.is_address() && !of.is_array() {
            return Err(PyTypeError::new_err(format!(
                "function or pointer or array cdata expected, got '{}'",
                of.name
            )));
        }
        let at = found.map_err(|reason| {
            PyAttributeError::new_err(format!(
                "function/symbol '{name}' not found in library '{}': {reason}",
                self.name
            ))
        })?;
        match &of.kind {
            Kind::Array {
                length: None,
                pointer,
                ..
            } => cdata::plain(pointer.bind(ctype.py()), at),
            _ => cdata::plain(ctype, at),
        }
    }

    fn read_variable<'py>(
        &self,
        ctype: &Bound<'py, CType>,
        name: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the symbol is what the declaration says, for which the caller vouches.
        unsafe { from_c(self.variable(name)?, ctype) }
    }

    fn write_variable(
        &self,
        ctype: &Bound<'_, CType>,
        name: &str,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        // SAFETY: as above.
        unsafe { to_c(self.variable(name)?, ctype, value) }
    }

    fn close_lib(&self) -> PyResult<()> {
        self.close().map_err(PyOSError::new_err)
    }
}
