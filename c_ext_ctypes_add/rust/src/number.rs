//! Exact ints and floats, read where they lie.
//!
//! The layouts are private to the interpreter, but the same in every build of a version for 64-bit
//! machines; [`prepare`] makes sure of it when the module is imported.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

use crate::py::{self, Exc, Obj, Res, api, raise};
use crate::strict;

const SMALLEST: i64 = -5;

/// The small ints, of which the interpreter has one object each.
static SMALL: [AtomicPtr<ffi::PyObject>; 262] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; 262];

/// A Python int.
#[inline(always)]
pub(crate) fn int(value: i64) -> Res<Obj> {
    if let Some(place) = SMALL.get(value.wrapping_sub(SMALLEST) as usize) {
        debug_assert!(!place.load(Ordering::Relaxed).is_null());
        // SAFETY: filled when the module was imported, with an object that lives for ever; an Obj is
        // a transparent wrapper of its pointer.
        return Ok(unsafe { &*(&raw const *place).cast::<Obj>() }.clone());
    }
    api!(Obj::owned(ffi::PyLong_FromLongLong(value)))
}

/// Gets hold of the small ints, before anything here is used.
fn keep_small_ints() -> Res<()> {
    for (value, place) in (SMALLEST..).zip(&SMALL) {
        let made = api!(Obj::owned(ffi::PyLong_FromLongLong(value)))?;
        place.store(made.into_ptr(), Ordering::Relaxed);
    }
    Ok(())
}

/// An int object up to Python 3.11: its sign is that of the number of digits.
#[cfg(not(Py_3_12))]
#[repr(C)]
struct Int {
    base: ffi::PyObject,
    digits: isize,
    digit: u32,
}

/// An int object from Python 3.12 on: the lowest bits of the tag say zero (1) or negative (2), the
/// bits from the fourth on the number of digits.
#[cfg(Py_3_12)]
#[repr(C)]
struct Int {
    base: ffi::PyObject,
    tag: usize,
    digit: u32,
}

/// The value of an int, not of a class derived from it, that has one digit at most.
#[inline(always)]
pub(crate) fn small_int(object: &Obj) -> Option<i64> {
    if object.type_ptr() != &raw mut ffi::PyLong_Type {
        return None;
    }
    let int = object.ptr().cast::<Int>();
    // SAFETY: an exact int, which never changes; a digit is there whenever the count is not zero.
    unsafe {
        #[cfg(not(Py_3_12))]
        match (*int).digits {
            1 => Some(i64::from((*int).digit)),
            _ => zero_or_negative(int),
        }
        #[cfg(Py_3_12)]
        if (*int).tag < 2 << 3 {
            let sign = 1 - ((*int).tag & 3) as i64;
            Some(sign * i64::from((*int).digit))
        } else {
            None
        }
    }
}

/// The same for an int that has not one digit and no sign.
///
/// # Safety
/// An exact int.
#[cfg(not(Py_3_12))]
#[inline(never)]
unsafe fn zero_or_negative(int: *const Int) -> Option<i64> {
    // SAFETY: as above.
    unsafe {
        match (*int).digits {
            0 => Some(0),
            -1 => Some(-i64::from((*int).digit)),
            _ => None,
        }
    }
}

/// The value of a float, not of a class derived from it.
#[inline(always)]
pub(crate) fn exact_float(object: &Obj) -> Option<f64> {
    if object.type_ptr() != &raw mut ffi::PyFloat_Type {
        return None;
    }
    // SAFETY: an exact float, which never changes.
    Some(unsafe { (*object.ptr().cast::<ffi::PyFloatObject>()).ob_fval })
}

/// The address that an exact int is, or None; of a larger int the low bits, unless that is forbidden.
#[inline(never)]
pub(crate) fn exact_address(object: &Obj) -> Option<u64> {
    if object.is_none() {
        return Some(0);
    }
    if object.type_ptr() != &raw mut ffi::PyLong_Type || strict::is_on() {
        return None;
    }
    // The mask takes the low bits of an exact int, and cannot fail.
    Some(api!(ffi::PyLong_AsUnsignedLongLongMask(object.ptr())))
}

/// Makes ready, and compares both readings with the C API.
pub(crate) fn prepare() -> Res<()> {
    keep_small_ints()?;
    for expected in [0, 1, -1, 257, -30_000, (1 << 30) - 1, 1 - (1 << 30)] {
        if small_int(&py::int(expected)?) != Some(expected) {
            return Err(raise(Exc::Import, "ints of an unknown layout"));
        }
    }
    if small_int(&py::int(1 << 40)?).is_some() || exact_float(&py::float(-2.5)?) != Some(-2.5) {
        return Err(raise(Exc::Import, "numbers of an unknown layout"));
    }
    Ok(())
}
