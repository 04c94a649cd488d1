//! Any text at all: the parser of cdef gives declarations or an error, and ends.

#![no_main]

use clib::cdef::{Declarations, Options, parse, parse_type};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let options = Options {
        replace: true,
        ..Options::default()
    };
    let mut known = Declarations::new();
    let known_names = "typedef int T; struct s { T x; }; enum { E };";
    parse(&mut known, known_names, options).expect("valid");
    let count = known.entries().len();
    if let Err(error) = parse(&mut known, text, options) {
        assert_eq!(known.entries().len(), count, "something stays of a faulty text");
        error.place.iter().for_each(|place| {
            place.drawing();
        });
    }
    let _ = parse_type(&mut known, text);
});
