//! `Config` by hand: the slots, the attribute table and the method table that the C API asks for.
//!
//! Every function here is called by the interpreter alone, with the GIL held and with the
//! arguments that the table which names it promises. None of them can panic.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;

/// One instance. `tp_alloc` zeroes it, which makes a valid one: no timeout, no URL, no encryption.
#[repr(C)]
struct ConfigObject {
    head: ffi::PyObject,
    timeout: c_int,
    enable_ssl: bool,
    /// Owned; null until a URL is set, and again once the collector has cleared it.
    server_url: *mut ffi::PyObject,
}

/// Make the type and bind it as `Config` in `module`.
pub fn add_type(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let mut slots = [
        slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
        slot(ffi::Py_tp_new, config_new as *mut c_void),
        slot(ffi::Py_tp_dealloc, config_dealloc as *mut c_void),
        slot(ffi::Py_tp_traverse, config_traverse as *mut c_void),
        slot(ffi::Py_tp_clear, config_clear as *mut c_void),
        slot(ffi::Py_tp_getset, (&raw mut GETSET).cast()),
        slot(ffi::Py_tp_methods, (&raw mut METHODS).cast()),
        slot(0, ptr::null_mut()),
    ];
    let mut spec = ffi::PyType_Spec {
        name: c"rust_config.Config".as_ptr(),
        basicsize: size_of::<ConfigObject>() as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_GC) as u32,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the spec is complete and its slots end with the zero slot; the tables that the type
    // keeps pointing to are statics. The call returns a new reference, or null with an error set.
    let config_type = unsafe {
        let made = ffi::PyType_FromModuleAndSpec(module.as_ptr(), &mut spec, ptr::null_mut());
        Bound::from_owned_ptr_or_err(module.py(), made)?
    };
    module.add("Config", config_type)
}

fn slot(slot: c_int, pfunc: *mut c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot { slot, pfunc }
}

static DOC: &CStr = c"Config(timeout=0, url='', ssl=False)
--

Where a server is, and how long to wait for it.";

// The interpreter takes both tables as mutable pointers, writes to neither, and keeps them for as
// long as the type lives; Rust code does not touch them again.
static mut GETSET: [ffi::PyGetSetDef; 4] = [
    attribute(c"timeout", get_timeout, set_timeout, c"seconds to wait"),
    attribute(
        c"server_url",
        get_server_url,
        set_server_url,
        c"where the server is",
    ),
    attribute(
        c"enable_ssl",
        get_enable_ssl,
        set_enable_ssl,
        c"whether to encrypt",
    ),
    END_OF_GETSET,
];

static mut METHODS: [ffi::PyMethodDef; 2] = [
    ffi::PyMethodDef {
        ml_name: c"process".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunction: process,
        },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: c"process($self, /)\n--\n\nReturn twice the timeout.".as_ptr(),
    },
    ffi::PyMethodDef::zeroed(),
];

const END_OF_GETSET: ffi::PyGetSetDef = ffi::PyGetSetDef {
    name: ptr::null(),
    get: None,
    set: None,
    doc: ptr::null(),
    closure: ptr::null_mut(),
};

const fn attribute(
    name: &'static CStr,
    get: ffi::getter,
    set: ffi::setter,
    doc: &'static CStr,
) -> ffi::PyGetSetDef {
    ffi::PyGetSetDef {
        name: name.as_ptr(),
        get: Some(get),
        set: Some(set),
        doc: doc.as_ptr(),
        closure: ptr::null_mut(),
    }
}

/// `Config(timeout=0, url="", ssl=False)`: an object that is complete, or an error.
unsafe extern "C" fn config_new(
    config_type: *mut ffi::PyTypeObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let mut names = [
        c"timeout".as_ptr(),
        c"url".as_ptr(),
        c"ssl".as_ptr(),
        ptr::null(),
    ]
    .map(|s| s.cast_mut());
    let mut timeout: *mut ffi::PyObject = ptr::null_mut();
    let mut url: *mut ffi::PyObject = ptr::null_mut();
    let mut ssl: *mut ffi::PyObject = ptr::null_mut();
    // SAFETY: the interpreter passes a tuple and a dict or null; the format asks for up to three
    // objects and gets three places for them. They are borrowed from the arguments.
    let parsed = unsafe {
        ffi::PyArg_ParseTupleAndKeywords(
            args,
            kwargs,
            c"|OOO:Config".as_ptr(),
            names.as_mut_ptr().cast(),
            &raw mut timeout,
            &raw mut url,
            &raw mut ssl,
        )
    };
    if parsed == 0 {
        return ptr::null_mut();
    }

    // SAFETY: every type that inherits from `object` has a tp_alloc once it is ready. It returns
    // a zeroed object that we own, or null with an error set.
    let config = unsafe {
        let alloc = (*config_type)
            .tp_alloc
            .expect("a type that is ready has tp_alloc");
        alloc(config_type, 0)
    };
    if config.is_null() {
        return config;
    }
    for (value, set) in [
        (timeout, set_timeout as ffi::setter),
        (url, set_server_url),
        (ssl, set_enable_ssl),
    ] {
        // SAFETY: `config` is one of ours, and `value` is null or a borrowed object.
        let refused = !value.is_null() && unsafe { set(config, value, ptr::null_mut()) } < 0;
        if refused {
            // SAFETY: we own `config`, and nobody else has seen it.
            unsafe { ffi::Py_DECREF(config) };
            return ptr::null_mut();
        }
    }
    config
}

unsafe extern "C" fn config_dealloc(config: *mut ffi::PyObject) {
    // SAFETY: the last reference to `config` is gone, so nobody else sees its fields. The object
    // leaves the collector's list before it comes apart; an instance of a heap type owns a
    // reference to its type, which is released when its memory is.
    unsafe {
        let config_type = ffi::Py_TYPE(config);
        ffi::PyObject_GC_UnTrack(config.cast());
        config_clear(config);
        let free = (*config_type)
            .tp_free
            .expect("a type that is ready has tp_free");
        free(config.cast());
        ffi::Py_DECREF(config_type.cast());
    }
}

unsafe extern "C" fn config_traverse(
    config: *mut ffi::PyObject,
    visit: ffi::visitproc,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: `config` is one of ours; `visit` takes any object and the collector's own argument.
    unsafe {
        let seen = visit(ffi::Py_TYPE(config).cast(), arg);
        let url = (*config.cast::<ConfigObject>()).server_url;
        if seen != 0 || url.is_null() {
            seen
        } else {
            visit(url, arg)
        }
    }
}

unsafe extern "C" fn config_clear(config: *mut ffi::PyObject) -> c_int {
    // SAFETY: `config` is one of ours. Py_CLEAR empties the field before it releases the value,
    // so code that runs then finds no dangling pointer.
    unsafe { ffi::Py_CLEAR(&raw mut (*config.cast::<ConfigObject>()).server_url) };
    0
}

unsafe extern "C" fn get_timeout(
    config: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: the descriptor has checked that `config` is one of ours.
    unsafe { ffi::PyLong_FromLong((*config.cast::<ConfigObject>()).timeout.into()) }
}

unsafe extern "C" fn set_timeout(
    config: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> c_int {
    // SAFETY: the descriptor has checked that `config` is one of ours; `value` is null for `del`.
    // An overflow is reported in `overflow`, without an error set; so no other error is possible
    // for an int.
    unsafe {
        if value.is_null() {
            return refuse_deletion(c"timeout");
        }
        if ffi::PyLong_Check(value) == 0 {
            return refuse_type(value, c"timeout", c"int");
        }
        let mut overflow = 0;
        let wide = ffi::PyLong_AsLongAndOverflow(value, &mut overflow);
        match c_int::try_from(wide) {
            Ok(timeout) if overflow == 0 => {
                (*config.cast::<ConfigObject>()).timeout = timeout;
                0
            }
            _ => {
                let form = c"timeout must be between %d and %d";
                let error = ffi::PyExc_OverflowError;
                ffi::PyErr_Format(error, form.as_ptr(), c_int::MIN, c_int::MAX);
                -1
            }
        }
    }
}

unsafe extern "C" fn get_server_url(
    config: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: the descriptor has checked that `config` is one of ours, and `config` keeps its URL
    // alive until we have our own reference.
    unsafe {
        let url = (*config.cast::<ConfigObject>()).server_url;
        if url.is_null() {
            return ffi::PyUnicode_FromString(c"".as_ptr());
        }
        ffi::Py_INCREF(url);
        url
    }
}

unsafe extern "C" fn set_server_url(
    config: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> c_int {
    // SAFETY: the descriptor has checked that `config` is one of ours; `value` is null for `del`.
    // The old value is released last: that may run any Python code, which must find the new one.
    unsafe {
        if value.is_null() {
            return refuse_deletion(c"server_url");
        }
        if ffi::PyUnicode_Check(value) == 0 {
            return refuse_type(value, c"server_url", c"str");
        }
        ffi::Py_INCREF(value);
        let old = ptr::replace(&raw mut (*config.cast::<ConfigObject>()).server_url, value);
        ffi::Py_XDECREF(old);
        0
    }
}

unsafe extern "C" fn get_enable_ssl(
    config: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: the descriptor has checked that `config` is one of ours.
    unsafe { ffi::PyBool_FromLong((*config.cast::<ConfigObject>()).enable_ssl.into()) }
}

unsafe extern "C" fn set_enable_ssl(
    config: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> c_int {
    // SAFETY: the descriptor has checked that `config` is one of ours; `value` is null for `del`.
    unsafe {
        if value.is_null() {
            return refuse_deletion(c"enable_ssl");
        }
        if ffi::PyBool_Check(value) == 0 {
            return refuse_type(value, c"enable_ssl", c"bool");
        }
        (*config.cast::<ConfigObject>()).enable_ssl = value == ffi::Py_True();
    }
    0
}

/// Doubled in a wider type: twice the largest C int does not fit one.
unsafe extern "C" fn process(
    config: *mut ffi::PyObject,
    _ignored: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the method descriptor has checked that `config` is one of ours.
    unsafe {
        let timeout = (*config.cast::<ConfigObject>()).timeout;
        ffi::PyLong_FromLongLong(2 * i64::from(timeout))
    }
}

/// Set the error of `del config.name`; -1 for the setter to return.
fn refuse_deletion(name: &CStr) -> c_int {
    // SAFETY: only called with the GIL held; the format takes one C string.
    unsafe {
        let form = c"cannot delete %s";
        ffi::PyErr_Format(ffi::PyExc_AttributeError, form.as_ptr(), name.as_ptr());
    }
    -1
}

/// Set the error of a value of the wrong type; -1 for the setter to return.
///
/// # Safety
/// `value` must be an object, and the GIL must be held.
unsafe fn refuse_type(value: *mut ffi::PyObject, name: &CStr, wanted: &CStr) -> c_int {
    // SAFETY: an object's type has a name; the format takes three C strings.
    unsafe {
        let given = (*ffi::Py_TYPE(value)).tp_name;
        let form = c"%s must be %s, not %s";
        let error = ffi::PyExc_TypeError;
        ffi::PyErr_Format(error, form.as_ptr(), name.as_ptr(), wanted.as_ptr(), given);
    }
    -1
}
