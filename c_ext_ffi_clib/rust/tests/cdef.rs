//! The cdef parser alone: what it takes, what it refuses, and that no text makes it panic.

use clib::cdef::{
    Class, Declarations, Kind, Length, Object, Options, Shape, Type, Warning, parse, parse_type,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const ACCEPTED: &str = include_str!("cdef/accepted.txt");
const REFUSED: &str = include_str!("cdef/refused.txt");

fn entries(corpus: &'static str) -> Vec<&'static str> {
    corpus.split("%%\n").collect()
}

fn read(text: &str) -> Declarations {
    let mut known = Declarations::new();
    parse(&mut known, text, Options::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
    known
}

fn declared(known: &Declarations, kind: Kind, name: &str) -> Type {
    match known.find(kind, name).map(|entry| &entry.object) {
        Some(Object::Type(ctype)) => ctype.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn the_corpus_is_taken_and_refused() {
    for text in entries(ACCEPTED) {
        read(text);
    }
    for text in entries(REFUSED) {
        let mut known = Declarations::new();
        let parsed = parse(&mut known, text, Options::default());
        let error = parsed.expect_err(text);
        assert!(!error.message.is_empty(), "{text}");
        assert!(known.entries().is_empty(), "something stays of {text}");
        assert_eq!(known.constants().count(), 0, "a constant stays of {text}");
    }
}

#[test]
fn warnings_are_told() {
    let mut known = Declarations::new();
    let text = "#pragma pack(1)\nint a; static int b; char *c = \"text\";";
    let warnings = parse(&mut known, text, Options::default()).expect("valid");
    let storage = |name: &str| Warning::NoStorage(name.to_owned());
    let expected = [Warning::Text, Warning::Pragma, storage("a"), storage("c")];
    assert_eq!(warnings, expected);
}

#[test]
fn what_only_the_compiler_knows_is_noted() {
    let text = "struct s { int a[...]; }; enum e { A = ... }; typedef int t[...];";
    let known = read(text);
    let record = declared(&known, Kind::Struct, "s");
    let Shape::Record(record) = record.shape() else {
        panic!("no record");
    };
    assert!(record.is_partial());
    let body = record.body().expect("members");
    let Shape::Array { length, .. } = body.fields[0].ctype.shape() else {
        panic!("no array");
    };
    assert_eq!(*length, Length::Unknown);
    match declared(&known, Kind::Enum, "e").shape() {
        Shape::Enum(of) => assert!(of.partial),
        other => panic!("{other:?}"),
    }
    match declared(&known, Kind::Typedef, "t").shape() {
        Shape::Array { length, .. } => {
            let expected = Length::Expression("_cffi_array_len(*(t *)0)".to_owned());
            assert_eq!(*length, expected);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_place_counts_lines_of_the_file_that_was_named() {
    let mut known = Declarations::new();
    let text = "# 10 \"a.h\"\nint f(void);\n#line 3\n\n    oops;";
    let error = parse(&mut known, text, Options::default()).expect_err("no type");
    let place = error.place.as_ref().expect("a place");
    assert_eq!((place.file(), place.line, place.column), ("a.h", 4, 5));
    assert_eq!(error.class, Class::Cdef);
    assert!(
        place.drawing().ends_with("\n        ^"),
        "{}",
        place.drawing()
    );
}

#[test]
fn records_that_point_to_each_other_are_freed() {
    let known = read("struct a { struct b *b; }; struct b { struct a *a; };");
    let weak = match declared(&known, Kind::Struct, "a").shape() {
        Shape::Record(record) => std::sync::Arc::downgrade(record),
        other => panic!("{other:?}"),
    };
    let mut including = Declarations::new();
    including
        .include(&known.shared())
        .expect("nothing is declared twice");
    drop(known);
    let kept = declared(&including, Kind::Struct, "a");
    match kept.shape() {
        Shape::Record(record) => assert!(record.body().is_some(), "lost by its first owner"),
        other => panic!("{other:?}"),
    }
    drop((kept, including));
    assert!(weak.upgrade().is_none(), "the cycle is still alive");
}

const WORDS: &str = "int char unsigned long short signed float double void _Bool _Complex const \
    volatile restrict struct union enum typedef static extern inline size_t FILE foo bar x T \
    sizeof WINAPI __cdecl __attribute__ _Static_assert 0 1 42 0x1F 0b1 017 08 1.5 'a' '\\n' \
    \"Python\" \"C\" \"Python+C\" ... << >> + - * / % & | ^ ~ ! = < > ? : ; , . ( ) [ ] { } # \
    #define #pragma #line \\ // /* */ \u{e9}";

fn word() -> impl Strategy<Value = String> {
    let words: Vec<&str> = WORDS.split_whitespace().chain(["\n", "\\\n"]).collect();
    select(words).prop_map(str::to_owned)
}

/// Everything that a text can be given to; the results are of no interest.
fn survive(text: &str) {
    let mut known = Declarations::new();
    let options = Options {
        replace: true,
        pack: 2,
        dllexport: false,
    };
    let _ = parse(
        &mut known,
        "typedef int T; struct s { T x; }; enum { E };",
        options,
    );
    let _ = parse(&mut known, text, options);
    let _ = parse_type(&mut known, text);
    let mut including = Declarations::new();
    let _ = including.include(&known.shared());
    if let Err(error) = parse(&mut including, text, Options::default()) {
        assert!(!error.to_string().is_empty());
        error.place.iter().for_each(|place| {
            place.drawing();
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_sequence_of_words_panics(words in prop::collection::vec(word(), 0..40)) {
        survive(&words.join(" "));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn no_damage_to_a_good_text_panics(
        text in select(entries(ACCEPTED)),
        from in any::<Index>(),
        length in 0usize..6,
        with in prop::collection::vec(word(), 0..3),
    ) {
        let characters: Vec<char> = text.chars().collect();
        let from = from.index(characters.len() + 1);
        let to = (from + length).min(characters.len());
        let before: String = characters[..from].iter().collect();
        let after: String = characters[to..].iter().collect();
        survive(&format!("{before}{}{after}", with.join(" ")));
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nesting_never_overflows_the_stack(
        open in select(vec!["(", "[", "{", "*", "struct {", "int (*)(", "-", "enum {", "unsigned ",
            "extern \"C\" {", "extern \"C\" "]),
        before in select(vec!["int ", "int a[", "typedef ", "int f(", "extern \"Python\" "]),
        times in 1usize..20_000,
    ) {
        survive(&format!("{before}{}", open.repeat(times)));
    }
}
