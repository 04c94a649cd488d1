//! The layout record of a ctypes type, kept inside the type object itself.
//!
//! The metaclasses are larger than `type` by one [`Slot`]. It lies where `type` ends, both in the
//! heap types that Python code makes and in our own static types (see `types`).

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::ffi::{CString, c_int, c_void};
use std::rc::Rc;

use clib::ctype::CType;
use pyo3::ffi;

use crate::allocation::Spare;
use crate::arrival::Reception;
use crate::creation::Creation;
use crate::ending::Ends;
use crate::py::{self, Obj};
use crate::types::types;
use crate::value::{Access, Reader};

/// What kind of type a record describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Struct,
    Union,
    Array,
    Pointer,
    Simple,
    Function,
}

/// The type was used, so that its fields can no longer change.
pub(crate) const FINAL: u32 = 1;
/// Values are pointers.
pub(crate) const IS_POINTER: u32 = 2;
/// Values contain pointers.
pub(crate) const HAS_POINTER: u32 = 4;

/// What is known of a ctypes type.
#[derive(Clone)]
pub(crate) struct Info {
    pub(crate) kind: Kind,
    pub(crate) size: usize,
    pub(crate) align: usize,
    /// Elements of an array, fields of a record with those of its bases, 1 for a pointer.
    pub(crate) length: usize,
    /// How a value travels in a call.
    pub(crate) ctype: CType,
    /// Item type of an array or pointer, type code of a simple type.
    pub(crate) proto: Option<Obj>,
    /// How a simple value is read and written.
    pub(crate) access: Option<Access>,
    /// The same, where reading gives a plain Python value: not for types derived from a simple one.
    pub(crate) plain: Option<Access>,
    /// `plain` of the item type of an array or pointer.
    pub(crate) item: Option<Access>,
    /// Of a function type: `_argtypes_`, their `from_param`, `_restype_`, its `_check_retval_`.
    pub(crate) argtypes: Option<Obj>,
    pub(crate) converters: Option<Obj>,
    pub(crate) restype: Option<Obj>,
    pub(crate) checker: Option<Obj>,
    /// Of a function type: its calling flags.
    pub(crate) call_flags: u32,
    /// Of a function type: how its callbacks are received, once there was one.
    pub(crate) reception: OnceCell<Rc<Reception>>,
    pub(crate) flags: Cell<u32>,
    /// The format of the buffer protocol, and the shape of an array.
    pub(crate) format: CString,
    pub(crate) shape: Vec<isize>,
}

impl Info {
    pub(crate) fn new(kind: Kind, size: usize, align: usize, ctype: CType) -> Info {
        Info {
            kind,
            size,
            align,
            length: 0,
            ctype,
            proto: None,
            access: None,
            plain: None,
            item: None,
            argtypes: None,
            converters: None,
            restype: None,
            checker: None,
            call_flags: 0,
            reception: OnceCell::new(),
            flags: Cell::new(0),
            format: c"B".to_owned(),
            shape: Vec::new(),
        }
    }

    pub(crate) fn has(&self, flag: u32) -> bool {
        self.flags.get() & flag != 0
    }

    pub(crate) fn set(&self, flag: u32) {
        self.flags.set(self.flags.get() | flag);
    }

    fn objects(&self) -> impl Iterator<Item = &Obj> {
        let all = [
            &self.proto,
            &self.argtypes,
            &self.converters,
            &self.restype,
            &self.checker,
        ];
        all.into_iter().flatten()
    }

    /// The record of a type object; `None` for a type that is abstract or none of ours.
    #[inline]
    pub(crate) fn of_type(ty: &Obj) -> Option<Rc<Info>> {
        slot_of(ty)?.info.borrow().clone()
    }

    /// What `read` makes of the record of an instance's type; it must not run Python code, which
    /// might replace the record.
    #[inline(always)]
    pub(crate) fn peek<T>(instance: &Obj, read: impl FnOnce(&Info) -> Option<T>) -> Option<T> {
        let ty = instance.type_ptr().cast::<ffi::PyObject>();
        // SAFETY: an object keeps its type alive, and the interpreter is held: nobody replaces the
        // record meanwhile.
        unsafe {
            let slot = slot_of(Obj::by_ref(&ty)?)?;
            read((*slot.info.as_ptr()).as_deref()?)
        }
    }

    /// The same for a type object; it must not run Python code either.
    #[inline(always)]
    pub(crate) fn peek_type<T>(ty: &Obj, read: impl FnOnce(&Info) -> Option<T>) -> Option<T> {
        // SAFETY: the interpreter is held: nobody replaces the record meanwhile.
        unsafe { read((*slot_of(ty)?.info.as_ptr()).as_deref()?) }
    }

    /// The same for the instance of a slot or property of our base types.
    ///
    /// # Safety
    /// As for [`Data::of_self`](crate::cdata::Data::of_self).
    #[inline(always)]
    pub(crate) unsafe fn peek_own<T>(
        instance: &Obj,
        read: impl FnOnce(&Info) -> Option<T>,
    ) -> Option<T> {
        // SAFETY: a class below our base types has a metaclass below ours, and so a slot; a record
        // was given to it, and the slot with that, before there was an instance.
        unsafe {
            let slot = *slot_place(instance.type_ptr().cast());
            if slot.is_null() {
                return None;
            }
            read((*(*slot).info.as_ptr()).as_deref()?)
        }
    }

    /// The record of an instance's type.
    #[inline]
    pub(crate) fn of_instance(instance: &Obj) -> Option<Rc<Info>> {
        let ty = instance.type_ptr().cast::<ffi::PyObject>();
        // SAFETY: an object keeps its type alive.
        Info::of_type(unsafe { Obj::by_ref(&ty) }?)
    }

    /// Gives a type its record.
    pub(crate) fn store(self, ty: &Obj) -> Rc<Info> {
        let info = Rc::new(self);
        if let Some(slot) = slot_of(ty) {
            let old = slot.info.replace(Some(info.clone()));
            drop(old);
        }
        info
    }
}

/// What a type object of ours holds beyond a `type`.
pub(crate) struct Slot {
    pub(crate) info: RefCell<Option<Rc<Info>>>,
    /// Whether instances are those of `_CData`; a metaclass of ours does not ensure that.
    pub(crate) has_data: bool,
    /// How instances are made fast, once that was found out.
    pub(crate) creation: RefCell<Option<Rc<Creation>>>,
    /// The memory of dead instances.
    pub(crate) spare: Spare,
    /// How the `value` of a simple instance is read.
    pub(crate) reader: Cell<Option<Reader>>,
    /// How instances end the short way, where they do.
    pub(crate) ends: Cell<Option<Ends>>,
    /// Array types made of this type by length: weak references, so that they can die.
    pub(crate) arrays: RefCell<HashMap<usize, Obj>>,
}

/// Bytes that a metaclass adds to `type`: the address of a boxed [`Slot`], made when first used.
pub(crate) const SLOT_SIZE: usize = size_of::<*mut Slot>();

fn slot_place(ty: *mut ffi::PyObject) -> *mut *mut Slot {
    // SAFETY: callers pass types whose metaclass is ours, so that the slot follows the `type` part.
    unsafe { ty.byte_add(types().type_size).cast() }
}

/// The slot of a type that has one for sure.
///
/// # Safety
/// `ty` is a living type whose metaclass is ours, and [`slot_of`] was asked about it before.
#[inline(always)]
pub(crate) unsafe fn slot_in<'a>(ty: *mut ffi::PyTypeObject) -> &'a Slot {
    // SAFETY: the caller's promise.
    unsafe { &**slot_place(ty.cast()) }
}

/// The slot of a type object of ours; `None` for any other object.
#[inline(always)]
pub(crate) fn slot_of(ty: &Obj) -> Option<&Slot> {
    if !is_meta(ty.type_ptr()) {
        return None;
    }
    let place = slot_place(ty.ptr());
    // SAFETY: the place is zero in a new type and owned by the type object, which `ty` keeps alive.
    unsafe {
        if (*place).is_null() {
            Slot::install(ty, place);
        }
        Some(&**place)
    }
}

/// Whether a type is one of our metaclasses or derives from them.
#[inline(always)]
fn is_meta(meta: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: callers pass the living type of a living object.
    unsafe {
        // Our own metaclasses are recognised by what no other type has, others by not being one.
        (*meta).tp_dealloc.map(|slot| slot as usize) == Some(dealloc as *const () as usize)
            || (meta != py::type_type()
                && (*meta).tp_flags & ffi::Py_TPFLAGS_TYPE_SUBCLASS != 0
                && ffi::PyType_IsSubtype(meta, types().meta) != 0)
    }
}

impl Slot {
    /// Gives a type its slot.
    ///
    /// # Safety
    /// `place` is the empty place of the slot of `ty`.
    #[cold]
    unsafe fn install(ty: &Obj, place: *mut *mut Slot) {
        // SAFETY: the caller's promise.
        unsafe { *place = Box::into_raw(Box::new(Slot::new(ty))) }
    }

    fn new(ty: &Obj) -> Slot {
        let data = types().data;
        Slot {
            info: RefCell::default(),
            // SAFETY: both are living types. What a class derives from in memory never changes.
            has_data: !data.is_null()
                && unsafe { ffi::PyType_IsSubtype(ty.ptr().cast(), data) != 0 },
            creation: RefCell::default(),
            spare: Spare::new(),
            reader: Cell::new(None),
            ends: Cell::new(None),
            arrays: RefCell::default(),
        }
    }

    /// Shows the collector every reference that only this slot owns. What somebody on the stack
    /// shares meanwhile counts as referred to from outside.
    fn visit(&self, mut visit: impl FnMut(&Obj) -> c_int) -> c_int {
        let (Ok(info), Ok(creation)) = (self.info.try_borrow(), self.creation.try_borrow()) else {
            return 0;
        };
        let mut sharers = 1;
        if let Some(creation) = creation.as_ref().filter(|it| Rc::strong_count(it) == 1) {
            let (types, shared) = creation.owned();
            let older =
                Some(shared).filter(|shared| !info.as_ref().is_some_and(|i| Rc::ptr_eq(i, shared)));
            sharers += usize::from(older.is_none());
            let older = older.filter(|info| Rc::strong_count(info) == 1);
            for object in types.chain(older.into_iter().flat_map(|info| info.objects())) {
                let status = visit(object);
                if status != 0 {
                    return status;
                }
            }
        }
        if let Some(info) = info.as_ref().filter(|it| Rc::strong_count(it) == sharers) {
            for object in info.objects() {
                let status = visit(object);
                if status != 0 {
                    return status;
                }
            }
        }
        0
    }
}

/// Whether instances of a type are those of `_CData`.
#[inline(always)]
pub(crate) fn has_data(ty: &Obj) -> bool {
    slot_of(ty).is_some_and(|slot| slot.has_data)
}

/// Whether an object is an instance of `_CData`.
#[inline(always)]
pub(crate) fn is_data(object: &Obj) -> bool {
    let ty = object.type_ptr().cast::<ffi::PyObject>();
    // SAFETY: an object keeps its type alive.
    unsafe { Obj::by_ref(&ty) }.is_some_and(has_data)
}

/// `tp_dealloc` of the metaclasses.
pub(crate) unsafe extern "C" fn dealloc(ty: *mut ffi::PyObject) {
    let place = slot_place(ty);
    // SAFETY: Python calls this once, for a dying type of our metaclass; the box is its own.
    let slot = unsafe { std::mem::replace(&mut *place, std::ptr::null_mut()) };
    if !slot.is_null() {
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(slot) });
    }
    // SAFETY: `type` frees the rest; it untracks the object itself.
    unsafe {
        if let Some(dealloc) = (*py::type_type()).tp_dealloc {
            dealloc(ty);
        }
    }
}

/// `tp_traverse` of the metaclasses.
pub(crate) unsafe extern "C" fn traverse(
    ty: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the collector calls this with a living type; it runs no Python code meanwhile.
    unsafe {
        let slot = *slot_place(ty);
        if !slot.is_null() {
            let status = (*slot).visit(|object| visit(object.ptr(), argument));
            if status != 0 {
                return status;
            }
        }
        match (*py::type_type()).tp_traverse {
            Some(traverse) => traverse(ty, visit, argument),
            None => 0,
        }
    }
}

/// `tp_clear` of the metaclasses.
pub(crate) unsafe extern "C" fn clear(ty: *mut ffi::PyObject) -> c_int {
    // SAFETY: the collector calls this with a type of ours in an unreachable cycle.
    unsafe {
        let slot = *slot_place(ty);
        if !slot.is_null() {
            let old = (*slot).info.replace(None);
            let creation = (*slot).creation.take();
            let arrays = (*slot).arrays.take();
            drop((old, creation, arrays));
        }
        match (*py::type_type()).tp_clear {
            Some(clear) => clear(ty),
            None => 0,
        }
    }
}
