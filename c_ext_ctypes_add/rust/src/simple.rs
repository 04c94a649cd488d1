//! Simple types: one value that has a type code.

use std::ffi::{CString, c_void};

use pyo3::ffi;

use crate::allocation;
use crate::argument::{Argument, byref_at};
use crate::cdata::{self, Data, Element};
use crate::creation::{self, Store};
use crate::entry;
use crate::info::{self, Info, Kind, slot_in, slot_of};
use crate::meta::{self, recursive};
use crate::py::{self, Exc, Exception, Obj, Raised, Res, name, raise};
use crate::strict;
use crate::types::{Plan, empty, leak, types};
use crate::value::{self, Access};

pub(crate) fn make_meta() -> Res<*mut ffi::PyTypeObject> {
    let mut plan = meta::derived(c"_ctypes.PyCSimpleType");
    plan.methods = vec![entry::method_o(c"from_param", from_param_entry)];
    plan.properties = vec![
        entry::property(c"__ctype_le__", get_little_entry, Some(set_little_entry)),
        entry::property(c"__ctype_be__", get_big_entry, Some(set_big_entry)),
    ];
    plan.make(|made| made.tp_init = Some(init_type_entry))
}

pub(crate) fn make_base() -> Res<*mut ffi::PyTypeObject> {
    let mut plan = Plan::new(c"_ctypes._SimpleCData", types().simple_meta, types().data);
    plan.flags = cdata_flags();
    plan.methods = vec![entry::method_noargs(
        c"__ctypes_from_outparam__",
        from_outparam_entry,
    )];
    plan.properties = vec![entry::property(c"value", get_entry, Some(set_entry))];
    plan.make(|made| {
        made.tp_init = Some(init_entry);
        made.tp_new = Some(crate::module::new_entry);
        made.tp_repr = Some(repr_entry);
        let mut number: ffi::PyNumberMethods = empty();
        number.nb_bool = Some(truth_entry);
        made.tp_as_number = leak(number);
    })
}

/// Flags of a base type; it inherits the garbage collection of `_CData`.
pub(crate) fn cdata_flags() -> std::ffi::c_ulong {
    ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE
}

entry::binary!(from_param_entry, from_param);
entry::init!(init_type_entry, init_type);
entry::method!(from_outparam_entry, from_outparam);
entry::setter!(set_entry, set);
entry::init!(init_entry, init);
entry::unary!(repr_entry, repr);
entry::inquiry!(truth_entry, truth);

/// `__init__` of the metaclass: reads `_type_` and describes the type.
fn init_type(ty: &Obj, arguments: &Obj, keywords: Option<&Obj>) -> Res<()> {
    meta::begin(ty, arguments, keywords)?;
    let Some(proto) = ty.getattr_opt(name!(c"_type_"))? else {
        return Err(raise(
            Exc::Attribute,
            "class must define a '_type_' attribute",
        ));
    };
    let access = Access::native(code_of(&proto)?);
    describe(ty, access, &proto);
    // Types that derive from these inherit it, and may have replaced it.
    if cdata::is_simple_subclass(ty) {
        return Ok(());
    }
    install_from_param(ty, access.code)
}

fn code_of(proto: &Obj) -> Res<u8> {
    if !proto.is_str() {
        return Err(raise(
            Exc::Type,
            "class must define a '_type_' string attribute",
        ));
    }
    let text = proto.as_str()?;
    if text.chars().count() != 1 {
        return Err(raise(
            Exc::Value,
            "class must define a '_type_' attribute which must be a string of length 1",
        ));
    }
    match text.as_bytes() {
        [code] if value::CODES.as_bytes().contains(code) => Ok(*code),
        _ => Err(raise(
            Exc::Attribute,
            format!(
                "class must define a '_type_' attribute which must be\n\
                 a single character string containing one of '{}'.",
                value::CODES
            ),
        )),
    }
}

fn describe(ty: &Obj, access: Access, proto: &Obj) {
    let ctype = access.ctype();
    let mut info = Info::new(Kind::Simple, ctype.size(), ctype.alignment(), ctype);
    info.proto = Some(proto.clone());
    info.access = Some(access);
    creation::enable(ty);
    allocation::enable(ty);
    info.plain = (!cdata::is_simple_subclass(ty)).then_some(access);
    if b"zZPO".contains(&access.code) {
        info.set(info::IS_POINTER);
    }
    let big = cfg!(target_endian = "big") != access.swapped;
    let order = if big { '>' } else { '<' };
    info.format =
        CString::new(format!("{order}{}", value::buffer_code(access.code))).unwrap_or_default();
    if let Some(slot) = slot_of(ty) {
        slot.reader.set(access.reader());
    }
    info.store(ty);
}

/// The pointer-like codes accept more than their own instances.
fn install_from_param(ty: &Obj, code: u8) -> Res<()> {
    let function = match code {
        b'z' => char_p_entry,
        b'Z' => wchar_p_entry,
        b'P' => void_p_entry as ffi::PyCFunction,
        _ => return Ok(()),
    };
    let definition = leak(entry::method_o(c"from_param", function));
    let pointer = ty.ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: the definition is never freed; the type is alive and still being made.
    let method = unsafe { Obj::owned(ffi::PyDescr_NewClassMethod(pointer, definition)) }?;
    py::add_to_type(ty, "from_param", &method)
}

entry::getter!(get_little_entry, get_little);
entry::getter!(get_big_entry, get_big);
entry::setter!(set_little_entry, set_little);
entry::setter!(set_big_entry, set_big);

fn get_little(ty: &Obj) -> Res<Obj> {
    in_byte_order(ty, name!(c"__ctype_le__"))
}

fn get_big(ty: &Obj) -> Res<Obj> {
    in_byte_order(ty, name!(c"__ctype_be__"))
}

fn set_little(ty: &Obj, value: Option<&Obj>) -> Res<()> {
    set_in_byte_order(ty, "__ctype_le__", value)
}

fn set_big(ty: &Obj, value: Option<&Obj>) -> Res<()> {
    set_in_byte_order(ty, "__ctype_be__", value)
}

/// The type in this byte order, as it lies in the type's own dict or in that of a base.
///
/// A class costs more to make than all the rest of a simple type, and few programs ask for the other order: the
/// twin is made for the first that does.
fn in_byte_order(ty: &Obj, name: &py::Name) -> Res<Obj> {
    if let Some(found) = py::own_attribute(ty, name)? {
        return Ok(found);
    }
    if ty.type_ptr() == types().simple_meta
        && let Some(info) = Info::of_type(ty)
        && let (Some(access), Some(proto)) = (info.access, &info.proto)
        && value::is_swappable(access.code)
    {
        make_twin(ty, access, proto)?;
        return in_byte_order(ty, name);
    }
    match base_of(ty) {
        Some(base) => in_byte_order(&base, name),
        None => {
            let (class, name) = (py::type_name(ty.ptr().cast()), name.get().as_str()?);
            let message = format!("type object '{class}' has no attribute '{name}'");
            Err(raise(Exc::Attribute, message))
        }
    }
}

/// The class that a simple type derives from, when it is one too.
fn base_of(ty: &Obj) -> Option<Obj> {
    // SAFETY: a living type, which keeps its base.
    let base = unsafe { Obj::borrowed((*ty.ptr().cast::<ffi::PyTypeObject>()).tp_base.cast()) };
    base.filter(|base| base.has_type(types().simple_meta))
}

/// ctypes itself sets both for the types of one byte.
fn set_in_byte_order(ty: &Obj, name: &str, value: Option<&Obj>) -> Res<()> {
    match value {
        Some(value) => py::add_to_type(ty, name, value),
        None => Err(raise(Exc::Attribute, name)),
    }
}

fn make_twin(ty: &Obj, access: Access, proto: &Obj) -> Res<()> {
    let twin = make_swapped(ty, access, proto)?;
    let (little, big) = if cfg!(target_endian = "little") {
        (ty, &twin)
    } else {
        (&twin, ty)
    };
    for one in [ty, &twin] {
        py::add_to_type(one, "__ctype_le__", little)?;
        py::add_to_type(one, "__ctype_be__", big)?;
    }
    Ok(())
}

/// The same type with its bytes in the other order.
fn make_swapped(ty: &Obj, access: Access, proto: &Obj) -> Res<Obj> {
    let suffix = if cfg!(target_endian = "little") {
        "_be"
    } else {
        "_le"
    };
    let name = py::string(&format!("{}{suffix}", py::type_name(ty.ptr().cast())))?;
    let bases = ty.getattr(name!(c"__bases__"))?;
    let dict = py::dict()?;
    dict.dict_set(&py::string("_type_")?, proto)?;
    let arguments = py::tuple(&[&name, &bases, &dict])?;
    // The metaclass is called past our own `__init__`, which would make twins of the twin.
    // SAFETY: `type.__new__` with the arguments of a class statement.
    let made = unsafe {
        let new = (*py::type_type()).tp_new.ok_or(Raised)?;
        Obj::owned(new(
            types().simple_meta,
            arguments.ptr(),
            std::ptr::null_mut(),
        ))?
    };
    describe(&made, access.in_other_order(), proto);
    Ok(made)
}

/// `from_param` of the simple types: a value that the type can hold becomes a parameter.
fn from_param(ty: &Obj, given: &Obj) -> Res<Obj> {
    if given.is_instance(ty)? {
        return Ok(given.clone());
    }
    let info = cdata::concrete(ty)?;
    let Some(access) = info.access else {
        return Err(raise(Exc::Type, "abstract class"));
    };
    match Argument::simple(access, info.size, given) {
        Ok(made) => Ok(made),
        Err(Raised) => {
            let why = Exception::set_aside();
            match given.getattr_opt(name!(c"_as_parameter_"))? {
                Some(stand_in) => recursive(|| from_param(ty, &stand_in)),
                None if cfg!(Py_3_12) || strict::is_on() => Err(why.restore()),
                None => Err(raise(Exc::Type, "wrong type")),
            }
        }
    }
}

entry::binary!(char_p_entry, char_p_from_param);
entry::binary!(wchar_p_entry, wchar_p_from_param);
entry::binary!(void_p_entry, void_p_from_param);

/// `c_char_p.from_param`: None, bytes, an array of or pointer to characters.
fn char_p_from_param(ty: &Obj, given: &Obj) -> Res<Obj> {
    if given.is_bytes() {
        return Argument::simple(Access::native(b'z'), 8, given);
    }
    text_from_param(ty, given, b'z', b'c')
}

/// `c_wchar_p.from_param`: the same for `str` and wide characters.
fn wchar_p_from_param(ty: &Obj, given: &Obj) -> Res<Obj> {
    if given.is_str() {
        return Argument::simple(Access::native(b'Z'), 8, given);
    }
    text_from_param(ty, given, b'Z', b'u')
}

fn text_from_param(ty: &Obj, given: &Obj, own: u8, character: u8) -> Res<Obj> {
    if given.is_none() || given.is_instance(ty)? {
        return Ok(given.clone());
    }
    if points_to(given, character) {
        return Ok(given.clone());
    }
    if let Some(argument) = Argument::of(given)
        && argument.tag() == b'P'
        && let Some(object) = argument.object()
        // byref(c_char()) is a pointer to characters too.
        && (holds(object, character) || points_to(object, character))
    {
        return Ok(given.clone());
    }
    if let Some(argument) = Argument::of(given)
        && argument.tag() == own
    {
        return Ok(given.clone());
    }
    if let Some(stand_in) = given.getattr_opt(name!(c"_as_parameter_"))? {
        return recursive(|| match own {
            b'z' => char_p_from_param(ty, &stand_in),
            _ => wchar_p_from_param(ty, &stand_in),
        });
    }
    Err(refuse(
        given,
        if own == b'z' { "c_char_p" } else { "c_wchar_p" },
    ))
}

/// Whether a built-in method is the `from_param` that types of this code have from us.
pub(crate) fn is_own_from_param(code: u8, function: ffi::PyCFunction) -> bool {
    let own: ffi::PyCFunction = match code {
        b'z' => char_p_entry,
        b'Z' => wchar_p_entry,
        b'P' => void_p_entry,
        _ => from_param_entry,
    };
    function as usize == own as usize
}

fn refuse(given: &Obj, wanted: &str) -> Raised {
    if cfg!(Py_3_13) {
        let name = given.type_name();
        let message = format!("'{name}' object cannot be interpreted as ctypes.{wanted}");
        return raise(Exc::Type, message);
    }
    raise(Exc::Type, "wrong type")
}

/// Whether an instance is an array of or pointer to a simple type of this code.
fn points_to(object: &Obj, code: u8) -> bool {
    if !object.has_type(types().array) && !object.has_type(types().pointer) {
        return false;
    }
    Info::of_instance(object)
        .and_then(|info| info.proto.clone())
        .and_then(|item| Info::of_type(&item))
        .is_some_and(|item| item.access.is_some_and(|access| access.code == code))
}

fn holds(object: &Obj, code: u8) -> bool {
    Info::of_instance(object)
        .is_some_and(|info| info.access.is_some_and(|access| access.code == code))
}

/// `c_void_p.from_param`: anything that has an address.
fn void_p_from_param(ty: &Obj, given: &Obj) -> Res<Obj> {
    if given.is_none() {
        return Ok(given.clone());
    }
    if given.is_int() {
        return Argument::simple(Access::native(b'P'), 8, given);
    }
    if strict::is_on() && (given.is_bytes() || given.is_str()) {
        return Err(strict::refuse_immutable(given));
    }
    if given.is_bytes() {
        return Argument::simple(Access::native(b'z'), 8, given);
    }
    if given.is_str() {
        return Argument::simple(Access::native(b'Z'), 8, given);
    }
    if given.is_instance(ty)? || given.has_type(types().array) || given.has_type(types().pointer) {
        return Ok(given.clone());
    }
    if let Some(argument) = Argument::of(given)
        && argument.tag() == b'P'
    {
        return Ok(given.clone());
    }
    if let Some(data) = Data::of(given) {
        if data.has_type(types().function) {
            return Argument::make(b'P', word_of(data), Some(given.clone()));
        }
        if holds(given, b'z') || holds(given, b'Z') {
            return Argument::make(b'Z', word_of(data), Some(given.clone()));
        }
    }
    if let Some(stand_in) = given.getattr_opt(name!(c"_as_parameter_"))? {
        return recursive(|| void_p_from_param(ty, &stand_in));
    }
    Err(refuse(given, "c_void_p"))
}

/// The pointer that an instance holds, as a parameter's value.
fn word_of(data: &Data) -> crate::argument::Word {
    let mut word = crate::argument::Word([0; 16]);
    word.0[..8].copy_from_slice(&(data.pointer() as u64).to_ne_bytes());
    word
}

fn access_of(slf: &Obj) -> Res<(Access, usize)> {
    // SAFETY: callers pass the `self` of a slot or property of `_SimpleCData`.
    unsafe { Info::peek_own(slf, |info| info.access.map(|access| (access, info.size))) }
        .ok_or_else(|| raise(Exc::Type, "abstract class"))
}

/// Like the interpreter's own, it looks at positions only.
fn init(slf: &Obj, arguments: &Obj, _keywords: Option<&Obj>) -> Res<()> {
    match arguments.items() {
        [] => Ok(()),
        [value] => set(slf, Some(value)),
        given => {
            let count = given.len();
            let message = format!("__init__ expected at most 1 argument, got {count}");
            Err(raise(Exc::Type, message))
        }
    }
}

/// The getter of `value`.
unsafe extern "C" fn get_entry(slf: *mut ffi::PyObject, _: *mut c_void) -> *mut ffi::PyObject {
    let object = entry::borrow!(slf);
    // SAFETY: Python has checked the class of the living object. It is concrete, so that it has a
    // slot, and its memory is of its type.
    unsafe {
        match slot_in(object.type_ptr()).reader.get() {
            Some(read) => read(Data::of_self(object).memory()),
            None => get_swapped_entry(slf),
        }
    }
}

/// The same for values in the other byte order.
unsafe fn get_swapped_entry(slf: *mut ffi::PyObject) -> *mut ffi::PyObject {
    py::guard(std::ptr::null_mut(), || {
        Ok(get(entry::borrow!(slf))?.into_ptr())
    })
}

fn get(slf: &Obj) -> Res<Obj> {
    // SAFETY: the `self` of a slot or property of `_SimpleCData`.
    let data = unsafe { Data::of_self(slf) };
    let (access, size) = access_of(slf)?;
    // SAFETY: the instance's memory holds a value of its type.
    unsafe { access.get(data.memory(), size, None) }
}

pub(crate) fn set(slf: &Obj, value: Option<&Obj>) -> Res<()> {
    // SAFETY: the `self` of a slot or property of `_SimpleCData`, or a new instance.
    let data = unsafe { Data::of_self(slf) };
    let Some(value) = value else {
        return Err(raise(Exc::Type, "can't delete attribute"));
    };
    let (access, size) = access_of(slf)?;
    let element = Element {
        index: 0,
        size,
        bits: None,
    };
    // SAFETY: the whole memory of the instance, of its own type.
    unsafe {
        if Store::of(access).put(data.memory(), value) {
            return Ok(());
        }
        data.assign(&slf.ty(), Some(access), value, element, data.memory())
    }
}

/// A plain simple type given back through an out parameter becomes its value.
fn from_outparam(slf: &Obj) -> Res<Obj> {
    if cdata::is_simple_subclass(&slf.ty()) {
        Ok(slf.clone())
    } else {
        get(slf)
    }
}

fn repr(slf: &Obj) -> Res<Obj> {
    if cdata::is_simple_subclass(&slf.ty()) {
        let name = slf.type_name();
        return py::string(&format!("<{name} object at {:p}>", slf.ptr()));
    }
    let value = get(slf)?;
    // SAFETY: the name of a living type, and a living object.
    unsafe {
        let name = (*slf.type_ptr()).tp_name;
        Obj::owned(ffi::PyUnicode_FromFormat(
            c"%s(%R)".as_ptr(),
            name,
            value.ptr(),
        ))
    }
}

fn truth(slf: &Obj) -> Res<bool> {
    // SAFETY: the `self` of a slot of `_SimpleCData`.
    let data = unsafe { Data::of_self(slf) };
    // SAFETY: the instance's memory.
    let bytes = unsafe { std::slice::from_raw_parts(data.memory(), data.size()) };
    Ok(bytes.iter().any(|byte| *byte != 0))
}

/// `byref` of an instance where a pointer parameter wants one.
pub(crate) fn by_reference(instance: &Obj) -> Res<Obj> {
    byref_at(Data::expect(instance)?, 0)
}
