//! cffi's own objects for declared types, as its tools for compiled modules look at them.

use std::collections::HashMap;
use std::sync::Arc;

use clib::cdef::{Enumeration, FILE_ID, Function, Length, Record, Shape, Type};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

/// Makes objects of the classes in cffi's module `model`.
pub struct Models<'a, 'py> {
    module: &'a Bound<'py, PyModule>,
    /// Number to object, for records and enums.
    known: &'a Bound<'py, PyAny>,
    /// Records that have been used without members before.
    late: &'a Bound<'py, PyList>,
    made: HashMap<usize, Bound<'py, PyAny>>,
    /// Records whose members may have to be filled in.
    waiting: Vec<(Arc<Record>, Bound<'py, PyAny>)>,
}

impl<'a, 'py> Models<'a, 'py> {
    /// Objects of this module; those in `known` are used again.
    pub fn new(
        module: &'a Bound<'py, PyModule>,
        known: &'a Bound<'py, PyAny>,
        late: &'a Bound<'py, PyList>,
    ) -> Self {
        Models {
            module,
            known,
            late,
            made: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// The object for a type.
    ///
    /// # Errors
    /// Those of cffi's classes.
    pub fn of(&mut self, ctype: &Type) -> PyResult<Bound<'py, PyAny>> {
        if let Some(made) = self.made.get(&ctype.address()) {
            return Ok(made.clone());
        }
        let made = match ctype.shape() {
            Shape::Void => self.module.getattr("void_type")?,
            Shape::Primitive(name) => self.class("PrimitiveType")?.call1((*name,))?,
            Shape::UnknownInteger(name) => self.class("UnknownIntegerType")?.call1((name,))?,
            Shape::UnknownFloat(name) => self.class("UnknownFloatType")?.call1((name,))?,
            Shape::Pointer { item, quals, name } => {
                let item = self.of(item)?;
                match name {
                    Some(name) => self
                        .class("NamedPointerType")?
                        .call1((item, name, quals.0))?,
                    None => self.class("PointerType")?.call1((item, quals.0))?,
                }
            }
            Shape::Array { item, length } => {
                let item = self.of(item)?;
                self.class("ArrayType")?
                    .call1((item, self.length(length)?))?
            }
            Shape::Function(function) => self.function(function)?,
            Shape::Record(record) => self.record(record)?,
            Shape::Enum(of) => self.enumeration(of)?,
        };
        self.made.insert(ctype.address(), made.clone());
        Ok(made)
    }

    fn class(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.module.getattr(name)
    }

    fn length(&self, length: &Length) -> PyResult<Bound<'py, PyAny>> {
        let py = self.module.py();
        Ok(match length {
            Length::Open => py.None().into_bound(py),
            Length::Known(length) => length.into_pyobject(py)?.into_any(),
            Length::Unknown => PyString::new(py, "...").into_any(),
            Length::Expression(text) => PyString::new(py, text).into_any(),
        })
    }

    fn function(&mut self, function: &Function) -> PyResult<Bound<'py, PyAny>> {
        let arguments = function.arguments.iter().map(|one| self.of(one));
        let arguments = arguments.collect::<PyResult<Vec<_>>>()?;
        let arguments = PyTuple::new(self.module.py(), arguments)?;
        let result = self.of(&function.result)?;
        let convention = function.stdcall.then_some("__stdcall");
        let class = if function.pointer {
            "FunctionPtrType"
        } else {
            "RawFunctionType"
        };
        self.class(class)?
            .call1((arguments, result, function.variadic, convention))
    }

    fn found(&self, id: u64) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.known.call_method1("get", (id,))?;
        Ok((!found.is_none()).then_some(found))
    }

    fn record(&mut self, record: &Arc<Record>) -> PyResult<Bound<'py, PyAny>> {
        let made = match self.found(record.id)? {
            Some(made) => made,
            None => self.new_record(record)?,
        };
        // The names of types that contain it are made of this one.
        if let Some(name) = record.forced_name()
            && made.getattr("forcename")?.is_none()
        {
            made.call_method1("force_the_name", (name,))?;
        }
        self.waiting.push((Arc::clone(record), made.clone()));
        Ok(made)
    }

    fn new_record(&self, record: &Record) -> PyResult<Bound<'py, PyAny>> {
        let py = self.module.py();
        if record.id == FILE_ID {
            let common = py
                .import("rust_cffi.commontypes")?
                .getattr("COMMON_TYPES")?;
            let file = common.get_item("FILE")?;
            self.known.set_item(record.id, &file)?;
            return Ok(file);
        }
        let class = if record.union {
            "UnionType"
        } else {
            "StructType"
        };
        let none = py.None();
        let made = self
            .class(class)?
            .call1((&record.name, &none, &none, &none))?;
        if record.unknown {
            made.setattr("origin", "unknown_type")?;
        }
        self.known.set_item(record.id, &made)?;
        Ok(made)
    }

    fn enumeration(&self, of: &Enumeration) -> PyResult<Bound<'py, PyAny>> {
        if let Some(made) = self.found(of.id)? {
            return Ok(made);
        }
        let py = self.module.py();
        let names = PyTuple::new(py, of.values.iter().map(|(name, _)| name))?;
        let values = PyTuple::new(py, of.values.iter().map(|(_, value)| value))?;
        let made = self.class("EnumType")?.call1((&of.name, names, values))?;
        made.call_method1("force_the_name", (of.forced_name.as_deref(),))?;
        made.setattr("partial", of.partial)?;
        self.known.set_item(of.id, &made)?;
        Ok(made)
    }

    /// Brings the objects of records up to what has been declared since they were made.
    ///
    /// # Errors
    /// Those of cffi's classes.
    pub fn finish(mut self) -> PyResult<()> {
        while let Some((record, made)) = self.waiting.pop() {
            if record.is_partial() {
                made.setattr("partial", true)?;
            }
            if made.getattr("fldtypes")?.is_none() {
                self.fill(&record, &made)?;
            }
        }
        Ok(())
    }

    fn fill(&mut self, record: &Record, made: &Bound<'py, PyAny>) -> PyResult<()> {
        let Some(body) = record.body() else {
            return Ok(());
        };
        let py = self.module.py();
        let fields = &body.fields;
        // Set before the members are made: one of them may lead back here.
        made.setattr(
            "fldnames",
            PyTuple::new(py, fields.iter().map(|one| &one.name))?,
        )?;
        let types = fields.iter().map(|field| self.of(&field.ctype));
        let types = types.collect::<PyResult<Vec<_>>>()?;
        made.setattr("fldtypes", PyTuple::new(py, types)?)?;
        let bits = fields.iter().map(|field| field.bits.unwrap_or(-1));
        made.setattr("fldbitsize", PyTuple::new(py, bits)?)?;
        made.setattr(
            "fldquals",
            PyTuple::new(py, fields.iter().map(|one| one.quals.0))?,
        )?;
        made.setattr("packed", body.pack)?;
        if made.getattr("completed")?.is_truthy()? {
            made.setattr("completed", 0)?;
            self.late.append(made)?;
        }
        Ok(())
    }
}
