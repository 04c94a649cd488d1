"""check through ctypes: CDLL opens a path, and the first use of a name looks it up."""

from __future__ import annotations

import ctypes
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "libcheck.so.1"  # With the major version: version 2 has another name, and another file.
NEEDED = 102

_lib: ctypes.CDLL | None = None


def _open(path: Path) -> ctypes.CDLL:
    """The library at `path`, if it fits; OSError says why not."""
    # TODO 2: four things can be wrong with a path. Raise OSError with "no such file", "cannot be
    # loaded (...)", "lacks a symbol (...)", or "is version ..., ... is needed".
    return ctypes.CDLL(str(path))


def load(folders: list[str]) -> str:
    """Opens the first library that fits, and tells where it lies; OSError tells all places."""
    global _lib
    # TODO 1: this works in one folder only, the one you stand in. Look into each of `folders`,
    # below HERE if it is relative. Return the path that fits, or raise OSError with all paths
    # and why none of them fits.
    _lib = _open(Path(NAME))
    return NAME


def version() -> tuple[int, int]:
    """The version of the loaded library."""
    return divmod(_loaded("version").check_version(), 100)


def digit(digits: bytes) -> int:
    """The check digit to write behind `digits`."""
    lib = _loaded("digit")
    if not isinstance(digits, bytes):
        raise TypeError(f"digit: bytes expected, not {type(digits).__name__}")
    if 0 in digits:
        raise ValueError(f"digit: NUL in {digits!r}")
    result = lib.check_digit(digits)
    if result < 0:
        raise ValueError(f"digit: status {result}: {digits!r}")
    return result


def _loaded(operation: str):
    if _lib is None:
        raise RuntimeError(f"{operation}: no library is loaded")
    return _lib
