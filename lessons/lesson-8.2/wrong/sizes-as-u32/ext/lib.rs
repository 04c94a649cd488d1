//! units as an extension module in Rust: `extract` checks a width, `as` cuts to it.

use std::ffi::{c_int, c_long};

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;

unsafe extern "C" {
    fn units_length(feet: i32, inches: u8, tenths: *mut i64) -> c_int;
    fn units_blocks(bytes: u32, block: u32, count: *mut u32) -> c_int;
    fn units_seconds(minutes: c_long, seconds: *mut c_long) -> c_int;
    fn units_celsius(fahrenheit: f64) -> f64;
}

/// The value as an integer of the C type; TypeError or OverflowError if it is none.
fn fit<'py, T>(operation: &str, name: &str, value: &Bound<'py, PyAny>) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    value.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            PyOverflowError::new_err(format!("{operation}: {name} does not fit its C type"))
        } else if error.is_instance_of::<PyTypeError>(value.py()) {
            PyTypeError::new_err(format!("{operation}: {name} is no integer"))
        } else {
            error
        }
    })
}

/// Turns a code of units.h into ValueError.
fn check(operation: &str, status: c_int, what: &str) -> PyResult<()> {
    if status != 0 {
        let message = format!("{operation}: code {status} for {what}");
        return Err(PyValueError::new_err(message));
    }
    Ok(())
}

/// Feet and inches in tenths of a millimetre.
#[pyfunction]
fn length(feet: &Bound<'_, PyAny>, inches: &Bound<'_, PyAny>) -> PyResult<i64> {
    let feet = fit("length", "feet", feet)?;
    let inches = fit("length", "inches", inches)?;
    let mut tenths = 0;
    // SAFETY: `tenths` is ours and lives longer than the call.
    let status = unsafe { units_length(feet, inches, &mut tenths) };
    check("length", status, "inches")?;
    Ok(tenths)
}

/// How many blocks hold `size` bytes.
#[pyfunction]
fn blocks(size: &Bound<'_, PyAny>, block: &Bound<'_, PyAny>) -> PyResult<usize> {
    let size = fit("blocks", "size", size)?;
    let block = fit("blocks", "block", block)?;
    let mut count = 0;
    // SAFETY: `count` is ours and lives longer than the call.
    let status = unsafe { units_blocks(size, block, &mut count) };
    check("blocks", status, "block")?;
    Ok(count as usize)
}

/// Minutes in seconds.
#[pyfunction]
fn seconds(minutes: &Bound<'_, PyAny>) -> PyResult<c_long> {
    let minutes = fit("seconds", "minutes", minutes)?;
    let mut seconds = 0;
    // SAFETY: `seconds` is ours and lives longer than the call.
    let status = unsafe { units_seconds(minutes, &mut seconds) };
    check("seconds", status, "minutes")?;
    Ok(seconds)
}

/// Degrees Fahrenheit in degrees Celsius.
#[pyfunction]
fn celsius(fahrenheit: f64) -> f64 {
    // SAFETY: units_celsius reads no memory.
    unsafe { units_celsius(fahrenheit) }
}

/// `length` without a check of ours: what `extract` alone makes of two integers.
#[pyfunction]
fn unchecked(feet: i32, inches: u8) -> i64 {
    let mut tenths = 0;
    // SAFETY: `tenths` is ours and lives longer than the call.
    let status = unsafe { units_length(feet, inches, &mut tenths) };
    if status == 0 { tenths } else { status.into() }
}

/// Conversions in whole numbers.
#[pymodule]
fn _lesson_8_2(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(length, module)?)?;
    module.add_function(wrap_pyfunction!(blocks, module)?)?;
    module.add_function(wrap_pyfunction!(seconds, module)?)?;
    module.add_function(wrap_pyfunction!(celsius, module)?)?;
    module.add_function(wrap_pyfunction!(unchecked, module)?)
}
