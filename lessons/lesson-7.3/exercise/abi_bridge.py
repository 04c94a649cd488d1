"""tiles through CFFI in ABI mode: C declarations in a string, read while the program runs."""

from pathlib import Path

from cffi import FFI

ffi = FFI()
LIBRARY = str(Path(__file__).with_name("libtiles.so"))

# TODO 1: declare `add` with ffi.cdef, then open LIBRARY with ffi.dlopen.
lib = None

# TODO 2: declare the struct `tile` and its three functions as tiles.h does.

# TODO 3: declare a wrong struct `swapped_tile`: the fields of `tile`, with y before x.


def _new(tile: tuple):
    """Return C memory for one tile; it lives as long as the returned object."""
    raise NotImplementedError("TODO 2: declare `tile`, then return ffi.new(...) of it")


def add(a: int, b: int) -> int:
    """Return a + b."""
    raise NotImplementedError("TODO 1: declare `add`, open the library, call lib.add")


def area(tile: tuple) -> float:
    """Return the area of a tile (x, y, side) in square metres."""
    of = _new(tile)
    return lib.tile_area(of)


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
    raise NotImplementedError("TODO 3: copy the tile into a `swapped_tile`: tile_refine, 1")
