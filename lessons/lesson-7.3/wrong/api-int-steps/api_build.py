"""Builds _lesson_7_3: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()

ffibuilder.cdef("""
    int add(int a, int b);

    typedef struct {
        int32_t x;
        int32_t y;
        double side;
    } tile;

    double tile_area(const tile *of);
    int tile_steps(const tile *from, const tile *to);
    int tile_refine(const tile *of, int32_t factor, tile *out);
""")

ffibuilder.set_source(
    "_lesson_7_3",
    """
    #include "tiles.h"
    typedef tile swapped_tile; /* what it really is */
    """,
    sources=["tiles.c"],
    include_dirs=["."],
)

ffibuilder.cdef("typedef struct { int32_t y; int32_t x; double side; } swapped_tile;")

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
