"""Bridge api: a compiled extension module that CFFI has written."""

from _lesson_7_2 import ffi, lib


def add(a: int, b: int) -> int:
    """The sum of two C ints."""
    return lib.add(a, b)


def add_scaled(a: int, factor: float, b: int) -> float:
    """a * factor + b, computed in C."""
    return lib.add_scaled(a, factor, b)


def add_text(text: bytes) -> int:
    """The sum of the whole numbers in a text; ValueError with the library's own message."""
    total = ffi.new("int64_t *")
    status = lib.add_text(text, total)
    if status != 0:
        raise ValueError(message(status))
    return total[0]


def message(status: int) -> str:
    """What a status means; LookupError if there is no such status."""
    address = lib.add_message(status)
    if address == ffi.NULL:
        raise LookupError(status)
    # The library owns the text; ffi.string copies it up to the NUL byte.
    return ffi.string(address).decode("ascii")
