//! The declarations of a module that stock cffi has written: compiled C tables (API mode), or
//! packed bytes in a Python module (ABI mode). Both are read into the same rows.

use std::borrow::Cow;
use std::ffi::{CStr, c_char, c_int, c_void};

use pyo3::exceptions::{PyImportError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::opcode::{Op, code, code_of, number_of};

/// The record is a union.
pub const UNION: c_int = 0x01;
/// Positions that differ from the natural ones are an error.
pub const CHECK_FIELDS: c_int = 0x02;
/// The natural positions are those without padding.
pub const PACKED: c_int = 0x04;
/// The record is declared by an included module.
pub const EXTERNAL: c_int = 0x08;
/// The record has no known fields.
pub const OPAQUE: c_int = 0x10;

/// A name; those of compiled tables are never freed.
pub type Name = Cow<'static, str>;

/// A global name.
pub struct Global {
    /// The name.
    pub name: Name,
    /// What it is, and the number of its type.
    pub word: isize,
    /// What the module says: an address of code or data, or null.
    pub address: *mut c_void,
    /// Bytes of a variable, or the address of a wrapped function.
    pub extra: *mut c_void,
    /// The value of an integer of packed tables: 64 bits, and 1 when it is not above zero.
    packed: Option<(u64, c_int)>,
}

/// A struct or union.
pub struct Record {
    /// Its tag.
    pub name: Name,
    /// The word that is its type.
    pub word: usize,
    /// `UNION` and the like.
    pub flags: c_int,
    /// Bytes, if the compiler has told.
    pub size: Option<usize>,
    /// Alignment in bytes, likewise.
    pub align: Option<usize>,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A field.
pub struct Field {
    /// Its name.
    pub name: Name,
    /// The number of its type.
    pub word: usize,
    /// Width of a bit-field.
    pub bits: Option<usize>,
    /// Bytes from the beginning, if the compiler has told.
    pub offset: Option<usize>,
    /// Bytes, likewise.
    pub size: Option<usize>,
}

/// An enum.
pub struct Enum {
    /// Its tag.
    pub name: Name,
    /// The word that is its type.
    pub word: usize,
    /// The number of the primitive type.
    pub base: isize,
    /// The names of its values, separated by commas.
    pub names: Name,
}

/// A typedef.
pub struct Typename {
    /// Its name.
    pub name: Name,
    /// The number of its type.
    pub word: usize,
}

/// All rows of a module, each table sorted by name.
#[derive(Default)]
pub struct StockTables {
    /// The words that types are made of.
    pub words: Vec<isize>,
    /// Global names.
    pub globals: Vec<Global>,
    /// Structs and unions.
    pub records: Vec<Record>,
    /// Enums.
    pub enums: Vec<Enum>,
    /// Typedefs.
    pub typenames: Vec<Typename>,
    /// The compiled words, where realised types are shown to the module's C code; or null.
    pub shown: Shown,
}

/// The compiled words of a module.
#[derive(Clone, Copy)]
pub struct Shown(*mut isize);

impl Default for Shown {
    fn default() -> Shown {
        Shown(std::ptr::null_mut())
    }
}

impl Shown {
    /// Puts the address of a type, which lives from now on forever, in the place of its word.
    pub fn show(self, index: usize, ctype: &Bound<'_, PyAny>) {
        if !self.0.is_null() {
            let address = ctype.clone().into_ptr() as isize;
            // SAFETY: the index is that of a word that was read from there; the GIL is held.
            unsafe { self.0.add(index).write(address) };
        }
    }
}

// SAFETY: the addresses are those of a loaded module; they are used with the GIL held.
unsafe impl Send for StockTables {}
// SAFETY: as above.
unsafe impl Sync for StockTables {}

#[repr(C)]
struct RawGlobal {
    name: *const c_char,
    address: *mut c_void,
    word: isize,
    extra: *mut c_void,
}

#[repr(C)]
struct RawRecord {
    name: *const c_char,
    word: c_int,
    flags: c_int,
    size: isize,
    align: c_int,
    first: c_int,
    count: c_int,
}

#[repr(C)]
struct RawField {
    name: *const c_char,
    offset: isize,
    size: isize,
    word: isize,
}

#[repr(C)]
struct RawEnum {
    name: *const c_char,
    word: c_int,
    base: c_int,
    names: *const c_char,
}

#[repr(C)]
struct RawTypename {
    name: *const c_char,
    word: c_int,
}

/// The tables of a compiled module.
#[repr(C)]
pub struct RawContext {
    words: *mut isize,
    globals: *const RawGlobal,
    fields: *const RawField,
    records: *const RawRecord,
    enums: *const RawEnum,
    typenames: *const RawTypename,
    global_count: c_int,
    record_count: c_int,
    enum_count: c_int,
    typename_count: c_int,
    /// Names of included modules, ended by null; or null.
    pub includes: *const *const c_char,
    word_count: c_int,
    /// 1: there are `extern "Python"` functions.
    pub flags: c_int,
}

/// What an integer's function fills in; it may ask for no more than the value.
#[repr(C)]
struct Asked {
    value: u64,
    context: *const c_void,
    number: c_int,
}

/// # Safety
/// `text` is a C string that is never freed.
unsafe fn name(text: *const c_char) -> Name {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy()
}

/// # Safety
/// The table has `count` rows, or there is none.
unsafe fn rows<T>(at: *const T, count: c_int) -> &'static [T] {
    match usize::try_from(count) {
        // SAFETY: the caller's promise.
        Ok(count) if !at.is_null() => unsafe { std::slice::from_raw_parts(at, count) },
        _ => &[],
    }
}

fn known(number: isize) -> Option<usize> {
    usize::try_from(number).ok()
}

fn place(number: c_int) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl StockTables {
    /// Reads compiled tables.
    ///
    /// # Safety
    /// `context` is that of a module that stays loaded.
    ///
    /// # Errors
    /// `ImportError` when another backend has filled in the tables.
    pub unsafe fn compiled(context: *const RawContext) -> PyResult<StockTables> {
        // SAFETY: the caller's promise, for every table with its count.
        unsafe {
            let context = &*context;
            let words = rows(context.words.cast_const(), context.word_count).to_vec();
            check_unused(&words)?;
            let fields = context.fields;
            let record = |row: &RawRecord| Record {
                name: name(row.name),
                word: place(row.word),
                flags: row.flags,
                size: known(row.size),
                align: known(row.align as isize),
                fields: match usize::try_from(row.first) {
                    Ok(first) => rows(fields.add(first), row.count)
                        .iter()
                        .map(|field| field_row(name(field.name), field))
                        .collect(),
                    Err(_) => Vec::new(),
                },
            };
            Ok(StockTables {
                globals: rows(context.globals, context.global_count)
                    .iter()
                    .map(|row| Global {
                        name: name(row.name),
                        word: row.word,
                        address: row.address,
                        extra: row.extra,
                        packed: None,
                    })
                    .collect(),
                records: rows(context.records, context.record_count)
                    .iter()
                    .map(record)
                    .collect(),
                enums: rows(context.enums, context.enum_count)
                    .iter()
                    .map(|row| Enum {
                        name: name(row.name),
                        word: place(row.word),
                        base: row.base as isize,
                        names: name(row.names),
                    })
                    .collect(),
                typenames: rows(context.typenames, context.typename_count)
                    .iter()
                    .map(|row| Typename {
                        name: name(row.name),
                        word: place(row.word),
                    })
                    .collect(),
                words,
                shown: Shown(context.words),
            })
        }
    }

    /// The op of word `index`.
    pub fn op(&self, index: usize) -> Option<Op> {
        let word = *self.words.get(index)?;
        let number = number_of(word);
        let of = usize::try_from(number);
        Some(match code_of(word) {
            code::PRIMITIVE => Op::Primitive(number),
            code::POINTER => Op::Pointer(of.ok()?),
            code::ARRAY => Op::Array(of.ok()?, known(*self.words.get(index + 1)?)?),
            code::OPEN_ARRAY => Op::OpenArray(of.ok()?),
            code::RECORD => Op::Record(number),
            code::ENUM => Op::Enum(of.ok()?),
            code::SAME => Op::Same(of.ok()?),
            code::TYPENAME => Op::Typename(of.ok()?),
            code::FUNCTION => {
                let behind = self.words.get(index + 1..)?;
                let is_end = |word: &isize| code_of(*word) == code::FUNCTION_END;
                let count = behind.iter().position(is_end)?;
                Op::Function {
                    result: of.ok()?,
                    arguments: (index + 1..index + 1 + count).collect(),
                    variadic: number_of(behind[count]) & 1 != 0,
                }
            }
            _ => return None,
        })
    }
}

fn field_row(name: Name, row: &RawField) -> Field {
    let is_bits = code_of(row.word) == code::BITFIELD;
    Field {
        name,
        word: usize::try_from(number_of(row.word)).unwrap_or(usize::MAX),
        bits: known(row.size).filter(|_| is_bits),
        offset: known(row.offset),
        size: known(row.size).filter(|_| !is_bits),
    }
}

/// Every word is odd until a backend puts a type in its place.
fn check_unused(words: &[isize]) -> PyResult<()> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word & 1 == 0 {
            return Err(PyImportError::new_err(
                "this compiled module is already in use by another cffi backend in this process",
            ));
        }
        if code_of(*word) == code::ARRAY {
            words.next();
        }
    }
    Ok(())
}

impl Global {
    /// The opcode.
    pub fn code(&self) -> u8 {
        code_of(self.word)
    }

    /// The number of its type.
    pub fn type_word(&self) -> usize {
        usize::try_from(number_of(self.word)).unwrap_or(usize::MAX)
    }

    /// Whether it is an integer constant or a name of an enum's value.
    pub fn is_integer(&self) -> bool {
        matches!(self.code(), code::INTEGER | code::ENUM)
    }

    /// The 64 bits of an integer, and 0 when it is above zero, 1 when it is not, 2 or 3 likewise
    /// when the compiler has found another value than the declaration says.
    pub fn integer(&self) -> (u64, c_int) {
        if let Some(packed) = self.packed {
            return packed;
        }
        let mut asked = Asked {
            value: 0,
            context: std::ptr::null(),
            number: 0,
        };
        if self.address.is_null() {
            return (0, 1);
        }
        // SAFETY: for such a name, the module's address is that of a function which fills in what
        // it is given.
        let sign = unsafe {
            let read: unsafe extern "C" fn(*mut Asked) -> c_int = std::mem::transmute(self.address);
            read(&raw mut asked)
        };
        (asked.value, sign)
    }
}

/// The rows of a table by name.
pub trait Named {
    /// The name.
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($row:ty),*) => {$(
        impl Named for $row {
            fn name(&self) -> &str {
                &self.name
            }
        }
    )*};
}

named!(Global, Record, Enum, Typename);

/// The row of this name in a sorted table.
pub fn search<T: Named>(table: &[T], name: &str) -> Option<usize> {
    table.binary_search_by(|row| row.name().cmp(name)).ok()
}

/// The arguments of `FFI` in a Python module that stock cffi has written.
pub struct Packed<'a, 'py> {
    /// The words, four bytes each.
    pub words: &'a [u8],
    /// `_globals`, `_struct_unions`, `_enums`, `_typenames`.
    pub tables: [Option<&'a Bound<'py, PyTuple>>; 4],
}

/// Bytes that are read from the front.
struct Unpack<'a>(&'a [u8]);

impl<'a> Unpack<'a> {
    fn of(row: &'a Bound<'_, PyAny>) -> PyResult<Unpack<'a>> {
        Ok(Unpack(row.cast::<PyBytes>()?.as_bytes()))
    }

    fn number(&mut self) -> PyResult<isize> {
        match self.0.split_first_chunk::<4>() {
            Some((bytes, rest)) => {
                self.0 = rest;
                Ok(i32::from_be_bytes(*bytes) as isize)
            }
            None => Err(corrupt()),
        }
    }

    fn place(&mut self) -> PyResult<usize> {
        usize::try_from(self.number()?).map_err(|_| corrupt())
    }

    /// Up to the next NUL, or all.
    fn name(&mut self) -> Name {
        let end = self.0.iter().position(|byte| *byte == 0);
        let (name, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        Cow::Owned(String::from_utf8_lossy(name).into_owned())
    }
}

fn corrupt() -> PyErr {
    PyTypeError::new_err("the type tables of an out-of-line module are damaged")
}

impl StockTables {
    /// Reads packed tables.
    ///
    /// # Errors
    /// `TypeError` when the bytes end too early or something is of another type.
    pub fn packed(packed: &Packed<'_, '_>) -> PyResult<StockTables> {
        let rows = |index: usize| packed.tables[index].into_iter().flatten();
        let mut made = StockTables::default();
        let mut words = Unpack(packed.words);
        while words.0.len() >= 4 {
            made.words.push(words.number()?);
        }
        let mut globals = rows(0);
        while let (Some(row), Some(value)) = (globals.next(), globals.next()) {
            made.globals.push(packed_global(&row, &value)?);
        }
        for row in rows(1) {
            made.records.push(packed_record(row.cast::<PyTuple>()?)?);
        }
        for row in rows(2) {
            let mut row = Unpack::of(&row)?;
            let (word, base) = (row.place()?, row.number()?);
            let (name, names) = (row.name(), row.name());
            made.enums.push(Enum {
                name,
                word,
                base,
                names,
            });
        }
        for row in rows(3) {
            let mut row = Unpack::of(&row)?;
            made.typenames.push(Typename {
                word: row.place()?,
                name: row.name(),
            });
        }
        Ok(made)
    }
}

fn packed_global(row: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<Global> {
    let mut row = Unpack::of(row)?;
    let mut global = Global {
        word: row.number()?,
        name: row.name(),
        address: std::ptr::null_mut(),
        extra: std::ptr::null_mut(),
        packed: None,
    };
    if global.is_integer() {
        let above = c_int::from(value.le(0)?);
        global.packed = Some((crate::convert::wrapped(value)?, above));
    }
    Ok(global)
}

fn packed_record(rows: &Bound<'_, PyTuple>) -> PyResult<Record> {
    let mut rows = rows.iter();
    let first = rows.next().ok_or_else(corrupt)?;
    let mut first = Unpack::of(&first)?;
    let mut record = Record {
        word: first.place()?,
        flags: first.number()? as c_int,
        name: first.name(),
        size: None,
        align: None,
        fields: Vec::new(),
    };
    for row in rows {
        let mut row = Unpack::of(&row)?;
        let word = row.number()?;
        let size = if code_of(word) == code::SAME {
            -1
        } else {
            row.number()?
        };
        let name = row.name();
        let raw = RawField {
            name: std::ptr::null(),
            offset: -1,
            size,
            word,
        };
        record.fields.push(field_row(name, &raw));
    }
    Ok(record)
}
