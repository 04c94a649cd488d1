//! Calls a C function through a cdata.

use std::ffi::c_void;

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::aggregate::{array_to_c, check_booleans};
use crate::cdata::{Raw, Value};
use crate::compose::too_large;
use crate::convert::{to_c, type_name};
use crate::ctype::{CType, Kind, Type, size_of_type};
use crate::function::{Function, Prepared};
use crate::primitive::Class;
use crate::produce::{from_c, record_copy};
use crate::slots::{borrow, guard_object};
use crate::temporaries::Temporaries;
use crate::{compose, machine, wide};

/// Values and results up to these numbers live on the stack.
const STACK_WORDS: usize = 24;
const STACK_ARGUMENTS: usize = 12;

/// The slot that calls a cdata.
pub unsafe extern "C" fn vectorcall(
    callable: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter passes a living cdata and as many arguments as it says. That the
    // address is that of such a function is the caller's affair, as in C.
    unsafe {
        let raw = Raw::known(callable);
        if names.is_null()
            && !raw.data.is_null()
            && let Kind::Function(function) = &raw.ctype.get().kind
            && let Some(direct) = function
                .prepared
                .as_ref()
                .and_then(|one| one.direct.as_ref())
            && let count = ffi::PyVectorcall_NARGS(count).unsigned_abs()
            && let Some(done) = direct.call(raw.data.cast(), &function.result, arguments, count)
        {
            return done;
        }
    }
    guard_object(|py| {
        // SAFETY: the interpreter passes a living object.
        let value = Value::expect(unsafe { borrow(py, &callable) })?;
        // SAFETY: the interpreter passes `count` arguments; its flag bit is masked.
        let arguments = unsafe {
            match ffi::PyVectorcall_NARGS(count) {
                0 => &[],
                count => std::slice::from_raw_parts(arguments, count.unsigned_abs()),
            }
        };
        // SAFETY: `names` is null or a tuple.
        if !names.is_null() && unsafe { ffi::PyTuple_Size(names) } > 0 {
            return Err(PyTypeError::new_err(
                "a cdata function cannot be called with keyword arguments",
            ));
        }
        call(value, arguments)
    })
}

fn call<'py>(
    value: Value<'_, 'py>,
    arguments: &[*mut ffi::PyObject],
) -> PyResult<Bound<'py, PyAny>> {
    let name = &value.ctype().get().name;
    let Kind::Function(function) = &value.ctype().get().kind else {
        return Err(PyTypeError::new_err(format!(
            "cdata '{name}' is not callable"
        )));
    };
    if value.data().is_null() {
        return Err(PyRuntimeError::new_err(format!(
            "cannot call null pointer pointer from cdata '{name}'"
        )));
    }
    let declared = function.arguments.len();
    if function.variadic {
        if arguments.len() < declared {
            return Err(PyTypeError::new_err(format!(
                "'{name}' expects at least {declared} arguments, got {}",
                arguments.len()
            )));
        }
        return call_variadic(value, function, arguments);
    }
    if arguments.len() != declared {
        return Err(PyTypeError::new_err(format!(
            "'{name}' expects {declared} arguments, got {}",
            arguments.len()
        )));
    }
    match &function.prepared {
        Some(prepared) => {
            let types = function.arguments.iter().map(|one| one.bind(value.py()));
            enter(value, function, prepared, types, arguments)
        }
        None => {
            // The call could not be prepared; preparing it again tells why.
            let py = value.py();
            let types: Vec<Type<'_, 'py>> =
                function.arguments.iter().map(|one| one.bind(py)).collect();
            let prepared = Prepared::new(&types, function.result.bind(py), None)?;
            enter(value, function, &prepared, types.iter().copied(), arguments)
        }
    }
}

/// A variadic call is prepared from the types of its arguments.
fn call_variadic<'py>(
    value: Value<'_, 'py>,
    function: &Function,
    arguments: &[*mut ffi::PyObject],
) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let mut types: Vec<Bound<'py, CType>> = Vec::with_capacity(arguments.len());
    for (index, argument) in arguments.iter().enumerate() {
        if let Some(declared) = function.arguments.get(index) {
            types.push(declared.bind(py).clone());
            continue;
        }
        // SAFETY: arguments live during the call.
        let argument = unsafe { borrow(py, argument) };
        let Some(given) = Value::of(argument) else {
            return Err(PyTypeError::new_err(format!(
                "argument {} passed in the variadic part needs to be a cdata object (got {})",
                index + 1,
                type_name(argument)
            )));
        };
        types.push(promoted(given.ctype())?);
    }
    let borrowed: Vec<Type<'_, 'py>> = types.iter().collect();
    let fixed = Some(function.arguments.len());
    let prepared = Prepared::new(&borrowed, function.result.bind(py), fixed)?;
    enter(
        value,
        function,
        &prepared,
        borrowed.iter().copied(),
        arguments,
    )
}

/// C widens small integers in the variadic part and hands arrays over as pointers.
fn promoted<'py>(ctype: Type<'_, 'py>) -> PyResult<Bound<'py, CType>> {
    let py = ctype.py();
    match &ctype.get().kind {
        Kind::Array { pointer, .. } => Ok(pointer.bind(py).clone()),
        Kind::Primitive(primitive)
        | Kind::Enum {
            base: primitive, ..
        } if primitive.size < 4 && (primitive.is_integer() || primitive.class == Class::Char) => {
            compose::primitive(py, "int")
        }
        _ => Ok(ctype.clone()),
    }
}

/// Room for the values of one call: words on the stack, or on the heap when there are many.
struct Room {
    stack: [u128; STACK_WORDS],
    heap: Vec<u128>,
}

impl Room {
    fn words(&mut self, count: usize) -> *mut u128 {
        if count <= STACK_WORDS {
            return self.stack.as_mut_ptr();
        }
        self.heap.resize(count, 0);
        self.heap.as_mut_ptr()
    }
}

fn words(size: usize) -> usize {
    size.div_ceil(size_of::<u128>()).max(1)
}

fn enter<'a, 'py: 'a>(
    value: Value<'_, 'py>,
    function: &Function,
    prepared: &Prepared,
    types: impl Iterator<Item = Type<'a, 'py>> + Clone,
    arguments: &[*mut ffi::PyObject],
) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let result_words = words(prepared.plan.result_size());
    let needed: usize = result_words
        + types
            .clone()
            .map(|ctype| words(usize::try_from(ctype.get().size_now()).unwrap_or(0)))
            .sum::<usize>();
    let mut room = Room {
        stack: [0; STACK_WORDS],
        heap: Vec::new(),
    };
    let result = room.words(needed);
    let mut few = [std::ptr::null_mut::<c_void>(); STACK_ARGUMENTS];
    let mut many = Vec::new();
    let places: &mut [*mut c_void] = if arguments.len() <= STACK_ARGUMENTS {
        &mut few[..arguments.len()]
    } else {
        many.resize(arguments.len(), std::ptr::null_mut());
        &mut many
    };
    // Arrays made from lists for pointer arguments; they live until the call is over.
    let mut temporaries = Temporaries::new();
    let mut next = result_words;
    for ((ctype, argument), place) in types.zip(arguments).zip(places.iter_mut()) {
        // SAFETY: `next` stays below `needed`; arguments live during the call.
        unsafe {
            let at = result.add(next).cast::<u8>();
            let argument = borrow(py, argument);
            match &ctype.get().kind {
                Kind::Pointer { .. } => {
                    let pointer = pointer_argument(ctype, argument, &mut temporaries)?;
                    at.cast::<*mut u8>().write(pointer);
                }
                _ => to_c(at, ctype, argument)?,
            }
            *place = at.cast();
        }
        next += words(usize::try_from(ctype.get().size_now()).unwrap_or(0));
    }
    // SAFETY: the places hold values of the declared types; that the declaration is that of the
    // function is the caller's affair, as in C. No Python object is used without the GIL.
    unsafe {
        let thread = ffi::PyEval_SaveThread();
        machine::restore_errno();
        prepared
            .plan
            .call(value.data().cast(), places, result.cast());
        machine::save_errno();
        ffi::PyEval_RestoreThread(thread);
    }
    drop(temporaries);
    let ctype = function.result.bind(py);
    match &ctype.get().kind {
        Kind::Void => Ok(py.None().into_bound(py)),
        // SAFETY: the call has written a value of the result type.
        Kind::Record(_) => unsafe { record_copy(result.cast(), ctype) },
        // SAFETY: as above.
        _ => unsafe { from_c(result.cast(), ctype) },
    }
}

/// What a pointer argument takes: an address, the bytes of a `bytes`, or an array made from a
/// list for this call.
///
/// # Errors
/// As [`to_c`] for pointers.
pub fn pointer_argument(
    ctype: Type<'_, '_>,
    argument: &Bound<'_, PyAny>,
    temporaries: &mut Temporaries,
) -> PyResult<*mut u8> {
    match temporary_size(ctype, argument)? {
        Given::Address(address) => Ok(address),
        Given::Size(size) => {
            let address = temporaries.zeros(size)?;
            // SAFETY: the memory has room for the array.
            unsafe { array_to_c(address, ctype, argument)? };
            Ok(address)
        }
    }
}

/// What a pointer argument is given as.
pub enum Given {
    /// An address.
    Address(*mut u8),
    /// Initial values for an array of so many bytes.
    Size(usize),
}

/// Decides how a pointer argument is given.
///
/// # Errors
/// As [`to_c`] for pointers.
pub fn temporary_size(ctype: Type<'_, '_>, argument: &Bound<'_, PyAny>) -> PyResult<Given> {
    let py = ctype.py();
    let default = || -> PyResult<Given> {
        let mut address = std::ptr::null_mut::<u8>();
        // SAFETY: the room is that of a pointer.
        unsafe { to_c((&raw mut address).cast(), ctype, argument)? };
        Ok(Given::Address(address))
    };
    let Some(item) = ctype
        .get()
        .target(py)
        .filter(|_| Value::of(argument).is_none())
    else {
        return default();
    };
    let length = if let Ok(bytes) = argument.cast::<PyBytes>() {
        let byte_items = item
            .get()
            .primitive()
            .filter(|one| one.size == 1 && one.is_integer());
        if byte_items.is_none() && !ctype.get().is_void_or_char_pointer(py) {
            return default();
        }
        if byte_items.is_some_and(|one| one.class == Class::Bool) {
            check_booleans(bytes.as_bytes())?;
        }
        // The object's own bytes: C must not write to them, and they end with a NUL.
        return Ok(Given::Address(bytes.as_bytes().as_ptr().cast_mut()));
    } else if let Ok(list) = argument.cast::<PyList>() {
        list.len()
    } else if let Ok(tuple) = argument.cast::<PyTuple>() {
        tuple.len()
    } else if let Ok(text) = argument.cast::<PyString>() {
        let size = usize::try_from(item.get().size_now()).unwrap_or(4);
        wide::length(text, size)? + 1
    } else if item.get().record().is_some_and(|record| record.file) {
        return match crate::file::pointer_of(argument)? {
            Some(file) => Ok(Given::Address(file)),
            None => default(),
        };
    } else {
        return default();
    };
    match usize::try_from(size_of_type(item)?) {
        Ok(size) if size > 0 => {
            let bytes = length
                .checked_mul(size)
                .filter(|one| isize::try_from(*one).is_ok());
            Ok(Given::Size(bytes.ok_or_else(too_large)?.max(1)))
        }
        _ => default(),
    }
}
