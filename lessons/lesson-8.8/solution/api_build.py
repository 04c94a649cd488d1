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
# task: getenv
ffibuilder.cdef("char *getenv(const char *name);")
INCLUDES = """
#include <stdlib.h>
#include "settings.h"
"""
# starter:
#| # TODO 1: C's getenv is a function like any other. Where is it declared, and in which header?
#| INCLUDES = """
#| #include "settings.h"
#| """
# endtask
ffibuilder.set_source("_lesson_8_8", INCLUDES, sources=["settings.c"], include_dirs=["."])

if __name__ == "__main__":
    # task: main
    ffibuilder.emit_c_code("_lesson_8_8.c")  # whoever builds has a compiler, and calls it
    # starter:
    #| # TODO 2: this needs setuptools from Python 3.12 on. We only want _lesson_8_8.c written here.
    #| ffibuilder.compile(verbose=True)
    # endtask
