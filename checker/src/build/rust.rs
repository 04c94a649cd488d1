//! The extension module in Rust: a copy of the lesson's crate, built by cargo without the network.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use super::store::{self, Key};
use super::tools::Tools;
use super::{Built, Failure, outcome};
use crate::border::{self, Access, Job};
use crate::errors::ExpectedError;
use crate::judge::inputs::Files;
use crate::lesson::{Lesson, Limits};
use crate::message;
use crate::python::probe;
use crate::workspace::Workspace;

/// The first build of a machine compiles pyo3 and libffi too.
const LIMITS: Limits = Limits {
    wall_seconds: 1200,
    memory_mib: 6144,
    output_kib: 16384,
    processes: 1024,
    cpu_seconds: Some(4800),
    file_mib: 2048,
    disk_mib: 8192,
    ..Limits::DEFAULT
};

/// The shared files of all lesson crates, below `lessons/`.
const SHARED: [&str; 3] = ["rust/Cargo.toml", "rust/Cargo.lock", "rust/build_clib.rs"];

/// What the built module depends on besides the participant's file and the C library.
///
/// # Errors
/// When the crate's own files cannot be read, or there is no cargo.
pub fn identity(tools: &Tools, lesson: &Lesson) -> anyhow::Result<String> {
    let crate_files = crate_files(tools, lesson)?;
    Ok(key(tools, &crate_files)?.finish())
}

fn key(tools: &Tools, crate_files: &[(String, Vec<u8>)]) -> anyhow::Result<Key> {
    Ok(Key::of("ext-rust 1")
        .text(&toolchain(tools)?)
        .text(&tools.compiler.identity())
        .named(
            crate_files
                .iter()
                .map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
        ))
}

/// Where cargo's messages of a build go, in the folder that it runs in.
const MESSAGES: &str = "messages.json";

/// Pins the compiler, wherever the stage lies.
const TOOLCHAIN: &str = "rust-toolchain.toml";

/// Builds the lesson's cdylib from `source` in place of its `exercise/ext/lib.rs`, or finds it in the store. With `lines`,
/// it knows which line of which file each of its instructions comes from.
pub fn build(
    tools: &Tools,
    lesson: &Lesson,
    source: &[u8],
    shown: &str,
    clib: &Files,
    lines: bool,
) -> anyhow::Result<Result<Built, Failure>> {
    let module = lesson.manifest.id.module();
    let file = format!("{module}.abi3.so");
    let crate_files = crate_files(tools, lesson)?;
    let key = key(tools, &crate_files)?
        .bytes(source)
        .named(clib.entries());
    let key = if lines { key.text("lines") } else { key }.finish();
    let made = tools.store.get_or_make(&key, |entry| {
        require_plain_cache(&tools.workspace)?;
        let _step = tools
            .progress
            .step(&crate::words!("step-compiling", file = "ext/lib.rs"));
        let stage = Stage::lock(tools, lesson)?;
        // A cdylib has one name, whatever it was built with.
        let owner = format!("{shown}{}", if lines { " with lines" } else { "" });
        stage.forget_others(lesson, &owner)?;
        stage.fill(&tools.workspace.root, lesson, &crate_files, source, clib)?;
        match stage.cargo(lesson, shown, lines)? {
            Err(failure) => Ok(Err(failure)),
            Ok((library, said)) => {
                super::copy(&library, &entry.join(&file))?;
                fs::write(entry.join(super::WARNINGS), said)?;
                Ok(Ok(()))
            }
        }
    })?;
    Ok(made.map(|entry| Built::read(&entry, &file)))
}

/// What decides which rustc is used, without starting it.
fn toolchain(tools: &Tools) -> anyhow::Result<String> {
    let cargo = cargo()?;
    let pinned = fs::read_to_string(tools.workspace.root.join(TOOLCHAIN)).unwrap_or_default();
    let chosen = std::env::var("RUSTUP_TOOLCHAIN").unwrap_or_default();
    // `cargo run` names the toolchain, a bare call leaves it to the pinned file: the same one, so only one is used.
    let decides = if pinned.is_empty() { chosen } else { pinned };
    let stamp = if decides.is_empty() {
        probe::stamp(&cargo).unwrap_or_default()
    } else {
        String::new()
    };
    Ok(format!("{decides}{stamp}"))
}

/// The cargo that started us, or the one on PATH.
pub fn cargo() -> Result<PathBuf, ExpectedError> {
    std::env::var_os("CARGO")
        .map(PathBuf::from)
        .filter(|cargo| cargo.is_file())
        .or_else(|| probe::find_program("cargo".as_ref()))
        .ok_or_else(|| ExpectedError::Tool {
            tool: "cargo".into(),
            cause: message!("error-not-on-path", name = "cargo"),
            next: message!("error-cargo-next"),
        })
}

/// Refuses a cache folder that libffi cannot be built in: its makefiles take a space for the end of a name.
///
/// # Errors
/// When the path of the cache holds white space.
pub fn require_plain_cache(workspace: &Workspace) -> Result<(), ExpectedError> {
    if !workspace
        .cache
        .to_string_lossy()
        .contains(char::is_whitespace)
    {
        return Ok(());
    }
    Err(ExpectedError::Tool {
        tool: message!(
            "error-cache-folder",
            folder = workspace.cache.display().to_string(),
        ),
        cause: message!("error-cache-space"),
        next: message!("error-cache-space-next"),
    })
}

/// Cargo's own environment: where its downloads and toolchains are.
pub fn environment() -> Vec<(OsString, OsString)> {
    let mut variables = super::environment();
    for name in [
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
        "CC",
        "CFLAGS",
        "AR",
    ] {
        if let Some(value) = std::env::var_os(name) {
            variables.push((name.into(), value));
        }
    }
    variables.push(("CARGO_TERM_COLOR".into(), "never".into()));
    variables
}

/// What cargo reads: its programs and toolchains, what it has downloaded, how it is set up. Its folder also holds keys
/// to registries, which stay out of sight.
fn readable(root: &Path) -> Vec<PathBuf> {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let folder = |name: &str, usual: &str| {
        std::env::var_os(name).map_or_else(|| home.join(usual), PathBuf::from)
    };
    let cargo_home = folder("CARGO_HOME", ".cargo");
    let mut places: Vec<PathBuf> = ["bin", "registry", "git", "config.toml", "config"]
        .iter()
        .map(|part| cargo_home.join(part))
        .collect();
    places.push(folder("RUSTUP_HOME", ".rustup"));
    places.push(root.join(".cargo"));
    // The cargo of a toolchain starts the rustc on PATH, and rustup's programs need not lie below CARGO_HOME.
    let programs = cargo()
        .into_iter()
        .chain(probe::find_program("rustc".as_ref()));
    places.extend(programs.flat_map(|program| border::interpreter_places(&program)));
    places
}

/// The crate's own files but for the participant's, by their path below `lessons/`.
fn crate_files(tools: &Tools, lesson: &Lesson) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let lessons = tools.workspace.lessons();
    let shared = SHARED.map(|name| (name.to_owned(), lessons.join(name)));
    let own = format!("{}/rust/Cargo.toml", lesson.manifest.id);
    let mut files = Vec::new();
    for (name, path) in shared
        .into_iter()
        .chain([(own, lesson.folder.join("rust/Cargo.toml"))])
    {
        let bytes = fs::read(&path).map_err(|error| ExpectedError::UnusableFile {
            path: path.clone(),
            problem: error.to_string().into(),
            next: message!(
                "error-restore-path",
                path = tools.workspace.shown(&path).display().to_string(),
            ),
        })?;
        files.push((name, bytes));
    }
    Ok(files)
}

/// The copy of a lesson's crate. It stays between builds, so that cargo compiles only what changed.
struct Stage {
    folder: PathBuf,
    target: PathBuf,
    root: PathBuf,
    /// Where the C compiler is, which libffi is built with.
    compiler: Vec<PathBuf>,
    _lock: File,
}

impl Stage {
    /// Waits until nobody else uses the stage of this lesson.
    fn lock(tools: &Tools, lesson: &Lesson) -> anyhow::Result<Stage> {
        let folder = tools
            .workspace
            .cache_folder(&format!("cargo/{}", lesson.manifest.id))?;
        let target = tools.workspace.cache_folder("cargo/target")?;
        let path = folder.join("lock");
        let unwritable = |cause| ExpectedError::cache(path.clone(), cause);
        let lock = File::create(&path).map_err(unwritable)?;
        lock.lock().map_err(unwritable)?;
        Ok(Stage {
            folder,
            target,
            root: tools.workspace.root.clone(),
            compiler: tools.compiler.places(),
            _lock: lock,
        })
    }

    /// Removes what was built of this lesson from somebody else's file: rustc could put it into this one's module, and the
    /// solution would pass in its place. Between two builds of the same file it stays, so that rustc does less.
    fn forget_others(&self, lesson: &Lesson, owner: &str) -> Result<(), ExpectedError> {
        let noted = self.folder.join("owner");
        if fs::read(&noted).is_ok_and(|last| last == owner.as_bytes()) {
            return Ok(());
        }
        let module = lesson.manifest.id.module();
        let made = self.target.join("debug");
        for folder in [made.clone(), made.join("deps"), made.join("incremental")] {
            // Before the first build there is none.
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let stem = name.split(['.', '-']).next().unwrap_or_default();
                if stem != module && stem.strip_prefix("lib") != Some(&module) {
                    continue;
                }
                let path = entry.path();
                let removed = if path.is_dir() {
                    fs::remove_dir_all(&path)
                } else {
                    fs::remove_file(&path)
                };
                removed.map_err(|cause| ExpectedError::cache(&path, cause))?;
            }
        }
        fs::write(&noted, owner).map_err(|cause| ExpectedError::cache(&noted, cause))
    }

    /// Brings the copy up to date. Unchanged files keep their time, which is all that cargo looks at.
    fn fill(
        &self,
        root: &Path,
        lesson: &Lesson,
        crate_files: &[(String, Vec<u8>)],
        source: &[u8],
        clib: &Files,
    ) -> anyhow::Result<()> {
        let id = lesson.manifest.id.to_string();
        let own = self.folder.join(&id);
        if let Ok(staged) = store::files_below(&own.join("clib")) {
            for stale in staged
                .iter()
                .filter(|file| !clib.has(&file.to_string_lossy()))
            {
                fs::remove_file(own.join("clib").join(stale))?;
            }
        }
        for (name, bytes) in crate_files {
            // cargo adds the lesson to its copy of the lock file; overwriting it each time would undo that.
            if name == "rust/Cargo.lock" && self.lock_is_from(bytes) {
                continue;
            }
            update(&self.folder.join(name), bytes)?;
            if name == "rust/Cargo.lock" {
                update(&self.folder.join("rust/Cargo.lock.from"), bytes)?;
            }
        }
        if let Ok(pinned) = fs::read(root.join(TOOLCHAIN)) {
            update(&self.folder.join("rust").join(TOOLCHAIN), &pinned)?;
        }
        update(&own.join("exercise/ext/lib.rs"), source)?;
        for (name, bytes) in clib.entries() {
            update(&own.join("clib").join(name), bytes)?;
        }
        Ok(())
    }

    fn lock_is_from(&self, bytes: &[u8]) -> bool {
        self.folder.join("rust/Cargo.lock").exists()
            && fs::read(self.folder.join("rust/Cargo.lock.from")).is_ok_and(|from| from == bytes)
    }

    fn cargo(
        &self,
        lesson: &Lesson,
        shown: &str,
        lines: bool,
    ) -> anyhow::Result<Result<(PathBuf, String), Failure>> {
        let mut ended = self.run(lesson, lines)?;
        if lacks_downloads(&super::output_of(&ended)) {
            self.fetch()?;
            ended = self.run(lesson, lines)?;
        }
        let outcome = outcome(&ended)?;
        let said = Said::read(&self.messages()?, &self.folder, lesson, shown);
        if let Err(failure) = outcome {
            let Failure::Refused(_) = failure else {
                return Ok(Err(failure));
            };
            if said.own.is_empty() {
                // Nothing against the participant's file: ours, or the machine's.
                let stderr = super::captured_text(&ended.stderr);
                return Err(ExpectedError::OwnBuild {
                    what: message!("error-the-crate", lesson = lesson.manifest.id.0.as_str()),
                    output: format!("{}{stderr}", said.other),
                    next: message!("error-crate-next"),
                }
                .into());
            }
            return Ok(Err(Failure::Refused(said.own)));
        }
        let library = self.target.join("debug").join(format!(
            "lib{}{}",
            lesson.manifest.id.module(),
            std::env::consts::DLL_SUFFIX
        ));
        anyhow::ensure!(
            library.is_file(),
            "cargo succeeded without making {}",
            library.display()
        );
        Ok(Ok((library, said.own)))
    }

    /// What rustc and cargo said as data, up to a size that no build of one lesson reaches.
    fn messages(&self) -> anyhow::Result<Vec<u8>> {
        const MOST: u64 = 16 << 20;
        let mut bytes = Vec::new();
        File::open(self.folder.join("rust").join(MESSAGES))?
            .take(MOST)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn run(&self, lesson: &Lesson, lines: bool) -> anyhow::Result<border::Ended> {
        let package = lesson.manifest.id.package();
        let mut args = vec![
            // The messages begin with 40 KB about dependencies, more than a captured stream keeps.
            OsString::from("-c"),
            OsString::from(format!("exec \"$0\" \"$@\" > {MESSAGES}")),
            cargo()?.into_os_string(),
            "build".into(),
            "--offline".into(),
            "--message-format=json".into(),
            "-p".into(),
            (&package).into(),
        ];
        if lines {
            // Of this package alone: its dependencies stay as they are built.
            let debug = format!("profile.dev.package.{package}.debug=\"line-tables-only\"");
            args.extend(["--config".into(), debug.into()]);
        }
        let mut env = environment();
        env.push(("CARGO_TARGET_DIR".into(), self.target.clone().into()));
        // The stable ABI needs no interpreter, so no other `python3` on PATH ever causes a rebuild.
        env.push(("PYO3_NO_PYTHON".into(), "1".into()));
        env.push(("PYO3_BUILD_EXTENSION_MODULE".into(), "1".into()));
        border::run(&Job {
            program: PathBuf::from("/bin/sh"),
            args,
            env,
            cwd: self.folder.join("rust"),
            limits: LIMITS,
            access: Access {
                readable: [readable(&self.root), self.compiler.clone()].concat(),
                writable: vec![self.folder.clone(), self.target.clone()],
                ..Access::default()
            },
        })
    }

    /// Downloads what the lock file names. No code of a participant runs here.
    fn fetch(&self) -> Result<(), ExpectedError> {
        let output = Command::new(cargo()?)
            .arg("fetch")
            .current_dir(self.folder.join("rust"))
            .stdin(Stdio::null())
            .output()
            .map_err(|error| offline(&error.to_string()))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(offline(&String::from_utf8_lossy(&output.stderr)))
        }
    }
}

/// Whether cargo gave up because a crate is not on this machine yet.
pub fn lacks_downloads(output: &str) -> bool {
    [
        "--offline was specified",
        "no matching package named",
        "failed to download",
        "failed to get `",
        "Unable to update registry",
    ]
    .iter()
    .any(|sign| output.contains(sign))
}

/// The error for crates that cannot be downloaded.
pub fn offline(said: &str) -> ExpectedError {
    let last = said
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim()
        .to_owned();
    ExpectedError::Tool {
        tool: "cargo".into(),
        cause: message!("error-offline", said = last),
        next: message!("error-offline-next"),
    }
}

fn update(path: &Path, bytes: &[u8]) -> Result<(), ExpectedError> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    store::write_atomically(path, bytes).map_err(|cause| ExpectedError::cache(path, cause))
}

/// What rustc said, as cargo passes it on.
#[derive(Default)]
struct Said {
    /// About the participant's file.
    own: String,
    /// About anything else.
    other: String,
}

impl Said {
    /// Reads cargo's messages, one JSON document to a line; `stage` is the folder that rustc saw.
    fn read(messages: &[u8], stage: &Path, lesson: &Lesson, shown: &str) -> Said {
        let mut said = Said::default();
        let module = lesson.manifest.id.module();
        for line in messages.split(|byte| *byte == b'\n') {
            let Ok(message) = serde_json::from_slice::<Json>(line) else {
                continue;
            };
            let Some(rendered) = message["message"]["rendered"].as_str() else {
                continue;
            };
            if is_summary(&message["message"]) {
                continue;
            }
            if message["target"]["name"] == module.as_str() {
                said.own += &with_shown_path(rendered, stage, lesson, shown);
            } else {
                said.other += rendered;
            }
        }
        said
    }
}

/// Whether a message only counts or comments the others.
fn is_summary(message: &Json) -> bool {
    let text = message["message"].as_str().unwrap_or_default();
    message["level"] == "failure-note"
        || text.starts_with("aborting due to")
        || text.ends_with(" emitted")
}

/// The staged path, as rustc writes it, becomes the participant's.
fn with_shown_path(rendered: &str, stage: &Path, lesson: &Lesson, shown: &str) -> String {
    let below = format!("{}/rust/../exercise/ext/lib.rs", lesson.manifest.id);
    let absolute = stage.join(&below).display().to_string();
    rendered
        .replace(&absolute, shown)
        .replace(&format!("../{below}"), shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: Json) -> Said {
        let manifest = "format_version = 1\nid = \"lesson-0.1\"\norder = 0\ntitle = \"t\"\nsection = \"0\"\nminutes = 1\nclib = { name = \"x\" }\n";
        let lesson = Lesson {
            folder: PathBuf::from("/r"),
            manifest: toml::from_str(manifest).unwrap(),
        };
        let text = format!("{{\"reason\":\"compiler-artifact\"}}\n{message}\nno JSON\n");
        Said::read(
            text.as_bytes(),
            Path::new("/my cache/stage"),
            &lesson,
            "exercise/ext/lib.rs",
        )
    }

    fn message(target: &str, level: &str, text: &str, rendered: &str) -> Json {
        serde_json::json!({
            "reason": "compiler-message",
            "target": { "name": target },
            "message": { "level": level, "message": text, "rendered": rendered },
        })
    }

    #[test]
    fn a_message_names_the_file_of_the_participant() {
        let rendered =
            "error: no\n --> /my cache/stage/lesson-0.1/rust/../exercise/ext/lib.rs:3:5\n";
        let said = said(message("_lesson_0_1", "error", "no", rendered));
        assert_eq!(said.own, "error: no\n --> exercise/ext/lib.rs:3:5\n");
    }

    #[test]
    fn other_crates_are_not_the_participant() {
        let said = said(message("build-script-build", "error", "no", "error: no\n"));
        assert_eq!(
            (said.own.as_str(), said.other.as_str()),
            ("", "error: no\n")
        );
    }

    #[test]
    fn summaries_are_left_out() {
        for (level, text) in [
            ("error", "aborting due to 2 previous errors"),
            ("warning", "1 warning emitted"),
            (
                "failure-note",
                "For more information about this error, try `rustc --explain E0425`.",
            ),
        ] {
            assert_eq!(said(message("_lesson_0_1", level, text, text)).own, "");
        }
    }
}
