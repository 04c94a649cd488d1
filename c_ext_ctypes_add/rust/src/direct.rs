//! The short way into C: exact values go straight into registers, and the result straight out.
//!
//! The ordinary way (`call`) asks Python for the conversion of every argument, through the
//! `from_param` of its type. Where that is our own `from_param`, and the value is of a plain type,
//! the outcome is known beforehand (`way`). A value that is not so leads to the ordinary way: then
//! nothing has happened yet. What a user hooks in around the call (`errcheck`, parameter flags,
//! `_check_retval_`, a callable as `restype`) is seen to by `invoke`.

use std::ffi::c_void;

use clib::ctype::{CType, Signature};
use clib::plan::CallPlan;
use clib::registers::{Argument, Enter, Place, RegisterCall, Registers, any_thunk, read_record};
use pyo3::ffi;

use crate::attach::{self, Calling};
use crate::errno;
use crate::function::{PYTHON_API, USE_ERRNO};
use crate::info::{FINAL, Info, Kind};
use crate::outcome::Outcome;
use crate::py::{self, Obj, Raised, Res};
use crate::shapes;
use crate::way::{Way, undeclared};

/// The prepared short way of a function object.
///
/// It borrows the types from the function object, which drops it whenever its argument types or its
/// result type change.
pub(crate) struct Direct {
    /// The declared arguments; `None` when none are declared, so that each value decides.
    arguments: Option<Box<[Declared]>>,
    enter: Enter,
    pub(crate) outcome: Outcome,
    surroundings: Surroundings,
    /// Nothing is hooked in around the call.
    pub(crate) is_plain: bool,
    /// The entry made for calls of just this shape, for a function with nothing hooked in.
    pub(crate) entry: Option<ffi::vectorcallfunc>,
}

/// What is done around the call itself.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Surroundings {
    /// The interpreter stays held.
    hold: bool,
    swap_errno: bool,
    /// C may get functions of ours, and call them.
    hands_functions: bool,
}

/// One argument and its registers, by their numbers.
struct Declared {
    way: Way,
    first: usize,
    /// That of the second eightbyte of a struct; the same as the first when there is none.
    second: usize,
    /// Bytes of a struct; 0 for anything else.
    size: usize,
}

impl Direct {
    /// Prepares the short way, if the declaration allows one.
    pub(crate) fn prepare(
        declared: Option<(&Obj, &Obj)>,
        restype: Option<&Obj>,
        flags: u32,
        is_plain: bool,
    ) -> Option<Direct> {
        let (outcome, result) = Outcome::of(restype)?;
        let (arguments, enter, has_pairs) = match declared {
            None => (None, undeclared_thunk(&result)?, false),
            Some((argtypes, converters)) => {
                let (arguments, call) = prepare_declared(argtypes, converters, result)?;
                (Some(arguments), call.thunk(), call.is_of_float_pairs())
            }
        };
        let (hold, swap_errno) = (flags & PYTHON_API != 0, flags & USE_ERRNO != 0);
        let ways = arguments.iter().flatten().map(|declared| &declared.way);
        let hands_functions = arguments.is_none() || ways.clone().any(Way::is_function);
        let has_shape = is_plain && !swap_errno && arguments.is_some();
        let entry = if !has_shape {
            None
        } else if has_pairs {
            shapes::entry_with_pairs(ways.count(), hold)
        } else {
            shapes::entry(ways, outcome, hold)
        };
        Some(Direct {
            arguments,
            enter,
            outcome,
            surroundings: Surroundings {
                hold,
                swap_errno,
                hands_functions,
            },
            is_plain,
            entry,
        })
    }

    /// The memory of a struct that is passed as this argument; `None` for any other value.
    #[inline(always)]
    pub(crate) fn record(&self, index: usize, value: &Obj) -> Option<*mut u8> {
        self.arguments.as_deref()?.get(index)?.way.record(value)
    }

    /// Calls `address`; `None` when a value needs the ordinary way.
    ///
    /// # Safety
    /// `address` is a function of the declared signature, and `self` is not changed before the
    /// registers are filled, which no Python code can interrupt.
    #[inline(always)]
    pub(crate) unsafe fn call(
        this: *const Direct,
        address: *const c_void,
        given: &[Obj],
    ) -> Option<Res<Obj>> {
        let mut registers = Registers::default();
        // SAFETY: the caller's promise; the reference ends before the call, which may free it.
        let (enter, outcome, surroundings) = unsafe {
            let this = &*this;
            match &this.arguments {
                Some(arguments) => fill(&mut registers, arguments, given)?,
                None => fill_undeclared(&mut registers, given)?,
            }
            (this.enter, this.outcome, this.surroundings)
        };
        let _kept = outcome.keep();
        // SAFETY: the interpreter is held, and taken back before any object is touched; the user
        // vouches for the address and its declaration, and the caller keeps the arguments alive.
        let words = unsafe {
            if surroundings == Surroundings::USUAL {
                let thread = ffi::PyEval_SaveThread();
                let words = enter(address, &registers);
                ffi::PyEval_RestoreThread(thread);
                words
            } else {
                match surroundings.enter(enter, address, &registers) {
                    Ok(words) => words,
                    Err(Raised) => return Some(Err(Raised)),
                }
            }
        };
        // SAFETY: the words are a result of the declared type, which is kept alive.
        Some(unsafe { outcome.make(words) })
    }
}

impl Surroundings {
    const USUAL: Surroundings = Surroundings {
        hold: false,
        swap_errno: false,
        hands_functions: false,
    };

    /// Calls C as these say. A function of Python's own C API may leave an exception.
    ///
    /// # Safety
    /// As for the thunk; the interpreter is held.
    #[inline(never)]
    unsafe fn enter(
        self,
        enter: Enter,
        address: *const c_void,
        registers: &Registers,
    ) -> Res<(u64, u64)> {
        // SAFETY: the caller's promise; the interpreter is taken back before any object is touched.
        let words = unsafe {
            let thread = (!self.hold).then(|| ffi::PyEval_SaveThread());
            let state = || thread.unwrap_or_else(attach::current);
            let calling = self.hands_functions.then(|| Calling::with(state()));
            if self.swap_errno {
                errno::swap();
            }
            let words = enter(address, registers);
            if self.swap_errno {
                errno::swap();
            }
            drop(calling);
            if let Some(thread) = thread {
                ffi::PyEval_RestoreThread(thread);
            }
            words
        };
        if self.hold && py::raised() {
            return Err(Raised);
        }
        Ok(words)
    }
}

fn undeclared_thunk(result: &CType) -> Option<Enter> {
    let prepared = CallPlan::new(&Signature::new(result.clone(), [])).ok()?;
    prepared.registers()?;
    match result {
        CType::Record(_) => None,
        CType::Primitive(primitive) => {
            Some(any_thunk(primitive.class() == clib::ctype::Class::Float))
        }
        _ => Some(any_thunk(false)),
    }
}

fn prepare_declared(
    argtypes: &Obj,
    converters: &Obj,
    result: CType,
) -> Option<(Box<[Declared]>, RegisterCall)> {
    let mut ways = Vec::new();
    let mut ctypes = Vec::new();
    for (ty, converter) in argtypes.items().iter().zip(converters.items()) {
        ways.push(Way::of(ty, converter)?);
        ctypes.push(passed_type(ty));
    }
    let sizes: Vec<usize> = ctypes.iter().map(CType::size).collect();
    let plan = CallPlan::new(&Signature::new(result, ctypes)).ok()?;
    let registers = plan.registers()?;
    let arguments = ways
        .into_iter()
        .zip(registers.arguments())
        .zip(sizes)
        .map(|((way, argument), size)| {
            let Argument { first, second, .. } = *argument;
            Declared {
                size: if way.is_record() { size } else { 0 },
                way,
                first: first.number(),
                second: second.unwrap_or(first).number(),
            }
        })
        .collect();
    Some((arguments, registers.clone()))
}

/// How a declared argument travels: arrays and what others describe are pointers.
fn passed_type(ty: &Obj) -> CType {
    match Info::of_type(ty) {
        Some(info) if info.kind != Kind::Array => {
            // Its layout must not change any more.
            info.set(FINAL);
            info.ctype.clone()
        }
        _ => CType::POINTER,
    }
}

#[inline(always)]
fn fill(registers: &mut Registers, arguments: &[Declared], given: &[Obj]) -> Option<()> {
    if given.len() != arguments.len() {
        return None;
    }
    for (argument, value) in arguments.iter().zip(given) {
        argument.load(value, registers)?;
    }
    Some(())
}

impl Declared {
    #[inline(always)]
    fn load(&self, value: &Obj, registers: &mut Registers) -> Option<()> {
        // SAFETY: the numbers are those of places; the struct is an instance of the declared type,
        // which has this size.
        unsafe {
            if self.size == 0 {
                registers.set(self.first, self.way.convert(value)?);
                return Some(());
            }
            let at = self.way.record(value)?;
            let (first, second) = read_record(at, self.size);
            // In this order, for a struct of one register.
            registers.set(self.second, second);
            registers.set(self.first, first);
        }
        Some(())
    }
}

fn fill_undeclared(registers: &mut Registers, given: &[Obj]) -> Option<()> {
    let (mut integers, mut floats) = (0..registers.integers.len(), 0..registers.floats.len());
    for value in given {
        let (is_float, word) = undeclared(value)?;
        let place = if is_float {
            Place::Float(floats.next()?)
        } else {
            Place::Integer(integers.next()?)
        };
        registers.put(place, word);
    }
    Some(())
}
