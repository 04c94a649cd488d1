"""Structures, unions, arrays and pointers, against C and against each other."""

import pickle
import unittest

import rust_ctypes as c
from support import open_probe


class Point(c.Structure):
    _fields_ = [("x", c.c_int), ("y", c.c_int)]


class Mixed(c.Structure):
    _fields_ = [("weight", c.c_double), ("count", c.c_int)]


class Large(c.Structure):
    _fields_ = [("values", c.c_long * 5)]


class Floats(c.Structure):
    _fields_ = [("a", c.c_float), ("b", c.c_float), ("c", c.c_float)]


class Pair(c.Structure):
    _fields_ = [("x", c.c_double), ("y", c.c_double)]


class Either(c.Union):
    _fields_ = [("number", c.c_int), ("bytes", c.c_ubyte * 4)]


class Flags(c.Structure):
    _fields_ = [("a", c.c_uint, 3), ("b", c.c_uint, 7), ("c", c.c_int, 5)]


class ByValue(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = open_probe()

    def declare(self, name: str, record: type) -> "c._CFuncPtr":
        function = self.lib[name]
        function.argtypes, function.restype = [record], record
        return function

    def test_in_integer_registers(self) -> None:
        swapped = self.declare("point_swap", Point)(Point(1, -2))
        self.assertEqual((swapped.x, swapped.y), (-2, 1))

    def test_in_registers_of_both_kinds(self) -> None:
        doubled = self.declare("mixed_double", Mixed)(Mixed(1.25, 7))
        self.assertEqual((doubled.weight, doubled.count), (2.5, 14))

    def test_in_vector_registers(self) -> None:
        turned = self.declare("floats_turn", Floats)(Floats(1, 2, 3))
        self.assertEqual((turned.a, turned.b, turned.c), (2, 3, 1))

    def test_pairs(self) -> None:
        class Own(Pair):
            pass

        turn = self.declare("pair_turn", Pair)
        between = self.declare("pair_between", Pair)
        between.argtypes = [Pair, Pair]
        for x in range(40):
            turned = turn(Pair(x, 2))
            middle = between(turned, Own(x, x))
            self.assertEqual((turned.x, turned.y), (2, -x))
            self.assertEqual((middle.x, middle.y), (x / 2 + 1, 0))
            self.assertIs(type(turned), Pair)
            self.assertIsNot(turned, turn(turned))
        for wrong in ((), (turned, 1), (turned, Floats()), (1, turned), (None, None), (turned,)):
            with self.subTest(wrong=wrong), self.assertRaises((c.ArgumentError, TypeError)):
                between(*wrong)
        turn.restype = Own
        self.assertIs(type(turn(turned)), Own)

    def test_in_memory(self) -> None:
        turned = self.declare("large_reverse", Large)(Large((c.c_long * 5)(*range(5))))
        self.assertEqual(list(turned.values), [4, 3, 2, 1, 0])

    def test_a_union(self) -> None:
        self.lib.either_number.argtypes = [Either]
        self.assertEqual(self.lib.either_number(Either(number=-5)), -5)

    def test_a_struct_is_no_other(self) -> None:
        with self.assertRaisesRegex(c.ArgumentError, "expected Point instance instead of Mixed"):
            self.declare("point_swap", Point)(Mixed())


class Fields(unittest.TestCase):
    def test_c_sees_what_python_writes(self) -> None:
        lib = open_probe()
        point = Point(1, 2)
        lib.point_move(c.byref(point), 10)
        self.assertEqual((point.x, point.y), (11, 12))
        lib.point_move.argtypes = [c.POINTER(Point), c.c_int]
        lib.point_move(point, 1)
        lib.point_move(c.pointer(point), 1)
        self.assertEqual((point.x, point.y), (13, 14))

    def test_bit_fields(self) -> None:
        lib = open_probe()
        flags = Flags(5, 100, -3)
        self.assertEqual(lib.flags_sum(c.byref(flags)), 102)
        flags.a, flags.b, flags.c = 9, 128, 31
        self.assertEqual((flags.a, flags.b, flags.c), (1, 0, -1))
        self.assertEqual(repr(Flags.b), "<Field type=c_uint, ofs=0:3, bits=7>")

    def test_layout(self) -> None:
        class Packed(c.Structure):
            _pack_ = 1
            _fields_ = [("a", c.c_char), ("b", c.c_double)]

        class Nested(c.Structure):
            _anonymous_ = ["inner"]
            _fields_ = [("flag", c.c_char), ("inner", Mixed), ("tail", c.c_short)]

        self.assertEqual((c.sizeof(Packed), Packed.b.offset), (9, 1))
        self.assertEqual((c.sizeof(Nested), c.alignment(Nested)), (32, 8))
        nested = Nested(b"x", Mixed(1.5, 2), 3)
        nested.count += 1
        self.assertEqual((nested.weight, nested.inner.count), (1.5, 3))

    def test_byte_orders(self) -> None:
        class Wire(c.BigEndianStructure):
            _fields_ = [("a", c.c_uint16), ("b", c.c_uint32), ("c", c.c_double)]

        wire = Wire(1, 2, 1.0)
        expected = b"\0\1\0\0\0\0\0\2\x3f\xf0" + bytes(6)
        self.assertEqual(bytes(wire), expected)
        self.assertEqual(Wire.from_buffer_copy(expected).c, 1.0)

    def test_initialisers(self) -> None:
        with self.assertRaisesRegex(TypeError, "too many initializers"):
            Point(1, 2, 3)
        with self.assertRaisesRegex(TypeError, "duplicate values for field 'x'"):
            Point(1, x=1)
        with self.assertRaises(TypeError):
            Point("x")

        class Derived(Point):
            _fields_ = [("z", c.c_int)]

        self.assertEqual([getattr(Derived(1, 2, z=3), name) for name in "xyz"], [1, 2, 3])

    def test_assignment_after_use_is_refused(self) -> None:
        with self.assertRaisesRegex(AttributeError, "_fields_ is final"):
            Point._fields_ = []

    def test_a_list_in_c(self) -> None:
        class Node(c.Structure):
            pass

        Node._fields_ = [("value", c.c_int), ("next", c.POINTER(Node))]
        last = Node(2)
        first = Node(1, c.pointer(last))
        del last
        self.assertEqual(first.next.contents.value, 2)
        self.assertFalse(first.next.contents.next)
        with self.assertRaisesRegex(ValueError, "NULL pointer access"):
            first.next.contents.next.contents


class Memory(unittest.TestCase):
    def test_arrays(self) -> None:
        numbers = (c.c_int * 5)(*range(5))
        self.assertEqual(numbers[1:4], [1, 2, 3])
        self.assertEqual(numbers[::-2], [4, 2, 0])
        numbers[0:2] = [7, 8]
        self.assertEqual((list(numbers), numbers[-1]), ([7, 8, 2, 3, 4], 4))
        with self.assertRaises(IndexError):
            numbers[5]
        self.assertIs(c.c_int * 5, type(numbers))

    def test_strings(self) -> None:
        text = c.create_string_buffer(b"abc", 6)
        self.assertEqual((text.value, text.raw), (b"abc", b"abc\0\0\0"))
        text.value = b"xy"
        self.assertEqual(text[:], b"xy\0\0\0\0")
        with self.assertRaises(ValueError):
            text.value = b"too long"
        wide = c.create_unicode_buffer("te\u20act")
        self.assertEqual((wide.value, len(wide)), ("te\u20act", 5))
        self.assertEqual(c.string_at(b"abc\0def", 7), b"abc\0def")
        self.assertEqual(c.wstring_at("abc"), "abc")

    def test_buffers_are_shared_or_copied(self) -> None:
        source = bytearray(8)
        shared = c.c_uint32.from_buffer(source, 4)
        shared.value = 0x01020304
        self.assertEqual(bytes(source[4:]), bytes(shared))
        with self.assertRaises(BufferError):
            source.append(1)
        copied = Point.from_buffer_copy(bytes(source))
        self.assertEqual(copied.y, 0x01020304)
        with self.assertRaises(TypeError):
            c.c_int.from_buffer(b"read")
        with self.assertRaisesRegex(ValueError, "too small"):
            c.c_int.from_buffer(bytearray(2))
        view = memoryview((c.c_int * 3 * 2)())
        self.assertEqual((view.shape, view.itemsize, view.format), ((2, 3), 4, "<i"))

    def test_pickling(self) -> None:
        point = pickle.loads(pickle.dumps(Point(3, 4)))
        self.assertEqual((point.x, point.y), (3, 4))
        with self.assertRaisesRegex(ValueError, "pointers"):
            pickle.dumps(c.pointer(c.c_int()))

    def test_resize(self) -> None:
        values = (c.c_short * 4)()
        c.resize(values, 32)
        self.assertEqual(c.sizeof(values), 32)
        with self.assertRaisesRegex(ValueError, "minimum size"):
            c.resize(values, 4)

    def test_casts_keep_their_source(self) -> None:
        values = (c.c_int * 3)(1, 2, 3)
        pointer = c.cast(values, c.POINTER(c.c_int))
        del values
        self.assertEqual(pointer[0:3], [1, 2, 3])


if __name__ == "__main__":
    unittest.main()
