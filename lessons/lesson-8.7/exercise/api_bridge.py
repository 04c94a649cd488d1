"""journal through CFFI in API mode: the shim is called like any function of fixed arguments."""

import operator
from typing import Optional

from _lesson_8_7 import ffi, lib


def _integer(place: str, value: int, kind: str) -> int:
    """`value` if `kind` can hold it; TypeError or OverflowError that names `place`."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{place} is no integer") from None
    if int(ffi.cast(kind, whole)) != whole:
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
    return None if code == lib.JOURNAL_OFF else ffi.string(lib.journal_last()).decode()


def text(level: int, message: str) -> Optional[str]:
    """Write a message as it is."""
    level = _integer("text: level", level, "int")
    data = _encoded("text: message", message)
    return _line("text", lib.shim_text(level, data), message)


def number(level: int, name: str, value: int) -> Optional[str]:
    """Write name=value, a 64-bit integer."""
    level = _integer("number: level", level, "int")
    data = _encoded("number: name", name)
    value = _integer("number: value", value, "int64_t")
    return _line("number", lib.shim_number(level, data, value), name)


def real(level: int, name: str, value: float) -> Optional[str]:
    """Write name=value with nine digits."""
    level = _integer("real: level", level, "int")
    data = _encoded("real: name", name)
    value = _real("real: value", value)
    return _line("real", lib.shim_real(level, data, value), name)


def upto(level: int) -> None:
    """Keep the levels from 0 to `level`, drop the others."""
    bits = _integer("upto: level", level, "int")
    _line("upto", lib.shim_upto(bits), level)


def lines() -> int:
    """How many lines were written."""
    return lib.journal_lines()
