//! Calls that fit the registers of x86-64 System V.
//!
//! Integers and floating-point numbers are assigned to registers independently of each other, so
//! one machine call that fills six integer and eight vector registers serves every signature
//! without stack arguments: registers that the function does not read are ignored by it. The
//! commonest shapes have a [thunk](Enter) of their own, which fills no more than they need.
//!
//! The functions are called as if they were variadic: that fills the register which tells a
//! variadic function how many vector registers it has to look at, and no other function reads it.

use std::ffi::c_void;
use std::mem::transmute;

#[cfg(all(target_arch = "x86_64", unix))]
use crate::classify;
use crate::ctype::{CType, Class, Primitive, Record, Signature};

/// Integer registers that carry arguments.
pub const INTEGERS: usize = 6;
/// Vector registers that carry arguments.
pub const FLOATS: usize = 8;

/// All registers that carry arguments.
pub const REGISTERS: usize = INTEGERS + FLOATS;

/// The contents of the argument registers.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Registers {
    /// Integers and pointers, extended to a whole register by their sign.
    pub integers: [u64; INTEGERS],
    /// The low halves of the vector registers; a `float` lies in the low four bytes.
    pub floats: [f64; FLOATS],
}

/// One register of [`Registers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An index into [`Registers::integers`].
    Integer(usize),
    /// An index into [`Registers::floats`].
    Float(usize),
}

impl Place {
    /// The place of the register among all of them, integers first: below [`REGISTERS`].
    pub fn number(self) -> usize {
        match self {
            Place::Integer(index) => index,
            Place::Float(index) => INTEGERS + index,
        }
    }
}

impl Registers {
    /// Puts eight bytes into the register with this number.
    ///
    /// # Safety
    /// The number is that of a [`Place`].
    #[inline(always)]
    pub unsafe fn set(&mut self, number: usize, word: u64) {
        debug_assert!(number < REGISTERS);
        // SAFETY: the caller's promise; the fields follow each other without a gap, and any bytes are
        // a word and a float.
        unsafe { (&raw mut *self).cast::<u64>().add(number).write(word) }
    }

    /// Puts eight bytes into a register.
    #[inline(always)]
    pub fn put(&mut self, place: Place, word: u64) {
        match place {
            Place::Integer(index) => self.integers[index] = word,
            Place::Float(index) => self.floats[index] = f64::from_bits(word),
        }
    }
}

/// A thunk: calls `function` with the registers and gives back its one or two result registers, in
/// the order of the result's eightbytes. What is narrower than a register has undefined upper bytes.
///
/// # Safety
/// `function` is a C function that reads no argument but from registers, its arguments are what it
/// accepts, and its result travels as the thunk expects.
pub type Enter = unsafe fn(function: *const c_void, registers: &Registers) -> (u64, u64);

/// A call whose arguments and result all travel in registers.
#[derive(Clone, Debug)]
pub struct RegisterCall {
    arguments: Box<[Argument]>,
    result: Fetch,
    returned: Returned,
    enter: Enter,
}

/// Where an argument goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    load: Load,
    /// The register of its first or only eightbyte.
    pub first: Place,
    /// The register of the second eightbyte of a struct.
    pub second: Option<Place>,
}

/// How one argument is read from memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    I8,
    I16,
    I32,
    U8,
    U16,
    U32,
    Word,
    F32,
    F64,
    /// A struct or union of so many bytes, at most 16.
    Record(usize),
}

/// How the result becomes memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fetch {
    Nothing,
    One(Load),
}

/// The registers that a result comes in, by its eightbytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Returned {
    Integer,
    Float,
    IntegerInteger,
    FloatFloat,
    IntegerFloat,
    FloatInteger,
}

/// Hands out registers in the order of the arguments.
#[derive(Default)]
struct Allocation {
    integers: usize,
    floats: usize,
}

impl Allocation {
    fn take(&mut self, float: bool) -> Place {
        let next = if float {
            &mut self.floats
        } else {
            &mut self.integers
        };
        *next += 1;
        if float {
            Place::Float(*next - 1)
        } else {
            Place::Integer(*next - 1)
        }
    }

    fn place(&mut self, ctype: &CType) -> Option<Argument> {
        let load = Load::of(ctype)?;
        let (first, second) = match ctype {
            CType::Record(record) => banks(record)?,
            _ => (load.is_float(), None),
        };
        let first = self.take(first);
        let second = second.map(|float| self.take(float));
        (self.integers <= INTEGERS && self.floats <= FLOATS).then_some(Argument {
            load,
            first,
            second,
        })
    }
}

/// Whether the eightbytes of a record travel in vector registers; `None` when not in registers.
#[cfg(all(target_arch = "x86_64", unix))]
fn banks(record: &Record) -> Option<(bool, Option<bool>)> {
    let is_float = |bank| bank == classify::Bank::Float;
    let (first, second) = classify::banks(record)?;
    Some((is_float(first), second.map(is_float)))
}

#[cfg(not(all(target_arch = "x86_64", unix)))]
fn banks(_: &Record) -> Option<(bool, Option<bool>)> {
    None
}

impl RegisterCall {
    /// The register call of `signature`, if all of it fits and the machine is one that we know.
    pub fn new(signature: &Signature) -> Option<RegisterCall> {
        if !cfg!(all(target_arch = "x86_64", unix)) || signature.fixed.is_some() {
            return None;
        }
        let mut allocation = Allocation::default();
        let arguments = signature
            .arguments
            .iter()
            .map(|ctype| allocation.place(ctype))
            .collect::<Option<_>>()?;
        let returned = Returned::of(&signature.result)?;
        let result = match &signature.result {
            CType::Void => Fetch::Nothing,
            other => Fetch::One(Load::of(other)?),
        };
        Some(RegisterCall {
            arguments,
            result,
            returned,
            enter: thunk(allocation.integers, allocation.floats, returned),
        })
    }

    /// Where the arguments go.
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// Whether all arguments and the result are structs of 16 bytes that take two vector registers.
    pub fn is_of_float_pairs(&self) -> bool {
        let pair = |argument: &Argument| {
            argument.load == Load::Record(2 * size_of::<f64>())
                && matches!(argument.first, Place::Float(_))
                && matches!(argument.second, Some(Place::Float(_)))
        };
        self.returned == Returned::FloatFloat && self.arguments.iter().all(pair)
    }

    /// Whether the result comes in the first vector register or the first integer one; `None` when it
    /// takes two.
    pub(crate) fn returns_float(&self) -> Option<bool> {
        match self.returned {
            Returned::Integer => Some(false),
            Returned::Float => Some(true),
            _ => None,
        }
    }

    /// The machine call.
    pub fn thunk(&self) -> Enter {
        self.enter
    }

    /// # Safety
    /// As for [`crate::plan::CallPlan::call`].
    pub(crate) unsafe fn call(
        &self,
        function: *const c_void,
        arguments: &[*mut c_void],
        result: *mut c_void,
    ) {
        let mut registers = Registers::default();
        for (argument, at) in self.arguments.iter().zip(arguments) {
            // SAFETY: the caller promises a value of the signature's type behind each pointer.
            let (first, second) = unsafe { argument.load.read(*at) };
            registers.put(argument.first, first);
            if let Some(place) = argument.second {
                registers.put(place, second);
            }
        }
        // SAFETY: the registers are filled as the signature asks; the caller vouches for the
        // function and for the room behind `result`.
        unsafe {
            let words = (self.enter)(function, &registers);
            if let Fetch::One(load) = self.result {
                load.write(words, result);
            }
        }
    }
}

impl Load {
    fn of(ctype: &CType) -> Option<Load> {
        let primitive = match ctype {
            CType::Primitive(primitive) => primitive,
            CType::Record(record) => return Some(Load::Record(record.size)),
            CType::Void | CType::Array { .. } => return None,
        };
        Some(match (primitive.class(), primitive.size()) {
            _ if *primitive == Primitive::LongDouble => return None,
            (Class::Complex, _) => return None,
            (Class::Signed, 1) => Load::I8,
            (Class::Signed, 2) => Load::I16,
            (Class::Signed, 4) => Load::I32,
            (Class::Unsigned, 1) => Load::U8,
            (Class::Unsigned, 2) => Load::U16,
            (Class::Unsigned, 4) => Load::U32,
            (Class::Signed | Class::Unsigned, _) => Load::Word,
            (Class::Float, 4) => Load::F32,
            (Class::Float, _) => Load::F64,
        })
    }

    fn is_float(self) -> bool {
        matches!(self, Load::F32 | Load::F64)
    }

    /// The register images of the value at `at`; a number is extended by its sign.
    ///
    /// # Safety
    /// `at` points to an initialised value of this kind.
    unsafe fn read(self, at: *const c_void) -> (u64, u64) {
        // SAFETY: the caller's promise; unaligned reads accept packed sources.
        let word = unsafe {
            match self {
                Load::I8 => at.cast::<i8>().read() as i64 as u64,
                Load::I16 => at.cast::<i16>().read_unaligned() as i64 as u64,
                Load::I32 => at.cast::<i32>().read_unaligned() as i64 as u64,
                Load::U8 => u64::from(at.cast::<u8>().read()),
                Load::U16 => u64::from(at.cast::<u16>().read_unaligned()),
                Load::U32 | Load::F32 => u64::from(at.cast::<u32>().read_unaligned()),
                Load::Word | Load::F64 => at.cast::<u64>().read_unaligned(),
                Load::Record(size) => return read_record(at.cast(), size),
            }
        };
        (word, 0)
    }

    /// Stores a result; an integer is widened to a whole register.
    ///
    /// # Safety
    /// `at` has room for the value and for a register.
    unsafe fn write(self, (first, second): (u64, u64), at: *mut c_void) {
        let word = match self {
            Load::I8 => first as i8 as i64 as u64,
            Load::I16 => first as i16 as i64 as u64,
            Load::I32 => first as i32 as i64 as u64,
            Load::U8 => u64::from(first as u8),
            Load::U16 => u64::from(first as u16),
            Load::U32 => u64::from(first as u32),
            Load::Word | Load::F64 => first,
            // SAFETY: the caller's promise.
            Load::F32 => unsafe { return at.cast::<u32>().write_unaligned(first as u32) },
            // SAFETY: as above.
            Load::Record(size) => unsafe { return write_record((first, second), at.cast(), size) },
        };
        // SAFETY: as above.
        unsafe { at.cast::<u64>().write_unaligned(word) }
    }
}

/// The eightbytes of a record of at most 16 bytes.
///
/// # Safety
/// `at` points to `size` initialised bytes.
#[inline(always)]
pub unsafe fn read_record(at: *const u8, size: usize) -> (u64, u64) {
    // SAFETY: the caller's promise; no byte behind the record is read.
    unsafe {
        match size {
            16 => (
                at.cast::<u64>().read_unaligned(),
                at.cast::<u64>().add(1).read_unaligned(),
            ),
            8 => (at.cast::<u64>().read_unaligned(), 0),
            _ => {
                let mut words = [0; 2];
                let room = size_of_val(&words);
                words
                    .as_mut_ptr()
                    .cast::<u8>()
                    .copy_from(at, size.min(room));
                (words[0], words[1])
            }
        }
    }
}

/// Stores the eightbytes of a record of at most 16 bytes.
///
/// # Safety
/// `at` has room for `size` bytes.
#[inline(always)]
pub unsafe fn write_record((first, second): (u64, u64), at: *mut u8, size: usize) {
    let words = [first, second];
    // SAFETY: the caller's promise; no more than the two words are read.
    unsafe {
        match size {
            16 => at.cast::<[u64; 2]>().write_unaligned(words),
            8 => at.cast::<u64>().write_unaligned(first),
            _ => at.copy_from(words.as_ptr().cast(), size.min(size_of_val(&words))),
        }
    }
}

impl Returned {
    fn of(result: &CType) -> Option<Returned> {
        let (first, second) = match result {
            CType::Void => (false, None),
            CType::Record(record) => banks(record)?,
            other => (Load::of(other)?.is_float(), None),
        };
        Some(match (first, second) {
            (false, None) => Returned::Integer,
            (true, None) => Returned::Float,
            (false, Some(false)) => Returned::IntegerInteger,
            (true, Some(true)) => Returned::FloatFloat,
            (false, Some(true)) => Returned::IntegerFloat,
            (true, Some(false)) => Returned::FloatInteger,
        })
    }
}

/// The result registers as C gives them back.
trait Outcome {
    fn words(self) -> (u64, u64);
}

impl Outcome for u64 {
    fn words(self) -> (u64, u64) {
        (self, 0)
    }
}

impl Outcome for f64 {
    fn words(self) -> (u64, u64) {
        (self.to_bits(), 0)
    }
}

/// Two result registers; the types of the fields say which.
#[repr(C)]
struct Pair<A, B>(A, B);

impl<A: Outcome, B: Outcome> Outcome for Pair<A, B> {
    fn words(self) -> (u64, u64) {
        (self.0.words().0, self.1.words().0)
    }
}

/// `u64` or `f64` for a register number.
macro_rules! register_type {
    (integer $_:literal) => {
        u64
    };
    (float $_:literal) => {
        f64
    };
}

/// The thunk that fills these registers, at least one, and takes back this result.
macro_rules! enter {
    ($result:ty, [$($i:literal)*], [$($f:literal)*]) => {{
        unsafe fn enter(function: *const c_void, registers: &Registers) -> (u64, u64) {
            type Function = unsafe extern "C" fn(
                $(register_type!(integer $i),)*
                $(register_type!(float $f),)*
                ...
            ) -> $result;
            // SAFETY: for the ABI a call is its register contents, see the module's comment; the
            // rest is the caller's promise.
            unsafe {
                let function = transmute::<*const c_void, Function>(function);
                function($(registers.integers[$i],)* $(registers.floats[$f],)*).words()
            }
        }
        enter as Enter
    }};
}

/// Calls without arguments.
macro_rules! enter_empty {
    ($result:ty) => {{
        unsafe fn enter(function: *const c_void, _: &Registers) -> (u64, u64) {
            // SAFETY: as for the other thunks.
            unsafe {
                let function =
                    transmute::<*const c_void, unsafe extern "C" fn() -> $result>(function);
                function().words()
            }
        }
        enter as Enter
    }};
}

/// A call with at most four registers of one bank.
macro_rules! enter_few {
    ($function:ident, $words:expr, $word:ty, $result:ty) => {
        match *$words {
            [] => transmute::<*const c_void, unsafe extern "C" fn() -> $result>($function)(),
            [a] => transmute::<*const c_void, unsafe extern "C" fn($word, ...) -> $result>(
                $function,
            )(a),
            [a, b] => {
                transmute::<*const c_void, unsafe extern "C" fn($word, $word, ...) -> $result>(
                    $function,
                )(a, b)
            }
            [a, b, c] => transmute::<
                *const c_void,
                unsafe extern "C" fn($word, $word, $word, ...) -> $result,
            >($function)(a, b, c),
            [a, b, c, d] => transmute::<
                *const c_void,
                unsafe extern "C" fn($word, $word, $word, $word, ...) -> $result,
            >($function)(a, b, c, d),
            _ => unreachable!("at most four arguments"),
        }
    };
}

/// The smallest thunk for so many registers.
fn thunk(integers: usize, floats: usize, returned: Returned) -> Enter {
    macro_rules! table {
        ($result:ty) => {
            match (integers, floats) {
                (0, 0) => enter_empty!($result),
                (1, 0) => enter!($result, [0], []),
                (2, 0) => enter!($result, [0 1], []),
                (3, 0) => enter!($result, [0 1 2], []),
                (4, 0) => enter!($result, [0 1 2 3], []),
                (5 | 6, 0) => enter!($result, [0 1 2 3 4 5], []),
                (0, 1) => enter!($result, [], [0]),
                (0, 2) => enter!($result, [], [0 1]),
                (0, 3 | 4) => enter!($result, [], [0 1 2 3]),
                (1, 1) => enter!($result, [0], [0]),
                (2, 1) => enter!($result, [0 1], [0]),
                (1 | 2, 2) => enter!($result, [0 1], [0 1]),
                _ => every!($result),
            }
        };
    }
    macro_rules! every {
        ($result:ty) => {
            enter!($result, [0 1 2 3 4 5], [0 1 2 3 4 5 6 7])
        };
    }
    match returned {
        Returned::Integer => table!(u64),
        Returned::Float => table!(f64),
        Returned::IntegerInteger => table!(Pair<u64, u64>),
        Returned::FloatFloat => table!(Pair<f64, f64>),
        Returned::IntegerFloat => every!(Pair<u64, f64>),
        Returned::FloatInteger => every!(Pair<f64, u64>),
    }
}

/// Calls a function of at most four integers, extended to whole registers, whose result is an integer
/// or nothing. What is narrower than a register has undefined upper bytes.
///
/// # Safety
/// `function` is a C function of this kind, and accepts the arguments.
#[inline(always)]
pub unsafe fn enter_integers<const N: usize>(function: *const c_void, words: [u64; N]) -> u64 {
    // SAFETY: as for the thunks.
    unsafe { enter_few!(function, words.as_slice(), u64, u64) }
}

/// The same for `double`s.
///
/// # Safety
/// As for [`enter_integers`].
#[inline(always)]
pub unsafe fn enter_floats<const N: usize>(function: *const c_void, words: [f64; N]) -> f64 {
    // SAFETY: as for the thunks.
    unsafe { enter_few!(function, words.as_slice(), f64, f64) }
}

/// The same for a result of two vector registers.
///
/// # Safety
/// As for [`enter_integers`].
#[inline(always)]
pub unsafe fn enter_for_pair<const N: usize>(function: *const c_void, words: [f64; N]) -> [f64; 2] {
    // SAFETY: as for the thunks.
    let Pair(first, second) =
        unsafe { enter_few!(function, words.as_slice(), f64, Pair<f64, f64>) };
    [first, second]
}

/// The thunk for calls whose arguments are known only when they are made: it fills every register.
/// The result is an integer, a pointer, nothing, or a number in a vector register.
pub fn any_thunk(float_result: bool) -> Enter {
    let returned = if float_result {
        Returned::Float
    } else {
        Returned::Integer
    };
    thunk(INTEGERS, FLOATS, returned)
}
