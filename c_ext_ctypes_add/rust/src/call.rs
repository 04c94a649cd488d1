//! One call of a C function: arguments in, the call itself, the result out.

use std::ffi::c_void;

use clib::ctype::{CType, Primitive, Signature};
use clib::plan::CallPlan;
use pyo3::ffi;

use crate::argument::{self, Passed, Place, Word};
use crate::cdata::{self, Data};
use crate::errno;
use crate::function::{PYTHON_API, USE_ERRNO, argument_error};
use crate::info::Info;
use crate::py::{self, Exc, Obj, Raised, Res, api, raise};
use crate::strict;
use crate::types::types;
use crate::value::Access;

/// More arguments than anybody means to pass; a bound for the stack.
pub(crate) const MOST_ARGUMENTS: usize = 1024;

/// What is called and how its values are converted.
pub(crate) struct Target<'a> {
    pub(crate) address: *mut c_void,
    pub(crate) flags: u32,
    /// The `from_param` of each declared argument.
    pub(crate) converters: &'a [Obj],
    pub(crate) restype: Option<&'a Obj>,
    pub(crate) checker: Option<&'a Obj>,
}

/// The prepared call of a function object's last signature.
pub(crate) struct Cache {
    signature: Signature,
    plan: CallPlan,
}

/// Calls `target`; the prepared call is kept in `cache`, which the function object owns.
///
/// The cache is taken out during the call: the function may call itself, and the inner call then
/// prepares its own.
pub(crate) fn call(target: &Target<'_>, given: &[Obj], cache: *mut *mut Cache) -> Res<Obj> {
    if given.len() > MOST_ARGUMENTS {
        let count = given.len();
        return Err(argument_error(&format!(
            "too many arguments ({count}), maximum is {MOST_ARGUMENTS}"
        )));
    }
    let mut passed = convert(target.converters, given)?;
    let result = result_type(target.restype);
    // SAFETY: the function object owns the box; it is put back below or dropped.
    let kept = unsafe { take(cache) };
    let prepared = match kept {
        Some(kept) if fits(&kept.signature, &passed, &result, target) => kept,
        _ => prepare(&passed, result, target)?,
    };
    let outcome = enter(target, &prepared, &mut passed);
    // SAFETY: as above; an inner call may have left its own preparation.
    unsafe {
        drop(take(cache));
        *cache = Box::into_raw(prepared);
    }
    drop(passed);
    outcome
}

unsafe fn take(cache: *mut *mut Cache) -> Option<Box<Cache>> {
    // SAFETY: the caller passes the place of a function object: NULL or a box.
    unsafe {
        let kept = cache.replace(std::ptr::null_mut());
        (!kept.is_null()).then(|| Box::from_raw(kept))
    }
}

fn convert(converters: &[Obj], given: &[Obj]) -> Res<Vec<Passed>> {
    let mut passed = Vec::with_capacity(given.len());
    for (index, value) in given.iter().enumerate() {
        let position = index + 1;
        let converted = match converters.get(index) {
            Some(from_param) => from_param
                .call_one(value)
                .and_then(|converted| argument::convert(&converted, position)),
            None => argument::convert(value, position),
        };
        passed.push(converted.map_err(|Raised| blame(position))?);
    }
    Ok(passed)
}

/// Says which argument could not be converted.
fn blame(position: usize) -> Raised {
    if strict::is_on() && py::matches(Exc::Overflow) {
        // Out of range stays out of range.
        return py::extend_same(Exc::Overflow, &format!("argument {position}: "));
    }
    // SAFETY: made at import and kept for ever.
    match unsafe { Obj::borrowed(types().argument_error) } {
        Some(class) => py::extend_error(&class, &format!("argument {position}: ")),
        None => Raised,
    }
}

fn fits(signature: &Signature, passed: &[Passed], result: &CType, target: &Target<'_>) -> bool {
    signature.arguments.len() == passed.len()
        && signature.fixed == fixed(passed.len(), target)
        && signature.result == *result
        && signature
            .arguments
            .iter()
            .zip(passed)
            .all(|(ctype, passed)| *ctype == passed.ctype)
}

/// More arguments than declared are those of a `...`.
fn fixed(given: usize, target: &Target<'_>) -> Option<usize> {
    let declared = target.converters.len();
    (declared > 0 && given > declared).then_some(declared)
}

fn prepare(passed: &[Passed], result: CType, target: &Target<'_>) -> Res<Box<Cache>> {
    let signature = Signature {
        result,
        arguments: passed.iter().map(|passed| passed.ctype.clone()).collect(),
        fixed: fixed(passed.len(), target),
    };
    let plan = CallPlan::new(&signature)
        .map_err(|error| raise(Exc::Runtime, format!("cannot prepare the call: {error}")))?;
    Ok(Box::new(Cache { signature, plan }))
}

fn result_type(restype: Option<&Obj>) -> CType {
    match restype {
        Some(restype) if restype.is_none() => CType::Void,
        Some(restype) => match Info::of_type(restype).map(|info| info.ctype.clone()) {
            Some(CType::Array { .. }) => CType::POINTER,
            Some(ctype) => ctype,
            // A callable gets the C int.
            None => CType::Primitive(Primitive::Int),
        },
        None => CType::Primitive(Primitive::Int),
    }
}

fn enter(target: &Target<'_>, prepared: &Cache, passed: &mut [Passed]) -> Res<Obj> {
    let slots: Vec<*mut c_void> = passed
        .iter_mut()
        .map(|passed| match &mut passed.place {
            Place::Here(word) => (&raw mut word.0).cast(),
            Place::There(at) => at.cast(),
        })
        .collect();
    let words = prepared.plan.result_size().div_ceil(size_of::<Word>());
    let mut small = Word([0; 16]);
    let mut large = Vec::new();
    let result: *mut c_void = if words <= 1 {
        (&raw mut small).cast()
    } else {
        large.resize(words, Word([0; 16]));
        large.as_mut_ptr().cast()
    };
    // SAFETY: the user vouches that the address is a function of this signature, as ctypes demands;
    // the slots hold values of the signature's types, and the result has room for it.
    unsafe { run(&prepared.plan, target.address, target.flags, &slots, result)? };
    // SAFETY: the call has stored a result of the declared type.
    unsafe { fetch(target, result.cast()) }
}

/// The bare call: without the interpreter unless the flags keep it, with `errno` swapped if they say
/// so. A function of Python's own C API may leave an exception.
///
/// # Safety
/// As for [`CallPlan::call`].
pub(crate) unsafe fn run(
    plan: &CallPlan,
    address: *mut c_void,
    flags: u32,
    slots: &[*mut c_void],
    result: *mut c_void,
) -> Res<()> {
    let use_errno = flags & USE_ERRNO != 0;
    let keep_interpreter = flags & PYTHON_API != 0;
    // SAFETY: the interpreter is held; it is taken back below before any object is touched.
    let detached = (!keep_interpreter).then(|| unsafe { ffi::PyEval_SaveThread() });
    if use_errno {
        errno::swap();
    }
    // SAFETY: the caller's promise.
    unsafe { plan.call(address, slots, result) };
    if use_errno {
        errno::swap();
    }
    if let Some(thread) = detached {
        // SAFETY: the counterpart of the release above, in the same thread.
        unsafe { ffi::PyEval_RestoreThread(thread) };
    }
    if keep_interpreter && py::raised() {
        Err(Raised)
    } else {
        Ok(())
    }
}

/// The Python value of a simple result.
///
/// # Safety
/// `at` holds a result of this type.
pub(crate) unsafe fn simple_result(access: Access, size: usize, at: *mut u8) -> Res<Obj> {
    // SAFETY: the caller's promise.
    let value = unsafe { access.get(at, size, None)? };
    if access.code == b'O' {
        // The C function has given a reference of its own away; reading made another one.
        api!(ffi::Py_DECREF(value.ptr()));
    }
    Ok(value)
}

/// Makes the Python value of a result.
unsafe fn fetch(target: &Target<'_>, at: *mut u8) -> Res<Obj> {
    let Some(restype) = target.restype else {
        // SAFETY: without a restype the result is a C int.
        return unsafe { Access::native(b'i').get(at, 4, None) };
    };
    if restype.is_none() {
        return Ok(py::none());
    }
    let Some(info) = Info::of_type(restype) else {
        // SAFETY: a callable gets the C int.
        return finish(target, unsafe { Access::native(b'i').get(at, 4, None)? });
    };
    let value = match info.plain {
        // SAFETY: a result of this type.
        Some(access) => unsafe { simple_result(access, info.size, at)? },
        // SAFETY: as above; the instance gets its own copy.
        None => unsafe { cdata::copy(restype, at).map(Data::into_obj)? },
    };
    finish(target, value)
}

/// Hands a result to what the result type wants to do with it.
pub(crate) fn finish(target: &Target<'_>, value: Obj) -> Res<Obj> {
    match (target.restype, target.checker) {
        (Some(restype), _) if !restype.is_none() && Info::of_type(restype).is_none() => {
            restype.call_one(&value)
        }
        (_, Some(checker)) => checker.call_one(&value),
        (_, None) => Ok(value),
    }
}

/// `call_function(address, arguments)`: an undeclared call that takes and gives C ints.
pub(crate) fn call_function(_module: &Obj, arguments: &Obj) -> Res<Obj> {
    plain_call(arguments, 0)
}

/// `call_cdeclfunction(address, arguments)`.
pub(crate) fn call_cdecl_function(_module: &Obj, arguments: &Obj) -> Res<Obj> {
    plain_call(arguments, crate::function::CDECL)
}

fn plain_call(arguments: &Obj, flags: u32) -> Res<Obj> {
    let [address, given] = arguments.items() else {
        let count = arguments.items().len();
        return Err(raise(
            Exc::Type,
            format!("the function takes 2 arguments ({count} given)"),
        ));
    };
    if !given.is_tuple() {
        return Err(raise(Exc::Type, "the second argument must be a tuple"));
    }
    py::audit(c"ctypes.call_function", &[address, given])?;
    let target = Target {
        address: address.to_address()?,
        flags,
        converters: &[],
        restype: None,
        checker: None,
    };
    let mut cache = std::ptr::null_mut();
    let result = call(&target, given.items(), &raw mut cache);
    // SAFETY: the cache of this one call.
    drop(unsafe { take(&raw mut cache) });
    result
}
