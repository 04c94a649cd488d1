"""tiles through ctypes: the layout and each signature are written in Python."""

import ctypes
from pathlib import Path


class _Tile(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int32), ("y", ctypes.c_int32), ("side", ctypes.c_double)]


class _SwappedTile(ctypes.Structure):
    """A wrong idea of the same 16 bytes: y before x."""

    _fields_ = [("y", ctypes.c_int32), ("x", ctypes.c_int32), ("side", ctypes.c_double)]


lib = ctypes.CDLL(str(Path(__file__).with_name("libtiles.so")))
_tile_p = ctypes.POINTER(_Tile)
lib.add.argtypes = [ctypes.c_int, ctypes.c_int]
lib.add.restype = ctypes.c_int
lib.tile_area.argtypes = [_Tile]
lib.tile_area.restype = ctypes.c_double
lib.tile_steps.argtypes = [_tile_p, _tile_p]
lib.tile_steps.restype = ctypes.c_int64
lib.tile_refine.argtypes = [_tile_p, ctypes.c_int32, _tile_p]
lib.tile_refine.restype = ctypes.c_int


def add(a: int, b: int) -> int:
    """Return a + b."""
    return lib.add(a, b)


def area(tile: tuple) -> float:
    """Return the area of a tile (x, y, side) in square metres."""
    return lib.tile_area(_Tile(*tile))


def steps(start: tuple, end: tuple) -> int:
    """Return the number of steps between two tiles."""
    return lib.tile_steps(_Tile(*start), _Tile(*end))


def refine(tile: tuple, factor: int) -> tuple:
    """Return the first smaller tile; raise ValueError if there is none."""
    out = _Tile()
    if lib.tile_refine(_Tile(*tile), factor, out) != 0:
        raise ValueError(f"refine: no tile {tile} divided by {factor}")
    return (out.x, out.y, out.side)


def misread(tile: tuple) -> tuple:
    """Let C fill a tile and read it through the wrong declaration."""
    wrong = _SwappedTile()
    lib.tile_refine(_Tile(*tile), 1, ctypes.cast(ctypes.pointer(wrong), _tile_p))
    return (wrong.x, wrong.y, wrong.side)
