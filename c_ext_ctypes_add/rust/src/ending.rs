//! The end of an instance, made short.
//!
//! A class made by Python code ends its instances through the interpreter's own function, which asks
//! for a finaliser, weak references, a dict, slots, and guards against deep nesting. Most instances
//! have none of these and hold nothing; they end here. For all others [`dealloc`] steps aside: the
//! interpreter finds out by `tp_dealloc` where its own part of the work ends, so for that time the
//! classes are given back what they had.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

use crate::cdata::{self, Head};
use crate::info::{slot_in, slot_of};
use crate::py::Obj;
use crate::tracking;

/// Where the instances of a class have their dict and their weak references, counted in bytes from
/// the object. It has both, and no slots.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    dict: isize,
    weak: isize,
}

/// The interpreter's `tp_dealloc` of classes that Python code makes; null until one was seen.
static ORDINARY: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

fn address(slot: Option<ffi::destructor>) -> *mut () {
    slot.map_or(std::ptr::null_mut(), |slot| slot as *mut ())
}

fn ordinary() -> Option<ffi::destructor> {
    let ordinary = ORDINARY.load(Ordering::Relaxed);
    // SAFETY: null or the `tp_dealloc` of a class.
    unsafe { std::mem::transmute::<*mut (), Option<ffi::destructor>>(ordinary) }
}

/// Lets a class that is just being made end its instances the short way, if they are of the kind
/// that this file knows.
pub(crate) fn enable(class: &Obj) {
    let ty = class.ptr().cast::<ffi::PyTypeObject>();
    let Some(slot) = slot_of(class) else {
        return;
    };
    // SAFETY: a living class that `type` has just made, and its living bases.
    unsafe {
        let made = address((*ty).tp_dealloc);
        let known = ORDINARY.load(Ordering::Relaxed);
        if known.is_null() {
            ORDINARY.store(made, Ordering::Relaxed);
        } else if known != made {
            return;
        }
        let ends = Ends::of(ty).filter(|_| is_plain_data(ty) && tracking::is_known());
        let Some(ends) = ends else {
            return;
        };
        slot.ends.set(Some(ends));
        (*ty).tp_dealloc = Some(dealloc);
    }
}

/// Whether a class adds nothing to `_CData` that would have to be released, its bases included.
unsafe fn is_plain_data(mut ty: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: a living class and its bases.
    unsafe {
        while (*ty).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE != 0 {
            // The number of `__slots__` that the class itself adds.
            if (*ty).ob_base.ob_size != 0 {
                return false;
            }
            ty = (*ty).tp_base;
        }
        address((*ty).tp_dealloc) == cdata::dealloc as *mut ()
    }
}

impl Ends {
    unsafe fn of(ty: *mut ffi::PyTypeObject) -> Option<Ends> {
        /// A dict that the interpreter places itself, in front of the object.
        const MANAGED_DICT: std::ffi::c_ulong = 1 << 4;
        // SAFETY: a living class.
        let (dict, weak, flags) =
            unsafe { ((*ty).tp_dictoffset, (*ty).tp_weaklistoffset, (*ty).tp_flags) };
        let before = 3 * -(size_of::<usize>() as isize);
        let dict = if cfg!(Py_3_12) {
            Some(before).filter(|before| *before == dict)?
        } else if cfg!(Py_3_11) {
            Some(before).filter(|_| flags & MANAGED_DICT != 0)?
        } else {
            Some(dict).filter(|dict| *dict > 0)?
        };
        (weak != 0 && !cfg!(Py_3_14)).then_some(Ends { dict, weak })
    }

    /// Whether an instance has neither a dict nor weak references.
    ///
    /// # Safety
    /// `object` is an instance of the class.
    #[inline(always)]
    unsafe fn is_bare(self, object: *mut ffi::PyObject) -> bool {
        // SAFETY: the caller's promise; both places hold a pointer.
        unsafe {
            let word = |offset| object.byte_offset(offset).cast::<usize>().read();
            // Up to 3.11 attributes may lie apart from their dict, one word before it.
            let values = if cfg!(all(Py_3_11, not(Py_3_12))) {
                word(self.dict - size_of::<usize>() as isize)
            } else {
                0
            };
            word(self.dict) | word(self.weak) | values == 0
        }
    }
}

/// `tp_dealloc` of the classes made by Python code.
unsafe extern "C" fn dealloc(object: *mut ffi::PyObject) {
    // SAFETY: Python calls this once for a dying instance, which holds its class.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        let slot = slot_in(ty);
        let head = object.cast::<Head>();
        if is_bare(object)
            && (*head).holds_nothing()
            && tracking::is_linked(object)
            && slot.spare.has_room()
        {
            tracking::unlink(object);
            (*head).wipe();
            slot.spare.put(object);
            return ffi::Py_DECREF(ty.cast());
        }
        dealloc_held(object);
    }
}

/// The same for an instance that may hold something.
unsafe fn dealloc_held(object: *mut ffi::PyObject) {
    // SAFETY: as above.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        let head = object.cast::<Head>();
        if !is_bare(object) || !(*head).ends_alone() {
            return step_aside(object);
        }
        tracking::untrack(object);
        (*head).release();
        (*head).wipe();
        if !slot_in(ty).spare.keep(object) {
            ffi::PyObject_GC_Del(object.cast());
        }
        ffi::Py_DECREF(ty.cast());
    }
}

/// Whether an instance has no finaliser, dict or weak references.
///
/// # Safety
/// A living instance.
#[inline(always)]
unsafe fn is_bare(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise; it keeps its class alive.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        (*ty).tp_finalize.is_none()
            && slot_in(ty)
                .ends
                .get()
                .is_some_and(|ends| ends.is_bare(object))
    }
}

/// Leaves the end of an instance to the interpreter.
///
/// Others may end meanwhile, in any thread: they go the same way, or find ours in place again. That
/// is as good, because the interpreter looks at the classes at the beginning only.
#[cold]
unsafe fn step_aside(object: *mut ffi::PyObject) {
    // SAFETY: as for `dealloc`; the class is held until the slots are put back.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        ffi::Py_INCREF(ty.cast());
        replace(ty, dealloc as *mut (), ordinary());
        if let Some(dealloc) = ordinary() {
            dealloc(object);
        }
        replace(ty, ORDINARY.load(Ordering::Relaxed), Some(dealloc));
        ffi::Py_DECREF(ty.cast());
    }
}

/// Changes `tp_dealloc` of a class and its bases, those that end their instances the short way.
unsafe fn replace(mut ty: *mut ffi::PyTypeObject, old: *mut (), new: Option<ffi::destructor>) {
    // SAFETY: a living class, made by Python code, and its bases, which live with it.
    unsafe {
        while (*ty).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE != 0 {
            if address((*ty).tp_dealloc) == old && slot_in(ty).ends.get().is_some() {
                (*ty).tp_dealloc = new;
            }
            ty = (*ty).tp_base;
        }
    }
}
