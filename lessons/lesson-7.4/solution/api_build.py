"""Builds _lesson_7_4: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    typedef struct config config;
    config *config_create(const char *server_url);
    void config_destroy(config *of);
    int config_set_timeout(config *of, int32_t seconds);
    int64_t config_process(const config *of);
    const char *config_server_url(const config *of);
    int32_t config_timeout(const config *of);
    int32_t config_alive(void);
""")
ffibuilder.set_source(
    "_lesson_7_4", '#include "config.h"', sources=["config.c"], include_dirs=["."]
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
