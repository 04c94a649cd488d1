//! tok by hand in Rust: a `Py<PyBytes>` beside each pointer keeps alive what it points into.

use std::ffi::{CString, c_char, c_int};
use std::ptr::{self, NonNull};
use std::slice;

use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

#[repr(C)]
struct RawReader {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn tok_open(
        text: *const c_char,
        size: i64,
        separators: *const c_char,
        reader: *mut *mut RawReader,
    ) -> c_int;
    fn tok_next(reader: *mut RawReader, token: *mut *const c_char, size: *mut i64) -> c_int;
    fn tok_left(reader: *const RawReader) -> i64;
    fn tok_close(reader: *mut RawReader);
    fn tok_alive() -> i64;
}

/// A part of a text, which is not copied before `read`.
#[pyclass]
struct Token {
    start: *const u8,
    size: usize,
    /// The keepalive: the bytes at `start` are its.
    _text: Py<PyBytes>,
}

/// An open reader of C, which is closed when this is dropped: first `drop`, then the fields.
struct Open {
    raw: NonNull<RawReader>,
    /// The keepalive: C reads it until tok_close.
    text: Py<PyBytes>,
}

// SAFETY: the bytes at start are never written to; every thread may read them.
unsafe impl Send for Token {}
// SAFETY: as above.
unsafe impl Sync for Token {}
// SAFETY: tok wants one thread at a time; a thread that is attached is alone.
unsafe impl Send for Open {}
// SAFETY: as above.
unsafe impl Sync for Open {}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: the reader comes from tok_open, and this is its only owner.
        unsafe { tok_close(self.raw.as_ptr()) }
    }
}

#[pymethods]
impl Token {
    /// Return a copy of the token.
    fn read(&self) -> &[u8] {
        // SAFETY: start and size are of tok_next, whose text this token keeps. The slice borrows
        // self: the compiler refuses to let it live longer.
        unsafe { slice::from_raw_parts(self.start, self.size) }
    }

    /// Return where the token starts.
    fn address(&self) -> usize {
        self.start.addr()
    }

    fn __len__(&self) -> usize {
        self.size
    }
}

/// Reads tokens; bytes only, which never move or change.
#[pyclass]
struct Reader {
    /// None after `close`.
    open: Option<Open>,
}

impl Reader {
    fn own(&self, operation: &str) -> PyResult<&Open> {
        let closed = || PyValueError::new_err(format!("{operation}: the reader is closed"));
        self.open.as_ref().ok_or_else(closed)
    }
}

#[pymethods]
impl Reader {
    #[new]
    #[pyo3(signature = (text, separators = &b" "[..]))]
    fn new(text: &Bound<'_, PyAny>, separators: &[u8]) -> PyResult<Reader> {
        // A subclass could refer back to its reader, and such a cycle would never end.
        let text = text
            .cast_exact::<PyBytes>()
            .map_err(|_| PyTypeError::new_err("open: text must be bytes"))?;
        let c_separators = CString::new(separators)?;
        let start = text.as_bytes().as_ptr();
        let size = i64::try_from(text.as_bytes().len())?;
        let mut raw = ptr::null_mut();
        // SAFETY: the text lives as long as the Open below, the separators until the call is over.
        let code = unsafe { tok_open(start.cast(), size, c_separators.as_ptr(), &raw mut raw) };
        let raw = match (code, NonNull::new(raw)) {
            (0, Some(raw)) => raw,
            (-2, _) => return Err(PyMemoryError::new_err("open")),
            _ => {
                let given = PyBytes::new(text.py(), separators);
                let said = format!("open: separators {given:?} (code {code})");
                return Err(PyValueError::new_err(said));
            }
        };
        let open = Open {
            raw,
            text: text.clone().unbind(),
        };
        Ok(Reader { open: Some(open) })
    }

    /// Return the next token, or None at the end.
    fn next(&self, py: Python<'_>) -> PyResult<Option<Token>> {
        let open = self.own("next")?;
        let (mut start, mut size) = (ptr::null(), 0);
        // SAFETY: the reader is open, its text lives beside it, both places are ours.
        let code = unsafe { tok_next(open.raw.as_ptr(), &raw mut start, &raw mut size) };
        if code != 0 {
            return Ok(None);
        }
        let (start, size) = (start.cast(), usize::try_from(size)?);
        let _text = open.text.clone_ref(py);
        Ok(Some(Token { start, size, _text }))
    }

    /// Return how many bytes are not read yet.
    fn left(&self) -> PyResult<i64> {
        let open = self.own("left")?;
        // SAFETY: the reader is open.
        Ok(unsafe { tok_left(open.raw.as_ptr()) })
    }

    /// Close the reader and let go of the text; a second time does nothing.
    fn close(&mut self) {
        std::mem::forget(self.open.take());
    }
}

/// Return how many readers are open in C.
#[pyfunction]
fn alive() -> i64 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { tok_alive() }
}

/// Tokens that point into the text of the caller.
#[pymodule(gil_used = true)]
fn _lesson_9_3(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Reader>()?;
    module.add_function(wrap_pyfunction!(alive, module)?)
}
