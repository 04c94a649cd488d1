//! One declared argument on the short way: from an exact Python value to the contents of a register.
//!
//! A conversion here runs no Python code, raises nothing and keeps nothing: it takes the values
//! whose outcome is known beforehand and declines all others, which go the ordinary way (`call`).

use std::ffi::c_void;

use pyo3::ffi;

use crate::argument::Argument;
use crate::cdata::Data;
use crate::info::{self, Info, Kind};
use crate::meta;
use crate::ndarray::Pattern;
use crate::number;
use crate::pointer;
use crate::py::{Obj, api};
use crate::simple;
use crate::strict;
use crate::types::types;
use crate::value::Access;

/// How one argument is converted.
///
/// It borrows its types from the function object, which drops it before it lets them go.
pub(crate) struct Way {
    kind: Conversion,
    /// The declared type.
    ty: *mut ffi::PyTypeObject,
}

enum Conversion {
    /// An integer of at least 32 bits with a sign: no int of one digit is out of its range.
    Wide(Width),
    Integer(Width),
    Float,
    Double,
    Bool,
    Char,
    /// `char *`.
    Text,
    /// `void *`.
    Address,
    /// `PyObject *`.
    Object,
    /// A pointer to this type.
    Pointer(*mut ffi::PyTypeObject),
    /// A struct or union, which travels by value.
    Record,
    /// An array type, whose instances pass as a pointer.
    Array,
    /// A function type.
    Function,
    /// What NumPy's `ndpointer` describes.
    Ndarray(Pattern),
}

/// An integer's size and sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
}

impl Width {
    /// The width of an integer type.
    pub(crate) fn of(access: Access) -> Option<Width> {
        if access.swapped || !b"bBhHiIlLqQ".contains(&access.code) {
            return None;
        }
        Some(match (access.size(), access.is_signed()) {
            (1, true) => Width::I8,
            (1, false) => Width::U8,
            (2, true) => Width::I16,
            (2, false) => Width::U16,
            (4, true) => Width::I32,
            (4, false) => Width::U32,
            (_, true) => Width::I64,
            (_, false) => Width::U64,
        })
    }

    /// The low part of a word, extended to the whole word by its sign.
    #[inline(always)]
    pub(crate) fn extend(self, word: u64) -> u64 {
        match self {
            Width::I8 => word as i8 as i64 as u64,
            Width::I16 => word as i16 as i64 as u64,
            Width::I32 => word as i32 as i64 as u64,
            Width::U8 => u64::from(word as u8),
            Width::U16 => u64::from(word as u16),
            Width::U32 => u64::from(word as u32),
            Width::I64 | Width::U64 => word,
        }
    }
}

impl Way {
    /// The way of an argument type, if its conversion is our own; `converter` is its `from_param`.
    pub(crate) fn of(ty: &Obj, converter: &Obj) -> Option<Way> {
        let pointer = ty.ptr().cast::<ffi::PyTypeObject>();
        let kind = match Info::of_type(ty).and_then(|info| Conversion::of(ty, &info, converter)) {
            Some(kind) => kind,
            None => Conversion::Ndarray(Pattern::of(ty, converter)?),
        };
        Some(Way { kind, ty: pointer })
    }

    /// Whether it is a struct or union by value, for [`Way::record`].
    pub(crate) fn is_record(&self) -> bool {
        matches!(self.kind, Conversion::Record)
    }

    /// Whether it is an integer of which every small one is in the range.
    pub(crate) fn is_wide_integer(&self) -> bool {
        matches!(self.kind, Conversion::Wide(_))
    }

    /// Whether it is a function, which C may call.
    pub(crate) fn is_function(&self) -> bool {
        matches!(self.kind, Conversion::Function)
    }

    /// Whether it is a `double`.
    pub(crate) fn is_double(&self) -> bool {
        matches!(self.kind, Conversion::Double)
    }

    /// Converts a value that is no struct; `None` sends the call the ordinary way.
    #[inline(always)]
    pub(crate) fn convert(&self, value: &Obj) -> Option<u64> {
        match &self.kind {
            Conversion::Wide(_) => match number::small_int(value) {
                Some(small) => Some(small as u64),
                None => self.rarer(value),
            },
            Conversion::Double => match number::exact_float(value) {
                Some(number) => Some(number.to_bits()),
                None => self.rarer(value),
            },
            _ => self.rarer(value),
        }
    }

    fn rarer(&self, value: &Obj) -> Option<u64> {
        match &self.kind {
            Conversion::Float => match number::exact_float(value) {
                Some(_) if strict::is_on() => None,
                Some(number) => Some(u64::from((number as f32).to_bits())),
                None if self.is_own(value) => self.stored::<u32>(value).map(u64::from),
                None => {
                    let number = number::small_int(value)? as f64 as f32;
                    Some(u64::from(number.to_bits()))
                }
            },
            Conversion::Bool if api!(ffi::PyBool_Check(value.ptr())) != 0 => {
                Some(u64::from(value.ptr() == api!(ffi::Py_True())))
            }
            Conversion::Bool if self.is_own(value) => self.stored::<u8>(value).map(u64::from),
            Conversion::Bool => Some(u64::from(number::small_int(value)? != 0)),
            Conversion::Char => self.character(value),
            Conversion::Text => self.text(value),
            Conversion::Address => self.address(value),
            Conversion::Object if self.is_own(value) => self.stored(value),
            // The reference in the argument list keeps the object alive.
            Conversion::Object => (!value.has_type(self.ty)).then(|| value.ptr() as u64),
            Conversion::Pointer(target) => self.pointer(*target, value).map(|at| at as u64),
            Conversion::Array if self.is_own(value) => Some(Data::of(value)?.memory() as u64),
            Conversion::Function if self.is_own(value) => Some(Data::of(value)?.pointer() as u64),
            Conversion::Ndarray(pattern) => pattern.address(value).map(|at| at as u64),
            Conversion::Wide(width) => self.other_integer(*width, value),
            Conversion::Integer(width) => self.integer(*width, value),
            Conversion::Double => self.double(value),
            Conversion::Array | Conversion::Function | Conversion::Record => None,
        }
    }

    #[inline]
    fn is_own(&self, value: &Obj) -> bool {
        value.type_ptr() == self.ty
    }

    /// The value inside an instance of the declared type.
    fn stored<T: Copy>(&self, value: &Obj) -> Option<T> {
        // SAFETY: an instance of the declared simple type, whose values have the size of T.
        Some(unsafe {
            Data::of(value)?
                .memory()
                .cast::<T>()
                .cast_const()
                .read_unaligned()
        })
    }

    #[inline]
    fn integer(&self, width: Width, value: &Obj) -> Option<u64> {
        if let Some(small) = number::small_int(value) {
            let word = width.extend(small as u64);
            // Out of range: the ordinary way says so, where it is to be said.
            let exact = word == small as u64 && fits(width, small);
            return (exact || !strict::is_on()).then_some(word);
        }
        self.other_integer(width, value)
    }

    #[cold]
    fn other_integer(&self, width: Width, value: &Obj) -> Option<u64> {
        if self.is_own(value) {
            let (word, _) = {
                let memory = Data::of(value)?.memory();
                let size = Info::of_instance(value)?.size;
                // SAFETY: an instance of a simple type has at most 16 bytes.
                unsafe { clib::registers::read_record(memory, size) }
            };
            return Some(width.extend(word));
        }
        if value.type_ptr() != &raw mut ffi::PyLong_Type || strict::is_on() {
            return None;
        }
        // An exact int: the mask takes the low bits and cannot fail.
        Some(width.extend(api!(ffi::PyLong_AsUnsignedLongLongMask(value.ptr()))))
    }

    fn double(&self, value: &Obj) -> Option<u64> {
        if self.is_own(value) {
            return self.stored(value);
        }
        number::small_int(value).map(|small| (small as f64).to_bits())
    }

    fn character(&self, value: &Obj) -> Option<u64> {
        if self.is_own(value) {
            return self.stored::<i8>(value).map(|byte| byte as i64 as u64);
        }
        if value.type_ptr() != &raw mut ffi::PyBytes_Type {
            return None;
        }
        match value.as_bytes() {
            [byte] => Some(*byte as i8 as i64 as u64),
            _ => None,
        }
    }

    fn text(&self, value: &Obj) -> Option<u64> {
        if value.type_ptr() == &raw mut ffi::PyBytes_Type {
            let bytes = value.as_bytes();
            let whole = !strict::is_on() || strict::is_text(bytes);
            return whole.then_some(bytes.as_ptr() as u64);
        }
        if value.is_none() {
            return Some(0);
        }
        if self.is_own(value) {
            return self.stored(value);
        }
        // A buffer of characters.
        let info = Info::of_instance(value).filter(|info| info.kind == Kind::Array)?;
        let characters = info.item.is_some_and(|item| item.code == b'c');
        let data = Data::of(value).filter(|_| characters)?;
        Some(data.memory() as u64)
    }

    fn address(&self, value: &Obj) -> Option<u64> {
        if value.type_ptr() == &raw mut ffi::PyLong_Type {
            let small = number::small_int(value).filter(|small| *small >= 0);
            if small.is_none() && strict::is_on() {
                return None;
            }
            // An exact int: the mask takes the low bits and cannot fail.
            return Some(small.map_or_else(
                || api!(ffi::PyLong_AsUnsignedLongLongMask(value.ptr())),
                |small| small as u64,
            ));
        }
        if value.type_ptr() == &raw mut ffi::PyBytes_Type && !strict::is_on() {
            return Some(value.as_bytes().as_ptr() as u64);
        }
        if value.is_none() {
            return Some(0);
        }
        if self.is_own(value) {
            return self.stored(value);
        }
        if let Some(argument) = Argument::of(value) {
            return (argument.tag() == b'P').then(|| argument.address() as u64);
        }
        let data = Data::of(value)?;
        match Info::of_instance(value)?.kind {
            Kind::Array if value.has_type(types().array) => Some(data.memory() as u64),
            Kind::Pointer if value.has_type(types().pointer) => Some(data.pointer() as u64),
            _ => None,
        }
    }

    /// The address in what a pointer type accepts without asking Python.
    fn pointer(&self, target: *mut ffi::PyTypeObject, value: &Obj) -> Option<*const c_void> {
        if self.is_own(value) {
            return Some(Data::of(value)?.pointer().cast());
        }
        if value.type_ptr() == target {
            return Some(Data::of(value)?.memory().cast());
        }
        if value.is_none() {
            return Some(std::ptr::null());
        }
        if let Some(argument) = Argument::of(value) {
            let fits = argument.tag() == b'P' && argument.object()?.type_ptr() == target;
            return fits.then(|| argument.address().cast_const());
        }
        let fits = Info::peek(value, |info| {
            let item = info.proto.as_ref().filter(|_| info.kind == Kind::Array)?;
            Some(item.ptr().cast() == target)
        })?;
        let fits = fits && value.has_type(types().array);
        Some(Data::of(value).filter(|_| fits)?.memory().cast())
    }

    /// The memory of a struct or union.
    #[inline(always)]
    pub(crate) fn record(&self, value: &Obj) -> Option<*mut u8> {
        // SAFETY: an instance of the declared type, whose instances are those of `_CData`.
        self.is_own(value)
            .then(|| unsafe { Data::of_self(value) }.memory())
    }
}

/// Whether a number is in the range of the type; `extend` alone does not tell for 64 bits.
fn fits(width: Width, value: i64) -> bool {
    width != Width::U64 || value >= 0
}

impl Conversion {
    fn of(ty: &Obj, info: &Info, converter: &Obj) -> Option<Conversion> {
        let function = builtin_of(converter, ty)?;
        if !info::has_data(ty) {
            // A metaclass of ours on a class that has nothing to do with `_CData`.
            return None;
        }
        match info.kind {
            Kind::Simple => {
                let access = info.access.filter(|access| !access.swapped)?;
                if !simple::is_own_from_param(access.code, function) {
                    return None;
                }
                Some(match access.code {
                    b'f' => Conversion::Float,
                    b'd' => Conversion::Double,
                    b'?' => Conversion::Bool,
                    b'c' => Conversion::Char,
                    b'z' => Conversion::Text,
                    b'P' => Conversion::Address,
                    b'O' => Conversion::Object,
                    _ => match Width::of(access)? {
                        width @ (Width::I32 | Width::I64) => Conversion::Wide(width),
                        width => Conversion::Integer(width),
                    },
                })
            }
            Kind::Pointer if pointer::is_own_from_param(function) => {
                Some(Conversion::Pointer(info.proto.as_ref()?.ptr().cast()))
            }
            Kind::Struct | Kind::Union if meta::is_own_from_param(function) => {
                Some(Conversion::Record)
            }
            Kind::Array if meta::is_own_from_param(function) => Some(Conversion::Array),
            Kind::Function if meta::is_own_from_param(function) => Some(Conversion::Function),
            _ => None,
        }
    }
}

/// The C function of a bound built-in method of `ty`.
fn builtin_of(converter: &Obj, ty: &Obj) -> Option<ffi::PyCFunction> {
    if api!(ffi::PyCFunction_Check(converter.ptr())) == 0
        || api!(ffi::PyCFunction_GetSelf(converter.ptr())) != ty.ptr()
    {
        return None;
    }
    api!(ffi::PyCFunction_GetFunction(converter.ptr()))
}

/// An argument without a declared type: whether it is a floating-point number, and its word.
pub(crate) fn undeclared(value: &Obj) -> Option<(bool, u64)> {
    if let Some(small) = number::small_int(value) {
        return Some((false, small as u64));
    }
    if value.type_ptr() == &raw mut ffi::PyBytes_Type {
        return Some((false, value.as_bytes().as_ptr() as u64));
    }
    if value.is_none() {
        return Some((false, 0));
    }
    if let Some(argument) = Argument::of(value) {
        return (argument.tag() == b'P').then(|| (false, argument.address() as u64));
    }
    let data = Data::of(value)?;
    let info = Info::of_instance(value)?;
    Some(match info.kind {
        Kind::Array => (false, data.memory() as u64),
        Kind::Pointer | Kind::Function => (false, data.pointer() as u64),
        Kind::Simple => {
            let access = info.access.filter(|access| !access.swapped)?;
            // SAFETY: the instance has the size of its type.
            let (word, _) = unsafe { clib::registers::read_record(data.memory(), info.size) };
            match (access.code, Width::of(access)) {
                (_, Some(width)) => (false, width.extend(word)),
                (b'd' | b'f', None) => (true, word),
                (b'z' | b'Z' | b'P' | b'O', None) => (false, word),
                _ => return None,
            }
        }
        Kind::Struct | Kind::Union => return None,
    })
}
