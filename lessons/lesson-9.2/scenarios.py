"""Who frees what: counted in C after each way in which a text can end."""

import gc
import subprocess
import sys
from pathlib import Path

from observe import attempt

PATTERN = "Dear {}, yours {}"


class _Counted:
    """How many texts and bytes are there more than at the beginning."""

    def __init__(self, bridge):
        self.bridge = bridge
        gc.collect()
        self.before = bridge.alive(), bridge.allocated()

    def more(self):
        return [self.bridge.alive() - self.before[0], self.bridge.allocated() - self.before[1]]


def expands(bridge, value, limit):
    return bridge.expand("{}: Dear {}", str(value), limit)


def expands_without_limit(bridge, value):
    return [bridge.expand(PATTERN, value), bridge.expand("", value), bridge.expand("{{}}", value)]


def frees_what_it_copied(bridge):
    """A hundred letters: none stays in C."""
    counted = _Counted(bridge)
    letters = {bridge.expand(PATTERN, "Ada") for _ in range(100)}
    return [sorted(letters), counted.more()]


def frees_what_it_cannot_decode(bridge):
    """The limit cuts an é in two: the copy fails, and the text is there already."""
    counted = _Counted(bridge)
    refused = {attempt(bridge.expand, "{}", "é", 1)["raised"] for _ in range(10)}
    return [sorted(refused), counted.more()]


def leaves_signs_alone(bridge):
    """The library's own text: reading it a thousand times frees nothing and loses nothing."""
    counted = _Counted(bridge)
    return [{bridge.sign() for _ in range(1000)} == {"{}"}, counted.more()]


def refuses(bridge):
    counted = _Counted(bridge)
    return {
        "limit -1": attempt(bridge.expand, "{}", "a", -1),
        "Text with limit -1": attempt(bridge.Text, "{}", "a", -1),
        "pattern 5": attempt(bridge.expand, 5, "a"),
        "value None": attempt(bridge.Text, "{}", None),
        "a NUL": attempt(bridge.expand, "a\0b", "a"),
        "limit 1.5": "raised" in attempt(bridge.expand, "{}", "a", 1.5),
        "left": counted.more(),
    }


def names_the_argument(bridge):
    try:
        return bridge.expand("{}!", "a", -7)
    except ValueError as error:
        said = str(error)
    return [word in said for word in ("expand", "{}!", "-7", "code -1")]


def keeps_a_text(bridge, value):
    """Its bytes stay in C as long as the object does."""
    counted = _Counted(bridge)
    text = bridge.Text("<{}>", value)
    observed = [text.read(), text.read() == bridge.expand("<{}>", value), len(text)]
    kept = counted.more()
    del text
    return [*observed, kept, counted.more()]


def releases_once(bridge):
    counted = _Counted(bridge)
    text = bridge.Text(PATTERN, "Ada")
    copy = text.read()
    observed = [counted.more(), text.release(), counted.more(), text.release(), counted.more()]
    del text
    return [*observed, copy, counted.more()]


def refuses_released(bridge):
    text = bridge.Text(PATTERN, "Ada")
    text.release()
    return [attempt(text.read), attempt(lambda: len(text))]


def frees_without_the_collector(bridge):
    """The last reference goes, the collector is off."""
    counted = _Counted(bridge)
    gc.disable()
    try:
        texts = [bridge.Text(PATTERN, "Ada") for _ in range(10)]
        other = texts[0]
        during = counted.more()
        del texts
        one = counted.more()
        del other
        return [during, one, counted.more()]
    finally:
        gc.enable()


def frees_in_a_cycle(bridge):
    """A list that holds the text and itself: only the collector finds it."""
    counted = _Counted(bridge)
    ring = [bridge.Text(PATTERN, "Ada")]
    ring.append(ring)
    del ring
    gc.collect()
    return counted.more()


def frees_after_an_exception(bridge):
    """The traceback keeps the frame, the frame keeps the text."""
    counted = _Counted(bridge)

    def write():
        text = bridge.Text(PATTERN, "Ada")
        raise RuntimeError(text.read())

    try:
        write()
    except RuntimeError as error:
        kept = error
    during = counted.more()
    del kept
    return [during, counted.more()]


def keeps_no_type(bridge):
    """A thousand instances give back their references to the type, and their memory."""
    before = sys.getrefcount(bridge.Text), sys.getallocatedblocks()
    for _ in range(1000):
        bridge.Text(PATTERN, "Ada").release()
        attempt(bridge.Text, PATTERN, "Ada", -1)
    gc.collect()
    blocks = sys.getallocatedblocks() - before[1]
    return [sys.getrefcount(bridge.Text) - before[0], "few" if blocks < 500 else blocks]


# What follows is evidence: it runs with the solution only.

BEGIN = """
import ctypes, faulthandler
from cffi import FFI
faulthandler.disable()
tpl = ctypes.CDLL({library!r})
c = ctypes.CDLL(None)
c.free.argtypes = [ctypes.c_void_p]
tpl.tpl_sign.restype = ctypes.c_void_p
tpl.tpl_free.argtypes = [ctypes.c_void_p]
text = ctypes.c_void_p()
tpl.tpl_expand(b"{{}}", b"a text that is long enough to be a block", ctypes.c_int64(99),
               ctypes.byref(text))
ffi = FFI()
ffi.cdef("void tpl_free(char *text); void free(void *block);")
lib = ffi.dlopen({library!r})
"""


def wrong_frees(bridge):
    """How a process ends that frees with the wrong function, or twice."""
    programs = {
        "tpl_free": "tpl.tpl_free(text)",
        "tpl_free, twice": "tpl.tpl_free(text); tpl.tpl_free(text)",
        "free of a text of the library": "c.free(text)",
        "free of the library's own text": "c.free(tpl.tpl_sign())",
        "free of bytes that ctypes copied": "c.free(ctypes.c_char_p(ctypes.string_at(text.value)))",
        "free of what ffi.new owns": "ffi.dlopen(None).free(ffi.new('char[]', 100))",
        "tpl_free beside ffi.gc": "kept = ffi.gc(ffi.cast('char *', text.value), lib.tpl_free);"
        " lib.tpl_free(kept)",
        "tpl_free of bytes": "tpl.tpl_free(ctypes.c_char_p(ctypes.string_at(text.value)))",
    }
    return {name: _end_of(bridge, program) for name, program in programs.items()}


def lost_texts(bridge):
    """A c_char_p is turned into bytes: the copy lives, the address is lost."""
    import ctypes

    lib = ctypes.CDLL(bridge.lib._name)
    lib.tpl_alive.restype = ctypes.c_int64
    before = lib.tpl_alive()
    for _ in range(100):
        text = ctypes.c_char_p()
        lib.tpl_expand(b"{}", b"Ada", ctypes.c_int64(99), ctypes.byref(text))
        copy = text.value
    return {"value": copy, "left in C": lib.tpl_alive() - before}


def what_gc_owns(bridge):
    """When a text of ffi.gc is freed, with the collector off, and what does not keep it."""
    ffi, lib = bridge.ffi, bridge.lib
    gc.collect()
    before = bridge.alive()

    def new():
        text = ffi.new("char **")
        lib.tpl_expand(b"{}", b"Ada", 99, text)
        return ffi.gc(text[0], lib.tpl_free)

    def left(make):
        """What is alive while make's second object is kept, and its first is gone."""
        kept = make(new())
        return [bridge.alive() - before, kept is not None]

    def fails(text):
        raise RuntimeError

    gc.disable()
    try:
        text = new()
        observed = {"an object": bridge.alive() - before}
        del text
        observed["without it"] = bridge.alive() - before
        observed["a cast is left"] = left(lambda text: ffi.cast("void *", text))[0]
        observed["an inner pointer is left"] = left(lambda text: text + 1)[0]
        observed["a pointer to it is left"] = left(lambda text: ffi.new("char **", text))[0]
        observed["a copy is left"] = left(lambda text: ffi.string(text))[0]
        try:
            fails(new())
        except RuntimeError as error:
            kept = error
        observed["an exception is left"] = bridge.alive() - before
        del kept
        observed["without the exception"] = bridge.alive() - before
        ring = [new()]
        ring.append(ring)
        del ring
        observed["a cycle is left"] = bridge.alive() - before
    finally:
        gc.enable()
    gc.collect()
    observed["after a collection"] = bridge.alive() - before
    return observed


def gc_at_exit(bridge):
    """What still lives when the interpreter ends is freed then."""
    program = (
        "from cffi import FFI\nffi = FFI()\n"
        "kept = ffi.gc(ffi.new('char *'), lambda text: print('freed'))\nprint('end')\n"
    )
    return _python(bridge, program).stdout.split()


def borrowed_too_long(bridge):
    """A borrowed text before its owner frees it, and when the block serves for another one."""
    program = BEGIN.format(library=_library(bridge)) + (
        "def expand(value):\n"
        "    tpl.tpl_expand(b'{}', value, ctypes.c_int64(999), ctypes.byref(text))\n"
        "expand(b'first ' * 100)\nborrowed = text.value\nprint(ctypes.string_at(borrowed, 5))\n"
        "tpl.tpl_free(text)\nexpand(b'other ' * 100)\nprint(ctypes.string_at(borrowed, 5))\n"
    )
    return _python(bridge, program).stdout.split()


ALLOCATORS = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

static PyObject *release(PyObject *self, PyObject *args)
{
    const char *from, *to;
    Py_ssize_t size;
    char *block;

    if (!PyArg_ParseTuple(args, "sns", &from, &size, &to))
        return NULL;
    block = from[0] == 'm' ? malloc(size) : PyMem_Malloc(size);
    memset(block, 'x', size);
    if (to[0] == 'f')
        free(block);
    else
        PyMem_Free(block);
    return Py_BuildValue("");
}

static PyMethodDef methods[] = {{"release", release, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "_allocators", NULL, 0, methods};

PyMODINIT_FUNC PyInit__allocators(void)
{
    return PyModuleDef_Init(&def);
}
"""


def two_allocators(bridge):
    """A block of one allocator, freed by another: as usual, and with PYTHONMALLOC=debug."""
    import sysconfig

    folder = Path(bridge.__file__).resolve().parent
    (folder / "_allocators.c").write_text(ALLOCATORS)
    headers = f"-I{sysconfig.get_path('include')}"
    command = ["cc", "-shared", "-fPIC", "-w", headers, "_allocators.c", "-o", "_allocators.so"]
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=True)
    observed = {}
    for one, size, other in (
        ("malloc", 100, "free"),
        ("malloc", 100, "PyMem_Free"),
        ("malloc", 1000, "PyMem_Free"),
        ("PyMem_Malloc", 100, "PyMem_Free"),
        ("PyMem_Malloc", 100, "free"),
        ("PyMem_Malloc", 1000, "free"),
    ):
        program = f"import _allocators\n_allocators.release({one!r}, {size}, {other!r})\n"
        observed[f"{one}({size}), {other}"] = [
            _ended(_python(bridge, program)),
            _ended(_python(bridge, program, PYTHONMALLOC="debug")),
        ]
    return observed


def _library(bridge):
    return str(Path(bridge.__file__).resolve().with_name("libtpl.so"))


def _python(bridge, program, **changes):
    """Runs a program beside the bridge."""
    import os

    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(bridge.__file__).resolve().parent,
        env={**os.environ, **changes},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )


def _ended(ended):
    return "a signal" if ended.returncode < 0 else f"exit {ended.returncode}"


def _end_of(bridge, program):
    return _ended(_python(bridge, BEGIN.format(library=_library(bridge)) + program + "\n"))
