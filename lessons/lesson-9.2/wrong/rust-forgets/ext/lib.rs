//! tpl by hand in Rust: texts that C allocates have one owner, whose `Drop` frees them.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{self, NonNull};

use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;

unsafe extern "C" {
    fn tpl_expand(
        pattern: *const c_char,
        value: *const c_char,
        limit: i64,
        text: *mut *mut c_char,
    ) -> c_int;
    fn tpl_sign() -> *const c_char;
    fn tpl_length(text: *const c_char) -> i64;
    fn tpl_alive() -> i64;
    fn tpl_bytes() -> i64;
}

/// A text of tpl_expand. It is neither `Copy` nor `Clone`, so there is always one owner.
struct Owned(NonNull<c_char>);

unsafe extern "C" {
    fn tpl_free(text: *mut c_char);
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the text comes from tpl_expand, and this is its only owner.
        unsafe { tpl_free(self.0.as_ptr()) }
    }
}

// SAFETY: tpl wants one thread at a time; a thread that is attached is alone.
unsafe impl Send for Owned {}
// SAFETY: as above.
unsafe impl Sync for Owned {}

impl Owned {
    fn new(pattern: &str, value: &str, limit: i64) -> PyResult<Owned> {
        let (c_pattern, c_value) = (CString::new(pattern)?, CString::new(value)?);
        let mut text = ptr::null_mut();
        // SAFETY: both strings live until the call is over, the place is ours.
        let code =
            unsafe { tpl_expand(c_pattern.as_ptr(), c_value.as_ptr(), limit, &raw mut text) };
        match (code, NonNull::new(text)) {
            (0, Some(text)) => Ok(Owned(text)),
            (-2, _) => Err(PyMemoryError::new_err(format!("expand: {pattern:?}"))),
            _ => Err(PyValueError::new_err(format!(
                "expand: {pattern:?} with limit {limit} (code {code})"
            ))),
        }
    }

    fn read(&self) -> PyResult<String> {
        // SAFETY: the text ends with a NUL and lives as long as self, which is borrowed here.
        let text = unsafe { CStr::from_ptr(self.0.as_ptr()) };
        Ok(String::from_utf8(text.to_bytes().to_vec())?)
    }

    fn length(&self) -> i64 {
        // SAFETY: the text comes from tpl_expand and lives as long as self.
        unsafe { tpl_length(self.0.as_ptr()) }
    }
}

/// Return pattern with value in it, cut after limit bytes.
#[pyfunction]
#[pyo3(signature = (pattern, value, limit = i64::MAX))]
fn expand(pattern: &str, value: &str, limit: i64) -> PyResult<String> {
    Owned::new(pattern, value, limit)?.read()
}

/// Return what stands for the value in a pattern.
#[pyfunction]
fn sign() -> String {
    // SAFETY: the library owns this text for ever.
    let text = unsafe { CStr::from_ptr(tpl_sign()) };
    text.to_string_lossy().into_owned()
}

/// A letter that stays in C until it is released, or until nobody refers to it.
#[pyclass]
struct Text {
    /// None after `release`.
    text: Option<Owned>,
}

impl Text {
    fn own(&self) -> PyResult<&Owned> {
        let released = || PyValueError::new_err("the text is released");
        self.text.as_ref().ok_or_else(released)
    }
}

#[pymethods]
impl Text {
    #[new]
    #[pyo3(signature = (pattern, value, limit = i64::MAX))]
    fn new(pattern: &str, value: &str, limit: i64) -> PyResult<Text> {
        let text = Some(Owned::new(pattern, value, limit)?);
        Ok(Text { text })
    }

    /// Free the text now; a second time does nothing.
    fn release(&mut self) {
        std::mem::forget(self.text.take());
    }

    /// Return a copy of the text.
    fn read(&self) -> PyResult<String> {
        self.own()?.read()
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(usize::try_from(self.own()?.length())?)
    }
}

/// Return how many texts C has not freed yet.
#[pyfunction]
fn alive() -> i64 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { tpl_alive() }
}

/// Return how many bytes they have.
#[pyfunction]
fn allocated() -> i64 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { tpl_bytes() }
}

/// Letters from templates.
#[pymodule(gil_used = true)]
fn _lesson_9_2(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Text>()?;
    module.add_function(wrap_pyfunction!(expand, module)?)?;
    module.add_function(wrap_pyfunction!(sign, module)?)?;
    module.add_function(wrap_pyfunction!(alive, module)?)?;
    module.add_function(wrap_pyfunction!(allocated, module)?)
}
