//! Submissions that attack: none passes, each gets the verdict that it is meant to get, and nothing of it stays.
//!
//! All of them go through `checker grade`, as an instructor would run it. `CHECKER_ISOLATION` chooses the layer; a case that
//! a layer does not cover says so and is left out there.

#![allow(clippy::unwrap_used, reason = "a test states its invariants")]

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value as Json;

const LESSON: &str = "lesson-7.1";
const SECRET: &str = "canary-5f1d20";
/// How many submissions are graded by one process.
const CHUNK: usize = 12;
/// Roomy enough for an honest run on a busy machine, small enough to be reached soon.
const LIMITS: &str = "wall_seconds = 4\nmemory_mib = 320\noutput_kib = 256\nprocesses = 24\nfile_mib = 32\ndisk_mib = 64\n";

#[derive(Debug, Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    variant: String,
    outcome: String,
    #[serde(default)]
    code: String,
    file: Option<String>,
    how: Option<String>,
    needs: Option<String>,
}

impl Case {
    fn file(&self) -> &str {
        match (&self.file, self.variant.as_str()) {
            (Some(file), _) => file,
            (None, "ext/stock") => "ext/module.c",
            (None, "ext/rust") => "ext/lib.rs",
            (None, variant) if variant.starts_with("abi/") => "abi_bridge.py",
            (None, variant) if variant.starts_with("api/") => "api_bridge.py",
            (None, _) => "ctypes_bridge.py",
        }
    }

    /// Whether the layer that the tests run in covers it.
    fn is_covered(&self) -> bool {
        let layer = std::env::var("CHECKER_ISOLATION").unwrap_or_else(|_| "full".into());
        match self.needs.as_deref() {
            Some("filter") => layer != "none" && cfg!(target_arch = "x86_64"),
            Some("landlock") => layer != "none",
            Some("full") => layer == "full",
            Some(other) => panic!("{}: needs = {other:?}", self.name),
            None => true,
        }
    }
}

fn cases(text: &str) -> Vec<Case> {
    toml::from_str::<Table>(text).unwrap().case
}

/// A workshop with one lesson, whose other parts are those of the repository.
struct Arena {
    folder: tempfile::TempDir,
    cache: PathBuf,
    listener: TcpListener,
    _alone: MutexGuard<'static, ()>,
}

/// The cache is the same for all arenas, and what is left in it by one must not be taken for another's.
static ARENA: Mutex<()> = Mutex::new(());

impl Arena {
    fn new() -> Arena {
        let alone = ARENA.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        open(folder.path());
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let root = folder.path().join("root");
        let lessons = root.join("lessons");
        fs::create_dir_all(&lessons).unwrap();
        for entry in fs::read_dir(repository).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "lessons" && name != "target" {
                symlink(repository.join(&name), root.join(&name)).unwrap();
            }
        }
        let original = repository.join("lessons");
        for entry in fs::read_dir(&original).unwrap() {
            let name = entry.unwrap().file_name();
            if !name.to_string_lossy().starts_with("lesson-") {
                symlink(original.join(&name), lessons.join(&name)).unwrap();
            }
        }
        copy(&original.join(LESSON), &lessons.join(LESSON));
        let manifest = lessons.join(LESSON).join("lesson.toml");
        let mut table: toml::Table = fs::read_to_string(&manifest).unwrap().parse().unwrap();
        table.insert(
            "limits".into(),
            LIMITS.parse::<toml::Table>().unwrap().into(),
        );
        fs::write(&manifest, table.to_string()).unwrap();
        fs::write(folder.path().join("canary"), format!("{SECRET}\n")).unwrap();
        Arena {
            folder,
            cache: std::env::var_os("CHECKER_CACHE")
                .map_or_else(|| repository.join("target/checker"), PathBuf::from),
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            _alone: alone,
        }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn submissions(&self) -> PathBuf {
        self.folder.path().join("submissions")
    }

    /// Writes the submission of a case: the solution, changed.
    fn hand_in(&self, case: &Case) -> PathBuf {
        let folder = self.submissions().join(&case.name);
        copy(
            &self.root().join("lessons").join(LESSON).join("solution"),
            &folder,
        );
        let file = folder.join(case.file());
        let text = |path: &Path| path.display().to_string();
        let code = case
            .code
            .replace("@ROOT@", &text(&self.root()))
            .replace("@CACHE@", &text(&self.cache))
            .replace("@CANARY@", &text(&self.folder.path().join("canary")))
            .replace("@SUBMISSIONS@", &text(&self.submissions()))
            .replace(
                "@PORT@",
                &self.listener.local_addr().unwrap().port().to_string(),
            );
        let own = fs::read_to_string(&file).unwrap();
        match case.how.as_deref() {
            None => fs::write(&file, format!("{own}\n{code}")).unwrap(),
            Some("only") => fs::write(&file, code).unwrap(),
            Some("huge") => fs::write(&file, "#".repeat(2 << 20)).unwrap(),
            Some(other) => {
                fs::remove_file(&file).unwrap();
                match other {
                    "missing" => {}
                    "link" => {
                        let solution = format!("lessons/{LESSON}/solution/{}", case.file());
                        symlink(self.root().join(solution), &file).unwrap();
                    }
                    "pipe" => {
                        let made = Command::new("mkfifo").arg(&file).status().unwrap();
                        assert!(made.success());
                    }
                    _ => panic!("{}: how = {other:?}", case.name),
                }
            }
        }
        folder
    }

    /// Grades these cases, all of one variant; returns the verdicts by name.
    fn grade(&self, chunk: &[Case], number: usize) -> BTreeMap<String, String> {
        let variant = &chunk[0].variant;
        let (bridge, backend) = variant.split_once('/').unwrap();
        let out = self.folder.path().join(format!("grades-{number}"));
        let output = Command::new(env!("CARGO_BIN_EXE_checker"))
            .args([
                "grade",
                "--lesson",
                LESSON,
                "--json",
                "--bridge",
                bridge,
                "--backend",
                backend,
            ])
            .arg("--out")
            .arg(&out)
            .args(chunk.iter().map(|case| self.hand_in(case)))
            .current_dir(self.folder.path())
            .env("CHECKER_ROOT", self.root())
            .env("CHECKER_CACHE", &self.cache)
            .output()
            .unwrap();
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        let harmless = |byte: &u8| (*byte >= b' ' && *byte != 0x7f) || b"\n\t".contains(byte);
        assert!(said.iter().all(harmless), "bytes that steer a terminal");
        assert!(!String::from_utf8(said).unwrap().contains("\u{9b}"));
        let summary: Json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        for entry in fs::read_dir(&out).unwrap() {
            let report = fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(
                !report.contains(SECRET),
                "a report tells a secret: {report}"
            );
        }
        let entries = summary["submissions"].as_array().unwrap();
        entries
            .iter()
            .map(|entry| {
                let verdict = entry["verdicts"][variant].as_str().unwrap();
                let word = verdict.split('(').next().unwrap();
                (entry["name"].as_str().unwrap().to_owned(), word.to_owned())
            })
            .collect()
    }

    /// Grades all cases, two processes at a time, and says which verdicts are not as intended.
    fn grade_all(&self, cases: &[Case]) -> Vec<String> {
        let mut by_variant: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
        for case in cases {
            by_variant
                .entry(&case.variant)
                .or_default()
                .push(case.clone());
        }
        let chunks: Vec<Vec<Case>> = by_variant
            .values()
            .flat_map(|cases| cases.chunks(CHUNK).map(<[Case]>::to_vec))
            .collect();
        let next = Mutex::new(chunks.iter().enumerate());
        let verdicts = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let Some((number, chunk)) = next.lock().unwrap().next() else {
                            return;
                        };
                        let found = self.grade(chunk, number);
                        verdicts.lock().unwrap().extend(found);
                    }
                });
            }
        });
        let verdicts = verdicts.into_inner().unwrap();
        cases
            .iter()
            .filter(|case| verdicts.get(&case.name) != Some(&case.outcome))
            .map(|case| {
                let got = verdicts
                    .get(&case.name)
                    .map_or("no verdict", String::as_str);
                format!("{}: {got} in place of {}", case.name, case.outcome)
            })
            .collect()
    }

    /// Fails when something of a submission is left on the machine.
    fn must_be_clean(&self) {
        let end = Instant::now() + Duration::from_secs(10);
        while !self.drivers().is_empty() {
            assert!(
                Instant::now() < end,
                "processes are left: {:?}",
                self.drivers()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(
            !self.root().join("escaped").exists(),
            "a file was written outside"
        );
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let own = fs::read(
            self.root()
                .join("lessons")
                .join(LESSON)
                .join("scenarios.py"),
        )
        .unwrap();
        let original = repository.join("lessons").join(LESSON).join("scenarios.py");
        assert_eq!(own, fs::read(original).unwrap(), "the lesson was changed");
        self.listener.set_nonblocking(true).unwrap();
        let heard = self
            .listener
            .accept()
            .map(|_| ())
            .map_err(|error| error.kind());
        assert_eq!(
            heard,
            Err(ErrorKind::WouldBlock),
            "somebody used the network"
        );
    }

    /// Processes whose home is a work folder of this cache.
    fn drivers(&self) -> Vec<PathBuf> {
        let home = format!("HOME={}/work/", self.cache.display());
        let is_ours = |process: &PathBuf| {
            fs::read(process.join("environ")).is_ok_and(|environment| {
                let mut variables = environment.split(|byte| *byte == 0);
                variables.any(|variable| variable.starts_with(home.as_bytes()))
            })
        };
        let processes = fs::read_dir("/proc")
            .unwrap()
            .map(|entry| entry.unwrap().path());
        processes.filter(is_ours).collect()
    }
}

/// Lets other users in: payloads of root run as somebody else.
fn open(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

#[test]
fn no_attack_passes_and_each_gets_its_verdict() {
    let arena = Arena::new();
    let (covered, others): (Vec<Case>, Vec<Case>) = cases(include_str!("cases.toml"))
        .into_iter()
        .partition(Case::is_covered);
    assert!(covered.iter().all(|case| case.outcome != "passed"));
    for case in others {
        println!("not covered in this layer: {}", case.name);
    }
    let problems = arena.grade_all(&covered);
    arena.must_be_clean();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn controls(rounds: usize) {
    for _ in 0..rounds {
        let arena = Arena::new();
        let problems = arena.grade_all(&cases(include_str!("controls.toml")));
        arena.must_be_clean();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}

#[test]
fn odd_but_right_submissions_pass() {
    controls(1);
}

/// `cargo test -p checker --test hostile -- --ignored`
#[test]
#[ignore = "takes minutes; the ordinary tests run each control once"]
fn odd_but_right_submissions_pass_twenty_times() {
    controls(20);
}
