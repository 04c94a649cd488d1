//! Structures and unions: the metaclasses, `_fields_`, and their instances.

use std::sync::Arc;

use clib::ctype::{CType, PlacedMember, Record, RecordKind};
use pyo3::ffi;

use crate::allocation;
use crate::cdata::{self, Data};
use crate::creation;
use crate::entry;
use crate::field::{self, Field, Member};
use crate::format::Format;
use crate::info::{self, FINAL, Info, Kind};
use crate::meta;
use crate::placement::{Placement, Request};
use crate::py::{self, Exc, Obj, Raised, Res, name, raise};
use crate::simple::cdata_flags;
use crate::strict;
use crate::types::{Plan, types};

pub(crate) fn make_meta(kind: Kind) -> Res<*mut ffi::PyTypeObject> {
    let (name, init) = match kind {
        Kind::Union => (c"_ctypes.UnionType", init_union_type_entry as ffi::initproc),
        _ => (
            c"_ctypes.PyCStructType",
            init_struct_type_entry as ffi::initproc,
        ),
    };
    meta::derived(name).make(|made| {
        made.tp_init = Some(init);
        made.tp_setattro = Some(setattr_entry);
    })
}

pub(crate) fn make_base(kind: Kind) -> Res<*mut ffi::PyTypeObject> {
    let mut plan = match kind {
        Kind::Union => {
            let mut plan = Plan::new(c"_ctypes.Union", types().union_meta, types().data);
            plan.doc = Some(c"Union base class");
            plan
        }
        _ => {
            let mut plan = Plan::new(c"_ctypes.Structure", types().struct_meta, types().data);
            plan.doc = Some(c"Structure base class");
            plan
        }
    };
    plan.flags = cdata_flags();
    plan.make(|made| {
        made.tp_init = Some(init_entry);
        made.tp_new = Some(crate::module::new_entry);
    })
}

entry::init!(init_struct_type_entry, init_struct_type);
entry::init!(init_union_type_entry, init_union_type);
entry::assign!(setattr_entry, set_type_attribute);
entry::init!(init_entry, init);

/// `__init__` of the metaclass of structures.
fn init_struct_type(ty: &Obj, arguments: &Obj, keywords: Option<&Obj>) -> Res<()> {
    meta::begin(ty, arguments, keywords)?;
    init_type(ty, Kind::Struct)
}

/// `__init__` of the metaclass of unions.
fn init_union_type(ty: &Obj, arguments: &Obj, keywords: Option<&Obj>) -> Res<()> {
    meta::begin(ty, arguments, keywords)?;
    init_type(ty, Kind::Union)
}

/// A class with `_fields_` is laid out, one without inherits.
fn init_type(ty: &Obj, kind: Kind) -> Res<()> {
    let own = py::own_attribute(ty, name!(c"_abstract_"))?;
    if own.is_some() {
        return Ok(());
    }
    let fields = py::own_attribute(ty, name!(c"_fields_"))?;
    let base = base_info(ty);
    let mut info = match &base {
        Some(base) => (**base).clone(),
        None => Info::new(kind, 0, 0, record_type(kind, 0, 1, Vec::new())),
    };
    info.kind = kind;
    info.flags.set(info.flags.get() & !FINAL);
    info.store(ty);
    creation::enable(ty);
    allocation::enable(ty);
    match fields {
        Some(fields) => ty.setattr(c"_fields_", &fields),
        None => {
            if let Some(base) = base {
                base.set(FINAL);
            }
            Ok(())
        }
    }
}

fn base_info(ty: &Obj) -> Option<std::rc::Rc<Info>> {
    // SAFETY: a living type; its base lives with it.
    let base = unsafe { Obj::borrowed((*ty.ptr().cast::<ffi::PyTypeObject>()).tp_base.cast()) }?;
    Info::of_type(&base)
}

fn record_type(kind: Kind, size: usize, alignment: usize, members: Vec<PlacedMember>) -> CType {
    let kind = if kind == Kind::Union {
        RecordKind::Union
    } else {
        RecordKind::Struct
    };
    CType::Record(Arc::new(Record {
        kind,
        size,
        alignment,
        members,
    }))
}

/// `tp_setattro` of the metaclasses: `_fields_` lays the type out.
fn set_type_attribute(ty: &Obj, name: &Obj, value: Option<&Obj>) -> Res<()> {
    let is_layout = name.is_str() && name.as_str()? == "_fields_" && value.is_some();
    if is_layout && Info::of_type(ty).is_some_and(|info| info.has(FINAL)) {
        return Err(raise(Exc::Attribute, "_fields_ is final"));
    }
    let raw = value.map_or(std::ptr::null_mut(), Obj::ptr);
    // SAFETY: `type` has a tp_setattro, which is the plain way to set an attribute of a class.
    unsafe {
        let set = (*py::type_type()).tp_setattro.ok_or(Raised)?;
        py::done(set(ty.ptr(), name.ptr(), raw))?;
    }
    if let Some(fields) = value.filter(|_| is_layout) {
        let kind = cdata::kind_of(ty).unwrap_or(Kind::Struct);
        return set_fields(ty, kind, fields);
    }
    Ok(())
}

/// One entry of `_fields_`.
struct Entry {
    name: Obj,
    ty: Obj,
    info: std::rc::Rc<Info>,
    bits: Option<u32>,
}

/// A record while its members are placed one after the other.
struct Building {
    kind: Kind,
    /// Members that the base types have.
    inherited: usize,
    placement: Placement,
    format: Format,
    members: Vec<PlacedMember>,
    flags: u32,
}

impl Building {
    /// Starts behind the members of the base type, by the rules that the class states.
    fn start(ty: &Obj, kind: Kind) -> Res<Building> {
        let swapped = ty.getattr_opt(name!(c"_swappedbytes_"))?.is_some();
        let big_endian = swapped != cfg!(target_endian = "big");
        let pack = small_number(
            ty,
            name!(c"_pack_"),
            "_pack_ must be a non-negative integer",
        )?;
        let alignment = if cfg!(Py_3_13) {
            small_number(
                ty,
                name!(c"_align_"),
                "_align_ must be a non-negative integer",
            )?
        } else {
            None
        };
        let base = base_info(ty);
        let base = base.as_deref();
        if let Some(base) = base {
            base.set(FINAL);
        }
        let union = kind == Kind::Union;
        Ok(Building {
            kind,
            inherited: base.map_or(0, |base| base.length),
            placement: Placement::new(union, base, pack, alignment, big_endian),
            // Packed records are described member by member since Python 3.12.
            format: Format::new(!union && (cfg!(Py_3_12) || pack.is_none())),
            members: inherited_members(base),
            flags: base.map_or(0, |base| base.flags.get()) & info::HAS_POINTER,
        })
    }

    /// Places the member with this number.
    fn add(&mut self, entry: &Entry, number: usize) -> Res<Member> {
        if cdata::holds_pointers(&entry.info) {
            self.flags |= info::HAS_POINTER;
        }
        entry.info.set(FINAL);
        let before = self.placement.size();
        let place = self.placement.place(Request {
            size: entry.info.size,
            align: entry.info.align,
            bits: entry.bits,
        })?;
        self.format
            .member(&entry.name, &entry.info, place.offset, before)?;
        self.members.push(PlacedMember {
            ctype: entry.info.ctype.clone(),
            offset: place.offset,
            bits: place.bits.map(|bits| (bits.low, bits.width)),
        });
        Ok(Member {
            access: field::access_of(&entry.info),
            ty: entry.ty.clone(),
            offset: place.offset,
            size: entry.info.size,
            bits: place.bits,
            index: (self.inherited + number) as isize,
            anonymous: false,
        })
    }

    /// The finished description of `count` members and the inherited ones.
    fn finish(self, count: usize) -> Res<Info> {
        let used = self.placement.size();
        let (size, align) = self.placement.finish()?;
        let ctype = record_type(self.kind, size, align, self.members);
        let mut info = Info::new(self.kind, size, align, ctype);
        info.length = self.inherited + count;
        info.format = self.format.finish(used, size)?;
        info.flags.set(self.flags | FINAL);
        Ok(info)
    }
}

fn set_fields(ty: &Obj, kind: Kind, fields: &Obj) -> Res<()> {
    if Info::of_type(ty).is_none() {
        // `__init_subclass__` runs before the metaclass has described the class.
        return Err(raise(Exc::Type, "ctypes state is not initialized"));
    }
    let mut building = Building::start(ty, kind)?;
    let Ok(count) = fields.len() else {
        py::clear_error();
        return Err(raise(Exc::Type, "'_fields_' must be a sequence of pairs"));
    };
    for number in 0..count {
        let entry = read_entry(fields, number)?;
        let member = building.add(&entry, number)?;
        ty.setattr_obj(&entry.name, &Field::make(member)?)?;
    }
    let info = building.finish(count)?;
    // A member may have used this very type meanwhile.
    if Info::of_type(ty).is_some_and(|current| current.has(FINAL)) {
        return Err(raise(
            Exc::Attribute,
            "Structure or union cannot contain itself",
        ));
    }
    info.store(ty);
    make_anonymous(ty)
}

fn inherited_members(base: Option<&Info>) -> Vec<PlacedMember> {
    match base.map(|base| &base.ctype) {
        Some(CType::Record(record)) => record.members.clone(),
        _ => Vec::new(),
    }
}

fn small_number(ty: &Obj, name: &py::Name, message: &str) -> Res<Option<usize>> {
    let Some(value) = ty.getattr_opt(name)? else {
        return Ok(None);
    };
    let number = if value.is_int() {
        value.to_isize()
    } else {
        Ok(-1)
    };
    match number {
        Ok(number) if (0..=i32::MAX as isize).contains(&number) => {
            Ok((number > 0).then_some(number as usize))
        }
        other => {
            if other.is_err() {
                py::clear_error();
            }
            Err(raise(Exc::Value, message))
        }
    }
}

fn read_entry(fields: &Obj, number: usize) -> Res<Entry> {
    const PAIRS: &str = "'_fields_' must be a sequence of (name, C type) pairs";
    let pair = fields.item(number)?;
    let (name, ty, width) = match if pair.is_tuple() { pair.items() } else { &[] } {
        [name, ty] => (name, ty, None),
        [name, ty, width] if width.is_int() => (name, ty, Some(width)),
        _ => return Err(raise(Exc::Type, PAIRS)),
    };
    if !name.is_str() {
        return Err(raise(Exc::Type, PAIRS));
    }
    let Some(info) = Info::of_type(ty) else {
        return Err(raise(
            Exc::Type,
            format!("second item in _fields_ tuple (index {number}) must be a C type"),
        ));
    };
    let bits = match width {
        None => None,
        Some(width) => Some(checked_width(&info, ty, width)?),
    };
    Ok(Entry {
        name: name.clone(),
        ty: ty.clone(),
        info,
        bits,
    })
}

fn checked_width(info: &Info, ty: &Obj, width: &Obj) -> Res<u32> {
    let allowed = info
        .access
        .is_some_and(|access| b"bBhHiIlLqQ?".contains(&access.code));
    if !allowed {
        let name = py::type_name(ty.ptr().cast());
        return Err(raise(
            Exc::Type,
            format!("bit fields not allowed for type {name}"),
        ));
    }
    let number = width
        .to_isize()
        .inspect_err(|_| py::clear_error())
        .unwrap_or(-1);
    if number <= 0 || number as usize > info.size * 8 {
        return Err(raise(Exc::Value, "number of bits invalid for bit field"));
    }
    Ok(number as u32)
}

/// Lifts the members of the `_anonymous_` ones into the record.
fn make_anonymous(ty: &Obj) -> Res<()> {
    let Some(names) = ty.getattr_opt(name!(c"_anonymous_"))? else {
        return Ok(());
    };
    let Ok(names) = names.to_tuple() else {
        py::clear_error();
        return Err(raise(Exc::Type, "_anonymous_ must be a sequence"));
    };
    for name in names.items() {
        let found = field::lookup(ty, name)?;
        let Some(outer) = Field::of(&found) else {
            let shown = name.repr()?;
            return Err(raise(
                Exc::Attribute,
                format!("{shown} is specified in _anonymous_ but not in _fields_"),
            ));
        };
        outer.set_anonymous();
        let member = outer.member().clone();
        lift(ty, &member, member.index, member.offset)?;
    }
    Ok(())
}

fn lift(ty: &Obj, outer: &Member, index: isize, offset: usize) -> Res<()> {
    let Some(fields) = outer.ty.getattr_opt(name!(c"_fields_"))? else {
        return Ok(());
    };
    let fields = fields.to_tuple()?;
    for pair in fields.items() {
        let pair = pair.to_tuple()?;
        let Some(name) = pair.items().first() else {
            return Err(raise(Exc::Type, "unexpected type"));
        };
        let found = field::lookup(&outer.ty, name)?;
        let Some(inner) = Field::of(&found) else {
            return Err(raise(Exc::Type, "unexpected type"));
        };
        let mut member = inner.member().clone();
        if member.anonymous {
            lift(ty, &member, index + member.index, offset + member.offset)?;
            continue;
        }
        member.index += index;
        member.offset += offset;
        ty.setattr_obj(name, &Field::make(member)?)?;
    }
    Ok(())
}

/// `__init__` of an instance: values by position, base types first, and by name.
fn init(slf: &Obj, arguments: &Obj, keywords: Option<&Obj>) -> Res<()> {
    Data::expect(slf)?;
    let given = arguments.items();
    if !given.is_empty() {
        let used = init_by_position(slf, &slf.ty(), given, keywords, 0)?;
        if used < given.len() {
            return Err(raise(Exc::Type, "too many initializers"));
        }
    }
    let Some(keywords) = keywords else {
        return Ok(());
    };
    let (mut position, mut key, mut value) = (0, std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: the dict is alive and not changed: the values are set on the instance.
    while unsafe {
        ffi::PyDict_Next(
            keywords.ptr(),
            &raw mut position,
            &raw mut key,
            &raw mut value,
        )
    } != 0
    {
        let (key, value) = (entry::borrow!(key), entry::borrow!(value));
        if strict::is_on() {
            // Any other name would become an attribute of the object and never reach C.
            slf.ty().getattr_obj(key)?;
        }
        slf.setattr_obj(key, value)?;
    }
    Ok(())
}

/// Fills the members of `ty` and its bases; gives back how many values are used up.
fn init_by_position(
    slf: &Obj,
    ty: &Obj,
    given: &[Obj],
    keywords: Option<&Obj>,
    first: usize,
) -> Res<usize> {
    let mut next = first;
    // SAFETY: a living type; its base lives with it.
    let base = unsafe { Obj::borrowed((*ty.ptr().cast::<ffi::PyTypeObject>()).tp_base.cast()) };
    if let Some(base) = base.filter(|base| Info::of_type(base).is_some()) {
        next = init_by_position(slf, &base, given, keywords, next)?;
    }
    let Some(fields) = py::own_attribute(ty, name!(c"_fields_"))? else {
        return Ok(next);
    };
    for number in 0..fields.len()? {
        let Some(value) = given.get(next) else {
            return Ok(next);
        };
        let pair = fields.item(number)?;
        let name = pair.item(0)?;
        if let Some(keywords) = keywords
            && keywords.dict_get(&name)?.is_some()
        {
            let shown = name.repr()?;
            return Err(raise(
                Exc::Type,
                format!("duplicate values for field {shown}"),
            ));
        }
        slf.setattr_obj(&name, value)?;
        next += 1;
    }
    Ok(next)
}
