"""Builds _lesson_8_8. The compiler finds getenv as well, so nobody has to open the process."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    typedef struct settings {
        uint16_t format;
        char name[8];
        bool switches[4];
    } settings;

    #define SETTINGS_ERASED ...
    #define SETTINGS_E_INDEX ...

    int settings_load(settings *record, const void *block, size_t size);
    int settings_set(settings *record, int index, bool on);
    int settings_export(const settings *record, const char *variable);
""")
ffibuilder.cdef("char *getenv(const char *name);")
INCLUDES = """
#include <stdlib.h>
#include "settings.h"
"""
ffibuilder.set_source("_lesson_8_8", INCLUDES, sources=["settings.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
