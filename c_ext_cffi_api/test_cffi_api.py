"""Section 7.3, API mode: cffi writes an extension module, the C compiler builds it."""

import sys
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any

HERE = Path(__file__).resolve().parent
CLIB = HERE.parent / "c_ext_ffi_clib"
SOURCES = [HERE / "add_build.py", HERE / "add.h", CLIB / "add.c", CLIB / "add.h"]


def check_calls(lib: Any) -> None:
    """C adds; the sum wraps where C says so."""
    assert lib.add(2, 3) == 5
    assert lib.add(-1, 1) == 0
    assert lib.add(2**31 - 1, 1) == -(2**31)


def check_refuses(lib: Any) -> None:
    """The generated C checks every argument before it calls."""
    for a, expected in ((2**32 + 2, OverflowError), (2.0, TypeError)):
        try:
            lib.add(a, 3)
        except expected:
            continue
        raise AssertionError(f"cffi passed {a!r} where C expects an int")


def check_callable(lib: Any) -> None:
    """The generated function is as built-in as one that was written by hand."""
    assert isinstance(lib.add, BuiltinFunctionType)


def main() -> None:
    """Build `_add_cffi` if it has to be, and hold it against what the lesson says."""
    sys.path.insert(0, str(HERE.parent / "tools"))
    import demo

    demo.require("cffi")
    demo.extension(HERE, "_add_cffi", SOURCES)
    from _add_cffi import lib

    demo.checked(
        "c_ext_cffi_api",
        [
            lambda: check_calls(lib),
            lambda: check_refuses(lib),
            lambda: check_callable(lib),
        ],
    )


if __name__ == "__main__":
    main()
