"""Builds _lesson_8_5: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
# region: header
ffibuilder.cdef("""
    int64_t text_count(const char *text);
    int text_upper(char *text);
    int text_quote(const char *text, char *out, size_t room, size_t *length);
    const char *text_message(int status);
""")
# endregion
ffibuilder.set_source(
    "_lesson_8_5",
    '#include "text.h"',
    sources=["text.c"],
    include_dirs=["."],
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
