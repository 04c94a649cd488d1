//! Snapshots, each check in a process of its own: insta reads its environment once per process.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use checker::snapshot::{self, State};

/// What the child does with the folder and the text that it finds in its environment.
#[test]
#[ignore = "runs as the child of the other tests"]
fn child() {
    let lesson = PathBuf::from(std::env::var_os("LESSON").unwrap());
    let text = std::env::var("TRANSCRIPT").unwrap();
    eprintln!("STATE {:?}", snapshot::check(&lesson, "common", &text));
}

struct Bench {
    folder: tempfile::TempDir,
    args: &'static [&'static str],
    ci: bool,
    user: Vec<(&'static str, OsString)>,
}

impl Bench {
    /// A lesson whose solution is run outside CI.
    fn new() -> Self {
        let bench = Bench {
            folder: tempfile::tempdir().unwrap(),
            args: &["run", "lesson-1", "--solution"],
            ci: false,
            user: Vec::new(),
        };
        fs::create_dir_all(bench.snapshots()).unwrap();
        bench
    }

    fn lesson(&self) -> PathBuf {
        self.folder.path().join("lessons/lesson-1")
    }

    fn snapshots(&self) -> PathBuf {
        self.lesson().join("snapshots")
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.snapshots()).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    fn check(&self, text: &str) -> String {
        let output = self.run(text);
        let stderr = String::from_utf8(output.stderr).unwrap();
        let state = stderr.lines().find_map(|line| line.strip_prefix("STATE "));
        let state = state.unwrap_or_else(|| panic!("no state in {stderr}"));
        let rest = stderr.lines().filter(|line| !line.starts_with("STATE "));
        assert_eq!(rest.collect::<Vec<_>>(), Vec::<&str>::new(), "insta spoke");
        state.to_owned()
    }

    fn run(&self, text: &str) -> Output {
        let args: Vec<OsString> = self.args.iter().map(OsString::from).collect();
        let (unset, set) = snapshot::environment(self.folder.path(), &args, self.ci);
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["child", "--exact", "--ignored", "--nocapture", "--quiet"]);
        child.envs(self.user.iter().cloned());
        for name in unset {
            child.env_remove(name);
        }
        child.envs(set);
        child.env("LESSON", self.lesson()).env("TRANSCRIPT", text);
        child.output().unwrap()
    }

    fn accept(&self, text: &str) {
        self.check(text);
        for pending in snapshot::pending_below(&self.lesson()).unwrap() {
            snapshot::accept(&pending).unwrap();
        }
    }
}

fn changed(old: &str, new: &str) -> String {
    let state = State::Changed {
        old: old.to_owned(),
        new: new.to_owned(),
    };
    format!("{state:?}")
}

#[test]
fn a_new_transcript_is_pending_until_it_is_accepted() {
    let bench = Bench::new();
    assert_eq!(bench.check("one\n"), "Missing");
    assert_eq!(bench.files(), ["common.snap.new"]);
    bench.accept("one\n");
    assert_eq!(bench.files(), ["common.snap"]);
    assert_eq!(bench.check("one\n"), "Match");
    let accepted = snapshot::accepted(&bench.lesson(), "common").unwrap();
    assert_eq!(accepted.as_deref(), Some("one"));
    let file = fs::read_to_string(bench.snapshots().join("common.snap")).unwrap();
    assert!(
        file.contains("description: checker run lesson-1 --solution"),
        "{file}"
    );
    assert!(!file.contains("assertion_line"), "{file}");
    let folder = bench.folder.path().display().to_string();
    assert!(!file.contains(&folder), "{file}");
}

#[test]
fn a_changed_transcript_is_pending_and_goes_when_it_matches_again() {
    let bench = Bench::new();
    bench.accept("one\n");
    assert_eq!(bench.check("two\n"), changed("one", "two"));
    assert_eq!(bench.files(), ["common.snap", "common.snap.new"]);
    assert_eq!(bench.check("one\n"), "Match");
    assert_eq!(bench.files(), ["common.snap"]);
}

#[test]
fn a_rejected_snapshot_is_gone() {
    let bench = Bench::new();
    bench.accept("one\n");
    bench.check("two\n");
    snapshot::reject(&snapshot::pending_path(&bench.lesson(), "common")).unwrap();
    assert_eq!(bench.files(), ["common.snap"]);
}

#[test]
fn neither_ci_nor_other_commands_write_and_both_tell_the_difference() {
    let mut bench = Bench::new();
    for (args, ci) in [
        (&["run", "lesson-1", "--solution"][..], true),
        (&["verify"], false),
        (&["run", "lesson-1"], false),
    ] {
        (bench.args, bench.ci) = (args, ci);
        assert_eq!(bench.check("one\n"), "Missing");
        assert_eq!(bench.files(), Vec::<String>::new());
    }
    (bench.args, bench.ci) = (&["run", "--solution"], false);
    bench.accept("one\n");
    bench.ci = true;
    assert_eq!(bench.check("two\n"), changed("one", "two"));
    assert_eq!(bench.files(), ["common.snap"]);
}

#[test]
fn what_the_user_set_for_insta_changes_nothing() {
    let mut bench = Bench::new();
    bench.accept("one\n");
    let elsewhere = bench.folder.path().join("elsewhere");
    bench.user = vec![
        ("INSTA_UPDATE", "junk".into()),
        ("INSTA_FORCE_UPDATE", "1".into()),
        ("INSTA_FORCE_PASS", "0".into()),
        ("INSTA_OUTPUT", "diff".into()),
        ("INSTA_PENDING_DIR", elsewhere.clone().into()),
        ("INSTA_REQUIRE_FULL_MATCH", "1".into()),
    ];
    assert_eq!(bench.check("one\n"), "Match");
    assert_eq!(bench.check("two\n"), changed("one", "two"));
    assert_eq!(bench.files(), ["common.snap", "common.snap.new"]);
    assert!(!elsewhere.exists());
}

#[test]
fn a_file_that_is_no_snapshot_is_broken_and_stays() {
    let bench = Bench::new();
    bench.accept("one\n");
    let file = bench.snapshots().join("common.snap");
    let good = fs::read_to_string(&file).unwrap();
    let conflict = good.replace("one", "<<<<<<< HEAD\none\n=======\ntwo\n>>>>>>> theirs");
    for (content, expected) in [
        (conflict.as_bytes(), "merge conflict"),
        (b"\xff\xfe", "cannot read"),
    ] {
        fs::write(&file, content).unwrap();
        let state = bench.check("one\n");
        assert!(
            state.starts_with("Broken") && state.contains(expected),
            "{state}"
        );
        assert_eq!(fs::read(&file).unwrap(), content);
        assert_eq!(bench.files(), ["common.snap"]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_without_a_panic() {
    let bench = Bench::new();
    fs::remove_dir_all(bench.snapshots()).unwrap();
    // A file in place of the folder refuses writing even to root, who ignores permissions.
    fs::write(bench.snapshots(), "").unwrap();
    let state = bench.check("one\n");
    assert!(
        state.starts_with("Broken(\"cannot write common.snap.new"),
        "{state}"
    );
}

#[test]
fn a_pending_snapshot_that_is_broken_cannot_be_accepted() {
    let bench = Bench::new();
    let pending = snapshot::pending_path(&bench.lesson(), "common");
    fs::write(&pending, "<<<<<<< HEAD\n").unwrap();
    assert!(snapshot::accept(&pending).is_err());
    assert!(pending.exists());
    assert!(!snapshot::accepted_path(&bench.lesson(), "common").exists());
}

#[test]
fn checked_snapshots_are_referenced_for_cargo_insta() {
    let mut bench = Bench::new();
    bench.accept("one\n");
    let references = bench.folder.path().join("references");
    bench.user = vec![("INSTA_SNAPSHOT_REFERENCES_FILE", references.clone().into())];
    bench.check("one\n");
    let listed = fs::read_to_string(references).unwrap();
    assert!(
        listed.contains("lesson-1/snapshots/common.snap"),
        "{listed}"
    );
}

#[test]
fn the_folder_of_snapshots_is_made_when_it_is_needed() {
    let bench = Bench::new();
    fs::remove_dir_all(bench.snapshots()).unwrap();
    assert_eq!(bench.check("one\n"), "Missing");
    assert_eq!(bench.files(), ["common.snap.new"]);
}

/// cargo-insta looks for pending snapshots below the manifests of the workspace's packages, and turns back at every folder
/// that holds another manifest.
#[test]
fn nothing_hides_the_snapshots_from_cargo_insta() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |file: &str| -> toml::Table {
        let text = fs::read_to_string(root.join(file)).unwrap();
        toml::from_str(&text).unwrap()
    };
    let members = read("Cargo.toml")["workspace"]["members"].clone();
    assert!(members.as_array().unwrap().contains(&"lessons".into()));
    assert!(read("lessons/Cargo.toml").contains_key("package"));
    let mut lessons = 0;
    for entry in fs::read_dir(root.join("lessons")).unwrap() {
        let lesson = entry.unwrap().path();
        if lesson.join("lesson.toml").exists() {
            lessons += 1;
            assert!(!lesson.join("Cargo.toml").exists(), "{}", lesson.display());
        }
    }
    assert!(lessons > 0);
}
