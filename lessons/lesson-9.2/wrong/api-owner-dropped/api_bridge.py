"""Bridge api: texts that C allocates are copied and freed at once, or kept by an object."""

from _lesson_9_2 import ffi, lib

UNLIMITED = 2**63 - 1


def _new(pattern: str, value: str, limit: int) -> ffi.CData:
    """Return a new text, which frees itself."""
    text = ffi.new("char **")
    code = lib.tpl_expand(_c_string(pattern), _c_string(value), limit, text)
    if code == -2:
        raise MemoryError(f"expand: {pattern!r}")
    if code != 0:
        raise ValueError(f"expand: {pattern!r} with limit {limit} (code {code})")
    # The object that gc returns owns the text; text[0] and every cast of it only borrow.
    return ffi.cast("char *", ffi.gc(text[0], lib.tpl_free))


def _c_string(text: str) -> bytes:
    """Return text as C reads it; C would silently stop at a NUL."""
    if not isinstance(text, str):
        raise TypeError(f"expected str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError("embedded NUL")
    return text.encode()


def expand(pattern: str, value: str, limit: int = UNLIMITED) -> str:
    """Return pattern with value in it, cut after limit bytes."""
    return ffi.string(_new(pattern, value, limit)).decode()


def sign() -> str:
    """Return what stands for the value in a pattern."""
    return ffi.string(lib.tpl_sign()).decode()


class Text:
    """A letter that stays in C until it is released, or until nobody refers to it."""

    _released = False

    def __init__(self, pattern: str, value: str, limit: int = UNLIMITED) -> None:
        self._text = _new(pattern, value, limit)

    def release(self) -> None:
        """Free the text now; a second time does nothing."""
        self._released = True

    def _own(self) -> ffi.CData:
        if self._released:
            raise ValueError("the text is released")
        return self._text

    def read(self) -> str:
        """Return a copy of the text."""
        return ffi.string(self._own()).decode()

    def __len__(self) -> int:
        return lib.tpl_length(self._own())


def alive() -> int:
    """Return how many texts C has not freed yet."""
    return lib.tpl_alive()


def allocated() -> int:
    """Return how many bytes they have."""
    return lib.tpl_bytes()
