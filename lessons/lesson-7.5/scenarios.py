"""What totals must return, how often C may be called, and what tells the bridges apart."""

import sys
from pathlib import Path

from observe import attempt


def adds(bridge, a, b):
    return bridge.add(a, b)


def checksums(bridge, data):
    return bridge.checksum(data)


def totals(bridge, values):
    return bridge.total(values)


def totals_two(bridge, a, b):
    return bridge.total([a, b, a])


def refuses_to_cut(bridge):
    values = {"2**31": 2**31, "-2**31 - 1": -(2**31) - 1, "2**70": 2**70, "'3'": "3"}
    return {name: attempt(bridge.total, [1, value]) for name, value in values.items()}


def calls_once(bridge):
    """How often C was called for a thousand bytes, and for a thousand numbers."""
    start = bridge.calls()
    bridge.checksum(bytes(1000))
    middle = bridge.calls()
    bridge.total(list(range(1000)))
    return {"checksum": middle - start, "total": bridge.calls() - middle}


# What follows is evidence: it runs in the stock variants, with the solution.


def comes_with_python(bridge):
    """Importing the bridge with nothing but the standard library."""
    import subprocess

    folder = str(Path(bridge.__file__).resolve().parent)
    program = f"import sys; sys.path.insert(0, {folder!r}); import {bridge.__name__}"
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return ended.stderr.strip().split("\n")[-1].split(": ")[-1] or "imported"


def runtime_model(bridge):
    """The same wrong calls of the same function, and what a raising callback returns."""
    observed = {
        "2**32 + 2": attempt(bridge.lib.add, 2**32 + 2, 3),
        "2**70": attempt(bridge.lib.add, 2**70, 3),
        "an argument too many": attempt(bridge.lib.add, 2, 3, 4),
        "a float": "raised" in attempt(bridge.lib.add, 2.0, 3),
    }
    if bridge.__name__ == "abi_bridge":
        failing = bridge.ffi.callback("int(void)", lambda: 1 // 0, error=-7, onerror=_ignore)
        observed["a raising callback"] = failing()
        observed["ffi.new is zeroed"] = list(bridge.ffi.new("int[4]")) == [0, 0, 0, 0]
    return observed


def generated_glue(bridge):
    """What CFFI wrote for you: its size, a plain call, and the compiler's measures of a struct."""
    import re

    from cffi import FFI

    folder = Path(bridge.__file__).resolve().parent
    builder = FFI()
    builder.cdef("int add(int a, int b); struct pair { int first; int second; };")
    builder.set_source("_glue", '#include "totals.h"\nstruct pair { int first, second; };')
    builder.emit_c_code(str(folder / "_glue.c"))
    glue = (folder / "_glue.c").read_text()
    return {
        "lines for two lines of cdef": "hundreds" if glue.count("\n") > 200 else "few",
        "calls add directly": re.search(r"result = add\(x0, x1\);", glue) is not None,
        "sizeof(struct pair)": "sizeof(struct pair)" in glue,
        "offsetof(struct pair, second)": "offsetof(struct pair, second)" in glue,
    }


def where_the_code_is(bridge):
    """Whether the code between Python and C can be read as Python, and what was compiled for it."""
    compiled = [
        name
        for name, module in list(sys.modules.items())
        if name.startswith("_lesson_7_5") and not getattr(module, "__file__", "").endswith(".py")
    ]
    return {"Python source": bridge.__file__.endswith(".py"), "compiled": sorted(compiled)}


def _ignore(exception, value, traceback):
    """Keeps CFFI from printing what a callback raised."""
