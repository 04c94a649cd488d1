"""Measures reading declarations: stock cffi beside the engine, as ratios.

Run by hand, with both packages importable: ``python bench_cdef.py [LINES]``. The two take turns,
the best of several rounds counts, in processor time, which other programs disturb little. Nothing
is asserted; that is what the tests are for.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import cffi
import rust_cffi

ROUNDS = 5
FRESH = """
import sys, time
sys.path.insert(0, {path!r})
start = time.process_time()
import {package} as cffi
ffi = cffi.FFI()
ffi.cdef("size_t strlen(const char *);")
assert ffi.dlopen(None).strlen(b"four") == 4
print(time.process_time() - start)
"""


def header(lines: int) -> str:
    """A header like those of C libraries, of about so many lines."""
    written = ["/* A library. */", "#define LIB_VERSION 0x010203", "typedef ... lib_opaque;"]
    number = 0
    while len(written) < lines:
        number += 1
        written += [
            "",
            f"/* Part {number}: creates, asks and frees. */",
            f"#define LIB_LIMIT_{number} {number * 16}",
            f"enum lib_kind_{number} {{ LIB_A_{number}, LIB_B_{number} = 1 << 3 }};",
            f"typedef struct lib_item_{number} {{",
            "    const char *name;",
            f"    unsigned long size, used[LIB_LIMIT_{number}];",
            f"    enum lib_kind_{number} kind;",
            "    unsigned int ready : 1, kept : 1;",
            "    union { double real; void *other; };",
            f"    struct lib_item_{number} *next;",
            f"}} lib_item_{number};",
            f"typedef int (*lib_visit_{number})(lib_item_{number} *item, void *context);",
            f"lib_item_{number} *lib_new_{number}(const char *name, size_t size);",
            f"int lib_each_{number}(lib_item_{number} *first, lib_visit_{number} visit, void *);",
            f"void lib_free_{number}(lib_item_{number} *item);",
            f"extern const int lib_count_{number};",
        ]
    return "\n".join(written) + "\n"


def timed(action: Callable[[], Any]) -> float:
    """Seconds of the processor that the action takes."""
    start = time.process_time()
    action()
    return time.process_time() - start


def read(package: Any, text: str) -> Any:
    """An FFI object that knows the declarations."""
    ffi = package.FFI()
    ffi.cdef(text)
    return ffi


def read_and_use(package: Any, text: str) -> None:
    """Reads, and makes every type."""
    ffi = read(package, text)
    typedefs, structs, _unions = ffi.list_types()
    for name in [*typedefs, *(f"struct {name}" for name in structs)]:
        if name != "lib_opaque":
            ffi.sizeof(name)
    ffi.typeof("lib_opaque *")


def fresh(package: Any) -> float:
    """Seconds of the processor to import, declare, load and call, in a process of its own."""
    path = str(Path(package.__file__).parent.parent)
    code = FRESH.format(path=path, package=package.__name__)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return float(ended.stdout)


def typeof_again(package: Any) -> None:
    """Asks for a known type by its text."""
    ffi = read(package, "struct s { int x; };")
    for _ in range(100_000):
        ffi.typeof("struct s *")


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    text = header(lines)
    actions: dict[str, Callable[[Any], float]] = {
        f"cdef, {text.count(chr(10))} lines": lambda one: timed(lambda: read(one, text)),
        "the same, every type made": lambda one: timed(lambda: read_and_use(one, text)),
        "cdef, one function": lambda one: timed(lambda: read(one, "int f(int a, char *b);")),
        "import, cdef, dlopen, call": fresh,
        "typeof of a known text, 100000 times": lambda one: timed(lambda: typeof_again(one)),
    }
    print(f"{'':38}{'stock ms':>12}{'ours ms':>12}{'ratio':>9}")
    for name, action in actions.items():
        best = [float("inf"), float("inf")]
        for _ in range(ROUNDS):
            for index, package in enumerate((cffi, rust_cffi)):
                best[index] = min(best[index], action(package))
        stock, ours = best
        print(f"{name:38}{stock * 1e3:12.2f}{ours * 1e3:12.2f}{stock / ours:9.1f}")


if __name__ == "__main__":
    main()
