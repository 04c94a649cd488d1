"""Opens the sides of a variant: what it imports, and nothing that another one needs."""

import importlib
from typing import Any

from calls import Sizes


def open_sides(variant: str, library: str, sizes: Sizes) -> dict:
    """The sides of a variant by what happens to the GIL: `released`, and `held` where it can be."""
    bridge, backend = variant.split("/")
    return {"ctypes": _ctypes, "abi": _abi, "api": _api, "ext": _ext}[bridge](
        backend, library, sizes
    )


def _ctypes(backend: str, library: str, sizes: Sizes) -> dict:
    from ctypes_side import Side

    module = importlib.import_module({"stock": "ctypes", "rust": "rust_ctypes"}[backend])
    return {gil: Side(module, library, sizes, gil == "held") for gil in ("released", "held")}


def _abi(backend: str, library: str, sizes: Sizes) -> dict:
    from cffi_side import Side
    from declarations import CDEF

    ffi = importlib.import_module({"stock": "cffi", "rust": "rust_cffi"}[backend]).FFI()
    ffi.cdef(CDEF)
    return {"released": Side(ffi, ffi.dlopen(library), sizes)}


def _api(backend: str, _library: str, sizes: Sizes) -> dict:
    from cffi_side import CompiledSide

    module: Any = importlib.import_module(f"_bench_{backend}")
    return {"released": CompiledSide(module.ffi, module.lib, sizes)}


def _ext(backend: str, _library: str, sizes: Sizes) -> dict:
    from ext_side import Side

    if backend == "stock":
        module = macros = importlib.import_module("bench_base")
        config = importlib.import_module("mymodule").Config
        configs = {"by hand": config, "by macros": config}
    else:
        module = importlib.import_module("_rust_bench")
        macros = importlib.import_module("_rust_bench_macros")
        ours = importlib.import_module("rust_config")
        configs = {"by hand": ours.Config, "by macros": ours.PyClassConfig}
    return {
        gil: Side(module, macros, configs, sizes, gil == "held") for gil in ("released", "held")
    }
