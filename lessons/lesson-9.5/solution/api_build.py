"""Builds _lesson_9_5: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    typedef struct ring ring;
    int ring_new(size_t capacity, ring **made);
    int ring_free(ring *r);
    int ring_resize(ring *r, size_t capacity);
    int ring_write(ring *r, const int16_t *samples, size_t count);
    int ring_read(ring *r, int16_t *samples, size_t count);
    int16_t *ring_lend(ring *r);
    int ring_return(ring *r);
    size_t ring_capacity(const ring *r);
    size_t ring_count(const ring *r);
    size_t ring_lent(const ring *r);
    int64_t ring_bytes(void);
    const char *ring_text(int code);
""")
ffibuilder.set_source("_lesson_9_5", '#include "ring.h"', sources=["ring.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
