"""Builds _lesson_9_7: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
# Three dots where a value would stand: the C compiler fills it in.
ffibuilder.cdef("""
    enum kv_mode { KV_READ, KV_WRITE, KV_CREATE, ... };
    enum kv_sync { KV_SYNC_CLOSE, KV_SYNC_PUT, ... };
    typedef struct kv kv;
    typedef struct kv_cursor kv_cursor;
    int kv_open(const char *path, int32_t mode, int32_t sync, kv **opened);
    int kv_close(kv *store);
    int32_t kv_mode(const kv *store);
    int32_t kv_sync(const kv *store);
    int64_t kv_count(const kv *store);
    int kv_put(kv *store, const char *key, int64_t value);
    int kv_get(const kv *store, const char *key, int64_t *value);
    int kv_walk(const kv *store, kv_cursor **cursor);
    int kv_next(kv_cursor *cursor, const char **key);
    void kv_stop(kv_cursor *cursor);
    int32_t kv_alive(void);
""")
ffibuilder.set_source("_lesson_9_7", '#include "kv.h"', sources=["kv.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
