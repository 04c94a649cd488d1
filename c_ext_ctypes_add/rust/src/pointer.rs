//! Pointers: `_Pointer`, `POINTER()` and `pointer()`.

use std::ffi::CString;

use clib::ctype::CType;
use pyo3::ffi;

use crate::allocation;
use crate::array::{as_index, is_index, is_slice, take};
use crate::cdata::{self, Data, Element};
use crate::creation::Store;
use crate::entry;
use crate::info::{self, Info, Kind};
use crate::meta;
use crate::py::{self, Exc, Obj, Raised, Res, api, name, raise};
use crate::simple::{by_reference, cdata_flags};
use crate::types::{Plan, empty, leak, types};

pub(crate) fn make_meta() -> Res<*mut ffi::PyTypeObject> {
    let mut plan = meta::derived(c"_ctypes.PyCPointerType");
    plan.methods = vec![
        entry::method_o(c"from_param", from_param_entry),
        entry::method_o(c"set_type", set_type_entry),
    ];
    plan.make(|made| made.tp_init = Some(init_type_entry))
}

pub(crate) fn make_base() -> Res<*mut ffi::PyTypeObject> {
    let mut plan = Plan::new(c"_ctypes._Pointer", types().pointer_meta, types().data);
    plan.flags = cdata_flags();
    plan.properties = vec![entry::property(
        c"contents",
        contents_entry,
        Some(set_contents_entry),
    )];
    plan.make(|made| {
        made.tp_init = Some(init_entry);
        made.tp_new = Some(new_entry);
        let mut sequence: ffi::PySequenceMethods = empty();
        sequence.sq_item = Some(item_entry);
        sequence.sq_ass_item = Some(assign_item_entry);
        made.tp_as_sequence = leak(sequence);
        let mut mapping: ffi::PyMappingMethods = empty();
        mapping.mp_subscript = Some(subscript_entry);
        made.tp_as_mapping = leak(mapping);
        let mut number: ffi::PyNumberMethods = empty();
        number.nb_bool = Some(truth_entry);
        made.tp_as_number = leak(number);
    })
}

entry::binary!(from_param_entry, from_param);
entry::binary!(set_type_entry, set_type);
entry::init!(init_type_entry, init_type);
entry::getter!(contents_entry, contents);
entry::setter!(set_contents_entry, set_contents);
entry::init!(init_entry, init);
entry::ternary!(new_entry, new, ffi::PyTypeObject);
entry::indexed!(item_entry, item);
entry::assign_indexed!(assign_item_entry, assign_item);
entry::binary!(subscript_entry, subscript);
entry::inquiry!(truth_entry, truth);

/// `__init__` of the metaclass: the target may be given now or later by `set_type`.
fn init_type(ty: &Obj, arguments: &Obj, keywords: Option<&Obj>) -> Res<()> {
    meta::begin(ty, arguments, keywords)?;
    // Only the class itself counts: one that derives from a pointer type points to nothing yet.
    let target = py::own_attribute(ty, name!(c"_type_"))?;
    describe(ty, target.as_ref())
}

fn describe(ty: &Obj, target: Option<&Obj>) -> Res<()> {
    let size = size_of::<*mut u8>();
    let mut info = Info::new(Kind::Pointer, size, size, CType::POINTER);
    info.length = 1;
    info.set(info::IS_POINTER);
    if let Some(target) = target {
        check_target(target)?;
        info.proto = Some(target.clone());
        if let Some(inner) = Info::of_type(target) {
            info.item = inner.plain;
            info.format = pointer_format(&inner)?;
        }
    }
    info.store(ty);
    allocation::enable(ty);
    Ok(())
}

fn check_target(target: &Obj) -> Res<()> {
    if !target.is_type() {
        return Err(raise(Exc::Type, "_type_ must be a type"));
    }
    // An abstract base such as Structure has no record yet is a fine target.
    if Info::of_type(target).is_none() && !target.has_type(types().meta) {
        return Err(raise(Exc::Type, "_type_ must have storage info"));
    }
    Ok(())
}

/// `&` before the target's format, with the target's shape between if it is an array.
fn pointer_format(inner: &Info) -> Res<CString> {
    let mut format = b"&".to_vec();
    if !inner.shape.is_empty() {
        let shape: Vec<String> = inner.shape.iter().map(ToString::to_string).collect();
        format.extend(format!("({})", shape.join(",")).as_bytes());
    }
    format.extend(inner.format.as_bytes());
    CString::new(format).map_err(|_| raise(Exc::Value, "embedded null character"))
}

/// Completes a pointer type that was made before its target.
fn set_type(ty: &Obj, target: &Obj) -> Res<Obj> {
    describe(ty, Some(target))?;
    ty.setattr(c"_type_", target)?;
    Ok(py::none())
}

/// `from_param`: a pointer accepts None, its own kind, its target by reference, and an array of
/// its target.
fn from_param(ty: &Obj, value: &Obj) -> Res<Obj> {
    if value.is_none() {
        return Ok(value.clone());
    }
    let info = cdata::concrete(ty)?;
    let Some(target) = info.proto.clone() else {
        return Err(raise(Exc::Type, "the pointer type has no target yet"));
    };
    if value.is_instance(&target)? {
        return by_reference(value);
    }
    if value.has_type(types().pointer) || value.has_type(types().array) {
        let item = Info::of_instance(value).and_then(|info| info.proto.clone());
        if let Some(item) = item
            && item.is_subclass(&target)?
        {
            return Ok(value.clone());
        }
    }
    meta::from_param(ty, value)
}

/// Whether a built-in method is the `from_param` of the pointer types.
pub(crate) fn is_own_from_param(function: ffi::PyCFunction) -> bool {
    function as usize == from_param_entry as ffi::PyCFunction as usize
}

fn new(ty: &Obj, arguments: &Obj, keywords: Option<&Obj>) -> Res<Obj> {
    let target = Info::of_type(ty).and_then(|info| info.proto.clone());
    if target.is_none() {
        return Err(raise(Exc::Type, "Cannot create instance: has no _type_"));
    }
    cdata::new(ty, arguments, keywords)
}

fn init(slf: &Obj, arguments: &Obj, _keywords: Option<&Obj>) -> Res<()> {
    match arguments.items() {
        [] => Ok(()),
        [value] => set_contents(slf, Some(value)),
        given => {
            let count = given.len();
            let message = format!("POINTER expected at most 1 argument, got {count}");
            Err(raise(Exc::Type, message))
        }
    }
}

fn target_of(slf: &Obj) -> Res<(Obj, std::rc::Rc<Info>)> {
    let target = Info::of_instance(slf).and_then(|info| info.proto.clone());
    let inner = target.as_ref().and_then(Info::of_type);
    match (target, inner) {
        (Some(target), Some(inner)) => Ok((target, inner)),
        _ => Err(raise(Exc::Type, "abstract class")),
    }
}

/// The address in the pointer, which must not be NULL.
fn address_in(data: &Data) -> Res<*mut u8> {
    let at = data.pointer();
    if at.is_null() {
        Err(raise(Exc::Value, "NULL pointer access"))
    } else {
        Ok(at)
    }
}

fn contents(slf: &Obj) -> Res<Obj> {
    // SAFETY: the `self` of a slot of `_Pointer`.
    let data = unsafe { Data::of_self(slf) };
    let at = address_in(data)?;
    let (target, _) = target_of(slf)?;
    // SAFETY: the user vouches for what the pointer points to; the window keeps the pointer alive.
    unsafe { cdata::window(&target, data, 0, at).map(Data::into_obj) }
}

fn set_contents(slf: &Obj, value: Option<&Obj>) -> Res<()> {
    let data = Data::expect(slf)?;
    let Some(value) = value else {
        return Err(raise(Exc::Type, "Pointer does not support item deletion"));
    };
    let target = Info::of_instance(slf).and_then(|info| info.proto.clone());
    let Some(target) = target else {
        return Err(raise(Exc::Type, "abstract class"));
    };
    let Some(source) = Data::of(value).filter(|_| value.is_instance(&target).unwrap_or(false))
    else {
        if py::raised() {
            return Err(Raised);
        }
        let (wanted, given) = (py::type_name(target.ptr().cast()), value.type_name());
        return Err(raise(
            Exc::Type,
            format!("expected {wanted} instead of {given}"),
        ));
    };
    data.set_pointer(source.memory());
    data.keep(1, value.clone())?;
    data.keep(0, source.kept()?)
}

fn item(slf: &Obj, index: isize) -> Res<Obj> {
    // SAFETY: the `self` of a slot of `_Pointer`.
    let data = unsafe { Data::of_self(slf) };
    let at = address_in(data)?;
    // SAFETY: as above.
    if let Some(access) = unsafe { Info::peek_own(slf, |info| info.item) } {
        let offset = index.wrapping_mul(access.size() as isize);
        // SAFETY: as in C, the user vouches for the item.
        return unsafe { access.get(at.wrapping_offset(offset), access.size(), None) };
    }
    let (target, inner) = target_of(slf)?;
    let offset = index.wrapping_mul(inner.size as isize);
    // SAFETY: as in C, the user vouches for the item.
    unsafe { cdata::read(&target, data, index, at.wrapping_offset(offset)) }
}

fn assign_item(slf: &Obj, index: isize, value: Option<&Obj>) -> Res<()> {
    // SAFETY: the `self` of a slot of `_Pointer`.
    let data = unsafe { Data::of_self(slf) };
    let Some(value) = value else {
        return Err(raise(Exc::Type, "Pointer does not support item deletion"));
    };
    let at = address_in(data)?;
    // SAFETY: as above.
    if let Some(access) = unsafe { Info::peek_own(slf, |info| info.item) } {
        let offset = index.wrapping_mul(access.size() as isize);
        // SAFETY: as in C, the user vouches for the item.
        if unsafe { Store::of(access).put(at.wrapping_offset(offset), value) } {
            return Ok(());
        }
    }
    let (target, inner) = target_of(slf)?;
    let offset = index.wrapping_mul(inner.size as isize);
    let element = Element {
        index,
        size: inner.size,
        bits: None,
    };
    // SAFETY: as in C, the user vouches for the item.
    unsafe { data.assign(&target, None, value, element, at.wrapping_offset(offset)) }
}

fn subscript(slf: &Obj, key: &Obj) -> Res<Obj> {
    // SAFETY: the `self` of a slot of `_Pointer`.
    let data = unsafe { Data::of_self(slf) };
    if is_index(key) {
        return item(slf, as_index(key)?);
    }
    if !is_slice(key) {
        return Err(raise(Exc::Type, "Pointer indices must be integer"));
    }
    let extent = slice_of(key)?;
    let at = address_in(data)?;
    let (target, inner) = target_of(slf)?;
    take(&inner, extent, |index| {
        let offset = index.wrapping_mul(inner.size as isize);
        // SAFETY: as in C, the user vouches for the items.
        unsafe { cdata::read(&target, data, index, at.wrapping_offset(offset)) }
    })
}

/// A pointer has no length: both ends must be said, and negative numbers are plain offsets.
fn slice_of(slice: &Obj) -> Res<(isize, isize, usize)> {
    let part = |name: &py::Name| -> Res<Option<isize>> {
        let value = slice.getattr(name)?;
        if value.is_none() {
            Ok(None)
        } else {
            as_index(&value).map(Some)
        }
    };
    let step = part(name!(c"step"))?.unwrap_or(1);
    if step == 0 {
        return Err(raise(Exc::Value, "slice step cannot be zero"));
    }
    let start = match part(name!(c"start"))? {
        Some(start) => start,
        None if step < 0 => {
            return Err(raise(Exc::Value, "slice start is required for step < 0"));
        }
        None => 0,
    };
    let Some(stop) = part(name!(c"stop"))? else {
        return Err(raise(Exc::Value, "slice stop is required"));
    };
    let distance = if step < 0 { start - stop } else { stop - start };
    let count = if distance <= 0 {
        0
    } else {
        (distance - 1) / step.abs() + 1
    };
    Ok((start, step, count as usize))
}

fn truth(slf: &Obj) -> Res<bool> {
    // SAFETY: the `self` of a slot of `_Pointer`.
    Ok(!unsafe { Data::of_self(slf) }.pointer().is_null())
}

fn cache() -> Obj {
    // SAFETY: made at import and kept for ever.
    unsafe { Obj::borrowed(types().pointer_cache) }.expect("the cache is made at import")
}

/// `POINTER(type)`: the pointer type, made once; a string names one whose target comes later.
pub(crate) fn pointer_type(_module: &Obj, target: &Obj) -> Res<Obj> {
    // SAFETY: the dict lives for ever, and what is in it is held.
    match unsafe {
        Obj::borrowed(ffi::PyDict_GetItemWithError(
            types().pointer_cache,
            target.ptr(),
        ))
    } {
        Some(known) => Ok(known),
        None if py::raised() => Err(Raised),
        None => new_pointer_type(target),
    }
}

#[cold]
fn new_pointer_type(target: &Obj) -> Res<Obj> {
    let (name, key) = if target.is_str() {
        (format!("LP_{}", target.as_str()?), None)
    } else if target.is_type() {
        (
            format!("LP_{}", py::type_name(target.ptr().cast())),
            Some(target.clone()),
        )
    } else {
        return Err(raise(Exc::Type, "must be a ctypes type"));
    };
    // SAFETY: both types live for ever.
    let (meta, base) = unsafe {
        let meta = Obj::borrowed(types().pointer_meta.cast()).ok_or(Raised)?;
        (meta, Obj::borrowed(types().pointer.cast()).ok_or(Raised)?)
    };
    let dict = py::dict()?;
    if let Some(target) = &key {
        dict.dict_set(&py::string("_type_")?, target)?;
    }
    let made = meta.call(&[&py::string(&name)?, &py::tuple(&[&base])?, &dict])?;
    let key = match key {
        Some(target) => target,
        None => api!(Obj::owned(ffi::PyLong_FromVoidPtr(made.ptr().cast())))?,
    };
    cache().dict_set(&key, &made)?;
    Ok(made)
}

/// `POINTER(type)`, which is usually known.
pub(crate) unsafe extern "C" fn pointer_type_entry(
    module: *mut ffi::PyObject,
    target: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the dict lives for ever, and what is in it is held; Python passes living objects.
    unsafe {
        let known = ffi::PyDict_GetItemWithError(types().pointer_cache, target);
        if known.is_null() {
            return make_pointer_type_entry(module, target);
        }
        ffi::Py_INCREF(known);
        known
    }
}

entry::binary!(make_pointer_type_entry, pointer_type);

/// `pointer(instance)`.
pub(crate) fn pointer(module: &Obj, instance: &Obj) -> Res<Obj> {
    pointer_type(module, &instance.ty())?.call_one(instance)
}
