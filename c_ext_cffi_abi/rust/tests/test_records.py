"""Structs, unions, arrays and arithmetic: compared with stock cffi."""

# Every lambda here is called before the loop goes on.
# ruff: noqa: B023

import unittest
from typing import Any

import cffi
import rust_cffi
from support import OracleTest, outcome

LAYOUTS = [
    "struct s { char a; int b; };",
    "struct s { char a; double b; short c; };",
    "struct s { int a:3; int b:5; unsigned c:20; };",
    "struct s { char a; int b:7; int :0; int c:2; };",
    "struct s { char a; long long b:40; char c; };",
    "struct s { int a; char b[]; };",
    "struct s { struct { int x; char y; } in; union { int p; double q; } u; };",
    "struct s { union { int p; char q[7]; }; short tail; };",
    "union s { char a; int b; double c[3]; };",
    "struct s { int a[3]; short b[2][2]; };",
    "struct s { void *p; int (*f)(int); };",
    "struct s { };",
    "struct s { _Bool a; wchar_t b; char16_t c; };",
]


class Layouts(unittest.TestCase):
    def test_equal_stock(self) -> None:
        for options in ({}, {"packed": True}, {"pack": 2}):
            for cdef in LAYOUTS:
                with self.subTest(cdef=cdef, **options):
                    seen = []
                    for package in (cffi, rust_cffi):
                        ffi = package.FFI()
                        tag = "union s" if cdef.startswith("union") else "struct s"

                        def program(ffi, lib, cdef=cdef, tag=tag, options=options):
                            ffi.cdef(cdef, **options)
                            fields = ffi.typeof(tag).fields
                            return [
                                ffi.sizeof(tag),
                                ffi.alignof(tag),
                                *(
                                    (name, field.offset, field.bitshift, field.bitsize)
                                    for name, field in fields
                                ),
                            ]

                        seen.append(outcome(ffi, None, program))
                    self.assertEqual(seen[1], seen[0])


class Fields(OracleTest):
    def test_get_and_set(self) -> None:
        def program(f, c, ctype, name, value):
            record = f.new(ctype)
            setattr(record, name, value)
            return getattr(record, name)

        for name, value in [
            ("x", 3), ("x", 2**31), ("x", "no"), ("y", 4), ("y", None), ("z", 1),
        ]:  # fmt: skip
            self.same(lambda f, c: program(f, c, "struct point *", name, value), (name, value))
        for name in ("whole", "real", "nope"):
            self.same(lambda f, c: program(f, c, "union number *", name, 3), name)

    def test_initial_values(self) -> None:
        for value in [
            [1, 2.5], (1,), {"y": 3}, {"z": 3}, [1, 2, 3], 5, None, [], {"x": "no"}, [None],
        ]:  # fmt: skip
            self.same(lambda f, c: (f.new("struct point *", value).x, 0)[0], value)
        self.same(lambda f, c: self.second_of(f.new("struct point[]", [[1, 2], {"x": 4}])))
        self.same(lambda f, c: f.new("union number *", [1, 2]))

    @staticmethod
    def second_of(points: Any) -> Any:
        """An item of an array of structs is a view, which does not keep the array alive."""
        return points[1].x

    def test_by_value(self) -> None:
        self.same(lambda f, c: c.moved({"x": 1, "y": 2.0}, 5).x)
        self.same(lambda f, c: c.moved(f.new("struct point *", [1, 2])[0], 5).y)
        self.same(lambda f, c: c.moved(f.new("struct mixed *")[0], 5))
        self.same(lambda f, c: c.swapped((b"a", 2, 0.5, 2**40)).large)
        self.same(lambda f, c: c.swapped((b"a", 2, 0.5, 2**40)).tag)

    def test_deleting_is_refused(self) -> None:
        self.same(lambda f, c: delattr(f.new("struct point *"), "x"))
        self.same(lambda f, c: f.new("int[2]").__delitem__(0))


class Items(OracleTest):
    def test_indexes(self) -> None:
        for index in (0, 2, 3, -1, 2**70, "0", slice(0, 2), slice(None, 2), slice(0, 3, 2)):
            self.same(lambda f, c: f.new("int[3]", [1, 2, 3])[index], index)
            self.same(lambda f, c: f.new("int *", 4)[index], index)
            self.same(lambda f, c: f.new("int[3]").__setitem__(index, 7), index)
        self.same(lambda f, c: f.cast("int *", 0)[0])
        self.same(lambda f, c: f.cast("int", 0)[0])

    def test_slices(self) -> None:
        def assigned(f, values):
            array = f.new("int[5]")
            array[1:4] = values
            return list(array)

        for values in ([1, 2, 3], (1, 2), range(4), "abc", b"abc", [1, 2, None]):
            self.same(lambda f, c: assigned(f, values), values)

    def test_iteration_and_length(self) -> None:
        self.same(lambda f, c: list(f.new("int[3]", [1, 2, 3])))
        self.same(lambda f, c: list(f.new("int *")))
        self.same(lambda f, c: len(f.new("int[]", 4)))
        self.same(lambda f, c: len(f.new("int *")))

    def test_arithmetic(self) -> None:
        for steps in (lambda items: (items + 2)[0], lambda items: (2 + items)[1]):
            self.same(lambda f, c: steps(f.new("int[4]", [1, 2, 3, 4])))
        self.same(lambda f, c: f.cast("int *", 40) - f.cast("int *", 20))
        self.same(lambda f, c: f.cast("int *", 41) - f.cast("int *", 20))
        self.same(lambda f, c: f.cast("int *", 40) - f.cast("char *", 20))
        self.same(lambda f, c: int(f.cast("intptr_t", f.cast("int *", 40) - 3)))
        self.same(lambda f, c: f.cast("struct undeclared_elsewhere *", 0))
        self.same(lambda f, c: f.cast("int", 3) + 1)

    def test_comparison(self) -> None:
        self.same(lambda f, c: f.cast("int *", 4) < f.cast("char *", 5))
        self.same(lambda f, c: f.cast("int", 4) == f.cast("long", 4))
        self.same(lambda f, c: f.cast("int", 4) == 4.0)
        self.same(lambda f, c: f.cast("int *", 4) == 4)
        self.same(lambda f, c: f.cast("int *", 4) < 4)
        self.same(lambda f, c: hash(f.cast("int", 4)) == hash(4))
        self.same(lambda f, c: len({f.cast("int *", 4), f.cast("void *", 4)}))


class Memory(OracleTest):
    def test_buffer(self) -> None:
        self.same(lambda f, c: bytes(f.buffer(f.new("char[]", b"abc"))))
        self.same(lambda f, c: f.buffer(f.new("int[2]", [1, 2]))[4:8])
        self.same(lambda f, c: f.buffer(f.cast("int", 2)))
        self.same(lambda f, c: f.buffer(f.new("char[3]"))[5])

    def test_from_buffer(self) -> None:
        for source in (b"abcdefgh", bytearray(8), memoryview(b"12345678"), "text", 5):
            for ctype in ("char[]", "int[]", "int[2]", "int[3]", "struct point *", "int"):
                self.same(lambda f, c: f.from_buffer(ctype, source), (ctype, source))
        self.same(lambda f, c: f.from_buffer("char[]", b"read-only", require_writable=True))

    def test_memmove(self) -> None:
        def program(f, size):
            target = bytearray(4)
            f.memmove(target, f.new("char[]", b"abcd"), size)
            return bytes(target)

        for size in (0, 2, 4, -1):
            self.same(lambda f, c: program(f, size), size)

    def test_open_struct(self) -> None:
        for package in (cffi, rust_cffi):
            ffi = package.FFI()
            ffi.cdef("struct s { int count; short items[]; };")
            made = ffi.new("struct s *", {"count": 2, "items": [7, 8, 9]})
            self.assertEqual((ffi.sizeof(made[0]), list(made.items)), (10, [7, 8, 9]))
            self.assertEqual(len(ffi.new("struct s *", [0, 5]).items), 5)


if __name__ == "__main__":
    unittest.main()
