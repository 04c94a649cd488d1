"""Builds _lesson_7_3: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()

# task: declare
ffibuilder.cdef("""
    int add(int a, int b);

    typedef struct {
        int32_t x;
        int32_t y;
        double side;
    } tile;

    double tile_area(const tile *of);
    int64_t tile_steps(const tile *from, const tile *to);
    int tile_refine(const tile *of, int32_t factor, tile *out);
""")
# starter:
#| # TODO 1: declare `add`, the struct `tile` and its three functions as tiles.h does.
# endtask

# task: source
ffibuilder.set_source(
    "_lesson_7_3",
    """
    #include "tiles.h"
    typedef tile swapped_tile; /* what it really is */
    """,
    sources=["tiles.c"],
    include_dirs=["."],
)
# starter:
#| # TODO 2: give the compiler what it needs: a line that includes tiles.h, and tiles.c as source.
#| # Both lie beside this file when it is built.
#| ffibuilder.set_source("_lesson_7_3", "", sources=[], include_dirs=["."])
# endtask

# task: swap
ffibuilder.cdef("typedef struct { int32_t y; int32_t x; double side; } swapped_tile;")
# starter:
#| # TODO 3: declare a wrong struct `swapped_tile`: the fields of `tile`, with y before x. In the C
#| # code above, say what it really is: `typedef tile swapped_tile;`
# endtask

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
