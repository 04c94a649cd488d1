//! What suites need before they can run: their packages, the source distribution, the names of their files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::plan::Suite;
use crate::build::store::{Key, Store};
use crate::build::tools::Tools;
use crate::errors::ExpectedError;
use crate::python::{probe, venv, venv::Venv};

/// The lock file of suites that name no other.
const TESTS: &str = "tests.lock";

/// Where the files of one suite lie, on one interpreter.
#[derive(Clone, Debug)]
pub struct Place {
    /// The environment with the packages that they import, and with the engines.
    pub venv: Venv,
    /// Names what the environment was made from.
    pub lock: String,
    /// The working directory.
    pub folder: PathBuf,
    /// The files: modules by name, others by path relative to the folder.
    pub files: Vec<String>,
}

/// Prepares a suite.
///
/// # Errors
/// When something cannot be made or fetched. That this interpreter lacks the suite is no error: the inner result says why.
pub fn prepare(
    tools: &Tools,
    suite: &Suite,
    folder: &Path,
) -> anyhow::Result<Result<Place, String>> {
    let lock_file = folder.join(suite.lock.as_deref().unwrap_or(TESTS));
    let venv = venv::ensure_with(&tools.workspace, &tools.python, &lock_file, &tools.progress)?;
    if let Err(reason) = every_need(&venv, suite)? {
        return Ok(Err(reason));
    }
    tools.engines()?.make_importable(&venv)?;
    let mut files: Vec<String> = suite.files.clone();
    files.extend(suite.modules.iter().cloned());
    if !suite.packages.is_empty() {
        match modules_of(&venv, &suite.packages)? {
            Ok(modules) => files.extend(modules),
            Err(reason) => return Ok(Err(reason)),
        }
    }
    let folder = match &suite.sdist {
        Some(package) => sdist(tools, &venv, package)?,
        None => folder.to_owned(),
    };
    Ok(Ok(Place {
        venv,
        lock: fs::read_to_string(lock_file)?,
        folder,
        files,
    }))
}

/// Whether the modules that the suite cannot do without import; otherwise which does not, and why.
fn every_need(venv: &Venv, suite: &Suite) -> anyhow::Result<Result<(), String>> {
    for module in &suite.needs {
        let output = ask(venv, &["-c", &format!("import {module}")])?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().next_back().unwrap_or("it does not import");
            return Ok(Err(format!("{module} does not import: {last}")));
        }
    }
    Ok(Ok(()))
}

/// The test modules of the first of these packages that is there.
fn modules_of(venv: &Venv, packages: &[String]) -> anyhow::Result<Result<Vec<String>, String>> {
    const SCRIPT: &str = "\
import importlib.util, pathlib, sys
for package in sys.argv[1:]:
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        continue
    if spec and spec.submodule_search_locations:
        for path in sorted(pathlib.Path(spec.submodule_search_locations[0]).glob('test_*.py')):
            print(f'{package}.{path.stem}')
        break
";
    let mut args = vec!["-c", SCRIPT];
    args.extend(packages.iter().map(String::as_str));
    let output = ask(venv, &args)?;
    anyhow::ensure!(
        output.status.success(),
        "looking for {} failed:\n{}",
        packages.join(", "),
        String::from_utf8_lossy(&output.stderr)
    );
    let modules: Vec<String> = String::from_utf8(output.stdout)?
        .lines()
        .map(str::to_owned)
        .collect();
    if modules.is_empty() {
        return Ok(Err(format!(
            "this Python comes without {}",
            packages.join(" and ")
        )));
    }
    Ok(Ok(modules))
}

fn ask(venv: &Venv, args: &[&str]) -> anyhow::Result<std::process::Output> {
    Ok(probe::quiet(Command::new(&venv.python))
        .arg("-I")
        .args(args)
        .stdin(Stdio::null())
        .output()?)
}

/// The unpacked source distribution of a package, fetched by pip at the version and hash of `requirements.lock`.
fn sdist(tools: &Tools, venv: &Venv, package: &str) -> anyhow::Result<PathBuf> {
    let path = tools.workspace.root.join(venv::REQUIREMENTS);
    let pinned = pins_of(&fs::read_to_string(&path)?, package);
    anyhow::ensure!(
        !pinned.is_empty(),
        "{} does not pin {package}",
        path.display()
    );
    let key = Key::of("sdist 1")
        .text(&tools.python.abi_tag)
        .text(&pinned)
        .finish();
    let store = Store::new(tools.workspace.cache.join("conformance/sdists"));
    let entry = store.get_or_make::<ExpectedError>(&key, |entry| {
        let _step = tools
            .progress
            .step(&format!("fetching the sources of {package}"));
        fs::write(entry.join("pinned.txt"), &pinned)?;
        Ok(fetch(venv, entry))
    })??;
    let unpacked = fs::read_dir(&entry)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.is_dir());
    unpacked.ok_or_else(|| anyhow::anyhow!("{} holds no folder", entry.display()))
}

/// The entries of one package in a lock file: its line and the hashes below it.
fn pins_of(lock: &str, package: &str) -> String {
    let mut inside = false;
    let mut pinned = String::new();
    for line in lock.lines() {
        if !line.starts_with(char::is_whitespace) {
            inside = line.starts_with(&format!("{package}=="));
        }
        if inside {
            pinned.push_str(line);
            pinned.push('\n');
        }
    }
    pinned
}

fn fetch(venv: &Venv, entry: &Path) -> Result<(), ExpectedError> {
    const UNPACK: &str = "\
import glob, os, sys, tarfile
(archive,) = glob.glob('*.tar.gz')
with tarfile.open(archive) as opened:
    opened.extractall('.')
os.remove(archive)
";
    let mut pip = probe::quiet(Command::new(&venv.python));
    pip.args(["-I", "-m", "pip", "download", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--no-deps"])
        // Its metadata is made by the setuptools of this environment, so that nothing else is fetched.
        .args(["--no-binary", ":all:", "--no-build-isolation"])
        .args(["--require-hashes", "--requirement", "pinned.txt"])
        .current_dir(entry);
    let mut unpack = probe::quiet(Command::new(&venv.python));
    unpack.args(["-I", "-c", UNPACK]).current_dir(entry);
    venv::succeed(pip)
        .and_then(|()| venv::succeed(unpack))
        .map_err(|output| {
            let (cause, next) = venv::pip_failure(&output);
            ExpectedError::SetUp {
                venv: entry.to_owned(),
                cause,
                next,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pins_of_a_package_are_its_lines_and_no_others() {
        let lock = "cffi==1 ; a \\\n    --hash=x\ncffi-more==2 \\\n    --hash=y\ncffi==3 \\\n    --hash=z\n";
        assert_eq!(
            pins_of(lock, "cffi"),
            "cffi==1 ; a \\\n    --hash=x\ncffi==3 \\\n    --hash=z\n"
        );
    }
}
