//! The types that a generated module declares, made when they are first asked for.

use std::cell::RefCell;
use std::collections::HashMap;

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::compose;
use crate::ctype::{CType, Kind, Type, size_of_type};
use crate::errors::ffi_error;
use crate::glue::{self, Tables, UNSET};
use crate::layout::{Declared as DeclaredField, STANDARD_POSITIONS, Said, complete};
use crate::parse::{Found, Names, parse};
use crate::primitive::Primitive;

/// The declarations of one module.
#[pyclass(frozen, module = "_rust_cffi", name = "Declared")]
pub struct Declared {
    tables: Tables,
    /// Records and enums by their spelling: one object each.
    tagged: RefCell<HashMap<String, Py<CType>>>,
    /// Texts that have been parsed before.
    parsed: RefCell<HashMap<String, Py<CType>>>,
}

// SAFETY: the cells are used with the GIL held only.
unsafe impl Sync for Declared {}

impl Declared {
    /// The declarations in these tables.
    pub fn new(tables: Tables) -> Declared {
        Declared {
            tables,
            tagged: RefCell::default(),
            parsed: RefCell::default(),
        }
    }

    /// The tables that the C compiler filled in.
    pub fn tables(&self) -> Tables {
        self.tables
    }

    /// The type that `text` names.
    ///
    /// # Errors
    /// `error` when the text is no type or names something undeclared.
    pub fn parse<'py>(slf: &Bound<'py, Self>, text: &str) -> PyResult<Found<'py>> {
        let py = slf.py();
        if let Some(known) = slf.get().parsed.borrow().get(text) {
            return Ok(Found::Type(known.bind(py).clone()));
        }
        let found = parse(py, text, slf)?;
        if let Found::Type(ctype) = &found {
            let kept = ctype.clone().unbind();
            slf.get().parsed.borrow_mut().insert(text.to_owned(), kept);
        }
        Ok(found)
    }

    fn make_record<'py>(
        slf: &Bound<'py, Self>,
        row: &'static glue::Record,
    ) -> PyResult<Bound<'py, CType>> {
        let made = compose::record(slf.py(), row.name(), row.union != 0)?;
        if let (Some(record), Some(fields)) = (made.get().record(), row.fields()) {
            let declared = slf.clone().unbind();
            *record.completion.borrow_mut() = Some(Box::new(move |ctype| {
                complete_record(declared.bind(ctype.py()), ctype, row, fields)
            }));
        }
        Ok(made)
    }

    fn make_enum<'py>(py: Python<'py>, row: &'static glue::Enum) -> PyResult<Bound<'py, CType>> {
        let mut values = Vec::new();
        for one in row.names() {
            values.push(read_integer(py, one.read)?);
        }
        let mut negative = false;
        for value in &values {
            negative |= value.lt(0)?;
        }
        let size = match usize::try_from(row.size) {
            Ok(0) | Err(_) => size_of::<std::ffi::c_int>(),
            Ok(size) => size,
        };
        let signed = if row.size == 0 {
            negative
        } else {
            row.signed != 0
        };
        let base = integer_name(size, signed);
        let base = compose::primitive(py, base)?;
        let names = PyTuple::new(py, row.names().iter().map(|one| one.name()))?;
        let values = PyTuple::new(py, values)?;
        compose::enumeration(py, row.name(), &names, &values, &base)
    }
}

/// The integer that a compiled reader gives.
pub fn read_integer<'py>(py: Python<'py>, read: glue::Read) -> PyResult<Bound<'py, PyAny>> {
    let mut value = 0u64;
    // SAFETY: the reader is part of the generated module and fills in its argument.
    let not_above_zero = unsafe { read(&raw mut value) } != 0;
    if not_above_zero {
        return Ok(value.cast_signed().into_pyobject(py)?.into_any());
    }
    Ok(value.into_pyobject(py)?.into_any())
}

fn integer_name(size: usize, signed: bool) -> &'static str {
    match (size, signed) {
        (1, true) => "signed char",
        (1, false) => "unsigned char",
        (2, true) => "short",
        (2, false) => "unsigned short",
        (4, true) => "int",
        (4, false) => "unsigned int",
        (_, true) => "long",
        (_, false) => "unsigned long",
    }
}

fn complete_record<'py>(
    declared: &Bound<'py, Declared>,
    ctype: Type<'_, 'py>,
    row: &glue::Record,
    fields: &'static [glue::Field],
) -> PyResult<()> {
    let py = declared.py();
    let mut known = Vec::with_capacity(fields.len());
    for field in fields {
        let text = field.full_type().unwrap_or_default();
        let of = Declared::parse(declared, &text)?.decayed();
        let size = size_of_type(&of)?;
        if let Ok(size) = usize::try_from(size)
            && field.size != UNSET
            && field.size != size
        {
            return Err(wrong_size(py, row.name(), field, size));
        }
        known.push(DeclaredField {
            name: PyString::new(py, field.name()),
            ctype: of,
            bits: usize::try_from(field.bits).ok(),
            offset: Some(field.offset).filter(|offset| *offset != UNSET),
        });
    }
    let asked = |number: usize| Some(number).filter(|number| *number != UNSET);
    let said = Said {
        size: asked(row.size),
        align: asked(row.align),
        flags: if row.complete != 0 {
            STANDARD_POSITIONS
        } else {
            0
        },
        pack: usize::try_from(row.pack).unwrap_or(0),
    };
    complete(ctype, &known, said)
}

fn wrong_size(py: Python<'_>, record: &str, field: &glue::Field, declared: usize) -> PyErr {
    ffi_error(
        py,
        format!(
            "{record}: wrong size for field '{}' (cdef says {declared}, but C compiler says {}). \
             fix it or use \"...;\" as the last field in the cdef for {record} to make it flexible",
            field.name(),
            field.size
        ),
    )
}

impl<'py> Names<'py> for Bound<'py, Declared> {
    fn tagged(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, CType>>> {
        if let Some(known) = self.get().tagged.borrow().get(name) {
            return Ok(Some(known.bind(py).clone()));
        }
        let tables = self.get().tables;
        let record = tables.records().iter().find(|row| row.name() == name);
        let made = match record {
            Some(row) => Declared::make_record(self, row)?,
            None => match tables.enums().iter().find(|row| row.name() == name) {
                Some(row) => Declared::make_enum(py, row)?,
                None if name == "struct _IO_FILE" => compose::record(py, name, false)?,
                None => return Ok(None),
            },
        };
        let kept = made.clone().unbind();
        self.get().tagged.borrow_mut().insert(name.to_owned(), kept);
        Ok(Some(made))
    }

    fn typedef(&self, py: Python<'py>, name: &str) -> PyResult<Option<Found<'py>>> {
        // An unnamed struct with a typedef is spelled by the typedef's name alone.
        if let Some(found) = self.tagged(py, name)? {
            return Ok(Some(Found::Type(found)));
        }
        let row = self
            .get()
            .tables
            .typedefs()
            .iter()
            .find(|row| row.name() == name);
        let Some(row) = row else {
            return match name {
                "FILE" => Ok(self.tagged(py, "struct _IO_FILE")?.map(Found::Type)),
                _ => Ok(None),
            };
        };
        match row.full_type() {
            Some(text) => Declared::parse(self, &text).map(Some),
            None => number_type(py, row).map(|found| Some(Found::Type(found))),
        }
    }
}

/// The number that the compiler found behind `typedef int... name`.
fn number_type<'py>(py: Python<'py>, row: &glue::Typedef) -> PyResult<Bound<'py, CType>> {
    let size = usize::try_from(row.size).unwrap_or(0);
    let name = match (row.kind, size) {
        (0, size) => integer_name(size, true),
        (1, size) => integer_name(size, false),
        (_, 4) => "float",
        (_, 8) => "double",
        _ => "long double",
    };
    if Primitive::named(name).is_some_and(|primitive| primitive.size == size) {
        return compose::primitive(py, name);
    }
    Err(ffi_error(
        py,
        format!("primitive type '{}' has size {size}", row.name()),
    ))
}

#[pymethods]
impl Declared {
    /// No declarations at all: only C's own types have names.
    #[new]
    fn empty() -> Declared {
        Declared::new(Tables::empty())
    }

    /// The type that a text names.
    fn find<'py>(slf: &Bound<'py, Self>, text: &str) -> PyResult<Bound<'py, CType>> {
        match Declared::parse(slf, text)? {
            Found::Type(ctype) => Ok(ctype),
            Found::Function(_) => Err(ffi_error(
                slf.py(),
                format!("the type '{text}' is a function type, not a pointer-to-function type"),
            )),
        }
    }

    /// The same for a callback, where `int(int)` may stand for a pointer to it.
    fn find_function<'py>(slf: &Bound<'py, Self>, text: &str) -> PyResult<Bound<'py, CType>> {
        let found = Declared::parse(slf, text)?.decayed();
        match found.get().kind {
            Kind::Function(_) => Ok(found),
            _ => Err(PyTypeError::new_err(format!(
                "expected a function ctype, got '{}'",
                found.get().name
            ))),
        }
    }

    /// Names of typedefs, structs and unions, sorted.
    fn list_types(&self) -> (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>) {
        let mut typedefs: Vec<&'static str> = self
            .tables
            .typedefs()
            .iter()
            .map(|row| row.name())
            .collect();
        let (mut structs, mut unions) = (Vec::new(), Vec::new());
        for row in self.tables.records() {
            match row.name().split_once(' ') {
                _ if row.name().contains('$') => {}
                Some(("struct", tag)) => structs.push(tag),
                Some(("union", tag)) => unions.push(tag),
                _ => typedefs.push(row.name()),
            }
        }
        for names in [&mut typedefs, &mut structs, &mut unions] {
            names.sort_unstable();
        }
        (typedefs, structs, unions)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // While a table is being changed, nothing in it can be garbage.
        for table in [&self.tagged, &self.parsed] {
            if let Ok(table) = table.try_borrow() {
                for ctype in table.values() {
                    visit.call(ctype)?;
                }
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        self.tagged.take();
        self.parsed.take();
    }
}
