//! The primitive C types: their names, sizes and raw bytes.

use clib::ctype::{CType as Machine, Primitive as MachinePrimitive};

use crate::machine;

/// What the values of a primitive type are to Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A signed integer.
    Signed,
    /// An unsigned integer.
    Unsigned,
    /// `_Bool`: an integer that is 0 or 1.
    Bool,
    /// A character: `bytes` of length 1 for one byte, else `str` of length 1.
    Char,
    /// `float` and `double`.
    Float,
    /// `long double`: has no Python counterpart and stays a C value.
    LongDouble,
    /// Two floating-point numbers.
    Complex,
}

/// A primitive type without its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Primitive {
    /// What its values are.
    pub class: Class,
    /// Bytes of a value.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
}

impl Primitive {
    /// The type that C calls `name`.
    pub fn named(name: &str) -> Option<Primitive> {
        use Class::{Bool, Char, Complex, Float, LongDouble, Signed, Unsigned};
        let word = size_of::<usize>();
        let long = size_of::<std::ffi::c_long>();
        let (class, size) = match name {
            "char" => (Char, 1),
            "short" | "int16_t" | "int_least16_t" => (Signed, 2),
            "int" | "int32_t" | "int_least32_t" => (Signed, 4),
            "long" => (Signed, long),
            "long long" | "int64_t" | "int_least64_t" | "int_fast64_t" | "intmax_t" => (Signed, 8),
            "signed char" | "int8_t" | "int_least8_t" | "int_fast8_t" => (Signed, 1),
            "unsigned char" | "uint8_t" | "uint_least8_t" | "uint_fast8_t" => (Unsigned, 1),
            "unsigned short" | "uint16_t" | "uint_least16_t" => (Unsigned, 2),
            "unsigned int" | "uint32_t" | "uint_least32_t" => (Unsigned, 4),
            "unsigned long" => (Unsigned, long),
            "unsigned long long" | "uint64_t" | "uint_least64_t" | "uint_fast64_t"
            | "uintmax_t" => (Unsigned, 8),
            "int_fast16_t" | "int_fast32_t" => (Signed, fast_integer()),
            "uint_fast16_t" | "uint_fast32_t" => (Unsigned, fast_integer()),
            "intptr_t" | "ptrdiff_t" | "ssize_t" => (Signed, word),
            "uintptr_t" | "size_t" => (Unsigned, word),
            "float" => (Float, 4),
            "double" => (Float, 8),
            "long double" => (LongDouble, machine::LONG_DOUBLE),
            "_cffi_float_complex_t" => (Complex, 8),
            "_cffi_double_complex_t" => (Complex, 16),
            "wchar_t" | "char32_t" => (Char, 4),
            "char16_t" => (Char, 2),
            "_Bool" => (Bool, 1),
            _ => return None,
        };
        let align = if class == Complex { size / 2 } else { size };
        Some(Primitive { class, size, align })
    }

    /// Whether its values are whole numbers; characters are not.
    pub fn is_integer(self) -> bool {
        matches!(self.class, Class::Signed | Class::Unsigned | Class::Bool)
    }

    /// Whether its values are floating-point numbers.
    pub fn is_float(self) -> bool {
        matches!(self.class, Class::Float | Class::LongDouble)
    }

    /// Whether it is a `char` of one byte.
    pub fn is_narrow_char(self) -> bool {
        self.class == Class::Char && self.size == 1
    }

    /// The type as a call sees it; a complex number has no way through a call here.
    pub fn machine(self) -> Option<Machine> {
        let primitive = match self.class {
            Class::Signed => MachinePrimitive::integer(self.size, true)?,
            Class::Unsigned | Class::Char => MachinePrimitive::integer(self.size, false)?,
            Class::Bool => MachinePrimitive::Bool,
            Class::Float if self.size == 4 => MachinePrimitive::Float,
            Class::Float => MachinePrimitive::Double,
            Class::LongDouble => MachinePrimitive::LongDouble,
            Class::Complex => return None,
        };
        Some(Machine::Primitive(primitive))
    }
}

/// The C libraries differ in how wide a fast 16-bit integer is.
const fn fast_integer() -> usize {
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        size_of::<usize>()
    } else {
        4
    }
}

/// Reads a signed integer of `size` bytes.
///
/// # Safety
/// `at` points to `size` (1, 2, 4 or 8) initialised bytes, aligned or not.
pub unsafe fn read_signed(at: *const u8, size: usize) -> i64 {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => i64::from(at.cast::<i8>().read()),
            2 => i64::from(at.cast::<i16>().read_unaligned()),
            4 => i64::from(at.cast::<i32>().read_unaligned()),
            _ => at.cast::<i64>().read_unaligned(),
        }
    }
}

/// Reads an unsigned integer of `size` bytes.
///
/// # Safety
/// As for [`read_signed`].
pub unsafe fn read_unsigned(at: *const u8, size: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => u64::from(at.read()),
            2 => u64::from(at.cast::<u16>().read_unaligned()),
            4 => u64::from(at.cast::<u32>().read_unaligned()),
            _ => at.cast::<u64>().read_unaligned(),
        }
    }
}

/// Writes the low `size` bytes of `value`.
///
/// # Safety
/// `at` points to `size` (1, 2, 4 or 8) writable bytes, aligned or not.
pub unsafe fn write_integer(at: *mut u8, value: u64, size: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => at.write(value as u8),
            2 => at.cast::<u16>().write_unaligned(value as u16),
            4 => at.cast::<u32>().write_unaligned(value as u32),
            _ => at.cast::<u64>().write_unaligned(value),
        }
    }
}

/// Reads a `float` (4 bytes) or a `double`.
///
/// # Safety
/// `at` points to `size` (4 or 8) initialised bytes, aligned or not.
pub unsafe fn read_float(at: *const u8, size: usize) -> f64 {
    // SAFETY: the caller's promise.
    unsafe {
        if size == 4 {
            f64::from(at.cast::<f32>().read_unaligned())
        } else {
            at.cast::<f64>().read_unaligned()
        }
    }
}

/// Writes a `float` (4 bytes) or a `double`.
///
/// # Safety
/// `at` points to `size` (4 or 8) writable bytes, aligned or not.
pub unsafe fn write_float(at: *mut u8, value: f64, size: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if size == 4 {
            at.cast::<f32>().write_unaligned(value as f32);
        } else {
            at.cast::<f64>().write_unaligned(value);
        }
    }
}
