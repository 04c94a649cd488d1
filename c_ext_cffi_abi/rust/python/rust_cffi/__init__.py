"""cffi with its backend in Rust.

The Python half is that of the installed package ``cffi``: its modules are executed here once more,
under this package's name and over ``_rust_cffi`` instead of ``_cffi_backend``. Nothing of it is
copied, and the stock ``cffi`` in the same process stays as it is.

Declarations are the exception: the engine reads them itself. ``FFI.cdef`` needs neither cffi's
parser nor pycparser, takes a text as a whole or not at all, and its exceptions have the attributes
``file``, ``line`` and ``column`` where the fault has a place.
"""

from rust_cffi import _front

_front.run_package(globals())

from rust_cffi._front import install  # noqa: E402

__all__ = [*__all__, "install"]  # noqa: F405,F821  (__all__ is cffi's own, executed above)
