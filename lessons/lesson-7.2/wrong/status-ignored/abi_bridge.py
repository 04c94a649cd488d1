"""Bridge abi: the library is opened at run time, and a cdef says its types in C."""

from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    int add(int a, int b);
    double add_scaled(int a, double factor, int64_t b);
    int add_text(const char *text, int64_t *sum);
    const char *add_message(int status);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libadd.so")))


def add(a: int, b: int) -> int:
    """The sum of two C ints."""
    return lib.add(a, b)


def add_scaled(a: int, factor: float, b: int) -> float:
    """a * factor + b, computed in C."""
    return lib.add_scaled(a, factor, b)


def add_text(text: bytes) -> int:
    """The sum of the whole numbers in a text; ValueError with the library's own message."""
    total = ffi.new("int64_t *")
    lib.add_text(text, total)
    return total[0]


def message(status: int) -> str:
    """What a status means; LookupError if there is no such status."""
    address = lib.add_message(status)
    if address == ffi.NULL:
        raise LookupError(status)
    # The library owns the text; ffi.string copies it up to the NUL byte.
    return ffi.string(address).decode("ascii")
