"""Section 7.2 once more: the same Python code, with `_ctypes` written in Rust below it."""

import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent


def check_engine(package: ModuleType) -> None:
    """What answers to the name `ctypes` is the package over the engine, submodules included."""
    import ctypes.util

    assert ctypes is package
    assert ctypes.util is sys.modules["rust_ctypes.util"]
    engine = Path(sys.modules["_ctypes"].__file__ or "")
    assert engine.name.startswith("_rust_ctypes."), engine


def check_explains(package: ModuleType) -> None:
    """A library that is not there is still an OSError, and the message says where it was sought."""
    try:
        package.CDLL("libthere_is_no_such_library.so")
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

    demo.require("rust_ctypes")
    import rust_ctypes

    # From here on `import ctypes` means our package, also in the stock demo's own code.
    rust_ctypes.install()
    import test_ctypes_add as stock

    lib = stock.open_library(demo.library())
    demo.checked(
        "c_ext_ctypes_add in Rust",
        [
            lambda: check_engine(rust_ctypes),
            lambda: stock.check_calls(lib),
            lambda: stock.check_refuses(lib),
            lambda: stock.check_callable(lib),
            lambda: stock.check_missing(lib),
            lambda: check_explains(rust_ctypes),
        ],
    )


if __name__ == "__main__":
    main()
