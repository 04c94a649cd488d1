//! Makes the types of the engine out of declared ones.

use std::collections::HashMap;
use std::sync::Arc;

use clib::cdef::{Body, Enumeration, Function, Length, Record, Shape, Type};
use pyo3::exceptions::{PyNotImplementedError, PyOverflowError, PyRecursionError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use super::{Cdef, exception, lock};
use crate::compose;
use crate::ctype::CType;
use crate::declared::DEFAULT_ABI;
use crate::layout::{Declared, Said, complete};

/// Records inside one another by value, at most: each costs a few calls of our own.
const DEEPEST: usize = 250;

/// One request for a type, with all that it needs.
pub struct Builder<'a, 'py> {
    py: Python<'py>,
    cdef: &'a Cdef,
    /// What this request has made already, by the address of the declared type.
    made: HashMap<usize, Bound<'py, CType>>,
    /// Records that exist, but wait for their members.
    waiting: Vec<Arc<Record>>,
    /// Records whose members are being made.
    open: Vec<u64>,
}

impl<'a, 'py> Builder<'a, 'py> {
    /// A new request.
    pub fn new(py: Python<'py>, cdef: &'a Cdef) -> Self {
        Builder {
            py,
            cdef,
            made: HashMap::new(),
            waiting: Vec::new(),
            open: Vec::new(),
        }
    }

    /// The type, complete with all that it points to.
    ///
    /// # Errors
    /// `VerificationMissing` for what only the C compiler knows, `CDefError` for a bare function,
    /// `NotImplementedError` for a record that contains itself; those of the engine.
    pub fn make(mut self, ctype: &Type) -> PyResult<Bound<'py, CType>> {
        let made = self.whole(ctype)?;
        self.finish()?;
        Ok(made)
    }

    /// Completes those of the records that exist already, without their members.
    ///
    /// # Errors
    /// As [`Builder::make`].
    pub fn complete_late(mut self, records: Vec<Arc<Record>>) -> PyResult<()> {
        let py = self.py;
        let exists = |record: &Arc<Record>| compose::declared(py, record.id).is_some();
        self.waiting.extend(records.into_iter().filter(exists));
        self.finish()
    }

    fn finish(&mut self) -> PyResult<()> {
        while let Some(record) = self.waiting.pop() {
            let made = self.record(&record)?;
            self.complete(&record, &made)?;
        }
        Ok(())
    }

    /// A type whose size is needed now.
    fn whole(&mut self, ctype: &Type) -> PyResult<Bound<'py, CType>> {
        let made = self.named(ctype)?;
        if let Shape::Record(record) = ctype.shape() {
            self.complete(record, &made)?;
        }
        Ok(made)
    }

    /// A type of which it is enough that it exists.
    fn named(&mut self, ctype: &Type) -> PyResult<Bound<'py, CType>> {
        if let Some(made) = self.made.get(&ctype.address()) {
            return Ok(made.clone());
        }
        let made = match ctype.shape() {
            Shape::Void => compose::void(self.py)?,
            Shape::Primitive(name) => compose::primitive(self.py, name)?,
            Shape::UnknownInteger(name) => return Err(only_compiled("integer", name)),
            Shape::UnknownFloat(name) => return Err(only_compiled("float", name)),
            Shape::Pointer { item, .. } => {
                let item = self.named(item)?;
                compose::pointer(&item)?
            }
            Shape::Array { item, length } => self.array(item, length)?,
            Shape::Function(function) => self.function(function)?,
            Shape::Record(record) => self.record(record)?,
            Shape::Enum(of) => self.enumeration(of)?,
        };
        self.made.insert(ctype.address(), made.clone());
        Ok(made)
    }

    fn array(&mut self, item: &Type, length: &Length) -> PyResult<Bound<'py, CType>> {
        let length = match length {
            Length::Open => None,
            Length::Known(length) if *length < 0 => {
                return Err(PyValueError::new_err("negative array length"));
            }
            Length::Known(length) => {
                Some(usize::try_from(*length).map_err(|_| compose::too_large())?)
            }
            Length::Unknown | Length::Expression(_) => {
                let what = "cannot render an array type with '[...]': unknown length";
                return Err(exception(self.py, "CDefError", what));
            }
        };
        let item = self.whole(item)?;
        compose::array(&compose::pointer(&item)?, length)
    }

    fn function(&mut self, function: &Function) -> PyResult<Bound<'py, CType>> {
        if !function.pointer {
            let what = "cannot render the type: it is a function type, not a pointer-to-function \
                        type";
            return Err(exception(self.py, "CDefError", what));
        }
        let result = self.whole(&function.result)?;
        let arguments = function.arguments.iter().map(|one| self.whole(one));
        let arguments = arguments.collect::<PyResult<Vec<_>>>()?;
        compose::function(&arguments, &result, function.variadic, DEFAULT_ABI)
    }

    /// One that this or other declarations have made, or a new one without members.
    fn record(&mut self, record: &Arc<Record>) -> PyResult<Bound<'py, CType>> {
        if let Some(made) = lock(&self.cdef.built).get(&record.id) {
            return Ok(made.bind(self.py).clone());
        }
        if record.is_partial() {
            return Err(exception(self.py, "VerificationMissing", &record.c_name()));
        }
        let made = match compose::declared(self.py, record.id) {
            Some(made) => made,
            None => {
                let made = compose::record(self.py, &record.c_name(), record.union)?;
                compose::declare(record.id, &made)?;
                made
            }
        };
        self.keep(record.id, &made);
        self.waiting.push(Arc::clone(record));
        Ok(made)
    }

    fn keep(&self, id: u64, made: &Bound<'py, CType>) {
        lock(&self.cdef.built).insert(id, made.clone().unbind());
    }

    fn complete(&mut self, record: &Record, made: &Bound<'py, CType>) -> PyResult<()> {
        let done = made
            .get()
            .record()
            .is_none_or(|one| one.layout.get().is_some());
        let Some(body) = record.body().filter(|_| !done) else {
            return Ok(());
        };
        if self.open.contains(&record.id) {
            let what = format!("recursive structure declaration for '{}'", record.name);
            return Err(PyNotImplementedError::new_err(what));
        }
        if self.open.len() >= DEEPEST {
            let what = format!("'{}': structs are nested too deeply", record.c_name());
            return Err(PyRecursionError::new_err(what));
        }
        self.open.push(record.id);
        let placed = self.place(&body, made);
        self.open.pop();
        placed
    }

    fn place(&mut self, body: &Body, made: &Bound<'py, CType>) -> PyResult<()> {
        let mut fields = Vec::with_capacity(body.fields.len());
        for field in &body.fields {
            let ctype = self.whole(&field.ctype)?;
            let bits = field.bits.map(|bits| {
                usize::try_from(bits)
                    .map_err(|_| PyOverflowError::new_err("bit-field of impossible width"))
            });
            fields.push(Declared {
                name: PyString::new(self.py, &field.name),
                ctype,
                bits: bits.transpose()?,
                offset: None,
            });
        }
        let said = Said {
            pack: usize::try_from(body.pack).unwrap_or(0),
            ..Said::default()
        };
        complete(made, &fields, said)
    }

    fn enumeration(&mut self, of: &Enumeration) -> PyResult<Bound<'py, CType>> {
        if let Some(made) = lock(&self.cdef.built).get(&of.id) {
            return Ok(made.bind(self.py).clone());
        }
        if of.partial {
            return Err(exception(self.py, "VerificationMissing", &of.c_name()));
        }
        let made = match compose::declared(self.py, of.id) {
            Some(made) => made,
            None => self.new_enumeration(of)?,
        };
        self.keep(of.id, &made);
        Ok(made)
    }

    fn new_enumeration(&self, of: &Enumeration) -> PyResult<Bound<'py, CType>> {
        let py = self.py;
        if of.values.is_empty() {
            let what = format!(
                "'{}' has no values explicitly defined; guessing that it is equivalent to \
                 'unsigned int'",
                of.c_name()
            );
            py.import("warnings")?.call_method1("warn", (what,))?;
        }
        let base = compose::primitive(py, self.integer_of(of)?)?;
        let names = PyTuple::new(py, of.values.iter().map(|(name, _)| name))?;
        let values = PyTuple::new(py, of.values.iter().map(|(_, value)| value))?;
        let made = compose::enumeration(py, &of.c_name(), &names, &values, &base)?;
        compose::declare(of.id, &made)?;
        Ok(made)
    }

    /// The smallest of C's integers, from `int` on, that has all values of the enum.
    fn integer_of(&self, of: &Enumeration) -> PyResult<&'static str> {
        let values = || of.values.iter().map(|(_, value)| *value);
        let (least, greatest) = (values().min().unwrap_or(0), values().max().unwrap_or(0));
        let long = std::ffi::c_long::BITS;
        let fits = |bits: u32, signed: bool| {
            let half = 1i128 << (bits - 1);
            if signed {
                least >= -half && greatest < half
            } else {
                least >= 0 && greatest < 2 * half
            }
        };
        match least < 0 {
            true if fits(32, true) => Ok("int"),
            true if fits(long, true) => Ok("long"),
            false if fits(32, false) => Ok("unsigned int"),
            false if fits(long, false) => Ok("unsigned long"),
            _ => {
                let what = format!(
                    "{} values don't all fit into either 'long' or 'unsigned long'",
                    of.c_name()
                );
                Err(exception(self.py, "CDefError", &what))
            }
        }
    }
}

fn only_compiled(what: &str, name: &str) -> PyErr {
    let message = format!("{what} type '{name}' can only be used after compilation");
    PyNotImplementedError::new_err(message)
}
