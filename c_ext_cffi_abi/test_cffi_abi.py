"""Section 7.3, ABI mode: cffi opens a plain C library; nothing is compiled for Python."""

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def open_library(ffi: Any, path: Path) -> Any:
    """Paste the declaration from the header, open the library."""
    ffi.cdef("int add(int a, int b);")
    return ffi.dlopen(str(path))


def check_calls(lib: Any) -> None:
    """C adds; the sum wraps where C says so."""
    assert lib.add(2, 3) == 5
    assert lib.add(-1, 1) == 0
    assert lib.add(2**31 - 1, 1) == -(2**31)


def check_refuses(lib: Any) -> None:
    """Where ctypes cuts an integer to the width of a C int, cffi refuses it."""
    for a, expected in ((2**32 + 2, OverflowError), (2.0, TypeError)):
        try:
            lib.add(a, 3)
        except expected:
            continue
        raise AssertionError(f"cffi passed {a!r} where C expects an int")


def check_callable(ffi: Any, lib: Any) -> None:
    """What one calls is a C pointer that knows its type."""
    assert ffi.typeof(lib.add) == ffi.typeof("int(*)(int, int)")


def main() -> None:
    """Build the library if it has to be, and hold cffi against what the lesson says."""
    sys.path.insert(0, str(ROOT / "tools"))
    import demo

    demo.require("cffi")
    from cffi import FFI

    ffi = FFI()
    lib = open_library(ffi, demo.library())
    demo.checked(
        "c_ext_cffi_abi",
        [
            lambda: check_calls(lib),
            lambda: check_refuses(lib),
            lambda: check_callable(ffi, lib),
        ],
    )


if __name__ == "__main__":
    main()
