//! Arrays: a fixed number of items in a row.

use clib::ctype::CType;
use pyo3::ffi;

use crate::allocation;
use crate::cdata::{self, Data, Element};
use crate::creation::{self, Store};
use crate::entry;
use crate::info::{self, Info, Kind, slot_of};
use crate::meta;
use crate::number;
use crate::py::{self, Exc, Obj, Raised, Res, api, name, raise};
use crate::simple::cdata_flags;
use crate::types::{Plan, empty, leak, types};

pub(crate) fn make_meta() -> Res<*mut ffi::PyTypeObject> {
    meta::derived(c"_ctypes.PyCArrayType").make(|made| made.tp_init = Some(init_type_entry))
}

pub(crate) fn make_base() -> Res<*mut ffi::PyTypeObject> {
    let mut plan = Plan::new(c"_ctypes.Array", types().array_meta, types().data);
    plan.doc = Some(c"Abstract base class for arrays.");
    plan.flags = cdata_flags();
    plan.methods = vec![entry::definition(
        c"__class_getitem__",
        ffi::Py_GenericAlias,
        ffi::METH_O | ffi::METH_CLASS,
    )];
    plan.make(|made| {
        made.tp_init = Some(init_entry);
        made.tp_new = Some(crate::module::new_entry);
        let mut sequence: ffi::PySequenceMethods = empty();
        sequence.sq_length = Some(length_entry);
        sequence.sq_item = Some(item_entry);
        sequence.sq_ass_item = Some(assign_item_entry);
        made.tp_as_sequence = leak(sequence);
        let mut mapping: ffi::PyMappingMethods = empty();
        mapping.mp_length = Some(length_entry);
        mapping.mp_subscript = Some(subscript_entry);
        mapping.mp_ass_subscript = Some(assign_subscript_entry);
        made.tp_as_mapping = leak(mapping);
    })
}

entry::init!(init_type_entry, init_type);
entry::init!(init_entry, init);
entry::length!(length_entry, length);
entry::indexed!(item_entry, item);
entry::assign_indexed!(assign_item_entry, assign_item);
entry::binary!(subscript_entry, subscript);
entry::assign!(assign_subscript_entry, assign_subscript);

/// `__init__` of the metaclass: reads `_length_` and `_type_` and describes the type.
fn init_type(ty: &Obj, arguments: &Obj, keywords: Option<&Obj>) -> Res<()> {
    meta::begin(ty, arguments, keywords)?;
    let length = declared_length(ty)?;
    let Some(item) = ty.getattr_opt(name!(c"_type_"))? else {
        return Err(raise(
            Exc::Attribute,
            "class must define a '_type_' attribute",
        ));
    };
    let Some(inner) = Info::of_type(&item) else {
        return Err(raise(Exc::Type, "_type_ must have storage info"));
    };
    let size = inner
        .size
        .checked_mul(length)
        .filter(|size| isize::try_from(*size).is_ok());
    let Some(size) = size else {
        return Err(raise(Exc::Overflow, "array too large"));
    };
    let ctype = CType::array(inner.ctype.clone(), length);
    let mut info = Info::new(Kind::Array, size, inner.align, ctype);
    info.length = length;
    info.format = inner.format.clone();
    info.shape = std::iter::once(length as isize)
        .chain(inner.shape.iter().copied())
        .collect();
    if cdata::holds_pointers(&inner) {
        info.set(info::HAS_POINTER);
    }
    info.proto = Some(item.clone());
    info.item = inner.plain;
    info.store(ty);
    creation::enable(ty);
    allocation::enable(ty);
    match inner
        .access
        .filter(|_| inner.kind == Kind::Simple)
        .map(|access| access.code)
    {
        Some(b'c') => crate::strings::add_char_properties(ty),
        Some(b'u') => crate::strings::add_wide_properties(ty),
        _ => Ok(()),
    }
}

fn declared_length(ty: &Obj) -> Res<usize> {
    let Some(length) = ty.getattr_opt(name!(c"_length_"))? else {
        return Err(raise(
            Exc::Attribute,
            "class must define a '_length_' attribute",
        ));
    };
    if !length.is_int() {
        return Err(raise(
            Exc::Type,
            "The '_length_' attribute must be an integer",
        ));
    }
    match length.to_isize() {
        Ok(number) => usize::try_from(number)
            .map_err(|_| raise(Exc::Value, "The '_length_' attribute must not be negative")),
        Err(Raised) => {
            py::forgive(Exc::Overflow)?;
            let mut overflow = 0;
            api!(ffi::PyLong_AsLongAndOverflow(
                length.ptr(),
                &raw mut overflow
            ));
            Err(if overflow < 0 {
                raise(Exc::Value, "The '_length_' attribute must not be negative")
            } else {
                raise(Exc::Overflow, "The '_length_' attribute is too large")
            })
        }
    }
}

/// `type * length`: the array type, one and the same as long as somebody uses it.
pub(crate) fn repeat(item: &Obj, length: isize) -> Res<Obj> {
    if length < 0 {
        return Err(raise(
            Exc::Value,
            format!("Array length must be >= 0, not {length}"),
        ));
    }
    let count = length as usize;
    if let Some(known) = cached(item, count) {
        return Ok(known);
    }
    let name = format!("{}_Array_{length}", py::type_name(item.ptr().cast()));
    // SAFETY: both types live for ever.
    let (meta, base) = unsafe {
        let meta = Obj::borrowed(types().array_meta.cast()).ok_or(Raised)?;
        (meta, Obj::borrowed(types().array.cast()).ok_or(Raised)?)
    };
    let dict = py::dict()?;
    dict.dict_set(&py::string("_length_")?, &py::int(length as i64)?)?;
    dict.dict_set(&py::string("_type_")?, item)?;
    let made = meta.call(&[&py::string(&name)?, &py::tuple(&[&base])?, &dict])?;
    if let Some(slot) = slot_of(item) {
        let weak = api!(Obj::owned(ffi::PyWeakref_NewRef(
            made.ptr(),
            std::ptr::null_mut()
        )))?;
        let old = slot.arrays.borrow_mut().insert(count, weak);
        drop(old);
    }
    Ok(made)
}

fn cached(item: &Obj, length: usize) -> Option<Obj> {
    let weak = slot_of(item)?.arrays.borrow().get(&length)?.clone();
    let found = weak.call_none().ok()?;
    (!found.is_none()).then_some(found)
}

/// What the instance's type says of its items.
fn item_of(slf: &Obj) -> Res<(Obj, std::rc::Rc<Info>)> {
    let item = Info::of_instance(slf).and_then(|info| info.proto.clone());
    let inner = item.as_ref().and_then(Info::of_type);
    match (item, inner) {
        (Some(item), Some(inner)) => Ok((item, inner)),
        _ => Err(raise(Exc::Type, "abstract class")),
    }
}

fn init(slf: &Obj, arguments: &Obj, _keywords: Option<&Obj>) -> Res<()> {
    for (index, value) in arguments.items().iter().enumerate() {
        assign_item(slf, index as isize, Some(value))?;
    }
    Ok(())
}

fn length(slf: &Obj) -> Res<isize> {
    // SAFETY: the `self` of a slot of `Array`.
    Ok(unsafe { Data::of_self(slf) }.length() as isize)
}

fn check_index(data: &Data, index: isize) -> Res<usize> {
    usize::try_from(index)
        .ok()
        .filter(|index| *index < data.length())
        .ok_or_else(|| raise(Exc::Index, "invalid index"))
}

fn item(slf: &Obj, index: isize) -> Res<Obj> {
    // SAFETY: the `self` of a slot of `Array`.
    let (data, plain) = unsafe { (Data::of_self(slf), Info::peek_own(slf, |info| info.item)) };
    let at = check_index(data, index)?;
    if let Some(access) = plain {
        // SAFETY: the index is within the array, whose memory holds items of this type.
        return unsafe { access.get(data.memory().add(at * access.size()), access.size(), None) };
    }
    let (ty, inner) = item_of(slf)?;
    // SAFETY: as above.
    unsafe { cdata::read(&ty, data, index, data.memory().add(at * inner.size)) }
}

pub(crate) fn assign_item(slf: &Obj, index: isize, value: Option<&Obj>) -> Res<()> {
    // SAFETY: the `self` of a slot of `Array`, or a new array.
    let (data, plain) = unsafe { (Data::of_self(slf), Info::peek_own(slf, |info| info.item)) };
    let Some(value) = value else {
        return Err(raise(Exc::Type, "Array does not support item deletion"));
    };
    let at = check_index(data, index)?;
    if let Some(access) = plain {
        let store = Store::of(access);
        // SAFETY: as in `item`.
        if unsafe { store.put(data.memory().add(at * access.size()), value) } {
            return Ok(());
        }
    }
    let (ty, inner) = item_of(slf)?;
    let element = Element {
        index,
        size: inner.size,
        bits: None,
    };
    // SAFETY: as in `item`.
    unsafe {
        data.assign(
            &ty,
            None,
            value,
            element,
            data.memory().add(at * inner.size),
        )
    }
}

/// The index behind `object`, counted from the end if it is negative.
fn position(data: &Data, object: &Obj) -> Res<isize> {
    let index = as_index(object)?;
    Ok(if index < 0 {
        index + data.length() as isize
    } else {
        index
    })
}

/// An index that must fit the address space.
#[inline]
pub(crate) fn as_index(object: &Obj) -> Res<isize> {
    if let Some(small) = number::small_int(object) {
        return Ok(small as isize);
    }
    // SAFETY: the exception class lives for ever; the object is alive.
    let index = unsafe { ffi::PyNumber_AsSsize_t(object.ptr(), ffi::PyExc_IndexError) };
    if index == -1 && py::raised() {
        Err(Raised)
    } else {
        Ok(index)
    }
}

#[inline]
pub(crate) fn is_index(object: &Obj) -> bool {
    object.type_ptr() == &raw mut ffi::PyLong_Type || api!(ffi::PyIndex_Check(object.ptr())) != 0
}

pub(crate) fn is_slice(object: &Obj) -> bool {
    api!(ffi::PySlice_Check(object.ptr())) != 0
}

/// Start and step of a slice, and how many items it takes, for a sequence of `length`.
fn slice_of(slice: &Obj, length: usize) -> Res<(isize, isize, usize)> {
    let (mut start, mut stop, mut step) = (0, 0, 0);
    py::done(api!(ffi::PySlice_Unpack(
        slice.ptr(),
        &raw mut start,
        &raw mut stop,
        &raw mut step
    )))?;
    let count = api!(ffi::PySlice_AdjustIndices(
        length as isize,
        &raw mut start,
        &raw mut stop,
        step
    ));
    Ok((start, step, count as usize))
}

fn subscript(slf: &Obj, key: &Obj) -> Res<Obj> {
    // SAFETY: the `self` of a slot of `Array`.
    let data = unsafe { Data::of_self(slf) };
    if is_index(key) {
        return item(slf, position(data, key)?);
    }
    if !is_slice(key) {
        return Err(raise(Exc::Type, "indices must be integers"));
    }
    let (start, step, count) = slice_of(key, data.length())?;
    let (ty, inner) = item_of(slf)?;
    take(&inner, (start, step, count), |index| {
        let at = data.memory().wrapping_offset(index * inner.size as isize);
        if let Some(access) = inner.plain {
            // SAFETY: as below.
            return unsafe { access.get(at, inner.size, None) };
        }
        // SAFETY: the slice was fitted to the array's length.
        unsafe { cdata::read(&ty, data, index, at) }
    })
}

/// The items of a slice: bytes of characters, `str` of wide ones, else a list.
pub(crate) fn take(
    inner: &Info,
    (start, step, count): (isize, isize, usize),
    get: impl Fn(isize) -> Res<Obj>,
) -> Res<Obj> {
    let code = inner.plain.map_or(0, |access| access.code);
    let mut items = (0..count).map(|number| get(start + number as isize * step));
    match code {
        b'c' => {
            let mut joined = Vec::with_capacity(count);
            for item in items {
                joined.extend_from_slice(item?.as_bytes());
            }
            py::bytes(&joined)
        }
        b'u' => {
            let empty = py::string("")?;
            let all = py::list(count, &mut items)?;
            api!(Obj::owned(ffi::PyUnicode_Join(empty.ptr(), all.ptr())))
        }
        _ => py::list(count, &mut items),
    }
}

fn assign_subscript(slf: &Obj, key: &Obj, value: Option<&Obj>) -> Res<()> {
    // SAFETY: the `self` of a slot of `Array`.
    let data = unsafe { Data::of_self(slf) };
    let Some(value) = value else {
        return Err(raise(Exc::Type, "Array does not support item deletion"));
    };
    if is_index(key) {
        return assign_item(slf, position(data, key)?, Some(value));
    }
    if !is_slice(key) {
        return Err(raise(Exc::Type, "indices must be integer"));
    }
    let (start, step, count) = slice_of(key, data.length())?;
    if value.len()? != count {
        return Err(raise(Exc::Value, "Can only assign sequence of same size"));
    }
    for number in 0..count {
        assign_item(
            slf,
            start + number as isize * step,
            Some(&value.item(number)?),
        )?;
    }
    Ok(())
}
