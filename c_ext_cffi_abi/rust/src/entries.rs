//! What the names of `lib` stand for: built-in functions, constants, variables, function pointers.

use std::ffi::{CString, c_int, c_void};

use pyo3::exceptions::PyNotImplementedError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::cdef::{Cdef, InLibrary};
use crate::ctype::{Kind, Type, size_of_type};
use crate::declared::Declared;
use crate::errors::ffi_error;
use crate::glue::{self, Tables};
use crate::lib_object::Lib;
use crate::library::CLibrary;
use crate::opcode::code;
use crate::produce::from_c;
use crate::stock_tables::Global;
use crate::variable::{Place, Variable};
use crate::{cdata, function, generated, stock};

/// What a name of a module of stock cffi is.
///
/// # Errors
/// `error` when the compiler or the loader contradicts the declaration.
pub fn from_stock<'py>(
    lib: &Bound<'py, Lib>,
    declared: &Bound<'py, Declared>,
    global: &Global,
) -> PyResult<Bound<'py, PyAny>> {
    let py = lib.py();
    let name: &str = &global.name;
    let found = || Declared::at_word(declared, global.type_word());
    match global.code() {
        code::WRAPPER_TUPLE => wrapper(lib, global, &found()?.decayed(), ffi::METH_VARARGS),
        code::WRAPPER_NONE => wrapper(lib, global, &found()?.decayed(), ffi::METH_NOARGS),
        code::WRAPPER_ONE => wrapper(lib, global, &found()?.decayed(), ffi::METH_O),
        code::INTEGER | code::ENUM => stock::integer(py, global),
        code::CONSTANT | code::OPENED_CONSTANT => {
            let ctype = found()?.typed()?;
            let size = constant_size(name, &ctype)?;
            if global.address.is_null() {
                let at = lib.get().symbol(py, name)?;
                // SAFETY: the symbol is what the declaration says, for which the caller vouches.
                return unsafe { from_c(at.cast(), &ctype) };
            }
            // SAFETY: for such a name, the module's address is that of a function which copies
            // the value to where it is told.
            let copy = unsafe { std::mem::transmute::<*mut c_void, Copy>(global.address) };
            copied(&ctype, size, copy)
        }
        code::VARIABLE => {
            let ctype = found()?.typed()?;
            let (size, told) = (size_of_type(&ctype)?, global.extra as isize);
            if told != 0 && size > 0 && size != told {
                let message = format!(
                    "global variable '{name}' should be {size} bytes according to the cdef, but \
                     is actually {told}"
                );
                return Err(ffi_error(py, message));
            }
            let place = if global.address.is_null() {
                lib.get().symbol(py, name)?
            } else {
                global.address
            };
            variable(name, &ctype, Place::At(place))
        }
        code::VARIABLE_BY_CALL => {
            // SAFETY: for such a name, the module's address is that of a function which tells the
            // variable's address.
            let ask = unsafe { std::mem::transmute::<*mut c_void, Ask>(global.address) };
            variable(name, &found()?.typed()?, Place::Asked(ask))
        }
        code::OPENED_FUNCTION => {
            let at = lib.get().symbol(py, name)?;
            cdata::plain(&found()?.decayed(), at.cast())
        }
        code::EXTERN_PYTHON => cdata::plain(&found()?.typed()?, global.extra.cast()),
        other => Err(PyNotImplementedError::new_err(format!(
            "'{name}' is of an unknown kind ({other})"
        ))),
    }
}

type Copy = unsafe extern "C" fn(*mut c_void);
type Ask = unsafe extern "C" fn() -> *mut c_void;

/// Bytes of a constant.
fn constant_size(name: &str, ctype: Type<'_, '_>) -> PyResult<usize> {
    match usize::try_from(size_of_type(ctype)?) {
        Ok(size) if size > 0 => Ok(size),
        _ => {
            let message = format!(
                "constant '{name}' is of type '{}', whose size is not known",
                ctype.get().name
            );
            Err(ffi_error(ctype.py(), message))
        }
    }
}

/// A constant that is no integer. Its bytes stay: the value may be a struct or an array that a
/// cdata goes on pointing to. There is one per constant of a module, which is never unloaded.
fn copied<'py>(ctype: Type<'_, 'py>, size: usize, copy: Copy) -> PyResult<Bound<'py, PyAny>> {
    let room = Box::leak(vec![0u128; size.div_ceil(16).max(1)].into_boxed_slice());
    // SAFETY: the room is that of the type; the function is part of the module.
    unsafe {
        copy(room.as_mut_ptr().cast());
        from_c(room.as_mut_ptr().cast(), ctype)
    }
}

fn variable<'py>(name: &str, ctype: Type<'_, 'py>, place: Place) -> PyResult<Bound<'py, PyAny>> {
    let made = Variable {
        name: name.to_owned(),
        ctype: ctype.clone().unbind(),
        place,
    };
    made.object(ctype.py())
}

/// A compiled function as a built-in function. Its definition lives as long as the module, which
/// is for ever.
fn wrapper<'py>(
    lib: &Bound<'py, Lib>,
    global: &Global,
    pointer: Type<'_, 'py>,
    flags: c_int,
) -> PyResult<Bound<'py, PyAny>> {
    let text = |text: String| CString::new(text).map(|text| text.into_raw().cast_const());
    // SAFETY: for such a name, the module's address is that of a function which is called so.
    let call = unsafe { std::mem::transmute::<*mut c_void, ffi::PyCFunction>(global.address) };
    let definition = ffi::PyMethodDef {
        ml_name: text(global.name.clone().into_owned())?,
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: flags,
        ml_doc: text(signature(lib, pointer, &global.name))?,
    };
    // SAFETY: the definition is leaked and only read.
    unsafe { built_in(lib, Box::into_raw(Box::new(definition))) }
}

/// What `help` shows for a function.
fn signature(lib: &Bound<'_, Lib>, pointer: Type<'_, '_>, name: &str) -> String {
    let shown = match &pointer.get().kind {
        Kind::Function(function) => function::named(function, name, lib.py()),
        _ => String::new(),
    };
    let title = lib.get().title(lib.py());
    format!("{shown};\n\nCFFI C function from {title}.lib")
}

/// # Safety
/// The definition is never freed.
unsafe fn built_in<'py>(
    lib: &Bound<'py, Lib>,
    definition: *mut ffi::PyMethodDef,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the caller's promise.
    unsafe {
        Bound::from_owned_ptr_or_err(
            lib.py(),
            ffi::PyCFunction_NewEx(definition, lib.as_ptr(), lib.get().name.as_ptr()),
        )
    }
}

/// What a name of a module of our generator is; `None` for none of its names.
///
/// # Errors
/// `error` when the compiler contradicts the declaration.
pub fn from_generated<'py>(
    lib: &Bound<'py, Lib>,
    declared: &Bound<'py, Declared>,
    tables: Tables,
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = lib.py();
    if let Some(row) = tables.functions().iter().find(|row| row.name() == name) {
        if !row.has_wrapper() {
            return function_value(declared, row.type_text(), row.address).map(Some);
        }
        // What is wrong with its type is told now, not at the first call.
        Declared::generated(declared, row.type_text().unwrap_or_default())?;
        let definition = (&raw const row.method).cast_mut();
        // SAFETY: the definition is static in the module, and only read.
        return unsafe { built_in(lib, definition) }.map(Some);
    }
    if let Some(row) = tables.variables().iter().find(|row| row.name() == name) {
        let ctype = Declared::generated(declared, row.type_text().unwrap_or_default())?.decayed();
        return variable(name, &ctype, Place::Asked(row.address)).map(Some);
    }
    if let Some(value) = generated::integer(py, tables, name)? {
        return Ok(Some(value));
    }
    if let Some(row) = tables.constants().iter().find(|row| row.name() == name)
        && let Some(copy) = row.copy
    {
        let ctype = Declared::generated(declared, row.type_text().unwrap_or_default())?.decayed();
        let size = constant_size(name, &ctype)?;
        return copied(&ctype, size, copy).map(Some);
    }
    match generated_extern(tables, name) {
        // SAFETY: a row of the module.
        Some(at) => unsafe { function_value(declared, (*at).type_text(), (*at).address) }.map(Some),
        None => Ok(None),
    }
}

/// The `extern "Python"` function of this name.
pub fn generated_extern(tables: Tables, name: &str) -> Option<*mut glue::Extern> {
    // SAFETY: rows of the module.
    tables.externs().find(|at| unsafe { (**at).name() } == name)
}

/// A function pointer of the type that a text names.
///
/// # Errors
/// Those of making the type.
pub fn function_value<'py>(
    declared: &Bound<'py, Declared>,
    text: Option<&str>,
    address: *mut c_void,
) -> PyResult<Bound<'py, PyAny>> {
    let ctype = Declared::generated(declared, text.unwrap_or_default())?.decayed();
    cdata::plain(&ctype, address.cast())
}

/// What a name of an in-line `FFI` is in an opened library.
///
/// # Errors
/// Those of `in_library`; `AttributeError` for a function and `KeyError` for a variable that the
/// library does not have, `ValueError` when it is closed.
pub fn from_cdef<'py>(
    cdef: &Bound<'py, Cdef>,
    opened: &Bound<'py, CLibrary>,
    name: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let py = cdef.py();
    match cdef.get().in_library(py, name)? {
        InLibrary::Function(ctype) => opened.get().load_function(&ctype, name),
        InLibrary::Variable(ctype) => {
            let at = opened.get().variable(name)?;
            variable(name, &ctype, Place::At(at.cast()))
        }
        InLibrary::Constant(value) => Ok(value.into_pyobject(py)?.into_any()),
    }
}
