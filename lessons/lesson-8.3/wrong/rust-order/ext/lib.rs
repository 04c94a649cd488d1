//! geometry as an extension module in Rust: `repr(C)` follows the rules of C, and no compiler
//! compares it with geometry.h.

use std::mem::{align_of, offset_of, size_of};

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What geometry.h says, and nothing else: names, order and widths are the header's.
mod ffi {
    use std::ffi::c_int;

    #[repr(C)]
    #[derive(Clone, Copy, Default)]
    pub struct Point {
        pub x: f64,
        pub y: f64,
    }

    #[repr(C)]
    #[derive(Default)]
    pub struct Box {
        pub tag: u16,
        pub low: Point,
        pub high: Point,
        pub layer: u8,
    }

    /// In C between `#pragma pack(push, 1)` and `pop`.
    #[repr(C, packed)]
    pub struct Record {
        pub layer: u8,
        pub left: f32,
        pub bottom: f32,
        pub right: f32,
        pub top: f32,
        pub tag: u16,
    }

    unsafe extern "C" {
        pub fn geometry_area(a: Point, b: Point) -> f64;
        pub fn geometry_middle(a: Point, b: Point) -> Point;
        pub fn geometry_join(a: *const Box, b: *const Box, out: *mut Box) -> c_int;
        pub fn geometry_read(record: *const Record, out: *mut Box) -> c_int;
    }
}

/// A pair of numbers as a point; TypeError that names `place`.
fn point(place: &str, value: &Bound<'_, PyAny>) -> PyResult<ffi::Point> {
    let pair: PyResult<[f64; 2]> = value.extract();
    pair.map(|[x, y]| ffi::Point { x, y })
        .map_err(|_| PyTypeError::new_err(format!("{place} is no pair of numbers")))
}

/// `value` as an integer of the C type; TypeError or OverflowError that names `place`.
fn number<'py, T>(place: &str, value: &Bound<'py, PyAny>) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    value.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            PyOverflowError::new_err(format!("{place} does not fit"))
        } else if error.is_instance_of::<PyTypeError>(value.py()) {
            PyTypeError::new_err(format!("{place} is no integer"))
        } else {
            error
        }
    })
}

/// A box of a dict, of which every field was looked at before C sees one.
fn boxed(place: &str, value: &Bound<'_, PyAny>) -> PyResult<ffi::Box> {
    let unfit = || PyTypeError::new_err(format!("{place} needs exactly layer, low, high and tag"));
    let fields = value.cast::<PyDict>().map_err(|_| unfit())?;
    if fields.len() != 4 {
        return Err(unfit());
    }
    let field = |name| fields.get_item(name)?.ok_or_else(unfit);
    let (layer, low, high, tag) = (
        field("layer")?,
        field("low")?,
        field("high")?,
        field("tag")?,
    );
    Ok(ffi::Box {
        layer: number(&format!("{place}.layer"), &layer)?,
        low: point(&format!("{place}.low"), &low)?,
        high: point(&format!("{place}.high"), &high)?,
        tag: number(&format!("{place}.tag"), &tag)?,
    })
}

/// The box that C filled, as a dict; ValueError for a code of geometry.h.
fn result<'py>(
    py: Python<'py>,
    operation: &str,
    status: i32,
    of: &ffi::Box,
    what: &str,
) -> PyResult<Bound<'py, PyDict>> {
    if status != 0 {
        let message = format!("{operation}: code {status} for {what}");
        return Err(PyValueError::new_err(message));
    }
    let fields = PyDict::new(py);
    fields.set_item("layer", of.layer)?;
    fields.set_item("low", (of.low.x, of.low.y))?;
    fields.set_item("high", (of.high.x, of.high.y))?;
    fields.set_item("tag", of.tag)?;
    Ok(fields)
}

/// The area between two opposite corners.
#[pyfunction]
fn area(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<f64> {
    let (a, b) = (point("area: a", a)?, point("area: b", b)?);
    // SAFETY: both points are copies, and geometry_area reads no other memory.
    Ok(unsafe { ffi::geometry_area(a, b) })
}

/// The point halfway between two points.
#[pyfunction]
fn middle(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<(f64, f64)> {
    let (a, b) = (point("middle: a", a)?, point("middle: b", b)?);
    // SAFETY: both points are copies, and so is the one that comes back.
    let middle = unsafe { ffi::geometry_middle(a, b) };
    Ok((middle.x, middle.y))
}

/// The smallest box around two boxes.
#[pyfunction]
fn join<'py>(a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let (c_a, c_b, mut out) = (
        boxed("join: a", a)?,
        boxed("join: b", b)?,
        ffi::Box::default(),
    );
    // SAFETY: all three are ours, laid out as geometry.h says, and live longer than the call.
    let status = unsafe { ffi::geometry_join(&c_a, &c_b, &mut out) };
    result(a.py(), "join", status, &out, "a and b")
}

/// The box that a record of a drawing describes.
#[pyfunction]
fn read<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let (size, wanted) = (data.len(), size_of::<ffi::Record>());
    if size != wanted {
        let message = format!("read: record of {size} bytes, not {wanted}");
        return Err(PyValueError::new_err(message));
    }
    // SAFETY: `data` holds all bytes of a Record, and every pattern of bytes is one.
    let record = unsafe { data.as_ptr().cast::<ffi::Record>().read_unaligned() };
    let mut out = ffi::Box::default();
    // SAFETY: both are ours and live longer than the call.
    let status = unsafe { ffi::geometry_read(&record, &mut out) };
    let (tag, layer) = (record.tag, record.layer);
    let what = format!("record {tag} on layer {layer}");
    result(py, "read", status, &out, &what)
}

/// One struct: its size, its alignment, and the offset of each field.
type Layout = (&'static str, usize, usize, Vec<(&'static str, usize)>);

macro_rules! layout {
    ($name:literal, $kind:ty, $($field:ident),+) => {
        ($name, size_of::<$kind>(), align_of::<$kind>(),
         vec![$((stringify!($field), offset_of!($kind, $field))),+])
    };
}

/// Size, alignment and offsets of each struct, as this bridge believes them.
#[pyfunction]
fn layout(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let structs: [Layout; 3] = [
        layout!("point", ffi::Point, x, y),
        layout!("box", ffi::Box, layer, low, high, tag),
        layout!("record", ffi::Record, layer, left, bottom, right, top, tag),
    ];
    let all = PyDict::new(py);
    for (name, size, align, fields) in structs {
        let (one, offsets) = (PyDict::new(py), PyDict::new(py));
        for (field, offset) in fields {
            offsets.set_item(field, offset)?;
        }
        one.set_item("size", size)?;
        one.set_item("align", align)?;
        one.set_item("offsets", offsets)?;
        all.set_item(name, one)?;
    }
    Ok(all)
}

/// Points and boxes of a drawing.
#[pymodule]
fn _lesson_8_3(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(layout, module)?)?;
    module.add_function(wrap_pyfunction!(area, module)?)?;
    module.add_function(wrap_pyfunction!(middle, module)?)?;
    module.add_function(wrap_pyfunction!(join, module)?)?;
    module.add_function(wrap_pyfunction!(read, module)?)
}
