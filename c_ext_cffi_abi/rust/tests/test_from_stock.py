"""Modules that stock cffi has written, over stock's backend and over ours."""

# Every lambda here is called before the loop goes on.
# ruff: noqa: B023

import gc
import subprocess
import sys
import threading
import unittest
from typing import Any

import rust_cffi
from support import CDEF, FUNCTIONS, NUMBERS, SOURCE, OracleTest, from_stock, library, outcome
from test_api_mode import Modules

COMPILED = CDEF.replace("int not_there(int x);", "").replace("#define SEVEN 7", "")
PYTHON = """
extern "Python" int twice(int);
extern "Python" double mixed(char, long double, struct point, const char *);
extern "Python" struct point swap(struct point);
extern "Python" void nobody(void);
struct point { int x; double y; };
int call_twice(int x);
double call_mixed(void);
struct point call_swap(struct point given);
int call_unattached(void);
extern "Python" int unattached(int);
"""
PYTHON_SOURCE = """
struct point { int x; double y; };
static int twice(int);
static double mixed(char, long double, struct point, const char *);
static struct point swap(struct point);
static int unattached(int);
static int call_twice(int x) { return twice(x) + 1; }
static double call_mixed(void)
{
    struct point given = { 2, 0.5 };
    return mixed('c', 4.25L, given, "text");
}
static struct point call_swap(struct point given) { return swap(given); }
static int call_unattached(void) { return unattached(3); }
"""


class Compiled(Modules):
    """All that is tested of modules of our own generator, for those of stock's."""

    @classmethod
    def setUpClass(cls) -> None:
        stock, ours = from_stock(COMPILED, f'#include "{SOURCE}"')
        cls.stock, cls.ours = (stock.ffi, stock.lib), (ours.ffi, ours.lib)

    def test_the_backend_is_ours(self) -> None:
        self.assertIsInstance(self.ours[0], rust_cffi._rust_cffi.FFI)
        self.assertNotIsInstance(self.stock[0], rust_cffi._rust_cffi.FFI)

    def test_documentation(self) -> None:
        first = lambda f, c: c.norm.__doc__.splitlines()[0]  # noqa: E731
        self.same(first)
        self.same(lambda f, c: c.apply.__doc__.splitlines()[0])

    def test_module_attributes(self) -> None:
        self.same(lambda f, c: sorted(c.__all__))
        self.same(lambda f, c: sorted(c.__dict__))
        self.same(lambda f, c: c.__class__.__name__)
        self.same(lambda f, c: c.__nope__)
        self.same(lambda f, c: delattr(c, "counter"))
        self.same(lambda f, c: f.integer_const("GREEN"))
        self.same(lambda f, c: f.integer_const("counter"))
        self.same(lambda f, c: f.integer_const("nope"))
        self.same(lambda f, c: f.list_types())


class Packed(OracleTest):
    """ABI mode out of line."""

    @classmethod
    def setUpClass(cls) -> None:
        stock, ours = from_stock(CDEF, None)
        cls.stock = (stock.ffi, stock.ffi.dlopen(str(library())))
        cls.ours = (ours.ffi, ours.ffi.dlopen(str(library())))

    def test_every_primitive_against_every_value(self) -> None:
        for name in FUNCTIONS:
            for value in NUMBERS:
                self.same(lambda f, c: getattr(c, name)(value), (name, value))

    def test_records_and_variables(self) -> None:
        self.same(lambda f, c: c.moved({"x": 1, "y": 2.0}, 5).x)
        self.same(lambda f, c: (c.counter, list(c.table), f.string(c.greeting), c.GREEN, c.SEVEN))
        self.same(lambda f, c: (setattr(c, "counter", 8), c.counter, setattr(c, "counter", 5))[1])
        self.same(lambda f, c: c.not_there)
        self.same(lambda f, c: f.addressof(c, "table")[0][1])
        self.same(lambda f, c: (c.fail_with(33), f.errno))
        self.same(lambda f, c: f.sizeof("int[SEVEN]"))
        self.same(lambda f, c: f.new("struct mixed *", [b"a", 2, 0.5, 9]).large)

    def test_a_closed_library(self) -> None:
        def use_after_close(f: Any, c: Any) -> Any:
            opened = f.dlopen(str(library()))
            before = opened.same_i32(3)
            f.dlclose(opened)
            try:
                opened.same_i32(3)
            except f.error as error:
                return before, str(error)

        self.same(use_after_close)

    def test_damaged_tables_are_refused(self) -> None:
        make = rust_cffi._rust_cffi.FFI
        with self.assertRaises(ImportError):
            make("m", _version=1, _types=b"\0\0\1\x0b")
        with self.assertRaises(TypeError):
            make("m", _version=0x2601, _types=b"", _globals=(b"\0\0", 0))
        for words in (b"\0\0\7\x03", b"\0\0\0\x05", b"\0\0\0\x0d\0\0\0\1", b"\xff\xff\xff\x03"):
            tables = {"_types": words, "_typenames": (b"\0\0\0\0name",)}
            ffi = make("m", _version=0x2601, **tables)
            with self.assertRaises((SystemError, RuntimeError, TypeError)):
                ffi.typeof("name")

    def test_types_outlive_their_ffi(self) -> None:
        def orphan(f: Any, c: Any) -> Any:
            other = type(f)("m", _version=0x2601, _types=b"\0\0\7\1\0\0\0\x09",
                            _struct_unions=((b"\0\0\0\1\0\0\0\2s", b"\0\0\0\x11x"),))  # fmt: skip
            ctype = other.typeof("struct s")
            del other
            gc.collect()
            return [name for name, _ in ctype.fields]

        self.assertEqual(outcome(*self.ours, orphan), ("returned", [("str", "x")]))


class ExternPython(OracleTest):
    """C functions whose body is Python."""

    @classmethod
    def setUpClass(cls) -> None:
        stock, ours = from_stock(PYTHON, PYTHON_SOURCE)
        cls.stock, cls.ours = (stock.ffi, stock.lib), (ours.ffi, ours.lib)

    def test_arguments_and_results(self) -> None:
        def program(f: Any, c: Any) -> Any:
            seen = []

            @f.def_extern()
            def twice(x: int) -> int:
                return 2 * x

            @f.def_extern()
            def mixed(one: bytes, two: Any, three: Any, four: Any) -> float:
                seen.append((one, float(two), three.x, three.y, f.string(four)))
                return 1.5

            @f.def_extern(name="swap")
            def other_name(given: Any) -> Any:
                return (int(given.y), float(given.x))

            swapped = c.call_swap((3, 4.0))
            return c.call_twice(5), c.call_mixed(), seen, swapped.x, swapped.y, c.twice(4)

        self.same(program)

    def test_errors(self) -> None:
        def with_error(f: Any, c: Any) -> Any:
            caught = []

            @f.def_extern(name="twice", error=42, onerror=lambda *given: caught.append(given[0]))
            def fails(x: int) -> int:
                raise KeyError(x)

            return c.call_twice(1), [one.__name__ for one in caught]

        def replaced(f: Any, c: Any) -> Any:
            f.def_extern(name="twice")(lambda x: 7)
            return c.call_twice(1)

        self.same(with_error)
        self.same(replaced)
        self.same(lambda f, c: f.def_extern(name="nope")(len))
        self.same(lambda f, c: f.def_extern(name="twice")(5))
        self.same(lambda f, c: f.def_extern(name="twice", error="x")(len))

    def test_called_by_threads(self) -> None:
        ffi, lib = self.ours
        ffi.def_extern(name="twice")(lambda x: 2 * x)
        results: list[int] = []
        threads = [
            threading.Thread(target=lambda: results.extend(lib.call_twice(n) for n in range(200)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(results), sorted(4 * [2 * n + 1 for n in range(200)]))

    def test_what_is_replaced_is_let_go(self) -> None:
        ffi, lib = self.ours

        class Function:
            def __call__(self, x: int) -> int:
                return x

        alive = lambda: sum(isinstance(one, Function) for one in gc.get_objects())  # noqa: E731
        for _ in range(10):
            ffi.def_extern(name="twice")(Function())
            lib.call_twice(1)
        self.assertEqual(alive(), 1)
        ffi.def_extern(name="twice")(lambda x: x)
        self.assertEqual(alive(), 0)

    def test_nothing_attached(self) -> None:
        names = [self.stock[1].__name__, self.ours[1].__name__]
        said = []
        for name, backend in zip(names, ("", "import rust_cffi\n")):
            module = name[: -len(".lib")]
            code = (
                f"import sys; sys.path.insert(0, {str(library().parent)!r})\n{backend}"
                + ("sys.modules['_cffi_backend'] = rust_cffi._rust_cffi\n" if backend else "")
                + f"from {module} import lib; print(lib.call_unattached())"
            )
            ended = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            )
            said.append((ended.stdout, ended.stderr.replace(module, "M")))
        self.assertEqual(said[0], said[1])
        self.assertIn("Returning 0", said[1][1])


class Refused(unittest.TestCase):
    def test_a_record_that_takes_itself_by_value(self) -> None:
        cdef = "struct tree { int (*compare)(struct tree tree); };"
        for module in from_stock(cdef, cdef):
            with self.assertRaises(RuntimeError):
                module.ffi.new("struct tree *")
            with self.assertRaises(RuntimeError):
                module.ffi.new("struct tree *")

    def test_types_nested_too_deeply(self) -> None:
        _, ours = from_stock("int same_i32(int);", None)
        for text in ("int " + "*" * 5000, "int" + "(" * 5000, "int " + "(*" * 900 + ")" * 900):
            with self.assertRaises(ours.ffi.error):
                ours.ffi.typeof(text)
        self.assertEqual(ours.ffi.typeof("int " + "*" * 900).kind, "pointer")


class TwoBackends(unittest.TestCase):
    def test_compiled_tables_belong_to_one_backend(self) -> None:
        stock, _ = from_stock("int same_i32(int);", f'#include "{SOURCE}"')
        stock.lib.same_i32(1)
        code = f"""
import importlib.util, sys
import rust_cffi

def load():
    spec = importlib.util.spec_from_file_location({stock.__name__!r}, {stock.__file__!r})
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

load().lib.same_i32(1)
sys.modules["_cffi_backend"] = rust_cffi._rust_cffi
import os
copy = {stock.__file__!r} + ".second.so"
os.symlink({stock.__file__!r}, copy)
try:
    spec = importlib.util.spec_from_file_location({stock.__name__!r}, copy)
    importlib.util.module_from_spec(spec)
except ImportError as error:
    print(error)
"""
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("another cffi backend", ended.stdout)


if __name__ == "__main__":
    unittest.main()
