"""The interpreter's own ``ctypes``, run over an engine written in Rust.

Nothing of ``ctypes`` is copied. Its Python code is found where the interpreter keeps it and
executed once more under the name of this package, with one difference: where it imports
``_ctypes``, it gets ``rust_ctypes._rust_ctypes``. The stock ``ctypes`` stays as it is unless
``install`` is called.

``python -m rust_ctypes enable`` puts this package in the place of ``ctypes`` in every process of
an environment, from its start (see ``rust_ctypes._switch``).

``strict()`` raises where ``ctypes`` silently truncates or accepts: an int out of the range of its C
type (``OverflowError``), a number too large for a ``float`` (``OverflowError``), an immutable
``bytes`` or ``str`` for a ``void *`` (``TypeError``), a zero inside the text for a ``char *``
(``ValueError``), a ``c_bool`` from anything but a bool or an int (``TypeError``), and a keyword
that names no field of a structure (``AttributeError``). It holds for the whole process.
"""

# What importlib.machinery gives out, from where it has it: importing importlib and typing would
# take as long as all the rest.
import _frozen_importlib as _bootstrap
import _frozen_importlib_external as _machinery
import builtins as _builtins
import sys as _sys

from rust_ctypes import _rust_ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any as _Any

_NAMES = {"ctypes": __name__, "_ctypes": f"{__name__}._rust_ctypes"}


def _translated(name: str) -> str:
    """The name of our counterpart of a stock module, or the name itself."""
    head, dot, tail = name.partition(".")
    return _NAMES.get(head, head) + dot + tail


def _import(name: str, globals=None, locals=None, fromlist=(), level=0) -> "_Any":
    """``__import__`` for the code of the stock package."""
    ours = _translated(name) if level == 0 else name
    if ours == name or fromlist:
        return _builtins.__import__(ours, globals, locals, fromlist, level)
    # "import ctypes.util" binds the package, which code then calls by its stock name.
    _builtins.__import__(ours, globals, locals, (), 0)
    return _sys.modules[_NAMES[name.partition(".")[0]]]


_BUILTINS = {**vars(_builtins), "__import__": _import}


def _adapt(module: "_Any") -> None:
    """Makes the code of a module import through ``_import``.

    Functions take their builtins from the globals that they are defined in, so this also holds
    for imports that happen later, inside them.
    """
    module.__dict__["__builtins__"] = _BUILTINS


def _execute(module: "_Any") -> None:
    """``exec_module`` of the loader of a submodule of the stock package, as one of ours."""
    _adapt(module)
    exec(module.__spec__.loader.get_code(module.__name__), module.__dict__)


def _find_spec(name: str, path=None, target=None):
    """Finds the submodules of this package in the folder of the stock one."""
    if name.startswith("ctypes.") and _sys.modules.get("ctypes") is _sys.modules[__name__]:
        return _find_alias(name, path)
    if not name.startswith(f"{__name__}.") or name == _NAMES["_ctypes"]:
        return None
    # The folder of this package itself stands first; what lies there is found without us.
    stock = _machinery.PathFinder.find_spec(name, path[1:])
    if stock is None or not isinstance(stock.loader, _machinery.SourceFileLoader):
        return stock
    loader = _machinery.SourceFileLoader(name, stock.origin)
    loader.exec_module = _execute
    spec = _bootstrap.ModuleSpec(name, loader, origin=stock.origin)
    spec.submodule_search_locations = stock.submodule_search_locations
    # The origin is a file, which becomes the module's ``__file__``.
    spec.has_location = True
    return spec


def _find_alias(name: str, path):
    """Finds a submodule of ``ctypes``, in whose place this package stands, among our own."""
    ours = _translated(name)
    own = _find_spec(ours, path)
    if own is None:
        return None

    def create_module(spec):
        _builtins.__import__(ours)
        return _sys.modules[ours]

    def exec_module(module):
        # It has been executed under its own name; only its spec was replaced since.
        module.__spec__ = own

    loader = type(_sys.implementation)(create_module=create_module, exec_module=exec_module)
    return _bootstrap.ModuleSpec(name, loader, origin=own.origin)


def _run_stock_package() -> None:
    # A path search, so that the stock package is found even when another one took its name.
    stock = _machinery.PathFinder.find_spec("ctypes")
    if stock is None or stock.origin is None:
        raise ImportError("this Python has no ctypes package whose code could be run")
    module = _sys.modules[__name__]
    module.__path__.extend(stock.submodule_search_locations or ())
    # A namespace is enough of a finder, and cheaper than a class.
    _sys.meta_path.insert(0, type(_sys.implementation)(find_spec=_find_spec))
    _adapt(module)
    # Not exec() from here: on 3.9, code that starts with its caller's globals keeps the caller's
    # builtins, and would quietly import the stock _ctypes. The loader has globals of its own.
    _machinery.SourceFileLoader(__name__, stock.origin).exec_module(module)


def install() -> None:
    """Puts this package in the place of ``ctypes`` for everything imported from now on.

    Submodules follow when they are asked for: ``ctypes.util`` alone imports more than all the rest.
    """
    for name in ("ctypes._endian", "ctypes.util", "ctypes.wintypes"):
        if name in _sys.modules:
            # The stock one is loaded, so code may count on its being there.
            ours = _translated(name)
            _builtins.__import__(ours)
            _sys.modules[name] = _sys.modules[ours]
    _sys.modules["_ctypes"] = _rust_ctypes
    _sys.modules["ctypes"] = _sys.modules[__name__]


def strict(on: bool = True) -> "_Any":
    """Switches the strict checks on (or off) for the whole process, all threads included.

    ``strict()`` leaves them on; ``with strict():`` puts back afterwards what was before.
    """
    # Making a class takes longer than importing this package should.
    from rust_ctypes._strict import Strict

    return Strict(on)


_run_stock_package()
