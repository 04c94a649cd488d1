"""The rows through an extension module by hand: base.c, or its twin in Rust."""

from array import array
from types import ModuleType
from typing import Any

from calls import NUMBERS, TEXT, TOTAL, Call, Sizes, floats, setting, unsorted


class Side:
    """Each method is a row; `hold` takes the functions that hold the GIL while C runs."""

    def __init__(
        self, module: ModuleType, macros: ModuleType, configs: dict, sizes: Sizes, hold: bool
    ) -> None:
        self.module = module
        self.macros = macros
        self.configs = configs
        self.sizes = sizes
        self.suffix = "" if hold else "_released"

    def _function(self, name: str) -> Any:
        return getattr(self.module, name + self.suffix)

    def add(self) -> Call:
        return Call("f(2, 3)", {"f": self._function("add")}, 5)

    def mix(self) -> Call:
        return Call("f(1, 2.0, 3, 4.0, 5, b'a')", {"f": self._function("mix")}, 112.0)

    def multiply(self) -> Call:
        return Call("f(1.5, 4.0)", {"f": self._function("multiply")}, 6.0)

    def length(self) -> Call:
        return Call("f(text)", {"f": self._function("length"), "text": TEXT}, len(TEXT))

    def midpoint(self) -> Call:
        point = self.module.Point
        names = {"f": self._function("midpoint"), "p": point(1.0, 2.0), "q": point(3.0, 4.0)}
        return Call("f(p, q)", names, lambda middle: middle.x == 2.0)

    def product(self) -> Call:
        names = {"f": self._function("product"), "p": self.module.Point(3.0, 4.0)}
        return Call("f(p)", names, 12.0)

    def field_read(self) -> Call:
        return Call("p.y", {"p": self.module.Point(1.0, 2.0)}, 2.0)

    def field_write(self) -> Call:
        return setting(self.module.Point(1.0, 2.0), "y", 5.0)

    def new_struct(self) -> Call:
        return Call("Point(1.0, 2.0)", {"Point": self.module.Point}, lambda made: made.y == 2.0)

    def numpy(self) -> Call:
        import numpy

        names = {"f": self._function("sum"), "a": numpy.array(NUMBERS)}
        return Call("f(a)", names, TOTAL)

    def numpy_checked(self) -> Call:
        return self.numpy()

    def numpy_lent(self) -> Call:
        return self.numpy()

    def array(self) -> Call:
        return Call("f(a)", {"f": self._function("sum"), "a": array("d", NUMBERS)}, TOTAL)

    def list(self) -> Call:
        numbers = floats(self.sizes.list)
        names = {"f": self._function("sum_list"), "numbers": numbers}
        return Call("f(numbers)", names, sum(numbers))

    def callback(self) -> Call:
        names = {"f": self._function("repeat"), "step": lambda number: number}
        names["n"] = self.sizes.callback
        return Call("f(step, n)", names, sum(range(self.sizes.callback)))

    def sort(self) -> Call:
        numbers = unsorted(self.sizes.sort)
        out = array("i", [0] * len(numbers))
        names = {"f": self._function("sort"), "a": array("i", numbers), "out": out}
        names["order"] = lambda left, right: left - right
        return Call("f(out, a, order)", names, lambda _: list(out) == sorted(numbers))

    def lib_name(self) -> Call:
        return Call(f"module.add{self.suffix}(2, 3)", {"module": self.module}, 5)

    def config_process(self) -> Call:
        return Call("config.process()", {"config": self.configs["by hand"](30)}, 60)

    def config_get(self) -> Call:
        return Call("config.timeout", {"config": self.configs["by hand"](30)}, 30)

    def config_set(self) -> Call:
        return setting(self.configs["by hand"](30), "timeout", 31)

    def config_url(self) -> Call:
        config = self.configs["by hand"](30, "https://example.org")
        return Call("config.server_url", {"config": config}, "https://example.org")

    def config_new(self) -> Call:
        names = {"Config": self.configs["by hand"]}
        return Call("Config(30, 'x', True)", names, lambda made: made.timeout == 30)

    def macro_add(self) -> Call:
        return Call("f(2, 3)", {"f": getattr(self.macros, "add" + self.suffix)}, 5)

    def macro_process(self) -> Call:
        return Call("config.process()", {"config": self.configs["by macros"](30)}, 60)

    def macro_get(self) -> Call:
        return Call("config.timeout", {"config": self.configs["by macros"](30)}, 30)

    def macro_set(self) -> Call:
        return setting(self.configs["by macros"](30), "timeout", 31)
