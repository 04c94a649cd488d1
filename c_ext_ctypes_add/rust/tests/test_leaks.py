"""Nothing is lost: repeated operations leave no blocks and no references behind."""

import gc
import pickle
import sys
import unittest
from typing import Callable

import rust_ctypes as c
from support import open_probe
from test_records import Large, Point

ROUNDS = 1000


def left_behind(operation: Callable[[], object]) -> int:
    """Memory blocks that `ROUNDS` runs of an operation leave behind, after a warm-up."""
    for _ in range(20):
        operation()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(ROUNDS):
        operation()
    gc.collect()
    return sys.getallocatedblocks() - before


class Leaks(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = open_probe()

    def assertNoLeak(self, operation: Callable[[], object]) -> None:
        # Caches and lists of free objects grow for a while; a leak grows every time.
        self.assertLess(min(left_behind(operation) for _ in range(4)), ROUNDS // 2)

    def test_calls(self) -> None:
        self.lib.echo_int.argtypes = [c.c_int]
        self.assertNoLeak(lambda: self.lib.echo_int(1000003))
        self.lib.echo_char_p.argtypes = [c.c_char_p]
        self.lib.echo_char_p.restype = c.c_char_p
        self.assertNoLeak(lambda: self.lib.echo_char_p(b"some text"))
        self.lib.echo_wchar_p.argtypes = [c.c_wchar_p]
        self.lib.echo_wchar_p.restype = c.c_wchar_p
        self.assertNoLeak(lambda: self.lib.echo_wchar_p("some text"))
        self.lib.point_swap.argtypes, self.lib.point_swap.restype = [Point], Point
        self.assertNoLeak(lambda: self.lib.point_swap(Point(1, 2)))

    def test_refused_calls(self) -> None:
        self.lib.echo_int.argtypes = [c.c_int]

        def refused() -> None:
            for arguments in ((), ("x",), (1.5,)):
                try:
                    self.lib.echo_int(*arguments)
                except (TypeError, c.ArgumentError):
                    pass

        self.assertNoLeak(refused)

    def test_lookups(self) -> None:
        self.assertNoLeak(lambda: self.lib["echo_int"](1))
        self.assertNoLeak(lambda: c.c_int.in_dll(self.lib, "exported").value)

    def test_instances(self) -> None:
        self.assertNoLeak(lambda: Large().values[2])
        self.assertNoLeak(lambda: list((c.c_int * 8)(*range(8))))
        self.assertNoLeak(lambda: c.pointer(Point(1, 2)).contents.x)
        self.assertNoLeak(lambda: c.create_string_buffer(b"text", 100).value)
        self.assertNoLeak(lambda: c.cast((c.c_int * 4)(), c.POINTER(c.c_int))[0])
        self.assertNoLeak(lambda: bytes(Point.from_buffer(bytearray(8))))

    def test_types(self) -> None:
        def make() -> None:
            class Local(c.Structure):
                _fields_ = [("a", c.c_int), ("b", c.c_char * 3), ("c", c.c_int, 3)]

            (Local * 3)()[1].a = 5

        self.assertNoLeak(make)

    def test_callbacks(self) -> None:
        operation = c.CFUNCTYPE(c.c_int, c.c_int, c.c_int)
        self.assertNoLeak(lambda: self.lib.apply(operation(lambda a, b: a + b), 1, 2))

    def test_ways_of_calling(self) -> None:
        self.assertNoLeak(lambda: self.lib.echo_int(1000003))
        self.assertNoLeak(lambda: self.lib.sum_of(3, c.c_int(1), c.c_longlong(2), 3))
        echo = self.lib.echo_int
        echo.argtypes, echo.errcheck = [c.c_int], lambda result, function, arguments: result
        self.assertNoLeak(lambda: echo(1000003))
        flagged = c.CFUNCTYPE(c.c_int, c.c_int)(("echo_int", self.lib), ((1, "value", 5),))
        self.assertNoLeak(lambda: flagged(value=1000003))

        def declare() -> None:
            echo.argtypes, echo.restype = [c.c_int], c.c_long
            echo(1)
            echo.argtypes, echo.restype = None, int
            echo(1)

        self.assertNoLeak(declare)
        move = self.lib.point_move
        move.argtypes = [c.POINTER(Point), c.c_int]
        self.assertNoLeak(lambda: move(c.byref(Point(1, 2)), 3))
        self.assertNoLeak(lambda: move((Point * 2)(), 3))

    def test_ways_of_making(self) -> None:
        self.assertNoLeak(lambda: Point(x=1, y=2))
        self.assertNoLeak(lambda: (Point * 3)(Point(1, 2), (3, 4)))
        self.assertNoLeak(lambda: Point.from_buffer_copy(bytes(8)))
        self.assertNoLeak(lambda: Point.from_address(c.addressof(Point(1, 2))))
        self.assertNoLeak(lambda: (c.c_double(1.5), c.c_char_p(b"text"), c.py_object([])))
        self.assertNoLeak(lambda: (c.c_int * 50)(*range(50))[3:40:2])

        def refused() -> None:
            for arguments in ((1, 2, 3), ("x",), (1, "y")):
                try:
                    Point(*arguments)
                except (TypeError, ValueError):
                    pass

        self.assertNoLeak(refused)

        class WithMore(Point):
            pass

        def attributes() -> None:
            made = WithMore(1, 2)
            made.extra = [made]

        self.assertNoLeak(attributes)

    def test_a_class_dies_with_what_it_has_prepared(self) -> None:
        def make() -> None:
            class Node(c.Structure):
                pass

            Node._fields_ = [("next", c.POINTER(Node)), ("value", c.c_int)]
            node = Node(None, 1)
            Node(c.pointer(node), value=2)
            (Node * 2)()[1].value

        # The cache of POINTER() keeps those types for ever, in stock too.
        def make_plain() -> None:
            class Inner(c.Structure):
                _fields_ = [("x", c.c_int)]

            class Outer(Inner):
                _fields_ = [("inner", Inner), ("y", c.c_double)]

            Outer(1, Inner(2), y=3.0)

        make()
        self.assertNoLeak(make_plain)

    def test_other_functions(self) -> None:
        value = c.c_int(5)
        self.assertNoLeak(lambda: (c.sizeof(value), c.alignment(value), c.addressof(value)))
        self.assertNoLeak(lambda: c.string_at(c.create_string_buffer(b"text")))
        self.assertNoLeak(lambda: c.memmove((c.c_char * 4)(), b"abcd", 4))
        self.assertNoLeak(lambda: c.resize((c.c_int * 8)(), 400))
        self.assertNoLeak(lambda: bytes(memoryview((c.c_int * 8)())))
        self.assertNoLeak(lambda: pickle.loads(pickle.dumps(Point(1, 2))))
        self.assertNoLeak(lambda: c.POINTER(c.c_int)(c.c_int(4)).contents)

    def test_objects_pass_with_their_references(self) -> None:
        marker = object()
        identity = c.PYFUNCTYPE(c.py_object, c.py_object)(lambda value: value)
        before = sys.getrefcount(marker)
        for _ in range(50):
            self.assertIs(identity(marker), marker)
        self.assertEqual(sys.getrefcount(marker), before)


if __name__ == "__main__":
    unittest.main()
