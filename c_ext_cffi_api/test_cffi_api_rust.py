"""Section 7.3, API mode once more: the extension module is written by the engine in Rust."""

import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
CLIB = HERE.parent / "c_ext_ffi_clib"
MODULE = "_add_rust_cffi"


def build(folder: str) -> ModuleType:
    """Let rust_cffi write the C, compile it into `folder`, and import what came out."""
    from rust_cffi import FFI

    ffibuilder = FFI()
    ffibuilder.cdef("int add(int a, int b);")
    ffibuilder.set_source(
        MODULE,
        '#include "add.h"',
        sources=[str(CLIB / "add.c")],
        include_dirs=[str(HERE)],
    )
    path = ffibuilder.compile(tmpdir=folder)
    spec = importlib.util.spec_from_file_location(MODULE, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_module(module: ModuleType) -> None:
    """A real extension module: the C functions behind it are compiled in."""
    assert Path(module.__file__ or "").suffix in {".so", ".dylib", ".pyd"}
    assert dir(module.lib) == ["add"]
    assert module.ffi.sizeof("int") == 4
    assert module.ffi.typeof(module.lib.add) is module.ffi.typeof("int(*)(int, int)")


def check_refuses_compiler_errors() -> None:
    """Code that C refuses is an error that holds the compiler's own words."""
    from rust_cffi import FFI, VerificationError

    wrong = FFI()
    wrong.cdef("int add(int a, int b);")
    wrong.set_source("_wrong", "static int add(int a) { return a; }")
    with tempfile.TemporaryDirectory() as folder:
        try:
            wrong.compile(tmpdir=folder)
        except VerificationError as error:
            assert "add" in str(error) and "error" in str(error), error
            return
    raise AssertionError("a declaration that C contradicts was compiled")


def main() -> None:
    """Build the module, and hold it against what the lesson says."""
    sys.path.insert(0, str(HERE.parent / "tools"))
    import demo

    demo.require("rust_cffi", "cffi")
    import rust_cffi

    rust_cffi.install()
    import test_cffi_api as stock

    with tempfile.TemporaryDirectory() as folder:
        module = build(folder)
        demo.checked(
            "c_ext_cffi_api in Rust",
            [
                lambda: check_module(module),
                lambda: stock.check_calls(module.lib),
                lambda: stock.check_refuses(module.lib),
                lambda: stock.check_callable(module.lib),
                check_refuses_compiler_errors,
            ],
        )


if __name__ == "__main__":
    main()
