//! Where the memory of instances comes from, and where it waits to be used again.
//!
//! Each class keeps the memory of its last few dead instances. The layout of that memory, in front
//! of the object too, belongs to the interpreter; what is done here holds for Python 3.9 to 3.13,
//! and anything else is left to the interpreter's own allocation. How instances end is told in
//! `ending`, how the collector learns of them in `tracking`.

use std::cell::Cell;
use std::ffi::c_void;

use pyo3::ffi;

use crate::info::{Slot, slot_of};
use crate::py::{Obj, Res};
use crate::{ending, tracking};

/// How many dead instances of a class are kept.
const MOST: usize = 16;

/// The dead instances of one class, linked through what was their first field.
pub(crate) struct Spare {
    first: Cell<*mut Dead>,
    count: Cell<usize>,
}

/// A dead instance: typed, untracked, and zero but for its type, its link and its memory's address.
#[repr(C)]
struct Dead {
    base: ffi::PyObject,
    next: *mut Dead,
}

impl Drop for Spare {
    /// Runs while the type is still there, which the interpreter looks at to free its instances.
    fn drop(&mut self) {
        while let Some(dead) = self.take() {
            // SAFETY: the memory of a dead instance, not tracked by the collector.
            unsafe { ffi::PyObject_GC_Del(dead.cast()) }
        }
    }
}

impl Spare {
    pub(crate) const fn new() -> Spare {
        Spare {
            first: Cell::new(std::ptr::null_mut()),
            count: Cell::new(0),
        }
    }

    /// A dead instance as a new one, which is counted and typed and has the fields of [`Dead`]; it
    /// holds no reference to its type.
    #[inline(always)]
    pub(crate) fn reuse(&self) -> Option<Obj> {
        let dead = self.take()?;
        // SAFETY: memory that the interpreter made for an instance of this very type, and that has
        // kept its type; nobody else knows it. The count of references is the first word of an object
        // in the versions that memory is kept in.
        unsafe {
            dead.cast::<isize>().write(1);
            Obj::owned(dead.cast()).ok()
        }
    }

    #[inline(always)]
    fn take(&self) -> Option<*mut Dead> {
        let dead = self.first.get();
        if dead.is_null() {
            return None;
        }
        // SAFETY: this list owns the memory of the dead instances in it.
        self.first.set(unsafe { (*dead).next });
        self.count.set(self.count.get() - 1);
        Some(dead)
    }

    /// Takes a dead instance; `false` when there is no room for it.
    ///
    /// # Safety
    /// `dead` is untracked, nobody else knows it, and its fields are as [`Dead`] says.
    #[inline(always)]
    pub(crate) unsafe fn keep(&self, dead: *mut ffi::PyObject) -> bool {
        let has_room = self.has_room();
        if has_room {
            // SAFETY: the caller's promise.
            unsafe { self.put(dead) };
        }
        has_room
    }

    #[inline(always)]
    pub(crate) fn has_room(&self) -> bool {
        !cfg!(Py_3_14) && self.count.get() < MOST
    }

    /// [`Spare::keep`] where there is room.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    pub(crate) unsafe fn put(&self, dead: *mut ffi::PyObject) {
        let dead = dead.cast::<Dead>();
        // SAFETY: the caller gives the memory away.
        unsafe { (*dead).next = self.first.get() };
        self.first.set(dead);
        self.count.set(self.count.get() + 1);
    }
}

/// A new instance: a counted, typed object whose fields are zero but for the first one behind the
/// object's own, which the caller sets before it calls [`track`].
#[inline(always)]
pub(crate) fn allocate(ty: &Obj, slot: &Slot) -> Res<Obj> {
    match reuse(ty, slot) {
        Some(made) => Ok(made),
        None => allocate_anew(ty),
    }
}

/// The same from memory that was kept, if there is some; no Python code runs meanwhile.
#[inline(always)]
pub(crate) fn reuse(ty: &Obj, slot: &Slot) -> Option<Obj> {
    let made = slot.spare.reuse()?;
    // SAFETY: a living type, to which each of its instances holds a reference.
    unsafe { ffi::Py_INCREF(ty.ptr()) };
    Some(made)
}

#[cold]
fn allocate_anew(ty: &Obj) -> Res<Obj> {
    let pointer = ty.ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: a living type; its tp_alloc gives a zeroed, counted object.
    unsafe {
        let allocate = (*pointer).tp_alloc.unwrap_or(ffi::PyType_GenericAlloc);
        let made = Obj::owned(allocate(pointer, 0))?;
        ffi::PyObject_GC_UnTrack(made.ptr().cast());
        Ok(made)
    }
}

/// Shows a complete instance to the collector.
#[inline(always)]
pub(crate) fn track(made: &Obj) {
    // SAFETY: an instance that `allocate` has made and that is not tracked yet.
    unsafe { tracking::track(made.ptr()) }
}

/// Zeroes what lies in front of a dead instance, whether it was finalised, its dict and weak
/// references, and all fields of its own.
///
/// # Safety
/// `object` is a dead instance of `ty`, untracked.
unsafe fn clear_all(ty: *mut ffi::PyTypeObject, object: *mut usize) {
    /// Flags of types whose instances have two more words in front (from Python 3.11 and 3.12 on).
    const MANAGED: std::ffi::c_ulong = 1 << 3 | 1 << 4;
    // SAFETY: the header of the collector is two words, and managed fields are two before it.
    unsafe {
        object.sub(2).write(0);
        object.sub(1).write(0);
        if cfg!(Py_3_11) && (*ty).tp_flags & MANAGED != 0 {
            object.sub(3).write(0);
            object.sub(4).write(0);
        }
        let (own, all) = (size_of::<ffi::PyObject>(), (*ty).tp_basicsize as usize);
        object
            .cast::<u8>()
            .add(own)
            .write_bytes(0, all.saturating_sub(own));
    }
}

/// `tp_free` of the classes made by Python code: keeps the memory, or frees it.
pub(crate) unsafe extern "C" fn free(object: *mut c_void) {
    // SAFETY: Python calls this at the end of an instance, whose type is still alive.
    unsafe {
        let ty = ffi::Py_TYPE(object.cast());
        let as_object = ty.cast::<ffi::PyObject>();
        if let Some(slot) = Obj::by_ref(&as_object).and_then(slot_of) {
            clear_all(ty, object.cast());
            if slot.spare.keep(object.cast()) {
                return;
            }
        }
        ffi::PyObject_GC_Del(object);
    }
}

/// Lets a class that is just being made keep the memory of its instances, and end them the short way.
pub(crate) fn enable(class: &Obj) {
    let ty = class.ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: a living class; only where the interpreter's own allocation is in place.
    unsafe {
        let own = |slot: Option<ffi::freefunc>| {
            slot.map(|slot| slot as usize) == Some(ffi::PyObject_GC_Del as *const () as usize)
        };
        if own((*ty).tp_free) && (*ty).tp_itemsize == 0 {
            (*ty).tp_free = Some(free);
            ending::enable(class);
        }
    }
}
