//! Structs and functions as the compiler wrote them into the debug information (DWARF).
//!
//! The bytes may be anything: what makes no sense is left out, and nesting has an end.

use std::borrow::Cow;
use std::collections::HashMap;

use gimli::{
    AttributeValue, DwAt, Reader as _, RelocateReader, RunTimeEndian, SectionId, constants,
};
use object::{Object as _, ObjectSection as _, RelocationMap};

use super::types::{Field, Form, Function, Parameter, Place, Record, RecordId, Side, Type};

/// The most bytes that one section may unpack to.
const LARGEST: u64 = 1 << 32;

/// How many types may lie inside one another: `const` of pointer to array of …
const DEEPEST: usize = 48;

/// Why there is no debug information to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing of it in the file.
    None,
    /// It lies in other files (`.dwo`, `.dSYM`, `.pdb`).
    Elsewhere,
    /// It is there and cannot be understood.
    Broken(String),
}

type Slice<'a> = gimli::EndianSlice<'a, RunTimeEndian>;
type Reader<'a> = RelocateReader<Slice<'a>, &'a Relocations>;
type Unit<'a> = gimli::Unit<Reader<'a>>;
type Entry<'a> = gimli::DebuggingInformationEntry<Reader<'a>>;
type Offset = gimli::UnitOffset<usize>;

/// Reads all that the debug information says.
///
/// # Errors
/// When there is none, or none that can be read.
pub fn read(data: &[u8]) -> Result<Side, Missing> {
    let file = object::File::parse(data).map_err(|error| Missing::Broken(error.to_string()))?;
    let endian = match file.is_little_endian() {
        true => RunTimeEndian::Little,
        false => RunTimeEndian::Big,
    };
    let load = |id: SectionId| Section::load(&file, id);
    let sections = gimli::DwarfSections::load(load).map_err(Missing::Broken)?;
    let little = file.is_little_endian();
    let info = file.section_by_name(SectionId::DebugInfo.name());
    if info.is_none_or(|section| section.size() == 0) {
        return Err(match file.format() {
            object::BinaryFormat::MachO | object::BinaryFormat::Pe => Missing::Elsewhere,
            _ => Missing::None,
        });
    }
    let dwarf = sections.borrow(|section| {
        let slice = gimli::EndianSlice::new(&section.data, endian);
        RelocateReader::new(slice, &section.relocations)
    });
    Walk::new(&dwarf, little)
        .and_then(Walk::finish)
        .map_err(|error| Missing::Broken(error.to_string()))?
        .ok_or(Missing::Elsewhere)
}

/// The bytes of a section, and what an unlinked file wants changed in them.
#[derive(Default)]
struct Section<'data> {
    data: Cow<'data, [u8]>,
    relocations: Relocations,
}

impl<'data> Section<'data> {
    fn load(file: &object::File<'data>, id: SectionId) -> Result<Section<'data>, String> {
        let Some(section) = file.section_by_name(id.name()) else {
            return Ok(Section::default());
        };
        let packed = section
            .compressed_data()
            .map_err(|error| error.to_string())?;
        if packed.uncompressed_size > LARGEST {
            return Err(format!("{} unpacks to more than 4 GiB", id.name()));
        }
        let data = packed.decompress().map_err(|error| error.to_string())?;
        let mut relocations = Relocations::default();
        if file.kind() == object::ObjectKind::Relocatable {
            for (offset, relocation) in section.relocations() {
                // Those that cannot be understood are of addresses; layouts hold none.
                let _ = relocations.0.add(file, offset, relocation);
            }
        }
        Ok(Section { data, relocations })
    }
}

#[derive(Debug, Default)]
struct Relocations(RelocationMap);

impl gimli::Relocate for &Relocations {
    fn relocate_address(&self, offset: usize, value: u64) -> gimli::Result<u64> {
        Ok(self.0.relocate(offset as u64, value))
    }

    fn relocate_offset(&self, offset: usize, value: usize) -> gimli::Result<usize> {
        let moved = self.0.relocate(offset as u64, value as u64);
        usize::try_from(moved).map_err(|_| gimli::Error::UnsupportedOffset)
    }
}

/// What an entry is part of.
enum Around {
    Record(RecordId),
    Function(usize),
    Nothing,
}

struct Walk<'a> {
    dwarf: &'a gimli::Dwarf<Reader<'a>>,
    units: Vec<Unit<'a>>,
    records: HashMap<(usize, usize), RecordId>,
    side: Side,
    skeletons: usize,
    little: bool,
}

impl<'a> Walk<'a> {
    fn new(dwarf: &'a gimli::Dwarf<Reader<'a>>, little: bool) -> gimli::Result<Walk<'a>> {
        let mut units = Vec::new();
        let mut headers = dwarf.units();
        while let Some(header) = headers.next()? {
            units.push(dwarf.unit(header)?);
        }
        Ok(Walk {
            dwarf,
            units,
            records: HashMap::new(),
            side: Side::default(),
            skeletons: 0,
            little,
        })
    }

    /// All units; `None` when each of them only names another file.
    fn finish(mut self) -> gimli::Result<Option<Side>> {
        for unit in 0..self.units.len() {
            self.unit(unit)?;
        }
        let only_skeletons = self.skeletons > 0 && self.side.records.is_empty();
        Ok((!only_skeletons).then_some(self.side))
    }

    fn unit(&mut self, unit: usize) -> gimli::Result<()> {
        if self.units[unit].dwo_name()?.is_some() {
            self.skeletons += 1;
        }
        let file = self.units[unit].name.as_ref();
        let file = file.and_then(|name| Some(name.to_string_lossy().ok()?.into_owned()));
        let file = file.unwrap_or_default();
        let mut raw = self.units[unit].entries_raw(None)?;
        // `raw` borrows the unit; entries are owned, so what they say is kept in between.
        let mut entries = Vec::new();
        while !raw.is_empty() {
            let mut entry = Entry::null();
            if raw.read_entry(&mut entry)? && is_of_use(entry.tag()) {
                entries.push(entry);
            }
        }
        let mut around: Vec<(isize, Around)> = Vec::new();
        for entry in &entries {
            while around
                .last()
                .is_some_and(|(depth, _)| *depth >= entry.depth())
            {
                around.pop();
            }
            let inside = around.last().map_or(&Around::Nothing, |(_, it)| it);
            let opened = match (entry.tag(), inside) {
                (
                    constants::DW_TAG_structure_type
                    | constants::DW_TAG_class_type
                    | constants::DW_TAG_union_type,
                    _,
                ) => Around::Record(self.define(unit, entry, &file)),
                (constants::DW_TAG_member | constants::DW_TAG_inheritance, Around::Record(id)) => {
                    let id = *id;
                    self.member(unit, entry, id);
                    Around::Nothing
                }
                (constants::DW_TAG_typedef, _) => {
                    self.alias(unit, entry);
                    Around::Nothing
                }
                (constants::DW_TAG_subprogram, _) => self
                    .function(unit, entry, &file)
                    .map_or(Around::Nothing, Around::Function),
                (constants::DW_TAG_formal_parameter, Around::Function(index)) => {
                    let index = *index;
                    self.parameter(unit, entry, index);
                    Around::Nothing
                }
                (constants::DW_TAG_unspecified_parameters, Around::Function(index)) => {
                    let function = &mut self.side.functions[*index];
                    function.variadic = true;
                    Around::Nothing
                }
                _ => Around::Nothing,
            };
            around.push((entry.depth(), opened));
        }
        Ok(())
    }

    /// The record at this place, made when it is first mentioned.
    fn record_at(&mut self, unit: usize, offset: Offset) -> RecordId {
        let side = &mut self.side;
        *self
            .records
            .entry((unit, offset.0))
            .or_insert_with(|| side.add(Record::default()))
    }

    fn define(&mut self, unit: usize, entry: &Entry<'a>, file: &str) -> RecordId {
        let id = self.record_at(unit, entry.offset());
        let name = self.text(unit, entry, constants::DW_AT_name);
        let record = &mut self.side.records[id.0];
        record.union = entry.tag() == constants::DW_TAG_union_type;
        record.size = number(entry, constants::DW_AT_byte_size);
        record.defined = record.size.is_some() && !entry.has_attr(constants::DW_AT_declaration);
        record.place = place(entry, file);
        if let Some(name) = name
            && !record.names.contains(&name)
        {
            record.names.insert(0, name);
        }
        id
    }

    fn alias(&mut self, unit: usize, entry: &Entry<'a>) {
        let Some(name) = self.text(unit, entry, constants::DW_AT_name) else {
            return;
        };
        let target = self.type_of(unit, entry);
        if let Form::Record(id) = target.form {
            let names = &mut self.side.records[id.0].names;
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }

    fn member(&mut self, unit: usize, entry: &Entry<'a>, record: RecordId) {
        // A static member of a C++ class takes no place.
        if entry.has_attr(constants::DW_AT_external) || entry.has_attr(constants::DW_AT_const_value)
        {
            return;
        }
        let name = match entry.tag() {
            constants::DW_TAG_inheritance => Some("(base)".to_owned()),
            _ => self.text(unit, entry, constants::DW_AT_name),
        };
        let ctype = self.type_of(unit, entry);
        let byte = location(entry).unwrap_or(0);
        let width = number(entry, constants::DW_AT_bit_size);
        let start = match (width, number(entry, constants::DW_AT_data_bit_offset)) {
            (_, Some(bit)) => byte.checked_mul(8).and_then(|byte| byte.checked_add(bit)),
            (Some(width), None) => self.old_bit_field(entry, byte, width, &ctype),
            (None, None) => byte.checked_mul(8),
        };
        let Some(start) = start else { return };
        let bits = width.or_else(|| ctype.size?.checked_mul(8));
        self.side.records[record.0].fields.push(Field {
            name: name.unwrap_or_default(),
            ctype,
            start,
            bits,
            bit_field: width.is_some(),
        });
    }

    /// DWARF 2 and 3 count the bits of a bit-field from the highest one of its storage unit.
    fn old_bit_field(&self, entry: &Entry<'a>, byte: u64, width: u64, ctype: &Type) -> Option<u64> {
        let start = byte.checked_mul(8)?;
        let Some(from_top) = number(entry, constants::DW_AT_bit_offset) else {
            return Some(start);
        };
        let storage = number(entry, constants::DW_AT_byte_size).or(ctype.size)?;
        let inside = match self.little {
            true => storage
                .checked_mul(8)?
                .checked_sub(from_top)?
                .checked_sub(width)?,
            false => from_top,
        };
        start.checked_add(inside)
    }

    fn function(&mut self, unit: usize, entry: &Entry<'a>, file: &str) -> Option<usize> {
        let name = self
            .text(unit, entry, constants::DW_AT_linkage_name)
            .or_else(|| self.text(unit, entry, constants::DW_AT_name))?;
        let external = self.flag(unit, entry, constants::DW_AT_external);
        let declared = entry.has_attr(constants::DW_AT_declaration);
        // A static function of another file is nobody's business; a declaration is a promise that can be compared.
        if !external {
            return None;
        }
        let result = result(self.type_of(unit, entry));
        self.side.functions.push(Function {
            name,
            result: Some(result),
            implied_result: false,
            result_line: None,
            parameters: Some(Vec::new()),
            parameters_line: None,
            variadic: false,
            defined: !declared,
            place: place(entry, file),
        });
        Some(self.side.functions.len() - 1)
    }

    fn parameter(&mut self, unit: usize, entry: &Entry<'a>, function: usize) {
        if self.flag(unit, entry, constants::DW_AT_artificial) {
            return;
        }
        let name = self.text(unit, entry, constants::DW_AT_name);
        let ctype = self.type_of(unit, entry);
        if let Some(parameters) = &mut self.side.functions[function].parameters {
            parameters.push(Parameter {
                name: name.unwrap_or_default(),
                ctype,
            });
        }
    }

    /// The value of an attribute of the entry, or of the one that it repeats.
    fn attribute(
        &self,
        unit: usize,
        entry: &Entry<'a>,
        name: DwAt,
    ) -> Option<(usize, AttributeValue<Reader<'a>>)> {
        if let Some(value) = entry.attr_value(name) {
            return Some((unit, value));
        }
        let (mut unit, mut origin) = self.origin(unit, entry)?;
        for _ in 0..DEEPEST {
            if let Some(value) = origin.attr_value(name) {
                return Some((unit, value));
            }
            (unit, origin) = self.origin(unit, &origin)?;
        }
        None
    }

    fn origin(&self, unit: usize, entry: &Entry<'a>) -> Option<(usize, Entry<'a>)> {
        let names = [
            constants::DW_AT_abstract_origin,
            constants::DW_AT_specification,
        ];
        let value = names.into_iter().find_map(|name| entry.attr_value(name))?;
        let (unit, offset) = self.target(unit, value)?;
        Some((unit, self.units[unit].entry(offset).ok()?))
    }

    fn text(&self, unit: usize, entry: &Entry<'a>, name: DwAt) -> Option<String> {
        let (unit, value) = self.attribute(unit, entry, name)?;
        let text = self.dwarf.attr_string(&self.units[unit], value).ok()?;
        Some(text.to_string_lossy().ok()?.into_owned())
    }

    fn flag(&self, unit: usize, entry: &Entry<'a>, name: DwAt) -> bool {
        matches!(
            self.attribute(unit, entry, name),
            Some((_, AttributeValue::Flag(true)))
        )
    }

    /// Where a reference leads.
    fn target(&self, unit: usize, value: AttributeValue<Reader<'a>>) -> Option<(usize, Offset)> {
        match value {
            AttributeValue::UnitRef(offset) => Some((unit, offset)),
            AttributeValue::DebugInfoRef(offset) => {
                let after = self
                    .units
                    .partition_point(|unit| unit.header.offset().0 <= offset.0);
                let unit = after.checked_sub(1)?;
                Some((unit, offset.to_unit_offset(&self.units[unit].header)?))
            }
            _ => None,
        }
    }

    /// The type that an entry names; nothing named is `void`.
    fn type_of(&mut self, unit: usize, entry: &Entry<'a>) -> Type {
        match self.attribute(unit, entry, constants::DW_AT_type) {
            None => Type::void("void"),
            Some((unit, value)) => match self.target(unit, value) {
                Some((unit, offset)) => self.resolve(unit, offset, 0),
                None => Type::unknown("?"),
            },
        }
    }

    fn resolve(&mut self, unit: usize, offset: Offset, depth: usize) -> Type {
        let entry = match self.units[unit].entry(offset) {
            Ok(entry) if depth < DEEPEST => entry,
            _ => return Type::unknown("?"),
        };
        let name = self.text(unit, &entry, constants::DW_AT_name);
        let size = number(&entry, constants::DW_AT_byte_size);
        match entry.tag() {
            constants::DW_TAG_base_type => base(name.unwrap_or_default(), size, &entry),
            constants::DW_TAG_structure_type
            | constants::DW_TAG_class_type
            | constants::DW_TAG_union_type => {
                let keyword = match entry.tag() {
                    constants::DW_TAG_union_type => "union",
                    _ => "struct",
                };
                Type {
                    name: name.map_or(keyword.to_owned(), |name| format!("{keyword} {name}")),
                    form: Form::Record(self.record_at(unit, offset)),
                    size,
                }
            }
            constants::DW_TAG_enumeration_type => Type {
                name: name.map_or("enum".to_owned(), |name| format!("enum {name}")),
                form: Form::Signless,
                size,
            },
            constants::DW_TAG_typedef => {
                let inner = self.inner(unit, &entry, depth);
                Type {
                    name: name.unwrap_or(inner.name),
                    ..inner
                }
            }
            constants::DW_TAG_pointer_type
            | constants::DW_TAG_reference_type
            | constants::DW_TAG_rvalue_reference_type => self.pointer(unit, &entry, depth),
            constants::DW_TAG_const_type => {
                let inner = self.inner(unit, &entry, depth);
                Type {
                    name: format!("const {}", inner.name),
                    ..inner
                }
            }
            constants::DW_TAG_volatile_type
            | constants::DW_TAG_restrict_type
            | constants::DW_TAG_atomic_type => self.inner(unit, &entry, depth),
            constants::DW_TAG_array_type => self.array(unit, &entry, depth),
            constants::DW_TAG_subroutine_type => Type {
                name: "function pointer".to_owned(),
                form: Form::Function,
                size: None,
            },
            constants::DW_TAG_unspecified_type => Type::void(name.unwrap_or_default()),
            _ => Type::unknown(name.unwrap_or_else(|| "?".to_owned())),
        }
    }

    /// The type that a type is made of.
    fn inner(&mut self, unit: usize, entry: &Entry<'a>, depth: usize) -> Type {
        match self.attribute(unit, entry, constants::DW_AT_type) {
            None => Type::void("void"),
            Some((unit, value)) => match self.target(unit, value) {
                Some((unit, offset)) => self.resolve(unit, offset, depth + 1),
                None => Type::unknown("?"),
            },
        }
    }

    fn pointer(&mut self, unit: usize, entry: &Entry<'a>, depth: usize) -> Type {
        let to = self.inner(unit, entry, depth);
        let constant = to.name.starts_with("const ");
        let size = number(entry, constants::DW_AT_byte_size)
            .unwrap_or_else(|| self.units[unit].header.address_size().into());
        if to.form == Form::Function {
            return Type::pointer(to.name.clone(), to, constant, size);
        }
        let space = if to.name.ends_with('*') { "" } else { " " };
        Type::pointer(format!("{}{space}*", to.name), to, constant, size)
    }

    fn array(&mut self, unit: usize, entry: &Entry<'a>, depth: usize) -> Type {
        let item = self.inner(unit, entry, depth);
        let mut lengths = Vec::new();
        if let Ok(mut cursor) = self.units[unit].entries_at_offset(entry.offset())
            && cursor.next_entry().is_ok()
            && cursor.current().is_some_and(Entry::has_children)
            && cursor.next_entry().is_ok()
        {
            while let Some(child) = cursor.current() {
                if child.tag() == constants::DW_TAG_subrange_type {
                    lengths.push(length(child));
                }
                if lengths.len() >= DEEPEST || !matches!(cursor.next_sibling(), Ok(Some(_))) {
                    break;
                }
            }
        }
        let name = item.name.clone();
        let mut shown = String::new();
        let mut ctype = item;
        for length in lengths.iter().rev() {
            let whole = length.and_then(|length| ctype.size?.checked_mul(length));
            let number = length.map_or_else(String::new, |length| length.to_string());
            shown = format!("[{number}]{shown}");
            ctype = Type {
                name: format!("{name}{shown}"),
                form: Form::Array {
                    item: Box::new(ctype),
                    length: *length,
                },
                size: whole,
            };
        }
        ctype
    }
}

fn is_of_use(tag: gimli::DwTag) -> bool {
    use constants as c;
    // Blocks and inlined calls are kept, so that what lies in them is not taken for a part of the function itself.
    !matches!(
        tag,
        c::DW_TAG_variable
            | c::DW_TAG_enumerator
            | c::DW_TAG_label
            | c::DW_TAG_call_site
            | c::DW_TAG_call_site_parameter
            | c::DW_TAG_imported_declaration
            | c::DW_TAG_subrange_type
    )
}

fn base(name: String, size: Option<u64>, entry: &Entry<'_>) -> Type {
    let encoding = match entry.attr_value(constants::DW_AT_encoding) {
        Some(AttributeValue::Encoding(encoding)) => encoding,
        _ => constants::DwAte(0),
    };
    let form = match encoding {
        constants::DW_ATE_signed => Form::Integer { signed: true },
        constants::DW_ATE_unsigned => Form::Integer { signed: false },
        constants::DW_ATE_signed_char | constants::DW_ATE_unsigned_char => match name.as_str() {
            "char" => Form::Signless,
            _ => Form::Integer {
                signed: encoding == constants::DW_ATE_signed_char,
            },
        },
        constants::DW_ATE_boolean | constants::DW_ATE_UTF | constants::DW_ATE_ASCII => {
            Form::Signless
        }
        constants::DW_ATE_float => Form::Float,
        constants::DW_ATE_complex_float => Form::Complex,
        _ => Form::Unknown,
    };
    // Rust's `()`.
    if size == Some(0) {
        return Type::void(name);
    }
    Type { name, form, size }
}

/// What a function returns: a `const` there means nothing.
fn result(ctype: Type) -> Type {
    match ctype.form {
        Form::Pointer { .. } => ctype,
        _ => Type {
            name: ctype.name.trim_start_matches("const ").to_owned(),
            ..ctype
        },
    }
}

fn number(entry: &Entry<'_>, name: DwAt) -> Option<u64> {
    entry.attr_value(name)?.udata_value()
}

/// Byte offset of a member; compilers long ago wrote a little program that adds it.
fn location(entry: &Entry<'_>) -> Option<u64> {
    match entry.attr_value(constants::DW_AT_data_member_location)? {
        AttributeValue::Exprloc(expression) => {
            let mut bytes = expression.0;
            let operation = bytes.read_u8().ok()?;
            (operation == constants::DW_OP_plus_uconst.0).then(|| bytes.read_uleb128().ok())?
        }
        value => value.udata_value(),
    }
}

fn length(entry: &Entry<'_>) -> Option<u64> {
    number(entry, constants::DW_AT_count).or_else(|| {
        match entry.attr_value(constants::DW_AT_upper_bound)? {
            AttributeValue::Sdata(-1) => Some(0),
            value => value.udata_value()?.checked_add(1),
        }
    })
}

fn place(entry: &Entry<'_>, file: &str) -> Place {
    Place {
        file: file.to_owned(),
        line: number(entry, constants::DW_AT_decl_line).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::LazyLock;

    use super::*;
    use crate::inspect::layout::{self, Inner};
    use proptest::prelude::*;

    const SOURCE: &str = "
#include <stdint.h>
typedef struct { int32_t x; int32_t y; double side; } tile;
struct node { char tag; struct node *next; uint16_t flags; };
struct bits { unsigned a : 3; unsigned b : 7; unsigned : 0; unsigned c : 30; uint8_t d; };
#pragma pack(push, 1)
struct packed { char c; int64_t n; short s; };
#pragma pack(pop)
union value { int64_t i; double d; char text[12]; };
struct whole { struct node inner; union { int a; float f; }; int grid[2][3]; tile *tiles[4]; void (*call)(int); char rest[]; };
struct hidden;
double tile_area(const tile *of) { return of->side * of->side; }
static int twice(int n) { return 2 * n; }
int take(struct node *n, struct bits *b, struct packed *p, union value v, struct whole *w, struct hidden *h)
{ return n && b && p && v.i && w && h ? twice(1) : 0; }
int say(const char *format, ...) { return format != 0; }
";

    fn compiled(flags: &[&str]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("t.c"), SOURCE).unwrap();
        let status = Command::new("cc")
            .current_dir(folder.path())
            .args(["-fPIC", "t.c", "-o", "made"])
            .args(flags)
            .status()
            .unwrap();
        assert!(status.success());
        std::fs::read(folder.path().join("made")).unwrap()
    }

    fn drawn(side: &Side, name: &str) -> Vec<String> {
        let id = side.named(name)[0];
        let rows = layout::rows(side, id, Inner::Nameless);
        let mut lines = vec![side.record(id).size.unwrap().to_string()];
        lines.extend(
            rows.iter()
                .map(|row| format!("{} {} {}", row.offset(), row.size(), row.text())),
        );
        lines
    }

    fn check(data: &[u8]) {
        let side = read(data).unwrap();
        assert_eq!(
            drawn(&side, "tile"),
            ["16", "0 4 int32_t x", "4 4 int32_t y", "8 8 double side"]
        );
        assert_eq!(
            drawn(&side, "node"),
            [
                "24",
                "0 1 char tag",
                "1 7 (padding)",
                "8 8 struct node *next",
                "16 2 uint16_t flags",
                "18 6 (padding)"
            ]
        );
        assert_eq!(
            drawn(&side, "bits"),
            [
                "12",
                "0 3 bits unsigned int a : 3",
                "0.3 7 bits unsigned int b : 7",
                "1.2 22 bits (padding)",
                "4 30 bits unsigned int c : 30",
                "7.6 2 bits (padding)",
                "8 1 uint8_t d",
                "9 3 (padding)"
            ]
        );
        assert_eq!(
            drawn(&side, "packed"),
            ["11", "0 1 char c", "1 8 int64_t n", "9 2 short int s"]
        );
        assert_eq!(
            drawn(&side, "value"),
            [
                "16",
                "0 8 int64_t i",
                "0 8 double d",
                "0 12 char text[12]",
                "12 4 (padding)"
            ]
        );
        assert_eq!(
            drawn(&side, "whole"),
            [
                "96",
                "0 24 struct node inner",
                "24 4 int a",
                "24 4 float f",
                "28 24 int grid[2][3]",
                "52 4 (padding)",
                "56 32 tile *tiles[4]",
                "88 8 function pointer call",
                "96 ? char rest[]"
            ]
        );
        let area = side.function("tile_area").unwrap();
        assert_eq!(
            crate::inspect::compare::prototype(area),
            "double tile_area(const tile *of)"
        );
        let say = side.function("say").unwrap();
        assert_eq!(
            crate::inspect::compare::prototype(say),
            "int say(const char *format, ...)"
        );
        assert!(side.function("twice").is_none());
        assert!(!side.record(side.named("hidden")[0]).defined);
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn layouts_and_signatures_are_those_of_the_compiler() {
        check(&compiled(&["-g", "-shared"]));
        check(&compiled(&["-gdwarf-3", "-gstrict-dwarf", "-shared"]));
        check(&compiled(&["-g", "-O2", "-shared"]));
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn an_object_file_is_read_before_it_is_linked() {
        check(&compiled(&["-g", "-c"]));
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn packed_sections_are_unpacked() {
        check(&compiled(&["-g", "-gz=zlib", "-shared"]));
    }

    #[test]
    fn what_is_missing_is_told_apart() {
        assert_eq!(
            read(&compiled(&["-g0", "-shared"])).unwrap_err(),
            Missing::None
        );
        assert_eq!(
            read(&compiled(&["-g", "-gsplit-dwarf", "-c"])).unwrap_err(),
            Missing::Elsewhere
        );
        assert!(matches!(read(b"junk").unwrap_err(), Missing::Broken(_)));
    }

    static LIBRARY: LazyLock<Vec<u8>> = LazyLock::new(|| compiled(&["-g", "-shared"]));
    static OBJECT: LazyLock<Vec<u8>> = LazyLock::new(|| compiled(&["-g", "-c"]));

    /// Where the debug information of a file lies: damage elsewhere is hardly ever met by its reader.
    fn debug_range(data: &[u8]) -> std::ops::Range<usize> {
        let file = object::File::parse(data).unwrap();
        let sections = file
            .sections()
            .filter(|it| it.name().is_ok_and(|name| name.starts_with(".debug_")));
        let ranges: Vec<(u64, u64)> = sections.filter_map(|it| it.file_range()).collect();
        let start = ranges.iter().map(|it| it.0).min().unwrap();
        let end = ranges.iter().map(|it| it.0 + it.1).max().unwrap();
        usize::try_from(start).unwrap()..usize::try_from(end).unwrap()
    }

    fn draw_all(data: &[u8]) {
        if let Ok(side) = read(data) {
            for id in 0..side.records.len() {
                layout::rows(&side, RecordId(id), Inner::All);
            }
            crate::inspect::compare::compare(&side, &side);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn damaged_files_never_panic(
            linked in any::<bool>(),
            flips in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..12),
            keep in proptest::option::weighted(0.2, 0.0..1.0f64),
        ) {
            let mut data = if linked { LIBRARY.clone() } else { OBJECT.clone() };
            let range = debug_range(&data);
            for (at, value) in flips {
                data[range.start + at as usize % range.len()] = value;
            }
            if let Some(keep) = keep {
                data.truncate((data.len() as f64 * keep) as usize);
            }
            draw_all(&data);
        }

        #[test]
        fn junk_never_panics(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            draw_all(&data);
        }
    }
}
