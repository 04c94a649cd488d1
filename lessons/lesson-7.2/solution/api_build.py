"""Build script of bridge api: the C compiler sees the header and every call."""

from cffi import FFI

ffibuilder = FFI()
# region: header
ffibuilder.cdef("""
    int add(int a, int b);
    double add_scaled(int a, double factor, int64_t b);
    int add_text(const char *text, int64_t *sum);
    const char *add_message(int status);
""")
# endregion
ffibuilder.set_source(
    "_lesson_7_2",
    '#include "add.h"',
    sources=["add.c"],
    include_dirs=["."],
)
