"""Lesson 8.7: lines of a log, over a variadic function and a macro."""

import re
import sys

from observe import attempt


def writes_text(bridge, level, message):
    """A message is data: no sign of it may be taken for a format.

    Hidden messages are numbers: a random text taken for a format does a random thing.
    """
    return attempt(bridge.text, level, str(message))


def writes_numbers(bridge, level, value):
    """All 64 bits arrive."""
    return bridge.number(level, "bytes", value)


def writes_reals(bridge, level, value):
    return attempt(bridge.real, level, "volt", value)


def writes_names(bridge, name):
    """Percent signs in a name are data, too."""
    return [attempt(bridge.number, 6, name, 5), attempt(bridge.real, 6, name, 0.5)]


def keeps_levels(bridge, level):
    """Which of eight lines are written, and how many the library counts."""
    before = bridge.lines()
    bridge.upto(level)
    try:
        found = [bridge.text(other, "x") for other in range(8)]
    finally:
        bridge.upto(7)
    return [found, bridge.lines() - before]


def refuses_levels(bridge, level):
    """What is no level; operation, and code or argument are named."""
    words = ("level", "-1")
    found = [
        _refusal(bridge.text, level, "idle", words=("text", "idle", *words)),
        _refusal(bridge.number, level, "disk", 5, words=("number", "disk", *words)),
        _refusal(bridge.real, level, "volt", 0.5, words=("real", "volt", *words)),
        _refusal(bridge.upto, level, words=("upto", str(level), *words)),
    ]
    return [found, bridge.text(7, "all levels are kept")]


def refuses_long_lines(bridge, length):
    """A line of 63 bytes fits, one of 64 does not and is not counted."""
    before = bridge.lines()
    found = _refusal(lambda: len(bridge.text(6, "x" * length)), words=("text", "-2"))
    return [found, bridge.lines() - before]


def refuses_values(bridge):
    """What is no value of its kind, and what C could not read whole."""
    wrong = [
        (bridge.text, 6, b"bytes"),
        (bridge.text, 6, None),
        (bridge.text, 6, "cut\0off"),
        (bridge.text, 6, "\ud800"),
        (bridge.number, 6, "cut\0off", 5),
        (bridge.number, 6, "disk", 2**63),
        (bridge.number, 6, "disk", -(2**63) - 1),
        (bridge.number, 6, "disk", 5.0),
        (bridge.number, 6, "disk", "5"),
        (bridge.real, 6, 5, 0.5),
        (bridge.real, 6, "volt", "0.5"),
        (bridge.real, 6, "volt", 10**400),
        (bridge.real, 6, "volt", None),
    ]
    words = ("text", "number", "real", "message", "name", "value")
    return [_refusal(call, *arguments, words=words) for call, *arguments in wrong]


def keeps_no_reference(bridge):
    """How many references to what was passed are more after a hundred calls."""
    message, name, number, real = "a message of mine", "a name of mine", 2**40 + 1, 2.5**9
    owned = [message, name, number, real]

    def count():
        return [sys.getrefcount(thing) for thing in owned]

    before = count()
    for _ in range(100):
        attempt(bridge.text, 6, message)
        attempt(bridge.number, 6, name, number)
        attempt(bridge.real, 6, name, real)
        attempt(bridge.text, 9, message)
        attempt(bridge.text, number, message)
        attempt(bridge.number, 6, name, real)
    return [now - then for now, then in zip(count(), before)]


def keeps_no_memory(bridge):
    """How many blocks of Python's allocator each call leaves behind."""
    calls = {
        "text": lambda: attempt(bridge.text, 6, "idle"),
        "text, refused": lambda: attempt(bridge.text, 9, "idle"),
        "number": lambda: attempt(bridge.number, 6, "disk", 2**40),
        "real": lambda: attempt(bridge.real, 6, "volt", 0.5),
        "upto": lambda: bridge.upto(7),
    }
    left = {}
    for name, call in calls.items():
        call()
        before = sys.getallocatedblocks()
        for _ in range(500):
            call()
        left[name] = round((sys.getallocatedblocks() - before) / 500)
    return left


def _refusal(function, *arguments, words):
    """The class of the exception, and which of `words` its message has."""
    try:
        return {"returned": function(*arguments)}
    except Exception as error:
        found = re.findall(r"-?\w+", str(error))
        return {"raised": type(error).__name__, "names": [word for word in words if word in found]}


# Evidence: facts of ctypes, CFFI and the C library, observed on the solution.


def promotes_nothing(bridge):
    """B57: what arrives behind the fixed part, by what ctypes is given.

    A c_float is refused by a new libffi, if the fixed part is declared, and garbage otherwise.
    """
    import ctypes

    write, last = bridge.lib.journal_write, bridge.lib.journal_last
    undeclared = bridge.lib["journal_write"]

    def arrives(call, form, value, expected):
        write(6, b"nothing")
        attempt(call, 6, form, value)
        return last() == expected

    return {
        "%g, a float": attempt(write, 6, b"%g", 0.5)["raised"],
        "%g, c_double": arrives(write, b"%g", ctypes.c_double(0.5), b"<6>0.5"),
        "%g, c_float": arrives(write, b"%g", ctypes.c_float(0.5), b"<6>0.5"),
        "%g, c_float, nothing declared": arrives(undeclared, b"%g", ctypes.c_float(0.5), b"<6>0.5"),
        "%lld, an int": arrives(write, b"%lld", 2**40, b"<6>1099511627776"),
        "%lld, c_longlong": arrives(write, b"%lld", ctypes.c_longlong(2**40), b"<6>1099511627776"),
    }


def cffi_promotes_nothing(bridge):
    """B57: CFFI asks for cdata, so that its C type is known; it does not promote a float either."""
    ffi, lib = bridge.ffi, bridge.lib

    def arrives(form, value, expected):
        lib.journal_write(6, b"nothing")
        attempt(lib.journal_write, 6, form, value)
        return ffi.string(lib.journal_last()) == expected

    return {
        "%g, a float": attempt(lib.journal_write, 6, b"%g", 0.5)["raised"],
        "%g, double": arrives(b"%g", ffi.cast("double", 0.5), b"<6>0.5"),
        "%g, float": arrives(b"%g", ffi.cast("float", 0.5), b"<6>0.5"),
        "%lld, an int": attempt(lib.journal_write, 6, b"%lld", 2**40)["raised"],
        "%lld, long long": arrives(b"%lld", ffi.cast("long long", 2**40), b"<6>1099511627776"),
    }


def finds_no_macro(bridge):
    """D41: which words of journal.h are symbols."""
    names = ("journal_set_mask", "journal_upto", "JOURNAL_ROOM", "JOURNAL_INFO")
    return {name: hasattr(bridge.lib, name) for name in names}


def wraps_with_a_compiler(bridge):
    """B7, B56: macros and the variadic function through the shim, with plain values of Python."""
    lib = bridge.lib
    return {
        "a macro for a number": lib.JOURNAL_ROOM,
        "a macro for a call": [lib.shim_upto(7), lib.shim_upto(8)],
        "fixed arguments": lib.shim_real(6, b"volt", 0.5) == len("<6>volt=0.5"),
        "wrong type": attempt(lib.shim_real, 6, b"volt", "0.5"),
        "variadic, plain values": attempt(lib.journal_write, 6, b"%g", 0.5),
        "the shim is": type(lib.shim_real).__name__,
        "the variadic is cdata": isinstance(lib.journal_write, bridge.ffi.CData),
    }


def needs_no_shim(bridge):
    """B95: a pointer to a pointer, and a call that waits while another thread writes."""
    import ctypes

    from cffi import FFI

    libc, rest = ctypes.CDLL(None), ctypes.c_char_p()
    libc.strtol.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int]
    libc.strtol.restype = ctypes.c_long
    libc.read.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]
    libc.read.restype = ctypes.c_ssize_t
    ffi = FFI()
    ffi.cdef("long strtol(const char *, char **, int); ssize_t read(int, void *, size_t);")
    other, end, digits = ffi.dlopen(None), ffi.new("char **"), ffi.new("char[]", b"12 apples")
    return {
        "char **, ctypes": [libc.strtol(b"12 apples", ctypes.byref(rest), 10), rest.value],
        "char **, cffi": [other.strtol(digits, end, 10), ffi.string(end[0])],
        "GIL, ctypes": _lets_others_run(libc.read, ctypes.create_string_buffer(2)),
        "GIL, cffi": _lets_others_run(other.read, ffi.new("char[]", 2)),
    }


def _lets_others_run(read, place):
    """Whether the writer runs while the reader waits in C; if it does not, both wait for ever."""
    import os
    import threading
    import time

    reader, writer = os.pipe()
    thread = threading.Thread(target=read, args=(reader, place, 1))
    thread.start()
    time.sleep(0.05)  # Now the reader waits; without the GIL we would not wake up.
    os.write(writer, b"x")
    thread.join()
    os.close(reader)
    os.close(writer)
    return place[0] == b"x"


PROGRAM = """
import ctypes, os
libc = ctypes.CDLL(None)
print("Python 1", flush=True)
libc.puts(b"C")
{then}
print("Python 2", flush=True)
{end}
"""


def mixes_two_buffers(bridge):
    """D37, D38: puts through ctypes, into a pipe."""
    return {
        "left alone": _printed(),
        "fflush": _printed(then="libc.fflush(None)"),
        "PYTHONUNBUFFERED": _printed(unbuffered=True),
        "os._exit": _printed(end="os._exit(0)"),
        "fork": _printed(end="child = os.fork(); child and os.waitpid(child, 0)"),
    }


def _printed(then="", end="", unbuffered=False):
    import os
    import subprocess

    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    if unbuffered:
        environment["PYTHONUNBUFFERED"] = "1"
    program = PROGRAM.format(then=then, end=end)
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.splitlines()
