//! How the type tables of cffi's modules spell a type: words of an opcode and a number.

pub use clib::cdef::PRIMITIVES;

/// A type, with other ops by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A primitive type, see [`PRIMITIVES`]; a negative number says why there is none.
    Primitive(isize),
    /// A pointer, also to a function.
    Pointer(usize),
    /// So many items.
    Array(usize, usize),
    /// Any number of items.
    OpenArray(usize),
    /// A struct or union.
    Record(isize),
    /// An enum.
    Enum(usize),
    /// A function, not yet a pointer to one.
    Function {
        /// What it gives.
        result: usize,
        /// What it takes.
        arguments: Vec<usize>,
        /// Whether a `...` follows.
        variadic: bool,
    },
    /// The same type as another op.
    Same(usize),
    /// A typedef.
    Typename(usize),
}

impl Op {
    /// C's `FILE`, which no table describes.
    pub const FILE: Op = Op::Record(-1);
}

/// What a word says about a global name or about a type.
pub mod code {
    /// A primitive type.
    pub const PRIMITIVE: u8 = 1;
    /// A pointer.
    pub const POINTER: u8 = 3;
    /// An array; its length is the next word.
    pub const ARRAY: u8 = 5;
    /// An array of open length.
    pub const OPEN_ARRAY: u8 = 7;
    /// A struct or union.
    pub const RECORD: u8 = 9;
    /// An enum, or one of its names.
    pub const ENUM: u8 = 11;
    /// A function; its arguments follow.
    pub const FUNCTION: u8 = 13;
    /// The end of the arguments.
    pub const FUNCTION_END: u8 = 15;
    /// The same as another word.
    pub const SAME: u8 = 17;
    /// A bit-field.
    pub const BITFIELD: u8 = 19;
    /// A typedef.
    pub const TYPENAME: u8 = 21;
    /// A compiled function that takes a tuple.
    pub const WRAPPER_TUPLE: u8 = 23;
    /// A compiled function without arguments.
    pub const WRAPPER_NONE: u8 = 25;
    /// A compiled function of one argument.
    pub const WRAPPER_ONE: u8 = 27;
    /// A constant that is no integer.
    pub const CONSTANT: u8 = 29;
    /// An integer constant.
    pub const INTEGER: u8 = 31;
    /// A variable by its address.
    pub const VARIABLE: u8 = 33;
    /// A function of an opened library.
    pub const OPENED_FUNCTION: u8 = 35;
    /// A constant of an opened library.
    pub const OPENED_CONSTANT: u8 = 37;
    /// A variable by a function that gives its address.
    pub const VARIABLE_BY_CALL: u8 = 39;
    /// An `extern "Python"` function.
    pub const EXTERN_PYTHON: u8 = 41;
}

/// The opcode of a word.
pub fn code_of(word: isize) -> u8 {
    word as u8
}

/// The number in a word.
pub fn number_of(word: isize) -> isize {
    word >> 8
}

/// The number of the primitive type `name`; -1 when there is none.
pub fn primitive(name: &str) -> isize {
    let found = PRIMITIVES.iter().position(|one| *one == name);
    found.map_or(-1, usize::cast_signed)
}
