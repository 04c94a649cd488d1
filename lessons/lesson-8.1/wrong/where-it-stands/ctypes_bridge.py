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
    if not path.exists():
        raise OSError("no such file")
    try:
        lib = ctypes.CDLL(str(path))
    except OSError as error:
        raise OSError(f"cannot be loaded ({error})") from None
    try:
        lib.check_version.argtypes = []
        lib.check_digit.argtypes = [ctypes.c_char_p]
    except AttributeError as error:
        raise OSError(f"lacks a symbol ({error})") from None
    lib.check_version.restype = lib.check_digit.restype = ctypes.c_int
    found = lib.check_version()
    if found // 100 != NEEDED // 100 or found < NEEDED:
        raise OSError(f"is version {found}, {NEEDED} is needed")
    return lib  # What was refused stays in the process: ctypes closes nothing.


def load(folders: list[str]) -> str:
    """Opens the first library that fits, and tells where it lies; OSError tells all places."""
    global _lib
    places = []
    for folder in folders:
        path = Path(folder) / NAME
        try:
            _lib = _open(path)
        except OSError as error:
            places.append(f"{path}: {error}")
        else:
            return str(path)
    raise OSError(f"load: nothing fits in {len(places)} places: {'; '.join(places)}")


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
