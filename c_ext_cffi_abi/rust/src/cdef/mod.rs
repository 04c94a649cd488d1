//! `Cdef`: what an in-line `FFI` object has been told by `cdef`, and the types that come of it.
//!
//! clib reads the text. Types are made when they are first asked for (`build`); cffi's own objects
//! for them, which only the writers of compiled modules look at, likewise (`models`).

mod build;
mod models;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use clib::cdef::{
    self, CdefError, Class, Declarations, Entry, Kind, Object, Options, Quals, Shape, Warning,
};
use pyo3::exceptions::{PyAttributeError, PyNotImplementedError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::ctype::CType;
use build::Builder;
use models::Models;

/// Declarations, and the types made of them.
#[pyclass(frozen, module = "_rust_cffi")]
#[derive(Default)]
pub struct Cdef {
    declarations: Mutex<Declarations>,
    /// Records and enums by their `id`: made once, and kept like the declarations.
    built: Mutex<HashMap<u64, Py<CType>>>,
}

/// What a declared name is in a library opened by `dlopen`.
pub enum InLibrary<'py> {
    /// A function, by the type of a pointer to it.
    Function(Bound<'py, CType>),
    /// A variable of this type.
    Variable(Bound<'py, CType>),
    /// A constant of this value.
    Constant(i128),
}

/// Never held while Python code may run.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An exception of the package, by the name of its class.
fn exception(py: Python<'_>, class: &str, message: &str) -> PyErr {
    let class = || py.import("rust_cffi.error")?.getattr(class);
    match class().and_then(|class| class.call1((message,))) {
        Ok(made) => PyErr::from_value(made),
        Err(error) => error,
    }
}

/// The exception of cffi's class; the place as attributes, and drawn as a note of the exception.
fn raised(py: Python<'_>, error: &CdefError) -> PyErr {
    let made = match error.class {
        Class::Cdef => exception(py, "CDefError", &error.message),
        Class::Ffi => exception(py, "FFIError", &error.message),
        Class::Unsupported => PyNotImplementedError::new_err(error.message.clone()),
    };
    let Some(place) = &error.place else {
        return made;
    };
    let describe = |value: &Bound<'_, PyAny>| {
        value.setattr("file", place.file())?;
        value.setattr("line", place.line)?;
        value.setattr("column", place.column)?;
        if !error.is_syntax() {
            let at = format!("{}:{}:{}", place.file(), place.line, place.column);
            let note = format!("{at}:\n{}", place.drawing());
            value.setattr("__notes__", PyList::new(py, [note])?)?;
        }
        PyResult::Ok(())
    };
    match describe(made.value(py)) {
        Ok(()) => made,
        Err(other) => other,
    }
}

fn warning_text(warning: &Warning) -> String {
    match warning {
        Warning::Pragma => "#pragma in cdef() changes nothing and should be removed; for \
                            '#pragma pack', give cdef() the argument 'packed' or 'pack'"
            .to_owned(),
        Warning::NoStorage(name) => format!(
            "Global variable '{name}' in cdef(): for consistency with C it should have a storage \
             class specifier (usually 'extern')"
        ),
        Warning::Text => "String literal found in cdef() or type source. It means nothing here \
                          and should be removed"
            .to_owned(),
    }
}

impl Cdef {
    fn parsed(&self, py: Python<'_>, text: &str) -> PyResult<(cdef::Type, Quals)> {
        let parsed = cdef::parse_type(&mut lock(&self.declarations), text);
        parsed.map_err(|error| raised(py, &error))
    }

    fn entry(&self, kind: Kind, name: &str) -> Option<Entry> {
        lock(&self.declarations).find(kind, name).cloned()
    }

    /// What a library opened by `dlopen` has under a name.
    ///
    /// # Errors
    /// `AttributeError` for an undeclared name; `NotImplementedError` and `VerificationMissing` for
    /// what only a compiled module knows; those of making the type.
    pub fn in_library<'py>(&self, py: Python<'py>, name: &str) -> PyResult<InLibrary<'py>> {
        for kind in [Kind::Function, Kind::Variable] {
            let object = self.entry(kind, name).map(|entry| entry.object);
            if let Some(Object::Type(ctype)) = object {
                let made = Builder::new(py, self).make(&ctype)?;
                return Ok(match kind {
                    Kind::Function => InLibrary::Function(made),
                    _ => InLibrary::Variable(made),
                });
            }
        }
        if self.entry(Kind::Constant, name).is_some() {
            return Err(PyNotImplementedError::new_err(format!(
                "non-integer constant '{name}' cannot be accessed from a dlopen() library"
            )));
        }
        let declarations = lock(&self.declarations);
        let Some(value) = declarations.constant(name) else {
            return Err(PyAttributeError::new_err(name.to_owned()));
        };
        let partial = partial_enum_with(&declarations, name);
        drop(declarations);
        match partial {
            Some(name) => Err(exception(py, "VerificationMissing", &name)),
            None => Ok(InLibrary::Constant(value)),
        }
    }

    /// The names that a library opened by `dlopen` has.
    pub fn library_names(&self) -> Vec<String> {
        let declarations = lock(&self.declarations);
        let in_library =
            |entry: &&Entry| matches!(entry.kind, Kind::Function | Kind::Variable | Kind::Constant);
        let names = declarations.entries().iter().filter(in_library);
        let names = names.map(|entry| entry.name.clone());
        names
            .chain(declarations.constants().map(|(name, _)| name.to_owned()))
            .collect()
    }
}

#[pymethods]
impl Cdef {
    #[new]
    fn new() -> Cdef {
        Cdef {
            declarations: Mutex::new(Declarations::new()),
            ..Cdef::default()
        }
    }

    /// Adds declarations; returns warnings.
    #[pyo3(signature = (source, replace, pack, dllexport))]
    fn parse(
        &self,
        py: Python<'_>,
        source: &str,
        replace: bool,
        pack: u64,
        dllexport: bool,
    ) -> PyResult<Vec<String>> {
        let options = Options {
            replace,
            pack,
            dllexport,
        };
        let parsed = cdef::parse(&mut lock(&self.declarations), source, options);
        let completed = lock(&self.declarations).take_completed();
        Builder::new(py, self).complete_late(completed)?;
        let warnings = parsed.map_err(|error| raised(py, &error))?;
        Ok(warnings.iter().map(warning_text).collect())
    }

    /// Takes over the types and constants of `other`.
    fn include(&self, py: Python<'_>, other: &Cdef) -> PyResult<()> {
        // Cloned first, so that two threads may include each other's declarations.
        let theirs = lock(&other.declarations).shared();
        let included = lock(&self.declarations).include(&theirs);
        included.map_err(|error| raised(py, &error))
    }

    /// The type that a text names, and whether it is a function (given as the pointer to it).
    fn typeof_text<'py>(&self, py: Python<'py>, text: &str) -> PyResult<(Bound<'py, CType>, bool)> {
        let (ctype, _) = self.parsed(py, text)?;
        let function = ctype.raw_function().is_some();
        Ok((Builder::new(py, self).make(&ctype.decayed())?, function))
    }

    /// The declared names of one kind, as cffi calls the kinds.
    fn names(&self, kind: &str) -> Vec<String> {
        let declarations = lock(&self.declarations);
        let same = |entry: &&Entry| entry.kind.word() == kind;
        let found = declarations.entries().iter().filter(same);
        found.map(|entry| entry.name.clone()).collect()
    }

    /// Constants with their values.
    fn constants<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let values: Vec<(String, i128)> = lock(&self.declarations)
            .constants()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let made = PyDict::new(py);
        for (name, value) in values {
            made.set_item(name, value)?;
        }
        Ok(made)
    }

    /// How the first type was declared that only compiled modules can describe to older tools.
    fn new_feature(&self) -> Option<String> {
        lock(&self.declarations).new_feature().map(str::to_owned)
    }

    /// `(key, object, quals, included)` for each declaration, with cffi's own type objects.
    ///
    /// `known` maps the numbers of records and enums to their objects; it is added to. Records
    /// whose members were declared after their use go into `late`.
    fn models<'py>(
        &self,
        module: &Bound<'py, PyModule>,
        known: &Bound<'py, PyAny>,
        late: &Bound<'py, PyList>,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = module.py();
        let entries = lock(&self.declarations).entries().to_vec();
        let mut models = Models::new(module, known, late);
        let all = PyList::empty(py);
        for entry in entries {
            let key = format!("{} {}", entry.kind.word(), entry.name);
            let object = match &entry.object {
                Object::Type(ctype) => models.of(ctype)?,
                Object::Number(Some(value)) => value.into_pyobject(py)?.into_any(),
                Object::Number(None) => PyString::new(py, "...").into_any(),
            };
            all.append((key, object, entry.quals.0, entry.included))?;
        }
        models.finish()?;
        Ok(all)
    }

    /// cffi's own object for the type that a text names, and its qualifiers.
    fn model_of_text<'py>(
        &self,
        text: &str,
        module: &Bound<'py, PyModule>,
        known: &Bound<'py, PyAny>,
        late: &Bound<'py, PyList>,
    ) -> PyResult<(Bound<'py, PyAny>, u8)> {
        let (ctype, quals) = self.parsed(module.py(), text)?;
        let mut models = Models::new(module, known, late);
        let made = models.of(&ctype)?;
        models.finish()?;
        Ok((made, quals.0))
    }

    /// The types that exist already, by the numbers of their records and enums.
    fn built<'py>(&self, py: Python<'py>) -> Vec<(u64, Bound<'py, CType>)> {
        let built = lock(&self.built);
        let pairs = built.iter();
        pairs
            .map(|(id, made)| (*id, made.bind(py).clone()))
            .collect()
    }
}

/// The name of the enum that has the constant and a `...`, so that its value is not known.
fn partial_enum_with(declarations: &Declarations, constant: &str) -> Option<String> {
    declarations.entries().iter().find_map(|entry| {
        let Object::Type(ctype) = &entry.object else {
            return None;
        };
        let Shape::Enum(of) = ctype.shape() else {
            return None;
        };
        let has = of.partial && of.values.iter().any(|(name, _)| name == constant);
        has.then(|| of.c_name())
    })
}
