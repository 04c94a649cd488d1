//! What modules compiled by stock cffi call: a table of functions in a fixed order, handed out
//! when such a module is imported.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_ulonglong, c_void};
use std::ptr::NonNull;

use pyo3::exceptions::{PyImportError, PyOverflowError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::aggregate::array_to_c;
use crate::call::{Given, temporary_size};
use crate::convert::{character, float, long_double, signed, to_c, unsigned};
use crate::ctype::CType;
use crate::declared::{Declared, Source};
use crate::ffi_object::VERSIONS;
use crate::lib_object::Lib;
use crate::produce::{from_c, record_copy};
use crate::published::{include, publish};
use crate::slots::{borrow, guard, guard_object};
use crate::stock_tables::{RawContext, StockTables};
use crate::{extern_python, machine, wide};

type Object = *mut ffi::PyObject;

/// Functions that every module gets.
const BASIC: usize = 25;
/// With `call_python`.
const WITH_PYTHON: usize = 26;
/// With the functions for `char16_t`.
const ALL: usize = 28;
/// The first version with those.
const CHAR16: isize = 0x2801;

/// The functions, as addresses.
#[repr(transparent)]
struct Exports([*const c_void; ALL]);

// SAFETY: addresses of functions.
unsafe impl Sync for Exports {}

static EXPORTS: Exports = Exports([
    std::ptr::null(),
    to_i8 as *const c_void,
    to_u8 as *const c_void,
    to_i16 as *const c_void,
    to_u16 as *const c_void,
    to_i32 as *const c_void,
    to_u32 as *const c_void,
    to_i64 as *const c_void,
    to_u64 as *const c_void,
    to_char as *const c_void,
    from_pointer as *const c_void,
    to_pointer as *const c_void,
    numbers as *const c_void,
    machine::restore_errno as *const c_void,
    machine::save_errno as *const c_void,
    from_char as *const c_void,
    from_place as *const c_void,
    to_place as *const c_void,
    from_record as *const c_void,
    to_char32 as *const c_void,
    from_char32 as *const c_void,
    machine::to_long_double as *const c_void,
    to_bool as *const c_void,
    prepare_pointer as *const c_void,
    array_to_place as *const c_void,
    extern_python::call_python as *const c_void,
    to_char16 as *const c_void,
    from_char16 as *const c_void,
]);

/// The table, for the capsule that old modules look for.
pub fn table() -> NonNull<c_void> {
    NonNull::from(&EXPORTS).cast()
}

/// What a module passes when it is imported.
#[repr(C)]
pub struct Request {
    name: *const c_char,
    version: isize,
    exports: *mut *const c_void,
    context: *const RawContext,
}

/// Makes the module object with its `ffi` and `lib`, and hands the functions out.
///
/// # Safety
/// `request` is that of a module that stays loaded.
///
/// # Errors
/// `ImportError` for a version that is not understood or a module in use by another backend.
pub unsafe fn start<'py>(py: Python<'py>, request: *const Request) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the caller's promise; the name is the module's own string.
    let (request, name) = unsafe { (&*request, CStr::from_ptr((*request).name)) };
    let title = &*name.to_string_lossy();
    if !VERSIONS.contains(&request.version) {
        return Err(PyImportError::new_err(format!(
            "cffi extension module '{title}' uses an unknown version tag {:#x}. This module might \
             need a more recent version of cffi than the one currently installed",
            request.version
        )));
    }
    // SAFETY: the caller's promise: the module has room for as many functions as its version and
    // flags say.
    let tables = unsafe {
        let count = match (*request.context).flags & 1 {
            _ if request.version >= CHAR16 => ALL,
            0 => BASIC,
            _ => WITH_PYTHON,
        };
        request
            .exports
            .copy_from_nonoverlapping(EXPORTS.0.as_ptr(), count);
        StockTables::compiled(request.context)?
    };
    let module = new_module(py, name)?;
    let declared = Declared::new(py, Source::Stock(Box::new(tables)))?;
    let lib = Lib::new(&declared, title, None)?;
    publish(&module, title, &declared, &lib)?;
    let mut next = {
        // SAFETY: as above.
        unsafe { (*request.context).includes }
    };
    let names = std::iter::from_fn(|| {
        // SAFETY: the table is null or ends with null; its strings are the module's own.
        unsafe {
            let name = if next.is_null() { next.cast() } else { *next };
            if name.is_null() {
                return None;
            }
            next = next.add(1);
            CStr::from_ptr(name).to_str().ok()
        }
    });
    include(&declared, title, names)?;
    py.import("sys")?
        .getattr("modules")?
        .set_item(title, &module)?;
    // The module's C code keeps what it was given without counting.
    std::mem::forget(declared);
    Ok(module)
}

/// A module object of the old kind, as the interpreter expects it of such a module. Its definition
/// lives for ever, as the module's code does.
fn new_module<'py>(py: Python<'py>, name: &CStr) -> PyResult<Bound<'py, PyAny>> {
    let definition = Box::leak(Box::new(ffi::PyModuleDef {
        m_base: ffi::PyModuleDef_HEAD_INIT,
        m_name: name.to_owned().into_raw(),
        m_doc: std::ptr::null(),
        m_size: -1,
        m_methods: std::ptr::null_mut(),
        m_slots: std::ptr::null_mut(),
        m_traverse: None,
        m_clear: None,
        m_free: None,
    }));
    // SAFETY: the definition is complete and leaked.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyModule_Create(definition)) }
}

/// # Safety
/// `object` is a living `CType`: compiled code has it from the words of its tables.
unsafe fn ctype<'a, 'py>(py: Python<'py>, object: &'a Object) -> &'a Bound<'py, CType> {
    // SAFETY: the caller's promise.
    unsafe { borrow(py, object).cast_unchecked::<CType>() }
}

fn overflow(value: &Bound<'_, PyAny>, what: &str) -> PyErr {
    match value.str() {
        Ok(text) => PyOverflowError::new_err(format!("integer {text} does not fit '{what}'")),
        Err(error) => error,
    }
}

macro_rules! integers {
    ($($name:ident: $from:ident as $narrow:ty as $result:ty, $what:literal;)*) => {$(
        unsafe extern "C" fn $name(value: Object) -> $result {
            guard(-1i32 as $result, |py| {
                // SAFETY: compiled code passes a living object.
                let value = unsafe { borrow(py, &value) };
                match <$narrow>::try_from($from(value)?) {
                    Ok(number) => Ok(<$result>::from(number)),
                    Err(_) => Err(overflow(value, $what)),
                }
            })
        }
    )*};
}

integers! {
    to_i8: signed as i8 as c_int, "8-bit int";
    to_u8: unsigned as u8 as c_int, "8-bit unsigned int";
    to_i16: signed as i16 as c_int, "16-bit int";
    to_u16: unsigned as u16 as c_int, "16-bit unsigned int";
    to_i32: signed as i32 as c_int, "32-bit int";
    to_u32: unsigned as u32 as u32, "32-bit unsigned int";
    to_i64: signed as i64 as c_longlong, "64-bit int";
    to_u64: unsigned as u64 as c_ulonglong, "64-bit unsigned int";
}

unsafe extern "C" fn to_bool(value: Object) -> u8 {
    guard(u8::MAX, |py| {
        // SAFETY: compiled code passes a living object.
        let value = unsafe { borrow(py, &value) };
        match signed(value)? {
            0 => Ok(0),
            1 => Ok(1),
            _ => Err(overflow(value, "_Bool")),
        }
    })
}

/// # Safety
/// `value` is a living object.
unsafe fn one_character(value: Object, size: usize) -> c_int {
    guard(-1, |py| {
        // SAFETY: the caller's promise.
        let unit = character(unsafe { borrow(py, &value) }, size)?;
        Ok(unit.cast_signed())
    })
}

unsafe extern "C" fn to_char(value: Object) -> c_int {
    // SAFETY: compiled code passes a living object.
    unsafe { one_character(value, 1) }
}

unsafe extern "C" fn to_char16(value: Object) -> c_int {
    // SAFETY: as above.
    unsafe { one_character(value, 2) }
}

unsafe extern "C" fn to_char32(value: Object) -> c_int {
    // SAFETY: as above.
    unsafe { one_character(value, 4) }
}

extern "C" fn from_char(byte: c_char) -> Object {
    guard_object(|py| Ok(PyBytes::new(py, &[byte as u8]).into_any()))
}

extern "C" fn from_char16(unit: c_int) -> Object {
    // SAFETY: the unit is readable.
    guard_object(|py| unsafe { wide::read(py, (&raw const unit).cast(), 2, 1) })
}

extern "C" fn from_char32(unit: c_int) -> Object {
    // SAFETY: as above.
    guard_object(|py| unsafe { wide::read(py, (&raw const unit).cast(), 4, 1) })
}

unsafe extern "C" fn from_pointer(address: *mut u8, of: Object) -> Object {
    // SAFETY: compiled code passes a type of its own, that of a pointer.
    guard_object(|py| unsafe { from_c((&raw const address).cast_mut().cast(), ctype(py, &of)) })
}

unsafe extern "C" fn from_place(at: *mut u8, of: Object) -> Object {
    // SAFETY: compiled code passes a value of this type.
    guard_object(|py| unsafe { from_c(at, ctype(py, &of)) })
}

unsafe extern "C" fn from_record(at: *mut u8, of: Object) -> Object {
    // SAFETY: as above.
    guard_object(|py| unsafe { record_copy(at, ctype(py, &of)) })
}

unsafe extern "C" fn to_place(at: *mut u8, of: Object, value: Object) -> c_int {
    guard(-1, |py| {
        // SAFETY: compiled code passes room for this type.
        unsafe { to_c(at, ctype(py, &of), borrow(py, &value))? };
        Ok(0)
    })
}

unsafe extern "C" fn array_to_place(at: *mut u8, of: Object, value: Object) -> c_int {
    guard(-1, |py| {
        // SAFETY: compiled code passes room of the size that `prepare_pointer` has told.
        unsafe { array_to_c(at, ctype(py, &of), borrow(py, &value))? };
        Ok(0)
    })
}

unsafe extern "C" fn to_pointer(value: Object, of: Object) -> *mut u8 {
    guard(std::ptr::null_mut(), |py| {
        // SAFETY: compiled code passes living objects.
        let (of, value) = unsafe { (ctype(py, &of), borrow(py, &value)) };
        let mut address: *mut u8 = std::ptr::null_mut();
        // SAFETY: an address fits a pointer type.
        match unsafe { to_c((&raw mut address).cast(), of, value) } {
            Ok(()) => Ok(address),
            Err(error) => match crate::file::pointer_for(of, value)? {
                Some(file) => Ok(file),
                None => Err(error),
            },
        }
    })
}

/// 0: the address is filled in; above: so many bytes are needed for an array; -1: an error.
unsafe extern "C" fn prepare_pointer(of: Object, value: Object, place: *mut *mut u8) -> isize {
    guard(-1, |py| {
        // SAFETY: compiled code passes living objects and a variable of its own.
        unsafe {
            match temporary_size(ctype(py, &of), borrow(py, &value))? {
                Given::Address(address) => {
                    place.write(address);
                    Ok(0)
                }
                Given::Size(size) => Ok(size.cast_signed()),
            }
        }
    })
}

/// For `long double`, which only C can return: -1 with an exception set, or 0.
#[unsafe(no_mangle)]
extern "C" fn rust_cffi_to_long_double_at(value: Object, at: *mut u8) -> c_int {
    guard(-1, |py| {
        // SAFETY: called from `machine.c` with a living object and a `long double`.
        unsafe {
            let value = borrow(py, &value);
            match long_double(value) {
                Some(same) => same.copy_to(at, machine::LONG_DOUBLE),
                None => machine::long_double_set(at, float(value)?),
            }
        }
        Ok(0)
    })
}

/// The numbers up to a negative one as a list; asked for by modules of long ago only.
unsafe extern "C" fn numbers(first: *const isize) -> Object {
    guard_object(|py| {
        let list = PyList::empty(py);
        let mut at = first;
        // SAFETY: the caller passes numbers that end with a negative one.
        unsafe {
            while *at >= 0 {
                list.append(*at)?;
                at = at.add(1);
            }
        }
        Ok(list.into_any())
    })
}
