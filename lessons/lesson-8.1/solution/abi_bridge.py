"""check through CFFI in ABI mode: dlopen opens a path, dlclose lets go of it."""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
NAME = "libcheck.so.1"  # With the major version: version 2 has another name, and another file.
NEEDED = 102

ffi = FFI()
# region: declare
ffi.cdef("""
    int check_version(void);
    int check_digit(const char *digits);
""")
# endregion
_lib = None


# region: opens
def _open(path: Path):
    """The library at `path`, if it fits; OSError says why not."""
    if not path.exists():
        raise OSError("no such file")
    try:
        lib = ffi.dlopen(str(path))
    except OSError as error:
        raise OSError(f"cannot be loaded ({error})") from None
    try:
        _look(lib)
    except OSError:
        ffi.dlclose(lib)
        raise
    return lib


def _look(lib) -> None:
    try:
        found, _ = lib.check_version(), lib.check_digit
    except AttributeError as error:
        raise OSError(f"lacks a symbol ({error})") from None
    if found // 100 != NEEDED // 100 or found < NEEDED:
        raise OSError(f"is version {found}, {NEEDED} is needed")


# endregion
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
