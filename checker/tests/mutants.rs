//! `checker verify --mutants` through the real binary.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod workshop;

use std::fs;

use workshop::Workshop;

/// The fixture with a task around the declarations of its ctypes bridge: five types, so five mutants.
fn workshop() -> Workshop {
    let workshop = Workshop::new();
    let file = "solution/ctypes_bridge.py";
    workshop.edit(
        file,
        "lib.pair_add.argtypes",
        "# task: declare\nlib.pair_add.argtypes",
    );
    let last = "lib.pair_half.restype = ctypes.c_double";
    workshop.edit(file, last, &format!("{last}\n# starter:\n# endtask"));
    workshop
}

#[test]
fn survivors_are_told_with_their_place() {
    let workshop = workshop();
    // The fixture adds small numbers only, so nothing tells a short from an int.
    workshop.run("verify lesson-0.1 --mutants").must(
        1,
        &[
            "FAILED lesson-0.1  2 of 5 told, 40 %; 5 mutants, 0 do not build, 0 equivalent",
            "lessons/lesson-0.1/solution/ctypes_bridge.py:8 in ctypes/stock: a wrong type",
            "- lib.pair_add.argtypes = [ctypes.c_int, ctypes.c_int]\n           \
             + lib.pair_add.argtypes = [ctypes.c_short, ctypes.c_int]",
        ],
    );
    workshop.edit(
        "lesson.toml",
        "cases = [{ a = 2, b = 3 }]",
        "cases = [{ a = 70000, b = 80000 }]",
    );
    workshop
        .run("verify lesson-0.1 --mutants")
        .must(0, &["ok     lesson-0.1  5 of 5 told, 100 %"]);
}

#[test]
fn what_the_lesson_calls_equivalent_is_counted_apart() {
    let workshop = workshop();
    let manifest = fs::read_to_string(workshop.lesson("lesson.toml")).unwrap();
    let equivalent = |mutant: &str| {
        format!(
            "{manifest}\n[[equivalent]]\nfile = \"ctypes_bridge.py\"\nline = \"lib.pair_add.restype = ctypes.c_int\"\n\
             mutant = \"lib.pair_add.restype = {mutant}\"\nwhy = \"only small numbers are added\"\n"
        )
    };
    fs::write(workshop.lesson("lesson.toml"), equivalent("ctypes.c_short")).unwrap();
    let told = workshop.run("verify lesson-0.1 --mutants --json");
    let told = &told.must(1, &[]).json()["lessons"][0];
    assert_eq!(
        [
            &told["judged"],
            &told["killed"],
            &told["equivalent"],
            &told["survived"]
        ],
        [5, 2, 1, 2],
        "{told}"
    );
    fs::write(workshop.lesson("lesson.toml"), equivalent("ctypes.c_byte")).unwrap();
    workshop.run("verify lesson-0.1 --mutants").must(
        1,
        &["lesson.toml: [[equivalent]] `lib.pair_add.restype = ctypes.c_byte`"],
    );
}

#[test]
fn a_sample_is_drawn_by_its_seed() {
    let workshop = workshop();
    let drawn = |words: &str| {
        let said = workshop.run(&format!("verify lesson-0.1 --mutants --json {words}"));
        let lesson = said.json()["lessons"][0].clone();
        assert_eq!(
            (&lesson["judged"], &lesson["possible"]),
            (&2.into(), &5.into())
        );
        let mutants = lesson["mutants"].as_array().unwrap().clone();
        mutants
            .iter()
            .map(|it| it["new"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(drawn("--sample 2"), drawn("--sample 2 --seed 0"));
    let others: Vec<_> = (1..6)
        .map(|seed| drawn(&format!("--sample 2 --seed {seed}")))
        .collect();
    assert!(others.iter().any(|other| *other != drawn("--sample 2")));
    workshop.run("verify --sample 2").must(2, &["--mutants"]);
}
