"""Bridge ctypes: a tokeniser whose tokens point into the text of the caller."""

from __future__ import annotations

import ctypes
import weakref
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libtok.so")))
lib.tok_open.argtypes = [
    ctypes.c_char_p,
    ctypes.c_int64,
    ctypes.c_char_p,
    ctypes.POINTER(ctypes.c_void_p),
]
lib.tok_open.restype = ctypes.c_int
lib.tok_next.argtypes = [
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.POINTER(ctypes.c_int64),
]
lib.tok_next.restype = ctypes.c_int
lib.tok_left.argtypes = [ctypes.c_void_p]
lib.tok_left.restype = ctypes.c_int64
lib.tok_close.argtypes = [ctypes.c_void_p]
lib.tok_close.restype = None
lib.tok_alive.argtypes = []
lib.tok_alive.restype = ctypes.c_int64


class Token:
    """A part of a text, which is not copied before `read`."""

    def __init__(self, text: bytes, start: int, size: int) -> None:
        self._start = start
        self._size = size
        self._text = text  # keepalive: the bytes at start are its

    def read(self) -> bytes:
        """Return a copy of the token."""
        return ctypes.string_at(self._start, self._size)

    def address(self) -> int:
        """Return where the token starts."""
        return self._start

    def __len__(self) -> int:
        return self._size


class Reader:
    """Reads tokens; bytes only, which never move or change."""

    def __init__(self, text: bytes, separators: bytes = b" ") -> None:
        if type(text) is not bytes or type(separators) is not bytes:
            raise TypeError("open: text and separators must be bytes")
        if b"\0" in separators:
            raise ValueError("open: embedded NUL in separators")
        reader = ctypes.c_void_p()
        code = lib.tok_open(text, len(text), separators, ctypes.byref(reader))
        if code == -2:
            raise MemoryError("open")
        if code != 0:
            raise ValueError(f"open: separators {separators!r} (code {code})")
        self._reader = reader
        self._close = weakref.finalize(self, lib.tok_close, reader)
        self._text = text  # keepalive: C reads it until tok_close, not only in tok_open

    def _own(self, operation: str) -> ctypes.c_void_p:
        if not self._close.alive:
            raise ValueError(f"{operation}: the reader is closed")
        return self._reader

    def next(self) -> Token | None:
        """Return the next token, or None at the end."""
        reader = self._own("next")
        start, size = ctypes.c_void_p(), ctypes.c_int64()
        code = lib.tok_next(reader, ctypes.byref(start), ctypes.byref(size))
        if code != 0:
            return None
        token = Token(self._text, start.value, size.value)
        token.reader, self._last = self, token
        return token

    def left(self) -> int:
        """Return how many bytes are not read yet."""
        return lib.tok_left(self._own("left"))

    def close(self) -> None:
        """Close the reader and let go of the text; a second time does nothing."""
        self._close()
        self._text = None  # after C; each token has a keepalive of its own


def alive() -> int:
    """Return how many readers are open in C."""
    return lib.tok_alive()
