"""The calls of a lesson through its eight solutions, beside the cheapest call into C."""

import ast
import importlib
import sys
from functools import partial
from typing import Any, Callable

from calls import Call


class Side:
    """A bridge of a lesson. Its rows are the calls that the lesson names."""

    def __init__(self, bridge: Any, calls: dict, answers: dict) -> None:
        self.bridge = bridge
        self.calls = calls
        self.answers = answers

    def __getattr__(self, name: str) -> Callable:
        return partial(self._call, name)

    def _call(self, name: str) -> Call:
        call = self.calls[name]
        arguments = [ast.literal_eval(text) for text in call["arguments"]]
        names = {f"a{index}": argument for index, argument in enumerate(arguments)}
        statement = f"f({', '.join(names)})"
        # All variants give the answer of the first one.
        return Call(statement, {"f": self._callee(call), **names}, partial(self._agrees, name))

    def _agrees(self, name: str, answer: Any) -> bool:
        return self.answers.setdefault(name, answer) == answer

    def _callee(self, call: dict) -> Callable:
        """What to call: `direct` (such as `lib.add`) where there is one, else the function."""
        found = self.bridge
        for name in (call["direct"] or "").split("."):
            found = getattr(found, name, None)
        return getattr(self.bridge, call["function"]) if found is None else found


class Base:
    """The same call in every row: `add`, which is METH_FASTCALL and holds the GIL."""

    def __init__(self) -> None:
        from bench_base import add

        self.add_in_c = add

    def __getattr__(self, name: str) -> Callable:
        return lambda: Call("f(2, 3)", {"f": self.add_in_c}, 5)


def load(variant: dict) -> Any:
    """Import a bridge in a module table of its own: eight bridges of one name live together."""
    before = dict(sys.modules)
    sys.path.insert(0, variant["folder"])
    try:
        if variant["replace"]:
            importlib.import_module(variant["replace"]).install()
        importlib.invalidate_caches()
        return importlib.import_module(variant["module"])
    finally:
        sys.path.pop(0)
        sys.modules.clear()
        sys.modules.update(before)


def open_lesson(lesson: dict) -> dict:
    """The sides of all variants, the base first. What happens to the GIL is the lesson's choice."""
    calls = {call["function"]: call for call in lesson["calls"]}
    answers: dict = {}
    opened: dict = {"base": {"held": Base()}}
    for variant in lesson["variants"]:
        opened[variant["name"]] = {"held": Side(load(variant), calls, answers)}
    return opened
