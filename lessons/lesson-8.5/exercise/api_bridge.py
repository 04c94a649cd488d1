"""text through CFFI in API mode: the module that the compiler built brings ffi and lib."""

from __future__ import annotations

from _lesson_8_5 import ffi, lib

TEXT_E_ROOM = -3
FIRST_ROOM = 16  # Small, so that the room has to grow.


def _encoded(operation: str, text: str | bytes) -> bytes:
    """The bytes for C: a str in UTF-8, bytes as they are, and never a NUL among them."""
    if isinstance(text, str):
        data = text.encode("utf-8")
    elif isinstance(text, bytes):
        data = text
    else:
        raise TypeError(f"{operation}: str or bytes expected, not {type(text).__name__}")
    if 0 in data:
        raise ValueError(f"{operation}: NUL at byte {data.index(0)}: {text!r}")
    return data


def _check(operation: str, status: int, text: str | bytes) -> None:
    if status < 0:
        message = ffi.string(lib.text_message(status)).decode("ascii")
        raise ValueError(f"{operation}: {message} (status {status}): {text!r}")


def count(text: str | bytes) -> int:
    """How many characters a text has."""
    characters = lib.text_count(_encoded("count", text))
    _check("count", characters, text)
    return characters


def upper(text: str | bytes) -> str:
    """The text with a to z in upper case."""
    data = _encoded("upper", text)
    copy = ffi.new("char[]", data)  # Ours, and with a NUL byte at its end.
    _check("upper", lib.text_upper(copy), text)
    return ffi.string(copy).decode("utf-8")


def quote(text: str | bytes) -> str:
    """The text as one word for a POSIX shell."""
    data = _encoded("quote", text)
    length = ffi.new("size_t *", FIRST_ROOM - 1)
    status = TEXT_E_ROOM
    while status == TEXT_E_ROOM:
        out = ffi.new("char[]", length[0] + 1)  # The NUL needs room too.
        status = lib.text_quote(data, out, len(out), length)
    _check("quote", status, text)
    return ffi.string(out).decode("utf-8")
