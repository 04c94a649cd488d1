//! Function objects: foreign functions, and callables that C can call.

use std::ffi::{CString, c_int, c_void};

use clib::ctype::CType;
use pyo3::ffi;

use crate::allocation;
use crate::call::{self, Cache};
use crate::callback;
use crate::cdata::{self, Data, Head};
use crate::direct::Direct;
use crate::entry;
use crate::info::{self, Info, Kind};
use crate::invoke::{forget_direct, vectorcall};
use crate::loader;
use crate::meta;
use crate::prototype;
use crate::py::{self, Exc, Obj, Raised, Res, api, name, raise};
use crate::simple::cdata_flags;
use crate::types::{Plan, empty, leak, types};

/// The calling convention of C; the only one on this platform.
pub(crate) const CDECL: u32 = 1;
/// The function uses the C API of Python: the interpreter stays held.
pub(crate) const PYTHON_API: u32 = 4;
/// Swap `errno` around the call.
pub(crate) const USE_ERRNO: u32 = 8;
/// Swap the error code of Windows; accepted and without meaning here.
pub(crate) const USE_LAST_ERROR: u32 = 16;

/// The instance layout: what a function object overrides of its type, NULL where it does not.
#[repr(C)]
pub(crate) struct Layout {
    head: Head,
    /// How it is called: by an entry for any shape, or for its own (`shapes`).
    pub(crate) vectorcall: Option<ffi::vectorcallfunc>,
    thunk: *mut ffi::PyObject,
    callable: *mut ffi::PyObject,
    pub(crate) argtypes: *mut ffi::PyObject,
    pub(crate) converters: *mut ffi::PyObject,
    pub(crate) restype: *mut ffi::PyObject,
    pub(crate) checker: *mut ffi::PyObject,
    pub(crate) errcheck: *mut ffi::PyObject,
    pub(crate) paramflags: *mut ffi::PyObject,
    pub(crate) cache: *mut Cache,
    /// The short way, a box; NULL when there is none (yet).
    pub(crate) direct: *mut Direct,
    /// Whether the short way was looked for since the last change.
    pub(crate) direct_known: bool,
}

pub(crate) fn make_meta() -> Res<*mut ffi::PyTypeObject> {
    meta::derived(c"_ctypes.PyCFuncPtrType").make(|made| {
        made.tp_init = Some(init_type_entry);
        made.tp_setattro = Some(set_type_attribute_entry);
    })
}

pub(crate) fn make_base() -> Res<*mut ffi::PyTypeObject> {
    let name = if cfg!(Py_3_13) {
        c"_ctypes.CFuncPtr"
    } else {
        c"_ctypes.PyCFuncPtr"
    };
    let mut plan = Plan::new(name, types().function_meta, types().data);
    plan.doc = Some(c"Function Pointer");
    plan.size = size_of::<Layout>();
    plan.flags = cdata_flags() | ffi::Py_TPFLAGS_HAVE_GC | ffi::Py_TPFLAGS_HAVE_VECTORCALL;
    plan.properties = vec![
        entry::property(c"errcheck", get_errcheck_entry, Some(set_errcheck_entry)),
        entry::property(c"restype", get_restype_entry, Some(set_restype_entry)),
        entry::property(c"argtypes", get_argtypes_entry, Some(set_argtypes_entry)),
    ];
    plan.make(|made| {
        made.tp_new = Some(new_entry);
        made.tp_call = Some(ffi::PyVectorcall_Call);
        made.tp_vectorcall_offset = std::mem::offset_of!(Layout, vectorcall) as isize;
        made.tp_repr = Some(repr_entry);
        made.tp_dealloc = Some(dealloc);
        made.tp_traverse = Some(traverse);
        made.tp_clear = Some(clear);
        let mut number: ffi::PyNumberMethods = empty();
        number.nb_bool = Some(truth_entry);
        made.tp_as_number = leak(number);
    })
}

entry::init!(init_type_entry, init_type);
entry::assign!(set_type_attribute_entry, set_type_attribute);
entry::ternary!(new_entry, new, ffi::PyTypeObject);
entry::getter!(get_errcheck_entry, get_errcheck);
entry::setter!(set_errcheck_entry, set_errcheck);
entry::getter!(get_restype_entry, get_restype);
entry::setter!(set_restype_entry, set_restype);
entry::getter!(get_argtypes_entry, get_argtypes);
entry::setter!(set_argtypes_entry, set_argtypes);
entry::unary!(repr_entry, repr);
entry::inquiry!(truth_entry, truth);

/// `__init__` of the metaclass: reads `_flags_`, `_argtypes_`, `_restype_`, `_check_retval_`.
fn init_type(ty: &Obj, arguments: &Obj, keywords: Option<&Obj>) -> Res<()> {
    meta::begin(ty, arguments, keywords)?;
    let size = size_of::<*mut c_void>();
    let mut info = Info::new(Kind::Function, size, size, CType::POINTER);
    info.format = c"X{}".to_owned();
    info.set(info::IS_POINTER);
    let flags = ty.getattr_opt(name!(c"_flags_"))?.filter(Obj::is_int);
    let Some(flags) = flags else {
        return Err(raise(
            Exc::Type,
            "class must define _flags_ which must be an integer",
        ));
    };
    info.call_flags = flags.to_isize()? as u32;
    if let Some(argtypes) = ty.getattr_opt(name!(c"_argtypes_"))? {
        if !argtypes.is_tuple() {
            return Err(raise(Exc::Type, "_argtypes_ must be a sequence of types"));
        }
        info.converters = Some(converters(&argtypes)?);
        info.argtypes = Some(argtypes);
    }
    if let Some(restype) = ty.getattr_opt(name!(c"_restype_"))? {
        if !is_restype(&restype) {
            return Err(raise(
                Exc::Type,
                "_restype_ must be a type, a callable, or None",
            ));
        }
        info.checker = restype.getattr_opt(name!(c"_check_retval_"))?;
        info.restype = Some(restype);
    }
    info.store(ty);
    allocation::enable(ty);
    inherit_vectorcall(ty)
}

/// `tp_setattro` of the metaclass: a class that gets a `__call__` is no longer called directly, nor
/// are those that derive from it. (From Python 3.12 on the interpreter sees to that itself.)
fn set_type_attribute(ty: &Obj, name: &Obj, value: Option<&Obj>) -> Res<()> {
    let raw = value.map_or(std::ptr::null_mut(), Obj::ptr);
    // SAFETY: `type` has a tp_setattro, which is the plain way to set an attribute of a class.
    unsafe {
        let set = (*py::type_type()).tp_setattro.ok_or(Raised)?;
        py::done(set(ty.ptr(), name.ptr(), raw))?;
    }
    if cfg!(not(Py_3_12)) && name.is_str() && name.as_str()? == "__call__" {
        call_indirectly(ty)?;
    }
    Ok(())
}

fn call_indirectly(ty: &Obj) -> Res<()> {
    // SAFETY: a living class of ours.
    unsafe {
        (*ty.ptr().cast::<ffi::PyTypeObject>()).tp_flags &= !ffi::Py_TPFLAGS_HAVE_VECTORCALL;
    }
    for derived in ty
        .getattr(name!(c"__subclasses__"))?
        .call_none()?
        .to_tuple()?
        .items()
    {
        call_indirectly(derived)?;
    }
    Ok(())
}

fn is_restype(object: &Obj) -> bool {
    object.is_none() || Info::of_type(object).is_some() || object.is_callable()
}

/// Up to Python 3.11 a class made by Python code does not inherit that its instances are called
/// directly. It may, as long as the class does not define `__call__`.
fn inherit_vectorcall(ty: &Obj) -> Res<()> {
    if cfg!(Py_3_12) {
        return Ok(());
    }
    let pointer = ty.ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: a living type that is just being made; `tp_call` tells whether a class of Python code
    // on the way here has replaced ours.
    unsafe {
        let ours = (*types().function).tp_call.map(|call| call as usize);
        if (*pointer).tp_call.map(|call| call as usize) == ours {
            (*pointer).tp_flags |= ffi::Py_TPFLAGS_HAVE_VECTORCALL;
        }
    }
    Ok(())
}

/// The `from_param` of each type.
fn converters(argtypes: &Obj) -> Res<Obj> {
    let count = argtypes.items().len();
    if count > call::MOST_ARGUMENTS {
        let most = call::MOST_ARGUMENTS;
        return Err(argument_error(&format!(
            "_argtypes_ has too many arguments ({count}), maximum is {most}"
        )));
    }
    py::tuple_of(count, |index| {
        let from_param = argtypes.items()[index].getattr_opt(name!(c"from_param"))?;
        from_param.ok_or_else(|| {
            let position = index + 1;
            let message = format!("item {position} in _argtypes_ has no from_param method");
            raise(Exc::Type, message)
        })
    })
}

pub(crate) fn argument_error(message: &str) -> Raised {
    // SAFETY: made at import and kept for ever.
    let class = unsafe { Obj::borrowed(types().argument_error) };
    if let (Some(class), Ok(text)) = (class, py::string(message)) {
        api!(ffi::PyErr_SetObject(class.ptr(), text.ptr()));
    }
    Raised
}

/// The fields of a function object, which callers vouch for: it is the `self` of its slots and
/// properties, or a new one.
pub(crate) fn layout(slf: &Obj) -> *mut Layout {
    debug_assert!(slf.has_type(types().function));
    slf.ptr().cast()
}

/// Reads one of the overriding objects.
macro_rules! own {
    ($slf:expr, $field:ident) => {{
        let layout = crate::function::layout($slf);
        // SAFETY: a living function object; the place holds NULL or a reference that it owns.
        unsafe { Obj::borrowed((*layout).$field) }
    }};
}

pub(crate) use own;

/// Replaces one of the overriding objects and gives the old one back. Dropping it may run any
/// Python code, so that is for the end, when the object is consistent again.
macro_rules! set_own {
    ($slf:expr, $field:ident, $value:expr) => {{
        let layout = layout($slf);
        let value: Option<Obj> = $value;
        // SAFETY: as above.
        unsafe {
            let new = value.map_or(std::ptr::null_mut(), Obj::into_ptr);
            Obj::owned((&raw mut (*layout).$field).replace(new)).ok()
        }
    }};
}

fn new(ty: &Obj, arguments: &Obj, _keywords: Option<&Obj>) -> Res<Obj> {
    let made = match arguments.items() {
        [] => bare(ty)?,
        [first, rest @ ..] if first.is_tuple() && rest.len() <= 1 => {
            from_library(ty, first, rest.first())?
        }
        [only] if only.is_int() => {
            let address = api!(ffi::PyLong_AsVoidPtr(only.ptr()));
            if address.is_null() && py::raised() {
                return Err(Raised);
            }
            let made = bare(ty)?;
            Data::expect(&made)?.set_pointer(address.cast());
            made
        }
        [only] if only.is_callable() => from_callable(ty, only)?,
        _ => {
            return Err(raise(
                Exc::Type,
                "argument must be callable or integer function address",
            ));
        }
    };
    Ok(made)
}

/// A NULL function pointer of the type.
fn bare(ty: &Obj) -> Res<Obj> {
    cdata::new_instance(ty).map(Data::into_obj)
}

/// Lets a new function object be called; every one passes through here.
pub(crate) fn make_callable(made: &Obj) -> Res<()> {
    let layout = layout(made);
    // SAFETY: a new function object.
    unsafe { (*layout).vectorcall = Some(vectorcall) };
    Ok(())
}

/// `(name, library)`, and maybe parameter flags.
fn from_library(ty: &Obj, pair: &Obj, paramflags: Option<&Obj>) -> Res<Obj> {
    let [name, library] = pair.items() else {
        return Err(raise(
            Exc::Type,
            "the first argument is a tuple of a name and a library",
        ));
    };
    let name_bytes = symbol_name(name)?;
    py::audit(c"ctypes.dlsym", &[library, name])?;
    let handle = loader::handle_of(library)?;
    let info = cdata::concrete(ty)?;
    let paramflags = paramflags.filter(|flags| !flags.is_none());
    if let (Some(flags), Some(argtypes)) = (paramflags, &info.argtypes) {
        prototype::check(argtypes, flags)?;
    }
    let address =
        loader::find(handle, &name_bytes).map_err(|message| raise(Exc::Attribute, message))?;
    if address.is_null() {
        return Err(raise(
            Exc::Attribute,
            format!(
                "function '{}' is defined as NULL",
                name_bytes.to_string_lossy()
            ),
        ));
    }
    let made = bare(ty)?;
    let data = Data::expect(&made)?;
    data.set_pointer(address.cast());
    drop(set_own!(&made, paramflags, paramflags.cloned()));
    data.keep(0, library.clone())?;
    Ok(made)
}

fn symbol_name(name: &Obj) -> Res<CString> {
    let bytes = if name.is_str() {
        name.as_str()?.as_bytes()
    } else if name.is_bytes() {
        name.as_bytes()
    } else {
        return Err(raise(
            Exc::Type,
            "function name must be string, bytes object or integer",
        ));
    };
    CString::new(bytes).map_err(|_| raise(Exc::Value, "embedded null character"))
}

fn from_callable(ty: &Obj, callable: &Obj) -> Res<Obj> {
    let info = cdata::concrete(ty)?;
    let Some(argtypes) = &info.argtypes else {
        return Err(raise(
            Exc::Type,
            "cannot construct instance of this class: no argtypes",
        ));
    };
    let (thunk, code) = callback::make(callable, &info, argtypes)?;
    let made = bare(ty)?;
    let data = Data::expect(&made)?;
    data.set_pointer(code.cast());
    drop(set_own!(&made, callable, Some(callable.clone())));
    drop(set_own!(&made, thunk, Some(thunk.clone())));
    data.keep(0, thunk)?;
    Ok(made)
}

fn get_errcheck(slf: &Obj) -> Res<Obj> {
    Ok(own!(slf, errcheck).unwrap_or_else(py::none))
}

fn set_errcheck(slf: &Obj, value: Option<&Obj>) -> Res<()> {
    if value.is_some_and(|value| !value.is_callable()) {
        return Err(raise(Exc::Type, "the errcheck attribute must be callable"));
    }
    let old = set_own!(slf, errcheck, value.cloned());
    forget_direct(layout(slf));
    drop(old);
    Ok(())
}

fn get_restype(slf: &Obj) -> Res<Obj> {
    let own = own!(slf, restype);
    let declared = || Info::of_instance(slf).and_then(|info| info.restype.clone());
    Ok(own.or_else(declared).unwrap_or_else(py::none))
}

fn set_restype(slf: &Obj, value: Option<&Obj>) -> Res<()> {
    let checker = match value {
        None => None,
        Some(value) if is_restype(value) => value.getattr_opt(name!(c"_check_retval_"))?,
        Some(_) => {
            return Err(raise(
                Exc::Type,
                "restype must be a type, a callable, or None",
            ));
        }
    };
    let old = (
        set_own!(slf, checker, checker),
        set_own!(slf, restype, value.cloned()),
    );
    forget_direct(layout(slf));
    drop(old);
    Ok(())
}

fn get_argtypes(slf: &Obj) -> Res<Obj> {
    let own = own!(slf, argtypes);
    let declared = || Info::of_instance(slf).and_then(|info| info.argtypes.clone());
    Ok(own.or_else(declared).unwrap_or_else(py::none))
}

fn set_argtypes(slf: &Obj, value: Option<&Obj>) -> Res<()> {
    let (argtypes, converters) = match value.filter(|value| !value.is_none()) {
        None => (None, None),
        Some(value) => {
            let argtypes = value.to_tuple().map_err(|Raised| {
                py::clear_error();
                raise(Exc::Type, "_argtypes_ must be a sequence of types")
            })?;
            let converters = converters(&argtypes)?;
            (Some(argtypes), Some(converters))
        }
    };
    let old = (
        set_own!(slf, converters, converters),
        set_own!(slf, argtypes, argtypes),
    );
    forget_direct(layout(slf));
    drop(old);
    Ok(())
}

fn repr(slf: &Obj) -> Res<Obj> {
    py::string(&format!("<{} object at {:p}>", slf.type_name(), slf.ptr()))
}

fn truth(slf: &Obj) -> Res<bool> {
    Ok(!Data::expect(slf)?.pointer().is_null())
}

unsafe extern "C" fn dealloc(slf: *mut ffi::PyObject) {
    // SAFETY: Python calls this once for a dying function object.
    unsafe {
        ffi::PyObject_GC_UnTrack(slf.cast());
        clear(slf);
        let cache = (&raw mut (*slf.cast::<Layout>()).cache).replace(std::ptr::null_mut());
        if !cache.is_null() {
            drop(Box::from_raw(cache));
        }
        if let Some(free) = (*ffi::Py_TYPE(slf)).tp_free {
            free(slf.cast());
        }
    }
}

/// The places of the objects that a function object owns.
unsafe fn owned_places(slf: *mut ffi::PyObject) -> [*mut *mut ffi::PyObject; 8] {
    let layout = slf.cast::<Layout>();
    // SAFETY: the caller passes a living function object.
    unsafe {
        [
            &raw mut (*layout).thunk,
            &raw mut (*layout).callable,
            &raw mut (*layout).argtypes,
            &raw mut (*layout).converters,
            &raw mut (*layout).restype,
            &raw mut (*layout).checker,
            &raw mut (*layout).errcheck,
            &raw mut (*layout).paramflags,
        ]
    }
}

unsafe extern "C" fn clear(slf: *mut ffi::PyObject) -> c_int {
    // SAFETY: a living function object; each place is emptied before its content is released.
    unsafe {
        // The short way borrows from what is released below.
        forget_direct(slf.cast());
        for place in owned_places(slf) {
            drop(Obj::owned(place.replace(std::ptr::null_mut())));
        }
        cdata::clear(slf)
    }
}

unsafe extern "C" fn traverse(
    slf: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the collector calls this with a living object.
    unsafe {
        for place in owned_places(slf) {
            if !(*place).is_null() {
                let status = visit(*place, argument);
                if status != 0 {
                    return status;
                }
            }
        }
        cdata::traverse(slf, visit, argument)
    }
}
