"""text through CFFI in ABI mode: the prototypes say what is read and what is written."""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

TEXT_E_ROOM = -3
FIRST_ROOM = 16  # Small, so that the room has to grow.

ffi = FFI()
ffi.cdef("""
    int64_t text_count(const char *text);
    int text_upper(char *text);
    int text_quote(const char *text, char *out, size_t room, size_t *length);
    const char *text_message(int status);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libtext.so")))


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
    # TODO: `out` holds 15 bytes and a NUL. Make as much room as the library asks for, and
    # believe what is in it only if the status allows.
    length = ffi.new("size_t *")
    out = ffi.new("char[]", FIRST_ROOM)
    lib.text_quote(data, out, len(out), length)
    return ffi.string(out).decode("utf-8")
