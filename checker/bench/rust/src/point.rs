//! `Point`: a heap type with two members, made by vectorcall.

use std::ffi::{CStr, c_void};
use std::mem::offset_of;
use std::ptr;

use pyo3::ffi::{self, PyMemberDef, PyObject, PyTypeObject};

use crate::arguments::{Arguments, Raised, float, raise};
use crate::c;
use crate::module::Given;

#[repr(C)]
struct PointObject {
    head: PyObject,
    value: c::Point,
}

/// The type lives as long as the process: it is written once, when the module is made.
static TYPE: Given<*mut PyTypeObject> = Given::new(ptr::null_mut());

fn type_() -> *mut PyTypeObject {
    // SAFETY: the GIL is held wherever there is a Point.
    unsafe { *TYPE.pointer() }
}

const fn member(name: &'static CStr, offset: usize) -> PyMemberDef {
    PyMemberDef {
        name: name.as_ptr(),
        type_code: ffi::Py_T_DOUBLE,
        offset: (offset_of!(PointObject, value) + offset) as ffi::Py_ssize_t,
        flags: 0,
        doc: ptr::null(),
    }
}

static MEMBERS: Given<[PyMemberDef; 3]> = Given::new([
    member(c"x", offset_of!(c::Point, x)),
    member(c"y", offset_of!(c::Point, y)),
    PyMemberDef {
        name: ptr::null(),
        type_code: 0,
        offset: 0,
        flags: 0,
        doc: ptr::null(),
    },
]);

/// Makes the type; a new reference.
pub fn make_type() -> Result<*mut PyObject, Raised> {
    let slot = |slot, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_members, MEMBERS.pointer().cast()),
        slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
        slot(0, ptr::null_mut()),
    ];
    let mut spec = ffi::PyType_Spec {
        name: c"_rust_bench.Point".as_ptr(),
        basicsize: size_of::<PointObject>() as i32,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as u32,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the spec is complete and its slots end with the zero slot; the members live as long as the process, and
    // so does the type, which keeps the reference of TYPE. Nobody has seen it when its vectorcall is set.
    unsafe {
        let made = ffi::PyType_FromSpec(&mut spec);
        if made.is_null() {
            return Err(Raised);
        }
        (*made.cast::<PyTypeObject>()).tp_vectorcall = Some(vectorcall);
        ffi::Py_INCREF(made);
        *TYPE.pointer() = made.cast();
        Ok(made)
    }
}

/// The value of a Point, inside the object.
///
/// # Safety
/// The object lives as long as the reference.
pub unsafe fn value<'a>(object: *mut PyObject) -> Result<&'a c::Point, Raised> {
    // SAFETY: a living object; one of this type has this layout.
    unsafe {
        if ffi::PyObject_TypeCheck(object, type_()) == 0 {
            return Err(raise(ffi::PyExc_TypeError, c"expected a Point"));
        }
        Ok(&(*object.cast::<PointObject>()).value)
    }
}

/// A new Point.
pub fn make(value: c::Point) -> Result<*mut PyObject, Raised> {
    // SAFETY: a type that is ready has tp_alloc; what it returns has this layout, or is null with an error set.
    unsafe {
        let of = type_();
        let made = (*of).tp_alloc.unwrap_unchecked()(of, 0);
        if made.is_null() {
            return Err(Raised);
        }
        (*made.cast::<PointObject>()).value = value;
        Ok(made)
    }
}

unsafe extern "C" fn vectorcall(
    _type: *mut PyObject,
    arguments: *const *mut PyObject,
    flagged: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter, as vectorcall promises.
    let (arguments, named) = unsafe {
        let count = ffi::PyVectorcall_NARGS(flagged);
        let named = !names.is_null() && ffi::PyTuple_GET_SIZE(names) != 0;
        (Arguments::new(arguments, count), named)
    };
    let made = || {
        if named {
            // SAFETY: the class lives as long as the interpreter.
            let class = unsafe { ffi::PyExc_TypeError };
            return Err(raise(class, c"Point takes no keywords"));
        }
        let [x, y] = arguments.exactly()?;
        make(c::Point {
            x: float(x)?,
            y: float(y)?,
        })
    };
    made().unwrap_or(ptr::null_mut())
}

unsafe extern "C" fn dealloc(object: *mut PyObject) {
    // SAFETY: the last reference is gone; an instance of a heap type owns a reference to its type, and a type that is ready
    // has tp_free.
    unsafe {
        let object_type = ffi::Py_TYPE(object);
        (*object_type).tp_free.unwrap_unchecked()(object.cast());
        ffi::Py_DECREF(object_type.cast());
    }
}
