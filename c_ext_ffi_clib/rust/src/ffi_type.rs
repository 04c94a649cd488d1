//! The `ffi_type` of a C type, with owned storage for the aggregates.
//!
//! libffi classifies an aggregate by walking its elements at their natural alignment. That is wrong
//! for unions, packed structs and bit-fields. On x86-64 System V the rule is ours instead
//! (`classify`): an aggregate is described to libffi by one stand-in element per eightbyte.

use std::cell::UnsafeCell;
use std::sync::Arc;

use libffi::low::{self, types};

use crate::ctype::{CType, Class, Primitive, Record};

/// A description that libffi can use for as long as this value lives.
#[derive(Clone)]
pub(crate) struct FfiType {
    raw: *mut low::ffi_type,
    /// Keeps an aggregate's storage alive; a primitive is a static of libffi.
    _storage: Option<Arc<Aggregate>>,
}

struct Aggregate {
    raw: UnsafeCell<low::ffi_type>,
    _elements: Vec<*mut low::ffi_type>,
    _children: Vec<FfiType>,
}

// SAFETY: the description is written once, before it is shared; libffi only reads a type whose size
// is preset, and `aggregate` always presets it.
unsafe impl Send for FfiType {}
// SAFETY: as above.
unsafe impl Sync for FfiType {}
// SAFETY: as above; the storage is what the description lies in.
unsafe impl Send for Aggregate {}
// SAFETY: as above.
unsafe impl Sync for Aggregate {}

impl FfiType {
    /// Describes `ctype`; `None` for what libffi cannot pass (an empty struct, an array by itself).
    pub(crate) fn of(ctype: &CType) -> Option<FfiType> {
        match ctype {
            CType::Void => Some(FfiType::fixed(&raw mut types::void)),
            CType::Primitive(primitive) => Some(FfiType::primitive(*primitive)),
            CType::Array { .. } => None,
            CType::Record(record) if record.size == 0 => None,
            CType::Record(record) => FfiType::record(record),
        }
    }

    pub(crate) fn as_ptr(&self) -> *mut low::ffi_type {
        self.raw
    }

    fn fixed(raw: *mut low::ffi_type) -> FfiType {
        FfiType {
            raw,
            _storage: None,
        }
    }

    fn primitive(primitive: Primitive) -> FfiType {
        let raw = match (primitive.class(), primitive.size()) {
            (_, _) if primitive == Primitive::Pointer => &raw mut types::pointer,
            (Class::Signed, 1) => &raw mut types::sint8,
            (Class::Signed, 2) => &raw mut types::sint16,
            (Class::Signed, 4) => &raw mut types::sint32,
            (Class::Signed, _) => &raw mut types::sint64,
            (Class::Unsigned, 1) => &raw mut types::uint8,
            (Class::Unsigned, 2) => &raw mut types::uint16,
            (Class::Unsigned, 4) => &raw mut types::uint32,
            (Class::Unsigned, _) => &raw mut types::uint64,
            (Class::Float, 4) => &raw mut types::float,
            (Class::Float, 8) => &raw mut types::double,
            (Class::Float, _) => &raw mut types::longdouble,
            // A complex number travels exactly like a struct of its two parts.
            (Class::Complex, size) => {
                let part = if size == 8 {
                    Primitive::Float
                } else {
                    Primitive::Double
                };
                let parts = vec![FfiType::primitive(part), FfiType::primitive(part)];
                return FfiType::aggregate(size, part.alignment(), parts);
            }
        };
        FfiType::fixed(raw)
    }

    fn aggregate(size: usize, alignment: usize, children: Vec<FfiType>) -> FfiType {
        let mut elements: Vec<*mut low::ffi_type> = children.iter().map(FfiType::as_ptr).collect();
        elements.push(std::ptr::null_mut());
        let raw = low::ffi_type {
            size,
            // An alignment beyond 32 KiB cannot be passed on any stack; libffi never sees one.
            alignment: u16::try_from(alignment).unwrap_or(u16::MAX),
            type_: low::type_tag::STRUCT,
            elements: elements.as_mut_ptr(),
        };
        let storage = Arc::new(Aggregate {
            raw: UnsafeCell::new(raw),
            _elements: elements,
            _children: children,
        });
        FfiType {
            raw: storage.raw.get(),
            _storage: Some(storage),
        }
    }

    #[cfg(all(target_arch = "x86_64", unix))]
    fn record(record: &Record) -> Option<FfiType> {
        use crate::classify::{self, Passing};
        let (size, alignment) = (record.size, record.alignment);
        let children = match classify::passing(record) {
            // libffi has no way to return such a struct, but it travels like the number itself.
            Passing::Eightbytes(kinds) if kinds == [Primitive::LongDouble] => {
                return Some(FfiType::primitive(Primitive::LongDouble));
            }
            Passing::Eightbytes(kinds) => kinds
                .into_iter()
                .map(FfiType::primitive)
                .collect::<Vec<_>>(),
            // libffi sends an aggregate to memory when an element of it must go there, and
            // everything above 32 bytes must.
            Passing::Memory => vec![FfiType::aggregate(64, 1, vec![])],
        };
        Some(FfiType::aggregate(size, alignment, children))
    }

    #[cfg(not(all(target_arch = "x86_64", unix)))]
    fn record(record: &Record) -> Option<FfiType> {
        use crate::ctype::RecordKind;
        let members: Vec<&CType> = match record.kind {
            RecordKind::Struct => record.members.iter().map(|member| &member.ctype).collect(),
            RecordKind::Union => record
                .members
                .iter()
                .map(|member| &member.ctype)
                .max_by_key(|ctype| ctype.size())
                .into_iter()
                .collect(),
        };
        let mut children = Vec::new();
        for ctype in members {
            push_elements(ctype, &mut children)?;
        }
        Some(FfiType::aggregate(record.size, record.alignment, children))
    }
}

/// libffi has no arrays: an array inside a struct is its elements in a row.
#[cfg(not(all(target_arch = "x86_64", unix)))]
fn push_elements(ctype: &CType, into: &mut Vec<FfiType>) -> Option<()> {
    match ctype {
        CType::Array { element, length } => {
            for _ in 0..*length {
                push_elements(element, into)?;
            }
        }
        other => into.push(FfiType::of(other)?),
    }
    Some(())
}
