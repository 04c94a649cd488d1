"""A handle's life as a Python object: opened, used, closed once, and never used again."""

import copy
import errno
import gc
import pickle
import sys
import tempfile
from pathlib import Path

from observe import attempt


def _path(name="some.kv", text=None):
    """The path of a file in a folder of its own, with this text if there is any."""
    path = Path(tempfile.mkdtemp()) / name
    if text is not None:
        path.write_text(text)
    return str(path)


def _said(function, *arguments):
    """Class and text of an exception; for an OSError errno and whether it names the file."""
    try:
        return {"returned": function(*arguments)}
    except Exception as error:
        said = {"raised": type(error).__name__}
        if isinstance(error, OSError):
            said["errno"] = errno.errorcode.get(error.errno, error.errno)
            said["strerror"] = error.strerror
            said["names the file"] = isinstance(error.filename, str)
        else:
            words = str(error).strip('"').replace("\\'", "'").split(": ")
            said["text"] = [word for word in words if "/" not in word]
            said["names the file"] = any("/" in word for word in words)
        return said


def _class(function, *arguments):
    return _said(function, *arguments).get("raised", "accepted")


def keeps_values(bridge, key, value):
    path = _path()
    store = bridge.Store(path)
    store.put(f"key {key}", value)
    observed = {
        "value": store.get(f"key {key}"),
        "keys": len(store),
        "its path": store.path == path,
        "closed before": store.closed,
    }
    store.close()
    again = bridge.Store(path)
    return {
        **observed,
        "closed after": store.closed,
        "value again": again.get(f"key {key}"),
        "keys again": len(again),
        "handles": bridge.handles(),
    }


def counts_keys(bridge, value):
    with bridge.Store(_path(text="a=1\nb=2\na=3\n")) as store:
        before = len(store)
        store.put("b", value)
        store.put("c", value)
        after = {"keys before": before, "keys after": len(store)}
        return {**after, **{key: store.get(key) for key in "abc"}}


def closes_with_with(bridge):
    """`with` writes before it ends, and hands the store itself out."""
    path = _path()
    before = bridge.handles()
    store = bridge.Store(path)
    with store as inside:
        inside.put("a", 1)
        during = {"itself": inside is store, "handles within": bridge.handles() - before}
    return {
        **during,
        "handles left": bridge.handles() - before,
        "closed": store.closed,
        "file": Path(path).read_text(),
    }


def closes_after_an_exception(bridge):
    """The exception goes on, and the store is closed."""
    before = bridge.handles()
    store = bridge.Store(_path())

    def work():
        with store:
            raise RuntimeError("in the middle")

    raised = attempt(work)
    return {**raised, "closed": store.closed, "handles left": bridge.handles() - before}


def closes_once(bridge):
    before = bridge.handles()
    store = bridge.Store(_path())
    opened = bridge.handles() - before
    first, left = store.close(), bridge.handles() - before
    again = [store.close(), store.close()]
    with bridge.Store(_path()) as other:
        other.close()
    return {
        "handles opened": opened,
        "close": first,
        "handles after it": left,
        "close again": again,
        "handles left": bridge.handles() - before,
    }


def refuses_closed(bridge):
    """Whatever is asked after close: ValueError, as files do; C sees nothing of it."""
    store = bridge.Store(_path(text="a=1\n"))
    store.close()

    def enter():
        with store:
            return "entered"

    return {
        "get": _said(store.get, "a"),
        "put": _class(store.put, "a", 2),
        "len": _class(len, store),
        "with": _class(enter),
        "left": [store.closed, Path(store.path).read_text()],
    }


def closes_with_the_last_reference(bridge):
    """Nobody calls close, the collector is off."""
    path = _path()
    before = bridge.handles()
    gc.disable()
    try:
        store = bridge.Store(path)
        other = store
        store.put("a", 1)
        del store
        during = bridge.handles() - before
        del other
        return {
            "handles with one reference": during,
            "handles left": bridge.handles() - before,
            "file": Path(path).read_text(),
        }
    finally:
        gc.enable()


def closes_in_a_cycle(bridge):
    before = bridge.handles()
    ring = [bridge.Store(_path())]
    ring.append(ring)
    del ring
    gc.collect()
    return bridge.handles() - before


def _refuse_to_write(action):
    """Runs an action while no file may grow; Python ignores the signal, so C gets EFBIG."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        return action()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def says_when_closing_fails(bridge):
    """What could not be written is told by close, once; the handle is gone all the same."""
    before = bridge.handles()
    store = bridge.Store(_path())
    store.put("a", 1)
    failed = _refuse_to_write(lambda: _said(store.close))

    def work():
        with bridge.Store(_path()) as other:
            other.put("a", 1)

    return {
        "close": failed,
        "again": [store.closed, attempt(store.close), bridge.handles() - before],
        "with": [_refuse_to_write(lambda: attempt(work)), bridge.handles() - before],
    }


def cannot_say_it_late(bridge):
    """A finaliser has nobody to tell: no exception, and what was put is lost."""
    path = _path()
    before = bridge.handles()

    def forget():
        store = bridge.Store(path)
        store.put("a", 1)

    said = _refuse_to_write(lambda: attempt(forget))
    left = bridge.handles() - before
    return {"said": said, "handles left": left, "file": Path(path).read_text()}


def refuses_to_open(bridge):
    before = bridge.handles()
    return {
        "no folder": _said(bridge.Store, _path("none") + "/some.kv"),
        "a folder": _said(bridge.Store, tempfile.mkdtemp()),
        "a bad line": _said(bridge.Store, _path(text="a=1\nb\n")),
        "path 5": attempt(bridge.Store, 5),
        "a NUL": attempt(bridge.Store, "a\0b"),
        "no path": attempt(bridge.Store),
        "handles": bridge.handles() - before,
    }


def refuses_keys(bridge):
    with bridge.Store(_path(text="a=1\n")) as store:
        return {
            "get b": _said(store.get, "b"),
            "put nothing": _said(store.put, "", 1),
            "put a=b": _class(store.put, "a=b", 1),
            "get of 64 bytes": _class(store.get, "k" * 64),
            "get 5": attempt(store.get, 5),
            "put 1.5": attempt(store.put, "a", 1.5),
            "put 2**63": attempt(store.put, "a", 2**63),
            "left": [store.get("a"), len(store)],
        }


def refuses_copies(bridge):
    """A copy would be a second owner of the same handle."""
    before = bridge.handles()
    store = bridge.Store(_path())
    ways = (copy.copy, copy.deepcopy, pickle.dumps)
    observed = {each.__name__: _class(each, store) for each in ways}
    store.close()
    return {**observed, "handles left": bridge.handles() - before}


def is_inherited(bridge):
    """A subclass adds attributes and keeps the handle's life."""

    class Named(bridge.Store):
        pass

    before = bridge.handles()
    with Named(_path(text="a=1\n")) as store:
        store.name = "mine"
        observed = {"name": store.name, "value": store.get("a"), "type": type(store).__name__}
    left = Named(_path())
    left.itself = left
    del left
    gc.collect()
    return {**observed, "handles left": bridge.handles() - before}


def keeps_no_reference(bridge):
    """Many stores, closed, forgotten and refused: path, type, files and memory are as before."""
    counted = [_path(text="a=1\n"), _path("none") + "/some.kv", bridge.Store]

    def references():
        gc.collect()
        return [sys.getrefcount(each) for each in counted]

    def grown():
        """Blocks more after 125 times; free lists make noise, a leak comes every time."""
        gc.collect()
        blocks = sys.getallocatedblocks()
        for _ in range(125):
            with bridge.Store(counted[0]) as store:
                attempt(store.get, "b")
            bridge.Store(counted[0])
            attempt(bridge.Store, counted[1])
        del store
        gc.collect()
        return sys.getallocatedblocks() - blocks

    before = references()
    more = min(grown() for _ in range(4))
    files = len(list(Path("/proc/self/fd").iterdir()))
    names = ("references to the path", "to the path that is not there", "to the type")
    left = [now - then for now, then in zip(references(), before)]
    return {
        **dict(zip(names, left)),
        "few files": files < 50,
        "few blocks": more < 100,
    }


# What follows is evidence: it runs with the solution only.

CONNECT = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
    PyObject_HEAD
    void *handle;
    PyObject *other;
} Connection;

static int opened, closed;
static PyTypeObject *heap, *keeping;

static void end(PyObject *self)
{
    if (((Connection *)self)->handle != NULL)
        closed++;
}

static void static_dealloc(PyObject *self)
{
    end(self);
    Py_TYPE(self)->tp_free(self);
}

static void heap_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    end(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyTypeObject still = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "connect.Static",
    .tp_basicsize = sizeof(Connection),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = static_dealloc,
};

static PyObject *connect_to(PyObject *self, PyObject *args)
{
    const char *kind;
    int fail = 0;
    PyTypeObject *type;
    Connection *made;

    if (!PyArg_ParseTuple(args, "s|p", &kind, &fail))
        return NULL;
    type = kind[0] == 's' ? &still : kind[0] == 'h' ? heap : keeping;
    opened++;
    made = fail ? (Connection *)PyErr_NoMemory() : PyObject_New(Connection, type);
    if (made == NULL) {
        closed++;
        return NULL;
    }
    made->handle = &opened;
    return (PyObject *)made;
}

/* Whether the fields of a new object are NULL. */
static PyObject *fresh(PyObject *self, PyObject *args)
{
    int zeroed;
    Connection *made;
    PyObject *seen;

    if (!PyArg_ParseTuple(args, "p", &zeroed))
        return NULL;
    made = zeroed ? (Connection *)still.tp_alloc(&still, 0) : PyObject_New(Connection, &still);
    if (made == NULL)
        return NULL;
    seen = PyBool_FromLong(made->handle == NULL && made->other == NULL);
    made->handle = NULL;
    Py_DECREF(made);
    return seen;
}

static PyObject *counts(PyObject *self, PyObject *ignored)
{
    return Py_BuildValue("[ii]", opened, closed);
}

static PyObject *has_handle(PyObject *self, PyObject *connection)
{
    return PyBool_FromLong(((Connection *)connection)->handle != NULL);
}

static PyMethodDef methods[] = {
    {"connect", connect_to, METH_VARARGS, NULL},
    {"fresh", fresh, METH_VARARGS, NULL},
    {"counts", counts, METH_NOARGS, NULL},
    {"has_handle", has_handle, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "_connect", NULL, -1, methods};
static PyType_Slot good[] = {{Py_tp_dealloc, heap_dealloc}, {0, NULL}};
static PyType_Slot bad[] = {{Py_tp_dealloc, static_dealloc}, {0, NULL}};
static PyType_Spec heap_spec = {"connect.Heap", sizeof(Connection), 0, Py_TPFLAGS_DEFAULT, good};
static PyType_Spec bad_spec = {"connect.Keeping", sizeof(Connection), 0, Py_TPFLAGS_DEFAULT, bad};

PyMODINIT_FUNC PyInit__connect(void)
{
    PyObject *module = PyModule_Create(&def);
    heap = (PyTypeObject *)PyType_FromSpec(&heap_spec);
    keeping = (PyTypeObject *)PyType_FromSpec(&bad_spec);
    if (module == NULL || heap == NULL || keeping == NULL || PyType_Ready(&still) < 0)
        return NULL;
    return module;
}
"""


def connect_by_hand(bridge):
    """The documents' Connection, as a static type, as a heap type, and with the wrong dealloc."""
    module = _connect(bridge)
    observed = {}
    for kind in ("static", "heap", "keeping"):
        kind_of = type(module.connect(kind))
        before, first = module.counts(), sys.getrefcount(kind_of)
        for _ in range(100):
            module.connect(kind)
        after = [now - then for now, then in zip(module.counts(), before)]
        observed[kind] = {
            "opened, closed": after,
            "references of the type": sys.getrefcount(kind_of) - first,
        }
    return observed


def connect_fails(bridge):
    """The handle is open, the object cannot be made."""
    module = _connect(bridge)
    before = module.counts()
    refused = attempt(module.connect, "static", True)
    return {**refused, "more": [now - then for now, then in zip(module.counts(), before)]}


def called_without_connect(bridge):
    """Whether Python can make an object of the type by calling it."""
    module = _connect(bridge)
    observed = {}
    for kind in ("static", "heap"):
        kind_of = type(module.connect(kind))
        try:
            observed[kind] = {"handle": module.has_handle(kind_of())}
        except TypeError:
            observed[kind] = "TypeError"
    return observed


def new_fields(bridge):
    """What lies in a new object, where freed and new memory is filled with bytes."""
    _connect(bridge)
    program = "import _connect\nprint(_connect.fresh(False), _connect.fresh(True))\n"
    words = _python(bridge, program, PYTHONMALLOC="debug").stdout.split()
    return dict(zip(("PyObject_New", "tp_alloc"), words))


def outlives_its_handle(bridge):
    """In C alone: a handle is closed, another one opened, and the first asked."""
    library = str(Path(bridge.__file__).resolve().with_name("libkv.so"))
    program = (
        "import ctypes\n"
        f"kv = ctypes.CDLL({library!r})\nkv.kv_count.restype = ctypes.c_int64\n"
        "first, other = ctypes.c_void_p(), ctypes.c_void_p()\n"
        "kv.kv_open(b'first.kv', ctypes.byref(first))\n"
        "kv.kv_put(first, b'a', ctypes.c_int64(1))\nkv.kv_close(first)\n"
        "kv.kv_open(b'other.kv', ctypes.byref(other))\n"
        "for key in b'xyz':\n    kv.kv_put(other, bytes([key]), ctypes.c_int64(2))\n"
        "print(kv.kv_count(first))\n"
    )
    return {"keys of the closed store": _python(bridge, program).stdout.strip()}


def _python(bridge, program, **changes):
    """Runs a program beside the bridge."""
    import os
    import subprocess

    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(bridge.__file__).resolve().parent,
        env={**os.environ, **changes},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )


def _connect(bridge):
    """Compiles the documents' extension beside the bridge and imports it."""
    import importlib
    import subprocess
    import sysconfig

    folder = Path(bridge.__file__).resolve().parent
    if not (folder / "_connect.so").exists():
        (folder / "_connect.c").write_text(CONNECT)
        headers = f"-I{sysconfig.get_path('include')}"
        command = ["cc", "-shared", "-fPIC", "-w", headers, "_connect.c", "-o", "_connect.so"]
        subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=True)
        importlib.invalidate_caches()
    return importlib.import_module("_connect")
