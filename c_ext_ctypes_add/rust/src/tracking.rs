//! How the collector learns of an instance, and forgets it.
//!
//! It keeps its objects in a ring, linked through the two words in front of each: new ones come last,
//! before the ring's head. The head of the youngest generation stays where it is for as long as the
//! interpreter runs, so that an instance can be linked without asking for it. The words belong to the
//! interpreter; [`find_head`] sees whether they are used as told here, and leaves the work to the
//! interpreter where they are not.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

use crate::py::{self, Res};

/// What lies in front of an object.
#[repr(C)]
struct Link {
    next: *mut Link,
    /// With two flags of the collector in the lowest bits.
    previous: *mut Link,
}

const FLAGS: usize = 3;

/// The head of the ring of young objects; null where the interpreter does the work.
static HEAD: AtomicPtr<Link> = AtomicPtr::new(std::ptr::null_mut());

/// # Safety
/// `object` is one that the collector can know.
unsafe fn link_of(object: *mut ffi::PyObject) -> *mut Link {
    // SAFETY: the caller's promise.
    unsafe { object.cast::<Link>().sub(1) }
}

/// Looks for the head of the ring, with two lists whose places in it are known.
pub(crate) fn find_head() -> Res<()> {
    if cfg!(Py_3_14) || cfg!(Py_GIL_DISABLED) {
        return Ok(());
    }
    let none = std::iter::empty;
    let (first, second) = (py::list(0, &mut none())?, py::list(0, &mut none())?);
    // SAFETY: two living objects that the collector knows; it does not run in between.
    unsafe {
        for list in [&first, &second] {
            ffi::PyObject_GC_UnTrack(list.ptr().cast());
            ffi::PyObject_GC_Track(list.ptr().cast());
        }
        let (first, second) = (link_of(first.ptr()), link_of(second.ptr()));
        let head = (*second).next;
        let is_ring = (*first).next == second
            && (*second).previous.map_addr(|at| at & !FLAGS) == first
            && !head.is_null()
            && (*head).previous == second;
        if is_ring {
            HEAD.store(head, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Shows an object to the collector.
///
/// # Safety
/// A complete object which is not tracked, with no flag of the collector set.
#[inline(always)]
pub(crate) unsafe fn track(object: *mut ffi::PyObject) {
    let head = HEAD.load(Ordering::Relaxed);
    // SAFETY: the caller's promise; the interpreter is held, so that nobody else changes the ring.
    unsafe {
        if head.is_null() {
            return ffi::PyObject_GC_Track(object.cast());
        }
        let link = link_of(object);
        let last = (*head).previous;
        (*last).next = link;
        (*link).previous = last;
        (*link).next = head;
        (*head).previous = link;
    }
}

/// Hides an object from the collector, and with it whether it was finalised. One that is not tracked
/// stays so.
///
/// # Safety
/// An object that is not in the hands of a running collection, which no dying object is.
pub(crate) unsafe fn untrack(object: *mut ffi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        if is_known() && is_linked(object) {
            unlink(object);
        } else {
            ffi::PyObject_GC_UnTrack(object.cast());
        }
    }
}

/// Whether objects can be linked and unlinked here.
pub(crate) fn is_known() -> bool {
    !HEAD.load(Ordering::Relaxed).is_null()
}

/// Whether the collector knows an object.
///
/// # Safety
/// One that it can know.
#[inline(always)]
pub(crate) unsafe fn is_linked(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { !(*link_of(object)).next.is_null() }
}

/// [`untrack`] for an object that is linked, where that can be undone here.
///
/// # Safety
/// As there.
#[inline(always)]
pub(crate) unsafe fn unlink(object: *mut ffi::PyObject) {
    // SAFETY: the caller's promise; the interpreter is held, so that nobody else changes the ring.
    unsafe {
        let link = link_of(object);
        let next = (*link).next;
        let previous = (*link).previous.map_addr(|at| at & !FLAGS);
        (*previous).next = next;
        // The flags of the neighbour stay.
        (*next).previous = previous.map_addr(|at| at | ((*next).previous.addr() & FLAGS));
        (*link).next = std::ptr::null_mut();
        (*link).previous = std::ptr::null_mut();
    }
}
