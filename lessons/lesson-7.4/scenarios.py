"""What a Config must do, whoever made the type, and what this machine shows about bridges."""

import gc
import importlib
import sys
from itertools import repeat
from pathlib import Path

from observe import attempt

URL = "https://example.org"


def constructs(bridge, server_url, timeout):
    config = bridge.Config(server_url, timeout)
    return [type(config).__name__, config.server_url, config.timeout, config.note]


def processes(bridge, timeout):
    return bridge.Config(URL, timeout=timeout).process()


def sets_timeout(bridge, seconds):
    config = bridge.Config(URL)
    return {"set": attempt(setattr, config, "timeout", seconds), "timeout": config.timeout}


def sets_huge_timeout(bridge):
    """2 to the power of 70: no C integer holds it."""
    return sets_timeout(bridge, 2**70)


def refuses_types(bridge):
    return {
        **{
            f"timeout {value!r} refused": "raised" in sets_timeout(bridge, value)["set"]
            for value in ("30", 1.5, None)
        },
        "url 5": attempt(bridge.Config, 5),
        "url with a NUL": attempt(bridge.Config, "a\0b"),
        "no url": attempt(bridge.Config),
    }


def refuses_deletion(bridge):
    config = bridge.Config(URL, 7)
    return {
        "del timeout": attempt(delattr, config, "timeout"),
        "del server_url": attempt(delattr, config, "server_url"),
        "server_url = ...": attempt(setattr, config, "server_url", "elsewhere"),
        "left": [config.server_url, config.timeout],
    }


def ends_what_it_made(bridge):
    """How many more configs are alive than before."""
    before = bridge.alive()
    config = bridge.Config(URL)
    during = bridge.alive() - before
    del config
    gc.collect()
    after = bridge.alive() - before
    refused = attempt(bridge.Config, URL, -2).get("raised", "accepted")
    gc.collect()
    return {
        "with a config": during,
        "without": after,
        "timeout -2": refused,
        "after that": bridge.alive() - before,
    }


def collects_a_cycle(bridge):
    """An object that only itself refers to: 100 of them."""
    before = bridge.alive()
    for _ in repeat(None, 100):
        config = bridge.Config(URL)
        config.note = [config]
    during = bridge.alive() - before
    del config
    gc.collect()
    return {"alive at first": during > 0, "after a collection": bridge.alive() - before}


def is_inherited(bridge):
    """An instance of a subclass keeps the C memory and takes a Python attribute."""
    named = type("Named", (bridge.Config,), {})(URL)
    named.name = "mine"
    return [named.name, named.server_url, named.process(), isinstance(named, bridge.Config)]


# What follows is evidence: it runs in the stock variants, with the solution.

CALL_PATH = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <stdio.h>

/* Writes the files of all frames of the stack, one a line; returns their number. */
int call_path(char *out, int size)
{
    void *frames[64];
    int count = backtrace(frames, 64), used = 0;

    for (int i = 0; i < count && used < size; i++) {
        Dl_info info;
        if (dladdr(frames[i], &info) && info.dli_fname)
            used += snprintf(out + used, size - used, "%s\\n", info.dli_fname);
    }
    return count;
}
"""

EXTENSION = """
#include <Python.h>

static PyObject *path(PyObject *self, PyObject *ignored)
{
    char out[8192];
    call_path(out, sizeof out);
    return PyBytes_FromString(out);
}

static PyMethodDef methods[] = {{"path", path, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "_callpath", NULL, 0, methods};

PyMODINIT_FUNC PyInit__callpath(void)
{
    return PyModuleDef_Init(&def);
}
"""


def call_path(bridge):
    """Which files lie between the interpreter and a C function, and whether libffi does."""
    import _ctypes
    import sysconfig

    folder, name = _folder(bridge, "path"), bridge.__name__
    declared = "int call_path(char *out, int size);"
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    glue = {"ctypes_bridge": _ctypes, "abi_bridge": sys.modules.get("_cffi_backend")}.get(name)
    source = CALL_PATH
    if name == "api_bridge":
        from cffi import FFI

        builder = FFI()
        builder.cdef(declared)
        builder.set_source("_callpath", CALL_PATH)
        builder.emit_c_code(str(folder / "generated.c"))
        source = (folder / "generated.c").read_text()
    elif not name.endswith("_bridge"):
        source = CALL_PATH + EXTENSION
    (folder / "source.c").write_text(source)
    product = folder / ("libcallpath.so" if glue else f"_callpath{suffix}")
    _cc(folder, "source.c", "-o", str(product))
    if name == "ctypes_bridge":
        import ctypes

        out = ctypes.create_string_buffer(8192)
        ctypes.CDLL(str(product)).call_path(out, 8192)
        text = out.value
    elif name in ("abi_bridge", "api_bridge"):
        from cffi import FFI

        ffi = FFI()
        ffi.cdef(declared)
        lib = ffi.dlopen(str(product)) if glue else _import(folder, "_callpath").lib
        out = ffi.new("char[]", 8192)
        lib.call_path(out, 8192)
        text = ffi.string(out)
    else:
        text = _import(folder, "_callpath").path()
    files = [Path(line).name.split(".")[0] for line in text.decode().splitlines()]
    files = files[: next(i for i, file in enumerate(files) if "python" in file)]
    # A backend may hold its own copy of libffi, which then is no file on the path.
    bundled = glue is not None and b"ffi_call" in Path(glue.__file__).read_bytes()
    return {
        "files": sorted(set(files) - {"libffi"}),
        "libffi": "libffi" in files or bundled,
    }


def target_library(bridge):
    """Whether libconfig.so is loaded, or its code is part of the module."""
    maps = Path("/proc/self/maps").read_text()
    return {"libconfig.so is loaded": "/libconfig.so" in maps, "alive": bridge.alive() >= 0}


def without_packages(bridge):
    """Importing the bridge with nothing but the standard library."""
    folder = str(Path(bridge.__file__).resolve().parent)
    program = f"import sys; sys.path.insert(0, {folder!r}); import {bridge.__name__}"
    ended = _run([sys.executable, "-I", "-S", "-c", program], Path(folder))
    return ended.stderr.strip().split("\n")[-1].split(": ")[-1] or "imported"


def what_you_write(bridge):
    """The words of each mechanism in the sources of the bridge, or in the compiled module."""
    folder = Path(bridge.__file__).parent
    files = [Path(bridge.__file__)]
    if bridge.__name__ == "api_bridge":
        files.append(folder / "api_build.py")
    words = [b"argtypes", b"cdef(", b"dlopen(", b"set_source(", b"PyInit_"]
    content = b"".join(file.read_bytes() for file in files)
    return {
        "files": [file.name if file.suffix == ".py" else "compiled" for file in files],
        "words": [word.decode().rstrip("(") for word in words if word in content],
    }


def callables(bridge):
    """The types of what is called, and of the class."""
    config = bridge.Config(URL)
    function = bridge.lib.config_alive if hasattr(bridge, "lib") else bridge.alive
    return {
        "C function": type(function).__name__,
        "Config.process": type(bridge.Config.process).__name__,
        "config.process": type(config.process).__name__,
        "instances have a __dict__": hasattr(config, "__dict__"),
    }


class Seven:
    """No int, but it has a value for whoever asks."""

    def __index__(self):
        return 7


def conversions(bridge):
    """What each bridge accepts for an int32_t, and for a call."""
    config = bridge.Config(URL)
    if hasattr(bridge, "lib"):

        def give(value):
            bridge.lib.config_set_timeout(config._handle, value)

        def crowd():
            bridge.lib.config_alive(1)

    else:

        def give(value):
            config.timeout = value

        def crowd():
            bridge.alive(1)

    values = {"2**32 + 7": 2**32 + 7, "2**70": 2**70, "a float": 7.0, "__index__": Seven()}
    observed = {}
    for name, value in values.items():
        observed[name] = attempt(give, value).get("raised", f"accepted as {config.timeout}")
    observed["an argument too many"] = attempt(crowd).get("raised", "accepted")
    return observed


def foreign_pointer(bridge):
    """A pointer to a long where a pointer to a config is declared, and where nothing is."""
    if bridge.__name__ == "ctypes_bridge":
        import ctypes

        pointer = ctypes.pointer(ctypes.c_long(7))
        # An item of the library is a new object each time: this one has no argtypes.
        bare = bridge.lib["config_alive"]
    else:
        from cffi import FFI

        pointer, bare = FFI().new("long *", 7), bridge.lib.config_alive
    return {
        "declared": attempt(bridge.lib.config_timeout, pointer).get("raised", "accepted"),
        "not declared": attempt(bare, pointer).get("raised", "accepted"),
    }


def module_names(bridge):
    """What a hand-written module is called, and what it must export."""
    import shutil
    import sysconfig

    folder = _folder(bridge, "names")
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    shutil.copy(bridge.__file__, folder / f"renamed{suffix}")
    (folder / "mymodule.c").write_text(
        CALL_PATH + EXTENSION.replace("PyInit__callpath", "PyInit_mymodule")
    )
    (folder / "setup.py").write_text(
        "from setuptools import Extension, setup\n\n"
        "setup(name='mymodule', ext_modules=[Extension('mymodule', ['mymodule.c'])])\n"
    )
    _run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], folder)
    version = f"{sys.version_info[0]}{sys.version_info[1]}"
    refused = _run([sys.executable, "-c", "import renamed"], folder).stderr
    return {
        "setuptools made mymodule + EXT_SUFFIX": (folder / f"mymodule{suffix}").is_file(),
        "EXT_SUFFIX holds the version": f"-{version}" in suffix,
        "under another name": "ImportError" in refused and "(PyInit_renamed)" in refused,
    }


def bound_methods(bridge):
    """Whether a call makes a function object: by the highest memory during many calls."""
    import tracemalloc

    config = bridge.Config(URL, 0)
    taken = config.process

    def call_method():
        for _ in repeat(None, 1000):
            config.process()

    def call_taken():
        for _ in repeat(None, 1000):
            taken()

    def take_and_call():
        for _ in repeat(None, 1000):
            method = config.process
            method()

    def highest(action):
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        action()
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        actions = (call_taken, call_method, take_and_call)
        for action in actions:  # Once, for what an interpreter makes at the first call.
            highest(action)
        none, method, taking = map(highest, actions)
    finally:
        tracemalloc.stop()
    return {
        "config.process() makes an object": method > none,
        "method = config.process makes one": taking > none,
    }


def _folder(bridge, name):
    folder = Path(bridge.__file__).resolve().parent / f"evidence_{name}"
    folder.mkdir()
    return folder


def _run(command, folder):
    import subprocess

    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def _cc(folder, *arguments):
    import sysconfig

    headers = [f"-I{folder.parent}", f"-I{sysconfig.get_path('include')}"]
    return _run(["cc", "-std=gnu99", "-shared", "-fPIC", "-O0", *headers, *arguments], folder)


def _import(folder, name):
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
