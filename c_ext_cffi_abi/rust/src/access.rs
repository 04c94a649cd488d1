//! Items, slices, fields and iteration of cdata.

use std::cell::Cell;
use std::ffi::c_int;

use pyo3::exceptions::{PyAttributeError, PyIndexError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes, PySlice, PyString};

use crate::aggregate::field_to_c;
use crate::cdata::{self, Raw, Value};
use crate::compose::open_array;
use crate::convert::to_c;
use crate::ctype::{CField, CType, Kind, OPEN_ARRAY, PLAIN, Type, layout, size_of_type};
use crate::exact;
use crate::primitive::{Class, Primitive, read_float, read_signed, read_unsigned};
use crate::produce::{from_bits, from_c};
use crate::slots::{borrow, guard, guard_object, new_reference};

/// `len()`, `x[i]` and `x[i] = y`.
pub fn table() -> ffi::PyMappingMethods {
    ffi::PyMappingMethods {
        mp_length: Some(length),
        mp_subscript: Some(get_item),
        mp_ass_subscript: Some(set_item),
    }
}

unsafe extern "C" fn length(object: *mut ffi::PyObject) -> ffi::Py_ssize_t {
    // SAFETY: a slot is called with a living cdata.
    let raw = unsafe { Raw::known(object) };
    if let Kind::Array { length, .. } = &raw.ctype.get().kind {
        return length.map_or(raw.length, usize::cast_signed);
    }
    guard(-1, |py| {
        // SAFETY: a slot is called with a living object.
        let value = Value::expect(unsafe { borrow(py, &object) })?;
        Err(PyTypeError::new_err(format!(
            "cdata of type '{}' has no len()",
            value.ctype().get().name
        )))
    })
}

/// A number among the items, or the record that a pointer from `new` owns; `None` when there is
/// more to do than to look.
///
/// # Safety
/// `object` is a living cdata, `key` a living object, and the GIL is held.
unsafe fn simple_item(
    object: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's promise. The item lies inside the array, and behind a pointer as far as
    // that is right.
    unsafe {
        let index = isize::try_from(exact::int(key)?).ok()?;
        let raw = Raw::known(object);
        let item = match &raw.ctype.get().kind {
            Kind::Array { item, length, .. } => {
                let length = length.map_or(raw.length, usize::cast_signed);
                (0..length).contains(&index).then_some(item)?
            }
            Kind::Pointer { item, .. } if !raw.data.is_null() => {
                if cdata::owns(object) {
                    if index != 0 {
                        return None;
                    }
                    if let Some(record) = cdata::record_of(object) {
                        return Some(new_reference(record));
                    }
                }
                item
            }
            _ => return None,
        };
        let Kind::Primitive(primitive) = &item.get().kind else {
            return None;
        };
        let offset = index.wrapping_mul(primitive.size.cast_signed());
        number_at(raw.data.wrapping_offset(offset), *primitive)
    }
}

/// The Python number of a plain C number; `None` for other primitives.
///
/// # Safety
/// `at` points to a value of this type, and the GIL is held.
#[inline]
unsafe fn number_at(at: *const u8, primitive: Primitive) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's promise.
    unsafe {
        Some(match primitive.class {
            Class::Signed => ffi::PyLong_FromLongLong(read_signed(at, primitive.size)),
            Class::Unsigned => ffi::PyLong_FromUnsignedLongLong(read_unsigned(at, primitive.size)),
            Class::Float => ffi::PyFloat_FromDouble(read_float(at, primitive.size)),
            _ => return None,
        })
    }
}

unsafe extern "C" fn get_item(
    object: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: a slot is called with living objects.
    if let Some(found) = unsafe { simple_item(object, key) } {
        return found;
    }
    guard_object(|py| {
        // SAFETY: a slot is called with living objects.
        let (value, key) = unsafe { (Value::expect(borrow(py, &object))?, borrow(py, &key)) };
        if let Ok(slice) = key.cast::<PySlice>() {
            let (start, length, pointer) = slice_of(value, slice)?;
            let array = open_array(pointer)?;
            return cdata::sized(array, start, length.cast_signed());
        }
        let (at, item) = item_at(value, key)?;
        if let Some(record) = value.owned_record() {
            return Ok(record.clone());
        }
        // SAFETY: the index was checked as far as the type knows; that a pointer points to enough
        // items is the caller's affair, as in C.
        unsafe { from_c(at, item) }
    })
}

unsafe extern "C" fn set_item(
    object: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    new: *mut ffi::PyObject,
) -> c_int {
    guard(-1, |py| {
        // SAFETY: a slot is called with living objects.
        let (value, key) = unsafe { (Value::expect(borrow(py, &object))?, borrow(py, &key)) };
        let slice = key.cast::<PySlice>().ok();
        let place = match slice {
            Some(_) => None,
            None => Some(item_at(value, key)?),
        };
        if new.is_null() {
            return Err(PyTypeError::new_err(
                "'del x[n]' not supported for cdata objects",
            ));
        }
        // SAFETY: as above.
        let new = unsafe { borrow(py, &new) };
        match (slice, place) {
            (Some(slice), _) => set_slice(value, slice, new)?,
            // SAFETY: as in `get_item`.
            (None, Some((at, item))) => unsafe { to_c(at, item, new)? },
            (None, None) => {}
        }
        Ok(0)
    })
}

fn no_index(ctype: &CType) -> PyErr {
    PyTypeError::new_err(format!("cdata of type '{}' cannot be indexed", ctype.name))
}

/// Where item `key` lies, and its type.
fn item_at<'a, 'py>(
    value: Value<'a, 'py>,
    key: &Bound<'py, PyAny>,
) -> PyResult<(*mut u8, Type<'a, 'py>)> {
    // SAFETY: any object may be given.
    let index = unsafe { ffi::PyNumber_AsSsize_t(key.as_ptr(), ffi::PyExc_IndexError) };
    if index == -1
        && let Some(error) = PyErr::take(value.py())
    {
        return Err(error);
    }
    let ctype = value.ctype().get();
    match &ctype.kind {
        Kind::Pointer { .. } if value.owns() => {
            if index != 0 {
                return Err(PyIndexError::new_err(format!(
                    "cdata '{}' can only be indexed by 0",
                    ctype.name
                )));
            }
        }
        Kind::Pointer { .. } => {
            if value.data().is_null() {
                return Err(PyRuntimeError::new_err(format!(
                    "cannot dereference null pointer from cdata '{}'",
                    ctype.name
                )));
            }
        }
        Kind::Array { .. } => {
            let Ok(place) = usize::try_from(index) else {
                return Err(PyIndexError::new_err("negative index"));
            };
            let length = value.array_length();
            if place >= length {
                return Err(PyIndexError::new_err(format!(
                    "index too large for cdata '{}' (expected {index} < {length})",
                    ctype.name
                )));
            }
        }
        _ => return Err(no_index(ctype)),
    }
    let item = ctype.item(value.py()).ok_or_else(|| no_index(ctype))?;
    let offset = index.wrapping_mul(size_of_type(item)?);
    Ok((value.data().wrapping_offset(offset), item))
}

fn bound(bound: &Bound<'_, PyAny>, name: &str) -> PyResult<isize> {
    if bound.is_none() {
        return Err(PyIndexError::new_err(format!(
            "slice {name} must be specified"
        )));
    }
    bound.extract()
}

/// Where a slice begins, how long it is, and the pointer type of its items.
fn slice_of<'a, 'py>(
    value: Value<'a, 'py>,
    slice: &Bound<'py, PySlice>,
) -> PyResult<(*mut u8, usize, Type<'a, 'py>)> {
    let py = value.py();
    let parts = slice.as_ptr().cast::<ffi::PySliceObject>();
    // SAFETY: the parts of a slice are objects that live as long as it does and never change.
    let (start, stop, step) = unsafe {
        (
            borrow(py, &(*parts).start),
            borrow(py, &(*parts).stop),
            borrow(py, &(*parts).step),
        )
    };
    let (start, stop) = (bound(start, "start")?, bound(stop, "stop")?);
    if !step.is_none() {
        return Err(PyIndexError::new_err("slice with step not supported"));
    }
    if start > stop {
        return Err(PyIndexError::new_err("slice start > stop"));
    }
    let pointer = match &value.ctype().get().kind {
        Kind::Array { pointer, .. } => {
            if start < 0 {
                return Err(PyIndexError::new_err("negative index"));
            }
            let length = value.array_length().cast_signed();
            if stop > length {
                return Err(PyIndexError::new_err(format!(
                    "index too large (expected {stop} <= {length})"
                )));
            }
            pointer.bind(py)
        }
        Kind::Pointer { .. } => value.ctype(),
        _ => return Err(no_index(value.ctype().get())),
    };
    let size = pointer
        .get()
        .item(py)
        .map_or(0, |item| item.get().size_now());
    let at = value.data().wrapping_offset(start.wrapping_mul(size));
    Ok((at, stop.abs_diff(start), pointer))
}

fn set_slice<'py>(
    value: Value<'_, 'py>,
    slice: &Bound<'py, PySlice>,
    new: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let py = value.py();
    let (at, length, pointer) = slice_of(value, slice)?;
    let Some(item) = pointer.get().item(py) else {
        return Err(no_index(pointer.get()));
    };
    let size = usize::try_from(item.get().size_now()).unwrap_or(0);
    if let Some(same) = Value::of(new)
        && let Kind::Array { item: other, .. } = &same.ctype().get().kind
        && other.bind(py).is(item)
        && same.array_length() == length
    {
        // SAFETY: both hold `length` items of this type; they may overlap.
        unsafe { same.data().copy_to(at, size * length) };
        return Ok(());
    }
    if item
        .get()
        .primitive()
        .is_some_and(|one| one.is_narrow_char())
    {
        let bytes = match (new.cast::<PyBytes>(), new.cast::<PyByteArray>()) {
            (Ok(bytes), _) => Some(bytes.as_bytes().to_vec()),
            (_, Ok(array)) => Some(array.to_vec()),
            _ => None,
        };
        if let Some(bytes) = bytes {
            if bytes.len() != length {
                return Err(PyValueError::new_err(format!(
                    "need a string of length {length}, got {}",
                    bytes.len()
                )));
            }
            // SAFETY: the slice has room for `length` bytes.
            unsafe { bytes.as_ptr().copy_to(at, length) };
            return Ok(());
        }
    }
    let mut items = new.try_iter()?;
    for index in 0..length {
        let Some(one) = items.next() else {
            return Err(PyValueError::new_err(format!(
                "need {length} values to unpack, got {index}"
            )));
        };
        // SAFETY: the item lies inside the slice.
        unsafe { to_c(at.add(index * size), item, &one?)? };
    }
    match items.next() {
        None => Ok(()),
        Some(one) => {
            one?;
            Err(PyValueError::new_err(format!(
                "got more than {length} values to unpack"
            )))
        }
    }
}

/// What a name means for a cdata.
enum Named<'py> {
    Field(Bound<'py, CField>),
    /// No field; the reason if the object has no such attribute either.
    Other(Reason),
}

/// Why a name is no field.
enum Reason {
    NoRecord,
    NoField,
    /// What cannot be done with the fields of an opaque type.
    Opaque(&'static str),
}

fn named<'py>(
    value: Value<'_, 'py>,
    name: &Bound<'py, PyAny>,
    does: &'static str,
) -> PyResult<Named<'py>> {
    let py = value.py();
    let ctype = value.ctype();
    let record = ctype.get().target(py).unwrap_or(ctype);
    if record.get().record().is_none() {
        return Ok(Named::Other(Reason::NoRecord));
    }
    let Some(fields) = layout(record)? else {
        return Ok(Named::Other(Reason::Opaque(does)));
    };
    use pyo3::types::PyDictMethods;
    match fields.fields.bind(py).get_item(name)? {
        // SAFETY: the dictionary of a layout holds fields only; it never leaves this crate.
        Some(field) => Ok(Named::Field(unsafe { field.cast_into_unchecked() })),
        None => Ok(Named::Other(Reason::NoField)),
    }
}

/// The error of an unknown attribute, in words about the C value.
fn explain(value: Value<'_, '_>, error: PyErr, reason: Reason, name: &Bound<'_, PyAny>) -> PyErr {
    if !error.is_instance_of::<PyAttributeError>(value.py()) {
        return error;
    }
    let ctype = &value.ctype().get().name;
    let name = name.cast::<PyString>().map_or_else(
        |_| String::new(),
        |name| name.to_string_lossy().into_owned(),
    );
    PyAttributeError::new_err(match reason {
        Reason::NoRecord => format!("cdata '{ctype}' has no attribute '{name}'"),
        Reason::NoField => format!("cdata '{ctype}' has no field '{name}'"),
        Reason::Opaque(does) => {
            format!("cdata '{ctype}' points to an opaque type: cannot {does} fields")
        }
    })
}

/// What a quick look for a field finds.
enum Look {
    /// Its number.
    Number(*mut ffi::PyObject),
    /// No field of this name.
    NoField,
    /// There is more to do than to read a number.
    More,
}

/// # Safety
/// `object` is a living cdata, `name` a living `str`, and the GIL is held.
unsafe fn look_for_field(object: *mut ffi::PyObject, name: *mut ffi::PyObject) -> Look {
    // SAFETY: the caller's promise. A layout's dictionary holds fields only, and a field lies
    // inside the record, as far as the pointer is right.
    unsafe {
        let raw = Raw::known(object);
        let of = raw.ctype.get();
        let record = match &of.kind {
            Kind::Pointer { item, .. } => item.get(),
            _ => of,
        };
        let Some(record) = record.record() else {
            return Look::NoField;
        };
        let Some(layout) = record.layout.get() else {
            return Look::More;
        };
        let py = Python::assume_attached();
        let field = ffi::PyDict_GetItemWithError(layout.fields.as_ptr(), name);
        if field.is_null() {
            return match ffi::PyErr_Occurred().is_null() {
                true => Look::NoField,
                false => Look::More,
            };
        }
        let field = borrow(py, &field).cast_unchecked::<CField>().get();
        let primitive = match &field.ctype.get().kind {
            Kind::Primitive(primitive) if field.bitshift == PLAIN => primitive,
            _ => return Look::More,
        };
        match number_at(raw.data.wrapping_add(field.offset), *primitive) {
            Some(number) => Look::Number(number),
            None => Look::More,
        }
    }
}

/// `x.name`.
pub unsafe extern "C" fn get_attribute(
    object: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: a slot is called with a cdata and a name.
    match unsafe { look_for_field(object, name) } {
        Look::Number(number) => return number,
        Look::NoField => {
            // SAFETY: as above.
            let found = unsafe { ffi::PyObject_GenericGetAttr(object, name) };
            if !found.is_null() {
                return found;
            }
        }
        Look::More => {}
    }
    guard_object(|py| {
        // What the look has raised will be raised again, in words about the C value.
        drop(PyErr::take(py));
        // SAFETY: a slot is called with living objects.
        let (value, name) = unsafe { (Value::expect(borrow(py, &object))?, borrow(py, &name)) };
        let reason = match named(value, name, "read")? {
            Named::Field(field) => return get_field(value, field.get()),
            Named::Other(reason) => reason,
        };
        // SAFETY: as above.
        let found = unsafe {
            Bound::from_owned_ptr_or_err(
                py,
                ffi::PyObject_GenericGetAttr(value.object.as_ptr(), name.as_ptr()),
            )
        };
        found.map_err(|error| explain(value, error, reason, name))
    })
}

fn get_field<'py>(value: Value<'_, 'py>, field: &CField) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let at = value.data().wrapping_add(field.offset);
    let ctype = field.ctype.bind(py);
    match field.bitshift {
        // SAFETY: the field lies inside the record, as far as the pointer is right.
        PLAIN => unsafe { from_c(at, ctype) },
        OPEN_ARRAY => match (value.open_record_size(), &ctype.get().kind) {
            (Some(size), Kind::Array { item, .. }) if size >= field.offset => {
                let each = usize::try_from(item.bind(py).get().size_now())
                    .unwrap_or(1)
                    .max(1);
                cdata::sized(ctype, at, ((size - field.offset) / each).cast_signed())
            }
            (_, Kind::Array { pointer, .. }) => cdata::plain(pointer.bind(py), at),
            _ => Err(no_index(ctype.get())),
        },
        // SAFETY: as above.
        _ => unsafe { from_bits(py, at, field) },
    }
}

/// `x.name = y`.
pub unsafe extern "C" fn set_attribute(
    object: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
    new: *mut ffi::PyObject,
) -> c_int {
    guard(-1, |py| {
        // SAFETY: a slot is called with living objects.
        let (value, name) = unsafe { (Value::expect(borrow(py, &object))?, borrow(py, &name)) };
        let reason = match named(value, name, "write")? {
            Named::Field(_) if new.is_null() => {
                return Err(PyAttributeError::new_err("cannot delete struct field"));
            }
            Named::Field(field) => {
                // SAFETY: the field lies inside the record, as far as the pointer is right.
                unsafe { field_to_c(value.data(), field.get(), borrow(py, &new), py)? };
                return Ok(0);
            }
            Named::Other(reason) => reason,
        };
        // SAFETY: as above.
        let done =
            unsafe { ffi::PyObject_GenericSetAttr(value.object.as_ptr(), name.as_ptr(), new) };
        if done < 0 {
            return Err(explain(value, PyErr::fetch(py), reason, name));
        }
        Ok(0)
    })
}

/// The items of an array, one after the other.
#[pyclass(frozen, module = "_cffi_backend", name = "__CData_iterator")]
pub struct Items {
    array: Py<PyAny>,
    next: Cell<usize>,
}

// SAFETY: the cell is used with the GIL held only.
unsafe impl Sync for Items {}

#[pymethods]
impl Items {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// Never called: see [`Items::class`]. Its presence makes the type an iterator.
    fn __next__(&self) -> Option<Py<PyAny>> {
        None
    }
}

impl Items {
    /// Gives the type its own way to the next item, once, before the first object.
    fn class(py: Python<'_>) {
        static READY: PyOnceLock<()> = PyOnceLock::new();
        READY.get_or_init(py, || {
            let class = py.get_type::<Items>();
            // SAFETY: the type has no objects yet and cannot be derived from.
            unsafe {
                (*class.as_type_ptr()).tp_iternext = Some(next_item);
                ffi::PyType_Modified(class.as_type_ptr());
            }
        });
    }
}

unsafe extern "C" fn next_item(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: a slot is called with a living object of its type, which keeps the array alive.
    unsafe {
        let py = Python::assume_attached();
        let items = borrow(py, &object).cast_unchecked::<Items>();
        let raw = Raw::known(items.get().array.as_ptr());
        let Kind::Array { item, length, .. } = &raw.ctype.get().kind else {
            return std::ptr::null_mut();
        };
        let index = items.get().next.get();
        if index >= length.unwrap_or(raw.length.unsigned_abs()) {
            return std::ptr::null_mut();
        }
        items.get().next.set(index + 1);
        let offset = index.wrapping_mul(item.get().size_now().unsigned_abs());
        let at = raw.data.wrapping_add(offset);
        if let Kind::Primitive(primitive) = &item.get().kind
            && let Some(number) = number_at(at, *primitive)
        {
            return number;
        }
        guard_object(|py| from_c(at, item.bind(py)))
    }
}

/// `iter(x)`.
pub unsafe extern "C" fn iterate(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a slot is called with a living object.
        let value = Value::expect(unsafe { borrow(py, &object) })?;
        if !value.ctype().get().is_array() {
            return Err(PyTypeError::new_err(format!(
                "cdata '{}' does not support iteration",
                value.ctype().get().name
            )));
        }
        let items = Items {
            array: value.object.clone().unbind(),
            next: Cell::new(0),
        };
        Items::class(py);
        Ok(Bound::new(py, items)?.into_any())
    })
}
