//! `lib` of a compiled module: a module object whose functions are built-in functions.

use std::ffi::c_int;
use std::mem::zeroed;

use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString};

use crate::ctype::{CType, Kind, Type, size_of_type};
use crate::declared::{Declared, read_integer};
use crate::errors::ffi_error;
use crate::glue::{self, Tables};
use crate::produce::from_c;
use crate::slots::{borrow, guard, guard_object};
use crate::{cdata, compose, convert, extern_python};

/// The name under which a `lib` keeps its declarations.
const DECLARED: &str = "__cffi_declared__";

// SAFETY: a type object of zeros is what C's static initialisers begin with as well.
static mut LIB: ffi::PyTypeObject = unsafe { zeroed() };

/// Makes the type `Lib` ready, once.
pub fn ready(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: called while the module is made, with the GIL held, before any object exists. A
    // derived type takes size, collection and dictionary from `module`.
    unsafe {
        let lib = &raw mut LIB;
        if (*lib).tp_flags & ffi::Py_TPFLAGS_READY == 0 {
            (*lib).ob_base.ob_base = ffi::PyObject_HEAD_INIT;
            (*lib).tp_name = c"_rust_cffi.Lib".as_ptr();
            (*lib).tp_flags = ffi::Py_TPFLAGS_DEFAULT;
            (*lib).tp_base = &raw mut ffi::PyModule_Type;
            (*lib).tp_getattro = Some(get_attribute);
            (*lib).tp_setattro = Some(set_attribute);
            (*lib).tp_repr = Some(repr);
            if ffi::PyType_Ready(lib) < 0 {
                return Err(PyErr::fetch(py));
            }
        }
        Ok(Bound::from_borrowed_ptr(py, lib.cast()))
    }
}

/// The `lib` of a module with these declarations.
pub fn make<'py>(declared: &Bound<'py, Declared>) -> PyResult<Bound<'py, PyAny>> {
    let py = declared.py();
    let tables = declared.get().tables();
    let name = PyString::new(py, tables.name());
    let lib = ready(py)?.call1((format!("{}.lib", tables.name()),))?;
    let dict = dict_of(&lib)?;
    dict.set_item(DECLARED, declared)?;
    let all = names(tables);
    dict.set_item("__all__", &all)?;
    // The `__dir__` of a module asks this one.
    let dir = PyCFunction::new_closure(py, Some(c"__dir__"), None, move |_, _| all.clone())?;
    dict.set_item("__dir__", dir)?;
    for at in tables.externs() {
        // SAFETY: a row of the generated module.
        let row = unsafe { &*at };
        dict.set_item(row.name(), extern_value(declared, row)?)?;
    }
    for row in tables.functions() {
        let function = if row.has_wrapper() {
            let method = (&raw const row.method).cast_mut();
            // SAFETY: the definition is static in the generated module; it is read only.
            unsafe {
                Bound::from_owned_ptr_or_err(
                    py,
                    ffi::PyCFunction_NewEx(method, lib.as_ptr(), name.as_ptr()),
                )?
            }
        } else {
            function_value(declared, row)?
        };
        dict.set_item(row.name(), function)?;
    }
    // So that `from _module.lib import add` works.
    let modules = py.import("sys")?.getattr("modules")?;
    modules.set_item(format!("{}.lib", tables.name()), &lib)?;
    Ok(lib)
}

fn function_value<'py>(
    declared: &Bound<'py, Declared>,
    row: &glue::Function,
) -> PyResult<Bound<'py, PyAny>> {
    let text = row.type_text().unwrap_or_default();
    let ctype = Declared::parse(declared, text)?.decayed();
    cdata::plain(&ctype, row.address.cast())
}

fn extern_value<'py>(
    declared: &Bound<'py, Declared>,
    row: &glue::Extern,
) -> PyResult<Bound<'py, PyAny>> {
    let text = row.type_text().unwrap_or_default();
    let ctype = Declared::parse(declared, text)?.decayed();
    cdata::plain(&ctype, row.address.cast())
}

/// `def_extern`: attaches a Python function to the `extern "Python"` function `name`.
///
/// # Errors
/// `error` when there is none of this name; those of a callback.
pub fn attach<'py>(
    declared: &Bound<'py, Declared>,
    name: &str,
    callable: &Bound<'py, PyAny>,
    error: Option<&Bound<'py, PyAny>>,
    onerror: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    for at in declared.get().tables().externs() {
        // SAFETY: a row of the generated module, which stays loaded.
        unsafe {
            if (*at).name() == name {
                let text = (*at).type_text().unwrap_or_default();
                let ctype = Declared::parse(declared, text)?.decayed();
                let slot = &raw mut (*at).slot;
                return extern_python::attach(slot, &ctype, callable, error, onerror);
            }
        }
    }
    let message =
        format!("ffi.def_extern('{name}'): no 'extern \"Python\"' function with this name");
    Err(ffi_error(declared.py(), message))
}

/// Whether an object is a `lib`.
pub fn is_lib(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: any object has a type.
    unsafe { ffi::Py_TYPE(object.as_ptr()) == &raw mut LIB }
}

fn dict_of<'py>(lib: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: a `lib` is a module; its dictionary lives as long as it does.
    unsafe {
        let dict = ffi::PyModule_GetDict(lib.as_ptr());
        Bound::from_borrowed_ptr_or_err(lib.py(), dict)?
            .cast_into::<PyDict>()
            .map_err(Into::into)
    }
}

fn declared_of<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Bound<'py, Declared>> {
    match dict.get_item(DECLARED)? {
        Some(declared) => Ok(declared.cast_into::<Declared>()?),
        None => Err(PyTypeError::new_err("a lib without declarations")),
    }
}

unsafe extern "C" fn get_attribute(
    object: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // The common case, a function, without more ado.
    // SAFETY: a slot is called with living objects; the dictionary of a module is never null.
    unsafe {
        let dict = ffi::PyModule_GetDict(object);
        let found = ffi::PyDict_GetItemWithError(dict, name);
        if !found.is_null() {
            ffi::Py_INCREF(found);
            return found;
        }
    }
    guard_object(|py| {
        if let Some(error) = PyErr::take(py) {
            return Err(error);
        }
        // SAFETY: as above.
        let (lib, name) = unsafe { (borrow(py, &object), borrow(py, &name)) };
        let name = name.cast::<PyString>()?;
        if let Some(found) = lookup(lib, name.to_str()?)? {
            return Ok(found);
        }
        // SAFETY: as above.
        let found = unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::PyObject_GenericGetAttr(object, name.as_ptr()))
        };
        found.map_err(|_| no_such(lib, name))
    })
}

fn no_such(lib: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> PyErr {
    let module = dict_of(lib)
        .and_then(|dict| declared_of(&dict))
        .map_or("?", |declared| declared.get().tables().name());
    PyAttributeError::new_err(format!(
        "cffi library '{module}' has no function, constant or global variable named '{}'",
        name.to_string_lossy()
    ))
}

/// Constants are kept once they have been read; variables are read each time.
fn lookup<'py>(lib: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let dict = dict_of(lib)?;
    let declared = declared_of(&dict)?;
    if let Some((ctype, at)) = variable(&declared, name)? {
        // SAFETY: the address is that of a variable of this type in the generated module.
        return unsafe { from_c(at, &ctype) }.map(Some);
    }
    let Some(value) = constant(&declared, name)? else {
        return Ok(None);
    };
    dict.set_item(name, &value)?;
    Ok(Some(value))
}

fn variable<'py>(
    declared: &Bound<'py, Declared>,
    name: &str,
) -> PyResult<Option<(Bound<'py, CType>, *mut u8)>> {
    let tables = declared.get().tables();
    let Some(row) = tables.variables().iter().find(|row| row.name() == name) else {
        return Ok(None);
    };
    let text = row.full_type().unwrap_or_default();
    let ctype = Declared::parse(declared, &text)?.decayed();
    // SAFETY: the function is part of the generated module.
    let at = unsafe { (row.address)() };
    Ok(Some((ctype, at.cast())))
}

fn constant<'py>(
    declared: &Bound<'py, Declared>,
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = declared.py();
    let tables = declared.get().tables();
    let enumerator = tables
        .enums()
        .iter()
        .flat_map(glue::Enum::names)
        .find(|row| row.name() == name);
    if let Some(row) = enumerator {
        return read_integer(py, row.read).map(Some);
    }
    let Some(row) = tables.constants().iter().find(|row| row.name() == name) else {
        return Ok(None);
    };
    match (row.read, row.copy) {
        (Some(read), _) => checked_integer(py, row, read).map(Some),
        (None, Some(copy)) => {
            let text = row.type_text().unwrap_or_default();
            let ctype = Declared::parse(declared, text)?.decayed();
            let size = usize::try_from(size_of_type(&ctype)?).unwrap_or(0);
            // The value may be a struct that a cdata goes on pointing to.
            let room = Box::leak(vec![0u128; size.div_ceil(16).max(1)].into_boxed_slice());
            // SAFETY: the room is that of the type; the function is part of the generated module.
            unsafe {
                copy(room.as_mut_ptr().cast());
                from_c(room.as_mut_ptr().cast(), &ctype).map(Some)
            }
        }
        (None, None) => Ok(None),
    }
}

fn checked_integer<'py>(
    py: Python<'py>,
    row: &glue::Constant,
    read: glue::Read,
) -> PyResult<Bound<'py, PyAny>> {
    let value = read_integer(py, read)?;
    if let Some(claimed) = row.claimed()
        && value.str()?.to_str()? != claimed
    {
        return Err(ffi_error(
            py,
            format!(
                "the C compiler says '{}' is equal to {value}, but the cdef disagrees",
                row.name()
            ),
        ));
    }
    Ok(value)
}

unsafe extern "C" fn set_attribute(
    object: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int {
    guard(-1, |py| {
        // SAFETY: a slot is called with living objects.
        let (lib, name) = unsafe { (borrow(py, &object), borrow(py, &name)) };
        let name = name.cast::<PyString>()?;
        let dict = dict_of(lib)?;
        let text = name.to_str()?;
        // The import machinery sets such names on modules.
        if text.starts_with("__") && !value.is_null() {
            // SAFETY: as above.
            dict.set_item(name, unsafe { borrow(py, &value) })?;
            return Ok(0);
        }
        let declared = declared_of(&dict)?;
        if let Some((ctype, at)) = variable(&declared, text)? {
            if value.is_null() {
                return Err(PyAttributeError::new_err("C attribute cannot be deleted"));
            }
            // SAFETY: the address is that of a variable of this type in the generated module.
            unsafe { convert::to_c(at, &ctype, borrow(py, &value))? };
            return Ok(0);
        }
        if dict.contains(name)? || constant(&declared, text)?.is_some() {
            return Err(PyAttributeError::new_err(format!(
                "cannot write to function or constant '{text}'"
            )));
        }
        Err(no_such(lib, name))
    })
}

unsafe extern "C" fn repr(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    guard_object(|py| {
        // SAFETY: a slot is called with a living object.
        let dict = dict_of(unsafe { borrow(py, &object) })?;
        let name = declared_of(&dict)?.get().tables().name();
        Ok(PyString::new(py, &format!("<Lib object for '{name}'>")).into_any())
    })
}

/// All names that a `lib` offers.
fn names(tables: Tables) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = tables
        .functions()
        .iter()
        .map(glue::Function::name)
        .chain(tables.constants().iter().map(glue::Constant::name))
        .chain(tables.variables().iter().map(glue::Variable::name))
        .chain(
            tables
                .enums()
                .iter()
                .flat_map(glue::Enum::names)
                .map(glue::Enumerator::name),
        )
        // SAFETY: rows of the generated module.
        .chain(tables.externs().map(|row| unsafe { (*row).name() }))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `addressof(lib, name)`.
pub fn address<'py>(lib: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let dict = dict_of(lib)?;
    let declared = declared_of(&dict)?;
    if let Some((ctype, at)) = variable(&declared, name)? {
        let ctype: Type<'_, 'py> = &ctype;
        return cdata::plain(&compose::pointer(ctype)?, at);
    }
    let tables = declared.get().tables();
    match tables.functions().iter().find(|row| row.name() == name) {
        Some(row) => function_value(&declared, row),
        None => Err(no_such(lib, &PyString::new(lib.py(), name))),
    }
}

/// The function pointer behind a function of a `lib`, as a cdata; `None` for any other object.
///
/// # Errors
/// Those of making its type.
pub fn function_pointer<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if !object.is_instance_of::<PyCFunction>() {
        return Ok(None);
    }
    let py = object.py();
    // SAFETY: it is a built-in function; what it is bound to may be null.
    let lib =
        unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyCFunction_GetSelf(object.as_ptr())) };
    let Some(lib) = lib.filter(is_lib) else {
        return Ok(None);
    };
    let declared = declared_of(&dict_of(&lib)?)?;
    let name: String = object.getattr("__name__")?.extract()?;
    let row = declared
        .get()
        .tables()
        .functions()
        .iter()
        .find(|row| row.name() == name);
    let Some(row) = row else {
        return Ok(None);
    };
    let made = function_value(&declared, row)?;
    let is_function = |one: Type<'_, '_>| matches!(one.get().kind, Kind::Function(_));
    Ok(cdata::Value::of(&made)
        .is_some_and(|value| is_function(value.ctype()))
        .then_some(made))
}
