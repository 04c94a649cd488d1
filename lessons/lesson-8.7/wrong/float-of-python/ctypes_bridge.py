"""journal through ctypes: every argument behind the fixed part is given its C type by hand."""

import ctypes
import operator
from pathlib import Path
from typing import Optional

OFF, E_LEVEL = 0, -1
lib = ctypes.CDLL(str(Path(__file__).with_name("libjournal.so")))
lib.journal_write.argtypes = [ctypes.c_int, ctypes.c_char_p]  # the fixed part; more may follow
lib.journal_write.restype = ctypes.c_int
lib.journal_set_mask.argtypes = [ctypes.c_uint]
lib.journal_set_mask.restype = ctypes.c_int
lib.journal_last.argtypes = []
lib.journal_last.restype = ctypes.c_char_p
lib.journal_lines.argtypes = []
lib.journal_lines.restype = ctypes.c_int64


def _integer(place: str, value: int, kind: type) -> int:
    """`value` if `kind` can hold it; TypeError or OverflowError that names `place`."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{place} is no integer") from None
    if kind(whole).value != whole:
        raise OverflowError(f"{place} does not fit")
    return whole


def _real(place: str, value: float) -> float:
    """`value` as a double; TypeError or OverflowError that names `place`."""
    if not isinstance(value, (int, float)):
        raise TypeError(f"{place} is no number")
    try:
        return float(value)
    except OverflowError:
        raise OverflowError(f"{place} does not fit") from None


def _encoded(place: str, text: str) -> bytes:
    """A text as C reads it to its end; TypeError or ValueError that names `place`."""
    if not isinstance(text, str):
        raise TypeError(f"{place} is no str")
    if "\0" in text:
        raise ValueError(f"{place} has a NUL")
    return text.encode()


def _line(operation: str, code: int, about: object) -> Optional[str]:
    """The line that was written, None if its level is off; ValueError for a code of journal.h."""
    if code < 0:
        raise ValueError(f"{operation}: code {code} for {about!r}")
    return None if code == OFF else lib.journal_last().decode()


def text(level: int, message: str) -> Optional[str]:
    """Write a message as it is."""
    level = _integer("text: level", level, ctypes.c_int)
    data = _encoded("text: message", message)
    code = lib.journal_write(level, b"%s", ctypes.c_char_p(data))
    return _line("text", code, message)


def number(level: int, name: str, value: int) -> Optional[str]:
    """Write name=value, a 64-bit integer."""
    level = _integer("number: level", level, ctypes.c_int)
    data = _encoded("number: name", name)
    value = _integer("number: value", value, ctypes.c_int64)
    code = lib.journal_write(level, b"%s=%lld", ctypes.c_char_p(data), ctypes.c_longlong(value))
    return _line("number", code, name)


def real(level: int, name: str, value: float) -> Optional[str]:
    """Write name=value with nine digits."""
    level = _integer("real: level", level, ctypes.c_int)
    data = _encoded("real: name", name)
    value = _real("real: value", value)
    code = lib.journal_write(level, b"%s=%.9g", ctypes.c_char_p(data), value)
    return _line("real", code, name)


def upto(level: int) -> None:
    """Keep the levels from 0 to `level`, drop the others."""
    bits = _integer("upto: level", level, ctypes.c_int)
    if not 0 <= bits <= 7:
        raise ValueError(f"upto: code {E_LEVEL} for {level!r}")
    _line("upto", lib.journal_set_mask((2 << bits) - 1), level)  # journal_upto, copied


def lines() -> int:
    """How many lines were written."""
    return lib.journal_lines()
