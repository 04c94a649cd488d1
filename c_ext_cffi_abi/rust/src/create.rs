//! `new` and `cast`.

use pyo3::exceptions::{PyMemoryError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCFunction, PyFloat, PyInt, PyString};

use crate::aggregate::{new_array_length, open_record_size};
use crate::cdata::{self, Value};
use crate::compose::too_large;
use crate::convert::{
    character, complex, float, long_double, to_c, type_name, wrapped, write_complex,
};
use crate::ctype::{CType, Kind, Type, size_of_type};
use crate::primitive::{Class, Primitive, write_float, write_integer};
use crate::produce::from_c;
use crate::{file, lib_object, machine, wide};

/// Where new memory comes from.
#[derive(Default)]
pub struct Allocator<'a, 'py> {
    /// Called with a number of bytes, returns a pointer; without it, memory is part of the object.
    pub alloc: Option<&'a Bound<'py, PyAny>>,
    /// Called with that pointer in the end.
    pub free: Option<&'a Bound<'py, PyAny>>,
    /// Leaves new memory as it is.
    pub dirty: bool,
}

impl<'py> Allocator<'_, 'py> {
    fn get(&self, ctype: Type<'_, 'py>, size: usize, length: isize) -> PyResult<Bound<'py, PyAny>> {
        let Some(alloc) = self.alloc else {
            return cdata::owning(ctype, size, length, !self.dirty);
        };
        let given = alloc.call1((size,))?;
        let Some(memory) = Value::of(&given) else {
            return Err(PyTypeError::new_err(format!(
                "alloc() must return a cdata object (got {})",
                type_name(&given)
            )));
        };
        if memory.ctype().get().item(ctype.py()).is_none() {
            return Err(PyTypeError::new_err(format!(
                "alloc() must return a cdata pointer, not '{}'",
                memory.ctype().get().name
            )));
        }
        if memory.data().is_null() {
            return Err(PyMemoryError::new_err("alloc() returned NULL"));
        }
        let made = cdata::collected(ctype, memory, self.free)?;
        if !self.dirty {
            // SAFETY: the allocator was asked for so many bytes.
            unsafe { memory.data().write_bytes(0, size) };
        }
        if let Ok(length) = usize::try_from(length) {
            cdata::set_length(&made, length);
        }
        Ok(made)
    }
}

/// `new(ctype, init)`: memory for what the pointer type points to, or for the array.
///
/// # Errors
/// `TypeError` for other types and those of unknown size; the errors of the initial value.
pub fn new<'py>(
    ctype: Type<'_, 'py>,
    init: Option<&Bound<'py, PyAny>>,
    allocator: &Allocator<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    match &ctype.get().kind {
        Kind::Pointer { item, .. } => new_pointer(ctype, item.bind(ctype.py()), init, allocator),
        Kind::Array { item, .. } => new_array(ctype, item.bind(ctype.py()), init, allocator),
        _ => Err(PyTypeError::new_err(format!(
            "expected a pointer or array ctype, got '{}'",
            ctype.get().name
        ))),
    }
}

fn new_pointer<'py>(
    ctype: Type<'_, 'py>,
    item: Type<'_, 'py>,
    init: Option<&Bound<'py, PyAny>>,
    allocator: &Allocator<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let Ok(mut size) = usize::try_from(size_of_type(item)?) else {
        return Err(PyTypeError::new_err(format!(
            "cannot instantiate ctype '{}' of unknown size",
            item.get().name
        )));
    };
    let char = |one: Primitive| one.class == Class::Char;
    if item.get().primitive().is_some_and(char) && !matches!(item.get().kind, Kind::Enum { .. }) {
        // One more, which stays zero: the character is then a string as well.
        size *= 2;
    }
    let made = if item.get().record().is_some() {
        let mut length = -1;
        if item.get().has_open_array() {
            if let Some(init) = init {
                size = size.max(open_record_size(item, init)?);
            }
            length = size.cast_signed();
        }
        cdata::owning_pointer(ctype, allocator.get(item, size, length)?)?
    } else {
        allocator.get(ctype, size, -1)?
    };
    if let (Some(init), Some(value)) = (init, Value::of(&made)) {
        // SAFETY: the new memory has room for the item, open arrays included.
        unsafe { to_c(value.data(), item, init)? };
    }
    Ok(made)
}

fn new_array<'py>(
    ctype: Type<'_, 'py>,
    item: Type<'_, 'py>,
    init: Option<&Bound<'py, PyAny>>,
    allocator: &Allocator<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let none = ctype.py().None().into_bound(ctype.py());
    let mut init = init;
    let made = match usize::try_from(ctype.get().size_now()) {
        Ok(size) => allocator.get(ctype, size, -1)?,
        Err(_) => {
            let (length, only_length) = new_array_length(item, init.unwrap_or(&none))?;
            let each = usize::try_from(item.get().size_now()).unwrap_or(0);
            let size = length
                .checked_mul(each)
                .filter(|one| isize::try_from(*one).is_ok());
            if only_length {
                init = None;
            }
            allocator.get(ctype, size.ok_or_else(too_large)?, length.cast_signed())?
        }
    };
    if let (Some(init), Some(value)) = (init, Value::of(&made)) {
        // SAFETY: the new memory has room for the array.
        unsafe { to_c(value.data(), ctype, init)? };
    }
    Ok(made)
}

/// `cast(ctype, value)`.
///
/// # Errors
/// `TypeError` when C has no such cast.
pub fn cast<'py>(ctype: Type<'_, 'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let primitive = match &ctype.get().kind {
        Kind::Primitive(primitive)
        | Kind::Enum {
            base: primitive, ..
        } => *primitive,
        Kind::Pointer { .. }
        | Kind::Function(_)
        | Kind::Array {
            length: Some(_), ..
        } => {
            return cdata::plain(ctype, address(ctype, value)?);
        }
        _ => {
            return Err(PyTypeError::new_err(format!(
                "cannot cast to ctype '{}'",
                ctype.get().name
            )));
        }
    };
    match primitive.class {
        Class::Float | Class::LongDouble | Class::Complex => cast_to_float(ctype, primitive, value),
        _ => {
            let number = integer(ctype, primitive, value)?;
            let (made, at) = cdata::primitive(ctype)?;
            // SAFETY: the room is that of the primitive.
            unsafe { write_integer(at, number, primitive.size) };
            Ok(made)
        }
    }
}

fn address(ctype: Type<'_, '_>, value: &Bound<'_, PyAny>) -> PyResult<*mut u8> {
    if let Some(given) = Value::of(value) {
        let of = given.ctype().get();
        if of.is_address() || of.is_array() {
            return Ok(given.data());
        }
    }
    if let Some(function) = lib_object::function_pointer(value)?
        && let Some(function) = Value::of(&function)
    {
        return Ok(function.data());
    }
    if let Some(file) = file::pointer_for(ctype, value)? {
        return Ok(file);
    }
    Ok(wrapped(value)? as usize as *mut u8)
}

fn integer(ctype: Type<'_, '_>, primitive: Primitive, value: &Bound<'_, PyAny>) -> PyResult<u64> {
    let number = if let Some(given) = Value::of(value)
        && (given.ctype().get().is_address() || given.ctype().get().is_array())
    {
        given.data() as usize as u64
    } else if let Ok(text) = value.cast::<PyString>() {
        match wide::single(text, 4)? {
            Ok(unit) => u64::from(unit),
            Err(got) => {
                return Err(PyTypeError::new_err(format!(
                    "cannot cast {got} to ctype '{}'",
                    ctype.get().name
                )));
            }
        }
    } else if value.is_instance_of::<PyBytes>() {
        u64::from(character(value, 1)?)
    } else if primitive.class == Class::Bool {
        u64::from(truth(value)?)
    } else if value.is_instance_of::<PyCFunction>()
        && let Some(function) = lib_object::function_pointer(value)?
        && let Some(function) = Value::of(&function)
    {
        function.data() as usize as u64
    } else {
        wrapped(value)?
    };
    Ok(if primitive.class == Class::Bool {
        u64::from(number != 0)
    } else {
        number
    })
}

/// Whether a number is not zero; also of floats and `long double`s, which are not cut first.
fn truth(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Some(at) = long_double(value) {
        // SAFETY: a cdata of a `long double` points to one.
        return Ok(unsafe { !machine::long_double_is_zero(at) });
    }
    if Value::of(value).is_some() || value.is_instance_of::<PyInt>() {
        // A float cdata refuses to pass as an integer but has a truth of its own.
        return match Value::of(value).and_then(|one| one.ctype().get().primitive()) {
            Some(primitive) if primitive.is_float() => value.is_truthy(),
            _ => value.call_method0("__int__")?.is_truthy(),
        };
    }
    if value.is_instance_of::<PyFloat>() {
        return value.is_truthy();
    }
    for method in ["__float__", "__int__"] {
        if value.hasattr(method)? {
            return value.call_method0(method)?.is_truthy();
        }
    }
    Err(PyTypeError::new_err("integer/float expected"))
}

fn cast_to_float<'py>(
    ctype: Type<'_, 'py>,
    primitive: Primitive,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let source = match Value::of(value) {
        None => value.clone(),
        Some(given) if given.ctype().get().primitive().is_some() => {
            // SAFETY: a cdata of a primitive type points to its value.
            unsafe { from_c(given.data(), given.ctype())? }
        }
        Some(_) => return Err(no_cast(ctype, value)),
    };
    let (made, at) = cdata::primitive(ctype)?;
    let of_character = character_code(&source)?;
    if let Some(Err(())) = of_character {
        return Err(no_cast(ctype, value));
    }
    let code = of_character.and_then(Result::ok);
    // SAFETY: the room is that of the primitive, in every arm.
    unsafe {
        match (primitive.class, code) {
            (Class::Complex, Some(code)) => {
                write_complex(
                    at,
                    ffi::Py_complex {
                        real: code,
                        imag: 0.0,
                    },
                    primitive.size,
                );
            }
            (Class::Complex, None) => write_complex(at, complex(&source)?, primitive.size),
            (Class::LongDouble, code) => match (long_double(&source), code) {
                (Some(same), _) => same.copy_to(at, primitive.size),
                (None, Some(code)) => machine::long_double_set(at, code),
                (None, None) => machine::long_double_set(at, float(&source)?),
            },
            (_, Some(code)) => write_float(at, code, primitive.size),
            (_, None) => write_float(at, float(&source)?, primitive.size),
        }
    }
    Ok(made)
}

/// The code of a single character; an inner error for a longer string, `None` for no string.
fn character_code(value: &Bound<'_, PyAny>) -> PyResult<Option<Result<f64, ()>>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(match bytes.as_bytes() {
            [byte] => Ok(f64::from(*byte)),
            _ => Err(()),
        }));
    }
    match value.cast::<PyString>() {
        Ok(text) => Ok(Some(wide::single(text, 4)?.map(f64::from).map_err(|_| ()))),
        Err(_) => Ok(None),
    }
}

fn no_cast(ctype: Type<'_, '_>, value: &Bound<'_, PyAny>) -> PyErr {
    let to: &CType = ctype.get();
    PyTypeError::new_err(match Value::of(value) {
        Some(given) => {
            format!(
                "cannot cast ctype '{}' to ctype '{}'",
                given.ctype().get().name,
                to.name
            )
        }
        None => format!(
            "cannot cast {} object to ctype '{}'",
            type_name(value),
            to.name
        ),
    })
}
