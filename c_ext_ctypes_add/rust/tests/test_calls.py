"""Calls: every primitive type, many arguments, variadic functions, and what is refused."""

import math
import sys
import unittest

import rust_ctypes as c
from support import open_probe

# Per C function `echo_NAME`: the type and values that must come back unchanged.
ECHOES = {
    "bool": (c.c_bool, [True, False]),
    "char": (c.c_char, [b"\0", b"x", b"\xff"]),
    "byte": (c.c_byte, [-128, -1, 0, 127]),
    "ubyte": (c.c_ubyte, [0, 255]),
    "short": (c.c_short, [-(2**15), -1, 2**15 - 1]),
    "ushort": (c.c_ushort, [0, 2**16 - 1]),
    "int": (c.c_int, [-(2**31), -1, 2**31 - 1]),
    "uint": (c.c_uint, [0, 2**32 - 1]),
    "longlong": (c.c_longlong, [-(2**63), -1, 2**63 - 1]),
    "ulonglong": (c.c_ulonglong, [0, 2**64 - 1]),
    "float": (c.c_float, [0.0, -1.5, math.inf]),
    "double": (c.c_double, [0.0, -1.1, 1e300, -math.inf]),
    "longdouble": (c.c_longdouble, [0.0, -1.1, 1e300, 5e-324, math.inf]),
    "wchar": (c.c_wchar, ["x", "\u20ac", "\U0001f40d"]),
    "char_p": (c.c_char_p, [b"", b"text", None]),
    "wchar_p": (c.c_wchar_p, ["", "te\u20act", None]),
    "void_p": (c.c_void_p, [1, 2**48 + 7, None]),
}


class Calls(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = open_probe()

    def test_every_type_goes_in_and_out(self) -> None:
        for name, (ctype, values) in ECHOES.items():
            function = self.lib[f"echo_{name}"]
            function.argtypes = [ctype]
            function.restype = ctype
            for value in values:
                with self.subTest(name=name, value=value):
                    self.assertEqual(function(value), value)
                    self.assertIs(type(function(value)), type(value))
                    self.assertEqual(function(ctype(value)), value)

    def test_not_a_number_stays_one(self) -> None:
        for name, ctype in (("double", c.c_double), ("longdouble", c.c_longdouble)):
            function = self.lib[f"echo_{name}"]
            function.argtypes, function.restype = [ctype], ctype
            self.assertTrue(math.isnan(function(math.nan)))

    def test_integers_are_cut_silently(self) -> None:
        self.lib.echo_int.argtypes = [c.c_int]
        self.assertEqual(self.lib.echo_int(2**32 + 5), 5)
        self.assertEqual(self.lib.echo_int(2**31), -(2**31))
        self.assertEqual(c.c_ubyte(-1).value, 255)

    def test_an_undeclared_function_takes_and_gives_ints(self) -> None:
        self.assertEqual(self.lib.echo_int(7), 7)
        self.assertEqual(self.lib.echo_uint(2**32 - 1), -1)
        with self.assertRaises(c.ArgumentError):
            self.lib.echo_int(1.5)

    def test_more_arguments_than_registers(self) -> None:
        weigh = self.lib.weigh
        argtypes = [c.c_int, c.c_double, c.c_long, c.c_float, c.c_short, c.c_double]
        argtypes += [c.c_byte, c.c_double, c.c_longlong, c.c_double, c.c_int, c.c_double]
        weigh.argtypes = argtypes + [c.c_int] + [c.c_double] * 5
        weigh.restype = c.c_double
        values = [3, -1.5, 7, 0.25, -9, 2.0, 11, -0.5, 2**40, 1.0, -6, 8.5, 4, 0.125, 2, 3, 5, 7]
        expected = sum(weight * value for weight, value in enumerate(values, 1))
        self.assertEqual(weigh(*values), expected)

    def test_variadic_arguments(self) -> None:
        self.lib.sum_of.argtypes = [c.c_int]
        self.assertEqual(self.lib.sum_of(0), 0)
        self.assertEqual(self.lib.sum_of(9, *range(1, 10)), 45)

    def test_the_same_function_with_another_signature(self) -> None:
        echo = self.lib.echo_longlong
        echo.restype = c.c_longlong
        for _ in range(2):
            echo.argtypes = [c.c_longlong]
            self.assertEqual(echo(-(2**40)), -(2**40))
            echo.argtypes = [c.c_ubyte]
            self.assertEqual(echo(-1), 255)

    def test_few_ints_of_every_size(self) -> None:
        values = (7, -3, 0, 2**29, 2**40 + 5, -(2**70), True, c.c_int(9), c.c_int(-9))
        for prototype in (c.CFUNCTYPE, c.PYFUNCTYPE):
            for count in range(7):
                add = prototype(c.c_int, *[c.c_int] * count)(lambda *given: sum(given))
                keep = prototype(None, *[c.c_int] * count)(lambda *given: None)
                for start in range(len(values)):
                    given = [values[(start + step) % len(values)] for step in range(count)]
                    plain = [getattr(value, "value", value) for value in given]
                    total = sum(c.c_int(value).value for value in plain)
                    self.assertEqual(add(*given), c.c_int(total).value)
                    self.assertIsNone(keep(*given))
                for wrong in ("1", 1.0, None):
                    if count:
                        with self.assertRaises(c.ArgumentError):
                            add(*[1] * (count - 1), wrong)
                        with self.assertRaises(TypeError):
                            add(*[1] * (count - 1))

    def test_few_doubles_of_every_kind(self) -> None:
        values = (1.5, -2.0, 3, True, c.c_double(0.25), 2**40)
        for count in range(1, 7):
            add = c.CFUNCTYPE(c.c_double, *[c.c_double] * count)(lambda *given: sum(given))
            for start in range(len(values)):
                given = [values[(start + step) % len(values)] for step in range(count)]
                self.assertEqual(add(*given), sum(getattr(v, "value", v) for v in given))

    def test_an_error_of_pythons_own_functions(self) -> None:
        as_long = c.pythonapi.PyLong_AsLong
        as_long.argtypes, as_long.restype = [c.py_object], c.c_long
        with self.assertRaises(TypeError):
            as_long("text")
        none = c.PYFUNCTYPE(c.py_object, c.c_long, c.c_long)(("PyLong_FromLong", c.pythonapi))
        self.assertEqual(none(5, 6), 5)
        refuse = c.PYFUNCTYPE(c.c_int)(("PyErr_NoMemory", c.pythonapi))
        for _ in range(3):
            with self.assertRaises(MemoryError):
                refuse()

    def test_an_object_is_given_away(self) -> None:
        class Something:
            pass

        new = c.PYFUNCTYPE(c.py_object, c.py_object)(("PySequence_List", c.pythonapi))
        something = Something()
        before = sys.getrefcount(something)
        for _ in range(50):
            self.assertEqual(new((something,)), [something])
        self.assertEqual(sys.getrefcount(something), before)
        nothing = c.PYFUNCTYPE(c.py_object, c.c_int)(lambda number: None)
        self.assertIsNone(nothing(1))
        null = c.CFUNCTYPE(c.py_object, c.c_void_p)(c.cast(self.lib.echo_void_p, c.c_void_p).value)
        with self.assertRaisesRegex(ValueError, "PyObject is NULL"):
            null(None)

    def test_any_object_is_one(self) -> None:
        class Own(c.py_object):
            pass

        echo = c.PYFUNCTYPE(c.py_object, c.py_object)(lambda given: given)
        number = c.c_int(5)
        for given in (number, c.byref(number), c.pointer(number), (c.c_int * 2)(), "x", None, 7):
            self.assertIs(echo(given), given)
        self.assertIs(echo(c.py_object(number)), number)
        self.assertIs(echo(Own(number)), number)

    def test_a_cast_to_every_kind_of_pointer(self) -> None:
        class Told(c.POINTER(c.c_int)):
            _type_ = c.c_int

            def __init__(self, *given: object) -> None:
                super().__init__(*given)
                self.told = True

        numbers = (c.c_int * 3)(1, 2, 3)
        for kind in (c.POINTER(c.c_int), Told, c.c_void_p, c.CFUNCTYPE(None)):
            self.assertIs(type(c.cast(numbers, kind)), kind)
        self.assertEqual(c.cast(numbers, c.POINTER(c.c_int))[2], 3)
        self.assertTrue(c.cast(numbers, Told).told)
        self.assertEqual(c.c_void_p(-1).value, 2**64 - 1)
        self.assertEqual(c.c_void_p(2**64 + 5).value, 5)
        self.assertIsNone(c.c_void_p(None).value)
        with self.assertRaises(TypeError):
            c.cast(numbers, c.c_int)
        with self.assertRaises(TypeError):
            c.cast(numbers, c._Pointer)

    def test_wrong_counts_and_types_are_refused(self) -> None:
        self.lib.echo_int.argtypes = [c.c_int]
        with self.assertRaisesRegex(TypeError, "at least 1 argument .0 given"):
            self.lib.echo_int()
        for wrong in (1.0, "1", b"1", None, [], c.c_double(1)):
            with self.subTest(wrong=wrong), self.assertRaisesRegex(c.ArgumentError, "argument 1"):
                self.lib.echo_int(wrong)

    def test_results_may_be_a_type_a_callable_or_nothing(self) -> None:
        echo = self.lib.echo_int
        echo.restype = None
        self.assertIsNone(echo(5))
        echo.restype = lambda number: f"<{number}>"
        self.assertEqual(echo(5), "<5>")

        class Number(c.c_int):
            pass

        echo.restype = Number
        self.assertIs(type(echo(5)), Number)
        with self.assertRaises(TypeError):
            echo.restype = 5

    def test_variables_and_pointers(self) -> None:
        exported = c.c_int.in_dll(self.lib, "exported")
        self.assertEqual(exported.value, 42)
        exported.value = 43
        self.assertEqual(c.c_int.in_dll(self.lib, "exported").value, 43)
        values = (c.c_int * 4)()
        self.lib.fill(values, 4)
        self.assertEqual(list(values), [0, 1, 4, 9])
        self.lib.fill(c.cast(values, c.POINTER(c.c_int)), 2)
        one = c.c_int(9)
        self.lib.fill(c.byref(one), 1)
        self.assertEqual(one.value, 0)

    def test_function_pointers_come_back(self) -> None:
        operation = c.CFUNCTYPE(c.c_int, c.c_int, c.c_int)
        self.lib.get_plus.restype = operation
        plus = self.lib.get_plus()
        self.assertEqual(plus(2, 3), 5)
        with self.assertRaisesRegex(ValueError, "NULL function pointer"):
            operation()(1, 2)


class Errors(unittest.TestCase):
    def test_a_missing_symbol(self) -> None:
        lib = open_probe()
        with self.assertRaisesRegex(AttributeError, "no_such_function"):
            lib.no_such_function
        with self.assertRaisesRegex(ValueError, "no_such_variable"):
            c.c_int.in_dll(lib, "no_such_variable")

    def test_a_missing_library(self) -> None:
        with self.assertRaisesRegex(OSError, "libno_such.so.*looked in"):
            c.CDLL("libno_such.so")
        with self.assertRaisesRegex(OSError, "no such file"):
            c.CDLL("/no/such/folder/libx.so")

    def test_a_file_that_is_no_library(self) -> None:
        with self.assertRaisesRegex(OSError, "text file"):
            c.CDLL(__file__)


if __name__ == "__main__":
    unittest.main()
