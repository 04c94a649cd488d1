"""Lesson 8.3: structs that Python and C must see alike, byte for byte."""

import ctypes
import re
import struct
import sys

from observe import attempt


def knows_the_layout(bridge, name):
    """The layout that the bridge works with; C's own comes from ext in C."""
    found = bridge.layout()[name]
    return {**found, "offsets": dict(sorted(found["offsets"].items()))}


def measures_area(bridge, left, bottom, right, top):
    return bridge.area((left, bottom), (right, top))


def finds_the_middle(bridge, left, bottom, right, top):
    return bridge.middle((left, bottom), (right, top))


def joins(bridge, layer, left, bottom, tag, other):
    """Two boxes of one size, of which the other is moved by ten."""
    a = _box(layer, left, bottom, tag)
    b = _box(layer, left + 10, bottom - 10, other)
    return bridge.join(a, b)


def reads_a_record(bridge, layer, left, bottom, tag):
    return bridge.read(_record(layer, left, bottom, left + 1, bottom + 2, tag))


def refuses_boxes(bridge, field, value):
    """One field of the second box is wrong: the message names operation, argument and field."""
    return _refusal(bridge.join, _box(), {**_box(), field: value}, words=("join", "b", field))


def refuses_other_fields(bridge):
    """Too few fields, too many, another one, no dict."""
    whole = _box()
    less = {name: value for name, value in whole.items() if name != "high"}
    wrong = [less, {**whole, "name": "a"}, {**less, "hihg": (1, 1)}, [whole], None]
    return [_refusal(bridge.join, box, whole, words=("join", "a")) for box in wrong]


def names_the_first(bridge):
    """Both boxes are wrong."""
    a, b = {**_box(), "layer": 256}, {**_box(), "tag": 65536}
    return _refusal(bridge.join, a, b, words=("join", "a", "layer", "b", "tag"))


def refuses_points(bridge):
    wrong = [(1.0,), (1.0, 2.0, 3.0), (1.0, "2"), 5.0, None]
    return [_refusal(bridge.middle, (0, 0), point, words=("middle", "b")) for point in wrong]


def refuses_what_the_library_refuses(bridge):
    """A code of the library becomes an exception that names it."""
    box, nan = _box(), float("nan")
    flat, undefined = {**box, "high": (1.0, 0.0)}, {**box, "low": (nan, 0.0)}
    elsewhere = {**box, "layer": 2}
    record = _record(255, 0, 0, -1, 1, 65535)
    return {
        "a box without height": _refusal(bridge.join, box, flat, words=("join", "-1")),
        "a box that is undefined": _refusal(bridge.join, undefined, box, words=("join", "-1")),
        "another layer": _refusal(bridge.join, box, elsewhere, words=("join", "-2")),
        "a record without width": _refusal(bridge.read, record, words=RECORD),
    }


RECORD = ("read", "-1", "65535", "255")


def refuses_records(bridge, size):
    return _refusal(bridge.read, bytes(size), words=("read", str(size), "19"))


def keeps_no_reference(bridge):
    """How many references to a box, its parts and a record are more after a hundred calls."""
    box, wrong = _box(tag=40000), {**_box(), "tag": 70000}
    record = _record(1, 0, 0, 2, 2, 3)
    owned = [box, box["low"], box["tag"], wrong, wrong["tag"], record]

    def count():
        return [sys.getrefcount(thing) for thing in owned]

    before = count()
    for _ in range(100):
        bridge.join(box, box)
        attempt(bridge.join, box, wrong)
        bridge.read(record)
    return [now - then for now, then in zip(count(), before)]


def _box(layer=1, left=0, bottom=0, tag=7):
    low, high = (float(left), float(bottom)), (left + 100.5, bottom + 50.25)
    return {"layer": layer, "low": low, "high": high, "tag": tag}


def _record(layer, left, bottom, right, top, tag):
    return struct.pack("=B4fH", layer, left, bottom, right, top, tag)


def _refusal(function, *arguments, words):
    """The class of the exception, and which of `words` its message has."""
    try:
        return {"returned": function(*arguments)}
    except Exception as error:
        found = re.findall(r"-?\w+", str(error))
        return {"raised": type(error).__name__, "names": [word for word in words if word in found]}


# Evidence: facts of ctypes and CFFI, observed on the solution.


def takes_other_names(bridge):
    """B23, B24: `fields` and `pack` are attributes that nobody reads."""

    # region: names
    class Nothing(ctypes.Structure):
        fields = [("kind", ctypes.c_uint8), ("number", ctypes.c_uint32)]

    class Loose(ctypes.Structure):
        pack = 1
        _fields_ = [("kind", ctypes.c_uint8), ("number", ctypes.c_uint32)]

    class Tight(ctypes.Structure):
        _pack_ = 1
        _fields_ = [("kind", ctypes.c_uint8), ("number", ctypes.c_uint32)]

    # endregion
    sizes = {kind.__name__: ctypes.sizeof(kind) for kind in (Nothing, Loose, Tight)}
    return {**sizes, "a field of Nothing, read": attempt(lambda: Nothing().number)}


def packs_when_told(bridge):
    """B25, B26: the rules of the compiler, unless `packed` says otherwise."""
    from cffi import FFI

    sizes = {}
    for how in ({}, {"packed": True}, {"pack": 2}):
        ffi = FFI()
        ffi.cdef("typedef struct { uint8_t kind; uint32_t number; } entry;", **how)
        name = " ".join(f"{key}={value}" for key, value in how.items()) or "as it stands"
        sizes[name] = [ffi.sizeof("entry"), ffi.alignof("entry"), ffi.offsetof("entry", "number")]
    return sizes


def fills_field_by_field(bridge):
    """D72: whoever sets fields one by one has half a box in hand when the third is refused."""
    box = bridge.Box(tag=7)
    # region: halfway
    box.layer = 257
    refused = attempt(setattr, box, "low", "corner")
    # endregion
    return {"layer": box.layer, "low": [box.low.x, box.low.y], "the corner": refused}
