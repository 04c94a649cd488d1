"""Lesson 8.8: settings of a device, on whatever Python and CFFI are there."""

import os
import re
import struct
import sys
from decimal import Decimal
from fractions import Fraction

from observe import attempt

VARIABLE = "LESSON_8_8_SWITCHES"


def _block(states=(0, 1, 0, 1), name=b"pump", form=1):
    """A block of flash, as the device wrote it."""
    return struct.pack("=H8s", form, name) + bytes(states)


def _states(seed):
    """Four switches out of the digits of a number to the base of three."""
    return [(0, 1, 255)[seed // 3**at % 3] for at in range(4)]


def reads_switches(bridge, states):
    """On, off, and never written."""
    return attempt(bridge.switches, _block(states))


def reads_all_switches(bridge, seed):
    return attempt(bridge.switches, _block(_states(seed)))


def reads_names(bridge, name):
    """A name ends at a NUL, or with its last byte; what stands behind it is none of it."""
    return attempt(bridge.name, _block([1, 1, 1, 1], name))


def reads_numbered_names(bridge, number):
    return attempt(bridge.name, _block([1, 1, 1, 1], str(number).encode()))


def turns(bridge, states, index, on):
    """A new block; the old one is as it was."""
    block = _block(states)
    return [attempt(bridge.turn, block, index, on), block == _block(states)]


def turns_by_number(bridge, seed, index, on):
    return attempt(bridge.turn, _block(_states(seed)), index, on)


class Index:
    """An integer for whoever asks with operator.index, as those of NumPy are."""

    def __index__(self):
        return 3


class Whole:
    """Only int() takes it."""

    def __int__(self):
        return 3


class Broken:
    """Its own exception goes through, on every Python."""

    def __index__(self):
        raise ZeroDivisionError


NUMBERS = {
    "True": True,
    "an object with __index__": Index(),
    "Decimal('1')": Decimal("1"),
    "Decimal('2.9')": Decimal("2.9"),
    "Fraction(2)": Fraction(2),
    "Fraction(3, 2)": Fraction(3, 2),
    "2.0": 2.0,
    "an object with __int__": Whole(),
    "an object with a broken __index__": Broken(),
    "'2'": "2",
    "None": None,
    "2**31": 2**31,
    "-2**31 - 1": -(2**31) - 1,
    "2**32 + 1": 2**32 + 1,
    "2**64": 2**64,
    "-2**64": -(2**64),
}


def takes_integers(bridge, number):
    """What is an integer on every Python: __index__ says so."""
    return attempt(bridge.turn, _block(), NUMBERS[number], True)


def refuses_numbers(bridge, number):
    """What is no integer on any Python, and what does not fit."""
    return _refusal(bridge.turn, _block(), NUMBERS[number], True, words=("turn", "index", "-4"))


def refuses_states(bridge, on):
    """Nothing but True and False turns a switch."""
    return _refusal(bridge.turn, _block(), 2, on, words=("turn", "on"))


def refuses_indexes(bridge, index):
    """IndexError, with operation, code and index."""
    return _refusal(bridge.turn, _block(), index, True, words=("turn", "-4", str(index)))


def refuses_blocks(bridge):
    """ValueError with operation, code and size; what is no bytes at all is a TypeError."""
    wrong = [
        b"",
        _block()[:-1],
        _block() + b"\0",
        _block(form=2),
        _block(form=0xFFFF),
        _block([0, 1, 2, 1]),
        _block([0, 1, 254, 1]),
        _block(name=b"pu\x07mp"),
        _block(name=b"pump\xff"),
        _block(name=b"12345678"[:7] + b"\x7f"),
        bytearray(_block()),
        _block().hex(),
        None,
    ]
    calls = {
        "switches": bridge.switches,
        "name": bridge.name,
        "turn": lambda block: bridge.turn(block, 1, True),
        "export": lambda block: bridge.export(block, VARIABLE),
    }
    words = (*calls, "block", "-1", "-2", "-3", "0", "13", "14", "15")
    return {
        name: [_refusal(call, block, words=words) for block in wrong]
        for name, call in calls.items()
    }


def exports(bridge, states):
    """What C sees in the environment, and what os.environ has of it."""
    os.environ.pop(VARIABLE, None)
    before = attempt(bridge.exported, VARIABLE)
    bridge.export(_block(states), VARIABLE)
    try:
        return [before, attempt(bridge.exported, VARIABLE), os.environ.get(VARIABLE)]
    finally:
        os.unsetenv(VARIABLE)


def exports_all(bridge, seed):
    return exports(bridge, _states(seed))


def sees_the_environment(bridge, data):
    """What Python puts into the environment reaches C, also what is no UTF-8."""
    os.environb[VARIABLE.encode()] = data
    try:
        return attempt(lambda: os.fsencode(bridge.exported(VARIABLE)))
    finally:
        del os.environ[VARIABLE]


def refuses_variables(bridge):
    """What setenv refuses, and what is no name of a variable."""
    wrong = ["", "A=B", "cut\0off", b"bytes", None, "\ud800"]
    words = ("export", "exported", "variable", "-5", "A", "B")
    return [
        [
            _refusal(bridge.export, _block(), variable, words=words),
            _refusal(bridge.exported, variable, words=words),
        ]
        for variable in wrong
    ]


def builds_without_setuptools(bridge):
    """Which files the build script writes, run as a program where nobody can import setuptools."""
    import runpy
    import tempfile
    from pathlib import Path

    script = Path(__file__).with_name("api_build.py")
    with tempfile.TemporaryDirectory() as folder:
        with _Without("setuptools", "distutils", "_distutils_hack"), _Folder(folder):
            ended = attempt(lambda: runpy.run_path(str(script), run_name="__main__") and None)
        written = sorted(path.name for path in Path(folder).iterdir())
        text = "".join(path.read_text() for path in Path(folder).glob("*.c"))
    return ["returned" in ended, written, "settings_load(" in text]


def keeps_no_reference(bridge):
    """How many references to what was passed are more after a hundred calls."""
    block, variable, index = _block([1, 255, 0, 1]), VARIABLE + "_KEPT", Index()
    wrong, number, bad = block[:5], 2**40 + 1, "A=B of mine"
    owned = [block, variable, index, wrong, number, bad]

    def count():
        return [sys.getrefcount(thing) for thing in owned]

    before = count()
    for _ in range(100):
        bridge.switches(block)
        bridge.name(block)
        bridge.turn(block, index, True)
        bridge.export(block, variable)
        bridge.exported(variable)
        attempt(bridge.switches, wrong)
        attempt(bridge.turn, block, number, True)
        attempt(bridge.turn, block, bad, True)
        attempt(bridge.export, block, bad)
    os.unsetenv(variable)
    return [now - then for now, then in zip(count(), before)]


def keeps_no_memory(bridge):
    """How many blocks of Python's allocator each call leaves behind."""
    block = _block([1, 255, 0, 1])
    calls = {
        "switches": lambda: bridge.switches(block),
        "switches, refused": lambda: attempt(bridge.switches, b""),
        "name": lambda: bridge.name(block),
        "turn": lambda: bridge.turn(block, 2, True),
        "turn, refused": lambda: attempt(bridge.turn, block, 4, True),
        "turn, no integer": lambda: attempt(bridge.turn, block, "2", True),
        "turn, too large": lambda: attempt(bridge.turn, block, 2**40, True),
        "export": lambda: bridge.export(block, VARIABLE),
        "export, refused": lambda: attempt(bridge.export, block, "A=B"),
        "exported": lambda: bridge.exported(VARIABLE),
        "exported, nothing": lambda: bridge.exported(VARIABLE + "_NONE"),
        "exported, refused": lambda: attempt(bridge.exported, "cut\0off"),
    }
    left = {}
    for name, call in calls.items():
        call()
        before = sys.getallocatedblocks()
        for _ in range(500):
            call()
        left[name] = round((sys.getallocatedblocks() - before) / 500)
    os.unsetenv(VARIABLE)
    return left


def _refusal(function, *arguments, words):
    """The class of the exception, and which of `words` its message has."""
    try:
        return {"returned": function(*arguments)}
    except Exception as error:
        found = re.findall(r"-?\w+", str(error))
        return {"raised": type(error).__name__, "names": [word for word in words if word in found]}


class _Without:
    """As long as it lasts, modules of these names cannot be imported."""

    def __init__(self, *names):
        self.names = names

    def __enter__(self):
        own = [name for name in sys.modules if name.split(".")[0] in self.names]
        self.kept = {name: sys.modules.pop(name) for name in own}
        sys.modules.update(dict.fromkeys(self.names))

    def __exit__(self, *_):
        for name in [name for name in sys.modules if name.split(".")[0] in self.names]:
            del sys.modules[name]
        sys.modules.update(self.kept)


class _Folder:
    """As long as it lasts, this is the current folder."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        self.before = os.getcwd()
        os.chdir(self.folder)

    def __exit__(self, *_):
        os.chdir(self.before)


# Evidence: facts of Python, CFFI and the process, observed on the solution.


def finds_what_is_loaded(bridge):
    """D39, E23: which symbols the process itself has, before and after it lends the library."""
    import ctypes

    names = ("strlen", "getenv", "Py_GetVersion", "settings_load")
    process = bridge.process
    if hasattr(bridge, "ffi"):
        ffi = type(bridge.ffi)()
        ffi.cdef("int " + ", ".join(f"{name}(void)" for name in names) + ";")
        process = ffi.dlopen(None)
    found = {name: hasattr(process, name) for name in names}
    library = os.path.join(os.path.dirname(__file__), "libsettings.so")
    ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    found["settings_load, after RTLD_GLOBAL"] = hasattr(process, "settings_load")
    return found


def reads_the_metadata(bridge):
    """E3, E4, E8, E17: what the installed CFFI says of itself."""
    from importlib import metadata

    project = metadata.distribution("cffi")
    return {
        "version": project.version,
        "Requires-Python": project.metadata["Requires-Python"],
        "requires": [re.match(r"\w+", line)[0] for line in project.requires],
        "has cffi-gen-src": any(point.name == "cffi-gen-src" for point in project.entry_points),
    }


def needs_setuptools(bridge):
    """E16: what works where nobody can import setuptools; distutils is there if Python has it."""
    import tempfile

    found = {}
    with tempfile.TemporaryDirectory() as folder, _Folder(folder):
        with _Without("setuptools", "_distutils_hack"):
            found["API mode, compile()"] = _works(lambda: _builder("_api").compile())
            found["API mode, emit_c_code()"] = _works(lambda: _builder("_c").emit_c_code("_c.c"))
            found["ABI mode, compile()"] = _works(lambda: _builder("_abi", None).compile())
        sys.path.insert(0, folder)
        try:
            _builder("_built").compile()
            with _Without("setuptools", "distutils", "_distutils_hack"):
                found["using what is built"] = _works(lambda: __import__("_built").lib.abs(-7) == 7)
        finally:
            sys.path.remove(folder)
    return found


def _builder(module, source="#include <stdlib.h>"):
    from cffi import FFI

    builder = FFI()
    builder.cdef("int abs(int number);")
    builder.set_source(module, source)
    return builder


def _works(call):
    """Whether it ends well; if not, whether the message names setuptools."""
    try:
        return call() is not False
    except Exception as error:
        return "asks for setuptools" if "setuptools" in str(error) else type(error).__name__


def reads_bools(bridge):
    """E7, E9: a bool of 0xff, read in each way; no version of this workshop differs."""
    import ctypes

    record = bridge.ffi.new("settings *")
    bridge.ffi.buffer(record.switches)[:] = b"\xff\x00\x01\xff"
    return {
        "ctypes, c_bool": ctypes.c_bool.from_buffer_copy(b"\xff").value,
        "CFFI, switches[0]": attempt(lambda: record.switches[0]),
        "CFFI, ffi.unpack": attempt(bridge.ffi.unpack, record.switches, 4),
        "CFFI, ffi.string": attempt(bridge.ffi.string, record.switches),
        "CFFI, ffi.buffer": bytes(bridge.ffi.buffer(record.switches)),
    }


def converts_numbers(bridge):
    """D18: what each tool takes for a C int, when nobody asks for __index__ first."""
    import ctypes
    import warnings

    from cffi import FFI

    ffi = FFI()
    ffi.cdef("int abs(int number);")
    c_api, declared = ctypes.pythonapi.PyLong_AsLong, ctypes.CDLL(None).abs
    c_api.argtypes, c_api.restype = [ctypes.py_object], ctypes.c_long
    declared.argtypes = [ctypes.c_int]
    tools = {"ctypes": declared, "CFFI": ffi.dlopen(None).abs, "C API": c_api}
    names = ("2.0", "Decimal('2.9')", "Fraction(3, 2)", "an object with __index__")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            f"{tool}, {name}": list(attempt(call, NUMBERS[name]).values())[0]
            for tool, call in tools.items()
            for name in names
        }
