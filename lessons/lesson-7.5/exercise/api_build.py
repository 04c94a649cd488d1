"""Builds _lesson_7_5: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    int add(int a, int b);
    uint32_t totals_byte(uint32_t sum, uint8_t byte);
    uint32_t totals_bytes(uint32_t sum, const uint8_t *data, size_t count);
    int64_t totals_sum(const int32_t *values, size_t count);
    uint64_t totals_calls(void);
""")
ffibuilder.set_source(
    "_lesson_7_5", '#include "totals.h"', sources=["totals.c"], include_dirs=["."]
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
