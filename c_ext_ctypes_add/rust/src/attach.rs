//! Holding the interpreter again, when C calls back.
//!
//! A callback usually comes while its own thread waits in a call of ours that hands functions to C.
//! Such a call notes the thread's state; the callback takes the interpreter with it, without a search
//! for the state of the thread. Any other callback asks the interpreter for one.

use std::cell::Cell;
use std::ptr::null_mut;

use pyo3::ffi;

thread_local! {
    /// The state of this thread while it is in such a call, be it of an outer one; null otherwise.
    static CALLING: Cell<*mut ffi::PyThreadState> = const { Cell::new(null_mut()) };
}

/// For as long as it lives, the thread is in a call that hands functions to C.
pub(crate) struct Calling {
    before: *mut ffi::PyThreadState,
}

impl Calling {
    /// Notes the state of the thread, which it keeps during the call, attached or not.
    pub(crate) fn with(thread: *mut ffi::PyThreadState) -> Calling {
        Calling {
            before: CALLING.replace(thread),
        }
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        CALLING.set(self.before);
    }
}

/// Runs the body of a callback with the interpreter held. It must not panic.
#[inline(always)]
pub(crate) fn attached<T>(body: impl FnOnce() -> T) -> T {
    let thread = CALLING.get();
    if thread.is_null() || current() == thread {
        return attached_otherwise(thread, body);
    }
    // SAFETY: the state of this thread, which does not hold the interpreter at present; it lives as
    // long as the call that noted it.
    unsafe { ffi::PyEval_RestoreThread(thread) };
    let made = body();
    // SAFETY: the counterpart of the call above.
    unsafe { ffi::PyEval_SaveThread() };
    made
}

/// The same when the interpreter is held already, or nobody knows how to take it.
#[cold]
#[inline(never)]
fn attached_otherwise<T>(thread: *mut ffi::PyThreadState, body: impl FnOnce() -> T) -> T {
    if !thread.is_null() {
        return body();
    }
    // SAFETY: any thread may ask for the interpreter; it is given back below.
    let state = unsafe { ffi::PyGILState_Ensure() };
    let made = body();
    // SAFETY: the counterpart of the call above.
    unsafe { ffi::PyGILState_Release(state) };
    made
}

/// The state of the thread that holds the interpreter; it may be null, or another thread's.
#[inline(always)]
pub(crate) fn current() -> *mut ffi::PyThreadState {
    // SAFETY: it only reads a word of the interpreter's, held or not.
    unsafe {
        #[cfg(Py_3_13)]
        return PyThreadState_GetUnchecked();
        #[cfg(not(Py_3_13))]
        _PyThreadState_UncheckedGet()
    }
}

// Not bound by pyo3.
unsafe extern "C" {
    #[cfg(Py_3_13)]
    fn PyThreadState_GetUnchecked() -> *mut ffi::PyThreadState;
    #[cfg(not(Py_3_13))]
    fn _PyThreadState_UncheckedGet() -> *mut ffi::PyThreadState;
}
