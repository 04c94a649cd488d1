//! totals as an extension module in Rust: the loops are in C.

use std::ffi::c_int;

use pyo3::prelude::*;

/// The checksum of no bytes, TOTALS_START in totals.h.
const START: u32 = 2_166_136_261;

unsafe extern "C" {
    #[link_name = "add"]
    fn c_add(a: c_int, b: c_int) -> c_int;
    fn totals_bytes(sum: u32, data: *const u8, count: usize) -> u32;
    fn totals_sum(values: *const i32, count: usize) -> i64;
    fn totals_calls() -> u64;
}

/// Return a + b.
#[pyfunction]
fn add(a: c_int, b: c_int) -> c_int {
    // SAFETY: we are attached, so nobody else counts; that the sum fits into an int is the caller's promise, as totals.h says.
    unsafe { c_add(a, b) }
}

/// Return the checksum of bytes.
#[pyfunction]
fn checksum(data: &[u8]) -> u32 {
    // SAFETY: we are attached; the pointer and the length are those of one live slice, which C only reads.
    unsafe { totals_bytes(START, data.as_ptr(), data.len()) }
}

/// Return the sum of numbers; an OverflowError tells of one that fits no i32.
#[pyfunction]
fn total(values: Vec<i32>) -> i64 {
    // SAFETY: as above.
    unsafe { totals_sum(values.as_ptr(), values.len()) }
}

/// Return how often C was called.
#[pyfunction]
fn calls() -> u64 {
    // SAFETY: we are attached, so nobody else counts.
    unsafe { totals_calls() }
}

/// Small sums.
#[pymodule(gil_used = true)]
fn _lesson_7_5(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(add, module)?)?;
    module.add_function(wrap_pyfunction!(checksum, module)?)?;
    module.add_function(wrap_pyfunction!(total, module)?)?;
    module.add_function(wrap_pyfunction!(calls, module)?)
}
