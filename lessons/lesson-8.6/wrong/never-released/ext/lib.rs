//! image as an extension module in Rust: a `View` borrows memory from a Python object and gives it back in `drop`.

use std::ffi::{CStr, c_char, c_int, c_void};

use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::ffi::PyObject;
use pyo3::prelude::*;

unsafe extern "C" {
    fn image_mean(pixels: *const u8, size: usize) -> f64;
    fn image_brighten(pixels: *mut u8, size: usize, factor: f64) -> c_int;
    fn image_convolve(
        pixels: *const u8,
        out: *mut u8,
        size: usize,
        width: usize,
        kernel: *const f64,
    ) -> c_int;
    fn image_address(pixels: *const u8) -> usize;
}

/// What the interpreter tells of the memory that it lends. Its functions are exported by every CPython 3; PyO3 declares them
/// for the stable ABI of 3.11 and later only, so we do.
#[repr(C)]
struct RawBuffer {
    buf: *mut c_void,
    obj: *mut PyObject,
    len: isize,
    itemsize: isize,
    readonly: c_int,
    ndim: c_int,
    format: *const c_char,
    shape: *mut isize,
    strides: *mut isize,
    suboffsets: *mut isize,
    internal: *mut c_void,
}

/// Ask for shape, strides and format, writable or not: `PyBUF_RECORDS_RO`.
const RECORDS_RO: c_int = 0x1c;

unsafe extern "C" {
    fn PyObject_CheckBuffer(object: *mut PyObject) -> c_int;
    fn PyObject_GetBuffer(object: *mut PyObject, view: *mut RawBuffer, flags: c_int) -> c_int;
    fn PyBuffer_IsContiguous(view: *const RawBuffer, order: c_char) -> c_int;
}

/// Borrowed memory. Its owner cannot resize it until the view is dropped.
struct View<'py> {
    /// Boxed, because it must not move: an exporter may point into it, as `array` does with its strides.
    raw: Box<RawBuffer>,
    _attached: Python<'py>,
}

impl<'py> View<'py> {
    /// Borrows the memory of `object` as it is, whatever it is.
    fn borrow(object: &Bound<'py, PyAny>) -> PyResult<View<'py>> {
        let mut raw = Box::<RawBuffer>::new_uninit();
        // SAFETY: we are attached, and `raw` has room for what the interpreter writes.
        if unsafe { PyObject_GetBuffer(object.as_ptr(), raw.as_mut_ptr(), RECORDS_RO) } < 0 {
            return Err(PyErr::fetch(object.py()));
        }
        Ok(View {
            // SAFETY: PyObject_GetBuffer has succeeded, so it has filled every field.
            raw: unsafe { raw.assume_init() },
            _attached: object.py(),
        })
    }

    /// Borrows memory that C can take as it is: items of format `code` without gaps.
    fn of(
        operation: &str,
        name: &str,
        object: &Bound<'py, PyAny>,
        code: &CStr,
        writable: bool,
    ) -> PyResult<View<'py>> {
        // SAFETY: we are attached, and `object` is a live object.
        if unsafe { PyObject_CheckBuffer(object.as_ptr()) } == 0 {
            let found = object.get_type().name()?;
            let message = format!("{operation}: {name} is no buffer, but {found}");
            return Err(PyTypeError::new_err(message));
        }
        let view = View::borrow(object)?;
        if view.format() != code {
            let (found, code) = (view.format().to_string_lossy(), code.to_string_lossy());
            let message = format!("{operation}: {name} has items {found}, not {code}");
            return Err(PyTypeError::new_err(message));
        }
        if writable && view.raw.readonly != 0 {
            let message = format!("{operation}: {name} is read-only");
            return Err(PyBufferError::new_err(message));
        }
        if !view.is_contiguous() {
            return Err(PyBufferError::new_err(format!(
                "{operation}: {name} has gaps"
            )));
        }
        Ok(view)
    }

    /// The format of one item; without one it is a byte.
    fn format(&self) -> &CStr {
        if self.raw.format.is_null() {
            return c"B";
        }
        // SAFETY: the exporter keeps a NUL-terminated format as long as the view lives.
        unsafe { CStr::from_ptr(self.raw.format) }
    }

    fn is_contiguous(&self) -> bool {
        // SAFETY: `raw` was filled by the interpreter and not released yet.
        unsafe { PyBuffer_IsContiguous(&*self.raw, b'C' as c_char) != 0 }
    }

    /// Bytes in all, not items.
    fn size(&self) -> usize {
        self.raw.len as usize
    }

    fn items(&self) -> usize {
        (self.raw.len / self.raw.itemsize.max(1)) as usize
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {}
}

/// Turns a status of the library into an exception.
fn check(operation: &str, status: c_int, image: &View) -> PyResult<()> {
    if status >= 0 {
        return Ok(());
    }
    let size = image.size();
    let message = format!("{operation}: refused with {status}, for an image of {size} bytes");
    Err(PyValueError::new_err(message))
}

/// Where C sees the image.
#[pyfunction]
fn address(pixels: &Bound<'_, PyAny>) -> PyResult<usize> {
    let view = View::of("address", "pixels", pixels, c"B", false)?;
    // SAFETY: image_address does not read what it is given.
    Ok(unsafe { image_address(view.raw.buf.cast()) })
}

/// The mean of all pixels.
#[pyfunction]
fn mean(pixels: &Bound<'_, PyAny>) -> PyResult<f64> {
    let view = View::of("mean", "pixels", pixels, c"B", false)?;
    // SAFETY: the view has `size` bytes without gaps, and outlives the call.
    let mean = unsafe { image_mean(view.raw.buf.cast(), view.size()) };
    check("mean", if mean < 0.0 { -1 } else { 0 }, &view)?;
    Ok(mean)
}

/// Multiplies each pixel by `factor`, in place.
#[pyfunction]
fn brighten(pixels: &Bound<'_, PyAny>, factor: f64) -> PyResult<()> {
    let view = View::of("brighten", "pixels", pixels, c"B", true)?;
    // SAFETY: the view has `size` writable bytes without gaps, and outlives the call.
    let status = unsafe { image_brighten(view.raw.buf.cast(), view.size(), factor) };
    check("brighten", status, &view)
}

/// Writes the weighted sum of the nine pixels around each one to `out`.
#[pyfunction]
fn convolve(
    pixels: &Bound<'_, PyAny>,
    out: &Bound<'_, PyAny>,
    width: i64,
    kernel: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let pixels = View::of("convolve", "pixels", pixels, c"B", false)?;
    let out = View::of("convolve", "out", out, c"B", true)?;
    let kernel = View::of("convolve", "kernel", kernel, c"d", false)?;
    let (size, weights) = (pixels.size(), kernel.items());
    if size != out.size() || !(0..=size as i64).contains(&width) || weights != 9 {
        let shape = format!("{size} pixels to {}, {width} wide", out.size());
        let message = format!("convolve: {shape}, with {weights} weights");
        return Err(PyValueError::new_err(message));
    }
    // SAFETY: both images have `size` bytes, `out` is writable, the kernel has nine doubles, and all outlive the call.
    let status = unsafe {
        image_convolve(
            pixels.raw.buf.cast(),
            out.raw.buf.cast(),
            size,
            width as usize,
            kernel.raw.buf.cast(),
        )
    };
    check("convolve", status, &pixels)
}

/// Kernels over grey images.
#[pymodule]
fn _lesson_8_6(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(address, module)?)?;
    module.add_function(wrap_pyfunction!(mean, module)?)?;
    module.add_function(wrap_pyfunction!(brighten, module)?)?;
    module.add_function(wrap_pyfunction!(convolve, module)?)
}
