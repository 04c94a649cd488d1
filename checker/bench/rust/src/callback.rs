//! The way back: C calls a function without a place for data of ours, so the callee is kept here.

use std::ffi::c_int;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi::{self, PyObject};

use crate::arguments::{Raised, integer};
use crate::gil;

/// The Python function that a running `bench_repeat` or `bench_sort` calls. Such a run is never begun inside another.
static CALLEE: AtomicPtr<PyObject> = AtomicPtr::new(ptr::null_mut());

/// Runs `work`, whose C code calls `function` through the functions below.
pub fn calling<T>(function: *mut PyObject, work: impl FnOnce() -> T) -> Result<T, Raised> {
    CALLEE.store(function, Ordering::Relaxed);
    let done = work();
    // SAFETY: the GIL is held again.
    match unsafe { ffi::PyErr_Occurred() }.is_null() {
        true => Ok(done),
        false => Err(Raised),
    }
}

/// Calls the callee with some ints; after an error it answers 0 to every further call.
///
/// # Safety
/// The GIL must be held.
unsafe fn call<const N: usize>(numbers: [c_int; N]) -> c_int {
    // SAFETY: the GIL is held; the callee is an argument of the function that runs. Every new reference is released.
    unsafe {
        if !ffi::PyErr_Occurred().is_null() {
            return 0;
        }
        let arguments = numbers.map(|number| ffi::PyLong_FromLong(number.into()));
        let mut answer = 0;
        if arguments.iter().all(|argument| !argument.is_null()) {
            let callee = CALLEE.load(Ordering::Relaxed);
            let result = ffi::PyObject_Vectorcall(callee, arguments.as_ptr(), N, ptr::null_mut());
            if !result.is_null() {
                answer = integer(result).unwrap_or(0);
                ffi::Py_DECREF(result);
            }
        }
        for argument in arguments {
            ffi::Py_XDECREF(argument);
        }
        answer
    }
}

/// A `bench_step`, called with the GIL held.
pub extern "C" fn step(number: c_int) -> c_int {
    // SAFETY: `repeat` holds the GIL.
    unsafe { call([number]) }
}

/// A `bench_step` that takes the GIL.
pub extern "C" fn step_attached(number: c_int) -> c_int {
    // SAFETY: the GIL is held.
    gil::attached(|| unsafe { call([number]) })
}

/// A `bench_order`, called with the GIL held.
///
/// # Safety
/// Both pointers must point to a number, as qsort's do.
pub unsafe extern "C" fn order(left: *const c_int, right: *const c_int) -> c_int {
    // SAFETY: as above; `sort` holds the GIL.
    unsafe { call([*left, *right]) }
}

/// A `bench_order` that takes the GIL.
///
/// # Safety
/// As for [`order`].
pub unsafe extern "C" fn order_attached(left: *const c_int, right: *const c_int) -> c_int {
    // SAFETY: as above; the GIL is held.
    gil::attached(|| unsafe { call([*left, *right]) })
}
