//! Instances of records, arrays and simple types, made by calling their type.
//!
//! Calling a class means `__new__`, then `__init__`, which sets the members by name. As long as all
//! of them are our own, the outcome is known beforehand: [`vectorcall`] writes the values to their
//! places without looking up a name. Python changes the version of a type with every change to it
//! or to its bases; a prepared [`Creation`] is for one version only.

use std::ffi::c_uint;
use std::rc::Rc;

use pyo3::ffi;

use crate::array;
use crate::cdata::{self, Data, Shape};
use crate::field::{Field, Member};
use crate::info::{FINAL, Info, Kind, slot_of};
use crate::module;
use crate::number;
use crate::py::{self, Obj, Raised, Res, name};
use crate::simple;
use crate::strict;
use crate::types::types;
use crate::value::Access;
use crate::way::Width;

/// How a type of one version makes its instances.
pub(crate) struct Creation {
    version: c_uint,
    info: Rc<Info>,
    shape: Shape,
    places: Places,
    /// How many values are taken by position.
    most: usize,
    /// How many of them, from the first on, may be written without asking anything.
    plain: usize,
}

/// Where the values go.
enum Places {
    Members(Box<[Place]>),
    /// One after the other, each of so many bytes.
    Items(Store, usize),
    Value(Store),
}

/// Where one value goes.
struct Place {
    name: Obj,
    member: Member,
    store: Store,
}

/// How the commonest values are written without asking anything.
#[derive(Clone, Copy)]
pub(crate) enum Store {
    Integer(usize),
    Double,
    /// `void *`.
    Address,
    Other,
}

/// Lets the type be called the fast way.
pub(crate) fn enable(ty: &Obj) {
    // SAFETY: a living type that is just being made.
    unsafe { (*ty.ptr().cast::<ffi::PyTypeObject>()).tp_vectorcall = Some(vectorcall) }
}

/// `tp_vectorcall` of the classes that describe records, arrays and simple types.
unsafe extern "C" fn vectorcall(
    ty: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: Python passes a living type and this many living objects, those of the names included.
    let (given, names, named) = unsafe {
        let names = Obj::by_ref(&names);
        let count = ffi::PyVectorcall_NARGS(count) as usize;
        let named = names.map_or(0, |names| names.items().len());
        let all: &[Obj] = if count + named == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(arguments.cast::<Obj>(), count + named)
        };
        let (given, named) = all.split_at(count);
        (given, names, named)
    };
    // SAFETY: as above.
    let Some(ty) = (unsafe { Obj::by_ref(&ty) }) else {
        return std::ptr::null_mut();
    };
    if names.is_none()
        && let Some(made) = make_plain(ty, given)
    {
        return made.map_or(std::ptr::null_mut(), Obj::into_ptr);
    }
    let creation = match current(ty) {
        Some(creation) => Some(creation),
        None => py::guard(None, || Ok(prepare(ty))),
    };
    if let Some(creation) = creation
        && let Some(made) = creation.make(ty, given, names.map_or(&[], Obj::items), named)
    {
        return made.map_or(std::ptr::null_mut(), Obj::into_ptr);
    }
    py::guard(std::ptr::null_mut(), || {
        Ok(call(ty, given, names, named)?.into_ptr())
    })
}

/// `type.__call__` with positions and names.
fn call(ty: &Obj, given: &[Obj], names: Option<&Obj>, named: &[Obj]) -> Res<Obj> {
    let positions = py::tuple(&given.iter().collect::<Vec<_>>())?;
    let keywords = match names {
        None => None,
        Some(names) => {
            let keywords = py::dict()?;
            for (name, value) in names.items().iter().zip(named) {
                keywords.dict_set(name, value)?;
            }
            Some(keywords)
        }
    };
    let keywords = keywords.as_ref().map_or(std::ptr::null_mut(), Obj::ptr);
    // SAFETY: `type` is callable; the arguments are alive.
    unsafe {
        let call = (*py::type_type()).tp_call.ok_or(Raised)?;
        Obj::owned(call(ty.ptr(), positions.ptr(), keywords))
    }
}

/// The version of a type; 0 when it has none at present.
#[inline]
fn version(ty: &Obj) -> c_uint {
    let ty = ty.ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: a living type.
    unsafe {
        if (*ty).tp_flags & ffi::Py_TPFLAGS_VALID_VERSION_TAG == 0 {
            return 0;
        }
        (*ty).tp_version_tag
    }
}

/// What was prepared, if it is for the type as it is now.
#[inline]
fn current(ty: &Obj) -> Option<Rc<Creation>> {
    let known = slot_of(ty)?.creation.borrow();
    known
        .as_ref()
        .filter(|creation| creation.version == version(ty))
        .cloned()
}

/// An instance with these values, if all are of the kinds that are written without asking anything.
///
/// No Python code runs, so that what was prepared stays as it is.
#[inline(always)]
fn make_plain(ty: &Obj, given: &[Obj]) -> Option<Res<Obj>> {
    let slot = slot_of(ty)?;
    // SAFETY: the interpreter is held, see above.
    let creation = unsafe { (*slot.creation.as_ptr()).as_deref() }?;
    if creation.version != version(ty) || given.len() > creation.plain {
        return None;
    }
    let made = match cdata::renewed(ty, slot, creation.shape)? {
        Ok(made) => made,
        Err(Raised) => return Some(Err(Raised)),
    };
    let memory = made.memory();
    // SAFETY: members and items lie inside the instance's memory, and there are no more values.
    let filled = unsafe {
        match &creation.places {
            Places::Members(places) => given.iter().zip(places).all(|(value, place)| {
                let at = memory.add(place.member.offset);
                place.store.put(at, value)
            }),
            // A loop of its own, which does not look at the kind of each item.
            Places::Items(Store::Double, _) => given.iter().enumerate().all(|(index, value)| {
                Store::Double.put(memory.add(index * size_of::<f64>()), value)
            }),
            Places::Items(store, size) => given
                .iter()
                .enumerate()
                .all(|(index, value)| store.put(memory.add(index * size), value)),
            Places::Value(store) => given.iter().all(|value| store.put(memory, value)),
        }
    };
    filled.then(|| Ok(made.into_obj()))
}

/// Prepares the fast way for the type as it is now, if there is one.
fn prepare(ty: &Obj) -> Option<Rc<Creation>> {
    let made = Creation::new(ty).map(Rc::new);
    let old = slot_of(ty)?.creation.replace(made.clone());
    drop(old);
    made
}

impl Creation {
    /// What it owns, for the collector: its own references and the record that it shares.
    pub(crate) fn owned(&self) -> (impl Iterator<Item = &Obj>, &Rc<Info>) {
        let places: &[Place] = match &self.places {
            Places::Members(places) => places,
            Places::Items(..) | Places::Value(_) => &[],
        };
        (places.iter().map(|place| &place.member.ty), &self.info)
    }

    fn new(ty: &Obj) -> Option<Creation> {
        let info = Info::of_type(ty)?;
        // A look-up gives the type its version; what is read below is read after that.
        lookup(ty, name!(c"__init__").get());
        let version = Some(version(ty)).filter(|version| *version != 0)?;
        let base = match info.kind {
            Kind::Struct => types().structure,
            Kind::Union => types().union,
            Kind::Array => types().array,
            Kind::Simple => types().simple,
            Kind::Pointer | Kind::Function => return None,
        };
        if !is_own(ty.ptr().cast(), base) {
            return None;
        }
        let places = match info.kind {
            Kind::Array => {
                let item = Info::of_type(info.proto.as_ref()?)?;
                Places::Items(info.item.map_or(Store::Other, Store::of), item.size)
            }
            Kind::Simple => Places::Value(info.access.map_or(Store::Other, Store::of)),
            _ => {
                let mut places = Vec::new();
                collect(ty, ty, &mut places)?;
                Places::Members(places.into())
            }
        };
        let most = match &places {
            Places::Members(places) => places.len(),
            Places::Items(..) => info.length,
            Places::Value(_) => 1,
        };
        let plain = match &places {
            Places::Members(places) => places
                .iter()
                .take_while(|place| place.store.is_known())
                .count(),
            Places::Items(store, _) | Places::Value(store) if store.is_known() => most,
            Places::Items(..) | Places::Value(_) => 0,
        };
        Some(Creation {
            plain,
            version,
            shape: Shape::of(&info),
            info,
            places,
            most,
        })
    }

    /// A new instance with these values; `None` when `__init__` has more to say about them.
    #[inline]
    fn make(&self, ty: &Obj, given: &[Obj], names: &[Obj], named: &[Obj]) -> Option<Res<Obj>> {
        if given.len() > self.most {
            return None;
        }
        self.info.set(FINAL);
        let made = match cdata::new_of(ty, slot_of(ty)?, self.shape) {
            Ok(made) => made,
            Err(Raised) => return Some(Err(Raised)),
        };
        let filled = match &self.places {
            Places::Members(places) => fill_members(places, &made, given, names, named)?,
            // Like `__init__`, these look at positions only.
            Places::Items(store, size) => fill_items(*store, *size, &made, given),
            Places::Value(store) => given.iter().try_for_each(|value| {
                // SAFETY: the memory of an instance of a simple type holds its value.
                if unsafe { store.put(made.memory(), value) } {
                    return Ok(());
                }
                guarded(|| simple::set(&made, Some(value)))
            }),
        };
        Some(filled.map(|()| made.into_obj()))
    }
}

/// Runs what may fail in any way, a panic included.
#[cold]
fn guarded(body: impl FnOnce() -> Res<()>) -> Res<()> {
    py::guard(Err(Raised), || Ok(body()))
}

#[inline]
fn fill_members(
    places: &[Place],
    made: &Data,
    given: &[Obj],
    names: &[Obj],
    named: &[Obj],
) -> Option<Res<()>> {
    let (first, rest) = places.split_at(given.len());
    // A name of no member, or of one that has its value, is for `__init__` to judge.
    let find = |name: &Obj| rest.iter().find(|place| place.name.is(name));
    if names.iter().any(|name| find(name).is_none()) {
        return None;
    }
    for (place, value) in first.iter().zip(given) {
        if let Err(Raised) = place.set(made, value) {
            return Some(Err(Raised));
        }
    }
    for (name, value) in names.iter().zip(named) {
        let place = find(name)?;
        if let Err(Raised) = place.set(made, value) {
            return Some(Err(Raised));
        }
    }
    Some(Ok(()))
}

fn fill_items(store: Store, size: usize, made: &Data, given: &[Obj]) -> Res<()> {
    for (index, value) in given.iter().enumerate() {
        // SAFETY: no more values than items, which are of this size.
        if !unsafe { store.put(made.memory().add(index * size), value) } {
            guarded(|| array::assign_item(made, index as isize, Some(value)))?;
        }
    }
    Ok(())
}

/// Whether a class is made, filled and assigned to by our own functions.
fn is_own(ty: *mut ffi::PyTypeObject, base: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: living types.
    unsafe {
        let set = (*ty).tp_setattro.map(|slot| slot as usize);
        let init = (*ty).tp_init.map(|slot| slot as usize);
        let new = (*ty).tp_new.map(|slot| slot as usize);
        set == Some(ffi::PyObject_GenericSetAttr as *const () as usize)
            && init == (*base).tp_init.map(|slot| slot as usize)
            && new == Some(module::new_entry as *const () as usize)
    }
}

/// Whether a record or pointer class makes its instances by our own functions, so that one without
/// values is empty.
pub(crate) fn is_plain(class: &Obj) -> bool {
    let (types, ty) = (types(), class.ptr().cast::<ffi::PyTypeObject>());
    let address = |slot: Option<ffi::newfunc>| slot.map(|slot| slot as usize);
    let init = |slot: Option<ffi::initproc>| slot.map(|slot| slot as usize);
    // SAFETY: living types.
    unsafe {
        let own = |base: *mut ffi::PyTypeObject| {
            init((*ty).tp_init) == init((*base).tp_init)
                && address((*ty).tp_new) == address((*base).tp_new)
        };
        let called = (*class.type_ptr()).tp_call.map(|slot| slot as usize);
        called == (*py::type_type()).tp_call.map(|slot| slot as usize)
            && [types.pointer, types.structure, types.union]
                .into_iter()
                .any(own)
    }
}

/// The members of a type and its bases in the order of their values, as `owner` sees them.
fn collect(owner: &Obj, ty: &Obj, places: &mut Vec<Place>) -> Option<()> {
    // SAFETY: a living type; its base lives with it.
    let base = unsafe { Obj::borrowed((*ty.ptr().cast::<ffi::PyTypeObject>()).tp_base.cast()) };
    if let Some(base) = base.filter(|base| Info::of_type(base).is_some()) {
        collect(owner, &base, places)?;
    }
    let Some(fields) = quiet(py::own_attribute(ty, name!(c"_fields_")))? else {
        return Some(());
    };
    for number in 0..quiet(fields.len())? {
        let name = quiet(fields.item(number).and_then(|pair| pair.item(0)))?.interned();
        let field = lookup(owner, &name)?;
        let member = Field::of(&field)?.member().clone();
        let store = match member.access {
            Some(access) if member.bits.is_none() => Store::of(access),
            _ => Store::Other,
        };
        places.push(Place {
            name,
            store,
            member,
        });
    }
    Some(())
}

/// Without the fast way the same error is found again, where it is to be raised.
fn quiet<T>(result: Res<T>) -> Option<T> {
    result.inspect_err(|Raised| py::clear_error()).ok()
}

/// What the type has under a name; nothing is raised.
fn lookup(ty: &Obj, name: &Obj) -> Option<Obj> {
    // SAFETY: a living type and a name; the result is borrowed from the type's dict.
    unsafe { Obj::borrowed(_PyType_Lookup(ty.ptr().cast(), name.ptr())) }
}

// Not bound by pyo3; it is how the interpreter itself finds attributes of types.
unsafe extern "C" {
    fn _PyType_Lookup(ty: *mut ffi::PyTypeObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject;
}

impl Store {
    /// How values of a simple type are written.
    pub(crate) fn of(access: Access) -> Store {
        match access.code {
            _ if access.swapped => Store::Other,
            b'd' => Store::Double,
            b'P' => Store::Address,
            _ if Width::of(access).is_some() => Store::Integer(access.size()),
            _ => Store::Other,
        }
    }

    fn is_known(self) -> bool {
        !matches!(self, Store::Other)
    }

    /// Writes an exact value of the commonest types; otherwise nothing, and gives back `false`.
    ///
    /// # Safety
    /// `at` has room for a value of the simple type.
    #[inline(always)]
    pub(crate) unsafe fn put(self, at: *mut u8, value: &Obj) -> bool {
        match self {
            Store::Double => {
                let Some(number) = number::exact_float(value) else {
                    return false;
                };
                // SAFETY: the caller's promise.
                unsafe { at.cast::<f64>().write_unaligned(number) };
            }
            Store::Integer(size) => {
                let Some(number) = number::small_int(value).filter(|_| !strict::is_on()) else {
                    return false;
                };
                // SAFETY: as above.
                unsafe {
                    match size {
                        1 => at.write(number as u8),
                        2 => at.cast::<u16>().write_unaligned(number as u16),
                        4 => at.cast::<u32>().write_unaligned(number as u32),
                        _ => at.cast::<u64>().write_unaligned(number as u64),
                    }
                }
            }
            Store::Address => {
                let Some(address) = number::exact_address(value) else {
                    return false;
                };
                // SAFETY: as above.
                unsafe { at.cast::<u64>().write_unaligned(address) };
            }
            Store::Other => return false,
        }
        true
    }
}

impl Place {
    #[inline]
    fn set(&self, instance: &Data, value: &Obj) -> Res<()> {
        let at = instance.memory().wrapping_add(self.member.offset);
        // SAFETY: the member lies inside the instance's memory.
        if unsafe { self.store.put(at, value) } {
            return Ok(());
        }
        guarded(|| self.member.set(instance, value))
    }
}
