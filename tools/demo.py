"""What the demos of the five `c_ext_*` folders share: fresh built files and clear refusals.

A built file that stays in a folder can be out of date or, after the folder was copied, built for
another machine. glibc then says "No such file or directory" about a file that exists, so the demos
compare machines before they load anything.
"""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, NoReturn, Optional

ROOT = Path(__file__).resolve().parent.parent
CLIB = ROOT / "c_ext_ffi_clib"
# One file for several machines: whether another file fits it cannot be told from the headers.
UNIVERSAL = "macOS, universal"


def refuse(reason: str) -> NoReturn:
    """Say in one line why the script cannot go on, and exit with code 1."""
    sys.exit(f"{_shown(Path(sys.argv[0]))}: {reason}")


def require(*packages: str) -> None:
    """Refuse to go on without `packages`, and name the commands that bring them."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        script = _shown(Path(sys.argv[0]))
        arguments = "".join(f" {argument}" for argument in sys.argv[1:])
        refuse(
            f"{sys.executable} has no {' and no '.join(missing)}; from {ROOT}, run "
            f"`cargo run -- setup`, then `.venv/bin/python {script}{arguments}`"
        )


def library() -> Path:
    """Give the path of `libadd.so`, after `make` has brought it up to date for this machine."""
    command = ["make", "-s", "-C", str(CLIB)]
    for line in _run(command, CLIB).splitlines():
        print(f"make -C {_shown(CLIB)}: {line}")
    return CLIB / "libadd.so"


def extension(folder: Path, module: str, sources: Sequence[Path]) -> Path:
    """Give the path of the extension `module` of `folder`, built by `setup.py` if it has to be."""
    why = _why_build(folder, module, sources)
    if why:
        require("setuptools")
        _require_headers()
        command = [sys.executable, "setup.py", "build_ext", "--inplace", "--force"]
        print(f"{why}; building it: setup.py build_ext --inplace", flush=True)
        _run(command, folder)
    built = _importable(folder, module)
    if built is None:
        refuse(f"setup.py made no {module} that this Python can import")
    return built


def drop_foreign(folder: Path, *modules: str) -> None:
    """Remove what was built for another machine, which setuptools would keep as up to date."""
    for module in modules:
        built = _importable(folder, module)
        foreign = built and _why_foreign(built)
        if foreign:
            print(f"{foreign}; rebuilding")
            built.unlink()


def checked(name: str, checks: Sequence[Callable[[], None]]) -> None:
    """Run every check, which asserts, and print the OK line of the demo."""
    if not __debug__:
        refuse("the checks are assertions: run it without -O and PYTHONOPTIMIZE")
    for check in checks:
        check()
    print(f"{name}: OK")


def _why_build(folder: Path, module: str, sources: Sequence[Path]) -> Optional[str]:
    built = _importable(folder, module)
    if built is None:
        others = [_why_foreign(path) for path in sorted(folder.glob(f"{module}.*"))]
        return next(filter(None, others), f"{_shown(folder / module)} is not built for this Python")
    if built.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        return f"{_shown(built)} is older than its sources"
    return _why_foreign(built)


def _why_foreign(built: Path) -> Optional[str]:
    """Say for which machine `built` is, unless this Python can load it."""
    if built.suffix not in {
        Path(suffix).suffix for suffix in importlib.machinery.EXTENSION_SUFFIXES
    }:
        return None
    theirs, ours = _machine(built), _machine(Path(sys.executable))
    if theirs == ours or ours == UNIVERSAL:
        return None
    return f"{_shown(built)} is built for {theirs}, this Python for {ours}"


def _importable(folder: Path, module: str) -> Optional[Path]:
    """Find the file that `import module` would load from `folder`."""
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        path = folder / f"{module}{suffix}"
        if path.exists():
            return path
    return None


def _require_headers() -> None:
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.exists():
        refuse(f"{header} is missing; install the headers of this Python (python3-dev on Debian)")


def _machine(path: Path) -> str:
    return _run(["sh", str(CLIB / "machine.sh"), str(path)], CLIB).strip()


def _run(command: Sequence[str], folder: Path) -> str:
    """Run `command` in `folder` and give its stdout; refuse with its messages if it fails."""
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        refuse(f"{command[0]} is not installed, and {' '.join(command)} needs it")
    if ended.returncode != 0:
        sys.stderr.write(ended.stdout + ended.stderr)
        refuse(f"`{' '.join(command)}` failed in {_shown(folder)}; its messages stand above")
    return ended.stdout


def _shown(path: Path) -> str:
    """Write a path as seen from the root of the project, where the commands are meant to run."""
    return os.path.relpath(path.resolve(), ROOT)
