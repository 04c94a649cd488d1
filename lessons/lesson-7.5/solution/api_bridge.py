"""totals through CFFI in API mode: one call for many numbers."""

from array import array

from _lesson_7_5 import ffi, lib

START = 2166136261


def add(a: int, b: int) -> int:
    """Return a + b."""
    return lib.add(a, b)


def checksum(data: bytes) -> int:
    """Return the checksum of data."""
    return lib.totals_bytes(START, data, len(data))


def total(values: list) -> int:
    """Return the sum of values; raise OverflowError if one does not fit an int32_t."""
    # region: total
    # The array lends its memory: nothing is copied, and it must live as long as the call.
    numbers = ffi.from_buffer("int32_t[]", array("i", values))
    return lib.totals_sum(numbers, len(numbers))
    # endregion


def calls() -> int:
    """Return how often C was called."""
    return lib.totals_calls()
