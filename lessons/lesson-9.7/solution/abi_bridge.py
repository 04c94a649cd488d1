"""Bridge abi: a store as Python expects it, over calls as C wants them."""

import enum
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, Optional, Union

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    enum kv_mode { KV_READ = 1, KV_WRITE = 2, KV_CREATE = 3 };
    enum kv_sync { KV_SYNC_CLOSE = 1, KV_SYNC_PUT = 2 };
    typedef struct kv kv;
    typedef struct kv_cursor kv_cursor;
    int kv_open(const char *path, int32_t mode, int32_t sync, kv **opened);
    int kv_close(kv *store);
    int32_t kv_mode(const kv *store);
    int32_t kv_sync(const kv *store);
    int64_t kv_count(const kv *store);
    int kv_put(kv *store, const char *key, int64_t value);
    int kv_get(const kv *store, const char *key, int64_t *value);
    int kv_walk(const kv *store, kv_cursor **cursor);
    int kv_next(kv_cursor *cursor, const char **key);
    void kv_stop(kv_cursor *cursor);
    int32_t kv_alive(void);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libkv.so")))


def _enum(name: str, declared: str, prefix: str) -> enum.EnumMeta:
    """Return the members that the cdef declares, as an Enum; `module` is for pickle."""
    numbers = sorted(ffi.typeof(declared).elements.items())  # cffi has the last one first
    members = {each[len(prefix) :]: number for number, each in numbers}
    return enum.Enum(name, members, module=__name__)


Mode = _enum("Mode", "enum kv_mode", "KV_")
Sync = _enum("Sync", "enum kv_sync", "KV_SYNC_")


def _error(operation: str, code: int, path: str, key: Optional[str] = None) -> Exception:
    """Return what `code` means as an exception that names operation, code and object."""
    reason = ffi.errno  # first of all, and of use after KV_E_FILE only
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

    def __init__(
        self,
        path: Union[str, bytes, os.PathLike],
        *,
        mode: Mode = Mode.READ,
        sync: Sync = Sync.CLOSE,
    ) -> None:
        self.path = os.fsdecode(path)  # first of all: repr needs it, whatever fails below
        codes = Mode(mode).value, Sync(sync).value  # a ValueError, before C sees anything
        opened = ffi.new("kv **")
        self._check("open", lib.kv_open(_c_string(self.path), *codes, opened))
        self._handle = ffi.gc(opened[0], lib.kv_close)  # for whoever forgets to close

    def _own(self) -> ffi.CData:
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
        return Mode(lib.kv_mode(self._own()))

    @property
    def sync(self) -> Union[Sync, int]:
        """When the file is written; a number if only a later kv has a name for it."""
        code = lib.kv_sync(self._own())
        try:
            return Sync(code)
        except ValueError:
            return code

    def close(self) -> None:
        """Write what is left and end the handle; a second time does nothing."""
        handle, self._handle = self._handle, None  # forgotten first: it is gone even if this fails
        if handle is not None:
            ffi.gc(handle, None)  # from here on we end it, not the destructor
            self._check("close", lib.kv_close(handle))

    def __enter__(self) -> "Store":
        self._own()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Store owns its handle alone: it cannot be copied or pickled")

    def __repr__(self) -> str:
        if self.closed:
            return f"<Store {self.path!r}, closed>"
        return f"<Store {self.path!r}, {self.mode.name}, {len(self)} keys>"

    def __len__(self) -> int:
        return lib.kv_count(self._own())

    def __getitem__(self, key: str) -> int:
        # task: get
        value = ffi.new("int64_t *")
        self._check("get", lib.kv_get(self._own(), _c_string(key), value), key)
        return value[0]
        # starter:
        #| # TODO 1: code and value side by side, as C has them.
        #| value = ffi.new("int64_t *")
        #| return lib.kv_get(self._own(), _c_string(key), value), value[0]
        # endtask

    def __contains__(self, key: str) -> bool:
        # task: contains
        code = lib.kv_get(self._own(), _c_string(key), ffi.new("int64_t *"))
        if code != -2:
            self._check("contains", code, key)
        return code == 0
        # starter:
        #| # TODO 2: `in` makes True or False of this. Of which code?
        #| return lib.kv_get(self._own(), _c_string(key), ffi.new("int64_t *"))
        # endtask

    def __setitem__(self, key: str, value: int) -> None:
        self._check("put", lib.kv_put(self._own(), _c_string(key), value), key)

    def __iter__(self) -> Iterator[str]:
        """Walk over the keys, in the order in which they came."""
        # task: walk
        cursor, key = ffi.new("kv_cursor **"), ffi.new("const char **")
        self._check("walk", lib.kv_walk(self._own(), cursor))
        try:
            while True:
                self._own()  # C would follow the cursor into a store that is gone
                code = lib.kv_next(cursor[0], key)
                if code == 1:
                    return
                self._check("next", code)
                yield os.fsdecode(ffi.string(key[0]))
        finally:
            lib.kv_stop(cursor[0])
        # starter:
        #| # TODO 3: a generator over kv_walk, kv_next (0: a key, 1: no more) and kv_stop. At
        #| # `yield` it waits: the loop may be left, keys be added, the store be closed.
        #| yield from ()
        # endtask

    def keys(self) -> Iterator[str]:
        """Walk over the keys; with this and store[key], dict(store) works."""
        return iter(self)


def alive() -> int:
    """Return how many stores and cursors are open in C."""
    return lib.kv_alive()
