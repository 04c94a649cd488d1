//! tiles as an extension module in Rust. An `extern` block is a cdef: no compiler compares it with tiles.h.

use std::ffi::c_int;

use pyo3::exceptions::{PyNotImplementedError, PyValueError};
use pyo3::prelude::*;

/// What Python passes for a tile: x, y, side.
type PyTile = (i32, i32, f64);

#[repr(C)]
#[derive(Clone, Copy)]
struct Tile {
    x: i32,
    y: i32,
    side: f64,
}

unsafe extern "C" {
    #[link_name = "add"]
    fn c_add(a: c_int, b: c_int) -> c_int;
    fn tile_area(of: *const Tile) -> f64;
    fn tile_refine(of: *const Tile, factor: i32, out: *mut Tile) -> c_int;
}

// TODO 1: declare tile_steps in an `unsafe extern "C"` block, as tiles.h does.

// TODO 2: declare a wrong struct `SwappedTile`: the fields of `Tile`, with y before x.

impl From<PyTile> for Tile {
    fn from((x, y, side): PyTile) -> Tile {
        Tile { x, y, side }
    }
}

/// Return a + b.
#[pyfunction]
fn add(a: c_int, b: c_int) -> c_int {
    // SAFETY: add reads no memory; that the sum fits into an int is the caller's promise, as tiles.h says.
    unsafe { c_add(a, b) }
}

/// Return the area of a tile in square metres.
#[pyfunction]
fn area(tile: PyTile) -> f64 {
    let tile = Tile::from(tile);
    // SAFETY: the pointer is to a live tile, and tile_area does not keep it.
    unsafe { tile_area(&tile) }
}

/// Return the number of steps between two tiles.
#[pyfunction]
fn steps(start: PyTile, end: PyTile) -> PyResult<i64> {
    Err(PyNotImplementedError::new_err(format!(
        "TODO 1: declare tile_steps, then count the steps from {start:?} to {end:?}"
    )))
}

/// Return the first smaller tile; raise ValueError if there is none.
#[pyfunction]
fn refine(tile: PyTile, factor: i32) -> PyResult<PyTile> {
    let of = Tile::from(tile);
    let mut out = of;
    // SAFETY: both pointers are to live tiles, and tile_refine keeps neither.
    if unsafe { tile_refine(&of, factor, &mut out) } != 0 {
        let message = format!("refine: no tile {tile:?} divided by {factor}");
        return Err(PyValueError::new_err(message));
    }
    Ok((out.x, out.y, out.side))
}

/// Let C fill a tile and read it through the wrong declaration.
#[pyfunction]
fn misread(tile: PyTile) -> PyResult<PyTile> {
    Err(PyNotImplementedError::new_err(format!(
        "TODO 2: copy {tile:?} into a SwappedTile: tile_refine, factor 1; return its x, y, side"
    )))
}

/// Square tiles of a map.
#[pymodule]
fn _lesson_7_3(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(add, module)?)?;
    module.add_function(wrap_pyfunction!(area, module)?)?;
    module.add_function(wrap_pyfunction!(steps, module)?)?;
    module.add_function(wrap_pyfunction!(refine, module)?)?;
    module.add_function(wrap_pyfunction!(misread, module)?)
}
