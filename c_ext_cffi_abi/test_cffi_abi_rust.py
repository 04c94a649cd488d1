"""Section 7.3, ABI mode once more: the same Python code, with cffi's backend written in Rust."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def check_engine(package: ModuleType, ffi: Any) -> None:
    """What answers to the name `cffi` is the package over the engine; stock's backend is absent."""
    import cffi.model

    assert cffi is package
    assert cffi.model is sys.modules["rust_cffi.model"]
    assert ffi._backend is sys.modules["_rust_cffi"]
    assert sys.modules["_cffi_backend"] is ffi._backend


def check_explains(ffi: Any, lib: Any) -> None:
    """What is missing is named: the symbol with its library, the library with the folders."""
    ffi.cdef("int subtract(int a, int b);")
    try:
        lib.subtract(2, 3)
    except AttributeError as error:
        assert "subtract" in str(error) and "libadd.so" in str(error), error
    else:
        raise AssertionError("a function that does not exist was found")
    try:
        ffi.dlopen("libthere_is_no_such_library.so")
    except OSError as error:
        assert "libthere_is_no_such_library.so" in str(error)
        if sys.platform == "linux":
            assert "looked in: " in str(error), error
        return
    raise AssertionError("a library that does not exist was opened")


def main() -> None:
    """Run the checks of the stock demo over the engine, and those that only hold for it."""
    sys.path.insert(0, str(ROOT / "tools"))
    import demo

    demo.require("rust_cffi", "cffi")
    import rust_cffi

    # From here on `import cffi` means our package, also in the stock demo's own code.
    rust_cffi.install()
    import test_cffi_abi as stock

    ffi = rust_cffi.FFI()
    lib = stock.open_library(ffi, demo.library())
    demo.checked(
        "c_ext_cffi_abi in Rust",
        [
            lambda: check_engine(rust_cffi, ffi),
            lambda: stock.check_calls(lib),
            lambda: stock.check_refuses(lib),
            lambda: stock.check_callable(ffi, lib),
            lambda: check_explains(ffi, lib),
        ],
    )


if __name__ == "__main__":
    main()
