//! Variables of `lib`.

use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::ctype::CType;
use crate::errors::ffi_error;
use crate::machine;
use crate::produce::from_c;

/// A variable in C.
#[pyclass(frozen, module = "_cffi_backend", name = "__FFIGlobSupport")]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ctype: Py<CType>,
    /// Where it lies.
    pub place: Place,
}

/// Where a variable lies.
pub enum Place {
    /// There.
    At(*mut c_void),
    /// A function of the module tells; the answer may differ between threads.
    Asked(unsafe extern "C" fn() -> *mut c_void),
}

// SAFETY: the addresses are those of a loaded module; they are used with the GIL held.
unsafe impl Send for Variable {}
// SAFETY: as above.
unsafe impl Sync for Variable {}

/// The type of [`Variable`], once there is one, to tell its objects from others by one comparison.
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(std::ptr::null_mut());

impl Variable {
    /// A new object for it.
    ///
    /// # Errors
    /// When memory ends.
    pub fn object(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        CLASS.store(py.get_type::<Variable>().as_type_ptr(), Ordering::Relaxed);
        Ok(Bound::new(py, self)?.into_any())
    }

    /// Whether an object is one.
    ///
    /// # Safety
    /// It is a living object.
    pub unsafe fn is(object: *mut ffi::PyObject) -> bool {
        // SAFETY: the caller's promise.
        unsafe { ffi::Py_TYPE(object) == CLASS.load(Ordering::Relaxed) }
    }

    /// Where it lies for this thread.
    ///
    /// # Errors
    /// `error` for null.
    pub fn address(&self, py: Python<'_>) -> PyResult<*mut u8> {
        let address = match self.place {
            Place::At(address) => address,
            // SAFETY: the function is part of the module; no Python object is used in between.
            Place::Asked(ask) => unsafe {
                let thread = ffi::PyEval_SaveThread();
                machine::restore_errno();
                let address = ask();
                machine::save_errno();
                ffi::PyEval_RestoreThread(thread);
                address
            },
        };
        if address.is_null() {
            let message = format!("global variable '{}' is at address NULL", self.name);
            return Err(ffi_error(py, message));
        }
        Ok(address.cast())
    }

    /// Its value.
    ///
    /// # Errors
    /// As for [`Variable::address`], and those of making the value.
    pub fn read<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the address is that of a variable of this type.
        unsafe { from_c(self.address(py)?, self.ctype.bind(py)) }
    }
}

#[pymethods]
impl Variable {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.ctype)
    }
}
