"""units through ctypes: Python says how wide each integer is, and ctypes cuts to that width."""

import ctypes
import operator
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libunits.so")))

lib.units_length.argtypes = [ctypes.c_int32, ctypes.c_uint8, ctypes.POINTER(ctypes.c_int64)]
lib.units_blocks.argtypes = [ctypes.c_size_t, ctypes.c_uint32, ctypes.POINTER(ctypes.c_size_t)]
lib.units_seconds.argtypes = [ctypes.c_long, ctypes.POINTER(ctypes.c_long)]
lib.units_length.restype = ctypes.c_int
lib.units_blocks.restype = ctypes.c_int
lib.units_seconds.restype = ctypes.c_int
lib.units_celsius.argtypes = [ctypes.c_double]
lib.units_celsius.restype = ctypes.c_double


def _fit(operation: str, name: str, value: int, kind: type) -> int:
    """Return `value`; TypeError if it is no integer, OverflowError if `kind` cannot hold it."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{operation}: {name} is no integer") from None
    return whole


def _check(operation: str, status: int, what: str) -> None:
    """Turn a code of units.h into ValueError."""
    if status != 0:
        raise ValueError(f"{operation}: code {status} for {what}")


def length(feet: int, inches: int) -> int:
    """Feet and inches in tenths of a millimetre."""
    feet = _fit("length", "feet", feet, lib.units_length.argtypes[0])
    inches = _fit("length", "inches", inches, lib.units_length.argtypes[1])
    tenths = ctypes.c_int64()
    _check("length", lib.units_length(feet, inches, ctypes.byref(tenths)), f"inches {inches}")
    return tenths.value


def blocks(size: int, block: int) -> int:
    """How many blocks hold `size` bytes."""
    size = _fit("blocks", "size", size, lib.units_blocks.argtypes[0])
    block = _fit("blocks", "block", block, lib.units_blocks.argtypes[1])
    count = ctypes.c_size_t()
    _check("blocks", lib.units_blocks(size, block, ctypes.byref(count)), f"block {block}")
    return count.value


def seconds(minutes: int) -> int:
    """Minutes in seconds."""
    minutes = _fit("seconds", "minutes", minutes, lib.units_seconds.argtypes[0])
    result = ctypes.c_long()
    _check("seconds", lib.units_seconds(minutes, ctypes.byref(result)), f"minutes {minutes}")
    return result.value


def celsius(fahrenheit: float) -> float:
    """Degrees Fahrenheit in degrees Celsius."""
    return lib.units_celsius(fahrenheit)


def unchecked(feet: int, inches: int) -> int:
    """`length` without a check: what ctypes alone makes of two integers."""
    tenths = ctypes.c_int64()
    status = lib.units_length(feet, inches, ctypes.byref(tenths))
    return tenths.value if status == 0 else status
