"""Random records in stock ctypes and in ours, side by side in one process."""

import ctypes
import random
import unittest
from types import ModuleType
from typing import Any

import rust_ctypes

RECORDS = 1500
INTEGERS = ["c_byte", "c_ubyte", "c_short", "c_ushort", "c_int", "c_uint", "c_long", "c_ulonglong"]
SCALARS = INTEGERS + ["c_char", "c_float", "c_double", "c_bool", "c_wchar", "c_void_p", "c_char_p"]
SWAPPABLE = INTEGERS + ["c_float", "c_double"]


def declaration(random: random.Random) -> "dict[str, Any]":
    """A record in words, so that both packages can make it."""
    base = random.choice(["Structure"] * 4 + ["BigEndianStructure"] * 2 + ["Union"])
    fields = []
    for number in range(random.randrange(1, 7)):
        name = f"m{number}"
        kind = random.random()
        if kind < 0.45 and base != "Union":
            # Stock misplaces the bit-fields of a union, and gives them negative offsets.
            storage = random.choice(INTEGERS)
            widest = 8 * ctypes.sizeof(getattr(ctypes, storage))
            fields.append((name, storage, 0, random.randint(1, widest)))
        else:
            scalar = random.choice(SCALARS if base != "BigEndianStructure" else SWAPPABLE)
            length = random.randint(1, 4) if kind > 0.85 else 0
            fields.append((name, scalar, length, None))
    return {"base": base, "pack": random.choice([None, None, 1, 2, 4]), "fields": fields}


def make(package: ModuleType, words: "dict[str, Any]") -> type:
    """The record of one package."""
    fields = []
    for name, scalar, length, width in words["fields"]:
        ty = getattr(package, scalar)
        if length:
            ty = ty * length
        fields.append((name, ty) if width is None else (name, ty, width))
    members: dict[str, Any] = {"_fields_": fields}
    if words["pack"]:
        members["_pack_"] = words["pack"]
    return type("Record", (getattr(package, words["base"]),), members)


def byte_orders(package: ModuleType) -> "list[object]":
    """What the types say about their twins in the other byte order, asked for in several ways."""
    c = package
    derived = type("Derived", (c.c_int,), {})
    changed = type(c.c_int)("Changed", (c.c_short,), {"_type_": "h"})
    changed.__ctype_le__ = 5
    seen: list[object] = [changed.__ctype_le__, c.c_byte.__ctype_be__ is c.c_byte]
    for ty in (c.c_int, c.c_double, c.c_char_p, c.c_bool, c.py_object, derived, c._SimpleCData):
        seen += [hasattr(ty, "__ctype_le__"), hasattr(ty, "__ctype_be__")]
    for ty in (c.c_int, derived):
        twin = ty.__ctype_be__
        seen += [twin.__name__, twin.__mro__[1].__name__, bytes(twin(1)), twin(7).value]
        seen += [ty.__ctype_le__ is ty, twin.__ctype_be__ is twin, twin.__ctype_le__ is ty]
        seen += [ty.__ctype_be__ is twin, "__ctype_be__" in vars(ty)]
    seen.append(derived.__ctype_be__ is c.c_int.__ctype_be__)
    return seen


def described(package: ModuleType, record: type) -> "list[object]":
    """All that Python can see of a record's layout."""
    view = memoryview(record())
    seen: list[object] = [package.sizeof(record), package.alignment(record)]
    seen += [view.format, view.itemsize, view.shape]
    for name, *_ in record._fields_:
        field = getattr(record, name)
        seen.append((repr(field), field.offset, field.size))
    return seen


def fits(record: type) -> bool:
    """Whether all bit-fields lie inside their storage; stock places some beyond its end."""
    for name, storage, *width in record._fields_:
        first = getattr(record, name).size & 0xFFFF
        if width and first + width[0] > 8 * ctypes.sizeof(storage):
            return False
    return True


def filled(record: type, words: "dict[str, Any]", seed: int) -> "tuple[bytes, list[str]]":
    """The bytes of an instance after random assignments, and what reads back."""
    numbers = random.Random(seed)
    instance = record()
    for name, scalar, length, _ in words["fields"]:
        if length or scalar in ("c_char_p", "c_void_p", "c_char", "c_wchar"):
            continue
        if scalar in ("c_float", "c_double"):
            setattr(instance, name, numbers.uniform(-1e6, 1e6))
        else:
            setattr(instance, name, numbers.getrandbits(70) - 2**69)
    image = bytes(instance)
    again = record.from_buffer_copy(bytes(numbers.randrange(128) for _ in image))
    shown = []
    for name, scalar, length, _ in words["fields"]:
        if scalar not in ("c_char_p", "c_wchar") and not length:
            shown.append(repr(getattr(again, name)))
    return image, shown


class AgainstStock(unittest.TestCase):
    def test_records(self) -> None:
        source = random.Random(7)
        for seed in range(RECORDS):
            words = declaration(source)
            with self.subTest(words=words):
                theirs, ours = make(ctypes, words), make(rust_ctypes, words)
                self.assertEqual(described(rust_ctypes, ours), described(ctypes, theirs))
                if fits(theirs):
                    self.assertEqual(filled(ours, words, seed), filled(theirs, words, seed))

    def test_byte_orders(self) -> None:
        self.assertEqual(byte_orders(rust_ctypes), byte_orders(ctypes))

    def test_values_of_every_simple_type(self) -> None:
        values = [0, 1, -1, 255, 2**31, -(2**63), 2**64, 2**100, True, None, 1.5, -0.0, "x", ""]
        values += [b"x", b"", b"xy", "xy", bytearray(b"x"), [], object, "\U0001f40d"]
        for name in SCALARS + ["c_longdouble", "c_wchar_p", "py_object"]:
            for value in values:
                if name.endswith("char_p") and isinstance(value, int):
                    continue  # An address that would be read.
                with self.subTest(name=name, value=value):
                    theirs = outcome(lambda: getattr(ctypes, name)(value).value)
                    ours = outcome(lambda: getattr(rust_ctypes, name)(value).value)
                    self.assertEqual(ours, theirs)


def outcome(action: Any) -> "tuple[type, object]":
    """What an action gives or raises."""
    try:
        value = action()
    except Exception as error:
        return type(error), None
    return type(value), value


if __name__ == "__main__":
    unittest.main()
