//! The module: its definition, and what is made when it is imported.

use std::cell::UnsafeCell;
use std::ffi::c_char;
use std::ptr;

use pyo3::ffi::{self, PyModuleDef, PyObject};

use crate::arguments::Raised;
use crate::{functions, point};

/// What changes while the GIL is held, such as a table that the interpreter keeps a pointer to.
pub struct Given<T>(UnsafeCell<T>);

// SAFETY: whoever reads or changes it holds the GIL.
unsafe impl<T> Sync for Given<T> {}

impl<T> Given<T> {
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// For whoever holds the GIL.
    pub const fn pointer(&self) -> *mut T {
        self.0.get()
    }
}

static DEFINITION: Given<PyModuleDef> = Given::new(PyModuleDef {
    m_base: ffi::PyModuleDef_HEAD_INIT,
    m_name: c"_rust_bench".as_ptr(),
    m_doc: ptr::null(),
    m_size: -1,
    m_methods: functions::TABLE.pointer().cast(),
    m_slots: ptr::null_mut(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
});

/// `checker bench` reports nothing of a module that is not optimised.
const OPT_LEVEL: &str = concat!(env!("OPT_LEVEL"), "\0");

/// Called by the interpreter when it imports the module.
///
/// # Safety
/// Only the interpreter calls this, and holds the GIL meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyInit__rust_bench() -> *mut PyObject {
    // SAFETY: the definition lives as long as the process. The module is ours until it is returned.
    unsafe {
        let module = ffi::PyModule_Create(DEFINITION.pointer());
        if !module.is_null() && fill(module).is_err() {
            ffi::Py_DECREF(module);
            return ptr::null_mut();
        }
        module
    }
}

/// # Safety
/// It is a living module, and the GIL is held.
unsafe fn fill(module: *mut PyObject) -> Result<(), Raised> {
    let level = OPT_LEVEL.as_ptr().cast::<c_char>();
    // SAFETY: a living module and C strings. The name takes over the reference when it can be added.
    unsafe {
        let point = point::make_type()?;
        if ffi::PyModule_AddObject(module, c"Point".as_ptr(), point) < 0 {
            ffi::Py_DECREF(point);
            return Err(Raised);
        }
        match ffi::PyModule_AddStringConstant(module, c"__opt_level__".as_ptr(), level) {
            0 => Ok(()),
            _ => Err(Raised),
        }
    }
}
