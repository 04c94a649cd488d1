//! Types and constants of modules that our generator has written.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::compose;
use crate::ctype::{CType, Completion, Type, size_of_type};
use crate::declared::{
    DEEPEST_INCLUDE, Declared, Found, Key, Source, file, no_type, primitive as unnamed_number,
};
use crate::errors::ffi_error;
use crate::glue::{self, Tables, UNSET};
use crate::layout::{self, Declared as DeclaredField, STANDARD_POSITIONS, Said, complete};
use crate::opcode::Op;
use crate::parse::Names;
use crate::{machine, stock};

impl Names for Tables {
    fn record(&self, tag: &str, union: bool) -> Option<(isize, bool)> {
        let named = |keyword: &str| {
            let fits = |row: &glue::Record| row.name().strip_prefix(keyword) == Some(tag);
            self.records().iter().position(fits)
        };
        let (first, second) = if union {
            ("union ", "struct ")
        } else {
            ("struct ", "union ")
        };
        match named(first) {
            Some(number) => Some((number.cast_signed(), union)),
            None => Some((named(second)?.cast_signed(), !union)),
        }
    }

    fn enumeration(&self, tag: &str) -> Option<usize> {
        let fits = |row: &glue::Enum| row.name().strip_prefix("enum ") == Some(tag);
        self.enums().iter().position(fits)
    }

    fn typedef(&self, name: &str) -> Option<Op> {
        // A struct, union or enum without a tag is spelled by the typedef's name alone.
        let position = |found: Option<usize>, op: fn(usize) -> Op| found.map(op);
        position(
            self.typedefs().iter().position(|row| row.name() == name),
            Op::Typename,
        )
        .or_else(|| {
            let record = self.records().iter().position(|row| row.name() == name);
            position(record, |number| Op::Record(number.cast_signed()))
        })
        .or_else(|| {
            let found = self.enums().iter().position(|row| row.name() == name);
            position(found, Op::Enum)
        })
    }

    fn length(&self, name: &str) -> Option<Result<usize, &'static str>> {
        let read = integer_reader(*self, name)?;
        let mut value = 0u64;
        // SAFETY: the reader is part of the generated module and fills in its argument.
        let not_above_zero = unsafe { read(&raw mut value) } != 0;
        if not_above_zero && value != 0 {
            return None;
        }
        Some(match isize::try_from(value) {
            Ok(length) => Ok(length.unsigned_abs()),
            Err(_) => Err("integer constant too large"),
        })
    }
}

/// The names of a module's tables; lengths may also be integers of the modules that it includes.
pub struct Known<'a, 'py> {
    /// The module's own tables.
    pub tables: Tables,
    /// Its declarations, which know what it includes.
    pub declared: &'a Bound<'py, Declared>,
}

impl Names for Known<'_, '_> {
    fn record(&self, tag: &str, union: bool) -> Option<(isize, bool)> {
        self.tables.record(tag, union)
    }

    fn enumeration(&self, tag: &str) -> Option<usize> {
        self.tables.enumeration(tag)
    }

    fn typedef(&self, name: &str) -> Option<Op> {
        self.tables.typedef(name)
    }

    fn length(&self, name: &str) -> Option<Result<usize, &'static str>> {
        let own = self.tables.length(name);
        own.or_else(|| included_length(self.declared, name, 0))
    }
}

fn included_length(
    declared: &Bound<'_, Declared>,
    name: &str,
    depth: usize,
) -> Option<Result<usize, &'static str>> {
    if depth > DEEPEST_INCLUDE {
        return None;
    }
    declared.get().includes().iter().find_map(|include| {
        let other = include.declared.bind(declared.py());
        let found = match other.get().source()? {
            Source::Generated(tables) => tables.length(name),
            Source::Stock(tables) => tables.length(name),
        };
        found.or_else(|| included_length(other, name, depth + 1))
    })
}

/// What reads the integer of this name.
fn integer_reader(tables: Tables, name: &str) -> Option<glue::Read> {
    let enumerator = tables
        .enums()
        .iter()
        .flat_map(glue::Enum::names)
        .find(|row| row.name() == name);
    match enumerator {
        Some(row) => Some(row.read),
        None => {
            tables
                .constants()
                .iter()
                .find(|row| row.name() == name)?
                .read
        }
    }
}

/// Record `number` of the tables.
///
/// # Errors
/// Those of making the type.
pub fn record<'py>(
    declared: &Bound<'py, Declared>,
    tables: Tables,
    number: usize,
) -> PyResult<Bound<'py, CType>> {
    let py = declared.py();
    let key = Key::Record(number);
    if let Some(found) = declared.get().kept(py, key) {
        return found.typed();
    }
    let row = tables.records().get(number).ok_or_else(no_type)?;
    let made = if row.external != 0 {
        let found = included(declared, row.name(), 0)?;
        let found = found.ok_or_else(|| not_included(py, row.name()))?;
        if row.complete != 0 {
            stock::refuse_opaque(&found, row.name())?;
        }
        found
    } else if row.name() == "struct _IO_FILE" {
        file(py)?.clone()
    } else {
        compose::record(py, row.name(), row.union != 0)?
    };
    if let (Some(record), Some(_)) = (made.get().record(), row.fields()) {
        *record.completion.borrow_mut() = Some(Completion {
            declared: declared.clone().unbind(),
            record: number,
        });
    }
    declared.get().keep(key, &Found::Type(made.clone()));
    Ok(made)
}

fn not_included(py: Python<'_>, name: &str) -> PyErr {
    let message = format!("'{name}' should come from ffi.include() but was not found");
    ffi_error(py, message)
}

/// The type of this name in an included module: the same object as there.
fn included<'py>(
    declared: &Bound<'py, Declared>,
    name: &str,
    depth: usize,
) -> PyResult<Option<Bound<'py, CType>>> {
    if depth > DEEPEST_INCLUDE {
        return Err(PyRuntimeError::new_err(
            "recursion overflow in ffi.include() delegations",
        ));
    }
    for include in declared.get().includes() {
        let other = include.declared.bind(declared.py());
        let found = match other.get().source() {
            Some(Source::Generated(tables)) => {
                let row = |row: &glue::Record| row.name() == name && row.external == 0;
                let one = |row: &glue::Enum| row.name() == name && row.external == 0;
                if let Some(number) = tables.records().iter().position(row) {
                    Some(record(other, *tables, number)?)
                } else if let Some(number) = tables.enums().iter().position(one) {
                    Some(enumeration(other, *tables, number)?)
                } else {
                    included(other, name, depth + 1)?
                }
            }
            // Stock cffi's tables name types as a user would.
            Some(Source::Stock(_)) => {
                let name = PyString::new(declared.py(), name);
                Some(Declared::named(other, &name)?.decayed())
            }
            None => None,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Enum `number` of the tables.
///
/// # Errors
/// Those of making the type.
pub fn enumeration<'py>(
    declared: &Bound<'py, Declared>,
    tables: Tables,
    number: usize,
) -> PyResult<Bound<'py, CType>> {
    let py = declared.py();
    let key = Key::Enum(number);
    if let Some(found) = declared.get().kept(py, key) {
        return found.typed();
    }
    let row = tables.enums().get(number).ok_or_else(no_type)?;
    if row.external != 0 {
        let found = included(declared, row.name(), 0)?;
        return found.ok_or_else(|| not_included(py, row.name()));
    }
    let mut values = Vec::new();
    let mut negative = false;
    for one in row.names() {
        let value = read_integer(py, one.read)?;
        negative |= value.lt(0)?;
        values.push(value);
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
    let base = compose::primitive(py, integer_name(size, signed))?;
    let names = PyTuple::new(py, row.names().iter().map(|one| one.name()))?;
    let values = PyTuple::new(py, values)?;
    let made = compose::enumeration(py, row.name(), &names, &values, &base)?;
    declared.get().keep(key, &Found::Type(made.clone()));
    Ok(made)
}

/// Typedef `number` of the tables.
///
/// # Errors
/// Those of making the type.
pub fn typename<'py>(
    declared: &Bound<'py, Declared>,
    tables: Tables,
    number: usize,
) -> PyResult<Found<'py>> {
    let row = tables.typedefs().get(number).ok_or_else(no_type)?;
    match row.type_text() {
        Some(text) => Declared::generated(declared, text),
        None => number_type(declared.py(), row).map(Found::Type),
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

/// Gives a record of the tables its fields.
///
/// # Errors
/// `error` when the compiler contradicts the declaration.
pub fn complete_record(
    declared: &Bound<'_, Declared>,
    tables: Tables,
    ctype: Type<'_, '_>,
    number: usize,
) -> PyResult<()> {
    let py = declared.py();
    let row = tables.records().get(number).ok_or_else(no_type)?;
    let mut known = Vec::new();
    for field in row.fields().unwrap_or_default() {
        let text = field.type_text().unwrap_or_default();
        let of = Declared::generated(declared, text)?.decayed();
        let size = size_of_type(&of)?;
        if size >= 0 && field.size != UNSET && field.size.cast_signed() != size {
            let what = format!("wrong size for field '{}'", field.name());
            let told = field.size.cast_signed();
            layout::disagree(ctype, STANDARD_POSITIONS, size, told, &what)?;
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
        custom: false,
    };
    complete(ctype, &known, said)
}

/// The number that the compiler found behind `typedef int... name`.
fn number_type<'py>(py: Python<'py>, row: &glue::Typedef) -> PyResult<Bound<'py, CType>> {
    let size = usize::try_from(row.size).unwrap_or(0);
    let name = match (row.kind, size) {
        (0 | 1, 1 | 2 | 4 | 8) => integer_name(size, row.kind == 0),
        (0 | 1, _) => return unnamed_number(py, -1),
        (_, 4) => "float",
        (_, 8) => "double",
        (_, machine::LONG_DOUBLE) => return unnamed_number(py, -3),
        _ => return unnamed_number(py, -2),
    };
    compose::primitive(py, name)
}

/// The integer of this name, compared with what the declaration claims; `None` for no integer.
///
/// # Errors
/// `error` when the compiler contradicts the declaration.
pub fn integer<'py>(
    py: Python<'py>,
    tables: Tables,
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(read) = integer_reader(tables, name) else {
        return Ok(None);
    };
    let value = read_integer(py, read)?;
    let row = tables.constants().iter().find(|row| row.name() == name);
    if let Some(claimed) = row.and_then(glue::Constant::claimed)
        && value.str()?.to_str()? != claimed
    {
        let shown = match value.extract::<u64>() {
            Ok(above_zero @ 1..) => format!("{value} (0x{above_zero:x})"),
            _ => value.to_string(),
        };
        return Err(ffi_error(
            py,
            format!("the C compiler says '{name}' is equal to {shown}, but the cdef disagrees"),
        ));
    }
    Ok(Some(value))
}
