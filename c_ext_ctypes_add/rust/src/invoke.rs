//! Calling a function object: the short way where it can be taken, the ordinary way else.

use std::rc::Rc;

use pyo3::ffi;

use crate::call::{self, Target};
use crate::cdata::Data;
use crate::direct::Direct;
use crate::entry;
use crate::function::{CDECL, layout, own};
use crate::info::Info;
use crate::prototype;
use crate::py::{self, Exc, Obj, Res, raise};

/// `tp_vectorcall` of function objects.
pub(crate) unsafe extern "C" fn vectorcall(
    slf: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    py::guard(std::ptr::null_mut(), || {
        let slf = entry::borrow!(slf);
        // SAFETY: Python passes this many living objects, those of the names included.
        let (count, all) = unsafe {
            let count = ffi::PyVectorcall_NARGS(count) as usize;
            let named = if names.is_null() {
                0
            } else {
                ffi::PyTuple_GET_SIZE(names) as usize
            };
            let all: &[Obj] = if count + named == 0 {
                &[]
            } else {
                std::slice::from_raw_parts(arguments.cast::<Obj>(), count + named)
            };
            (count, all)
        };
        let (positional, named) = all.split_at(count);
        let keywords = entry::borrow_opt!(names).map(|names| (names, named));
        Ok(invoke(slf, positional, keywords)?.into_ptr())
    })
}

/// Drops the short way; every change of the declaration passes through here, after it was made and
/// before the old types are let go, which the short way borrows.
pub(crate) fn forget_direct(slf: &Obj) -> Res<()> {
    let layout = layout(slf)?;
    // SAFETY: a living function object, which owns one count of the Rc in this place.
    unsafe {
        let old = (&raw mut (*layout).direct).replace(std::ptr::null());
        (*layout).direct_known = false;
        if !old.is_null() {
            drop(Rc::from_raw(old));
        }
    }
    Ok(())
}

/// The short way, prepared when it is first asked for.
fn direct_of(slf: &Obj) -> Option<Rc<Direct>> {
    let layout = layout(slf).ok()?;
    // SAFETY: a living function object; the Rc in this place is counted once more before its
    // function may be called and may drop it.
    unsafe {
        if !(*layout).direct.is_null() {
            Rc::increment_strong_count((*layout).direct);
            return Some(Rc::from_raw((*layout).direct));
        }
        if (*layout).direct_known {
            return None;
        }
        (*layout).direct_known = true;
    }
    let made = Rc::new(prepare_direct(slf)?);
    // SAFETY: as above; the place is empty.
    unsafe { (*layout).direct = Rc::into_raw(made.clone()) };
    Some(made)
}

fn prepare_direct(slf: &Obj) -> Option<Direct> {
    let info = Info::of_instance(slf)?;
    let layout = layout(slf).ok()?;
    // SAFETY: a living function object.
    let (hooked, own_checker) = unsafe {
        let hooked = !(*layout).errcheck.is_null() || !(*layout).paramflags.is_null();
        (hooked, !(*layout).checker.is_null())
    };
    // SAFETY: as above; each place holds NULL or a reference that the object owns.
    let own = |place: *mut ffi::PyObject| unsafe { Obj::borrowed(place) };
    // SAFETY: as above.
    let (restype, argtypes, converters) = unsafe {
        (
            own((*layout).restype),
            own((*layout).argtypes),
            own((*layout).converters),
        )
    };
    let checked = if restype.is_some() {
        own_checker
    } else {
        info.checker.is_some()
    };
    if hooked || checked {
        return None;
    }
    let argtypes = argtypes.or_else(|| info.argtypes.clone())?;
    let converters = converters.or_else(|| info.converters.clone())?;
    let restype = restype.or_else(|| info.restype.clone());
    Direct::prepare(&argtypes, &converters, restype.as_ref())
}

/// Calls the C function behind `slf`.
fn invoke(slf: &Obj, given: &[Obj], keywords: Option<(&Obj, &[Obj])>) -> Res<Obj> {
    let Some(info) = Info::of_instance(slf) else {
        return Err(raise(Exc::Type, "abstract class"));
    };
    let data = Data::expect(slf)?;
    if keywords.is_none()
        && let Some(direct) = direct_of(slf)
        && !data.pointer().is_null()
        && let Some(result) = direct.call(data.pointer().cast(), info.call_flags, given)
    {
        return result;
    }
    invoke_ordinary(slf, data, &info, given, keywords)
}

/// The way of every call that a hook or an unusual value takes part in.
fn invoke_ordinary(
    slf: &Obj,
    data: &Data,
    info: &Info,
    given: &[Obj],
    keywords: Option<(&Obj, &[Obj])>,
) -> Res<Obj> {
    let restype = own!(slf, restype).or_else(|| info.restype.clone());
    let checker = match own!(slf, restype) {
        Some(_) => own!(slf, checker),
        None => info.checker.clone(),
    };
    let converters = own!(slf, converters).or_else(|| info.converters.clone());
    let paramflags = own!(slf, paramflags);
    let errcheck = own!(slf, errcheck);
    let address = data.pointer();
    if address.is_null() {
        return Err(raise(Exc::Value, "attempt to call a NULL function pointer"));
    }
    let outputs = match (&paramflags, &info.argtypes) {
        (Some(flags), Some(argtypes)) => {
            Some(prototype::arrange(argtypes, flags, given, keywords)?)
        }
        // Like the interpreter's own, a function without parameter flags takes keywords silently.
        _ => None,
    };
    let arguments = outputs
        .as_ref()
        .map_or(given, |outputs| outputs.arguments.as_slice());
    if let Some(converters) = &converters {
        check_count(converters.items().len(), arguments.len(), info.call_flags)?;
    }
    let layout = layout(slf)?;
    let target = Target {
        address: address.cast(),
        flags: info.call_flags,
        converters: converters
            .as_ref()
            .map_or(&[], |converters| converters.items()),
        restype: restype.as_ref(),
        checker: checker.as_ref(),
    };
    // SAFETY: a living function object, which owns the cache.
    let result = call::call(&target, arguments, unsafe { &raw mut (*layout).cache })?;
    let result = match errcheck {
        None => result,
        Some(errcheck) => {
            let shown = py::tuple(&arguments.iter().collect::<Vec<_>>())?;
            let checked = errcheck.call(&[&result, slf, &shown])?;
            // Giving back the arguments asks for the usual treatment of the result.
            if !checked.is(&shown) {
                return Ok(checked);
            }
            result
        }
    };
    match outputs {
        Some(outputs) => outputs.collect(result),
        None => Ok(result),
    }
}

fn check_count(required: usize, given: usize, flags: u32) -> Res<()> {
    let ending = if required == 1 { "" } else { "s" };
    if flags & CDECL != 0 {
        if given < required {
            return Err(raise(
                Exc::Type,
                format!("this function takes at least {required} argument{ending} ({given} given)"),
            ));
        }
    } else if given != required {
        return Err(raise(
            Exc::Type,
            format!("this function takes {required} argument{ending} ({given} given)"),
        ));
    }
    Ok(())
}
