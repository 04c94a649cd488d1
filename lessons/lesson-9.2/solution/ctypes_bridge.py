"""Bridge ctypes: texts that C allocates are copied and freed at once, or kept by an object."""

import ctypes
import weakref
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libtpl.so")))
# task: declare
# A c_void_p stays a pointer; ctypes would turn a c_char_p into bytes and forget where they were.
lib.tpl_expand.argtypes = [
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_int64,
    ctypes.POINTER(ctypes.c_void_p),
]
lib.tpl_expand.restype = ctypes.c_int
lib.tpl_free.argtypes = [ctypes.c_void_p]
lib.tpl_free.restype = None
# starter:
#| # TODO 1: declare tpl_expand and tpl_free. Which type keeps the address of a text?
# endtask
lib.tpl_sign.argtypes = []
lib.tpl_sign.restype = ctypes.c_char_p  # bytes, copied: right for what is not ours
lib.tpl_length.argtypes = [ctypes.c_void_p]
lib.tpl_length.restype = ctypes.c_int64
lib.tpl_alive.argtypes = []
lib.tpl_alive.restype = ctypes.c_int64
lib.tpl_bytes.argtypes = []
lib.tpl_bytes.restype = ctypes.c_int64

UNLIMITED = 2**63 - 1


def _new(pattern: str, value: str, limit: int) -> ctypes.c_void_p:
    """Return a new text. The caller owns it."""
    text = ctypes.c_void_p()
    code = lib.tpl_expand(_c_string(pattern), _c_string(value), limit, ctypes.byref(text))
    if code == -2:
        raise MemoryError(f"expand: {pattern!r}")
    if code != 0:
        raise ValueError(f"expand: {pattern!r} with limit {limit} (code {code})")
    return text


def _c_string(text: str) -> bytes:
    """Return text as C reads it; C would silently stop at a NUL."""
    if not isinstance(text, str):
        raise TypeError(f"expected str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError("embedded NUL")
    return text.encode()


def expand(pattern: str, value: str, limit: int = UNLIMITED) -> str:
    """Return pattern with value in it, cut after limit bytes."""
    # region: copy
    # task: expand
    text = _new(pattern, value, limit)
    try:
        return ctypes.string_at(text.value).decode()
    finally:
        lib.tpl_free(text)
    # starter:
    #| # TODO 2: _new gives you a text. Copy it, and free it on every way out.
    #| raise NotImplementedError("TODO 2: expand")
    # endtask
    # endregion


def sign() -> str:
    """Return what stands for the value in a pattern."""
    return lib.tpl_sign().decode()


class Text:
    """A letter that stays in C until it is released, or until nobody refers to it."""

    def __init__(self, pattern: str, value: str, limit: int = UNLIMITED) -> None:
        # task: text
        self._text = _new(pattern, value, limit)
        # It runs once, whoever is first; it must not refer to self, which then would never end.
        self._free = weakref.finalize(self, lib.tpl_free, self._text)
        # starter:
        #| # TODO 3: this finaliser runs when self goes, once, and does nothing. What must it do,
        #| # and what may it refer to?
        #| self._text = _new(pattern, value, limit)
        #| self._free = weakref.finalize(self, lambda: None)
        # endtask

    def release(self) -> None:
        """Free the text now; a second time does nothing."""
        # task: release
        self._free()
        # starter:
        #| # TODO 4: a finaliser can be called.
        #| pass
        # endtask

    def _own(self) -> ctypes.c_void_p:
        if not self._free.alive:
            raise ValueError("the text is released")
        return self._text

    def read(self) -> str:
        """Return a copy of the text."""
        return ctypes.string_at(self._own().value).decode()

    def __len__(self) -> int:
        return lib.tpl_length(self._own())


def alive() -> int:
    """Return how many texts C has not freed yet."""
    return lib.tpl_alive()


def allocated() -> int:
    """Return how many bytes they have."""
    return lib.tpl_bytes()
