"""Lesson 7.2: what the eight variants are asked to show."""

import ctypes
import faulthandler
import os
import signal
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from observe import attempt

LIBRARY = Path(__file__).with_name("libadd.so")


def adds(bridge, a, b):
    return bridge.add(a, b)


def scales(bridge, a, factor, b):
    return bridge.add_scaled(a, factor, b)


def adds_numbers(bridge, a, b, c):
    return bridge.add_text(f"{a} {b} {c}".encode())


def reads_text(bridge, text):
    return attempt(bridge.add_text, text)


def explains(bridge, status):
    return attempt(bridge.message, status)


def meets_large_numbers(bridge):
    return {
        "2**31 + 0": attempt(bridge.add, 2**31, 0),
        "2**32 + 2 + 3": attempt(bridge.add, 2**32 + 2, 3),
        "2**70 + 3": attempt(bridge.add, 2**70, 3),
        "-2**31 - 1 + 0": attempt(bridge.add, -(2**31) - 1, 0),
    }


def meets_other_types(bridge):
    return {
        "text for an int": attempt(bridge.add, "2", 3),
        "a fraction for an int": attempt(bridge.add, 2.5, 3),
        "an int for a double": attempt(bridge.add_scaled, 2, 3, 4),
        "text for a double": attempt(bridge.add_scaled, 2, "0.5", 4),
        "str for char *": attempt(bridge.add_text, "1 2"),
        "an int for char *": attempt(bridge.add_text, 12),
    }


# Evidence: facts of the machine and of ctypes, observed on the solution.


def finds_symbols_late(bridge):
    """A25: dlopen when the library is opened, dlsym when an attribute is first read."""
    # region: late
    lib = ctypes.CDLL(str(LIBRARY))
    found = ["add" in vars(lib)]
    lib.add.argtypes = [ctypes.c_int, ctypes.c_int]
    found.append("add" in vars(lib))
    # endregion
    return {
        "found when opened, when read": found,
        "lib.add is lib.add": lib.add is lib.add,
        'lib["add"] is lib["add"]': lib["add"] is lib["add"],
        'argtypes of lib["add"]': lib["add"].argtypes,
        "a missing symbol, when read": attempt(getattr, lib, "subtract"),
    }


def is_no_builtin(bridge):
    """A24, A26: what kind of callable `lib.add` is."""
    kind = type(bridge.lib.add)
    return {
        "name": kind.__name__,
        "qualified name": kind.__qualname__,
        "made by": kind.__module__,
        "builtin_function_or_method": kind is type(len),
    }


def is_an_extension(bridge):
    """A21: below the Python package lies one extension module, or python itself contains it."""
    import _ctypes

    file = getattr(_ctypes, "__file__", None)
    return {
        "interpreter": sys.implementation.name,
        "ctypes is Python": ctypes.__file__.endswith(".py"),
        "_ctypes is compiled": file is None or file.endswith(tuple(EXTENSION_SUFFIXES)),
        "base of _FuncPtr comes from": type(bridge.lib.add).__base__.__module__,
    }


def goes_through_libffi(bridge):
    """A55: add_caller returns to whoever made the call."""
    import _ctypes

    bridge.lib.add_caller.restype = ctypes.c_size_t
    file = _mapped_file(bridge.lib.add_caller())
    # libffi is a library of its own, or it was linked into what holds _ctypes.
    hosts = (getattr(_ctypes, "__file__", None) or sys.executable, sys.executable)
    own_copy = file in map(os.path.realpath, hosts) and b"ffi_call" in Path(file).read_bytes()
    return "libffi" if Path(file).name.startswith("libffi") or own_copy else Path(file).name


def goes_through_the_engine(bridge):
    """A55, with the replaced mechanism: the engine of this repository makes the call."""
    bridge.lib.add_caller.restype = ctypes.c_size_t
    return Path(_mapped_file(bridge.lib.add_caller())).name.partition(".")[0]


def _mapped_file(address):
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, _, _, _, _, *name = line.split(maxsplit=5)
        start, end = (int(edge, 16) for edge in span.split("-"))
        if start <= address < end:
            return name[0] if name else "memory without a file"
    return "nothing"


def runs_as_printed(bridge):
    """A22, A23: the program of the article, and what its `int` cannot hold."""
    lib = ctypes.CDLL(str(LIBRARY))
    lib.add.argtypes = [ctypes.c_int, ctypes.c_int]
    lib.add.restype = ctypes.c_int
    here = os.getcwd()
    os.chdir("/")
    try:
        elsewhere = attempt(ctypes.CDLL, "./libadd.so")
    finally:
        os.chdir(here)
    return {
        "2 + 3": lib.add(2, 3),
        "FuncPtr in its type": "FuncPtr" in type(lib.add).__name__,
        "the greatest int + 1 is right": lib.add(2**31 - 1, 1) == 2**31,
        "a relative path, from another folder": elsewhere,
    }


def cuts_integers(bridge):
    """A27: an int loses its upper bits without a word; only undeclared is 2**70 refused."""
    bare = ctypes.CDLL(str(LIBRARY)).add
    return {
        "declared, 2**32 + 2": bridge.lib.add(2**32 + 2, 3),
        "declared, 2**70": bridge.lib.add(2**70, 3),
        "c_int(2**32 + 2)": ctypes.c_int(2**32 + 2).value,
        "not declared, 2**32 + 2": bare(2**32 + 2, 3),
        "not declared, 2**70": attempt(bare, 2**70, 3),
    }


def believes_wrong_declarations(bridge):
    """A28: nobody compares a declaration with the library."""
    # region: lies
    narrow = bridge.lib["add"]
    narrow.restype = ctypes.c_int8
    bare = bridge.lib["add"]
    whole, cut = bridge.lib["add_message"], bridge.lib["add_message"]
    whole.restype = ctypes.c_void_p
    # endregion
    return {
        "100 + 100 in one byte": narrow(100, 100),
        "one argument too many": bare(2, 3, 4),
        "no argument at all": _end_of(bare),
        "an undeclared pointer is whole": cut(0) == whole(0),
        "it is the lower half": cut(0) == ctypes.c_int32(whole(0)).value,
        "reading there": _end_of(lambda: ctypes.string_at(cut(0))),
    }


def _end_of(action):
    """How a child process ends that does this, so that its crash is an observation."""
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        try:
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "no signal"


def blames_a_missing_file(bridge):
    """A4: a library for another processor exists, and the loader says that it does not."""
    image = bytearray(LIBRARY.read_bytes())
    image[18:20] = b"\xff\xfe"  # e_machine of an ELF file: a processor that nobody has
    foreign = LIBRARY.with_name("foreign.so")
    missing = _refusal(foreign)
    foreign.write_bytes(image)
    try:
        return {"exists": foreign.exists(), "the same words": _refusal(foreign) == missing}
    finally:
        foreign.unlink()


def _refusal(path):
    try:
        return f"loaded {ctypes.CDLL(str(path))}"
    except OSError as error:
        return str(error)
