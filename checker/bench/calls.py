"""What the sides of a bench have in common: the rows, and what a row measures."""

from typing import Any, NamedTuple


class Call(NamedTuple):
    """A statement to measure, the names it uses, and what proves that it does its work.

    `expected` is compared with the statement's value; a function is asked about it instead.
    """

    statement: str
    names: dict
    expected: Any

    def verify(self) -> None:
        """Run the statement once; raise AssertionError when it does something else."""
        names = dict(self.names)
        assigns = " = " in self.statement
        value = exec(self.statement, names) if assigns else eval(self.statement, names)
        right = self.expected(value) if callable(self.expected) else value == self.expected
        if not right:
            raise AssertionError("%s gave %r" % (self.statement, value))


class Sizes(NamedTuple):
    """How large the larger arguments are."""

    list: int
    callback: int
    sort: int


# The numbers of the rows that take an array: few, so that the way to C is what costs.
NUMBERS = [float(number) for number in range(16)]
TOTAL = sum(NUMBERS)
TEXT = b"four bridges"


def floats(count: int) -> list:
    """A list of that many different floats."""
    return [float(number) for number in range(count)]


def unsorted(count: int) -> list:
    """The same ints in the same order each time, in no order that a sort would notice."""
    return [(number * 7919 + 12345) % 100003 for number in range(count)]


def setting(target: Any, name: str, value: Any) -> Call:
    """An attribute that is set. A call of `setattr` would cost more than what it measures."""
    names = {"target": target, "value": value}
    return Call(f"target.{name} = value", names, lambda _: getattr(target, name) == value)
