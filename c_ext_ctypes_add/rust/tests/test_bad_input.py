"""Arguments that make no sense are refused by exceptions; none may end the process."""

import gc
import itertools
import unittest
from typing import Any, Callable

import rust_ctypes as c

ENGINE = c._rust_ctypes


class Evil:
    """Raises from every hook that a conversion may ask for."""

    def __index__(self) -> int:
        raise KeyError("index")

    def __len__(self) -> int:
        raise KeyError("len")

    def __getattr__(self, name: str) -> Any:
        raise KeyError(name)


EVIL = Evil()
ARGUMENTS = [(), (EVIL,), (EVIL, EVIL), (None,), (object(),), (type,), (c.Structure,), ("x",)]
ARGUMENTS += [(c._SimpleCData,), (c.c_int(), EVIL), (EVIL,) * 5]
FUNCTIONS = [c.sizeof, c.byref, c.addressof, c.alignment, c.pointer, c.POINTER, c.resize, c.cast]
FUNCTIONS += [c.set_errno, c.CDLL, c.CFUNCTYPE, c.c_int, c.c_char_p, c.py_object]
FUNCTIONS += [ENGINE.buffer_info, ENGINE._unpickle, ENGINE.dlsym, ENGINE.call_function]
FUNCTIONS += [c.c_int.from_buffer, c.c_int.from_buffer_copy, c.c_int.in_dll, c.c_int.__mul__]
FUNCTIONS += [c.POINTER(c.c_int).from_param, (c.c_int * 3).from_param, c.Structure.from_param]
FUNCTIONS += [c.c_char_p.from_param, c.c_void_p.from_param, c.Structure.from_address]
FUNCTIONS += [c._SimpleCData, c.Array, c._Pointer, c._CFuncPtr, c.CDLL(None).abs]
BASES = [c.Structure, c.Union, c.Array, c._SimpleCData, c._Pointer, c._CFuncPtr]
BODIES = [{}, {"_type_": "i"}, {"_type_": c.c_int}, {"_length_": 3, "_type_": c.c_int}]
BODIES += [{"_flags_": 1}, {"_fields_": [("x", c.c_int)]}, {"_fields_": [("x", c.c_int, EVIL)]}]
BODIES += [{"_fields_": fields} for fields in (EVIL, [EVIL], [("a",)], [(1, c.c_int)], "text")]


def survive(action: Callable[[], object]) -> None:
    """Runs something that may raise anything."""
    try:
        action()
    except Exception:
        pass


class BadInput(unittest.TestCase):
    def test_functions(self) -> None:
        for function, arguments in itertools.product(FUNCTIONS, ARGUMENTS):
            survive(lambda: function(*arguments))
        self.assertEqual(c.c_int(7).value, 7)

    def test_types(self) -> None:
        def use(record: type) -> None:
            instance = record()
            repr(instance), bytes(instance), record * 2, c.POINTER(record), record.from_param(1)

        for owner, base, body in itertools.product(BASES, BASES, BODIES):
            meta = type(owner)
            survive(lambda: use(meta("Made", (base,), dict(body))))
            # A class that its metaclass never described.
            survive(lambda: use(meta.__new__(meta, "Made", (base,), dict(body))))
        gc.collect()
        self.assertEqual(list((c.c_int * 2)(1, 2)), [1, 2])

    def test_a_huge_record_is_no_memory(self) -> None:
        huge = type("Huge", (c.Structure,), {"_fields_": [("a", c.c_int * 2**50)]})
        with self.assertRaises(MemoryError):
            huge()
        with self.assertRaises(OverflowError):
            c.c_int * 2**62


if __name__ == "__main__":
    unittest.main()
