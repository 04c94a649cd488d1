"""Bridge abi: one part puts a table of C functions into a capsule, another one takes it out."""

import ctypes
from pathlib import Path

from cffi import FFI

NAME = b"sums.API"
VERSION = 2

ffi = FFI()
ffi.cdef("""
    typedef struct sums_api sums_api;
    struct sums_api {
        uint32_t version;
        uint32_t size;
        int64_t (*sum)(sums_api *self, const char *bytes, int64_t length);
        int64_t (*total)(const sums_api *self);
    };
    int sums_new(const char *method, sums_api **table);
    void sums_free(sums_api *table);
    void sums_own(sums_api *table, const void *owner);
    void sums_end(const void *owner);
    const char *sums_name(void);
    int32_t sums_alive(void);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libsums.so")))
FIRST_SIZE = ffi.offsetof("sums_api", "total")  # of a table that ends before total

# region: pythonapi
# CFFI lets go of the GIL for each call, and Python's own functions need it: so ctypes.
_new_capsule = ctypes.PYFUNCTYPE(
    ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)(("PyCapsule_New", ctypes.pythonapi))
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
_is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_IsValid", ctypes.pythonapi)
)
# endregion

# The provider.

# CFFI unloads a library with the last reference to it, and a capsule may be the last to go: at the
# exit of Python it would call what is not there any more. This reference stays.
ctypes.pythonapi.Py_IncRef(ctypes.py_object(lib))


def _address(pointer: ffi.CData) -> int:
    return int(ffi.cast("uintptr_t", pointer))


def offer(method: str) -> object:
    """Return a capsule that owns a new table."""
    if not isinstance(method, str):
        raise TypeError(f"offer: expected str, not {type(method).__name__}")
    if "\0" in method:
        raise ValueError("offer: embedded NUL")
    table = ffi.new("sums_api **")
    code = lib.sums_new(method.encode(), table)
    if code == -3:
        raise MemoryError(f"offer: {method}")
    if code != 0:
        raise ValueError(f"offer: {method!r} is no method (code {code})")
    try:
        capsule = _new_capsule(
            _address(table[0]), _address(lib.sums_name()), _address(lib.sums_end)
        )
    except BaseException:
        lib.sums_free(table[0])
        raise
    lib.sums_own(table[0], ffi.cast("void *", id(capsule)))  # what sums_end will be called with
    return capsule


def alive() -> int:
    """Return how many tables there are in C."""
    return lib.sums_alive()


# The user. It knows of the provider what the header says, and nothing else.


class Sums:
    """The functions of a table that somebody offers."""

    def __init__(self, capsule: object) -> None:
        # task: connect
        if not _is_valid(capsule, NAME):
            raise ValueError(f"connect: no capsule named {NAME.decode()}: {capsule!r}")
        table = ffi.cast("sums_api *", _get_pointer(capsule, NAME))
        if table.version != VERSION:
            raise RuntimeError(f"connect: version {table.version}, not {VERSION}: {capsule!r}")
        if table.size < FIRST_SIZE:
            raise RuntimeError(f"connect: size {table.size}, not {FIRST_SIZE}: {capsule!r}")
        self._capsule = capsule  # the table lives as long
        self._table = table
        # starter:
        #| # TODO 1: is it a capsule of that name, is the table of our version, is it large enough?
        #| # ValueError "connect: no capsule named sums.API: ..."; RuntimeError "connect: version 3,
        #| # not 2: ...", "connect: size 8, not 16: ...", each with the repr of what was given.
        #| # TODO 2: how long does the table live?
        #| self._table = ffi.cast("sums_api *", _get_pointer(capsule, NAME))
        # endtask

    def sum(self, data: bytes) -> int:
        """Return the checksum of data."""
        if not isinstance(data, bytes):
            raise TypeError(f"sum: expected bytes, not {type(data).__name__}")
        # task: sum
        result = self._table.sum(self._table, data, len(data))
        if result < 0:
            raise ValueError(f"sum: code {result}: {data!r}")
        return result
        # starter:
        #| # TODO 3: call the function of the table. What is less than 0 is a code, for a
        #| # ValueError "sum: code -2: ..." with the repr of data.
        #| return 0
        # endtask

    def total(self) -> int:
        """Return how many bytes were summed with this table; old ones do not know."""
        # task: total
        if self._table.size < ffi.sizeof("sums_api"):
            raise NotImplementedError(f"total: size {self._table.size}: {self._capsule!r}")
        # starter:
        #| # TODO 4: does this table go as far as total? If not, NotImplementedError "total: size
        #| # 16: ..." with the repr of the capsule.
        # endtask
        return self._table.total(self._table)
