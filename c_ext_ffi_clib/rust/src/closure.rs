//! C entry points for Rust code.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libffi::low;
use libffi::raw;

use crate::ctype::{CType, Class, Signature};
use crate::plan::{Cif, PlanError};

/// What C calls: `arguments[i]` points to argument `i`; the result is written, at its own C type,
/// to `result` (all zero before; not to be touched for `void`).
///
/// It may be entered by any thread that C calls from. A panic is caught, leaves the result zero and
/// never reaches the C caller.
pub type Handler = Box<dyn Fn(&[*mut c_void], *mut c_void) + Send + Sync>;

/// A C function made of a Rust one. It exists as long as this value; C must not call it later.
pub struct Closure {
    allocation: *mut c_void,
    code: *mut c_void,
    /// libffi keeps its address; a box, so that moving the closure does not move it.
    _inner: Box<Inner>,
}

struct Inner {
    cif: Cif,
    handler: Handler,
    result: Widening,
    result_size: usize,
    arguments: usize,
}

/// How the result becomes the full register that libffi reads.
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
    /// Makes a C function of `signature` that calls `handler`.
    ///
    /// # Errors
    /// When the signature cannot be described, or the system refuses executable memory.
    pub fn new(signature: &Signature, handler: Handler) -> Result<Closure, PlanError> {
        let inner = Box::new(Inner {
            cif: Cif::new(signature)?,
            handler,
            result: Widening::of(&signature.result),
            result_size: signature.result.size(),
            arguments: signature.arguments.len(),
        });
        let mut code = std::ptr::null_mut();
        // SAFETY: libffi writes the code address through the second pointer, valid for that.
        let allocation =
            unsafe { raw::ffi_closure_alloc(size_of::<raw::ffi_closure>(), &raw mut code) };
        if allocation.is_null() {
            return Err(PlanError::Refused("no memory for a closure".to_owned()));
        }
        let closure = Closure {
            allocation,
            code,
            _inner: inner,
        };
        // SAFETY: the allocation is a closure of libffi's own making; cif and user data are boxed
        // and live as long as the closure, which owns them.
        let status = unsafe {
            raw::ffi_prep_closure_loc(
                allocation.cast(),
                closure._inner.cif.as_ptr(),
                Some(enter),
                (&raw const *closure._inner).cast_mut().cast(),
                code,
            )
        };
        if status == raw::ffi_status_FFI_OK {
            Ok(closure)
        } else {
            Err(PlanError::Refused(format!("status {status}")))
        }
    }

    /// The address that C calls.
    pub fn code(&self) -> *mut c_void {
        self.code
    }
}

impl Drop for Closure {
    fn drop(&mut self) {
        // SAFETY: allocated by ffi_closure_alloc in `new` and freed only here.
        unsafe { raw::ffi_closure_free(self.allocation) }
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
    // A panic must not unwind into C. Its message has been printed by the panic hook.
    let outcome = catch_unwind(AssertUnwindSafe(|| (inner.handler)(arguments, result)));
    if outcome.is_ok() {
        // SAFETY: the handler has written a result of the signature's type, or left it zero.
        unsafe { inner.result.widen(result) }
    }
}
