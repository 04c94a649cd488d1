"""tiles through CFFI in ABI mode: C declarations in a string, read while the program runs."""

from pathlib import Path

from cffi import FFI

ffi = FFI()
LIBRARY = str(Path(__file__).with_name("libtiles.so"))

ffi.cdef("int add(int a, int b);")
lib = ffi.dlopen(LIBRARY)

ffi.cdef("""
    typedef struct {
        int32_t x;
        int32_t y;
        double side;
    } tile;

    double tile_area(const tile *of);
    int64_t tile_steps(const tile *from, const tile *to);
    int tile_refine(const tile *of, int32_t factor, tile *out);
""")

ffi.cdef("typedef struct { int32_t y; int32_t x; double side; } swapped_tile;")


def _new(tile: tuple):
    """Return C memory for one tile; it lives as long as the returned object."""
    return ffi.new("tile *", tile)


def add(a: int, b: int) -> int:
    """Return a + b."""
    return lib.add(a, b)


def area(tile: tuple) -> float:
    """Return the area of a tile (x, y, side) in square metres."""
    return tile[2] * tile[2]


def steps(start: tuple, end: tuple) -> int:
    """Return the number of steps between two tiles."""
    c_start, c_end = _new(start), _new(end)
    return lib.tile_steps(c_start, c_end)


def refine(tile: tuple, factor: int) -> tuple:
    """Return the first smaller tile; raise ValueError if there is none."""
    of, out = _new(tile), ffi.new("tile *")
    if lib.tile_refine(of, factor, out) != 0:
        raise ValueError(f"refine: no tile {tile} divided by {factor}")
    return (out.x, out.y, out.side)


def misread(tile: tuple) -> tuple:
    """Let C fill a tile and read it through the wrong declaration."""
    of, wrong = _new(tile), ffi.new("swapped_tile *")
    lib.tile_refine(of, 1, ffi.cast("tile *", wrong))
    return (wrong.x, wrong.y, wrong.side)
