"""Python functions that C calls."""

import gc
import sys
import threading
import unittest
import weakref

import rust_ctypes as c
from support import open_probe
from test_records import Large, Mixed, Point

Operation = c.CFUNCTYPE(c.c_int, c.c_int, c.c_int)


class Callbacks(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = open_probe()

    def test_every_mix_of_registers(self) -> None:
        kinds = (c.c_int, c.c_double, c.c_longlong, c.c_float, c.c_ushort)
        for result, plain in (
            (c.c_int, int),
            (c.c_double, float),
            (c.c_ubyte, int),
            (c.c_float, float),
        ):
            for count in range(1, 12):
                for first in range(len(kinds)):
                    given = [kinds[(first + step) % len(kinds)] for step in range(count)]
                    for prototype in (c.CFUNCTYPE, c.PYFUNCTYPE):
                        add = prototype(result, *given)(lambda *all: plain(sum(all)))
                        self.assertEqual(add(*range(1, count + 1)), count * (count + 1) // 2)

    def test_values_pass_both_ways(self) -> None:
        self.assertEqual(self.lib.apply(Operation(lambda a, b: a * b), 6, 7), 42)
        half = c.CFUNCTYPE(c.c_double, c.c_double)(lambda a: a / 2)
        self.lib.apply_double.restype = c.c_double
        self.assertEqual(self.lib.apply_double(half, c.c_double(5)), 2.5)

    def test_pointers_reach_the_memory_of_c(self) -> None:
        seen = c.CFUNCTYPE(c.c_int, c.POINTER(Point))(lambda p: p.contents.x - p[0].y)
        self.lib.apply_point.argtypes = [type(seen), Point]
        self.assertEqual(self.lib.apply_point(seen, Point(9, 4)), 5)

    def test_records_arrive_by_value(self) -> None:
        seen = []

        def function(point: Point, large: Large, mixed: Mixed) -> int:
            seen.append((point.x, point.y, list(large.values), mixed.weight, mixed.count))
            point.x = 99
            return point.x

        callback = c.CFUNCTYPE(c.c_int, Point, Large, Mixed)(function)
        self.assertEqual(self.lib.apply_values(callback), 99)
        self.assertEqual(seen, [(1, 2, [10, 20, 30, 40, 50], 0.5, 3)])

    def test_nothing_in_and_nothing_out(self) -> None:
        seen = []
        self.lib.call_nothing(c.CFUNCTYPE(None)(lambda: seen.append("called")))
        self.assertEqual(seen, ["called"])

    def test_an_exception_goes_to_the_hook(self) -> None:
        caught = []
        hook, sys.unraisablehook = sys.unraisablehook, caught.append
        try:
            result = self.lib.apply(Operation(lambda a, b: a // b), 1, 0)
        finally:
            sys.unraisablehook = hook
        self.assertEqual(result, 0)
        self.assertIs(caught[0].exc_type, ZeroDivisionError)

    def test_a_wrong_result_goes_to_the_hook(self) -> None:
        caught = []
        hook, sys.unraisablehook = sys.unraisablehook, caught.append
        try:
            self.lib.apply(Operation(lambda a, b: "text"), 1, 0)
        finally:
            sys.unraisablehook = hook
        self.assertIs(caught[0].exc_type, TypeError)

    def test_calls_may_nest(self) -> None:
        def down(a: int, b: int) -> int:
            return b if a == 0 else self.lib.apply(inner, a - 1, b + 1)

        inner = Operation(down)
        self.assertEqual(self.lib.apply(inner, 20, 0), 20)

    def test_another_thread_may_call(self) -> None:
        results = []
        callback = Operation(lambda a, b: a + b)
        threads = [
            threading.Thread(target=lambda: results.append(self.lib.apply(callback, 1, 2)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [3] * 4)

    def test_a_thread_of_c_may_call(self) -> None:
        seen = []

        def function(a: int, b: int) -> int:
            seen.append(threading.get_ident())
            return a + b

        self.assertEqual(self.lib.apply_in_threads(Operation(function)), 4 * 5050)
        self.assertEqual((len(seen), threading.get_ident() in seen), (400, False))

    def test_more_callbacks_than_were_compiled_beforehand(self) -> None:
        operations = [Operation(lambda a, b, n=n: a + b * n) for n in range(600)]
        for number in (0, 255, 256, 599):
            self.assertEqual(self.lib.apply(operations[number], 1, 2), 1 + 2 * number)

    def test_a_callback_in_a_struct_stays_alive(self) -> None:
        class Table(c.Structure):
            _fields_ = [("first", Operation), ("second", c.c_int)]

        table = Table(Operation(lambda a, b: a - b), 9)
        gc.collect()
        self.assertEqual(self.lib.run_table(c.byref(table)), 8)
        self.assertEqual(table.first(5, 3), 2)

    def test_a_callback_and_its_function_die_together(self) -> None:
        def function(a: int, b: int) -> int:
            return 0

        alive = weakref.ref(function)
        callback = Operation(function)
        function.callback = callback
        del function, callback
        gc.collect()
        self.assertIsNone(alive())

    def test_what_cannot_be_a_result_is_refused(self) -> None:
        with self.assertRaisesRegex(TypeError, "invalid result type"):
            c.CFUNCTYPE(Point)(lambda: Point())


if __name__ == "__main__":
    unittest.main()
