//! How the five types begin and how their objects end: slots, collection, memory.

use std::ffi::{c_int, c_void};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::{BASE, CData, COLLECTED, Collected, FROM_BUFFER, FromBuffer, OWN, OWN_GC, Own, OwnGc};
use crate::{access, numbers, release, show};

/// Ends what all five types have, and frees the memory.
///
/// # Safety
/// `object` is a cdata without references left.
unsafe fn free(object: *mut ffi::PyObject) {
    let at = object.cast::<CData>();
    // SAFETY: the caller's promise; the reference to the type is given back exactly once.
    unsafe {
        if !(*at).weak_references.is_null() {
            ffi::PyObject_ClearWeakRefs(object);
        }
        let ctype = (*at).ctype.as_ptr();
        let release = (*ffi::Py_TYPE(object)).tp_free;
        ffi::Py_DECREF(ctype);
        if let Some(release) = release {
            release(object.cast());
        }
    }
}

unsafe extern "C" fn dealloc_base(object: *mut ffi::PyObject) {
    // SAFETY: the interpreter calls this once, for an object without references.
    unsafe { free(object) }
}

unsafe extern "C" fn dealloc_own(object: *mut ffi::PyObject) {
    // SAFETY: as above; `record` is an owned reference or null.
    unsafe {
        let record = (*object.cast::<Own>()).record;
        free(object);
        ffi::Py_XDECREF(record);
    }
}

unsafe extern "C" fn dealloc_own_gc(object: *mut ffi::PyObject) {
    // SAFETY: as above; the closure is ours and C must not call it any more.
    unsafe {
        ffi::PyObject_GC_UnTrack(object.cast());
        let own = object.cast::<OwnGc>();
        let (target, onerror, closure) = ((*own).object, (*own).onerror, (*own).closure);
        free(object);
        if !closure.is_null() {
            // It holds no Python object, so that this is right at the interpreter's end as well.
            drop(Box::from_raw(closure));
        }
        ffi::Py_XDECREF(onerror);
        ffi::Py_XDECREF(target);
    }
}

unsafe extern "C" fn dealloc_from_buffer(object: *mut ffi::PyObject) {
    // SAFETY: as above; releasing a released buffer does nothing.
    unsafe {
        ffi::PyObject_GC_UnTrack(object.cast());
        ffi::PyBuffer_Release(&raw mut (*object.cast::<FromBuffer>()).view);
        free(object);
    }
}

unsafe extern "C" fn dealloc_collected(object: *mut ffi::PyObject) {
    // SAFETY: as above; the destructor is called after the object is gone, as its last act.
    unsafe {
        ffi::PyObject_GC_UnTrack(object.cast());
        let (origin, destructor) = release::take(object.cast());
        free(object);
        release::destroy(origin, destructor);
    }
}

/// Visits the parts that are not null.
///
/// # Safety
/// Called by the collector's traversal with owned references.
unsafe fn visit_all(
    parts: [*mut ffi::PyObject; 2],
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    for part in parts.into_iter().filter(|part| !part.is_null()) {
        // SAFETY: the caller's promise.
        let result = unsafe { visit(part, argument) };
        if result != 0 {
            return result;
        }
    }
    0
}

unsafe extern "C" fn traverse_own_gc(
    object: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the collector passes an object of this type.
    unsafe {
        let own = object.cast::<OwnGc>();
        visit_all([(*own).object, (*own).onerror], visit, argument)
    }
}

unsafe extern "C" fn clear_own_gc(object: *mut ffi::PyObject) -> c_int {
    // SAFETY: as above. A handle or a callback may still be used, so None takes the target's place.
    unsafe {
        let own = object.cast::<OwnGc>();
        let (target, onerror) = ((*own).object, (*own).onerror);
        ffi::Py_INCREF(ffi::Py_None());
        (*own).object = ffi::Py_None();
        (*own).onerror = std::ptr::null_mut();
        ffi::Py_XDECREF(target);
        ffi::Py_XDECREF(onerror);
    }
    0
}

unsafe extern "C" fn traverse_from_buffer(
    object: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the collector passes an object of this type.
    unsafe {
        let owner = (*object.cast::<FromBuffer>()).view.obj;
        if owner.is_null() {
            0
        } else {
            visit(owner, argument)
        }
    }
}

unsafe extern "C" fn clear_from_buffer(object: *mut ffi::PyObject) -> c_int {
    // SAFETY: as above; releasing twice does nothing.
    unsafe { ffi::PyBuffer_Release(&raw mut (*object.cast::<FromBuffer>()).view) };
    0
}

unsafe extern "C" fn traverse_collected(
    object: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the collector passes an object of this type.
    unsafe {
        let collected = object.cast::<Collected>();
        visit_all(
            [(*collected).origin, (*collected).destructor],
            visit,
            argument,
        )
    }
}

unsafe extern "C" fn finalize_collected(object: *mut ffi::PyObject) {
    // SAFETY: called by the interpreter with a living object of this type.
    unsafe {
        let (origin, destructor) = release::take(object.cast());
        release::destroy(origin, destructor);
    }
}

/// Makes the five types ready for use, once.
pub fn ready(py: Python<'_>) -> PyResult<()> {
    // SAFETY: called while the module is made, with the GIL held, before any object exists. The
    // tables are leaked because types live as long as the process.
    unsafe {
        if BASE.tp_flags & ffi::Py_TPFLAGS_READY != 0 {
            return Ok(());
        }
        let numbers = Box::into_raw(Box::new(numbers::table()));
        let mapping = Box::into_raw(Box::new(access::table()));
        let methods = Box::into_raw(Box::new(release::methods())).cast();
        let common = |at: *mut ffi::PyTypeObject, name: &'static std::ffi::CStr, size: usize| {
            (*at).ob_base.ob_base = ffi::PyObject_HEAD_INIT;
            (*at).tp_name = name.as_ptr();
            (*at).tp_basicsize = size.cast_signed();
            (*at).tp_flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_VECTORCALL;
            (*at).tp_vectorcall_offset = std::mem::offset_of!(CData, vectorcall).cast_signed();
            (*at).tp_weaklistoffset = std::mem::offset_of!(CData, weak_references).cast_signed();
            (*at).tp_call = Some(ffi::PyVectorcall_Call);
            (*at).tp_as_number = numbers;
            (*at).tp_as_mapping = mapping;
            (*at).tp_repr = Some(show::repr);
            (*at).tp_hash = Some(numbers::hash);
            (*at).tp_richcompare = Some(numbers::compare);
            (*at).tp_getattro = Some(access::get_attribute);
            (*at).tp_setattro = Some(access::set_attribute);
            (*at).tp_iter = Some(access::iterate);
            (*at).tp_methods = methods;
        };
        let base = &raw mut BASE;
        common(base, c"_cffi_backend._CDataBase", size_of::<CData>());
        (*base).tp_dealloc = Some(dealloc_base);
        (*base).tp_free = Some(ffi::PyObject_Free);
        let own = &raw mut OWN;
        common(own, c"_cffi_backend.__CDataOwn", size_of::<Own>());
        (*own).tp_dealloc = Some(dealloc_own);
        (*own).tp_free = Some(ffi::PyObject_Free);
        let own_gc = &raw mut OWN_GC;
        common(own_gc, c"_cffi_backend.__CDataOwnGC", size_of::<OwnGc>());
        (*own_gc).tp_dealloc = Some(dealloc_own_gc);
        (*own_gc).tp_traverse = Some(traverse_own_gc);
        (*own_gc).tp_clear = Some(clear_own_gc);
        let from_buffer = &raw mut FROM_BUFFER;
        common(
            from_buffer,
            c"_cffi_backend.__CDataFromBuf",
            size_of::<FromBuffer>(),
        );
        (*from_buffer).tp_dealloc = Some(dealloc_from_buffer);
        (*from_buffer).tp_traverse = Some(traverse_from_buffer);
        (*from_buffer).tp_clear = Some(clear_from_buffer);
        let collected = &raw mut COLLECTED;
        common(
            collected,
            c"_cffi_backend.__CDataGCP",
            size_of::<Collected>(),
        );
        (*collected).tp_dealloc = Some(dealloc_collected);
        (*collected).tp_traverse = Some(traverse_collected);
        (*collected).tp_finalize = Some(finalize_collected);
        for tracked in [own_gc, from_buffer, collected] {
            (*tracked).tp_flags |= ffi::Py_TPFLAGS_HAVE_GC;
            (*tracked).tp_free = Some(ffi::PyObject_GC_Del);
        }
        for derived in [own, own_gc, from_buffer, collected] {
            (*derived).tp_base = base;
        }
        for each in [base, own, own_gc, from_buffer, collected] {
            if ffi::PyType_Ready(each) < 0 {
                return Err(PyErr::fetch(py));
            }
        }
        // `inspect` and `doctest` ask callables for their name.
        let names = Bound::from_borrowed_ptr(py, (*base).tp_dict).cast_into::<PyDict>()?;
        names.set_item("__module__", "_cffi_backend")?;
        names.set_item("__name__", "<cdata>")?;
        ffi::PyType_Modified(base);
    }
    Ok(())
}
