//! Arithmetic, comparison and hashing of cdata.

use std::ffi::c_int;
use std::mem::zeroed;

use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat};

use crate::cdata::{self, Raw, Value};
use crate::ctype::{Kind, size_of_type};
use crate::machine;
use crate::primitive::{Class, read_float, read_signed, read_unsigned};
use crate::produce::{from_c, read_complex};
use crate::slots::{borrow, guard, guard_object};

/// `+`, `-`, `bool()`, `int()`, `float()`.
pub fn table() -> ffi::PyNumberMethods {
    ffi::PyNumberMethods {
        nb_add: Some(add),
        nb_subtract: Some(subtract),
        nb_bool: Some(is_true),
        nb_int: Some(to_int),
        nb_float: Some(to_float),
        // SAFETY: a table of nulls has no slots.
        ..unsafe { zeroed() }
    }
}

unsafe extern "C" fn add(
    left: *mut ffi::PyObject,
    right: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a slot is called with living objects.
        let (left, right) = unsafe { (borrow(py, &left), borrow(py, &right)) };
        match Value::of(left) {
            Some(value) => moved(value, right, 1),
            None => moved(Value::expect(right)?, left, 1),
        }
    })
}

unsafe extern "C" fn subtract(
    left: *mut ffi::PyObject,
    right: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a slot is called with living objects.
        let (left, right) = unsafe { (borrow(py, &left), borrow(py, &right)) };
        match (Value::of(left), Value::of(right)) {
            (Some(left), Some(right)) => distance(left, right),
            (Some(left), None) => moved(left, right, -1),
            (None, _) => Ok(py.NotImplemented().into_bound(py)),
        }
    })
}

/// A pointer `count` items on.
fn moved<'py>(
    value: Value<'_, 'py>,
    count: &Bound<'py, PyAny>,
    sign: isize,
) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    // SAFETY: any object may be given.
    let count = unsafe { ffi::PyNumber_AsSsize_t(count.as_ptr(), ffi::PyExc_OverflowError) };
    if count == -1
        && let Some(error) = PyErr::take(py)
    {
        return Err(error);
    }
    let name = &value.ctype().get().name;
    let (pointer, item) = match &value.ctype().get().kind {
        Kind::Pointer { item, .. } => (value.ctype(), item.bind(py)),
        Kind::Array { item, pointer, .. } => (pointer.bind(py), item.bind(py)),
        _ => {
            return Err(PyTypeError::new_err(format!(
                "cannot add a cdata '{name}' and a number"
            )));
        }
    };
    let size = match size_of_type(item)? {
        size if size >= 0 => size,
        _ if pointer.get().is_void_pointer(py) => 1,
        _ => {
            return Err(PyTypeError::new_err(format!(
                "ctype '{name}' points to items of unknown size"
            )));
        }
    };
    let offset = count.wrapping_mul(sign).wrapping_mul(size);
    cdata::plain(pointer, value.data().wrapping_offset(offset))
}

/// How many items lie between two pointers of one type.
fn distance<'py>(left: Value<'_, 'py>, right: Value<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    let py = left.py();
    let to = match &right.ctype().get().kind {
        Kind::Array { pointer, .. } => pointer.bind(py),
        _ => right.ctype(),
    };
    let size = match to.get().target(py) {
        Some(item) if to.is(left.ctype()) => match size_of_type(item)? {
            size if size > 0 => Some(size),
            _ => to.get().is_void_pointer(py).then_some(1),
        },
        _ => None,
    };
    let Some(size) = size else {
        return Err(PyTypeError::new_err(format!(
            "cannot subtract cdata '{}' and cdata '{}'",
            left.ctype().get().name,
            to.get().name
        )));
    };
    let bytes = (left.data() as isize).wrapping_sub(right.data() as isize);
    if bytes % size != 0 {
        return Err(PyValueError::new_err(
            "pointer subtraction: the distance between the two pointers is not a multiple of the \
             item size",
        ));
    }
    Ok((bytes / size).into_pyobject(py)?.into_any())
}

unsafe extern "C" fn is_true(object: *mut ffi::PyObject) -> c_int {
    // SAFETY: a slot is called with a living cdata, which points to a value of its type.
    let truth = unsafe {
        let raw = Raw::known(object);
        let (Kind::Primitive(primitive)
        | Kind::Enum {
            base: primitive, ..
        }) = &raw.ctype.get().kind
        else {
            return c_int::from(!raw.data.is_null());
        };
        let (at, size) = (raw.data, primitive.size);
        match primitive.class {
            Class::Signed | Class::Unsigned | Class::Bool | Class::Char => {
                read_unsigned(at, size) != 0
            }
            Class::Float => read_float(at, size) != 0.0,
            Class::LongDouble => !machine::long_double_is_zero(at),
            Class::Complex => {
                let number = read_complex(at, size);
                number.real != 0.0 || number.imag != 0.0
            }
        }
    };
    c_int::from(truth)
}

unsafe extern "C" fn to_int(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: a slot is called with a living cdata, which points to a value of its type.
    unsafe {
        let raw = Raw::known(object);
        if let Kind::Primitive(primitive) = &raw.ctype.get().kind
            && primitive.class == Class::Signed
        {
            return ffi::PyLong_FromLongLong(read_signed(raw.data, primitive.size));
        }
    }
    guard_object(|py| {
        // SAFETY: a slot is called with a living object.
        let value = Value::expect(unsafe { borrow(py, &object) })?;
        let at = value.data();
        let name = &value.ctype().get().name;
        match value.ctype().get().primitive() {
            // SAFETY: a cdata of a primitive type points to its value.
            Some(primitive) if primitive.is_integer() => unsafe {
                let made = from_c(at, value.ctype())?;
                if made.is_instance_of::<PyBool>() {
                    return made.call_method0("__int__");
                }
                Ok(made)
            },
            Some(primitive) if primitive.class == Class::Char => {
                // SAFETY: as above.
                let number = unsafe {
                    if name == "wchar_t" && cfg!(not(any(windows, target_arch = "aarch64"))) {
                        read_signed(at, primitive.size)
                    } else {
                        read_unsigned(at, primitive.size).cast_signed()
                    }
                };
                Ok(number.into_pyobject(py)?.into_any())
            }
            Some(primitive) if primitive.is_float() => {
                let float = as_float(value, primitive.class, primitive.size)?;
                // SAFETY: makes a new object, or fails for an infinity.
                unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyNumber_Long(float.as_ptr())) }
            }
            _ => Err(PyTypeError::new_err(format!(
                "int() not supported on cdata '{name}'"
            ))),
        }
    })
}

fn as_float<'py>(value: Value<'_, 'py>, class: Class, size: usize) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: a cdata of a primitive type points to its value.
    let number = unsafe {
        match class {
            Class::LongDouble => machine::long_double_get(value.data()),
            _ => read_float(value.data(), size),
        }
    };
    Ok(PyFloat::new(value.py(), number).into_any())
}

unsafe extern "C" fn to_float(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a slot is called with a living object.
        let value = Value::expect(unsafe { borrow(py, &object) })?;
        match value.ctype().get().primitive() {
            Some(primitive) if primitive.is_float() => {
                as_float(value, primitive.class, primitive.size)
            }
            _ => Err(PyTypeError::new_err(format!(
                "float() not supported on cdata '{}'",
                value.ctype().get().name
            ))),
        }
    })
}

/// Primitives compare by value, everything else by address, and the two never with each other.
pub unsafe extern "C" fn compare(
    left: *mut ffi::PyObject,
    right: *mut ffi::PyObject,
    operation: c_int,
) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a slot is called with living objects.
        let (left, right) = unsafe { (borrow(py, &left), borrow(py, &right)) };
        let (left_value, right_value) = (Value::expect(left)?, Value::of(right));
        let by_address = |value: Value<'_, '_>| value.ctype().get().primitive().is_none();
        match (by_address(left_value), right_value) {
            (true, Some(right)) if by_address(right) => {
                let (left, right) = (left_value.data(), right.data());
                let truth = match operation {
                    ffi::Py_EQ => left == right,
                    ffi::Py_NE => left != right,
                    ffi::Py_LT => left < right,
                    ffi::Py_LE => left <= right,
                    ffi::Py_GT => left > right,
                    _ => left >= right,
                };
                return Ok(PyBool::new(py, truth).to_owned().into_any());
            }
            (true, _) => return Ok(py.NotImplemented().into_bound(py)),
            (false, Some(right)) if by_address(right) => {
                return Ok(py.NotImplemented().into_bound(py));
            }
            _ => {}
        }
        let left = comparable(left_value)?;
        let right = match right_value {
            Some(value) => comparable(value)?,
            None => right.clone(),
        };
        // SAFETY: both objects live.
        unsafe {
            Bound::from_owned_ptr_or_err(
                py,
                ffi::PyObject_RichCompare(left.as_ptr(), right.as_ptr(), operation),
            )
        }
    })
}

fn comparable<'py>(value: Value<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: a cdata of a primitive type points to its value.
    let made = unsafe { from_c(value.data(), value.ctype())? };
    if Value::of(&made).is_some() {
        return Err(PyNotImplementedError::new_err(format!(
            "cannot use <cdata '{}'> in a comparison",
            value.ctype().get().name
        )));
    }
    Ok(made)
}

/// Equal values have equal hashes: primitives that of the Python value, others by address.
pub unsafe extern "C" fn hash(object: *mut ffi::PyObject) -> ffi::Py_hash_t {
    // SAFETY: a slot is called with a living cdata.
    let raw = unsafe { Raw::known(object) };
    if raw.ctype.get().primitive().is_none() {
        return hash_of_address(raw.data);
    }
    guard(-1, |py| {
        // SAFETY: a slot is called with a living object.
        let value = Value::expect(unsafe { borrow(py, &object) })?;
        if value.ctype().get().primitive().is_some() {
            // SAFETY: a cdata of a primitive type points to its value.
            let made = unsafe { from_c(value.data(), value.ctype())? };
            if Value::of(&made).is_none() {
                return made.hash();
            }
        }
        Ok(hash_of_address(value.data()))
    })
}

fn hash_of_address(address: *mut u8) -> ffi::Py_hash_t {
    // The low bits of an address are always zero; rotated away, they do not crowd a table.
    match (address as usize).rotate_right(4).cast_signed() {
        -1 => -2,
        hash => hash,
    }
}
