"""Build the wheels of the engines with maturin and prove each in a clean virtual environment.

    target/dev-venv/bin/python tools/wheels.py [rust_config ...]

Run it with a Python that has the packages of `requirements-dev.lock`; `.ci/run` makes one. maturin
gets a target folder of its own: sharing one with cargo would rebuild PyO3 at every change between
the two. An engine is proved by what its wheel brings: it is imported, and the demo beside it runs.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "wheels"


class Engine(NamedTuple):
    """One of the wheels, where it comes from, and what proves it."""

    folder: str
    demos: tuple[str, ...]
    # Whether it stands on the pinned packages of requirements.lock.
    needs_packages: bool


ENGINES = {
    "rust_config": Engine(
        "c_ext_config_basic", ("c_ext_config_basic/test_mymodule_rust.py",), False
    ),
    "rust_ctypes": Engine("c_ext_ctypes_add", ("c_ext_ctypes_add/test_ctypes_add_rust.py",), False),
    "rust_cffi": Engine(
        "c_ext_cffi_abi",
        ("c_ext_cffi_abi/test_cffi_abi_rust.py", "c_ext_cffi_api/test_cffi_api_rust.py"),
        True,
    ),
}


def main() -> None:
    """Build and prove the engines that were named, or all of them."""
    names = sys.argv[1:] or list(ENGINES)
    unknown = [name for name in names if name not in ENGINES]
    if unknown:
        sys.exit(f"wheels.py: no engine {unknown[0]}; there are {', '.join(ENGINES)}")
    for name in names:
        wheel = build(name)
        print(f"{name}: built {wheel.name}", flush=True)
        prove(name, wheel)
        print(f"{name}: imported and run in a clean virtual environment", flush=True)


def build(name: str) -> Path:
    """Build the wheel of an engine for this Python and give its path."""
    out = WORK / "dist" / name
    shutil.rmtree(out, ignore_errors=True)
    manifest = ROOT / ENGINES[name].folder / "rust" / "Cargo.toml"
    run(
        [sys.executable, "-m", "maturin", "build", "--locked", "--interpreter", sys.executable]
        + ["--manifest-path", str(manifest), "--out", str(out)],
        CARGO_TARGET_DIR=str(WORK),
    )
    wheels = list(out.glob("*.whl"))
    if len(wheels) != 1:
        sys.exit(f"wheels.py: maturin left {len(wheels)} wheels in {out}, expected one")
    return wheels[0]


def prove(name: str, wheel: Path) -> None:
    """Install the wheel where nothing else is, import it there and run its demos."""
    engine = ENGINES[name]
    home = WORK / "venv" / name
    venv.create(home, clear=True, with_pip=True)
    python = home / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    if engine.needs_packages:
        locked = [
            "--require-hashes",
            "--only-binary",
            ":all:",
            "-r",
            str(ROOT / "requirements.lock"),
        ]
        run([*pip, *locked])
    run([*pip, "--no-index", "--no-deps", str(wheel)])
    run([str(python), "-I", "-c", f"import {name}"])
    for demo in engine.demos:
        run([str(python), str(ROOT / demo)])


def run(command: list[str], **environment: str) -> None:
    """Run a command at the root; end with its messages and name if it fails."""
    # What the caller's Python was told must not reach the clean environments.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**inherited, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if ended.returncode != 0:
        sys.stderr.write(ended.stdout)
        sys.exit(f"wheels.py: exit code {ended.returncode} of: {' '.join(command)}")


if __name__ == "__main__":
    main()
