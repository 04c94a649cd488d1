"""Lesson 8.4: bit-fields, a union, an enum and a flexible array, over and back."""

import re
import struct
import sys

from observe import attempt

HEADER = struct.pack("=I", 2 | 5 << 8 | 700 << 11 | 6 << 21 | 9 << 24)


def names_kinds(bridge, kind):
    return attempt(bridge.name, kind)


def carries_numbers(bridge, value, priority, hops):
    return bridge.parse(bridge.build(1, value, priority, hops))


def carries_reals(bridge, value):
    return bridge.parse(bridge.build(2, value, priority=7))


def carries_text(bridge, value, hops):
    return bridge.parse(bridge.build(5, value, hops=hops))


def fills_every_bit(bridge, length):
    """The largest value of each field; the bytes are those of the C compiler."""
    made = bridge.build(5, bytes(length), priority=7, hops=255)
    return [len(made), made[:8], bridge.parse(made)["hops"]]


def reads_its_own_map(bridge, data):
    """A header through the bridge's own description, or through the shim where it has none."""
    return bridge.mapped(data)


def refuses_half_a_header(bridge, data):
    return _refusal(bridge.mapped, data, words=("mapped", str(len(data))))


def refuses_fields(bridge, field, value):
    """A value that its bits cannot hold, and what is no integer."""
    return _refusal(bridge.build, 1, 5, **{field: value}, words=("build", field))


def refuses_long_text(bridge, length):
    return _refusal(lambda: len(bridge.build(5, bytes(length))), words=("build", "length"))


def refuses_kinds(bridge, kind):
    """What is no kind, also where three bits would make one of it."""
    return [
        _refusal(bridge.name, kind, words=("name", "kind")),
        _refusal(bridge.build, kind, 5, words=("build", "kind")),
    ]


def refuses_values(bridge):
    """The member of the union that the kind asks for, and no other."""
    wrong = [(1, 2.0), (1, b"5"), (1, 2**63), (2, 5), (2, "2.5"), (5, 5), (5, "text")]
    return [_refusal(bridge.build, kind, value, words=("build", "value")) for kind, value in wrong]


def refuses_packets(bridge):
    """The library looks at a whole packet; its code becomes an exception."""
    good = bridge.build(1, 5, priority=3, hops=1)
    other_version, unknown_kind = b"\x01" + good[1:], good[:1] + b"\x43" + good[2:]
    wrong = {
        "nothing": b"",
        "half of a header": good[:2],
        "half of a packet": good[:-1],
        "one byte more": good + b"\x00",
        "another version": other_version,
        "an unknown kind": unknown_kind,
        "a damaged value": good[:-1] + b"\x01",
        "a damaged header": good[:3] + b"\x02" + good[4:],
    }
    found = {
        what: _refusal(bridge.parse, data, words=("parse", "-1", "-2", "-3"))
        for what, data in wrong.items()
    }
    return {**found, "no bytes": _refusal(bridge.parse, 12, words=("parse", "data"))}


def keeps_no_reference(bridge):
    """How many references to what was passed are more after a hundred calls."""
    text, number, large = b"a text of mine", 2**40 + 1, 2**70
    made = bridge.build(5, text)
    owned = [text, number, large, made]

    def count():
        return [sys.getrefcount(thing) for thing in owned]

    before = count()
    for _ in range(100):
        bridge.build(5, text)
        bridge.build(1, number)
        attempt(bridge.build, 1, large)
        attempt(bridge.build, 1, number, priority=large)
        bridge.parse(made)
        attempt(bridge.parse, made + b"\x00")
    return [now - then for now, then in zip(count(), before)]


def keeps_no_memory(bridge):
    """How many blocks of Python's allocator each call leaves behind."""
    made = bridge.build(5, b"text")
    calls = {
        "build": lambda: bridge.build(5, b"text"),
        "build, refused": lambda: attempt(bridge.build, 5, b"text", priority=8),
        "parse": lambda: bridge.parse(made),
        "parse, refused": lambda: attempt(bridge.parse, made[:-1]),
    }
    left = {}
    for name, call in calls.items():
        call()
        before = sys.getallocatedblocks()
        for _ in range(500):
            call()
        left[name] = round((sys.getallocatedblocks() - before) / 500)
    return left


def _refusal(function, *arguments, words, **named):
    """The class of the exception, and which of `words` its message has."""
    try:
        return {"returned": function(*arguments, **named)}
    except Exception as error:
        found = re.findall(r"-?\w+", str(error))
        return {"raised": type(error).__name__, "names": [word for word in words if word in found]}


# Evidence: facts of ctypes and CFFI, observed on the solution.


def misplaces_bit_fields(bridge):
    """B27: which headers ctypes places as the compiler does. CFFI stands for the compiler."""
    import ctypes

    from cffi import FFI

    kinds = {"uint8_t": ctypes.c_uint8, "unsigned": ctypes.c_uint, "int": ctypes.c_int}
    headers = {
        "one type": [("unsigned", 3), ("unsigned", 10), ("unsigned", 19)],
        "a byte in front": [("uint8_t", None), ("unsigned", 10), ("unsigned", 14)],
        "the header of packet.h": [
            ("uint8_t", None),
            ("unsigned", 3),
            ("unsigned", 10),
            ("unsigned", 3),
            ("uint8_t", None),
        ],
    }
    found = {}
    for name, fields in headers.items():
        ffi = FFI()
        lines = [f"{kind} f{n}{f' : {bits}' if bits else ''};" for n, (kind, bits) in _each(fields)]
        ffi.cdef(f"typedef struct {{ {' '.join(lines)} }} header;")
        described = [
            (f"f{n}", kinds[kind], bits) if bits else (f"f{n}", kinds[kind])
            for n, (kind, bits) in _each(fields)
        ]
        mapped = type("Header", (ctypes.Structure,), {"_fields_": described})
        found[name] = {"C": ffi.sizeof("header"), "ctypes": ctypes.sizeof(mapped)}
    return found


def _each(fields):
    return list(enumerate(fields))


def cuts_bit_fields(bridge):
    """B27: a value with too many bits, in a description that is right."""
    import ctypes

    from cffi import FFI

    class Small(ctypes.Structure):
        _fields_ = [("priority", ctypes.c_uint, 3), ("rest", ctypes.c_uint, 29)]

    ffi = FFI()
    ffi.cdef("typedef struct { unsigned priority : 3; unsigned rest : 29; } small;")
    ours, theirs = Small(priority=12), ffi.new("small *")
    return {
        "ctypes keeps of 12": ours.priority,
        "cffi, given 12": attempt(setattr, theirs, "priority", 12),
    }


def reads_bools(bridge):
    """E7, E9: a _Bool is 0 or 1. CFFI has looked since 1.10; ctypes does not."""
    import ctypes

    ffi = bridge.ffi
    flags = ffi.new("_Bool[3]", [True, True, False])
    odd = ffi.new("_Bool *")
    ffi.memmove(odd, b"\x02", 1)
    return {
        "a 2, read by CFFI": attempt(lambda: odd[0]),
        "a 2, read by ctypes": ctypes.c_bool.from_buffer_copy(b"\x02").value,
        "ffi.string of _Bool[]": attempt(ffi.string, flags),
        "list of _Bool[]": list(flags),
    }
