"""Builds _lesson_8_3: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()
# region: layouts
ffibuilder.cdef("""
    typedef struct { double x, y; } geometry_point;

    typedef struct {
        geometry_point low, high;
        uint8_t layer;
        uint16_t tag;
        ...;
    } geometry_box;

    typedef struct {
        float left, bottom, right, top;
        uint8_t layer;
        uint16_t tag;
        ...;
    } geometry_record;
""")
# endregion
ffibuilder.cdef("""
    double geometry_area(geometry_point a, geometry_point b);
    geometry_point geometry_middle(geometry_point a, geometry_point b);
    int geometry_join(const geometry_box *a, const geometry_box *b, geometry_box *out);
    int geometry_read(const geometry_record *record, geometry_box *out);
""")
ffibuilder.set_source(
    "_lesson_8_3", '#include "geometry.h"', sources=["geometry.c"], include_dirs=["."]
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
