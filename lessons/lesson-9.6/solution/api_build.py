"""Builds _lesson_9_6: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    typedef struct sums_api sums_api;
    struct sums_api {
        uint32_t version;
        uint32_t size;
        int64_t (*sum)(sums_api *self, const char *bytes, int64_t length);
        int64_t (*total)(const sums_api *self);
    };
    int sums_new(const char *method, sums_api **table);
    void sums_free(sums_api *table);
    const char *sums_name(void);
    int32_t sums_alive(void);
    void end_table(void *capsule);
""")
ffibuilder.set_source(
    "_lesson_9_6",
    """
    #include <Python.h>
    #include "sums.h"

    /* Python calls it with a capsule that ends. */
    static void end_table(void *capsule)
    {
        sums_free(PyCapsule_GetPointer((PyObject *)capsule, SUMS_CAPSULE));
    }
    """,
    sources=["sums.c"],
    include_dirs=["."],
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
