"""The package: its own modules, the stock one untouched, and `install`."""

import subprocess
import sys
import unittest

import rust_ctypes


def run(code: str) -> str:
    """What a fresh interpreter prints for `code`."""
    path = "\n".join(("import sys", f"sys.path[:0] = {sys.path!r}", code))
    done = subprocess.run(
        [sys.executable, "-c", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout.strip()


class Package(unittest.TestCase):
    def test_it_has_every_name_of_the_stock_package(self) -> None:
        import ctypes

        missing = [name for name in dir(ctypes) if not hasattr(rust_ctypes, name)]
        self.assertEqual(missing, [])

    def test_stock_stays_itself(self) -> None:
        code = (
            "import ctypes, _ctypes, rust_ctypes, rust_ctypes.util, rust_ctypes.wintypes\n"
            "import ctypes.util, ctypes.wintypes\n"
            "print(ctypes.c_int is rust_ctypes.c_int, sys.modules['_ctypes'] is _ctypes)\n"
            "print(ctypes.util is rust_ctypes.util, ctypes.wintypes is rust_ctypes.wintypes)\n"
            "print(issubclass(rust_ctypes.wintypes.DWORD, rust_ctypes._SimpleCData))\n"
        )
        self.assertEqual(run(code), "False True\nFalse False\nTrue")

    def test_stock_is_not_even_loaded(self) -> None:
        code = "import rust_ctypes\nprint('ctypes' in sys.modules, '_ctypes' in sys.modules)"
        self.assertEqual(run(code), "False False")

    def test_install_takes_the_name(self) -> None:
        code = (
            "import rust_ctypes\nrust_ctypes.install()\n"
            "import ctypes, _ctypes, ctypes.util, ctypes._endian\nfrom ctypes import wintypes\n"
            "print(ctypes is rust_ctypes, _ctypes is rust_ctypes._rust_ctypes)\n"
            "print(ctypes.util is rust_ctypes.util, wintypes is rust_ctypes.wintypes)\n"
            "print(ctypes.CDLL(ctypes.util.find_library('c')).abs(-3))\n"
        )
        self.assertEqual(run(code), "True True\nTrue True\n3")

    def test_submodules_are_loaded_when_they_are_asked_for(self) -> None:
        code = (
            "import rust_ctypes\nrust_ctypes.install()\n"
            "print('rust_ctypes.util' in sys.modules)\n"
            "from ctypes import util\n"
            "print(util is rust_ctypes.util, util.__name__, util.__spec__.name)\n"
            "try:\n    import ctypes.nothing\nexcept ImportError as error:\n    print(error)\n"
        )
        expected = "False\nTrue rust_ctypes.util rust_ctypes.util\nNo module named 'ctypes.nothing'"
        self.assertEqual(run(code), expected)

    def test_what_was_loaded_before_is_replaced(self) -> None:
        code = (
            "import ctypes.util as stock\nimport rust_ctypes\nrust_ctypes.install()\n"
            "import ctypes\nprint(ctypes.util is rust_ctypes.util, ctypes.util is stock)\n"
        )
        self.assertEqual(run(code), "True False")

    def test_other_interpreters_are_refused(self) -> None:
        try:
            from _testcapi import run_in_subinterp
        except ImportError:
            self.skipTest("this interpreter has no _testcapi")
        inner = (
            f"import sys; sys.path[:0] = {sys.path!r}\n"
            "try:\n    import rust_ctypes\nexcept ImportError as error:\n"
            "    assert 'interpreter' in str(error), error\n"
            "else:\n    raise SystemError('it was imported')\n"
        )
        self.assertEqual(run_in_subinterp(inner), 0)
        self.assertEqual(rust_ctypes.CDLL(None).abs(-3), 3)

    def test_a_process_ends_with_living_callbacks(self) -> None:
        code = (
            "import atexit, rust_ctypes as c\n"
            "Hook = c.CFUNCTYPE(c.c_int)\n"
            "class Table(c.Structure):\n    _fields_ = [('hook', Hook)]\n"
            "table = Table(Hook(lambda: 7))\n"
            "ring = [table]; ring.append(ring)\n"
            "atexit.register(lambda: print(table.hook()))\n"
        )
        self.assertEqual(run(code), "7")

    def test_threads_call_in_parallel(self) -> None:
        code = (
            "import rust_ctypes as c, threading\n"
            "class Pair(c.Structure):\n    _fields_ = [('quot', c.c_int), ('rem', c.c_int)]\n"
            "lib = c.CDLL(None)\n"
            "lib.div.argtypes, lib.div.restype = [c.c_int] * 2, Pair\n"
            "wrong = []\n"
            "def work(n):\n"
            "    for i in range(3000):\n"
            "        pair = lib.div(i * 7 + n, 7)\n"
            "        if (pair.quot, pair.rem) != (i, n): wrong.append((i, n))\n"
            "        if n == 0 and i % 50 == 0: lib.div.argtypes = [c.c_int] * 2\n"
            "threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]\n"
            "for thread in threads: thread.start()\n"
            "for thread in threads: thread.join()\n"
            "print(wrong)\n"
        )
        self.assertEqual(run(code), "[]")

    def test_threads_run_while_c_works(self) -> None:
        code = (
            "import rust_ctypes, threading, time\n"
            "sleep = rust_ctypes.CDLL(None).usleep\n"
            "threads = [threading.Thread(target=sleep, args=(300000,)) for _ in range(8)]\n"
            "start = time.monotonic()\n"
            "for thread in threads: thread.start()\n"
            "for thread in threads: thread.join()\n"
            "print(time.monotonic() - start < 1.5)\n"
        )
        self.assertEqual(run(code), "True")


if __name__ == "__main__":
    unittest.main()
