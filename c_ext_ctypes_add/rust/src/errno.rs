//! The private copy of `errno` that each thread has, swapped in around calls with `use_errno`.

use std::cell::Cell;
use std::ffi::c_int;

use crate::py::{self, Exc, Obj, Res, raise};

thread_local! {
    static SAVED: Cell<c_int> = const { Cell::new(0) };
}

fn place() -> *mut c_int {
    #[cfg(any(target_os = "linux", target_os = "emscripten"))]
    // SAFETY: the C library gives each thread its own, always valid place.
    return unsafe { libc::__errno_location() };
    #[cfg(not(any(target_os = "linux", target_os = "emscripten")))]
    // SAFETY: as above.
    return unsafe { libc::__error() };
}

/// Exchanges the real `errno` with the private copy.
pub(crate) fn swap() {
    let place = place();
    // SAFETY: this thread's own errno.
    unsafe { place.write(SAVED.replace(place.read())) }
}

/// `get_errno()`.
pub(crate) fn get(_module: &Obj) -> Res<Obj> {
    py::audit(c"ctypes.get_errno", &[])?;
    py::int(SAVED.get().into())
}

/// `set_errno(value)`: the old value.
pub(crate) fn set(_module: &Obj, value: &Obj) -> Res<Obj> {
    if !value.is_int() {
        let given = value.type_name();
        return Err(raise(
            Exc::Type,
            format!("'{given}' object cannot be interpreted as an integer"),
        ));
    }
    let number = value.to_isize()?;
    let number = c_int::try_from(number)
        .map_err(|_| raise(Exc::Overflow, "Python int too large to convert to C int"))?;
    py::audit(c"ctypes.set_errno", &[value])?;
    py::int(SAVED.replace(number).into())
}
