"""Builds _lesson_9_1: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    int kv_get(const char *path, const char *key, int64_t *value, int32_t *line);
    int kv_put(const char *path, const char *key, int64_t value);
    int64_t kv_count(const char *path, int32_t *line);
    int kv_exists(const char *path);
    const char *kv_message(int code);
    int32_t kv_open_files(void);
""")
ffibuilder.set_source("_lesson_9_1", '#include "kv.h"', sources=["kv.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
