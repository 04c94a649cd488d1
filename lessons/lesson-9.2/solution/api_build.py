"""Builds _lesson_9_2: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    int tpl_expand(const char *pattern, const char *value, int64_t limit, char **text);
    void tpl_free(char *text);
    const char *tpl_sign(void);
    int64_t tpl_length(const char *text);
    int64_t tpl_alive(void);
    int64_t tpl_bytes(void);
""")
ffibuilder.set_source("_lesson_9_2", '#include "tpl.h"', sources=["tpl.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
