//! Accepted transcripts, kept with insta in a lesson's `snapshots/` so that `cargo insta review` finds them too.
//!
//! insta decides where to write and whether to write from the environment, once per process; what [`environment`] names must
//! therefore be in place before everything else. The comparison itself is recorded by our own [`insta::Comparator`], because with
//! `INSTA_UPDATE=no` a changed transcript would otherwise look like a match.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once};

use anyhow::Context as _;
use insta::comparator::{Comparator, DefaultComparator};

use crate::authoring::starters::files_below;
use crate::border;
use crate::workspace::Workspace;

/// How a transcript stands to its accepted snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// They are equal.
    Match,
    /// They differ.
    Changed {
        /// What was accepted.
        old: String,
        /// What was observed.
        new: String,
    },
    /// Nothing was accepted yet.
    Missing,
    /// The accepted file cannot be understood, or the pending one cannot be written; why.
    Broken(String),
}

/// insta's variables that a user may have set and that would change what this process does.
const OVERRIDES: [&str; 5] = [
    "INSTA_FORCE_UPDATE",
    "INSTA_FORCE_UPDATE_SNAPSHOTS",
    "INSTA_REQUIRE_FULL_MATCH",
    "INSTA_GLOB_FAIL_FAST",
    "INSTA_PENDING_DIR",
];

/// Gives insta the environment that it needs, if the workshop can be found. The program calls this before any thread starts,
/// with its command line.
///
/// # Errors
/// When a thread has started already.
pub fn settle_environment(args: &[OsString]) -> anyhow::Result<()> {
    // Without a workshop no snapshot is ever checked; the subcommand itself will say that there is none.
    let Ok(workspace) = Workspace::find() else {
        return Ok(());
    };
    let ci = in_ci(std::env::var_os("CI").as_deref());
    let (unset, set) = environment(&workspace.root, args, ci);
    border::change_environment(unset, &set).context("cannot prepare the environment of insta")
}

/// The variables to unset and those to set, so that insta works below `root` and leaves reporting to us.
///
/// Pending snapshots are only written when a solution is run outside CI.
pub fn environment(
    root: &Path,
    args: &[OsString],
    ci: bool,
) -> (&'static [&'static str], Vec<(&'static str, OsString)>) {
    let has = |word: &str| args.iter().any(|arg| arg == word);
    let proposes = has("run") && has("--solution") && !ci;
    let set = vec![
        ("INSTA_WORKSPACE_ROOT", root.as_os_str().to_owned()),
        ("INSTA_FORCE_PASS", OsString::from("1")),
        ("INSTA_OUTPUT", OsString::from("none")),
        (
            "INSTA_UPDATE",
            OsString::from(if proposes { "new" } else { "no" }),
        ),
    ];
    (&OVERRIDES, set)
}

/// Whether this process runs in continuous integration, by the variable that insta looks at too.
pub fn in_ci(value: Option<&OsStr>) -> bool {
    value.is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}

/// The file of an accepted snapshot.
pub fn accepted_path(lesson: &Path, name: &str) -> PathBuf {
    lesson.join("snapshots").join(format!("{name}.snap"))
}

/// The file of a snapshot that waits for a review.
pub fn pending_path(lesson: &Path, name: &str) -> PathBuf {
    lesson.join("snapshots").join(format!("{name}.snap.new"))
}

/// The accepted transcript of this name; none if there is no file.
pub fn accepted(lesson: &Path, name: &str) -> anyhow::Result<Option<String>> {
    let path = accepted_path(lesson, name);
    if !path.exists() {
        return Ok(None);
    }
    read(&path).map(Some)
}

/// The text of a snapshot file, accepted or pending.
pub fn read(path: &Path) -> anyhow::Result<String> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let conflict = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    if text.lines().any(conflict) {
        anyhow::bail!("{} holds the marks of a merge conflict", path.display());
    }
    let snapshot = insta::Snapshot::from_file(path)
        .map_err(|error| anyhow::anyhow!("{} is no snapshot: {error}", path.display()))?;
    match snapshot.as_text() {
        Some(contents) => Ok(contents.to_string()),
        None => anyhow::bail!("{} is a binary snapshot", path.display()),
    }
}

/// Holds a transcript against the accepted snapshot of this name, and marks the snapshot as referenced for cargo-insta.
///
/// Where [`environment`] lets insta write, a difference leaves a pending snapshot, and a match removes an outdated one.
pub fn check(lesson: &Path, name: &str, text: &str) -> State {
    let path = accepted_path(lesson, name);
    let existed = path.exists();
    if existed && let Err(error) = read(&path) {
        return State::Broken(format!("{error:#}"));
    }
    let recorder = Recorder::default();
    let settings = settings(lesson, recorder.clone());
    let asserted = quietly(|| {
        settings.bind(|| insta::assert_snapshot!(name, text));
    });
    let recorded = recorder.take();
    match (asserted, recorded) {
        (Err(why), _) => State::Broken(format!("cannot write {name}.snap.new: {why}")),
        (Ok(()), Some(Compared { equal: true, .. })) => State::Match,
        (Ok(()), Some(Compared { old, new, .. })) => State::Changed { old, new },
        (Ok(()), None) if existed => {
            State::Broken(format!("insta did not compare {}", path.display()))
        }
        (Ok(()), None) => State::Missing,
    }
}

/// Every snapshot below a folder that waits for a review, sorted by path.
pub fn pending_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let files = files_below(folder)?.into_iter();
    let pending = files.filter(|file| file.to_string_lossy().ends_with(".snap.new"));
    Ok(pending.map(|file| folder.join(file)).collect())
}

/// Makes a pending snapshot the accepted one.
///
/// It is loaded and saved, as cargo-insta does, because an accepted file does not keep the line of its assertion.
pub fn accept(pending: &Path) -> anyhow::Result<()> {
    read(pending)?;
    let snapshot = insta::Snapshot::from_file(pending)
        .map_err(|error| anyhow::anyhow!("{} is no snapshot: {error}", pending.display()))?;
    let accepted = pending.with_extension("");
    snapshot
        .save(&accepted)
        .map_err(|error| anyhow::anyhow!("cannot write {}: {error}", accepted.display()))?;
    reject(pending)
}

/// Removes a pending snapshot.
pub fn reject(pending: &Path) -> anyhow::Result<()> {
    fs::remove_file(pending).with_context(|| format!("cannot remove {}", pending.display()))
}

/// What a review shows beside a pending snapshot.
#[derive(serde::Serialize)]
struct Info {
    lesson: String,
}

fn settings(lesson: &Path, recorder: Recorder) -> insta::Settings {
    let folder = std::path::absolute(lesson).unwrap_or_else(|_| lesson.to_path_buf());
    let id = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder.join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(format!("checker run {id} --solution"));
    settings.set_info(&Info {
        lesson: id.into_owned(),
    });
    settings.set_comparator(Box::new(recorder));
    settings
}

/// What insta asked to be compared.
struct Compared {
    equal: bool,
    old: String,
    new: String,
}

/// Compares as insta does, and remembers it.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Option<Compared>>>);

impl Recorder {
    fn take(&self) -> Option<Compared> {
        self.0.lock().expect("no comparison panics").take()
    }
}

impl Comparator for Recorder {
    fn matches(&self, reference: &insta::Snapshot, test: &insta::Snapshot) -> bool {
        let equal = DefaultComparator.matches(reference, test);
        let text = |snapshot: &insta::Snapshot| {
            let contents = snapshot.as_text();
            contents.map_or_else(String::new, ToString::to_string)
        };
        let compared = Compared {
            equal,
            old: text(reference),
            new: text(test),
        };
        *self.0.lock().expect("no comparison panics") = Some(compared);
        equal
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(self.clone())
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs something that may panic, without the message on standard error; the message is the error.
fn quietly(action: impl FnOnce()) -> Result<(), String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                loud(panic);
            }
        }));
    });
    QUIET.set(true);
    let result = std::panic::catch_unwind(AssertUnwindSafe(action));
    QUIET.set(false);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("insta panicked without a message")
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_stays_once_another_thread_runs() {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || stopped.recv());
        let refused = border::change_environment(&[], &[("CHECKER_TEST_UNUSED", "1".into())]);
        assert!(refused.is_err());
        assert_eq!(std::env::var_os("CHECKER_TEST_UNUSED"), None);
        drop(stop);
        assert!(other.join().unwrap().is_err());
    }

    #[test]
    fn only_a_run_of_the_solution_outside_ci_may_write() {
        let update = |args: &[&str], ci: Option<&str>| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let (_, set) = environment(Path::new("/workshop"), &args, in_ci(ci.map(OsStr::new)));
            let update = set.into_iter().find(|(name, _)| *name == "INSTA_UPDATE");
            update.unwrap().1.into_string().unwrap()
        };
        let run = ["run", "lesson-1", "--solution"];
        assert_eq!(update(&run, None), "new");
        assert_eq!(update(&run, Some("false")), "new");
        assert_eq!(update(&run, Some("")), "new");
        assert_eq!(update(&run, Some("true")), "no");
        assert_eq!(update(&run, Some("woodpecker")), "no");
        assert_eq!(update(&["run", "lesson-1"], None), "no");
        assert_eq!(update(&["verify"], None), "no");
    }
}
