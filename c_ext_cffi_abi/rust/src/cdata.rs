//! `CData`: a C value or address as a Python object.
//!
//! Five types share one layout. They differ in what they own:
//!
//! | type | owns |
//! |---|---|
//! | `_CDataBase` | nothing, or the bytes of a primitive behind the object |
//! | `__CDataOwn` | the bytes behind the object, or the object of the struct that it points to |
//! | `__CDataOwnGC` | the target of a handle, or a callback |
//! | `__CDataFromBuf` | a buffer of another object |
//! | `__CDataGCP` | another cdata and its destructor |

use std::mem::zeroed;

use clib::closure::Closure;
use pyo3::exceptions::{PyMemoryError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::call;
use crate::ctype::{CType, Kind, Type};

mod lifecycle;

pub use lifecycle::ready;

/// What every cdata begins with.
#[repr(C)]
pub struct CData {
    head: ffi::PyObject,
    vectorcall: Option<ffi::vectorcallfunc>,
    /// Its type.
    pub ctype: Py<CType>,
    /// A pointer's value, or where the value of any other type lies.
    pub data: *mut u8,
    weak_references: *mut ffi::PyObject,
    /// Items of an open array; bytes of a record with an open array; else -1.
    pub length: isize,
}

/// `__CDataOwn`; its bytes follow.
#[repr(C, align(16))]
pub struct Own {
    base: CData,
    /// Of a pointer to a struct: the cdata of the struct, which owns the bytes. Else null.
    pub record: *mut ffi::PyObject,
}

/// `__CDataOwnGC`.
#[repr(C)]
pub struct OwnGc {
    base: CData,
    /// The target of a handle, or the callable of a callback.
    pub object: *mut ffi::PyObject,
    /// What a callback calls when it fails, or null.
    pub onerror: *mut ffi::PyObject,
    /// The callback's C entry point.
    pub closure: *mut Closure,
}

/// `__CDataFromBuf`.
#[repr(C)]
pub struct FromBuffer {
    base: CData,
    /// The buffer; its `obj` is null once released.
    pub view: ffi::Py_buffer,
}

/// `__CDataGCP`.
#[repr(C)]
pub struct Collected {
    base: CData,
    /// The cdata that the destructor is called with; null once called.
    pub origin: *mut ffi::PyObject,
    /// The destructor; null once called or removed.
    pub destructor: *mut ffi::PyObject,
}

/// Which of the five types an object has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavour {
    Base,
    Own,
    OwnGc,
    FromBuffer,
    Collected,
}

// SAFETY: a type object of zeros is what C's static initialisers begin with as well.
static mut BASE: ffi::PyTypeObject = unsafe { zeroed() };
// SAFETY: as above.
static mut OWN: ffi::PyTypeObject = unsafe { zeroed() };
// SAFETY: as above.
static mut OWN_GC: ffi::PyTypeObject = unsafe { zeroed() };
// SAFETY: as above.
static mut FROM_BUFFER: ffi::PyTypeObject = unsafe { zeroed() };
// SAFETY: as above.
static mut COLLECTED: ffi::PyTypeObject = unsafe { zeroed() };

/// `_CDataBase`.
pub fn base_type() -> *mut ffi::PyTypeObject {
    &raw mut BASE
}

/// Whether the object is a handle or a callback.
///
/// # Safety
/// It is a living object.
pub unsafe fn is_own_gc(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { ffi::Py_TYPE(object) == &raw mut OWN_GC }
}

/// Whether the cdata came from `new`, or is a handle or a callback.
///
/// # Safety
/// It is a living object.
pub unsafe fn owns(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    let kind = unsafe { ffi::Py_TYPE(object) };
    kind == &raw mut OWN || kind == &raw mut OWN_GC
}

/// Of a pointer from `new` to a struct: the cdata of the struct, which the pointer owns.
///
/// # Safety
/// It is a living object.
pub unsafe fn record_of(object: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's promise; the type says what the object is.
    unsafe {
        if ffi::Py_TYPE(object) != &raw mut OWN {
            return None;
        }
        let record = (*object.cast::<Own>()).record;
        (!record.is_null()).then_some(record)
    }
}

fn flavour(kind: *mut ffi::PyTypeObject) -> Option<Flavour> {
    if kind == &raw mut BASE {
        Some(Flavour::Base)
    } else if kind == &raw mut OWN {
        Some(Flavour::Own)
    } else if kind == &raw mut OWN_GC {
        Some(Flavour::OwnGc)
    } else if kind == &raw mut FROM_BUFFER {
        Some(Flavour::FromBuffer)
    } else if kind == &raw mut COLLECTED {
        Some(Flavour::Collected)
    } else {
        None
    }
}

/// What every cdata begins with, looked at without more ado.
pub struct Raw<'a> {
    /// Its type.
    pub ctype: &'a Py<CType>,
    /// As in [`Value::data`].
    pub data: *mut u8,
    /// Items of an open array.
    pub length: isize,
}

impl<'a> Raw<'a> {
    /// The object as a cdata, if it is one.
    ///
    /// # Safety
    /// `object` lives for `'a`.
    #[inline]
    pub unsafe fn of(object: *mut ffi::PyObject) -> Option<Raw<'a>> {
        // SAFETY: the caller's promise; the type says that it begins with a `CData`.
        unsafe {
            flavour(ffi::Py_TYPE(object))?;
            Some(Raw::known(object))
        }
    }

    /// An object that is known to be a cdata.
    ///
    /// # Safety
    /// It is one, and lives for `'a`.
    #[inline]
    pub unsafe fn known(object: *mut ffi::PyObject) -> Raw<'a> {
        // SAFETY: the caller's promise.
        let raw = unsafe { &*object.cast::<CData>() };
        Raw {
            ctype: &raw.ctype,
            data: raw.data,
            length: raw.length,
        }
    }
}

/// A cdata object that something else keeps alive.
#[derive(Clone, Copy)]
pub struct Value<'a, 'py> {
    /// The object.
    pub object: &'a Bound<'py, PyAny>,
    /// Which of the five types it has.
    pub flavour: Flavour,
}

impl<'a, 'py> Value<'a, 'py> {
    /// The object as a cdata, if it is one.
    pub fn of(object: &'a Bound<'py, PyAny>) -> Option<Value<'a, 'py>> {
        // SAFETY: any object has a type.
        let flavour = flavour(unsafe { ffi::Py_TYPE(object.as_ptr()) })?;
        Some(Value { object, flavour })
    }

    /// The object as a cdata.
    ///
    /// # Errors
    /// `TypeError` for any other object.
    pub fn expect(object: &'a Bound<'py, PyAny>) -> PyResult<Value<'a, 'py>> {
        Value::of(object).ok_or_else(|| PyTypeError::new_err("expected a 'cdata' object"))
    }

    /// The interpreter's token.
    pub fn py(self) -> Python<'py> {
        self.object.py()
    }

    fn raw(self) -> &'a CData {
        // SAFETY: `of` has checked that the object is one of the five types, all of which begin
        // with a `CData`; the object lives for 'a.
        unsafe { &*self.object.as_ptr().cast::<CData>() }
    }

    /// Its type.
    pub fn ctype(self) -> Type<'a, 'py> {
        self.raw().ctype.bind(self.py())
    }

    /// A pointer's value, or where the value of any other type lies.
    pub fn data(self) -> *mut u8 {
        self.raw().data
    }

    /// Items of an array.
    pub fn array_length(self) -> usize {
        match &self.ctype().get().kind {
            Kind::Array {
                length: Some(length),
                ..
            } => *length,
            _ => usize::try_from(self.raw().length).unwrap_or(0),
        }
    }

    /// Whether it came from `new`, a handle or a callback.
    pub fn owns(self) -> bool {
        matches!(self.flavour, Flavour::Own | Flavour::OwnGc)
    }

    /// Of a pointer from `new` to a struct: the cdata of the struct.
    pub fn owned_record(self) -> Option<&'a Bound<'py, PyAny>> {
        if self.flavour != Flavour::Own {
            return None;
        }
        // SAFETY: the flavour says which struct this is.
        let own = unsafe { &*self.object.as_ptr().cast::<Own>() };
        if own.record.is_null() {
            return None;
        }
        // SAFETY: the pointer's object owns the record for as long as it lives.
        Some(unsafe { crate::slots::borrow(self.py(), &own.record) })
    }

    /// Bytes really allocated for a record with an open array.
    pub fn open_record_size(self) -> Option<usize> {
        let record = match self.owned_record() {
            Some(record) => Value::of(record)?,
            None => self,
        };
        if record.ctype().get().has_open_array() {
            usize::try_from(record.raw().length).ok()
        } else {
            None
        }
    }

    /// The parts of a handle or a callback.
    pub fn own_gc(self) -> Option<*mut OwnGc> {
        (self.flavour == Flavour::OwnGc).then(|| self.object.as_ptr().cast())
    }

    /// The parts of a cdata over a buffer.
    pub fn buffer_parts(self) -> Option<*mut FromBuffer> {
        (self.flavour == Flavour::FromBuffer).then(|| self.object.as_ptr().cast())
    }

    /// The parts of a cdata with a destructor.
    pub fn collected(self) -> Option<*mut Collected> {
        (self.flavour == Flavour::Collected).then(|| self.object.as_ptr().cast())
    }
}

/// Writes the fields that all five types have.
///
/// # Safety
/// `object` has room for a `CData` behind an initialised head.
unsafe fn fill(object: *mut ffi::PyObject, ctype: Type<'_, '_>, data: *mut u8, length: isize) {
    let at = object.cast::<CData>();
    // SAFETY: the caller's promise. The fields are written one by one, without dropping.
    unsafe {
        (&raw mut (*at).vectorcall).write(Some(call::vectorcall));
        (&raw mut (*at).ctype).write(ctype.clone().unbind());
        (&raw mut (*at).data).write(data);
        (&raw mut (*at).weak_references).write(std::ptr::null_mut());
        (&raw mut (*at).length).write(length);
    }
}

fn no_memory() -> PyErr {
    PyMemoryError::new_err(())
}

/// An object of a type without garbage collection, with `extra` bytes behind `size`.
fn allocate<'py>(
    py: Python<'py>,
    kind: *mut ffi::PyTypeObject,
    bytes: usize,
    clear: bool,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the type is ready, and `bytes` is at least its size.
    unsafe {
        let memory = if clear {
            ffi::PyObject_Calloc(1, bytes)
        } else {
            ffi::PyObject_Malloc(bytes)
        };
        if memory.is_null() {
            return Err(no_memory());
        }
        ffi::PyObject_Init(memory.cast(), kind);
        Ok(Bound::from_owned_ptr(py, memory.cast()))
    }
}

/// A cdata that owns nothing.
pub fn plain<'py>(ctype: Type<'_, 'py>, data: *mut u8) -> PyResult<Bound<'py, PyAny>> {
    sized(ctype, data, -1)
}

/// A cdata over an open array of `length` items that it does not own.
pub fn sized<'py>(
    ctype: Type<'_, 'py>,
    data: *mut u8,
    length: isize,
) -> PyResult<Bound<'py, PyAny>> {
    let object = allocate(ctype.py(), &raw mut BASE, size_of::<CData>(), false)?;
    // SAFETY: just allocated for a `CData`.
    unsafe { fill(object.as_ptr(), ctype, data, length) };
    Ok(object)
}

const INLINE: usize = size_of::<Own>();

/// A primitive whose bytes lie behind the object; returns also where, to be filled in.
pub fn primitive<'py>(ctype: Type<'_, 'py>) -> PyResult<(Bound<'py, PyAny>, *mut u8)> {
    let size = usize::try_from(ctype.get().size_now()).unwrap_or(0);
    let object = allocate(ctype.py(), &raw mut BASE, INLINE + size, true)?;
    // SAFETY: the allocation is `INLINE` and `size` bytes long.
    unsafe {
        let data = object.as_ptr().cast::<u8>().add(INLINE);
        fill(object.as_ptr(), ctype, data, -1);
        Ok((object, data))
    }
}

/// A cdata that owns `size` bytes behind it, zero if `clear`.
pub fn owning<'py>(
    ctype: Type<'_, 'py>,
    size: usize,
    length: isize,
    clear: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let bytes = size
        .checked_add(INLINE)
        .filter(|bytes| isize::try_from(*bytes).is_ok());
    let object = allocate(
        ctype.py(),
        &raw mut OWN,
        bytes.ok_or_else(no_memory)?,
        clear,
    )?;
    let at = object.as_ptr().cast::<Own>();
    // SAFETY: the allocation is `INLINE` (an `Own`) and `size` bytes long.
    unsafe {
        (&raw mut (*at).record).write(std::ptr::null_mut());
        fill(object.as_ptr(), ctype, at.cast::<u8>().add(INLINE), length);
    }
    Ok(object)
}

/// A pointer that keeps the cdata of its struct alive.
pub fn owning_pointer<'py>(
    ctype: Type<'_, 'py>,
    record: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let data = Value::expect(&record)?.data();
    let object = allocate(ctype.py(), &raw mut OWN, INLINE, false)?;
    let at = object.as_ptr().cast::<Own>();
    // SAFETY: the allocation is an `Own`.
    unsafe {
        (&raw mut (*at).record).write(record.into_ptr());
        fill(object.as_ptr(), ctype, data, -1);
    }
    Ok(object)
}

/// An object of a type with garbage collection; what follows the `CData` is zero.
fn allocate_tracked<'py>(
    ctype: Type<'_, 'py>,
    kind: *mut ffi::PyTypeObject,
    data: *mut u8,
    length: isize,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the type is ready; its objects begin with a `CData` and are zero when new, which is a
    // valid state for the collector.
    unsafe {
        let object = Bound::from_owned_ptr_or_err(ctype.py(), ffi::PyType_GenericAlloc(kind, 0))?;
        fill(object.as_ptr(), ctype, data, length);
        Ok(object)
    }
}

/// A handle to `target`; see [`enter_through`] for a callback that calls it.
pub fn own_gc<'py>(
    ctype: Type<'_, 'py>,
    target: Bound<'py, PyAny>,
    onerror: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let object = allocate_tracked(ctype, &raw mut OWN_GC, std::ptr::null_mut(), -1)?;
    let at = object.as_ptr().cast::<OwnGc>();
    // SAFETY: the object is an `OwnGc` whose own fields are zero.
    unsafe {
        (*at).object = target.into_ptr();
        (*at).onerror = onerror.map_or(std::ptr::null_mut(), Bound::into_ptr);
        // The value of a handle is the address of the cdata itself: nothing else has it.
        (*at).base.data = at.cast();
    }
    Ok(object)
}

/// Makes a callback of what [`own_gc`] has just made: its value becomes the closure's entry point.
pub fn enter_through(object: &Bound<'_, PyAny>, closure: Box<Closure>) {
    if let Some(at) = Value::of(object).and_then(Value::own_gc) {
        // SAFETY: the object is an `OwnGc` that nobody else looks at yet.
        unsafe {
            (*at).base.data = closure.code().cast();
            (*at).closure = Box::into_raw(closure);
        }
    }
}

/// A cdata over a buffer, which it releases in the end.
pub fn from_buffer<'py>(
    ctype: Type<'_, 'py>,
    view: ffi::Py_buffer,
    length: isize,
) -> PyResult<Bound<'py, PyAny>> {
    let object = allocate_tracked(ctype, &raw mut FROM_BUFFER, view.buf.cast(), length)?;
    // SAFETY: the object is a `FromBuffer`.
    unsafe { (*object.as_ptr().cast::<FromBuffer>()).view = view };
    Ok(object)
}

/// A cdata equal to `origin`, of type `ctype`, that calls `destructor(origin)` in the end.
pub fn collected<'py>(
    ctype: Type<'_, 'py>,
    origin: Value<'_, 'py>,
    destructor: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let length = origin.raw().length;
    let object = allocate_tracked(ctype, &raw mut COLLECTED, origin.data(), length)?;
    let at = object.as_ptr().cast::<Collected>();
    // SAFETY: the object is a `Collected` whose own fields are zero.
    unsafe {
        (*at).origin = origin.object.clone().into_ptr();
        (*at).destructor = destructor.map_or(std::ptr::null_mut(), |one| one.clone().into_ptr());
    }
    Ok(object)
}

/// Sets the length of a new array or open record.
pub fn set_length(object: &Bound<'_, PyAny>, length: usize) {
    if Value::of(object).is_some() {
        // SAFETY: it is a cdata, and new: nobody else looks at it yet.
        unsafe { (*object.as_ptr().cast::<CData>()).length = length.cast_signed() }
    }
}

/// The five types with the names under which the module offers them.
pub fn types() -> [(&'static str, *mut ffi::PyTypeObject); 5] {
    [
        ("_CDataBase", &raw mut BASE),
        ("__CDataOwn", &raw mut OWN),
        ("__CDataOwnGC", &raw mut OWN_GC),
        ("__CDataFromBuf", &raw mut FROM_BUFFER),
        ("__CDataGCP", &raw mut COLLECTED),
    ]
}
