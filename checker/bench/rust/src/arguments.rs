//! Reads arguments. Whoever calls holds the GIL, and every object pointer is a living object.

use std::ffi::{c_char, c_long};
use std::mem::MaybeUninit;
use std::ptr;

use pyo3::ffi::{self, Py_ssize_t, PyObject};

/// An exception is set.
#[derive(Debug)]
pub struct Raised;

/// What a function gets: borrowed references to its arguments.
pub struct Arguments {
    first: *const *mut PyObject,
    count: Py_ssize_t,
}

impl Arguments {
    /// # Safety
    /// As the interpreter calls a METH_FASTCALL function: `count` living objects, for the time of the call.
    pub unsafe fn new(first: *const *mut PyObject, count: Py_ssize_t) -> Self {
        Self { first, count }
    }

    /// Exactly `N` arguments.
    pub fn exactly<const N: usize>(&self) -> Result<[*mut PyObject; N], Raised> {
        if self.count != N as Py_ssize_t {
            return Err(miscounted(N as Py_ssize_t, self.count));
        }
        // SAFETY: there are N, as was just seen.
        Ok(unsafe { *self.first.cast::<[*mut PyObject; N]>() })
    }
}

#[cold]
fn miscounted(expected: Py_ssize_t, got: Py_ssize_t) -> Raised {
    let form = c"expected %zd arguments, got %zd";
    // SAFETY: the GIL is held; the format takes two sizes.
    unsafe { ffi::PyErr_Format(ffi::PyExc_TypeError, form.as_ptr(), expected, got) };
    Raised
}

/// Sets an exception with this text.
#[cold]
pub fn raise(class: *mut PyObject, text: &std::ffi::CStr) -> Raised {
    // SAFETY: the GIL is held, and the class is one of the interpreter's own.
    unsafe { ffi::PyErr_SetString(class, text.as_ptr()) };
    Raised
}

fn check<T>(value: T, suspicious: bool) -> Result<T, Raised> {
    // SAFETY: the GIL is held.
    if suspicious && !unsafe { ffi::PyErr_Occurred() }.is_null() {
        return Err(Raised);
    }
    Ok(value)
}

/// An int within the range of `T`.
pub fn integer<T: TryFrom<c_long>>(object: *mut PyObject) -> Result<T, Raised> {
    // SAFETY: a living object, see above.
    let value = unsafe { ffi::PyLong_AsLong(object) };
    let value = check(value, value == -1)?;
    // SAFETY: the class lives as long as the interpreter.
    T::try_from(value)
        .map_err(|_| raise(unsafe { ffi::PyExc_OverflowError }, c"integer out of range"))
}

/// A float.
pub fn float(object: *mut PyObject) -> Result<f64, Raised> {
    // SAFETY: a living object, see above; an exact float is read in place.
    let value = unsafe {
        if ffi::PyFloat_CheckExact(object) != 0 {
            return Ok(ffi::PyFloat_AS_DOUBLE(object));
        }
        ffi::PyFloat_AsDouble(object)
    };
    check(value, value == -1.0)
}

/// The text of a bytes object without a zero byte in it.
pub fn text(object: *mut PyObject) -> Result<*const c_char, Raised> {
    let mut text = ptr::null_mut();
    // SAFETY: a living object, see above; without a place for the length, a zero byte is refused.
    match unsafe { ffi::PyBytes_AsStringAndSize(object, &mut text, ptr::null_mut()) } {
        0 => Ok(text),
        _ => Err(Raised),
    }
}

/// Where an object describes the memory that it lends. It is filled in place: moving one costs more than reading it.
pub type View = MaybeUninit<ffi::Py_buffer>;

/// Memory that an object lends, until this is dropped.
pub struct Lent<'a>(&'a mut ffi::Py_buffer);

impl<'a> Lent<'a> {
    /// # Errors
    /// When the object does not lend contiguous memory of this format.
    pub fn of(
        object: *mut PyObject,
        view: &'a mut View,
        flags: i32,
        format: u8,
    ) -> Result<Self, Raised> {
        let flags = flags | ffi::PyBUF_FORMAT | ffi::PyBUF_C_CONTIGUOUS;
        // SAFETY: a living object, see above; the view is ours to fill.
        if unsafe { ffi::PyObject_GetBuffer(object, view.as_mut_ptr(), flags) } != 0 {
            return Err(Raised);
        }
        // SAFETY: it was filled.
        let lent = Self(unsafe { view.assume_init_mut() });
        // SAFETY: the format, if there is one, is a C string that lives as long as the view.
        let matches =
            !lent.0.format.is_null() && unsafe { *lent.0.format.cast::<[u8; 2]>() } == [format, 0];
        match matches {
            true => Ok(lent),
            // SAFETY: the class lives as long as the interpreter.
            false => Err(raise(
                unsafe { ffi::PyExc_TypeError },
                c"memory of another format",
            )),
        }
    }

    /// Where it lies.
    pub fn start<T>(&self) -> *mut T {
        self.0.buf.cast()
    }

    /// How many items of this type it has.
    pub fn count<T>(&self) -> usize {
        self.0.len as usize / size_of::<T>()
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // SAFETY: the view was filled, and is released once, with the GIL held.
        unsafe { ffi::PyBuffer_Release(self.0) };
    }
}

/// The floats of a list, copied.
pub struct Numbers {
    start: *mut f64,
    count: usize,
}

impl Numbers {
    /// # Errors
    /// When it is no list, an item is no number, or there is no memory.
    pub fn of(list: *mut PyObject) -> Result<Self, Raised> {
        // SAFETY: a living object, see above. The length is read anew for each item, because reading one may run Python
        // code; it never writes behind the memory that was asked for.
        unsafe {
            if ffi::PyList_Check(list) == 0 {
                return Err(raise(ffi::PyExc_TypeError, c"expected a list"));
            }
            let room = ffi::PyList_GET_SIZE(list) as usize;
            let start = ffi::PyMem_Malloc(room * size_of::<f64>()).cast::<f64>();
            if start.is_null() {
                ffi::PyErr_NoMemory();
                return Err(Raised);
            }
            let mut made = Self { start, count: 0 };
            while made.count < room && made.count < ffi::PyList_GET_SIZE(list) as usize {
                let item = ffi::PyList_GET_ITEM(list, made.count as Py_ssize_t);
                start.add(made.count).write(float(item)?);
                made.count += 1;
            }
            Ok(made)
        }
    }

    /// Where they lie.
    pub fn start(&self) -> *const f64 {
        self.start
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        // SAFETY: the memory is ours, and is freed once, with the GIL held.
        unsafe { ffi::PyMem_Free(self.start.cast()) };
    }
}
