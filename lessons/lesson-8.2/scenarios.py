"""Lesson 8.2: what becomes of a Python integer on its way into C."""

import ctypes
import re
import struct
import sys
import warnings
from decimal import Decimal
from fractions import Fraction

from observe import attempt


def measures(bridge, feet, inches):
    return bridge.length(feet, inches)


def counts_blocks(bridge, size, block):
    return bridge.blocks(size, block)


def fills_size_t(bridge):
    return [bridge.blocks(2**64 - 1, 1), bridge.blocks(2**64 - 1, 2**32 - 1)]


def counts_seconds(bridge, minutes):
    return bridge.seconds(minutes)


def converts_degrees(bridge, fahrenheit):
    return bridge.celsius(fahrenheit)


def takes_what_converts(bridge):
    return {
        "True feet": bridge.length(True, 0),
        "an object with __index__": bridge.length(Seven(), 0),
        "an int of degrees": bridge.celsius(50),
        "a Fraction of degrees": bridge.celsius(Fraction(101, 2)),
        "a Decimal of degrees": bridge.celsius(Decimal("50.5")),
    }


class Seven:
    def __index__(self):
        return 7


def refuses_too_large(bridge, argument, value):
    return _refusal(bridge, argument, value)


def refuses_huge(bridge, argument):
    """More than 64 bits; text of the last one would take more digits than Python prints."""
    values = [2**64, -(2**63) - 1, 2**70 + 5, -(10**5000)]
    return [_refusal(bridge, argument, value) for value in values]


def refuses_types(bridge, argument, value):
    return _refusal(bridge, argument, value)


def refuses_what_the_library_refuses(bridge, argument, value, code):
    return _refusal(bridge, argument, value, str(code))


def keeps_no_reference(bridge, argument, value):
    """How many references to the integer are more after a hundred calls than before."""
    value += 1  # An object of our own.
    before = sys.getrefcount(value)
    for _ in range(100):
        _refusal(bridge, argument, value)
    return sys.getrefcount(value) - before


OPERATIONS = {
    "feet": lambda bridge, feet: bridge.length(feet, 0),
    "inches": lambda bridge, inches: bridge.length(5, inches),
    "size": lambda bridge, size: bridge.blocks(size, 512),
    "block": lambda bridge, block: bridge.blocks(1000, block),
    "minutes": lambda bridge, minutes: bridge.seconds(minutes),
}
NAMES = {"feet": "length", "inches": "length", "size": "blocks", "block": "blocks"}


def _refusal(bridge, argument, value, *code):
    """The class of the exception, and what its message names: operation and argument in its order,
    and the code."""
    try:
        return {"returned": OPERATIONS[argument](bridge, value)}
    except Exception as error:
        place = (NAMES.get(argument, "seconds"), argument)
        words = dict.fromkeys(re.findall(r"-?\w+", str(error)))
        names = [w for w in words if w in place] + [w for w in code if w in words]
        return {"raised": type(error).__name__, "names": names}


def believes(bridge, feet, inches):
    """What arrives in C when the bridge looks at nothing: tenths of a millimetre, or a code."""
    return attempt(bridge.unchecked, feet, inches)


# Evidence: facts of the machine and of Python, observed on the solution.


def follows_the_platform(bridge):
    """B16, B17: c_long has the width of C's long, whatever that is; only its size varies."""
    bits = bridge.lib.units_long_bits()
    return {
        "bits of long in the library": bits,
        "c_long is as wide": ctypes.sizeof(ctypes.c_long) * 8 == bits,
        "bits of long where struct takes its standard size": struct.calcsize("=l") * 8,
    }


def has_other_names(bridge):
    """B18, B19: fixed widths are other names of the platform's types; size_t is an address wide."""
    fixed = {32: ctypes.c_int32, 64: ctypes.c_int64}
    return {
        "names": {str(width): kind.__name__ for width, kind in fixed.items()},
        "c_int64 is c_long": ctypes.c_int64 is ctypes.c_long,
        "bits": {str(width): ctypes.sizeof(kind) * 8 for width, kind in fixed.items()},
        "size_t, ssize_t, void *": [
            ctypes.sizeof(kind) for kind in (ctypes.c_size_t, ctypes.c_ssize_t, ctypes.c_void_p)
        ],
        "-1 as a size_t is": f"2**{ctypes.c_size_t(-1).value.bit_length()} - 1",
    }


def parses_by_format(bridge):
    """D12, D13: signed formats of PyArg_Parse look at the range, unsigned ones do not."""
    return {
        "i, 2**31": _parsed(b"i", ctypes.c_int, 2**31),
        "l, 2**63": _parsed(b"l", ctypes.c_long, 2**63),
        "b, 256": _parsed(b"b", ctypes.c_ubyte, 256),
        "n, 2**63": _parsed(b"n", ctypes.c_ssize_t, 2**63),
        "B, 300": _parsed(b"B", ctypes.c_ubyte, 300),
        "I, 2**32 + 5": _parsed(b"I", ctypes.c_uint, 2**32 + 5),
        "k, -1 is ULONG_MAX": _parsed(b"k", ctypes.c_ulong, -1)
        == {"returned": ctypes.c_ulong(-1).value},
    }


def parses_other_types(bridge):
    """D14, D18: who counts as an int, and who as a float."""

    class OnlyInt:
        def __int__(self):
            return 7

    # CPython 3.9 warns about an object that has only __int__ and takes it; since 3.10 it refuses.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        only_int = "raised" not in _parsed(b"i", ctypes.c_int, OnlyInt())
    return {
        "i, True": _parsed(b"i", ctypes.c_int, True),
        "i, __index__": _parsed(b"i", ctypes.c_int, Seven()),
        "i, 2.5": _parsed(b"i", ctypes.c_int, 2.5),
        "i, only __int__, before 3.10 alone": only_int == (sys.version_info < (3, 10)),
        "d, 7": _parsed(b"d", ctypes.c_double, 7),
        "d, Decimal": _parsed(b"d", ctypes.c_double, Decimal("2.5")),
        "d, Fraction": _parsed(b"d", ctypes.c_double, Fraction(5, 2)),
        "d, str": _parsed(b"d", ctypes.c_double, "2.5"),
        "d, 10**400": _parsed(b"d", ctypes.c_double, 10**400),
    }


def _parsed(letter, kind, value):
    """PyArg_Parse is a C function like others: libpython brings it."""
    parse = ctypes.pythonapi["PyArg_Parse"]
    parse.argtypes = [ctypes.py_object, ctypes.c_char_p]
    parse.restype = ctypes.c_int
    out = kind()
    return attempt(lambda: parse(value, letter, ctypes.byref(out)) and out.value)


def returns_by_function(bridge):
    """D21, D22, D88: the function that makes the result must be as wide as the result."""
    largest = ctypes.c_size_t(-1).value

    def made(name, kind, value):
        function = ctypes.pythonapi[name]
        function.argtypes, function.restype = [kind], ctypes.py_object
        return function(value)

    return {
        "PyLong_FromLong(2**63 - 1)": made("PyLong_FromLong", ctypes.c_long, 2**63 - 1),
        "PyLong_FromLong of the largest size_t": made("PyLong_FromLong", ctypes.c_long, largest),
        "PyLong_FromSize_t keeps it": made("PyLong_FromSize_t", ctypes.c_size_t, largest)
        == largest,
        "PyFloat_FromDouble(0.1) is 0.1": made("PyFloat_FromDouble", ctypes.c_double, 0.1) == 0.1,
    }
