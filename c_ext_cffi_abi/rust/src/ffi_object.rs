//! `FFI` of the backend: what `from _module import ffi` gives, over the declarations of a module.

use std::cell::Cell;

use pyo3::exceptions::{PyAttributeError, PyImportError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCFunction, PyDict, PyString, PyTuple};

use crate::cdata::Value;
use crate::convert::type_name;
use crate::create::{self, Allocator};
use crate::ctype::{CType, align_of_type, size_of_type};
use crate::declared::{Declared, Found, Include, Source};
use crate::errors::ffi_error;
use crate::lib_object::{self, Lib};
use crate::memory;
use crate::published::char_array;
use crate::slots::{borrow, guard_object, new_reference};
use crate::stock_tables::{Packed, StockTables};
use crate::{builtin, callback, compose, library, machine, offsets, release, strings};

/// Versions of stock cffi's modules that are understood.
pub const VERSIONS: std::ops::RangeInclusive<isize> = 0x2601..=0x28FF;

/// Types, values and libraries by the declarations of a module.
#[pyclass(frozen, subclass, weakref, module = "_cffi_backend", name = "FFI")]
pub struct Ffi {
    declared: Py<Declared>,
    /// Results of `init_once` by tag: `(True, result)`, or `(False, lock)` while it runs.
    once: Py<PyDict>,
    /// Whether declarations have been given, be it none.
    filled: Cell<bool>,
}

// SAFETY: the cell is used with the GIL held only.
unsafe impl Sync for Ffi {}

/// What an argument may name a type by.
#[derive(Clone, Copy)]
struct Accept {
    text: bool,
    ctype: bool,
    cdata: bool,
}

const TYPE: Accept = Accept {
    text: true,
    ctype: true,
    cdata: false,
};
const ANY: Accept = Accept {
    text: true,
    ctype: true,
    cdata: true,
};

impl Accept {
    fn refuse(self, object: &Bound<'_, PyAny>) -> PyErr {
        let kinds = [
            (self.text, "string"),
            (self.ctype, "ctype object"),
            (self.cdata, "cdata object"),
        ];
        let kinds: Vec<&str> = kinds
            .into_iter()
            .filter_map(|(accepted, name)| accepted.then_some(name))
            .collect();
        PyTypeError::new_err(format!(
            "expected a {}, got '{}'",
            kinds.join(" or "),
            type_name(object)
        ))
    }
}

impl Ffi {
    /// The object of a module with these declarations.
    pub fn over(declared: &Bound<'_, Declared>) -> Ffi {
        Ffi {
            declared: declared.clone().unbind(),
            once: PyDict::new(declared.py()).unbind(),
            filled: Cell::new(true),
        }
    }

    /// Its declarations.
    pub fn declared<'py>(&self, py: Python<'py>) -> &Bound<'py, Declared> {
        self.declared.bind(py)
    }

    /// The type that an argument names.
    fn ctype<'py>(
        &self,
        argument: &Bound<'py, PyAny>,
        accept: Accept,
    ) -> PyResult<Bound<'py, CType>> {
        self.found(argument, accept)?.typed()
    }

    /// The type that a text has named before.
    ///
    /// # Safety
    /// `argument` is a living object, and the GIL is held.
    unsafe fn known(&self, argument: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
        // SAFETY: the caller's promise.
        unsafe {
            if ffi::Py_TYPE(argument) != &raw mut ffi::PyUnicode_Type {
                return None;
            }
            self.declared.get().known(argument)
        }
    }

    fn found<'py>(&self, argument: &Bound<'py, PyAny>, accept: Accept) -> PyResult<Found<'py>> {
        // SAFETY: a living object.
        let known = unsafe { accept.text.then(|| self.known(argument.as_ptr())) };
        if let Some(known) = known.flatten() {
            // SAFETY: it is a type, and kept by the declarations.
            let known = unsafe { Bound::from_borrowed_ptr(argument.py(), known) };
            // SAFETY: as above.
            return Ok(Found::Type(unsafe { known.cast_into_unchecked() }));
        }
        if accept.text
            && let Ok(text) = argument.cast::<PyString>()
        {
            return Declared::named(self.declared(argument.py()), text);
        }
        if accept.ctype
            && let Ok(ctype) = argument.cast::<CType>()
        {
            return Ok(Found::Type(ctype.clone()));
        }
        match Value::of(argument).filter(|_| accept.cdata) {
            Some(value) => Ok(Found::Type(value.ctype().clone())),
            None => Err(accept.refuse(argument)),
        }
    }

    fn type_of<'py>(&self, cdecl: &Bound<'py, PyAny>) -> PyResult<Bound<'py, CType>> {
        let accept = Accept {
            ctype: false,
            ..ANY
        };
        match self.ctype(cdecl, accept) {
            Err(error) if !cdecl.is_instance_of::<PyString>() => {
                match lib_object::function_pointer(cdecl)?
                    .as_ref()
                    .and_then(Value::of)
                {
                    Some(pointer) => Ok(pointer.ctype().clone()),
                    None => Err(error),
                }
            }
            result => result,
        }
    }

    /// The method `typeof`.
    pub unsafe extern "C" fn type_of_raw(
        ffi: *mut ffi::PyObject,
        cdecl: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject {
        // SAFETY: a method is called with living objects, the first an `FFI`.
        unsafe {
            let py = Python::assume_attached();
            let this = borrow(py, &ffi).cast_unchecked::<Ffi>().get();
            let found = match this.known(cdecl) {
                Some(known) => new_reference(known),
                None => builtin::type_of_cdata(cdecl),
            };
            if !found.is_null() {
                return found;
            }
            guard_object(|py| Ok(this.type_of(borrow(py, &cdecl))?.into_any()))
        }
    }

    /// The method `sizeof`.
    pub unsafe extern "C" fn size_of_raw(
        ffi: *mut ffi::PyObject,
        cdecl: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject {
        guard_object(|py| {
            // SAFETY: as above.
            let (this, cdecl) = unsafe {
                (
                    borrow(py, &ffi).cast_unchecked::<Ffi>().get(),
                    borrow(py, &cdecl),
                )
            };
            if let Some(value) = Value::of(cdecl) {
                return builtin::size_of_cdata(value);
            }
            let ctype = this.ctype(cdecl, ANY)?;
            match size_of_type(&ctype)? {
                size if size >= 0 => Ok(size.into_pyobject(py)?.into_any()),
                _ => Err(ffi_error(
                    py,
                    format!("don't know the size of ctype '{}'", ctype.get().name),
                )),
            }
        })
    }

    /// Type and offset of a part, by the names and numbers behind the first argument.
    fn walk<'py>(
        mut ctype: Bound<'py, CType>,
        arguments: &Bound<'py, PyTuple>,
    ) -> PyResult<(Bound<'py, CType>, isize)> {
        let mut offset = 0isize;
        for (index, step) in arguments.iter().enumerate().skip(1) {
            let (inner, more) = offsets::step(&ctype, &step, index > 1)?;
            ctype = inner;
            offset = offset.wrapping_add(more);
        }
        Ok((ctype, offset))
    }
}

fn none_as_absent<'a, 'py>(object: Option<&'a Bound<'py, PyAny>>) -> Option<&'a Bound<'py, PyAny>> {
    object.filter(|object| !object.is_none())
}

/// A decorator that calls `body` with the decorated function.
fn decorator<'py>(
    py: Python<'py>,
    body: impl Fn(&Bound<'_, PyAny>) -> PyResult<Py<PyAny>> + Send + Sync + 'static,
) -> PyResult<Bound<'py, PyAny>> {
    let made = PyCFunction::new_closure(py, None, None, move |arguments, _| {
        body(&arguments.get_item(0)?)
    })?;
    Ok(made.into_any())
}

#[pymethods]
impl Ffi {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(
        py: Python<'_>,
        _arguments: &Bound<'_, PyTuple>,
        _keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Ffi> {
        Ok(Ffi {
            declared: Declared::empty(py)?.unbind(),
            once: PyDict::new(py).unbind(),
            filled: Cell::new(false),
        })
    }

    /// Takes the declarations of a Python module that stock cffi has written, or none.
    #[pyo3(signature = (
        module_name = "?", _version = -1, _types = None, _globals = None, _struct_unions = None,
        _enums = None, _typenames = None, _includes = None
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the shape is that of the written modules"
    )]
    fn __init__<'py>(
        slf: &Bound<'py, Self>,
        module_name: &str,
        _version: isize,
        _types: Option<&Bound<'py, PyBytes>>,
        _globals: Option<&Bound<'py, PyTuple>>,
        _struct_unions: Option<&Bound<'py, PyTuple>>,
        _enums: Option<&Bound<'py, PyTuple>>,
        _typenames: Option<&Bound<'py, PyTuple>>,
        _includes: Option<&Bound<'py, PyTuple>>,
    ) -> PyResult<()> {
        let ffi = slf.get();
        if ffi.filled.replace(true) {
            return Err(PyValueError::new_err(
                "cannot call FFI.__init__() more than once",
            ));
        }
        let words = _types.map_or(&[][..], |types| types.as_bytes());
        if _version == -1 && words.is_empty() {
            return Ok(());
        }
        if !VERSIONS.contains(&_version) {
            return Err(PyImportError::new_err(format!(
                "cffi out-of-line Python module '{module_name}' has unknown version {_version:#x}"
            )));
        }
        let tables = StockTables::packed(&Packed {
            words,
            tables: [_globals, _struct_unions, _enums, _typenames],
        })?;
        let mut included = Vec::new();
        for other in _includes.into_iter().flatten() {
            let other = other.cast_into::<Ffi>()?;
            included.push(Include {
                declared: other.get().declared.clone_ref(slf.py()),
                lib: None,
            });
        }
        let declared = ffi.declared(slf.py()).get();
        declared.include(included);
        declared.fill(Source::Stock(Box::new(tables)));
        Ok(())
    }

    /// Alignment of a type, or of that of a value, in bytes.
    fn alignof(&self, cdecl: &Bound<'_, PyAny>) -> PyResult<usize> {
        align_of_type(&self.ctype(cdecl, ANY)?)
    }

    /// Offset of a field, of a field of a field, and so on, in bytes.
    #[pyo3(signature = (*arguments))]
    fn offsetof<'py>(&self, arguments: &Bound<'py, PyTuple>) -> PyResult<isize> {
        if arguments.len() < 2 {
            return Err(PyTypeError::new_err(
                "offsetof() expects at least 2 arguments",
            ));
        }
        let ctype = self.ctype(&arguments.get_item(0)?, TYPE)?;
        Ok(Ffi::walk(ctype, arguments)?.1)
    }

    /// A pointer to a value, to a part of it, or to a function or variable of `lib`.
    #[pyo3(signature = (*arguments))]
    fn addressof<'py>(&self, arguments: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        if arguments.is_empty() {
            return Err(PyTypeError::new_err(
                "addressof() expects at least 1 argument",
            ));
        }
        let first = arguments.get_item(0)?;
        if let Ok(lib) = first.cast::<Lib>() {
            let name = match arguments.len() {
                2 => arguments.get_item(1)?.cast_into::<PyString>().ok(),
                _ => None,
            };
            let name = name
                .ok_or_else(|| PyTypeError::new_err("addressof(library, 'name') needs one name"))?;
            return lib_object::address(lib, &name);
        }
        let accept = Accept {
            text: false,
            ctype: false,
            cdata: true,
        };
        let value = Value::of(&first).ok_or_else(|| accept.refuse(&first))?;
        let of = value.ctype().get();
        if arguments.len() == 1 && of.record().is_none() && !of.is_array() {
            return Err(PyTypeError::new_err(
                "expected a cdata struct/union/array object",
            ));
        }
        let (ctype, offset) = Ffi::walk(value.ctype().clone(), arguments)?;
        offsets::address_inside(&compose::pointer(&ctype)?, value, offset)
    }

    /// Memory for what the pointer or array type says.
    #[pyo3(name = "new", signature = (cdecl, init = None))]
    fn new_memory<'py>(
        &self,
        cdecl: &Bound<'py, PyAny>,
        init: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        create::new(&self.ctype(cdecl, TYPE)?, init, &Allocator::default())
    }

    /// A function like `new` with memory from elsewhere.
    #[pyo3(signature = (alloc = None, free = None, should_clear_after_alloc = true))]
    fn new_allocator<'py>(
        slf: &Bound<'py, Self>,
        alloc: Option<Bound<'py, PyAny>>,
        free: Option<Bound<'py, PyAny>>,
        should_clear_after_alloc: bool,
    ) -> PyResult<Bound<'py, NewWith>> {
        if alloc.is_none() && free.is_some() {
            return Err(PyTypeError::new_err("cannot pass 'free' without 'alloc'"));
        }
        let made = NewWith {
            ffi: slf.clone().unbind(),
            alloc: alloc.map(Bound::unbind),
            free: free.map(Bound::unbind),
            dirty: !should_clear_after_alloc,
        };
        Bound::new(slf.py(), made)
    }

    /// A C cast.
    fn cast<'py>(
        &self,
        cdecl: &Bound<'py, PyAny>,
        source: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        create::cast(&self.ctype(cdecl, TYPE)?, source)
    }

    /// The text of a C string, or the name of an enum's value.
    #[staticmethod]
    #[pyo3(signature = (cdata, maxlen = -1))]
    fn string<'py>(cdata: &Bound<'py, PyAny>, maxlen: isize) -> PyResult<Bound<'py, PyAny>> {
        strings::string(Value::expect(cdata)?, maxlen)
    }

    /// So many items as a list, bytes or str.
    #[staticmethod]
    fn unpack<'py>(cdata: &Bound<'py, PyAny>, length: isize) -> PyResult<Bound<'py, PyAny>> {
        strings::unpack(Value::expect(cdata)?, length)
    }

    /// A cdata over the memory of a Python object; `cdecl` may be left out.
    #[pyo3(name = "from_buffer", signature = (cdecl, python_buffer = None, require_writable = false))]
    fn buffer_of<'py>(
        &self,
        cdecl: &Bound<'py, PyAny>,
        python_buffer: Option<&Bound<'py, PyAny>>,
        require_writable: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        match python_buffer {
            None => memory::from_buffer(char_array(cdecl.py())?, cdecl, require_writable),
            Some(object) => {
                memory::from_buffer(&self.ctype(cdecl, TYPE)?, object, require_writable)
            }
        }
    }

    /// Copies bytes.
    #[staticmethod]
    fn memmove(dest: &Bound<'_, PyAny>, src: &Bound<'_, PyAny>, n: isize) -> PyResult<()> {
        memory::memmove(dest, src, n)
    }

    /// The C text of a type, around a name.
    #[pyo3(signature = (cdecl, replace_with = ""))]
    fn getctype(&self, cdecl: &Bound<'_, PyAny>, replace_with: &str) -> PyResult<String> {
        let ctype = self.ctype(cdecl, TYPE)?;
        let inner = replace_with.trim_matches(|one: char| one.is_ascii_whitespace());
        Ok(ctype.get().name_around(&match inner.chars().next() {
            Some('*') if ctype.get().is_array() => format!("({inner})"),
            None | Some('[' | '(') => inner.to_owned(),
            Some(_) => format!(" {inner}"),
        }))
    }

    /// A C function pointer that calls Python; without a callable, a decorator.
    #[pyo3(signature = (cdecl, python_callable = None, error = None, onerror = None))]
    fn callback<'py>(
        &self,
        cdecl: &Bound<'py, PyAny>,
        python_callable: Option<&Bound<'py, PyAny>>,
        error: Option<&Bound<'py, PyAny>>,
        onerror: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ctype = self.found(cdecl, TYPE)?.decayed();
        if let Some(callable) = python_callable {
            return callback::make(&ctype, callable, error, onerror);
        }
        let owned = |one: Option<&Bound<'py, PyAny>>| one.cloned().map(Bound::unbind);
        let (ctype, error, onerror) = (ctype.unbind(), owned(error), owned(onerror));
        decorator(cdecl.py(), move |function| {
            let py = function.py();
            let bound = |one: &Option<Py<PyAny>>| one.as_ref().map(|one| one.bind(py).clone());
            let (error, onerror) = (bound(&error), bound(&onerror));
            callback::make(ctype.bind(py), function, error.as_ref(), onerror.as_ref())
                .map(Bound::unbind)
        })
    }

    /// A decorator: attaches a Python function to an `extern "Python"` function.
    #[pyo3(signature = (name = None, error = None, onerror = None))]
    fn def_extern<'py>(
        slf: &Bound<'py, Self>,
        name: Option<&Bound<'py, PyAny>>,
        error: Option<&Bound<'py, PyAny>>,
        onerror: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let owned =
            |one: Option<&Bound<'py, PyAny>>| none_as_absent(one).cloned().map(Bound::unbind);
        let (name, error, onerror) = (owned(name), owned(error), owned(onerror));
        let declared = slf.get().declared.clone_ref(slf.py());
        decorator(slf.py(), move |function| {
            let py = function.py();
            let name: String = match &name {
                Some(name) => name.extract(py)?,
                None => function.getattr("__name__")?.extract()?,
            };
            let bound = |one: &Option<Py<PyAny>>| one.as_ref().map(|one| one.bind(py).clone());
            let (error, onerror) = (bound(&error), bound(&onerror));
            lib_object::attach(
                declared.bind(py),
                &name,
                function,
                error.as_ref(),
                onerror.as_ref(),
            )?;
            Ok(function.clone().unbind())
        })
    }

    /// An equal cdata that calls the destructor in the end.
    #[staticmethod]
    #[pyo3(signature = (cdata, destructor, size = 0))]
    fn gc<'py>(
        cdata: &Bound<'py, PyAny>,
        destructor: &Bound<'py, PyAny>,
        size: isize,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        // The size is a hint for collectors that do not count references.
        let _ = size;
        release::collect(Value::expect(cdata)?, destructor)
    }

    /// Ends now what the cdata would end when it is no longer used.
    #[staticmethod]
    fn release(cdata: &Bound<'_, PyAny>) -> PyResult<()> {
        release::release(Value::expect(cdata)?)
    }

    /// Opens a library; `None` stands for the process itself.
    #[pyo3(signature = (name, flags = 0))]
    fn dlopen<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyAny>,
        flags: i32,
    ) -> PyResult<Bound<'py, Lib>> {
        let opened = library::load(none_as_absent(Some(name)), flags)?;
        let title = opened.name().to_owned();
        let opened = Bound::new(slf.py(), opened)?;
        Lib::new(slf.get().declared(slf.py()), &title, Some(opened))
    }

    /// Closes a library.
    #[staticmethod]
    fn dlclose(lib: &Bound<'_, PyAny>) -> PyResult<()> {
        lib_object::close(lib_object::expect(lib)?)
    }

    /// The value of an integer constant.
    fn integer_const<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        lib_object::integer_constant(self.declared(py), name, 0)?.ok_or_else(|| {
            PyAttributeError::new_err(format!("integer constant '{name}' not found"))
        })
    }

    /// Names of typedefs, structs and unions.
    fn list_types(&self, py: Python<'_>) -> (Vec<String>, Vec<String>, Vec<String>) {
        self.declared(py).get().list_types()
    }

    /// Calls `func` once per tag, whatever thread comes first.
    fn init_once<'py>(
        &self,
        func: &Bound<'py, PyAny>,
        tag: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = func.py();
        let once = self.once.bind(py);
        let known =
            |done: &Bound<'py, PyAny>| -> PyResult<(bool, Bound<'py, PyAny>)> { done.extract() };
        let entry = match once.get_item(tag)? {
            Some(entry) => entry,
            None => {
                let lock = py.import("_thread")?.call_method0("allocate_lock")?;
                // Another thread may have come first while the tag was being compared.
                once.call_method1("setdefault", (tag, (false, lock)))?
            }
        };
        let (done, lock) = known(&entry)?;
        if done {
            return Ok(lock);
        }
        lock.call_method0("acquire")?;
        let result = (|| {
            if let Some(entry) = once.get_item(tag)?
                && let (true, result) = known(&entry)?
            {
                return Ok(result);
            }
            let result = func.call0()?;
            once.set_item(tag, (true, &result))?;
            Ok(result)
        })();
        lock.call_method0("release")?;
        result
    }

    /// What C left in errno after the last call.
    #[getter]
    fn errno(&self) -> i32 {
        machine::errno()
    }

    #[setter]
    fn set_errno(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        machine::set_errno(machine::errno_from(value)?);
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.declared)?;
        visit.call(&self.once)
    }
}

/// What `new_allocator` gives.
#[pyclass(frozen, module = "_cffi_backend", name = "__Allocator")]
pub struct NewWith {
    ffi: Py<Ffi>,
    alloc: Option<Py<PyAny>>,
    free: Option<Py<PyAny>>,
    dirty: bool,
}

#[pymethods]
impl NewWith {
    #[pyo3(signature = (cdecl, init = None))]
    fn __call__<'py>(
        &self,
        cdecl: &Bound<'py, PyAny>,
        init: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = cdecl.py();
        let ctype = self.ffi.bind(py).get().ctype(cdecl, TYPE)?;
        let allocator = Allocator {
            alloc: self.alloc.as_ref().map(|one| one.bind(py)),
            free: self.free.as_ref().map(|one| one.bind(py)),
            dirty: self.dirty,
        };
        create::new(&ctype, init, &allocator)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.ffi)?;
        visit.call(&self.alloc)?;
        visit.call(&self.free)
    }
}
