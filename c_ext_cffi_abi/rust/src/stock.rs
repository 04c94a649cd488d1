//! Types and constants of modules that stock cffi has written.

use std::ffi::c_int;

use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::compose;
use crate::ctype::{CType, Completion, Type};
use crate::declared::{DEEPEST_INCLUDE, Declared, Found, Key, Source, file, no_type};
use crate::errors::ffi_error;
use crate::layout::{self, Declared as DeclaredField, STANDARD_POSITIONS, Said, complete};
use crate::opcode::{Op, PRIMITIVES};
use crate::parse::Names;
use crate::stock_tables::{
    CHECK_FIELDS, EXTERNAL, Global, OPAQUE, PACKED, Record, StockTables, UNION, search,
};

impl Names for StockTables {
    fn record(&self, tag: &str, _union: bool) -> Option<(isize, bool)> {
        let number = search(&self.records, tag)?;
        let union = self.records[number].flags & UNION != 0;
        Some((number.cast_signed(), union))
    }

    fn enumeration(&self, tag: &str) -> Option<usize> {
        search(&self.enums, tag)
    }

    fn typedef(&self, name: &str) -> Option<Op> {
        search(&self.typenames, name).map(Op::Typename)
    }

    fn length(&self, name: &str) -> Option<Result<usize, &'static str>> {
        let global = &self.globals[search(&self.globals, name)?];
        if !global.is_integer() {
            return None;
        }
        match global.integer() {
            (value, 0) if isize::try_from(value).is_err() => {
                Some(Err("integer constant too large"))
            }
            (value, 0) => Some(Ok(value as usize)),
            (0, _) => Some(Ok(0)),
            (_, 1) => None,
            _ => Some(Err("disagreement about this constant's value")),
        }
    }
}

/// The name of a type whose tag is `tag`; a tag that begins with `$` and a name was invented for
/// a typedef of this name.
fn type_name(keyword: &str, tag: &str) -> String {
    match tag.strip_prefix('$') {
        Some(name) if !name.starts_with(|one: char| one == '$' || one.is_ascii_digit()) => {
            name.to_owned()
        }
        _ => format!("{keyword} {tag}"),
    }
}

fn keyword(flags: c_int) -> &'static str {
    if flags & UNION != 0 {
        "union"
    } else {
        "struct"
    }
}

/// Record `number` of the tables.
///
/// # Errors
/// `error` when an included module should declare it and does not.
pub fn record<'py>(
    declared: &Bound<'py, Declared>,
    tables: &StockTables,
    number: usize,
) -> PyResult<Bound<'py, CType>> {
    let py = declared.py();
    let row = tables.records.get(number).ok_or_else(no_type)?;
    let key = Key::Word(row.word);
    if let Some(found) = declared.get().kept(py, key) {
        return found.typed();
    }
    let made = if row.flags & EXTERNAL != 0 {
        external(declared, row)?
    } else {
        let name = type_name(keyword(row.flags), &row.name);
        if name == "struct _IO_FILE" {
            file(py)?.clone()
        } else {
            let made = compose::record(py, &name, row.flags & UNION != 0)?;
            if let (Some(record), true) = (made.get().record(), row.flags & OPAQUE == 0) {
                *record.completion.borrow_mut() = Some(Completion {
                    declared: declared.clone().unbind(),
                    record: number,
                });
            }
            made
        }
    };
    declared.get().keep(key, &Found::Type(made.clone()));
    Ok(made)
}

fn external<'py>(declared: &Bound<'py, Declared>, row: &Record) -> PyResult<Bound<'py, CType>> {
    let (keyword, name) = (keyword(row.flags), &row.name);
    let Some(found) = included(declared, row, 0)? else {
        let message =
            format!("'{keyword} {name}' should come from ffi.include() but was not found");
        return Err(ffi_error(declared.py(), message));
    };
    if row.flags & OPAQUE == 0 {
        refuse_opaque(&found, &format!("{keyword} {name}"))?;
    }
    Ok(found)
}

/// Refuses a record that an included module does not describe, but the including one does.
///
/// # Errors
/// `NotImplementedError` if it is opaque.
pub fn refuse_opaque(found: Type<'_, '_>, name: &str) -> PyResult<()> {
    let opaque = found.get().record().is_some_and(|record| {
        record.layout.get().is_none() && record.completion.borrow().is_none()
    });
    if opaque {
        return Err(PyNotImplementedError::new_err(format!(
            "'{name}' is opaque in the ffi.include(), but no longer in the ffi doing the include \
             (workaround: don't use ffi.include() but duplicate the declarations of everything \
             using {name})"
        )));
    }
    Ok(())
}

fn included<'py>(
    declared: &Bound<'py, Declared>,
    row: &Record,
    depth: usize,
) -> PyResult<Option<Bound<'py, CType>>> {
    if depth > DEEPEST_INCLUDE {
        return Err(PyRuntimeError::new_err(
            "recursion overflow in ffi.include() delegations",
        ));
    }
    for include in declared.get().includes() {
        let other = include.declared.bind(declared.py());
        let Some(Source::Stock(tables)) = other.get().source() else {
            continue;
        };
        let Some(number) = search(&tables.records, &row.name) else {
            continue;
        };
        let kind = UNION | EXTERNAL;
        if tables.records[number].flags & kind == row.flags & UNION {
            return record(other, tables, number).map(Some);
        }
        if let Some(found) = included(other, row, depth + 1)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Gives a record of the tables its fields.
///
/// # Errors
/// `error` when the compiler contradicts the declaration.
pub fn complete_record(
    declared: &Bound<'_, Declared>,
    tables: &StockTables,
    ctype: Type<'_, '_>,
    number: usize,
) -> PyResult<()> {
    let py = declared.py();
    let row = tables.records.get(number).ok_or_else(no_type)?;
    let mut flags = 0;
    if row.flags & CHECK_FIELDS != 0 {
        flags |= STANDARD_POSITIONS;
    }
    if row.flags & PACKED != 0 {
        flags |= layout::PACKED;
    }
    let mut custom = false;
    let mut fields = Vec::with_capacity(row.fields.len());
    for field in &row.fields {
        let of = Declared::at_word(declared, field.word)?.typed()?;
        if field.offset.is_some() && field.bits.is_none() {
            let told = field.size.map_or(-1, usize::cast_signed);
            let size = crate::ctype::size_of_type(&of)?;
            if told != size {
                let what = format!("wrong size for field '{}'", field.name);
                layout::disagree(ctype, flags, size, told, &what)?;
                custom = true;
            }
        }
        fields.push(DeclaredField {
            name: PyString::new(py, &field.name),
            ctype: of,
            bits: field.bits,
            offset: field.offset,
        });
    }
    let said = Said {
        size: row.size,
        align: row.align,
        flags,
        pack: 0,
        custom,
    };
    complete(ctype, &fields, said)
}

/// Enum `number` of the tables.
///
/// # Errors
/// `error` when the compiler contradicts the declaration of a value.
pub fn enumeration<'py>(
    declared: &Bound<'py, Declared>,
    tables: &StockTables,
    number: usize,
) -> PyResult<Bound<'py, CType>> {
    let py = declared.py();
    let row = tables.enums.get(number).ok_or_else(no_type)?;
    let key = Key::Word(row.word);
    if let Some(found) = declared.get().kept(py, key) {
        return found.typed();
    }
    let base = usize::try_from(row.base)
        .ok()
        .and_then(|base| PRIMITIVES.get(base))
        .ok_or_else(no_type)?;
    let base = compose::primitive(py, base)?;
    let names: Vec<&str> = row.names.split(',').filter(|one| !one.is_empty()).collect();
    let values = names
        .iter()
        .map(|name| {
            let index = search(&tables.globals, name).ok_or_else(no_type)?;
            integer(py, &tables.globals[index])
        })
        .collect::<PyResult<Vec<_>>>()?;
    let (names, values) = (PyTuple::new(py, names)?, PyTuple::new(py, values)?);
    let made = compose::enumeration(py, &type_name("enum", &row.name), &names, &values, &base)?;
    declared.get().keep(key, &Found::Type(made.clone()));
    Ok(made)
}

/// The value of an integer constant.
///
/// # Errors
/// `error` when the compiler has found another value than the declaration says.
pub fn integer<'py>(py: Python<'py>, global: &Global) -> PyResult<Bound<'py, PyAny>> {
    let found = match global.integer() {
        (value, 0) => return Ok(value.into_pyobject(py)?.into_any()),
        (value, 1) => return Ok(value.cast_signed().into_pyobject(py)?.into_any()),
        (value, 2) => format!("{value} (0x{value:x})"),
        (value, _) => value.cast_signed().to_string(),
    };
    Err(ffi_error(
        py,
        format!(
            "the C compiler says '{}' is equal to {found}, but the cdef disagrees",
            global.name
        ),
    ))
}
