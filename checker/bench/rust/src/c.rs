//! `calls.h`, each function with what it asks of its caller checked by Rust's types.

use std::ffi::{CStr, c_char, c_double, c_float, c_int, c_longlong, c_ushort};

/// `bench_point`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Point {
    pub x: c_double,
    pub y: c_double,
}

/// `bench_step`.
pub type Step = extern "C" fn(c_int) -> c_int;

/// `bench_order`.
pub type Order = unsafe extern "C" fn(*const c_int, *const c_int) -> c_int;

unsafe extern "C" {
    pub safe fn bench_add(a: c_int, b: c_int) -> c_int;
    pub safe fn bench_multiply(a: c_double, b: c_double) -> c_double;
    fn bench_mix(
        a: c_int,
        b: c_double,
        c: c_longlong,
        d: c_float,
        e: c_ushort,
        name: *const c_char,
    ) -> c_double;
    fn bench_length(text: *const c_char) -> usize;
    pub safe fn bench_midpoint(a: Point, b: Point) -> Point;
    pub safe fn bench_product(point: &Point) -> c_double;
    fn bench_sum(numbers: *const c_double, count: usize) -> c_double;
    pub safe fn bench_repeat(step: Step, count: c_int) -> c_int;
    fn bench_sort(sorted: *mut c_int, numbers: *const c_int, count: usize, order: Order);
}

pub use bench_add as add;
pub use bench_midpoint as midpoint;
pub use bench_multiply as multiply;
pub use bench_product as product;
pub use bench_repeat as repeat;

/// The bytes as a C string. Python ends every bytes object with a zero byte.
fn c_string(bytes: &[u8]) -> &CStr {
    // SAFETY: callers pass the content of a bytes object, behind which a zero byte lies.
    unsafe { CStr::from_ptr(bytes.as_ptr().cast()) }
}

pub fn mix(a: i32, b: f64, c: i64, d: f32, e: u16, name: &[u8]) -> f64 {
    // SAFETY: the function reads the first byte of a C string.
    unsafe { bench_mix(a, b, c, d, e, c_string(name).as_ptr()) }
}

pub fn length(text: &[u8]) -> usize {
    // SAFETY: the function reads a C string.
    unsafe { bench_length(c_string(text).as_ptr()) }
}

pub fn sum(numbers: &[f64]) -> f64 {
    // SAFETY: pointer and length belong together.
    unsafe { bench_sum(numbers.as_ptr(), numbers.len()) }
}

/// Sorts in place.
pub fn sort(numbers: &mut [i32], order: Order) {
    let copy = numbers.to_vec();
    // SAFETY: both have this length, and they are different memory.
    unsafe { bench_sort(numbers.as_mut_ptr(), copy.as_ptr(), copy.len(), order) }
}
