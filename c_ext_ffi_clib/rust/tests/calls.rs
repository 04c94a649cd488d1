//! Calls and closures: the register way against libffi, and both against C.
#![cfg(all(feature = "call", unix))]
// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod common;

use std::ffi::{CString, c_void};
use std::fmt::Write as _;
use std::sync::Mutex;

use clib::closure::{Closure, Handler};
use clib::ctype::{CType, Primitive, Signature};
use clib::library::{Flags, Library};
use clib::plan::{CallPlan, PlanError, Tier};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const SIGNATURES: usize = 300;

#[repr(align(16))]
struct Slot([u8; 16]);

fn open(path: &std::path::Path) -> Library {
    Library::open(Some(path.as_os_str()), Flags::NOW).unwrap()
}

fn address(library: &Library, name: &str) -> *mut c_void {
    library.symbol(&CString::new(name).unwrap()).unwrap()
}

fn signatures() -> Vec<Vec<Primitive>> {
    let scalar = proptest::sample::select(
        Primitive::ALL
            .into_iter()
            .filter(|p| !matches!(p, Primitive::FloatComplex | Primitive::DoubleComplex))
            .collect::<Vec<_>>(),
    );
    // The first entry is the result.
    let strategy = proptest::collection::vec(scalar, 1..12);
    let mut runner = TestRunner::deterministic();
    (0..SIGNATURES)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// A C function that copies its arguments away and returns the global `result<i>`.
fn recorder(index: usize, signature: &[Primitive]) -> String {
    let result = signature[0].c_name();
    let mut text = format!("{result} result{index};\n{result} f{index}(");
    for (at, primitive) in signature[1..].iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(text, "{comma}{} a{at}", primitive.c_name()).unwrap();
    }
    if signature.len() == 1 {
        text.push_str("void");
    }
    text.push_str(") {\n");
    for at in 0..signature.len() - 1 {
        writeln!(text, "  memcpy(seen[{at}], &a{at}, sizeof a{at});").unwrap();
    }
    text + &format!("  return result{index};\n}}\n")
}

fn value(primitive: Primitive, seed: usize) -> Slot {
    let mut slot = Slot([0; 16]);
    match primitive {
        Primitive::Bool => slot.0[0] = (seed % 2) as u8,
        Primitive::LongDouble => {
            slot.0[..10].copy_from_slice(&[0, 0, 0, 0, 0, 0, seed as u8, 0x80, 0xff, 0x3f]);
        }
        other => {
            for (at, byte) in slot.0[..other.size()].iter_mut().enumerate() {
                *byte = (seed * 31 + at * 57 + 129) as u8;
            }
        }
    }
    slot
}

#[test]
fn every_way_delivers_the_same_bytes() {
    let signatures = signatures();
    let mut source =
        "#include <string.h>\n#include <wchar.h>\nunsigned char seen[16][16];\n".to_owned();
    for (index, signature) in signatures.iter().enumerate() {
        source += &recorder(index, signature);
    }
    let folder = tempfile::tempdir().unwrap();
    let library = open(&common::compile(folder.path(), "recorder", &source, true));
    let seen = address(&library, "seen").cast::<[[u8; 16]; 16]>();
    let mut in_registers = 0;
    for (index, signature) in signatures.iter().enumerate() {
        let ctypes = signature[1..].iter().map(|p| CType::from(*p));
        let described = Signature::new(signature[0], ctypes);
        let fast = CallPlan::new(&described).unwrap();
        let slow = CallPlan::through_libffi(&described).unwrap();
        assert_eq!(slow.tier(), Tier::Libffi);
        in_registers += usize::from(fast.tier() == Tier::Registers);
        let mut values: Vec<Slot> = signature[1..]
            .iter()
            .enumerate()
            .map(|(at, p)| value(*p, at + index))
            .collect();
        let slots: Vec<*mut c_void> = values
            .iter_mut()
            .map(|slot| slot.0.as_mut_ptr().cast())
            .collect();
        let expected = value(signature[0], index);
        let significant = |p: Primitive| {
            if p == Primitive::LongDouble {
                10
            } else {
                p.size()
            }
        };
        // SAFETY: the global result<index> has the result's type.
        unsafe {
            address(&library, &format!("result{index}"))
                .cast::<u8>()
                .copy_from(expected.0.as_ptr(), signature[0].size());
        }
        let mut registers = Vec::new();
        for plan in [&fast, &slow] {
            let mut result = Slot([0xee; 16]);
            // SAFETY: `seen` is an array of this type; nobody else touches it now.
            unsafe { *seen = [[0; 16]; 16] };
            let function = address(&library, &format!("f{index}"));
            // SAFETY: f<index> has exactly this signature; the slots hold its arguments.
            unsafe { plan.call(function, &slots, result.0.as_mut_ptr().cast()) };
            for (at, primitive) in signature[1..].iter().enumerate() {
                let size = significant(*primitive);
                // SAFETY: as above.
                let arrived = unsafe { (*seen)[at] };
                assert_eq!(
                    arrived[..size],
                    values[at].0[..size],
                    "argument {at} of {signature:?}"
                );
            }
            let size = significant(signature[0]);
            assert_eq!(
                result.0[..size],
                expected.0[..size],
                "result of {signature:?}"
            );
            registers.push(result.0);
        }
        // Narrow integers are widened to a register in the same manner.
        if !matches!(signature[0], Primitive::Float | Primitive::LongDouble) {
            assert_eq!(registers[0][..8], registers[1][..8], "{signature:?}");
        }
    }
    if cfg!(target_arch = "x86_64") {
        assert!(in_registers > SIGNATURES / 10, "{in_registers}");
        assert!(in_registers < SIGNATURES);
    }
}

#[test]
fn a_variadic_function_gets_its_arguments() {
    let process = Library::open(None, Flags::NOW).unwrap();
    let signature = Signature {
        result: Primitive::Int.into(),
        arguments: vec![
            CType::POINTER,
            Primitive::UnsignedLong.into(),
            CType::POINTER,
            Primitive::Double.into(),
            Primitive::Int.into(),
        ],
        fixed: Some(3),
    };
    let plan = CallPlan::new(&signature).unwrap();
    assert_eq!(plan.tier(), Tier::Libffi);
    let mut text = [0u8; 32];
    let mut buffer = text.as_mut_ptr();
    let (mut size, mut format) = (text.len(), c"%.2f %d".as_ptr());
    let (mut number, mut integer) = (2.5f64, -7i32);
    let slots = [
        (&raw mut buffer).cast(),
        (&raw mut size).cast(),
        (&raw mut format).cast(),
        (&raw mut number).cast(),
        (&raw mut integer).cast(),
    ];
    let mut result = Slot([0; 16]);
    // SAFETY: snprintf takes these five; the buffer is as large as said.
    unsafe {
        plan.call(
            address(&process, "snprintf"),
            &slots,
            result.0.as_mut_ptr().cast(),
        )
    };
    assert_eq!(&text[..7], b"2.50 -7");
    assert_eq!(result.0[0], 7);
}

#[test]
fn what_cannot_travel_is_refused() {
    let refused = |signature: Signature| CallPlan::new(&signature).err();
    let array = CType::array(Primitive::Int.into(), 3);
    assert_eq!(
        refused(Signature::new(CType::Void, [CType::POINTER, array.clone()])),
        Some(PlanError::Argument(1))
    );
    assert_eq!(refused(Signature::new(array, [])), Some(PlanError::Result));
    assert_eq!(
        refused(Signature::new(CType::Void, [CType::Void])),
        Some(PlanError::Argument(0))
    );
    let too_many = Signature {
        result: CType::Void,
        arguments: vec![],
        fixed: Some(1),
    };
    assert_eq!(
        refused(too_many),
        Some(PlanError::Fixed { fixed: 1, given: 0 })
    );
}

#[test]
fn c_sorts_with_a_rust_comparison() {
    let process = Library::open(None, Flags::NOW).unwrap();
    let signature = Signature::new(Primitive::Int, [CType::POINTER, CType::POINTER]);
    let closure = Closure::new(
        &signature,
        Box::new(|arguments, result| {
            // SAFETY: qsort passes two pointers to elements, which are ints here.
            unsafe {
                let a = **arguments[0].cast::<*const i32>();
                let b = **arguments[1].cast::<*const i32>();
                result.cast::<i32>().write(b.cmp(&a) as i32);
            }
        }),
    )
    .unwrap();
    let size = CType::from(Primitive::UnsignedLong);
    let sort = Signature::new(
        CType::Void,
        [CType::POINTER, size.clone(), size, CType::POINTER],
    );
    let plan = CallPlan::new(&sort).unwrap();
    let mut numbers = [3i32, -1, 7, 0, 2];
    let mut base = numbers.as_mut_ptr();
    let (mut count, mut width, mut compare) = (numbers.len(), 4usize, closure.code());
    let slots = [
        (&raw mut base).cast(),
        (&raw mut count).cast(),
        (&raw mut width).cast(),
        (&raw mut compare).cast(),
    ];
    // SAFETY: qsort takes these four and calls back while the closure lives.
    unsafe { plan.call(address(&process, "qsort"), &slots, std::ptr::null_mut()) };
    assert_eq!(numbers, [7, 3, 2, 0, -1]);
}

type Maker = fn(&Signature, Handler) -> Result<Closure, PlanError>;

#[test]
fn a_closure_receives_every_argument_and_returns_every_type() {
    check_closures(Closure::new);
    check_closures(Closure::through_libffi);
}

fn check_closures(make: Maker) {
    for (index, signature) in signatures().iter().enumerate() {
        let ctypes = signature[1..].iter().map(|p| CType::from(*p));
        let described = Signature::new(signature[0], ctypes);
        let expected = value(signature[0], index).0;
        let result_size = signature[0].size();
        let sizes: Vec<usize> = signature[1..].iter().map(|p| p.size()).collect();
        let seen = std::sync::Arc::new(Mutex::new(Vec::new()));
        let record = seen.clone();
        let closure = make(
            &described,
            Box::new(move |arguments, result| {
                let mut seen = record.lock().unwrap();
                for (argument, size) in arguments.iter().zip(&sizes) {
                    let mut image = [0u8; 16];
                    // SAFETY: each pointer leads to a value of the signature's size.
                    unsafe { image.as_mut_ptr().copy_from(argument.cast(), *size) };
                    seen.push(image);
                }
                // SAFETY: the result has room for its type.
                unsafe {
                    result
                        .cast::<u8>()
                        .copy_from(expected.as_ptr(), result_size)
                };
            }),
        )
        .unwrap();
        let mut values: Vec<Slot> = signature[1..]
            .iter()
            .enumerate()
            .map(|(at, p)| value(*p, at + index))
            .collect();
        let slots: Vec<*mut c_void> = values
            .iter_mut()
            .map(|slot| slot.0.as_mut_ptr().cast())
            .collect();
        let mut result = Slot([0; 16]);
        let plan = CallPlan::new(&described).unwrap();
        // SAFETY: the closure has exactly this signature.
        unsafe { plan.call(closure.code(), &slots, result.0.as_mut_ptr().cast()) };
        let significant = |p: Primitive| {
            if p == Primitive::LongDouble {
                10
            } else {
                p.size()
            }
        };
        let size = significant(signature[0]);
        assert_eq!(
            result.0[..size],
            expected[..size],
            "result of {signature:?}"
        );
        let seen = seen.lock().unwrap();
        for (at, primitive) in signature[1..].iter().enumerate() {
            let size = significant(*primitive);
            assert_eq!(
                seen[at][..size],
                values[at].0[..size],
                "argument {at} of {signature:?}"
            );
        }
    }
}

#[test]
fn more_closures_than_were_compiled_beforehand() {
    let signature = Signature::new(Primitive::Int, []);
    let plan = CallPlan::new(&signature).unwrap();
    let closures: Vec<Closure> = (0..600i32)
        .map(|number| {
            Closure::new(
                &signature,
                // SAFETY: the result has room for an int.
                Box::new(move |_, result| unsafe { result.cast::<i32>().write(number) }),
            )
            .unwrap()
        })
        .collect();
    for (number, closure) in closures.iter().enumerate() {
        let mut result = Slot([0; 16]);
        // SAFETY: the closure has this signature.
        unsafe { plan.call(closure.code(), &[], result.0.as_mut_ptr().cast()) };
        assert_eq!(result.0[..4], (number as i32).to_ne_bytes());
    }
    if cfg!(all(target_arch = "x86_64", unix)) {
        assert!(closures[0].is_precompiled() && !closures[599].is_precompiled());
    }
    drop(closures);
    let again = Closure::new(&signature, Box::new(|_, _| {})).unwrap();
    assert_eq!(
        again.is_precompiled(),
        cfg!(all(target_arch = "x86_64", unix))
    );
}

#[test]
fn a_panic_stays_in_rust() {
    let signature = Signature::new(Primitive::Int, []);
    let closure = Closure::new(&signature, Box::new(|_, _| panic!("on purpose"))).unwrap();
    let mut result = Slot([0xff; 16]);
    // SAFETY: the closure has this signature.
    unsafe {
        CallPlan::new(&signature)
            .unwrap()
            .call(closure.code(), &[], result.0.as_mut_ptr().cast());
    }
    assert_eq!(result.0[..4], [0; 4]);
}

/// A caller that does not know the prototype still reaches a variadic function: what tells it the
/// number of vector registers is filled in by every register call.
#[test]
fn a_variadic_function_is_reached_without_its_prototype() {
    let process = Library::open(None, Flags::NOW).unwrap();
    let arguments = [
        CType::POINTER,
        Primitive::UnsignedLong.into(),
        CType::POINTER,
        Primitive::Double.into(),
    ];
    let signature = Signature::new(Primitive::Int, arguments);
    for plan in [
        CallPlan::new(&signature).unwrap(),
        CallPlan::through_libffi(&signature).unwrap(),
    ] {
        let mut text = [0u8; 32];
        let mut buffer = text.as_mut_ptr();
        let (mut size, mut format) = (text.len(), c"%.2f".as_ptr());
        let mut number = 2.5f64;
        let slots = [
            (&raw mut buffer).cast(),
            (&raw mut size).cast(),
            (&raw mut format).cast(),
            (&raw mut number).cast(),
        ];
        let mut result = Slot([0; 16]);
        // SAFETY: snprintf takes these four; the buffer is as large as said.
        unsafe {
            plan.call(
                address(&process, "snprintf"),
                &slots,
                result.0.as_mut_ptr().cast(),
            )
        };
        assert_eq!(&text[..4], b"2.50");
    }
}
