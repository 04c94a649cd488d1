"""Section 7.3, API mode: what the extension module `_add_cffi` is made of.

`setup.py` imports `ffibuilder` and compiles it; importing this file compiles nothing.
"""

from pathlib import Path

from cffi import FFI

_here = Path(__file__).resolve().parent
_add_c = _here.parent / "c_ext_ffi_clib" / "add.c"

ffibuilder = FFI()
ffibuilder.cdef("int add(int a, int b);")
# The C source is compiled into the module: no library is opened when it is imported.
ffibuilder.set_source(
    "_add_cffi",
    '#include "add.h"',
    sources=[str(_add_c)],
    include_dirs=[str(_here)],
)
