//! Python values into C memory.

use pyo3::exceptions::{PyOverflowError, PySystemError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyComplex, PyFloat, PyInt, PyString};

use crate::aggregate::{array_to_c, record_to_c};
use crate::cdata::Value;
use crate::ctype::{Kind, Type, size_of_type};
use crate::primitive::{Class, Primitive, read_unsigned, write_float, write_integer};
use crate::{lib_object, machine, wide};

/// Writes `value` to `at` as a `ctype`.
///
/// # Safety
/// `at` points to writable memory for a value of `ctype`.
///
/// # Errors
/// `TypeError` for a value of another kind, `OverflowError` for an integer out of range.
pub unsafe fn to_c(at: *mut u8, ctype: Type<'_, '_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match &ctype.get().kind {
        Kind::Primitive(primitive)
        | Kind::Enum {
            base: primitive, ..
        } => {
            // SAFETY: the caller's promise, for the same type.
            unsafe { primitive_to_c(at, ctype, *primitive, value) }
        }
        Kind::Pointer { .. } | Kind::Function(_) => {
            let address = address_of(ctype, value)?;
            // SAFETY: an address fits a pointer type.
            unsafe { at.cast::<*mut u8>().write_unaligned(address) };
            Ok(())
        }
        // SAFETY: as above.
        Kind::Array { .. } => unsafe { array_to_c(at, ctype, value) },
        Kind::Record(_) => {
            if let Some(same) = Value::of(value).filter(|one| one.ctype().is(ctype))
                && let Ok(size) = usize::try_from(size_of_type(ctype)?)
            {
                // SAFETY: both are values of this type; they may be the same one.
                unsafe { same.data().copy_to(at, size) };
                return Ok(());
            }
            // SAFETY: as above.
            unsafe { record_to_c(at, ctype, value) }
        }
        Kind::Void => Err(PySystemError::new_err("a value of type 'void'")),
    }
}

/// The error of a value of the wrong kind.
pub fn wrong_kind(ctype: Type<'_, '_>, value: &Bound<'_, PyAny>, expected: &str) -> PyErr {
    let name = &ctype.get().name;
    let Some(given) = Value::of(value) else {
        return PyTypeError::new_err(format!(
            "initializer for ctype '{name}' must be a {expected}, not {}",
            type_name(value)
        ));
    };
    let other = given.ctype();
    if other.get().name == *name && !other.is(ctype) {
        return PyTypeError::new_err(format!(
            "initializer for ctype '{name}' appears indeed to be '{name}', but the types are \
             different (check that you are not e.g. mixing up different ffi instances)"
        ));
    }
    PyTypeError::new_err(format!(
        "initializer for ctype '{name}' must be a {expected}, not cdata '{}'",
        other.get().name
    ))
}

/// The name of an object's type, for messages.
pub fn type_name(value: &Bound<'_, PyAny>) -> String {
    // SAFETY: every type has a name, a C string that lives as long as the type.
    let name = unsafe { std::ffi::CStr::from_ptr((*ffi::Py_TYPE(value.as_ptr())).tp_name) };
    name.to_string_lossy().into_owned()
}

fn overflow(value: &Bound<'_, PyAny>, name: &str) -> PyErr {
    match value.str() {
        Ok(text) => PyOverflowError::new_err(format!("integer {text} does not fit '{name}'")),
        Err(error) => error,
    }
}

/// # Safety
/// As for [`to_c`].
unsafe fn primitive_to_c(
    at: *mut u8,
    ctype: Type<'_, '_>,
    primitive: Primitive,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let size = primitive.size;
    // SAFETY: the caller promises room for the primitive, in every arm.
    unsafe {
        match primitive.class {
            Class::Signed => {
                let number = signed(value)?;
                let unused = 64 - 8 * size as u32;
                if (number << unused) >> unused != number {
                    return Err(overflow(value, &ctype.get().name));
                }
                write_integer(at, number as u64, size);
            }
            Class::Unsigned | Class::Bool => {
                let number = unsigned(value)?;
                let limit = match primitive.class {
                    Class::Bool => 1,
                    _ => u64::MAX >> (64 - 8 * size as u32),
                };
                if number > limit {
                    return Err(overflow(value, &ctype.get().name));
                }
                write_integer(at, number, size);
            }
            Class::Char => write_integer(at, u64::from(character(value, size)?), size),
            Class::Float => write_float(at, float(value)?, size),
            Class::LongDouble => match long_double(value) {
                Some(same) => same.copy_to(at, size),
                None => machine::long_double_set(at, float(value)?),
            },
            Class::Complex => write_complex(at, complex(value)?, size),
        }
    }
    Ok(())
}

/// Writes a complex number of `size` bytes.
///
/// # Safety
/// `at` points to `size` (8 or 16) writable bytes.
pub unsafe fn write_complex(at: *mut u8, value: ffi::Py_complex, size: usize) {
    // SAFETY: the caller's promise; each part takes half of it.
    unsafe {
        write_float(at, value.real, size / 2);
        write_float(at.add(size / 2), value.imag, size / 2);
    }
}

/// A Python number as a complex one.
pub fn complex(value: &Bound<'_, PyAny>) -> PyResult<ffi::Py_complex> {
    if let Ok(value) = value.cast::<PyComplex>() {
        use pyo3::types::PyComplexMethods;
        return Ok(ffi::Py_complex {
            real: value.real(),
            imag: value.imag(),
        });
    }
    // SAFETY: any object may be given.
    let number = unsafe { ffi::PyComplex_AsCComplex(value.as_ptr()) };
    match PyErr::take(value.py()) {
        Some(error) => Err(error),
        None => Ok(number),
    }
}

/// The bytes of a `long double` cdata.
pub fn long_double(value: &Bound<'_, PyAny>) -> Option<*const u8> {
    let value = Value::of(value)?;
    let primitive = value.ctype().get().primitive()?;
    (primitive.class == Class::LongDouble).then(|| value.data().cast_const())
}

/// A Python number as a `double`.
pub fn float(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return Ok(pyo3::types::PyFloatMethods::value(float));
    }
    // SAFETY: any object may be given.
    let number = unsafe { ffi::PyFloat_AsDouble(value.as_ptr()) };
    if number == -1.0
        && let Some(error) = PyErr::take(value.py())
    {
        return Err(error);
    }
    Ok(number)
}

/// Whether a value may not pass as an integer although it could be cut to one.
fn is_float(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyFloat>()
        || Value::of(value)
            .and_then(|value| value.ctype().get().primitive())
            .is_some_and(Primitive::is_float)
}

/// The result of the object's `__int__`; `None` when it has none.
fn int_slot<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    // SAFETY: reads the slots of a type, which lives as long as its object, and calls one of them
    // as the interpreter would.
    let made = unsafe {
        let numbers = (*ffi::Py_TYPE(value.as_ptr())).tp_as_number;
        let Some(slot) = numbers.as_ref().and_then(|numbers| numbers.nb_int) else {
            return Ok(None);
        };
        Bound::from_owned_ptr_or_err(value.py(), slot(value.as_ptr()))?
    };
    match made.cast_into::<PyInt>() {
        Ok(made) => Ok(Some(made)),
        Err(_) => Err(PyTypeError::new_err("integer conversion failed")),
    }
}

fn integer<'py>(value: &Bound<'py, PyAny>, floats: bool) -> PyResult<Bound<'py, PyInt>> {
    let made = if floats || !is_float(value) {
        int_slot(value)?
    } else {
        None
    };
    made.ok_or_else(|| PyTypeError::new_err("an integer is required"))
}

/// A Python integer as a signed one; floats are refused.
pub fn signed(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(value) = value.cast::<PyInt>() {
        // SAFETY: it is an `int`.
        let number = unsafe { ffi::PyLong_AsLongLong(value.as_ptr()) };
        if number == -1
            && let Some(error) = PyErr::take(value.py())
        {
            return Err(error);
        }
        return Ok(number);
    }
    signed(integer(value, false)?.as_any())
}

/// A Python integer as an unsigned one; floats and negative numbers are refused.
pub fn unsigned(value: &Bound<'_, PyAny>) -> PyResult<u64> {
    if let Ok(value) = value.cast::<PyInt>() {
        // SAFETY: it is an `int`.
        let number = unsafe { ffi::PyLong_AsUnsignedLongLong(value.as_ptr()) };
        if number == u64::MAX
            && let Some(error) = PyErr::take(value.py())
        {
            return Err(if value.as_any().lt(0)? {
                PyOverflowError::new_err("can't convert negative number to unsigned")
            } else {
                error
            });
        }
        return Ok(number);
    }
    unsigned(integer(value, false)?.as_any())
}

/// A Python number cut to 64 bits, as a cast does.
pub fn wrapped(value: &Bound<'_, PyAny>) -> PyResult<u64> {
    let number = match value.cast::<PyInt>() {
        Ok(number) => number.clone(),
        Err(_) => integer(value, true)?,
    };
    // SAFETY: it is an `int`.
    let cut = unsafe { ffi::PyLong_AsUnsignedLongLongMask(number.as_ptr()) };
    if cut == u64::MAX
        && let Some(error) = PyErr::take(value.py())
    {
        return Err(error);
    }
    Ok(cut)
}

/// One character of `size` bytes.
pub fn character(value: &Bound<'_, PyAny>, size: usize) -> PyResult<u32> {
    if let Some(given) = Value::of(value)
        && let Some(primitive) = given.ctype().get().primitive()
        && primitive.class == Class::Char
        && primitive.size == size
    {
        // SAFETY: a cdata of a primitive type points to its value.
        return Ok(unsafe { read_unsigned(given.data(), size) } as u32);
    }
    if size == 1 {
        return match value.cast::<PyBytes>().map(|bytes| bytes.as_bytes()) {
            Ok(&[byte]) => Ok(u32::from(byte)),
            _ => Err(PyTypeError::new_err(format!(
                "initializer for ctype 'char' must be a bytes of length 1, not {}",
                type_name(value)
            ))),
        };
    }
    let got = match value.cast::<PyString>() {
        Ok(text) => match wide::single(text, size)? {
            Ok(unit) => return Ok(unit),
            Err(got) => got,
        },
        Err(_) => type_name(value),
    };
    Err(PyTypeError::new_err(format!(
        "initializer for ctype 'char{}_t' must be a unicode string of length 1, not {got}",
        8 * size
    )))
}

/// The address that a pointer of type `ctype` takes from `value`.
fn address_of(ctype: Type<'_, '_>, value: &Bound<'_, PyAny>) -> PyResult<*mut u8> {
    let py = ctype.py();
    let function;
    let given = match Value::of(value) {
        Some(given) => given,
        None => {
            function = lib_object::function_pointer(value)?;
            match function.as_ref().and_then(Value::of) {
                Some(given) => given,
                None => return Err(wrong_kind(ctype, value, "cdata pointer")),
            }
        }
    };
    let own = given.ctype();
    let source = match &own.get().kind {
        Kind::Array { pointer, .. } => pointer.bind(py),
        _ if own.get().is_address() => own,
        _ => return Err(wrong_kind(ctype, given.object, "pointer or array")),
    };
    let (to, from) = (ctype.get(), source.get());
    if source.is(ctype) || to.is_void_pointer(py) || from.is_void_pointer(py) {
        return Ok(given.data());
    }
    let (to_char, from_char) = (
        to.is_void_or_char_pointer(py),
        from.is_void_or_char_pointer(py),
    );
    if !to_char && !from_char {
        return Err(wrong_kind(ctype, given.object, "pointer to same type"));
    }
    let points_to_byte = |one: &crate::ctype::CType| {
        one.target(py)
            .is_some_and(|item| item.get().size_now() == 1)
    };
    if points_to_byte(to) && points_to_byte(from) {
        return Ok(given.data());
    }
    let hint = "(check that the types are as you expect; use an explicit ffi.cast() if they are \
                correct)";
    Err(PyTypeError::new_err(if to_char {
        format!("implicit cast to 'char *' from a different pointer type: {hint}")
    } else {
        format!("implicit cast from 'char *' to a different pointer type: {hint}")
    }))
}
