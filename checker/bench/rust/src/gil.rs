//! The GIL, given back and taken.
//!
//! Two of its functions are declared here. PyO3 wraps them, so that a thread that outlives the interpreter does not unwind
//! Rust frames; the wrappers need std's threads, and here is nothing to unwind.

use pyo3::ffi::{self, PyGILState_STATE, PyThreadState};

unsafe extern "C" {
    fn PyEval_RestoreThread(state: *mut PyThreadState);
    fn PyGILState_Ensure() -> PyGILState_STATE;
}

/// Runs code without the GIL, which the caller holds. The code calls nothing of Python without taking it.
pub fn released<T>(code: impl FnOnce() -> T) -> T {
    // SAFETY: as above, and the code cannot panic.
    unsafe {
        let state = ffi::PyEval_SaveThread();
        let result = code();
        PyEval_RestoreThread(state);
        result
    }
}

/// Runs code with the GIL, whether this thread holds it already or not.
pub fn attached<T>(code: impl FnOnce() -> T) -> T {
    // SAFETY: any thread may take the GIL; it is given back as it was found. The code cannot panic.
    unsafe {
        let state = PyGILState_Ensure();
        let result = code();
        ffi::PyGILState_Release(state);
        result
    }
}
