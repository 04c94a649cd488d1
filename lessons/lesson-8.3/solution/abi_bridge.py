"""geometry through CFFI in ABI mode: the layout follows from the cdef, and nobody compares it."""

import operator
from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("typedef struct { double x, y; } geometry_point;")
# task: structs
# region: layouts
ffi.cdef("""
    typedef struct {
        uint8_t layer;
        geometry_point low;
        geometry_point high;
        uint16_t tag;
    } geometry_box;
""")
ffi.cdef(
    """
    typedef struct {
        uint8_t layer;
        float left, bottom, right, top;
        uint16_t tag;
    } geometry_record;
    """,
    packed=True,
)
# endregion
# starter:
#| # TODO: these two are wrong in four places, and nothing here notices. `inspect lesson-8.3` does.
#| ffi.cdef("""
#|     typedef struct {
#|         uint16_t tag;
#|         geometry_point low;
#|         geometry_point high;
#|         uint8_t layer;
#|     } geometry_box;
#| """)
#| ffi.cdef(
#|     """
#|     typedef struct {
#|         uint8_t layer;
#|         float left, bottom, top, right;
#|         uint32_t tag;
#|     } geometry_record;
#|     """,
#| )
# endtask
ffi.cdef("""
    double geometry_area(geometry_point a, geometry_point b);
    geometry_point geometry_middle(geometry_point a, geometry_point b);
    int geometry_join(const geometry_box *a, const geometry_box *b, geometry_box *out);
    int geometry_read(const geometry_record *record, geometry_box *out);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libgeometry.so")))


def layout() -> dict:
    """Size, alignment and offsets of each struct, as this bridge believes them."""
    kinds = {name: ffi.typeof(f"geometry_{name}") for name in ("point", "box", "record")}
    return {
        name: {
            "size": ffi.sizeof(kind),
            "align": ffi.alignof(kind),
            "offsets": {field: ffi.offsetof(kind, field) for field, _ in kind.fields},
        }
        for name, kind in kinds.items()
    }


def _point(place: str, value: tuple):
    """A pair of numbers as a point that the result owns; TypeError that names `place`."""
    try:
        x, y = value
        return ffi.new("geometry_point *", (x, y))
    except (TypeError, ValueError):
        raise TypeError(f"{place} is no pair of numbers") from None


def _number(place: str, value: int, kind: str) -> int:
    """`value` if `kind` can hold it; TypeError or OverflowError that names `place`."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{place} is no integer") from None
    if int(ffi.cast(kind, whole)) != whole:
        raise OverflowError(f"{place} does not fit")
    return whole


def _box(place: str, value: dict):
    """A box of a dict, of which every field was looked at before C sees one."""
    if not isinstance(value, dict) or set(value) != {"layer", "low", "high", "tag"}:
        raise TypeError(f"{place} needs exactly layer, low, high and tag")
    fields = {
        "layer": _number(f"{place}.layer", value["layer"], "uint8_t"),
        "low": _point(f"{place}.low", value["low"])[0],
        "high": _point(f"{place}.high", value["high"])[0],
        "tag": _number(f"{place}.tag", value["tag"], "uint16_t"),
    }
    return ffi.new("geometry_box *", fields)


def _result(operation: str, status: int, box, what: str) -> dict:
    """The box that C filled, as a dict; ValueError for a code of geometry.h."""
    if status != 0:
        raise ValueError(f"{operation}: code {status} for {what}")
    low, high = (box.low.x, box.low.y), (box.high.x, box.high.y)
    return {"layer": box.layer, "low": low, "high": high, "tag": box.tag}


def area(a: tuple, b: tuple) -> float:
    """The area between two opposite corners."""
    return lib.geometry_area(_point("area: a", a)[0], _point("area: b", b)[0])


def middle(a: tuple, b: tuple) -> tuple:
    """The point halfway between two points."""
    point = lib.geometry_middle(_point("middle: a", a)[0], _point("middle: b", b)[0])
    return (point.x, point.y)


def join(a: dict, b: dict) -> dict:
    """The smallest box around two boxes."""
    c_a, c_b, out = _box("join: a", a), _box("join: b", b), ffi.new("geometry_box *")
    return _result("join", lib.geometry_join(c_a, c_b, out), out, "a and b")


def read(data: bytes) -> dict:
    """The box that a record of a drawing describes."""
    record, out = ffi.new("geometry_record *"), ffi.new("geometry_box *")
    if len(data) != ffi.sizeof(record[0]):
        raise ValueError(f"read: record of {len(data)} bytes, not {ffi.sizeof(record[0])}")
    ffi.memmove(record, data, len(data))
    what = f"record {record.tag} on layer {record.layer}"
    return _result("read", lib.geometry_read(record, out), out, what)
