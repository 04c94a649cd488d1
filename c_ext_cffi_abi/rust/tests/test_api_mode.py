"""Modules that the engine writes, compared with those that stock cffi writes."""

# Every lambda here is called before the loop goes on.
# ruff: noqa: B023

import tempfile
import unittest
from pathlib import Path

import cffi
import rust_cffi
from support import CDEF, FUNCTIONS, NUMBERS, SOURCE, OracleTest, compiled, outcome


class Modules(OracleTest):
    @classmethod
    def setUpClass(cls) -> None:
        cdef = CDEF.replace("int not_there(int x);", "").replace("#define SEVEN 7", "")
        source = f'#include "{SOURCE}"'
        cls.stock = compiled(cffi, cdef, source)
        cls.ours = compiled(rust_cffi, cdef, source)

    def test_every_primitive_against_every_value(self) -> None:
        for name in FUNCTIONS:
            for value in NUMBERS:
                self.same(lambda f, c: getattr(c, name)(value), (name, value))

    def test_arity(self) -> None:
        for name in ("nothing", "same_i32", "moved", "norm"):
            for count in range(4):
                self.same(lambda f, c: getattr(c, name)(*[1] * count), (name, count))

    def test_pointers_and_records(self) -> None:
        self.same(lambda f, c: c.length(f.new("char[]", b"four")))
        self.same(lambda f, c: c.norm(f.new("struct point *", [3, 4.5])))
        self.same(lambda f, c: c.norm(f.new("struct mixed *")))
        self.same(lambda f, c: c.norm([(3, 4.5)]))
        self.same(lambda f, c: c.sum([1, 2, 3], 3))
        self.same(lambda f, c: c.sum((1, 2**40), 2))
        self.same(lambda f, c: c.moved({"x": 1, "y": 2.0}, 5).x)
        self.same(lambda f, c: c.swapped((b"a", 2, 0.5, 2**40)).large)
        self.same(lambda f, c: c.many(*range(1, 19)))
        self.same(lambda f, c: c.apply(f.callback("int(int)", lambda x: x + 1), 4))
        self.same(lambda f, c: c.apply(c.same_i32, 4))
        self.same(lambda f, c: c.sum_of(2, f.cast("int", 1), f.cast("int", 5)))

    def test_variables(self) -> None:
        self.same(lambda f, c: (c.counter, list(c.table), f.string(c.greeting), c.GREEN))
        self.same(lambda f, c: (setattr(c, "counter", 8), c.counter, setattr(c, "counter", 5))[1])
        self.same(lambda f, c: setattr(c, "counter", 2**40))
        self.same(lambda f, c: setattr(c, "same_i32", 5))
        self.same(lambda f, c: setattr(c, "GREEN", 5))
        self.same(lambda f, c: c.undeclared)
        self.same(lambda f, c: f.addressof(c, "counter")[0])
        self.same(lambda f, c: f.addressof(c, "same_i32")(7))
        self.same(lambda f, c: sorted(dir(c)))

    def test_errno(self) -> None:
        self.same(lambda f, c: (c.fail_with(33), f.errno))
        self.same(lambda f, c: (setattr(f, "errno", 7), c.errno_seen())[1])

    def test_types(self) -> None:
        for text in [
            "int", "int *", "int(*)(int, char *)", "int(*[3])(void)", "struct point[2][3]",
            "struct point *(*)(union number)", "enum color", "const char *const", "unsigned",
            "long long int", "int(*(*)(int))(char)", "nope", "int[", "5", "", "struct nope",
            "int(int)", "short unsigned", "struct point",
        ]:  # fmt: skip
            self.same(lambda f, c: f.typeof(text), text)
            self.same(lambda f, c: f.sizeof(text), text)
            self.same(lambda f, c: f.alignof(text), text)
            self.same(lambda f, c: f.getctype(text, "name"), text)
        self.same(lambda f, c: f.offsetof("struct mixed", "large"))
        self.same(lambda f, c: f.offsetof("struct mixed", "nope"))

    def test_functions_are_built_in(self) -> None:
        self.same(lambda f, c: type(c.same_i32).__name__)
        self.same(lambda f, c: type(c.sum_of).__name__ != type(c.same_i32).__name__)


# What C has, and what a cdef wrongly says about it.
REAL = """
struct s { int a; long b; char c; };
enum e { ONE = 1, TWO = 2 };
#define ANSWER 42
static int half(int x) { return x / 2; }
static int size_of_s(struct s *s) { return (int)sizeof *s + s->a; }
"""
WRONG = {
    "right": "struct s { int a; long b; char c; };",
    "order": "struct s { long b; int a; char c; };",
    "width": "struct s { int a; int b; char c; };",
    "missing at the end": "struct s { int a; long b; };",
    "missing in the middle": "struct s { int a; char c; };",
    "unsigned": "struct s { unsigned a; long b; char c; };",
    "flexible": "struct s { char c; ...; };",
    "flexible and wide": "struct s { int b; ...; };",
    "no such field": "struct s { int a; long nope; ...; };",
    "another kind": "struct s { double a; long b; char c; };",
    "pointer for a number": "struct s { int a; void *b; char c; };",
}
USES = [
    lambda f, c: f.sizeof("struct s"),
    lambda f, c: f.new("struct s *"),
    lambda f, c: f.typeof("struct s"),
    lambda f, c: f.new("struct s *", {"b": 3}).b,
    lambda f, c: c.size_of_s(f.new("struct s *")),
    lambda f, c: c.half(8),
    lambda f, c: f.offsetof("struct s", "c"),
]


class WrongDeclarations(unittest.TestCase):
    """What the compiler does not refuse is an error when the type is first used."""

    def uses(self, package: object, cdef: str) -> object:
        functions = "int half(int x); int size_of_s(struct s *s);"
        try:
            ffi, lib = compiled(package, cdef + functions, REAL)
        except RuntimeError:
            return "the compiler refuses it"
        return [outcome(ffi, lib, use) for use in USES]

    def test_structs(self) -> None:
        for name, cdef in WRONG.items():
            with self.subTest(name):
                self.assertEqual(self.uses(rust_cffi, cdef), self.uses(cffi, cdef))

    def test_the_message_says_both_sizes(self) -> None:
        ffi, _lib = compiled(rust_cffi, WRONG["width"], REAL)
        for _ in range(2):
            with self.assertRaisesRegex(
                ffi.error, "wrong size for field 'b' .cdef says 4, but C compiler says 8"
            ):
                ffi.new("struct s *")

    def test_constants(self) -> None:
        for cdef in (
            "#define ANSWER 42", "#define ANSWER 41", "#define ANSWER ...", "enum e { ONE, TWO };",
            "enum e { ONE = 7, ... };", "static const int ANSWER;",
        ):  # fmt: skip
            with self.subTest(cdef):
                seen = [
                    [
                        outcome(*module, lambda f, c: c.ANSWER if "ANSWER" in cdef else c.ONE),
                        outcome(*module, lambda f, c: f.string(f.cast("enum e", 2))),
                    ]
                    for module in (compiled(package, cdef, REAL) for package in (rust_cffi, cffi))
                ]
                self.assertEqual(seen[0], seen[1])

    def test_dots(self) -> None:
        cdef = (
            "typedef int... number; typedef float... ratio; extern int row[...];"
            "number same(number);"
        )
        source = (
            "typedef unsigned short number; typedef double ratio; int row[7] = {1, 2};"
            "static number same(number x) { return x; }"
        )
        programs = [
            lambda f, c: (f.sizeof("number"), f.sizeof("ratio"), len(c.row), c.row[1]),
            lambda f, c: int(f.cast("number", -1)),
            lambda f, c: c.same(65535),
            lambda f, c: c.same(65536),
            lambda f, c: c.same(-1),
        ]
        modules = [compiled(package, cdef, source) for package in (rust_cffi, cffi)]
        for program in programs:
            self.assertEqual(*(outcome(*module, program) for module in modules))


class Building(unittest.TestCase):
    def test_a_compiler_error_is_told(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("int half(int x);")
        ffi.set_source("_broken", "static int half(int x) { return no_such_name; }")
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(rust_cffi.VerificationError, "no_such_name"):
                ffi.compile(tmpdir=folder)

    def test_relative_sources_begin_in_tmpdir(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("int third(int x);")
        ffi.set_source("package._third", "int third(int x);", sources=["third.c"])
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "third.c").write_text("int third(int x) { return x / 3; }\n")
            built = Path(ffi.compile(tmpdir=folder))
            self.assertEqual(built.parent, Path(folder).resolve() / "package")

    def test_an_unknown_keyword_is_refused(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("int half(int x);")
        ffi.set_source("_half", "static int half(int x) { return x / 2; }", surces=["half.c"])
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(TypeError, "surces"):
                ffi.compile(tmpdir=folder)


if __name__ == "__main__":
    unittest.main()
