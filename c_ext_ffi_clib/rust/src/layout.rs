//! Where the members of a struct or union lie, by the System V rules that gcc and clang share.

use thiserror::Error;

use crate::ctype::{CType, Class, Member, Primitive, RecordKind};

/// What the declaration asks of the whole record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The bound of `#pragma pack(n)` in bytes; members are aligned to at most this.
    pub pack: Option<usize>,
}

/// The layout of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Size in bytes, trailing padding included.
    pub size: usize,
    /// Alignment in bytes.
    pub alignment: usize,
    /// One place per member, in order.
    pub places: Vec<Place>,
}

/// The place of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Byte offset of the member, or of the storage unit of a bit-field.
    pub offset: usize,
    /// First bit inside the storage unit, counted from its least significant bit; 0 for a plain
    /// member. A packed bit-field may reach beyond its unit.
    pub bit_offset: u32,
}

/// Why a record cannot be laid out.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LayoutError {
    /// `void` cannot be stored.
    #[error("member {0} has no size")]
    Unsized(usize),
    /// Only integers have bits that can be counted out.
    #[error("member {0} is a bit-field of a type that is no integer")]
    BitFieldType(usize),
    /// More bits than its type has, or a named field of none.
    #[error("member {0}: width {1} does not fit a bit-field of {2} bits")]
    BitFieldWidth(usize, u32, usize),
    /// The record would be larger than memory.
    #[error("the record is larger than the address space")]
    TooLarge,
}

/// Places `members` by the rules of the C compiler.
///
/// # Errors
/// When a member has no size, a bit-field is impossible, or the size overflows.
pub fn place(
    kind: RecordKind,
    members: &[Member],
    options: Options,
) -> Result<Layout, LayoutError> {
    let mut cursor = Cursor {
        kind,
        pack: options.pack,
        bit: 0,
        end: 0,
        alignment: 1,
    };
    let mut places = Vec::with_capacity(members.len());
    for (index, member) in members.iter().enumerate() {
        check(index, member)?;
        let place = match member.bits {
            None => cursor.plain(&member.ctype),
            Some(width) => cursor.bit_field(&member.ctype, width, member.named),
        };
        places.push(place.ok_or(LayoutError::TooLarge)?);
    }
    let size = round_up(cursor.end.div_ceil(8), cursor.alignment).ok_or(LayoutError::TooLarge)?;
    Ok(Layout {
        size,
        alignment: cursor.alignment,
        places,
    })
}

fn check(index: usize, member: &Member) -> Result<(), LayoutError> {
    if member.ctype == CType::Void {
        return Err(LayoutError::Unsized(index));
    }
    let Some(width) = member.bits else {
        return Ok(());
    };
    let CType::Primitive(primitive) = &member.ctype else {
        return Err(LayoutError::BitFieldType(index));
    };
    if !primitive.is_bit_field_storage() {
        return Err(LayoutError::BitFieldType(index));
    }
    let room = if *primitive == Primitive::Bool {
        1
    } else {
        primitive.size() * 8
    };
    if width as usize > room || (width == 0 && member.named) {
        return Err(LayoutError::BitFieldWidth(index, width, room));
    }
    Ok(())
}

struct Cursor {
    kind: RecordKind,
    pack: Option<usize>,
    /// The next free bit; always 0 in a union.
    bit: usize,
    /// One behind the last used bit.
    end: usize,
    alignment: usize,
}

impl Cursor {
    fn bounded(&self, alignment: usize) -> usize {
        self.pack.map_or(alignment, |pack| alignment.min(pack))
    }

    fn plain(&mut self, ctype: &CType) -> Option<Place> {
        let alignment = self.bounded(ctype.alignment());
        self.alignment = self.alignment.max(alignment);
        let offset = round_up(self.bit.div_ceil(8), alignment)?;
        let end = offset.checked_add(ctype.size())?.checked_mul(8)?;
        self.advance(end);
        Some(Place {
            offset,
            bit_offset: 0,
        })
    }

    fn bit_field(&mut self, ctype: &CType, width: u32, named: bool) -> Option<Place> {
        let unit = ctype.size() * 8;
        let alignment = self.bounded(ctype.alignment());
        if named {
            self.alignment = self.alignment.max(alignment);
        }
        let width = width as usize;
        let mut start = self.bit;
        if width == 0 {
            // Goes on at the type's own alignment, which `pack` does not lower here.
            start = round_up(start, ctype.alignment() * 8)?;
        } else if self.pack.is_none() && start / unit != (start + width - 1) / unit {
            // Only a field that would straddle a unit of its type moves on; `pack` forgets that rule.
            start = round_up(start, alignment * 8)?;
        }
        self.advance(start.checked_add(width)?);
        let offset = start / unit * ctype.size();
        let bit_offset = u32::try_from(start - offset * 8).ok()?;
        Some(Place { offset, bit_offset })
    }

    fn advance(&mut self, end: usize) {
        self.end = self.end.max(end);
        if self.kind == RecordKind::Struct {
            self.bit = end;
        }
    }
}

fn round_up(value: usize, alignment: usize) -> Option<usize> {
    value.checked_next_multiple_of(alignment.max(1))
}

impl Primitive {
    /// Whether C allows bit-fields of this type.
    pub fn is_bit_field_storage(self) -> bool {
        self != Primitive::Pointer && matches!(self.class(), Class::Signed | Class::Unsigned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struct_of(members: &[Member]) -> Layout {
        place(RecordKind::Struct, members, Options::default()).unwrap()
    }

    #[test]
    fn padding_goes_before_and_behind() {
        let layout = struct_of(&[
            Member::plain(Primitive::Char),
            Member::plain(Primitive::Double),
            Member::plain(Primitive::Short),
        ]);
        let offsets: Vec<usize> = layout.places.iter().map(|place| place.offset).collect();
        assert_eq!(
            (offsets, layout.size, layout.alignment),
            (vec![0, 8, 16], 24, 8)
        );
    }

    #[test]
    fn bit_fields_share_a_unit_until_one_would_straddle_it() {
        let bits = |width| Member::bits(Primitive::UnsignedInt, width, true);
        let layout = struct_of(&[bits(20), bits(10), bits(5)]);
        let places: Vec<(usize, u32)> = layout
            .places
            .iter()
            .map(|place| (place.offset, place.bit_offset))
            .collect();
        assert_eq!(places, [(0, 0), (0, 20), (4, 0)]);
    }

    #[test]
    fn packing_does_not_lower_the_step_of_an_empty_bit_field() {
        let members = [
            Member::plain(Primitive::Float),
            Member::bits(Primitive::LongLong, 0, false),
            Member::plain(Primitive::Float),
        ];
        let layout = place(RecordKind::Struct, &members, Options { pack: Some(1) }).unwrap();
        assert_eq!(
            (layout.places[2].offset, layout.size, layout.alignment),
            (8, 12, 1)
        );
    }

    #[test]
    fn impossible_members_are_refused() {
        let refused =
            |member: Member| place(RecordKind::Struct, &[member], Options::default()).unwrap_err();
        assert_eq!(refused(Member::plain(CType::Void)), LayoutError::Unsized(0));
        assert_eq!(
            refused(Member::bits(Primitive::Float, 3, true)),
            LayoutError::BitFieldType(0)
        );
        assert_eq!(
            refused(Member::bits(Primitive::Int, 33, true)),
            LayoutError::BitFieldWidth(0, 33, 32)
        );
        assert_eq!(
            refused(Member::bits(Primitive::Int, 0, true)),
            LayoutError::BitFieldWidth(0, 0, 32)
        );
        let huge = CType::array(Primitive::Double.into(), usize::MAX / 16);
        let member = Member::plain(huge);
        let two = [member.clone(), member];
        assert_eq!(
            place(RecordKind::Struct, &two, Options::default()),
            Err(LayoutError::TooLarge)
        );
    }
}
