//! `CType`: a C type as a Python object.
//!
//! Types are shared: two requests for `int *` give one object, so that comparing types is comparing
//! addresses. Records (structs and unions) and enums are never shared.

use std::cell::{Cell, OnceCell, RefCell};

use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::declared::{Declared, Source};
use crate::function::Function;
use crate::primitive::{Class, Primitive};
use crate::{generated, stock};

/// A reference to a type that something else keeps alive.
pub type Type<'a, 'py> = &'a Bound<'py, CType>;

/// A C type.
#[pyclass(frozen, weakref, module = "_cffi_backend", name = "CType")]
pub struct CType {
    /// Its name in C, such as `int(*)(long)`.
    pub name: String,
    /// Where in the name a variable's name would go.
    pub name_position: usize,
    /// What it is.
    pub kind: Kind,
    /// Bytes of a value, or -1 while unknown.
    size: Cell<isize>,
    /// Alignment in bytes, 0 while unknown.
    align: Cell<usize>,
}

// SAFETY: cells are read and written with the GIL held only, which orders all accesses.
unsafe impl Sync for CType {}
// SAFETY: as above; nothing in a type belongs to one thread.
unsafe impl Send for CType {}

/// What a type is, with the types that it is made of.
pub enum Kind {
    /// A type without parts.
    Primitive(Primitive),
    /// An integer with names for some of its values.
    Enum {
        /// The integer type.
        base: Primitive,
        /// Name to value.
        values: Py<PyDict>,
        /// Value to name.
        names: Py<PyDict>,
    },
    /// No value.
    Void,
    /// A pointer to data.
    Pointer {
        /// What it points to.
        item: Py<CType>,
        /// `item[]`, made when first needed.
        open_array: OnceCell<Py<CType>>,
    },
    /// Items in a row.
    Array {
        /// The type of each item.
        item: Py<CType>,
        /// `item *`.
        pointer: Py<CType>,
        /// How many; `None` when only the value knows.
        length: Option<usize>,
    },
    /// A struct or a union.
    Record(Record),
    /// A pointer to a function.
    Function(Function),
}

/// A struct or a union.
pub struct Record {
    /// Whether the fields share offset 0.
    pub union: bool,
    /// Whether it is C's `FILE`.
    pub file: bool,
    /// Its fields, once they are known.
    pub layout: OnceCell<Layout>,
    /// Completes the record when it is first used.
    pub completion: RefCell<Option<Completion>>,
    /// Whether that is going on.
    pub completing: Cell<bool>,
}

/// What completes a record at its first use.
pub struct Completion {
    /// Where it is declared.
    pub declared: Py<Declared>,
    /// Its number there.
    pub record: usize,
}

impl Completion {
    fn run(&self, ctype: Type<'_, '_>) -> PyResult<()> {
        let declared = self.declared.bind(ctype.py());
        match declared.get().source() {
            Some(Source::Generated(tables)) => {
                generated::complete_record(declared, *tables, ctype, self.record)
            }
            Some(Source::Stock(tables)) => {
                stock::complete_record(declared, tables, ctype, self.record)
            }
            None => Ok(()),
        }
    }
}

/// The fields of a record.
pub struct Layout {
    /// Name to `CField`, in the order of the declaration.
    pub fields: Py<PyDict>,
    /// Those that a list of initial values fills, in its order.
    pub listed: Vec<Py<CField>>,
    /// Fields lie elsewhere than the declaration alone would put them, or are nested without name.
    pub custom_positions: bool,
    /// Some field lies closer than its natural alignment.
    pub packed: bool,
    /// There is an array of open length in it, anywhere.
    pub open_array: bool,
}

/// A field of a struct or union.
#[pyclass(frozen, module = "_cffi_backend", name = "CField")]
pub struct CField {
    /// Its type; of a bit-field, the storage type.
    #[pyo3(get, name = "type")]
    pub ctype: Py<CType>,
    /// Byte offset of the field or of the bit-field's storage.
    #[pyo3(get)]
    pub offset: usize,
    /// First bit of a bit-field; -1 for a plain field, -2 for an array without length.
    #[pyo3(get)]
    pub bitshift: i16,
    /// Width of a bit-field, else -1.
    #[pyo3(get)]
    pub bitsize: i16,
    /// 1 for a union's field that a list of initial values passes over.
    #[pyo3(get)]
    pub flags: u8,
}

/// `bitshift` of a plain field.
pub const PLAIN: i16 = -1;
/// `bitshift` of an array without length.
pub const OPEN_ARRAY: i16 = -2;
/// `flags` of a field that a list of initial values passes over.
pub const NOT_IN_LISTS: u8 = 1;

impl CType {
    /// A type whose size and alignment are known, or will be (`-1`, `0`).
    pub fn new(name: String, name_position: usize, kind: Kind, size: isize, align: usize) -> CType {
        CType {
            name,
            name_position,
            kind,
            size: Cell::new(size),
            align: Cell::new(align),
        }
    }

    /// Bytes of a value without completing anything; -1 when unknown.
    pub fn size_now(&self) -> isize {
        self.size.get()
    }

    /// Alignment without completing anything; 0 when unknown.
    pub fn align_now(&self) -> usize {
        self.align.get()
    }

    /// Fills in what a record's completion found out.
    pub fn set_size(&self, size: usize, align: usize) {
        self.size.set(isize::try_from(size).unwrap_or(isize::MAX));
        self.align.set(align);
    }

    /// The primitive that its values are stored as: its own, or an enum's.
    pub fn primitive(&self) -> Option<Primitive> {
        match &self.kind {
            Kind::Primitive(primitive)
            | Kind::Enum {
                base: primitive, ..
            } => Some(*primitive),
            _ => None,
        }
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        matches!(self.kind, Kind::Array { .. })
    }

    /// Whether its values are addresses: pointers to data or to functions.
    pub fn is_address(&self) -> bool {
        matches!(self.kind, Kind::Pointer { .. } | Kind::Function(_))
    }

    /// The record that it is.
    pub fn record(&self) -> Option<&Record> {
        match &self.kind {
            Kind::Record(record) => Some(record),
            _ => None,
        }
    }

    /// The type of what it points to or of its elements.
    pub fn item<'a, 'py>(&'a self, py: Python<'py>) -> Option<Type<'a, 'py>> {
        match &self.kind {
            Kind::Pointer { item, .. } | Kind::Array { item, .. } => Some(item.bind(py)),
            _ => None,
        }
    }

    /// The type of the items if it is a pointer (not an array).
    pub fn target<'a, 'py>(&'a self, py: Python<'py>) -> Option<Type<'a, 'py>> {
        match &self.kind {
            Kind::Pointer { item, .. } => Some(item.bind(py)),
            _ => None,
        }
    }

    /// Whether it is `void *`.
    pub fn is_void_pointer(&self, py: Python<'_>) -> bool {
        self.target(py)
            .is_some_and(|item| matches!(item.get().kind, Kind::Void))
    }

    /// Whether it is `void *` or `char *`.
    pub fn is_void_or_char_pointer(&self, py: Python<'_>) -> bool {
        self.target(py).is_some_and(|item| match &item.get().kind {
            Kind::Void => true,
            Kind::Primitive(primitive) => primitive.is_narrow_char(),
            _ => false,
        })
    }

    /// Whether it points to a struct or union: `new` then makes two objects.
    pub fn is_record_pointer(&self, py: Python<'_>) -> bool {
        self.target(py)
            .is_some_and(|item| item.get().record().is_some())
    }

    /// Whether it holds an array of open length, anywhere.
    pub fn has_open_array(&self) -> bool {
        self.record()
            .and_then(|record| record.layout.get())
            .is_some_and(|layout| layout.open_array)
    }

    /// Its name with `inner` where a variable's name would stand.
    pub fn name_around(&self, inner: &str) -> String {
        let (before, after) = self.name.split_at(self.name_position);
        format!("{before}{inner}{after}")
    }
}

/// The record's layout, completed first if it can be; `None` for an opaque one.
pub fn layout<'a>(ctype: Type<'a, '_>) -> PyResult<Option<&'a Layout>> {
    let Some(record) = ctype.get().record() else {
        return Ok(None);
    };
    // Taken out meanwhile, so that a record that contains itself is opaque to itself.
    let completion = record.completion.borrow_mut().take();
    if let Some(completion) = completion {
        record.completing.set(true);
        let done = completion.run(ctype);
        record.completing.set(false);
        if let Err(error) = done {
            // The next use fails in the same way.
            *record.completion.borrow_mut() = Some(completion);
            return Err(error);
        }
    }
    Ok(record.layout.get())
}

/// Bytes of a value; -1 for an opaque or open type.
pub fn size_of_type(ctype: Type<'_, '_>) -> PyResult<isize> {
    layout(ctype)?;
    Ok(ctype.get().size_now())
}

/// Alignment in bytes, of an array that of its items.
pub fn align_of_type(ctype: Type<'_, '_>) -> PyResult<usize> {
    layout(ctype)?;
    match &ctype.get().kind {
        Kind::Array { item, .. } => align_of_type(item.bind(ctype.py())),
        _ if ctype.get().align_now() > 0 => Ok(ctype.get().align_now()),
        _ => Err(PyValueError::new_err(format!(
            "ctype '{}' is of unknown alignment",
            ctype.get().name
        ))),
    }
}

const ATTRIBUTES: [&str; 11] = [
    "kind",
    "cname",
    "item",
    "length",
    "fields",
    "args",
    "result",
    "ellipsis",
    "abi",
    "elements",
    "relements",
];

fn no_attribute<T>(name: &'static str) -> PyResult<T> {
    Err(PyAttributeError::new_err(name))
}

#[pymethods]
impl CType {
    fn __repr__(&self) -> String {
        format!("<ctype '{}'>", self.name)
    }

    fn __dir__(slf: &Bound<'_, Self>) -> Vec<&'static str> {
        let known = |name: &&str| slf.getattr(*name).is_ok();
        ATTRIBUTES.into_iter().filter(known).collect()
    }

    #[getter]
    fn kind(&self) -> &'static str {
        match &self.kind {
            Kind::Primitive(_) => "primitive",
            Kind::Enum { .. } => "enum",
            Kind::Void => "void",
            Kind::Pointer { .. } => "pointer",
            Kind::Array { .. } => "array",
            Kind::Record(Record { union: true, .. }) => "union",
            Kind::Record(_) => "struct",
            Kind::Function(_) => "function",
        }
    }

    #[getter]
    fn cname(&self) -> &str {
        &self.name
    }

    #[getter(item)]
    fn get_item<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, CType>> {
        match self.item(py) {
            Some(item) => Ok(item.clone()),
            None => no_attribute("item"),
        }
    }

    #[getter]
    fn length(&self) -> PyResult<Option<usize>> {
        match &self.kind {
            Kind::Array { length, .. } => Ok(*length),
            _ => no_attribute("length"),
        }
    }

    #[getter]
    fn fields<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyList>>> {
        let py = slf.py();
        if slf.get().record().is_none() {
            return no_attribute("fields");
        }
        match layout(slf)? {
            Some(layout) => Ok(Some(layout.fields.bind(py).items())),
            None => Ok(None),
        }
    }

    #[getter]
    fn args<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        match &self.kind {
            Kind::Function(function) => PyTuple::new(py, function.arguments.iter()),
            _ => no_attribute("args"),
        }
    }

    #[getter]
    fn result<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, CType>> {
        match &self.kind {
            Kind::Function(function) => Ok(function.result.bind(py).clone()),
            _ => no_attribute("result"),
        }
    }

    #[getter]
    fn ellipsis(&self) -> PyResult<bool> {
        match &self.kind {
            Kind::Function(function) => Ok(function.variadic),
            _ => no_attribute("ellipsis"),
        }
    }

    #[getter]
    fn abi(&self) -> PyResult<i32> {
        match &self.kind {
            Kind::Function(function) => Ok(function.abi),
            _ => no_attribute("abi"),
        }
    }

    #[getter]
    fn elements<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match &self.kind {
            Kind::Enum { names, .. } => names.bind(py).copy(),
            _ => no_attribute("elements"),
        }
    }

    #[getter]
    fn relements<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match &self.kind {
            Kind::Enum { values, .. } => values.bind(py).copy(),
            _ => no_attribute("relements"),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.kind {
            Kind::Primitive(_) | Kind::Void => Ok(()),
            Kind::Enum { values, names, .. } => {
                visit.call(values)?;
                visit.call(names)
            }
            Kind::Pointer { item, open_array } => {
                visit.call(open_array.get())?;
                visit.call(item)
            }
            Kind::Array { item, pointer, .. } => {
                visit.call(item)?;
                visit.call(pointer)
            }
            Kind::Record(record) => {
                if let Ok(completion) = record.completion.try_borrow()
                    && let Some(completion) = &*completion
                {
                    visit.call(&completion.declared)?;
                }
                match record.layout.get() {
                    Some(layout) => {
                        visit.call(&layout.fields)?;
                        layout.listed.iter().try_for_each(|field| visit.call(field))
                    }
                    None => Ok(()),
                }
            }
            Kind::Function(function) => {
                visit.call(&function.result)?;
                function
                    .arguments
                    .iter()
                    .try_for_each(|argument| visit.call(argument))
            }
        }
    }

    /// Every cycle of types goes through a record's fields or its declaration.
    fn __clear__(&self, py: Python<'_>) {
        if let Some(record) = self.record() {
            record.completion.take();
        }
        if let Some(layout) = self.record().and_then(|record| record.layout.get()) {
            layout.fields.bind(py).clear();
        }
    }
}

#[pymethods]
impl CField {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.ctype)
    }
}

impl Primitive {
    /// Whether the Python value is an integer that fits a C `long` as it is.
    pub fn is_wide_unsigned(self) -> bool {
        self.class == Class::Unsigned && self.size == 8
    }
}
