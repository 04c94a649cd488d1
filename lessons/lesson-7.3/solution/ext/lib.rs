//! tiles as an extension module in Rust. An `extern` block is a cdef: no compiler compares it with tiles.h.

use std::ffi::c_int;

// task: errors
use pyo3::exceptions::PyValueError;
// starter:
//| use pyo3::exceptions::{PyNotImplementedError, PyValueError};
// endtask
use pyo3::prelude::*;

/// What Python passes for a tile: x, y, side.
type PyTile = (i32, i32, f64);

// region: struct
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
// endregion

// task: declare
unsafe extern "C" {
    fn tile_steps(from: *const Tile, to: *const Tile) -> i64;
}
// starter:
//| // TODO 1: declare tile_steps in an `unsafe extern "C"` block, as tiles.h does.
// endtask

// task: swap
/// A wrong idea of the same 16 bytes: y before x.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct SwappedTile {
    y: i32,
    x: i32,
    side: f64,
}
// starter:
//| // TODO 2: declare a wrong struct `SwappedTile`: the fields of `Tile`, with y before x.
// endtask

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
    // task: steps
    let (from, to) = (Tile::from(start), Tile::from(end));
    // SAFETY: both pointers are to live tiles, and tile_steps keeps neither.
    Ok(unsafe { tile_steps(&from, &to) })
    // starter:
    //| Err(PyNotImplementedError::new_err(format!(
    //|     "TODO 1: declare tile_steps, then count the steps from {start:?} to {end:?}"
    //| )))
    // endtask
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
    // task: misread
    let mut wrong = SwappedTile::default();
    let tile = Tile::from(tile);
    // SAFETY: `wrong` has the size and the alignment of a tile, which is all that C relies on.
    unsafe { tile_refine(&tile, 1, (&raw mut wrong).cast()) };
    Ok((wrong.x, wrong.y, wrong.side))
    // starter:
    //| Err(PyNotImplementedError::new_err(format!(
    //|     "TODO 2: copy {tile:?} into a SwappedTile: tile_refine, factor 1; return its x, y, side"
    //| )))
    // endtask
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
