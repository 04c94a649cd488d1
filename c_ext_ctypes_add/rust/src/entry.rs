//! C entry points around safe Rust functions, one macro per shape that Python calls.
//!
//! Each macro defines an `extern "C"` function that borrows its arguments, calls the Rust function
//! inside [`crate::py::guard`] and hands an owned reference or a status back.

/// Wraps a borrowed argument of an entry point; Python never passes NULL there.
macro_rules! borrow {
    ($ptr:ident) => {{
        debug_assert!(!$ptr.is_null());
        // SAFETY: Python passes living objects and keeps them alive during the call; an Obj is a
        // transparent wrapper of its pointer.
        unsafe { &*(&raw const $ptr).cast::<crate::py::Obj>() }
    }};
}

/// The same for an argument that may be NULL.
macro_rules! borrow_opt {
    ($ptr:ident) => {
        // SAFETY: Python passes NULL or living objects and keeps them alive during the call.
        unsafe { crate::py::Obj::by_ref(&$ptr) }
    };
}

/// `fn(&Obj) -> Res<Obj>`: `tp_repr`, `tp_str`.
macro_rules! unary {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(slf: *mut pyo3::ffi::PyObject) -> *mut pyo3::ffi::PyObject {
            crate::py::guard(std::ptr::null_mut(), || {
                Ok($body(crate::entry::borrow!(slf))?.into_ptr())
            })
        }
    };
}

/// `fn(&Obj, &Obj) -> Res<Obj>`: `METH_O`, `METH_VARARGS`.
macro_rules! binary {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(
            slf: *mut pyo3::ffi::PyObject,
            argument: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            crate::py::guard(std::ptr::null_mut(), || {
                let (slf, argument) = (crate::entry::borrow!(slf), crate::entry::borrow!(argument));
                Ok($body(slf, argument)?.into_ptr())
            })
        }
    };
}

/// `fn(&Obj, &[Obj]) -> Res<Obj>`: `METH_FASTCALL`.
macro_rules! fastcall {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(
            slf: *mut pyo3::ffi::PyObject,
            arguments: *mut *mut pyo3::ffi::PyObject,
            count: pyo3::ffi::Py_ssize_t,
        ) -> *mut pyo3::ffi::PyObject {
            crate::py::guard(std::ptr::null_mut(), || {
                let given = match count {
                    0 => &[],
                    // SAFETY: Python passes this many living objects; an Obj is a transparent wrapper
                    // of its pointer.
                    _ => unsafe { std::slice::from_raw_parts(arguments.cast(), count as usize) },
                };
                Ok($body(crate::entry::borrow!(slf), given)?.into_ptr())
            })
        }
    };
}

/// `fn(&Obj) -> Res<Obj>`: `METH_NOARGS`.
macro_rules! method {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(
            slf: *mut pyo3::ffi::PyObject,
            _: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            crate::py::guard(std::ptr::null_mut(), || {
                Ok($body(crate::entry::borrow!(slf))?.into_ptr())
            })
        }
    };
}

/// `fn(&Obj) -> Res<Obj>`: a getter.
macro_rules! getter {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(
            slf: *mut pyo3::ffi::PyObject,
            _: *mut std::ffi::c_void,
        ) -> *mut pyo3::ffi::PyObject {
            crate::py::guard(std::ptr::null_mut(), || {
                Ok($body(crate::entry::borrow!(slf))?.into_ptr())
            })
        }
    };
}

/// `fn(&Obj, Option<&Obj>) -> Res<()>`: a setter; `None` deletes.
macro_rules! setter {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(
            slf: *mut pyo3::ffi::PyObject,
            value: *mut pyo3::ffi::PyObject,
            _: *mut std::ffi::c_void,
        ) -> std::ffi::c_int {
            crate::py::guard(-1, || {
                $body(crate::entry::borrow!(slf), crate::entry::borrow_opt!(value))?;
                Ok(0)
            })
        }
    };
}

/// `fn(&Obj, &Obj, Option<&Obj>) -> Res<()>`: `tp_setattro`, `mp_ass_subscript`, `tp_descr_set`.
macro_rules! assign {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(
            slf: *mut pyo3::ffi::PyObject,
            key: *mut pyo3::ffi::PyObject,
            value: *mut pyo3::ffi::PyObject,
        ) -> std::ffi::c_int {
            crate::py::guard(-1, || {
                let (slf, key) = (crate::entry::borrow!(slf), crate::entry::borrow!(key));
                $body(slf, key, crate::entry::borrow_opt!(value))?;
                Ok(0)
            })
        }
    };
}

/// `fn(&Obj, &Obj, Option<&Obj>) -> Res<()>`: `tp_init`.
macro_rules! init {
    ($entry:ident, $body:path) => {
        crate::entry::assign!($entry, $body);
    };
}

/// `fn(&Obj, &Obj, Option<&Obj>) -> Res<Obj>`: `tp_new`, `tp_call`.
macro_rules! ternary {
    ($entry:ident, $body:path, $first:ty) => {
        pub(crate) unsafe extern "C" fn $entry(
            slf: *mut $first,
            arguments: *mut pyo3::ffi::PyObject,
            keywords: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            crate::py::guard(std::ptr::null_mut(), || {
                let slf = slf.cast::<pyo3::ffi::PyObject>();
                let (slf, arguments) =
                    (crate::entry::borrow!(slf), crate::entry::borrow!(arguments));
                Ok($body(slf, arguments, crate::entry::borrow_opt!(keywords))?.into_ptr())
            })
        }
    };
}

/// `fn(&Obj, isize) -> Res<Obj>`: `sq_item`, `sq_repeat`.
macro_rules! indexed {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(
            slf: *mut pyo3::ffi::PyObject,
            index: pyo3::ffi::Py_ssize_t,
        ) -> *mut pyo3::ffi::PyObject {
            crate::py::guard(std::ptr::null_mut(), || {
                Ok($body(crate::entry::borrow!(slf), index)?.into_ptr())
            })
        }
    };
}

/// `fn(&Obj, isize, Option<&Obj>) -> Res<()>`: `sq_ass_item`.
macro_rules! assign_indexed {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(
            slf: *mut pyo3::ffi::PyObject,
            index: pyo3::ffi::Py_ssize_t,
            value: *mut pyo3::ffi::PyObject,
        ) -> std::ffi::c_int {
            crate::py::guard(-1, || {
                $body(
                    crate::entry::borrow!(slf),
                    index,
                    crate::entry::borrow_opt!(value),
                )?;
                Ok(0)
            })
        }
    };
}

/// `fn(&Obj) -> Res<isize>`: `sq_length`.
macro_rules! length {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(slf: *mut pyo3::ffi::PyObject) -> pyo3::ffi::Py_ssize_t {
            crate::py::guard(-1, || $body(crate::entry::borrow!(slf)))
        }
    };
}

/// `fn(&Obj) -> Res<bool>`: `nb_bool`.
macro_rules! inquiry {
    ($entry:ident, $body:path) => {
        unsafe extern "C" fn $entry(slf: *mut pyo3::ffi::PyObject) -> std::ffi::c_int {
            crate::py::guard(-1, || {
                $body(crate::entry::borrow!(slf)).map(std::ffi::c_int::from)
            })
        }
    };
}

pub(crate) use {
    assign, assign_indexed, binary, borrow, borrow_opt, fastcall, getter, indexed, init, inquiry,
    length, method, setter, ternary, unary,
};

use std::ffi::CStr;

use pyo3::ffi;

/// A method of one positional argument.
pub(crate) fn method_o(name: &'static CStr, entry: ffi::PyCFunction) -> ffi::PyMethodDef {
    definition(name, entry, ffi::METH_O)
}

/// A method of any positional arguments, which come as a tuple.
pub(crate) fn method_varargs(name: &'static CStr, entry: ffi::PyCFunction) -> ffi::PyMethodDef {
    definition(name, entry, ffi::METH_VARARGS)
}

/// The same, taken where they lie.
pub(crate) fn method_fastcall(
    name: &'static CStr,
    entry: ffi::PyCFunctionFast,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunctionFast: entry,
        },
        ml_flags: ffi::METH_FASTCALL,
        ml_name: name.as_ptr(),
        ml_doc: std::ptr::null(),
    }
}

/// A method without arguments.
pub(crate) fn method_noargs(name: &'static CStr, entry: ffi::PyCFunction) -> ffi::PyMethodDef {
    definition(name, entry, ffi::METH_NOARGS)
}

pub(crate) fn definition(
    name: &'static CStr,
    entry: ffi::PyCFunction,
    flags: std::ffi::c_int,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: entry },
        ml_flags: flags,
        ml_doc: std::ptr::null(),
    }
}

/// A property; without a setter it cannot be assigned.
pub(crate) fn property(
    name: &'static CStr,
    get: ffi::getter,
    set: Option<ffi::setter>,
) -> ffi::PyGetSetDef {
    ffi::PyGetSetDef {
        name: name.as_ptr(),
        get: Some(get),
        set,
        doc: std::ptr::null(),
        closure: std::ptr::null_mut(),
    }
}
