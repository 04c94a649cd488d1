//! What all ctypes types can do as types: be made over foreign memory, be multiplied, convert
//! parameters.

use std::ffi::CString;

use pyo3::ffi;

use crate::argument::Argument;
use crate::cdata::{self, Data};
use crate::entry;
use crate::info::{self, Info};
use crate::loader;
use crate::py::{self, Buffer, Exc, Obj, Res, api, name, raise};
use crate::types::{Plan, empty, leak, types};

/// Makes the common metaclass. `size` is that of `type` with our slot.
pub(crate) fn make(size: usize) -> Res<*mut ffi::PyTypeObject> {
    let base = &raw mut ffi::PyType_Type;
    let mut plan = Plan::new(c"_ctypes.CType_Type", base, base);
    plan.size = size;
    plan.flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE | ffi::Py_TPFLAGS_HAVE_GC;
    plan.methods = vec![
        entry::method_o(c"from_address", from_address_entry),
        entry::method_varargs(c"from_buffer", from_buffer_entry),
        entry::method_varargs(c"from_buffer_copy", from_buffer_copy_entry),
        entry::method_varargs(c"in_dll", in_dll_entry),
        entry::method_o(c"from_param", from_param_entry),
    ];
    plan.make(|made| {
        made.tp_dealloc = Some(info::dealloc);
        made.tp_traverse = Some(info::traverse);
        made.tp_clear = Some(info::clear);
        let mut sequence: ffi::PySequenceMethods = empty();
        sequence.sq_repeat = Some(repeat_entry);
        made.tp_as_sequence = leak(sequence);
    })
}

/// A metaclass below the common one; it inherits the garbage collection.
pub(crate) fn derived(name: &'static std::ffi::CStr) -> Plan {
    let mut plan = Plan::new(name, &raw mut ffi::PyType_Type, types().meta);
    plan.flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE;
    plan
}

/// The part of `__init__` that all metaclasses share: that of `type`, once per class.
pub(crate) fn begin(ty: &Obj, arguments: &Obj, keywords: Option<&Obj>) -> Res<()> {
    let raw = keywords.map_or(std::ptr::null_mut(), Obj::ptr);
    // SAFETY: `type` has an `__init__`; the class and the arguments are alive.
    unsafe {
        let init = (*py::type_type()).tp_init.ok_or(py::Raised)?;
        py::done(init(ty.ptr(), arguments.ptr(), raw))?;
    }
    if Info::of_type(ty).is_some() {
        let name = py::type_name(ty.ptr().cast());
        return Err(raise(
            Exc::System,
            format!("the record of '{name}' is already initialized"),
        ));
    }
    Ok(())
}

entry::binary!(from_address_entry, from_address);
entry::binary!(from_buffer_entry, from_buffer);
entry::binary!(from_buffer_copy_entry, from_buffer_copy);
entry::binary!(in_dll_entry, in_dll);
entry::binary!(from_param_entry, from_param);
entry::indexed!(repeat_entry, crate::array::repeat);

fn from_address(ty: &Obj, address: &Obj) -> Res<Obj> {
    if !address.is_int() {
        return Err(raise(Exc::Type, "integer expected"));
    }
    py::audit(c"ctypes.cdata", &[address])?;
    let at = api!(ffi::PyLong_AsVoidPtr(address.ptr()));
    if at.is_null() && py::raised() {
        return Err(py::Raised);
    }
    cdata::at_address(ty, at.cast()).map(Data::into_obj)
}

/// The `(source, offset=0)` of the buffer constructors.
fn source_and_offset<'a>(name: &str, arguments: &'a Obj) -> Res<(&'a Obj, isize)> {
    let (source, offset) = match arguments.items() {
        [source] => (source, 0),
        [source, offset] => (source, offset.to_isize()?),
        given => {
            let given = given.len();
            return Err(raise(
                Exc::Type,
                format!("{name}() takes 1 or 2 arguments ({given} given)"),
            ));
        }
    };
    Ok((source, offset))
}

/// The place of the type's bytes inside a buffer, once it is known to be large enough.
fn place_in(buffer: &Buffer, info: &Info, offset: isize) -> Res<*mut u8> {
    let Ok(start) = usize::try_from(offset) else {
        return Err(raise(Exc::Value, "offset cannot be negative"));
    };
    let (available, needed) = (buffer.len(), info.size.saturating_add(start));
    if available < needed {
        return Err(raise(
            Exc::Value,
            format!("Buffer size too small ({available} instead of at least {needed} bytes)"),
        ));
    }
    py::audit(
        c"ctypes.cdata/buffer",
        &[
            &py::address(buffer.memory().cast())?,
            &py::int(available as i64)?,
            &py::int(offset as i64)?,
        ],
    )?;
    // SAFETY: the buffer has `start` bytes and more.
    Ok(unsafe { buffer.memory().add(start) })
}

fn from_buffer(ty: &Obj, arguments: &Obj) -> Res<Obj> {
    let info = cdata::concrete(ty)?;
    let (source, offset) = source_and_offset("from_buffer", arguments)?;
    // The memoryview keeps the source's memory in place; our own look at it is short.
    let view = api!(Obj::owned(ffi::PyMemoryView_FromObject(source.ptr())))?;
    let buffer = Buffer::of(&view, ffi::PyBUF_FULL_RO)?;
    if buffer.is_readonly() {
        return Err(raise(Exc::Type, "underlying buffer is not writable"));
    }
    if !buffer.is_contiguous() {
        return Err(raise(Exc::Type, "underlying buffer is not C contiguous"));
    }
    let made = cdata::at_address(ty, place_in(&buffer, &info, offset)?)?;
    drop(buffer);
    made.keep(-1, view)?;
    Ok(made.into_obj())
}

fn from_buffer_copy(ty: &Obj, arguments: &Obj) -> Res<Obj> {
    let info = cdata::concrete(ty)?;
    let (source, offset) = source_and_offset("from_buffer_copy", arguments)?;
    let buffer = Buffer::of(source, ffi::PyBUF_SIMPLE)?;
    let at = place_in(&buffer, &info, offset)?;
    // SAFETY: the buffer holds the bytes of the type there.
    unsafe { cdata::copy(ty, at).map(Data::into_obj) }
}

fn in_dll(ty: &Obj, arguments: &Obj) -> Res<Obj> {
    let [library, name] = arguments.items() else {
        let given = arguments.items().len();
        return Err(raise(
            Exc::Type,
            format!("in_dll() takes 2 arguments ({given} given)"),
        ));
    };
    if !name.is_str() {
        return Err(raise(Exc::Type, "in_dll() argument 2 must be str"));
    }
    py::audit(c"ctypes.dlsym", &[library, name])?;
    let handle = loader::handle_of(library)?;
    let symbol =
        CString::new(name.as_str()?).map_err(|_| raise(Exc::Value, "embedded null character"))?;
    let at = loader::find(handle, &symbol).map_err(|error| raise(Exc::Value, error))?;
    cdata::at_address(ty, at.cast()).map(Data::into_obj)
}

/// The built-in `from_param`: an instance is taken as it is, or through `_as_parameter_`.
pub(crate) fn from_param(ty: &Obj, value: &Obj) -> Res<Obj> {
    if value.is_instance(ty)? {
        return Ok(value.clone());
    }
    if let Some(argument) = Argument::of(value) {
        // A reference fits a pointer type when what it refers to is the pointer's target.
        let target = Info::of_type(ty)
            .and_then(|info| info.proto.clone())
            .filter(Obj::is_type);
        if let (Some(object), Some(target)) = (argument.object(), target)
            && object.is_instance(&target)?
        {
            return Ok(value.clone());
        }
        let wanted = py::type_name(ty.ptr().cast());
        let given = argument
            .object()
            .map_or_else(|| "NULL".to_owned(), |o| o.type_name());
        return Err(raise(
            Exc::Type,
            format!("expected {wanted} instance instead of pointer to {given}"),
        ));
    }
    if let Some(stand_in) = value.getattr_opt(name!(c"_as_parameter_"))? {
        // It may have one of its own, and so on.
        return recursive(|| from_param(ty, &stand_in));
    }
    let (wanted, given) = (py::type_name(ty.ptr().cast()), value.type_name());
    Err(raise(
        Exc::Type,
        format!("expected {wanted} instance instead of {given}"),
    ))
}

/// Whether a built-in method is the common `from_param`.
pub(crate) fn is_own_from_param(function: ffi::PyCFunction) -> bool {
    function as usize == from_param_entry as ffi::PyCFunction as usize
}

/// Runs `body` one level deeper; endless chains become a RecursionError.
pub(crate) fn recursive<T>(body: impl FnOnce() -> Res<T>) -> Res<T> {
    py::done(api!(ffi::Py_EnterRecursiveCall(
        c" while processing _as_parameter_".as_ptr()
    )))?;
    let result = body();
    api!(ffi::Py_LeaveRecursiveCall());
    result
}
