"""Instances end whole, the short way or the interpreter's own; their memory begins anew."""

import gc
import unittest
import weakref

import rust_ctypes as c


class Pair(c.Structure):
    _fields_ = [("a", c.c_int), ("b", c.c_void_p)]


class Wide(c.Structure):
    _fields_ = [("items", c.c_long * 8)]


class Ends(unittest.TestCase):
    def test_memory_begins_anew(self) -> None:
        for kind in (Pair, Wide):
            for _ in range(40):
                made = kind()
                self.assertEqual(bytes(made), bytes(c.sizeof(kind)))
                c.memset(c.byref(made), 0xFF, c.sizeof(made))
                self.assertEqual(vars(made), {})
                self.assertIsNone(made._objects)
                made.attribute = 1
                self.assertTrue(gc.is_tracked(made))

    def test_attributes_and_weak_references(self) -> None:
        ended = []
        for number in range(40):
            made, other = Pair(), Pair()
            made.other = other
            weakref.finalize(made, ended.append, number)
            self.assertIsNotNone(weakref.ref(made)())
            del made, other
        self.assertEqual(ended, list(range(40)))

    def test_a_finaliser_runs_once_for_each_instance(self) -> None:
        ended = []

        class Told(Pair):
            def __del__(self) -> None:
                ended.append(self.a)

        for number in range(40):
            Told(number)
        self.assertEqual(ended, list(range(40)))

    def test_a_finaliser_that_comes_later(self) -> None:
        ended = []

        class Told(Pair):
            pass

        Told(1)
        Told.__del__ = lambda self: ended.append(self.a)
        Told(2)
        del Told.__del__
        Told(3)
        self.assertEqual(ended, [2])

    def test_an_instance_that_comes_back(self) -> None:
        back = []

        class Phoenix(Pair):
            def __del__(self) -> None:
                back.append(self)

        Phoenix(7)
        self.assertEqual(back[0].a, 7)
        back.clear()
        self.assertEqual(back, [])

    def test_slots_below_and_above(self) -> None:
        class Slotted(Pair):
            __slots__ = ("kept",)

        class Below(Slotted):
            pass

        for kind in (Slotted, Below):
            for _ in range(20):
                kept = Pair()
                gone = weakref.ref(kept)
                made = kind(1)
                made.kept = kept
                del kept, made
                self.assertIsNone(gone())

    def test_a_long_chain_ends_without_a_deep_stack(self) -> None:
        chain = c.py_object()
        for _ in range(200_000):
            chain = c.py_object(chain)
        del chain

        class Node(c.Structure):
            pass

        Node._fields_ = [("next", c.POINTER(Node))]
        node = Node()
        node.next = c.pointer(node)
        at = node
        for _ in range(100_000):
            at = at.next.contents
        del at
        node.next = None

    def test_a_class_goes_with_its_cycles_and_spare_memory(self) -> None:
        def make() -> weakref.ref:
            class Local(c.Structure):
                _fields_ = [("a", c.c_int)]

            for number in range(40):
                Local(number)
            Local.origin = Local(0)
            Local.origin.itself = Local.origin
            return weakref.ref(Local)

        local = make()
        gc.collect()
        self.assertIsNone(local())

    def test_the_class_of_an_instance_is_changed(self) -> None:
        class Other(Pair):
            pass

        for _ in range(40):
            made = Pair(5)
            made.__class__ = Other
            self.assertEqual(made.a, 5)
        self.assertEqual(Pair(1).a, 1)

    def test_windows_hold_what_they_look_into(self) -> None:
        class Outer(c.Structure):
            _fields_ = [("pair", Pair), ("pairs", Pair * 3)]

        for number in range(40):
            window = Outer(Pair(number), (Pair(1), Pair(number))).pairs[1]
            self.assertEqual(window.a, number)
            text = c.c_char_p(b"%d" % number)
            pointer = c.pointer(text)
            del text
            self.assertEqual(pointer.contents.value, b"%d" % number)


if __name__ == "__main__":
    unittest.main()
