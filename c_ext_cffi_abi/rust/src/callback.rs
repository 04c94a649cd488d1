//! C function pointers that call Python.

use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, Ordering};

use clib::closure::Closure;
use pyo3::exceptions::{PyNotImplementedError, PySystemError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::cdata::{self, Value};
use crate::convert::{to_c, type_name};
use crate::ctype::{Kind, Type};
use crate::function::Function;
use crate::machine;
use crate::produce::from_c;
use crate::slots::attached;

/// Makes a callback: a function pointer of type `ctype` that calls `python_callable`.
///
/// # Errors
/// `TypeError` when the type is no function, something is not callable or `error` is no result.
pub fn make<'py>(
    ctype: Type<'_, 'py>,
    python_callable: &Bound<'py, PyAny>,
    error: Option<&Bound<'py, PyAny>>,
    onerror: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let fallback = Fallback::new(ctype, python_callable, error, onerror)?;
    let name = &ctype.get().name;
    let prepared = match &ctype.get().kind {
        Kind::Function(function) => function.prepared.as_ref(),
        _ => None,
    };
    let Some(prepared) = prepared else {
        return Err(PyNotImplementedError::new_err(format!(
            "{name}: callback with unsupported argument or return type or with '...'"
        )));
    };
    let made = cdata::own_gc(ctype, python_callable.clone(), onerror.cloned())?;
    let callback = Callback {
        owner: AtomicPtr::new(made.as_ptr()),
        fallback,
    };
    let handler = Box::new(move |arguments: &[*mut c_void], result: *mut c_void| {
        callback.enter(arguments, result);
    });
    let closure = Closure::new(&prepared.signature, handler)
        .map_err(|error| PySystemError::new_err(format!("cannot make a callback: {error}")))?;
    cdata::enter_through(&made, Box::new(closure));
    Ok(made)
}

/// What C gets when Python fails: zeros, or the value that was given as `error`.
pub struct Fallback {
    /// The result, unless it is larger.
    few: [u128; FEW_WORDS],
    /// A larger result.
    many: Vec<u128>,
    size: usize,
}

/// Results of up to this number of words need no allocation.
const FEW_WORDS: usize = 1;

impl Fallback {
    /// Checks what a callback is made of.
    ///
    /// # Errors
    /// `TypeError` when the type is no function, something is not callable or `error` is no
    /// result.
    pub fn new<'py>(
        ctype: Type<'_, 'py>,
        callable: &Bound<'py, PyAny>,
        error: Option<&Bound<'py, PyAny>>,
        onerror: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Fallback> {
        let Kind::Function(function) = &ctype.get().kind else {
            let name = &ctype.get().name;
            return Err(PyTypeError::new_err(format!(
                "expected a function ctype, got '{name}'"
            )));
        };
        if !callable.is_callable() {
            return Err(PyTypeError::new_err(format!(
                "expected a callable object, not {}",
                type_name(callable)
            )));
        }
        if let Some(onerror) = onerror.filter(|one| !one.is_callable()) {
            return Err(PyTypeError::new_err(format!(
                "expected a callable object for 'onerror', not {}",
                type_name(onerror)
            )));
        }
        let result = function.result.bind(ctype.py());
        let size = usize::try_from(result.get().size_now()).unwrap_or(0);
        let mut fallback = Fallback {
            few: [0; FEW_WORDS],
            many: Vec::new(),
            size,
        };
        if size > size_of_val(&fallback.few) {
            fallback.many.resize(size.div_ceil(size_of::<u128>()), 0);
        }
        if let Some(error) = error {
            let at = match &mut *fallback.many {
                [] => fallback.few.as_mut_ptr(),
                many => many.as_mut_ptr(),
            };
            // SAFETY: there is room for the result.
            unsafe { write_result(at.cast(), result, error)? };
        }
        Ok(fallback)
    }

    /// # Safety
    /// `at` has room for the result.
    unsafe fn write(&self, at: *mut c_void) {
        let bytes = match &*self.many {
            [] => self.few.as_ptr(),
            many => many.as_ptr(),
        };
        // SAFETY: the caller's promise; the bytes hold a result.
        unsafe { bytes.cast::<u8>().copy_to(at.cast(), self.size) }
    }
}

/// What a callback needs when C enters it.
struct Callback {
    /// The cdata that owns the callback, and with it type and callables: the collector counts
    /// them there. It lives as long as the callback.
    owner: AtomicPtr<ffi::PyObject>,
    fallback: Fallback,
}

impl Callback {
    /// Runs the Python function with errno put aside, whatever thread C calls from.
    fn enter(&self, arguments: &[*mut c_void], result: *mut c_void) {
        machine::save_errno();
        // SAFETY: balanced below. C code was entered without the GIL, maybe from inside a call that
        // PyO3 believes to hold it, so that PyO3 alone would not acquire it.
        let state = unsafe { ffi::PyGILState_Ensure() };
        attached(|py| {
            let owner = self.owner.load(Ordering::Acquire);
            // SAFETY: the owner lives as long as C may call; a reference of our own keeps it
            // should the callback end its own cdata.
            let owner = unsafe { Bound::from_borrowed_ptr(py, owner) };
            let Some(value) = Value::of(&owner) else {
                return;
            };
            let (Kind::Function(function), Some(parts)) =
                (&value.ctype().get().kind, value.own_gc())
            else {
                return;
            };
            // SAFETY: the parts are owned references or null.
            let (callable, onerror) = unsafe {
                (
                    Bound::from_borrowed_ptr(py, (*parts).object),
                    Bound::from_borrowed_ptr_or_opt(py, (*parts).onerror),
                )
            };
            let body = Body {
                function,
                callable: &callable,
                onerror: onerror.as_ref(),
                fallback: &self.fallback,
            };
            body.run(arguments, result);
        });
        // SAFETY: as above.
        unsafe { ffi::PyGILState_Release(state) };
        machine::restore_errno();
    }
}

/// A Python function in the place of a C function.
pub struct Body<'a, 'py> {
    /// What it takes and gives.
    pub function: &'a Function,
    /// What is called.
    pub callable: &'a Bound<'py, PyAny>,
    /// What is called when that fails.
    pub onerror: Option<&'a Bound<'py, PyAny>>,
    /// What C gets then.
    pub fallback: &'a Fallback,
}

impl Body<'_, '_> {
    /// Calls it with the arguments at these places; errors end here.
    pub fn run(&self, arguments: &[*mut c_void], result: *mut c_void) {
        if let Err((error, during)) = run(self.function, self.callable, arguments, result) {
            self.failed(error, during, result);
        }
    }

    fn failed(&self, error: PyErr, during: &str, result: *mut c_void) {
        let py = self.callable.py();
        // SAFETY: the caller gives room for the result.
        unsafe { self.fallback.write(result) };
        let Some(onerror) = self.onerror else {
            report(py, error, FROM, Some(self.callable), during);
            return;
        };
        let given = (error.get_type(py), error.value(py), error.traceback(py));
        let answer = onerror.call1(given).and_then(|answer| {
            if answer.is_none() {
                return Ok(());
            }
            // SAFETY: as above.
            unsafe { write_result(result.cast(), self.function.result.bind(py), &answer) }
        });
        if let Err(second) = answer {
            report(py, error, FROM, Some(self.callable), during);
            let text = "during handling of the above exception by 'onerror'";
            report(py, second, text, None, "");
        }
    }
}

const FROM: &str = "from cffi callback ";

fn run(
    function: &Function,
    callable: &Bound<'_, PyAny>,
    arguments: &[*mut c_void],
    result: *mut c_void,
) -> Result<(), (PyErr, &'static str)> {
    let py = callable.py();
    let values = function
        .arguments
        .iter()
        .zip(arguments)
        // SAFETY: libffi passes one pointer per argument, to a value of its type.
        .map(|(ctype, at)| unsafe { from_c(at.cast(), ctype.bind(py)) });
    let answer = called(callable, values).map_err(|error| (error, ""))?;
    // SAFETY: libffi gives room for the result.
    unsafe { write_result(result.cast(), function.result.bind(py), &answer) }
        .map_err(|error| (error, ", trying to convert the result back to C"))
}

/// Arguments up to this number are handed over without an allocation.
const FEW: usize = 6;

/// Calls `callable` with these values.
fn called<'py>(
    callable: &Bound<'py, PyAny>,
    values: impl ExactSizeIterator<Item = PyResult<Bound<'py, PyAny>>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = callable.py();
    let count = values.len();
    if count > FEW {
        let values = values.collect::<PyResult<Vec<_>>>()?;
        return callable.call1(PyTuple::new(py, values)?);
    }
    let mut kept: [Option<Bound<'py, PyAny>>; FEW] = Default::default();
    let mut given = [std::ptr::null_mut(); FEW];
    for (index, value) in values.enumerate() {
        let value = value?;
        given[index] = value.as_ptr();
        kept[index] = Some(value);
    }
    // SAFETY: the first `count` objects are kept alive until the call is over.
    unsafe {
        Bound::from_owned_ptr_or_err(
            py,
            ffi::PyObject_Vectorcall(
                callable.as_ptr(),
                given.as_ptr(),
                count,
                std::ptr::null_mut(),
            ),
        )
    }
}

/// # Safety
/// `at` has room for a value of `ctype`.
unsafe fn write_result(
    at: *mut u8,
    ctype: Type<'_, '_>,
    answer: &Bound<'_, PyAny>,
) -> PyResult<()> {
    if matches!(ctype.get().kind, Kind::Void) {
        return if answer.is_none() {
            Ok(())
        } else {
            Err(PyTypeError::new_err(
                "callback with the return type 'void' must return None",
            ))
        };
    }
    // SAFETY: the caller's promise.
    unsafe { to_c(at, ctype, answer) }
}

/// Hands an exception that nobody can catch to `sys.unraisablehook`, with a text that says where
/// it comes from.
pub fn report(
    py: Python<'_>,
    error: PyErr,
    origin: &str,
    object: Option<&Bound<'_, PyAny>>,
    extra: &str,
) {
    let shown = object.map_or_else(String::new, |object| {
        object
            .repr()
            .map_or_else(|_| "?".to_owned(), |text| text.to_string())
    });
    let message = format!("Exception ignored {origin}{shown}{extra}");
    error.restore(py);
    unraisable::write(py, &message);
}

#[cfg(Py_3_13)]
mod unraisable {
    use pyo3::ffi;
    use pyo3::prelude::*;

    unsafe extern "C" {
        fn PyErr_FormatUnraisable(format: *const std::ffi::c_char, ...);
    }

    /// Reports the pending exception.
    pub fn write(py: Python<'_>, message: &str) {
        let text = pyo3::types::PyString::new(py, message);
        // SAFETY: the format takes one object.
        unsafe { PyErr_FormatUnraisable(c"%S".as_ptr(), text.as_ptr()) };
        // SAFETY: the GIL is held.
        unsafe { ffi::PyErr_Clear() };
    }
}

#[cfg(not(Py_3_13))]
mod unraisable {
    use std::ffi::{CString, c_char};

    use pyo3::ffi;
    use pyo3::prelude::*;

    unsafe extern "C" {
        /// Exported by CPython up to 3.12; it puts "Exception ignored " before the message itself.
        fn _PyErr_WriteUnraisableMsg(message: *const c_char, object: *mut ffi::PyObject);
    }

    /// Reports the pending exception.
    pub fn write(_py: Python<'_>, message: &str) {
        let message = message.trim_start_matches("Exception ignored ");
        let text = CString::new(message.replace('\0', "?")).unwrap_or_default();
        // SAFETY: the message is a C string; the GIL is held.
        unsafe {
            _PyErr_WriteUnraisableMsg(text.as_ptr(), std::ptr::null_mut());
            ffi::PyErr_Clear();
        }
    }
}
