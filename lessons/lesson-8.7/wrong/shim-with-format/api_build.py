"""Builds _lesson_8_7: the shim has a fixed declaration for each kind of line, and no format."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    int shim_text(int level, const char *text);
    int shim_number(int level, const char *name, int64_t value);
    int shim_real(int level, const char *name, double value);
    int shim_upto(int level);

    #define JOURNAL_OFF ...
    #define JOURNAL_ROOM ...
""")
ffibuilder.cdef("""
    int journal_write(int level, const char *format, ...);
    const char *journal_last(void);
    int64_t journal_lines(void);
""")
SHIM = """
#include "journal.h"

static int shim_text(int level, const char *text)
{
    return journal_write(level, text);
}

static int shim_number(int level, const char *name, int64_t value)
{
    return journal_write(level, "%s=%lld", name, (long long)value);
}

static int shim_real(int level, const char *name, double value)
{
    return journal_write(level, "%s=%.9g", name, value);
}

static int shim_upto(int level)
{
    return level < 0 || level > 7 ? JOURNAL_E_LEVEL : journal_upto(level);
}
"""
ffibuilder.set_source("_lesson_8_7", SHIM, sources=["journal.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
