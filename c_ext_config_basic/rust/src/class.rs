//! `PyClassConfig`: PyO3 writes the slots, checks every argument and counts every reference.

use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};
use pyo3::{PyTraverseError, PyVisit};

/// Where a server is, and how long to wait for it.
#[pyclass(module = "rust_config")]
pub struct PyClassConfig {
    timeout: Seconds,
    server_url: Url,
    enable_ssl: bool,
}

#[pymethods]
impl PyClassConfig {
    #[new]
    #[pyo3(
        signature = (timeout=Seconds(0), url=Url(None), ssl=false),
        text_signature = "(timeout=0, url='', ssl=False)"
    )]
    fn new(timeout: Seconds, url: Url, ssl: bool) -> Self {
        Self {
            timeout,
            server_url: url,
            enable_ssl: ssl,
        }
    }

    // region: timeout
    /// seconds to wait
    #[getter]
    fn timeout(&self) -> i32 {
        self.timeout.0
    }

    #[setter]
    fn set_timeout(&mut self, value: Seconds) {
        self.timeout = value;
    }
    // endregion

    /// where the server is
    #[getter]
    fn server_url(&self, py: Python<'_>) -> Py<PyString> {
        match &self.server_url.0 {
            Some(url) => url.clone_ref(py),
            None => PyString::new(py, "").unbind(),
        }
    }

    #[setter]
    fn set_server_url(slf: &Bound<'_, Self>, value: Url) {
        // Releasing the old value may run any Python code, which may come back to this object: it
        // is dropped when the borrow has ended.
        let old = std::mem::replace(&mut slf.borrow_mut().server_url, value);
        drop(old);
    }

    /// whether to encrypt
    #[getter]
    fn enable_ssl(&self) -> bool {
        self.enable_ssl
    }

    #[setter]
    fn set_enable_ssl(&mut self, value: bool) {
        self.enable_ssl = value;
    }

    /// Return twice the timeout.
    fn process(&self) -> i64 {
        // Doubled in a wider type: twice the largest C int does not fit one.
        2 * i64::from(self.timeout.0)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.server_url.0)
    }

    fn __clear__(&mut self) {
        self.server_url.0 = None;
    }
}

/// A timeout in seconds, from a Python int that fits a C int.
struct Seconds(i32);

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let seconds = value.cast::<PyInt>()?.extract();
        // The message is made only when it is needed: this runs at every assignment.
        seconds.map(Self).map_err(|_| {
            let range = format!("timeout must be between {} and {}", i32::MIN, i32::MAX);
            PyOverflowError::new_err(range)
        })
    }
}

/// The URL as the object that was given, so that reading it gives the same one back. `None` until
/// one is given, and again once the collector has cleared it.
struct Url(Option<Py<PyString>>);

impl<'py> FromPyObject<'_, 'py> for Url {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let url = value.cast::<PyString>()?.to_owned();
        Ok(Self(Some(url.unbind())))
    }
}
