//! Instances: C memory with a Python object around it, and what that memory keeps alive.
//!
//! An instance owns its memory, or it is a window into the memory of its base (`b_base`), or it
//! sits at an address that somebody else vouches for. The instance at the end of the base chain
//! holds `b_objects`, the keepalives of everything that was stored below it.

use std::ffi::{c_int, c_void};
use std::rc::Rc;

use pyo3::ffi;

use crate::info::{self, FINAL, Info, Kind, Slot};
use crate::py::{self, Exc, Obj, Raised, Res, api, raise};
use crate::types::types;
use crate::value::{Access, Bits};

/// Small values live inside the instance.
const INLINE: usize = 16;

#[repr(C, align(16))]
struct Inline([u8; INLINE]);

/// What every instance starts with; the layout is private to this module.
#[repr(C)]
pub(crate) struct Head {
    base: ffi::PyObject,
    b_ptr: *mut u8,
    b_needsfree: c_int,
    b_base: *mut ffi::PyObject,
    b_size: usize,
    b_length: usize,
    b_index: isize,
    b_objects: *mut ffi::PyObject,
    inline: Inline,
}

impl Head {
    /// The address of the C memory.
    #[inline]
    pub(crate) fn memory(&self) -> *mut u8 {
        self.b_ptr
    }

    /// Whether the end of the instance is not the end of others, which might end others in turn. What
    /// a dict ends is bounded by the dict itself.
    #[inline(always)]
    pub(crate) fn ends_alone(&self) -> bool {
        // SAFETY: each place holds NULL or a living object.
        unsafe {
            (self.b_base.is_null() || ffi::Py_REFCNT(self.b_base) > 1)
                && (self.b_objects.is_null() || ffi::PyDict_CheckExact(self.b_objects) != 0)
        }
    }

    /// Whether there is nothing to let go: no base, no keepalives, no memory but inside the instance.
    #[inline(always)]
    pub(crate) fn holds_nothing(&self) -> bool {
        (self.b_base.addr() | self.b_objects.addr()) == 0
            && self.b_ptr.addr() == (&raw const self.inline).addr()
    }

    /// Makes everything zero but the address of the memory, once there is nothing to let go.
    #[inline(always)]
    pub(crate) fn wipe(&mut self) {
        self.b_needsfree = 0;
        self.b_index = 0;
        self.inline = Inline([0; INLINE]);
    }

    /// Lets everything go.
    ///
    /// # Safety
    /// The instance is dying, and nobody else knows it.
    #[inline(always)]
    pub(crate) unsafe fn release(&mut self) {
        // SAFETY: the instance owns what its places hold, and its memory if it says so.
        unsafe {
            for place in [&raw mut self.b_objects, &raw mut self.b_base] {
                drop(Obj::owned(place.replace(std::ptr::null_mut())));
            }
            if self.b_needsfree != 0 && self.b_ptr != (&raw mut self.inline).cast() {
                ffi::PyMem_Free(self.b_ptr.cast());
            }
        }
    }
}

/// An [`Obj`] that is known to be an instance of `_CData`.
#[repr(transparent)]
#[derive(Clone, Debug)]
pub(crate) struct Data(Obj);

impl std::ops::Deref for Data {
    type Target = Obj;

    fn deref(&self) -> &Obj {
        &self.0
    }
}

/// Whether an object is an instance of one of our types.
#[inline]
pub(crate) fn is_data(object: &Obj) -> bool {
    info::is_data(object)
}

impl Data {
    /// The object as an instance, if it is one.
    pub(crate) fn of(object: &Obj) -> Option<&Data> {
        // SAFETY: Data is a transparent wrapper, and the type was checked.
        is_data(object).then(|| unsafe { &*(&raw const *object).cast::<Data>() })
    }

    /// The `self` of a slot or a property of `Array`, `Structure`, `Union`, `_Pointer` or
    /// `_SimpleCData`.
    ///
    /// # Safety
    /// Python has checked that it is an instance of the class that the slot or property belongs to.
    #[inline(always)]
    pub(crate) unsafe fn of_self(object: &Obj) -> &Data {
        // SAFETY: Data is a transparent wrapper, and the caller vouches for the type.
        unsafe { &*(&raw const *object).cast::<Data>() }
    }

    /// The same for the `self` of a slot of `_CData`, where Python has checked the type.
    pub(crate) fn expect(object: &Obj) -> Res<&Data> {
        Data::of(object).ok_or_else(|| raise(Exc::Type, "expected a ctypes instance"))
    }

    pub(crate) fn into_obj(self) -> Obj {
        self.0
    }

    pub(crate) fn head(&self) -> *mut Head {
        self.0.ptr().cast()
    }

    /// The address of the C memory.
    pub(crate) fn memory(&self) -> *mut u8 {
        // SAFETY: a living instance.
        unsafe { (*self.head()).b_ptr }
    }

    /// Its size in bytes.
    pub(crate) fn size(&self) -> usize {
        // SAFETY: a living instance.
        unsafe { (*self.head()).b_size }
    }

    pub(crate) fn length(&self) -> usize {
        // SAFETY: a living instance.
        unsafe { (*self.head()).b_length }
    }

    fn base(&self) -> Option<Data> {
        // SAFETY: a living instance; its base is NULL or a living instance.
        unsafe { Obj::borrowed((*self.head()).b_base) }.map(Data)
    }

    /// The pointer that a pointer or function instance holds.
    pub(crate) fn pointer(&self) -> *mut u8 {
        // SAFETY: callers ask this of instances whose memory is a pointer.
        unsafe { self.memory().cast::<*mut u8>().read_unaligned() }
    }

    pub(crate) fn set_pointer(&self, value: *mut u8) {
        // SAFETY: as for `pointer`.
        unsafe { self.memory().cast::<*mut u8>().write_unaligned(value) }
    }

    /// The instance that holds the keepalives, with its container made if it needs one.
    fn container(&self) -> Res<Data> {
        let mut holder = self.clone();
        while let Some(base) = holder.base() {
            holder = base;
        }
        // SAFETY: a living instance; the new container is handed over to it.
        unsafe {
            let head = holder.head();
            if (*head).b_objects.is_null() {
                let container = if (*head).b_length > 0 {
                    py::dict()?
                } else {
                    py::none()
                };
                (*head).b_objects = container.into_ptr();
            }
        }
        Ok(holder)
    }

    /// What is kept alive by this instance: a dict, an object, or None.
    pub(crate) fn kept(&self) -> Res<Obj> {
        let holder = self.container()?;
        // SAFETY: `container` has set it.
        Ok(unsafe { Obj::borrowed((*holder.head()).b_objects) }.unwrap_or_else(py::none))
    }

    /// Keeps `object` alive under `index` of this instance.
    pub(crate) fn keep(&self, index: isize, object: Obj) -> Res<()> {
        if object.is_none() {
            return Ok(());
        }
        let holder = self.container()?;
        let objects = holder.kept()?;
        if api!(ffi::PyDict_CheckExact(objects.ptr())) != 0 {
            return objects.dict_set(&self.key(index)?, &object);
        }
        // SAFETY: the holder owns the reference in this place; the old one is dropped last.
        let old = unsafe {
            let place = &raw mut (*holder.head()).b_objects;
            Obj::owned(place.replace(object.into_ptr()))
        };
        drop(old);
        Ok(())
    }

    /// Lets a `cast` result keep alive whatever its source does, and the source itself. Both use one
    /// dict from now on.
    pub(crate) fn share_keepalives(&self, source: &Data) -> Res<()> {
        source.container()?;
        // SAFETY: two living instances; each owns the reference in its place.
        unsafe {
            let theirs = &raw mut (*source.head()).b_objects;
            if *theirs == ffi::Py_None() {
                drop(Obj::owned(theirs.replace(py::dict()?.into_ptr())));
            }
            let Some(shared) = Obj::borrowed(*theirs) else {
                return Ok(());
            };
            if ffi::PyDict_CheckExact(shared.ptr()) != 0 {
                shared.dict_set(&py::address(source.ptr().cast())?, source)?;
            }
            let ours = &raw mut (*self.head()).b_objects;
            drop(Obj::owned(ours.replace(shared.into_ptr())));
        }
        Ok(())
    }

    /// A name for an element: its index and those of the windows that lead to it.
    fn key(&self, index: isize) -> Res<Obj> {
        use std::fmt::Write as _;
        const DEEPEST: usize = 64;
        let mut text = format!("{index:x}");
        let mut at = self.clone();
        let mut depth = 0;
        while let Some(base) = at.base() {
            // SAFETY: a living instance.
            let step = unsafe { (*at.head()).b_index };
            if write!(text, ":{step:x}").is_err() || depth == DEEPEST {
                return Err(raise(Exc::Value, "ctypes object structure too deep"));
            }
            depth += 1;
            at = base;
        }
        py::string(&text)
    }

    /// Writes a value to `at`, a place inside this instance, and keeps what must live.
    ///
    /// # Safety
    /// `at` is memory of `ty` inside this instance's memory.
    pub(crate) unsafe fn assign(
        &self,
        ty: &Obj,
        access: Option<Access>,
        value: &Obj,
        element: Element,
        at: *mut u8,
    ) -> Res<()> {
        // SAFETY: the caller's promise.
        let keep = unsafe { write(ty, access, value, element.size, element.bits, at)? };
        match keep {
            Some(object) => self.keep(element.index, object),
            None => Ok(()),
        }
    }

    /// Makes `size` bytes the instance's own memory.
    pub(crate) fn resize(&self, size: usize) -> Res<()> {
        let info =
            Info::of_instance(self).ok_or_else(|| raise(Exc::Type, "expected ctypes instance"))?;
        if size < info.size {
            return Err(raise(Exc::Value, format!("minimum size is {}", info.size)));
        }
        let head = self.head();
        // SAFETY: a living instance that owns its memory; the new block is zeroed and large enough
        // for what is copied, and the old one is freed only if it was a block.
        unsafe {
            if (*head).b_needsfree == 0 {
                return Err(raise(
                    Exc::Value,
                    "Memory cannot be resized because this object doesn't own it",
                ));
            }
            let inline = self.is_inline();
            if size <= INLINE {
                // Every instance has room for this much.
                (*head).b_size = size;
                return Ok(());
            }
            let block = ffi::PyMem_Calloc(1, size).cast::<u8>();
            if block.is_null() {
                return Err(raise(Exc::Memory, "no memory"));
            }
            block.copy_from_nonoverlapping((*head).b_ptr, (*head).b_size.min(size));
            if !inline {
                ffi::PyMem_Free((*head).b_ptr.cast());
            }
            (*head).b_ptr = block;
            (*head).b_size = size;
        }
        Ok(())
    }

    fn is_inline(&self) -> bool {
        // SAFETY: a living instance.
        unsafe { (*self.head()).b_ptr == (&raw mut (*self.head()).inline).cast() }
    }
}

/// Which element of an instance is written.
#[derive(Clone, Copy)]
pub(crate) struct Element {
    pub(crate) index: isize,
    pub(crate) size: usize,
    pub(crate) bits: Option<Bits>,
}

/// A subclass of a simple type stays an object of its own where the simple type itself becomes a
/// plain Python value.
pub(crate) fn is_simple_subclass(ty: &Obj) -> bool {
    if !ty.has_type(types().simple_meta) {
        return false;
    }
    // SAFETY: a living type object.
    unsafe { (*ty.ptr().cast::<ffi::PyTypeObject>()).tp_base != types().simple }
}

/// The record of a type of which instances can be made.
pub(crate) fn concrete(ty: &Obj) -> Res<Rc<Info>> {
    Info::of_type(ty).ok_or_else(|| raise(Exc::Type, "abstract class"))
}

/// Where the memory of a new instance is.
enum Memory {
    Own,
    At(*mut u8),
    /// Inside the memory of another instance, as its element with this index.
    Inside(Data, isize, *mut u8),
}

/// A new instance.
#[inline(always)]
fn allocate(ty: &Obj, slot: &Slot, shape: Shape, memory: Memory) -> Res<Data> {
    if !slot.has_data {
        // A metaclass of ours on a class that has nothing to do with `_CData`.
        return Err(raise(Exc::Type, "expected a ctypes instance"));
    }
    let made = Data(crate::allocation::allocate(ty, slot)?);
    complete(made, shape, memory)
}

/// Fills in a new instance.
#[inline(always)]
fn complete(made: Data, shape: Shape, memory: Memory) -> Res<Data> {
    let head = made.head();
    // SAFETY: a new object of at least the size of Head, all zero but for the address of its memory,
    // which is set before anyone sees it.
    unsafe {
        (*head).b_size = shape.size;
        (*head).b_length = shape.length;
        match memory {
            Memory::At(at) => (*head).b_ptr = at,
            Memory::Inside(base, index, at) => {
                (*head).b_ptr = at;
                (*head).b_base = base.into_obj().into_ptr();
                (*head).b_index = index;
            }
            Memory::Own if shape.size <= INLINE => {
                (*head).b_ptr = (&raw mut (*head).inline).cast();
                (*head).b_needsfree = 1;
            }
            Memory::Own => {
                (*head).b_ptr = ffi::PyMem_Calloc(1, shape.size).cast();
                (*head).b_needsfree = 1;
            }
        }
        crate::allocation::track(&made);
        if (*head).b_ptr.is_null() && (*head).b_needsfree != 0 {
            return Err(raise(Exc::Memory, "no memory"));
        }
    }
    if shape.is_function {
        crate::function::make_callable(&made)?;
    }
    Ok(made)
}

/// What an instance is made by: no more than that, so that the record may change meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    size: usize,
    length: usize,
    is_function: bool,
}

impl Shape {
    #[inline(always)]
    pub(crate) fn of(info: &Info) -> Shape {
        Shape {
            size: info.size,
            length: info.length,
            is_function: info.kind == Kind::Function,
        }
    }
}

/// The slot of a type, and how its instances are made, with which the type becomes final.
#[inline(always)]
fn made_by(ty: &Obj) -> Res<(&Slot, Shape)> {
    let abstract_class = || raise(Exc::Type, "abstract class");
    let slot = info::slot_of(ty).ok_or_else(abstract_class)?;
    // SAFETY: the interpreter is held, and nothing here replaces the record.
    let info = unsafe { (*slot.info.as_ptr()).as_deref() }.ok_or_else(abstract_class)?;
    info.set(FINAL);
    Ok((slot, Shape::of(info)))
}

/// `tp_new` of all types: an instance with zeroed memory of its own.
pub(crate) fn new(ty: &Obj, _arguments: &Obj, _keywords: Option<&Obj>) -> Res<Obj> {
    new_instance(ty).map(Data::into_obj)
}

/// An instance with zeroed memory of its own.
#[inline]
pub(crate) fn new_instance(ty: &Obj) -> Res<Data> {
    let (slot, shape) = made_by(ty)?;
    allocate(ty, slot, shape, Memory::Own)
}

/// The same for a final type whose slot and shape are known.
#[inline(always)]
pub(crate) fn new_of(ty: &Obj, slot: &Slot, shape: Shape) -> Res<Data> {
    allocate(ty, slot, shape, Memory::Own)
}

/// The same where memory was kept of an instance of the type, so that no Python code runs.
#[inline(always)]
pub(crate) fn renewed(ty: &Obj, slot: &Slot, shape: Shape) -> Option<Res<Data>> {
    let made = Data(crate::allocation::reuse(ty, slot)?);
    Some(complete(made, shape, Memory::Own))
}

/// A new record of a final type with these contents, of at most two words.
///
/// # Safety
/// `ty` is a record type that has a description, and `size` its size.
#[inline(always)]
pub(crate) unsafe fn record_of_words(ty: &Obj, size: usize, words: (u64, u64)) -> Res<Obj> {
    // SAFETY: the caller's promise; nothing here replaces the description.
    let (slot, length) = unsafe {
        let slot = info::slot_in(ty.ptr().cast());
        let info = (*slot.info.as_ptr()).as_deref();
        (slot, info.map_or(0, |info| info.length))
    };
    let shape = Shape {
        size,
        length,
        is_function: false,
    };
    let made = match renewed(ty, slot, shape) {
        Some(made) => made?,
        None => new_instance(ty)?,
    };
    // SAFETY: the instance has the size of its type.
    unsafe { clib::registers::write_record(words, made.memory(), size) };
    Ok(made.into_obj())
}

/// An instance that is a window to `at`, inside the memory of `base`.
///
/// # Safety
/// `at` is memory of `ty` that lives as long as `base`.
pub(crate) unsafe fn window(ty: &Obj, base: &Data, index: isize, at: *mut u8) -> Res<Data> {
    let (slot, shape) = made_by(ty)?;
    allocate(ty, slot, shape, Memory::Inside(base.clone(), index, at))
}

/// An instance with its own copy of the memory at `at`.
///
/// # Safety
/// `at` is memory of `ty`.
pub(crate) unsafe fn copy(ty: &Obj, at: *const u8) -> Res<Data> {
    let made = new_instance(ty)?;
    // SAFETY: the caller's promise; the new memory has the size of the type.
    unsafe { made.memory().copy_from(at, made.size()) };
    Ok(made)
}

/// An instance at an address for which somebody else vouches.
pub(crate) fn at_address(ty: &Obj, at: *mut u8) -> Res<Data> {
    let (slot, shape) = made_by(ty)?;
    allocate(ty, slot, shape, Memory::At(at))
}

/// The Python value of memory of type `ty`: a plain value for the simple types, else a window.
///
/// # Safety
/// `at` is memory of `ty` that lives as long as `base`.
pub(crate) unsafe fn read(ty: &Obj, base: &Data, index: isize, at: *mut u8) -> Res<Obj> {
    if let Some(info) = Info::of_type(ty)
        && let Some(access) = info.plain
    {
        // SAFETY: the caller's promise.
        return unsafe { access.get(at, info.size, None) };
    }
    // SAFETY: the caller's promise.
    unsafe { window(ty, base, index, at).map(Data::into_obj) }
}

/// Writes `value` to memory of type `ty`; the result is what must be kept alive.
///
/// # Safety
/// `at` is memory of `ty` with `size` bytes.
pub(crate) unsafe fn write(
    ty: &Obj,
    access: Option<Access>,
    value: &Obj,
    size: usize,
    bits: Option<Bits>,
    at: *mut u8,
) -> Res<Option<Obj>> {
    if let Some(access) = access {
        // SAFETY: the caller's promise.
        return unsafe { access.set(at, value, size, bits) };
    }
    let Some(source) = Data::of(value) else {
        // SAFETY: the caller's promise.
        return unsafe { write_plain(ty, value, size, at) };
    };
    if value.is_instance(ty)? {
        // SAFETY: an instance of the type has at least its size.
        unsafe { at.copy_from(source.memory(), size) };
        return source.kept().map(Some);
    }
    if ty.has_type(types().pointer_meta) && value.has_type(types().array) {
        return write_array_as_pointer(ty, source, at).map(Some);
    }
    Err(incompatible(ty, value))
}

/// Assigns what is no instance: a plain value of a simple type, a tuple of initialisers, None.
unsafe fn write_plain(ty: &Obj, value: &Obj, size: usize, at: *mut u8) -> Res<Option<Obj>> {
    if let Some(info) = Info::of_type(ty)
        && let Some(access) = info.access
    {
        // SAFETY: the caller of `write` vouches for the memory.
        return unsafe { access.set(at, value, size, None) };
    }
    let name = py::type_name(ty.ptr().cast());
    if value.is_tuple() {
        let made = ty.call_tuple(value).map_err(|Raised| {
            let class = api!(Obj::borrowed(ffi::PyExc_RuntimeError)).expect("a built-in class");
            py::extend_error(&class, &format!("({name}) "))
        })?;
        // SAFETY: as above; the new value is an instance, so this recursion is the last.
        return unsafe { write(ty, None, &made, size, None, at) };
    }
    if ty.has_type(types().pointer_meta) && value.is_none() {
        // SAFETY: memory of a pointer type.
        unsafe {
            at.cast::<*mut c_void>()
                .write_unaligned(std::ptr::null_mut())
        };
        return Ok(None);
    }
    let given = value.type_name();
    Err(raise(
        Exc::Type,
        format!("expected {name} instance, got {given}"),
    ))
}

/// An array where a pointer to its items is wanted. The array itself is kept alive, not only what
/// it keeps.
fn write_array_as_pointer(ty: &Obj, array: &Data, at: *mut u8) -> Res<Obj> {
    let item = Info::of_instance(array).and_then(|info| info.proto.clone());
    let wanted = Info::of_type(ty).and_then(|info| info.proto.clone());
    match (item, wanted) {
        (Some(item), Some(wanted)) if item.is(&wanted) => {}
        _ => return Err(incompatible(ty, array)),
    }
    // SAFETY: memory of a pointer type, as the caller has checked.
    unsafe { at.cast::<*mut u8>().write_unaligned(array.memory()) };
    py::tuple(&[&array.kept()?, array])
}

fn incompatible(ty: &Obj, value: &Obj) -> Raised {
    let (given, wanted) = (value.type_name(), py::type_name(ty.ptr().cast()));
    raise(
        Exc::Type,
        format!("incompatible types, {given} instance instead of {wanted} instance"),
    )
}

/// `tp_dealloc` of all instances that hold nothing beyond [`Head`].
pub(crate) unsafe extern "C" fn dealloc(slf: *mut ffi::PyObject) {
    // SAFETY: Python calls this once for a dying instance.
    unsafe {
        crate::tracking::untrack(slf);
        clear(slf);
        if let Some(free) = (*ffi::Py_TYPE(slf)).tp_free {
            free(slf.cast());
        }
    }
}

/// `tp_clear`: drops the keepalives, the own memory and the base.
pub(crate) unsafe extern "C" fn clear(slf: *mut ffi::PyObject) -> c_int {
    let head = slf.cast::<Head>();
    // SAFETY: called by the collector or by dealloc with a living instance; each place is emptied
    // before its content is released, since releasing can run Python code.
    unsafe {
        drop(Obj::owned(
            (&raw mut (*head).b_objects).replace(std::ptr::null_mut()),
        ));
        let block = (&raw mut (*head).b_ptr).replace(std::ptr::null_mut());
        if (*head).b_needsfree != 0 && block != (&raw mut (*head).inline).cast() {
            ffi::PyMem_Free(block.cast());
        }
        (*head).b_needsfree = 0;
        drop(Obj::owned(
            (&raw mut (*head).b_base).replace(std::ptr::null_mut()),
        ));
    }
    0
}

/// `tp_traverse`.
pub(crate) unsafe extern "C" fn traverse(
    slf: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    let head = slf.cast::<Head>();
    // SAFETY: the collector calls this with a living instance.
    unsafe {
        for object in [(*head).b_objects, (*head).b_base] {
            if !object.is_null() {
                let status = visit(object, argument);
                if status != 0 {
                    return status;
                }
            }
        }
    }
    0
}

/// The attributes `_b_base_`, `_b_needsfree_` and `_objects`.
pub(crate) fn members() -> Vec<ffi::PyMemberDef> {
    let member = |name: &'static std::ffi::CStr, kind, offset: usize| ffi::PyMemberDef {
        name: name.as_ptr(),
        type_code: kind,
        offset: offset as isize,
        flags: READONLY,
        doc: std::ptr::null(),
    };
    vec![
        member(c"_b_base_", T_OBJECT, std::mem::offset_of!(Head, b_base)),
        member(
            c"_b_needsfree_",
            T_INT,
            std::mem::offset_of!(Head, b_needsfree),
        ),
        member(c"_objects", T_OBJECT, std::mem::offset_of!(Head, b_objects)),
    ]
}

/// Member kinds of the C API: a C `int`, and an object that reads as None when it is NULL.
const T_INT: c_int = 1;
pub(crate) const T_OBJECT: c_int = 6;
pub(crate) const READONLY: c_int = 1;

/// Whether a record's values contain pointers, so that they mean nothing elsewhere.
pub(crate) fn holds_pointers(info: &Info) -> bool {
    info.has(info::IS_POINTER | info::HAS_POINTER)
}

/// The kind of a type object, if it is one of ours and concrete.
pub(crate) fn kind_of(ty: &Obj) -> Option<Kind> {
    Info::of_type(ty).map(|info| info.kind)
}
