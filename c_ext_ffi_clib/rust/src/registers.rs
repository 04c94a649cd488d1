//! Calls that fit the registers of x86-64 System V.
//!
//! Integers and floating-point numbers are assigned to registers independently of each other, so
//! one machine call that fills six integer and eight vector registers serves every signature
//! without stack arguments: registers that the function does not read are ignored by it.

use std::ffi::c_void;
use std::mem::transmute;

use crate::ctype::{CType, Class, Primitive, Signature};

const INTEGERS: usize = 6;
const FLOATS: usize = 8;

/// Where one argument goes and how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    I8,
    I16,
    I32,
    U8,
    U16,
    U32,
    Word,
    F32,
    F64,
}

/// Where the result comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fetch {
    Nothing,
    /// An integer of so many bytes; the upper part of its register is undefined.
    Integer(Load),
    Float,
    Double,
}

/// A call whose arguments all travel in registers.
#[derive(Clone, Debug)]
pub(crate) struct RegisterCall {
    loads: Box<[Load]>,
    fetch: Fetch,
}

type Integers = [u64; INTEGERS];
type Floats = [f64; FLOATS];

macro_rules! register_function {
    ($result:ty) => {
        unsafe extern "C" fn(
            u64, u64, u64, u64, u64, u64, f64, f64, f64, f64, f64, f64, f64, f64,
        ) -> $result
    };
}

impl RegisterCall {
    /// The register call of `signature`, if all of it fits.
    pub(crate) fn new(signature: &Signature) -> Option<RegisterCall> {
        if signature.fixed.is_some() {
            return None;
        }
        let loads: Box<[Load]> = signature
            .arguments
            .iter()
            .map(Load::of)
            .collect::<Option<_>>()?;
        let floats = loads.iter().filter(|load| load.is_float()).count();
        if floats > FLOATS || loads.len() - floats > INTEGERS {
            return None;
        }
        let fetch = match &signature.result {
            CType::Void => Fetch::Nothing,
            other => match Load::of(other)? {
                Load::F32 => Fetch::Float,
                Load::F64 => Fetch::Double,
                integer => Fetch::Integer(integer),
            },
        };
        Some(RegisterCall { loads, fetch })
    }

    /// # Safety
    /// As for [`crate::plan::CallPlan::call`].
    pub(crate) unsafe fn call(
        &self,
        function: *const c_void,
        arguments: &[*mut c_void],
        result: *mut c_void,
    ) {
        let mut integers: Integers = [0; INTEGERS];
        let mut floats: Floats = [0.0; FLOATS];
        let (mut next_integer, mut next_float) = (0, 0);
        for (load, argument) in self.loads.iter().zip(arguments) {
            // SAFETY: the caller promises a value of the signature's type behind each pointer.
            let word = unsafe { load.read(*argument) };
            if load.is_float() {
                floats[next_float] = f64::from_bits(word);
                next_float += 1;
            } else {
                integers[next_integer] = word;
                next_integer += 1;
            }
        }
        // SAFETY: the registers are filled as the signature asks; the caller vouches for the
        // function and for the room behind `result`.
        unsafe { self.fetch.enter(function, &integers, &floats, result) }
    }
}

impl Load {
    fn of(ctype: &CType) -> Option<Load> {
        let CType::Primitive(primitive) = ctype else {
            return None;
        };
        Some(match (primitive.class(), primitive.size()) {
            _ if *primitive == Primitive::LongDouble => return None,
            (Class::Complex, _) => return None,
            (Class::Signed, 1) => Load::I8,
            (Class::Signed, 2) => Load::I16,
            (Class::Signed, 4) => Load::I32,
            (Class::Unsigned, 1) => Load::U8,
            (Class::Unsigned, 2) => Load::U16,
            (Class::Unsigned, 4) => Load::U32,
            (Class::Signed | Class::Unsigned, _) => Load::Word,
            (Class::Float, 4) => Load::F32,
            (Class::Float, _) => Load::F64,
        })
    }

    fn is_float(self) -> bool {
        matches!(self, Load::F32 | Load::F64)
    }

    /// The register image of the value at `at`, extended by its sign.
    ///
    /// # Safety
    /// `at` points to an initialised value of this kind.
    unsafe fn read(self, at: *const c_void) -> u64 {
        // SAFETY: the caller's promise; unaligned reads accept packed sources.
        unsafe {
            match self {
                Load::I8 => at.cast::<i8>().read() as i64 as u64,
                Load::I16 => at.cast::<i16>().read_unaligned() as i64 as u64,
                Load::I32 => at.cast::<i32>().read_unaligned() as i64 as u64,
                Load::U8 => u64::from(at.cast::<u8>().read()),
                Load::U16 => u64::from(at.cast::<u16>().read_unaligned()),
                Load::U32 | Load::F32 => u64::from(at.cast::<u32>().read_unaligned()),
                Load::Word | Load::F64 => at.cast::<u64>().read_unaligned(),
            }
        }
    }

    /// A register whose low part is such an integer, widened to the whole register.
    fn widen(self, register: u64) -> u64 {
        match self {
            Load::I8 => register as i8 as i64 as u64,
            Load::I16 => register as i16 as i64 as u64,
            Load::I32 => register as i32 as i64 as u64,
            Load::U8 => u64::from(register as u8),
            Load::U16 => u64::from(register as u16),
            Load::U32 => u64::from(register as u32),
            Load::Word | Load::F32 | Load::F64 => register,
        }
    }
}

impl Fetch {
    /// # Safety
    /// `function` reads no argument but from the registers given, returns what `self` says, and
    /// `result` has room for a register unless there is no result.
    unsafe fn enter(self, function: *const c_void, n: &Integers, f: &Floats, result: *mut c_void) {
        macro_rules! enter {
            ($result:ty) => {{
                // SAFETY: for the ABI a call is its register contents; see the module's comment.
                unsafe {
                    let function =
                        transmute::<*const c_void, register_function!($result)>(function);
                    function(
                        n[0], n[1], n[2], n[3], n[4], n[5], f[0], f[1], f[2], f[3], f[4], f[5],
                        f[6], f[7],
                    )
                }
            }};
        }
        match self {
            Fetch::Nothing => enter!(()),
            Fetch::Integer(kind) => {
                let register = enter!(u64);
                // SAFETY: `result` has room for a register.
                unsafe { result.cast::<u64>().write_unaligned(kind.widen(register)) }
            }
            Fetch::Float => {
                let value = enter!(f32);
                // SAFETY: as above.
                unsafe { result.cast::<f32>().write_unaligned(value) }
            }
            Fetch::Double => {
                let value = enter!(f64);
                // SAFETY: as above.
                unsafe { result.cast::<f64>().write_unaligned(value) }
            }
        }
    }
}
