//! A ring lends its slots: a class of PyO3, and above it a type with the two slots of the buffer protocol.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, NonNull};

use pyo3::exceptions::{PyBufferError, PyMemoryError, PyTypeError, PyValueError};
use pyo3::ffi::{Py_TPFLAGS_BASETYPE, Py_TPFLAGS_DEFAULT, PyObject, PyType_Slot, PyType_Spec};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

// region: ffi
/// ring.h as Rust sees it, and what PyO3 declares for the stable ABI of 3.11 and later only. The interpreter has had it since 3.9.
mod ffi {
    use std::ffi::{c_char, c_int, c_void};
    use std::marker::{PhantomData, PhantomPinned};

    use pyo3::ffi::PyObject;

    /// Opaque: only pointers to it exist, and no thread may take it along unasked.
    #[repr(C)]
    pub struct Ring {
        _opaque: [u8; 0],
        _marker: PhantomData<(*mut u8, PhantomPinned)>,
    }

    unsafe extern "C" {
        pub fn ring_new(capacity: usize, made: *mut *mut Ring) -> c_int;
        pub fn ring_free(ring: *mut Ring) -> c_int;
        pub fn ring_resize(ring: *mut Ring, capacity: usize) -> c_int;
        pub fn ring_write(ring: *mut Ring, samples: *const i16, count: usize) -> c_int;
        pub fn ring_read(ring: *mut Ring, samples: *mut i16, count: usize) -> c_int;
        pub fn ring_lend(ring: *mut Ring) -> *mut i16;
        pub fn ring_return(ring: *mut Ring) -> c_int;
        pub fn ring_capacity(ring: *const Ring) -> usize;
        pub fn ring_count(ring: *const Ring) -> usize;
        pub fn ring_lent(ring: *const Ring) -> usize;
        pub fn ring_bytes() -> i64;
        pub fn ring_text(code: c_int) -> *const c_char;
    }

    /// `Py_buffer`: what an exporter fills and a consumer reads.
    #[repr(C)]
    pub struct RawBuffer {
        pub buf: *mut c_void,
        pub obj: *mut PyObject,
        pub len: isize,
        pub itemsize: isize,
        pub readonly: c_int,
        pub ndim: c_int,
        pub format: *const c_char,
        pub shape: *mut isize,
        pub strides: *mut isize,
        pub suboffsets: *mut isize,
        pub internal: *mut c_void,
    }

    pub const BF_GETBUFFER: c_int = 1;
    pub const BF_RELEASEBUFFER: c_int = 2;
    pub const FORMAT: c_int = 0x04;
    pub const ND: c_int = 0x08;
    pub const STRIDES: c_int = 0x10 | ND;
    pub const RECORDS_RO: c_int = STRIDES | FORMAT;

    unsafe extern "C" {
        pub fn PyObject_CheckBuffer(object: *mut PyObject) -> c_int;
        pub fn PyObject_GetBuffer(object: *mut PyObject, view: *mut RawBuffer, f: c_int) -> c_int;
        pub fn PyBuffer_IsContiguous(view: *const RawBuffer, order: c_char) -> c_int;
        pub fn PyBuffer_Release(view: *mut RawBuffer);
    }
}
// endregion

/// Borrowed memory. Its owner cannot resize it until this is dropped.
struct Taken<'py> {
    /// Boxed, because it must not move: an exporter may point into it, as `array` does with its strides.
    raw: Box<ffi::RawBuffer>,
    _attached: Python<'py>,
}

impl<'py> Taken<'py> {
    /// Borrows items of format h without gaps.
    fn of(operation: &str, object: &Bound<'py, PyAny>, writable: bool) -> PyResult<Taken<'py>> {
        // SAFETY: we are attached, and `object` is a live object.
        if unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) } == 0 {
            let found = object.get_type().name()?;
            let message = format!("{operation}: no buffer, but {found}");
            return Err(PyTypeError::new_err(message));
        }
        let mut raw = Box::<ffi::RawBuffer>::new_uninit();
        // SAFETY: we are attached, and `raw` has room for what the interpreter writes.
        if unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), raw.as_mut_ptr(), ffi::RECORDS_RO) }
            < 0
        {
            return Err(PyErr::fetch(object.py()));
        }
        let taken = Taken {
            // SAFETY: PyObject_GetBuffer has succeeded, so it has filled every field.
            raw: unsafe { raw.assume_init() },
            _attached: object.py(),
        };
        taken.look(operation, writable)?;
        Ok(taken)
    }

    /// Refuses what C cannot take as it is.
    fn look(&self, operation: &str, writable: bool) -> PyResult<()> {
        let format = if self.raw.format.is_null() {
            c"B"
        } else {
            // SAFETY: the exporter keeps a NUL-terminated format as long as it lends.
            unsafe { CStr::from_ptr(self.raw.format) }
        };
        // SAFETY: `raw` was filled by the interpreter and not released yet.
        let contiguous = unsafe { ffi::PyBuffer_IsContiguous(&*self.raw, b'C' as c_char) } != 0;
        if format != c"h" {
            let found = format.to_string_lossy();
            let message = format!("{operation}: items {found}, not h");
            Err(PyTypeError::new_err(message))
        } else if writable && self.raw.readonly != 0 {
            let message = format!("{operation}: the buffer is read-only");
            Err(PyBufferError::new_err(message))
        } else if !contiguous {
            let message = format!("{operation}: the buffer has gaps");
            Err(PyBufferError::new_err(message))
        } else {
            Ok(())
        }
    }

    fn samples(&self) -> *mut i16 {
        self.raw.buf.cast()
    }

    fn count(&self) -> usize {
        self.raw.len as usize / size_of::<i16>()
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        // SAFETY: PyObject_GetBuffer has filled it; it is dropped once, while we are attached.
        unsafe { ffi::PyBuffer_Release(&mut *self.raw) }
    }
}

/// Turns a code of the library into an exception that names operation and object.
fn check(operation: &str, code: c_int, slots: isize) -> PyResult<()> {
    if code == 0 {
        return Ok(());
    }
    // SAFETY: the text is static, ends with a NUL and is ASCII.
    let text = unsafe { CStr::from_ptr(ffi::ring_text(code)) }.to_string_lossy();
    let message = format!("{operation}: {text} (code {code}): ring of {slots} slots");
    Err(match code {
        -5 => PyBufferError::new_err(message),
        -6 => PyMemoryError::new_err(message),
        _ => PyValueError::new_err(message),
    })
}

// region: class
/// What a ring can do but lend. It owns the ring of C.
#[pyclass(subclass, frozen, name = "_Ring")]
struct Ring {
    ring: NonNull<ffi::Ring>,
    /// Shape and strides, for views to point to; as they are while slots are lent.
    layout: UnsafeCell<[isize; 2]>,
}
// endregion

// SAFETY: ring wants one thread at a time; a thread that is attached is alone.
unsafe impl Send for Ring {}
// SAFETY: as above.
unsafe impl Sync for Ring {}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: this is the only owner. Each view owns a reference to the object, so none is out.
        unsafe { ffi::ring_free(self.ring.as_ptr()) };
    }
}

#[pymethods]
impl Ring {
    #[new]
    fn new(capacity: isize) -> PyResult<Ring> {
        let mut made = ptr::null_mut();
        // C refuses 0, and has no number below. SAFETY: the place is ours.
        let code = unsafe { ffi::ring_new(capacity.max(0) as usize, &raw mut made) };
        check("Ring", code, capacity)?;
        let ring = NonNull::new(made).expect("ring_new answers 0 and a ring");
        let layout = UnsafeCell::default();
        Ok(Ring { ring, layout })
    }

    /// How many slots there are.
    #[getter]
    fn capacity(&self) -> usize {
        // SAFETY: the ring lives as long as self.
        unsafe { ffi::ring_capacity(self.ring.as_ptr()) }
    }

    /// How many loans have not come back.
    #[getter]
    fn lent(&self) -> usize {
        // SAFETY: the ring lives as long as self.
        unsafe { ffi::ring_lent(self.ring.as_ptr()) }
    }

    fn __len__(&self) -> usize {
        // SAFETY: the ring lives as long as self.
        unsafe { ffi::ring_count(self.ring.as_ptr()) }
    }

    /// Copy samples in, all or none: any buffer of items `h` without gaps.
    fn write(&self, samples: &Bound<'_, PyAny>) -> PyResult<()> {
        let taken = Taken::of("write", samples, false)?;
        // SAFETY: the buffer has `count` samples, and outlives the call.
        let code = unsafe { ffi::ring_write(self.ring.as_ptr(), taken.samples(), taken.count()) };
        check("write", code, self.capacity() as isize)
    }

    /// Fill a writable buffer with the oldest samples, and forget them.
    fn read_into(&self, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let taken = Taken::of("read_into", out, true)?;
        // SAFETY: the buffer has room for `count` samples, is writable, and outlives the call.
        let code = unsafe { ffi::ring_read(self.ring.as_ptr(), taken.samples(), taken.count()) };
        check("read_into", code, self.capacity() as isize)
    }

    /// Return all samples as bytes of their own, and forget them.
    fn read<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let count = self.__len__();
        PyBytes::new_with(py, count * size_of::<i16>(), |copy| {
            // SAFETY: the bytes have room for `count` samples.
            let code =
                unsafe { ffi::ring_read(self.ring.as_ptr(), copy.as_mut_ptr().cast(), count) };
            check("read", code, self.capacity() as isize)
        })
    }

    /// Move the samples to `capacity` new slots; refused while any are lent.
    fn resize(&self, capacity: isize) -> PyResult<()> {
        // C refuses 0, and has no number below. SAFETY: the ring lives as long as self.
        let code = unsafe { ffi::ring_resize(self.ring.as_ptr(), capacity.max(0) as usize) };
        check("resize", code, self.capacity() as isize)
    }

    /// Lend all slots: a memoryview of items `h`, nothing is copied.
    fn view<'py>(this: &Bound<'py, Ring>) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: we are attached, and `this` is a live object; the memoryview is ours.
        unsafe {
            Bound::from_owned_ptr_or_err(
                this.py(),
                pyo3::ffi::PyMemoryView_FromObject(this.as_ptr()),
            )
        }
    }
}

// region: lending
/// The exporter: fills `view` for whoever asks for our memory. What `flags` does not ask for has to be NULL.
///
/// # Safety
/// The interpreter calls it: attached, with a `Ring`, and with room for a buffer.
unsafe extern "C" fn getbuffer(
    object: *mut PyObject,
    view: *mut ffi::RawBuffer,
    flags: c_int,
) -> c_int {
    // SAFETY: we are attached, and only `Ring` and what inherits from it has this slot.
    let this = unsafe { ring_of(object) };
    let (ring, layout) = (this.get().ring.as_ptr(), this.get().layout.get());
    let (slots, size) = (this.get().capacity() as isize, size_of::<i16>() as isize);
    // SAFETY: nobody has a reference into it, and what views find there has not changed since they were made.
    unsafe { layout.write([slots, size]) };
    // task: lend
    let loan = ffi::RawBuffer {
        // SAFETY: the ring lives as long as the object.
        buf: unsafe { ffi::ring_lend(ring) }.cast(),
        obj: this.into_ptr(), // a reference, owned by the view; PyBuffer_Release lets it go
        len: slots * size,    // bytes
        itemsize: size,
        readonly: 0,
        ndim: 1,
        format: asked(flags, ffi::FORMAT, c"h".as_ptr().cast_mut()),
        shape: asked(flags, ffi::ND, layout.cast()),
        strides: asked(flags, ffi::STRIDES, layout.cast::<isize>().wrapping_add(1)),
        suboffsets: ptr::null_mut(),
        internal: ptr::null_mut(),
    };
    // SAFETY: the interpreter has room for it.
    unsafe { view.write(loan) };
    0
    // starter:
    //| // TODO 1: write a whole `ffi::RawBuffer` to `view`, for what is not written is rubbish: the slots, how many
    //| // bytes, in which format, and shape and strides, if asked. Who keeps the ring alive while somebody looks?
    //| // Until then we refuse, which leaves NULL in `obj`.
    //| let _ = (ring, flags, asked::<isize>, ffi::FORMAT, ffi::STRIDES);
    //| let _ = ffi::ring_lend;
    //| // SAFETY: the interpreter has room for it.
    //| unsafe { (*view).obj = ptr::null_mut() };
    //| PyBufferError::new_err("TODO: lend the slots").restore(this.py());
    //| -1
    // endtask
}

/// What was asked for, or NULL.
fn asked<T>(flags: c_int, flag: c_int, what: *mut T) -> *mut T {
    if flags & flag == flag {
        what
    } else {
        ptr::null_mut()
    }
}

/// A view has ended. Its reference to the object is not ours to release.
///
/// # Safety
/// The interpreter calls it: attached, once for each view that `getbuffer` has filled.
unsafe extern "C" fn releasebuffer(object: *mut PyObject, _view: *mut ffi::RawBuffer) {
    // task: return
    // SAFETY: we are attached, and only rings have this slot; the ring lives as long as the object.
    unsafe { ffi::ring_return(ring_of(object).get().ring.as_ptr()) };
    // starter:
    //| // TODO 2: end the loan.
    //| let _ = (object, ffi::ring_return);
    // endtask
}

/// The object whose slot was called.
///
/// # Safety
/// We are attached, and `object` is a `Ring`.
unsafe fn ring_of<'py>(object: *mut PyObject) -> Bound<'py, Ring> {
    // SAFETY: the caller knows it.
    unsafe { Bound::from_borrowed_ptr(Python::assume_attached(), object).cast_into_unchecked() }
}
// endregion

// region: slots
/// Makes `Ring`: the class above, and two slots more.
fn lending(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let slot = |slot, pfunc| PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::BF_GETBUFFER, getbuffer as *mut c_void),
        slot(ffi::BF_RELEASEBUFFER, releasebuffer as *mut c_void),
        slot(0, ptr::null_mut()),
    ];
    let mut spec = PyType_Spec {
        name: c"_lesson_9_5.Ring".as_ptr(),
        basicsize: 0, // as large as the base
        itemsize: 0,
        flags: (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE) as _,
        slots: slots.as_mut_ptr(),
    };
    let bases = PyTuple::new(py, [py.get_type::<Ring>()])?; // 3.9 takes nothing but a tuple
    // SAFETY: the name is static, the interpreter copies the rest; the base is a live type, and the new one ours.
    unsafe {
        Bound::from_owned_ptr_or_err(
            py,
            pyo3::ffi::PyType_FromSpecWithBases(&raw mut spec, bases.as_ptr()),
        )
    }
}
// endregion

/// Return how many bytes all rings have in C.
#[pyfunction]
fn bytes_held() -> i64 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { ffi::ring_bytes() }
}

/// Rings of samples.
#[pymodule(gil_used = true)]
fn _lesson_9_5(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("Ring", lending(module.py())?)?;
    module.add_function(wrap_pyfunction!(bytes_held, module)?)
}
