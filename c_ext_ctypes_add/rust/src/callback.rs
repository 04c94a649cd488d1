//! C entry points for Python callables.

use std::ffi::{c_int, c_void};

use clib::closure::Closure;
use clib::ctype::{CType, Signature};
use pyo3::ffi;

use crate::cdata;
use crate::creation::Store;
use crate::errno;
use crate::function::USE_ERRNO;
use crate::info::Info;
use crate::py::{self, Exc, Obj, Raised, Res, api, raise};
use crate::types::{Plan, types};
use crate::value::Access;

/// What a callback needs when C calls it; owned by its thunk object.
struct Callback {
    /// Dropped first: C must not enter once the rest is gone.
    closure: Option<Closure>,
    callable: Obj,
    arguments: Box<[Arrival]>,
    result: Option<Access>,
    use_errno: bool,
}

/// How an argument becomes a Python object.
struct Arrival {
    ty: Obj,
    /// Values of the simple types become plain ones.
    plain: Option<Access>,
    /// Bytes that C passes; an array arrives as a pointer.
    size: usize,
}

/// The instance layout of `CThunkObject`.
#[repr(C)]
struct Layout {
    base: ffi::PyObject,
    callback: *mut Callback,
}

/// The address of a callback, handed to libffi's closure. The interpreter is held before anything
/// behind it is touched.
#[derive(Clone, Copy)]
struct Target(*mut Layout);

// SAFETY: `enter` takes the interpreter before it follows the pointer.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

/// Makes the thunk of a callable; gives back the object that owns it and the address for C.
pub(crate) fn make(
    callable: &Obj,
    argtypes: &Obj,
    restype: Option<&Obj>,
    flags: u32,
) -> Res<(Obj, *mut c_void)> {
    let mut ctypes = Vec::new();
    let mut arguments = Vec::new();
    for ty in argtypes.items() {
        let Some(info) = Info::of_type(ty) else {
            return Err(raise(
                Exc::Type,
                "a callback's argument types must be ctypes types",
            ));
        };
        let ctype = by_value(&info);
        arguments.push(Arrival {
            ty: ty.clone(),
            plain: info.plain,
            size: ctype.size(),
        });
        ctypes.push(ctype);
    }
    let (result, access) = match restype.filter(|restype| !restype.is_none()) {
        None => (CType::Void, None),
        Some(restype) => match Info::of_type(restype) {
            Some(info) if info.access.is_some() => (info.ctype.clone(), info.access),
            _ => {
                return Err(raise(
                    Exc::Type,
                    "invalid result type for callback function",
                ));
            }
        },
    };
    let thunk = api!(Obj::owned(ffi::PyType_GenericAlloc(types().thunk, 0)))?;
    let layout = thunk.ptr().cast::<Layout>();
    let target = Target(layout);
    let closure = Closure::new(
        &Signature::new(result, ctypes),
        Box::new(move |arguments, result| enter(target, arguments, result)),
    )
    .map_err(|error| raise(Exc::Runtime, error.to_string()))?;
    let code = closure.code();
    let callback = Callback {
        closure: Some(closure),
        callable: callable.clone(),
        arguments: arguments.into(),
        result: access,
        use_errno: flags & USE_ERRNO != 0,
    };
    // SAFETY: a new object that nobody else knows; it owns the box from now on.
    unsafe { (*layout).callback = Box::into_raw(Box::new(callback)) };
    Ok((thunk, code))
}

/// Arrays cannot be parameters in C: they arrive as pointers.
fn by_value(info: &Info) -> CType {
    match &info.ctype {
        CType::Array { .. } => CType::POINTER,
        other => other.clone(),
    }
}

/// C calls: takes the interpreter, calls Python, stores the result.
fn enter(target: Target, arguments: &[*mut c_void], result: *mut c_void) {
    // SAFETY: any thread may ask for the interpreter; it is given back below.
    let state = unsafe { ffi::PyGILState_Ensure() };
    // A panic would skip the release below; `guard` turns it into an exception.
    py::guard((), || {
        // SAFETY: C calls while the thunk lives; the reference keeps it alive during the call, even
        // when the callable drops its own last reference.
        let _thunk = unsafe { Obj::borrowed(target.0.cast()) };
        // SAFETY: set by `make` before C learned the address.
        let callback = unsafe { &*(*target.0).callback };
        if callback.use_errno {
            errno::swap();
        }
        run(callback, arguments, result);
        if callback.use_errno {
            errno::swap();
        }
        Ok(())
    });
    // SAFETY: the interpreter is held; an exception here is what the guard made of a panic.
    unsafe {
        if !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_WriteUnraisable(std::ptr::null_mut());
        }
    }
    // SAFETY: the counterpart of the call above.
    unsafe { ffi::PyGILState_Release(state) };
}

fn run(callback: &Callback, arguments: &[*mut c_void], result: *mut c_void) {
    let called = call(callback, arguments);
    let value = match called {
        Ok(value) => value,
        Err(Raised) => return report(c"on calling ctypes callback function", &callback.callable),
    };
    let Some(access) = callback.result else {
        return;
    };
    // SAFETY: there is room for the result.
    if unsafe { Store::of(access).put(result.cast(), &value) } {
        return;
    }
    // SAFETY: as above.
    match unsafe { access.set(result.cast(), &value, 0, None) } {
        Ok(None) => {}
        // The caller in C owns the reference that it gets.
        Ok(Some(object)) if access.code == b'O' => {
            let _given = object.into_ptr();
        }
        Ok(Some(kept)) => warn_leak(callback, kept),
        Err(Raised) => {
            report(
                c"on converting result of ctypes callback function",
                &callback.callable,
            );
        }
    }
}

/// Memory that C gets as a result has nobody who frees it; it must not die either.
fn warn_leak(callback: &Callback, kept: Obj) {
    let _leaked = kept.into_ptr();
    // SAFETY: a constant message and a class that lives for ever.
    let status = unsafe {
        ffi::PyErr_WarnEx(
            ffi::PyExc_RuntimeWarning,
            c"memory leak in callback function.".as_ptr(),
            1,
        )
    };
    if status < 0 {
        report(
            c"on converting result of ctypes callback function",
            &callback.callable,
        );
    }
}

/// Calls the callable with the arguments as Python objects.
fn call(callback: &Callback, arguments: &[*mut c_void]) -> Res<Obj> {
    const USUAL: usize = 6;
    let arrivals = callback.arguments.iter().zip(arguments);
    if callback.arguments.len() <= USUAL {
        let mut values = [const { None }; USUAL];
        for (value, (arrival, at)) in values.iter_mut().zip(arrivals) {
            *value = Some(arrival.convert(*at)?);
        }
        callback
            .callable
            .call_values(&values[..callback.arguments.len()])
    } else {
        let values = arrivals
            .map(|(arrival, at)| arrival.convert(*at).map(Some))
            .collect::<Res<Vec<_>>>()?;
        callback.callable.call_values(&values)
    }
}

impl Arrival {
    #[inline]
    fn convert(&self, at: *mut c_void) -> Res<Obj> {
        let at = at.cast::<u8>();
        if let Some(access) = self.plain {
            // SAFETY: C passes a value of the declared type.
            return unsafe { access.get(at, self.size, None) };
        }
        let made = self.ty.call_none()?;
        let data = cdata::Data::expect(&made)?;
        // SAFETY: as above; no more is read than C passes, nor written than the instance has.
        unsafe { data.memory().copy_from(at, self.size.min(data.size())) };
        Ok(made)
    }
}

/// An exception that nobody can catch goes to `sys.unraisablehook`.
fn report(what: &std::ffi::CStr, callable: &Obj) {
    // SAFETY: constant text, a living object; the exception is set.
    unsafe {
        #[cfg(Py_3_13)]
        PyErr_FormatUnraisable(
            c"Exception ignored %s %R".as_ptr(),
            what.as_ptr(),
            callable.ptr(),
        );
        #[cfg(not(Py_3_13))]
        _PyErr_WriteUnraisableMsg(what.as_ptr(), callable.ptr());
    }
}

// Not bound by pyo3.
unsafe extern "C" {
    #[cfg(Py_3_13)]
    fn PyErr_FormatUnraisable(format: *const std::ffi::c_char, ...);
    #[cfg(not(Py_3_13))]
    fn _PyErr_WriteUnraisableMsg(message: *const std::ffi::c_char, object: *mut ffi::PyObject);
}

pub(crate) fn make_type() -> Res<*mut ffi::PyTypeObject> {
    let mut plan = Plan::new(
        c"_ctypes.CThunkObject",
        &raw mut ffi::PyType_Type,
        std::ptr::null_mut(),
    );
    plan.doc = Some(c"CThunkObject");
    plan.size = size_of::<Layout>();
    plan.flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_GC;
    #[cfg(Py_3_10)]
    {
        plan.flags |= ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
    }
    plan.make(|made| {
        made.tp_dealloc = Some(dealloc);
        made.tp_traverse = Some(traverse);
        made.tp_clear = Some(clear);
    })
}

unsafe extern "C" fn dealloc(slf: *mut ffi::PyObject) {
    // SAFETY: Python calls this once for a dying thunk, which owns the box.
    unsafe {
        ffi::PyObject_GC_UnTrack(slf.cast());
        let place = &raw mut (*slf.cast::<Layout>()).callback;
        let callback = place.replace(std::ptr::null_mut());
        if !callback.is_null() {
            let mut callback = Box::from_raw(callback);
            drop(callback.closure.take());
            drop(callback);
        }
        if let Some(free) = (*ffi::Py_TYPE(slf)).tp_free {
            free(slf.cast());
        }
    }
}

/// The code must stay callable while C may know its address; only the callable is let go.
unsafe extern "C" fn clear(slf: *mut ffi::PyObject) -> c_int {
    // SAFETY: a living thunk in an unreachable cycle.
    unsafe {
        let callback = (*slf.cast::<Layout>()).callback;
        if !callback.is_null() {
            let old = std::mem::replace(&mut (*callback).callable, py::none());
            drop(old);
        }
    }
    0
}

unsafe extern "C" fn traverse(
    slf: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the collector calls this with a living object.
    unsafe {
        let callback = (*slf.cast::<Layout>()).callback;
        if callback.is_null() {
            return 0;
        }
        let types = (*callback).arguments.iter().map(|arrival| &arrival.ty);
        for object in std::iter::once(&(*callback).callable).chain(types) {
            let status = visit(object.ptr(), argument);
            if status != 0 {
                return status;
            }
        }
        0
    }
}
