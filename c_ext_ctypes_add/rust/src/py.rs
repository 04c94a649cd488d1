//! The private layer over the C API: owned references, errors, and what the rest asks of Python.
//!
//! An [`Obj`] is an owned reference and exists only while its thread holds the interpreter: it is
//! made from pointers that Python handed to us, is neither `Send` nor `Sync`, and is dropped before
//! control goes back. `&Obj` is a borrowed reference. All other modules speak through this one, so
//! the facts that the unsafe blocks below rely on are the same for all: the interpreter is held,
//! and the pointer inside an `Obj` is a living object.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

pub(crate) use crate::error::{
    Exc, Exception, Raised, Res, clear_error, extend_error, extend_same, forgive, guard, matches,
    raise, raised,
};

/// An owned reference to a Python object.
#[repr(transparent)]
#[derive(Debug)]
pub(crate) struct Obj(NonNull<ffi::PyObject>, PhantomData<*mut ()>);

impl Clone for Obj {
    fn clone(&self) -> Self {
        // SAFETY: a living object, interpreter held.
        unsafe { ffi::Py_INCREF(self.ptr()) };
        Obj(self.0, PhantomData)
    }
}

impl Drop for Obj {
    fn drop(&mut self) {
        // SAFETY: this value owns one reference; interpreter held.
        unsafe { ffi::Py_DECREF(self.ptr()) };
    }
}

/// Calls into the C API whose pointers come from living [`Obj`]s, with the interpreter held.
macro_rules! api {
    ($call:expr) => {{
        // SAFETY: every pointer in this call belongs to a living Obj or is a constant, and the
        // interpreter is held (see the module's comment).
        unsafe { $call }
    }};
}
pub(crate) use api;

impl Obj {
    /// Takes over a new reference; NULL means that an exception is set.
    ///
    /// # Safety
    /// `ptr` is NULL or a reference that the caller owns and gives away.
    pub(crate) unsafe fn owned(ptr: *mut ffi::PyObject) -> Res<Obj> {
        NonNull::new(ptr)
            .map(|ptr| Obj(ptr, PhantomData))
            .ok_or(Raised)
    }

    /// Makes an owned reference of a borrowed one; NULL becomes `None`.
    ///
    /// # Safety
    /// `ptr` is NULL or a living object.
    pub(crate) unsafe fn borrowed(ptr: *mut ffi::PyObject) -> Option<Obj> {
        // SAFETY: the caller's promise.
        unsafe { Obj::by_ref(&ptr) }.cloned()
    }

    /// Looks at a borrowed reference without counting it.
    ///
    /// # Safety
    /// `ptr` is NULL or stays a living object as long as the result is used.
    pub(crate) unsafe fn by_ref(ptr: &*mut ffi::PyObject) -> Option<&Obj> {
        if ptr.is_null() {
            None
        } else {
            // SAFETY: Obj is a transparent wrapper of a non-null pointer.
            Some(unsafe { &*(&raw const *ptr).cast::<Obj>() })
        }
    }

    /// The borrowed pointer.
    pub(crate) fn ptr(&self) -> *mut ffi::PyObject {
        self.0.as_ptr()
    }

    /// Gives the reference away.
    pub(crate) fn into_ptr(self) -> *mut ffi::PyObject {
        let ptr = self.ptr();
        std::mem::forget(self);
        ptr
    }

    /// Its type.
    pub(crate) fn ty(&self) -> Obj {
        api!(Obj::borrowed(ffi::Py_TYPE(self.ptr()).cast())).expect("every object has a type")
    }

    pub(crate) fn type_ptr(&self) -> *mut ffi::PyTypeObject {
        api!(ffi::Py_TYPE(self.ptr()))
    }

    /// The name of its type, for messages.
    pub(crate) fn type_name(&self) -> String {
        type_name(self.type_ptr())
    }

    pub(crate) fn is(&self, other: &Obj) -> bool {
        self.ptr() == other.ptr()
    }

    pub(crate) fn is_none(&self) -> bool {
        self.ptr() == api!(ffi::Py_None())
    }

    pub(crate) fn is_type(&self) -> bool {
        api!(ffi::PyType_Check(self.ptr())) != 0
    }

    pub(crate) fn is_int(&self) -> bool {
        api!(ffi::PyLong_Check(self.ptr())) != 0
    }

    pub(crate) fn is_float(&self) -> bool {
        api!(ffi::PyFloat_Check(self.ptr())) != 0
    }

    pub(crate) fn is_bytes(&self) -> bool {
        api!(ffi::PyBytes_Check(self.ptr())) != 0
    }

    pub(crate) fn is_str(&self) -> bool {
        api!(ffi::PyUnicode_Check(self.ptr())) != 0
    }

    pub(crate) fn is_tuple(&self) -> bool {
        api!(ffi::PyTuple_Check(self.ptr())) != 0
    }

    pub(crate) fn is_callable(&self) -> bool {
        api!(ffi::PyCallable_Check(self.ptr())) != 0
    }

    /// Whether its type is `ty` or derives from it, without asking `__instancecheck__`.
    pub(crate) fn has_type(&self, ty: *mut ffi::PyTypeObject) -> bool {
        api!(ffi::PyObject_TypeCheck(self.ptr(), ty)) != 0
    }

    /// `isinstance(self, class)`.
    pub(crate) fn is_instance(&self, class: &Obj) -> Res<bool> {
        truth_of(api!(ffi::PyObject_IsInstance(self.ptr(), class.ptr())))
    }

    /// `issubclass(self, class)`.
    pub(crate) fn is_subclass(&self, class: &Obj) -> Res<bool> {
        truth_of(api!(ffi::PyObject_IsSubclass(self.ptr(), class.ptr())))
    }

    pub(crate) fn truth(&self) -> Res<bool> {
        truth_of(api!(ffi::PyObject_IsTrue(self.ptr())))
    }

    pub(crate) fn getattr(&self, name: &Name) -> Res<Obj> {
        api!(Obj::owned(ffi::PyObject_GetAttr(
            self.ptr(),
            name.get().ptr()
        )))
    }

    pub(crate) fn getattr_obj(&self, name: &Obj) -> Res<Obj> {
        api!(Obj::owned(ffi::PyObject_GetAttr(self.ptr(), name.ptr())))
    }

    /// The attribute, or `None` when there is none; other errors stay errors.
    pub(crate) fn getattr_opt(&self, name: &Name) -> Res<Option<Obj>> {
        let mut found = std::ptr::null_mut();
        // SAFETY: living objects; the place receives an owned reference or NULL.
        unsafe {
            done(PyObject_GetOptionalAttr(
                self.ptr(),
                name.get().ptr(),
                &raw mut found,
            ))?;
            Ok(Obj::owned(found).ok())
        }
    }

    pub(crate) fn setattr(&self, name: &CStr, value: &Obj) -> Res<()> {
        done(api!(ffi::PyObject_SetAttrString(
            self.ptr(),
            name.as_ptr(),
            value.ptr()
        )))
    }

    pub(crate) fn setattr_obj(&self, name: &Obj, value: &Obj) -> Res<()> {
        done(api!(ffi::PyObject_SetAttr(
            self.ptr(),
            name.ptr(),
            value.ptr()
        )))
    }

    pub(crate) fn call(&self, arguments: &[&Obj]) -> Res<Obj> {
        let arguments = tuple(arguments)?;
        self.call_tuple(&arguments)
    }

    pub(crate) fn call_one(&self, argument: &Obj) -> Res<Obj> {
        #[cfg(not(Py_3_9))]
        compile_error!("Python 3.9 or later is needed");
        api!(Obj::owned(ffi::PyObject_CallOneArg(
            self.ptr(),
            argument.ptr()
        )))
    }

    pub(crate) fn call_tuple(&self, arguments: &Obj) -> Res<Obj> {
        api!(Obj::owned(ffi::PyObject_CallObject(
            self.ptr(),
            arguments.ptr()
        )))
    }

    pub(crate) fn call_none(&self) -> Res<Obj> {
        api!(Obj::owned(ffi::PyObject_CallNoArgs(self.ptr())))
    }

    /// A call with positional arguments.
    #[inline(always)]
    pub(crate) fn call_values(&self, values: &[Obj]) -> Res<Obj> {
        let (at, count) = (values.as_ptr().cast(), values.len());
        // SAFETY: living objects during the call; an Obj is a transparent wrapper of its pointer. A
        // function of Python code is entered as the interpreter itself would enter it.
        unsafe {
            let made = match entry_of(self) {
                Some(enter) => enter(self.ptr(), at, count, std::ptr::null_mut()),
                None => ffi::PyObject_Vectorcall(self.ptr(), at, count, std::ptr::null_mut()),
            };
            Obj::owned(made)
        }
    }

    /// Length of any sequence.
    pub(crate) fn len(&self) -> Res<usize> {
        let length = api!(ffi::PySequence_Size(self.ptr()));
        usize::try_from(length).map_err(|_| Raised)
    }

    /// Item of any sequence.
    pub(crate) fn item(&self, index: usize) -> Res<Obj> {
        api!(Obj::owned(ffi::PySequence_GetItem(
            self.ptr(),
            index as isize
        )))
    }

    /// A tuple of the items of any iterable.
    pub(crate) fn to_tuple(&self) -> Res<Obj> {
        api!(Obj::owned(ffi::PySequence_Tuple(self.ptr())))
    }

    /// The items of a tuple, borrowed from it.
    pub(crate) fn items(&self) -> &[Obj] {
        debug_assert!(self.is_tuple());
        // SAFETY: a tuple never changes while someone holds it; its items are living objects, and
        // Obj is a transparent wrapper of their pointers.
        unsafe {
            let length = ffi::PyTuple_GET_SIZE(self.ptr()) as usize;
            if length == 0 {
                return &[];
            }
            let first = (&raw const (*self.ptr().cast::<ffi::PyTupleObject>()).ob_item);
            std::slice::from_raw_parts(first.cast::<Obj>(), length)
        }
    }

    /// Entry of an exact or derived dict.
    pub(crate) fn dict_get(&self, key: &Obj) -> Res<Option<Obj>> {
        let found = api!(ffi::PyDict_GetItemWithError(self.ptr(), key.ptr()));
        if found.is_null() && raised() {
            return Err(Raised);
        }
        Ok(api!(Obj::borrowed(found)))
    }

    pub(crate) fn dict_set(&self, key: &Obj, value: &Obj) -> Res<()> {
        done(api!(ffi::PyDict_SetItem(
            self.ptr(),
            key.ptr(),
            value.ptr()
        )))
    }

    /// The bytes of a `bytes` object.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        debug_assert!(self.is_bytes());
        // SAFETY: bytes never change; the slice borrows the object.
        unsafe {
            let length = ffi::Py_SIZE(self.ptr()) as usize;
            std::slice::from_raw_parts(ffi::PyBytes_AS_STRING(self.ptr()).cast(), length)
        }
    }

    /// The UTF-8 of a `str` object.
    pub(crate) fn as_str(&self) -> Res<&str> {
        let mut length = 0;
        let text = api!(ffi::PyUnicode_AsUTF8AndSize(self.ptr(), &raw mut length));
        if text.is_null() {
            return Err(Raised);
        }
        // SAFETY: Python keeps the UTF-8 form with the object and guarantees its validity.
        Ok(unsafe {
            std::str::from_utf8_unchecked(std::slice::from_raw_parts(text.cast(), length as usize))
        })
    }

    /// The one `str` object of this text that names are compared by.
    pub(crate) fn interned(self) -> Obj {
        let mut place = self.into_ptr();
        // SAFETY: an owned reference goes in and one comes out.
        unsafe {
            ffi::PyUnicode_InternInPlace(&raw mut place);
            Obj::owned(place).expect("interning keeps the text")
        }
    }

    /// `repr(self)`, for messages.
    pub(crate) fn repr(&self) -> Res<String> {
        let text = api!(Obj::owned(ffi::PyObject_Repr(self.ptr())))?;
        Ok(text.as_str()?.to_owned())
    }

    /// A C `ssize_t` of an int.
    pub(crate) fn to_isize(&self) -> Res<isize> {
        let value = api!(ffi::PyLong_AsSsize_t(self.ptr()));
        if value == -1 && raised() {
            Err(Raised)
        } else {
            Ok(value)
        }
    }

    /// The low bits of an int, as an address.
    pub(crate) fn to_address(&self) -> Res<*mut c_void> {
        let value = api!(ffi::PyLong_AsUnsignedLongLongMask(self.ptr()));
        if value == u64::MAX && raised() {
            Err(Raised)
        } else {
            Ok(value as usize as *mut c_void)
        }
    }
}

/// Where a function of Python code is entered.
#[inline(always)]
fn entry_of(callable: &Obj) -> Option<ffi::vectorcallfunc> {
    if callable.type_ptr() != &raw mut ffi::PyFunction_Type {
        return None;
    }
    // SAFETY: a living object of exactly this type.
    unsafe { (*callable.ptr().cast::<ffi::PyFunctionObject>()).vectorcall }
}

/// The name of a type as messages show it: with its module for the types written in C.
pub(crate) fn type_name(ty: *mut ffi::PyTypeObject) -> String {
    // SAFETY: callers pass living types, whose name is a C string.
    let name = unsafe { CStr::from_ptr((*ty).tp_name) };
    name.to_string_lossy().into_owned()
}

fn truth_of(status: c_int) -> Res<bool> {
    if status < 0 {
        Err(Raised)
    } else {
        Ok(status != 0)
    }
}

/// A name that is looked up often. Its `str` object is made when first used and kept for ever.
pub(crate) struct Name {
    text: &'static CStr,
    object: AtomicPtr<ffi::PyObject>,
}

/// The [`Name`] of a text.
macro_rules! name {
    ($text:literal) => {{
        static NAME: crate::py::Name = crate::py::Name::new($text);
        &NAME
    }};
}
pub(crate) use name;

impl Name {
    pub(crate) const fn new(text: &'static CStr) -> Name {
        Name {
            text,
            object: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    #[inline]
    pub(crate) fn get(&self) -> &Obj {
        let object = self.object.load(Ordering::Relaxed);
        if object.is_null() {
            return self.make();
        }
        // SAFETY: the object lives for ever, and Obj is a transparent wrapper of its pointer.
        unsafe { &*(&raw const self.object).cast::<Obj>() }
    }

    #[cold]
    fn make(&self) -> &Obj {
        let made = api!(ffi::PyUnicode_InternFromString(self.text.as_ptr()));
        assert!(!made.is_null(), "no memory for a name");
        self.object.store(made, Ordering::Relaxed);
        self.get()
    }
}

/// The dict of a class itself.
fn type_dict(class: &Obj) -> Res<Obj> {
    let class = class.ptr().cast::<ffi::PyTypeObject>();
    #[cfg(Py_3_12)]
    return api!(Obj::owned(ffi::PyType_GetDict(class)));
    #[cfg(not(Py_3_12))]
    // SAFETY: a living class, whose dict lives with it.
    unsafe { Obj::borrowed((*class).tp_dict) }.ok_or(Raised)
}

/// An attribute of a class itself, not of its bases.
pub(crate) fn own_attribute(class: &Obj, name: &Name) -> Res<Option<Obj>> {
    type_dict(class)?.dict_get(name.get())
}

/// Puts an attribute into a class that is being made, past its metaclass.
pub(crate) fn add_to_type(class: &Obj, name: &str, value: &Obj) -> Res<()> {
    type_dict(class)?.dict_set(&string(name)?, value)?;
    api!(ffi::PyType_Modified(class.ptr().cast()));
    Ok(())
}

/// `type` itself, whose slots our metaclasses extend.
pub(crate) fn type_type() -> *mut ffi::PyTypeObject {
    &raw mut ffi::PyType_Type
}

/// Turns a C status into a result.
pub(crate) fn done(status: c_int) -> Res<()> {
    if status < 0 { Err(Raised) } else { Ok(()) }
}

pub(crate) fn none() -> Obj {
    api!(Obj::borrowed(ffi::Py_None())).expect("None exists")
}

pub(crate) fn boolean(value: bool) -> Res<Obj> {
    api!(Obj::owned(ffi::PyBool_FromLong(value.into())))
}

pub(crate) fn int(value: i64) -> Res<Obj> {
    crate::number::int(value)
}

pub(crate) fn unsigned(value: u64) -> Res<Obj> {
    match i64::try_from(value) {
        Ok(value) => int(value),
        Err(_) => api!(Obj::owned(ffi::PyLong_FromUnsignedLongLong(value))),
    }
}

pub(crate) fn address(value: *const c_void) -> Res<Obj> {
    unsigned(value as usize as u64)
}

pub(crate) fn float(value: f64) -> Res<Obj> {
    api!(Obj::owned(ffi::PyFloat_FromDouble(value)))
}

pub(crate) fn string(value: &str) -> Res<Obj> {
    let (text, length) = (value.as_ptr().cast::<c_char>(), value.len() as isize);
    api!(Obj::owned(ffi::PyUnicode_FromStringAndSize(text, length)))
}

pub(crate) fn bytes(value: &[u8]) -> Res<Obj> {
    let (data, length) = (value.as_ptr().cast::<c_char>(), value.len() as isize);
    api!(Obj::owned(ffi::PyBytes_FromStringAndSize(data, length)))
}

/// `import name`, of a module without dots.
pub(crate) fn import(name: &CStr) -> Res<Obj> {
    api!(Obj::owned(ffi::PyImport_ImportModule(name.as_ptr())))
}

pub(crate) fn dict() -> Res<Obj> {
    api!(Obj::owned(ffi::PyDict_New()))
}

pub(crate) fn tuple(items: &[&Obj]) -> Res<Obj> {
    tuple_of(items.len(), |index| Ok(items[index].clone()))
}

/// A tuple of items that are made one after the other.
pub(crate) fn tuple_of(count: usize, mut make: impl FnMut(usize) -> Res<Obj>) -> Res<Obj> {
    let made = api!(Obj::owned(ffi::PyTuple_New(count as isize)))?;
    for index in 0..count {
        // SAFETY: the tuple is new, the index within it, and it takes over the reference. Nobody else
        // changes it before it is full.
        unsafe { ffi::PyTuple_SET_ITEM(made.ptr(), index as isize, make(index)?.into_ptr()) };
    }
    Ok(made)
}

/// A list of `count` items, which are made one after the other.
pub(crate) fn list(count: usize, items: &mut dyn Iterator<Item = Res<Obj>>) -> Res<Obj> {
    let made = api!(Obj::owned(ffi::PyList_New(count as isize)))?;
    for (index, item) in items.take(count).enumerate() {
        // SAFETY: the list is new, the index within it, and it takes over the reference. Nobody else
        // sees it before it is full.
        unsafe { ffi::PyList_SET_ITEM(made.ptr(), index as isize, item?.into_ptr()) };
    }
    Ok(made)
}

/// Raises the audit event `name`; a listener may refuse by an exception.
pub(crate) fn audit(name: &CStr, arguments: &[&Obj]) -> Res<()> {
    // SAFETY: each format takes as many objects as are given.
    done(unsafe {
        match arguments {
            [] => PySys_Audit(name.as_ptr(), std::ptr::null()),
            [one] => PySys_Audit(name.as_ptr(), c"(O)".as_ptr(), one.ptr()),
            [one, two] => PySys_Audit(name.as_ptr(), c"(OO)".as_ptr(), one.ptr(), two.ptr()),
            many => {
                let many = tuple(many)?;
                PySys_Audit(name.as_ptr(), c"O".as_ptr(), many.ptr())
            }
        }
    })
}

// Not bound by pyo3.
unsafe extern "C" {
    #[cfg_attr(not(Py_3_13), link_name = "_PyObject_LookupAttr")]
    fn PyObject_GetOptionalAttr(
        object: *mut ffi::PyObject,
        name: *mut ffi::PyObject,
        result: *mut *mut ffi::PyObject,
    ) -> c_int;
    fn PySys_Audit(event: *const c_char, format: *const c_char, ...) -> c_int;
}

/// A view of an object's memory, released when dropped.
pub(crate) struct Buffer(ffi::Py_buffer);

impl Buffer {
    /// Asks `object` for its memory.
    pub(crate) fn of(object: &Obj, flags: c_int) -> Res<Buffer> {
        // SAFETY: a buffer description is plain data, which the call below fills in.
        let mut view: ffi::Py_buffer = unsafe { std::mem::zeroed() };
        done(api!(ffi::PyObject_GetBuffer(
            object.ptr(),
            &raw mut view,
            flags
        )))?;
        Ok(Buffer(view))
    }

    pub(crate) fn memory(&self) -> *mut u8 {
        self.0.buf.cast()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len as usize
    }

    pub(crate) fn is_readonly(&self) -> bool {
        self.0.readonly != 0
    }

    pub(crate) fn is_contiguous(&self) -> bool {
        api!(ffi::PyBuffer_IsContiguous(
            &raw const self.0,
            b'C' as c_char
        )) != 0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        api!(ffi::PyBuffer_Release(&raw mut self.0));
    }
}
