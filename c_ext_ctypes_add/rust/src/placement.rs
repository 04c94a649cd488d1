//! Where ctypes puts the members of a record, bit-fields included, up to Python 3.13.
//!
//! Plain members follow the C compiler (crate clib agrees with both). Bit-fields follow an older
//! rule of ctypes' own: one is put into the open storage unit, or the unit grows to a wider type,
//! or a new unit is opened.

use crate::info::Info;
use crate::py::{Exc, Res, raise};
use crate::value::Bits;

/// A member to be placed.
#[derive(Clone, Copy)]
pub(crate) struct Request {
    pub(crate) size: usize,
    pub(crate) align: usize,
    pub(crate) bits: Option<u32>,
}

/// Where it is.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) offset: usize,
    pub(crate) bits: Option<Bits>,
}

pub(crate) struct Placement {
    union: bool,
    pack: Option<usize>,
    asked_alignment: Option<usize>,
    big_endian: bool,
    offset: usize,
    /// The largest member of a union.
    largest: usize,
    alignment: usize,
    /// The open storage unit of bit-fields: its bits, and how many are taken.
    unit: usize,
    taken: usize,
}

impl Placement {
    pub(crate) fn new(
        union: bool,
        base: Option<&Info>,
        pack: Option<usize>,
        asked_alignment: Option<usize>,
        big_endian: bool,
    ) -> Placement {
        Placement {
            union,
            pack,
            asked_alignment,
            big_endian,
            offset: base.map_or(0, |base| base.size),
            largest: base.map_or(0, |base| base.size),
            alignment: base.map_or(1, |base| base.align.max(1)),
            unit: 0,
            taken: 0,
        }
    }

    /// Bytes used so far.
    pub(crate) fn size(&self) -> usize {
        if self.union { 0 } else { self.offset }
    }

    pub(crate) fn place(&mut self, request: Request) -> Res<Placed> {
        if self.union {
            (self.offset, self.unit, self.taken) = (0, 0, 0);
        }
        let placed = match request.bits {
            None => self.plain(request)?,
            Some(width) => self.bit_field(request, width as usize)?,
        };
        self.largest = self.largest.max(self.offset);
        Ok(placed)
    }

    fn plain(&mut self, request: Request) -> Res<Placed> {
        (self.unit, self.taken) = (0, 0);
        let offset = self.open(request)?;
        Ok(Placed { offset, bits: None })
    }

    /// Room of the request's type at the next aligned offset.
    fn open(&mut self, request: Request) -> Res<usize> {
        let align = self
            .pack
            .map_or(request.align, |pack| request.align.min(pack))
            .max(1);
        self.alignment = self.alignment.max(align);
        let start = self.offset.checked_next_multiple_of(align);
        let end = start.and_then(|start| start.checked_add(request.size));
        match (start, end.filter(|end| isize::try_from(*end).is_ok())) {
            (Some(start), Some(end)) => {
                self.offset = end;
                Ok(start)
            }
            _ => Err(raise(
                Exc::Overflow,
                "the structure is larger than the address space",
            )),
        }
    }

    fn bit_field(&mut self, request: Request, width: usize) -> Res<Placed> {
        let bits = request.size * 8;
        let offset = if self.unit > 0 && bits <= self.unit && self.taken + width <= self.unit {
            self.offset.saturating_sub(request.size)
        } else if self.unit > 0 && bits >= self.unit && self.taken + width <= bits {
            self.offset += request.size - self.unit / 8;
            self.unit = bits;
            self.offset - request.size
        } else {
            (self.unit, self.taken) = (bits, 0);
            self.open(request)?
        };
        let low = if self.big_endian {
            self.unit - self.taken - width
        } else {
            self.taken
        };
        self.taken += width;
        let bits = Bits {
            low: low as u32,
            width: width as u32,
        };
        Ok(Placed {
            offset,
            bits: Some(bits),
        })
    }

    /// Size and alignment of the whole record.
    pub(crate) fn finish(&self) -> Res<(usize, usize)> {
        let used = if self.union {
            self.largest
        } else {
            self.offset
        };
        let align = self.alignment.max(self.asked_alignment.unwrap_or(1));
        let size = used.checked_next_multiple_of(align).ok_or_else(|| {
            raise(
                Exc::Overflow,
                "the structure is larger than the address space",
            )
        })?;
        Ok((size, align))
    }
}
