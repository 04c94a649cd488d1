"""Puts an engine in the place of the module that it replaces, for every process of an environment.

The switch is one line in a ``.pth`` file in the environment's ``site-packages``, which every
interpreter of this environment executes when it starts: children too, whether they are started by
``subprocess``, ``multiprocessing`` or with ``-I``. Not those started with ``-S``, which skip
``site-packages`` altogether, and not a process whose environment sets the variable named after the
engine, such as ``RUST_CTYPES``, to ``off``.
"""

import argparse
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Optional


def _file(engine: str) -> Path:
    return Path(sysconfig.get_path("purelib")) / f"{engine}_in_place.pth"


def _line(engine: str) -> str:
    variable = engine.upper()
    return f"import os; os.environ.get({variable!r}) == 'off' or __import__({engine!r}).install()\n"


def _works(code: str) -> bool:
    """Whether a child that is as isolated as any may be runs this without a complaint."""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True)
    return done.returncode == 0 and not done.stderr


def _enable(engine: str, replaced: str) -> str:
    # What only PYTHONPATH finds would fail at each start.
    if not _works(f"import {engine}"):
        return (
            f"{engine} is not installed in {sysconfig.get_path('purelib')}: install it there first"
        )
    try:
        _file(engine).write_text(_line(engine))
    except OSError as error:
        return f"cannot write the switch: {error}"
    if not _works(f"import {replaced}; assert {replaced}.__name__ == {engine!r}"):
        _disable(engine)
        return f"{engine} is found too late when a process starts: install it in the environment"
    return ""


def _disable(engine: str) -> str:
    try:
        _file(engine).unlink()
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"cannot remove the switch: {error}"
    return ""


def is_enabled(engine: str) -> bool:
    """Whether the switch of this environment is on."""
    try:
        return _file(engine).read_text() == _line(engine)
    except OSError:
        return False


def main(engine: str, replaced: str, arguments: Optional[list[str]] = None) -> int:
    """``python -m ENGINE enable|disable|status``; 0, or 1 when it cannot be done."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {engine}",
        description=f"Use {engine} in place of {replaced} in every process of this environment.",
        epilog=f"{engine.upper()}=off in the environment of a process leaves {replaced} to it.",
    )
    parser.add_argument("action", choices=("enable", "disable", "status"))
    action = parser.parse_args(arguments).action
    if action != "status":
        problem = _enable(engine, replaced) if action == "enable" else _disable(engine)
        if problem:
            print(problem, file=sys.stderr)
            return 1
    state = f"on, by {_file(engine)}" if is_enabled(engine) else "off"
    print(f"{engine} in place of {replaced}: {state}")
    return 0
