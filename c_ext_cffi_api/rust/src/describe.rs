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
    /// Functions whose body is attached at run time.
    pub externs: Vec<Extern>,
    /// Dotted names of the modules whose types this one shares.
    pub includes: Vec<String>,
    /// Whether the C compiler shall refuse what would be an error at its first use.
    pub check: bool,
}

/// Where a declaration stands in the text given to `cdef`.
#[derive(Clone, Debug, Deserialize)]
pub struct At {
    /// What messages call the text.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: u32,
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
    /// An integer of which only the compiler knows size and sign.
    Integer,
    /// `_Bool`.
    Bool,
    /// `char`.
    Char,
    /// `float` or `double`.
    Float,
    /// A `long double`.
    Long,
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

    /// Whether it is an array whose length nobody knows.
    pub fn is_open(&self) -> bool {
        self.spelling.contains("&[]")
    }
}

/// `typedef TYPE NAME;`
#[derive(Clone, Debug, Deserialize)]
pub struct Typedef {
    /// The new name.
    pub name: String,
    /// What it stands for, or what the compiler is asked.
    pub target: Target,
    /// Where it is declared.
    #[serde(default)]
    pub at: Option<At>,
}

/// What a typedef stands for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A declared type.
    Type(Type),
    /// `typedef int... name`: the compiler says which integer.
    Integer,
    /// `typedef float... name`: the compiler says which one.
    Float,
}

/// A struct or union.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    /// Its name: `struct point`, or the typedef's name of an unnamed one.
    pub name: String,
    /// How C spells it; `None` for a nested one without name, which cannot be asked about.
    pub spelling: Option<String>,
    /// Whether it is a union.
    pub union: bool,
    /// Whether an included module declares it; nothing else but its name matters then.
    #[serde(default)]
    pub external: bool,
    /// `None` for an opaque one.
    pub fields: Option<Vec<Field>>,
    /// Whether the declaration claims to be complete, so that positions must be the natural ones.
    pub complete: bool,
    /// Declared as packed, to this alignment; 0 for not packed.
    pub pack: usize,
    /// Where it is declared.
    #[serde(default)]
    pub at: Option<At>,
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
    /// What its address can be assigned to; `None` where any integer is right, and where C cannot
    /// name the type.
    #[serde(default)]
    pub pointer: Option<Pointer>,
    /// Where it is declared.
    #[serde(default)]
    pub at: Option<At>,
}

/// A pointer to a field or variable, or to the items of an array of unknown length.
#[derive(Clone, Debug, Deserialize)]
pub struct Pointer {
    /// Its type, with `const` and the like.
    pub ctype: Type,
    /// How often to index before taking the address.
    #[serde(default)]
    pub items: usize,
}

impl Pointer {
    /// The address of what `expression` names.
    pub fn address(&self, expression: &str) -> String {
        format!("&{expression}{}", "[0]".repeat(self.items))
    }
}

/// An enum.
#[derive(Clone, Debug, Deserialize)]
pub struct Enum {
    /// Its name.
    pub name: String,
    /// How C spells it; `None` for one without name.
    pub spelling: Option<String>,
    /// Whether an included module declares it; nothing else but its name matters then.
    #[serde(default)]
    pub external: bool,
    /// The names of its values; the compiler says which values.
    pub names: Vec<String>,
    /// Where it is declared.
    #[serde(default)]
    pub at: Option<At>,
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
    #[serde(default)]
    pub variadic: bool,
    /// Where it is declared.
    #[serde(default)]
    pub at: Option<At>,
}

impl Function {
    /// Its declaration under another name, with parameters called by `prefix` and a number.
    pub fn head(&self, name: &str, prefix: &str) -> String {
        let parameters: Vec<String> = self
            .arguments
            .iter()
            .enumerate()
            .map(|(index, ctype)| ctype.declare(&format!("{prefix}{index}")))
            .collect();
        let parameters = if parameters.is_empty() {
            "void".to_owned()
        } else {
            parameters.join(", ")
        };
        self.result.declare(&format!("{name}({parameters})"))
    }
}

/// An `extern "Python"` function.
#[derive(Clone, Debug, Deserialize)]
pub struct Extern {
    /// What it is called and takes.
    #[serde(flatten)]
    pub function: Function,
    /// Who else may call it.
    pub linkage: Linkage,
}

/// Who sees a function in C.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Linkage {
    /// The generated file alone.
    Static,
    /// All files of the module.
    Module,
    /// Everybody who loads it.
    Exported,
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
    /// Where it is declared.
    #[serde(default)]
    pub at: Option<At>,
}

/// A global variable.
#[derive(Clone, Debug, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ctype: Type,
    /// What its address can be assigned to.
    pub pointer: Pointer,
    /// Where it is declared.
    #[serde(default)]
    pub at: Option<At>,
}
