//! What a cdef declares, as plain data.

use serde::Deserialize;

/// A module to generate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Module {
    /// Its dotted name.
    pub name: String,
    /// The user's C code, put before everything generated.
    pub preamble: String,
    /// Names for types.
    pub typedefs: Vec<Typedef>,
    /// Structs and unions.
    pub records: Vec<Record>,
    /// Enums.
    pub enums: Vec<Enum>,
    /// Functions to wrap.
    pub functions: Vec<Function>,
    /// Constants and macros.
    pub constants: Vec<Constant>,
    /// Global variables.
    pub variables: Vec<Variable>,
}

/// A C type as the declarations spell it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Type {
    /// Its spelling in C, with `&` where a variable's name would go: `int(*&)(long)`.
    pub spelling: String,
    /// How its values cross.
    pub class: Class,
}

/// How values of a type cross between Python and C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// No value.
    Void,
    /// A signed integer.
    Signed,
    /// An unsigned integer.
    Unsigned,
    /// `char`.
    Char,
    /// `float` or `double`.
    Float,
    /// A pointer to data.
    Pointer,
    /// A struct or union.
    Record,
    /// Everything else: left to the engine.
    #[default]
    Other,
}

impl Type {
    /// A declaration of `name` with this type.
    pub fn declare(&self, name: &str) -> String {
        let before = self.spelling.split('&').next().unwrap_or_default();
        let space = if before.ends_with('*') || before.ends_with('(') {
            ""
        } else {
            " "
        };
        self.spelling.replacen('&', &format!("{space}{name}"), 1)
    }

    /// The type alone, as in a cast.
    pub fn bare(&self) -> String {
        self.spelling.replacen('&', "", 1)
    }
}

/// `typedef TYPE NAME;`
#[derive(Clone, Debug, Deserialize)]
pub struct Typedef {
    /// The new name.
    pub name: String,
    /// What it stands for, or what the compiler is asked.
    pub target: Target,
}

/// What a typedef stands for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A declared type.
    Type(String),
    /// `typedef int... name`: the compiler says which integer.
    Integer,
    /// `typedef float... name`: the compiler says which one.
    Float,
}

/// A struct or union.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    /// Its spelling: `struct point`, or the typedef's name of an unnamed one.
    pub name: String,
    /// Whether it is a union.
    pub union: bool,
    /// `None` for an opaque one.
    pub fields: Option<Vec<Field>>,
    /// Whether the declaration claims to be complete, so that positions must be the natural ones.
    pub complete: bool,
    /// Declared as packed, to this alignment; 0 for not packed.
    pub pack: usize,
    /// Whether C can spell it; a nested struct without name cannot be asked about.
    pub spelled: bool,
}

/// A field of a struct or union.
#[derive(Clone, Debug, Deserialize)]
pub struct Field {
    /// Its name; empty for an unnamed bit-field.
    pub name: String,
    /// Its type.
    pub ctype: Type,
    /// Width of a bit-field, else -1.
    pub bits: i32,
}

/// An enum.
#[derive(Clone, Debug, Deserialize)]
pub struct Enum {
    /// Its spelling.
    pub name: String,
    /// The names of its values; the compiler says which values.
    pub names: Vec<String>,
    /// Whether C can spell it.
    pub spelled: bool,
}

/// A function.
#[derive(Clone, Debug, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub result: Type,
    /// What it takes.
    pub arguments: Vec<Type>,
    /// The type of a pointer to it.
    pub pointer: Type,
    /// Whether it takes `...`; such a function is called through its pointer.
    pub variadic: bool,
}

/// A constant.
#[derive(Clone, Debug, Deserialize)]
pub struct Constant {
    /// Its name.
    pub name: String,
    /// Its type; `None` for an integer whose type does not matter.
    pub ctype: Option<Type>,
    /// The value that the declaration claims.
    pub claimed: Option<String>,
}

/// A global variable.
#[derive(Clone, Debug, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ctype: Type,
}
