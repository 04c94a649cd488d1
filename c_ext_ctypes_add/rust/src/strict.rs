//! The switch of `rust_ctypes.strict()`: raise where `ctypes` silently truncates or accepts.

use std::sync::atomic::{AtomicBool, Ordering};

static ON: AtomicBool = AtomicBool::new(false);

/// Whether values are held against the range and kind of their C type.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}
