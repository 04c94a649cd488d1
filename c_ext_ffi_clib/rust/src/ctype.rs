//! The C types that a call can carry: primitives, pointers, arrays, structs and unions.
//!
//! A pointer does not say what it points to: that matters to the language above, never to a call.

use std::ffi::{c_long, c_longlong, c_short, c_void};
use std::mem::{align_of, size_of};
use std::sync::Arc;

use crate::layout::{self, Layout, LayoutError, Options};

/// A C type without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the C names themselves")]
pub enum Primitive {
    Bool,
    Char,
    SignedChar,
    UnsignedChar,
    Short,
    UnsignedShort,
    Int,
    UnsignedInt,
    Long,
    UnsignedLong,
    LongLong,
    UnsignedLongLong,
    WChar,
    Float,
    Double,
    LongDouble,
    FloatComplex,
    DoubleComplex,
    Pointer,
}

/// What a machine does with a primitive value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A signed integer.
    Signed,
    /// An unsigned integer, a boolean or a pointer.
    Unsigned,
    /// `float`, `double` or `long double`.
    Float,
    /// Two floating-point numbers side by side.
    Complex,
}

impl Primitive {
    /// Every primitive, for tables and tests.
    pub const ALL: [Primitive; 19] = [
        Primitive::Bool,
        Primitive::Char,
        Primitive::SignedChar,
        Primitive::UnsignedChar,
        Primitive::Short,
        Primitive::UnsignedShort,
        Primitive::Int,
        Primitive::UnsignedInt,
        Primitive::Long,
        Primitive::UnsignedLong,
        Primitive::LongLong,
        Primitive::UnsignedLongLong,
        Primitive::WChar,
        Primitive::Float,
        Primitive::Double,
        Primitive::LongDouble,
        Primitive::FloatComplex,
        Primitive::DoubleComplex,
        Primitive::Pointer,
    ];

    /// The integer of `size` bytes, if C has one of that size.
    pub fn integer(size: usize, signed: bool) -> Option<Primitive> {
        let (with_sign, without) = match size {
            1 => (Primitive::SignedChar, Primitive::UnsignedChar),
            2 => (Primitive::Short, Primitive::UnsignedShort),
            4 => (Primitive::Int, Primitive::UnsignedInt),
            8 => (Primitive::LongLong, Primitive::UnsignedLongLong),
            _ => return None,
        };
        Some(if signed { with_sign } else { without })
    }

    /// Its spelling in C.
    pub fn c_name(self) -> &'static str {
        match self {
            Primitive::Bool => "_Bool",
            Primitive::Char => "char",
            Primitive::SignedChar => "signed char",
            Primitive::UnsignedChar => "unsigned char",
            Primitive::Short => "short",
            Primitive::UnsignedShort => "unsigned short",
            Primitive::Int => "int",
            Primitive::UnsignedInt => "unsigned int",
            Primitive::Long => "long",
            Primitive::UnsignedLong => "unsigned long",
            Primitive::LongLong => "long long",
            Primitive::UnsignedLongLong => "unsigned long long",
            Primitive::WChar => "wchar_t",
            Primitive::Float => "float",
            Primitive::Double => "double",
            Primitive::LongDouble => "long double",
            Primitive::FloatComplex => "float _Complex",
            Primitive::DoubleComplex => "double _Complex",
            Primitive::Pointer => "void *",
        }
    }

    /// Its size in bytes.
    pub fn size(self) -> usize {
        match self {
            Primitive::Bool | Primitive::Char | Primitive::SignedChar | Primitive::UnsignedChar => {
                1
            }
            Primitive::Short | Primitive::UnsignedShort => size_of::<c_short>(),
            Primitive::Int | Primitive::UnsignedInt => size_of::<std::ffi::c_int>(),
            Primitive::Long | Primitive::UnsignedLong => size_of::<c_long>(),
            Primitive::LongLong | Primitive::UnsignedLongLong => size_of::<c_longlong>(),
            Primitive::WChar => {
                if cfg!(windows) {
                    2
                } else {
                    4
                }
            }
            Primitive::Float => 4,
            Primitive::Double | Primitive::FloatComplex => 8,
            Primitive::LongDouble => long_double_size(),
            Primitive::DoubleComplex => 16,
            Primitive::Pointer => size_of::<*mut c_void>(),
        }
    }

    /// Its natural alignment in bytes.
    pub fn alignment(self) -> usize {
        match self {
            Primitive::Long | Primitive::UnsignedLong => align_of::<c_long>(),
            Primitive::LongLong | Primitive::UnsignedLongLong => align_of::<c_longlong>(),
            Primitive::Double | Primitive::DoubleComplex => align_of::<f64>(),
            Primitive::FloatComplex => align_of::<f32>(),
            _ => self.size(),
        }
    }

    /// What a machine does with it.
    pub fn class(self) -> Class {
        match self {
            Primitive::SignedChar
            | Primitive::Short
            | Primitive::Int
            | Primitive::Long
            | Primitive::LongLong => Class::Signed,
            Primitive::Char => {
                if std::ffi::c_char::MIN == 0 {
                    Class::Unsigned
                } else {
                    Class::Signed
                }
            }
            Primitive::WChar => {
                if cfg!(any(windows, target_arch = "aarch64", target_arch = "arm")) {
                    Class::Unsigned
                } else {
                    Class::Signed
                }
            }
            Primitive::Bool
            | Primitive::UnsignedChar
            | Primitive::UnsignedShort
            | Primitive::UnsignedInt
            | Primitive::UnsignedLong
            | Primitive::UnsignedLongLong
            | Primitive::Pointer => Class::Unsigned,
            Primitive::Float | Primitive::Double | Primitive::LongDouble => Class::Float,
            Primitive::FloatComplex | Primitive::DoubleComplex => Class::Complex,
        }
    }
}

/// Sixteen bytes on 64-bit System V machines, a plain `double` where the platform says so.
const fn long_double_size() -> usize {
    if cfg!(any(
        windows,
        all(target_vendor = "apple", target_arch = "aarch64")
    )) {
        8
    } else if cfg!(target_arch = "x86") {
        12
    } else {
        16
    }
}

/// A C type.
#[derive(Clone, Debug, PartialEq)]
pub enum CType {
    /// No value; only a result can have it.
    Void,
    /// A type without parts, pointers included.
    Primitive(Primitive),
    /// `length` elements in a row.
    Array {
        /// The type of each element.
        element: Arc<CType>,
        /// How many there are.
        length: usize,
    },
    /// A struct or a union with its layout.
    Record(Arc<Record>),
}

impl From<Primitive> for CType {
    fn from(primitive: Primitive) -> Self {
        CType::Primitive(primitive)
    }
}

impl CType {
    /// A pointer to anything.
    pub const POINTER: CType = CType::Primitive(Primitive::Pointer);

    /// `length` times `element`.
    pub fn array(element: CType, length: usize) -> CType {
        CType::Array {
            element: Arc::new(element),
            length,
        }
    }

    /// A struct or union from its members, laid out as the C compiler does.
    ///
    /// # Errors
    /// When a member has no size or a bit-field is impossible.
    pub fn record(
        kind: RecordKind,
        members: &[Member],
        options: Options,
    ) -> Result<CType, LayoutError> {
        let Layout {
            size,
            alignment,
            places,
        } = layout::place(kind, members, options)?;
        let placed = members
            .iter()
            .zip(&places)
            .map(|(member, place)| PlacedMember {
                ctype: member.ctype.clone(),
                offset: place.offset,
                bits: member.bits.map(|width| (place.bit_offset, width)),
            })
            .collect();
        Ok(CType::Record(Arc::new(Record {
            kind,
            size,
            alignment,
            members: placed,
        })))
    }

    /// Its size in bytes; `void` has none.
    pub fn size(&self) -> usize {
        match self {
            CType::Void => 0,
            CType::Primitive(primitive) => primitive.size(),
            CType::Array { element, length } => element.size() * length,
            CType::Record(record) => record.size,
        }
    }

    /// Its alignment in bytes.
    pub fn alignment(&self) -> usize {
        match self {
            CType::Void => 1,
            CType::Primitive(primitive) => primitive.alignment(),
            CType::Array { element, .. } => element.alignment(),
            CType::Record(record) => record.alignment,
        }
    }
}

/// Whether members follow each other or share their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// Members follow each other.
    Struct,
    /// Members share offset 0.
    Union,
}

/// A member as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its declared type; of a bit-field, the storage type.
    pub ctype: CType,
    /// The width in bits, when it is a bit-field.
    pub bits: Option<u32>,
    /// An unnamed bit-field takes room but does not align the struct.
    pub named: bool,
}

impl Member {
    /// A plain named member.
    pub fn plain(ctype: impl Into<CType>) -> Member {
        Member {
            ctype: ctype.into(),
            bits: None,
            named: true,
        }
    }

    /// A bit-field of `width` bits.
    pub fn bits(ctype: impl Into<CType>, width: u32, named: bool) -> Member {
        Member {
            ctype: ctype.into(),
            bits: Some(width),
            named,
        }
    }
}

/// A member with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedMember {
    /// Its type.
    pub ctype: CType,
    /// Byte offset of the member, or of a bit-field's storage unit.
    pub offset: usize,
    /// First bit inside the storage unit and width, for a bit-field.
    pub bits: Option<(u32, u32)>,
}

/// A struct or union whose layout is known.
///
/// The fields are public so that a caller with layout rules of its own can fill them in.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Struct or union.
    pub kind: RecordKind,
    /// Size in bytes, trailing padding included.
    pub size: usize,
    /// Alignment in bytes.
    pub alignment: usize,
    /// The members in the order of their declaration.
    pub members: Vec<PlacedMember>,
}

/// What a function takes and gives back.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// The result; [`CType::Void`] for none.
    pub result: CType,
    /// The arguments of one call, variadic ones included.
    pub arguments: Vec<CType>,
    /// For a variadic function: how many of `arguments` stand before the `...`.
    pub fixed: Option<usize>,
}

impl Signature {
    /// A signature without `...`.
    pub fn new(result: impl Into<CType>, arguments: impl IntoIterator<Item = CType>) -> Signature {
        Signature {
            result: result.into(),
            arguments: arguments.into_iter().collect(),
            fixed: None,
        }
    }
}
