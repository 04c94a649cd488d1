//! Types, structs and functions, as debug information or a declaration tells them.

/// What one side knows: the C code, or a bridge.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Structs and unions; a [`RecordId`] is an index.
    pub records: Vec<Record>,
    /// Functions.
    pub functions: Vec<Function>,
    /// What could not be read, in words.
    pub remarks: Vec<String>,
}

/// Which record of a [`Side`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub usize);

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// As its own side writes it: `int64_t`, `ctypes.c_int64`.
    pub name: String,
    /// What the machine makes of it.
    pub form: Form,
    /// Bytes, where they are known.
    pub size: Option<u64>,
}

/// What a machine makes of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// No value.
    Void,
    /// An integer with or without a sign.
    Integer {
        /// Whether it can be negative.
        signed: bool,
    },
    /// A character, a truth value or an enum: an integer of whose sign nobody thinks.
    Signless,
    /// A floating-point number.
    Float,
    /// Two floating-point numbers side by side.
    Complex,
    /// An address.
    Pointer {
        /// Of what.
        to: Box<Type>,
        /// Whether nobody may write there through it.
        constant: bool,
    },
    /// Items in a row.
    Array {
        /// Each of them.
        item: Box<Type>,
        /// How many; none for a flexible array.
        length: Option<u64>,
    },
    /// A struct or a union.
    Record(RecordId),
    /// A function; only pointers to it are passed.
    Function,
    /// Something that nothing is said about.
    Unknown,
}

impl Type {
    /// A type of which only the name is known.
    pub fn unknown(name: impl Into<String>) -> Type {
        Type {
            name: name.into(),
            form: Form::Unknown,
            size: None,
        }
    }

    /// No value.
    pub fn void(name: impl Into<String>) -> Type {
        Type {
            name: name.into(),
            form: Form::Void,
            size: None,
        }
    }

    /// A pointer, which has `size` bytes.
    pub fn pointer(name: impl Into<String>, to: Type, constant: bool, size: u64) -> Type {
        Type {
            name: name.into(),
            form: Form::Pointer {
                to: Box::new(to),
                constant,
            },
            size: Some(size),
        }
    }

    /// The record that it is, points to or holds in a row.
    pub fn record(&self) -> Option<RecordId> {
        match &self.form {
            Form::Record(id) => Some(*id),
            Form::Pointer { to, .. } => to.record(),
            Form::Array { item, .. } => item.record(),
            _ => None,
        }
    }
}

/// A struct or a union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its names: tag, `typedef`, class. None for one that has no name of its own.
    pub names: Vec<String>,
    /// Whether its fields share their place.
    pub union: bool,
    /// Bytes, padding included; none where nobody says.
    pub size: Option<u64>,
    /// The fields in the order of their declaration.
    pub fields: Vec<Field>,
    /// Whether its fields are known.
    pub defined: bool,
    /// Where it stands.
    pub place: Place,
}

impl Record {
    /// `struct tile` and the like.
    pub fn title(&self) -> String {
        let keyword = if self.union { "union" } else { "struct" };
        match self.names.first() {
            Some(name) => format!("{keyword} {name}"),
            None => format!("{keyword} without a name"),
        }
    }
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name; empty for an unnamed struct or union inside.
    pub name: String,
    /// Its type.
    pub ctype: Type,
    /// Where it begins, in bits from the start of the record.
    pub start: u64,
    /// How many bits it has, where its type says.
    pub bits: Option<u64>,
    /// Whether it is a bit-field.
    pub bit_field: bool,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The name that the linker knows.
    pub name: String,
    /// What it returns; none where nobody says.
    pub result: Option<Type>,
    /// Whether nobody declared the result: it is what the bridge then takes it for.
    pub implied_result: bool,
    /// The line that says what it returns, where that is not the line of `place`.
    pub result_line: Option<u64>,
    /// What it takes; none where nobody says.
    pub parameters: Option<Vec<Parameter>>,
    /// The line that says what it takes, where that is not the line of `place`.
    pub parameters_line: Option<u64>,
    /// Whether more arguments may follow.
    pub variadic: bool,
    /// Whether it is defined here and visible from outside, rather than only declared.
    pub defined: bool,
    /// Where it stands.
    pub place: Place,
}

impl Function {
    /// Where its result is declared.
    pub fn result_place(&self) -> Place {
        self.place.at(self.result_line)
    }

    /// Where its parameters are declared.
    pub fn parameters_place(&self) -> Place {
        self.place.at(self.parameters_line)
    }
}

/// What a function takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, where it has one.
    pub name: String,
    /// Its type.
    pub ctype: Type,
}

/// A file and a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as a reader knows it; of debug information, the file that was compiled.
    pub file: String,
    /// The line, from 1; 0 where nobody says.
    pub line: u64,
}

impl Place {
    /// Another line of the same file, if one is given.
    fn at(&self, line: Option<u64>) -> Place {
        Place {
            file: self.file.clone(),
            line: line.unwrap_or(self.line),
        }
    }
}

impl Side {
    /// A record of this side.
    pub fn record(&self, id: RecordId) -> &Record {
        &self.records[id.0]
    }

    /// Adds a record.
    pub fn add(&mut self, record: Record) -> RecordId {
        self.records.push(record);
        RecordId(self.records.len() - 1)
    }

    /// The records with this name, the defined ones first.
    pub fn named(&self, name: &str) -> Vec<RecordId> {
        let ids = (0..self.records.len()).map(RecordId);
        let mut found: Vec<RecordId> = ids
            .filter(|id| self.record(*id).names.iter().any(|it| it == name))
            .collect();
        found.sort_by_key(|id| !self.record(*id).defined);
        found
    }

    /// A record that says what another one of the same name leaves open, or that one itself.
    pub fn defined(&self, id: RecordId) -> RecordId {
        let record = self.record(id);
        if record.defined {
            return id;
        }
        let others = record.names.iter().flat_map(|name| self.named(name));
        let mut others = others.filter(|other| self.record(*other).defined);
        others.next().unwrap_or(id)
    }

    /// The names of its functions.
    pub fn function_names(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().map(|it| it.name.as_str())
    }

    /// The function of this name, the defined one first.
    pub fn function(&self, name: &str) -> Option<&Function> {
        let named = |it: &&Function| it.name == name;
        let mut all = self.functions.iter().filter(named);
        let first = all.next()?;
        if first.defined {
            return Some(first);
        }
        all.find(|it| it.defined).or(Some(first))
    }
}
