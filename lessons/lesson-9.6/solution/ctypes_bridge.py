"""Bridge ctypes: one part puts a table of C functions into a capsule, another one takes it out."""

import ctypes
from pathlib import Path

NAME = b"sums.API"
VERSION = 2


class _Api(ctypes.Structure):
    """sums_api; the address of a table is its functions' first argument."""

    _fields_ = [
        ("version", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("sum", ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64)),
        ("total", ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)),
    ]


FIRST_SIZE = _Api.total.offset  # of a table that ends before total

lib = ctypes.CDLL(str(Path(__file__).with_name("libsums.so")))
lib.sums_new.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
lib.sums_new.restype = ctypes.c_int
lib.sums_free.argtypes = [ctypes.c_void_p]
lib.sums_free.restype = None
lib.sums_own.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
lib.sums_own.restype = None
lib.sums_name.argtypes = []
# task: name
lib.sums_name.restype = ctypes.c_void_p  # c_char_p would make bytes of it, which nobody keeps
# starter:
#| # TODO 1: a capsule keeps the address of its name, and no copy. What becomes of a c_char_p?
#| lib.sums_name.restype = ctypes.c_char_p
# endtask
lib.sums_alive.argtypes = []
lib.sums_alive.restype = ctypes.c_int32

# The functions of Python itself. PYFUNCTYPE keeps the GIL, and raises what they leave behind.
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
_is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_IsValid", ctypes.pythonapi)
)
# task: new
_new_capsule = ctypes.PYFUNCTYPE(
    ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)(("PyCapsule_New", ctypes.pythonapi))
# starter:
#| # TODO 2: PyCapsule_New takes three addresses, of a table, of a name and of a C function, and
#| # returns an object. What is it said to do here?
#| _new_capsule = ctypes.PYFUNCTYPE(ctypes.c_int)(("PyCapsule_New", ctypes.pythonapi))
# endtask

# The provider.


def offer(method: str) -> object:
    """Return a capsule that owns a new table."""
    if not isinstance(method, str):
        raise TypeError(f"offer: expected str, not {type(method).__name__}")
    if "\0" in method:
        raise ValueError("offer: embedded NUL")
    table = ctypes.c_void_p()
    code = lib.sums_new(method.encode(), ctypes.byref(table))
    if code == -3:
        raise MemoryError(f"offer: {method}")
    if code != 0:
        raise ValueError(f"offer: {method!r} is no method (code {code})")
    # task: offer
    try:
        capsule = _new_capsule(table, lib.sums_name(), lib.sums_end)
    except BaseException:
        lib.sums_free(table)
        raise
    lib.sums_own(table, id(capsule))  # what sums_end will be called with
    return capsule
    # starter:
    #| # TODO 3: a capsule of that name that ends with sums_end. Python will call that with the
    #| # address of the capsule: tell the library. And what if there is no capsule?
    #| return _new_capsule(table, lib.sums_name(), None)
    # endtask


def alive() -> int:
    """Return how many tables there are in C."""
    return lib.sums_alive()


# The user. It knows of the provider what the header says, and nothing else.


class Sums:
    """The functions of a table that somebody offers."""

    def __init__(self, capsule: object) -> None:
        if not _is_valid(capsule, NAME):
            raise ValueError(f"connect: no capsule named {NAME.decode()}: {capsule!r}")
        table = _Api.from_address(_get_pointer(capsule, NAME))
        if table.version != VERSION:
            raise RuntimeError(f"connect: version {table.version}, not {VERSION}: {capsule!r}")
        if table.size < FIRST_SIZE:
            raise RuntimeError(f"connect: size {table.size}, not {FIRST_SIZE}: {capsule!r}")
        self._capsule = capsule  # the table lives as long
        self._table = table

    def sum(self, data: bytes) -> int:
        """Return the checksum of data."""
        if not isinstance(data, bytes):
            raise TypeError(f"sum: expected bytes, not {type(data).__name__}")
        result = self._table.sum(ctypes.addressof(self._table), data, len(data))
        if result < 0:
            raise ValueError(f"sum: code {result}: {data!r}")
        return result

    def total(self) -> int:
        """Return how many bytes were summed with this table; old ones do not know."""
        if self._table.size < ctypes.sizeof(_Api):
            raise NotImplementedError(f"total: size {self._table.size}: {self._capsule!r}")
        return self._table.total(ctypes.addressof(self._table))
