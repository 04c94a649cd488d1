"""cffi with its backend in Rust.

The Python half is that of the installed package ``cffi``: its modules are executed here once more,
under this package's name and over ``_rust_cffi`` instead of ``_cffi_backend``. Nothing of it is
copied, and the stock ``cffi`` in the same process stays as it is.

Declarations are the exception: the engine reads them itself. ``FFI.cdef`` needs neither cffi's
parser nor pycparser, takes a text as a whole or not at all, and its exceptions have the attributes
``file``, ``line`` and ``column`` where the fault has a place.

Importing this package executes none of that yet. A compiled module needs the extension module
``_rust_cffi`` alone, which lies beside this package as ``_cffi_backend`` lies beside cffi.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from typing import Any


def _find_spec(fullname: str, path: object = None, target: object = None) -> "ModuleSpec | None":
    """Finds the modules that this package does not have a file for: those of cffi."""
    if not fullname.startswith("rust_cffi."):
        return None
    from rust_cffi import _front

    return _front.find_spec(fullname)


# A namespace is enough of a finder, and cheaper than a class.
sys.meta_path.append(type(sys.implementation)(find_spec=_find_spec))


def __getattr__(name: str) -> "Any":
    if name == "_rust_cffi":
        # The backend, as an attribute for those who put it in place of `_cffi_backend`.
        import _rust_cffi

        return _rust_cffi
    # Our own modules, and names that the interpreter asks every module for.
    if name.startswith("_") and name != "__all__" and not name.startswith("__version"):
        raise AttributeError(f"module 'rust_cffi' has no attribute '{name}'")
    from rust_cffi import _front

    return _front.attribute(globals(), name)


def __dir__() -> "list[str]":
    __getattr__("__all__")
    return sorted(globals())


def install() -> None:
    """Puts this package in place of ``cffi``, for every import from now on in this process."""
    from rust_cffi import _front

    _front.install()
