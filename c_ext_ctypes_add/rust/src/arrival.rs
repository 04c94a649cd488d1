//! How a callback is received: how its arguments become Python objects.

use std::rc::Rc;

use clib::closure::Arrived;
use clib::ctype::{CType, Signature};
use clib::registers::{Argument, RegisterCall, write_record};
use pyo3::ffi;

use crate::cdata::{self, Data};
use crate::creation;
use crate::function::USE_ERRNO;
use crate::info::{FINAL, Info, Kind};
use crate::number;
use crate::outcome::Outcome;
use crate::py::{Exc, Obj, Raised, Res, raise};
use crate::value::Access;
use crate::way::Width;

/// How callbacks of one function type are received. It borrows the types of the arguments from the
/// tuple of them, which its users hold.
pub(crate) struct Reception {
    pub(crate) arguments: Box<[Arrival]>,
    pub(crate) result: Option<Access>,
    /// Of an integer result.
    pub(crate) width: Option<Width>,
    pub(crate) use_errno: bool,
    pub(crate) signature: Signature,
    /// Where everything lies if it fits the registers.
    pub(crate) registers: Option<RegisterCall>,
}

impl Reception {
    /// The reception of a function type with its argument types; kept with the record of the type as
    /// soon as the types are complete.
    pub(crate) fn of(info: &Info, argtypes: &Obj) -> Res<Rc<Reception>> {
        if let Some(known) = info.reception.get() {
            return Ok(known.clone());
        }
        let arguments = argtypes.items().iter().map(|ty| {
            Info::of_type(ty).ok_or_else(|| {
                raise(
                    Exc::Type,
                    "a callback's argument types must be ctypes types",
                )
            })
        });
        let infos = arguments.collect::<Res<Vec<_>>>()?;
        let made = Rc::new(Reception::new(info, argtypes, &infos)?);
        if infos.iter().all(|info| is_complete(info)) {
            return Ok(info.reception.get_or_init(|| made).clone());
        }
        Ok(made)
    }

    fn new(info: &Info, argtypes: &Obj, infos: &[Rc<Info>]) -> Res<Reception> {
        let (result, access) = result_of(info)?;
        let signature = Signature::new(result, infos.iter().map(|info| by_value(info)));
        let registers = RegisterCall::new(&signature);
        let places = registers.iter().flat_map(RegisterCall::arguments);
        let mut places = places.map(Some).chain(std::iter::repeat(None));
        let arguments = argtypes
            .items()
            .iter()
            .zip(infos)
            .zip(&signature.arguments)
            .map(|((ty, info), ctype)| Arrival::of(ty, info, ctype.size(), places.next().flatten()))
            .collect();
        Ok(Reception {
            arguments,
            result: access,
            width: access.and_then(Width::of),
            use_errno: info.call_flags & USE_ERRNO != 0,
            registers,
            signature,
        })
    }
}

/// Whether nothing about a type can change any more.
fn is_complete(info: &Info) -> bool {
    match info.kind {
        Kind::Struct | Kind::Union => info.has(FINAL),
        Kind::Pointer => info.proto.is_some(),
        Kind::Array | Kind::Simple | Kind::Function => true,
    }
}

/// Arrays cannot be parameters in C: they arrive as pointers.
fn by_value(info: &Info) -> CType {
    match &info.ctype {
        CType::Array { .. } => CType::POINTER,
        other => other.clone(),
    }
}

/// How the result of a function type is given back to C.
fn result_of(info: &Info) -> Res<(CType, Option<Access>)> {
    let Some(restype) = info.restype.as_ref().filter(|restype| !restype.is_none()) else {
        return Ok((CType::Void, None));
    };
    match Info::of_type(restype) {
        Some(info) if info.access.is_some() => Ok((info.ctype.clone(), info.access)),
        _ => Err(raise(
            Exc::Type,
            "invalid result type for callback function",
        )),
    }
}

/// How one argument arrives.
pub(crate) struct Arrival {
    /// Its type, borrowed.
    ty: *mut ffi::PyObject,
    /// A record, or a pointer that has a target.
    has_instances: bool,
    /// Values of the simple types become plain ones.
    plain: Option<Access>,
    /// The same, out of a register.
    outcome: Option<Outcome>,
    /// Bytes that C passes; an array arrives as a pointer.
    size: usize,
    /// Its registers by their numbers; twice the same if there is one only.
    first: usize,
    second: usize,
}

impl Arrival {
    /// How an argument of `size` bytes arrives; it has registers if all arguments have.
    fn of(ty: &Obj, info: &Info, size: usize, place: Option<&Argument>) -> Arrival {
        let first = place.map_or(0, |place| place.first.number());
        let second = place.and_then(|place| place.second);
        Arrival {
            ty: ty.ptr(),
            has_instances: match info.kind {
                Kind::Struct | Kind::Union => true,
                Kind::Pointer => info.proto.is_some(),
                _ => false,
            },
            plain: info.plain,
            outcome: info
                .plain
                .and_then(|access| Outcome::plain(access, info.size)),
            size,
            first,
            second: second.map_or(first, |second| second.number()),
        }
    }

    /// The object of what lies in the registers.
    #[inline(always)]
    pub(crate) fn of_registers(&self, registers: &Arrived) -> Res<Obj> {
        match self.outcome {
            Some(Outcome::Integer(Width::I32)) => {
                // SAFETY: as below.
                number::int(i64::from(unsafe { registers.word(self.first) } as i32))
            }
            _ => self.rarer_of_registers(registers),
        }
    }

    #[inline(never)]
    fn rarer_of_registers(&self, registers: &Arrived) -> Res<Obj> {
        // SAFETY: the argument lies in these registers.
        let words = unsafe { (registers.word(self.first), registers.word(self.second)) };
        if let Some(outcome) = self.outcome {
            // SAFETY: C passes a value of the declared type.
            return unsafe { outcome.make(words) };
        }
        if let Some(access) = self.plain {
            // SAFETY: as above; the value lies in the low bytes.
            return unsafe { access.get((&raw const words.0).cast(), self.size, None) };
        }
        let made = self.instance()?;
        // SAFETY: no more is written than the instance has.
        unsafe { write_record(words, made.memory(), self.size.min(made.size())) };
        Ok(made.into_obj())
    }

    /// The object of what lies in memory.
    ///
    /// # Safety
    /// `at` points to a value of the declared type.
    pub(crate) unsafe fn of_memory(&self, at: *const u8) -> Res<Obj> {
        if let Some(access) = self.plain {
            // SAFETY: the caller's promise.
            return unsafe { access.get(at, self.size, None) };
        }
        let made = self.instance()?;
        // SAFETY: as above; no more is read than C passes, nor written than the instance has.
        unsafe { made.memory().copy_from(at, self.size.min(made.size())) };
        Ok(made.into_obj())
    }

    /// An empty instance, which the class may make in its own way.
    fn instance(&self) -> Res<Data> {
        // SAFETY: the callback holds the type.
        let ty = unsafe { Obj::borrowed(self.ty) }.ok_or(Raised)?;
        if self.has_instances && creation::is_plain(&ty) {
            return cdata::new_instance(&ty);
        }
        let made = ty.call_none()?;
        Data::expect(&made).cloned()
    }
}
