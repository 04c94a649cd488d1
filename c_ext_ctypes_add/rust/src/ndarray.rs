//! NumPy arrays for arguments that are declared by `numpy.ctypeslib.ndpointer`.
//!
//! The class that `ndpointer` makes checks an array in Python and hands it over through two more
//! objects. Where its `from_param` is NumPy's own, the same checks are made here, on the fields of
//! the array object, whose layout is part of NumPy's binary interface.

use std::ffi::{c_int, c_void};

use pyo3::ffi;

use crate::py::{self, Name, Obj, name};

/// The beginning of an array object.
#[repr(C)]
struct Fields {
    base: ffi::PyObject,
    data: *mut c_void,
    dimensions: c_int,
    shape: *mut isize,
    strides: *mut isize,
    owner: *mut ffi::PyObject,
    dtype: *mut ffi::PyObject,
    flags: c_int,
}

/// What an array must be like.
pub(crate) struct Pattern {
    class: Obj,
    dtype: Option<Obj>,
    dimensions: Option<c_int>,
    flags: c_int,
}

impl Pattern {
    /// The pattern of a class made by `ndpointer`; `None` for any other, and for patterns that fix
    /// the shape.
    pub(crate) fn of(ty: &Obj, converter: &Obj) -> Option<Pattern> {
        if !is_of_numpy(ty, converter) {
            return None;
        }
        let made = Pattern::read(ty);
        // Whatever is not as expected leaves the checks to NumPy.
        py::clear_error();
        made.filter(Pattern::agrees_with_numpy)
    }

    fn read(ty: &Obj) -> Option<Pattern> {
        let attribute = |name: &Name| -> Option<Option<Obj>> {
            let value = ty.getattr(name).ok()?;
            Some((!value.is_none()).then_some(value))
        };
        let number = |value: Option<Obj>| -> Option<Option<c_int>> {
            match value {
                None => Some(None),
                Some(value) => c_int::try_from(value.to_isize().ok()?).ok().map(Some),
            }
        };
        if attribute(name!(c"_shape_"))?.is_some() {
            return None;
        }
        Some(Pattern {
            class: py::import(c"numpy").ok()?.getattr(name!(c"ndarray")).ok()?,
            dtype: attribute(name!(c"_dtype_"))?,
            dimensions: number(attribute(name!(c"_ndim_"))?)?,
            flags: number(attribute(name!(c"_flags_"))?)?.unwrap_or(0),
        })
    }

    /// Compares what we read in an array with what NumPy says of it.
    fn agrees_with_numpy(&self) -> bool {
        let check = || -> py::Res<bool> {
            let shape = py::tuple(&[&py::int(2)?, &py::int(3)?])?;
            let array = py::import(c"numpy")?
                .getattr(name!(c"zeros"))?
                .call_one(&shape)?;
            if array.type_ptr().cast() != self.class.ptr() {
                return Ok(false);
            }
            let data = array
                .getattr(name!(c"ctypes"))?
                .getattr(name!(c"data"))?
                .to_address()?;
            let flags = array
                .getattr(name!(c"flags"))?
                .getattr(name!(c"num"))?
                .to_isize()?;
            let dtype = array.getattr(name!(c"dtype"))?;
            let fields = fields(&array);
            Ok(fields.data == data
                && fields.dimensions == 2
                && fields.flags as isize == flags
                && fields.dtype == dtype.ptr())
        };
        check().unwrap_or_else(|py::Raised| {
            py::clear_error();
            false
        })
    }

    /// The address of the data of an array that fits; `None` leaves it to NumPy, for better or for
    /// an exception.
    #[inline]
    pub(crate) fn address(&self, value: &Obj) -> Option<*mut c_void> {
        if value.type_ptr().cast() != self.class.ptr() {
            return None;
        }
        let fields = fields(value);
        let fits = fields.flags & self.flags == self.flags
            && self
                .dimensions
                .is_none_or(|wanted| fields.dimensions == wanted)
            && self
                .dtype
                .as_ref()
                .is_none_or(|wanted| fields.dtype == wanted.ptr());
        fits.then_some(fields.data)
    }
}

/// The fields of an array, which the caller has checked to be one.
fn fields(array: &Obj) -> &Fields {
    // SAFETY: an exact array; the layout is NumPy's binary interface. Nothing changes an array while
    // the interpreter is held by this thread.
    unsafe { &*array.ptr().cast::<Fields>() }
}

/// Whether a converter is NumPy's `_ndptr.from_param`, bound to the class.
fn is_of_numpy(ty: &Obj, converter: &Obj) -> bool {
    let is_bound = converter
        .getattr(name!(c"__self__"))
        .is_ok_and(|bound| bound.is(ty));
    let says = |name: &Name, wanted: &[&str]| {
        let value = converter.getattr(name).ok().filter(Obj::is_str);
        value.is_some_and(|value| value.as_str().is_ok_and(|text| wanted.contains(&text)))
    };
    let modules = ["numpy.ctypeslib", "numpy.ctypeslib._ctypeslib"];
    let found = is_bound
        && says(name!(c"__qualname__"), &["_ndptr.from_param"])
        && says(name!(c"__module__"), &modules);
    py::clear_error();
    found
}
