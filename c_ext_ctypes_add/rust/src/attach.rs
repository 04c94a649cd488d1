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

/// How a callback finds its thread.
pub(crate) enum Found {
    /// In a call of ours, which had let the interpreter go. It is held until this is dropped.
    Waiting(Attached),
    /// In a call of ours, with the interpreter held.
    Holding,
    /// In no call that is known.
    Elsewhere,
}

/// The interpreter, held with the state that a call of this thread has noted, until this is dropped.
pub(crate) struct Attached(());

impl Found {
    /// Looks, and takes the interpreter if it can be taken without asking.
    #[inline(always)]
    pub(crate) fn now() -> Found {
        let thread = CALLING.get();
        if thread.is_null() {
            return Found::Elsewhere;
        }
        if current() == thread {
            return Found::Holding;
        }
        // SAFETY: the state of this thread, which does not hold the interpreter at present; it lives
        // as long as the call that noted it.
        unsafe { ffi::PyEval_RestoreThread(thread) };
        Found::Waiting(Attached(()))
    }
}

impl Drop for Attached {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the counterpart of what was done in the same thread.
        unsafe { ffi::PyEval_SaveThread() };
    }
}

/// Runs the body of a callback with the interpreter held, however that is reached. It must not panic.
pub(crate) fn attached<T>(body: impl FnOnce() -> T) -> T {
    match Found::now() {
        Found::Waiting(_attached) => body(),
        Found::Holding => body(),
        Found::Elsewhere => {
            // SAFETY: any thread may ask for the interpreter; it is given back below.
            let state = unsafe { ffi::PyGILState_Ensure() };
            let made = body();
            // SAFETY: the counterpart of the call above.
            unsafe { ffi::PyGILState_Release(state) };
            made
        }
    }
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
