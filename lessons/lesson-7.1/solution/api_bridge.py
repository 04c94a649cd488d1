"""Bridge api: each call was compiled; a description can only choose among them."""

from _lesson_7_1 import ffi, lib

FUNCTIONS = {
    "add": "int(int, int)",
    "add_scaled": "double(int, double, int64_t)",
    "add_places": "int64_t(int, int, int, int, int, int, int, int, int, int)",
    "add_caller": "uintptr_t(void)",
}


def address(name: str) -> int:
    """Where a function of the library begins; LookupError if there is none of that name."""
    if name not in FUNCTIONS:
        raise LookupError(f"the library has no function {name}")
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))


def call(description: str, pointer: int, arguments: list) -> object:
    """Calls a function that is described as it was compiled, and refuses any other."""
    if description not in FUNCTIONS.values():
        raise ValueError(f"nothing here was compiled as {description!r}")
    for name, compiled in FUNCTIONS.items():
        if address(name) == pointer:
            if compiled != description:
                raise TypeError(f"{name} was compiled as {compiled}")
            return getattr(lib, name)(*arguments)
    raise LookupError(f"no function begins at {pointer:#x}")
