"""text through ctypes: `char *` in, in and out, and out are three different declarations."""

from __future__ import annotations

import ctypes
from pathlib import Path

TEXT_E_ROOM = -3
FIRST_ROOM = 16  # Small, so that the room has to grow.

lib = ctypes.CDLL(str(Path(__file__).with_name("libtext.so")))
lib.text_count.argtypes = [ctypes.c_char_p]
lib.text_count.restype = ctypes.c_int64
lib.text_upper.argtypes = [ctypes.POINTER(ctypes.c_char)]
lib.text_upper.restype = ctypes.c_int
lib.text_quote.argtypes = [
    ctypes.c_char_p,
    ctypes.POINTER(ctypes.c_char),
    ctypes.c_size_t,
    ctypes.POINTER(ctypes.c_size_t),
]
lib.text_quote.restype = ctypes.c_int
lib.text_message.argtypes = [ctypes.c_int]
lib.text_message.restype = ctypes.c_char_p  # Copied into bytes: the library keeps its own.


def _encoded(operation: str, text: str | bytes) -> bytes:
    """The bytes for C: a str in UTF-8, bytes as they are, and never a NUL among them."""
    # TODO 1: encode a str, let bytes pass, refuse all else with TypeError and a NUL byte with
    # ValueError. Messages name the operation, and the type or the text as `{text!r}`.
    return text


def _check(operation: str, status: int, text: str | bytes) -> None:
    if status < 0:
        message = lib.text_message(status).decode("ascii")
        raise ValueError(f"{operation}: {message} (status {status}): {text!r}")


def count(text: str | bytes) -> int:
    """How many characters a text has."""
    characters = lib.text_count(_encoded("count", text))
    _check("count", characters, text)
    return characters


def upper(text: str | bytes) -> str:
    """The text with a to z in upper case."""
    data = _encoded("upper", text)
    # TODO 2: give C memory that it may change, check the status, return the text as str.
    raise NotImplementedError(f"TODO 2: upper of {data!r}")


def quote(text: str | bytes) -> str:
    """The text as one word for a POSIX shell."""
    data = _encoded("quote", text)
    length = ctypes.c_size_t(FIRST_ROOM - 1)
    status = TEXT_E_ROOM
    while status == TEXT_E_ROOM:
        out = ctypes.create_string_buffer(length.value + 1)  # The NUL needs room too.
        status = lib.text_quote(data, out, len(out), ctypes.byref(length))
    _check("quote", status, text)
    return out.value.decode("utf-8")
