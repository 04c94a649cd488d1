//! The cdef parser against another parser of C: random declarations get the same type from both.

use clib::cdef::{Declarations, Kind, Length, Object, Options, Quals, Shape, Type, parse};
use lang_c::ast::{
    ArraySize, Constant, DeclarationSpecifier, Declarator, DeclaratorKind, DerivedDeclarator,
    Ellipsis, Expression, ExternalDeclaration, PointerQualifier, TypeQualifier, TypeSpecifier,
};
use lang_c::driver::{Config, parse_preprocessed};
use lang_c::span::Node;
use proptest::prelude::*;
use proptest::sample::select;

const BASES: [&str; 16] = [
    "int",
    "char",
    "unsigned char",
    "signed char",
    "short int",
    "unsigned short",
    "unsigned",
    "long",
    "unsigned long int",
    "long long",
    "unsigned long long int",
    "float",
    "double",
    "long double",
    "_Bool",
    "const char",
];

/// A declarator around `inner`, which is a name or nothing.
fn around(inner: String, depth: u32) -> BoxedStrategy<String> {
    if depth == 0 {
        return Just(inner).boxed();
    }
    let parameters = prop::collection::vec((select(BASES.to_vec()), 0..2u32), 0..3);
    let wrapped = prop_oneof![
        Just(format!("*{inner}")),
        Just(format!("*const {inner}")),
        (1u32..9).prop_map({
            let inner = inner.clone();
            move |length| format!("(*{inner})[{length}]")
        }),
        (parameters, any::<bool>()).prop_map(move |(given, more)| {
            let mut given: Vec<String> = given
                .into_iter()
                .map(|(base, stars)| format!("{base} {}", "*".repeat(stars as usize)))
                .collect();
            if more && !given.is_empty() {
                given.push("...".to_owned());
            } else if given.is_empty() {
                given.push("void".to_owned());
            }
            format!("(*{inner})({})", given.join(", "))
        }),
    ];
    wrapped
        .prop_flat_map(move |inner| around(inner, depth - 1))
        .boxed()
}

fn declaration() -> impl Strategy<Value = String> {
    let declarator = (0u32..5).prop_flat_map(|depth| around("name".to_owned(), depth));
    (select(BASES.to_vec()), declarator).prop_map(|(base, made)| format!("extern {base} {made};"))
}

fn qualified(text: String, constant: bool) -> String {
    if constant {
        format!("const {text}")
    } else {
        text
    }
}

/// Our type in words.
fn ours(ctype: &Type, quals: Quals) -> String {
    let constant = quals.has(Quals::CONST);
    match ctype.shape() {
        Shape::Void => "void".to_owned(),
        Shape::Primitive(name) => qualified((*name).to_owned(), constant),
        Shape::Pointer { item, quals, .. } => {
            qualified(format!("pointer to {}", ours(item, *quals)), constant)
        }
        Shape::Array { item, length } => match length {
            Length::Known(length) => format!("array {length} of {}", ours(item, quals)),
            other => panic!("{other:?}"),
        },
        Shape::Function(function) => {
            let plain = Quals::default();
            let given = function.arguments.iter().map(|one| ours(one, plain));
            let more = if function.variadic { "..." } else { "" };
            let given: Vec<String> = given.collect();
            let result = ours(&function.result, plain);
            let text = format!("function ({}{more}) giving {result}", given.join(", "));
            let pointer = |text| qualified(format!("pointer to {text}"), constant);
            if function.pointer {
                pointer(text)
            } else {
                text
            }
        }
        other => panic!("{other:?}"),
    }
}

fn is_const(qualifier: &TypeQualifier) -> bool {
    matches!(qualifier, TypeQualifier::Const)
}

/// The type before the declarator, by the same name as ours, and whether it is `const`.
fn before(specifiers: &[Node<DeclarationSpecifier>]) -> (String, bool) {
    let mut constant = false;
    let mut words = Vec::new();
    for specifier in specifiers {
        match &specifier.node {
            DeclarationSpecifier::TypeQualifier(one) => constant |= is_const(&one.node),
            DeclarationSpecifier::TypeSpecifier(one) => words.push(match &one.node {
                TypeSpecifier::Void => "void",
                TypeSpecifier::Char => "char",
                TypeSpecifier::Short => "short",
                TypeSpecifier::Int => "int",
                TypeSpecifier::Long => "long",
                TypeSpecifier::Float => "float",
                TypeSpecifier::Double => "double",
                TypeSpecifier::Signed => "signed",
                TypeSpecifier::Unsigned => "unsigned",
                TypeSpecifier::Bool => "_Bool",
                other => panic!("{other:?}"),
            }),
            _ => {}
        }
    }
    if words == ["unsigned"] {
        words.push("int");
    } else if words.contains(&"short") || words.contains(&"long") {
        words.retain(|word| *word != "int");
    }
    (words.join(" "), constant)
}

/// The other parser's type in the same words; a parameter's own qualifiers are left out.
fn theirs(base: String, mut constant: bool, declarator: Option<&Declarator>, bare: bool) -> String {
    let mut text = base;
    let mut steps = Vec::new();
    let mut next = declarator;
    while let Some(one) = next {
        let pointers = one.derived.iter().filter(|step| is_pointer(&step.node));
        let suffixes = one.derived.iter().filter(|step| !is_pointer(&step.node));
        steps.extend(pointers);
        steps.extend(suffixes.rev());
        next = match &one.kind.node {
            DeclaratorKind::Declarator(inner) => Some(&inner.node),
            _ => None,
        };
    }
    for step in steps {
        match &step.node {
            DerivedDeclarator::Pointer(quals) => {
                text = format!("pointer to {}", qualified(text, constant));
                constant = quals.iter().any(|one| match &one.node {
                    PointerQualifier::TypeQualifier(one) => is_const(&one.node),
                    PointerQualifier::Extension(_) => false,
                });
            }
            DerivedDeclarator::Array(array) => {
                let ArraySize::VariableExpression(size) = &array.node.size else {
                    panic!("{array:?}");
                };
                let Expression::Constant(length) = &size.node else {
                    panic!("{size:?}");
                };
                let Constant::Integer(length) = &length.node else {
                    panic!("{length:?}");
                };
                text = format!("array {} of {}", length.number, qualified(text, constant));
                constant = false;
            }
            DerivedDeclarator::Function(function) => {
                let given = function.node.parameters.iter().map(|one| {
                    let (base, constant) = before(&one.node.specifiers);
                    theirs(
                        base,
                        constant,
                        one.node.declarator.as_ref().map(|one| &one.node),
                        true,
                    )
                });
                let given = given.collect::<Vec<_>>().join(", ");
                let given = if given == "void" {
                    String::new()
                } else {
                    given
                };
                let more = if function.node.ellipsis == Ellipsis::Some {
                    "..."
                } else {
                    ""
                };
                text = format!("function ({given}{more}) giving {text}");
                constant = false;
            }
            other => panic!("{other:?}"),
        }
    }
    qualified(text, constant && !bare)
}

fn is_pointer(step: &DerivedDeclarator) -> bool {
    matches!(step, DerivedDeclarator::Pointer(_))
}

fn by_the_other(text: &str) -> String {
    let parsed = parse_preprocessed(&Config::with_gcc(), text.to_owned()).expect("valid C");
    let ExternalDeclaration::Declaration(declaration) = &parsed.unit.0[0].node else {
        panic!("{text}");
    };
    let (base, constant) = before(&declaration.node.specifiers);
    let declarator = &declaration.node.declarators[0].node.declarator.node;
    theirs(base, constant, Some(declarator), false)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn declarators_mean_the_same(text in declaration()) {
        let mut known = Declarations::new();
        parse(&mut known, &text, Options::default()).expect("valid");
        let entry = known.find(Kind::Variable, "name").or(known.find(Kind::Constant, "name"));
        let entry = entry.expect("declared");
        let Object::Type(ctype) = &entry.object else {
            panic!("{entry:?}");
        };
        prop_assert_eq!(ours(ctype, entry.quals), by_the_other(&text), "{}", text);
    }
}
