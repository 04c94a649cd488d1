//! A call prepared once from its signature and made many times.

use std::ffi::c_void;

use libffi::low;
use thiserror::Error;

use crate::ctype::{CType, Signature};
use crate::ffi_type::FfiType;
use crate::registers::RegisterCall;

/// Why no call can be prepared.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    /// An empty struct or a bare array has no way to travel.
    #[error("argument {0} cannot be passed by value")]
    Argument(usize),
    /// The same for a result.
    #[error("the result cannot be returned by value")]
    Result,
    /// More fixed arguments than arguments.
    #[error("{fixed} fixed arguments, but only {given} are given")]
    Fixed {
        /// Arguments before the `...`.
        fixed: usize,
        /// Arguments in all.
        given: usize,
    },
    /// libffi refused the description.
    #[error("libffi cannot prepare this call: {0}")]
    Refused(String),
}

/// How a planned call reaches the C function, fastest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// All arguments fit the machine's registers: one fixed machine call, no libffi.
    Registers,
    /// libffi places the arguments.
    Libffi,
}

/// A prepared call. It can be shared between threads: a call reads it only.
pub struct CallPlan {
    way: Way,
    result_size: usize,
}

enum Way {
    Registers(RegisterCall),
    Libffi(Cif),
}

impl CallPlan {
    /// Prepares calls of `signature` by the fastest way that it allows.
    ///
    /// # Errors
    /// When an argument or the result cannot travel by value.
    pub fn new(signature: &Signature) -> Result<CallPlan, PlanError> {
        match RegisterCall::new(signature) {
            Some(registers) => Ok(CallPlan {
                way: Way::Registers(registers),
                result_size: result_room(&signature.result),
            }),
            None => CallPlan::through_libffi(signature),
        }
    }

    /// Prepares calls of `signature` through libffi whatever else is possible.
    ///
    /// # Errors
    /// When an argument or the result cannot travel by value.
    pub fn through_libffi(signature: &Signature) -> Result<CallPlan, PlanError> {
        Ok(CallPlan {
            way: Way::Libffi(Cif::new(signature)?),
            result_size: result_room(&signature.result),
        })
    }

    /// The way that calls take.
    pub fn tier(&self) -> Tier {
        match self.way {
            Way::Registers(_) => Tier::Registers,
            Way::Libffi(_) => Tier::Libffi,
        }
    }

    /// The register call, for callers that fill the registers themselves.
    pub fn registers(&self) -> Option<&RegisterCall> {
        match &self.way {
            Way::Registers(registers) => Some(registers),
            Way::Libffi(_) => None,
        }
    }

    /// How many arguments a call takes.
    pub fn argument_count(&self) -> usize {
        match &self.way {
            Way::Registers(registers) => registers.arguments().len(),
            Way::Libffi(cif) => cif.types.len(),
        }
    }

    /// Bytes that the result buffer of [`CallPlan::call`] must have: at least one register.
    pub fn result_size(&self) -> usize {
        self.result_size
    }

    /// Calls `function`; `arguments[i]` points to the value of argument `i`.
    ///
    /// An integer result narrower than a register is widened to one, so that on a little-endian
    /// machine it can be read at its own type as well.
    ///
    /// # Safety
    /// * `function` is the address of a C function of this plan's signature.
    /// * `arguments` holds [`CallPlan::argument_count`] pointers to initialised values of the
    ///   signature's types, and the function accepts these values.
    /// * `result` has room for [`CallPlan::result_size`] bytes and is aligned to 16 bytes; it may
    ///   be null for a `void` result only.
    pub unsafe fn call(
        &self,
        function: *const c_void,
        arguments: &[*mut c_void],
        result: *mut c_void,
    ) {
        debug_assert_eq!(arguments.len(), self.argument_count());
        match &self.way {
            // SAFETY: the caller's promises are exactly those that the register call asks for.
            Way::Registers(registers) => unsafe { registers.call(function, arguments, result) },
            // SAFETY: as above; the cif was prepared from the same signature and outlives the call.
            Way::Libffi(cif) => unsafe {
                libffi::raw::ffi_call(
                    cif.as_ptr(),
                    Some(function_pointer(function)),
                    result,
                    arguments.as_ptr().cast_mut(),
                );
            },
        }
    }
}

/// # Safety
/// `function` is the address of a C function.
unsafe fn function_pointer(function: *const c_void) -> unsafe extern "C" fn() {
    // SAFETY: data and function pointers have one representation on every platform with dlsym.
    unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn()>(function) }
}

fn result_room(result: &CType) -> usize {
    result.size().max(size_of::<low::ffi_arg>())
}

/// libffi's call description with everything that it points to.
pub(crate) struct Cif {
    raw: Box<low::ffi_cif>,
    _pointers: Box<[*mut low::ffi_type]>,
    types: Vec<FfiType>,
    _result: FfiType,
}

// SAFETY: the description is complete after `new`; libffi reads it only, and it owns what it
// points to on the heap, so that moving it moves nothing that libffi knows.
unsafe impl Send for Cif {}
// SAFETY: as above.
unsafe impl Sync for Cif {}

impl Cif {
    pub(crate) fn new(signature: &Signature) -> Result<Cif, PlanError> {
        let given = signature.arguments.len();
        if let Some(fixed) = signature.fixed.filter(|fixed| *fixed > given) {
            return Err(PlanError::Fixed { fixed, given });
        }
        let result = FfiType::of(&signature.result).ok_or(PlanError::Result)?;
        let types = signature
            .arguments
            .iter()
            .enumerate()
            .map(|(index, ctype)| {
                let passable = *ctype != CType::Void;
                FfiType::of(ctype)
                    .filter(|_| passable)
                    .ok_or(PlanError::Argument(index))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut pointers: Box<[_]> = types.iter().map(FfiType::as_ptr).collect();
        let mut raw = Box::new(low::ffi_cif::default());
        let abi = low::ffi_abi_FFI_DEFAULT_ABI;
        // SAFETY: `raw`, `result`, `types` and `pointers` are on the heap or static and move into
        // the value that owns `raw`.
        let prepared = unsafe {
            match signature.fixed {
                None => low::prep_cif(
                    &raw mut *raw,
                    abi,
                    given,
                    result.as_ptr(),
                    pointers.as_mut_ptr(),
                ),
                Some(fixed) => low::prep_cif_var(
                    &raw mut *raw,
                    abi,
                    fixed,
                    given,
                    result.as_ptr(),
                    pointers.as_mut_ptr(),
                ),
            }
        };
        prepared.map_err(|error| PlanError::Refused(format!("{error:?}")))?;
        Ok(Cif {
            raw,
            _pointers: pointers,
            types,
            _result: result,
        })
    }

    pub(crate) fn as_ptr(&self) -> *mut low::ffi_cif {
        (&raw const *self.raw).cast_mut()
    }
}
