//! The short way into C: declared arguments whose conversion is built in go straight into the call.
//!
//! The ordinary way (`call`) asks Python for the conversion of every argument, through the
//! `from_param` of its type. Where that is our own `from_param`, and the value is of a plain type,
//! the outcome is known beforehand. Everything else a user may hook in (`errcheck`, parameter flags,
//! `_check_retval_`, a `from_param` of their own, a value with `_as_parameter_`) leads to the
//! ordinary way: no [`Direct`] is made, or it declines the values and nothing has happened yet.

use std::ffi::c_void;

use clib::ctype::{CType, Signature};
use clib::plan::CallPlan;
use pyo3::ffi;

use crate::argument::{Argument, Word};
use crate::call;
use crate::cdata::{self, Data};
use crate::info::{Info, Kind};
use crate::meta;
use crate::pointer;
use crate::py::{self, Obj, Res, api};
use crate::simple;
use crate::types::types;
use crate::value::Access;

/// Longer argument lists take the ordinary way.
const MOST: usize = 12;

/// The prepared short way of a function object.
///
/// It borrows the types from the function object, which drops it whenever its argument types or its
/// result type change.
pub(crate) struct Direct {
    arguments: Box<[Way]>,
    outcome: Outcome,
    plan: CallPlan,
}

/// How one argument is converted.
#[derive(Clone, Copy)]
enum Way {
    Simple {
        access: Access,
        size: usize,
        ty: *mut ffi::PyTypeObject,
    },
    Pointer {
        ty: *mut ffi::PyTypeObject,
    },
    Record {
        ty: *mut ffi::PyTypeObject,
    },
}

/// What becomes of the result.
#[derive(Clone, Copy)]
enum Outcome {
    Nothing,
    Simple { access: Access, size: usize },
    Instance { ty: *mut ffi::PyObject },
}

impl Direct {
    /// Prepares the short way, if the declaration allows one.
    pub(crate) fn prepare(
        argtypes: &Obj,
        converters: &Obj,
        restype: Option<&Obj>,
    ) -> Option<Direct> {
        if argtypes.items().len() > MOST {
            return None;
        }
        let mut ways = Vec::new();
        let mut ctypes = Vec::new();
        for (ty, converter) in argtypes.items().iter().zip(converters.items()) {
            let info = Info::of_type(ty)?;
            ways.push(Way::of(ty, &info, converter)?);
            ctypes.push(info.ctype.clone());
        }
        let (outcome, result) = Outcome::of(restype)?;
        let signature = Signature::new(result, ctypes);
        let plan = CallPlan::new(&signature).ok()?;
        Some(Direct {
            arguments: ways.into(),
            outcome,
            plan,
        })
    }

    /// Calls `address`; `None` when a value needs the ordinary way.
    pub(crate) fn call(&self, address: *mut c_void, flags: u32, given: &[Obj]) -> Option<Res<Obj>> {
        if given.len() != self.arguments.len() {
            return None;
        }
        let mut words = [Word([0; 16]); MOST];
        let mut slots = [std::ptr::null_mut::<c_void>(); MOST];
        for (((way, value), word), slot) in self
            .arguments
            .iter()
            .zip(given)
            .zip(&mut words)
            .zip(&mut slots)
        {
            *slot = way.convert(value, word)?;
        }
        Some(self.enter(address, flags, &slots[..given.len()]))
    }

    fn enter(&self, address: *mut c_void, flags: u32, slots: &[*mut c_void]) -> Res<Obj> {
        // The result type must outlive the call, during which others may change the function.
        let ty = match self.outcome {
            // SAFETY: alive until the function object's result type changes, which is not yet.
            Outcome::Instance { ty } => unsafe { Obj::borrowed(ty) },
            _ => None,
        };
        let room = self.plan.result_size().div_ceil(size_of::<Word>());
        let mut small = Word([0; 16]);
        let mut large = Vec::new();
        let at: *mut u8 = if room <= 1 {
            (&raw mut small).cast()
        } else {
            large.resize(room, Word([0; 16]));
            large.as_mut_ptr().cast()
        };
        // SAFETY: the user vouches for the address and its declaration; the slots hold values of the
        // declared types, which the caller keeps alive, and the result has room.
        unsafe { call::run(&self.plan, address, flags, slots, at.cast())? };
        // SAFETY: the call has stored a result of the declared type.
        unsafe {
            match (self.outcome, ty) {
                (Outcome::Nothing, _) => Ok(py::none()),
                (Outcome::Simple { access, size }, _) => call::simple_result(access, size, at),
                (Outcome::Instance { .. }, Some(ty)) => cdata::copy(&ty, at).map(Data::into_obj),
                (Outcome::Instance { .. }, None) => Err(py::Raised),
            }
        }
    }
}

impl Way {
    fn of(ty: &Obj, info: &Info, converter: &Obj) -> Option<Way> {
        let pointer = ty.ptr().cast::<ffi::PyTypeObject>();
        match info.kind {
            Kind::Simple => {
                let access = info.access?;
                let own = simple::is_own_from_param(access.code, builtin_of(converter, ty)?);
                own.then_some(Way::Simple {
                    access,
                    size: info.size,
                    ty: pointer,
                })
            }
            Kind::Pointer => pointer::is_own_from_param(builtin_of(converter, ty)?)
                .then_some(Way::Pointer { ty: pointer }),
            Kind::Struct | Kind::Union => meta::is_own_from_param(builtin_of(converter, ty)?)
                .then_some(Way::Record { ty: pointer }),
            Kind::Array | Kind::Function => None,
        }
    }

    /// Writes the value to `word`, or finds it elsewhere; gives the place that C reads.
    fn convert(self, value: &Obj, word: &mut Word) -> Option<*mut c_void> {
        match self {
            Way::Simple { access, size, ty } => {
                if !simple_value(access, size, ty, value, word) {
                    return None;
                }
            }
            Way::Pointer { ty } => *word = Word::pointer(pointer_value(ty, value)?),
            Way::Record { ty } => {
                if value.type_ptr() != ty {
                    return None;
                }
                return Some(Data::of(value)?.memory().cast());
            }
        }
        Some((&raw mut word.0).cast())
    }
}

/// The C function of a bound built-in method of `ty`.
fn builtin_of(converter: &Obj, ty: &Obj) -> Option<ffi::PyCFunction> {
    if api!(ffi::PyCFunction_Check(converter.ptr())) == 0
        || api!(ffi::PyCFunction_GetSelf(converter.ptr())) != ty.ptr()
    {
        return None;
    }
    api!(ffi::PyCFunction_GetFunction(converter.ptr()))
}

/// Converts the plain values that a simple type accepts.
fn simple_value(
    access: Access,
    size: usize,
    ty: *mut ffi::PyTypeObject,
    value: &Obj,
    word: &mut Word,
) -> bool {
    let exact = value.type_ptr();
    if exact == ty {
        let Some(data) = Data::of(value) else {
            return false;
        };
        // SAFETY: an instance of the type has its size, at most 16 bytes.
        unsafe { word.0.as_mut_ptr().copy_from(data.memory(), size) };
        return true;
    }
    let is_int = exact == &raw mut ffi::PyLong_Type;
    let plain = match access.code {
        b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' => is_int,
        b'f' | b'd' | b'g' => is_int || exact == &raw mut ffi::PyFloat_Type,
        b'?' => exact == &raw mut ffi::PyBool_Type,
        b'z' => exact == &raw mut ffi::PyBytes_Type || value.is_none(),
        b'P' => is_int || value.is_none(),
        // The reference in the argument list keeps the object alive.
        b'O' => exact != types().argument && !cdata::is_data(value),
        _ => false,
    };
    if !plain {
        return false;
    }
    // SAFETY: a word has room for every simple value.
    match unsafe { access.set(word.0.as_mut_ptr(), value, size, None) } {
        // What must live is the argument itself.
        Ok(_) => true,
        Err(py::Raised) => {
            // The ordinary way finds the same error and says where.
            py::clear_error();
            false
        }
    }
}

/// The address in what a pointer type accepts without asking Python.
fn pointer_value(ty: *mut ffi::PyTypeObject, value: &Obj) -> Option<*const c_void> {
    if value.is_none() {
        return Some(std::ptr::null());
    }
    if value.type_ptr() == ty {
        return Some(Data::of(value)?.pointer().cast());
    }
    // SAFETY: the declared type is alive as long as the function object declares it.
    let declared = unsafe { Obj::borrowed(ty.cast()) }?;
    let target = Info::of_type(&declared)?.proto.clone()?;
    let target = target.ptr().cast::<ffi::PyTypeObject>();
    if let Some(argument) = Argument::of(value) {
        let fits = argument.tag() == b'P' && argument.object()?.type_ptr() == target;
        return fits.then(|| argument.address().cast_const());
    }
    let data = Data::of(value)?;
    if value.type_ptr() == target {
        return Some(data.memory().cast());
    }
    let info = Info::of_instance(value).filter(|info| info.kind == Kind::Array)?;
    let fits = info.proto.as_ref()?.ptr().cast() == target;
    fits.then(|| data.memory().cast_const().cast())
}

impl Outcome {
    fn of(restype: Option<&Obj>) -> Option<(Outcome, CType)> {
        let Some(restype) = restype else {
            let access = Access::native(b'i');
            return Some((Outcome::Simple { access, size: 4 }, access.ctype()));
        };
        if restype.is_none() {
            return Some((Outcome::Nothing, CType::Void));
        }
        let info = Info::of_type(restype)?;
        let ctype = info.ctype.clone();
        match info.access.filter(|_| !cdata::is_simple_subclass(restype)) {
            Some(access) => Some((
                Outcome::Simple {
                    access,
                    size: info.size,
                },
                ctype,
            )),
            None if info.kind == Kind::Array => None,
            None => Some((Outcome::Instance { ty: restype.ptr() }, ctype)),
        }
    }
}
