"""Builds _lesson_9_4: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    typedef struct kv kv;
    int kv_open(const char *path, kv **opened);
    int kv_close(kv *store);
    int kv_put(kv *store, const char *key, int64_t value);
    int kv_get(const kv *store, const char *key, int64_t *value);
    int64_t kv_count(const kv *store);
    int32_t kv_handles(void);
""")
ffibuilder.set_source("_lesson_9_4", '#include "kv.h"', sources=["kv.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
