//! Calling a function object: the short way where it can be taken, the ordinary way else.

use std::ffi::c_void;

use pyo3::ffi;

use crate::call::{self, Target};
use crate::cdata::{Data, Head};
use crate::direct::Direct;
use crate::entry;
use crate::function::{CDECL, Layout, layout, own};
use crate::info::Info;
use crate::prototype;
use crate::py::{self, Exc, Obj, Res, raise};

/// `tp_vectorcall` of function objects: the short way, if it is prepared and nothing is hooked in.
pub(crate) unsafe extern "C" fn vectorcall(
    slf: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: only function objects have this entry; Python passes living objects and keeps them
    // alive during the call. A direct call runs no Python code before it is through with `direct`.
    unsafe {
        let direct = (*slf.cast::<Layout>()).direct;
        if names.is_null() && !direct.is_null() && (*direct).is_plain {
            let given: &[Obj] = match ffi::PyVectorcall_NARGS(count) as usize {
                0 => &[],
                count => std::slice::from_raw_parts(arguments.cast::<Obj>(), count),
            };
            let address = target_of(slf);
            if !address.is_null()
                && let Some(result) = Direct::call(direct, address, given)
            {
                return result.map_or(std::ptr::null_mut(), Obj::into_ptr);
            }
        }
        call_any_way(slf, arguments, count, names)
    }
}

/// The address that a function object holds.
///
/// # Safety
/// `slf` is a living function object.
#[inline(always)]
pub(crate) unsafe fn target_of(slf: *mut ffi::PyObject) -> *const c_void {
    // SAFETY: the caller's promise; the memory of a function object is a pointer.
    unsafe {
        let place = (*slf.cast::<Head>()).memory().cast::<*const c_void>();
        place.read_unaligned()
    }
}

/// Calls a function object by whatever way it can be called.
///
/// # Safety
/// As for `tp_vectorcall`.
#[cold]
pub(crate) unsafe fn call_any_way(
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
pub(crate) fn forget_direct(layout: *mut Layout) {
    // SAFETY: a living function object, which owns the box in this place.
    unsafe {
        let old = (&raw mut (*layout).direct).replace(std::ptr::null_mut());
        (*layout).direct_known = false;
        (*layout).vectorcall = Some(vectorcall);
        if !old.is_null() {
            drop(Box::from_raw(old));
        }
    }
}

/// The short way, prepared when it is first asked for; NULL when there is none.
fn direct_of(slf: &Obj) -> *const Direct {
    let layout = layout(slf);
    // SAFETY: a living function object.
    unsafe {
        if (*layout).direct_known {
            return (*layout).direct;
        }
        (*layout).direct_known = true;
    }
    let made = prepare_direct(slf);
    // SAFETY: as above; the place is empty. What was prepared counts only if nothing was declared
    // anew meanwhile, by Python code behind an attribute of a type.
    unsafe {
        if let Some(made) = made.filter(|_| (*layout).direct_known && (*layout).direct.is_null()) {
            if let Some(entry) = made.entry {
                (*layout).vectorcall = Some(entry);
            }
            (*layout).direct = Box::into_raw(Box::new(made));
        }
        (*layout).direct
    }
}

fn prepare_direct(slf: &Obj) -> Option<Direct> {
    let info = Info::of_instance(slf)?;
    let layout = layout(slf);
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
    let argtypes = argtypes.or_else(|| info.argtypes.clone());
    let converters = converters.or_else(|| info.converters.clone());
    let restype = restype.or_else(|| info.restype.clone());
    let converted = restype
        .as_ref()
        .is_some_and(|restype| !restype.is_none() && Info::of_type(restype).is_none());
    Direct::prepare(
        argtypes.as_ref().zip(converters.as_ref()),
        restype.as_ref(),
        info.call_flags,
        !(hooked || checked || converted),
    )
}

/// Calls the C function behind `slf`.
fn invoke(slf: &Obj, given: &[Obj], keywords: Option<(&Obj, &[Obj])>) -> Res<Obj> {
    let Some(info) = Info::of_instance(slf) else {
        return Err(raise(Exc::Type, "abstract class"));
    };
    let data = Data::expect(slf)?;
    let direct = direct_of(slf);
    // SAFETY: NULL or the short way of this living function object.
    if keywords.is_none() && !direct.is_null() && unsafe { (*direct).is_plain } {
        let address = data.pointer();
        if !address.is_null() {
            // SAFETY: the user vouches for the address and its declaration.
            let made = unsafe { Direct::call(direct, address.cast(), given) };
            if let Some(result) = made {
                return result;
            }
        }
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
    let layout = layout(slf);
    // Without hooks the short way was tried before, and has declined the values.
    // SAFETY: a living function object.
    let hooked = unsafe { !(*layout).direct.is_null() && !(*(*layout).direct).is_plain };
    let target = Target {
        address: address.cast(),
        flags: info.call_flags,
        converters: converters
            .as_ref()
            .map_or(&[], |converters| converters.items()),
        restype: restype.as_ref(),
        checker: checker.as_ref(),
    };
    let direct = if hooked {
        direct_of(slf)
    } else {
        std::ptr::null()
    };
    // SAFETY: NULL or the short way of this living function object; the user vouches for the address.
    let made =
        (!direct.is_null()).then(|| unsafe { Direct::call(direct, target.address, arguments) });
    let result = match made.flatten() {
        Some(result) => call::finish(&target, result?)?,
        // SAFETY: a living function object, which owns the cache.
        None => call::call(&target, arguments, unsafe { &raw mut (*layout).cache })?,
    };
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
