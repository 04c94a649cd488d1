"""Bridge ctypes: a store as Python expects it, over calls as C wants them."""

import ctypes
import enum
import io
import operator
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, Optional, Union


class _Kv(ctypes.Structure):
    """Opaque: only pointers to it exist."""


class _Cursor(ctypes.Structure):
    """Opaque as well."""


_kv_p, _cursor_p = ctypes.POINTER(_Kv), ctypes.POINTER(_Cursor)
lib = ctypes.CDLL(str(Path(__file__).with_name("libkv.so")), use_errno=True)
lib.kv_open.argtypes = [ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32, ctypes.POINTER(_kv_p)]
lib.kv_open.restype = ctypes.c_int
lib.kv_close.argtypes = [_kv_p]
lib.kv_close.restype = ctypes.c_int
lib.kv_mode.argtypes = [_kv_p]
lib.kv_mode.restype = ctypes.c_int32
lib.kv_sync.argtypes = [_kv_p]
lib.kv_sync.restype = ctypes.c_int32
lib.kv_count.argtypes = [_kv_p]
lib.kv_count.restype = ctypes.c_int64
lib.kv_put.argtypes = [_kv_p, ctypes.c_char_p, ctypes.c_int64]
lib.kv_put.restype = ctypes.c_int
lib.kv_get.argtypes = [_kv_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int64)]
lib.kv_get.restype = ctypes.c_int
lib.kv_walk.argtypes = [_kv_p, ctypes.POINTER(_cursor_p)]
lib.kv_walk.restype = ctypes.c_int
lib.kv_next.argtypes = [_cursor_p, ctypes.POINTER(ctypes.c_char_p)]
lib.kv_next.restype = ctypes.c_int
lib.kv_stop.argtypes = [_cursor_p]
lib.kv_stop.restype = None
lib.kv_alive.argtypes = []
lib.kv_alive.restype = ctypes.c_int32


# task: enums
class Mode(enum.Enum):
    """What a store is open for."""

    READ = 1
    WRITE = 2
    CREATE = 3


class Sync(enum.Enum):
    """When what is put is in the file."""

    CLOSE = 1
    PUT = 2


# starter:
#| # TODO 1: members of an IntEnum are numbers with names: Mode.READ equals Sync.CLOSE.
#| class Mode(enum.IntEnum):
#|     """What a store is open for."""
#|
#|     READ = 1
#|     WRITE = 2
#|     CREATE = 3
#|
#|
#| class Sync(enum.IntEnum):
#|     """When what is put is in the file."""
#|
#|     CLOSE = 1
#|     PUT = 2
#|
#|
# endtask


def _error(operation: str, code: int, path: str, key: Optional[str] = None) -> Exception:
    """Return what `code` means as an exception that names operation, code and object."""
    reason = ctypes.get_errno()  # first of all, and of use after KV_E_FILE only
    where = f"(code {code}): {path}"
    if code == -1:
        return OSError(reason, f"{operation}: {os.strerror(reason)}", path)
    if code == -2:
        return KeyError(key, f"{operation}: no such key {where}")
    if code == -5:
        return MemoryError(f"{operation}: {path}")
    if code == -6:
        return io.UnsupportedOperation(f"{operation}: open for reading {where}")
    if code == -7:
        return RuntimeError(f"{operation}: keys were added during the walk {where}")
    what = "not the file of a store" if code == -4 else f"{key!r} is not a key"
    return ValueError(f"{operation}: {what} {where}")


def _c_string(text: str) -> bytes:
    """Return text as C reads it; C would silently stop at a NUL."""
    if not isinstance(text, str):
        raise TypeError(f"expected str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError("embedded NUL")
    return os.fsencode(text)


class Store:
    """An open store, as a mapping from str to int. Close it, best by `with`."""

    _handle = None  # what the methods find if __init__ failed

    # task: keywords
    def __init__(
        self,
        path: Union[str, bytes, os.PathLike],
        *,
        mode: Mode = Mode.READ,
        sync: Sync = Sync.CLOSE,
    ) -> None:
        self.path = os.fsdecode(path)  # first of all: repr needs it, whatever fails below
        codes = Mode(mode).value, Sync(sync).value  # a ValueError, before C sees anything
        handle = _kv_p()
        code = lib.kv_open(_c_string(self.path), *codes, ctypes.byref(handle))
        self._check("open", code)
        self._handle = handle
        self._end = weakref.finalize(self, lib.kv_close, handle)  # for whoever forgets to close

    # starter:
    #| def __init__(self, path: str, mode: int = 1, sync: int = 1) -> None:
    #|     # TODO 2: `Store("some.kv", 1, 2)` tells a reader nothing. Keywords only, whose
    #|     # defaults are members; what is no member ends here. os.fsdecode takes every path.
    #|     self.path = path
    #|     handle = _kv_p()
    #|     code = lib.kv_open(_c_string(self.path), mode, sync, ctypes.byref(handle))
    #|     self._check("open", code)
    #|     self._handle = handle
    #|     self._end = weakref.finalize(self, lib.kv_close, handle)  # for whoever forgets to close
    #|
    # endtask

    def _own(self) -> _kv_p:
        """Return the handle, which self goes on to own."""
        if self._handle is None:
            raise ValueError(f"{self.path}: the store is closed")
        return self._handle

    def _check(self, operation: str, code: int, key: Optional[str] = None) -> None:
        if code != 0:
            raise _error(operation, code, self.path, key)

    @property
    def closed(self) -> bool:
        """Whether the handle is gone."""
        return self._handle is None

    @property
    def mode(self) -> Mode:
        """What the store is open for."""
        # task: mode
        return Mode(lib.kv_mode(self._own()))
        # starter:
        #| # TODO 3: C gives a number.
        #| return lib.kv_mode(self._own())
        # endtask

    @property
    def sync(self) -> Union[Sync, int]:
        """When the file is written; a number if only a later kv has a name for it."""
        # task: sync
        code = lib.kv_sync(self._own())
        try:
            return Sync(code)
        except ValueError:
            return code
        # starter:
        #| # TODO 4: C gives a number, of which the bridge may not know the name.
        #| return lib.kv_sync(self._own())
        # endtask

    def close(self) -> None:
        """Write what is left and end the handle; a second time does nothing."""
        handle, self._handle = self._handle, None  # forgotten first: it is gone even if this fails
        if handle is not None:
            self._end.detach()
            self._check("close", lib.kv_close(handle))

    def __enter__(self) -> "Store":
        self._own()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Store owns its handle alone: it cannot be copied or pickled")

    def __repr__(self) -> str:
        # task: repr
        if self.closed:
            return f"<Store {self.path!r}, closed>"
        return f"<Store {self.path!r}, {self.mode.name}, {len(self)} keys>"
        # starter:
        #| # TODO 5: <Store 'some.kv', READ, 2 keys>, or <Store 'some.kv', closed>.
        #| return f"<Store {self.path!r}, {self.mode}, {len(self)} keys>"
        # endtask

    def __len__(self) -> int:
        return lib.kv_count(self._own())

    def __getitem__(self, key: str) -> int:
        value = ctypes.c_int64()
        code = lib.kv_get(self._own(), _c_string(key), ctypes.byref(value))
        self._check("get", code, key)
        return value.value

    def __contains__(self, key: str) -> bool:
        code = lib.kv_get(self._own(), _c_string(key), ctypes.byref(ctypes.c_int64()))
        if code != -2:
            self._check("contains", code, key)
        return code == 0

    def __setitem__(self, key: str, value: int) -> None:
        if not -(2**63) <= operator.index(value) < 2**63:  # ctypes would cut it
            raise OverflowError(f"put: {value} needs more than 64 bits")
        self._check("put", lib.kv_put(self._own(), _c_string(key), value), key)

    def __iter__(self) -> Iterator[str]:
        """Walk over the keys, in the order in which they came."""
        cursor, key = _cursor_p(), ctypes.c_char_p()
        self._check("walk", lib.kv_walk(self._own(), ctypes.byref(cursor)))
        try:
            while True:
                self._own()  # C would follow the cursor into a store that is gone
                code = lib.kv_next(cursor, ctypes.byref(key))
                if code == 1:
                    return
                self._check("next", code)
                yield os.fsdecode(key.value)
        finally:
            lib.kv_stop(cursor)

    def keys(self) -> Iterator[str]:
        """Walk over the keys; with this and store[key], dict(store) works."""
        return iter(self)


def alive() -> int:
    """Return how many stores and cursors are open in C."""
    return lib.kv_alive()
