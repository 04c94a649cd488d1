//! The Python value of what lies in registers: the result of a call, an argument of a callback.

use clib::ctype::CType;
use pyo3::ffi;

use crate::cdata::{self, Data};
use crate::info::{self, FINAL, Info, Kind};
use crate::number;
use crate::py::{self, Exc, Obj, Raised, Res, raise};
use crate::value::Access;
use crate::way::Width;

/// What becomes of the registers.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Nothing,
    Integer(Width),
    Double,
    Simple(Access, usize),
    /// `PyObject *`: a reference that C gives away.
    Object,
    /// A new instance of a type, of so many bytes. The type is borrowed.
    Instance(*mut ffi::PyObject, usize),
    /// The same for a struct or union of data.
    Record(*mut ffi::PyObject, usize),
}

impl Outcome {
    /// What becomes of a result, if it fits the registers, and how it travels.
    pub(crate) fn of(restype: Option<&Obj>) -> Option<(Outcome, CType)> {
        let int = Access::native(b'i');
        let Some(restype) = restype else {
            return Some((Outcome::Integer(Width::I32), int.ctype()));
        };
        if restype.is_none() {
            return Some((Outcome::Nothing, CType::Void));
        }
        let Some(info) = Info::of_type(restype) else {
            // A callable gets the C int.
            return Some((Outcome::Integer(Width::I32), int.ctype()));
        };
        let outcome = match info.plain {
            Some(access) => match Outcome::plain(access, info.size)? {
                Outcome::Simple(access, _) if access.code == b'O' => Outcome::Object,
                outcome => outcome,
            },
            None if info.kind == Kind::Array => return None,
            None => {
                info.set(FINAL);
                match info.kind {
                    Kind::Struct | Kind::Union if info::has_data(restype) => {
                        Outcome::Record(restype.ptr(), info.size)
                    }
                    _ => Outcome::Instance(restype.ptr(), info.size),
                }
            }
        };
        Some((outcome, info.ctype.clone()))
    }

    /// What becomes of a value of a simple type.
    pub(crate) fn plain(access: Access, size: usize) -> Option<Outcome> {
        if access.swapped {
            return None;
        }
        Some(match (Width::of(access), access.code) {
            (Some(width), _) => Outcome::Integer(width),
            (None, b'd') => Outcome::Double,
            (None, _) => Outcome::Simple(access, size),
        })
    }

    /// The type of an instance must outlive a call, during which others may change the function.
    #[inline(always)]
    pub(crate) fn keep(self) -> Option<Obj> {
        match self {
            // SAFETY: alive until the function object's result type changes, which is not yet.
            Outcome::Record(ty, _) | Outcome::Instance(ty, _) => unsafe { Obj::borrowed(ty) },
            _ => None,
        }
    }

    /// Makes the Python value of one or two registers.
    ///
    /// # Safety
    /// They hold a value of this kind; the type of an instance is alive.
    #[inline(always)]
    pub(crate) unsafe fn make(self, words: (u64, u64)) -> Res<Obj> {
        match self {
            Outcome::Integer(Width::I32) => number::int(i64::from(words.0 as i32)),
            Outcome::Double => py::float(f64::from_bits(words.0)),
            Outcome::Nothing => Ok(py::none()),
            // SAFETY: the caller's promise.
            Outcome::Record(ty, size) => unsafe {
                let ty = &*(&raw const ty).cast::<Obj>();
                cdata::record_of_words(ty, size, words)
            },
            // SAFETY: the caller's promise.
            _ => unsafe { self.make_rarer(words) },
        }
    }

    /// # Safety
    /// As for [`Outcome::make`].
    #[inline(never)]
    unsafe fn make_rarer(self, words: (u64, u64)) -> Res<Obj> {
        match self {
            Outcome::Integer(Width::U64) => py::unsigned(words.0),
            Outcome::Integer(width) => number::int(width.extend(words.0) as i64),
            Outcome::Simple(access, size) => {
                let at = (&raw const words.0).cast();
                // SAFETY: the word holds the value in its low bytes.
                unsafe { access.get(at, size, None) }
            }
            // SAFETY: C has given the reference away.
            Outcome::Object => unsafe { Obj::owned(words.0 as *mut ffi::PyObject) }
                .map_err(|Raised| raise(Exc::Value, "PyObject is NULL")),
            // SAFETY: the caller's promise.
            Outcome::Instance(ty, size) => unsafe { instance(ty, size, words) },
            // SAFETY: the caller's promise.
            Outcome::Nothing | Outcome::Double | Outcome::Record(..) => unsafe { self.make(words) },
        }
    }
}

/// # Safety
/// As for [`Outcome::make`].
unsafe fn instance(ty: *mut ffi::PyObject, size: usize, words: (u64, u64)) -> Res<Obj> {
    // SAFETY: the caller's promise.
    let ty = unsafe { Obj::by_ref(&ty) }.ok_or(Raised)?;
    let made = cdata::new_instance(ty)?;
    // SAFETY: the instance has the size of its type.
    unsafe { clib::registers::write_record(words, made.memory(), size) };
    Ok(Data::into_obj(made))
}
