//! Functions on raw memory: sizes, addresses, `cast`, `string_at` and their like.

use std::ffi::{c_char, c_int, c_void};

use pyo3::ffi;

use crate::array::as_index;
use crate::cdata::{self, Data};
use crate::creation;
use crate::entry;
use crate::info::{Info, Kind};
use crate::py::{self, Exc, Obj, Res, guard, raise};

/// `sizeof(type or instance)`.
pub(crate) fn sizeof(_module: &Obj, object: &Obj) -> Res<Obj> {
    if let Some(size) = Info::peek_type(object, |info| Some(info.size)) {
        return py::unsigned(size as u64);
    }
    match Data::of(object) {
        Some(data) => py::unsigned(data.size() as u64),
        None => Err(raise(Exc::Type, "this type has no size")),
    }
}

/// `alignment(type or instance)`.
pub(crate) fn alignment(_module: &Obj, object: &Obj) -> Res<Obj> {
    let info = Info::of_type(object).or_else(|| Info::of_instance(object));
    match info {
        Some(info) => py::unsigned(info.align as u64),
        None => Err(raise(Exc::Type, "no alignment info")),
    }
}

/// `addressof(instance)`.
pub(crate) fn addressof(_module: &Obj, object: &Obj) -> Res<Obj> {
    let Some(data) = Data::of(object) else {
        return Err(raise(Exc::Type, "invalid type"));
    };
    py::audit(c"ctypes.addressof", &[object])?;
    py::address(data.memory().cast())
}

/// `resize(instance, size)`.
pub(crate) fn resize(_module: &Obj, arguments: &Obj) -> Res<Obj> {
    let [object, size] = arguments.items() else {
        let given = arguments.items().len();
        return Err(raise(
            Exc::Type,
            format!("resize() takes 2 arguments ({given} given)"),
        ));
    };
    let size = as_index(size)?;
    let Some(data) = Data::of(object) else {
        return Err(raise(Exc::Type, "expected ctypes instance"));
    };
    // A negative size is below every minimum.
    data.resize(usize::try_from(size).unwrap_or(0))?;
    Ok(py::none())
}

/// `buffer_info(type or instance)`: format, number of dimensions, shape.
pub(crate) fn buffer_info(_module: &Obj, object: &Obj) -> Res<Obj> {
    let info = Info::of_type(object).or_else(|| Info::of_instance(object));
    let Some(info) = info else {
        return Err(raise(Exc::Type, "not a ctypes type or object"));
    };
    let format = py::string(&info.format.to_string_lossy())?;
    let dimensions = py::int(info.shape.len() as i64)?;
    let shape = info
        .shape
        .iter()
        .map(|n| py::int(*n as i64))
        .collect::<Res<Vec<_>>>()?;
    let shape = py::tuple(&shape.iter().collect::<Vec<_>>())?;
    py::tuple(&[&format, &dimensions, &shape])
}

/// `PyObj_FromPtr(address)`: the object at an address, on the caller's word.
pub(crate) fn object_from_address(_module: &Obj, address: &Obj) -> Res<Obj> {
    py::audit(c"ctypes.PyObj_FromPtr", &[address])?;
    let at = address.to_address()?;
    // SAFETY: the caller says that an object lives there; that is the contract of this function.
    unsafe { Obj::borrowed(at.cast()) }.ok_or_else(|| raise(Exc::Value, "PyObject is NULL"))
}

/// `Py_INCREF(object)`.
pub(crate) fn incref(_module: &Obj, object: &Obj) -> Res<Obj> {
    // The extra reference is the purpose of the call.
    let _extra = object.clone().into_ptr();
    Ok(object.clone())
}

/// `Py_DECREF(object)`.
pub(crate) fn decref(_module: &Obj, object: &Obj) -> Res<Obj> {
    let kept = object.clone();
    // SAFETY: the caller says that it owns a reference to give up; our own keeps the object alive.
    unsafe { ffi::Py_DECREF(object.ptr()) };
    Ok(kept)
}

/// `_string_at_addr`: called as `PyObject *(const char *, int)` with the interpreter held.
pub(crate) unsafe extern "C" fn string_at(text: *const c_char, size: c_int) -> *mut ffi::PyObject {
    guard(std::ptr::null_mut(), || {
        let (place, length) = (py::address(text.cast())?, py::int(size.into())?);
        py::audit(c"ctypes.string_at", &[&place, &length])?;
        let length = match size {
            // SAFETY: the caller vouches for the memory, as in C.
            -1 => unsafe { libc::strlen(text) as isize },
            _ => size as isize,
        };
        // SAFETY: as above; a negative length raises.
        unsafe { Ok(Obj::owned(ffi::PyBytes_FromStringAndSize(text, length))?.into_ptr()) }
    })
}

/// `_wstring_at_addr`: the same for wide characters.
pub(crate) unsafe extern "C" fn wide_string_at(
    text: *const libc::wchar_t,
    size: c_int,
) -> *mut ffi::PyObject {
    guard(std::ptr::null_mut(), || {
        let (place, length) = (py::address(text.cast())?, py::int(size.into())?);
        py::audit(c"ctypes.wstring_at", &[&place, &length])?;
        let length = match size {
            // SAFETY: the caller vouches for the memory, as in C.
            -1 => unsafe { libc::wcslen(text) as isize },
            _ => size as isize,
        };
        // SAFETY: as above; a negative length raises.
        unsafe { Ok(Obj::owned(ffi::PyUnicode_FromWideChar(text, length))?.into_ptr()) }
    })
}

/// `_cast_addr`: called as `PyObject *(void *, PyObject *, PyObject *)` with the interpreter held.
pub(crate) unsafe extern "C" fn cast(
    address: *mut c_void,
    source: *mut ffi::PyObject,
    ty: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard(std::ptr::null_mut(), || {
        let missing = || raise(Exc::System, "NULL where an object is needed");
        let source = entry::borrow_opt!(source).ok_or_else(missing)?;
        let ty = entry::borrow_opt!(ty).ok_or_else(missing)?;
        check_pointer_type(ty)?;
        let has_target = Info::peek_type(ty, |info| info.proto.as_ref().map(|_| ())).is_some();
        let made = if has_target && creation::is_plain(ty) {
            cdata::new_instance(ty)?.into_obj()
        } else {
            ty.call_none()?
        };
        let target = Data::expect(&made)?;
        if let Some(source) = Data::of(source) {
            target.share_keepalives(source)?;
        }
        target.set_pointer(address.cast());
        Ok(made.into_ptr())
    })
}

fn check_pointer_type(ty: &Obj) -> Res<()> {
    let is_pointer = match cdata::kind_of(ty) {
        Some(Kind::Pointer | Kind::Function) => true,
        Some(Kind::Simple) => Info::of_type(ty)
            .and_then(|info| info.access)
            .is_some_and(|access| b"PzZO".contains(&access.code)),
        _ => false,
    };
    if is_pointer {
        return Ok(());
    }
    let name = if ty.is_type() {
        py::type_name(ty.ptr().cast())
    } else {
        ty.type_name()
    };
    Err(raise(
        Exc::Type,
        format!("cast() argument 2 must be a pointer type, not {name}"),
    ))
}

/// Addresses that the Python half calls through prototypes of its own.
pub(crate) fn addresses() -> [(&'static std::ffi::CStr, *const c_void); 5] {
    [
        (c"_memmove_addr", libc::memmove as *const c_void),
        (c"_memset_addr", libc::memset as *const c_void),
        (c"_string_at_addr", string_at as *const c_void),
        (c"_wstring_at_addr", wide_string_at as *const c_void),
        (c"_cast_addr", cast as *const c_void),
    ]
}
