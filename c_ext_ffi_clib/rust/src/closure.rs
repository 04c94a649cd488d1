//! C entry points for Rust code.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libffi::low;
use libffi::raw;

use crate::ctype::{CType, Class, Signature};
use crate::plan::{Cif, PlanError};
use crate::registers::{Argument, Place, REGISTERS, RegisterCall};
pub use crate::trampoline::Arrived;
use crate::trampoline::{Shape, Trampoline};

/// What C calls: `arguments[i]` points to argument `i`; the result is written, at its own C type,
/// to `result` (all zero before; not to be touched for `void`).
///
/// It may be entered by any thread that C calls from. A panic is caught, leaves the result zero and
/// never reaches the C caller.
pub type Handler = Box<dyn Fn(&[*mut c_void], *mut c_void) + Send + Sync>;

/// The same for a signature that fits the registers: it finds its arguments in them, at the places
/// that [`RegisterCall::arguments`] tells, and gives back the content of the result register, of which
/// a narrow integer fills the whole. A panic ends the process.
#[derive(Clone, Copy, Debug)]
pub struct RegisterHandler {
    /// Who is called, with the context first. It may rely on the registers being filled as the
    /// signature says.
    pub function: unsafe fn(usize, &Arrived) -> u64,
    /// A word that means something to the function.
    pub context: usize,
}

/// A C function made of a Rust one. It exists as long as this value; C must not call it later.
pub struct Closure {
    code: Code,
    /// Libffi or the trampoline keep the addresses of these; boxes, so that moving the closure does not
    /// move them. Dropped after the code.
    _entered: Option<Box<RegisterHandler>>,
    _inner: Option<Box<Inner>>,
}

/// What C enters through.
enum Code {
    Trampoline(Trampoline),
    Libffi(Allocation),
}

/// A closure of libffi's making.
struct Allocation {
    place: *mut c_void,
    code: *mut c_void,
    _cif: Cif,
}

/// What an entry point with values leads to.
struct Inner {
    handler: Handler,
    result: Widening,
    result_size: usize,
    /// Where the arguments arrive, for the trampoline.
    places: Box<[Argument]>,
    arguments: usize,
}

/// How the result becomes a full register.
#[derive(Clone, Copy)]
enum Widening {
    Nothing,
    Signed(usize),
    Unsigned(usize),
    AsItIs,
}

// SAFETY: the memory behind the pointers belongs to this value alone and is not changed after `new`;
// the handler is Send and Sync.
unsafe impl Send for Closure {}
// SAFETY: as above.
unsafe impl Sync for Closure {}

impl Closure {
    /// Makes a C function of `signature` that calls `handler`: one that was compiled beforehand if
    /// the signature fits the registers and one is free, else one that libffi makes.
    ///
    /// # Errors
    /// When the signature cannot be described, or the system refuses executable memory.
    pub fn new(signature: &Signature, handler: Handler) -> Result<Closure, PlanError> {
        Closure::choose(signature, handler, true)
    }

    /// The same through libffi whatever else is possible.
    ///
    /// # Errors
    /// As for [`Closure::new`].
    pub fn through_libffi(signature: &Signature, handler: Handler) -> Result<Closure, PlanError> {
        Closure::choose(signature, handler, false)
    }

    /// Makes a C function that calls `handler` with the registers of a signature. `None` when its
    /// result takes two of them or no entry point is free: then only [`Closure::new`] will do.
    pub fn over_registers(call: &RegisterCall, handler: RegisterHandler) -> Option<Closure> {
        let shape = Shape::of(call)?;
        let entered = Box::new(handler);
        // SAFETY: the closure owns the box and is dropped after the trampoline.
        let trampoline = unsafe { Trampoline::take(&raw const *entered, shape)? };
        Some(Closure {
            code: Code::Trampoline(trampoline),
            _entered: Some(entered),
            _inner: None,
        })
    }

    fn choose(
        signature: &Signature,
        handler: Handler,
        precompiled: bool,
    ) -> Result<Closure, PlanError> {
        let registers = RegisterCall::new(signature)
            .filter(|_| precompiled)
            .and_then(|call| Some((Shape::of(&call)?, call.arguments().into())));
        let (shape, places) = registers.unzip();
        let inner = Box::new(Inner {
            handler,
            result: Widening::of(&signature.result),
            result_size: signature.result.size(),
            places: places.unwrap_or_default(),
            arguments: signature.arguments.len(),
        });
        let data: *const Inner = &raw const *inner;
        let entered = Box::new(RegisterHandler {
            function: arrive,
            context: data.expose_provenance(),
        });
        // SAFETY: the closure owns both boxes, which are dropped after the trampoline.
        let trampoline =
            shape.and_then(|shape| unsafe { Trampoline::take(&raw const *entered, shape) });
        let code = match trampoline {
            Some(trampoline) => Code::Trampoline(trampoline),
            None => Code::Libffi(Allocation::new(signature, data)?),
        };
        Ok(Closure {
            code,
            _entered: Some(entered),
            _inner: Some(inner),
        })
    }

    /// The address that C calls.
    pub fn code(&self) -> *mut c_void {
        match &self.code {
            Code::Trampoline(trampoline) => trampoline.code(),
            Code::Libffi(allocation) => allocation.code,
        }
    }

    /// Whether the entry point was compiled beforehand.
    pub fn is_precompiled(&self) -> bool {
        matches!(self.code, Code::Trampoline(_))
    }
}

impl Allocation {
    /// `inner` must live as long as the allocation.
    fn new(signature: &Signature, inner: *const Inner) -> Result<Allocation, PlanError> {
        let cif = Cif::new(signature)?;
        let mut code = std::ptr::null_mut();
        // SAFETY: libffi writes the code address through the second pointer, valid for that.
        let place = unsafe { raw::ffi_closure_alloc(size_of::<raw::ffi_closure>(), &raw mut code) };
        if place.is_null() {
            return Err(PlanError::Refused("no memory for a closure".to_owned()));
        }
        let allocation = Allocation {
            place,
            code,
            _cif: cif,
        };
        // SAFETY: the allocation is a closure of libffi's own making; what the cif points to is on
        // the heap and lives as long as the allocation, and so does the user data.
        let status = unsafe {
            raw::ffi_prep_closure_loc(
                allocation.place.cast(),
                allocation._cif.as_ptr(),
                Some(enter),
                inner.cast_mut().cast(),
                code,
            )
        };
        if status == raw::ffi_status_FFI_OK {
            Ok(allocation)
        } else {
            Err(PlanError::Refused(format!("status {status}")))
        }
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        // SAFETY: allocated by ffi_closure_alloc in `new` and freed only here.
        unsafe { raw::ffi_closure_free(self.place) }
    }
}

/// The target of the trampolines for a handler that takes values: finds them in the registers.
///
/// # Safety
/// The context is the address of a living `Inner`; the registers are filled for its signature.
unsafe fn arrive(context: usize, registers: &Arrived) -> u64 {
    // SAFETY: the caller's promise.
    let inner = unsafe { &*std::ptr::with_exposed_provenance::<Inner>(context) };
    let mut slots = [std::ptr::null_mut(); REGISTERS];
    let mut values = [const { MaybeUninit::<[u64; 2]>::uninit() }; REGISTERS];
    for ((slot, value), argument) in slots.iter_mut().zip(&mut values).zip(&inner.places) {
        // SAFETY: the argument lies in its registers, as the caller promises.
        let word = |place: Place| unsafe { registers.word(place.number()) };
        // A struct of two registers is put together again.
        let words = [word(argument.first), argument.second.map_or(0, word)];
        *slot = value.write(words).as_mut_ptr().cast();
    }
    let mut result = [0u64; 2];
    // SAFETY: the slots point to values of the signature's types; a result that fits a register has
    // room.
    unsafe {
        inner.handle(
            &slots[..inner.arguments.min(slots.len())],
            result.as_mut_ptr().cast(),
        );
    }
    result[0]
}

impl Inner {
    /// Runs the handler and widens its result.
    ///
    /// # Safety
    /// The arguments point to values of the signature's types; `result` is zero and has room for
    /// the result and for a register, or the result is `void`.
    #[inline]
    unsafe fn handle(&self, arguments: &[*mut c_void], result: *mut c_void) {
        // A panic must not unwind into C. Its message has been printed by the panic hook.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.handler)(arguments, result)));
        if outcome.is_ok() {
            // SAFETY: the handler has written a result of the signature's type, or left it zero.
            unsafe { self.result.widen(result) }
        }
    }
}

impl Widening {
    fn of(result: &CType) -> Widening {
        match result {
            CType::Void => Widening::Nothing,
            CType::Primitive(primitive) => match primitive.class() {
                Class::Signed => Widening::Signed(primitive.size()),
                Class::Unsigned => Widening::Unsigned(primitive.size()),
                Class::Float | Class::Complex => Widening::AsItIs,
            },
            CType::Array { .. } | CType::Record(_) => Widening::AsItIs,
        }
    }

    /// # Safety
    /// `at` holds a result of this kind and has room for a register.
    unsafe fn widen(self, at: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe {
            let word = match self {
                Widening::Nothing | Widening::AsItIs => return,
                Widening::Signed(1) => i64::from(at.cast::<i8>().read()) as u64,
                Widening::Signed(2) => i64::from(at.cast::<i16>().read()) as u64,
                Widening::Signed(4) => i64::from(at.cast::<i32>().read()) as u64,
                Widening::Unsigned(1) => u64::from(at.cast::<u8>().read()),
                Widening::Unsigned(2) => u64::from(at.cast::<u16>().read()),
                Widening::Unsigned(4) => u64::from(at.cast::<u32>().read()),
                Widening::Signed(_) | Widening::Unsigned(_) => return,
            };
            at.cast::<low::ffi_arg>().write(word as low::ffi_arg);
        }
    }
}

/// # Safety
/// Called by libffi alone: `user_data` is the `Inner` of a living closure, `arguments` holds one
/// pointer per argument, `result` has room for the result and at least a register.
unsafe extern "C" fn enter(
    _cif: *mut low::ffi_cif,
    result: *mut c_void,
    arguments: *mut *mut c_void,
    user_data: *mut c_void,
) {
    // SAFETY: `user_data` is what `Closure::new` gave to libffi.
    let inner = unsafe { &*user_data.cast::<Inner>() };
    let arguments = if inner.arguments == 0 {
        &[]
    } else {
        // SAFETY: libffi passes one pointer per argument of the cif.
        unsafe { std::slice::from_raw_parts(arguments, inner.arguments) }
    };
    if !matches!(inner.result, Widening::Nothing) {
        let room = match inner.result {
            Widening::AsItIs => inner.result_size,
            _ => size_of::<low::ffi_arg>(),
        };
        // SAFETY: libffi gives room for the result.
        unsafe { result.cast::<u8>().write_bytes(0, room) }
    }
    // SAFETY: as above; the result was zeroed.
    unsafe { inner.handle(arguments, result) }
}
