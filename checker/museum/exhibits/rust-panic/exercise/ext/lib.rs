//! Panics in a function that Python calls.

use pyo3::prelude::*;

/// Shows one bug.
#[pyfunction]
fn show() -> i32 {
    let numbers = vec![1, 2, 3];
    numbers[numbers.len()]
}

#[pymodule]
mod _lesson_0_0 {
    #[pymodule_export]
    use super::show;
}
