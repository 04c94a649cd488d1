//! `lib`: the functions, constants and variables of a module, by name.
//!
//! Each is made when it is first asked for and then kept, functions and constants as they are and
//! variables as a [`Variable`] that is read anew each time.

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use pyo3::exceptions::{PyAttributeError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyModule, PyString, PyType};

use crate::cdef::Cdef;
use crate::ctype::{CType, Kind};
use crate::declared::{DEEPEST_INCLUDE, Declared, Source};
use crate::entries::{from_cdef, from_generated, from_stock, function_value, generated_extern};
use crate::errors::ffi_error;
use crate::extern_python::{self, Slot};
use crate::glue::{self, Tables};
use crate::library::CLibrary;
use crate::opcode::code;
use crate::slots::{borrow, guard, guard_object, new_reference};
use crate::stock_tables::{Global, StockTables, search};
use crate::variable::Variable;
use crate::{cdata, compose, convert, generated, stock};

/// `lib` of a compiled module, or a library opened by one of ABI mode.
#[pyclass(frozen, weakref, module = "_cffi_backend", name = "Lib")]
pub struct Lib {
    /// The name of its module.
    pub name: Py<PyString>,
    declared: Py<Declared>,
    /// What has been asked for so far.
    attributes: Py<PyDict>,
    /// Those of the attributes that were asked for last.
    recent: Recent,
    /// Function pointers to functions that are built-in functions here.
    pointers: Py<PyDict>,
    /// The opened library; none for a compiled module.
    opened: Option<Py<CLibrary>>,
    /// Whose library it is, for an in-line `FFI`; nothing is in `declared` then.
    inline: Option<Inline>,
}

/// An `FFI` object of Python, and what `cdef` has told it. Whoever has the library may ask the object
/// for types, so that it is kept alive.
struct Inline {
    ffi: Py<PyAny>,
    cdef: Py<Cdef>,
}

/// A power of two.
const RECENT: usize = 32;

/// Functions and constants by the address of their name: programs ask with the same few names over
/// and over, and comparing addresses is less work than a look into a dictionary.
///
/// The names are kept alive, the values belong to the dictionary `attributes`: whoever takes one out
/// of there forgets all of these.
struct Recent([Cell<(*mut ffi::PyObject, *mut ffi::PyObject)>; RECENT]);

// SAFETY: used with the GIL held only.
unsafe impl Sync for Recent {}
// SAFETY: as above; the names belong to no thread.
unsafe impl Send for Recent {}

impl Recent {
    fn new() -> Recent {
        Recent([const { Cell::new((std::ptr::null_mut(), std::ptr::null_mut())) }; RECENT])
    }

    fn place(&self, name: *mut ffi::PyObject) -> &Cell<(*mut ffi::PyObject, *mut ffi::PyObject)> {
        // Objects lie sixteen bytes apart, names of a few letters sixty-four.
        let address = name as usize;
        &self.0[((address >> 4) ^ (address >> 9)) % RECENT]
    }

    fn get(&self, name: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
        let (known, value) = self.place(name).get();
        (known == name).then_some(value)
    }

    /// # Safety
    /// Both live, `attributes` keeps the value, and the GIL is held.
    unsafe fn put(&self, name: *mut ffi::PyObject, value: *mut ffi::PyObject) {
        // SAFETY: the caller's promise; a name is given back exactly once.
        unsafe {
            let (before, _) = self.place(name).replace((new_reference(name), value));
            ffi::Py_XDECREF(before);
        }
    }

    /// Forgets everything.
    ///
    /// # Safety
    /// The GIL is held.
    unsafe fn clear(&self) {
        for place in &self.0 {
            let (name, _) = place.replace((std::ptr::null_mut(), std::ptr::null_mut()));
            // SAFETY: a name is given back exactly once.
            unsafe { ffi::Py_XDECREF(name) };
        }
    }
}

impl Drop for Recent {
    fn drop(&mut self) {
        // SAFETY: an object is freed with the GIL held.
        unsafe { self.clear() }
    }
}

/// The type `Lib`. It gets its own way of looking names up, before the first object.
pub fn class(py: Python<'_>) -> Bound<'_, PyType> {
    static READY: PyOnceLock<()> = PyOnceLock::new();
    let class = py.get_type::<Lib>();
    READY.get_or_init(py, || {
        // SAFETY: the type has no objects yet and cannot be derived from.
        unsafe {
            let raw = class.as_type_ptr();
            (*raw).tp_getattro = Some(get_attribute);
            (*raw).tp_setattro = Some(set_attribute);
            ffi::PyType_Modified(raw);
        }
    });
    class
}

impl Lib {
    /// The `lib` of a module called `name`.
    ///
    /// # Errors
    /// When memory ends.
    pub fn new<'py>(
        declared: &Bound<'py, Declared>,
        name: &str,
        opened: Option<Bound<'py, CLibrary>>,
    ) -> PyResult<Bound<'py, Lib>> {
        let py = declared.py();
        class(py);
        let lib = Lib {
            name: PyString::new(py, name).unbind(),
            declared: declared.clone().unbind(),
            attributes: PyDict::new(py).unbind(),
            recent: Recent::new(),
            pointers: PyDict::new(py).unbind(),
            opened: opened.map(Bound::unbind),
            inline: None,
        };
        Bound::new(py, lib)
    }

    /// A library opened by an in-line `FFI`.
    ///
    /// # Errors
    /// When memory ends.
    pub fn inline<'py>(
        ffi: &Bound<'py, PyAny>,
        cdef: &Bound<'py, Cdef>,
        opened: &Bound<'py, CLibrary>,
    ) -> PyResult<Bound<'py, Lib>> {
        let py = cdef.py();
        class(py);
        let lib = Lib {
            name: PyString::new(py, opened.get().name()).unbind(),
            declared: Declared::empty(py)?.unbind(),
            attributes: PyDict::new(py).unbind(),
            recent: Recent::new(),
            pointers: PyDict::new(py).unbind(),
            opened: Some(opened.clone().unbind()),
            inline: Some(Inline {
                ffi: ffi.clone().unbind(),
                cdef: cdef.clone().unbind(),
            }),
        };
        Bound::new(py, lib)
    }

    /// Forgets what has been asked for, so that it is looked for anew.
    fn forget(&self, py: Python<'_>) {
        // SAFETY: the GIL is held. First, because these are values of the dictionary.
        unsafe { self.recent.clear() };
        self.attributes.bind(py).clear();
    }

    /// The name of its module.
    pub fn title(&self, py: Python<'_>) -> String {
        self.name.bind(py).to_string_lossy().into_owned()
    }

    /// The address of a symbol of the opened library.
    ///
    /// # Errors
    /// `error` when there is none or the library is closed.
    pub fn symbol(&self, py: Python<'_>, name: &str) -> PyResult<*mut c_void> {
        let missing = |reason: String| ffi_error(py, reason);
        let title = self.title(py);
        let found = match &self.opened {
            Some(library) => library.get().find(name)?,
            None => None,
        };
        match found {
            Some(Ok(address)) => Ok(address.cast()),
            Some(Err(reason)) => Err(missing(format!(
                "symbol '{name}' not found in library '{title}': {reason}"
            ))),
            None => Err(missing(format!("library '{title}' has been closed"))),
        }
    }
}

/// `dlclose`: what is asked for from now on is not found.
///
/// # Errors
/// `error` with the loader's reason.
pub fn close(lib: &Bound<'_, Lib>) -> PyResult<()> {
    let py = lib.py();
    let Some(opened) = &lib.get().opened else {
        return Ok(());
    };
    lib.get().forget(py);
    opened.get().close().map_err(|reason| {
        let title = lib.get().title(py);
        ffi_error(py, format!("closing library '{title}': {reason}"))
    })
}

fn no_such(lib: &Bound<'_, Lib>, name: &str) -> PyErr {
    let title = lib.get().title(lib.py());
    PyAttributeError::new_err(format!(
        "cffi library '{title}' has no function, constant or global variable named '{name}'"
    ))
}

/// What `name` is: an object, or a [`Variable`].
fn entry<'py>(
    lib: &Bound<'py, Lib>,
    name: &Bound<'py, PyString>,
    depth: usize,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = lib.py();
    let attributes = lib.get().attributes.bind(py);
    if let Some(known) = attributes.get_item(name)? {
        return Ok(Some(known));
    }
    if depth > DEEPEST_INCLUDE {
        return Err(PyRuntimeError::new_err(
            "recursion overflow in ffi.include() delegations",
        ));
    }
    let text = name.to_str()?;
    let declared = lib.get().declared.bind(py);
    if let (Some(inline), Some(opened)) = (&lib.get().inline, &lib.get().opened) {
        let made = from_cdef(inline.cdef.bind(py), opened.bind(py), text)?;
        return keep(attributes, name, &made).map(Some);
    }
    let mut made = match declared.get().source() {
        Some(Source::Generated(tables)) => from_generated(lib, declared, *tables, text)?,
        Some(Source::Stock(tables)) => match search(&tables.globals, text) {
            Some(index) => Some(from_stock(lib, declared, &tables.globals[index])?),
            None => None,
        },
        None => None,
    };
    for include in declared.get().includes() {
        if made.is_some() {
            break;
        }
        made = match &include.lib {
            Some(lib) => entry(lib.bind(py), name, depth + 1)?,
            None => integer_constant(include.declared.bind(py), text, depth + 1)?,
        };
    }
    made.map(|made| keep(attributes, name, &made)).transpose()
}

/// Keeps what was made for a name, unless another thread was faster: its object has been handed out,
/// and [`Recent`] relies on it. Gives what is kept.
fn keep<'py>(
    attributes: &Bound<'py, PyDict>,
    name: &Bound<'py, PyString>,
    made: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = attributes.py();
    // SAFETY: living objects; the result is borrowed from the dictionary, or null with an exception.
    unsafe {
        let kept = ffi::PyDict_SetDefault(attributes.as_ptr(), name.as_ptr(), made.as_ptr());
        Bound::from_borrowed_ptr_or_err(py, kept)
    }
}

/// The integer constant `name` of the declarations or of those that they include.
///
/// # Errors
/// `error` for a name that is no integer.
pub fn integer_constant<'py>(
    declared: &Bound<'py, Declared>,
    name: &str,
    depth: usize,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = declared.py();
    if depth > DEEPEST_INCLUDE {
        return Err(PyRuntimeError::new_err(
            "recursion overflow in ffi.include() delegations",
        ));
    }
    let other = || {
        let message = format!(
            "function, global variable or non-integer constant '{name}' must be fetched from \
             its original 'lib' object"
        );
        Err(ffi_error(py, message))
    };
    match declared.get().source() {
        Some(Source::Generated(tables)) => {
            if let Some(value) = generated::integer(py, *tables, name)? {
                return Ok(Some(value));
            }
            if generated_names(*tables).any(|(one, _)| one == name) {
                return other();
            }
        }
        Some(Source::Stock(tables)) => {
            if let Some(index) = search(&tables.globals, name) {
                let global = &tables.globals[index];
                if !global.is_integer() {
                    return other();
                }
                return stock::integer(py, global).map(Some);
            }
        }
        None => {}
    }
    for include in declared.get().includes() {
        if let Some(value) = integer_constant(include.declared.bind(py), name, depth + 1)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The names of a module of our generator, and whether each is a variable.
fn generated_names(tables: Tables) -> impl Iterator<Item = (&'static str, bool)> {
    let fixed = tables
        .functions()
        .iter()
        .map(glue::Function::name)
        .chain(tables.constants().iter().map(glue::Constant::name))
        .chain(
            tables
                .enums()
                .iter()
                .flat_map(glue::Enum::names)
                .map(glue::Enumerator::name),
        )
        // SAFETY: rows of the module.
        .chain(tables.externs().map(|at| unsafe { (*at).name() }));
    fixed
        .map(|name| (name, false))
        .chain(tables.variables().iter().map(|row| (row.name(), true)))
}

/// All names that a `lib` offers, sorted.
fn names(lib: &Bound<'_, Lib>, with_variables: bool) -> Vec<String> {
    if let Some(inline) = &lib.get().inline {
        return inline.cdef.get().library_names();
    }
    let mut names: Vec<String> = match lib.get().declared.get().source() {
        Some(Source::Generated(tables)) => generated_names(*tables)
            .filter(|(_, is_variable)| with_variables || !is_variable)
            .map(|(name, _)| name.to_owned())
            .collect(),
        Some(Source::Stock(tables)) => stock_names(tables, with_variables),
        None => Vec::new(),
    };
    names.sort_unstable();
    names.dedup();
    names
}

fn stock_names(tables: &StockTables, with_variables: bool) -> Vec<String> {
    let is_variable = |row: &&Global| matches!(row.code(), code::VARIABLE | code::VARIABLE_BY_CALL);
    tables
        .globals
        .iter()
        .filter(|row| with_variables || !is_variable(row))
        .map(|row| row.name.clone().into_owned())
        .collect()
}

/// An entry as Python sees it: the value of a variable.
fn value<'py>(entry: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match entry.cast::<Variable>() {
        Ok(variable) => variable.get().read(entry.py()),
        Err(_) => Ok(entry),
    }
}

/// Names that every module has.
fn module_attribute<'py>(lib: &Bound<'py, Lib>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = lib.py();
    Ok(Some(match name {
        "__all__" => names(lib, false).into_pyobject(py)?.into_any(),
        "__dict__" => {
            let dict = PyDict::new(py);
            for name in names(lib, true) {
                let name = PyString::new(py, &name);
                if let Some(entry) = entry(lib, &name, 0)? {
                    // Variables as what they are here: their values change.
                    dict.set_item(name, entry)?;
                }
            }
            dict.into_any()
        }
        // So that `help` and `inspect` treat it as what it stands for.
        "__class__" => py.get_type::<PyModule>().into_any(),
        "__name__" => PyString::new(py, &format!("{}.lib", lib.get().title(py))).into_any(),
        "__loader__" | "__spec__" => py.None().into_bound(py),
        _ => return Ok(None),
    }))
}

unsafe extern "C" fn get_attribute(
    object: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // The common case without more ado: something known.
    // SAFETY: a slot is called with living objects, the first a `Lib`.
    unsafe {
        let py = Python::assume_attached();
        let lib = borrow(py, &object).cast_unchecked::<Lib>();
        if let Some(found) = lib.get().recent.get(name) {
            return new_reference(found);
        }
        let found = ffi::PyDict_GetItemWithError(lib.get().attributes.as_ptr(), name);
        if !found.is_null() {
            if !Variable::is(found) {
                if ffi::Py_TYPE(name) == &raw mut ffi::PyUnicode_Type {
                    lib.get().recent.put(name, found);
                }
                return new_reference(found);
            }
            // A reference of our own: while the variable is read, Python code may run.
            let variable = Bound::from_borrowed_ptr(py, found).cast_into_unchecked::<Variable>();
            return guard_object(|py| variable.get().read(py));
        }
    }
    guard_object(|py| {
        if let Some(error) = PyErr::take(py) {
            return Err(error);
        }
        // SAFETY: as above.
        let (lib, name) = unsafe {
            (
                borrow(py, &object).cast_unchecked::<Lib>(),
                borrow(py, &name).cast::<PyString>()?,
            )
        };
        let text = name.to_str()?;
        if lib.get().inline.is_some() && text.starts_with("__") {
            // What every object has. No function of C bears such a name: C reserves them.
            let (object, name) = (lib.as_ptr(), name.as_ptr());
            // SAFETY: living objects.
            let found = unsafe { ffi::PyObject_GenericGetAttr(object, name) };
            // SAFETY: a new reference, or null with an exception.
            return unsafe { Bound::from_owned_ptr_or_err(py, found) };
        }
        if let Some(entry) = entry(lib, name, 0)? {
            return value(entry);
        }
        if let Some(found) = module_attribute(lib, text)? {
            return Ok(found);
        }
        Err(no_such(lib, text))
    })
}

unsafe extern "C" fn set_attribute(
    object: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
    new: *mut ffi::PyObject,
) -> c_int {
    guard(-1, |py| {
        // SAFETY: a slot is called with living objects, the first a `Lib`.
        let (lib, name) = unsafe {
            (
                borrow(py, &object).cast_unchecked::<Lib>(),
                borrow(py, &name).cast::<PyString>()?,
            )
        };
        let text = || name.to_string_lossy();
        let Some(entry) = entry(lib, name, 0)? else {
            return Err(no_such(lib, &text()));
        };
        if new.is_null() {
            return Err(PyAttributeError::new_err("C attribute cannot be deleted"));
        }
        let Ok(variable) = entry.cast::<Variable>() else {
            return Err(PyAttributeError::new_err(format!(
                "cannot write to function or constant '{}'",
                text()
            )));
        };
        let variable = variable.get();
        let at = variable.address(py)?;
        // SAFETY: the address is that of a variable of this type.
        unsafe { convert::to_c(at, variable.ctype.bind(py), borrow(py, &new))? };
        Ok(0)
    })
}

#[pymethods]
impl Lib {
    fn __repr__(slf: &Bound<'_, Self>) -> String {
        format!("<Lib object for '{}'>", slf.get().title(slf.py()))
    }

    fn __dir__(slf: &Bound<'_, Self>) -> Vec<String> {
        names(slf, true)
    }

    /// What cffi's `FFI.addressof` calls.
    fn __addressof__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        address(slf, name)
    }

    /// What `FFI.cdef` calls when declarations are replaced.
    fn __cffi_forget__(&self, py: Python<'_>) {
        self.forget(py);
    }

    /// What cffi's `FFI.dlclose` calls.
    fn __cffi_close__(slf: &Bound<'_, Self>) -> PyResult<()> {
        close(slf)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.declared)?;
        visit.call(&self.attributes)?;
        visit.call(&self.pointers)?;
        visit.call(&self.opened)?;
        match &self.inline {
            Some(inline) => {
                visit.call(&inline.ffi)?;
                visit.call(&inline.cdef)
            }
            None => Ok(()),
        }
    }
}

/// `addressof(lib, name)`.
///
/// # Errors
/// `AttributeError` for a constant and for an unknown name.
pub fn address<'py>(
    lib: &Bound<'py, Lib>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = lib.py();
    let Some(entry) = entry(lib, name, 0)? else {
        return Err(no_such(lib, name.to_str()?));
    };
    if let Ok(variable) = entry.cast::<Variable>() {
        if lib.get().inline.is_some() && variable.get().ctype.get().is_array() {
            // An in-line `FFI` gives the array itself.
            return variable.get().read(py);
        }
        let ctype = compose::pointer(variable.get().ctype.bind(py))?;
        return cdata::plain(&ctype, variable.get().address(py)?);
    }
    if let Some(pointer) = function_pointer(&entry)? {
        return Ok(pointer);
    }
    let is_function = |one: &CType| matches!(one.kind, Kind::Function(_));
    match cdata::Value::of(&entry) {
        Some(value) if is_function(value.ctype().get()) => Ok(entry),
        _ => Err(PyAttributeError::new_err(format!(
            "cannot take the address of the constant '{}'",
            name.to_string_lossy()
        ))),
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
    let Some(Ok(lib)) = lib.map(Bound::cast_into::<Lib>) else {
        return Ok(None);
    };
    let name = object.getattr("__name__")?.cast_into::<PyString>()?;
    let pointers = lib.get().pointers.bind(py);
    if let Some(known) = pointers.get_item(&name)? {
        return Ok(Some(known));
    }
    let declared = lib.get().declared.bind(py);
    let text = name.to_str()?;
    let made = match declared.get().source() {
        Some(Source::Generated(tables)) => {
            match tables.functions().iter().find(|row| row.name() == text) {
                Some(row) => function_value(declared, row.type_text(), row.address)?,
                None => return Ok(None),
            }
        }
        Some(Source::Stock(tables)) => match search(&tables.globals, text) {
            Some(index) if !tables.globals[index].extra.is_null() => {
                let global = &tables.globals[index];
                let ctype = Declared::at_word(declared, global.type_word())?.decayed();
                cdata::plain(&ctype, global.extra.cast())?
            }
            _ => return Ok(None),
        },
        None => return Ok(None),
    };
    pointers.set_item(&name, &made)?;
    Ok(Some(made))
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
    let found = match declared.get().source() {
        Some(Source::Generated(tables)) => match generated_extern(*tables, name) {
            // SAFETY: a row of the module.
            Some(at) => unsafe {
                let text = (*at).type_text().unwrap_or_default();
                let ctype = Declared::generated(declared, text)?.decayed();
                Some((ctype, &raw mut (*at).slot))
            },
            None => None,
        },
        Some(Source::Stock(tables)) => match search(&tables.globals, name) {
            Some(index) if tables.globals[index].code() == code::EXTERN_PYTHON => {
                let global = &tables.globals[index];
                let ctype = Declared::at_word(declared, global.type_word())?.decayed();
                Some((ctype, global.address.cast::<Slot>()))
            }
            _ => None,
        },
        None => None,
    };
    let Some((ctype, slot)) = found.filter(|(_, slot)| !slot.is_null()) else {
        let message =
            format!("ffi.def_extern('{name}'): no 'extern \"Python\"' function with this name");
        return Err(ffi_error(declared.py(), message));
    };
    // SAFETY: the slot is that of a function of this type, in a module that stays loaded.
    unsafe { extern_python::attach(slot, &ctype, callable, error, onerror) }
}

/// The `lib` that an object is.
///
/// # Errors
/// `TypeError` for any other object.
pub fn expect<'a, 'py>(object: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, Lib>> {
    object.cast::<Lib>().map_err(|_| {
        PyTypeError::new_err(format!(
            "expected a Lib object, not {}",
            convert::type_name(object)
        ))
    })
}
