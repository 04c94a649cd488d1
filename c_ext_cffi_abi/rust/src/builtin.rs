//! Functions that the interpreter calls as they are.
//!
//! Their work takes less time than PyO3's way of taking arguments. Each answers the common case
//! first and leaves all others, errors included, to safe code.

use std::ffi::CStr;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::cdata::{Raw, Value};
use crate::ctype::{CType, Kind, size_of_type};
use crate::ffi_object::Ffi;
use crate::published::{self, void_pointer};
use crate::slots::{borrow, guard_object, new_reference};
use crate::{handles, machine, offsets};

/// Functions of the module.
static FUNCTIONS: Table<5> = Table([
    one(
        c"typeof",
        type_of,
        c"typeof(cdata, /)\n--\n\nThe type of a cdata.",
    ),
    one(
        c"sizeof",
        size_of,
        c"sizeof(cdata_or_ctype, /)\n--\n\nBytes of a value or a type.",
    ),
    FROM_HANDLE,
    none(
        c"get_errno",
        errno,
        c"get_errno()\n--\n\nWhat C left in errno.",
    ),
    END,
]);

/// Methods of `FFI`.
static METHODS: Table<2> = Table([
    one(
        c"typeof",
        Ffi::type_of_raw,
        c"typeof($self, cdecl, /)\n--\n\nThe type that a text names or that a value has.",
    ),
    one(
        c"sizeof",
        Ffi::size_of_raw,
        c"sizeof($self, cdecl, /)\n--\n\nBytes of a type or of a value.",
    ),
]);

/// Functions that are attributes of `FFI` and need no `FFI` object.
static STATIC_METHODS: Table<2> = Table([
    FROM_HANDLE,
    one(
        c"new_handle",
        new_handle,
        c"new_handle(x, /)\n--\n\nA `void *` that stands for a Python object while it lives.",
    ),
]);

const FROM_HANDLE: ffi::PyMethodDef = one(
    c"from_handle",
    from_handle,
    c"from_handle(x, /)\n--\n\nThe object that a handle stands for.",
);

/// What a compiled module answers for names that it does not have.
static LATE: Table<1> = Table([one(
    c"__getattr__",
    late,
    c"__getattr__(name, /)\n--\n\nMakes ffi when it is first asked for.",
)]);

const END: ffi::PyMethodDef = ffi::PyMethodDef::zeroed();

struct Table<const N: usize>([ffi::PyMethodDef; N]);

// SAFETY: constant; the interpreter only reads it.
unsafe impl<const N: usize> Sync for Table<N> {}

impl<const N: usize> Table<N> {
    fn row(&'static self, index: usize) -> *mut ffi::PyMethodDef {
        (&raw const self.0[index]).cast_mut()
    }
}

/// A function of one argument.
const fn one(name: &'static CStr, call: ffi::PyCFunction, text: &'static CStr) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: ffi::METH_O,
        ml_doc: text.as_ptr(),
    }
}

/// A function of no argument.
const fn none(
    name: &'static CStr,
    call: ffi::PyCFunction,
    text: &'static CStr,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_flags: ffi::METH_NOARGS,
        ..one(name, call, text)
    }
}

/// Adds the functions to the module.
///
/// # Errors
/// When memory ends.
pub fn add_functions(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // SAFETY: the table is static and ends with a row of nulls.
    match unsafe { ffi::PyModule_AddFunctions(module.as_ptr(), FUNCTIONS.row(0)) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(module.py())),
    }
}

/// Adds the methods to the class `FFI`.
///
/// # Errors
/// When memory ends.
pub fn add_methods(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    for index in 0..METHODS.0.len() {
        // SAFETY: the rows are static, and written for objects of this class.
        let method = unsafe {
            let made = ffi::PyDescr_NewMethod(class.as_type_ptr(), METHODS.row(index));
            Bound::from_owned_ptr_or_err(py, made)?
        };
        class.setattr(method.getattr("__name__")?.cast_into()?, method)?;
    }
    for index in 0..STATIC_METHODS.0.len() {
        // SAFETY: the rows are static; these functions make no use of an owner.
        let function = unsafe {
            let nobody = std::ptr::null_mut();
            let made = ffi::PyCFunction_NewEx(STATIC_METHODS.row(index), nobody, nobody);
            Bound::from_owned_ptr_or_err(py, made)?
        };
        class.setattr(function.getattr("__name__")?.cast_into()?, function)?;
    }
    Ok(())
}

/// The `__getattr__` of a compiled module: [`crate::published::late`] over `owner`.
///
/// # Errors
/// When memory ends.
pub fn late_attributes<'py>(owner: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the row is static; the function takes its own reference to the owner.
    unsafe {
        let made = ffi::PyCFunction_NewEx(LATE.row(0), owner.as_ptr(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(owner.py(), made)
    }
}

unsafe extern "C" fn late(
    owner: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: the interpreter passes living objects.
        let (owner, name) = unsafe { (borrow(py, &owner), borrow(py, &name)) };
        published::late(owner, name)
    })
}

/// The type of a cdata, as a new reference; null for any other object.
///
/// # Safety
/// `object` is a living object, and the GIL is held.
pub unsafe fn type_of_cdata(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    match unsafe { Raw::of(object) } {
        // SAFETY: a cdata keeps its type alive.
        Some(raw) => unsafe { new_reference(raw.ctype.as_ptr()) },
        None => std::ptr::null_mut(),
    }
}

unsafe extern "C" fn type_of(
    _module: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter passes a living object.
    let found = unsafe { type_of_cdata(object) };
    if !found.is_null() {
        return found;
    }
    guard_object(|_| Err(PyTypeError::new_err("expected a 'cdata' object")))
}

/// The size of a cdata as an int.
///
/// # Errors
/// When memory ends.
pub fn size_of_cdata<'py>(value: Value<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    let size = offsets::size_of_value(value);
    // SAFETY: makes a new object.
    unsafe { Bound::from_owned_ptr_or_err(value.py(), ffi::PyLong_FromSsize_t(size)) }
}

unsafe extern "C" fn size_of(
    _module: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: the interpreter passes a living object.
        let object = unsafe { borrow(py, &object) };
        if let Some(value) = Value::of(object) {
            return size_of_cdata(value);
        }
        let Ok(ctype) = object.cast::<CType>() else {
            return Err(PyTypeError::new_err("expected a 'cdata' or 'ctype' object"));
        };
        match size_of_type(ctype)? {
            size if size >= 0 => Ok(size.into_pyobject(py)?.into_any()),
            _ => Err(PyValueError::new_err(format!(
                "ctype '{}' is of unknown size",
                ctype.get().name
            ))),
        }
    })
}

unsafe extern "C" fn from_handle(
    _owner: *mut ffi::PyObject,
    handle: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter passes a living object. Where a `void *` that is not null points to,
    // the caller of `from_handle` vouches for.
    unsafe {
        if let Some(raw) = Raw::of(handle)
            && let Kind::Pointer { item, .. } = &raw.ctype.get().kind
            && matches!(item.get().kind, Kind::Void)
            && !raw.data.is_null()
            && let Some(target) = handles::target_at(raw.data.cast())
        {
            return new_reference(target);
        }
    }
    // SAFETY: as above.
    guard_object(|py| handles::target(Value::expect(unsafe { borrow(py, &handle) })?))
}

unsafe extern "C" fn new_handle(
    _owner: *mut ffi::PyObject,
    target: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter passes a living object.
    guard_object(|py| handles::new(void_pointer(py)?, unsafe { borrow(py, &target) }))
}

unsafe extern "C" fn errno(
    _module: *mut ffi::PyObject,
    _nothing: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: makes a new object.
    unsafe { ffi::PyLong_FromLong(machine::errno().into()) }
}
