"""Bridge ctypes: the library is opened at run time, and only Python knows its types."""

import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libadd.so")))

lib.add.argtypes = [ctypes.c_int, ctypes.c_int]
lib.add.restype = ctypes.c_int

lib.add_scaled.argtypes = [ctypes.c_int, ctypes.c_double, ctypes.c_int64]
lib.add_scaled.restype = ctypes.c_double

lib.add_text.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_int64)]
lib.add_text.restype = ctypes.c_int

lib.add_message.argtypes = [ctypes.c_int]
lib.add_message.restype = ctypes.c_void_p


def add(a: int, b: int) -> int:
    """The sum of two C ints."""
    try:
        return ctypes.c_int(ctypes.c_int(a).value + ctypes.c_int(b).value).value
    except TypeError as error:
        raise ctypes.ArgumentError(str(error)) from error


def add_scaled(a: int, factor: float, b: int) -> float:
    """a * factor + b, computed in C."""
    return lib.add_scaled(a, factor, b)


def add_text(text: bytes) -> int:
    """The sum of the whole numbers in a text; ValueError with the library's own message."""
    total = ctypes.c_int64()
    status = lib.add_text(text, ctypes.byref(total))
    if status != 0:
        raise ValueError(message(status))
    return total.value


def message(status: int) -> str:
    """What a status means; LookupError if there is no such status."""
    address = lib.add_message(status)
    if not address:
        raise LookupError(status)
    # The library owns the text; string_at copies it up to the NUL byte.
    return ctypes.string_at(address).decode("ascii")
