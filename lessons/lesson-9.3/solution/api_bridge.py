"""Bridge api: a tokeniser whose tokens point into the text of the caller."""

from __future__ import annotations

from _lesson_9_3 import ffi, lib


class Token:
    """A part of a text, which is not copied before `read`."""

    def __init__(self, text: ffi.CData, start: ffi.CData, size: int) -> None:
        self._text = text  # keepalive: start is a bare pointer into it
        self._start = start
        self._size = size

    def read(self) -> bytes:
        """Return a copy of the token."""
        return ffi.buffer(self._start, self._size)[:]

    def address(self) -> int:
        """Return where the token starts."""
        return int(ffi.cast("intptr_t", self._start))

    def __len__(self) -> int:
        return self._size


class Reader:
    """Reads tokens; bytes only, which never move or change."""

    def __init__(self, text: bytes, separators: bytes = b" ") -> None:
        if type(text) is not bytes or type(separators) is not bytes:
            raise TypeError("open: text and separators must be bytes")
        if b"\0" in separators:
            raise ValueError("open: embedded NUL in separators")
        # region: lend
        lent = ffi.from_buffer(text)  # a char[] that keeps text alive; a cast of it would not
        reader = ffi.new("tok_reader **")
        code = lib.tok_open(lent, len(text), separators, reader)
        # endregion
        if code == -2:
            raise MemoryError("open")
        if code != 0:
            raise ValueError(f"open: separators {separators!r} (code {code})")
        self._reader = ffi.gc(reader[0], lib.tok_close)
        self._text = lent

    def _own(self, operation: str) -> ffi.CData:
        if self._text is None:
            raise ValueError(f"{operation}: the reader is closed")
        return self._reader

    def next(self) -> Token | None:
        """Return the next token, or None at the end."""
        reader = self._own("next")
        start, size = ffi.new("const char **"), ffi.new("int64_t *")
        code = lib.tok_next(reader, start, size)
        return Token(self._text, start[0], size[0]) if code == 0 else None

    def left(self) -> int:
        """Return how many bytes are not read yet."""
        return lib.tok_left(self._own("left"))

    def close(self) -> None:
        """Close the reader and let go of the text; a second time does nothing."""
        ffi.release(self._reader)
        self._text = None  # after C; each token has a keepalive of its own


def alive() -> int:
    """Return how many readers are open in C."""
    return lib.tok_alive()
