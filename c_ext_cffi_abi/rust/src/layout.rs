//! Completes a struct or union: places its fields and compares with what is said about it.

use pyo3::exceptions::{PyKeyError, PyNotImplementedError, PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use crate::ctype::{
    CField, CType, Kind, Layout, NOT_IN_LISTS, OPEN_ARRAY, PLAIN, Type, align_of_type,
    layout as fields_of, size_of_type,
};
use crate::errors;
use crate::function::text;

/// Microsoft's rules for bit-fields.
const MSVC_BITFIELDS: i32 = 0x01;
/// gcc's rules on ARM: unnamed bit-fields align the struct as well.
const ARM_BITFIELDS: i32 = 0x02;
/// The first bit-field takes the most significant bits.
const BIG_ENDIAN: i32 = 0x04;
/// No padding.
pub const PACKED: i32 = 0x08;
/// gcc's rules on x86.
const X86_BITFIELDS: i32 = 0x10;
/// The first bit-field takes the least significant bits.
const LITTLE_ENDIAN: i32 = 0x40;
/// Positions that differ from the natural ones are an error.
pub const STANDARD_POSITIONS: i32 = 0x80;
/// Alignments above this are kept out by nothing.
const NO_PACK: usize = 1 << 30;

/// What is said about a record beside its fields; `None` is unsaid.
#[derive(Clone, Copy, Default)]
pub struct Said {
    /// Bytes in all.
    pub size: Option<usize>,
    /// Alignment in bytes.
    pub align: Option<usize>,
    /// Rules, as cffi numbers them.
    pub flags: i32,
    /// The largest alignment of a field, 0 for none.
    pub pack: usize,
    /// Whether something is known to differ from the declaration.
    pub custom: bool,
}

/// A field as declared.
pub struct Declared<'py> {
    /// Its name; empty for a nested record or a bit-field without one.
    pub name: Bound<'py, PyString>,
    /// Its type.
    pub ctype: Bound<'py, CType>,
    /// Width of a bit-field.
    pub bits: Option<usize>,
    /// A position that is said rather than computed.
    pub offset: Option<usize>,
}

impl<'py> Declared<'py> {
    /// Reads `(name, type[, bit size[, offset]])`.
    pub fn from_tuple(item: &Bound<'py, PyAny>) -> PyResult<Declared<'py>> {
        let tuple = item.cast::<PyTuple>()?;
        let number = |index: usize| -> PyResult<Option<usize>> {
            if index >= tuple.len() {
                return Ok(None);
            }
            let value: isize = tuple.get_item(index)?.extract()?;
            Ok(usize::try_from(value).ok())
        };
        Ok(Declared {
            name: tuple.get_item(0)?.cast_into::<PyString>()?,
            ctype: tuple.get_item(1)?.cast_into::<CType>()?,
            bits: number(2)?,
            offset: number(3)?,
        })
    }
}

/// `complete_struct_or_union` over a list of tuples.
pub fn complete_from_list(
    ctype: Type<'_, '_>,
    fields: &Bound<'_, PyList>,
    said: Said,
) -> PyResult<()> {
    let declared = fields
        .iter()
        .map(|item| Declared::from_tuple(&item))
        .collect::<PyResult<Vec<_>>>()?;
    complete(ctype, &declared, said)
}

/// Gives `ctype` its fields, size and alignment.
///
/// # Errors
/// `error` when a position differs from what is said and may not; `TypeError` for impossible fields.
pub fn complete(ctype: Type<'_, '_>, fields: &[Declared<'_>], said: Said) -> PyResult<()> {
    let record = match ctype.get().record() {
        Some(record) if record.layout.get().is_none() => record,
        _ => {
            return Err(PyTypeError::new_err(
                "first arg must be a non-initialized struct or union ctype",
            ));
        }
    };
    let mut builder = Builder::new(ctype, record.union, said);
    for (index, field) in fields.iter().enumerate() {
        builder.add(field, index, index + 1 == fields.len())?;
    }
    let (size, align) = builder.totals(said)?;
    for field in builder.layout.fields.bind(ctype.py()).values() {
        let field = field.cast_into::<CField>()?;
        if field.get().flags & NOT_IN_LISTS == 0 {
            builder.layout.listed.push(field.unbind());
        }
    }
    // A record's own completion may have been run by what it contains.
    if record.layout.set(builder.layout).is_ok() {
        ctype.get().set_size(size, align);
    }
    Ok(())
}

struct Builder<'a, 'py> {
    ctype: Type<'a, 'py>,
    union: bool,
    flags: i32,
    pack: usize,
    layout: Layout,
    align: usize,
    /// Where the next field may begin: whole bytes and bits beyond them.
    byte: usize,
    bit: usize,
    end: usize,
    /// Microsoft's rules only: size and free bits of the storage of the previous bit-field.
    storage: (usize, usize),
}

impl<'a, 'py> Builder<'a, 'py> {
    fn new(ctype: Type<'a, 'py>, union: bool, said: Said) -> Self {
        let mut flags = said.flags;
        if flags & (MSVC_BITFIELDS | ARM_BITFIELDS | X86_BITFIELDS) == 0 {
            let apple = cfg!(target_vendor = "apple");
            flags |= match () {
                () if cfg!(windows) => MSVC_BITFIELDS,
                () if cfg!(any(target_arch = "arm", target_arch = "aarch64")) && !apple => {
                    ARM_BITFIELDS
                }
                () => X86_BITFIELDS,
            };
        }
        if flags & (BIG_ENDIAN | LITTLE_ENDIAN) == 0 {
            flags |= if cfg!(target_endian = "big") {
                BIG_ENDIAN
            } else {
                LITTLE_ENDIAN
            };
        }
        let pack = match said.pack {
            _ if flags & PACKED != 0 => 1,
            0 => NO_PACK,
            pack => {
                flags |= PACKED;
                pack
            }
        };
        let layout = Layout {
            fields: PyDict::new(ctype.py()).unbind(),
            listed: Vec::new(),
            custom_positions: said.custom,
            packed: false,
            open_array: false,
        };
        Builder {
            ctype,
            union,
            flags,
            pack,
            layout,
            align: 1,
            byte: 0,
            bit: 0,
            end: 0,
            storage: (0, 0),
        }
    }

    fn is(&self, flag: i32) -> bool {
        self.flags & flag != 0
    }

    fn label(&self, field: &Declared<'_>) -> String {
        format!("{}.{}", self.ctype.get().name, text(&field.name))
    }

    fn add(&mut self, field: &Declared<'py>, index: usize, last: bool) -> PyResult<()> {
        self.check_size(field, last)?;
        if self.union {
            (self.byte, self.bit) = (0, 0);
        }
        let natural = align_of_type(&field.ctype)?;
        let align = natural.min(self.pack);
        let named = !field.name.is_empty()?;
        let aligns = match field.bits {
            Some(_) if self.is(ARM_BITFIELDS) => true,
            Some(bits) if self.is(MSVC_BITFIELDS) => bits > 0,
            Some(_) => named,
            None => true,
        };
        if aligns {
            self.align = self.align.max(align);
        }
        let flags = if self.union && index > 0 {
            NOT_IN_LISTS
        } else {
            0
        };
        match field.bits {
            None => self.add_plain(field, natural, align, flags)?,
            Some(bits) => self.add_bits(field, bits, align, named, flags)?,
        }
        self.end = self.within(self.end.max(self.whole_bytes()))?;
        Ok(())
    }

    /// A number of bytes that a record may have. Two such numbers never wrap when added.
    ///
    /// # Errors
    /// `OverflowError` for one beyond the largest object of C.
    fn within(&self, bytes: usize) -> PyResult<usize> {
        if bytes > isize::MAX.cast_unsigned() {
            return Err(PyOverflowError::new_err(format!(
                "size of {} would overflow a Py_ssize_t",
                self.ctype.get().name
            )));
        }
        Ok(bytes)
    }

    fn whole_bytes(&self) -> usize {
        self.byte + usize::from(self.bit > 0)
    }

    fn check_size(&mut self, field: &Declared<'_>, last: bool) -> PyResult<()> {
        let ctype = &field.ctype;
        if size_of_type(ctype)? < 0 {
            let open =
                ctype.get().is_array() && field.bits.is_none() && (last || field.offset.is_some());
            if !open {
                return Err(PyTypeError::new_err(format!(
                    "field '{}' has ctype '{}' of unknown size",
                    self.label(field),
                    ctype.get().name
                )));
            }
            self.layout.open_array = true;
        } else if ctype.get().has_open_array() {
            self.layout.open_array = true;
        }
        Ok(())
    }

    fn add_plain(
        &mut self,
        field: &Declared<'py>,
        natural: usize,
        align: usize,
        flags: u8,
    ) -> PyResult<()> {
        let py = self.ctype.py();
        let start = self.whole_bytes();
        self.bit = 0;
        self.byte = self.within(start.next_multiple_of(align))?;
        if self.byte != start.next_multiple_of(natural) {
            self.layout.packed = true;
        }
        if let Some(offset) = field.offset {
            let what = format!("wrong offset for field '{}'", text(&field.name));
            self.compare(self.byte, offset, &what)?;
            self.byte = offset;
        }
        let nested = field.name.is_empty()?.then(|| field.ctype.get().record());
        if nested.flatten().is_some() {
            if let Some(inner) = fields_of(&field.ctype)? {
                for (name, one) in inner.fields.bind(py) {
                    let one = one.cast::<CField>()?.get();
                    self.store(
                        name.cast::<PyString>()?,
                        CField {
                            ctype: one.ctype.clone_ref(py),
                            offset: self.byte + one.offset,
                            bitshift: one.bitshift,
                            bitsize: one.bitsize,
                            flags: one.flags | flags,
                        },
                    )?;
                }
            }
            // How such a struct travels by value can no longer be told from its fields.
            self.layout.custom_positions = true;
        } else {
            let empty = matches!(
                field.ctype.get().kind,
                Kind::Array {
                    length: None | Some(0),
                    ..
                }
            );
            let made = CField {
                ctype: field.ctype.clone().unbind(),
                offset: self.byte,
                bitshift: if empty { OPEN_ARRAY } else { PLAIN },
                bitsize: -1,
                flags,
            };
            self.store(&field.name, made)?;
        }
        self.byte += usize::try_from(field.ctype.get().size_now()).unwrap_or(0);
        self.storage = (0, 0);
        Ok(())
    }

    fn add_bits(
        &mut self,
        field: &Declared<'py>,
        bits: usize,
        align: usize,
        named: bool,
        flags: u8,
    ) -> PyResult<()> {
        self.check_bits(field, bits, named)?;
        let size = usize::try_from(field.ctype.get().size_now()).unwrap_or(0);
        if bits == 0 {
            if !self.is(MSVC_BITFIELDS) {
                self.byte = self.whole_bytes().next_multiple_of(align);
                self.bit = 0;
            }
            self.storage = (0, 0);
            return Ok(());
        }
        let (offset, shift) = if self.is(MSVC_BITFIELDS) {
            self.place_msvc(bits, size, align)
        } else {
            self.place_gcc(field, bits, size, align)?
        };
        let shift = if self.is(BIG_ENDIAN) {
            8 * size - bits - shift
        } else {
            shift
        };
        if !named {
            return Ok(());
        }
        let small = |number: usize| i16::try_from(number).unwrap_or(i16::MAX);
        let made = CField {
            ctype: field.ctype.clone().unbind(),
            offset,
            bitshift: small(shift),
            bitsize: small(bits),
            flags,
        };
        self.store(&field.name, made)
    }

    fn check_bits(&self, field: &Declared<'_>, bits: usize, named: bool) -> PyResult<()> {
        let (label, name) = (self.label(field), &field.ctype.get().name);
        let refuse = |message: String| Err(PyTypeError::new_err(message));
        if field.offset.is_some() {
            return refuse(format!(
                "field '{label}' is a bitfield, but a fixed offset is specified"
            ));
        }
        let size = match field.ctype.get().primitive() {
            Some(primitive) if primitive.is_integer() || primitive.is_narrow_char() => {
                primitive.size
            }
            Some(primitive) if primitive.class == crate::primitive::Class::Char => primitive.size,
            _ => {
                return refuse(format!(
                    "field '{label}' declared as '{name}' cannot be a bit field"
                ));
            }
        };
        if bits > 8 * size {
            return refuse(format!(
                "bit field '{label}' is declared '{name}:{bits}', which exceeds the width of the \
                 type"
            ));
        }
        if bits == 0 && named {
            return refuse(format!("field '{label}' is declared with :0"));
        }
        Ok(())
    }

    /// gcc: the field goes on where the last one ended unless it would leave its storage unit.
    fn place_gcc(
        &mut self,
        field: &Declared<'_>,
        bits: usize,
        size: usize,
        align: usize,
    ) -> PyResult<(usize, usize)> {
        let mut offset = self.byte - self.byte % align;
        let mut occupied = (self.byte - offset) * 8 + self.bit;
        if occupied + bits > 8 * size {
            if self.is(PACKED) && !occupied.is_multiple_of(8) {
                return Err(PyNotImplementedError::new_err(format!(
                    "with 'packed', gcc would compile field '{}' to reuse some bits in the \
                     previous field",
                    self.label(field)
                )));
            }
            offset += align;
            (self.byte, self.bit, occupied) = (offset, 0, 0);
        }
        self.bit += bits;
        self.byte += self.bit / 8;
        self.bit %= 8;
        Ok((offset, occupied))
    }

    /// Microsoft: a field takes its full type and shares it only with a neighbour of equal size.
    fn place_msvc(&mut self, bits: usize, size: usize, align: usize) -> (usize, usize) {
        let shift = match self.storage {
            (storage, free) if storage == size && free >= bits => 8 * storage - free,
            _ => {
                self.byte = self.whole_bytes().next_multiple_of(align) + size;
                self.bit = 0;
                self.storage = (size, 8 * size);
                0
            }
        };
        self.storage.1 -= bits;
        (self.byte - size, shift)
    }

    fn store(&self, name: &Bound<'py, PyString>, field: CField) -> PyResult<()> {
        let fields = self.layout.fields.bind(self.ctype.py());
        if fields.contains(name)? {
            return Err(PyKeyError::new_err(format!(
                "duplicate field name '{}'",
                text(name)
            )));
        }
        let name = PyString::intern(self.ctype.py(), &name.to_string_lossy());
        fields.set_item(name, Bound::new(self.ctype.py(), field)?)
    }

    fn compare(&mut self, natural: usize, said: usize, what: &str) -> PyResult<()> {
        if natural == said {
            return Ok(());
        }
        if !self.is(STANDARD_POSITIONS) {
            self.layout.custom_positions = true;
            return Ok(());
        }
        disagree(
            self.ctype,
            self.flags,
            natural.cast_signed(),
            said.cast_signed(),
            what,
        )
    }

    fn totals(&mut self, said: Said) -> PyResult<(usize, usize)> {
        // As in gcc's C, a struct without content takes one byte, unless a size is said.
        let natural = self.within(self.end.next_multiple_of(self.align).max(1))?;
        let size = match said.size {
            None => natural,
            Some(size) => {
                self.compare(natural, size, "wrong total size")?;
                if size < self.end {
                    return Err(PyTypeError::new_err(format!(
                        "{} cannot be of size {size}: there are fields at least up to {}",
                        self.ctype.get().name,
                        self.end
                    )));
                }
                size
            }
        };
        let align = match said.align {
            None => self.align,
            Some(align) => {
                self.compare(self.align, align, "wrong total alignment")?;
                align
            }
        };
        Ok((size, align))
    }
}

/// The error of a compiler that contradicts the declaration, unless the declaration leaves that
/// open.
///
/// # Errors
/// `error` that names both.
pub fn disagree(
    ctype: Type<'_, '_>,
    flags: i32,
    declared: isize,
    compiled: isize,
    what: &str,
) -> PyResult<()> {
    if flags & STANDARD_POSITIONS == 0 {
        return Ok(());
    }
    let name = &ctype.get().name;
    Err(errors::ffi_error(
        ctype.py(),
        format!(
            "{name}: {what} (cdef says {declared}, but C compiler says {compiled}). fix it or use \
             \"...;\" as the last field in the cdef for {name} to make it flexible"
        ),
    ))
}
