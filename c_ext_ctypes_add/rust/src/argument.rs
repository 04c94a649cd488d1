//! One argument on its way into C, and the objects that `from_param` and `byref` hand around.

use std::ffi::{c_int, c_void};

use clib::ctype::{CType, Primitive};
use pyo3::ffi;

use crate::allocation::Spare;
use crate::cdata::{Data, READONLY, T_OBJECT};
use crate::entry;
use crate::info::{Info, Kind};
use crate::meta::recursive;
use crate::py::{self, Exc, Obj, Res, api, name, raise};
use crate::tracking;
use crate::types::{Plan, types};
use crate::value::{self, Access};

/// Room for any value that is not a struct.
#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub(crate) struct Word(pub(crate) [u8; 16]);

impl Word {
    pub(crate) fn pointer(value: *const c_void) -> Word {
        let mut word = Word([0; 16]);
        word.0[..size_of::<*const c_void>()].copy_from_slice(&(value as usize).to_ne_bytes());
        word
    }

    fn as_pointer(&self) -> *mut c_void {
        let mut image = [0; size_of::<usize>()];
        image.copy_from_slice(&self.0[..size_of::<usize>()]);
        usize::from_ne_bytes(image) as *mut c_void
    }
}

/// A value as C gets it.
pub(crate) struct Passed {
    pub(crate) ctype: CType,
    pub(crate) place: Place,
    /// What must live until the call is over.
    pub(crate) _keep: Option<Obj>,
}

/// Where the value lies.
pub(crate) enum Place {
    Here(Word),
    /// A struct in the memory of the instance that is kept.
    There(*mut u8),
}

impl Passed {
    fn pointer(value: *const c_void, keep: Option<Obj>) -> Passed {
        Passed {
            ctype: CType::POINTER,
            place: Place::Here(Word::pointer(value)),
            _keep: keep,
        }
    }
}

/// Converts what `from_param` gave, or an argument without a declared type.
pub(crate) fn convert(value: &Obj, position: usize) -> Res<Passed> {
    if let Some(argument) = Argument::of(value) {
        return Ok(argument.passed());
    }
    if let Some(data) = Data::of(value) {
        return pass_instance(data);
    }
    if value.is_none() {
        return Ok(Passed::pointer(std::ptr::null(), None));
    }
    if value.is_int() {
        let mut word = Word([0; 16]);
        word.0[..4].copy_from_slice(&value::undeclared_int(value)?.to_ne_bytes());
        let ctype = CType::Primitive(Primitive::Int);
        return Ok(Passed {
            ctype,
            place: Place::Here(word),
            _keep: None,
        });
    }
    if value.is_bytes() {
        let text = value.as_bytes().as_ptr().cast();
        return Ok(Passed::pointer(text, Some(value.clone())));
    }
    if value.is_str() {
        let (text, owner) = value::wide_copy(value)?;
        return Ok(Passed::pointer(text.cast(), Some(owner)));
    }
    if let Some(stand_in) = value.getattr_opt(name!(c"_as_parameter_"))? {
        return recursive(|| convert(&stand_in, position));
    }
    Err(raise(
        Exc::Type,
        format!("Don't know how to convert parameter {position}"),
    ))
}

/// An instance by its kind: arrays become pointers, structs travel by value.
fn pass_instance(data: &Data) -> Res<Passed> {
    let Some(info) = Info::of_instance(data) else {
        return Err(raise(Exc::Type, "abstract class"));
    };
    let keep = Some(Obj::clone(data));
    Ok(match info.kind {
        Kind::Array => Passed::pointer(data.memory().cast(), keep),
        Kind::Pointer | Kind::Function => Passed::pointer(data.pointer().cast(), keep),
        Kind::Struct | Kind::Union => Passed {
            ctype: info.ctype.clone(),
            place: Place::There(data.memory()),
            _keep: keep,
        },
        Kind::Simple => {
            let mut word = Word([0; 16]);
            // SAFETY: a simple value has at most 16 bytes.
            unsafe {
                word.0
                    .as_mut_ptr()
                    .copy_from(data.memory(), info.size.min(16))
            };
            Passed {
                ctype: info.ctype.clone(),
                place: Place::Here(word),
                _keep: keep,
            }
        }
    })
}

/// The instance layout of `CArgObject`.
#[repr(C)]
struct Layout {
    base: ffi::PyObject,
    obj: *mut ffi::PyObject,
    /// The type code; `P` for what `byref` makes, `V` for a struct.
    tag: u8,
    word: Word,
}

struct Global(Spare);

// SAFETY: used by code that holds the interpreter.
unsafe impl Sync for Global {}

/// The memory of dead parameters.
static SPARE: Global = Global(Spare::new());

/// An [`Obj`] that is known to be a `CArgObject`.
#[repr(transparent)]
pub(crate) struct Argument(Obj);

impl Argument {
    pub(crate) fn of(object: &Obj) -> Option<&Argument> {
        // No class derives from it.
        let matches = object.type_ptr() == types().argument;
        // SAFETY: Argument is a transparent wrapper, and the type was checked.
        matches.then(|| unsafe { &*(&raw const *object).cast::<Argument>() })
    }

    /// A parameter of type `code` with its value, keeping `object`.
    pub(crate) fn make(code: u8, word: Word, object: Option<Obj>) -> Res<Obj> {
        let ty = types().argument;
        // SAFETY: the type's instances have the size of Layout; the fields are set before anyone
        // sees the object.
        unsafe {
            let made = match SPARE.0.reuse() {
                Some(made) => made,
                None => {
                    let made = Obj::owned(ffi::PyType_GenericAlloc(ty, 0))?;
                    ffi::PyObject_GC_UnTrack(made.ptr().cast());
                    made
                }
            };
            let layout = made.ptr().cast::<Layout>();
            (*layout).obj = object.map_or(std::ptr::null_mut(), Obj::into_ptr);
            (*layout).tag = code;
            (*layout).word = word;
            tracking::track(made.ptr());
            Ok(made)
        }
    }

    /// A simple value of `access`, converted as its type does.
    pub(crate) fn simple(access: Access, size: usize, value: &Obj) -> Res<Obj> {
        let mut word = Word([0; 16]);
        // SAFETY: a simple value has at most 16 bytes.
        let keep = unsafe { access.set(word.0.as_mut_ptr(), value, size, None)? };
        Argument::make(access.code, word, keep)
    }

    fn layout(&self) -> &Layout {
        // SAFETY: a living CArgObject, never changed after it was made.
        unsafe { &*self.0.ptr().cast::<Layout>() }
    }

    /// What it keeps: the instance of `byref`, the object behind a simple value.
    pub(crate) fn object(&self) -> Option<&Obj> {
        // SAFETY: NULL or a reference that this object owns.
        unsafe { Obj::by_ref(&self.layout().obj) }
    }

    pub(crate) fn tag(&self) -> u8 {
        self.layout().tag
    }

    pub(crate) fn address(&self) -> *mut c_void {
        self.layout().word.as_pointer()
    }

    fn passed(&self) -> Passed {
        let layout = self.layout();
        let ctype = value::primitive(layout.tag).map_or(CType::POINTER, CType::Primitive);
        Passed {
            ctype,
            place: Place::Here(layout.word),
            _keep: Some(self.0.clone()),
        }
    }
}

/// `byref(instance, offset=0)`.
pub(crate) fn byref(_module: &Obj, given: &[Obj]) -> Res<Obj> {
    let (instance, offset) = match given {
        [instance] => (instance, 0),
        [instance, offset] => {
            let offset = api!(ffi::PyNumber_AsSsize_t(offset.ptr(), std::ptr::null_mut()));
            if offset == -1 && py::raised() {
                return Err(py::Raised);
            }
            (instance, offset)
        }
        given => {
            let given = given.len();
            return Err(raise(
                Exc::Type,
                format!("byref() takes 1 or 2 arguments ({given} given)"),
            ));
        }
    };
    let Some(data) = Data::of(instance) else {
        let given = instance.type_name();
        return Err(raise(
            Exc::Type,
            format!("byref() argument must be a ctypes instance, not '{given}'"),
        ));
    };
    byref_at(data, offset)
}

/// A pointer parameter to `offset` bytes into an instance.
pub(crate) fn byref_at(data: &Data, offset: isize) -> Res<Obj> {
    let at = data.memory().wrapping_offset(offset);
    Argument::make(b'P', Word::pointer(at.cast()), Some(Obj::clone(data)))
}

pub(crate) fn make_type() -> Res<*mut ffi::PyTypeObject> {
    let mut plan = Plan::new(
        if cfg!(Py_3_12) {
            c"_ctypes.CArgObject"
        } else {
            c"CArgObject"
        },
        &raw mut ffi::PyType_Type,
        std::ptr::null_mut(),
    );
    plan.size = size_of::<Layout>();
    plan.flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_GC;
    #[cfg(Py_3_10)]
    {
        plan.flags |= ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
    }
    plan.members = vec![ffi::PyMemberDef {
        name: c"_obj".as_ptr(),
        type_code: T_OBJECT,
        offset: std::mem::offset_of!(Layout, obj) as isize,
        flags: READONLY,
        doc: std::ptr::null(),
    }];
    plan.make(|made| {
        made.tp_dealloc = Some(dealloc);
        made.tp_traverse = Some(traverse);
        made.tp_clear = Some(clear);
        made.tp_repr = Some(repr_entry);
    })
}

entry::unary!(repr_entry, repr);

fn repr(slf: &Obj) -> Res<Obj> {
    let argument = Argument::of(slf).ok_or_else(|| raise(Exc::Type, "a CArgObject is needed"))?;
    let tag = argument.tag();
    let shown = char::from(tag);
    let text = match tag {
        b'z' | b'Z' | b'P' => {
            format!("<cparam '{shown}' ({:p})>", argument.address())
        }
        b'c' => {
            let byte = argument.layout().word.0[0];
            if byte == b'\'' || byte == b'\\' {
                format!("<cparam 'c' ('\\{}')>", char::from(byte))
            } else if byte.is_ascii_graphic() || byte == b' ' {
                format!("<cparam 'c' ('{}')>", char::from(byte))
            } else {
                format!("<cparam 'c' ('\\x{byte:02x}')>")
            }
        }
        _ if !b"bBhHiIlLqQfd".contains(&tag) => {
            format!("<cparam '{shown}' at {:p}>", slf.ptr())
        }
        _ => {
            let access = Access::native(tag);
            // SAFETY: the word holds a value of this code.
            let value = unsafe { access.get(argument.layout().word.0.as_ptr(), 16, None)? };
            format!("<cparam '{shown}' ({})>", value.repr()?)
        }
    };
    py::string(&text)
}

unsafe extern "C" fn dealloc(slf: *mut ffi::PyObject) {
    // SAFETY: Python calls this once for a dying object. What it holds is let go last, when the memory
    // may be used again.
    unsafe {
        tracking::untrack(slf);
        let object = (*slf.cast::<Layout>()).obj;
        if !SPARE.0.keep(slf) {
            ffi::PyObject_GC_Del(slf.cast());
        }
        drop(Obj::owned(object));
    }
}

unsafe extern "C" fn clear(slf: *mut ffi::PyObject) -> c_int {
    // SAFETY: a living object; the place is emptied before its content is released.
    unsafe {
        let place = &raw mut (*slf.cast::<Layout>()).obj;
        drop(Obj::owned(place.replace(std::ptr::null_mut())));
    }
    0
}

unsafe extern "C" fn traverse(
    slf: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the collector calls this with a living object.
    unsafe {
        let object = (*slf.cast::<Layout>()).obj;
        if object.is_null() {
            0
        } else {
            visit(object, argument)
        }
    }
}
