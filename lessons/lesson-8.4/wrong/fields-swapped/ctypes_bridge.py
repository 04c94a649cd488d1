"""packet through ctypes: bit-fields come through the shim, because ctypes misplaces them."""

import ctypes
import operator
from pathlib import Path

VERSION, NUMBER, REAL, TEXT = 2, 1, 2, 5
lib = ctypes.CDLL(str(Path(__file__).with_name("libpacket.so")))


class Mapped(ctypes.Structure):
    """packet_header word by word, and wrong: for reading only."""

    _fields_ = [
        ("version", ctypes.c_uint8),
        ("kind", ctypes.c_uint, 3),
        ("length", ctypes.c_uint, 10),
        ("priority", ctypes.c_uint, 3),
        ("hops", ctypes.c_uint8),
    ]


class Packet(ctypes.Structure):
    """The header stays four bytes, of which ctypes knows nothing; the payload follows."""

    _fields_ = [
        ("header", ctypes.c_uint8 * 4),
        ("sum", ctypes.c_uint32),
        ("payload", ctypes.c_uint8 * 0),
    ]


class Fields(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_int32) for name in ("version", "length", "kind", "priority", "hops")
    ]


lib.shim_get.argtypes = [ctypes.POINTER(Packet), ctypes.POINTER(Fields)]
lib.shim_get.restype = None
lib.shim_set.argtypes = [ctypes.POINTER(Packet), ctypes.POINTER(Fields)]
lib.shim_set.restype = ctypes.c_int


class Value(ctypes.Union):
    _fields_ = [("number", ctypes.c_int64), ("real", ctypes.c_double)]


lib.packet_kind_name.argtypes = [ctypes.c_uint]  # no member is negative
lib.packet_kind_name.restype = ctypes.c_char_p
lib.packet_sum.argtypes = [ctypes.POINTER(Packet)]
lib.packet_sum.restype = ctypes.c_uint32
lib.packet_check.argtypes = [ctypes.POINTER(Packet), ctypes.c_size_t]
lib.packet_check.restype = ctypes.c_int


def _integer(place: str, value: int, kind: type) -> int:
    """`value` if `kind` can hold it; TypeError or OverflowError that names `place`."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{place} is no integer") from None
    if kind(whole).value != whole:
        raise OverflowError(f"{place} does not fit")
    return whole


def _payload(kind: int, value) -> bytes:
    """What C expects behind the header, for each kind another member of the union."""
    if kind == NUMBER:
        return bytes(Value(number=_integer("build: value", value, ctypes.c_int64)))
    if not isinstance(value, float if kind == REAL else bytes):
        raise TypeError(f"build: value does not belong to kind {kind}")
    return bytes(Value(real=value)) if kind == REAL else value


def _name(operation: str, kind: int) -> str:
    """What C calls a kind; ValueError if there is no such kind."""
    found = lib.packet_kind_name(_integer(f"{operation}: kind", kind, ctypes.c_uint))
    if found is None:
        raise ValueError(f"{operation}: kind {kind} is unknown")
    return found.decode("ascii")


def name(kind: int) -> str:
    """What C calls a kind."""
    return _name("name", kind)


def build(kind: int, value, priority: int = 0, hops: int = 0) -> bytes:
    """A packet as bytes; `value` is an int, a float or bytes, as the kind says."""
    _name("build", kind)
    payload = _payload(kind, value)
    numbers = {"kind": kind, "length": len(payload), "priority": priority, "hops": hops}
    numbers = {word: _integer(f"build: {word}", n, ctypes.c_int32) for word, n in numbers.items()}
    room = ctypes.create_string_buffer(ctypes.sizeof(Packet) + len(payload))
    packet = Packet.from_buffer(room)  # keeps `room`
    unfit = lib.shim_set(packet, Fields(VERSION, **numbers))
    if unfit:
        raise OverflowError(f"build: {Fields._fields_[unfit - 1][0]} does not fit")
    ctypes.memmove(ctypes.addressof(packet.payload), payload, len(payload))
    packet.sum = lib.packet_sum(packet)
    return room.raw


def parse(data: bytes) -> dict:
    """The fields of a packet; ValueError for a code of packet.h."""
    if not isinstance(data, bytes):
        raise TypeError("parse: data is no bytes")
    room = ctypes.create_string_buffer(data, max(len(data), ctypes.sizeof(Packet)))
    packet, fields = Packet.from_buffer(room), Fields()
    code = lib.packet_check(packet, len(data))
    if code != 0:
        raise ValueError(f"parse: code {code} for data")
    lib.shim_get(packet, fields)
    payload = room.raw[Packet.payload.offset :]
    value = payload
    if fields.kind != TEXT:
        union = Value.from_buffer_copy(payload)
        value = union.number if fields.kind == NUMBER else union.real
    numbers = {word: getattr(fields, word) for word in ("kind", "priority", "hops")}
    return {**numbers, "value": value}


def mapped(data: bytes) -> list:
    """The header as this bridge's own description has it."""
    if len(data) < 4:
        raise ValueError(f"mapped: {len(data)} bytes are no header")
    header = Mapped.from_buffer_copy(data + bytes(ctypes.sizeof(Mapped)))
    return [getattr(header, word) for word, *_ in Mapped._fields_]
