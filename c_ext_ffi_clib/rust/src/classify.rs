//! How structs and unions travel: the classification of the System V ABI for x86-64, section 3.2.3.

use crate::ctype::{CType, Class, Primitive, Record};

/// How an aggregate travels.
pub(crate) enum Passing {
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

/// The registers that an eightbyte may travel in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bank {
    Integer,
    Float,
}

/// The register kinds of the one or two eightbytes of an aggregate; `None` when it does not travel
/// in general registers, or has an eightbyte of padding.
pub(crate) fn banks(record: &Record) -> Option<(Bank, Option<Bank>)> {
    if record.size == 0 || record.size > LARGEST {
        return None;
    }
    let bank = |word| match word {
        Eightbyte::Integer => Some(Bank::Integer),
        Eightbyte::Sse => Some(Bank::Float),
        _ => None,
    };
    let [first, second] = classes(record);
    if record.size <= WORD {
        Some((bank(first)?, None))
    } else {
        Some((bank(first)?, Some(bank(second)?)))
    }
}

pub(crate) fn passing(record: &Record) -> Passing {
    if record.size > LARGEST {
        return Passing::Memory;
    }
    stand_ins(classes(record), record.size)
}

fn classes(record: &Record) -> [Eightbyte; 2] {
    let mut words = [Eightbyte::None; 2];
    for member in &record.members {
        match member.bits {
            Some((first, width)) => {
                bit_field(member.offset * 8 + first as usize, width, &mut words);
            }
            None => merge_type(&member.ctype, member.offset, &mut words),
        }
    }
    words
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
