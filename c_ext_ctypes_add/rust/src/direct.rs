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
use clib::registers::{Argument, Enter, Place, Registers, any_thunk, read_record};
use pyo3::ffi;

use crate::cdata::{self, Data};
use crate::errno;
use crate::function::{PYTHON_API, USE_ERRNO};
use crate::info::{FINAL, Info, Kind};
use crate::py::{self, Obj, Raised, Res};
use crate::value::Access;
use crate::way::{Passed, Way, Width, undeclared};

/// The prepared short way of a function object.
///
/// It borrows the types from the function object, which drops it whenever its argument types or its
/// result type change.
pub(crate) struct Direct {
    /// The declared arguments; `None` when none are declared, so that each value decides.
    arguments: Option<Box<[Declared]>>,
    enter: Enter,
    outcome: Outcome,
    /// The interpreter stays held.
    hold: bool,
    swap_errno: bool,
    /// Nothing is hooked in around the call.
    pub(crate) is_plain: bool,
}

/// One argument and its registers.
struct Declared {
    way: Way,
    first: Place,
    second: Option<Place>,
    /// Bytes of a struct.
    size: usize,
}

/// What becomes of the result registers.
#[derive(Clone, Copy)]
enum Outcome {
    Nothing,
    Integer(Width),
    Double,
    Simple(Access, usize),
    Instance(*mut ffi::PyObject, usize),
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
        let (arguments, enter) = match declared {
            None => (None, undeclared_thunk(&result)?),
            Some((argtypes, converters)) => {
                let (arguments, enter) = prepare_declared(argtypes, converters, result)?;
                (Some(arguments), enter)
            }
        };
        Some(Direct {
            arguments,
            enter,
            outcome,
            hold: flags & PYTHON_API != 0,
            swap_errno: flags & USE_ERRNO != 0,
            is_plain,
        })
    }

    /// Calls `address`; `None` when a value needs the ordinary way.
    ///
    /// # Safety
    /// `address` is a function of the declared signature, and `self` is not changed before the
    /// registers are filled, which no Python code can interrupt.
    #[inline]
    pub(crate) unsafe fn call(
        this: *const Direct,
        address: *const c_void,
        given: &[Obj],
    ) -> Option<Res<Obj>> {
        let mut registers = Registers::default();
        // SAFETY: the caller's promise; the reference ends before the call, which may free it.
        let (enter, outcome, hold, swap_errno) = unsafe {
            let this = &*this;
            match &this.arguments {
                Some(arguments) => fill(&mut registers, arguments, given)?,
                None => fill_undeclared(&mut registers, given)?,
            }
            (this.enter, this.outcome, this.hold, this.swap_errno)
        };
        let _kept = outcome.keep();
        // SAFETY: the interpreter is held, and taken back before any object is touched; the user
        // vouches for the address and its declaration, and the caller keeps the arguments alive.
        let words = unsafe {
            let thread = (!hold).then(|| ffi::PyEval_SaveThread());
            if swap_errno {
                errno::swap();
            }
            let words = enter(address, &registers);
            if swap_errno {
                errno::swap();
            }
            if let Some(thread) = thread {
                ffi::PyEval_RestoreThread(thread);
            }
            words
        };
        if hold && py::raised() {
            return Some(Err(Raised));
        }
        // SAFETY: the words are a result of the declared type, which is kept alive.
        Some(unsafe { outcome.make(words) })
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
) -> Option<(Box<[Declared]>, Enter)> {
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
                way,
                first,
                second,
                size,
            }
        })
        .collect();
    Some((arguments, registers.thunk()))
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

#[inline]
fn fill(registers: &mut Registers, arguments: &[Declared], given: &[Obj]) -> Option<()> {
    if given.len() != arguments.len() {
        return None;
    }
    for (argument, value) in arguments.iter().zip(given) {
        match argument.way.convert(value)? {
            Passed::Word(word) => registers.put(argument.first, word),
            Passed::Memory(at) => {
                // SAFETY: an instance of the declared type, which has this size.
                let (first, second) = unsafe { read_record(at, argument.size) };
                registers.put(argument.first, first);
                if let Some(place) = argument.second {
                    registers.put(place, second);
                }
            }
        }
    }
    Some(())
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

impl Outcome {
    fn of(restype: Option<&Obj>) -> Option<(Outcome, CType)> {
        let int = Access::native(b'i');
        let Some(restype) = restype else {
            return Some((Outcome::Integer(Width::I32), int.ctype()));
        };
        if restype.is_none() {
            return Some((Outcome::Nothing, CType::Void));
        }
        let Some(info) = Info::of_type(restype) else {
            // A callable gets the C int.
            return Some((Outcome::Integer(Width::I32), int.ctype()));
        };
        let outcome = match info.plain {
            Some(access) if access.swapped => return None,
            Some(access) => match (Width::of(access), access.code) {
                (Some(width), _) => Outcome::Integer(width),
                (None, b'd') => Outcome::Double,
                // The C function gives a reference of its own away: that is for the ordinary way.
                (None, b'O') => return None,
                (None, _) => Outcome::Simple(access, info.size),
            },
            None if info.kind == Kind::Array => return None,
            None => {
                info.set(FINAL);
                Outcome::Instance(restype.ptr(), info.size)
            }
        };
        Some((outcome, info.ctype.clone()))
    }

    /// The result type must outlive the call, during which others may change the function.
    #[inline]
    fn keep(self) -> Option<Obj> {
        match self {
            // SAFETY: alive until the function object's result type changes, which is not yet.
            Outcome::Instance(ty, _) => unsafe { Obj::borrowed(ty) },
            _ => None,
        }
    }

    /// Makes the Python value of the result registers.
    ///
    /// # Safety
    /// They hold a result of this kind; the type of an instance is alive.
    #[inline]
    unsafe fn make(self, words: (u64, u64)) -> Res<Obj> {
        match self {
            Outcome::Nothing => Ok(py::none()),
            Outcome::Integer(Width::U64) => py::unsigned(words.0),
            Outcome::Integer(width) => py::int(width.extend(words.0) as i64),
            Outcome::Double => py::float(f64::from_bits(words.0)),
            Outcome::Simple(access, size) => {
                let at = (&raw const words.0).cast();
                // SAFETY: the word holds the value in its low bytes.
                unsafe { access.get(at, size, None) }
            }
            Outcome::Instance(ty, size) => {
                // SAFETY: the caller's promise.
                let ty = unsafe { Obj::by_ref(&ty) }.ok_or(Raised)?;
                let made = cdata::new_instance(ty)?;
                // SAFETY: the instance has the size of its type.
                unsafe {
                    clib::registers::write_record(words, made.memory(), size);
                }
                Ok(Data::into_obj(made))
            }
        }
    }
}
