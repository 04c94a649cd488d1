//! Uses a label after it was dropped.

use std::ffi::c_int;
use std::path::Path;

use libloading::{Library, Symbol};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

type New = unsafe extern "C" fn(c_int) -> *mut u8;
type Number = unsafe extern "C" fn(*const u8) -> c_int;
type Drop = unsafe extern "C" fn(*mut u8);

fn show_in(path: &Path) -> Result<c_int, libloading::Error> {
    // SAFETY: the three types are those of labels.h. The order of the calls is the bug on show.
    unsafe {
        let library = Library::new(path)?;
        let new: Symbol<New> = library.get("label_new")?;
        let number: Symbol<Number> = library.get("label_number")?;
        let drop: Symbol<Drop> = library.get("label_drop")?;
        let label = new(7);
        drop(label);
        Ok(number(label))
    }
}

/// Shows one bug.
#[pyfunction]
#[pyo3(pass_module)]
fn show(module: &Bound<'_, PyModule>) -> PyResult<c_int> {
    let file: std::path::PathBuf = module.filename()?.extract()?;
    show_in(&file.with_file_name("liblabels.so"))
        .map_err(|error| PyOSError::new_err(error.to_string()))
}

#[pymodule]
mod _lesson_0_0 {
    #[pymodule_export]
    use super::show;
}
