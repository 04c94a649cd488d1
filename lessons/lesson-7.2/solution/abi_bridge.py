"""Bridge abi: the library is opened at run time, and a cdef says its types in C."""

from pathlib import Path

from cffi import FFI

ffi = FFI()
# task: declare
ffi.cdef("""
    int add(int a, int b);
    double add_scaled(int a, double factor, int64_t b);
    int add_text(const char *text, int64_t *sum);
    const char *add_message(int status);
""")
# starter:
#| # TODO: declare all four functions, as add.h has them.
#| ffi.cdef("""
#|     int add(int a, int b);
#| """)
# endtask
lib = ffi.dlopen(str(Path(__file__).with_name("libadd.so")))


def add(a: int, b: int) -> int:
    """The sum of two C ints."""
    return lib.add(a, b)


def add_scaled(a: int, factor: float, b: int) -> float:
    """a * factor + b, computed in C."""
    return lib.add_scaled(a, factor, b)


def add_text(text: bytes) -> int:
    """The sum of the whole numbers in a text; ValueError with the library's own message."""
    # task: out
    total = ffi.new("int64_t *")
    status = lib.add_text(text, total)
    if status != 0:
        raise ValueError(message(status))
    return total[0]
    # starter:
    #| # TODO: make room for an int64_t, let C write the sum there, and raise ValueError with the
    #| # library's message if the status is not 0.
    #| return 0
    # endtask


def message(status: int) -> str:
    """What a status means; LookupError if there is no such status."""
    address = lib.add_message(status)
    if address == ffi.NULL:
        raise LookupError(status)
    # The library owns the text; ffi.string copies it up to the NUL byte.
    return ffi.string(address).decode("ascii")
