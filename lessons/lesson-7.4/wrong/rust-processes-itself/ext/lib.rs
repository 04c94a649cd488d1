//! Config in Rust, with the same slots and tables as module.c: raw `pyo3::ffi`, heap type, stable ABI.
//!
//! Every function in a slot or table is called by the interpreter alone, attached, with what that slot promises.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::offset_of;
use std::ptr;

use pyo3::exceptions::{PyAttributeError, PyMemoryError, PyValueError};
use pyo3::ffi::{self, PyObject, PyTypeObject};
use pyo3::prelude::*;

/// The C library's type, of which only pointers exist.
#[repr(C)]
struct Store {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn config_create(server_url: *const c_char) -> *mut Store;
    fn config_destroy(of: *mut Store);
    fn config_set_timeout(of: *mut Store, seconds: i32) -> c_int;
    fn config_server_url(of: *const Store) -> *const c_char;
    fn config_timeout(of: *const Store) -> i32;
    fn config_alive() -> i32;
}

/// One instance; tp_alloc zeroes it.
#[repr(C)]
struct ConfigObject {
    head: PyObject,
    /// Owned; null until config_create has made it.
    store: *mut Store,
    /// Owned; any object, so a cycle may go through it.
    note: *mut PyObject,
}

/// Returns the handle of an instance.
///
/// # Safety
/// `object` is a Config.
unsafe fn store(object: *mut PyObject) -> *mut Store {
    // SAFETY: the caller passes a Config.
    unsafe { (*object.cast::<ConfigObject>()).store }
}

/// Leaves `error` as the current exception and returns what a setter returns then.
fn refuse(error: PyErr) -> c_int {
    // SAFETY: only functions in slots call this, and the interpreter calls those attached.
    error.restore(unsafe { Python::assume_attached() });
    -1
}

unsafe extern "C" fn get_server_url(object: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: the descriptor has checked the type; the string lives as long as the store.
    unsafe { ffi::PyUnicode_FromString(config_server_url(store(object))) }
}

unsafe extern "C" fn get_timeout(object: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: the descriptor has checked the type.
    unsafe { ffi::PyLong_FromLong(config_timeout(store(object)).into()) }
}

/// `value` is borrowed; null means `del config.timeout`.
unsafe extern "C" fn set_timeout(
    object: *mut PyObject,
    value: *mut PyObject,
    _: *mut c_void,
) -> c_int {
    if value.is_null() {
        return refuse(PyAttributeError::new_err("timeout cannot be deleted"));
    }
    // SAFETY: the interpreter calls setters attached, and `value` outlives the call.
    let value = unsafe { Borrowed::from_ptr(Python::assume_attached(), value) };
    let seconds: i32 = match value.extract() {
        Ok(seconds) => seconds,
        Err(error) => return refuse(error),
    };
    // SAFETY: the descriptor has checked the type.
    if unsafe { config_set_timeout(store(object), seconds) } != 0 {
        let message = format!("timeout: {seconds} is out of range");
        return refuse(PyValueError::new_err(message));
    }
    0
}

unsafe extern "C" fn process(object: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: the descriptor has checked the type.
    let seconds = i64::from(unsafe { config_timeout(store(object)) });
    let milliseconds = if seconds > 0 { seconds * 1000 } else { seconds };
    // SAFETY: the interpreter calls methods attached.
    unsafe { ffi::PyLong_FromLongLong(milliseconds) }
}

unsafe extern "C" fn new(
    of: *mut PyTypeObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    let mut names = [c"server_url".as_ptr(), c"timeout".as_ptr(), ptr::null()];
    let mut server_url: *const c_char = ptr::null();
    let mut timeout: *mut PyObject = ptr::null_mut();
    // SAFETY: the format asks for a string and an optional object, and gets a place for each; both are borrowed.
    let parsed = unsafe {
        ffi::PyArg_ParseTupleAndKeywords(
            args,
            kwargs,
            c"s|O:Config".as_ptr(),
            names.as_mut_ptr().cast(),
            &raw mut server_url,
            &raw mut timeout,
        )
    };
    if parsed == 0 {
        return ptr::null_mut();
    }
    // SAFETY: PyType_GenericAlloc is what tp_alloc of a type with the collector is; the object is ours until returned,
    // and its dealloc takes one whose fields are still null.
    unsafe {
        let made = ffi::PyType_GenericAlloc(of, 0);
        if made.is_null() {
            return made;
        }
        let config = made.cast::<ConfigObject>();
        (*config).note = ffi::Py_None();
        ffi::Py_INCREF((*config).note);
        (*config).store = config_create(server_url);
        let refused = if (*config).store.is_null() {
            refuse(PyMemoryError::new_err("config_create"))
        } else if timeout.is_null() {
            0
        } else {
            set_timeout(made, timeout, ptr::null_mut())
        };
        if refused < 0 {
            ffi::Py_DECREF(made);
            return ptr::null_mut();
        }
        made
    }
}

/// Tells the collector which objects the instance owns: its type is one of them.
unsafe extern "C" fn traverse(
    object: *mut PyObject,
    visit: ffi::visitproc,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: the collector passes one of our objects, and its own argument for `visit`.
    unsafe {
        let seen = visit(ffi::Py_TYPE(object).cast(), arg);
        let note = (*object.cast::<ConfigObject>()).note;
        if seen != 0 || note.is_null() {
            return seen;
        }
        visit(note, arg)
    }
}

unsafe extern "C" fn clear(object: *mut PyObject) -> c_int {
    // SAFETY: one of our objects; Py_CLEAR empties the field before it releases what was in it.
    unsafe { ffi::Py_CLEAR(&raw mut (*object.cast::<ConfigObject>()).note) };
    0
}

unsafe extern "C" fn dealloc(object: *mut PyObject) {
    // SAFETY: the last reference is gone; the object leaves the collector's lists before it comes apart, and its
    // reference to its heap type goes last, because the memory belongs to that type.
    unsafe {
        let of = ffi::Py_TYPE(object);
        ffi::PyObject_GC_UnTrack(object.cast());
        clear(object);
        config_destroy(store(object));
        ffi::PyObject_GC_Del(object.cast());
        ffi::Py_DECREF(of.cast());
    }
}

const fn attribute(
    name: &'static CStr,
    get: ffi::getter,
    set: Option<ffi::setter>,
) -> ffi::PyGetSetDef {
    ffi::PyGetSetDef {
        name: name.as_ptr(),
        get: Some(get),
        set,
        doc: ptr::null(),
        closure: ptr::null_mut(),
    }
}

// The type keeps pointers to the tables for as long as it lives, and writes to none of them.
static mut GETSET: [ffi::PyGetSetDef; 3] = [
    attribute(c"server_url", get_server_url, None),
    attribute(c"timeout", get_timeout, Some(set_timeout)),
    ffi::PyGetSetDef {
        name: ptr::null(),
        get: None,
        set: None,
        doc: ptr::null(),
        closure: ptr::null_mut(),
    },
];

static mut MEMBERS: [ffi::PyMemberDef; 2] = [
    ffi::PyMemberDef {
        name: c"note".as_ptr(),
        type_code: ffi::Py_T_OBJECT_EX,
        offset: offset_of!(ConfigObject, note) as ffi::Py_ssize_t,
        flags: 0,
        doc: ptr::null(),
    },
    ffi::PyMemberDef {
        name: ptr::null(),
        type_code: 0,
        offset: 0,
        flags: 0,
        doc: ptr::null(),
    },
];

static mut METHODS: [ffi::PyMethodDef; 2] = [
    ffi::PyMethodDef {
        ml_name: c"process".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunction: process,
        },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: ptr::null(),
    },
    ffi::PyMethodDef::zeroed(),
];

fn config_type<'py>(module: &Bound<'py, PyModule>) -> PyResult<Bound<'py, PyAny>> {
    let slot = |slot, pfunc| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_doc, c"The settings of a client.".as_ptr() as _),
        slot(ffi::Py_tp_new, new as *mut c_void),
        slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
        slot(ffi::Py_tp_traverse, traverse as *mut c_void),
        slot(ffi::Py_tp_clear, clear as *mut c_void),
        slot(ffi::Py_tp_getset, (&raw mut GETSET).cast()),
        slot(ffi::Py_tp_members, (&raw mut MEMBERS).cast()),
        slot(ffi::Py_tp_methods, (&raw mut METHODS).cast()),
        slot(0, ptr::null_mut()),
    ];
    let flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE | ffi::Py_TPFLAGS_HAVE_GC;
    let mut spec = ffi::PyType_Spec {
        name: c"_lesson_7_4.Config".as_ptr(),
        basicsize: size_of::<ConfigObject>() as c_int,
        itemsize: 0,
        flags: flags as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the slots end with zero, their functions have the types that the slots ask for, the tables are statics.
    // The call returns a new reference, or null with an exception set.
    unsafe {
        let made = ffi::PyType_FromSpec(&raw mut spec);
        Bound::from_owned_ptr_or_err(module.py(), made)
    }
}

/// Return how many configs C has not ended yet.
#[pyfunction]
fn alive() -> i32 {
    // SAFETY: it reads a counter; we are attached, so no other thread changes it.
    unsafe { config_alive() }
}

/// The settings of a client.
#[pymodule(gil_used = true)]
fn _lesson_7_4(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("Config", config_type(module)?)?;
    module.add_function(wrap_pyfunction!(alive, module)?)
}
