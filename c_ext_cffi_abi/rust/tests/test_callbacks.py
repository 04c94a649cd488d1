"""Python functions that C calls."""

# Every lambda here is called before the loop goes on.
# ruff: noqa: B023

import subprocess
import sys
import threading
import unittest
from typing import Any

from support import OracleTest


def _silent(program: Any) -> Any:
    """The program's result, with exceptions of callbacks counted instead of printed."""
    seen: list[str] = []
    hook = sys.unraisablehook
    sys.unraisablehook = lambda given: seen.append(given.exc_type.__name__)
    try:
        return [program(), seen]
    finally:
        sys.unraisablehook = hook


class Callbacks(OracleTest):
    def test_called_through_c(self) -> None:
        self.same(lambda f, c: c.apply(f.callback("int(int)", lambda x: x * 2), 21))
        self.same(lambda f, c: f.callback("int(int)")(lambda x: x * 2)(21))
        self.same(lambda f, c: c.apply(c.same_i32, 21))

    def test_records_by_value(self) -> None:
        def twice(f, c):
            def double(point):
                return {"x": 2 * point.x, "y": 2 * point.y}

            made = f.callback("struct point(struct point)", double)
            answer = c.apply_point(made, {"x": 1, "y": 2.5})
            return [answer.x, answer.y]

        self.same(twice)

    def test_exceptions(self) -> None:
        def broken(x: int) -> int:
            raise KeyError(x)

        for options in ({}, {"error": -7}):
            self.same(
                lambda f, c: _silent(lambda: c.apply(f.callback("int(int)", broken, **options), 1))
            )
        for answer in (None, 11, "no"):
            self.same(
                lambda f, c: _silent(
                    lambda: c.apply(
                        f.callback("int(int)", broken, error=-7, onerror=lambda *given: answer), 1
                    )
                )
            )
        for wrong in ("text", 2**40, None):
            self.same(
                lambda f, c: _silent(
                    lambda: c.apply(f.callback("int(int)", lambda x: wrong, error=9), 1)
                )
            )

    def test_refusals(self) -> None:
        self.same(lambda f, c: f.callback("int(int)", 5))
        self.same(lambda f, c: f.callback("int *", lambda: 0))
        self.same(lambda f, c: f.callback("int(int)", lambda x: x, error="no"))
        self.same(lambda f, c: f.callback("int(int)", lambda x: x, onerror=5))
        self.same(lambda f, c: f.callback("int(int, ...)", lambda x: x))

    def test_nested(self) -> None:
        def program(f, c):
            inner = f.callback("int(int)", lambda x: x + 1)
            outer = f.callback("int(int)", lambda x: c.apply(inner, x) * 10)
            return c.apply(outer, 4)

        ended, value = self.same(program)
        self.assertEqual((ended, value[1]), ("returned", 50))

    def test_from_several_threads(self) -> None:
        f, c = self.ours
        made = f.callback("int(int)", lambda x: x + 1)
        sums: list[int] = []

        def work() -> None:
            sums.append(sum(c.apply(made, number) for number in range(500)))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sums, [sum(range(1, 501))] * 4)

    def test_errno_survives(self) -> None:
        def program(f, c):
            made = f.callback("int(int)", lambda x: setattr(f, "errno", x) or 0)
            c.apply(made, 42)
            return f.errno

        self.same(program)


LATE = """
import os
import {cffi}
ffi = {cffi}.FFI()
# One element is compared once, under a sanitizer too; AddressSanitizer's qsort compares more often.
ffi.cdef(
    "void *bsearch(const void *, const void *, size_t, size_t,"
    "              int (*)(const void *, const void *));"
)
libc = ffi.dlopen(None)
calls = []

@ffi.callback("int(const void *, const void *)")
def compare(one, two):
    calls.append(1)
    return 0

class Late:
    # Kept by a builtin module, and so ended after this module's own names are gone.
    def __del__(self, search=libc.bsearch, one=ffi.new("int *"), compare=compare,
                calls=calls, write=os.write):
        search(one, one, 1, 4, compare)
        write(1, b"called back %d" % len(calls))

import sys
sys.late = Late()
"""


class Ends(unittest.TestCase):
    def test_called_while_the_interpreter_ends(self) -> None:
        for cffi in ("cffi", "rust_cffi"):
            ran = subprocess.run(
                [sys.executable, "-c", LATE.format(cffi=cffi)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=60,
            )
            self.assertEqual((ran.returncode, ran.stdout), (0, b"called back 1"), cffi)


if __name__ == "__main__":
    unittest.main()
