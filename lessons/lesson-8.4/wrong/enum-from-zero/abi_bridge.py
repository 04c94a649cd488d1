"""packet through CFFI in ABI mode: it places bit-fields as the compiler does, and checks them."""

import operator
from pathlib import Path

from cffi import FFI

VERSION = 2
ffi = FFI()
ffi.cdef("""
    typedef enum { PACKET_NUMBER, PACKET_REAL, PACKET_TEXT } packet_kind;

    typedef struct {
        uint8_t version;
        unsigned kind : 3;
        unsigned length : 10;
        unsigned priority : 3;
        uint8_t hops;
    } packet_header;

    typedef union { int64_t number; double real; } packet_value;

    typedef struct { packet_header header; uint32_t sum; uint8_t payload[]; } packet;
""")
ffi.cdef("""
    const char *packet_kind_name(packet_kind kind);
    uint32_t packet_sum(const packet *of);
    int packet_check(const packet *of, size_t size);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libpacket.so")))


def _integer(place: str, value: int, kind: str) -> int:
    """`value` if `kind` can hold it; TypeError or OverflowError that names `place`."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{place} is no integer") from None
    if int(ffi.cast(kind, whole)) != whole:
        raise OverflowError(f"{place} does not fit")
    return whole


def _payload(kind: int, value) -> bytes:
    """What C expects behind the header, for each kind another member of the union."""
    if kind == lib.PACKET_NUMBER:
        union = {"number": _integer("build: value", value, "int64_t")}
    elif not isinstance(value, float if kind == lib.PACKET_REAL else bytes):
        raise TypeError(f"build: value does not belong to kind {kind}")
    elif kind == lib.PACKET_TEXT:
        return value
    else:
        union = {"real": value}
    return bytes(ffi.buffer(ffi.new("packet_value *", union)))


def _name(operation: str, kind: int) -> str:
    """What C calls a kind; ValueError if there is no such kind."""
    found = lib.packet_kind_name(_integer(f"{operation}: kind", kind, "packet_kind"))
    if found == ffi.NULL:
        raise ValueError(f"{operation}: kind {kind} is unknown")
    return ffi.string(found).decode("ascii")


def name(kind: int) -> str:
    """What C calls a kind."""
    return _name("name", kind)


def build(kind: int, value, priority: int = 0, hops: int = 0) -> bytes:
    """A packet as bytes; `value` is an int, a float or bytes, as the kind says."""
    _name("build", kind)
    payload = _payload(kind, value)
    numbers = {"kind": kind, "length": len(payload), "priority": priority, "hops": hops}
    packet = ffi.new("packet *", {"payload": len(payload)})
    packet.header.version = VERSION
    for word, number in numbers.items():
        number = _integer(f"build: {word}", number, "int32_t")
        try:
            setattr(packet.header, word, number)
        except OverflowError:
            raise OverflowError(f"build: {word} does not fit") from None
    ffi.memmove(packet.payload, payload, len(payload))
    packet.sum = lib.packet_sum(packet)
    return bytes(ffi.buffer(packet))


def parse(data: bytes) -> dict:
    """The fields of a packet; ValueError for a code of packet.h."""
    if not isinstance(data, bytes):
        raise TypeError("parse: data is no bytes")
    packet = ffi.new("packet *", {"payload": len(data)})  # more room than it needs
    ffi.memmove(packet, data, len(data))
    code = lib.packet_check(packet, len(data))
    if code != 0:
        raise ValueError(f"parse: code {code} for data")
    header = packet.header
    fields = {word: getattr(header, word) for word in ("kind", "priority", "hops")}
    if header.kind == lib.PACKET_TEXT:
        return {**fields, "value": bytes(ffi.buffer(packet.payload, header.length))}
    union = ffi.new("packet_value *")
    ffi.memmove(union, packet.payload, ffi.sizeof("packet_value"))
    value = union.number if header.kind == lib.PACKET_NUMBER else union.real
    return {**fields, "value": value}


def mapped(data: bytes) -> list:
    """The header as this bridge's own description has it."""
    if len(data) < 4:
        raise ValueError(f"mapped: {len(data)} bytes are no header")
    header = ffi.new("packet_header *")
    ffi.memmove(header, data, ffi.sizeof(header[0]))
    return [header.version, header.kind, header.length, header.priority, header.hops]
