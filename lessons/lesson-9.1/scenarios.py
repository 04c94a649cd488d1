"""What kv's codes become in Python, and what this machine shows about errno."""

import errno
import sys
import tempfile
from pathlib import Path

from observe import attempt

FAMILY = (
    "KvError",
    "KvFileError",
    "KvKeyError",
    "KvArgumentError",
    "KvFormatError",
    "OSError",
    "LookupError",
    "ValueError",
)


def _store(name, text=None):
    """The path of a file in a folder of its own, with this text if there is any."""
    path = Path(tempfile.mkdtemp()) / name
    if text is not None:
        path.write_bytes(text.encode())
    return str(path)


def _refusal(function, *arguments):
    """What an exception says: its classes, its attributes, its text; folders are left out."""
    try:
        return {"returned": function(*arguments)}
    except Exception as error:
        # What left the bridge is no refusal of kv if it has no operation.
        if not hasattr(error, "operation"):
            raise
        said = {
            "is": [kind.__name__ for kind in type(error).__mro__ if kind.__name__ in FAMILY],
            "operation": error.operation,
            "code": error.code,
            "path": Path(error.path).name,
            "key": error.key,
            "line": error.line,
            "text": str(error).replace(str(Path(error.path).parent), "..."),
        }
        if isinstance(error, OSError):
            said["errno"] = errno.errorcode.get(error.errno, error.errno)
            said["filename is path"] = error.filename == error.path
        return said


def _reason(function, *arguments):
    """The name of an exception's errno, or whatever came instead."""
    said = _refusal(function, *arguments)
    return said.get("errno", said)


def keeps_values(bridge, key, value):
    path = _store("new.kv")
    bridge.put(path, f"key {key}", value)
    return [bridge.get(path, f"key {key}"), bridge.count(path), Path(path).read_text()]


def counts_lines(bridge, value, other):
    """The last line of a key counts; an empty file has none."""
    path = _store("two.kv", "")
    empty = bridge.count(path)
    for each in (value, other):
        bridge.put(path, "retries", each)
    return [empty, bridge.get(path, "retries"), bridge.count(path)]


def has_no_such_key(bridge, key):
    return _refusal(bridge.get, _store("some.kv", "retries=3\n"), key)


def is_refused_the_file(bridge):
    """Four reasons for one code: only errno tells them apart."""
    folder = Path(_store("x")).parent
    below_a_file = _store("plain", "") + "/store.kv"
    too_long = str(folder / ("n" * 300))
    return {
        "no file": _refusal(bridge.get, str(folder / "none.kv"), "a"),
        "a folder": _reason(bridge.get, str(folder), "a"),
        "below a file": _reason(bridge.count, below_a_file),
        "a long name": _reason(bridge.put, too_long, "a", 1),
    }


def is_refused_writing(bridge):
    """A full disk shows when the buffer is written."""
    return {
        "no folder": _refusal(bridge.put, _store("none") + "/store.kv", "a", 1),
        "a full disk": _reason(bridge.put, "/dev/full", "a", 1),
    }


def finds_a_bad_line(bridge, text):
    path = _store("bad.kv", text)
    return {"get": _refusal(bridge.get, path, "a"), "count": _refusal(bridge.count, path)}


def refuses_keys(bridge, key):
    path = _store("keys.kv", "a=1\n")
    return {"get": _refusal(bridge.get, path, key), "put": attempt(bridge.put, path, key, 1)}


def knows_old_errno(bridge):
    """A call that failed on the way leaves its errno; the next one fails for another reason."""
    path = _store("some.kv", "a=1\n")
    return {
        "exists": [bridge.exists(path), bridge.exists(path + ".none")],
        "get": _refusal(bridge.get, path, "b"),
        "get what is there": attempt(bridge.get, path, "a"),
        "put": attempt(bridge.put, path, "b", 2),
    }


def refuses_types(bridge):
    path = _store("some.kv", "a=1\n")
    return {
        "path 5": attempt(bridge.get, 5, "a"),
        "path None": attempt(bridge.count, None),
        "path with a NUL": attempt(bridge.exists, "a\0b"),
        "key None": attempt(bridge.get, path, None),
        "key with a NUL": attempt(bridge.get, path, "a\0b"),
        "value 1.5": attempt(bridge.put, path, "a", 1.5),
        "value 2**63": attempt(bridge.put, path, "a", 2**63),
        "left": Path(path).read_text(),
    }


def leaves_no_file_open(bridge):
    """What the library says, and what the system says, after an error of each kind."""
    folder = Path("/proc/self/fd")
    before = len(list(folder.iterdir()))
    is_refused_the_file(bridge)
    is_refused_writing(bridge)
    finds_a_bad_line(bridge, "a\n")
    has_no_such_key(bridge, "b")
    return [bridge.open_files(), len(list(folder.iterdir())) - before]


def keeps_no_reference(bridge):
    """Exceptions are freed with what they hold: no path is left, and no number of a line."""
    missing, bad = _store("none.kv"), _store("bad.kv", "a=1\n" * 299 + "b\n")
    before, blocks = sys.getrefcount(missing), sys.getallocatedblocks()
    for _ in range(1000):
        _refusal(bridge.get, missing, "a")
        attempt(bridge.count, bad)
        attempt(bridge.put, missing, "=", 1)
    return [sys.getrefcount(missing) - before, sys.getallocatedblocks() - blocks < 500]


def is_one_family(bridge):
    kinds = [getattr(bridge, name) for name in FAMILY[:5]]
    builtin = (OSError, LookupError, ValueError)
    return {
        kind.__name__: [base.__name__ for base in (*kinds[:1], *builtin) if issubclass(kind, base)]
        for kind in kinds
    }


# What follows is evidence: it runs with the solution only.


def errno_copies(bridge):
    """When ctypes keeps errno, for whom, and for how long."""
    import ctypes
    import threading

    from cffi import FFI

    path = str(Path(bridge.__file__).with_name("libkv.so"))
    missing = _store("none").encode()
    bare, keeping = ctypes.CDLL(path), ctypes.CDLL(path, use_errno=True)
    ffi = FFI()
    ffi.cdef("int kv_exists(const char *path); int32_t kv_open_files(void);")
    lib = ffi.dlopen(path)
    prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, use_errno=True)
    observed, name = {}, errno.errorcode.get

    ctypes.set_errno(0)
    bare.kv_exists(missing)
    observed["CDLL(path)"] = ctypes.get_errno()
    keeping.kv_exists(missing)
    observed["CDLL(path, use_errno=True)"] = name(ctypes.get_errno())
    keeping.kv_open_files()
    observed["after the next call, a success"] = name(ctypes.get_errno())
    observed["set_errno(0) returns"] = name(ctypes.set_errno(0))
    prototype(("kv_exists", bare))(missing)
    observed["a prototype with use_errno=True"] = name(ctypes.get_errno())
    ctypes.set_errno(0)
    ffi.errno = 0
    lib.kv_exists(missing)
    observed["cffi, without an option"] = name(ffi.errno)
    lib.kv_open_files()
    observed["cffi, after a success"] = name(ffi.errno)
    observed["ctypes saw nothing of it"] = ctypes.get_errno()
    keeping.kv_exists(missing)
    ffi.errno = 0
    observed["cffi's 0 is not ctypes' 0"] = name(ctypes.get_errno())
    there = []
    thread = threading.Thread(target=lambda: there.append(ctypes.get_errno()))
    thread.start()
    thread.join()
    observed["in another thread"] = there[0]
    return observed


def errcheck_raises(bridge):
    """A function that ctypes calls with each result, before anybody else sees it."""
    import ctypes

    lib = ctypes.CDLL(bridge.lib._name)
    missing = _store("none").encode()
    line = ctypes.byref(ctypes.c_int32())

    def check(result, function, arguments):
        if result < 0:
            raise RuntimeError(function.__name__)
        return f"{result} lines in {Path(arguments[0].decode()).name}"

    lib.kv_count.restype = ctypes.c_int64
    lib.kv_count.errcheck = check
    return {
        "a code": attempt(lib.kv_count, missing, line),
        "a result": attempt(lib.kv_count, _store("some.kv", "a=1\n").encode(), line),
        'lib["kv_count"]': attempt(lib["kv_count"], missing, line),
    }


def unchecked_out_parameter(bridge):
    """What an out-parameter holds after an error: what lay there before."""
    from ctypes import byref, c_int32, c_int64

    path = _store("some.kv", "a=1\nb\n").encode()
    value, line = c_int64(77), c_int32()
    observed = {}
    for key in (b"=", b"a"):
        code = bridge.lib.kv_get(path, key, byref(value), byref(line))
        observed[key.decode()] = {"code": code, "value": value.value, "line": line.value}
    return observed


def checked_call(bridge):
    """The document's pattern: one RuntimeError with a number, and no result."""

    def checked(function, *arguments):
        rc = function(*arguments)
        if rc != 0:
            raise RuntimeError(f"native error code {rc}")

    path = _store("some.kv", "a=1\n").encode()
    ffi, lib = bridge.ffi, bridge.lib
    value, line = ffi.new("int64_t *"), ffi.new("int32_t *")
    told = []
    for where, key in ((path, b"b"), (path + b".none", b"a")):
        try:
            checked(lib.kv_get, where, key, value, line)
        except RuntimeError as error:
            told.append(str(error))
    return {"returned": checked(lib.kv_get, path, b"a", value, line), "told": told}


EXTENSION = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static PyObject *null_alone(PyObject *self, PyObject *ignored)
{
    return NULL;
}

static PyObject *value_too(PyObject *self, PyObject *ignored)
{
    PyErr_SetString(PyExc_ValueError, "set");
    return PyLong_FromLong(1);
}

static PyObject *only_a_number(PyObject *self, PyObject *path)
{
    FILE *file = fopen(PyUnicode_AsUTF8(path), "rb");
    if (file == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "native_open failed");
        return NULL;
    }
    fclose(file);
    return Py_BuildValue("");
}

static PyObject *with_errno(PyObject *self, PyObject *path)
{
    FILE *file = fopen(PyUnicode_AsUTF8(path), "rb");
    if (file == NULL)
        return PyErr_SetFromErrnoWithFilename(PyExc_OSError, PyUnicode_AsUTF8(path));
    fclose(file);
    return Py_BuildValue("");
}

static PyObject *too_late(PyObject *self, PyObject *path)
{
    FILE *file = fopen(PyUnicode_AsUTF8(path), "rb");
    if (file == NULL) {
        close(-1);
        return PyErr_SetFromErrnoWithFilename(PyExc_OSError, PyUnicode_AsUTF8(path));
    }
    fclose(file);
    return Py_BuildValue("");
}

static PyMethodDef methods[] = {
    {"null_alone", null_alone, METH_NOARGS, NULL},
    {"value_too", value_too, METH_NOARGS, NULL},
    {"only_a_number", only_a_number, METH_O, NULL},
    {"with_errno", with_errno, METH_O, NULL},
    {"too_late", too_late, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "_errors", NULL, 0, methods};

PyMODINIT_FUNC PyInit__errors(void)
{
    return PyModuleDef_Init(&def);
}
"""


def errors_by_hand(bridge):
    """What C returns and what it sets, and what of an error reaches Python."""
    module = _built(bridge, "_errors", EXTENSION)
    missing = _store("none.kv")

    def told(function):
        try:
            return function(missing)
        except Exception as error:
            name = errno.errorcode.get(getattr(error, "errno", None))
            named = getattr(error, "filename", None) == missing
            return [type(error).__name__, f"errno {name}", f"filename is path: {named}"]

    return {
        "NULL, no exception": attempt(lambda: module.null_alone()),
        "a value and an exception": attempt(lambda: module.value_too()),
        "RuntimeError of a code": told(module.only_a_number),
        "PyErr_SetFromErrnoWithFilename": told(module.with_errno),
        "the same, after close(-1)": told(module.too_late),
    }


def _built(bridge, name, source):
    """Compiles an extension module beside the bridge and imports it."""
    import importlib
    import subprocess
    import sysconfig

    folder = Path(bridge.__file__).resolve().parent / f"evidence{name}"
    folder.mkdir()
    (folder / f"{name}.c").write_text(source)
    headers = f"-I{sysconfig.get_path('include')}"
    command = ["cc", "-std=gnu99", "-shared", "-fPIC", headers, f"{name}.c", "-o", f"{name}.so"]
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=True)
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
