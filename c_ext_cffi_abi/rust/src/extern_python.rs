//! `extern "Python"`: C functions whose body is attached at run time.
//!
//! The C function is compiled into the module. It packs its arguments into entries of eight bytes
//! and calls [`call_python`], which finds the Python function in the module's [`Slot`].

use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::callback::{Body, Fallback};
use crate::ctype::{CType, Kind, Type};
use crate::machine;
use crate::primitive::Class;
use crate::slots::attached;

/// Bytes between two arguments.
const ENTRY: usize = 8;
/// Up to so many arguments need no allocation.
const FEW: usize = 8;

/// A function's place in the compiled module; stock cffi's modules have the same layout.
#[repr(C)]
pub struct Slot {
    /// `module.function`.
    pub name: *const c_char,
    result_size: usize,
    /// An owned reference to an [`Attached`], or null.
    attached: AtomicPtr<ffi::PyObject>,
    unused: *mut c_void,
}

/// What `def_extern` attaches.
#[pyclass(frozen, module = "_cffi_backend", name = "__ExternPython")]
struct Attached {
    ctype: Py<CType>,
    callable: Py<PyAny>,
    onerror: Option<Py<PyAny>>,
    fallback: Fallback,
}

#[pymethods]
impl Attached {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.ctype)?;
        visit.call(&self.callable)?;
        visit.call(&self.onerror)
    }
}

/// Attaches `callable` to the C function behind `slot`; an earlier one is let go.
///
/// # Safety
/// `slot` is that of a function of type `ctype` in a module that stays loaded.
///
/// # Errors
/// As for a callback.
pub unsafe fn attach<'py>(
    slot: *mut Slot,
    ctype: Type<'_, 'py>,
    callable: &Bound<'py, PyAny>,
    error: Option<&Bound<'py, PyAny>>,
    onerror: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let fallback = Fallback::new(ctype, callable, error, onerror)?;
    let attached = Attached {
        ctype: ctype.clone().unbind(),
        callable: callable.clone().unbind(),
        onerror: onerror.cloned().map(Bound::unbind),
        fallback,
    };
    let attached = Bound::new(ctype.py(), attached)?;
    // SAFETY: the caller's promise. The slot owns the new reference and gives the old one back.
    unsafe {
        let before = (*slot).attached.swap(attached.into_ptr(), Ordering::AcqRel);
        drop(Bound::from_owned_ptr_or_opt(ctype.py(), before));
    }
    Ok(())
}

/// Entered by the compiled function from any thread, with or without the GIL. `entries` holds the
/// arguments and takes the result; records and `long double` come as addresses.
///
/// # Safety
/// `slot` and `entries` are those of the compiled function.
pub unsafe extern "C" fn call_python(slot: *mut Slot, entries: *mut c_char) {
    machine::save_errno();
    // SAFETY: the caller's promise.
    let slot = unsafe { &*slot };
    if slot.attached.load(Ordering::Acquire).is_null() {
        // SAFETY: the module's own string.
        let name = unsafe { CStr::from_ptr(slot.name) }.to_string_lossy();
        eprintln!(
            "extern \"Python\": function {name}() called, but no code was attached to it yet \
             with @ffi.def_extern().  Returning 0."
        );
        // SAFETY: the entries have room for the result.
        unsafe { entries.cast::<u8>().write_bytes(0, slot.result_size) };
    } else {
        // SAFETY: balanced below. C code may have been entered from a call that PyO3 believes to
        // hold the GIL, so PyO3 alone would not acquire it.
        let state = unsafe { ffi::PyGILState_Ensure() };
        attached(|py| {
            // SAFETY: read anew with the GIL, under which the slot changes; a reference of our own
            // keeps it should the function attach another.
            let body =
                unsafe { Bound::from_borrowed_ptr(py, slot.attached.load(Ordering::Acquire)) };
            // SAFETY: `attach` stores nothing else.
            let body = unsafe { body.cast_unchecked::<Attached>() };
            // SAFETY: the entries are those of a function of this type.
            unsafe { run(body, entries.cast()) };
        });
        // SAFETY: as above.
        unsafe { ffi::PyGILState_Release(state) };
    }
    machine::restore_errno();
}

/// # Safety
/// `entries` hold the arguments of the attached function's type.
unsafe fn run(attached: &Bound<'_, Attached>, entries: *mut u8) {
    let (py, attached) = (attached.py(), attached.get());
    let ctype = attached.ctype.bind(py);
    let Kind::Function(function) = &ctype.get().kind else {
        return;
    };
    let place = |(index, argument): (usize, &Py<CType>)| {
        let entry = entries.wrapping_add(index * ENTRY);
        if by_address(argument.bind(py)) {
            // SAFETY: such an entry holds an address.
            unsafe { entry.cast::<*mut c_void>().read() }
        } else {
            entry.cast()
        }
    };
    let count = function.arguments.len();
    let each = function.arguments.iter().enumerate();
    let mut few = [std::ptr::null_mut(); FEW];
    let many: Vec<*mut c_void>;
    let places = if count <= FEW {
        for one in each {
            few[one.0] = place(one);
        }
        &few[..count]
    } else {
        many = each.map(place).collect();
        &many
    };
    let body = Body {
        function,
        callable: attached.callable.bind(py),
        onerror: attached.onerror.as_ref().map(|one| one.bind(py)),
        fallback: &attached.fallback,
    };
    body.run(places, entries.cast());
}

fn by_address(ctype: Type<'_, '_>) -> bool {
    match &ctype.get().kind {
        Kind::Record(_) => true,
        Kind::Primitive(primitive) => primitive.class == Class::LongDouble,
        _ => false,
    }
}
