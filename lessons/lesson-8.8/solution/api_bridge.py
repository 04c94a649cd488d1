"""settings through CFFI in API mode: the compiler has seen the bool; its bytes are read."""

# task: imports
import operator

# starter:
#| # TODO 4 needs one more module.
# endtask
import os
from typing import Optional

from _lesson_8_8 import ffi, lib


def _check(operation: str, code: int, about: str) -> None:
    """IndexError or ValueError for a code of settings.h."""
    if code != 0:
        kind = IndexError if code == lib.SETTINGS_E_INDEX else ValueError
        raise kind(f"{operation}: code {code} for {about}")


def _load(operation: str, block: bytes) -> "ffi.CData":
    """The record of a block; TypeError if it is no bytes, ValueError if the library refuses it."""
    if not isinstance(block, bytes):
        raise TypeError(f"{operation}: block is no bytes")
    record = ffi.new("settings *")
    code = lib.settings_load(record, block, len(block))
    _check(operation, code, f"block of {len(block)} bytes")
    return record


def _integer(operation: str, index: int) -> int:
    """`index` as a C int; TypeError or OverflowError that names the operation."""
    # task: index
    try:
        whole = operator.index(index)
    except TypeError:
        raise TypeError(f"{operation}: index is no integer") from None
    if int(ffi.cast("int", whole)) != whole:
        raise OverflowError(f"{operation}: index does not fit")
    return whole
    # starter:
    #| # TODO 4: CFFI takes a Decimal on every Python. TypeError for what is no integer,
    #| # OverflowError for what does not fit; both name the operation and the argument.
    #| return index
    # endtask


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
    # task: states
    states = bytes(ffi.buffer(record.switches))
    return [None if byte == lib.SETTINGS_ERASED else byte == 1 for byte in states]
    # starter:
    #| # TODO 3: since CFFI 1.10 this raises for an erased switch. Read bytes, not bools.
    #| return list(record.switches)
    # endtask


def name(block: bytes) -> Optional[str]:
    """The device's name, None if it was never written."""
    record = _load("name", block)  # it owns the bytes; `record.name` only borrows them
    text = ffi.string(record.name)
    return None if text[:1] == b"\xff" else text.decode("ascii")


def turn(block: bytes, index: int, on: bool) -> bytes:
    """The block with one switch turned on or off."""
    record = _load("turn", block)
    if not isinstance(on, bool):
        raise TypeError("turn: on is no bool")
    code = lib.settings_set(record, _integer("turn", index), on)
    _check("turn", code, f"index {index!r}")
    return bytes(ffi.buffer(record))


def export(block: bytes, variable: str) -> None:
    """Put the switches into the environment, for programs that this one starts."""
    record, data = _load("export", block), _encoded("export", variable)
    code = lib.settings_export(record, data)
    _check("export", code, f"variable {variable!r}")


def exported(variable: str) -> Optional[str]:
    """What C sees in the environment, which os.environ only copied when Python started."""
    value = lib.getenv(_encoded("exported", variable))
    return None if value == ffi.NULL else os.fsdecode(ffi.string(value))
