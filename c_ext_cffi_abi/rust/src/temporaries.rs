//! Memory for the time of one call: the arrays that lists become for pointer arguments.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::c_void;

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

/// What lies in front of each piece of memory.
#[repr(C, align(16))]
struct Head {
    /// The piece before, or null.
    before: *mut Head,
    /// Bytes, with this head.
    size: usize,
}

/// Pieces of memory that are freed together.
pub struct Temporaries(*mut Head);

impl Temporaries {
    /// None yet.
    pub const fn new() -> Temporaries {
        Temporaries(std::ptr::null_mut())
    }

    /// Zeros, aligned for every C type; valid until these temporaries are dropped.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn zeros(&mut self, size: usize) -> PyResult<*mut u8> {
        let failed = || PyMemoryError::new_err(());
        let size = size.checked_add(size_of::<Head>()).ok_or_else(failed)?;
        let layout = Layout::from_size_align(size, align_of::<Head>()).map_err(|_| failed())?;
        // SAFETY: the size is not zero, and the memory as large and aligned as a head.
        unsafe {
            let head = alloc_zeroed(layout).cast::<Head>();
            if head.is_null() {
                return Err(failed());
            }
            (*head).before = self.0;
            (*head).size = size;
            self.0 = head;
            Ok(head.add(1).cast())
        }
    }

    /// As one word, for C; null when there are none.
    pub fn into_raw(self) -> *mut c_void {
        let head = self.0;
        std::mem::forget(self);
        head.cast()
    }

    /// Takes them back.
    ///
    /// # Safety
    /// The word is null or from [`Temporaries::into_raw`], and is taken back once.
    pub unsafe fn from_raw(raw: *mut c_void) -> Temporaries {
        Temporaries(raw.cast())
    }
}

impl Drop for Temporaries {
    fn drop(&mut self) {
        while !self.0.is_null() {
            // SAFETY: allocated in `zeros` with this layout, and freed once.
            unsafe {
                let (head, size) = (self.0, (*self.0).size);
                self.0 = (*head).before;
                let layout = Layout::from_size_align_unchecked(size, align_of::<Head>());
                dealloc(head.cast(), layout);
            }
        }
    }
}
