//! What Rust cannot say: `long double`, the places of errno, the flags of dlopen (see `csrc/machine.c`).

use std::ffi::{CStr, c_char, c_double, c_int, c_void};

use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;

/// Bytes of a `long double` on this machine.
pub const LONG_DOUBLE: usize = if cfg!(all(target_vendor = "apple", target_arch = "aarch64")) {
    8
} else {
    16
};

/// A row of `rust_cffi_loader_flags`.
#[repr(C)]
struct LoaderFlag {
    name: *const c_char,
    value: c_int,
}

unsafe extern "C" {
    static rust_cffi_loader_flags: LoaderFlag;
    fn rust_cffi_errno() -> *mut c_int;
    fn rust_cffi_kept_errno() -> *mut c_int;
    fn rust_cffi_long_double_get(at: *const c_void) -> c_double;
    fn rust_cffi_long_double_set(at: *mut c_void, value: c_double);
    fn rust_cffi_long_double_is_zero(at: *const c_void) -> c_int;
    fn rust_cffi_long_double_text(at: *const c_void, text: *mut c_char, room: usize) -> c_int;
    /// A Python number as a `long double`, for modules that stock cffi has compiled; -1 with an
    /// exception set when it is none.
    #[link_name = "rust_cffi_to_long_double"]
    pub fn to_long_double();
    fn rust_cffi_testfunc(number: c_int) -> *mut c_void;
}

/// Those flags of dlopen that this system has.
pub fn loader_flags() -> impl Iterator<Item = (&'static CStr, c_int)> {
    let mut next = &raw const rust_cffi_loader_flags;
    std::iter::from_fn(move || {
        // SAFETY: the rows are constant, and a null name ends them.
        unsafe {
            let (name, value) = ((*next).name, (*next).value);
            if name.is_null() {
                return None;
            }
            next = next.add(1);
            Some((CStr::from_ptr(name), value))
        }
    })
}

/// Puts the kept errno in place, right before C code runs.
pub extern "C" fn restore_errno() {
    // SAFETY: both places exist for every thread.
    unsafe { *rust_cffi_errno() = *rust_cffi_kept_errno() }
}

/// Keeps errno, right after C code ran.
pub extern "C" fn save_errno() {
    // SAFETY: as above.
    unsafe { *rust_cffi_kept_errno() = *rust_cffi_errno() }
}

/// Where the kept errno of this thread is; valid while the thread lives.
pub extern "C" fn kept_errno() -> *mut c_int {
    // SAFETY: the place exists for every thread.
    unsafe { rust_cffi_kept_errno() }
}

/// Where errno itself is.
pub fn errno_place() -> *mut c_int {
    // SAFETY: errno exists for every thread.
    unsafe { rust_cffi_errno() }
}

/// The kept errno of this thread.
pub fn errno() -> c_int {
    // SAFETY: the place exists for every thread, and no other thread uses it.
    unsafe { *rust_cffi_kept_errno() }
}

/// Sets the errno that the next C call sees.
pub fn set_errno(value: c_int) {
    // SAFETY: as above.
    unsafe { *rust_cffi_kept_errno() = value }
}

/// A Python integer as a value of errno.
///
/// # Errors
/// `OverflowError` for one that does not fit, `TypeError` for what is no integer.
pub fn errno_from(value: &Bound<'_, PyAny>) -> PyResult<c_int> {
    let number: i64 = value.extract()?;
    c_int::try_from(number).map_err(|_| PyOverflowError::new_err("errno value too large"))
}

/// Reads a `long double`, rounded to a double.
///
/// # Safety
/// `at` points to [`LONG_DOUBLE`] initialised bytes, aligned or not.
pub unsafe fn long_double_get(at: *const u8) -> f64 {
    // SAFETY: the caller's promise.
    unsafe { rust_cffi_long_double_get(at.cast()) }
}

/// Writes a `long double`.
///
/// # Safety
/// `at` points to [`LONG_DOUBLE`] writable bytes, aligned or not.
pub unsafe fn long_double_set(at: *mut u8, value: f64) {
    // SAFETY: the caller's promise.
    unsafe { rust_cffi_long_double_set(at.cast(), value) }
}

/// Whether a `long double` is zero.
///
/// # Safety
/// As for [`long_double_get`].
pub unsafe fn long_double_is_zero(at: *const u8) -> bool {
    // SAFETY: the caller's promise.
    unsafe { rust_cffi_long_double_is_zero(at.cast()) != 0 }
}

/// A `long double` in scientific notation.
///
/// # Safety
/// As for [`long_double_get`].
pub unsafe fn long_double_text(at: *const u8) -> String {
    let mut text = [0u8; 128];
    // SAFETY: the caller's promise; the room is that of the array.
    let length =
        unsafe { rust_cffi_long_double_text(at.cast(), text.as_mut_ptr().cast(), text.len()) };
    let length = usize::try_from(length).unwrap_or(0).min(text.len() - 1);
    String::from_utf8_lossy(&text[..length]).into_owned()
}

/// The C function behind `_testfunc(number)`, or null.
pub fn testfunc(number: c_int) -> *mut c_void {
    // SAFETY: every number is accepted.
    unsafe { rust_cffi_testfunc(number) }
}
