"""Python functions that C calls."""

# Every lambda here is called before the loop goes on.
# ruff: noqa: B023

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


if __name__ == "__main__":
    unittest.main()
