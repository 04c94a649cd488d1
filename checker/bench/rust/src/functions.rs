//! The functions, each as a body that is told whether to release the GIL, and the table that names both forms.

use std::ffi::{c_char, c_int};
use std::ptr;

use pyo3::ffi::{self, Py_ssize_t, PyMethodDef, PyObject};

use crate::arguments::{Arguments, Lent, Numbers, Raised, View, float, integer, raise, text};
use crate::module::Given;
use crate::{c, callback, gil, point};

/// A new reference, or an exception that is set.
type Answer = Result<*mut PyObject, Raised>;

/// Runs C code, with the GIL released around it or not.
fn run<const RELEASED: bool, T>(code: impl FnOnce() -> T) -> T {
    if RELEASED {
        gil::released(code)
    } else {
        code()
    }
}

fn new_float(value: f64) -> Answer {
    // SAFETY: the GIL is held.
    Ok(unsafe { ffi::PyFloat_FromDouble(value) })
}

fn add<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [a, b] = arguments.exactly()?;
    let (a, b) = (integer(a)?, integer(b)?);
    let sum = run::<RELEASED, _>(|| c::add(a, b));
    // SAFETY: the GIL is held.
    Ok(unsafe { ffi::PyLong_FromLong(sum.into()) })
}

fn multiply<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [a, b] = arguments.exactly()?;
    let (a, b) = (float(a)?, float(b)?);
    new_float(run::<RELEASED, _>(|| c::multiply(a, b)))
}

fn mix<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [a, b, c, d, e, name] = arguments.exactly()?;
    let (a, b, c) = (integer(a)?, float(b)?, integer(c)?);
    let (d, e, name) = (float(d)? as f32, integer(e)?, text(name)?);
    // SAFETY: the name is a C string, which its argument keeps alive.
    new_float(run::<RELEASED, _>(|| unsafe {
        c::mix(a, b, c, d, e, name)
    }))
}

fn length<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [name] = arguments.exactly()?;
    let name = text(name)?;
    // SAFETY: a C string, which the argument keeps alive; the GIL is held at the end.
    unsafe {
        Ok(ffi::PyLong_FromSize_t(run::<RELEASED, _>(|| {
            c::length(name)
        })))
    }
}

fn midpoint<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [a, b] = arguments.exactly()?;
    // SAFETY: both are living arguments.
    let (a, b) = unsafe { (point::value(a)?, point::value(b)?) };
    let (a, b) = (*a, *b);
    point::make(run::<RELEASED, _>(|| c::midpoint(a, b)))
}

fn product<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [value] = arguments.exactly()?;
    // SAFETY: a living argument, which C reads before this function ends.
    unsafe {
        let value = point::value(value)?;
        new_float(run::<RELEASED, _>(|| c::product(value)))
    }
}

fn sum<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [numbers] = arguments.exactly()?;
    let mut view = View::uninit();
    let lent = Lent::of(numbers, &mut view, 0, b'd')?;
    let (start, count) = (lent.start::<f64>(), lent.count::<f64>());
    // SAFETY: start and count belong together, and the memory is lent until the end of this function.
    new_float(run::<RELEASED, _>(|| unsafe { c::sum(start, count) }))
}

fn sum_list<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [list] = arguments.exactly()?;
    let numbers = Numbers::of(list)?;
    // SAFETY: start and count belong together, and the memory is ours until the end of this function.
    new_float(run::<RELEASED, _>(|| unsafe {
        c::sum(numbers.start(), numbers.count())
    }))
}

fn repeat<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [function, count] = arguments.exactly()?;
    let count: c_int = integer(count)?;
    let step = if RELEASED {
        callback::step_attached
    } else {
        callback::step
    };
    let sum = callback::calling(function, || run::<RELEASED, _>(|| c::repeat(step, count)))?;
    // SAFETY: the GIL is held.
    Ok(unsafe { ffi::PyLong_FromLong(sum.into()) })
}

fn sort<const RELEASED: bool>(arguments: &Arguments) -> Answer {
    let [sorted, numbers, function] = arguments.exactly()?;
    let (mut sorted_view, mut view) = (View::uninit(), View::uninit());
    let sorted = Lent::of(sorted, &mut sorted_view, ffi::PyBUF_WRITABLE, b'i')?;
    let numbers = Lent::of(numbers, &mut view, 0, b'i')?;
    let count = numbers.count::<c_int>();
    if sorted.count::<c_int>() != count {
        // SAFETY: the class lives as long as the interpreter.
        return Err(raise(
            unsafe { ffi::PyExc_ValueError },
            c"the lengths differ",
        ));
    }
    let order = if RELEASED {
        callback::order_attached
    } else {
        callback::order
    };
    callback::calling(function, || {
        // SAFETY: both have this length and are lent until the end of this function.
        run::<RELEASED, _>(|| unsafe { c::sort(sorted.start(), numbers.start(), count, order) })
    })?;
    // SAFETY: the GIL is held.
    unsafe {
        let none = ffi::Py_None();
        ffi::Py_INCREF(none);
        Ok(none)
    }
}

/// The two table entries of a body.
macro_rules! both {
    ($body:ident) => {{
        unsafe extern "C" fn held(
            _module: *mut PyObject,
            arguments: *mut *mut PyObject,
            count: Py_ssize_t,
        ) -> *mut PyObject {
            // SAFETY: called by the interpreter, as the table promises.
            let arguments = unsafe { Arguments::new(arguments, count) };
            $body::<false>(&arguments).unwrap_or(ptr::null_mut())
        }
        unsafe extern "C" fn released(
            _module: *mut PyObject,
            arguments: *mut *mut PyObject,
            count: Py_ssize_t,
        ) -> *mut PyObject {
            // SAFETY: called by the interpreter, as the table promises.
            let arguments = unsafe { Arguments::new(arguments, count) };
            $body::<true>(&arguments).unwrap_or(ptr::null_mut())
        }
        [
            entry(concat!(stringify!($body), "\0"), held),
            entry(concat!(stringify!($body), "_released\0"), released),
        ]
    }};
}

/// An entry of the table. The name ends with a zero, which the macro sees to.
const fn entry(name: &'static str, function: ffi::PyCFunctionFast) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr().cast::<c_char>(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunctionFast: function,
        },
        ml_flags: ffi::METH_FASTCALL,
        ml_doc: ptr::null(),
    }
}

/// Both forms of every function, and the zero entry that ends a table.
#[repr(C)]
pub struct Table([[PyMethodDef; 2]; 10], PyMethodDef);

pub static TABLE: Given<Table> = Given::new(Table(
    [
        both!(add),
        both!(multiply),
        both!(mix),
        both!(length),
        both!(midpoint),
        both!(product),
        both!(sum),
        both!(sum_list),
        both!(repeat),
        both!(sort),
    ],
    PyMethodDef::zeroed(),
));
