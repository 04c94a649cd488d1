//! Exceptions: set, taken, extended, and kept from crossing C as panics.

use pyo3::ffi;

use crate::py::{Obj, api, string, type_name};

/// A Python exception is set in this thread.
#[derive(Debug)]
pub(crate) struct Raised;

/// What every operation that may raise gives back.
pub(crate) type Res<T> = Result<T, Raised>;

/// The exceptions that we raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exc {
    Attribute,
    Import,
    Index,
    Memory,
    Os,
    Overflow,
    Runtime,
    System,
    Type,
    Value,
}

impl Exc {
    fn class(self) -> *mut ffi::PyObject {
        // SAFETY: the exception classes are set up before any extension module is loaded.
        unsafe {
            match self {
                Exc::Attribute => ffi::PyExc_AttributeError,
                Exc::Import => ffi::PyExc_ImportError,
                Exc::Index => ffi::PyExc_IndexError,
                Exc::Memory => ffi::PyExc_MemoryError,
                Exc::Os => ffi::PyExc_OSError,
                Exc::Overflow => ffi::PyExc_OverflowError,
                Exc::Runtime => ffi::PyExc_RuntimeError,
                Exc::System => ffi::PyExc_SystemError,
                Exc::Type => ffi::PyExc_TypeError,
                Exc::Value => ffi::PyExc_ValueError,
            }
        }
    }
}

/// Sets an exception with a message.
pub(crate) fn raise(exception: Exc, message: impl AsRef<str>) -> Raised {
    // Without memory for the text, that is the exception which is set.
    if let Ok(text) = string(message.as_ref()) {
        api!(ffi::PyErr_SetObject(exception.class(), text.ptr()));
    }
    Raised
}

pub(crate) fn raised() -> bool {
    !api!(ffi::PyErr_Occurred()).is_null()
}

/// Clears the exception that is set if it is of this class; keeps any other.
pub(crate) fn forgive(exception: Exc) -> Res<()> {
    if api!(ffi::PyErr_ExceptionMatches(exception.class())) == 0 {
        return Err(Raised);
    }
    clear_error();
    Ok(())
}

pub(crate) fn clear_error() {
    api!(ffi::PyErr_Clear());
}

/// An exception taken out of the thread's indicator.
pub(crate) struct Exception {
    class: Option<Obj>,
    value: Option<Obj>,
    traceback: Option<Obj>,
}

impl Exception {
    /// Takes the exception that is set, with an object made of it.
    pub(crate) fn take() -> Exception {
        Exception::fetch(true)
    }

    /// Takes the exception that is set just to put it back or to drop it.
    pub(crate) fn set_aside() -> Exception {
        Exception::fetch(false)
    }

    fn fetch(normalized: bool) -> Exception {
        let (mut class, mut value, mut traceback) = (
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        );
        // SAFETY: the three pointers receive owned references or NULL.
        unsafe {
            #[cfg_attr(Py_3_12, expect(deprecated, reason = "the newer form needs 3.12"))]
            ffi::PyErr_Fetch(&raw mut class, &raw mut value, &raw mut traceback);
            if normalized {
                #[cfg_attr(Py_3_12, expect(deprecated, reason = "the newer form needs 3.12"))]
                ffi::PyErr_NormalizeException(&raw mut class, &raw mut value, &raw mut traceback);
            }
            Exception {
                class: Obj::owned(class).ok(),
                value: Obj::owned(value).ok(),
                traceback: Obj::owned(traceback).ok(),
            }
        }
    }

    /// Sets it again.
    pub(crate) fn restore(self) -> Raised {
        let give = |part: Option<Obj>| part.map_or(std::ptr::null_mut(), Obj::into_ptr);
        // SAFETY: three owned references or NULL are given away.
        unsafe {
            #[cfg_attr(Py_3_12, expect(deprecated, reason = "the newer form needs 3.12"))]
            ffi::PyErr_Restore(give(self.class), give(self.value), give(self.traceback));
        }
        Raised
    }

    /// `TypeName: text`, or the bare name when the exception cannot be shown.
    pub(crate) fn describe(&self) -> String {
        let name = match &self.class {
            // Up to Python 3.9 the class was shown, later its name.
            Some(class) if cfg!(not(Py_3_10)) => class.repr().unwrap_or_default(),
            Some(class) => type_name(class.ptr().cast()),
            None => String::new(),
        };
        let Some(value) = &self.value else {
            return name;
        };
        let text = api!(Obj::owned(ffi::PyObject_Str(value.ptr())));
        match text.as_ref().map(|text| text.as_str()) {
            Ok(Ok(text)) => format!("{name}: {text}"),
            _ => {
                clear_error();
                format!("{name}: ???")
            }
        }
    }
}

/// Puts `prefix` before the message of the exception that is set and makes it a `class`.
pub(crate) fn extend_error(class: &Obj, prefix: &str) -> Raised {
    let exception = Exception::take();
    let message = format!("{prefix}{}", exception.describe());
    if let Ok(text) = string(&message) {
        api!(ffi::PyErr_SetObject(class.ptr(), text.ptr()));
    }
    Raised
}

/// Whether the exception that is set is of this class.
pub(crate) fn matches(exception: Exc) -> bool {
    api!(ffi::PyErr_ExceptionMatches(exception.class())) != 0
}

/// Puts `prefix` before the message of the exception that is set and keeps its class.
pub(crate) fn extend_same(exception: Exc, prefix: &str) -> Raised {
    let taken = Exception::take();
    let text = taken
        .value
        .as_ref()
        .and_then(|value| api!(Obj::owned(ffi::PyObject_Str(value.ptr()))).ok());
    match text.as_ref().map(Obj::as_str) {
        Some(Ok(text)) => raise(exception, format!("{prefix}{text}")),
        _ => taken.restore(),
    }
}

/// Runs `body` for C: an exception becomes `failed`, and so does a panic, which must not unwind
/// into the interpreter.
pub(crate) fn guard<T>(failed: T, body: impl FnOnce() -> Res<T>) -> T {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(Raised)) => failed,
        Err(_) => {
            raise(
                Exc::System,
                "internal error in rust_ctypes (see the message above)",
            );
            failed
        }
    }
}
