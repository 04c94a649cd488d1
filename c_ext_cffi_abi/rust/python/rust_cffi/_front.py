"""Finds the installed cffi package and executes its modules over our backend."""

from __future__ import annotations

import builtins
import importlib
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

import _rust_cffi

# Named as type checkers expect it; `typing`, like `importlib.abc`, would cost more time to import
# than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PACKAGE = "rust_cffi"


_stock: ModuleSpec | None = None


def _stock_spec() -> ModuleSpec:
    """Where cffi is; looked for once, so that all its modules are those of one installation."""
    global _stock
    if _stock is not None:
        return _stock
    spec = PathFinder.find_spec("cffi")
    if spec is None or spec.loader is None or not spec.submodule_search_locations:
        raise ImportError(
            "rust_cffi runs the Python code of the package cffi, which is not installed"
        )
    _stock = spec
    return spec


def _import(name: str, *args: Any, **kwargs: Any) -> ModuleType:
    """What ``import`` means inside the executed modules."""
    if name == "_cffi_backend":
        return _rust_cffi
    if name.split(".")[0] == "cffi":
        name = _PACKAGE + name[len("cffi") :]
    return builtins.__import__(name, *args, **kwargs)


_BUILTINS = {**vars(builtins), "__import__": _import}


class _Executor(SourceFileLoader):
    """Executes a module of cffi with our meaning of ``import``."""

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = _BUILTINS
        super().exec_module(module)


def _spec(fullname: str, origin: str) -> ModuleSpec:
    spec = ModuleSpec(fullname, _Executor(fullname, origin), origin=origin)
    spec.has_location = True
    return spec


def _find(fullname: str) -> ModuleSpec | None:
    return PathFinder.find_spec(fullname, _stock_spec().submodule_search_locations)


def find_spec(fullname: str) -> ModuleSpec | None:
    """``rust_cffi.NAME``: the module ``NAME`` of cffi, executed over our backend."""
    found = _find(fullname)
    if found is None or found.origin is None or not isinstance(found.loader, SourceFileLoader):
        return None
    return _spec(fullname, found.origin)


def stock_module(name: str) -> ModuleType:
    """Executes the module of cffi that a module of ours stands in place of, as ``_stock_NAME``."""
    found = _find(f"cffi.{name}")
    if found is None or found.origin is None:
        raise ImportError(f"the installed cffi has no module {name}")
    spec = _spec(f"{_PACKAGE}._stock_{name}", found.origin)
    module = ModuleType(spec.name)
    module.__spec__, module.__file__ = spec, found.origin
    module.__package__ = _PACKAGE
    spec.loader.exec_module(module)
    return module


def attribute(namespace: dict[str, Any], name: str) -> Any:
    """An attribute of this package that is not there yet: a module, or what cffi's own defines.

    A module comes first, and alone: while one is executed, those that it needs are asked for here.
    """
    if name[0] != "_" and _find(f"cffi.{name}") is not None:
        return importlib.import_module(f"{_PACKAGE}.{name}")
    _run_package(namespace)
    if name not in namespace:
        raise AttributeError(f"module '{_PACKAGE}' has no attribute '{name}'")
    return namespace[name]


def _run_package(namespace: dict[str, Any]) -> None:
    """Executes cffi's ``__init__`` in the namespace of this package; twice does no harm."""
    if "__version__" in namespace:
        return
    code = _stock_spec().loader.get_code("cffi")
    namespace["__builtins__"] = _BUILTINS
    exec(code, namespace)
    namespace["__all__"] = [*namespace["__all__"], "install"]
    _rust_cffi.__version__ = namespace["__version__"]


class _Alias:
    """Gives a module of this package out under cffi's name."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return importlib.import_module(_PACKAGE + spec.name[len("cffi") :])

    def exec_module(self, module: ModuleType) -> None:
        """The module has been executed already."""


class _AliasFinder:
    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        if not fullname.startswith("cffi."):
            return None
        return ModuleSpec(fullname, _Alias())


def install() -> None:
    """Puts this package in place of ``cffi``, for every import from now on in this process."""
    package = sys.modules[_PACKAGE]
    if sys.modules.get("cffi") is package:
        return
    _run_package(vars(package))
    for name in [name for name in sys.modules if name.startswith("cffi.")]:
        del sys.modules[name]
    sys.modules["cffi"] = package
    sys.modules["_cffi_backend"] = _rust_cffi
    sys.meta_path.insert(0, _AliasFinder())
