//! The type objects of the module.
//!
//! All of them are static types, as `_ctypes` itself had them up to Python 3.11: before 3.12 there
//! is no way to make a heap type with a metaclass from C, and a static type is immutable, which the
//! metaclasses must be. Each lies in a block with room for what its metaclass adds to `type`.

use std::alloc::{Layout, alloc_zeroed};
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_ulong};

use pyo3::ffi;

use crate::py::{self, Exc, Res, raise};

/// The types, made once per process.
pub(crate) struct Types {
    /// `type.__basicsize__`; our slot follows it.
    pub(crate) type_size: usize,
    /// The common metaclass, `CType_Type`.
    pub(crate) meta: *mut ffi::PyTypeObject,
    pub(crate) struct_meta: *mut ffi::PyTypeObject,
    pub(crate) union_meta: *mut ffi::PyTypeObject,
    pub(crate) pointer_meta: *mut ffi::PyTypeObject,
    pub(crate) array_meta: *mut ffi::PyTypeObject,
    pub(crate) simple_meta: *mut ffi::PyTypeObject,
    pub(crate) function_meta: *mut ffi::PyTypeObject,
    pub(crate) data: *mut ffi::PyTypeObject,
    pub(crate) structure: *mut ffi::PyTypeObject,
    pub(crate) union: *mut ffi::PyTypeObject,
    pub(crate) pointer: *mut ffi::PyTypeObject,
    pub(crate) array: *mut ffi::PyTypeObject,
    pub(crate) simple: *mut ffi::PyTypeObject,
    pub(crate) function: *mut ffi::PyTypeObject,
    pub(crate) field: *mut ffi::PyTypeObject,
    pub(crate) argument: *mut ffi::PyTypeObject,
    pub(crate) thunk: *mut ffi::PyTypeObject,
    /// `ctypes.ArgumentError`.
    pub(crate) argument_error: *mut ffi::PyObject,
    /// `_pointer_type_cache`.
    pub(crate) pointer_cache: *mut ffi::PyObject,
    /// `_unpickle`.
    pub(crate) unpickle: *mut ffi::PyObject,
}

struct Global(UnsafeCell<Types>);

// SAFETY: written by the import of the module and read by code that holds the interpreter.
unsafe impl Sync for Global {}

const NONE: *mut ffi::PyTypeObject = std::ptr::null_mut();

static TYPES: Global = Global(UnsafeCell::new(Types {
    type_size: 0,
    meta: NONE,
    struct_meta: NONE,
    union_meta: NONE,
    pointer_meta: NONE,
    array_meta: NONE,
    simple_meta: NONE,
    function_meta: NONE,
    data: NONE,
    structure: NONE,
    union: NONE,
    pointer: NONE,
    array: NONE,
    simple: NONE,
    function: NONE,
    field: NONE,
    argument: NONE,
    thunk: NONE,
    argument_error: std::ptr::null_mut(),
    pointer_cache: std::ptr::null_mut(),
    unpickle: std::ptr::null_mut(),
}));

/// The types; valid once the module is imported, and nothing of it runs earlier.
pub(crate) fn types() -> &'static Types {
    // SAFETY: nobody writes after the import, and the import itself is one thread.
    unsafe { &*TYPES.0.get() }
}

/// Changes the table while the module is being imported.
pub(crate) fn fill(change: impl FnOnce(&mut Types)) {
    // SAFETY: called by the module's initialisation only, which holds the interpreter and keeps no
    // other reference to the table meanwhile.
    unsafe { change(&mut *TYPES.0.get()) }
}

/// What a static type is made of; the rest is inherited or filled in by `slots`.
pub(crate) struct Plan {
    pub(crate) name: &'static CStr,
    pub(crate) doc: Option<&'static CStr>,
    pub(crate) meta: *mut ffi::PyTypeObject,
    pub(crate) base: *mut ffi::PyTypeObject,
    /// Size of an instance; 0 inherits.
    pub(crate) size: usize,
    pub(crate) flags: c_ulong,
    pub(crate) methods: Vec<ffi::PyMethodDef>,
    pub(crate) members: Vec<ffi::PyMemberDef>,
    pub(crate) properties: Vec<ffi::PyGetSetDef>,
}

impl Plan {
    pub(crate) fn new(
        name: &'static CStr,
        meta: *mut ffi::PyTypeObject,
        base: *mut ffi::PyTypeObject,
    ) -> Plan {
        Plan {
            name,
            doc: None,
            meta,
            base,
            size: 0,
            flags: ffi::Py_TPFLAGS_DEFAULT,
            methods: Vec::new(),
            members: Vec::new(),
            properties: Vec::new(),
        }
    }

    /// Makes the type; `slots` fills in its slots before Python completes it.
    pub(crate) fn make(
        self,
        slots: impl FnOnce(&mut ffi::PyTypeObject),
    ) -> Res<*mut ffi::PyTypeObject> {
        let place = zeroed_block()?;
        // SAFETY: a zeroed block of more than the size of a type object, for which zeros mean
        // "not set"; it is never freed, nor are the tables that it refers to.
        let made = unsafe {
            place.write(std::mem::zeroed());
            &mut *place
        };
        // SAFETY: the header of an object is plain data; PyObject_HEAD_INIT is its first state.
        unsafe { (&raw mut made.ob_base.ob_base).write(ffi::PyObject_HEAD_INIT) };
        made.ob_base.ob_base.ob_type = self.meta;
        made.tp_name = self.name.as_ptr();
        made.tp_doc = self.doc.map_or(std::ptr::null(), CStr::as_ptr);
        made.tp_base = self.base;
        made.tp_basicsize = self.size as isize;
        made.tp_flags = self.flags;
        made.tp_methods = terminated(self.methods);
        made.tp_members = terminated(self.members);
        made.tp_getset = terminated(self.properties);
        slots(made);
        // SAFETY: the type object is complete and stays where it is.
        py::done(unsafe { ffi::PyType_Ready(place) })?;
        Ok(place)
    }
}

/// Room for a type object and for everything that a metaclass of ours may add.
fn zeroed_block() -> Res<*mut ffi::PyTypeObject> {
    const ROOM: usize = size_of::<ffi::PyHeapTypeObject>() + 512;
    let layout = Layout::from_size_align(ROOM, 16).expect("a constant layout");
    // SAFETY: the layout is not empty.
    let place = unsafe { alloc_zeroed(layout) };
    if place.is_null() {
        Err(raise(Exc::Memory, "no memory for a type"))
    } else {
        Ok(place.cast())
    }
}

/// A table for C: never freed, ended by zeros.
fn terminated<T>(mut table: Vec<T>) -> *mut T {
    if table.is_empty() {
        return std::ptr::null_mut();
    }
    // SAFETY: the definitions are plain C structs whose end mark is all zeros.
    table.push(unsafe { std::mem::zeroed() });
    table.leak().as_mut_ptr()
}

/// Slot tables of a type; never freed, like the type.
pub(crate) fn leak<T>(table: T) -> *mut T {
    Box::into_raw(Box::new(table))
}

/// A slot table in which nothing is set.
pub(crate) fn empty<T: SlotTable>() -> T {
    // SAFETY: only C structs of optional function pointers are slot tables.
    unsafe { std::mem::zeroed() }
}

/// The C structs for which all zeros mean "no slot set".
pub(crate) trait SlotTable {}
impl SlotTable for ffi::PySequenceMethods {}
impl SlotTable for ffi::PyMappingMethods {}
impl SlotTable for ffi::PyNumberMethods {}
impl SlotTable for ffi::PyBufferProcs {}
