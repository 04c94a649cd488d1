//! Simple values between Python and C memory, one pair of reading and writing per type code.

use std::ffi::{c_char, c_int, c_void};

use clib::ctype::{CType, Primitive};
use pyo3::ffi;

use crate::longdouble;
use crate::number;
use crate::py::{self, Exc, Obj, Res, api, raise};
use crate::strict;

/// How a simple value lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The code of `_type_`; also `s` and `U`, the character arrays inside a struct.
    pub(crate) code: u8,
    /// In the byte order that is not the machine's.
    pub(crate) swapped: bool,
    /// Bytes of a value; of one character in a character array.
    size: u8,
}

/// The bits of a bit-field inside its storage unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bits {
    pub(crate) low: u32,
    pub(crate) width: u32,
}

/// All codes that `_type_` accepts here.
pub(crate) const CODES: &str = "cbBhHiIlLfdgqQzZPuv?O";

/// The format code and C type of a type code.
pub(crate) fn primitive(code: u8) -> Option<Primitive> {
    Some(match code {
        b'c' => Primitive::Char,
        b'b' => Primitive::SignedChar,
        b'B' => Primitive::UnsignedChar,
        b'h' | b'v' => Primitive::Short,
        b'H' => Primitive::UnsignedShort,
        b'i' => Primitive::Int,
        b'I' => Primitive::UnsignedInt,
        b'l' => Primitive::Long,
        b'L' => Primitive::UnsignedLong,
        b'q' => Primitive::LongLong,
        b'Q' => Primitive::UnsignedLongLong,
        b'f' => Primitive::Float,
        b'd' => Primitive::Double,
        b'g' => Primitive::LongDouble,
        b'?' => Primitive::Bool,
        b'u' => Primitive::WChar,
        b'z' | b'Z' | b'P' | b'O' => Primitive::Pointer,
        _ => return None,
    })
}

/// The code that the buffer protocol uses for a type code, by size instead of C name.
pub(crate) fn buffer_code(code: u8) -> char {
    let wide = Primitive::Long.size() == 8;
    match code {
        b'l' if wide => 'q',
        b'L' if wide => 'Q',
        b'?' => '?',
        other => char::from(other),
    }
}

/// Whether values of this code have another byte order elsewhere.
pub(crate) fn is_swappable(code: u8) -> bool {
    b"hHiIlLqQfd".contains(&code)
}

/// Reads a value; NULL with an exception set.
///
/// # Safety
/// It is given memory of its type.
pub(crate) type Reader = unsafe fn(*const u8) -> *mut ffi::PyObject;

/// The [`Reader`] of a type code.
///
/// # Safety
/// As for [`Reader`].
unsafe fn read<const CODE: u8>(at: *const u8) -> *mut ffi::PyObject {
    let access = Access::native(CODE);
    // SAFETY: the caller's promise.
    let made = unsafe {
        match access.get_plain(at) {
            Some(made) => made,
            None => access.get_every(at, access.size(), None),
        }
    };
    made.map_or(std::ptr::null_mut(), Obj::into_ptr)
}

impl Access {
    #[inline(always)]
    pub(crate) fn native(code: u8) -> Access {
        let size = primitive(code).map_or(size_of::<*mut c_void>(), Primitive::size);
        Access {
            code,
            swapped: false,
            size: size as u8,
        }
    }

    /// The same in the byte order that is not the machine's.
    pub(crate) fn in_other_order(self) -> Access {
        Access {
            swapped: true,
            ..self
        }
    }

    pub(crate) fn ctype(self) -> CType {
        primitive(self.code).map_or(CType::POINTER, CType::Primitive)
    }

    pub(crate) fn size(self) -> usize {
        self.size.into()
    }

    pub(crate) fn is_signed(self) -> bool {
        matches!(self.code, b'b' | b'h' | b'i' | b'l' | b'q')
    }

    /// Reads the value at `at`; `size` is the room of a character array.
    ///
    /// # Safety
    /// `at` points to memory of this type.
    #[inline(always)]
    pub(crate) unsafe fn get(self, at: *const u8, size: usize, bits: Option<Bits>) -> Res<Obj> {
        // SAFETY: the caller's promise.
        unsafe {
            if bits.is_none()
                && let Some(made) = self.get_plain(at)
            {
                return made;
            }
            self.get_any(at, size, bits)
        }
    }

    /// How values in the machine's byte order are read.
    pub(crate) fn reader(self) -> Option<Reader> {
        macro_rules! readers {
            ($($code:literal)*) => {
                match self.code {
                    $($code => Some(read::<$code> as Reader),)*
                    _ => None,
                }
            };
        }
        if self.swapped {
            return None;
        }
        readers!(b'c' b'b' b'B' b'h' b'H' b'i' b'I' b'l' b'L' b'f' b'd' b'g' b'q' b'Q' b'z' b'Z' b'P' b'u' b'v' b'?' b'O')
    }

    /// The same for the commonest types; `None` for others.
    ///
    /// # Safety
    /// As for [`Access::get`].
    #[inline(always)]
    pub(crate) unsafe fn get_plain(self, at: *const u8) -> Option<Res<Obj>> {
        if self.swapped {
            return None;
        }
        // SAFETY: the caller's promise; unaligned reads accept packed structs.
        unsafe {
            Some(match self.code {
                b'i' => number::int(at.cast::<i32>().read_unaligned().into()),
                b'd' => py::float(at.cast::<f64>().read_unaligned()),
                b'l' | b'q' if self.size == 8 => number::int(at.cast::<i64>().read_unaligned()),
                _ => return None,
            })
        }
    }

    /// The same for every code.
    ///
    /// # Safety
    /// As for [`Access::get`].
    #[inline(never)]
    unsafe fn get_any(self, at: *const u8, size: usize, bits: Option<Bits>) -> Res<Obj> {
        // SAFETY: the caller's promise.
        unsafe { self.get_every(at, size, bits) }
    }

    #[inline(always)]
    unsafe fn get_every(self, at: *const u8, size: usize, bits: Option<Bits>) -> Res<Obj> {
        // SAFETY: the caller's promise covers every read below; unaligned reads accept packed
        // structs.
        unsafe {
            match self.code {
                b'c' => py::bytes(&[*at]),
                b'u' => wide_string(at.cast(), 1),
                b's' => chars(at, size),
                b'U' => wide_chars(at, size),
                b'?' | b'v' => py::boolean(self.load(at, bits) != 0),
                b'f' => py::float(f64::from(f32::from_bits(self.load(at, None) as u32))),
                b'd' => py::float(f64::from_bits(self.load(at, None))),
                b'g' => py::float(longdouble::read(at)),
                b'z' => text(at),
                b'Z' => match pointer_at(at).cast::<libc::wchar_t>() {
                    null if null.is_null() => Ok(py::none()),
                    text => wide_string(text, libc::wcslen(text)),
                },
                b'P' => match pointer_at(at) {
                    null if null.is_null() => Ok(py::none()),
                    place => py::address(place),
                },
                b'O' => Obj::borrowed(pointer_at(at).cast())
                    .ok_or_else(|| raise(Exc::Value, "PyObject is NULL")),
                _ if self.is_signed() => py::int(self.load_signed(at, bits)),
                _ => py::unsigned(self.load(at, bits)),
            }
        }
    }

    /// Writes `value` to `at`; the result is what must stay alive as long as C uses the memory.
    ///
    /// # Safety
    /// `at` points to memory of this type, which may be written.
    pub(crate) unsafe fn set(
        self,
        at: *mut u8,
        value: &Obj,
        size: usize,
        bits: Option<Bits>,
    ) -> Res<Option<Obj>> {
        // SAFETY: the caller's promise covers every write below.
        unsafe {
            match self.code {
                b'c' => at.write(one_byte(value)?),
                b'u' => set_wide_char(at, value)?,
                b's' => set_chars(at, value, size)?,
                b'U' => set_wide_chars(at, value, size)?,
                b'?' if strict::is_on() => {
                    strict::check_bool(value)?;
                    self.store(at, u64::from(value.truth()?), bits);
                }
                b'?' => self.store(at, u64::from(value.truth()?), bits),
                // A VARIANT_BOOL is all ones for true.
                b'v' => self.store(at, u64::from(value.truth()?).wrapping_neg(), bits),
                b'f' => {
                    let number = real(value)?;
                    if strict::is_on() {
                        strict::check_float(number)?;
                    }
                    self.store(at, u64::from((number as f32).to_bits()), None);
                }
                b'd' => self.store(at, real(value)?.to_bits(), None),
                b'g' => longdouble::write(at, real(value)?),
                b'z' => return set_char_pointer(at, value),
                b'Z' => return set_wide_pointer(at, value),
                b'P' => {
                    if strict::is_on() && value.is_int() {
                        strict::check_range(value, usize::BITS, false)?;
                    }
                    set_pointer(at, address_of(value)?);
                }
                b'O' => {
                    set_pointer(at, value.ptr().cast());
                    return Ok(Some(value.clone()));
                }
                _ => {
                    let word = integer(value)?;
                    if strict::is_on() {
                        let width = bits.map_or(u32::from(self.size) * 8, |bits| bits.width);
                        strict::check_range(value, width, self.is_signed())?;
                    }
                    self.store(at, word, bits);
                }
            }
        }
        Ok(None)
    }

    /// The raw value, zero-extended.
    #[inline]
    unsafe fn load(self, at: *const u8, bits: Option<Bits>) -> u64 {
        // SAFETY: the caller of `get` vouches for the memory.
        let word = unsafe {
            match self.size() {
                1 => u64::from(*at),
                2 => u64::from(swap16(at.cast::<u16>().read_unaligned(), self.swapped)),
                4 => u64::from(swap32(at.cast::<u32>().read_unaligned(), self.swapped)),
                _ => swap64(at.cast::<u64>().read_unaligned(), self.swapped),
            }
        };
        match bits {
            Some(bits) => (word >> bits.low) & mask(bits.width),
            None => word,
        }
    }

    unsafe fn load_signed(self, at: *const u8, bits: Option<Bits>) -> i64 {
        // SAFETY: as for `load`.
        let word = unsafe { self.load(at, bits) };
        let width = bits.map_or(self.size() as u32 * 8, |bits| bits.width);
        let unused = 64 - width;
        ((word << unused) as i64) >> unused
    }

    #[inline]
    unsafe fn store(self, at: *mut u8, value: u64, bits: Option<Bits>) {
        // SAFETY: the caller of `set` vouches for the memory.
        unsafe {
            let word = match bits {
                Some(bits) => {
                    let field = mask(bits.width) << bits.low;
                    (self.load(at, None) & !field) | ((value << bits.low) & field)
                }
                None => value,
            };
            match self.size() {
                1 => *at = word as u8,
                2 => at
                    .cast::<u16>()
                    .write_unaligned(swap16(word as u16, self.swapped)),
                4 => at
                    .cast::<u32>()
                    .write_unaligned(swap32(word as u32, self.swapped)),
                _ => at.cast::<u64>().write_unaligned(swap64(word, self.swapped)),
            }
        }
    }
}

fn mask(width: u32) -> u64 {
    if width >= 64 {
        u64::MAX
    } else {
        (1 << width) - 1
    }
}

fn swap16(value: u16, swapped: bool) -> u16 {
    if swapped { value.swap_bytes() } else { value }
}

fn swap32(value: u32, swapped: bool) -> u32 {
    if swapped { value.swap_bytes() } else { value }
}

fn swap64(value: u64, swapped: bool) -> u64 {
    if swapped { value.swap_bytes() } else { value }
}

unsafe fn pointer_at(at: *const u8) -> *mut c_void {
    // SAFETY: the caller vouches for a pointer at this place.
    unsafe { at.cast::<*mut c_void>().read_unaligned() }
}

unsafe fn set_pointer(at: *mut u8, value: *mut c_void) {
    // SAFETY: the caller vouches for room for a pointer.
    unsafe { at.cast::<*mut c_void>().write_unaligned(value) }
}

/// ctypes truncates integers silently: only the low bits count.
fn integer(value: &Obj) -> Res<u64> {
    if let Some(small) = number::small_int(value) {
        return Ok(small as u64);
    }
    // From Python 3.12 on the conversion below refuses it in its own words.
    if cfg!(not(Py_3_12)) && value.is_float() {
        let name = value.type_name();
        return Err(raise(
            Exc::Type,
            format!("int expected instead of {name} instance"),
        ));
    }
    let bits = api!(ffi::PyLong_AsUnsignedLongLongMask(value.ptr()));
    if bits == u64::MAX && py::raised() {
        Err(py::Raised)
    } else {
        Ok(bits)
    }
}

fn real(value: &Obj) -> Res<f64> {
    if let Some(number) = number::exact_float(value) {
        return Ok(number);
    }
    let number = api!(ffi::PyFloat_AsDouble(value.ptr()));
    if number == -1.0 && py::raised() {
        Err(py::Raised)
    } else {
        Ok(number)
    }
}

#[inline(never)]
fn one_byte(value: &Obj) -> Res<u8> {
    if value.is_bytes() && value.as_bytes().len() == 1 {
        return Ok(value.as_bytes()[0]);
    }
    if api!(ffi::PyByteArray_Check(value.ptr())) != 0
        && api!(ffi::PyByteArray_Size(value.ptr())) == 1
    {
        // SAFETY: a bytearray of one byte.
        return Ok(unsafe { *ffi::PyByteArray_AsString(value.ptr()).cast::<u8>() });
    }
    if value.is_int() {
        let mut overflow = 0;
        let number = api!(ffi::PyLong_AsLongAndOverflow(
            value.ptr(),
            &raw mut overflow
        ));
        if overflow == 0
            && let Ok(byte) = u8::try_from(number)
        {
            return Ok(byte);
        }
    }
    Err(raise(
        Exc::Type,
        "one character bytes, bytearray or integer expected",
    ))
}

/// The text behind a `char *`.
unsafe fn text(at: *const u8) -> Res<Obj> {
    // SAFETY: the caller vouches for a pointer, NULL or to a zero-terminated text.
    match unsafe { pointer_at(at) } {
        null if null.is_null() => Ok(py::none()),
        text => api!(Obj::owned(ffi::PyBytes_FromString(text.cast()))),
    }
}

/// The characters before the first zero, at most `size`.
///
/// # Safety
/// `at` points to so many bytes.
pub(crate) unsafe fn chars(at: *const u8, size: usize) -> Res<Obj> {
    // SAFETY: the caller vouches for `size` bytes.
    py::bytes(unsafe { std::slice::from_raw_parts(at, libc::strnlen(at.cast(), size)) })
}

#[inline(never)]
unsafe fn set_chars(at: *mut u8, value: &Obj, size: usize) -> Res<()> {
    if !value.is_bytes() {
        let name = value.type_name();
        return Err(raise(Exc::Type, format!("expected bytes, {name} found")));
    }
    // What C would see as the string: everything up to the first zero.
    let bytes = value.as_bytes();
    let length = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    if length > size {
        return Err(raise(
            Exc::Value,
            format!("bytes too long ({length}, maximum length {size})"),
        ));
    }
    // SAFETY: the caller vouches for `size` bytes; the terminator is copied where it fits.
    unsafe {
        at.copy_from(bytes.as_ptr(), length);
        if length < size {
            at.add(length).write(0);
        }
    }
    Ok(())
}

#[inline(always)]
unsafe fn wide_string(text: *const libc::wchar_t, length: usize) -> Res<Obj> {
    if !text.is_aligned() {
        // SAFETY: the caller's promise.
        return unsafe { unaligned_wide_string(text, length) };
    }
    // SAFETY: the caller vouches for `length` characters.
    unsafe { Obj::owned(ffi::PyUnicode_FromWideChar(text, length as isize)) }
}

/// A packed struct may misalign them.
#[inline(never)]
unsafe fn unaligned_wide_string(text: *const libc::wchar_t, length: usize) -> Res<Obj> {
    // SAFETY: the caller vouches for `length` characters.
    let read = |index| unsafe { text.add(index).read_unaligned() };
    let aligned: Vec<_> = (0..length).map(read).collect();
    api!(Obj::owned(ffi::PyUnicode_FromWideChar(
        aligned.as_ptr(),
        length as isize
    )))
}

/// The wide characters before the first zero, in at most `size` bytes.
///
/// # Safety
/// `at` points to so many bytes.
pub(crate) unsafe fn wide_chars(at: *const u8, size: usize) -> Res<Obj> {
    let text = at.cast::<libc::wchar_t>();
    // SAFETY: the caller's promise.
    unsafe { wide_string(text, wide_length(text, size / size_of::<libc::wchar_t>())) }
}

/// Characters before the first zero, at most `room`.
#[inline(always)]
unsafe fn wide_length(text: *const libc::wchar_t, room: usize) -> usize {
    let mut length = 0;
    // SAFETY: the caller vouches for `room` characters.
    while length < room && unsafe { text.add(length).read_unaligned() } != 0 {
        length += 1;
    }
    length
}

/// The characters of a `str` as C sees them.
fn wide_of(value: &Obj) -> Res<Vec<libc::wchar_t>> {
    let needed = api!(ffi::PyUnicode_AsWideChar(
        value.ptr(),
        std::ptr::null_mut(),
        0
    ));
    if needed < 0 {
        return Err(py::Raised);
    }
    let mut text = vec![0; needed as usize];
    let copied = api!(ffi::PyUnicode_AsWideChar(
        value.ptr(),
        text.as_mut_ptr(),
        needed
    ));
    if copied < 0 {
        return Err(py::Raised);
    }
    text.truncate(copied as usize);
    Ok(text)
}

fn expect_str(value: &Obj) -> Res<()> {
    if value.is_str() {
        return Ok(());
    }
    let name = value.type_name();
    Err(raise(
        Exc::Type,
        format!("unicode string expected instead of {name} instance"),
    ))
}

#[inline(never)]
unsafe fn set_wide_char(at: *mut u8, value: &Obj) -> Res<()> {
    expect_str(value)?;
    let text = wide_of(value)?;
    let [one] = text[..] else {
        return Err(raise(Exc::Type, "one character unicode string expected"));
    };
    // SAFETY: the caller vouches for the room of one character.
    unsafe { at.cast::<libc::wchar_t>().write_unaligned(one) };
    Ok(())
}

#[inline(never)]
unsafe fn set_wide_chars(at: *mut u8, value: &Obj, size: usize) -> Res<()> {
    expect_str(value)?;
    let text = wide_of(value)?;
    let room = size / size_of::<libc::wchar_t>();
    if text.len() > room {
        let length = text.len();
        return Err(raise(
            Exc::Value,
            format!("string too long ({length}, maximum length {room})"),
        ));
    }
    let terminator = (text.len() < room).then_some(0);
    for (index, character) in text.iter().copied().chain(terminator).enumerate() {
        // SAFETY: the caller vouches for `size` bytes; the terminator is written where it fits.
        unsafe {
            at.cast::<libc::wchar_t>()
                .add(index)
                .write_unaligned(character)
        };
    }
    Ok(())
}

/// `None`, or the low bits of an int.
fn address_of(value: &Obj) -> Res<*mut c_void> {
    if value.is_none() {
        return Ok(std::ptr::null_mut());
    }
    if !value.is_int() {
        return Err(raise(Exc::Type, "cannot be converted to pointer"));
    }
    value.to_address()
}

#[inline(never)]
unsafe fn set_char_pointer(at: *mut u8, value: &Obj) -> Res<Option<Obj>> {
    if !value.is_none() && !value.is_int() && !value.is_bytes() {
        let name = value.type_name();
        return Err(raise(
            Exc::Type,
            format!("bytes or integer address expected instead of {name} instance"),
        ));
    }
    // SAFETY: the caller vouches for room for a pointer; the bytes are kept alive by the result.
    unsafe {
        if value.is_bytes() {
            if strict::is_on() {
                strict::check_text(value.as_bytes())?;
            }
            set_pointer(at, ffi::PyBytes_AsString(value.ptr()).cast());
            return Ok(Some(value.clone()));
        }
        set_pointer(at, address_of(value)?);
    }
    Ok(None)
}

#[inline(never)]
unsafe fn set_wide_pointer(at: *mut u8, value: &Obj) -> Res<Option<Obj>> {
    if !value.is_none() && !value.is_int() && !value.is_str() {
        let name = value.type_name();
        return Err(raise(
            Exc::Type,
            format!("unicode string or integer address expected instead of {name} instance"),
        ));
    }
    // SAFETY: the caller vouches for room for a pointer; the copy is kept alive by the result.
    unsafe {
        if value.is_str() {
            let (text, owner) = wide_copy(value)?;
            set_pointer(at, text.cast());
            return Ok(Some(owner));
        }
        set_pointer(at, address_of(value)?);
    }
    Ok(None)
}

/// A zero-terminated copy of a `str` for C, owned by the capsule that comes with it.
pub(crate) fn wide_copy(value: &Obj) -> Res<(*mut libc::wchar_t, Obj)> {
    const NAME: *const c_char = c"_ctypes pymem".as_ptr();
    unsafe extern "C" fn free(capsule: *mut ffi::PyObject) {
        // SAFETY: Python calls this for a capsule made below, which owns the memory.
        unsafe { ffi::PyMem_Free(ffi::PyCapsule_GetPointer(capsule, NAME)) }
    }
    // Asking for the length allows zeros inside the text.
    let mut length = 0;
    let text = api!(ffi::PyUnicode_AsWideCharString(
        value.ptr(),
        &raw mut length
    ));
    if text.is_null() {
        return Err(py::Raised);
    }
    // SAFETY: the capsule takes over the memory; if there is none, it is freed here.
    let capsule = unsafe { Obj::owned(ffi::PyCapsule_New(text.cast(), NAME, Some(free))) };
    match capsule {
        Ok(capsule) => Ok((text, capsule)),
        Err(raised) => {
            // SAFETY: nobody else knows the memory.
            unsafe { ffi::PyMem_Free(text.cast()) };
            Err(raised)
        }
    }
}

/// The value of an int that is passed without a declared type: a C `int`.
pub(crate) fn undeclared_int(value: &Obj) -> Res<c_int> {
    if strict::is_on() {
        strict::check_range(value, c_int::BITS, true)?;
    }
    let mut overflow = 0;
    let number = api!(ffi::PyLong_AsLongAndOverflow(
        value.ptr(),
        &raw mut overflow
    ));
    if overflow == 0 {
        return if number == -1 && py::raised() {
            Err(py::Raised)
        } else {
            Ok(number as c_int)
        };
    }
    let number = api!(ffi::PyLong_AsUnsignedLong(value.ptr()));
    if py::raised() {
        py::clear_error();
        return Err(raise(Exc::Overflow, "int too long to convert"));
    }
    Ok(number as c_int)
}
