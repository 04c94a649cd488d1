//! What surrounds `FFI`: its class attributes, and the modules that hand objects of it out.

use pyo3::exceptions::{PyAttributeError, PyImportError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyString, PyTuple, PyType};

use crate::ctype::{CType, Type};
use crate::declared::{Declared, Include};
use crate::ffi_object::Ffi;
use crate::lib_object::Lib;
use crate::memory::Buffer;
use crate::{builtin, cdata, compose, machine};

/// The class `FFI`, with its class attributes.
///
/// # Errors
/// Those of making them.
pub fn class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    static READY: PyOnceLock<()> = PyOnceLock::new();
    let class = py.get_type::<Ffi>();
    READY.get_or_try_init(py, || give_attributes(&class))?;
    Ok(class)
}

fn give_attributes(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let null = cdata::plain(void_pointer(py)?, std::ptr::null_mut())?;
    class.setattr("NULL", null)?;
    class.setattr("error", crate::errors::class(py)?)?;
    class.setattr("CType", py.get_type::<CType>())?;
    // SAFETY: the type is ready and lives as long as the process.
    let base = unsafe { Bound::from_borrowed_ptr(py, cdata::base_type().cast()) };
    class.setattr("CData", base)?;
    class.setattr("buffer", py.get_type::<Buffer>())?;
    for (name, value) in machine::loader_flags() {
        class.setattr(PyString::new(py, &name.to_string_lossy()), value)?;
    }
    builtin::add_methods(class)
}

/// `void *`.
///
/// # Errors
/// When memory ends.
pub fn void_pointer(py: Python<'_>) -> PyResult<Type<'_, '_>> {
    static MADE: PyOnceLock<Py<CType>> = PyOnceLock::new();
    let made = MADE.get_or_try_init(py, || {
        compose::pointer(&compose::void(py)?).map(Bound::unbind)
    })?;
    Ok(made.bind(py))
}

/// `char[]`.
///
/// # Errors
/// When memory ends.
pub fn char_array(py: Python<'_>) -> PyResult<Type<'_, '_>> {
    static MADE: PyOnceLock<Py<CType>> = PyOnceLock::new();
    let made = MADE.get_or_try_init(py, || {
        let pointer = compose::pointer(&compose::primitive(py, "char")?)?;
        compose::array(&pointer, None).map(Bound::unbind)
    })?;
    Ok(made.bind(py))
}

/// Gives a compiled module its `ffi` and `lib`.
///
/// The class `FFI` takes longer to make than all the rest, and a program may need `lib` alone: `ffi` is made when the
/// module is first asked for it.
///
/// # Errors
/// Those of making them.
pub fn publish<'py>(
    module: &Bound<'py, PyAny>,
    name: &str,
    declared: &Bound<'py, Declared>,
    lib: &Bound<'py, Lib>,
) -> PyResult<()> {
    let py = module.py();
    module.setattr("lib", lib)?;
    let owner = PyTuple::new(py, [module, declared.as_any()])?;
    module.setattr("__getattr__", builtin::late_attributes(&owner)?)?;
    module.setattr("__all__", ("ffi", "lib"))?;
    // So that `from _module.lib import add` works.
    let modules = py.import("sys")?.getattr("modules")?;
    modules.set_item(format!("{name}.lib"), lib)
}

/// An attribute that a compiled module does not have yet.
///
/// # Errors
/// `AttributeError` for all but `ffi`; those of making that.
pub fn late<'py>(
    owner: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = owner.py();
    let (module, declared): (Bound<'py, PyModule>, Bound<'py, Declared>) = owner.extract()?;
    if name.extract::<&str>()? != "ffi" {
        return Err(PyAttributeError::new_err(format!(
            "module '{}' has no attribute '{name}'",
            module.name()?
        )));
    }
    class(py)?;
    let made = Bound::new(py, Ffi::over(&declared))?;
    // Making it may run other code, which may have asked as well: all get the same one.
    module.dict().call_method1("setdefault", (name, made))
}

/// Imports the modules that a compiled module includes.
///
/// # Errors
/// `ImportError` when one is missing or is no compiled module.
pub fn include<'a>(
    declared: &Bound<'_, Declared>,
    name: &str,
    modules: impl Iterator<Item = &'a str>,
) -> PyResult<()> {
    let py = declared.py();
    let mut included = Vec::new();
    for other in modules {
        let module = py.import(other)?;
        let parts = module.getattr("ffi").and_then(|ffi| {
            let lib = module.getattr("lib")?;
            Ok((ffi.cast_into::<Ffi>()?, lib.cast_into::<Lib>()?))
        });
        let Ok((ffi, lib)) = parts else {
            return Err(PyImportError::new_err(format!(
                "while loading {name}: failed to import ffi, lib from {other}"
            )));
        };
        included.push(Include {
            declared: ffi.get().declared(py).clone().unbind(),
            lib: Some(lib.unbind()),
        });
    }
    declared.get().include(included);
    Ok(())
}
