//! The way back: C calls a function without a place for data of ours, so that data is kept per thread.

use std::cell::RefCell;
use std::ffi::c_int;

use pyo3::prelude::*;

/// A Python function that C is calling, and the first error that it raised.
struct Called {
    function: Py<PyAny>,
    error: Option<PyErr>,
}

thread_local! {
    static CALLED: RefCell<Option<Called>> = const { RefCell::new(None) };
}

/// Runs `work`, whose C code calls `function` through [`step`] or [`order`].
pub fn calling<T>(function: Bound<'_, PyAny>, work: impl FnOnce(Python<'_>) -> T) -> PyResult<T> {
    let py = function.py();
    CALLED.set(Some(Called {
        function: function.unbind(),
        error: None,
    }));
    let done = work(py);
    match CALLED.take().and_then(|called| called.error) {
        Some(error) => Err(error),
        None => Ok(done),
    }
}

/// A `bench_step`.
pub extern "C" fn step(number: c_int) -> c_int {
    call((number,))
}

/// A `bench_order`.
///
/// # Safety
/// Both pointers must point to a number, as qsort's do.
pub unsafe extern "C" fn order(left: *const c_int, right: *const c_int) -> c_int {
    // SAFETY: as above.
    let numbers = unsafe { (*left, *right) };
    call(numbers)
}

/// The function's answer; 0 after an error, which is kept for [`calling`].
fn call(arguments: impl for<'py> pyo3::call::PyCallArgs<'py>) -> c_int {
    Python::attach(|py| {
        let function = CALLED.with_borrow(|called| match called {
            Some(Called {
                function,
                error: None,
            }) => Some(function.clone_ref(py)),
            _ => None,
        });
        let Some(function) = function else {
            return 0;
        };
        function
            .call1(py, arguments)
            .and_then(|answer| answer.extract(py))
            .unwrap_or_else(|error| {
                CALLED.with_borrow_mut(|called| {
                    if let Some(called) = called {
                        called.error = Some(error);
                    }
                });
                0
            })
    })
}
