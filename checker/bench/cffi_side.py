"""The rows through CFFI, stock or ours: one code for ABI mode and API mode, but for callbacks."""

from array import array
from typing import Any, Callable

from calls import NUMBERS, TEXT, TOTAL, Call, Sizes, floats, setting, unsorted


class Side:
    """Each method is a row. CFFI releases the GIL around every call and has no other way."""

    def __init__(self, ffi: Any, lib: Any, sizes: Sizes) -> None:
        self.ffi = ffi
        self.lib = lib
        self.sizes = sizes

    def add(self) -> Call:
        return Call("f(2, 3)", {"f": self.lib.bench_add}, 5)

    def mix(self) -> Call:
        return Call("f(1, 2.0, 3, 4.0, 5, b'a')", {"f": self.lib.bench_mix}, 112.0)

    def multiply(self) -> Call:
        return Call("f(1.5, 4.0)", {"f": self.lib.bench_multiply}, 6.0)

    def length(self) -> Call:
        return Call("f(text)", {"f": self.lib.bench_length, "text": TEXT}, len(TEXT))

    def midpoint(self) -> Call:
        self.kept = [self._point(1, 2), self._point(3, 4)]
        names = {"f": self.lib.bench_midpoint, "p": self.kept[0][0], "q": self.kept[1][0]}
        return Call("f(p, q)", names, lambda middle: middle.x == 2.0)

    def product(self) -> Call:
        return Call("f(p)", {"f": self.lib.bench_product, "p": self._point(3, 4)}, 12.0)

    def field_read(self) -> Call:
        return Call("p.y", {"p": self._point(1, 2)}, 2.0)

    def field_write(self) -> Call:
        return setting(self._point(1, 2), "y", 5.0)

    def new_struct(self) -> Call:
        statement = "new('bench_point *', (1.0, 2.0))"
        return Call(statement, {"new": self.ffi.new}, lambda made: made.y == 2.0)

    def _point(self, x: float, y: float) -> Any:
        return self.ffi.new("bench_point *", (x, y))

    def numpy(self) -> Call:
        import numpy

        return self._lent(numpy.array(NUMBERS))

    def array(self) -> Call:
        return self._lent(array("d", NUMBERS))

    def _lent(self, numbers: object) -> Call:
        names = {"f": self.lib.bench_sum, "a": numbers, "n": len(NUMBERS)}
        names["lend"] = self.ffi.from_buffer
        return Call("f(lend('double[]', a), n)", names, TOTAL)

    def list(self) -> Call:
        numbers = floats(self.sizes.list)
        names = {"f": self.lib.bench_sum, "numbers": numbers, "n": len(numbers)}
        names["new"] = self.ffi.new
        return Call("f(new('double[]', numbers), n)", names, sum(numbers))

    def callback(self) -> Call:
        step = self._function("bench_step", lambda number: number)
        names = {"f": self.lib.bench_repeat, "step": step, "n": self.sizes.callback}
        return Call("f(step, n)", names, sum(range(self.sizes.callback)))

    def sort(self) -> Call:
        numbers = unsorted(self.sizes.sort)
        out = self.ffi.new("int[]", len(numbers))
        names = {"f": self.lib.bench_sort, "out": out, "n": len(numbers)}
        names["a"] = self.ffi.new("int[]", numbers)
        names["order"] = self._function("bench_order", lambda left, right: left[0] - right[0])
        return Call("f(out, a, n, order)", names, lambda _: list(out) == sorted(numbers))

    def _function(self, ctype: str, function: Callable) -> Any:
        return self.ffi.callback(ctype, function)

    def lib_name(self) -> Call:
        return Call("lib.bench_add(2, 3)", {"lib": self.lib}, 5)


class CompiledSide(Side):
    """API mode calls Python through C functions of the module, instead of `ffi.callback`."""

    def _function(self, ctype: str, function: Callable) -> Any:
        name = f"{ctype}_in_python"
        self.ffi.def_extern(name)(function)
        return getattr(self.lib, name)
