//! Entry points for C that were compiled beforehand, instead of being made at run time.
//!
//! Each takes the argument registers and a place in the pool; what lies there is the closure that it
//! stands for. They serve the signatures that fit the registers and give back one of them; the rest,
//! and whatever finds the pool full, goes through libffi (`closure`).

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use crate::closure::RegisterHandler;
use crate::registers::{FLOATS, INTEGERS, Place, REGISTERS, RegisterCall};

const ROWS: usize = 16;
const COLUMNS: usize = 16;

/// The closures by place; null where a place is free.
static POOL: [AtomicPtr<RegisterHandler>; ROWS * COLUMNS] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; ROWS * COLUMNS];

/// Where the search for a free place starts: behind the one taken last, so that a place which was
/// just given back, and which C may still know, is used again as late as possible.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The argument registers as C has filled them.
///
/// Those that the signature does not use hold whatever they hold, or nothing at all.
#[repr(C)]
pub struct Arrived {
    integers: [u64; INTEGERS],
    floats: MaybeUninit<[f64; FLOATS]>,
}

impl Arrived {
    /// The content of the register with this number (see [`Place::number`](crate::registers::Place)).
    ///
    /// # Safety
    /// An argument of the signature lies in it.
    #[inline(always)]
    pub unsafe fn word(&self, number: usize) -> u64 {
        debug_assert!(number < REGISTERS);
        // SAFETY: the caller's promise; the fields follow each other without a gap.
        unsafe { (&raw const *self).cast::<u64>().add(number).read() }
    }
}

/// What registers an entry point looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Integers alone go in, an integer comes out.
    Integers,
    /// An integer comes out.
    IntegerResult,
    FloatResult,
}

impl Shape {
    /// The shape of a call; `None` when its result takes two registers.
    pub(crate) fn of(call: &RegisterCall) -> Option<Shape> {
        let is_float = |place| matches!(place, Place::Float(_));
        let mut arguments = call.arguments().iter();
        let floats = arguments.any(|it| is_float(it.first) || it.second.is_some_and(is_float));
        Some(match (call.returns_float()?, floats) {
            (true, _) => Shape::FloatResult,
            (false, true) => Shape::IntegerResult,
            (false, false) => Shape::Integers,
        })
    }
}

/// A taken place; dropping it gives it back.
pub(crate) struct Trampoline {
    place: usize,
    shape: Shape,
}

impl Trampoline {
    /// Takes a free place; `None` when there is none.
    ///
    /// # Safety
    /// `entered` lives until this is dropped.
    pub(crate) unsafe fn take(entered: *const RegisterHandler, shape: Shape) -> Option<Trampoline> {
        let start = NEXT.load(Ordering::Relaxed);
        let place = (0..POOL.len())
            .map(|step| (start + step) % POOL.len())
            .find(|place| {
                let free = std::ptr::null_mut();
                POOL[*place]
                    .compare_exchange(
                        free,
                        entered.cast_mut(),
                        Ordering::AcqRel,
                        Ordering::Relaxed,
                    )
                    .is_ok()
            })?;
        NEXT.store(place + 1, Ordering::Relaxed);
        Some(Trampoline { place, shape })
    }

    /// The address for C.
    pub(crate) fn code(&self) -> *mut c_void {
        match self.shape {
            Shape::Integers => ALL_INTEGERS[self.place] as *mut c_void,
            Shape::IntegerResult => INTEGER_RESULT[self.place] as *mut c_void,
            Shape::FloatResult => FLOAT_RESULT[self.place] as *mut c_void,
        }
    }
}

impl Drop for Trampoline {
    fn drop(&mut self) {
        POOL[self.place].store(std::ptr::null_mut(), Ordering::Release);
    }
}

/// Calls what lies at a place of the pool; gives back the content of the result register.
#[inline(always)]
fn enter(place: usize, registers: &Arrived) -> u64 {
    let entered = POOL[place].load(Ordering::Acquire);
    if entered.is_null() {
        released();
    }
    // SAFETY: a place holds the handler of a living closure, and C calls with what its signature says.
    unsafe {
        let RegisterHandler { function, context } = *entered;
        function(context, registers)
    }
}

/// There is nobody to answer, and no answer that the caller could use.
#[cold]
fn released() -> ! {
    eprintln!("C has called a callback after it was released; the process ends");
    std::process::abort();
}

type AllIntegers = extern "C" fn(u64, u64, u64, u64, u64, u64) -> u64;
type IntegerResult =
    extern "C" fn(u64, u64, u64, u64, u64, u64, f64, f64, f64, f64, f64, f64, f64, f64) -> u64;
type FloatResult =
    extern "C" fn(u64, u64, u64, u64, u64, u64, f64, f64, f64, f64, f64, f64, f64, f64) -> f64;

extern "C" fn all_integers<const ROW: usize, const COLUMN: usize>(
    i0: u64,
    i1: u64,
    i2: u64,
    i3: u64,
    i4: u64,
    i5: u64,
) -> u64 {
    let registers = Arrived {
        integers: [i0, i1, i2, i3, i4, i5],
        floats: MaybeUninit::uninit(),
    };
    enter(ROW * COLUMNS + COLUMN, &registers)
}

/// The entry points that look at all registers, with a result of one type. Registers that the caller
/// has not filled hold whatever they hold; nobody looks at them.
macro_rules! entry_points {
    ($name:ident, $result:ty, |$word:ident| $convert:expr) => {
        extern "C" fn $name<const ROW: usize, const COLUMN: usize>(
            i0: u64,
            i1: u64,
            i2: u64,
            i3: u64,
            i4: u64,
            i5: u64,
            f0: f64,
            f1: f64,
            f2: f64,
            f3: f64,
            f4: f64,
            f5: f64,
            f6: f64,
            f7: f64,
        ) -> $result {
            let registers = Arrived {
                integers: [i0, i1, i2, i3, i4, i5],
                floats: MaybeUninit::new([f0, f1, f2, f3, f4, f5, f6, f7]),
            };
            let $word = enter(ROW * COLUMNS + COLUMN, &registers);
            $convert
        }
    };
}

macro_rules! rows {
    ($name:ident) => {
        rows!($name, [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15])
    };
    ($name:ident, [$($row:literal)*]) => {{
        let mut table = [$name::<0, 0> as _; ROWS * COLUMNS];
        $(
            table[$row * COLUMNS] = $name::<$row, 0> as _;
            table[$row * COLUMNS + 1] = $name::<$row, 1> as _;
            table[$row * COLUMNS + 2] = $name::<$row, 2> as _;
            table[$row * COLUMNS + 3] = $name::<$row, 3> as _;
            table[$row * COLUMNS + 4] = $name::<$row, 4> as _;
            table[$row * COLUMNS + 5] = $name::<$row, 5> as _;
            table[$row * COLUMNS + 6] = $name::<$row, 6> as _;
            table[$row * COLUMNS + 7] = $name::<$row, 7> as _;
            table[$row * COLUMNS + 8] = $name::<$row, 8> as _;
            table[$row * COLUMNS + 9] = $name::<$row, 9> as _;
            table[$row * COLUMNS + 10] = $name::<$row, 10> as _;
            table[$row * COLUMNS + 11] = $name::<$row, 11> as _;
            table[$row * COLUMNS + 12] = $name::<$row, 12> as _;
            table[$row * COLUMNS + 13] = $name::<$row, 13> as _;
            table[$row * COLUMNS + 14] = $name::<$row, 14> as _;
            table[$row * COLUMNS + 15] = $name::<$row, 15> as _;
        )*
        table
    }};
}

entry_points!(integer_result, u64, |word| word);
entry_points!(float_result, f64, |word| f64::from_bits(word));

static ALL_INTEGERS: [AllIntegers; ROWS * COLUMNS] = rows!(all_integers);
static INTEGER_RESULT: [IntegerResult; ROWS * COLUMNS] = rows!(integer_result);
static FLOAT_RESULT: [FloatResult; ROWS * COLUMNS] = rows!(float_result);
