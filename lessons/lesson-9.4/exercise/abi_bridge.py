"""Bridge abi: an open store is a Python object that owns its handle."""

import os
from pathlib import Path
from typing import NoReturn, Optional

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    typedef struct kv kv;
    int kv_open(const char *path, kv **opened);
    int kv_close(kv *store);
    int kv_put(kv *store, const char *key, int64_t value);
    int kv_get(const kv *store, const char *key, int64_t *value);
    int64_t kv_count(const kv *store);
    int32_t kv_handles(void);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libkv.so")))


def _error(operation: str, code: int, path: str, key: Optional[str] = None) -> Exception:
    """Return what `code` means as an exception that names operation, code and object."""
    reason = ffi.errno  # first of all, and of use after KV_E_FILE only
    if code == -1:
        return OSError(reason, f"{operation}: {os.strerror(reason)}", path)
    if code == -2:
        return KeyError(f"{operation}: {key!r} is not there (code {code}): {path}")
    if code == -5:
        return MemoryError(f"{operation}: {path}")
    what = f"{key!r} is not a key" if code == -3 else "a line is not key=value"
    return ValueError(f"{operation}: {what} (code {code}): {path}")


def _c_string(text: str) -> bytes:
    """Return text as C reads it; C would silently stop at a NUL."""
    if not isinstance(text, str):
        raise TypeError(f"expected str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError("embedded NUL")
    return os.fsencode(text)


class Store:
    """An open store. Close it, best by `with`: only then it can say that writing failed."""

    _handle = None  # what the methods find if __init__ failed

    def __init__(self, path: str) -> None:
        opened = ffi.new("kv **")
        code = lib.kv_open(_c_string(path), opened)
        if code != 0:
            raise _error("open", code, path)
        self._handle = ffi.gc(opened[0], lib.kv_close)  # for whoever forgets to close
        self.path = path

    def _own(self) -> ffi.CData:
        """Return the handle, which self goes on to own."""
        # TODO 1: what may C get after `close`? Else ValueError: the path, "the store is closed".
        return self._handle

    @property
    def closed(self) -> bool:
        """Whether the handle is gone."""
        return self._handle is None

    def close(self) -> None:
        """Write what is left and end the handle; a second time does nothing."""
        # TODO 2: end the handle now, once; the destructor is not to end it again. Ask kv_close
        # how it went.
        self._handle = None

    def __enter__(self) -> "Store":
        # TODO 3: what does `as` get, and from a closed store?
        return None

    def __exit__(self, *exception: object) -> None:
        # TODO 3
        return None

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Store owns its handle alone: it cannot be copied or pickled")

    def put(self, key: str, value: int) -> None:
        """Give a key a value."""
        code = lib.kv_put(self._own(), _c_string(key), value)
        if code != 0:
            raise _error("put", code, self.path, key)

    def get(self, key: str) -> int:
        """Return the value of a key."""
        value = ffi.new("int64_t *")
        code = lib.kv_get(self._own(), _c_string(key), value)
        if code != 0:
            raise _error("get", code, self.path, key)
        return value[0]

    def __len__(self) -> int:
        return lib.kv_count(self._own())


def handles() -> int:
    """Return how many handles are open in C."""
    return lib.kv_handles()
