//! Declarators: the stars, brackets and parameters around a name, read from the inside out.

use super::error::{Class, Result};
use super::lexer::Token;
use super::model::{Function, Length, Quals, Shape, Type};
use super::reader::{DEEPEST, Reader};
use super::specifiers::{Context, is_keyword, qualifier};

/// A declarator, still without the type that it is about.
#[derive(Debug)]
pub struct Declarator<'a> {
    /// What it declares; nothing in a type name.
    pub name: Option<&'a str>,
    /// How to make the type, beginning with what is applied first.
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Pointer(Quals),
    Array(Length, usize),
    Function {
        arguments: Vec<Type>,
        variadic: bool,
        stdcall: bool,
    },
}

impl Declarator<'_> {
    /// Whether it is nothing but a name.
    pub fn is_plain(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether it is a pointer to its type, and no more.
    pub fn is_plain_pointer(&self) -> bool {
        matches!(self.steps.as_slice(), [Step::Pointer(_)])
    }

    /// Whether it declares an array, perhaps of arrays, with `[...]` among the lengths.
    pub fn has_unknown_length(&self) -> bool {
        self.outer_lengths()
            .any(|length| *length == Length::Unknown)
    }

    /// The lengths of the array that it declares, the outermost first.
    fn outer_lengths(&self) -> impl Iterator<Item = &Length> {
        self.steps.iter().rev().map_while(|step| match step {
            Step::Array(length, _) => Some(length),
            _ => None,
        })
    }

    /// In a `typedef`, `[...]` becomes an expression over the name that it declares.
    pub fn express_unknown_lengths(&mut self) {
        let Some(name) = self.name else { return };
        let mut example = format!("*({} *)0", name);
        for step in self.steps.iter_mut().rev() {
            let Step::Array(length, _) = step else { return };
            if *length == Length::Unknown {
                *length = Length::Expression(format!("_cffi_array_len({example})"));
            }
            example.insert(0, '*');
        }
    }
}

impl<'a> Reader<'a> {
    /// Reads a declarator. Only a parameter's may do without a name.
    pub fn declarator(&mut self, context: Context) -> Result<Declarator<'a>> {
        self.enter()?;
        let mut steps = Vec::new();
        self.calling_convention();
        while self.accept(b'*') {
            steps.push(Step::Pointer(self.qualifiers()));
        }
        let mut inner = None;
        let mut name = None;
        let mut stdcall = false;
        if self.is(b'(') && (context != Context::Parameter || self.is_group()) {
            self.skip();
            stdcall = self.calling_convention();
            inner = Some(self.declarator(context)?);
            self.expect(b')')?;
        } else if self.is_name() {
            name = Some(self.word(0));
            self.skip();
        } else if context != Context::Parameter {
            return Err(self.expected("a name"));
        }
        let mut suffixes = Vec::new();
        while let Some(step) = self.suffix(name, context, stdcall)? {
            suffixes.push(step);
        }
        suffixes.reverse();
        steps.append(&mut suffixes);
        if let Some(mut inner) = inner {
            steps.append(&mut inner.steps);
            name = inner.name;
        }
        self.leave();
        Ok(Declarator { name, steps })
    }

    fn is_name(&self) -> bool {
        let word = self.word(0);
        !word.is_empty() && !is_keyword(word)
    }

    /// Whether the parenthesis here groups a declarator rather than beginning parameters.
    fn is_group(&self) -> bool {
        match self.peek(1) {
            Token::Sign(b'*' | b'(' | b'[') => true,
            Token::Word => match self.word(1) {
                "__stdcall" | "WINAPI" | "__cdecl" => true,
                word => !is_keyword(word) && !self.is_type_name(1),
            },
            _ => false,
        }
    }

    /// Takes the words that say how a function is called; true for those of old Windows.
    fn calling_convention(&mut self) -> bool {
        let mut stdcall = false;
        loop {
            match self.word(0) {
                "__stdcall" | "WINAPI" => stdcall = true,
                "__cdecl" => {}
                _ => return stdcall,
            }
            self.skip();
        }
    }

    fn qualifiers(&mut self) -> Quals {
        let mut quals = Quals::default();
        while let Some(more) = qualifier(self.word(0)) {
            quals = quals.with(more);
            self.skip();
        }
        quals
    }

    fn suffix(
        &mut self,
        name: Option<&'a str>,
        context: Context,
        stdcall: bool,
    ) -> Result<Option<Step>> {
        let at = self.at();
        if self.accept(b'[') {
            return Ok(Some(Step::Array(self.length()?, at)));
        }
        if !self.accept(b'(') {
            return Ok(None);
        }
        let name = name.filter(|_| context == Context::Declaration);
        let name = name.unwrap_or("in expression");
        let (arguments, variadic) = self.parameters(name, at)?;
        Ok(Some(Step::Function {
            arguments,
            variadic,
            stdcall,
        }))
    }

    fn length(&mut self) -> Result<Length> {
        // `static` and qualifiers in the brackets of a parameter say nothing about the type.
        while self.accept_word("static") || qualifier(self.word(0)).is_some() {
            self.qualifiers();
        }
        if self.accept(b']') {
            return Ok(Length::Open);
        }
        if self.peek(0) == Token::Dots && self.peek(1) == Token::Sign(b']') {
            self.skip();
            self.skip();
            return Ok(Length::Unknown);
        }
        let length = self.constant()?;
        self.expect(b']')?;
        Ok(Length::Known(length))
    }

    /// Whether names without types stand here, as in C before 1989.
    fn are_untyped(&self, ahead: usize) -> bool {
        let word = self.word(ahead);
        !word.is_empty()
            && !is_keyword(word)
            && !self.is_type_name(ahead)
            && matches!(self.peek(ahead + 1), Token::Sign(b',' | b')'))
    }

    /// Reads parameters up to the closing parenthesis.
    fn parameters(&mut self, function: &str, open: usize) -> Result<(Vec<Type>, bool)> {
        self.enter()?;
        let (mut arguments, mut variadic) = (Vec::new(), false);
        if self.are_untyped(0) {
            let what = format!(
                "{function} arg 1: unknown type '{}' (if you meant to use the old C syntax of \
                 giving untyped arguments, it is not supported)",
                self.word(0)
            );
            return Err(self.error(Class::Cdef, self.at(), what));
        }
        if !self.accept(b')') {
            loop {
                if self.peek(0) == Token::Dots && self.peek(1) == Token::Sign(b')') {
                    self.skip();
                    variadic = true;
                    break;
                }
                arguments.push(self.parameter()?);
                if !self.accept(b',') {
                    break;
                }
            }
            self.expect(b')')?;
        }
        if variadic && arguments.is_empty() {
            let what =
                format!("{function}: a function with only '(...)' as argument is not correct C");
            return Err(self.error(Class::Cdef, open, what));
        }
        if let ([only], false) = (arguments.as_slice(), variadic)
            && matches!(only.shape(), Shape::Void)
        {
            arguments.clear();
        }
        self.leave();
        Ok((arguments, variadic))
    }

    /// Reads a parameter: an array is the pointer to its items, a function the pointer to it.
    fn parameter(&mut self) -> Result<Type> {
        let (ctype, quals) = self.type_name()?;
        Ok(match ctype.shape() {
            Shape::Array { item, .. } => Type::new(Shape::Pointer {
                item: item.clone(),
                quals: quals.visible(),
                name: None,
            }),
            _ => ctype.decayed(),
        })
    }

    /// Reads a type with at most the name of a parameter in it.
    pub fn type_name(&mut self) -> Result<(Type, Quals)> {
        let at = self.at();
        let specifiers = self.specifiers(Context::Parameter)?;
        let base = self.plain_base(&specifiers, at)?;
        let declarator = self.declarator(Context::Parameter)?;
        if declarator.has_unknown_length() {
            return Err(self.no_length(at));
        }
        self.declared(base, specifiers.quals, declarator, None, at)
    }

    fn no_length(&self, at: usize) -> Box<super::error::CdefError> {
        let what =
            "unsupported '[...]' here, cannot derive the actual array length in this context";
        self.meaningless(at, what)
    }

    /// The type that a declarator makes of the type before it; in a `typedef`, for this name.
    pub fn declared(
        &self,
        base: Type,
        quals: Quals,
        declarator: Declarator<'a>,
        typedef: Option<&str>,
        at: usize,
    ) -> Result<(Type, Quals)> {
        let (mut ctype, mut quals) = (base, quals);
        let last = declarator.steps.len();
        let outer = last - declarator.outer_lengths().count();
        for (index, step) in declarator.steps.into_iter().enumerate() {
            if ctype.depth() > DEEPEST {
                return Err(self.meaningless(at, "the type is nested too deeply"));
            }
            (ctype, quals) = match step {
                Step::Pointer(of_pointer) => {
                    let name = typedef.filter(|_| index + 1 == last);
                    (pointer(&ctype, quals, name), of_pointer)
                }
                Step::Array(Length::Unknown, at) if index < outer => {
                    return Err(self.no_length(at));
                }
                Step::Array(length, _) => {
                    let item = ctype;
                    (Type::new(Shape::Array { item, length }), quals)
                }
                Step::Function {
                    arguments,
                    variadic,
                    stdcall,
                } => {
                    let function = Function {
                        result: ctype,
                        arguments,
                        variadic,
                        stdcall: stdcall || quals.has(Quals::STDCALL),
                        pointer: false,
                    };
                    (Type::new(Shape::Function(function)), Quals::default())
                }
            };
        }
        Ok((ctype, quals))
    }
}

/// The pointer to a type; the name matters if nothing else names what it points to.
fn pointer(item: &Type, quals: Quals, name: Option<&str>) -> Type {
    if item.raw_function().is_some() {
        return item.decayed();
    }
    let numbered = match item.shape() {
        Shape::Record(record) => record.is_numbered(),
        _ => false,
    };
    Type::new(Shape::Pointer {
        item: item.clone(),
        quals: quals.visible(),
        name: name.filter(|_| numbered).map(str::to_owned),
    })
}
