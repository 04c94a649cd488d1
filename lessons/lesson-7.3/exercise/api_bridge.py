"""tiles through CFFI in API mode: the module that the compiler built brings ffi and lib."""

from _lesson_7_3 import ffi, lib


def _new(tile: tuple):
    """Return C memory for one tile; it lives as long as the returned object."""
    return ffi.new("tile *", tile)


def add(a: int, b: int) -> int:
    """Return a + b."""
    return lib.add(a, b)


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
    of, wrong = _new(tile), ffi.new("swapped_tile *")
    lib.tile_refine(of, 1, ffi.cast("tile *", wrong))
    return (wrong.x, wrong.y, wrong.side)
