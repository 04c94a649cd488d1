//! Function types: what a call takes and gives, and the prepared call.

use clib::ctype::{CType as Machine, PlacedMember, Record as MachineRecord, RecordKind, Signature};
use clib::plan::CallPlan;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError, PySystemError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::Arc;

use crate::ctype::{CField, CType, Kind, Layout, Type, layout};
use crate::direct::Direct;

/// A pointer to a function.
pub struct Function {
    /// What a call gives.
    pub result: Py<CType>,
    /// What a call takes, before any `...`.
    pub arguments: Vec<Py<CType>>,
    /// Whether a `...` follows.
    pub variadic: bool,
    /// The calling convention, as libffi numbers it.
    pub abi: i32,
    /// The prepared call; `None` for a variadic function and for one that cannot be called.
    pub prepared: Option<Prepared>,
}

/// A call prepared from its types.
pub struct Prepared {
    /// The machine types, needed again for a callback.
    pub signature: Signature,
    /// The call.
    pub plan: CallPlan,
    /// The short way, where there is one.
    pub direct: Option<Direct>,
}

impl Prepared {
    /// Prepares calls from `arguments` to `result`; `fixed` arguments come before a `...`.
    ///
    /// # Errors
    /// `NotImplementedError` for a type that cannot travel by value, `TypeError` for one without
    /// a size.
    pub fn new(
        arguments: &[&Bound<'_, CType>],
        result: &Bound<'_, CType>,
        fixed: Option<usize>,
    ) -> PyResult<Prepared> {
        let signature = Signature {
            result: machine_type(result, "return value")?,
            arguments: arguments
                .iter()
                .map(|argument| machine_type(argument, "argument"))
                .collect::<PyResult<_>>()?,
            fixed,
        };
        let plan = CallPlan::new(&signature)
            .map_err(|error| PySystemError::new_err(format!("cannot prepare the call: {error}")))?;
        let direct = Direct::new(arguments, result, &signature, &plan);
        Ok(Prepared {
            signature,
            plan,
            direct,
        })
    }
}

const ONLY_API: &str = "are only supported as";
const API_MODE: &str = "if the function is 'API mode' and non-variadic (i.e. declared inside \
    ffibuilder.cdef()+ffibuilder.set_source() and not taking a final '...' argument)";

fn machine_type(ctype: Type<'_, '_>, place: &str) -> PyResult<Machine> {
    let py = ctype.py();
    let of = ctype.get();
    match &of.kind {
        Kind::Primitive(primitive)
        | Kind::Enum {
            base: primitive, ..
        } => primitive.machine().ok_or_else(|| {
            PyNotImplementedError::new_err(format!(
                "ctype '{}' (size {}) not supported as {place} (complex numbers are \
                     supported as arguments or return value of API-mode functions only)",
                of.name, primitive.size
            ))
        }),
        Kind::Pointer { .. } | Kind::Function(_) => Ok(Machine::POINTER),
        Kind::Array { pointer, .. } if place == "argument" => machine_type(pointer.bind(py), place),
        Kind::Void if place == "return value" => Ok(Machine::Void),
        Kind::Record(record) => {
            let fields = layout(ctype)?;
            let Some(fields) = fields.filter(|_| of.size_now() > 0) else {
                if record.completing.get() {
                    return Err(PyRuntimeError::new_err(format!(
                        "'{}' contains a pointer to a function that takes or gives '{}' itself by \
                         value",
                        of.name, of.name
                    )));
                }
                return Err(PyTypeError::new_err(format!(
                    "ctype '{}' has incomplete type",
                    of.name
                )));
            };
            if record.union {
                return Err(PyNotImplementedError::new_err(format!(
                    "ctype '{}' not supported as {place} by libffi.  Unions {ONLY_API} {place} \
                     {API_MODE}",
                    of.name
                )));
            }
            by_value(ctype, fields, place)
        }
        _ => Err(PyTypeError::new_err(format!(
            "ctype '{}' has incomplete type",
            of.name
        ))),
    }
}

fn by_value(ctype: Type<'_, '_>, fields: &Layout, place: &str) -> PyResult<Machine> {
    let refuse = |detail: &str| {
        Err(PyNotImplementedError::new_err(format!(
            "ctype '{}' not supported as {place}.  {detail}.  Such structs {ONLY_API} {place} \
             {API_MODE}",
            ctype.get().name
        )))
    };
    if fields.custom_positions {
        return refuse(
            "It is a struct declared with \"...;\", but the C calling convention may depend on \
             the missing fields; or, it contains anonymous struct/unions",
        );
    }
    if fields.packed {
        return refuse(
            "It is a 'packed' structure, with a different layout than expected by libffi",
        );
    }
    let mut members = Vec::new();
    for (_name, field) in fields.fields.bind(ctype.py()) {
        let field = field.cast::<CField>()?.get();
        if field.bitshift >= 0 {
            return refuse("It is a struct with bit fields, which libffi does not support");
        }
        let member = field.ctype.bind(ctype.py());
        let Some(machine) = member_type(member)? else {
            return refuse(
                "It is a struct with a zero-length array, which libffi does not support",
            );
        };
        members.push(PlacedMember {
            ctype: machine,
            offset: field.offset,
            bits: None,
        });
    }
    Ok(Machine::Record(Arc::new(MachineRecord {
        kind: RecordKind::Struct,
        size: usize::try_from(ctype.get().size_now()).unwrap_or(0),
        alignment: ctype.get().align_now(),
        members,
    })))
}

/// The machine type of a struct's member; `None` for an array without elements.
fn member_type(ctype: Type<'_, '_>) -> PyResult<Option<Machine>> {
    if let Kind::Array { item, length, .. } = &ctype.get().kind {
        let Some(length) = length.filter(|length| *length > 0) else {
            return Ok(None);
        };
        return Ok(member_type(item.bind(ctype.py()))?.map(|item| Machine::array(item, length)));
    }
    machine_type(ctype, "argument").map(Some)
}

/// The name of a function type, in C: `RESULT(*)(ARGUMENTS)`, and where a variable's name goes.
pub fn function_name(
    arguments: &[Bound<'_, CType>],
    result: Type<'_, '_>,
    variadic: bool,
) -> (String, usize) {
    let (before, after) = result.get().name.split_at(result.get().name_position);
    let mut names: Vec<&str> = arguments
        .iter()
        .map(|one| one.get().name.as_str())
        .collect();
    if variadic {
        names.push("...");
    }
    let name = format!("{before}(*)({}){after}", names.join(", "));
    (name, before.len() + "(*".len())
}

/// A declaration of the function `name`, in C.
pub fn named(function: &Function, name: &str, py: Python<'_>) -> String {
    let result = function.result.bind(py).get();
    let mut arguments: Vec<&str> = function
        .arguments
        .iter()
        .map(|one| one.get().name.as_str())
        .collect();
    if function.variadic {
        arguments.push("...");
    }
    let before = &result.name[..result.name_position];
    let space = if before.ends_with('*') { "" } else { " " };
    result.name_around(&format!("{space}{name}({})", arguments.join(", ")))
}

/// A Python string that names a field, for messages.
pub fn text(name: &Bound<'_, PyString>) -> String {
    name.to_string_lossy().into_owned()
}
