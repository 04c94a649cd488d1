"""Builds _lesson_8_2: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
# region: functions
ffibuilder.cdef("""
    int units_length(int32_t feet, uint8_t inches, int64_t *tenths);
    int units_blocks(size_t bytes, uint32_t block, size_t *count);
    int units_seconds(long minutes, long *seconds);
    double units_celsius(double fahrenheit);
    int units_long_bits(void);
""")
# endregion
ffibuilder.set_source("_lesson_8_2", '#include "units.h"', sources=["units.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
