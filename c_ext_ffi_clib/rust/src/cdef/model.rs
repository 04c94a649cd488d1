//! The types that a cdef declares.
//!
//! A [`Type`] is shared, never changed. What a name stands for may become known later, so records
//! and enums have an identity of their own, and cells for what is still open.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// `const`, `restrict` and `volatile`, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quals(pub u8);

impl Quals {
    /// `const`.
    pub const CONST: Quals = Quals(1);
    /// `restrict`.
    pub const RESTRICT: Quals = Quals(2);
    /// `volatile`.
    pub const VOLATILE: Quals = Quals(4);
    /// The calling convention of old Windows, noted like a qualifier of the result.
    pub(crate) const STDCALL: Quals = Quals(8);

    /// Whether one of `other` is among them.
    pub fn has(self, other: Quals) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn with(self, other: Quals) -> Quals {
        Quals(self.0 | other.0)
    }

    pub(crate) fn visible(self) -> Quals {
        Quals(self.0 & 7)
    }
}

/// A type of C, or of what cffi allows beyond it.
#[derive(Clone, Debug)]
pub struct Type(Arc<Node>);

#[derive(Debug)]
struct Node {
    shape: Shape,
    /// How many types lie inside one another, at most.
    depth: usize,
}

/// What a type is.
#[derive(Debug)]
pub enum Shape {
    /// `void`.
    Void,
    /// An arithmetic type, by the one name that it has here.
    Primitive(&'static str),
    /// `typedef int... NAME`: only the C compiler knows which integer.
    UnknownInteger(String),
    /// `typedef float... NAME`.
    UnknownFloat(String),
    /// A function, or a pointer to one.
    Function(Function),
    /// A pointer to data.
    Pointer {
        /// What it points to.
        item: Type,
        /// The qualifiers of what it points to.
        quals: Quals,
        /// The `typedef` without which the item could not be written.
        name: Option<String>,
    },
    /// Items in a row.
    Array {
        /// The type of each.
        item: Type,
        /// How many.
        length: Length,
    },
    /// A struct or a union.
    Record(Arc<Record>),
    /// An enum.
    Enum(Arc<Enumeration>),
}

/// The length of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// `[]`.
    Open,
    /// `[5]`; also a negative number, which no array can have.
    Known(i128),
    /// `[...]`: only the C compiler knows.
    Unknown,
    /// The same in a `typedef`: an expression that the C compiler can evaluate.
    Expression(String),
}

/// What a function takes and returns.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its result.
    pub result: Type,
    /// The types of its arguments.
    pub arguments: Vec<Type>,
    /// Whether more arguments may follow.
    pub variadic: bool,
    /// Whether it was marked `__stdcall` or `WINAPI`.
    pub stdcall: bool,
    /// Whether this is a pointer to it rather than the function itself.
    pub pointer: bool,
}

/// A member of a record.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name, empty if it has none.
    pub name: String,
    /// Its type.
    pub ctype: Type,
    /// Width of a bit-field.
    pub bits: Option<i128>,
    /// Its qualifiers.
    pub quals: Quals,
}

/// A struct or a union; two mentions of one tag are one record.
#[derive(Debug)]
pub struct Record {
    /// Unique in the process, never used again.
    pub id: u64,
    /// Whether the fields share their place.
    pub union: bool,
    /// Its tag; an invented one with `$` if it has none.
    pub name: String,
    /// Whether it stands for `typedef ... NAME`.
    pub unknown: bool,
    state: Mutex<RecordState>,
}

#[derive(Clone, Debug, Default)]
struct RecordState {
    forced_name: Option<String>,
    body: Option<Arc<Body>>,
    partial: bool,
}

/// What was known of a record before it was changed.
#[derive(Debug)]
pub(crate) struct Changed {
    record: Arc<Record>,
    before: RecordState,
}

impl Changed {
    pub(crate) fn of(record: &Arc<Record>) -> Changed {
        Changed {
            record: Arc::clone(record),
            before: record.state().clone(),
        }
    }

    pub(crate) fn take_back(self) {
        let after = std::mem::replace(&mut *self.record.state(), self.before);
        drop(after);
    }
}

/// What stands between the braces of a record.
#[derive(Debug)]
pub struct Body {
    /// Its members in order.
    pub fields: Vec<Field>,
    /// Largest alignment of a member in bytes; 0 for the natural one.
    pub pack: u64,
}

/// An enum; two mentions of one tag are one enum.
#[derive(Debug)]
pub struct Enumeration {
    /// Unique in the process, never used again.
    pub id: u64,
    /// Its tag; an invented one with `$` if it has none.
    pub name: String,
    /// What `typedef` calls it, if it was met there first.
    pub forced_name: Option<String>,
    /// Names and values in order; empty for an enum without braces.
    pub values: Vec<(String, i128)>,
    /// Whether there is a `...` in it.
    pub partial: bool,
}

/// The `id` of the one `FILE`.
pub const FILE_ID: u64 = 0;
static NEXT_ID: AtomicU64 = AtomicU64::new(FILE_ID + 1);

static FILE: LazyLock<Type> = LazyLock::new(|| {
    let state = RecordState {
        forced_name: Some("FILE".to_owned()),
        ..RecordState::default()
    };
    Type::new(Shape::Record(Arc::new(Record {
        id: FILE_ID,
        union: false,
        name: "_IO_FILE".to_owned(),
        unknown: true,
        state: Mutex::new(state),
    })))
});

/// C's `FILE`, the same for all.
pub fn file() -> Type {
    FILE.clone()
}

impl Type {
    pub(crate) fn new(shape: Shape) -> Type {
        let depth = 1 + match &shape {
            Shape::Pointer { item, .. } | Shape::Array { item, .. } => item.depth(),
            Shape::Function(function) => {
                let arguments = function.arguments.iter().map(Type::depth);
                arguments
                    .chain([function.result.depth()])
                    .max()
                    .unwrap_or(0)
            }
            _ => 0,
        };
        Type(Arc::new(Node { shape, depth }))
    }

    /// What it is.
    pub fn shape(&self) -> &Shape {
        &self.0.shape
    }

    /// How many types lie inside one another, at most; records count as one.
    pub fn depth(&self) -> usize {
        self.0.depth
    }

    /// An address that tells types apart while both exist.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// Whether both come from one and the same declaration.
    pub fn same(&self, other: &Type) -> bool {
        match (self.shape(), other.shape()) {
            (Shape::Record(one), Shape::Record(two)) => one.id == two.id,
            (Shape::Enum(one), Shape::Enum(two)) => one.id == two.id,
            _ => Arc::ptr_eq(&self.0, &other.0),
        }
    }

    /// Whether a literal may give it a value: an integer, but no enum and no character.
    pub fn is_integer(&self) -> bool {
        match self.shape() {
            Shape::UnknownInteger(_) => true,
            Shape::Primitive(name) => super::primitives::is_integer(name),
            _ => false,
        }
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self.shape(), Shape::Array { .. })
    }

    /// The function that it is, if it is one and not a pointer to one.
    pub fn raw_function(&self) -> Option<&Function> {
        match self.shape() {
            Shape::Function(function) if !function.pointer => Some(function),
            _ => None,
        }
    }

    /// A function as the pointer to it; any other type as it is.
    #[must_use]
    pub fn decayed(&self) -> Type {
        match self.raw_function() {
            Some(function) => Type::new(Shape::Function(Function {
                pointer: true,
                ..function.clone()
            })),
            None => self.clone(),
        }
    }
}

impl Record {
    pub(crate) fn new(union: bool, name: String, unknown: bool) -> Record {
        Record {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            union,
            name,
            unknown,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, RecordState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `struct` or `union`.
    pub fn keyword(&self) -> &'static str {
        if self.union { "union" } else { "struct" }
    }

    /// The name that `typedef` gave it, if that is what it is called by.
    pub fn forced_name(&self) -> Option<String> {
        self.state().forced_name.clone()
    }

    /// Its name in C, such as `struct point`.
    pub fn c_name(&self) -> String {
        self.forced_name()
            .unwrap_or_else(|| format!("{} {}", self.keyword(), self.name))
    }

    /// Its members, once they are declared.
    pub fn body(&self) -> Option<Arc<Body>> {
        self.state().body.clone()
    }

    /// Whether there is a `...` in it, so that only the C compiler knows its layout.
    pub fn is_partial(&self) -> bool {
        self.state().partial
    }

    /// Whether nobody can write its name in C.
    pub(crate) fn is_nameless(&self) -> bool {
        self.c_name().contains('$')
    }

    /// Whether its name is an invented number and no `typedef` names it.
    pub(crate) fn is_numbered(&self) -> bool {
        numbered(&self.name) && self.state().forced_name.is_none()
    }

    pub(crate) fn force_name(&self, name: &str) {
        self.state()
            .forced_name
            .get_or_insert_with(|| name.to_owned());
    }

    pub(crate) fn make_partial(&self) {
        self.state().partial = true;
    }

    pub(crate) fn declare(&self, body: Body) {
        self.state().body = Some(Arc::new(body));
    }

    /// Forgets the members, so that records that point to each other do not keep each other alive.
    pub(crate) fn forget(&self) {
        let body = self.state().body.take();
        // Dropped when the lock is free again: what the members hold may be records too.
        drop(body);
    }
}

impl Enumeration {
    pub(crate) fn new(
        name: String,
        forced_name: Option<String>,
        values: Vec<(String, i128)>,
        partial: bool,
    ) -> Enumeration {
        Enumeration {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            name,
            forced_name,
            values,
            partial,
        }
    }

    /// Its name in C, such as `enum color`.
    pub fn c_name(&self) -> String {
        let tagged = || format!("enum {}", self.name);
        self.forced_name.clone().unwrap_or_else(tagged)
    }
}

/// Whether a tag is an invented number.
fn numbered(name: &str) -> bool {
    let digits = name.strip_prefix('$').unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Keeps the members of its records from keeping each other alive for ever.
#[derive(Debug, Default)]
pub struct Records(Mutex<Vec<Arc<Record>>>);

impl Records {
    pub(crate) fn keep(&self, record: &Arc<Record>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::clone(record));
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        let all = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        all.iter().for_each(|record| record.forget());
    }
}
