"""units through CFFI in ABI mode: it refuses what does not fit, and the bridge says what it was."""

import operator
from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    int units_length(int32_t feet, uint8_t inches, int64_t *tenths);
    int units_blocks(size_t bytes, uint32_t block, size_t *count);
    int units_seconds(long minutes, long *seconds);
    double units_celsius(double fahrenheit);
    int units_long_bits(void);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libunits.so")))


def _fit(operation: str, name: str, value: int, kind: str) -> int:
    """Return `value`; TypeError if it is no integer, OverflowError if `kind` cannot hold it."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{operation}: {name} is no integer") from None
    if int(ffi.cast(kind, whole)) != whole:
        raise OverflowError(f"{operation}: {name} does not fit {kind}")
    return whole


def _check(operation: str, status: int, what: str) -> None:
    """Turn a code of units.h into ValueError."""
    if status != 0:
        raise ValueError(f"{operation}: code {status} for {what}")


def length(feet: int, inches: int) -> int:
    """Feet and inches in tenths of a millimetre."""
    feet = _fit("length", "feet", feet, "int32_t")
    inches = _fit("length", "inches", inches, "uint8_t")
    tenths = ffi.new("int64_t *")
    _check("length", lib.units_length(feet, inches, tenths), f"inches {inches}")
    return tenths[0]


def blocks(size: int, block: int) -> int:
    """How many blocks hold `size` bytes."""
    size = _fit("blocks", "size", size, "size_t")
    block = _fit("blocks", "block", block, "uint32_t")
    count = ffi.new("size_t *")
    _check("blocks", lib.units_blocks(size, block, count), f"block {block}")
    return count[0]


def seconds(minutes: int) -> int:
    """Minutes in seconds."""
    minutes = _fit("seconds", "minutes", minutes, "long")
    result = ffi.new("long *")
    _check("seconds", lib.units_seconds(minutes, result), f"minutes {minutes}")
    return result[0]


def celsius(fahrenheit: float) -> float:
    """Degrees Fahrenheit in degrees Celsius."""
    return lib.units_celsius(fahrenheit)


def unchecked(feet: int, inches: int) -> int:
    """`length` without a check: what CFFI alone makes of two integers."""
    tenths = ffi.new("int64_t *")
    status = lib.units_length(feet, inches, tenths)
    return tenths[0] if status == 0 else status
