//! `rust_ctypes.strict()`: raise where `ctypes` silently truncates or accepts.
//!
//! One switch for the process. The fast ways look at it too: what they cannot vouch for goes the
//! ordinary way, which ends in the checks below.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;

use crate::number;
use crate::py::{self, Exc, Obj, Raised, Res, api, raise};

static ON: AtomicBool = AtomicBool::new(false);

/// Whether values are held against the range and kind of their C type.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// `_set_strict(on)`: what it was before.
pub(crate) fn set(_module: &Obj, on: &Obj) -> Res<Obj> {
    py::boolean(ON.swap(on.truth()?, Ordering::Relaxed))
}

/// An integer must be in the range of `width` bits.
pub(crate) fn check_range(value: &Obj, width: u32, signed: bool) -> Res<()> {
    let (least, most) = match signed {
        true => (-(1i128 << (width - 1)), (1i128 << (width - 1)) - 1),
        false => (0, (1i128 << width) - 1),
    };
    let number = exact(value)?;
    if number.is_some_and(|number| (least..=most).contains(&number)) {
        return Ok(());
    }
    Err(raise(
        Exc::Overflow,
        format!("int out of range: {least} to {most} is what the C type holds"),
    ))
}

/// The value of an int; `None` when it has more than 64 bits.
fn exact(value: &Obj) -> Res<Option<i128>> {
    if let Some(small) = number::small_int(value) {
        return Ok(Some(small.into()));
    }
    let index = api!(Obj::owned(ffi::PyNumber_Index(value.ptr())))?;
    let mut overflow = 0;
    let number = api!(ffi::PyLong_AsLongLongAndOverflow(
        index.ptr(),
        &raw mut overflow
    ));
    if overflow == 0 {
        return Ok(Some(number.into()));
    }
    let number = api!(ffi::PyLong_AsUnsignedLongLong(index.ptr()));
    if number == u64::MAX && py::raised() {
        py::forgive(Exc::Overflow)?;
        return Ok(None);
    }
    Ok(Some(number.into()))
}

/// A finite number must stay one as a `float`.
pub(crate) fn check_float(value: f64) -> Res<()> {
    if value.is_finite() && !(value as f32).is_finite() {
        return Err(raise(Exc::Overflow, "number too large for a C float"));
    }
    Ok(())
}

/// A `bool` or an int; anything else has a truth value, but hardly means one.
pub(crate) fn check_bool(value: &Obj) -> Res<()> {
    if value.is_int() {
        return Ok(());
    }
    let given = value.type_name();
    Err(raise(
        Exc::Type,
        format!("bool expected instead of {given} instance"),
    ))
}

/// Whether C sees all of a text: it ends at the first zero.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    !bytes.contains(&0)
}

pub(crate) fn check_text(bytes: &[u8]) -> Res<()> {
    if is_text(bytes) {
        return Ok(());
    }
    Err(raise(Exc::Value, "embedded null byte"))
}

/// What C may write to must not be immutable.
pub(crate) fn refuse_immutable(value: &Obj) -> Raised {
    let given = value.type_name();
    raise(
        Exc::Type,
        format!("{given} is immutable: pass a buffer, or declare a pointer to constant characters"),
    )
}
