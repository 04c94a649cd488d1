"""totals through ctypes: one call for many numbers."""

import ctypes
from array import array
from pathlib import Path

START = 2166136261

lib = ctypes.CDLL(str(Path(__file__).with_name("libtotals.so")))
lib.add.argtypes = [ctypes.c_int, ctypes.c_int]
lib.add.restype = ctypes.c_int
lib.totals_byte.argtypes = [ctypes.c_uint32, ctypes.c_uint8]
lib.totals_byte.restype = ctypes.c_uint32
lib.totals_bytes.argtypes = [ctypes.c_uint32, ctypes.c_char_p, ctypes.c_size_t]
lib.totals_bytes.restype = ctypes.c_uint32
lib.totals_sum.argtypes = [ctypes.POINTER(ctypes.c_int32), ctypes.c_size_t]
lib.totals_sum.restype = ctypes.c_int64
lib.totals_calls.argtypes = []
lib.totals_calls.restype = ctypes.c_uint64


def add(a: int, b: int) -> int:
    """Return a + b."""
    return lib.add(a, b)


def checksum(data: bytes) -> int:
    """Return the checksum of data."""
    # task: checksum
    return lib.totals_bytes(START, data, len(data))
    # starter:
    #| # TODO 1: right, but one call for each byte. totals_bytes takes them all at once.
    #| result = START
    #| for byte in data:
    #|     result = lib.totals_byte(result, byte)
    #| return result
    # endtask


def total(values: list) -> int:
    """Return the sum of values; raise OverflowError if one does not fit an int32_t."""
    # task: total
    # array checks each number; ctypes would cut it.
    numbers = array("i", values)
    return lib.totals_sum((ctypes.c_int32 * len(numbers)).from_buffer(numbers), len(numbers))
    # starter:
    #| # TODO 2: one call for each number. Hand totals_sum the array itself.
    #| numbers = array("i", values)  # It checks each number; ctypes would cut it.
    #| return sum(lib.totals_sum((ctypes.c_int32 * 1)(number), 1) for number in numbers)
    # endtask


def calls() -> int:
    """Return how often C was called."""
    return lib.totals_calls()
