//! The declarations of a module, and the types in them, made when they are first asked for.
//!
//! They come from a module of our generator ([`crate::generated`]) or of stock cffi
//! ([`crate::stock`]). Both name types by [`Op`]s, which become types here.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;

use pyo3::exceptions::{PyRuntimeError, PySystemError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

use crate::compose;
use crate::ctype::{CType, Type};
use crate::errors::ffi_error;
use crate::glue::Tables;
use crate::lib_object::Lib;
use crate::opcode::{Op, PRIMITIVES};
use crate::parse::{Complaint, Dialect, Names, parse};
use crate::stock_tables::{StockTables, UNION};
use crate::{generated, stock};

/// libffi's default calling convention.
pub const DEFAULT_ABI: i32 = 2;
/// Longer texts are left out of error messages.
const LONGEST_SHOWN: usize = 500;
/// Types nested deeper than this are refused.
const DEEPEST: usize = 1000;
/// Modules included by modules, likewise.
pub const DEEPEST_INCLUDE: usize = 100;

/// Where declarations come from.
pub enum Source {
    /// A module of our generator.
    Generated(Tables),
    /// A module of stock cffi.
    Stock(Box<StockTables>),
}

/// A type, or a function that is not (yet) a pointer to one.
#[derive(Clone)]
pub enum Found<'py> {
    /// A type.
    Type(Bound<'py, CType>),
    /// A function, as the pointer to it.
    Function(Bound<'py, CType>),
}

impl<'py> Found<'py> {
    /// The type, a function as the pointer to it.
    pub fn decayed(self) -> Bound<'py, CType> {
        match self {
            Found::Type(ctype) | Found::Function(ctype) => ctype,
        }
    }

    /// The type.
    ///
    /// # Errors
    /// `error` for a function.
    pub fn typed(self) -> PyResult<Bound<'py, CType>> {
        let pointer = match self {
            Found::Type(ctype) => return Ok(ctype),
            Found::Function(pointer) => pointer,
        };
        // The pointer's name without its "(*)".
        let (before, after) = pointer.get().name.split_at(pointer.get().name_position);
        let before = before.strip_suffix("(*").unwrap_or(before);
        let after = after.strip_prefix(')').unwrap_or(after);
        let message = format!(
            "the type '{before}{after}' is a function type, not a pointer-to-function type"
        );
        Err(ffi_error(pointer.py(), message))
    }
}

/// What a type was made for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A word of stock tables.
    Word(usize),
    /// A record of generated tables.
    Record(usize),
    /// An enum of generated tables.
    Enum(usize),
}

/// Another module whose declarations are known here as well.
pub struct Include {
    /// Its declarations.
    pub declared: Py<Declared>,
    /// Its `lib`, for a compiled module.
    pub lib: Option<Py<Lib>>,
}

/// The declarations of one module.
#[pyclass(frozen, module = "_cffi_backend", name = "__Declared")]
pub struct Declared {
    source: OnceCell<Source>,
    includes: OnceCell<Vec<Include>>,
    /// One object for each record and enum, and for each word of stock tables; whether it is a
    /// function's.
    made: RefCell<HashMap<Key, (Py<CType>, bool)>>,
    /// Texts that have been read before: `str` to a type, or to a tuple of a function's pointer.
    parsed: Py<PyDict>,
    /// Types that are being made, each for the one before.
    depth: Cell<usize>,
}

// SAFETY: the cells are used with the GIL held only.
unsafe impl Sync for Declared {}
// SAFETY: as above.
unsafe impl Send for Declared {}

/// A tree of ops: one that was read from a text, or the words of stock tables.
#[derive(Clone, Copy)]
enum Ops<'a> {
    Tree(&'a [Op]),
    Words(&'a StockTables),
}

impl Declared {
    /// Declarations that are still to be filled in.
    pub fn empty(py: Python<'_>) -> PyResult<Bound<'_, Declared>> {
        Bound::new(
            py,
            Declared {
                source: OnceCell::new(),
                includes: OnceCell::new(),
                made: RefCell::default(),
                parsed: PyDict::new(py).unbind(),
                depth: Cell::new(0),
            },
        )
    }

    /// The declarations of a module.
    pub fn new(py: Python<'_>, source: Source) -> PyResult<Bound<'_, Declared>> {
        let made = Declared::empty(py)?;
        made.get().fill(source);
        Ok(made)
    }

    /// Fills empty declarations in; later ones do nothing.
    pub fn fill(&self, source: Source) {
        let _ = self.source.set(source);
    }

    /// Where they come from; nothing is declared yet if that is not known.
    pub fn source(&self) -> Option<&Source> {
        self.source.get()
    }

    /// The modules included by this one.
    pub fn includes(&self) -> &[Include] {
        self.includes.get().map_or(&[], Vec::as_slice)
    }

    /// Says what is included, once.
    pub fn include(&self, modules: Vec<Include>) {
        let _ = self.includes.set(modules);
    }

    /// The type that `text` (a `str`) has named before.
    ///
    /// # Safety
    /// `text` is a living `str`, and the GIL is held.
    pub unsafe fn known(&self, text: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
        // SAFETY: the caller's promise; to look for a `str` raises nothing.
        unsafe {
            let found = ffi::PyDict_GetItemWithError(self.parsed.as_ptr(), text);
            // A function lies there as a tuple.
            let is_type = !found.is_null() && ffi::Py_TYPE(found) != &raw mut ffi::PyTuple_Type;
            is_type.then_some(found)
        }
    }

    /// The type that `text` names.
    ///
    /// # Errors
    /// `error` when the text is no type or names something undeclared.
    pub fn named<'py>(slf: &Bound<'py, Self>, text: &Bound<'py, PyString>) -> PyResult<Found<'py>> {
        let known = slf.get().parsed.bind(slf.py());
        if let Some(found) = known.get_item(text)? {
            return match found.cast_into::<CType>() {
                Ok(ctype) => Ok(Found::Type(ctype)),
                Err(error) => {
                    let pair: (Bound<'py, CType>,) = error.into_inner().extract()?;
                    Ok(Found::Function(pair.0))
                }
            };
        }
        let found = Declared::read(slf, text.to_str()?, Dialect::User)?;
        match &found {
            Found::Type(ctype) => known.set_item(text, ctype)?,
            Found::Function(pointer) => known.set_item(text, (pointer,))?,
        }
        Ok(found)
    }

    /// The type that a text of our generator names.
    ///
    /// # Errors
    /// As for [`Declared::named`].
    pub fn generated<'py>(slf: &Bound<'py, Self>, text: &str) -> PyResult<Found<'py>> {
        let full = match slf.get().source() {
            Some(Source::Generated(tables)) => tables.full_type(text),
            _ => Cow::Borrowed(text),
        };
        Declared::read(slf, &full, Dialect::Generated)
    }

    fn read<'py>(slf: &Bound<'py, Self>, text: &str, dialect: Dialect) -> PyResult<Found<'py>> {
        let tree = match slf.get().source() {
            Some(Source::Generated(tables)) => {
                let tables = *tables;
                let known = generated::Known {
                    tables,
                    declared: slf,
                };
                parse(text, &known, dialect)
            }
            Some(Source::Stock(tables)) => parse(text, &**tables, dialect),
            None => parse(text, &Nothing, dialect),
        };
        match tree {
            Ok(tree) => Declared::realize(slf, Ops::Tree(&tree.ops), tree.root),
            Err(complaint) => Err(explain(slf.py(), text, &complaint)),
        }
    }

    /// The type at word `index` of stock tables.
    ///
    /// # Errors
    /// Those of making the type; `SystemError` for a word that is no type.
    pub fn at_word<'py>(slf: &Bound<'py, Self>, index: usize) -> PyResult<Found<'py>> {
        match slf.get().source() {
            Some(Source::Stock(tables)) => Declared::realize(slf, Ops::Words(tables), index),
            _ => Err(no_type()),
        }
    }

    /// What was made for `key` before.
    pub fn kept<'py>(&self, py: Python<'py>, key: Key) -> Option<Found<'py>> {
        let made = self.made.borrow();
        let (ctype, is_function) = made.get(&key)?;
        let ctype = ctype.bind(py).clone();
        Some(if *is_function {
            Found::Function(ctype)
        } else {
            Found::Type(ctype)
        })
    }

    /// Keeps what was made for `key`, and shows types to the module's C code.
    pub fn keep(&self, key: Key, found: &Found<'_>) {
        let (ctype, is_function) = match found {
            Found::Type(ctype) => (ctype, false),
            Found::Function(ctype) => (ctype, true),
        };
        let kept = (ctype.clone().unbind(), is_function);
        let before = self.made.borrow_mut().insert(key, kept);
        if let (Key::Word(index), None, Some(Source::Stock(tables)), false) =
            (key, before, self.source(), is_function)
        {
            tables.shown.show(index, ctype);
        }
    }

    /// Names of typedefs, structs and unions.
    pub fn list_types(&self) -> (Vec<String>, Vec<String>, Vec<String>) {
        let mut lists: [Vec<String>; 3] = Default::default();
        let [typedefs, structs, unions] = &mut lists;
        match self.source() {
            Some(Source::Generated(tables)) => {
                typedefs.extend(tables.typedefs().iter().map(|row| row.name().to_owned()));
                for row in tables.records() {
                    match row.name().split_once(' ') {
                        _ if row.name().contains('$') => {}
                        Some(("struct", tag)) => structs.push(tag.to_owned()),
                        Some(("union", tag)) => unions.push(tag.to_owned()),
                        _ => typedefs.push(row.name().to_owned()),
                    }
                }
                for names in &mut lists {
                    names.sort_unstable();
                }
            }
            Some(Source::Stock(tables)) => {
                typedefs.extend(tables.typenames.iter().map(|row| row.name.to_string()));
                for row in tables
                    .records
                    .iter()
                    .filter(|row| !row.name.starts_with('$'))
                {
                    let names = if row.flags & UNION != 0 {
                        &mut *unions
                    } else {
                        &mut *structs
                    };
                    names.push(row.name.to_string());
                }
            }
            None => {}
        }
        lists.into()
    }

    fn realize<'py>(slf: &Bound<'py, Self>, ops: Ops<'_>, index: usize) -> PyResult<Found<'py>> {
        let Ops::Words(tables) = ops else {
            return match ops {
                Ops::Tree(tree) => {
                    let op = tree.get(index).ok_or_else(no_type)?;
                    Declared::make(slf, ops, op)
                }
                Ops::Words(_) => Err(no_type()),
            };
        };
        if let Some(found) = slf.get().kept(slf.py(), Key::Word(index)) {
            return Ok(found);
        }
        let op = tables.op(index).ok_or_else(no_type)?;
        let found = Declared::make(slf, ops, &op)?;
        // Making it may have made it already, by way of a record that contains it.
        if let Some(found) = slf.get().kept(slf.py(), Key::Word(index)) {
            return Ok(found);
        }
        slf.get().keep(Key::Word(index), &found);
        Ok(found)
    }

    fn make<'py>(slf: &Bound<'py, Self>, ops: Ops<'_>, op: &Op) -> PyResult<Found<'py>> {
        let depth = &slf.get().depth;
        if depth.get() >= DEEPEST {
            return Err(PyRuntimeError::new_err(
                "type-building recursion too deep or infinite.  This is known to occur e.g. in \
                 ``struct s { void(*callable)(struct s); }''",
            ));
        }
        depth.set(depth.get() + 1);
        let made = Declared::make_from(slf, ops, op);
        depth.set(depth.get() - 1);
        made
    }

    fn make_from<'py>(slf: &Bound<'py, Self>, ops: Ops<'_>, op: &Op) -> PyResult<Found<'py>> {
        let inner = |index: usize| Declared::realize(slf, ops, index);
        let made = match op {
            Op::Primitive(number) => primitive(slf.py(), *number)?,
            Op::Pointer(index) => match inner(*index)? {
                Found::Type(ctype) => compose::pointer(&ctype)?,
                Found::Function(pointer) => pointer,
            },
            Op::Array(index, length) => {
                let item = inner(*index)?.typed()?;
                compose::array(&compose::pointer(&item)?, Some(*length))?
            }
            Op::OpenArray(index) => {
                let item = inner(*index)?.typed()?;
                compose::array(&compose::pointer(&item)?, None)?
            }
            Op::Record(-1) => file(slf.py())?.clone(),
            Op::Record(number) => {
                let number = usize::try_from(*number).map_err(|_| no_type())?;
                match slf.get().source() {
                    Some(Source::Generated(tables)) => generated::record(slf, *tables, number)?,
                    Some(Source::Stock(tables)) => stock::record(slf, tables, number)?,
                    None => return Err(no_type()),
                }
            }
            Op::Enum(number) => match slf.get().source() {
                Some(Source::Generated(tables)) => generated::enumeration(slf, *tables, *number)?,
                Some(Source::Stock(tables)) => stock::enumeration(slf, tables, *number)?,
                None => return Err(no_type()),
            },
            Op::Function {
                result,
                arguments,
                variadic,
            } => {
                let result = inner(*result)?.typed()?;
                let arguments = arguments
                    .iter()
                    .map(|argument| inner(*argument).map(Found::decayed))
                    .collect::<PyResult<Vec<_>>>()?;
                let made = compose::function(&arguments, &result, *variadic, DEFAULT_ABI)?;
                return Ok(Found::Function(made));
            }
            Op::Same(index) => return inner(*index),
            Op::Typename(number) => {
                return match slf.get().source() {
                    Some(Source::Generated(tables)) => generated::typename(slf, *tables, *number),
                    Some(Source::Stock(tables)) => {
                        let row = tables.typenames.get(*number).ok_or_else(no_type)?;
                        Declared::realize(slf, Ops::Words(tables), row.word)
                    }
                    None => Err(no_type()),
                };
            }
        };
        Ok(Found::Type(made))
    }
}

/// The error of tables that name no type where they should.
pub fn no_type() -> PyErr {
    PySystemError::new_err("the type tables of the module are damaged")
}

/// The primitive type of this number; negative ones say why there is none.
///
/// # Errors
/// `error` for those.
pub fn primitive(py: Python<'_>, number: isize) -> PyResult<Bound<'_, CType>> {
    let message = match number {
        0 => return compose::void(py),
        -1 => "primitive integer type with an unexpected size (or not an integer type at all)",
        -2 => "primitive floating-point type with an unexpected size (or not a float type at all)",
        -3 => {
            "primitive floating-point type is 'long double', not supported for now with the \
             syntax 'typedef double... xxx;'"
        }
        _ => {
            let name = usize::try_from(number)
                .ok()
                .and_then(|number| PRIMITIVES.get(number))
                .ok_or_else(no_type)?;
            return compose::primitive(py, name);
        }
    };
    Err(ffi_error(py, message.to_owned()))
}

/// C's `FILE`: one opaque type in all modules.
pub fn file(py: Python<'_>) -> PyResult<Type<'_, '_>> {
    static FILE: PyOnceLock<Py<CType>> = PyOnceLock::new();
    let made =
        FILE.get_or_try_init(py, || compose::record(py, "FILE", false).map(Bound::unbind))?;
    Ok(made.bind(py))
}

fn explain(py: Python<'_>, text: &str, complaint: &Complaint) -> PyErr {
    if text.len() > LONGEST_SHOWN {
        return ffi_error(py, complaint.message.to_owned());
    }
    // As the text is shown byte by byte, so that the caret stands below its place.
    let shown: String = text
        .bytes()
        .map(|byte| match byte {
            b'\t' | b'\n' => ' ',
            b' '..=b'~' => char::from(byte),
            _ => '?',
        })
        .collect();
    let caret = format!("{}^", " ".repeat(complaint.at));
    ffi_error(py, format!("{}\n{shown}\n{caret}", complaint.message))
}

/// No declarations at all: only C's own types have names.
struct Nothing;

impl Names for Nothing {
    fn record(&self, _tag: &str, _union: bool) -> Option<(isize, bool)> {
        None
    }

    fn enumeration(&self, _tag: &str) -> Option<usize> {
        None
    }

    fn typedef(&self, _name: &str) -> Option<Op> {
        None
    }

    fn length(&self, _name: &str) -> Option<Result<usize, &'static str>> {
        None
    }
}

#[pymethods]
impl Declared {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parsed)?;
        for include in self.includes() {
            visit.call(&include.declared)?;
            visit.call(&include.lib)?;
        }
        // While the table is being changed, nothing in it can be garbage.
        if let Ok(made) = self.made.try_borrow() {
            for (ctype, _) in made.values() {
                visit.call(ctype)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        self.made.take();
    }
}
