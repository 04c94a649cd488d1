//! Entries made for the commonest shapes of calls: a few `int`s, a few `double`s, or one or two structs
//! of two `double`s.
//!
//! Each is compiled for its number of arguments, so that nothing is looked up but the address and the
//! arguments themselves. What does not fit goes where calls of any shape go (`invoke`).

use std::ffi::c_void;

use clib::registers::{enter_floats, enter_for_pair, enter_integers};
use pyo3::ffi;

use crate::direct::Direct;
use crate::function::Layout;
use crate::invoke::{call_any_way, target_of};
use crate::number;
use crate::outcome::Outcome;
use crate::py::{self, Obj, Raised, Res};
use crate::way::{Way, Width};

/// A kind of arguments and results that are all passed in the same way.
trait Bank {
    /// Converts an exact value; `None` for any other.
    fn load(value: &Obj) -> Option<u64>;

    /// # Safety
    /// `function` takes these arguments.
    unsafe fn enter<const N: usize>(function: *const c_void, words: [u64; N]) -> u64;

    /// The Python value of the result.
    fn make(outcome: Outcome, word: u64) -> Res<Obj>;
}

struct Integers;

impl Bank for Integers {
    #[inline(always)]
    fn load(value: &Obj) -> Option<u64> {
        number::small_int(value).map(|small| small as u64)
    }

    #[inline(always)]
    unsafe fn enter<const N: usize>(function: *const c_void, words: [u64; N]) -> u64 {
        // SAFETY: the caller's promise.
        unsafe { enter_integers(function, words) }
    }

    #[inline(always)]
    fn make(outcome: Outcome, word: u64) -> Res<Obj> {
        match outcome {
            Outcome::Integer(Width::I32) => number::int(i64::from(word as i32)),
            Outcome::Nothing => Ok(py::none()),
            _ => number::int(word as i64),
        }
    }
}

struct Floats;

impl Bank for Floats {
    #[inline(always)]
    fn load(value: &Obj) -> Option<u64> {
        number::exact_float(value).map(f64::to_bits)
    }

    #[inline(always)]
    unsafe fn enter<const N: usize>(function: *const c_void, words: [u64; N]) -> u64 {
        // SAFETY: the caller's promise.
        unsafe { enter_floats(function, words.map(f64::from_bits)) }.to_bits()
    }

    #[inline(always)]
    fn make(_: Outcome, word: u64) -> Res<Obj> {
        py::float(f64::from_bits(word))
    }
}

/// The entry for calls of this shape, if there is one.
pub(crate) fn entry<'a>(
    ways: impl Iterator<Item = &'a Way> + Clone,
    outcome: Outcome,
    hold: bool,
) -> Option<ffi::vectorcallfunc> {
    let count = ways.clone().count();
    match outcome {
        Outcome::Integer(Width::I32 | Width::I64) | Outcome::Nothing
            if ways.clone().all(Way::is_wide_integer) =>
        {
            if hold {
                sized::<Integers, true>(count)
            } else {
                sized::<Integers, false>(count)
            }
        }
        Outcome::Double if count > 0 && ways.clone().all(Way::is_double) => {
            if hold {
                sized::<Floats, true>(count)
            } else {
                sized::<Floats, false>(count)
            }
        }
        _ => None,
    }
}

/// The entry for calls with so many structs of two `double`s, and one as the result.
pub(crate) fn entry_with_pairs(count: usize, hold: bool) -> Option<ffi::vectorcallfunc> {
    match (count, hold) {
        (1, true) => Some(vectorcall_with_pairs::<1, 2, true>),
        (1, false) => Some(vectorcall_with_pairs::<1, 2, false>),
        (2, true) => Some(vectorcall_with_pairs::<2, 4, true>),
        (2, false) => Some(vectorcall_with_pairs::<2, 4, false>),
        _ => None,
    }
}

fn sized<B: Bank, const HOLD: bool>(count: usize) -> Option<ffi::vectorcallfunc> {
    match count {
        0 => Some(vectorcall::<B, 0, HOLD>),
        1 => Some(vectorcall::<B, 1, HOLD>),
        2 => Some(vectorcall::<B, 2, HOLD>),
        3 => Some(vectorcall::<B, 3, HOLD>),
        4 => Some(vectorcall::<B, 4, HOLD>),
        _ => None,
    }
}

/// `tp_vectorcall` of a function object whose declaration has this shape.
unsafe extern "C" fn vectorcall<B: Bank, const N: usize, const HOLD: bool>(
    slf: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: Python passes living objects and keeps them alive during the call. The function object
    // has this entry only as long as its short way is prepared.
    unsafe {
        if names.is_null()
            && ffi::PyVectorcall_NARGS(count) as usize == N
            && let Some(words) = load::<B, N>(arguments)
            && let address = target_of(slf)
            && !address.is_null()
        {
            let outcome = (*(*slf.cast::<Layout>()).direct).outcome;
            return match call::<B, N, HOLD>(address, words, outcome) {
                Ok(made) => made.into_ptr(),
                Err(Raised) => std::ptr::null_mut(),
            };
        }
        call_any_way(slf, arguments, count, names)
    }
}

/// # Safety
/// There are this many living objects.
#[inline(always)]
unsafe fn load<B: Bank, const N: usize>(arguments: *const *mut ffi::PyObject) -> Option<[u64; N]> {
    let mut words = [0; N];
    for (index, word) in words.iter_mut().enumerate() {
        // SAFETY: the caller's promise; an Obj is a transparent wrapper of its pointer.
        *word = B::load(unsafe { &*arguments.add(index).cast::<Obj>() })?;
    }
    Some(words)
}

/// # Safety
/// The interpreter is held; the user vouches for the address and its declaration.
#[inline(always)]
unsafe fn call<B: Bank, const N: usize, const HOLD: bool>(
    address: *const c_void,
    words: [u64; N],
    outcome: Outcome,
) -> Res<Obj> {
    // SAFETY: the caller's promise; the interpreter is taken back before any object is touched.
    let word = unsafe {
        if HOLD {
            B::enter(address, words)
        } else {
            let thread = ffi::PyEval_SaveThread();
            let word = B::enter(address, words);
            ffi::PyEval_RestoreThread(thread);
            word
        }
    };
    if HOLD && py::raised() {
        return Err(Raised);
    }
    B::make(outcome, word)
}

/// `tp_vectorcall` of a function object that is declared with structs of two `double`s, which travel in
/// vector registers, and whose result is one.
unsafe extern "C" fn vectorcall_with_pairs<const N: usize, const WORDS: usize, const HOLD: bool>(
    slf: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as in `vectorcall`.
    unsafe {
        let direct = (*slf.cast::<Layout>()).direct;
        if names.is_null()
            && ffi::PyVectorcall_NARGS(count) as usize == N
            && let Some(words) = load_pairs::<N, WORDS>(&*direct, arguments)
            && let address = target_of(slf)
            && !address.is_null()
        {
            return match call_with_pairs::<WORDS, HOLD>(address, words, (*direct).outcome) {
                Ok(made) => made.into_ptr(),
                Err(Raised) => std::ptr::null_mut(),
            };
        }
        call_any_way(slf, arguments, count, names)
    }
}

/// # Safety
/// There are this many living objects, and as many declared arguments.
#[inline(always)]
unsafe fn load_pairs<const N: usize, const WORDS: usize>(
    direct: &Direct,
    arguments: *const *mut ffi::PyObject,
) -> Option<[f64; WORDS]> {
    let mut words = [0.0; WORDS];
    for index in 0..N {
        // SAFETY: the caller's promise; an instance of the declared type holds two of them.
        unsafe {
            let at = direct.record(index, &*arguments.add(index).cast::<Obj>())?;
            let pair = at.cast::<[f64; 2]>().read_unaligned();
            words[2 * index] = pair[0];
            words[2 * index + 1] = pair[1];
        }
    }
    Some(words)
}

/// # Safety
/// The interpreter is held; the user vouches for the address and its declaration.
#[inline(always)]
unsafe fn call_with_pairs<const WORDS: usize, const HOLD: bool>(
    address: *const c_void,
    words: [f64; WORDS],
    outcome: Outcome,
) -> Res<Obj> {
    let _kept = outcome.keep();
    // SAFETY: the caller's promise; the interpreter is taken back before any object is touched, and
    // the result is one of the declared type, which is kept alive.
    unsafe {
        let made = if HOLD {
            enter_for_pair(address, words)
        } else {
            let thread = ffi::PyEval_SaveThread();
            let made = enter_for_pair(address, words);
            ffi::PyEval_RestoreThread(thread);
            made
        };
        if HOLD && py::raised() {
            return Err(Raised);
        }
        outcome.make((made[0].to_bits(), made[1].to_bits()))
    }
}
