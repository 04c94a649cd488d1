//! The layouts that generated C and this engine share: `glue.h` of rust-cffi-api, in Rust.

use std::borrow::Cow;
use std::ffi::{CStr, c_char, c_int, c_longlong, c_ulonglong, c_void};
use std::ptr::NonNull;

use pyo3::ffi;

use crate::extern_python::Slot;

/// Raised whenever a layout here changes.
pub const VERSION: c_int = 4;
/// A size or an offset that the C compiler was not asked for.
pub const UNSET: usize = usize::MAX;

#[repr(C)]
pub struct Typedef {
    pub name: *const c_char,
    pub ctype: *const c_char,
    pub size: c_int,
    pub kind: c_int,
}

#[repr(C)]
pub struct Field {
    pub name: *const c_char,
    pub ctype: *const c_char,
    pub offset: usize,
    pub size: usize,
    pub bits: c_int,
}

#[repr(C)]
pub struct Record {
    pub name: *const c_char,
    pub fields: *const Field,
    pub count: usize,
    pub size: usize,
    pub align: usize,
    pub union: c_int,
    pub complete: c_int,
    pub pack: c_int,
    pub external: c_int,
}

/// Reads an integer constant; returns 1 when it is not above zero.
pub type Read = unsafe extern "C" fn(*mut c_ulonglong) -> c_int;

#[repr(C)]
pub struct Enumerator {
    pub name: *const c_char,
    pub read: Read,
}

#[repr(C)]
pub struct Enum {
    pub name: *const c_char,
    pub names: *const Enumerator,
    pub count: usize,
    pub size: c_int,
    pub signed: c_int,
    pub external: c_int,
}

#[repr(C)]
pub struct Constant {
    pub name: *const c_char,
    pub ctype: *const c_char,
    pub read: Option<Read>,
    pub copy: Option<unsafe extern "C" fn(*mut c_void)>,
    pub claimed: *const c_char,
}

#[repr(C)]
pub struct Variable {
    pub name: *const c_char,
    pub ctype: *const c_char,
    pub address: unsafe extern "C" fn() -> *mut c_void,
}

#[repr(C)]
pub struct Function {
    pub ctype: *const c_char,
    pub address: *mut c_void,
    pub method: ffi::PyMethodDef,
}

/// An `extern "Python"` function.
#[repr(C)]
pub struct Extern {
    pub slot: Slot,
    /// Of a pointer to it.
    pub ctype: *const c_char,
    pub address: *mut c_void,
}

#[repr(C)]
pub struct Module {
    pub name: *const c_char,
    pub typedefs: *const Typedef,
    pub typedef_count: usize,
    pub records: *const Record,
    pub record_count: usize,
    pub enums: *const Enum,
    pub enum_count: usize,
    pub constants: *const Constant,
    pub constant_count: usize,
    pub variables: *const Variable,
    pub variable_count: usize,
    pub functions: *mut Function,
    pub function_count: usize,
    pub externs: *mut Extern,
    pub extern_count: usize,
    /// Names of the modules whose declarations this one includes, ended by null; or null.
    pub includes: *const *const c_char,
    /// What `[#n]` stands for in the types.
    pub lengths: *const usize,
    pub length_count: usize,
}

/// A generated module's tables. They are static there, and extension modules are never unloaded.
#[derive(Clone, Copy)]
pub struct Tables(&'static Module);

// SAFETY: the tables are constant; the method definitions are only read as well.
unsafe impl Send for Tables {}
// SAFETY: as above.
unsafe impl Sync for Tables {}

/// A C string of a table.
///
/// # Safety
/// `text` is a C string that is never freed.
unsafe fn text(text: *const c_char) -> &'static str {
    // SAFETY: the caller's promise. The generator writes names and types in ASCII.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or("?")
}

/// An optional C string of a table.
///
/// # Safety
/// As for [`text`], or null.
unsafe fn optional(at: *const c_char) -> Option<&'static str> {
    // SAFETY: the caller's promise.
    (!at.is_null()).then(|| unsafe { text(at) })
}

macro_rules! rows {
    ($name:ident, $row:ty, $at:ident, $count:ident) => {
        #[doc = concat!("The table `", stringify!($at), "`.")]
        pub fn $name(self) -> &'static [$row] {
            // SAFETY: the generator writes tables and their lengths together.
            unsafe { std::slice::from_raw_parts(self.0.$at, self.0.$count) }
        }
    };
}

/// The tables of a module that declares nothing. No table has a row, so none is ever read.
static EMPTY: Empty = Empty(Module {
    name: c"".as_ptr(),
    typedefs: NonNull::dangling().as_ptr(),
    typedef_count: 0,
    records: NonNull::dangling().as_ptr(),
    record_count: 0,
    enums: NonNull::dangling().as_ptr(),
    enum_count: 0,
    constants: NonNull::dangling().as_ptr(),
    constant_count: 0,
    variables: NonNull::dangling().as_ptr(),
    variable_count: 0,
    functions: NonNull::dangling().as_ptr(),
    function_count: 0,
    externs: std::ptr::null_mut(),
    extern_count: 0,
    includes: std::ptr::null(),
    lengths: NonNull::dangling().as_ptr(),
    length_count: 0,
});

struct Empty(Module);

// SAFETY: constant, and its pointers are never followed.
unsafe impl Sync for Empty {}

impl Tables {
    /// The tables of a module that declares nothing.
    pub fn empty() -> Tables {
        Tables(&EMPTY.0)
    }

    /// The tables that a module passes when it starts.
    ///
    /// # Safety
    /// `description` is that of a generated module of this version.
    pub unsafe fn new(description: *const Module) -> Tables {
        // SAFETY: the caller's promise; the module stays loaded.
        Tables(unsafe { &*description })
    }

    /// The module's dotted name.
    pub fn name(self) -> &'static str {
        // SAFETY: written by the generator.
        unsafe { text(self.0.name) }
    }

    rows!(typedefs, Typedef, typedefs, typedef_count);
    rows!(records, Record, records, record_count);
    rows!(enums, Enum, enums, enum_count);
    rows!(constants, Constant, constants, constant_count);
    rows!(variables, Variable, variables, variable_count);
    rows!(functions, Function, functions, function_count);
    rows!(lengths, usize, lengths, length_count);

    /// A type of these tables, with the lengths in it that the compiler told.
    pub fn full_type(self, text: &str) -> Cow<'_, str> {
        if !text.contains("[#") {
            return Cow::Borrowed(text);
        }
        let mut full = String::with_capacity(text.len());
        for (index, part) in text.split("[#").enumerate() {
            let (number, rest) = if index == 0 {
                ("", part)
            } else {
                part.split_once(']').unwrap_or((part, ""))
            };
            let number = number.parse::<usize>().ok();
            if let Some(length) = number.and_then(|number| self.lengths().get(number)) {
                full.push_str(&format!("[{length}]"));
            }
            full.push_str(rest);
        }
        Cow::Owned(full)
    }

    /// The `extern "Python"` functions, each as its place in memory: what is attached changes.
    pub fn externs(self) -> impl Iterator<Item = *mut Extern> {
        // SAFETY: the generator writes the table and its length together.
        (0..self.0.extern_count).map(move |index| unsafe { self.0.externs.add(index) })
    }

    /// Names of the modules whose declarations this one includes.
    pub fn includes(self) -> impl Iterator<Item = &'static str> {
        let mut next = self.0.includes;
        std::iter::from_fn(move || {
            // SAFETY: the table is null or ends with null; its strings are the generator's.
            unsafe {
                let name = optional(if next.is_null() { next.cast() } else { *next })?;
                next = next.add(1);
                Some(name)
            }
        })
    }
}

macro_rules! names {
    ($($row:ty),*) => {$(
        impl $row {
            /// Its name.
            pub fn name(&self) -> &'static str {
                // SAFETY: written by the generator.
                unsafe { text(self.name) }
            }
        }
    )*};
}

names!(Typedef, Field, Record, Enumerator, Enum, Constant, Variable);

macro_rules! types {
    ($($row:ty),*) => {$(
        impl $row {
            /// Its type, where one is given.
            pub fn type_text(&self) -> Option<&'static str> {
                // SAFETY: written by the generator.
                unsafe { optional(self.ctype) }
            }
        }
    )*};
}

types!(Typedef, Field, Constant, Variable, Function, Extern);

impl Extern {
    /// Its name, without that of the module.
    pub fn name(&self) -> &'static str {
        // SAFETY: written by the generator.
        let full = unsafe { text(self.slot.name) };
        full.rsplit_once('.').map_or(full, |(_, name)| name)
    }
}

impl Record {
    /// Its fields; `None` for an opaque record.
    pub fn fields(&self) -> Option<&'static [Field]> {
        // SAFETY: the generator writes tables and their lengths together.
        (!self.fields.is_null())
            .then(|| unsafe { std::slice::from_raw_parts(self.fields, self.count) })
    }
}

impl Enum {
    /// The names of its values.
    pub fn names(&self) -> &'static [Enumerator] {
        // SAFETY: the generator writes tables and their lengths together.
        unsafe { std::slice::from_raw_parts(self.names, self.count) }
    }
}

impl Constant {
    /// The value that the cdef claims.
    pub fn claimed(&self) -> Option<&'static str> {
        // SAFETY: written by the generator.
        unsafe { optional(self.claimed) }
    }
}

impl Function {
    /// Its name.
    pub fn name(&self) -> &'static str {
        // SAFETY: written by the generator.
        unsafe { text(self.method.ml_name) }
    }

    /// Whether there is a wrapper; a variadic function has none.
    pub fn has_wrapper(&self) -> bool {
        !self.method.ml_meth.is_null()
    }
}

/// The functions that generated modules call.
#[repr(C)]
pub struct Table {
    pub version: c_int,
    pub start: unsafe extern "C" fn(*mut ffi::PyObject, *const Module) -> *mut ffi::PyObject,
    pub find_type: unsafe extern "C" fn(*mut ffi::PyObject, *const c_char) -> *mut ffi::PyObject,
    pub to_signed: unsafe extern "C" fn(*mut ffi::PyObject, *mut c_longlong) -> c_int,
    pub to_unsigned: unsafe extern "C" fn(*mut ffi::PyObject, *mut c_ulonglong) -> c_int,
    pub overflow: unsafe extern "C" fn(*mut ffi::PyObject, c_int, c_int) -> c_int,
    pub to_char: unsafe extern "C" fn(*mut ffi::PyObject, *mut u8) -> c_int,
    pub to_c: unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject, *mut u8) -> c_int,
    pub to_pointer: unsafe extern "C" fn(
        *mut ffi::PyObject,
        *mut ffi::PyObject,
        *mut *mut u8,
        *mut *mut c_void,
    ) -> c_int,
    pub free_temporaries: unsafe extern "C" fn(*mut c_void),
    pub from_c: unsafe extern "C" fn(*mut u8, *mut ffi::PyObject) -> *mut ffi::PyObject,
    pub from_record: unsafe extern "C" fn(*mut u8, *mut ffi::PyObject) -> *mut ffi::PyObject,
    pub kept_errno: extern "C" fn() -> *mut c_int,
    pub call_python: unsafe extern "C" fn(*mut Slot, *mut c_char),
}
