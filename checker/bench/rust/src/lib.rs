//! The functions of `calls.h` as somebody who uses PyO3's macros writes them.
//!
//! `add` holds the GIL while C runs; `add_released` is the same function and releases it, as ctypes and CFFI do.

mod c;
mod callback;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A point with attributes, beside `bench_point`.
#[pyclass(get_all, set_all)]
#[derive(Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
}

#[pymethods]
impl Point {
    #[new]
    fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

impl From<c::Point> for Point {
    fn from(c::Point { x, y }: c::Point) -> Self {
        Self { x, y }
    }
}

impl From<Point> for c::Point {
    fn from(Point { x, y }: Point) -> Self {
        Self { x, y }
    }
}

/// Makes a function and its twin that releases the GIL around the same expression.
macro_rules! both {
    ($held:ident, $released:ident, ($($name:ident: $kind:ty),*) -> $result:ty, $call:expr) => {
        #[pyfunction]
        fn $held($($name: $kind),*) -> $result {
            $call
        }

        #[pyfunction]
        fn $released(py: Python<'_>, $($name: $kind),*) -> $result {
            py.detach(|| $call)
        }
    };
}

both!(add, add_released, (a: i32, b: i32) -> i32, c::add(a, b));
both!(multiply, multiply_released, (a: f64, b: f64) -> f64, c::multiply(a, b));
both!(
    mix, mix_released,
    (a: i32, b: f64, c: i64, d: f32, e: u16, name: &[u8]) -> f64,
    c::mix(a, b, c, d, e, name)
);
both!(length, length_released, (text: &[u8]) -> usize, c::length(text));
both!(sum_list, sum_list_released, (numbers: Vec<f64>) -> f64, c::sum(&numbers));

#[pyfunction]
fn midpoint(a: PyRef<'_, Point>, b: PyRef<'_, Point>) -> Point {
    c::midpoint((*a).into(), (*b).into()).into()
}

#[pyfunction]
fn midpoint_released(py: Python<'_>, a: PyRef<'_, Point>, b: PyRef<'_, Point>) -> Point {
    let (a, b) = ((*a).into(), (*b).into());
    py.detach(|| c::midpoint(a, b)).into()
}

#[pyfunction]
fn product(point: PyRef<'_, Point>) -> f64 {
    c::product(&(*point).into())
}

#[pyfunction]
fn product_released(py: Python<'_>, point: PyRef<'_, Point>) -> f64 {
    let point = (*point).into();
    py.detach(|| c::product(&point))
}

#[pyfunction]
fn sum(numbers: PyBuffer<f64>) -> PyResult<f64> {
    contiguous(&numbers).map(c::sum)
}

#[pyfunction]
fn sum_released(py: Python<'_>, numbers: PyBuffer<f64>) -> PyResult<f64> {
    let numbers = contiguous(&numbers)?;
    Ok(py.detach(|| c::sum(numbers)))
}

/// The memory that is lent.
fn contiguous<T: Element>(buffer: &PyBuffer<T>) -> PyResult<&[T]> {
    if !buffer.is_c_contiguous() {
        return Err(PyValueError::new_err("the memory is not contiguous"));
    }
    if buffer.item_count() == 0 {
        return Ok(&[]);
    }
    // SAFETY: PyO3 has compared the format and the size of an item with `T`; the memory is contiguous and lent as long
    // as `buffer` lives. `checker bench` has one thread, so nobody writes to it meanwhile.
    Ok(unsafe { std::slice::from_raw_parts(buffer.buf_ptr().cast(), buffer.item_count()) })
}

#[pyfunction]
fn repeat(function: Bound<'_, PyAny>, count: i32) -> PyResult<i32> {
    callback::calling(function, |_| c::repeat(callback::step, count))
}

#[pyfunction]
fn repeat_released(function: Bound<'_, PyAny>, count: i32) -> PyResult<i32> {
    callback::calling(function, |py| {
        py.detach(|| c::repeat(callback::step, count))
    })
}

#[pyfunction]
fn sort(
    py: Python<'_>,
    sorted: PyBuffer<i32>,
    numbers: PyBuffer<i32>,
    order: Bound<'_, PyAny>,
) -> PyResult<()> {
    let mut copy = contiguous(&numbers)?.to_vec();
    callback::calling(order, |_| c::sort(&mut copy, callback::order))?;
    sorted.copy_from_slice(py, &copy)
}

#[pyfunction]
fn sort_released(
    py: Python<'_>,
    sorted: PyBuffer<i32>,
    numbers: PyBuffer<i32>,
    order: Bound<'_, PyAny>,
) -> PyResult<()> {
    let mut copy = contiguous(&numbers)?.to_vec();
    callback::calling(order, |py| {
        py.detach(|| c::sort(&mut copy, callback::order))
    })?;
    sorted.copy_from_slice(py, &copy)
}

#[pymodule]
mod _rust_bench {
    #[pymodule_export]
    use super::{
        Point, add, add_released, length, length_released, midpoint, midpoint_released, mix,
        mix_released, multiply, multiply_released, product, product_released, repeat,
        repeat_released, sort, sort_released, sum, sum_list, sum_list_released, sum_released,
    };

    /// How cargo optimised this module.
    #[pymodule_export]
    #[allow(
        non_upper_case_globals,
        reason = "Python's way to name what a module says of itself"
    )]
    const __opt_level__: &str = env!("OPT_LEVEL");
}
