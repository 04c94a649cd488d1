//! Makes types out of types, and keeps one object per type.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;

use pyo3::exceptions::{PyKeyError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyWeakrefMethods, PyWeakrefReference};

use crate::convert;
use crate::ctype::{CType, Kind, Record, Type, size_of_type};
use crate::function::{Function, Prepared, function_name};
use crate::primitive::Primitive;

/// What makes two types the same. Addresses stay unique: a type keeps alive what its key names.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Named(String),
    /// A record or an enum, by the number of its declaration.
    Declared(u64),
    Pointer(usize),
    Array(usize, Option<usize>),
    Function {
        result: usize,
        arguments: Vec<usize>,
        variadic: bool,
        abi: i32,
    },
}

/// Weak references, so that the table keeps no type alive.
struct Shared(RefCell<HashMap<Key, Py<PyWeakrefReference>>>);

// SAFETY: used with the GIL held only.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

static SHARED: std::sync::LazyLock<Shared> =
    std::sync::LazyLock::new(|| Shared(RefCell::new(HashMap::new())));

fn find<'py>(py: Python<'py>, key: &Key) -> Option<Bound<'py, CType>> {
    let table = SHARED.0.borrow();
    let reference = table.get(key)?.bind(py).clone();
    drop(table);
    reference.upgrade()?.cast_into::<CType>().ok()
}

fn share<'py>(py: Python<'py>, key: Key, made: CType) -> PyResult<Bound<'py, CType>> {
    if let Some(same) = find(py, &key) {
        return Ok(same);
    }
    let made = Bound::new(py, made)?;
    let reference = PyWeakrefReference::new(made.as_any())?.unbind();
    insert(py, key, reference);
    Ok(made)
}

/// The record or enum that was made for a declaration and still lives.
pub fn declared(py: Python<'_>, id: u64) -> Option<Bound<'_, CType>> {
    find(py, &Key::Declared(id))
}

/// Notes that `made` is the type of a declaration, for all who include it.
pub fn declare(id: u64, made: Type<'_, '_>) -> PyResult<()> {
    let reference = PyWeakrefReference::new(made.as_any())?.unbind();
    insert(made.py(), Key::Declared(id), reference);
    Ok(())
}

fn insert(py: Python<'_>, key: Key, reference: Py<PyWeakrefReference>) {
    let mut table = SHARED.0.borrow_mut();
    // Dead entries are swept when the table has doubled, so that it stays as large as what lives.
    if table.len() >= 256 && table.len().is_power_of_two() {
        table.retain(|_, reference| reference.bind(py).upgrade().is_some());
    }
    table.insert(key, reference);
}

fn address(ctype: Type<'_, '_>) -> usize {
    ctype.as_ptr() as usize
}

/// The primitive type `name`.
pub fn primitive<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, CType>> {
    let key = Key::Named(name.to_owned());
    if let Some(same) = find(py, &key) {
        return Ok(same);
    }
    let primitive = Primitive::named(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
    let kind = Kind::Primitive(primitive);
    let size = primitive.size.cast_signed();
    share(
        py,
        key,
        CType::new(name.to_owned(), name.len(), kind, size, primitive.align),
    )
}

/// `void`.
pub fn void(py: Python<'_>) -> PyResult<Bound<'_, CType>> {
    let made = CType::new("void".to_owned(), 4, Kind::Void, -1, 0);
    share(py, Key::Named("void".to_owned()), made)
}

/// `item *`.
pub fn pointer<'py>(item: Type<'_, 'py>) -> PyResult<Bound<'py, CType>> {
    let py = item.py();
    let key = Key::Pointer(address(item));
    if let Some(same) = find(py, &key) {
        return Ok(same);
    }
    let text = if item.get().is_array() { "(*)" } else { " *" };
    let kind = Kind::Pointer {
        item: item.clone().unbind(),
        open_array: OnceCell::new(),
    };
    let word = size_of::<usize>();
    let name = item.get().name_around(text);
    let position = item.get().name_position + 2;
    share(
        py,
        key,
        CType::new(name, position, kind, word.cast_signed(), word),
    )
}

/// `item[length]`, or `item[]`, given `item *`.
pub fn array<'py>(pointer: Type<'_, 'py>, length: Option<usize>) -> PyResult<Bound<'py, CType>> {
    let py = pointer.py();
    let Some(item) = pointer.get().target(py) else {
        return Err(PyTypeError::new_err("first arg must be a pointer ctype"));
    };
    let Ok(item_size) = usize::try_from(size_of_type(item)?) else {
        return Err(PyValueError::new_err(format!(
            "array item of unknown size: '{}'",
            item.get().name
        )));
    };
    let size = match length {
        None => -1,
        Some(length) => length
            .checked_mul(item_size)
            .and_then(|size| isize::try_from(size).ok())
            .ok_or_else(too_large)?,
    };
    let key = Key::Array(address(pointer), length);
    if let Some(same) = find(py, &key) {
        return Ok(same);
    }
    let text = length.map_or_else(|| "[]".to_owned(), |length| format!("[{length}]"));
    let kind = Kind::Array {
        item: item.clone().unbind(),
        pointer: pointer.clone().unbind(),
        length,
    };
    let name = item.get().name_around(&text);
    share(
        py,
        key,
        CType::new(name, item.get().name_position, kind, size, 0),
    )
}

/// The error of a size beyond the address space.
pub fn too_large() -> PyErr {
    PyOverflowError::new_err("array size would overflow a Py_ssize_t")
}

/// `item[]` for `pointer`, made once and kept with it.
pub fn open_array<'a, 'py>(pointer: Type<'a, 'py>) -> PyResult<Type<'a, 'py>> {
    let py = pointer.py();
    let Kind::Pointer { open_array, .. } = &pointer.get().kind else {
        return Err(PyTypeError::new_err("first arg must be a pointer ctype"));
    };
    if open_array.get().is_none() {
        let made = array(pointer, None)?.unbind();
        // Making the array may have run other code that filled the cell; either is the same type.
        let _ = open_array.set(made);
    }
    match open_array.get() {
        Some(made) => Ok(made.bind(py)),
        None => Err(PyTypeError::new_err("first arg must be a pointer ctype")),
    }
}

/// An unfinished struct or union.
pub fn record<'py>(py: Python<'py>, name: &str, union: bool) -> PyResult<Bound<'py, CType>> {
    let record = Record {
        union,
        file: !union && matches!(name, "struct _IO_FILE" | "FILE"),
        layout: OnceCell::new(),
        completion: RefCell::new(None),
        completing: Cell::new(false),
    };
    let made = CType::new(name.to_owned(), name.len(), Kind::Record(record), -1, 0);
    Bound::new(py, made)
}

/// A pointer to a function.
pub fn function<'py>(
    arguments: &[Bound<'py, CType>],
    result: Type<'_, 'py>,
    variadic: bool,
    abi: i32,
) -> PyResult<Bound<'py, CType>> {
    let py = result.py();
    check_result(result)?;
    let (name, position) = function_name(arguments, result, variadic);
    // C hands arrays over as pointers.
    let arguments: Vec<Bound<'py, CType>> = arguments
        .iter()
        .map(|argument| match &argument.get().kind {
            Kind::Array { pointer, .. } => pointer.bind(py).clone(),
            _ => argument.clone(),
        })
        .collect();
    let key = Key::Function {
        result: address(result),
        arguments: arguments.iter().map(|one| address(one)).collect(),
        variadic,
        abi,
    };
    if let Some(same) = find(py, &key) {
        return Ok(same);
    }
    let prepared = if variadic {
        None
    } else {
        let borrowed: Vec<&Bound<'_, CType>> = arguments.iter().collect();
        match Prepared::new(&borrowed, result, None) {
            Ok(prepared) => Some(prepared),
            // The function may be declared all the same; calling it says why it cannot be called.
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyNotImplementedError>(py) => {
                None
            }
            Err(error) => return Err(error),
        }
    };
    let function = Function {
        result: result.clone().unbind(),
        arguments: arguments.into_iter().map(Bound::unbind).collect(),
        variadic,
        abi,
        prepared,
    };
    let word = size_of::<usize>();
    let kind = Kind::Function(function);
    share(
        py,
        key,
        CType::new(name, position, kind, word.cast_signed(), word),
    )
}

fn check_result(result: Type<'_, '_>) -> PyResult<()> {
    let of = result.get();
    let wrong = match &of.kind {
        Kind::Void => return Ok(()),
        Kind::Record(_) if size_of_type(result)? < 0 => "result type '{}' is not yet initialized",
        Kind::Array { .. } => "invalid result type: '{}'",
        _ => return Ok(()),
    };
    Err(PyTypeError::new_err(wrong.replace("{}", &of.name)))
}

/// An enum type; values are checked against the integer type that it is based on.
pub fn enumeration<'py>(
    py: Python<'py>,
    name: &str,
    enumerators: &Bound<'py, PyTuple>,
    enumvalues: &Bound<'py, PyTuple>,
    base: Type<'_, 'py>,
) -> PyResult<Bound<'py, CType>> {
    if enumerators.len() != enumvalues.len() {
        return Err(PyValueError::new_err("tuple args must have the same size"));
    }
    let Some(primitive) = base.get().primitive().filter(|base| base.is_integer()) else {
        return Err(PyTypeError::new_err(
            "expected a primitive signed or unsigned base type",
        ));
    };
    let (values, names) = (PyDict::new(py), PyDict::new(py));
    // Backwards, so that of several names for one value the first is kept.
    for index in (0..enumerators.len()).rev() {
        let (key, value) = (enumerators.get_item(index)?, enumvalues.get_item(index)?);
        if !key.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err(
                "enumerators must be a list of strings",
            ));
        }
        let mut room = 0u64;
        // SAFETY: eight bytes hold a value of every integer type.
        unsafe { convert::to_c((&raw mut room).cast(), base, &value)? };
        values.set_item(&key, &value)?;
        names.set_item(&value, &key)?;
    }
    let kind = Kind::Enum {
        base: primitive,
        values: values.unbind(),
        names: names.unbind(),
    };
    let size = primitive.size.cast_signed();
    Bound::new(
        py,
        CType::new(name.to_owned(), name.len(), kind, size, primitive.align),
    )
}
