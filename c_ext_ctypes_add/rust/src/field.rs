//! `CField`: the descriptor of one member of a struct or union.

use std::ffi::{c_int, c_void};

use pyo3::ffi;

use crate::cdata::{self, Data, Element};
use crate::creation::Store;
use crate::entry;
use crate::info::Info;
use crate::py::{self, Exc, Obj, Res, raise};
use crate::types::{Plan, types};
use crate::value::{self, Access, Bits};

/// Where and what a member is.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) ty: Obj,
    /// How to reach a value without asking the type: simple values, and arrays of characters.
    pub(crate) access: Option<Access>,
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) bits: Option<Bits>,
    /// Position among all members, those of base types included.
    pub(crate) index: isize,
    pub(crate) anonymous: bool,
}

#[repr(C)]
struct Layout {
    base: ffi::PyObject,
    member: *mut Member,
}

/// An [`Obj`] that is known to be a `CField`.
#[repr(transparent)]
pub(crate) struct Field(Obj);

impl Field {
    pub(crate) fn of(object: &Obj) -> Option<&Field> {
        let matches = object.has_type(types().field);
        // SAFETY: Field is a transparent wrapper, and the type was checked.
        matches.then(|| unsafe { &*(&raw const *object).cast::<Field>() })
    }

    pub(crate) fn make(member: Member) -> Res<Obj> {
        // SAFETY: instances of the type have the size of Layout; the box is owned by the new
        // object, which nobody has seen yet.
        unsafe {
            let made = Obj::owned(ffi::PyType_GenericAlloc(types().field, 0))?;
            (*made.ptr().cast::<Layout>()).member = Box::into_raw(Box::new(member));
            Ok(made)
        }
    }

    pub(crate) fn member(&self) -> &Member {
        // SAFETY: set by `make`, freed with the object, changed by `set_anonymous` only.
        unsafe { &*(*self.0.ptr().cast::<Layout>()).member }
    }

    /// Marks a member whose own members appear in the record around it.
    pub(crate) fn set_anonymous(&self) {
        // SAFETY: as above; no reference to the member is held across this call.
        unsafe { (*(*self.0.ptr().cast::<Layout>()).member).anonymous = true }
    }
}

pub(crate) fn make_type() -> Res<*mut ffi::PyTypeObject> {
    let mut plan = Plan::new(
        c"_ctypes.CField",
        &raw mut ffi::PyType_Type,
        std::ptr::null_mut(),
    );
    plan.doc = Some(c"Structure/Union member");
    plan.size = size_of::<Layout>();
    plan.flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_GC;
    #[cfg(Py_3_10)]
    {
        plan.flags |= ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
    }
    plan.properties = vec![
        entry::property(c"offset", offset_entry, None),
        entry::property(c"size", size_entry, None),
    ];
    plan.make(|made| {
        made.tp_dealloc = Some(dealloc);
        made.tp_traverse = Some(traverse);
        made.tp_repr = Some(repr_entry);
        made.tp_descr_get = Some(get_entry);
        made.tp_descr_set = Some(set_entry);
    })
}

entry::getter!(offset_entry, offset);
entry::getter!(size_entry, size);
entry::unary!(repr_entry, repr);
entry::assign!(set_entry, set);

unsafe extern "C" fn get_entry(
    slf: *mut ffi::PyObject,
    instance: *mut ffi::PyObject,
    _owner: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    py::guard(std::ptr::null_mut(), || {
        Ok(get(entry::borrow!(slf), entry::borrow_opt!(instance))?.into_ptr())
    })
}

/// The member of the `self` of a slot or property.
fn member_of(slf: &Obj) -> &Member {
    debug_assert!(slf.has_type(types().field));
    // SAFETY: Field is a transparent wrapper, and Python has checked the type.
    unsafe { &*(&raw const *slf).cast::<Field>() }.member()
}

fn get(slf: &Obj, instance: Option<&Obj>) -> Res<Obj> {
    let Some(instance) = instance else {
        return Ok(slf.clone());
    };
    let member = member_of(slf);
    let Some(data) = Data::of(instance) else {
        return Err(raise(Exc::Type, "not a ctype instance"));
    };
    let at = data.memory().wrapping_add(member.offset);
    // SAFETY: the descriptor belongs to the instance's type, so the member lies inside it; the type
    // was read when the record was made.
    unsafe {
        match member.access {
            Some(access) if access.code == b's' => value::chars(at, member.size),
            Some(access) => access.get(at, member.size, member.bits),
            None => cdata::read(&member.ty, data, member.index, at),
        }
    }
}

fn set(slf: &Obj, instance: &Obj, value: Option<&Obj>) -> Res<()> {
    let member = member_of(slf);
    let Some(data) = Data::of(instance) else {
        return Err(raise(Exc::Type, "not a ctype instance"));
    };
    let Some(value) = value else {
        return Err(raise(Exc::Type, "can't delete attribute"));
    };
    member.set(data, value)
}

impl Member {
    /// Assigns to the member of an instance of the record that it belongs to.
    pub(crate) fn set(&self, data: &Data, value: &Obj) -> Res<()> {
        let at = data.memory().wrapping_add(self.offset);
        if let Some(access) = self.access.filter(|_| self.bits.is_none()) {
            // SAFETY: as in `get`.
            if unsafe { Store::of(access).put(at, value) } {
                return Ok(());
            }
        }
        let element = Element {
            index: self.index,
            size: self.size,
            bits: self.bits,
        };
        // SAFETY: as in `get`.
        unsafe {
            let Some(access) = direct_access(self, value) else {
                return data.assign(&self.ty, None, value, element, at);
            };
            match access.set(at, value, self.size, self.bits)? {
                Some(kept) => data.keep(self.index, kept),
                None => Ok(()),
            }
        }
    }
}

/// An instance of the member's type is copied as it is; only plain values are converted here.
fn direct_access(member: &Member, value: &Obj) -> Option<Access> {
    match member.access {
        Some(access) if member.bits.is_some() || b"sU".contains(&access.code) => {
            (!cdata::is_data(value)).then_some(access)
        }
        _ => None,
    }
}

fn offset(slf: &Obj) -> Res<Obj> {
    py::int(member_of(slf).offset as i64)
}

/// The size in bytes; of a bit-field, its width in the upper half and its first bit in the lower.
fn size(slf: &Obj) -> Res<Obj> {
    let member = member_of(slf);
    match member.bits {
        Some(bits) => py::int(i64::from(bits.width) << 16 | i64::from(bits.low)),
        None => py::int(member.size as i64),
    }
}

fn repr(slf: &Obj) -> Res<Obj> {
    let member = member_of(slf);
    let (name, offset) = (py::type_name(member.ty.ptr().cast()), member.offset);
    py::string(&match member.bits {
        Some(Bits { low, width }) => {
            format!("<Field type={name}, ofs={offset}:{low}, bits={width}>")
        }
        None => format!("<Field type={name}, ofs={offset}, size={}>", member.size),
    })
}

/// How a member of this type is reached directly.
pub(crate) fn access_of(info: &Info) -> Option<Access> {
    if info.access.is_some() {
        return info.plain;
    }
    // Arrays of characters read as strings.
    let item = info
        .proto
        .as_ref()
        .filter(|_| info.kind == crate::info::Kind::Array)?;
    let inner = Info::of_type(item)?;
    match inner.access?.code {
        b'c' => Some(Access::native(b's')),
        b'u' => Some(Access::native(b'U')),
        _ => None,
    }
}

unsafe extern "C" fn dealloc(slf: *mut ffi::PyObject) {
    // SAFETY: Python calls this once for a dying field, which owns the box.
    unsafe {
        ffi::PyObject_GC_UnTrack(slf.cast());
        let place = &raw mut (*slf.cast::<Layout>()).member;
        let member = place.replace(std::ptr::null_mut());
        if !member.is_null() {
            drop(Box::from_raw(member));
        }
        if let Some(free) = (*ffi::Py_TYPE(slf)).tp_free {
            free(slf.cast());
        }
    }
}

/// There is no `tp_clear`: the cycle through the member's type is broken at the type.
unsafe extern "C" fn traverse(
    slf: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the collector calls this with a living object.
    unsafe {
        let member = (*slf.cast::<Layout>()).member;
        if member.is_null() {
            0
        } else {
            visit((*member).ty.ptr(), argument)
        }
    }
}

/// Used by the record's metaclass to look a field up.
pub(crate) fn lookup(ty: &Obj, name: &Obj) -> Res<Obj> {
    ty.getattr_obj(name)
}
