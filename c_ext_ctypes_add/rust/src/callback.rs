//! C entry points for Python callables.

use std::ffi::{c_int, c_void};
use std::rc::Rc;

use clib::closure::{Arrived, Closure, RegisterHandler};
use pyo3::ffi;

use crate::arrival::{Arrival, Reception};
use crate::attach;
use crate::creation::Store;
use crate::errno;
use crate::info::Info;
use crate::number;
use crate::py::{self, Exc, Obj, Raised, Res, api, raise};
use crate::strict;
use crate::types::{Plan, types};
use crate::way::Width;

/// What a callback needs when C calls it; owned by its thunk object.
struct Callback {
    /// Dropped first: C must not enter once the rest is gone.
    closure: Option<Closure>,
    callable: Obj,
    /// Holds the types that the reception borrows.
    argtypes: Obj,
    reception: Rc<Reception>,
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

/// Makes the thunk of a callable for a function type; gives back the object that owns it and the
/// address for C.
pub(crate) fn make(callable: &Obj, info: &Info, argtypes: &Obj) -> Res<(Obj, *mut c_void)> {
    let reception = Reception::of(info, argtypes)?;
    let thunk = api!(Obj::owned(ffi::PyType_GenericAlloc(types().thunk, 0)))?;
    let layout = thunk.ptr().cast::<Layout>();
    let closure = make_closure(layout, &reception)?;
    let code = closure.code();
    let callback = Callback {
        closure: Some(closure),
        callable: callable.clone(),
        argtypes: argtypes.clone(),
        reception,
    };
    // SAFETY: a new object that nobody else knows; it owns the box from now on.
    unsafe { (*layout).callback = Box::into_raw(Box::new(callback)) };
    Ok((thunk, code))
}

fn make_closure(layout: *mut Layout, reception: &Reception) -> Res<Closure> {
    let for_int = reception.width == Some(Width::I32) && !reception.use_errno;
    let in_registers = RegisterHandler {
        function: if for_int { enter_for_int } else { enter },
        context: layout.expose_provenance(),
    };
    if let Some(call) = &reception.registers
        && let Some(closure) = Closure::over_registers(call, in_registers)
    {
        return Ok(closure);
    }
    let target = Target(layout);
    let handler = move |arguments: &[*mut c_void], result| {
        enter_with_values(target, arguments, result);
    };
    Closure::new(&reception.signature, Box::new(handler))
        .map_err(|error| raise(Exc::Runtime, error.to_string()))
}

/// C calls, with the arguments in registers; gives back the result's.
///
/// # Safety
/// The context is the address of a thunk, which lives as long as C may call it.
unsafe fn enter(context: usize, registers: &Arrived) -> u64 {
    let layout = std::ptr::with_exposed_provenance_mut(context);
    attach::attached(|| guarded(layout, |callback| callback.answer(registers))).unwrap_or(0)
}

/// The same for an `int` result and without `errno`, where nothing else is looked at on the usual way.
///
/// # Safety
/// As for [`enter`].
unsafe fn enter_for_int(context: usize, registers: &Arrived) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        match attach::Found::now() {
            attach::Found::Waiting(_attached) => answer_int::<false>(context, registers),
            attach::Found::Holding => answer_int_apart(context, registers),
            attach::Found::Elsewhere => enter(context, registers),
        }
    }
}

#[inline(never)]
unsafe fn answer_int_apart(context: usize, registers: &Arrived) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { answer_int::<true>(context, registers) }
}

/// Compiled once for each of its callers, so that it becomes a part of them.
///
/// # Safety
/// As for [`enter`], with the interpreter held.
#[inline(always)]
unsafe fn answer_int<const APART: bool>(context: usize, registers: &Arrived) -> u64 {
    let body = |callback: &Callback| {
        let called = callback.call(|arrival| arrival.of_registers(registers));
        match called.as_ref().ok().and_then(small_result) {
            Some(small) => small as u64,
            None => callback.result_word(called),
        }
    };
    alive(std::ptr::with_exposed_provenance_mut(context), body).unwrap_or(0)
}

/// The value of an int that nothing has to be asked about.
#[inline(always)]
fn small_result(value: &Obj) -> Option<i64> {
    number::small_int(value).filter(|_| !strict::is_on())
}

/// C calls, with the arguments in memory.
fn enter_with_values(target: Target, arguments: &[*mut c_void], result: *mut c_void) {
    let body = |callback: &Callback| {
        let mut arguments = arguments.iter();
        // SAFETY: C passes values of the declared types, and there is room for the result.
        unsafe {
            let called = callback.call(|arrival| match arguments.next() {
                Some(at) => arrival.of_memory(at.cast()),
                None => Err(raise(Exc::System, "too few arguments from C")),
            });
            callback.store(called, result.cast());
        }
    };
    attach::attached(|| guarded(target.0, body));
}

/// [`alive`], with `errno` swapped around it if that is wanted.
fn guarded<T>(layout: *mut Layout, body: impl FnOnce(&Callback) -> T) -> Option<T> {
    alive(layout, |callback| {
        if callback.reception.use_errno {
            errno::swap();
        }
        let made = body(callback);
        if callback.reception.use_errno {
            errno::swap();
        }
        made
    })
}

/// Runs `body`, with the thunk kept alive even when its callable drops the last reference. A panic
/// must not reach C: it is told as an exception that nobody can catch, and `None` is given back.
#[inline(always)]
fn alive<T>(layout: *mut Layout, body: impl FnOnce(&Callback) -> T) -> Option<T> {
    let outcome = py::guard(None, || {
        // SAFETY: C calls while the thunk lives, and the interpreter is held; a thunk is an object.
        let _thunk = unsafe { &*(&raw const layout).cast::<Obj>() }.clone();
        // SAFETY: set by `make` before C learned the address.
        Ok(Some(body(unsafe { &*(*layout).callback })))
    });
    if outcome.is_none() {
        // SAFETY: the interpreter is held; the exception is what the guard made of a panic.
        unsafe { ffi::PyErr_WriteUnraisable(std::ptr::null_mut()) };
    }
    outcome
}

impl Callback {
    /// Calls the callable; the content of the result register.
    fn answer(&self, registers: &Arrived) -> u64 {
        self.result_word(self.call(|arrival| arrival.of_registers(registers)))
    }

    #[inline(never)]
    fn result_word(&self, called: Res<Obj>) -> u64 {
        let mut word = [0; 2];
        // SAFETY: there is room for any result.
        unsafe { self.store(called, word.as_mut_ptr().cast()) };
        self.reception
            .width
            .map_or(word[0], |width| width.extend(word[0]))
    }

    /// Calls the callable with the arguments as Python objects.
    #[inline(always)]
    fn call(&self, mut arrive: impl FnMut(&Arrival) -> Res<Obj>) -> Res<Obj> {
        match &*self.reception.arguments {
            [one] => self.callable.call_values(&[arrive(one)?]),
            [one, two] => self.callable.call_values(&[arrive(one)?, arrive(two)?]),
            many => {
                let values = many.iter().map(arrive).collect::<Res<Vec<_>>>()?;
                self.callable.call_values(&values)
            }
        }
    }

    /// Stores the result for C; what went wrong is told where it can be.
    ///
    /// # Safety
    /// `at` has room for the result.
    unsafe fn store(&self, called: Res<Obj>, at: *mut u8) {
        let value = match called {
            Ok(value) => value,
            Err(Raised) => return report(c"on calling ctypes callback function", &self.callable),
        };
        let Some(access) = self.reception.result else {
            return;
        };
        // SAFETY: the caller's promise.
        if unsafe { Store::of(access).put(at, &value) } {
            return;
        }
        // SAFETY: as above.
        match unsafe { access.set(at, &value, 0, None) } {
            Ok(None) => {}
            // The caller in C owns the reference that it gets.
            Ok(Some(object)) if access.code == b'O' => {
                let _given = object.into_ptr();
            }
            Ok(Some(kept)) => warn_leak(self, kept),
            Err(Raised) => report(
                c"on converting result of ctypes callback function",
                &self.callable,
            ),
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
        for object in [&(*callback).callable, &(*callback).argtypes] {
            let status = visit(object.ptr(), argument);
            if status != 0 {
                return status;
            }
        }
        0
    }
}
