//! How an argument of a callback becomes a Python object.

use clib::closure::Arrived;
use clib::registers::{Argument, write_record};

use crate::cdata::{self, Data};
use crate::creation;
use crate::info::{Info, Kind};
use crate::number;
use crate::outcome::Outcome;
use crate::py::{Obj, Res};
use crate::value::Access;
use crate::way::Width;

/// How one argument arrives.
pub(crate) struct Arrival {
    ty: Obj,
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
    pub(crate) fn of(ty: &Obj, size: usize, place: Option<&Argument>) -> Option<Arrival> {
        let info = Info::of_type(ty)?;
        let first = place.map_or(0, |place| place.first.number());
        let second = place.and_then(|place| place.second);
        Some(Arrival {
            ty: ty.clone(),
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
        })
    }

    /// Its type, for the collector.
    pub(crate) fn ty(&self) -> &Obj {
        &self.ty
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
        if self.has_instances && creation::is_plain(&self.ty) {
            return cdata::new_instance(&self.ty);
        }
        let made = self.ty.call_none()?;
        Data::expect(&made).cloned()
    }
}
