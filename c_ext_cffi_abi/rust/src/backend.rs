//! The module `_rust_cffi`: what is there when it is imported, and what is made when it is asked for.
//!
//! A compiled module needs little more than the functions that its C code calls. The names that
//! cffi's own Python code uses are added, all at once, when the first of them is looked up.

use pyo3::exceptions::{PyAttributeError, PyImportError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList, PyString, PyTuple, PyType};

use crate::access::Items;
use crate::cdata::{self, Value};
use crate::cdef::Cdef;
use crate::create::Allocator;
use crate::ctype::{CField, CType, align_of_type};
use crate::lib_object::Lib;
use crate::library::CLibrary;
use crate::memory::Buffer;
use crate::variable::Variable;
use crate::{
    builtin, callback as callbacks, compose, create, emit, errors, handles, lib_object, machine,
    memory, offsets, published, release as releasing, strings,
};

/// libffi's default calling convention; the only one here.
const FFI_DEFAULT_ABI: i32 = 2;

/// What an imported module begins with.
///
/// # Errors
/// `ImportError` in a sub-interpreter, and for an interpreter whose numbers lie differently.
pub fn begin(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    // Types are shared by the whole process, and so are their reference counts.
    // SAFETY: the GIL is held.
    if unsafe { ffi::PyInterpreterState_Get() != ffi::PyInterpreterState_Main() } {
        return Err(PyImportError::new_err(
            "rust_cffi works in the main interpreter only, not in a sub-interpreter",
        ));
    }
    crate::exact::check(py)?;
    cdata::ready(py)?;
    let table = std::ptr::NonNull::from(&crate::exports::TABLE).cast();
    // SAFETY: the table is static.
    let capsule = unsafe { PyCapsule::new_with_pointer(py, table, c"rust_cffi")? };
    // Not by `add`, which would begin an `__all__`: who asks for that shall get all names.
    module.setattr("_C_API_RUST", capsule)?;
    module.setattr("__getattr__", wrap_pyfunction!(__getattr__, module)?)?;
    module.setattr("__dir__", wrap_pyfunction!(__dir__, module)?)
}

/// A name that is not there yet.
#[pyfunction]
#[pyo3(pass_module)]
fn __getattr__<'py>(
    module: &Bound<'py, PyModule>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let text = name.to_str()?;
    // The interpreter asks every module for names of its own.
    if !text.starts_with("__") || matches!(text, "__all__" | "__opt_level__") {
        fill(module)?;
        if let Some(found) = module.dict().get_item(name)? {
            return Ok(found);
        }
    }
    Err(PyAttributeError::new_err(format!(
        "module '_rust_cffi' has no attribute '{text}'"
    )))
}

#[pyfunction]
#[pyo3(pass_module)]
fn __dir__<'py>(module: &Bound<'py, PyModule>) -> PyResult<Bound<'py, PyList>> {
    fill(module)?;
    Ok(module.dict().keys())
}

/// Adds all names, `FFI` last.
fn fill(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    if module.dict().contains("FFI")? {
        return Ok(());
    }
    // Begun here, because `add` would look for it through `__getattr__`.
    module.setattr("__all__", PyList::empty(py))?;
    for (name, address) in cdata::types() {
        // SAFETY: the types are ready and live as long as the process.
        let class = unsafe { Bound::from_borrowed_ptr(py, address.cast()) };
        module.add(name, class)?;
    }
    module.add_class::<Items>()?;
    module.add_class::<Cdef>()?;
    module.add_class::<CField>()?;
    module.add_class::<CType>()?;
    module.add_class::<CLibrary>()?;
    module.add_class::<Buffer>()?;
    module.add_class::<Variable>()?;
    module.add("FFI_DEFAULT_ABI", FFI_DEFAULT_ABI)?;
    module.add("FFI_CDECL", FFI_DEFAULT_ABI)?;
    for (name, value) in machine::loader_flags() {
        module.add(&*name.to_string_lossy(), value)?;
    }
    module.add("error", errors::class(py)?)?;
    module.add("_CompileError", emit::compile_error(py)?)?;
    module.add("Lib", lib_object::class(py))?;
    // SAFETY: the table is static.
    let stock = unsafe { PyCapsule::new_with_pointer(py, crate::capsule::table(), c"cffi")? };
    module.add("_C_API", stock)?;
    // `checker bench` reports nothing of an engine that is not optimised.
    module.add("__opt_level__", env!("OPT_LEVEL"))?;
    builtin::add_functions(module)?;
    module.add_function(wrap_pyfunction!(emit::_compile, module)?)?;
    module.add_function(wrap_pyfunction!(emit::_generate, module)?)?;
    module.add_function(wrap_pyfunction!(load_library, module)?)?;
    module.add_function(wrap_pyfunction!(_inline_library, module)?)?;
    module.add_function(wrap_pyfunction!(new_primitive_type, module)?)?;
    module.add_function(wrap_pyfunction!(new_void_type, module)?)?;
    module.add_function(wrap_pyfunction!(new_pointer_type, module)?)?;
    module.add_function(wrap_pyfunction!(new_array_type, module)?)?;
    module.add_function(wrap_pyfunction!(new_struct_type, module)?)?;
    module.add_function(wrap_pyfunction!(new_union_type, module)?)?;
    module.add_function(wrap_pyfunction!(complete_struct_or_union, module)?)?;
    module.add_function(wrap_pyfunction!(new_function_type, module)?)?;
    module.add_function(wrap_pyfunction!(new_enum_type, module)?)?;
    module.add_function(wrap_pyfunction!(newp, module)?)?;
    module.add_function(wrap_pyfunction!(cast, module)?)?;
    module.add_function(wrap_pyfunction!(callback, module)?)?;
    module.add_function(wrap_pyfunction!(alignof, module)?)?;
    module.add_function(wrap_pyfunction!(typeoffsetof, module)?)?;
    module.add_function(wrap_pyfunction!(rawaddressof, module)?)?;
    module.add_function(wrap_pyfunction!(getcname, module)?)?;
    module.add_function(wrap_pyfunction!(string, module)?)?;
    module.add_function(wrap_pyfunction!(unpack, module)?)?;
    module.add_function(wrap_pyfunction!(set_errno, module)?)?;
    module.add_function(wrap_pyfunction!(newp_handle, module)?)?;
    module.add_function(wrap_pyfunction!(from_buffer, module)?)?;
    module.add_function(wrap_pyfunction!(memmove, module)?)?;
    module.add_function(wrap_pyfunction!(gcp, module)?)?;
    module.add_function(wrap_pyfunction!(release, module)?)?;
    module.add_function(wrap_pyfunction!(_get_types, module)?)?;
    module.add_function(wrap_pyfunction!(_get_common_types, module)?)?;
    module.add_function(wrap_pyfunction!(_testfunc, module)?)?;
    module.add_function(wrap_pyfunction!(_testbuff, module)?)?;
    module.add_function(wrap_pyfunction!(_init_cffi_1_0_external_module, module)?)?;
    module.add("FFI", published::class(py)?)?;
    // `import *` shall take all names without an underscore, those too that `add` does not know of;
    // and the interpreter finds names faster in a module without the other two.
    for asked in ["__all__", "__getattr__", "__dir__"] {
        module.dict().call_method1("pop", (asked, py.None()))?;
    }
    Ok(())
}

#[pyfunction]
#[pyo3(signature = (name = None, flags = 0))]
fn load_library(name: Option<&Bound<'_, PyAny>>, flags: i32) -> PyResult<CLibrary> {
    crate::library::load(name, flags)
}

/// What an in-line `FFI` gives for an opened library.
#[pyfunction]
fn _inline_library<'py>(
    ffi: &Bound<'py, PyAny>,
    cdef: &Bound<'py, Cdef>,
    opened: &Bound<'py, CLibrary>,
) -> PyResult<Bound<'py, Lib>> {
    Lib::inline(ffi, cdef, opened)
}

#[pyfunction]
fn new_primitive_type<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, CType>> {
    compose::primitive(py, name)
}

#[pyfunction]
fn new_void_type(py: Python<'_>) -> PyResult<Bound<'_, CType>> {
    compose::void(py)
}

#[pyfunction]
fn new_pointer_type<'py>(item: &Bound<'py, CType>) -> PyResult<Bound<'py, CType>> {
    compose::pointer(item)
}

#[pyfunction]
fn new_array_type<'py>(
    pointer: &Bound<'py, CType>,
    length: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, CType>> {
    if length.is_none() {
        return compose::array(pointer, None);
    }
    // SAFETY: any object may be given.
    let number = unsafe { ffi::PyNumber_AsSsize_t(length.as_ptr(), ffi::PyExc_OverflowError) };
    match usize::try_from(number) {
        Ok(length) => compose::array(pointer, Some(length)),
        Err(_) => Err(match PyErr::take(pointer.py()) {
            Some(error) => error,
            None => PyValueError::new_err("negative array length"),
        }),
    }
}

#[pyfunction]
fn new_struct_type<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, CType>> {
    compose::record(py, name, false)
}

#[pyfunction]
fn new_union_type<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, CType>> {
    compose::record(py, name, true)
}

#[pyfunction]
#[pyo3(signature = (ctype, fields, _ignored = None, totalsize = -1, totalalignment = -1, sflags = 0, pack = 0))]
fn complete_struct_or_union(
    ctype: &Bound<'_, CType>,
    fields: &Bound<'_, PyList>,
    _ignored: Option<&Bound<'_, PyAny>>,
    totalsize: isize,
    totalalignment: isize,
    sflags: i32,
    pack: isize,
) -> PyResult<()> {
    let said = crate::layout::Said {
        size: usize::try_from(totalsize).ok(),
        align: usize::try_from(totalalignment).ok(),
        flags: sflags,
        pack: usize::try_from(pack).unwrap_or(0),
        custom: false,
    };
    crate::layout::complete_from_list(ctype, fields, said)
}

#[pyfunction]
#[pyo3(signature = (arguments, result, ellipsis = 0, abi = FFI_DEFAULT_ABI))]
fn new_function_type<'py>(
    arguments: &Bound<'py, PyTuple>,
    result: &Bound<'py, CType>,
    ellipsis: i32,
    abi: i32,
) -> PyResult<Bound<'py, CType>> {
    let arguments = arguments
        .iter()
        .map(|argument| {
            argument
                .cast_into::<CType>()
                .map_err(|_| PyTypeError::new_err("expected a tuple of ctypes"))
        })
        .collect::<PyResult<Vec<_>>>()?;
    compose::function(&arguments, result, ellipsis != 0, abi)
}

#[pyfunction]
fn new_enum_type<'py>(
    py: Python<'py>,
    name: &str,
    enumerators: &Bound<'py, PyTuple>,
    enumvalues: &Bound<'py, PyTuple>,
    base: &Bound<'py, CType>,
) -> PyResult<Bound<'py, CType>> {
    compose::enumeration(py, name, enumerators, enumvalues, base)
}

#[pyfunction]
#[pyo3(signature = (ctype, init = None))]
fn newp<'py>(
    ctype: &Bound<'py, CType>,
    init: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    create::new(ctype, init, &Allocator::default())
}

#[pyfunction]
fn cast<'py>(ctype: &Bound<'py, CType>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    create::cast(ctype, value)
}

#[pyfunction]
#[pyo3(signature = (ctype, python_callable, error = None, onerror = None))]
fn callback<'py>(
    ctype: &Bound<'py, CType>,
    python_callable: &Bound<'py, PyAny>,
    error: Option<&Bound<'py, PyAny>>,
    onerror: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    callbacks::make(ctype, python_callable, error, onerror)
}

#[pyfunction]
fn alignof(ctype: &Bound<'_, PyAny>) -> PyResult<usize> {
    match ctype.cast::<CType>() {
        Ok(ctype) => align_of_type(ctype),
        Err(_) => Err(PyTypeError::new_err("expected a 'ctype' object")),
    }
}

#[pyfunction]
#[pyo3(signature = (ctype, field, following = 0))]
fn typeoffsetof<'py>(
    ctype: &Bound<'py, CType>,
    field: &Bound<'py, PyAny>,
    following: i32,
) -> PyResult<(Bound<'py, CType>, isize)> {
    offsets::step(ctype, field, following != 0)
}

#[pyfunction]
fn rawaddressof<'py>(
    ctype: &Bound<'py, CType>,
    object: &Bound<'py, PyAny>,
    offset: isize,
) -> PyResult<Bound<'py, PyAny>> {
    if ctype.get().target(ctype.py()).is_none() {
        return Err(PyTypeError::new_err("expected a pointer ctype"));
    }
    offsets::address_inside(ctype, Value::expect(object)?, offset)
}

#[pyfunction]
fn getcname(ctype: &Bound<'_, CType>, replace_with: &str) -> String {
    ctype.get().name_around(replace_with)
}

#[pyfunction]
#[pyo3(signature = (cdata, maxlen = -1))]
fn string<'py>(cdata: &Bound<'py, PyAny>, maxlen: isize) -> PyResult<Bound<'py, PyAny>> {
    strings::string(Value::expect(cdata)?, maxlen)
}

#[pyfunction]
fn unpack<'py>(cdata: &Bound<'py, PyAny>, length: isize) -> PyResult<Bound<'py, PyAny>> {
    strings::unpack(Value::expect(cdata)?, length)
}

#[pyfunction]
fn set_errno(value: &Bound<'_, PyAny>) -> PyResult<()> {
    machine::set_errno(machine::errno_from(value)?);
    Ok(())
}

#[pyfunction]
fn newp_handle<'py>(
    ctype: &Bound<'py, CType>,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    handles::new(ctype, object)
}

#[pyfunction]
#[pyo3(signature = (ctype, object, require_writable = 0))]
fn from_buffer<'py>(
    ctype: &Bound<'py, CType>,
    object: &Bound<'py, PyAny>,
    require_writable: i32,
) -> PyResult<Bound<'py, PyAny>> {
    memory::from_buffer(ctype, object, require_writable != 0)
}

#[pyfunction]
fn memmove(dest: &Bound<'_, PyAny>, src: &Bound<'_, PyAny>, n: isize) -> PyResult<()> {
    memory::memmove(dest, src, n)
}

#[pyfunction]
#[pyo3(signature = (cdata, destructor, size = 0))]
fn gcp<'py>(
    cdata: &Bound<'py, PyAny>,
    destructor: &Bound<'py, PyAny>,
    size: isize,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let _ = size;
    releasing::collect(Value::expect(cdata)?, destructor)
}

#[pyfunction]
fn release(cdata: &Bound<'_, PyAny>) -> PyResult<()> {
    releasing::release(Value::expect(cdata)?)
}

#[pyfunction]
fn _get_types(py: Python<'_>) -> (Bound<'_, PyAny>, Bound<'_, PyType>) {
    // SAFETY: the type is ready and lives as long as the process.
    let base = unsafe { Bound::from_borrowed_ptr(py, cdata::base_type().cast()) };
    (base, py.get_type::<CType>())
}

#[pyfunction]
fn _get_common_types(types: &Bound<'_, PyDict>) -> PyResult<()> {
    types.set_item("FILE", "struct _IO_FILE")?;
    types.set_item("bool", "_Bool")
}

#[pyfunction]
fn _testfunc(number: i32) -> PyResult<usize> {
    match machine::testfunc(number) {
        address if address.is_null() => Err(PyValueError::new_err(())),
        address => Ok(address as usize),
    }
}

#[pyfunction]
fn _testbuff(class: &Bound<'_, PyType>, methods: i32) -> PyResult<()> {
    crate::testbuff::give(class, methods)
}

/// Called by a module that stock cffi has compiled, when it is imported.
#[pyfunction]
fn _init_cffi_1_0_external_module<'py>(
    py: Python<'py>,
    address: usize,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: only such modules call this, with the address of what they offer and ask for.
    unsafe { crate::capsule::start(py, address as *const _) }
}
