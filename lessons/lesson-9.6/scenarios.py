"""A table of functions goes through a capsule: to our user, to others, and from other providers."""

import ctypes
import gc
import sys
from pathlib import Path

from observe import attempt

NAME = b"sums.API"
SUM = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
TOTAL = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)
END = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def _of_python(name, result, *arguments):
    return ctypes.PYFUNCTYPE(result, *arguments)((name, ctypes.pythonapi))


_new = _of_python("PyCapsule_New", ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, END)
_pointer = _of_python("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
_name = _of_python("PyCapsule_GetName", ctypes.c_char_p, ctypes.py_object)


class Table(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("sum", SUM),
        ("total", TOTAL),
        ("later", ctypes.c_int64),
    ]


class Other:
    """A provider of other people: its table is of Python functions, and it notes what happens."""

    def __init__(self, name=NAME, version=2, size=24, answer=7):
        def sums(table, data, length):
            self.asked.append((table == ctypes.addressof(self.table), self._text(data, length)))
            return answer

        def totals(table):
            self.asked.append((table == ctypes.addressof(self.table), "total"))
            return answer

        self.asked, self.ended = [], 0
        self.table = Table(version, size, SUM(sums), TOTAL(totals))
        self.name = None if name is None else ctypes.create_string_buffer(name)
        self.end = END(self._note)
        # A capsule that somebody leaks may end when this program does: nothing of it goes before.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self))

    def _note(self, capsule):
        self.ended += 1

    @staticmethod
    def _text(data, length):
        return ctypes.string_at(data, length) if length else b""

    def offer(self):
        name = None if self.name is None else ctypes.addressof(self.name)
        return _new(ctypes.addressof(self.table), name, self.end)


def _said(function, *arguments):
    """Class and text of an exception, without the address of a capsule."""
    try:
        return {"returned": function(*arguments)}
    except Exception as error:
        words = str(error).replace("<capsule object ", "<").split(" at 0x")
        return {"raised": type(error).__name__, "text": words[0]}


class TableGone(Exception):
    """The user of a table is there, and the table is not: a call would go into freed memory."""


def _user(bridge, method):
    """A user of a table of ours, who alone keeps it."""
    before = bridge.alive()
    user = bridge.Sums(bridge.offer(method))
    if bridge.alive() <= before:
        raise TableGone(f"a Sums is there, and its {method} table is freed")
    return user


def sums(bridge, data):
    """Our provider, our user; nothing is left."""
    user = _user(bridge, "crc32")
    observed = [user.sum(data), user.total(), bridge.alive()]
    del user
    return [*observed, bridge.alive()]


def check_digits(bridge, number):
    user = _user(bridge, "luhn")
    return [user.sum(str(number).encode()), user.total()]


def totals(bridge):
    """Each table counts for itself; the users of one share it."""
    first, second = bridge.offer("crc32"), bridge.offer("luhn")
    users = [bridge.Sums(first), bridge.Sums(first), bridge.Sums(second)]
    return [
        [user.sum(data) for user, data in zip(users, (b"a\0b", b"", b"4539"))],
        [user.total() for user in users],
        bridge.alive(),
    ]


def offers_a_table(bridge):
    """What other people's user finds in our capsule."""
    capsule = bridge.offer("crc32")
    table = Table.from_address(_pointer(capsule, NAME))
    data = ctypes.create_string_buffer(b"123456789")
    return {
        "name": _name(capsule),
        "version, size": [table.version, table.size],
        "sum": table.sum(ctypes.addressof(table), ctypes.addressof(data), 9),
        "total": table.total(ctypes.addressof(table)),
        "type": type(capsule).__name__,
    }


def keeps_the_name(bridge):
    """The name of a capsule lives as long, whatever happens to memory in between."""
    capsules = [bridge.offer("luhn") for _ in range(50)]
    gc.collect()
    others = [b"%08d" % each for each in range(5000)]
    found = {_name(capsule) for capsule in capsules}
    refused = [each for each in capsules if "raised" in attempt(_pointer, each, NAME)]
    return [sorted(found), len(others), len(refused)]


def takes_any_provider(bridge, answer):
    """What our user does with the table of others."""
    other = Other(answer=answer)
    user = bridge.Sums(other.offer())
    said = [_said(user.sum, b"a\0b"), _said(user.sum, b""), _said(user.total)]
    del user
    return [said, other.asked, other.ended]


def tells_codes(bridge, code):
    """Who provides the table has codes of their own."""
    other = Other(answer=code)
    return _said(bridge.Sums(other.offer()).sum, b"xyz")


def keeps_the_capsule(bridge):
    """A table lives as long as somebody uses it, and no longer."""
    capsule = bridge.offer("crc32")
    users = [bridge.Sums(capsule), bridge.Sums(capsule)]
    made = bridge.alive()
    del capsule
    gc.collect()
    forgotten = bridge.alive()
    users.pop()
    one = [bridge.alive(), users[0].sum(b"123456789")] if bridge.alive() else "gone"
    users.pop()
    return [made, forgotten, one, bridge.alive()]


def ends_once(bridge):
    """The destructor runs once for each capsule: unused, used, in a cycle, after an exception."""
    before = bridge.alive()
    unused = [bridge.offer("crc32") for _ in range(3)]
    during = bridge.alive() - before
    del unused
    ring = [bridge.offer("luhn")]
    ring.append(ring)
    in_cycle = [bridge.alive() - before]
    del ring
    gc.collect()
    in_cycle.append(bridge.alive() - before)
    failed = attempt(_user(bridge, "luhn").sum, b"x")
    others = [Other(), Other(version=9)]
    capsules = [other.offer() for other in others]
    ended = [attempt(lambda each: bridge.Sums(each).sum(b"x"), each) for each in capsules]
    del capsules
    return [during, in_cycle, failed, bridge.alive() - before, ended, [o.ended for o in others]]


def ends_under_an_exception(bridge):
    """The last reference goes while an exception is under way, which goes on."""
    before = bridge.alive()
    return [attempt(lambda: int(bridge.offer("crc32"))), bridge.alive() - before]


def refuses_objects(bridge):
    """What is no capsule, and one without a name; Python itself refuses to make one of NULL."""
    given = (None, 5, "sums.API", b"sums.API")
    observed = {repr(each): _said(bridge.Sums, each) for each in given}
    observed["no name"] = _said(bridge.Sums, Other(name=None).offer())
    observed["a capsule of NULL"] = attempt(_new, None, None, END())
    return observed


def refuses_names(bridge, name):
    other = Other(name=name.encode())
    return [_said(bridge.Sums, other.offer()), other.ended, other.asked]


def refuses_tables(bridge, version, size):
    """Another version, or too small: none of its functions is called."""
    other = Other(version=version, size=size)
    return [_said(bridge.Sums, other.offer()), other.ended, other.asked]


def takes_other_sizes(bridge, size):
    """A table says by its size which functions there are."""
    user = bridge.Sums(Other(size=size).offer())
    return [user.sum(b"x"), _said(user.total)]


def refuses_methods(bridge):
    before = bridge.alive()
    return {
        "md5": _said(bridge.offer, "md5"),
        "nothing": _said(bridge.offer, ""),
        "CRC32": _said(bridge.offer, "CRC32"),
        "é": _said(bridge.offer, "é"),
        "a NUL": attempt(bridge.offer, "crc32\0"),
        "a surrogate": attempt(bridge.offer, "\ud800"),
        "bytes": attempt(bridge.offer, b"crc32"),
        "5": attempt(bridge.offer, 5),
        "none": attempt(bridge.offer),
        "left": bridge.alive() - before,
    }


def refuses_data(bridge):
    user = _user(bridge, "luhn")
    return {
        "letters": _said(user.sum, b"12a"),
        "nothing": _said(user.sum, b""),
        "a NUL": _said(user.sum, b"1\0"),
        "str": attempt(user.sum, "12"),
        "None": attempt(user.sum, None),
        "5": attempt(user.sum, 5),
        "bytearray": attempt(user.sum, bytearray(b"12")),
        "list": attempt(user.sum, [49, 50]),
        "total": user.total(),
    }


def is_only_an_envelope(bridge):
    """What Python can do with a capsule, and with a type."""
    capsule = bridge.offer("crc32")
    user = bridge.Sums(capsule)
    observed = {}
    for what, each in (("capsule", capsule), ("Sums", user)):
        observed[what] = {name: hasattr(each, name) for name in ("sum", "total")}
    observed["attributes"] = [name for name in dir(capsule) if not name.startswith("_")]
    observed["called"] = attempt(capsule)
    observed["a sum"] = attempt(lambda: capsule.sum(b"a"))
    return observed


def keeps_no_reference(bridge):
    """Many capsules, used and refused: types, capsules, tables and memory are as before."""
    capsule, wrong = bridge.offer("crc32"), Other(version=1).offer()
    counted = [capsule, wrong, bridge.Sums]

    def work():
        user = _user(bridge, "crc32")
        user.sum(b"a")
        bridge.Sums(capsule).total()
        attempt(bridge.Sums, wrong)
        attempt(bridge.offer, "md5")

    def references():
        gc.collect()
        return [sys.getrefcount(each) for each in counted]

    work()
    before, blocks = references(), sys.getallocatedblocks()
    for _ in range(500):
        work()
    left = [now - then for now, then in zip(references(), before)]
    return [left, bridge.alive(), sys.getallocatedblocks() - blocks < 300]


def outlives_the_module(bridge):
    """A capsule may be the last one to go: after the module that made it."""
    sys._left_over = bridge.offer("crc32")
    return bridge.alive()


# What follows is evidence: it runs with the solution only.

USER = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "sums.h"

static sums_api *table;

/* Finds the table by the name of its module and attribute. */
static PyObject *find(PyObject *self, PyObject *ignored)
{
    table = PyCapsule_Import(SUMS_CAPSULE, 0);
    if (table == NULL)
        return NULL;
    return Py_BuildValue("[II]", table->version, table->size);
}

static PyObject *sum(PyObject *self, PyObject *args)
{
    const char *data;
    Py_ssize_t length;

    if (!PyArg_ParseTuple(args, "y#", &data, &length))
        return NULL;
    return PyLong_FromLongLong(table->sum(table, data, length));
}

static PyMethodDef methods[] = {
    {"find", find, METH_NOARGS, NULL},
    {"sum", sum, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "_user", NULL, 0, methods};

PyMODINIT_FUNC PyInit__user(void)
{
    return PyModuleDef_Init(&def);
}
"""

PHASES = """
#include <Python.h>

static struct PyModuleDef_Slot slots[] = {
#ifdef SLOT
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};
static struct PyModuleDef def = {
    PyModuleDef_HEAD_INIT, .m_name = "phases", .m_size = SIZE,
    .m_slots = SIZE < 0 ? NULL : slots,
};

PyMODINIT_FUNC INIT(void)
{
    return SIZE < 0 ? PyModule_Create(&def) : PyModuleDef_Init(&def);
}
"""


def second_module(bridge):
    """A second extension module, which knows the header only, takes our table by its name."""
    import types

    before = bridge.alive()
    user = _compile(bridge, "_user", USER)
    sys.modules.pop("sums", None)
    observed = {"no module": attempt(user.find)}
    provider = sys.modules["sums"] = types.ModuleType("sums")
    observed["no attribute"] = attempt(user.find)
    provider.API = Other(name=b"others.API").offer()
    observed["another name"] = attempt(user.find)
    provider.API = bridge.offer("crc32")
    observed["found"] = [user.find(), user.sum(b"123456789"), bridge.alive() - before]
    provider.API = None
    observed["alive after the attribute went"] = bridge.alive() - before
    del sys.modules["sums"]
    return observed


def init_phases(bridge):
    """What an interpreter with a GIL of its own says to three ways to make a module."""
    slot = ["-DSLOT"] if sys.version_info >= (3, 12) else []
    kinds = {
        "one phase": ["-DSIZE=-1"],
        "several phases": ["-DSIZE=0"],
        "several phases, and the slot": ["-DSIZE=0", *slot],
    }
    observed = {}
    for number, (kind, flags) in enumerate(kinds.items()):
        name = f"_phases_{number}"
        _build(bridge, name, PHASES, *flags, f"-DINIT=PyInit_{name}")
        program = (
            "try:\n    import _interpreters as inner\n"
            "except ImportError:\n    import _xxsubinterpreters as inner\n"
            f"import {name}\n"
            "each = inner.create()\n"
            f"inside = 'import sys; sys.path.insert(0, \".\"); import {name}'\n"
            "try:\n    failed = inner.run_string(each, inside)\n"
            "except inner.RunFailedError as error:\n    failed = str(error)\n"
            "refused = 'loading in subinterpreters' in str(failed)\n"
            "print('refused' if refused else failed or 'imported')\n"
        )
        ended = _python(bridge, program)
        observed[kind] = ended.stdout.strip() or ended.stderr.strip()[-200:]
    return observed


DESTRUCTOR = """
import ctypes
import sys

NAME = b"sums.API"
END = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, END)(
    ("PyCapsule_New", ctypes.pythonapi)
)
lib = ctypes.CDLL("./libsums.so")
lib.sums_free.argtypes = [ctypes.c_void_p]


@END
def end(capsule):
    pass


def capsule():
    return new(4096, NAME, destructor)


destructor = end if sys.argv[1] == "of Python" else ctypes.cast(lib.sums_end, END)
"""


def destructors(bridge):
    """A destructor in C and one in Python: with an exception under way, and at the end of all."""
    late = "sys._left_over = capsule()\n"
    amid = (
        "try:\n    int(capsule())\nexcept BaseException as error:\n"
        "    print(type(error).__name__)\n"
    )
    observed = {}
    for kind in ("of C", "of Python"):
        said = _python(bridge, DESTRUCTOR + amid, kind).stdout.strip()
        ended = _python(bridge, DESTRUCTOR + late, kind).returncode
        observed[kind] = [said, f"exit {ended}" if ended >= 0 else "a signal"]
    return observed


def through_cffi(bridge):
    """Python's own functions, called without the GIL and with it."""
    declare = (
        "import ctypes\nfrom cffi import FFI\nffi = FFI()\n"
        "ffi.cdef('void *PyCapsule_GetPointer(void *capsule, const char *name);')\n"
        "from datetime import datetime_CAPI as capsule\n"
    )
    calls = {
        "cffi": "ffi.dlopen(None).PyCapsule_GetPointer(ffi.cast('void *', id(capsule)), b'no')\n",
        "ctypes.pythonapi": (
            "get = ctypes.pythonapi.PyCapsule_GetPointer\n"
            "get.argtypes = [ctypes.py_object, ctypes.c_char_p]\n"
            "try:\n    get(capsule, b'no')\n"
            "except ValueError:\n    print('ValueError')\n"
        ),
    }
    observed = {}
    for way, call in calls.items():
        ended = _python(bridge, declare + call)
        observed[way] = ended.stdout.strip() if ended.returncode >= 0 else "a signal"
    return observed


def _python(bridge, program, *arguments):
    """Runs a program beside the bridge."""
    import subprocess

    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=Path(bridge.__file__).resolve().parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )


def _build(bridge, name, text, *flags):
    import subprocess
    import sysconfig

    folder = Path(bridge.__file__).resolve().parent
    (folder / f"{name}.c").write_text(text)
    headers = ["-I.", f"-I{sysconfig.get_path('include')}"]
    command = ["cc", "-shared", "-fPIC", "-w", *headers, *flags, f"{name}.c", "-o", f"{name}.so"]
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=True)


def _compile(bridge, name, text):
    """Compiles an extension module beside the bridge and imports it."""
    import importlib

    _build(bridge, name, text)
    importlib.invalidate_caches()
    return importlib.import_module(name)
