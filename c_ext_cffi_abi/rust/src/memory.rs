//! C memory as a Python buffer, Python buffers as C memory, and copies between them.

use std::ffi::{CString, c_int};

use pyo3::basic::CompareOp;
use pyo3::exceptions::{
    PyIndexError, PyTypeError, PyUserWarning, PyValueError, PyZeroDivisionError,
};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PySlice, PyString};

use crate::cdata::{self, Value};
use crate::convert::type_name;
use crate::ctype::{Kind, Type};
use crate::show;

/// `buffer`: reads and writes the memory that a cdata points to.
#[pyclass(frozen, weakref, module = "_cffi_backend", name = "buffer")]
pub struct Buffer {
    at: usize,
    size: usize,
    keeps: Py<PyAny>,
}

impl Buffer {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the cdata is kept alive; that it points to so much memory is the caller's affair.
        unsafe { std::slice::from_raw_parts(self.at as *const u8, self.size) }
    }

    /// `start..start + length`, checked by the caller.
    fn write(&self, start: usize, bytes: &[u8]) {
        // SAFETY: as above; the source may be the same memory.
        unsafe {
            bytes
                .as_ptr()
                .copy_to((self.at as *mut u8).add(start), bytes.len())
        }
    }

    fn index(&self, key: &Bound<'_, PyAny>, out_of_range: &'static str) -> PyResult<usize> {
        // SAFETY: any object may be given.
        let index = unsafe { ffi::PyNumber_AsSsize_t(key.as_ptr(), ffi::PyExc_IndexError) };
        if index == -1
            && let Some(error) = PyErr::take(key.py())
        {
            return Err(if error.is_instance_of::<PyTypeError>(key.py()) {
                PyTypeError::new_err(format!(
                    "buffer indices must be integers, not {}",
                    type_name(key)
                ))
            } else {
                error
            });
        }
        let index = if index < 0 {
            index + self.size.cast_signed()
        } else {
            index
        };
        usize::try_from(index)
            .ok()
            .filter(|index| *index < self.size)
            .ok_or_else(|| PyIndexError::new_err(out_of_range))
    }

    fn slice(&self, slice: &Bound<'_, PySlice>) -> PyResult<(usize, usize)> {
        use pyo3::types::PySliceMethods;
        let indices = slice.indices(self.size.cast_signed())?;
        if indices.step != 1 {
            return Err(PyTypeError::new_err(
                "buffer doesn't support slicing with step != 1",
            ));
        }
        Ok((indices.start.unsigned_abs(), indices.slicelength))
    }
}

#[pymethods]
impl Buffer {
    #[new]
    #[pyo3(signature = (cdata, size = -1))]
    fn new(cdata: &Bound<'_, PyAny>, size: isize) -> PyResult<Buffer> {
        let Some(value) = Value::of(cdata) else {
            return Err(PyTypeError::new_err(format!(
                "argument must be a cdata, not {}",
                type_name(cdata)
            )));
        };
        let name = &value.ctype().get().name;
        if value.ctype().get().item(value.py()).is_none() {
            return Err(PyTypeError::new_err(format!(
                "expected a pointer or array cdata, got '{name}'"
            )));
        }
        let size = match usize::try_from(size) {
            Ok(size) => {
                warn_if_beyond(value, size)?;
                size
            }
            Err(_) => size_behind(value).ok_or_else(|| {
                PyTypeError::new_err(format!("don't know the size pointed to by '{name}'"))
            })?,
        };
        Ok(Buffer {
            at: value.data() as usize,
            size,
            keeps: cdata.clone().unbind(),
        })
    }

    fn __len__(&self) -> usize {
        self.size
    }

    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let (start, length) = match key.cast::<PySlice>() {
            Ok(slice) => self.slice(slice)?,
            Err(_) => (self.index(key, "buffer index out of range")?, 1),
        };
        Ok(PyBytes::new(key.py(), &self.bytes()[start..start + length]))
    }

    fn __setitem__(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(slice) = key.cast::<PySlice>() else {
            let index = self.index(key, "buffer assignment index out of range")?;
            let Ok(&[byte]) = value.cast::<PyBytes>().map(|bytes| bytes.as_bytes()) else {
                return Err(PyTypeError::new_err(format!(
                    "must assign a bytes of length 1, not {}",
                    type_name(value)
                )));
            };
            self.write(index, &[byte]);
            return Ok(());
        };
        let (start, length) = self.slice(slice)?;
        let source = View::of(value, false)?;
        if source.bytes().len() != length {
            return Err(PyValueError::new_err(
                "right operand length must match slice length",
            ));
        }
        self.write(start, source.bytes());
        Ok(())
    }

    fn __delitem__(&self, _key: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "'del x[n]' not supported for buffer objects",
        ))
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, operation: CompareOp) -> PyResult<Py<PyAny>> {
        let py = other.py();
        if other.is_instance_of::<PyString>() {
            return Ok(py.NotImplemented());
        }
        let Ok(other) = View::of(other, false) else {
            return Ok(py.NotImplemented());
        };
        let truth = operation.matches(self.bytes().cmp(other.bytes()));
        Ok(pyo3::types::PyBool::new(py, truth)
            .to_owned()
            .into_any()
            .unbind())
    }

    /// # Safety
    /// Called by the interpreter with a view to fill.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let (at, size) = (slf.get().at, slf.get().size.cast_signed());
        // SAFETY: the view takes a reference to this object, which keeps the memory alive.
        let done =
            unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), at as *mut _, size, 0, flags) };
        if done < 0 {
            Err(PyErr::fetch(slf.py()))
        } else {
            Ok(())
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.keeps)
    }
}

fn size_behind(value: Value<'_, '_>) -> Option<usize> {
    if let Some(size) = value.open_record_size() {
        return Some(size);
    }
    let item = value.ctype().get().item(value.py())?;
    let each = usize::try_from(item.get().size_now()).ok()?;
    Some(if value.ctype().get().is_array() {
        each * value.array_length()
    } else {
        each
    })
}

fn warn_if_beyond(value: Value<'_, '_>, size: usize) -> PyResult<()> {
    if !value.owns() || size <= show::owned_size(value) {
        return Ok(());
    }
    let message = format!(
        "ffi.buffer(cdata, bytes): creating a buffer of {size} bytes over a cdata that owns only \
         {} bytes.  This will crash if you access the extra memory",
        show::owned_size(value)
    );
    let category = value.py().get_type::<PyUserWarning>();
    PyErr::warn(value.py(), &category, &CString::new(message)?, 1)
}

/// A buffer of another object, released in the end.
struct View(ffi::Py_buffer);

impl View {
    fn of(object: &Bound<'_, PyAny>, writable: bool) -> PyResult<View> {
        let flags = if writable {
            ffi::PyBUF_WRITABLE
        } else {
            ffi::PyBUF_SIMPLE
        };
        let mut view = View(ffi::Py_buffer::new());
        // SAFETY: the view is empty; any object may be given.
        unsafe {
            if ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut view.0, flags) < 0 {
                return Err(PyErr::fetch(object.py()));
            }
            if ffi::PyBuffer_IsContiguous(&raw const view.0, b'A' as std::ffi::c_char) == 0 {
                return Err(PyTypeError::new_err("contiguous buffer expected"));
            }
        }
        Ok(view)
    }

    fn bytes(&self) -> &[u8] {
        if self.0.len == 0 {
            return &[];
        }
        // SAFETY: the buffer is contiguous and stays in place while the view exists.
        unsafe { std::slice::from_raw_parts(self.0.buf.cast(), self.0.len.unsigned_abs()) }
    }

    /// Gives the view away; it must be released by the new owner.
    fn into_raw(self) -> ffi::Py_buffer {
        let view = std::mem::ManuallyDrop::new(self);
        // SAFETY: the view is not used, nor dropped, after this.
        unsafe { std::ptr::read(&raw const view.0) }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: releasing an empty view does nothing. Views live while the GIL is held.
        unsafe { ffi::PyBuffer_Release(&raw mut self.0) }
    }
}

/// `from_buffer(ctype, object)`.
///
/// # Errors
/// `TypeError` for an object without a buffer, `ValueError` for one that is too small.
pub fn from_buffer<'py>(
    ctype: Type<'_, 'py>,
    object: &Bound<'py, PyAny>,
    writable: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let of = ctype.get();
    let Some(item) = of.item(ctype.py()) else {
        return Err(PyTypeError::new_err(format!(
            "expected a pointer or array ctype, got '{}'",
            of.name
        )));
    };
    if object.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(
            "from_buffer() cannot return the address of a unicode object",
        ));
    }
    let view = View::of(object, writable)?;
    let given = view.bytes().len();
    let length = match &of.kind {
        Kind::Array {
            length: Some(length),
            ..
        } => {
            let needed = usize::try_from(of.size_now()).unwrap_or(0);
            if given < needed {
                return Err(PyValueError::new_err(format!(
                    "buffer is too small ({given} bytes) for '{}' ({needed} bytes)",
                    of.name
                )));
            }
            *length
        }
        Kind::Array { .. } => {
            let each = usize::try_from(item.get().size_now()).unwrap_or(0);
            given.checked_div(each).ok_or_else(|| {
                PyZeroDivisionError::new_err(format!(
                    "from_buffer('{}', ..): the actual length of the array cannot be computed",
                    of.name
                ))
            })?
        }
        _ => given,
    };
    cdata::from_buffer(ctype, view.into_raw(), length.cast_signed())
}

/// `memmove(dest, src, n)`.
///
/// # Errors
/// `TypeError` for what is neither a pointer, an array nor a buffer; `ValueError` for a negative
/// number.
pub fn memmove(dest: &Bound<'_, PyAny>, src: &Bound<'_, PyAny>, n: isize) -> PyResult<()> {
    let Ok(count) = usize::try_from(n) else {
        return Err(PyValueError::new_err("negative size"));
    };
    let source = Place::of(src, false)?;
    let target = Place::of(dest, true)?;
    for place in [&source, &target] {
        if place.size().is_some_and(|size| size < count) {
            return Err(PyValueError::new_err(
                "right operand length must match slice length",
            ));
        }
    }
    // SAFETY: buffers were checked; for pointers the caller vouches, as in C. Both may overlap.
    unsafe { source.address().copy_to(target.address(), count) };
    Ok(())
}

enum Place {
    Pointer(*mut u8),
    Buffer(View),
}

impl Place {
    fn of(object: &Bound<'_, PyAny>, writable: bool) -> PyResult<Place> {
        let Some(value) = Value::of(object) else {
            return Ok(Place::Buffer(View::of(object, writable)?));
        };
        if value.ctype().get().item(value.py()).is_none() {
            return Err(PyTypeError::new_err(format!(
                "expected a pointer or array ctype, got '{}'",
                value.ctype().get().name
            )));
        }
        Ok(Place::Pointer(value.data()))
    }

    fn address(&self) -> *mut u8 {
        match self {
            Place::Pointer(address) => *address,
            Place::Buffer(view) => view.0.buf.cast(),
        }
    }

    fn size(&self) -> Option<usize> {
        match self {
            Place::Pointer(_) => None,
            Place::Buffer(view) => Some(view.bytes().len()),
        }
    }
}
