//! All that has been declared so far: names in the order of their declaration, and constants.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::{CdefError, Class, Result};
use super::model::{Changed, Quals, Record, Records, Type};

/// What kind of thing a name stands for; each kind has names of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `typedef`.
    Typedef,
    /// `struct` with a tag.
    Struct,
    /// `union` with a tag.
    Union,
    /// `enum` with a tag.
    Enum,
    /// A struct, union or enum without a tag, by the name that `typedef` gave it.
    Anonymous,
    /// A function of the library.
    Function,
    /// `extern "Python"`.
    ExternPython,
    /// `extern "Python+C"`.
    ExternPythonPlusC,
    /// A function that an embedding library exports.
    DllexportPython,
    /// A constant that is no integer literal.
    Constant,
    /// A variable.
    Variable,
    /// `#define`.
    Macro,
}

impl Kind {
    /// The word that cffi uses for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Typedef => "typedef",
            Kind::Struct => "struct",
            Kind::Union => "union",
            Kind::Enum => "enum",
            Kind::Anonymous => "anonymous",
            Kind::Function => "function",
            Kind::ExternPython => "extern_python",
            Kind::ExternPythonPlusC => "extern_python_plus_c",
            Kind::DllexportPython => "dllexport_python",
            Kind::Constant => "constant",
            Kind::Variable => "variable",
            Kind::Macro => "macro",
        }
    }

    /// Whether it is a type, which other declarations may take over.
    fn is_type(self) -> bool {
        use Kind::{Anonymous, Enum, Struct, Typedef, Union};
        matches!(self, Typedef | Struct | Union | Enum | Anonymous)
    }
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Object {
    /// A type, or something of that type.
    Type(Type),
    /// A number; `None` for `#define NAME ...`, which only the C compiler knows.
    Number(Option<i128>),
}

impl Object {
    fn same(&self, other: &Object) -> bool {
        match (self, other) {
            (Object::Type(one), Object::Type(two)) => one.same(two),
            (Object::Number(one), Object::Number(two)) => one == two,
            _ => false,
        }
    }
}

/// One declared name.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub object: Object,
    /// The qualifiers of its type.
    pub quals: Quals,
    /// Whether other declarations brought it.
    pub included: bool,
}

/// How a text is to be taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether a second declaration of a name replaces the first.
    pub replace: bool,
    /// Largest alignment of a member in bytes; 0 for the natural one.
    pub pack: u64,
    /// Whether functions are those that an embedding library exports.
    pub dllexport: bool,
}

/// What a text has changed so far, so that a faulty one can be taken back.
#[derive(Debug, Default)]
struct Journal {
    entries: usize,
    constants: usize,
    numbers: u64,
    replaced: Vec<(usize, Entry)>,
    records: HashMap<u64, Changed>,
    new_feature: Option<String>,
}

/// All that has been declared.
#[derive(Debug, Default)]
pub struct Declarations {
    entries: Vec<Entry>,
    index: HashMap<Kind, HashMap<String, usize>>,
    constants: HashMap<String, i128>,
    constant_order: Vec<String>,
    numbers: u64,
    /// Those of this and of all that it includes: they live as long as anyone may reach them.
    records: Vec<Arc<Records>>,
    completed: Vec<Arc<Record>>,
    journal: Journal,
    new_feature: Option<String>,
    pub(super) options: Options,
}

impl Declarations {
    /// Nothing declared yet.
    pub fn new() -> Declarations {
        Declarations {
            records: vec![Arc::default()],
            ..Declarations::default()
        }
    }

    /// The names in the order of their declaration.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the name of that kind stands for.
    pub fn find(&self, kind: Kind, name: &str) -> Option<&Entry> {
        let index = self.index.get(&kind)?.get(name)?;
        self.entries.get(*index)
    }

    /// The constants that have a value already, in the order of their declaration.
    pub fn constants(&self) -> impl Iterator<Item = (&str, i128)> {
        let value = |name: &str| self.constants.get(name).copied();
        let names = self.constant_order.iter();
        names.filter_map(move |name| Some((name.as_str(), value(name)?)))
    }

    /// The value of a constant.
    pub fn constant(&self, name: &str) -> Option<i128> {
        self.constants.get(name).copied()
    }

    /// How the first type was declared that only compiled modules can describe to older tools.
    pub fn new_feature(&self) -> Option<&str> {
        self.new_feature.as_deref()
    }

    pub(super) fn note_new_feature(&mut self, text: String) {
        self.new_feature.get_or_insert(text);
    }

    pub(super) fn typedef(&self, name: &str) -> Option<(Type, Quals)> {
        let entry = self.find(Kind::Typedef, name)?;
        match &entry.object {
            Object::Type(ctype) => Some((ctype.clone(), entry.quals)),
            Object::Number(_) => None,
        }
    }

    pub(super) fn tagged(&self, kind: Kind, tag: &str) -> Option<Type> {
        match &self.find(kind, tag)?.object {
            Object::Type(ctype) => Some(ctype.clone()),
            Object::Number(_) => None,
        }
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn pack(&self) -> u64 {
        self.options.pack
    }

    pub(super) fn keep(&self, record: &Arc<Record>) {
        if let Some(own) = self.records.first() {
            own.keep(record);
        }
    }

    pub(super) fn declare(
        &mut self,
        kind: Kind,
        name: &str,
        object: Object,
        quals: Quals,
    ) -> Result<()> {
        self.add(Entry {
            kind,
            name: name.to_owned(),
            object,
            quals: quals.visible(),
            included: false,
        })
    }

    fn add(&mut self, entry: Entry) -> Result<()> {
        let names = self.index.entry(entry.kind).or_default();
        let Some(index) = names.get(&entry.name) else {
            names.insert(entry.name.clone(), self.entries.len());
            self.entries.push(entry);
            return Ok(());
        };
        let before = &mut self.entries[*index];
        if before.object.same(&entry.object) && before.quals == entry.quals {
            return Ok(());
        }
        if !self.options.replace {
            let what = format!(
                "multiple declarations of {} {} (for interactive usage, try cdef(xx, \
                 override=True))",
                entry.kind.word(),
                entry.name
            );
            return Err(Box::new(CdefError::new(Class::Ffi, what, None)));
        }
        let before = std::mem::replace(before, entry);
        self.journal.replaced.push((*index, before));
        Ok(())
    }

    pub(super) fn add_constant(&mut self, name: &str, value: i128) -> Result<()> {
        match self.constants.get(name) {
            Some(same) if *same == value => Ok(()),
            Some(_) => {
                let what = format!("multiple declarations of constant: {name}");
                Err(Box::new(CdefError::new(Class::Ffi, what, None)))
            }
            None => {
                self.constants.insert(name.to_owned(), value);
                self.constant_order.push(name.to_owned());
                Ok(())
            }
        }
    }

    /// The structs and unions whose members were declared since this was last asked.
    pub fn take_completed(&mut self) -> Vec<Arc<Record>> {
        std::mem::take(&mut self.completed)
    }

    /// Runs `change`, and takes back what it has declared if it fails.
    pub(super) fn whole_or_nothing<T>(
        &mut self,
        change: impl FnOnce(&mut Declarations) -> Result<T>,
    ) -> Result<T> {
        self.journal = Journal {
            entries: self.entries.len(),
            constants: self.constant_order.len(),
            numbers: self.numbers,
            new_feature: self.new_feature.clone(),
            ..Journal::default()
        };
        let changed = change(self);
        let journal = std::mem::take(&mut self.journal);
        if changed.is_err() {
            self.take_back(journal);
        }
        changed
    }

    fn take_back(&mut self, journal: Journal) {
        for (index, before) in journal.replaced.into_iter().rev() {
            self.entries[index] = before;
        }
        for entry in self.entries.drain(journal.entries..) {
            if let Some(names) = self.index.get_mut(&entry.kind) {
                names.remove(&entry.name);
            }
        }
        for name in self.constant_order.drain(journal.constants..) {
            self.constants.remove(&name);
        }
        journal.records.into_values().for_each(Changed::take_back);
        self.numbers = journal.numbers;
        self.new_feature = journal.new_feature;
        self.completed.clear();
    }

    /// Called before a record that others may know already is changed.
    pub(super) fn remember(&mut self, record: &Arc<Record>) {
        let before = self.journal.records.entry(record.id);
        before.or_insert_with(|| Changed::of(record));
    }

    pub(super) fn note_completed(&mut self, record: &Arc<Record>) {
        self.completed.push(Arc::clone(record));
    }

    /// The same types, constants and records, for others to include.
    #[must_use]
    pub fn shared(&self) -> Declarations {
        let types = self.entries.iter().filter(|one| one.kind.is_type());
        Declarations {
            entries: types.cloned().collect(),
            constants: self.constants.clone(),
            constant_order: self.constant_order.clone(),
            records: self.records.clone(),
            ..Declarations::default()
        }
    }

    /// Takes over the types and constants of `other`, and keeps its records alive.
    ///
    /// # Errors
    /// Names that mean something else here.
    pub fn include(&mut self, other: &Declarations) -> Result<()> {
        self.whole_or_nothing(|all| all.add_all(other))
    }

    fn add_all(&mut self, other: &Declarations) -> Result<()> {
        self.records.extend(other.records.iter().cloned());
        let nameless_enum =
            |one: &Entry| one.kind == Kind::Anonymous && one.name.starts_with("$enum_$");
        for entry in &other.entries {
            if entry.kind.is_type() && !nameless_enum(entry) {
                self.add(Entry {
                    included: true,
                    ..entry.clone()
                })?;
            }
        }
        for (name, value) in other.constants() {
            self.add_constant(name, value)?;
        }
        Ok(())
    }
}
