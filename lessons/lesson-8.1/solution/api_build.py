"""Builds _lesson_8_1: not the library, but the loader's functions are compiled in."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    void *dlopen(const char *path, int flags);
    void *dlsym(void *handle, const char *name);
    int dlclose(void *handle);
    char *dlerror(void);
    #define RTLD_NOW ...
    #define RTLD_LOCAL ...

    typedef int (*version_fn)(void);
    typedef int (*digit_fn)(const char *digits);
""")
ffibuilder.set_source(
    "_lesson_8_1",
    """
    #include <dlfcn.h>
    typedef int (*version_fn)(void);
    typedef int (*digit_fn)(const char *digits);
    """,
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
