"""Builds _lesson_9_3: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    typedef struct tok_reader tok_reader;
    int tok_open(const char *text, int64_t size, const char *separators, tok_reader **reader);
    int tok_next(tok_reader *reader, const char **token, int64_t *size);
    int64_t tok_left(const tok_reader *reader);
    void tok_close(tok_reader *reader);
    int64_t tok_alive(void);
""")
ffibuilder.set_source("_lesson_9_3", '#include "tok.h"', sources=["tok.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
