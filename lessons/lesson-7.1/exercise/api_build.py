"""Build script of bridge api: the compiler knows each signature and emits each call."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    int add(int a, int b);
    double add_scaled(int a, double factor, int64_t b);
    int64_t add_places(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j);
    uintptr_t add_caller(void);
""")
ffibuilder.set_source(
    "_lesson_7_1",
    '#include "add.h"',
    sources=["add.c"],
    include_dirs=["."],
)
