"""totals through CFFI in ABI mode: one call for many numbers."""

from array import array
from pathlib import Path

from cffi import FFI

START = 2166136261

ffi = FFI()
ffi.cdef("""
    int add(int a, int b);
    uint32_t totals_byte(uint32_t sum, uint8_t byte);
    uint32_t totals_bytes(uint32_t sum, const uint8_t *data, size_t count);
    int64_t totals_sum(const int32_t *values, size_t count);
    uint64_t totals_calls(void);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libtotals.so")))


def add(a: int, b: int) -> int:
    """Return a + b."""
    return lib.add(a, b)


def checksum(data: bytes) -> int:
    """Return the checksum of data."""
    # TODO 1: right, but one call for each byte. totals_bytes takes them all at once.
    result = START
    for byte in data:
        result = lib.totals_byte(result, byte)
    return result


def total(values: list) -> int:
    """Return the sum of values; raise OverflowError if one does not fit an int32_t."""
    # TODO 2: one call and one copy for each number. Lend totals_sum the memory of the array.
    numbers = array("i", values)
    return sum(lib.totals_sum(ffi.new("int32_t[1]", [number]), 1) for number in numbers)


def calls() -> int:
    """Return how often C was called."""
    return lib.totals_calls()
