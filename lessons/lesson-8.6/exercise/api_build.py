"""Builds _lesson_8_6: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    double image_mean(const uint8_t *pixels, size_t size);
    int image_brighten(uint8_t *pixels, size_t size, double factor);
    int image_convolve(const uint8_t *pixels, uint8_t *out, size_t size,
                       size_t width, const double *kernel);
    uintptr_t image_address(const uint8_t *pixels);
""")
ffibuilder.set_source(
    "_lesson_8_6",
    '#include "image.h"',
    sources=["image.c"],
    include_dirs=["."],
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
