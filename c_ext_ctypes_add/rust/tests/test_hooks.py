"""What a program may hook into a call; no fast way past these may ever be taken."""

import unittest

import rust_ctypes as c
from support import open_probe


class Hooks(unittest.TestCase):
    def setUp(self) -> None:
        self.lib = open_probe()
        self.echo = self.lib.echo_int
        self.echo.argtypes = [c.c_int]

    def test_from_param_of_a_class_that_is_no_c_type(self) -> None:
        class Doubled:
            @classmethod
            def from_param(cls, value: int) -> int:
                return 2 * value

        self.echo.argtypes = [Doubled]
        self.assertEqual(self.echo(4), 8)

    def test_from_param_of_a_subclass(self) -> None:
        class Negative(c.c_int):
            @classmethod
            def from_param(cls, value: int) -> "Negative":
                return cls(-value)

        self.echo.argtypes = [Negative]
        self.assertEqual(self.echo(4), -4)

    def test_from_param_assigned_before_the_prototype(self) -> None:
        class Number(c.c_int):
            pass

        Number.from_param = classmethod(lambda cls, value: c.c_int(value + 1))
        self.echo.argtypes = [Number]
        self.assertEqual(self.echo(4), 5)

    def test_as_parameter(self) -> None:
        class Wrapped:
            _as_parameter_ = 6

        class Outer:
            _as_parameter_ = Wrapped()

        self.assertEqual(self.echo(Wrapped()), 6)
        self.assertEqual(self.echo(Outer()), 6)
        self.echo.argtypes = None
        self.assertEqual(self.echo(Outer()), 6)

    def test_an_endless_as_parameter_is_an_error(self) -> None:
        class Endless:
            @property
            def _as_parameter_(self) -> "Endless":
                return self

        with self.assertRaisesRegex(c.ArgumentError, "RecursionError"):
            self.echo(Endless())

    def test_errcheck_sees_and_replaces(self) -> None:
        seen = []

        def check(result: int, function: object, arguments: tuple) -> str:
            seen.append((result, function, arguments))
            return "replaced"

        self.echo.errcheck = check
        self.assertEqual(self.echo(5), "replaced")
        self.assertEqual(seen, [(5, self.echo, (5,))])
        del self.echo.errcheck
        self.assertEqual(self.echo(5), 5)

    def test_errcheck_may_raise(self) -> None:
        def check(result: int, function: object, arguments: tuple) -> None:
            raise LookupError(result)

        self.echo.errcheck = check
        with self.assertRaises(LookupError):
            self.echo(5)

    def test_check_retval_of_the_result_type(self) -> None:
        class Checked(c.c_int):
            @staticmethod
            def _check_retval_(value: "Checked") -> int:
                return value.value + 100

        self.echo.restype = Checked
        self.assertEqual(self.echo(5), 105)

    def test_a_subclass_with_its_own_call(self) -> None:
        class Loud(c.CFUNCTYPE(c.c_int, c.c_int)):
            def __call__(self, value: int) -> int:
                return super().__call__(value) + 1000

        self.assertEqual(Loud(("echo_int", self.lib))(5), 1005)

    def test_a_call_method_that_comes_later(self) -> None:
        class Plain(c.CFUNCTYPE(c.c_int, c.c_int)):
            pass

        class Derived(Plain):
            pass

        plain, derived = (kind(("echo_int", self.lib)) for kind in (Plain, Derived))
        self.assertEqual((plain(5), derived(5)), (5, 5))
        Plain.__call__ = lambda self, value: -value
        self.assertEqual((plain(5), derived(5)), (-5, -5))

    def test_hooks_that_come_after_the_first_call(self) -> None:
        class Checked(c.c_int):
            @staticmethod
            def _check_retval_(value: "Checked") -> int:
                return value.value + 100

        self.assertEqual(self.echo(5), 5)
        self.echo.restype = Checked
        self.assertEqual(self.echo(5), 105)
        self.echo.restype = c.c_int
        self.echo.errcheck = lambda result, function, arguments: -result
        self.assertEqual(self.echo(5), -5)
        del self.echo.errcheck
        self.echo.argtypes = [c.c_ubyte]
        self.assertEqual(self.echo(300), 44)

    def test_a_call_while_the_declaration_changes(self) -> None:
        seen = []

        class Meddling(type):
            @property
            def from_param(cls) -> object:
                seen.append(self.echo(3))
                return c.c_short.from_param

        class Strange(metaclass=Meddling):
            pass

        self.echo.argtypes = [c.c_int]
        self.assertEqual(self.echo(7), 7)
        self.echo.argtypes = [Strange]
        self.assertEqual((seen, self.echo(2**16 + 2)), ([3], 2))

    def test_hooks_on_the_making_of_instances(self) -> None:
        class Plain(c.Structure):
            _fields_ = [("x", c.c_int), ("y", c.c_int)]

        self.assertEqual((Plain(1, 2).y, Plain(1, y=3).y), (2, 3))
        Plain.__init__ = lambda self, *values: c.Structure.__init__(self, 7, 8)
        self.assertEqual(Plain(1, 2).x, 7)
        del Plain.__init__
        self.assertEqual(Plain(1, 2).x, 1)

        class Loud(Plain):
            def __setattr__(self, name: str, value: int) -> None:
                super().__setattr__(name, value + 100)

        self.assertEqual(Loud(1, y=2).y, 102)
        Plain.x = property(lambda self: 5, lambda self, value: None)
        self.assertEqual((Plain(1, 2).x, Plain(1, 2).y), (5, 2))

        class Number(c.c_int):
            def __new__(cls, value: int) -> "Number":
                made = super().__new__(cls)
                made.seen = value
                return made

        self.assertEqual((Number(4).seen, Number(4).value), (4, 4))

    def test_parameter_flags(self) -> None:
        prototype = c.CFUNCTYPE(None, c.POINTER(c.c_int), c.c_int)
        fill = prototype(("fill", self.lib), ((2, "values"), (1, "count", 1)))
        self.assertEqual(fill(), 0)
        self.assertEqual(fill(count=1), 0)
        with self.assertRaisesRegex(TypeError, "takes exactly 1 argument"):
            fill(1, 2)

    def test_errno_is_swapped_on_request_only(self) -> None:
        private = open_probe(use_errno=True)
        c.set_errno(0)
        self.lib.set_errno_to(11)
        self.assertEqual(c.get_errno(), 0)
        private.set_errno_to(12)
        self.assertEqual(c.get_errno(), 12)
        self.assertEqual(c.set_errno(13), 12)
        self.assertEqual(private.get_errno_of_c(), 13)

    def test_python_functions_raise_through_pydll(self) -> None:
        from_long = c.pythonapi.PyLong_FromString
        from_long.restype = c.py_object
        from_long.argtypes = [c.c_char_p, c.c_void_p, c.c_int]
        self.assertEqual(from_long(b"42", None, 10), 42)
        with self.assertRaises(ValueError):
            from_long(b"x", None, 10)


if __name__ == "__main__":
    unittest.main()
