"""The rows through ctypes, stock or ours."""

import sys
from array import array
from types import ModuleType

from calls import NUMBERS, TEXT, TOTAL, Call, Sizes, floats, setting, unsorted


class Side:
    """Each method is a row; `hold` opens the library so that the GIL is held while C runs."""

    def __init__(self, ctypes: ModuleType, library: str, sizes: Sizes, hold: bool) -> None:
        self.c = c = ctypes
        self.sizes = sizes
        self.lib = lib = (c.PyDLL if hold else c.CDLL)(library)
        self.prototype = c.PYFUNCTYPE if hold else c.CFUNCTYPE

        class Point(c.Structure):
            _fields_ = [("x", c.c_double), ("y", c.c_double)]

        self.Point = Point
        self.Step = self.prototype(c.c_int, c.c_int)
        self.Order = self.prototype(c.c_int, c.POINTER(c.c_int), c.POINTER(c.c_int))
        declarations = {
            "add": ((c.c_int, c.c_int), c.c_int),
            "multiply": ((c.c_double, c.c_double), c.c_double),
            "mix": (
                (c.c_int, c.c_double, c.c_longlong, c.c_float, c.c_ushort, c.c_char_p),
                c.c_double,
            ),
            "length": ((c.c_char_p,), c.c_size_t),
            "midpoint": ((Point, Point), Point),
            "product": ((c.POINTER(Point),), c.c_double),
            "sum": ((c.POINTER(c.c_double), c.c_size_t), c.c_double),
            "repeat": ((self.Step, c.c_int), c.c_int),
            "sort": ((c.POINTER(c.c_int), c.POINTER(c.c_int), c.c_size_t, self.Order), None),
        }
        for name, (argtypes, restype) in declarations.items():
            function = getattr(lib, f"bench_{name}")
            function.argtypes = argtypes
            function.restype = restype

    def add(self) -> Call:
        return Call("f(2, 3)", {"f": self.lib.bench_add}, 5)

    def mix(self) -> Call:
        return Call("f(1, 2.0, 3, 4.0, 5, b'a')", {"f": self.lib.bench_mix}, 112.0)

    def multiply(self) -> Call:
        return Call("f(1.5, 4.0)", {"f": self.lib.bench_multiply}, 6.0)

    def length(self) -> Call:
        return Call("f(text)", {"f": self.lib.bench_length, "text": TEXT}, len(TEXT))

    def midpoint(self) -> Call:
        names = {"f": self.lib.bench_midpoint, "p": self.Point(1, 2), "q": self.Point(3, 4)}
        return Call("f(p, q)", names, lambda middle: middle.x == 2.0)

    def product(self) -> Call:
        names = {"f": self.lib.bench_product, "byref": self.c.byref, "p": self.Point(3, 4)}
        return Call("f(byref(p))", names, 12.0)

    def field_read(self) -> Call:
        return Call("p.y", {"p": self.Point(1, 2)}, 2.0)

    def field_write(self) -> Call:
        return setting(self.Point(1, 2), "y", 5.0)

    def new_struct(self) -> Call:
        return Call("Point(1.0, 2.0)", {"Point": self.Point}, lambda made: made.y == 2.0)

    def numpy(self) -> "Call | None":
        if not self._is_called_ctypes():
            return None
        import numpy

        names = {"f": self.lib.bench_sum, "a": numpy.array(NUMBERS), "n": len(NUMBERS)}
        names["P"] = self.c.POINTER(self.c.c_double)
        return Call("f(a.ctypes.data_as(P), n)", names, TOTAL)

    def numpy_checked(self) -> "Call | None":
        if not self._is_called_ctypes():
            return None
        import numpy

        declared = self.lib["bench_sum"]
        checked = numpy.ctypeslib.ndpointer(numpy.float64, ndim=1, flags="C_CONTIGUOUS")
        declared.argtypes, declared.restype = [checked, self.c.c_size_t], self.c.c_double
        names = {"f": declared, "a": numpy.array(NUMBERS), "n": len(NUMBERS)}
        return Call("f(a, n)", names, TOTAL)

    def _is_called_ctypes(self) -> bool:
        """Whether NumPy converts through this package: it takes the one that is called ctypes."""
        return self.c is sys.modules.get("ctypes")

    def numpy_lent(self) -> Call:
        import numpy

        return self._lent(numpy.array(NUMBERS))

    def array(self) -> Call:
        return self._lent(array("d", NUMBERS))

    def _lent(self, numbers: object) -> Call:
        names = {"f": self.lib.bench_sum, "a": numbers, "n": len(NUMBERS)}
        names["Row"] = self.c.c_double * len(NUMBERS)
        return Call("f(Row.from_buffer(a), n)", names, TOTAL)

    def list(self) -> Call:
        numbers = floats(self.sizes.list)
        names = {"f": self.lib.bench_sum, "numbers": numbers, "n": len(numbers)}
        names["Row"] = self.c.c_double * len(numbers)
        return Call("f(Row(*numbers), n)", names, sum(numbers))

    def callback(self) -> Call:
        names = {"f": self.lib.bench_repeat, "step": self.Step(lambda number: number)}
        names["n"] = self.sizes.callback
        return Call("f(step, n)", names, sum(range(self.sizes.callback)))

    def sort(self) -> Call:
        numbers = unsorted(self.sizes.sort)
        row = self.c.c_int * len(numbers)
        names = {"f": self.lib.bench_sort, "a": row(*numbers), "out": row(), "n": len(numbers)}
        names["order"] = self.Order(lambda left, right: left[0] - right[0])
        return Call("f(out, a, n, order)", names, lambda _: names["out"][:] == sorted(numbers))

    def lib_name(self) -> Call:
        return Call("lib.bench_add(2, 3)", {"lib": self.lib}, 5)
