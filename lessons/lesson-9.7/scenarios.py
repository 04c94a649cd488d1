"""A store as Python expects it: keywords, members, a mapping, a walk over keys, and `with`."""

import copy
import enum
import errno
import gc
import pickle
import sys
import tempfile
from pathlib import Path

THREE = "kv 1\none=1\ntwo=2\nthree=3\n"


def _path(text=None, name="some.kv"):
    """The path of a file in a folder of its own, with this text if there is any."""
    path = Path(tempfile.mkdtemp()) / name
    if text is not None:
        path.write_text(text)
    return str(path)


def _said(function, *arguments, **named):
    """What was returned, or class and words of the exception, without the path."""
    try:
        return {"returned": function(*arguments, **named)}
    except OSError as error:
        if error.errno is None:
            return f"{type(error).__name__}({_words(error)})"
        reason = errno.errorcode.get(error.errno, error.errno)
        of = "the file" if isinstance(error.filename, str) else error.filename
        return f"{type(error).__name__}({reason}, {error.strerror}, {of})"
    except Exception as error:
        return f"{type(error).__name__}({', '.join(map(_words, error.args))})"


def _words(text):
    """A text, in which `the file` stands for its path."""
    words = str(text).split(": ")
    return ": ".join("the file" if "/" in word else word for word in words)


def _class(function, *arguments, **named):
    said = _said(function, *arguments, **named)
    return "accepted" if isinstance(said, dict) else said.split("(")[0]


def _next(walk):
    """The next key, or the class of what came instead."""
    try:
        return next(walk)
    except Exception as stopped:
        return type(stopped).__name__


def keeps_values(bridge, key, value):
    path = _path()
    with bridge.Store(path, mode=bridge.Mode.CREATE) as store:
        store[f"key {key}"] = value
        observed = [store[f"key {key}"], f"key {key}" in store, len(store), list(store)]
    with bridge.Store(path) as again:
        return [*observed, again[f"key {key}"], list(again.keys())]


def counts_keys(bridge, value):
    with bridge.Store(_path(THREE), mode=bridge.Mode.WRITE) as store:
        before = len(store)
        store["two"] = value
        store["four"] = value
        return [before, len(store), [store[key] for key in store]]


def opens_with_keywords(bridge):
    """The path by place or by name, the rest by name only."""
    mode, sync = bridge.Mode, bridge.Sync
    path = _path()
    observed = []
    for given in (
        {"mode": mode.CREATE, "sync": sync.PUT},
        {"sync": sync.CLOSE, "mode": mode.WRITE},
        {"mode": mode.READ},
        {},
    ):
        with bridge.Store(path=path, **given) as store:
            observed.append([store.mode.name, store.sync.name, store.mode is mode(store.mode)])
    with bridge.Store(_path(), mode=mode.CREATE) as store:
        return [*observed, store.sync.name]


def takes_paths(bridge):
    """What open() takes: str, os.PathLike and bytes; `path` is a str in any case."""
    path = _path(THREE)
    observed = []
    for given in (path, Path(path), path.encode()):
        with bridge.Store(given) as store:
            observed.append([len(store), store.path == path, type(store.path).__name__])
    return observed


def refuses_by_place(bridge):
    path, before = _path(THREE), bridge.alive()
    return {
        "Store(path, Mode.READ)": _class(bridge.Store, path, bridge.Mode.READ),
        "Store(path, 1, 1)": _class(bridge.Store, path, 1, 1),
        "modes=Mode.READ": _class(lambda: bridge.Store(path, modes=bridge.Mode.READ)),
        "Store()": _class(bridge.Store),
        "left": bridge.alive() - before,
    }


def has_enums(bridge):
    """Members are of their enum, equal to themselves only, and the same after a copy."""
    read, close = bridge.Mode.READ, bridge.Sync.CLOSE
    return {
        "Mode": [[each.name, each.value] for each in bridge.Mode],
        "Sync": [[each.name, each.value] for each in bridge.Sync],
        "Enum": [issubclass(each, enum.Enum) for each in (bridge.Mode, bridge.Sync)],
        "are numbers": [isinstance(each, int) for each in (read, close)],
        "one mode, one sync": read == close,
        "by name and number": [bridge.Mode["READ"] is read, bridge.Sync(1) is close],
        "copied": [copy.copy(read) is read, pickle.loads(pickle.dumps(close)) is close],
        "shown": [str(read), repr(close)],
    }


def refuses_unknown_codes(bridge):
    """What is no member, nor its number, is refused before C sees it: no file is made."""
    path, before = _path(), bridge.alive()
    create = bridge.Mode.CREATE
    return {
        "mode=7": _said(bridge.Store, path, mode=7),
        "mode='r'": _said(bridge.Store, path, mode="r"),
        "mode=None": _said(bridge.Store, path, mode=None),
        "sync=0": _said(bridge.Store, path, mode=create, sync=0),
        "mode=7, sync=8": _said(bridge.Store, path, mode=7, sync=8),
        "left": [Path(path).exists(), bridge.alive() - before],
        "mode=3": _class(bridge.Store, path, mode=3),
    }


def refuses_the_other_enum(bridge):
    """Mode.READ and Sync.CLOSE are the same number, but not the same."""
    path, before = _path(THREE), bridge.alive()
    mode, sync = bridge.Mode, bridge.Sync
    return {
        "mode=Sync.PUT": _said(bridge.Store, path, mode=sync.PUT),
        "sync=Mode.READ": _said(bridge.Store, path, sync=mode.READ),
        "left": bridge.alive() - before,
    }


def keeps_unknown_codes(bridge, number):
    """The file of a later kv: what has no name here stays a number."""
    with bridge.Store(_path(f"kv {number}\na=1\n")) as store:
        sync = store.sync
        return [sync if type(sync) is int else sync.name, store["a"]]


def writes_when_told(bridge):
    """With Sync.PUT the file has a value at once, else when the store is closed."""
    observed = []
    for sync in bridge.Sync:
        path = _path()
        with bridge.Store(path, mode=bridge.Mode.CREATE, sync=sync) as store:
            store["a"] = 1
            observed.append([sync.name, Path(path).read_text()])
        observed[-1].append(Path(path).read_text())
    return observed


def is_a_mapping(bridge):
    with bridge.Store(_path(THREE), mode=bridge.Mode.WRITE) as store:
        store["two"] = -2
        return {
            "in": ["one" in store, "ten" in store, "ten" not in store],
            "dict": dict(store),
            "**": {**store},
            "sorted": sorted(store),
            "max": max(store, key=store.__getitem__),
            "unpacked": [*store],
            "true": bool(store),
            "keys": list(store.keys()),
        }


def is_false_when_empty(bridge):
    """As every container; so ask `is None` where a store may be missing."""
    with bridge.Store(_path("kv 1\n")) as store:
        return [bool(store), len(store), list(store), "a" in store, dict(store)]


def refuses_keys(bridge):
    with bridge.Store(_path(THREE), mode=bridge.Mode.WRITE) as store:
        return {
            "['ten']": _said(lambda: store["ten"]),
            "['']": _said(lambda: store[""]),
            "'a=b' in": _said(lambda: "a=b" in store),
            "64 bytes in": _class(lambda: "k" * 64 in store),
            "['']=1": _said(store.__setitem__, "", 1),
            "left": dict(store),
        }


def refuses_other_types(bridge):
    with bridge.Store(_path(THREE), mode=bridge.Mode.WRITE) as store:
        return {
            "[5]": _class(lambda: store[5]),
            "5 in": _class(lambda: 5 in store),
            "None in": _class(lambda: None in store),
            "a NUL in": _class(lambda: "one\0" in store),
            "['a']=1.5": _class(store.__setitem__, "a", 1.5),
            "['a']=2**63": _class(store.__setitem__, "a", 2**63),
            "left": dict(store),
        }


def refuses_to_write(bridge):
    """A store that is open for reading."""
    path = _path(THREE)
    with bridge.Store(path) as store:
        said = _said(store.__setitem__, "one", 5)
        return [said, store["one"], Path(path).read_text() == THREE]


def refuses_to_open(bridge):
    """What the system refuses: its reason, and the file."""
    missing, before = _path(), bridge.alive()
    return {
        "no file": _said(bridge.Store, missing),
        "to write": _said(bridge.Store, missing, mode=bridge.Mode.WRITE),
        "a folder": _said(bridge.Store, tempfile.mkdtemp()),
        "left": [bridge.alive() - before, Path(missing).exists()],
    }


def refuses_other_files(bridge):
    before = bridge.alive()
    return {
        "another file": _said(bridge.Store, _path("one=1\n")),
        "an empty one": _class(bridge.Store, _path("")),
        "a bad line": _said(bridge.Store, _path("kv 1\none\n")),
        "path 5": _class(bridge.Store, 5),
        "a NUL": _class(bridge.Store, "a\0b"),
        "left": bridge.alive() - before,
    }


def walks(bridge):
    """In the order in which the keys came; each walk is one of its own."""
    with bridge.Store(_path("kv 1\nb=1\na=2\nb=3\nc=4\n")) as store:
        walk = iter(store)
        first = [_next(walk), iter(walk) is walk, _next(walk)]
        other = [left + right for left in store for right in store]
        return [first, other, list(walk), list(store), list(store)]


def stays_over(bridge):
    """A walk that is over stays over, also when keys come later."""
    with bridge.Store(_path("kv 1\na=1\n"), mode=bridge.Mode.WRITE) as store:
        before, walk = bridge.alive(), iter(store)
        seen = [_next(walk), _next(walk), bridge.alive() - before]
        store["b"] = 2
        return [*seen, _next(walk), _next(walk), list(store)]


def changes_meanwhile(bridge):
    """A new value is no harm, a new key ends the walk, as with a dict."""
    with bridge.Store(_path(THREE), mode=bridge.Mode.WRITE) as store:
        for key in store:
            store[key] = store[key] * 10
        before, walk = bridge.alive(), iter(store)
        seen = [_next(walk), [store[key] for key in store]]
        store["four"] = 4
        said = _said(next, walk)
        return {
            "values": seen,
            "a key": said,
            "then": [_next(walk), bridge.alive() - before],
            "a new walk": list(store),
        }


def adds_while_walking(bridge):
    """What everybody writes once: the loop puts keys into what it walks over."""
    with bridge.Store(_path(THREE), mode=bridge.Mode.WRITE) as store:
        before = bridge.alive()

        def double():
            for key in store:
                store[key + key] = store[key]

        return [_class(double), list(store), bridge.alive() - before]


def closes_meanwhile(bridge):
    """The store is closed in the middle of a walk: C is not asked any more."""
    before = bridge.alive()
    store = bridge.Store(_path(THREE))
    walk, other = iter(store), iter(store)
    seen = [_next(walk), _next(other), bridge.alive() - before]
    store.close()
    said = _said(next, walk)
    then = [_next(walk), _next(walk), bridge.alive() - before]
    del other
    gc.collect()
    return [seen, said, then, bridge.alive() - before]


def is_left_half_way(bridge):
    """break, an exception, and a walk that nobody began: no cursor is left."""
    before = bridge.alive()
    with bridge.Store(_path(THREE)) as store:
        for _ in store:
            break
        left = [bridge.alive() - before]

        def fail():
            for key in store:
                raise RuntimeError(key)

        left += [_class(fail), bridge.alive() - before]
        walk = iter(store)
        del walk
        left += [_next(iter(store)), "two" in iter(store), bridge.alive() - before]
        first, *_ = store
        left += [first, bridge.alive() - before]
    return [*left, bridge.alive() - before]


def keeps_the_store(bridge):
    """A walk outlives every other reference to its store."""
    before = bridge.alive()
    walk = iter(bridge.Store(_path(THREE)))
    gc.collect()
    seen = [_next(walk), bridge.alive() - before, *walk]
    ended = bridge.alive() - before
    del walk
    gc.collect()
    return [seen, ended, bridge.alive() - before]


def closes_with_with(bridge):
    """`with` hands the store out, closes it, and lets exceptions go on."""
    path, before = _path(), bridge.alive()
    store = bridge.Store(path, mode=bridge.Mode.CREATE)

    def work():
        with store as inside:
            inside["a"] = 1
            raise LookupError(inside is store)

    observed = [_said(work), store.closed, store.close(), store.close()]
    return [*observed, Path(path).read_text(), bridge.alive() - before]


def says_when_closing_fails(bridge):
    """What the disk refused is told by close, once, also if a put had to write it at once."""
    import resource

    observed = []
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for sync in bridge.Sync:
        before = bridge.alive()
        store = bridge.Store(_path(), mode=bridge.Mode.CREATE, sync=sync)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # Python ignores the signal
        try:
            put = _class(store.__setitem__, "a", 1)
            observed.append([put, _said(store.close), store.close(), bridge.alive() - before])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    return observed


def closes_with_the_last_reference(bridge):
    before = bridge.alive()
    store = bridge.Store(_path(THREE))
    during = bridge.alive() - before
    del store
    gc.collect()
    return [during, bridge.alive() - before]


def refuses_closed(bridge):
    """Whatever is asked after close: ValueError, as files do; but repr must not fail."""
    store = bridge.Store(_path(THREE))
    store.close()

    def enter():
        with store:
            return "entered"

    return {
        "get": _said(lambda: store["one"]),
        "contains": _class(lambda: "one" in store),
        "put": _class(store.__setitem__, "one", 1),
        "len": _class(len, store),
        "walk": _class(list, store),
        "keys": _class(lambda: list(store.keys())),
        "mode": _class(lambda: store.mode),
        "sync": _class(lambda: store.sync),
        "with": _class(enter),
        "repr": _class(repr, store),
    }


def shows_itself(bridge):
    """For whoever reads a log: what it is, which one, in which state; no address."""
    path = _path(THREE, name="it's.kv")
    observed = []
    for mode in (bridge.Mode.READ, bridge.Mode.WRITE):
        with bridge.Store(path, mode=mode) as store:
            observed.append(repr(store))
    observed.append(repr(store))
    return [each.replace(repr(path), "PATH") for each in observed]


def refuses_copies(bridge):
    """A copy would be a second owner of the same handle."""
    with bridge.Store(_path(THREE)) as store:
        return [_class(each, store) for each in (copy.copy, copy.deepcopy, pickle.dumps)]


def keeps_no_reference(bridge):
    """Many stores and walks, ended, left and refused: everything is as before."""
    path = _path(THREE)
    wrong = f"{path}/none"
    key = "no such key"
    counted = [path, wrong, key, bridge.Store, bridge.Mode, bridge.Mode.READ, bridge.Sync.PUT]
    with bridge.Store(path) as store:
        walk_type = type(iter(store))

    def references():
        gc.collect()
        return [sys.getrefcount(each) for each in [*counted, walk_type]]

    def use():
        with bridge.Store(path, mode=bridge.Mode.READ, sync=bridge.Sync.PUT) as store:
            for _ in store:
                break
            list(store)
            _class(lambda: store[key])
            _class(lambda: key in store)
            repr(store)
        _class(next, iter(bridge.Store(path)))
        _class(lambda: bridge.Store(wrong, mode=bridge.Mode.WRITE))
        _class(lambda: bridge.Store(path, mode=7))
        _class(lambda: bridge.Store(path, sync=7))
        _class(lambda: bridge.Store(path, key, key))

    def grown():
        """Blocks more after 200 times; free lists make noise, a leak comes every time."""
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(200):
            use()
        gc.collect()
        return sys.getallocatedblocks() - before

    before, open_before = references(), bridge.alive()
    leaks = min(grown() for _ in range(4)) >= 200
    left = [now - then for now, then in zip(references(), before)]
    files = len(list(Path("/proc/self/fd").iterdir()))
    return [*left, files < 50, leaks, bridge.alive() - open_before]


# What follows is evidence: it runs with the solution only.

NATIVE = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *add(PyObject *self, PyObject *args)
{
    long a;
    long b;

    if (!PyArg_ParseTuple(args, "ll", &a, &b))
        return NULL;
    return PyLong_FromLong(a + b);
}

static PyMethodDef methods[] = {
    {"add", add, METH_VARARGS, "Add two integers."},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, methods};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModule_Create(&module);
}
"""

# The same function as FASTCALL, functions that return what they must not, and a counter of
# instructions: with the trap flag set, x86-64 sends SIGTRAP after each of them.
OTHERS = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <signal.h>

static PyObject *fast_add(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long a, b;

    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "add takes two arguments");
        return NULL;
    }
    a = PyLong_AsLong(args[0]);
    if (a == -1 && PyErr_Occurred())
        return NULL;
    b = PyLong_AsLong(args[1]);
    if (b == -1 && PyErr_Occurred())
        return NULL;
    return PyLong_FromLong(a + b);
}

static PyObject *counted_none(PyObject *self, PyObject *ignored)
{
    Py_RETURN_NONE;
}

static PyObject *bare_none(PyObject *self, PyObject *ignored)
{
    return Py_None;
}

static PyObject *bare_number(PyObject *self, PyObject *ignored)
{
    return 42;
}

static volatile long steps;

static void step(int number)
{
    steps++;
}

static PyObject *instructions(PyObject *self, PyObject *function)
{
#ifdef __x86_64__
    PyObject *two = PyLong_FromLong(2);
    PyObject *args[] = {two, two};
    PyObject *result;

    signal(SIGTRAP, step);
    steps = 0;
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    result = PyObject_Vectorcall(function, args, 2, NULL);
    __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
    signal(SIGTRAP, SIG_DFL);
    Py_XDECREF(result);
    Py_DECREF(two);
    return PyLong_FromLong(steps);
#else
    Py_RETURN_NONE;
#endif
}

static PyMethodDef methods[] = {
    {"add", (PyCFunction)(void (*)(void))fast_add, METH_FASTCALL, NULL},
    {"counted_none", counted_none, METH_NOARGS, NULL},
    {"bare_none", bare_none, METH_NOARGS, NULL},
    {"bare_number", bare_number, METH_NOARGS, NULL},
    {"instructions", instructions, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_others", NULL, -1, methods};

PyMODINIT_FUNC PyInit__others(void)
{
    return PyModule_Create(&module);
}
"""


def documents_module(bridge):
    """The documents' module, compiled as it stands, and what it refuses."""
    said = _compile(bridge, "_native", NATIVE)
    add = _import("_native").add
    return {
        "the compiler": said or "nothing",
        "add": [type(add).__name__, repr(add)],
        "add(2, 3)": add(2, 3),
        "add('2', 3)": _class(add, "2", 3),
        "add(2.0, 3)": _class(add, 2.0, 3),
        "add(2)": _class(add, 2),
        "add(a=2, b=3)": _class(add, a=2, b=3),
        "add(2**63, 0)": _class(add, 2**63, 0),
        "add(2**63 - 1, 1) == -(2**63)": add(2**63 - 1, 1) == -(2**63),
    }


def four_jobs(bridge):
    """Check, convert, call, convert back; what fails early never reaches C."""
    path = _path()
    checked = [_class(bridge.Store, path, mode=7), Path(path).exists()]
    with bridge.Store(path, mode=bridge.Mode.CREATE) as store:
        converted = [_class(store.__setitem__, "a", 2**63), len(store)]
        store["a"] = 5
        return {
            "check": checked,
            "convert": converted,
            "call": [len(store), _class(lambda: store["b"])],
            "convert back": [type(each).__name__ for each in (store["a"], *store, store.mode)],
        }


def bytecode(bridge):
    """What a call of a module's function compiles to."""
    import dis

    def operations(text):
        seen = [each.opname for each in dis.get_instructions(compile(text, "text", "exec"))]
        calling = ("LOAD_ATTR", "LOAD_METHOD", "PUSH_NULL", "PRECALL", "CALL")
        return [each for each in seen if each.startswith(calling)]

    return {"native.add(2, 3)": operations("import native\nresult = native.add(2, 3)\n")}


def counts_instructions(bridge):
    """The machine instructions of one call, conversions included."""
    _compile(bridge, "_native", NATIVE)
    _compile(bridge, "_others", OTHERS)
    program = (
        "import _native, _others\n"
        "for each in (_native.add, _others.add):\n"
        "    counted = [_others.instructions(each) for _ in range(5)]\n"
        "    print(counted[-1])\n"
    )
    counted = _python(bridge, program).stdout.split()
    if counted == ["None", "None"]:
        return "instructions are counted on x86-64 only"
    varargs, fastcall = map(int, counted)
    return {
        "counted": 20 < fastcall < varargs < 5000,
        "METH_FASTCALL takes less than half": fastcall * 2 < varargs,
    }


def names_of_python(bridge):
    """Which names of Python's C API a built file asks for."""
    import subprocess

    folder = Path(bridge.__file__).resolve().parent
    _compile(bridge, "_native", NATIVE)
    observed = {}
    for name in ("_native.so", "libkv.so"):
        command = ["nm", "-D", "--undefined-only", folder / name]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        words = [line.split()[-1] for line in listed.splitlines()]
        observed[name] = sorted(word for word in words if word.startswith(("Py", "_Py")))
    return observed


def none_without_reference(bridge):
    """A million times None, with a reference of its own and without one."""
    return {
        each: _ending(bridge, f"for _ in range(1000000): _others.{each}()")
        for each in ("counted_none", "bare_none")
    }


def number_for_an_object(bridge):
    """`return 42` where an object is due."""
    said = _compile(bridge, "_others", OTHERS)
    return {
        "the compiler": "warns" if "int-conversion" in said else "is silent",
        "the call": _ending(bridge, "_others.bare_number()"),
    }


def literal_face(bridge):
    """The same mistakes, made with the calls of C and with the face: what comes of each."""
    import ctypes

    lib, path = bridge.lib, _path(THREE)
    before, handle, value = bridge.alive(), bridge._kv_p(), ctypes.c_int64()
    mode, sync = enum.IntEnum("Mode", "READ WRITE"), enum.IntEnum("Sync", "CLOSE PUT")
    code = lib.kv_open(path.encode(), sync.CLOSE, mode.WRITE, ctypes.byref(handle))
    lib.kv_get(handle, b"ten", ctypes.byref(value))

    def fail():
        lib.kv_put(handle, b"one", "1")
        lib.kv_close(handle)

    literal = [
        f"code {code}, open for {mode(lib.kv_mode(handle)).name}",
        f"the value {value.value}",
        f"{_class(fail)}, {bridge.alive() - before} handle left",
        f"{mode(sync.PUT).name}",
    ]
    lib.kv_close(handle)

    def face():
        with bridge.Store(path, mode=bridge.Mode.WRITE) as store:
            store["one"] = "1"

    pythonic = [
        _class(bridge.Store, path, mode=bridge.Sync.CLOSE, sync=bridge.Mode.WRITE),
        _class(lambda: bridge.Store(path)["ten"]),
        f"{_class(face)}, {bridge.alive() - before} handles left",
        _class(bridge.Mode, bridge.Sync.PUT),
    ]
    made = ("WRITE and CLOSE swapped", "a key that is missing", "a str for an int")
    return dict(zip((*made, "Mode(Sync.PUT)"), map(list, zip(literal, pythonic))))


def _compile(bridge, name, text):
    """Compiles an extension module beside the bridge, once; returns what the compiler says."""
    import platform
    import subprocess
    import sysconfig

    folder = Path(bridge.__file__).resolve().parent
    said = folder / f"{name}.said"
    if not said.exists():
        (folder / f"{name}.c").write_text(text)
        command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wno-error=int-conversion"]
        command += [f"-I{sysconfig.get_path('include')}", f"{name}.c", "-o", f"{name}.so"]
        if platform.machine() == "x86_64":
            command.append("-mno-red-zone")  # the counter writes below the stack pointer
        ended = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True
        )
        said.write_bytes(ended.stderr)
    return said.read_text()


def _import(name):
    import importlib

    importlib.invalidate_caches()
    return importlib.import_module(name)


def _ending(bridge, program):
    """How a program ends that uses _others: its exit code, or the name of a signal."""
    import signal

    _compile(bridge, "_others", OTHERS)
    code = _python(bridge, f"import _others\n{program}\n").returncode
    return signal.Signals(-code).name if code < 0 else code


def _python(bridge, program):
    """Runs a program beside the bridge."""
    import subprocess

    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(bridge.__file__).resolve().parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
