//! packet as an extension module in Rust, which has no bit-fields and no flexible arrays: the shim
//! brings the first, and room for both header and payload is made by hand.

use std::ffi::CStr;
use std::mem::size_of;

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat};

const VERSION: i32 = 2;
const NUMBER: u32 = 1;
const REAL: u32 = 2;
const TEXT: u32 = 5;
const WORDS: [&str; 5] = ["version", "kind", "length", "priority", "hops"];

/// What packet.h and shim.h say.
mod ffi {
    use std::ffi::{c_char, c_int, c_uint};

    /// The header stays four bytes; the payload has no length that Rust could know.
    #[repr(C)]
    pub struct Packet {
        pub header: [u8; 4],
        pub sum: u32,
        pub payload: [u8; 0],
    }

    #[repr(C)]
    pub union Value {
        pub number: i64,
        pub real: f64,
    }

    #[repr(C)]
    #[derive(Default)]
    pub struct Fields {
        pub version: i32,
        pub kind: i32,
        pub length: i32,
        pub priority: i32,
        pub hops: i32,
    }

    unsafe extern "C" {
        pub fn packet_kind_name(kind: c_uint) -> *const c_char;
        pub fn packet_sum(of: *const Packet) -> u32;
        pub fn packet_check(of: *const Packet, size: usize) -> c_int;
        pub fn shim_get(of: *const Packet, out: *mut Fields);
        pub fn shim_set(of: *mut Packet, from: *const Fields) -> c_int;
    }
}

/// Owned room for a packet, aligned as one, zeroed.
struct Room {
    words: Vec<u32>,
}

impl Room {
    /// Room for at least a packet and for `size` bytes.
    fn new(size: usize) -> Room {
        let words = size
            .max(size_of::<ffi::Packet>())
            .div_ceil(size_of::<u32>());
        Room {
            words: vec![0; words],
        }
    }

    fn packet(&mut self) -> *mut ffi::Packet {
        self.words.as_mut_ptr().cast()
    }

    fn bytes(&mut self) -> &mut [u8] {
        let size = size_of::<u32>() * self.words.len();
        // SAFETY: the words are that many bytes, and are borrowed as long as the slice.
        unsafe { std::slice::from_raw_parts_mut(self.words.as_mut_ptr().cast(), size) }
    }

    /// The fields of the header, through the shim.
    fn fields(&mut self) -> ffi::Fields {
        let mut fields = ffi::Fields::default();
        // SAFETY: there is room for a packet, and `fields` is ours.
        unsafe { ffi::shim_get(self.packet(), &mut fields) };
        fields
    }
}

/// `value` as an integer of the C type; TypeError or OverflowError that names `place`.
fn integer<'py, T>(place: &str, value: &Bound<'py, PyAny>) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    value.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            PyOverflowError::new_err(format!("{place} does not fit"))
        } else if error.is_instance_of::<PyTypeError>(value.py()) {
            PyTypeError::new_err(format!("{place} is no integer"))
        } else {
            error
        }
    })
}

/// A kind and its name; ValueError if C knows no such kind.
fn known(operation: &str, kind: &Bound<'_, PyAny>) -> PyResult<(u32, String)> {
    let kind = integer(&format!("{operation}: kind"), kind)?;
    // SAFETY: any unsigned may be passed; NULL, or a text of the library that ends with NUL, comes back.
    let found = unsafe { ffi::packet_kind_name(kind) };
    if found.is_null() {
        let message = format!("{operation}: kind {kind} is unknown");
        return Err(PyValueError::new_err(message));
    }
    // SAFETY: it is no NULL, and the library never frees it.
    let name = unsafe { CStr::from_ptr(found) };
    Ok((kind, name.to_string_lossy().into_owned()))
}

/// What C expects behind the header, for each kind another member of the union.
fn payload(kind: u32, value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if kind == NUMBER {
        return Ok(integer::<i64>("build: value", value)?
            .to_ne_bytes()
            .to_vec());
    }
    if let (REAL, Ok(real)) = (kind, value.cast::<PyFloat>()) {
        return Ok(real.extract::<f64>()?.to_ne_bytes().to_vec());
    }
    if let (TEXT, Ok(text)) = (kind, value.cast::<PyBytes>()) {
        return Ok(text.as_bytes().to_vec());
    }
    let message = format!("build: value does not belong to kind {kind}");
    Err(PyTypeError::new_err(message))
}

/// What C calls a kind.
#[pyfunction]
fn name(kind: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(known("name", kind)?.1)
}

/// A packet as bytes; `value` is an int, a float or bytes, as the kind says.
#[pyfunction]
#[pyo3(signature = (kind, value, priority = None, hops = None))]
fn build<'py>(
    kind: &Bound<'py, PyAny>,
    value: &Bound<'py, PyAny>,
    priority: Option<&Bound<'py, PyAny>>,
    hops: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = kind.py();
    let (kind, _) = known("build", kind)?;
    let payload = payload(kind, value)?;
    let too_long = |_| PyOverflowError::new_err("build: length does not fit");
    let fields = ffi::Fields {
        version: VERSION,
        kind: kind.cast_signed(),
        length: payload.len().try_into().map_err(too_long)?,
        priority: priority.map_or(Ok(0), |value| integer("build: priority", value))?,
        hops: hops.map_or(Ok(0), |value| integer("build: hops", value))?,
    };
    let size = size_of::<ffi::Packet>() + payload.len();
    let mut room = Room::new(size);
    // SAFETY: there is room for a packet, and the shim keeps neither pointer.
    let unfit = unsafe { ffi::shim_set(room.packet(), &fields) };
    if let Some(word) = usize::try_from(unfit)
        .ok()
        .and_then(|n| WORDS.get(n.wrapping_sub(1)))
    {
        return Err(PyOverflowError::new_err(format!(
            "build: {word} does not fit"
        )));
    }
    room.bytes()[size_of::<ffi::Packet>()..size].copy_from_slice(&payload);
    // SAFETY: the header tells the true length, and all of it lies in `room`.
    unsafe { (*room.packet()).sum = ffi::packet_sum(room.packet()) };
    Ok(PyBytes::new(py, &room.bytes()[..size]))
}

/// The fields of a packet; ValueError for a code of packet.h.
#[pyfunction]
fn parse<'py>(data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let py = data.py();
    let data = data.cast::<PyBytes>();
    let data = data
        .map_err(|_| PyTypeError::new_err("parse: data is no bytes"))?
        .as_bytes();
    let mut room = Room::new(data.len());
    room.bytes()[..data.len()].copy_from_slice(data);
    // SAFETY: `room` holds `data.len()` bytes, and at least a packet.
    let code = unsafe { ffi::packet_check(room.packet(), data.len()) };
    if code != 0 {
        return Err(PyValueError::new_err(format!(
            "parse: code {code} for data"
        )));
    }
    let fields = room.fields();
    let payload = &data[size_of::<ffi::Packet>()..];
    let parsed = PyDict::new(py);
    parsed.set_item("kind", fields.kind)?;
    parsed.set_item("priority", fields.priority)?;
    parsed.set_item("hops", fields.hops)?;
    if fields.kind.cast_unsigned() == TEXT {
        parsed.set_item("value", PyBytes::new(py, payload))?;
        return Ok(parsed);
    }
    // SAFETY: packet_check has seen that a union lies there, and every pattern of bits is one.
    let value = unsafe { payload.as_ptr().cast::<ffi::Value>().read_unaligned() };
    if fields.kind.cast_unsigned() == NUMBER {
        // SAFETY: the kind says that `number` was written.
        parsed.set_item("value", unsafe { value.number })?;
    } else {
        // SAFETY: the kind says that `real` was written.
        parsed.set_item("value", unsafe { value.real })?;
    }
    Ok(parsed)
}

/// The header, through the shim.
#[pyfunction]
fn mapped(data: &[u8]) -> PyResult<[i32; 5]> {
    let mut room = Room::new(0);
    let size = data.len();
    let no_header = || PyValueError::new_err(format!("mapped: {size} bytes are no header"));
    let header = data.get(..4).ok_or_else(no_header)?;
    room.bytes()[..4].copy_from_slice(header);
    let fields = room.fields();
    Ok([
        fields.version,
        fields.kind,
        fields.length,
        fields.priority,
        fields.hops,
    ])
}

/// Packets of a small device.
#[pymodule]
fn _lesson_8_4(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(name, module)?)?;
    module.add_function(wrap_pyfunction!(build, module)?)?;
    module.add_function(wrap_pyfunction!(parse, module)?)?;
    module.add_function(wrap_pyfunction!(mapped, module)?)
}
