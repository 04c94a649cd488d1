"""Writes the extension module of API mode; MODULE is replaced by its name."""

from cffi import FFI
from declarations import CDEF, IN_PYTHON

ffibuilder = FFI()
ffibuilder.cdef(CDEF + IN_PYTHON)
ffibuilder.set_source(
    "MODULE",
    '#include "calls.h"',
    sources=["calls.c"],
    include_dirs=["."],
    extra_compile_args=["-O2"],
)
