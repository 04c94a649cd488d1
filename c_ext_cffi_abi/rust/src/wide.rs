//! Characters of two and four bytes, and Python's `str`.

use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// The code points of a `str`, lone surrogates included.
pub fn code_points(text: &Bound<'_, PyString>) -> PyResult<Vec<u32>> {
    let length = text.len()?;
    let mut points = vec![0u32; length];
    // SAFETY: the room is that of the vector; no final NUL is asked for.
    let filled = unsafe {
        ffi::PyUnicode_AsUCS4(text.as_ptr(), points.as_mut_ptr(), length.cast_signed(), 0)
    };
    if filled.is_null() && length > 0 {
        return Err(PyErr::fetch(text.py()));
    }
    Ok(points)
}

/// The UTF-16 units of code points.
pub fn utf16(points: &[u32]) -> Vec<u16> {
    let mut units = Vec::with_capacity(points.len());
    for &point in points {
        match point {
            0x10000.. => {
                let rest = point - 0x10000;
                units.push(0xD800 | (rest >> 10) as u16);
                units.push(0xDC00 | (rest & 0x3FF) as u16);
            }
            _ => units.push(point as u16),
        }
    }
    units
}

/// How many units of `size` bytes a `str` takes, without NUL.
pub fn length(text: &Bound<'_, PyString>, size: usize) -> PyResult<usize> {
    let points = code_points(text)?;
    let pairs = points.iter().filter(|point| **point > 0xFFFF).count();
    Ok(points.len() + if size == 2 { pairs } else { 0 })
}

/// Writes a `str` as units of `size` bytes, and a NUL if there is `room` for it.
///
/// # Safety
/// `at` points to `room` writable units, at least [`length`] of them.
pub unsafe fn write(
    at: *mut u8,
    text: &Bound<'_, PyString>,
    size: usize,
    room: usize,
) -> PyResult<()> {
    let points = code_points(text)?;
    let mut units: Vec<u32> = if size == 2 {
        utf16(&points).into_iter().map(u32::from).collect()
    } else {
        points
    };
    if units.len() < room {
        units.push(0);
    }
    for (index, unit) in units.into_iter().take(room).enumerate() {
        // SAFETY: the caller promises the room.
        unsafe {
            crate::primitive::write_integer(at.add(index * size), u64::from(unit), size);
        }
    }
    Ok(())
}

/// The `str` of `length` units of `size` bytes; surrogate pairs become one character.
///
/// # Safety
/// `at` points to `length` initialised units.
pub unsafe fn read<'py>(
    py: Python<'py>,
    at: *const u8,
    size: usize,
    length: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let mut points: Vec<u32> = Vec::new();
    points
        .try_reserve(length)
        .map_err(|_| PyMemoryError::new_err(()))?;
    for index in 0..length {
        // SAFETY: the caller promises the units.
        let unit = unsafe { crate::primitive::read_unsigned(at.add(index * size), size) } as u32;
        let before = points.last().copied().filter(|_| size == 2);
        match before {
            Some(high) if (0xD800..0xDC00).contains(&high) && (0xDC00..0xE000).contains(&unit) => {
                points.pop();
                points.push(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
            }
            _ if unit > 0x10FFFF => {
                return Err(PyValueError::new_err(format!(
                    "char32_t out of range for conversion to unicode: 0x{unit:x}"
                )));
            }
            _ => points.push(unit),
        }
    }
    // SAFETY: the points are valid for a `str`, and copied.
    unsafe {
        Bound::from_owned_ptr_or_err(
            py,
            ffi::PyUnicode_FromKindAndData(
                ffi::PyUnicode_4BYTE_KIND as i32,
                points.as_ptr().cast(),
                points.len().cast_signed(),
            ),
        )
    }
}

/// The one unit of a `str`, or what it is instead, for a message.
pub fn single(text: &Bound<'_, PyString>, size: usize) -> PyResult<Result<u32, String>> {
    let points = code_points(text)?;
    Ok(match points.as_slice() {
        [point] if size == 4 || *point <= 0xFFFF => Ok(*point),
        [_] => Err("larger-than-0xFFFF character".to_owned()),
        _ => Err(format!("unicode string of length {}", points.len())),
    })
}
