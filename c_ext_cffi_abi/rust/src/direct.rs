//! The short way into C: exact values go straight into registers, and the result straight out.
//!
//! A value that is not of the expected kind leads to the ordinary way (`call`): then nothing has
//! happened yet.

use std::ffi::c_void;

use clib::ctype::Signature;
use clib::plan::CallPlan;
use clib::registers::{Enter, Place, Registers, read_record, write_record};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::cdata::Raw;
use crate::ctype::{CType, Kind};
use crate::primitive::Class;
use crate::produce::{from_c, record_copy};
use crate::slots::guard_object;
use crate::{exact, machine};

/// A call whose arguments and result all travel in registers. Types are borrowed from the function
/// that this belongs to.
pub struct Direct {
    arguments: Box<[Step]>,
    enter: Enter,
    outcome: Outcome,
}

/// How one argument gets into its registers.
struct Step {
    take: Take,
    first: Place,
    second: Option<Place>,
}

/// What an argument is taken from.
#[derive(Clone, Copy)]
enum Take {
    /// An int that lies between these, both included.
    Int(i64, i64),
    Double,
    Float,
    Pointer {
        ctype: *const ffi::PyObject,
        /// `void *`, which takes any address.
        any: bool,
        /// The bytes of a `bytes` may stand for it.
        bytes: bool,
    },
    /// A record by value, of so many bytes.
    Record(*const ffi::PyObject, usize),
}

/// What becomes of the result registers.
#[derive(Clone, Copy)]
enum Outcome {
    Nothing,
    Signed(u32),
    Unsigned(u32),
    Double,
    Record(usize),
    /// By way of memory.
    Other,
}

// SAFETY: the types belong to the function that this is part of; they are compared only.
unsafe impl Send for Direct {}
// SAFETY: as above.
unsafe impl Sync for Direct {}

impl Take {
    fn of(ctype: &Bound<'_, CType>) -> Option<Take> {
        let py = ctype.py();
        let of = ctype.get();
        Some(match &of.kind {
            Kind::Primitive(primitive)
            | Kind::Enum {
                base: primitive, ..
            } => {
                let unused = 64 - 8 * u32::try_from(primitive.size.min(8)).ok()?;
                match primitive.class {
                    Class::Signed => Take::Int(i64::MIN >> unused, i64::MAX >> unused),
                    Class::Unsigned if unused == 0 => Take::Int(0, i64::MAX),
                    Class::Unsigned => Take::Int(0, (u64::MAX >> unused).cast_signed()),
                    Class::Bool => Take::Int(0, 1),
                    Class::Float if primitive.size == 4 => Take::Float,
                    Class::Float => Take::Double,
                    _ => return None,
                }
            }
            Kind::Pointer { item, .. } => {
                let item = item.bind(py).get();
                if item.record().is_some_and(|record| record.file) {
                    return None;
                }
                let byte = item.primitive().is_some_and(|one| {
                    one.size == 1 && one.is_integer() && one.class != Class::Bool
                });
                Take::Pointer {
                    ctype: ctype.as_ptr(),
                    any: of.is_void_pointer(py),
                    bytes: byte || of.is_void_or_char_pointer(py),
                }
            }
            Kind::Function(_) => Take::Pointer {
                ctype: ctype.as_ptr(),
                any: false,
                bytes: false,
            },
            Kind::Record(_) => Take::Record(ctype.as_ptr(), usize::try_from(of.size_now()).ok()?),
            _ => return None,
        })
    }

    /// The register images of a `value` that is no number; `None` for a value of another kind.
    ///
    /// # Safety
    /// `value` is a living object, and the GIL is held.
    unsafe fn words(self, value: *mut ffi::PyObject) -> Option<(u64, u64)> {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Take::Int(..) => None,
                Take::Double => Some((number(value)?.to_bits(), 0)),
                Take::Float => Some((u64::from((number(value)? as f32).to_bits()), 0)),
                Take::Pointer { ctype, any, bytes } => {
                    let Some(given) = Raw::of(value) else {
                        let is_bytes = bytes && ffi::Py_TYPE(value) == &raw mut ffi::PyBytes_Type;
                        return is_bytes.then(|| (ffi::PyBytes_AsString(value) as u64, 0));
                    };
                    let of = given.ctype.get();
                    let fits = std::ptr::eq(given.ctype.as_ptr(), ctype)
                        || match &of.kind {
                            Kind::Array { pointer, .. } => {
                                any || std::ptr::eq(pointer.as_ptr(), ctype)
                            }
                            Kind::Pointer { item, .. } => {
                                any || matches!(item.get().kind, Kind::Void)
                            }
                            Kind::Function(_) => any,
                            _ => false,
                        };
                    fits.then_some((given.data as u64, 0))
                }
                Take::Record(ctype, size) => {
                    let given = Raw::of(value)?;
                    std::ptr::eq(given.ctype.as_ptr(), ctype).then(|| read_record(given.data, size))
                }
            }
        }
    }
}

/// # Safety
/// As for [`Take::words`].
#[inline]
unsafe fn number(value: *mut ffi::PyObject) -> Option<f64> {
    // SAFETY: the caller's promise.
    unsafe {
        match exact::float(value) {
            Some(number) => Some(number),
            // Beyond 53 bits the interpreter's own rounding is asked for.
            None => exact::int(value)
                .filter(|number| number.unsigned_abs() < 1 << 53)
                .map(|number| number as f64),
        }
    }
}

impl Outcome {
    fn of(ctype: &CType) -> Outcome {
        match &ctype.kind {
            Kind::Void => Outcome::Nothing,
            Kind::Record(_) => Outcome::Record(usize::try_from(ctype.size_now()).unwrap_or(0)),
            Kind::Primitive(primitive)
            | Kind::Enum {
                base: primitive, ..
            } => {
                let unused = 64 - 8 * primitive.size.min(8) as u32;
                match primitive.class {
                    Class::Signed => Outcome::Signed(unused),
                    Class::Unsigned => Outcome::Unsigned(unused),
                    Class::Float if primitive.size == 8 => Outcome::Double,
                    _ => Outcome::Other,
                }
            }
            _ => Outcome::Other,
        }
    }

    /// # Safety
    /// The words are those of a result of type `ctype`; the GIL is held.
    unsafe fn object(self, words: (u64, u64), ctype: &Py<CType>) -> *mut ffi::PyObject {
        // SAFETY: the caller's promise; each call makes a new object.
        unsafe {
            match self {
                Outcome::Nothing => {
                    let none = ffi::Py_None();
                    ffi::Py_INCREF(none);
                    none
                }
                Outcome::Signed(unused) => {
                    ffi::PyLong_FromLongLong(words.0.cast_signed() << unused >> unused)
                }
                Outcome::Unsigned(unused) => {
                    ffi::PyLong_FromUnsignedLongLong(words.0 << unused >> unused)
                }
                Outcome::Double => ffi::PyFloat_FromDouble(f64::from_bits(words.0)),
                Outcome::Record(size) => guard_object(|py| {
                    let mut room = [0u128];
                    write_record(words, room.as_mut_ptr().cast(), size);
                    record_copy(room.as_mut_ptr().cast(), ctype.bind(py))
                }),
                Outcome::Other => guard_object(|py| {
                    let mut room = words.0;
                    from_c((&raw mut room).cast(), ctype.bind(py))
                }),
            }
        }
    }
}

impl Direct {
    /// The short way of a function with these types; `None` when it has none.
    pub fn new(
        arguments: &[&Bound<'_, CType>],
        result: &Bound<'_, CType>,
        signature: &Signature,
        plan: &CallPlan,
    ) -> Option<Direct> {
        let registers = plan.registers().filter(|_| signature.fixed.is_none())?;
        let arguments = arguments
            .iter()
            .zip(registers.arguments())
            .map(|(ctype, argument)| {
                Some(Step {
                    take: Take::of(ctype)?,
                    first: argument.first,
                    second: argument.second,
                })
            })
            .collect::<Option<_>>()?;
        Some(Direct {
            arguments,
            enter: registers.thunk(),
            outcome: Outcome::of(result.get()),
        })
    }

    /// Calls the function; `None` when the values ask for the ordinary way.
    ///
    /// # Safety
    /// `function` is a C function of the declared type, `result` is its declared result,
    /// `arguments` are `count` living objects, and the GIL is held.
    #[inline]
    pub unsafe fn call(
        &self,
        function: *const c_void,
        result: &Py<CType>,
        arguments: *const *mut ffi::PyObject,
        count: usize,
    ) -> Option<*mut ffi::PyObject> {
        if count != self.arguments.len() {
            return None;
        }
        let mut registers = Registers::default();
        for (index, step) in self.arguments.iter().enumerate() {
            // SAFETY: the caller's promise.
            let argument = unsafe { *arguments.add(index) };
            if let Take::Int(least, most) = step.take {
                // SAFETY: as above.
                let number = unsafe { exact::int(argument)? };
                if number < least || number > most {
                    return None;
                }
                registers.put(step.first, number.cast_unsigned());
                continue;
            }
            // SAFETY: as above.
            let (first, second) = unsafe { step.take.words(argument)? };
            registers.put(step.first, first);
            if let Some(place) = step.second {
                registers.put(place, second);
            }
        }
        // SAFETY: the registers are filled as declared. No Python object is used without the GIL;
        // the thread stays the same, and with it the places of errno.
        unsafe {
            let (errno, kept) = (machine::errno_place(), machine::kept_errno());
            let thread = ffi::PyEval_SaveThread();
            *errno = *kept;
            let words = (self.enter)(function, &registers);
            *kept = *errno;
            ffi::PyEval_RestoreThread(thread);
            Some(self.outcome.object(words, result))
        }
    }
}
