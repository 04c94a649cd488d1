"""`strict()`: what ctypes silently truncates or accepts raises, and only then."""

import unittest
from typing import Callable

import rust_ctypes as c
from support import open_probe

INTEGERS = (
    (c.c_byte, -(2**7), 2**7 - 1),
    (c.c_ubyte, 0, 2**8 - 1),
    (c.c_short, -(2**15), 2**15 - 1),
    (c.c_ushort, 0, 2**16 - 1),
    (c.c_int, -(2**31), 2**31 - 1),
    (c.c_uint, 0, 2**32 - 1),
    (c.c_longlong, -(2**63), 2**63 - 1),
    (c.c_ulonglong, 0, 2**64 - 1),
)


class Field(c.Structure):
    _fields_ = [("x", c.c_ubyte), ("low", c.c_int, 3), ("high", c.c_uint, 2)]


class Strict(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = open_probe()

    def assertOnlyStrict(self, error: type, operation: Callable[[], object]) -> None:
        operation()
        with c.strict(), self.assertRaises(error):
            operation()
        operation()

    def test_integers(self) -> None:
        for kind, least, most in INTEGERS:
            array, pointer = (kind * 1)(), c.pointer(kind())
            for value in (least - 1, most + 1, 2**200, -(2**200)):
                with self.subTest(kind=kind, value=value):
                    self.assertOnlyStrict(OverflowError, lambda: kind(value))
                    self.assertOnlyStrict(OverflowError, lambda: array.__setitem__(0, value))
                    self.assertOnlyStrict(OverflowError, lambda: pointer.__setitem__(0, value))
                    self.assertOnlyStrict(OverflowError, lambda: (kind * 1)(value))
            with c.strict():
                for value in (least, most, True):
                    self.assertEqual(kind(value).value, value)

    def test_arguments(self) -> None:
        for name, kind, least, most in (
            ("ubyte", c.c_ubyte, 0, 2**8 - 1),
            ("int", c.c_int, -(2**31), 2**31 - 1),
            ("ulonglong", c.c_ulonglong, 0, 2**64 - 1),
        ):
            echo = self.lib[f"echo_{name}"]
            echo.argtypes, echo.restype = [kind], kind
            for value in (least - 1, most + 1):
                self.assertOnlyStrict(OverflowError, lambda: echo(value))
            with c.strict():
                self.assertEqual([echo(least), echo(most)], [least, most])
                with self.assertRaisesRegex(OverflowError, "argument 1: int out of range"):
                    echo(most + 1)
        undeclared = self.lib["echo_int"]
        self.assertOnlyStrict(OverflowError, lambda: undeclared(2**31))

    def test_fields_and_bit_fields(self) -> None:
        field = Field()
        for name, value in (("x", 256), ("x", -1), ("low", 4), ("low", -5), ("high", 4)):
            self.assertOnlyStrict(OverflowError, lambda: setattr(field, name, value))
        self.assertOnlyStrict(OverflowError, lambda: Field(256))
        self.assertOnlyStrict(AttributeError, lambda: Field(y=1))
        with c.strict():
            made = Field(255, low=-4, high=3)
            self.assertEqual((made.x, made.low, made.high), (255, -4, 3))

    def test_other_values(self) -> None:
        self.assertOnlyStrict(OverflowError, lambda: c.c_float(1e39))
        self.assertOnlyStrict(TypeError, lambda: c.c_bool("no"))
        self.assertOnlyStrict(ValueError, lambda: c.c_char_p(b"a\0b"))
        self.assertOnlyStrict(OverflowError, lambda: c.c_void_p(-1))
        with c.strict():
            self.assertEqual(c.c_float(float("inf")).value, float("inf"))
            self.assertIs(c.c_bool(2).value, True)
            self.assertEqual(c.c_char_p(b"ab").value, b"ab")

    def test_immutable_memory_is_not_given_away(self) -> None:
        echo = self.lib["echo_void_p"]
        echo.argtypes, echo.restype = [c.c_void_p], c.c_void_p
        for value in (b"text", "text"):
            self.assertOnlyStrict(c.ArgumentError, lambda: echo(value))
        text = self.lib["echo_char_p"]
        text.argtypes, text.restype = [c.c_char_p], c.c_char_p
        self.assertOnlyStrict(c.ArgumentError, lambda: text(b"a\0b"))
        with c.strict():
            self.assertEqual(text(b"ab"), b"ab")
            self.assertTrue(echo(c.create_string_buffer(b"text")))

    def test_the_switch(self) -> None:
        with c.strict():
            with c.strict(False):
                self.assertEqual(c.c_ubyte(257).value, 1)
            with self.assertRaises(OverflowError):
                c.c_ubyte(257)
        self.assertEqual(c.c_ubyte(257).value, 1)
        c.strict()
        try:
            with self.assertRaises(OverflowError):
                c.c_ubyte(257)
        finally:
            c.strict(False)


if __name__ == "__main__":
    unittest.main()
