"""Section 7.2: ctypes opens a plain C library and calls it through libffi."""

import ctypes
import sys
from pathlib import Path
from types import BuiltinFunctionType

ROOT = Path(__file__).resolve().parent.parent


def open_library(path: Path) -> ctypes.CDLL:
    """Open `libadd.so` and say what `add` takes and returns; ctypes cannot know it."""
    lib = ctypes.CDLL(str(path))
    lib.add.argtypes = [ctypes.c_int, ctypes.c_int]
    lib.add.restype = ctypes.c_int
    return lib


def check_calls(lib: ctypes.CDLL) -> None:
    """C adds, and ctypes cuts an integer to the width of a C int without a word."""
    assert lib.add(2, 3) == 5
    assert lib.add(-1, 1) == 0
    assert lib.add(2**31 - 1, 1) == -(2**31)
    assert lib.add(2**32 + 2, 3) == 5


def check_refuses(lib: ctypes.CDLL) -> None:
    """A declared argument that is no integer is refused before C is called."""
    try:
        lib.add(2.0, 3)
    except ctypes.ArgumentError:
        return
    raise AssertionError("ctypes passed a float where C expects an int")


def check_callable(lib: ctypes.CDLL) -> None:
    """What one calls is a foreign function pointer, found once and then kept."""
    assert "FuncPtr" in type(lib.add).__name__
    assert not isinstance(lib.add, BuiltinFunctionType)
    assert lib.add is lib.add
    assert lib["add"] is not lib["add"]


def check_missing(lib: ctypes.CDLL) -> None:
    """The symbol is looked up at its first use, not when the library is opened."""
    assert not hasattr(lib, "subtract")


def main() -> None:
    """Build the library if it has to be, and hold ctypes against what the lesson says."""
    sys.path.insert(0, str(ROOT / "tools"))
    import demo

    lib = open_library(demo.library())
    demo.checked(
        "c_ext_ctypes_add",
        [
            lambda: check_calls(lib),
            lambda: check_refuses(lib),
            lambda: check_callable(lib),
            lambda: check_missing(lib),
        ],
    )


if __name__ == "__main__":
    main()
