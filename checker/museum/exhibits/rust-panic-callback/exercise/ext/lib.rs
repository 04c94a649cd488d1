//! Panics in a function that C calls.

use std::ffi::c_int;

use pyo3::prelude::*;

const NUMBERS: [c_int; 3] = [1, 2, 3];

unsafe extern "C" {
    fn cells_each(visit: extern "C" fn(c_int) -> c_int) -> c_int;
}

extern "C" fn visit(number: c_int) -> c_int {
    *NUMBERS
        .get(number as usize)
        .expect("a cell for each number")
}

/// Shows one bug.
#[pyfunction]
fn show() -> c_int {
    // SAFETY: the type is that of cells.h, which calls `visit` only before it returns.
    unsafe { cells_each(visit) }
}

#[pymodule]
mod _lesson_0_0 {
    #[pymodule_export]
    use super::show;
}
