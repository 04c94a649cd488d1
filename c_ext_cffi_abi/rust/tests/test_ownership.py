"""Who keeps what alive, and that nothing is kept too long."""

import gc
import sys
import threading
import unittest
import weakref
from typing import Callable

import rust_cffi
from support import opened


class Ownership(unittest.TestCase):
    def setUp(self) -> None:
        self.ffi, self.lib = opened(rust_cffi)

    def test_a_struct_outlives_its_pointer(self) -> None:
        pointer = self.ffi.new("struct point *", [3, 4])
        record = pointer[0]
        gone = weakref.ref(pointer)
        del pointer
        self.assertIsNone(gone())
        self.assertEqual((record.x, record.y), (3, 4.0))

    def test_new_memory_is_zero(self) -> None:
        array = self.ffi.new("int[100]")
        self.assertEqual(set(array), {0})

    def test_a_handle_keeps_its_target(self) -> None:
        class Target:
            pass

        target = Target()
        gone = weakref.ref(target)
        handle = self.ffi.new_handle(target)
        del target
        gc.collect()
        self.assertIs(self.ffi.from_handle(handle), gone())
        through_c = self.ffi.cast("void *", self.lib.same_pointer(handle))
        self.assertIs(self.ffi.from_handle(through_c), gone())
        del handle
        gc.collect()
        self.assertIsNone(gone())

    def test_what_is_no_handle_is_refused(self) -> None:
        target = object()
        for ffi in (self.ffi, rust_cffi._rust_cffi.FFI()):
            handle = ffi.new_handle(target)
            self.assertIs(ffi.from_handle(handle), target)
            for wrong in (None, 1, target, ffi.cast("int *", handle), ffi.cast("long", handle)):
                with self.subTest(wrong), self.assertRaises(TypeError):
                    ffi.from_handle(wrong)
            with self.assertRaises(TypeError):
                ffi.from_handle()
            with self.assertRaises(RuntimeError):
                ffi.from_handle(ffi.NULL)

    def test_each_thread_keeps_its_own_errno(self) -> None:
        seen = []

        def other() -> None:
            seen.append(self.ffi.errno)
            self.lib.fail_with(9)
            seen.append(self.ffi.errno)

        self.lib.fail_with(5)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        self.assertEqual((seen, self.ffi.errno), ([0, 9], 5))

    def test_a_cycle_through_a_handle_is_collected(self) -> None:
        class Target:
            pass

        target = Target()
        target.handle = self.ffi.new_handle(target)
        gone = weakref.ref(target)
        del target
        gc.collect()
        self.assertIsNone(gone())

    def test_a_cycle_through_a_callback_is_collected(self) -> None:
        class Holder:
            def call(self, x: int) -> int:
                return x

            def fail(self, *reason: object) -> None:
                pass

        holder = Holder()
        holder.made = self.ffi.callback("int(int)", lambda x: x, onerror=holder.fail)
        holder.other = self.ffi.callback("int(int)", holder.call)
        gone = weakref.ref(holder)
        del holder
        gc.collect()
        self.assertIsNone(gone())

    def test_a_destructor_runs_once(self) -> None:
        calls: list[object] = []
        origin = self.ffi.new("int *", 5)
        watched = self.ffi.gc(origin, lambda given: calls.append(given[0]))
        self.ffi.release(watched)
        del watched
        self.assertEqual(calls, [5])
        removed = self.ffi.gc(origin, calls.append)
        self.ffi.gc(removed, None)
        del removed
        self.assertEqual(calls, [5])

    def test_a_failing_destructor_is_reported(self) -> None:
        seen: list[object] = []
        hook, sys.unraisablehook = sys.unraisablehook, lambda given: seen.append(given.exc_type)
        try:
            watched = self.ffi.gc(self.ffi.new("int *"), lambda given: 1 // 0)
            del watched
        finally:
            sys.unraisablehook = hook
        self.assertEqual(seen, [ZeroDivisionError])

    def test_a_buffer_is_locked_until_released(self) -> None:
        source = bytearray(b"abcd")
        with self.ffi.from_buffer("char[]", source) as view:
            self.assertEqual(view[1], b"b")
            with self.assertRaises(BufferError):
                source.append(1)
        source.append(1)

    def test_an_allocator_owns_its_memory(self) -> None:
        freed: list[object] = []
        block = self.ffi.new("char[64]")
        make = self.ffi.new_allocator(lambda size: block, freed.append)
        made = make("struct point *", [1, 2])
        self.assertEqual((made.x, len(freed)), (1, 0))
        del made
        self.assertEqual(len(freed), 1)


class Leaks(unittest.TestCase):
    """Operations done many times leave nothing behind."""

    def setUp(self) -> None:
        self.ffi, self.lib = opened(rust_cffi)

    def settles(self, operation: Callable[[], object]) -> None:
        """After a warm-up, repeating the operation allocates no further blocks."""
        for _ in range(200):
            operation()
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(2000):
            operation()
        gc.collect()
        self.assertLess(sys.getallocatedblocks() - before, 100)

    def test_common_operations(self) -> None:
        ffi, lib = self.ffi, self.lib
        point = ffi.new("struct point *")
        # Items and slices are views, which do not keep their array alive.
        points = ffi.new("struct point[]", [[1, 2], [3, 4]])
        items = ffi.new("int[4]")
        function = ffi.callback("int(int)", lambda x: x + 1)

        def refused() -> None:
            for wrong in ("no", 2**40, None):
                try:
                    lib.same_i32(wrong)
                except (TypeError, OverflowError):
                    pass

        operations = {
            "call": lambda: lib.same_i32(3),
            "list": lambda: lib.sum([1, 2, 3], 3),
            "record": lambda: lib.moved(point[0], 1).x,
            "variadic": lambda: lib.sum_of(1, ffi.cast("int", 4)),
            "new": lambda: ffi.new("struct point[]", [[1, 2], [3, 4]]),
            "item": lambda: points[1].y,
            "cast": lambda: ffi.cast("long double", ffi.cast("double", 3)),
            "string": lambda: ffi.string(ffi.new("char[]", b"text")),
            "callback": lambda: lib.apply(function, 3),
            "closure": lambda: lib.apply(ffi.callback("int(int)", lambda x: x), 3),
            "buffer": lambda: ffi.buffer(ffi.from_buffer("char[]", b"1234"))[0:2],
            "slice": lambda: list(items[1:3]),
            "gc": lambda: ffi.gc(ffi.new("int *"), lambda given: None),
            "refused": refused,
        }
        for name, operation in operations.items():
            with self.subTest(name):
                self.settles(operation)


if __name__ == "__main__":
    unittest.main()
