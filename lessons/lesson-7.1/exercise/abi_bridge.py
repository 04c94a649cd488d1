"""Bridge abi: a description becomes a type of CFFI at run time, and libffi makes the call."""

from pathlib import Path

import cffi

ffi = cffi.FFI()
# The two functions of the loader itself, so that an address comes without any type.
ffi.cdef("""
    void *dlopen(const char *path, int mode);
    void *dlsym(void *library, const char *symbol);
""")
loader = ffi.dlopen(None)
RTLD_NOW = 2
library = loader.dlopen(str(Path(__file__).with_name("libadd.so")).encode(), RTLD_NOW)


def address(name: str) -> int:
    """Where a function of the library begins; LookupError if there is none of that name."""
    found = loader.dlsym(library, name.encode())
    if found == ffi.NULL:
        raise LookupError(f"libadd.so has no symbol {name}")
    return int(ffi.cast("uintptr_t", found))


def call(description: str, pointer: int, arguments: list) -> object:
    """Calls what lies at an address, as a description like "int(int, int)" says."""
    prototype = parse(description)
    # TODO: turn `pointer` into a function of this type, and call it.
    raise NotImplementedError(f"call {prototype}")


def parse(description: str) -> cffi.FFI.CType:
    """The type of a pointer to such a function; ValueError if it is malformed."""
    # TODO: let ffi.typeof read the description, rewritten to a pointer: "int(*)(int)".
    # What it cannot read ends in cffi.CDefError; make that a ValueError.
    prototype = ffi.typeof("int(*)(void)")
    if prototype.kind != "function":
        raise ValueError(f"{description!r} describes no function")
    return prototype
