"""Times one first call of `add` in this fresh process: import, open, declare, call.

Takes one JSON object as its argument: `paths` (put in front of sys.path), `variant` (null: do
nothing) and `library`. Writes the nanoseconds of this thread's CPU time on standard output. The
imports are those that a program of this kind has, and no more. It ends without the interpreter's
own end, which comes long after a first call and would be counted with it.
"""

import os
import sys
import time
from json import loads

request = loads(sys.argv[1])
sys.path[:0] = request["paths"]
LIBRARY = request["library"]


def through_ctypes(ctypes) -> int:
    add = ctypes.CDLL(LIBRARY).bench_add
    add.argtypes = (ctypes.c_int, ctypes.c_int)
    add.restype = ctypes.c_int
    return add(2, 3)


def through_cffi(ffi) -> int:
    ffi.cdef("int bench_add(int a, int b);")
    return ffi.dlopen(LIBRARY).bench_add(2, 3)


def call(variant: "str | None") -> int:
    if variant == "ctypes/stock":
        import ctypes

        return through_ctypes(ctypes)
    if variant == "ctypes/rust":
        import rust_ctypes

        return through_ctypes(rust_ctypes)
    if variant == "abi/stock":
        import cffi

        return through_cffi(cffi.FFI())
    if variant == "abi/rust":
        import rust_cffi

        return through_cffi(rust_cffi.FFI())
    if variant == "api/stock":
        from _bench_stock import lib

        return lib.bench_add(2, 3)
    if variant == "api/rust":
        from _bench_rust import lib

        return lib.bench_add(2, 3)
    if variant == "ext/stock":
        from bench_base import add

        return add(2, 3)
    if variant == "ext/rust":
        from _rust_bench import add

        return add(2, 3)
    return 5


start = time.thread_time_ns()
answer = call(request["variant"])
spent = time.thread_time_ns() - start
if answer != 5:
    sys.exit(f"2 + 3 is {answer}")
print(spent, flush=True)
os._exit(0)
