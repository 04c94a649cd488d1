//! The module: its types, functions and constants.

use std::ffi::CStr;

use pyo3::ffi;

use crate::argument;
use crate::array;
use crate::buffer;
use crate::call;
use crate::callback;
use crate::cdata;
use crate::entry;
use crate::errno;
use crate::field;
use crate::function;
use crate::info::{Kind, SLOT_SIZE};
use crate::loader;
use crate::memory;
use crate::meta;
use crate::number;
use crate::pointer;
use crate::py::{self, Exc, Obj, Raised, Res, api, name, raise};
use crate::record;
use crate::simple;
use crate::strict;
use crate::tracking;
use crate::types::{Plan, empty, fill, leak, types};

entry::ternary!(new_entry, cdata::new, ffi::PyTypeObject);
entry::method!(reduce_entry, buffer::reduce);
entry::binary!(set_state_entry, buffer::set_state);
entry::method!(from_outparam_entry, itself);

fn itself(slf: &Obj) -> Res<Obj> {
    Ok(slf.clone())
}

unsafe extern "C" fn unhashable(_slf: *mut ffi::PyObject) -> ffi::Py_hash_t {
    py::guard(-1, || Err(py::raise(py::Exc::Type, "unhashable type")))
}

/// `_CData`, the base of all instances.
fn make_data() -> Res<*mut ffi::PyTypeObject> {
    let mut plan = Plan::new(
        c"_ctypes._CData",
        &raw mut ffi::PyType_Type,
        std::ptr::null_mut(),
    );
    plan.doc = Some(c"C data with a Python object around it");
    plan.size = size_of::<cdata::Head>();
    plan.flags = simple::cdata_flags() | ffi::Py_TPFLAGS_HAVE_GC;
    plan.members = cdata::members();
    plan.methods = vec![
        entry::method_noargs(c"__ctypes_from_outparam__", from_outparam_entry),
        entry::method_noargs(c"__reduce__", reduce_entry),
        entry::method_varargs(c"__setstate__", set_state_entry),
    ];
    plan.make(|made| {
        made.tp_dealloc = Some(cdata::dealloc);
        made.tp_traverse = Some(cdata::traverse);
        made.tp_clear = Some(cdata::clear);
        made.tp_hash = Some(unhashable);
        let mut procs: ffi::PyBufferProcs = empty();
        procs.bf_getbuffer = Some(buffer::get);
        made.tp_as_buffer = leak(procs);
    })
}

/// Makes all types, metaclasses before the types that they describe.
fn make_types() -> Res<()> {
    let type_type = &raw mut ffi::PyType_Type;
    // SAFETY: the type of types is ready before any module is loaded.
    let type_size = unsafe { (*type_type).tp_basicsize } as usize;
    fill(|types| types.type_size = type_size);
    macro_rules! make {
        ($name:ident, $made:expr) => {{
            let made = $made?;
            fill(|types| types.$name = made);
        }};
    }
    make!(meta, meta::make(type_size + SLOT_SIZE));
    make!(struct_meta, record::make_meta(Kind::Struct));
    make!(union_meta, record::make_meta(Kind::Union));
    make!(pointer_meta, pointer::make_meta());
    make!(array_meta, array::make_meta());
    make!(simple_meta, simple::make_meta());
    make!(function_meta, function::make_meta());
    make!(data, make_data());
    make!(structure, record::make_base(Kind::Struct));
    make!(union, record::make_base(Kind::Union));
    make!(pointer, pointer::make_base());
    make!(array, array::make_base());
    make!(simple, simple::make_base());
    make!(function, function::make_base());
    make!(field, field::make_type());
    make!(argument, argument::make_type());
    make!(thunk, callback::make_type());
    Ok(())
}

entry::binary!(addressof_entry, memory::addressof);
entry::binary!(alignment_entry, memory::alignment);
entry::binary!(buffer_info_entry, memory::buffer_info);
entry::fastcall!(byref_entry, argument::byref);
entry::binary!(call_cdecl_entry, call::call_cdecl_function);
entry::binary!(call_function_entry, call::call_function);
entry::binary!(decref_entry, memory::decref);
entry::binary!(dlclose_entry, loader::dlclose);
entry::binary!(dlopen_entry, loader::dlopen);
entry::binary!(dlsym_entry, loader::dlsym);
entry::method!(get_errno_entry, errno::get);
entry::binary!(incref_entry, memory::incref);
entry::binary!(object_entry, memory::object_from_address);
entry::binary!(pointer_entry, pointer::pointer);
entry::binary!(resize_entry, memory::resize);
entry::binary!(set_errno_entry, errno::set);
entry::binary!(set_strict_entry, strict::set);
entry::binary!(sizeof_entry, memory::sizeof);
entry::binary!(unpickle_entry, buffer::unpickle);

fn functions() -> Vec<ffi::PyMethodDef> {
    vec![
        entry::method_o(c"addressof", addressof_entry),
        entry::method_o(c"alignment", alignment_entry),
        entry::method_o(c"buffer_info", buffer_info_entry),
        entry::method_fastcall(c"byref", byref_entry),
        entry::method_varargs(c"call_cdeclfunction", call_cdecl_entry),
        entry::method_varargs(c"call_function", call_function_entry),
        entry::method_o(c"Py_DECREF", decref_entry),
        entry::method_o(c"dlclose", dlclose_entry),
        entry::method_varargs(c"dlopen", dlopen_entry),
        entry::method_varargs(c"dlsym", dlsym_entry),
        entry::method_noargs(c"get_errno", get_errno_entry),
        entry::method_o(c"Py_INCREF", incref_entry),
        entry::method_o(c"PyObj_FromPtr", object_entry),
        entry::method_o(c"pointer", pointer_entry),
        entry::method_o(c"POINTER", pointer::pointer_type_entry),
        entry::method_varargs(c"resize", resize_entry),
        entry::method_o(c"set_errno", set_errno_entry),
        entry::method_o(c"_set_strict", set_strict_entry),
        entry::method_o(c"sizeof", sizeof_entry),
        entry::method_varargs(c"_unpickle", unpickle_entry),
        // SAFETY: an all-zero definition ends the table.
        unsafe { std::mem::zeroed() },
    ]
}

/// Makes the module object with everything in it.
pub(crate) fn make() -> Res<Obj> {
    refuse_other_interpreters()?;
    number::prepare()?;
    tracking::find_head()?;
    if types().meta.is_null() {
        make_types()?;
    }
    let definition = leak(ffi::PyModuleDef {
        m_base: ffi::PyModuleDef_HEAD_INIT,
        m_name: c"_rust_ctypes".as_ptr(),
        m_doc: c"Create and manipulate C compatible data types in Python.".as_ptr(),
        // No state per module, and no copy of it either: each import runs this code, which refuses
        // all interpreters but the main one.
        m_size: 0,
        m_methods: functions().leak().as_mut_ptr(),
        m_slots: std::ptr::null_mut(),
        m_traverse: None,
        m_clear: None,
        m_free: None,
    });
    let module = api!(Obj::owned(ffi::PyModule_Create(definition)))?;
    add_types(&module)?;
    add_constants(&module)?;
    add_objects(&module)?;
    Ok(module)
}

/// The types are one set per process: their methods would run in the wrong interpreter.
fn refuse_other_interpreters() -> Res<()> {
    let is_main = api!(ffi::PyInterpreterState_Get() == ffi::PyInterpreterState_Main());
    if is_main {
        return Ok(());
    }
    Err(raise(
        Exc::Import,
        "rust_ctypes does not support sub-interpreters: import it in the main interpreter",
    ))
}

fn add_types(module: &Obj) -> Res<()> {
    let types = types();
    for (name, ty) in [
        (c"Structure", types.structure),
        (c"Union", types.union),
        (c"_Pointer", types.pointer),
        (c"Array", types.array),
        (c"_SimpleCData", types.simple),
        (c"CFuncPtr", types.function),
    ] {
        // SAFETY: the types were made just now.
        let ty = unsafe { Obj::borrowed(ty.cast()) }.ok_or(Raised)?;
        module.setattr(name, &ty)?;
    }
    Ok(())
}

fn add_constants(module: &Obj) -> Res<()> {
    let flags: [(&CStr, i64); 8] = [
        (c"FUNCFLAG_CDECL", function::CDECL.into()),
        (c"FUNCFLAG_PYTHONAPI", function::PYTHON_API.into()),
        (c"FUNCFLAG_USE_ERRNO", function::USE_ERRNO.into()),
        (c"FUNCFLAG_USE_LASTERROR", function::USE_LAST_ERROR.into()),
        (c"RTLD_LOCAL", libc::RTLD_LOCAL.into()),
        (c"RTLD_GLOBAL", libc::RTLD_GLOBAL.into()),
        (c"CTYPES_MAX_ARGCOUNT", call::MOST_ARGUMENTS as i64),
        (c"SIZEOF_TIME_T", size_of::<libc::time_t>() as i64),
    ];
    for (name, value) in flags {
        module.setattr(name, &py::int(value)?)?;
    }
    for (name, address) in memory::addresses() {
        module.setattr(name, &py::address(address)?)?;
    }
    // `checker bench` reports nothing of an engine that is not optimised.
    module.setattr(c"__opt_level__", &py::string(env!("OPT_LEVEL"))?)?;
    // The version of the interface, which the Python half compares with its own.
    module.setattr(c"__version__", &py::string("1.1.0")?)
}

fn add_objects(module: &Obj) -> Res<()> {
    if types().argument_error.is_null() {
        let (base, dict) = (std::ptr::null_mut(), std::ptr::null_mut());
        let error = api!(Obj::owned(ffi::PyErr_NewException(
            c"ctypes.ArgumentError".as_ptr(),
            base,
            dict
        )))?;
        let cache = py::dict()?;
        fill(|types| {
            types.argument_error = error.into_ptr();
            types.pointer_cache = cache.into_ptr();
        });
    }
    let unpickle = module.getattr(name!(c"_unpickle"))?;
    fill(|types| {
        if types.unpickle.is_null() {
            types.unpickle = unpickle.into_ptr();
        }
    });
    // SAFETY: set just above.
    unsafe {
        module.setattr(
            c"ArgumentError",
            &Obj::borrowed(types().argument_error).ok_or(Raised)?,
        )?;
        module.setattr(
            c"_pointer_type_cache",
            &Obj::borrowed(types().pointer_cache).ok_or(Raised)?,
        )
    }
}
