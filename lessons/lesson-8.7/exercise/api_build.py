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
    /* TODO 1: write `text` as it is, whatever is in it. */
    return JOURNAL_OFF;
}

static int shim_number(int level, const char *name, int64_t value)
{
    /* TODO 2: name=value. int64_t is not long long everywhere: cast. */
    return JOURNAL_OFF;
}

static int shim_real(int level, const char *name, double value)
{
    /* TODO 3: name=value with nine digits, %.9g. */
    return JOURNAL_OFF;
}

static int shim_upto(int level)
{
    /* TODO 4: the macro; JOURNAL_E_LEVEL if `level` is not 0 to 7. */
    return JOURNAL_OFF;
}
"""
ffibuilder.set_source("_lesson_8_7", SHIM, sources=["journal.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
