//! Random structs and unions: layout against the C compiler, and the way they travel by value.
#![cfg(all(feature = "call", unix))]
// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod common;

use std::ffi::{CString, c_void};
use std::fmt::Write as _;

use clib::ctype::{CType, Member, Primitive, Record, RecordKind, Signature};
use clib::layout::Options;
use clib::library::{Flags, Library};
use clib::plan::CallPlan;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const RECORDS: usize = 2000;
/// Their calls take the C compiler longer.
const TRAVELLERS: usize = 500;

#[derive(Clone, Debug)]
enum Part {
    Plain(Primitive),
    Array(Primitive, usize),
    Nested(Vec<Primitive>),
    Bits(Primitive, u32),
    Unnamed(Primitive, u32),
}

#[derive(Clone, Debug)]
struct Declaration {
    kind: RecordKind,
    pack: Option<usize>,
    parts: Vec<Part>,
}

fn primitive() -> impl Strategy<Value = Primitive> {
    // Floating-point types and long double often enough to reach every class of the ABI.
    prop_oneof![
        6 => proptest::sample::select(&Primitive::ALL[..]),
        2 => Just(Primitive::Float),
        2 => Just(Primitive::Double),
    ]
}

fn storage() -> impl Strategy<Value = Primitive> {
    proptest::sample::select(
        Primitive::ALL
            .into_iter()
            .filter(|p| p.is_bit_field_storage())
            .collect::<Vec<_>>(),
    )
}

fn widest(storage: Primitive) -> u32 {
    if storage == Primitive::Bool {
        1
    } else {
        storage.size() as u32 * 8
    }
}

fn part() -> impl Strategy<Value = Part> {
    let bits = (storage(), any::<u32>()).prop_map(|(s, w)| Part::Bits(s, 1 + w % widest(s)));
    let unnamed =
        (storage(), any::<u32>()).prop_map(|(s, w)| Part::Unnamed(s, w % (widest(s) + 1)));
    prop_oneof![
        6 => primitive().prop_map(Part::Plain),
        1 => (primitive(), 1..5usize).prop_map(|(p, n)| Part::Array(p, n)),
        1 => proptest::collection::vec(primitive(), 1..3).prop_map(Part::Nested),
        3 => bits,
        1 => unnamed,
    ]
}

fn declaration() -> impl Strategy<Value = Declaration> {
    let kind = prop_oneof![4 => Just(RecordKind::Struct), 1 => Just(RecordKind::Union)];
    let pack = prop_oneof![
        3 => Just(None),
        1 => proptest::sample::select(&[Some(1), Some(2), Some(4), Some(8)][..]),
    ];
    (
        kind,
        pack,
        proptest::collection::vec(part(), 0..5),
        primitive(),
    )
        .prop_map(|(kind, pack, mut parts, last)| {
            // At least one member with storage: an empty struct cannot be passed.
            parts.push(Part::Plain(last));
            Declaration { kind, pack, parts }
        })
}

fn declarations(count: usize) -> Vec<Declaration> {
    let mut runner = TestRunner::deterministic();
    let strategy = declaration();
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

impl Declaration {
    fn record(&self) -> std::sync::Arc<Record> {
        let members: Vec<Member> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Plain(primitive) => Member::plain(*primitive),
                Part::Array(primitive, length) => {
                    Member::plain(CType::array((*primitive).into(), *length))
                }
                Part::Nested(inner) => {
                    let members: Vec<Member> = inner.iter().copied().map(Member::plain).collect();
                    let options = Options { pack: self.pack };
                    Member::plain(CType::record(RecordKind::Struct, &members, options).unwrap())
                }
                Part::Bits(storage, width) => Member::bits(*storage, *width, true),
                Part::Unnamed(storage, width) => Member::bits(*storage, *width, false),
            })
            .collect();
        match CType::record(self.kind, &members, Options { pack: self.pack }).unwrap() {
            CType::Record(record) => record,
            _ => unreachable!(),
        }
    }

    fn c(&self, index: usize) -> String {
        let mut text = String::new();
        if let Some(pack) = self.pack {
            writeln!(text, "#pragma pack(push, {pack})").unwrap();
        }
        let word = if self.kind == RecordKind::Struct {
            "struct"
        } else {
            "union"
        };
        writeln!(text, "typedef {word} {{").unwrap();
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Plain(p) => writeln!(text, "  {} m{at};", p.c_name()),
                Part::Array(p, n) => writeln!(text, "  {} m{at}[{n}];", p.c_name()),
                Part::Nested(inner) => {
                    let fields: String = inner
                        .iter()
                        .enumerate()
                        .map(|(i, p)| format!("{} f{i}; ", p.c_name()))
                        .collect();
                    writeln!(text, "  struct {{ {fields}}} m{at};")
                }
                Part::Bits(s, width) => writeln!(text, "  {} m{at} : {width};", s.c_name()),
                Part::Unnamed(s, width) => writeln!(text, "  {} : {width};", s.c_name()),
            }
            .unwrap();
        }
        writeln!(text, "}} R{index};").unwrap();
        if self.pack.is_some() {
            writeln!(text, "#pragma pack(pop)").unwrap();
        }
        text
    }

    /// Prints size, alignment and, per named member, the bytes of a zeroed record after that
    /// member alone was filled with ones.
    fn probe(&self, index: usize) -> String {
        let mut text = format!("  printf(\"%zu %zu\", sizeof(R{index}), _Alignof(R{index}));\n");
        for (at, part) in self.parts.iter().enumerate() {
            let fill = match part {
                Part::Unnamed(..) => continue,
                Part::Bits(Primitive::Bool, _) => format!("r.m{at} = 1;"),
                Part::Bits(..) => format!("r.m{at} = -1;"),
                _ => format!("memset(&r.m{at}, 255, sizeof r.m{at});"),
            };
            writeln!(
                text,
                "  {{ R{index} r; memset(&r, 0, sizeof r); {fill} show(&r, sizeof r); }}"
            )
            .unwrap();
        }
        text + "  puts(\"\");\n"
    }
}

/// The same line as the C probe prints, from our own layout.
fn our_line(declaration: &Declaration, record: &Record) -> String {
    let mut line = format!("{} {}", record.size, record.alignment);
    for (part, member) in declaration.parts.iter().zip(&record.members) {
        let mut image = vec![0u8; record.size];
        let (first, count) = match (part, member.bits) {
            (Part::Unnamed(..), _) => continue,
            (_, Some((first, width))) => (member.offset * 8 + first as usize, width as usize),
            _ => (member.offset * 8, member.ctype.size() * 8),
        };
        for bit in first..first + count {
            image[bit / 8] |= 1 << (bit % 8);
        }
        line.push(' ');
        for byte in image {
            write!(line, "{byte:02x}").unwrap();
        }
    }
    line
}

#[test]
fn layout_agrees_with_the_c_compiler() {
    let declarations = declarations(RECORDS);
    let mut source = "#include <stdio.h>\n#include <string.h>\n#include <wchar.h>\n\
        static void show(const void *p, size_t n) {\n\
        putchar(' '); for (size_t i = 0; i < n; i++) printf(\"%02x\", ((const unsigned char *)p)[i]); }\n"
        .to_owned();
    for (index, declaration) in declarations.iter().enumerate() {
        source += &declaration.c(index);
    }
    source += "int main(void) {\n";
    for (index, declaration) in declarations.iter().enumerate() {
        source += &declaration.probe(index);
    }
    source += "  return 0;\n}\n";
    let folder = tempfile::tempdir().unwrap();
    let program = common::compile(folder.path(), "layouts", &source, false);
    let output = std::process::Command::new(program).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), RECORDS);
    for (declaration, line) in declarations.iter().zip(lines) {
        let record = declaration.record();
        assert_eq!(our_line(declaration, &record), line, "{declaration:?}");
    }
}

/// Room with the alignment of every C type.
#[repr(align(16))]
struct Room([u8; 512]);

impl Room {
    fn at(&mut self) -> *mut c_void {
        self.0.as_mut_ptr().cast()
    }
}

#[test]
fn records_travel_by_value() {
    let declarations = declarations(TRAVELLERS);
    let mut source = "#include <string.h>\n#include <wchar.h>\n\
        unsigned char seen[512]; long before; double after;\n"
        .to_owned();
    for (index, declaration) in declarations.iter().enumerate() {
        source += &declaration.c(index);
        writeln!(
            source,
            "R{index} pass{index}(long b, R{index} r, double a) {{ \
             before = b; after = a; memcpy(seen, &r, sizeof r); return r; }}"
        )
        .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = common::compile(folder.path(), "pass", &source, true);
    let library = Library::open(Some(path.as_os_str()), Flags::NOW).unwrap();
    let symbol = |name: String| library.symbol(&CString::new(name).unwrap()).unwrap();
    let seen = symbol("seen".to_owned()).cast::<[u8; 512]>();
    let (before, after) = (symbol("before".to_owned()), symbol("after".to_owned()));
    let mut tried = 0;
    for (index, declaration) in declarations.iter().enumerate() {
        let record = declaration.record();
        if record.size > 256 {
            continue;
        }
        let ctype = CType::Record(record.clone());
        let arguments = [
            Primitive::Long.into(),
            ctype.clone(),
            Primitive::Double.into(),
        ];
        let plan = CallPlan::new(&Signature::new(ctype, arguments)).unwrap();
        let (mut given, mut returned) = (Room([0; 512]), Room([0; 512]));
        for (at, byte) in given.0[..record.size].iter_mut().enumerate() {
            *byte = (at * 37 + index + 1) as u8;
        }
        repair(declaration, &record, &mut given.0);
        let (mut first, mut last) = (index as i64, index as f64);
        let slots = [(&raw mut first).cast(), given.at(), (&raw mut last).cast()];
        // SAFETY: pass<index> has exactly this signature; the slots hold its arguments.
        unsafe { plan.call(symbol(format!("pass{index}")), &slots, returned.at()) };
        // SAFETY: the globals of the test library have these types.
        let (arrived, b, a) = unsafe {
            (
                *seen,
                before.cast::<i64>().read(),
                after.cast::<f64>().read(),
            )
        };
        assert_eq!((b, a), (index as i64, index as f64), "{declaration:?}");
        for at in significant(declaration, &record) {
            assert_eq!(
                arrived[at], given.0[at],
                "argument, byte {at} of {declaration:?}"
            );
            assert_eq!(
                returned.0[at], given.0[at],
                "result, byte {at} of {declaration:?}"
            );
        }
        tried += 1;
    }
    assert!(tried > TRAVELLERS / 2);
}

/// Bytes that belong to a member; padding, and the unused bytes of a long double, may change.
fn significant(declaration: &Declaration, record: &Record) -> Vec<usize> {
    // The bytes of a union's larger members are not all carried when a smaller one has padding.
    let mut bytes = Vec::new();
    for (part, member) in declaration.parts.iter().zip(&record.members) {
        let whole = member.offset..member.offset + member.ctype.size();
        let parts: Vec<(usize, Primitive)> = match part {
            Part::Plain(p) => vec![(member.offset, *p)],
            Part::Array(p, n) => (0..*n)
                .map(|i| (member.offset + i * p.size(), *p))
                .collect(),
            Part::Nested(inner) => match &member.ctype {
                CType::Record(nested) => nested
                    .members
                    .iter()
                    .zip(inner)
                    .map(|(m, p)| (member.offset + m.offset, *p))
                    .collect(),
                _ => unreachable!(),
            },
            Part::Bits(..) | Part::Unnamed(..) => {
                let (first, width) = member.bits.unwrap();
                let first = member.offset * 8 + first as usize;
                // Whole bytes of the field; the others are shared with padding.
                let end = (first + width as usize) / 8;
                if matches!(part, Part::Bits(..)) {
                    bytes.extend(first.div_ceil(8)..end.max(first.div_ceil(8)));
                }
                continue;
            }
        };
        debug_assert!(parts.iter().all(|(at, _)| whole.contains(at)));
        for (at, primitive) in parts {
            let size = if primitive == Primitive::LongDouble {
                10
            } else {
                primitive.size()
            };
            bytes.extend(at..at + size);
        }
    }
    bytes
}

/// Gives long doubles and booleans bit patterns that a machine may normalise no further.
fn repair(declaration: &Declaration, record: &Record, image: &mut [u8]) {
    let mut fix = |at: usize, primitive: Primitive| match primitive {
        // 1.0: explicit integer bit set, so that loading and storing keeps it.
        Primitive::LongDouble => {
            image[at..at + 10].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f]);
        }
        Primitive::Bool => image[at] = 1,
        _ => {}
    };
    for (part, member) in declaration.parts.iter().zip(&record.members) {
        match (part, &member.ctype) {
            (Part::Plain(p), _) => fix(member.offset, *p),
            (Part::Array(p, n), _) => {
                (0..*n).for_each(|i| fix(member.offset + i * p.size(), *p));
            }
            (Part::Nested(inner), CType::Record(nested)) => {
                for (m, p) in nested.members.iter().zip(inner) {
                    fix(member.offset + m.offset, *p);
                }
            }
            _ => {}
        }
    }
}
