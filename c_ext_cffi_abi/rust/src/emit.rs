//! Writes and builds API-mode modules, through the crate rust-cffi-api.

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use rust_cffi_api::compile::{Job, compile};
use rust_cffi_api::describe::Module;
use rust_cffi_api::generate::generate;

static COMPILE_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The exception class of a failing compiler; the Python side turns it into `VerificationError`.
pub fn compile_error(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    let made = COMPILE_ERROR.get_or_try_init(py, || {
        PyErr::new_type(py, c"_rust_cffi._CompileError", None, None, None)
    })?;
    Ok(made.bind(py))
}

/// The C text of a module, from the JSON of its description.
#[pyfunction]
pub fn _generate(description: &str) -> PyResult<String> {
    let module: Module = serde_json::from_str(description)
        .map_err(|error| PyValueError::new_err(format!("not a description: {error}")))?;
    Ok(generate(&module))
}

/// The job of [`_compile`], as a dictionary.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Given {
    sources: Vec<PathBuf>,
    target: PathBuf,
    include_dirs: Vec<PathBuf>,
    library_dirs: Vec<PathBuf>,
    runtime_library_dirs: Vec<PathBuf>,
    libraries: Vec<String>,
    define_macros: Vec<(String, Option<String>)>,
    undef_macros: Vec<String>,
    extra_objects: Vec<OsString>,
    extra_compile_args: Vec<OsString>,
    extra_link_args: Vec<OsString>,
    debug: bool,
}

/// Builds a module; returns what the compiler said.
#[pyfunction]
pub fn _compile(py: Python<'_>, job: Given) -> PyResult<String> {
    let job = Job {
        sources: job.sources,
        target: job.target,
        include_dirs: job.include_dirs,
        library_dirs: job.library_dirs,
        runtime_library_dirs: job.runtime_library_dirs,
        libraries: job.libraries,
        define_macros: job.define_macros,
        undef_macros: job.undef_macros,
        extra_objects: job.extra_objects,
        extra_compile_args: job.extra_compile_args,
        extra_link_args: job.extra_link_args,
        debug: job.debug,
    };
    let built = py.detach(|| compile(&job));
    match built {
        Ok(said) => Ok(said),
        Err(error) => Err(PyErr::from_type(
            compile_error(py)?.clone(),
            error.to_string(),
        )),
    }
}
