//! The virtual environment: made from the chosen interpreter and the hash-pinned requirements, and nothing else.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::{Deserialize, Serialize};

use super::{Python, probe};
use crate::build::store::{Key, write_atomically};
use crate::errors::ExpectedError;
use crate::message;
use crate::message::Message;
use crate::report::progress::Progress;
use crate::workspace::Workspace;

/// The file that says a virtual environment is ours and complete.
const STAMP: &str = ".checker.json";

/// What every environment of the workshop gets, below the root.
pub const REQUIREMENTS: &str = "requirements.lock";

/// The purpose of the environment that `run` uses.
const VENV: &str = "venv-folder";

/// A complete virtual environment.
#[derive(Clone, Debug)]
pub struct Venv {
    /// Its folder.
    pub folder: PathBuf,
    /// Its interpreter.
    pub python: PathBuf,
    /// Where its packages lie.
    pub site_packages: PathBuf,
}

impl Venv {
    /// The version of a package that is installed in it.
    pub fn version_of(&self, package: &str) -> Option<String> {
        let entries = fs::read_dir(&self.site_packages).ok()?.flatten();
        entries.map(|entry| entry.file_name()).find_map(|name| {
            let name = name.to_string_lossy().into_owned();
            let rest = name.strip_prefix(package)?.strip_prefix('-')?;
            Some(rest.strip_suffix(".dist-info")?.to_owned())
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Stamp {
    key: String,
    interpreter: String,
    site_packages: PathBuf,
}

/// Makes the virtual environment unless it is there already.
///
/// The first interpreter gets `.venv` at the root, where editors find it; each other one, and a workshop that has a
/// `.venv` which is not ours, gets a folder below the cache. An interrupted set-up is done again.
pub fn ensure(workspace: &Workspace, python: &Python, progress: &Progress) -> anyhow::Result<Venv> {
    let lock_file = workspace.root.join(REQUIREMENTS);
    let guard = lock(workspace)?;
    let folder = place(workspace, python)?;
    ensure_in(workspace, python, &folder, &lock_file, &guard, progress)
}

/// Makes a virtual environment below the cache with what another lock file pins, unless it is there already.
///
/// # Errors
/// When it cannot be made, as for [`ensure`].
pub fn ensure_with(
    workspace: &Workspace,
    python: &Python,
    lock_file: &Path,
    progress: &Progress,
) -> anyhow::Result<Venv> {
    let name = lock_file.file_stem().unwrap_or_default().to_string_lossy();
    let folder = own_folder(workspace, python, &name);
    let guard = lock(workspace)?;
    ensure_in(workspace, python, &folder, lock_file, &guard, progress)
}

fn ensure_in(
    workspace: &Workspace,
    python: &Python,
    folder: &Path,
    lock_file: &Path,
    guard: &File,
    progress: &Progress,
) -> anyhow::Result<Venv> {
    let key = key(python, &requirements(lock_file)?);
    if let Some(venv) = complete(folder, &key) {
        return Ok(venv);
    }
    let _step = progress.step(&crate::words!(
        "step-venv",
        folder = workspace.shown(folder).display().to_string()
    ));
    mark(workspace, folder)?;
    make(workspace, python, folder, lock_file, guard)?;
    let site_packages = site_packages(folder)?;
    let stamp = Stamp {
        key,
        interpreter: interpreter(python),
        site_packages,
    };
    write_atomically(&folder.join(STAMP), &serde_json::to_vec_pretty(&stamp)?)
        .map_err(|cause| ExpectedError::cache(folder.join(STAMP), cause))?;
    unmark(workspace, folder);
    complete(folder, &stamp.key)
        .ok_or_else(|| anyhow::anyhow!("{} vanished while it was made", folder.display()))
}

/// The virtual environment of this interpreter, if it is complete.
pub fn find(workspace: &Workspace, python: &Python) -> Option<Venv> {
    let lock_file = requirements(&workspace.root.join(REQUIREMENTS)).ok()?;
    let key = key(python, &lock_file);
    [
        workspace.root.join(".venv"),
        own_folder(workspace, python, VENV),
    ]
    .iter()
    .find_map(|folder| complete(folder, &key))
}

fn requirements(lock_file: &Path) -> Result<Vec<u8>, ExpectedError> {
    fs::read(lock_file).map_err(|error| ExpectedError::UnusableFile {
        path: lock_file.to_owned(),
        problem: error.to_string().into(),
        next: message!("error-restore-file"),
    })
}

fn interpreter(python: &Python) -> String {
    format!("{} {}", python.executable.display(), python.version_text())
}

fn key(python: &Python, requirements: &[u8]) -> String {
    let stamp = probe::stamp(&python.executable).unwrap_or_default();
    Key::of("venv")
        .text(&stamp)
        .text(&python.abi_tag)
        .bytes(requirements)
        .finish()
}

/// The folder below the cache for this interpreter; `purpose` tells its environments apart.
fn own_folder(workspace: &Workspace, python: &Python, purpose: &str) -> PathBuf {
    let hash = Key::of(purpose)
        .text(&python.executable.to_string_lossy())
        .finish();
    workspace
        .cache
        .join("venvs")
        .join(format!("{}-{}", python.abi_tag, &hash[..8]))
}

/// Whether the packages are the environment's own: in a cache that was copied they are those of its origin, and the
/// engines would be announced there.
fn lies_in(site_packages: &Path, folder: &Path) -> bool {
    match (site_packages.canonicalize(), folder.canonicalize()) {
        (Ok(packages), Ok(folder)) => packages.starts_with(folder) && packages.is_dir(),
        _ => false,
    }
}

fn complete(folder: &Path, key: &str) -> Option<Venv> {
    let stamp = read_stamp(folder)?;
    let python = folder.join("bin/python");
    (stamp.key == key && python.exists() && lies_in(&stamp.site_packages, folder)).then(|| Venv {
        folder: folder.to_owned(),
        python,
        site_packages: stamp.site_packages,
    })
}

fn read_stamp(folder: &Path) -> Option<Stamp> {
    serde_json::from_slice(&fs::read(folder.join(STAMP)).ok()?).ok()
}

/// Where this interpreter's environment belongs.
fn place(workspace: &Workspace, python: &Python) -> Result<PathBuf, ExpectedError> {
    let shared = workspace.root.join(".venv");
    let ours = match read_stamp(&shared) {
        Some(stamp) => stamp.interpreter == interpreter(python),
        // Without a stamp it is ours only if we began it, or if it is not there and can be made.
        None if shared.exists() => marker(workspace, &shared).exists() || is_empty(&shared),
        None => match fs::create_dir(&shared) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                return Err(ExpectedError::cache(shared, error));
            }
            // A read-only checkout: the cache may lie elsewhere.
            Err(_) => false,
        },
    };
    Ok(if ours {
        shared
    } else {
        own_folder(workspace, python, VENV)
    })
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// The file that says that we began to make this environment.
fn marker(workspace: &Workspace, folder: &Path) -> PathBuf {
    let hash = Key::of("venv-begun")
        .text(&folder.to_string_lossy())
        .finish();
    workspace
        .cache
        .join("venvs")
        .join(format!("{}.begun", &hash[..16]))
}

fn mark(workspace: &Workspace, folder: &Path) -> Result<(), ExpectedError> {
    let path = marker(workspace, folder);
    write_atomically(&path, b"").map_err(|cause| ExpectedError::cache(&path, cause))
}

fn unmark(workspace: &Workspace, folder: &Path) {
    // A marker that stays is harmless: the stamp is looked at first.
    let _ = fs::remove_file(marker(workspace, folder));
}

/// Two checkers must not make the same environment at once.
fn lock(workspace: &Workspace) -> anyhow::Result<File> {
    let path = workspace.cache_folder("venvs")?.join("lock");
    let mut options = File::options();
    let file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .map_err(|cause| ExpectedError::cache(path.clone(), cause))?;
    file.lock()
        .map_err(|cause| ExpectedError::cache(&path, cause))?;
    Ok(file)
}

fn make(
    workspace: &Workspace,
    python: &Python,
    folder: &Path,
    lock_file: &Path,
    guard: &File,
) -> Result<(), ExpectedError> {
    if let Some(uv) = probe::find_program("uv".as_ref())
        && with_uv(&uv, python, folder, lock_file, guard).is_ok()
    {
        return Ok(());
    }
    with_pip(workspace, python, folder, lock_file, guard)
}

fn with_uv(
    uv: &Path,
    python: &Python,
    folder: &Path,
    lock_file: &Path,
    guard: &File,
) -> Result<(), String> {
    let mut venv = probe::quiet(Command::new(uv));
    venv.args(["venv", "--quiet", "--clear", "--no-project", "--python"])
        .arg(&python.executable)
        .arg(folder);
    succeed_with(guard, venv)?;
    let mut sync = probe::quiet(Command::new(uv));
    sync.args(["pip", "sync", "--quiet", "--require-hashes", "--python"])
        .arg(folder.join("bin/python"))
        .arg(lock_file);
    succeed_with(guard, sync)
}

fn with_pip(
    workspace: &Workspace,
    python: &Python,
    folder: &Path,
    lock_file: &Path,
    guard: &File,
) -> Result<(), ExpectedError> {
    let refuse = |cause: Message, next: Message| ExpectedError::SetUp {
        venv: folder.to_owned(),
        cause,
        next,
    };
    // Asked afresh: the package that was missing may have been installed meanwhile.
    let has_ensurepip = python.ensurepip
        || probe::ask(&python.executable, &workspace.root).is_ok_and(|python| python.ensurepip);
    if !has_ensurepip {
        return Err(refuse(
            message!(
                "error-no-ensurepip",
                python = python.executable.display().to_string(),
            ),
            message!("error-no-ensurepip-next"),
        ));
    }
    let mut venv = probe::quiet(Command::new(&python.executable));
    venv.args(["-I", "-m", "venv", "--clear"]).arg(folder);
    succeed_with(guard, venv).map_err(|output| {
        refuse(
            message!("error-venv-failed", output = last_lines(&output)),
            venv_step(&output),
        )
    })?;
    let install = pip_install(&folder.join("bin/python"), &[], lock_file);
    succeed_with(guard, install).map_err(|output| {
        let (cause, next) = pip_failure(&output);
        refuse(cause, next)
    })
}

/// The pip of this Python: hash-pinned wheels only, nothing that a setting sends elsewhere.
fn pip_install(python: &Path, options: &[&OsStr], lock_file: &Path) -> Command {
    let mut pip = probe::quiet(Command::new(python));
    pip.args(["-I", "-m", "pip", "install", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--only-binary", ":all:"])
        .args(options)
        .args(["--require-hashes", "--requirement"])
        .arg(lock_file);
    for name in ["PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"] {
        pip.env_remove(name);
    }
    pip
}

/// Installs hash-pinned packages into a folder of their own, for the interpreter of this environment.
///
/// # Errors
/// When neither uv nor pip can do it.
pub fn install_into(venv: &Venv, folder: &Path, lock_file: &Path) -> Result<(), ExpectedError> {
    if let Some(uv) = probe::find_program("uv".as_ref()) {
        let mut install = probe::quiet(Command::new(uv));
        install
            .args(["pip", "install", "--quiet", "--require-hashes", "--python"])
            .arg(&venv.python)
            .arg("--target")
            .arg(folder)
            .arg("--requirement")
            .arg(lock_file);
        if succeed(install).is_ok() {
            return Ok(());
        }
    }
    let options = ["--target".as_ref(), folder.as_os_str()];
    succeed(pip_install(&venv.python, &options, lock_file)).map_err(|output| {
        let (cause, next) = pip_failure(&output);
        ExpectedError::SetUp {
            venv: folder.to_owned(),
            cause,
            next,
        }
    })
}

pub(crate) fn succeed(command: Command) -> Result<(), String> {
    succeed_reading(Stdio::null(), command)
}

/// The same with the lock as standard input, which is as empty as any other: should this process be killed, what it has started works on, and
/// holds the lock to its end.
fn succeed_with(guard: &File, command: Command) -> Result<(), String> {
    let held = guard.try_clone().map_err(|error| error.to_string())?;
    succeed_reading(held.into(), command)
}

fn succeed_reading(input: Stdio, mut command: Command) -> Result<(), String> {
    let output: Output = command
        .stdin(input)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    Err(text)
}

fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines[lines.len().saturating_sub(3)..].join(" / ")
}

fn venv_step(output: &str) -> Message {
    if output.contains("No space left") || output.contains("Errno 28") {
        message!("error-disk-full-next")
    } else {
        message!("error-venv-next")
    }
}

/// What pip's many words mean, and what to do.
pub fn pip_failure(output: &str) -> (Message, Message) {
    const OFFLINE: [&str; 7] = [
        "Temporary failure in name resolution",
        "Name or service not known",
        "Failed to establish a new connection",
        "Network is unreachable",
        "Connection refused",
        "No matching distribution",
        "ProxyError",
    ];
    if output.contains("CERTIFICATE_VERIFY_FAILED") {
        return (
            message!("error-certificate"),
            message!("error-certificate-next"),
        );
    }
    if output.contains("No space left") || output.contains("Errno 28") {
        return (
            message!("error-disk-full"),
            message!("error-disk-full-next"),
        );
    }
    if output.contains("DO NOT MATCH THE HASHES") {
        return (
            message!("error-other-package"),
            message!("error-other-package-next"),
        );
    }
    if OFFLINE.iter().any(|sign| output.contains(sign)) {
        return (
            message!("error-no-network", output = last_lines(output)),
            message!("error-no-network-next"),
        );
    }
    (
        message!("error-pip-failed", output = last_lines(output)),
        message!("error-pip-failed-next"),
    )
}

fn site_packages(folder: &Path) -> anyhow::Result<PathBuf> {
    let output = probe::quiet(Command::new(folder.join("bin/python")))
        .args([
            "-I",
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ])
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let path = PathBuf::from(text.trim());
    anyhow::ensure!(
        path.is_dir(),
        "{} has no folder for packages",
        folder.display()
    );
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An environment in `folder` whose stamp names the packages of `origin`.
    fn stamped(folder: &Path, origin: &Path) {
        let site_packages = origin.join("lib");
        for made in [
            folder.join("bin"),
            folder.join("lib"),
            site_packages.clone(),
        ] {
            fs::create_dir_all(made).unwrap();
        }
        fs::write(folder.join("bin/python"), "").unwrap();
        let stamp = Stamp {
            key: "key".to_owned(),
            interpreter: "python 3.11".to_owned(),
            site_packages,
        };
        fs::write(folder.join(STAMP), serde_json::to_vec(&stamp).unwrap()).unwrap();
    }

    #[test]
    fn a_copied_environment_is_not_taken_for_complete() {
        let cache = tempfile::tempdir().unwrap();
        let (here, there) = (cache.path().join("here"), cache.path().join("there"));
        stamped(&here, &here);
        assert_eq!(
            complete(&here, "key").unwrap().site_packages,
            here.join("lib")
        );
        assert!(complete(&here, "another key").is_none());
        stamped(&here, &there);
        assert!(complete(&here, "key").is_none());
    }
}
