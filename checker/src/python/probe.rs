//! Asks an interpreter what it is, once; the answer is found again as long as the file is the same.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::Python;
use crate::workspace::Workspace;

/// Printed as the last line, so that a noisy start-up file does no harm.
const SCRIPT: &str = "\
import json, os, sys, sysconfig
try:
    import ensurepip
    pip = True
except ImportError:
    pip = False
base = getattr(sys, '_base_executable', None) or sys.executable
print(json.dumps({
    'executable': os.path.realpath(base),
    'version': sys.version_info[:3],
    'implementation': sys.implementation.name,
    'abi_tag': sysconfig.get_config_var('SOABI') or sys.implementation.cache_tag or '',
    'ext_suffix': sysconfig.get_config_var('EXT_SUFFIX') or '.so',
    'include': sysconfig.get_path('include') or '',
    'ensurepip': pip,
}))
";

/// A remembered answer, with what proves that it still holds.
#[derive(Serialize, Deserialize)]
struct Remembered {
    python: Python,
    executable_stamp: String,
}

/// What the program says of itself, remembered when possible.
pub fn probe(workspace: &Workspace, program: &Path) -> Result<Python, String> {
    let memory = workspace
        .cache
        .join("python")
        .join(format!("{}.json", identity(program, &workspace.root)?));
    if let Some(python) = recall(&memory) {
        return Ok(python);
    }
    let python = ask(program, &workspace.root)?;
    remember(&memory, &python);
    Ok(python)
}

/// Asks the interpreter, whatever is remembered.
pub fn ask(program: &Path, cwd: &Path) -> Result<Python, String> {
    let output = quiet(Command::new(program))
        .args(["-I", "-c", SCRIPT])
        .current_dir(cwd)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let last = stderr
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("it says nothing");
        return Err(format!(
            "it ended with {} before it said what it is: {}",
            output.status,
            last.trim()
        ));
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let answer = stdout.lines().last().unwrap_or_default();
    serde_json::from_str(answer).map_err(|_| "it does not answer as a Python does".to_owned())
}

/// A command without the variables that change how Python behaves or that cargo left for us.
pub fn quiet(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let foreign = text.starts_with("PYTHON")
            || text.starts_with("INSTA_")
            || text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text == "VIRTUAL_ENV";
        if foreign {
            command.env_remove(&name);
        }
    }
    command
}

fn recall(memory: &Path) -> Option<Python> {
    let remembered: Remembered = serde_json::from_slice(&fs::read(memory).ok()?).ok()?;
    let still = stamp(&remembered.python.executable).ok()? == remembered.executable_stamp;
    still.then_some(remembered.python)
}

/// A cache that cannot be written only makes the next start slower; whatever needs it to be writable says so itself.
fn remember(memory: &Path, python: &Python) {
    let Ok(executable_stamp) = stamp(&python.executable) else {
        return;
    };
    let remembered = Remembered {
        python: python.clone(),
        executable_stamp,
    };
    if let Ok(text) = serde_json::to_vec(&remembered) {
        let _ = crate::build::store::write_atomically(memory, &text);
    }
}

/// What tells one interpreter from another without starting it, as hexadecimal digits.
///
/// A script (a version manager's shim) is another interpreter whenever what it decides upon is different.
fn identity(program: &Path, root: &Path) -> Result<String, String> {
    let real = fs::canonicalize(program).map_err(|error| error.to_string())?;
    let mut hasher = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    field(program.as_os_str().as_encoded_bytes());
    field(stamp(&real)?.as_bytes());
    if is_script(&real) {
        for (name, value) in std::env::vars_os() {
            if ["PYENV_", "ASDF_", "MISE_"]
                .iter()
                .any(|prefix| name.to_string_lossy().starts_with(prefix))
            {
                field(name.as_encoded_bytes());
                field(value.as_encoded_bytes());
            }
        }
        for file in version_files(root) {
            field(&fs::read(file).unwrap_or_default());
        }
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

/// Where version managers look for the version to use.
fn version_files(root: &Path) -> Vec<PathBuf> {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let pyenv = std::env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
    let mut files = vec![pyenv.join("version"), home.join(".tool-versions")];
    for folder in root.ancestors() {
        for name in [".python-version", ".tool-versions", "mise.toml"] {
            files.push(folder.join(name));
        }
    }
    files
}

fn is_script(program: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 2];
    fs::File::open(program)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok()
        && &start == b"#!"
}

/// Path, size and time of an installed program: such files are replaced as a whole, never edited.
pub fn stamp(program: &Path) -> Result<String, String> {
    let data = fs::metadata(program).map_err(|error| error.to_string())?;
    Ok(format!(
        "{} {} {} {}",
        program.display(),
        data.len(),
        data.mtime(),
        data.mtime_nsec()
    ))
}

/// Finds a program: a path as it is, a bare name on `PATH`.
pub fn find_program(name: &OsStr) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 {
        let absolute = std::path::absolute(path).ok()?;
        return is_executable(&absolute).then_some(absolute);
    }
    let search = std::env::var_os("PATH")?;
    std::env::split_paths(&search)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(path))
        .find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.mode() & 0o111 != 0)
}
