"""check through CFFI in API mode: the compiled module calls dlopen and dlsym themselves."""

from __future__ import annotations

from pathlib import Path

from _lesson_8_1 import ffi
from _lesson_8_1 import lib as dl

HERE = Path(__file__).resolve().parent
NAME = "libcheck.so.1"  # With the major version: version 2 has another name, and another file.
NEEDED = 102

_lib = None


class _Check:
    """The functions of one opened library; keeps its handle."""

    def __init__(self, handle) -> None:
        self.handle = handle
        self.check_version = ffi.cast("version_fn", _symbol(handle, b"check_version"))
        self.check_digit = ffi.cast("digit_fn", _symbol(handle, b"check_digit"))


def _reason() -> str:
    text = dl.dlerror()
    return "" if text == ffi.NULL else ffi.string(text).decode()


def _symbol(handle, name: bytes):
    address = dl.dlsym(handle, name)
    if address == ffi.NULL:
        raise OSError(f"lacks a symbol ({_reason()})")
    return address


def _open(path: Path) -> _Check:
    """The library at `path`, if it fits; OSError says why not."""
    if not path.exists():
        raise OSError("no such file")
    handle = dl.dlopen(str(path).encode(), dl.RTLD_NOW | dl.RTLD_LOCAL)
    if handle == ffi.NULL:
        raise OSError(f"cannot be loaded ({_reason()})")
    try:
        lib = _Check(handle)
        found = lib.check_version()
        if found // 100 != NEEDED // 100 or found < NEEDED:
            raise OSError(f"is version {found}, {NEEDED} is needed")
    except OSError:
        dl.dlclose(handle)
        raise
    return lib


def load(folders: list[str]) -> str:
    """Opens the first library that fits, and tells where it lies; OSError tells all places."""
    global _lib
    places = []
    for folder in folders:
        path = HERE / folder / NAME  # An absolute folder stays as it is.
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
