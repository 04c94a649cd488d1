"""geometry through ctypes: each layout is written down once more, and nobody compares it."""

import ctypes
import operator
from pathlib import Path


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("y", ctypes.c_double)]


class Box(ctypes.Structure):
    _fields_ = [
        ("tag", ctypes.c_uint16),
        ("low", Point),
        ("high", Point),
        ("layer", ctypes.c_uint8),
    ]


class Record(ctypes.Structure):
    _pack_ = 1
    _fields_ = [
        ("layer", ctypes.c_uint8),
        ("left", ctypes.c_float),
        ("bottom", ctypes.c_float),
        ("right", ctypes.c_float),
        ("top", ctypes.c_float),
        ("tag", ctypes.c_uint16),
    ]


lib = ctypes.CDLL(str(Path(__file__).with_name("libgeometry.so")))
lib.geometry_area.argtypes = [Point, Point]
lib.geometry_area.restype = ctypes.c_double
lib.geometry_middle.argtypes = [Point, Point]
lib.geometry_middle.restype = Point
lib.geometry_join.argtypes = [ctypes.POINTER(Box), ctypes.POINTER(Box), ctypes.POINTER(Box)]
lib.geometry_join.restype = ctypes.c_int
lib.geometry_read.argtypes = [ctypes.POINTER(Record), ctypes.POINTER(Box)]
lib.geometry_read.restype = ctypes.c_int


def layout() -> dict:
    """Size, alignment and offsets of each struct, as this bridge believes them."""
    return {
        kind.__name__.lower(): {
            "size": ctypes.sizeof(kind),
            "align": ctypes.alignment(kind),
            "offsets": {name: getattr(kind, name).offset for name, _ in kind._fields_},
        }
        for kind in (Point, Box, Record)
    }


def _point(place: str, value: tuple) -> Point:
    """A pair of numbers as a point; TypeError that names `place`."""
    try:
        x, y = value
        return Point(x, y)
    except (TypeError, ValueError):
        raise TypeError(f"{place} is no pair of numbers") from None


def _number(place: str, value: int, kind: type) -> int:
    """`value` if `kind` can hold it; TypeError or OverflowError that names `place`."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{place} is no integer") from None
    if kind(whole).value != whole:
        raise OverflowError(f"{place} does not fit")
    return whole


def _box(place: str, value: dict) -> Box:
    """A box of a dict, of which every field was looked at before C sees one."""
    if not isinstance(value, dict) or set(value) != {"layer", "low", "high", "tag"}:
        raise TypeError(f"{place} needs exactly layer, low, high and tag")
    return Box(
        layer=_number(f"{place}.layer", value["layer"], ctypes.c_uint8),
        low=_point(f"{place}.low", value["low"]),
        high=_point(f"{place}.high", value["high"]),
        tag=_number(f"{place}.tag", value["tag"], ctypes.c_uint16),
    )


def _result(operation: str, status: int, box: Box, what: str) -> dict:
    """The box that C filled, as a dict; ValueError for a code of geometry.h."""
    if status != 0:
        raise ValueError(f"{operation}: code {status} for {what}")
    low, high = (box.low.x, box.low.y), (box.high.x, box.high.y)
    return {"layer": box.layer, "low": low, "high": high, "tag": box.tag}


def area(a: tuple, b: tuple) -> float:
    """The area between two opposite corners."""
    return lib.geometry_area(_point("area: a", a), _point("area: b", b))


def middle(a: tuple, b: tuple) -> tuple:
    """The point halfway between two points."""
    point = lib.geometry_middle(_point("middle: a", a), _point("middle: b", b))
    return (point.x, point.y)


def join(a: dict, b: dict) -> dict:
    """The smallest box around two boxes."""
    out = Box()
    status = lib.geometry_join(_box("join: a", a), _box("join: b", b), out)
    return _result("join", status, out, "a and b")


def read(data: bytes) -> dict:
    """The box that a record of a drawing describes."""
    if len(data) != ctypes.sizeof(Record):
        raise ValueError(f"read: record of {len(data)} bytes, not {ctypes.sizeof(Record)}")
    record, out = Record.from_buffer_copy(data), Box()
    status = lib.geometry_read(record, out)
    return _result("read", status, out, f"record {record.tag} on layer {record.layer}")
