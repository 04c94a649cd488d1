"""settings through ctypes: a byte that may be anything is declared as a byte, not as a bool."""

import ctypes
import operator
import os
from pathlib import Path
from typing import Optional

ERASED, E_INDEX = 0xFF, -4
lib = ctypes.CDLL(str(Path(__file__).with_name("libsettings.so")))


class Settings(ctypes.Structure):
    _fields_ = [
        ("format", ctypes.c_uint16),
        ("name", ctypes.c_char * 8),
        ("switches", ctypes.c_uint8 * 4),  # a bool of C, read as the byte it is
    ]


lib.settings_load.argtypes = [ctypes.POINTER(Settings), ctypes.c_char_p, ctypes.c_size_t]
lib.settings_load.restype = ctypes.c_int
lib.settings_set.argtypes = [ctypes.POINTER(Settings), ctypes.c_int, ctypes.c_bool]
lib.settings_set.restype = ctypes.c_int
lib.settings_export.argtypes = [ctypes.POINTER(Settings), ctypes.c_char_p]
lib.settings_export.restype = ctypes.c_int

process = ctypes.CDLL(None)  # all that this process has loaded for everybody
process.getenv.argtypes = [ctypes.c_char_p]
process.getenv.restype = ctypes.c_char_p


def _check(operation: str, code: int, about: str) -> None:
    """IndexError or ValueError for a code of settings.h."""
    if code != 0:
        kind = IndexError if code == E_INDEX else ValueError
        raise kind(f"{operation}: code {code} for {about}")


def _load(operation: str, block: bytes) -> Settings:
    """The record of a block; TypeError if it is no bytes, ValueError if the library refuses it."""
    if not isinstance(block, bytes):
        raise TypeError(f"{operation}: block is no bytes")
    record = Settings()
    code = lib.settings_load(ctypes.byref(record), block, len(block))
    _check(operation, code, f"block of {len(block)} bytes")
    return record


def _integer(operation: str, index: int) -> int:
    """`index` as a C int; TypeError or OverflowError that names the operation."""
    try:
        whole = operator.index(index)
    except TypeError:
        raise TypeError(f"{operation}: index is no integer") from None
    if ctypes.c_int(whole).value != whole:
        raise OverflowError(f"{operation}: index does not fit")
    return whole


def _encoded(operation: str, variable: str) -> bytes:
    """The name of a variable for C; TypeError or ValueError that names the operation."""
    if not isinstance(variable, str):
        raise TypeError(f"{operation}: variable is no str")
    if "\0" in variable:
        raise ValueError(f"{operation}: variable has a NUL")
    return os.fsencode(variable)


def switches(block: bytes) -> list[Optional[bool]]:
    """What each switch is: on, off, or None if it was never written."""
    record = _load("switches", block)
    return [None if byte == ERASED else byte == 1 for byte in record.switches]


def name(block: bytes) -> Optional[str]:
    """The device's name, None if it was never written."""
    text = _load("name", block).name
    return None if text[:1] == b"\xff" else text.decode("ascii")


def turn(block: bytes, index: int, on: bool) -> bytes:
    """The block with one switch turned on or off."""
    record = _load("turn", block)
    if not isinstance(on, bool):
        raise TypeError("turn: on is no bool")
    code = lib.settings_set(ctypes.byref(record), _integer("turn", index), on)
    _check("turn", code, f"index {index!r}")
    return bytes(record)


def export(block: bytes, variable: str) -> None:
    """Put the switches into the environment, for programs that this one starts."""
    record, data = _load("export", block), _encoded("export", variable)
    code = lib.settings_export(ctypes.byref(record), data)
    _check("export", code, f"variable {variable!r}")


def exported(variable: str) -> Optional[str]:
    """What C sees in the environment, which os.environ only copied when Python started."""
    data = _encoded("exported", variable)
    value = process.getenv(data)
    return os.fsdecode(value)
