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
        use classify::Passing;
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

/// The classification of aggregates by the System V ABI for x86-64, section 3.2.3.
#[cfg(all(target_arch = "x86_64", unix))]
mod classify {
    use crate::ctype::{CType, Class, Primitive, Record};

    /// How an aggregate travels.
    pub(super) enum Passing {
        /// In registers; one stand-in per eightbyte (a `long double` stands for two).
        Eightbytes(Vec<Primitive>),
        /// On the stack, and as a result through a hidden pointer.
        Memory,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Eightbyte {
        None,
        Integer,
        Sse,
        X87,
        X87Up,
        Memory,
    }

    const WORD: usize = 8;
    /// Larger aggregates of the types that we have always go to memory.
    const LARGEST: usize = 2 * WORD;

    pub(super) fn passing(record: &Record) -> Passing {
        if record.size > LARGEST {
            return Passing::Memory;
        }
        let mut words = [Eightbyte::None; 2];
        for member in &record.members {
            match member.bits {
                Some((first, width)) => {
                    bit_field(member.offset * 8 + first as usize, width, &mut words)
                }
                None => merge_type(&member.ctype, member.offset, &mut words),
            }
        }
        stand_ins(words, record.size)
    }

    fn stand_ins(words: [Eightbyte; 2], size: usize) -> Passing {
        match words {
            [Eightbyte::X87, Eightbyte::X87Up] => {
                return Passing::Eightbytes(vec![Primitive::LongDouble]);
            }
            [first, second]
                if [first, second].iter().any(|word| {
                    matches!(word, Eightbyte::Memory | Eightbyte::X87 | Eightbyte::X87Up)
                }) =>
            {
                return Passing::Memory;
            }
            _ => {}
        }
        let mut kinds = Vec::with_capacity(2);
        for (index, word) in words.iter().enumerate() {
            let left = size.saturating_sub(index * WORD).min(WORD);
            if left == 0 {
                break;
            }
            // A last eightbyte of padding alone occupies no register.
            if !(index == 1 && *word == Eightbyte::None) {
                kinds.extend(stand_in(*word, left));
            }
        }
        Passing::Eightbytes(kinds)
    }

    /// Types that fill `left` bytes with the class of `word`.
    fn stand_in(word: Eightbyte, left: usize) -> Vec<Primitive> {
        match (word, left) {
            (Eightbyte::Sse, 4) => vec![Primitive::Float],
            (Eightbyte::Sse, _) => vec![Primitive::Double],
            (_, 8) => vec![Primitive::UnsignedLongLong],
            (_, 4) => vec![Primitive::UnsignedInt],
            (_, 2) => vec![Primitive::UnsignedShort],
            (_, count) => vec![Primitive::UnsignedChar; count],
        }
    }

    fn merge_type(ctype: &CType, offset: usize, words: &mut [Eightbyte; 2]) {
        match ctype {
            CType::Void => {}
            CType::Primitive(primitive) => merge_primitive(*primitive, offset, words),
            CType::Array { element, length } => {
                for index in 0..*length {
                    let at = offset + index * element.size();
                    if at >= LARGEST {
                        break;
                    }
                    merge_type(element, at, words);
                }
            }
            CType::Record(record) => {
                for member in &record.members {
                    let at = offset + member.offset;
                    match member.bits {
                        Some((first, width)) => bit_field(at * 8 + first as usize, width, words),
                        None => merge_type(&member.ctype, at, words),
                    }
                }
            }
        }
    }

    fn merge_primitive(primitive: Primitive, offset: usize, words: &mut [Eightbyte; 2]) {
        if !offset.is_multiple_of(primitive.alignment()) {
            words[0] = Eightbyte::Memory;
            return;
        }
        if primitive == Primitive::LongDouble {
            merge(words, 0, Eightbyte::X87);
            merge(words, 1, Eightbyte::X87Up);
            return;
        }
        let class = match primitive.class() {
            Class::Signed | Class::Unsigned => Eightbyte::Integer,
            Class::Float | Class::Complex => Eightbyte::Sse,
        };
        let last = offset + primitive.size() - 1;
        for index in offset / WORD..=last / WORD {
            merge(words, index, class);
        }
    }

    fn bit_field(first: usize, width: u32, words: &mut [Eightbyte; 2]) {
        if width == 0 {
            return;
        }
        let last = first + width as usize - 1;
        for index in first / 64..=last / 64 {
            merge(words, index, Eightbyte::Integer);
        }
    }

    fn merge(words: &mut [Eightbyte; 2], index: usize, class: Eightbyte) {
        let Some(word) = words.get_mut(index) else {
            return;
        };
        *word = match (*word, class) {
            (Eightbyte::None, other) | (other, Eightbyte::None) => other,
            (left, right) if left == right => left,
            (Eightbyte::Memory, _) | (_, Eightbyte::Memory) => Eightbyte::Memory,
            (Eightbyte::Integer, _) | (_, Eightbyte::Integer) => Eightbyte::Integer,
            (Eightbyte::X87 | Eightbyte::X87Up, _) | (_, Eightbyte::X87 | Eightbyte::X87Up) => {
                Eightbyte::Memory
            }
            (Eightbyte::Sse, Eightbyte::Sse) => Eightbyte::Sse,
        };
    }
}
