//! `calls.h`.

use std::ffi::{c_char, c_double, c_float, c_int, c_longlong, c_ushort};

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

// What the pointers must point to stands in the header.
unsafe extern "C" {
    #[link_name = "bench_add"]
    pub safe fn add(a: c_int, b: c_int) -> c_int;
    #[link_name = "bench_multiply"]
    pub safe fn multiply(a: c_double, b: c_double) -> c_double;
    #[link_name = "bench_mix"]
    pub fn mix(
        a: c_int,
        b: c_double,
        c: c_longlong,
        d: c_float,
        e: c_ushort,
        name: *const c_char,
    ) -> c_double;
    #[link_name = "bench_length"]
    pub fn length(text: *const c_char) -> usize;
    #[link_name = "bench_midpoint"]
    pub safe fn midpoint(a: Point, b: Point) -> Point;
    #[link_name = "bench_product"]
    pub fn product(point: *const Point) -> c_double;
    #[link_name = "bench_sum"]
    pub fn sum(numbers: *const c_double, count: usize) -> c_double;
    #[link_name = "bench_repeat"]
    pub safe fn repeat(step: Step, count: c_int) -> c_int;
    #[link_name = "bench_sort"]
    pub fn sort(sorted: *mut c_int, numbers: *const c_int, count: usize, order: Order);
}
