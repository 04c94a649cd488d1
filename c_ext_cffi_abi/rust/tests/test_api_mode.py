"""Modules that the engine writes, compared with those that stock cffi writes."""

# Every lambda here is called before the loop goes on.
# ruff: noqa: B023

import importlib
import io
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

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


class ExternPython(OracleTest):
    """C functions whose body is Python."""

    @classmethod
    def setUpClass(cls) -> None:
        cdef = """
            struct point { int x; double y; };
            extern "Python" int twice(int);
            extern "Python+C" double total(struct point, long double, char *);
            extern "Python" { void seen(int, int, int, int, int, int, int, int, int, int);
                              struct point mirrored(struct point); }
            int call_twice(int); double call_total(double); void call_seen(void);
            double call_mirrored(int);
        """
        source = """
            struct point { int x; double y; };
            static int twice(int);
            double total(struct point, long double, char *);
            static void seen(int, int, int, int, int, int, int, int, int, int);
            static struct point mirrored(struct point);
            static int call_twice(int x) { return twice(x); }
            static double call_total(double x)
            {
                struct point point = {3, 0.5};
                return total(point, (long double)x, "text");
            }
            static void call_seen(void) { seen(0, 1, 2, 3, 4, 5, 6, 7, 8, 9); }
            static double call_mirrored(int x)
            {
                struct point point = {x, 2.5};
                point = mirrored(point);
                return point.x * 10 + point.y;
            }
        """
        cls.stock = compiled(cffi, cdef, source)
        cls.ours = compiled(rust_cffi, cdef, source)

    def test_calls(self) -> None:
        def twice(f: object, c: object) -> object:
            f.def_extern("twice")(lambda x: 2 * x)
            return c.call_twice(21), c.twice(4), f.typeof(c.twice)

        def total(f: object, c: object) -> object:
            @f.def_extern()
            def total(point: object, x: object, text: object) -> float:
                return point.x + point.y + float(x) + len(f.string(text))

            return c.call_total(0.25)

        def seen(f: object, c: object) -> object:
            found = []
            f.def_extern(name="seen")(lambda *numbers: found.extend(numbers))
            c.call_seen()
            return found

        def mirrored(f: object, c: object) -> object:
            f.def_extern("mirrored")(lambda p: {"x": -p.x, "y": -p.y})
            return c.call_mirrored(7)

        for program in (twice, total, seen, mirrored):
            self.assertEqual(self.same(program, program.__name__)[0], "returned")

    def test_errors(self) -> None:
        def fallback(f: object, c: object) -> object:
            seen = []
            onerror = lambda kind, value, trace: seen.append(kind.__name__)  # noqa: E731
            f.def_extern("twice", error=-7, onerror=onerror)(lambda x: 1 // 0)
            return c.call_twice(1), seen

        self.assertEqual(self.same(fallback)[0], "returned")
        self.same(lambda f, c: f.def_extern("call_twice")(len))
        self.same(lambda f, c: f.def_extern("twice")(5))
        self.same(lambda f, c: f.def_extern()(5))
        self.same(lambda f, c: setattr(c, "twice", 5))


class Includes(unittest.TestCase):
    def chain(self, package: object) -> object:
        """Two modules, the second over the types of the first."""
        first, second = package.FFI(), package.FFI()
        first.cdef(
            "struct shape { int sides; ...; }; typedef struct { double x; } spot; enum e { A, B };"
            "typedef struct shape *handle; int sides(struct shape *); static const int LIMIT;"
        )
        preamble = (
            "struct shape { char pad; int sides; }; typedef struct { double x; } spot;"
            "enum e { A, B }; typedef struct shape *handle;"
        )
        second.include(first)
        second.cdef("double at(spot); handle back(handle); enum e next(enum e);")
        name = f"_include_{package.__name__}"
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch.object(sys, "path", [folder, *sys.path]),
        ):
            first.set_source(
                name + "_1",
                preamble + "static int sides(struct shape *s) { return s->sides; }"
                "static const int LIMIT = 9;",
            )
            second.set_source(
                name + "_2",
                preamble + "static double at(spot s) { return s.x; }"
                "static handle back(handle h) { return h; }"
                "static enum e next(enum e v) { return v == A ? B : A; }",
            )
            first.compile(tmpdir=folder)
            second.compile(tmpdir=folder)
            importlib.invalidate_caches()
            return [importlib.import_module(f"{name}_{number}") for number in (1, 2)]

    def test_types_are_the_same_objects(self) -> None:
        for package in (cffi, rust_cffi):
            with self.subTest(package.__name__):
                first, second = self.chain(package)
                for text in ("struct shape", "spot", "handle", "struct shape *[3]"):
                    self.assertIs(first.ffi.typeof(text), second.ffi.typeof(text))
                shape = second.ffi.new("struct shape *", {"sides": 5})
                self.assertEqual(first.lib.sides(shape), 5)
                self.assertEqual(second.lib.back(shape).sides, 5)
                self.assertEqual(second.lib.at(first.ffi.new("spot *", [2.5])[0]), 2.5)
                self.assertEqual(second.lib.next(second.lib.A), second.lib.B)
                self.assertEqual(second.lib.LIMIT, 9)
                self.assertEqual(second.ffi.sizeof("short[B]"), 2)
                self.assertIs(second.lib.sides, first.lib.sides)

    def test_what_is_not_prepared_cannot_be_included(self) -> None:
        first, second = rust_cffi.FFI(), rust_cffi.FFI()
        second.include(first)
        second.set_source("_second", "")
        with self.assertRaisesRegex(rust_cffi.VerificationError, "set_source"):
            second.emit_c_code("never_written.c")


class Dialect(unittest.TestCase):
    """Declarations that leave something to the compiler."""

    def check(self, cdef: str, source: str, *programs: object) -> None:
        modules = [compiled(package, cdef, source) for package in (rust_cffi, cffi)]
        for program in programs:
            ours, stock = (outcome(*module, program) for module in modules)
            self.assertEqual(ours, stock)
            self.assertEqual(stock[0], "returned", stock)

    def test_lengths_in_any_dimension(self) -> None:
        self.check(
            "typedef int row_t[...]; typedef int matrix_t[...][...]; extern int grid[2][...];"
            "struct s { row_t row; char text[...]; matrix_t *matrix; }; int corner(matrix_t *);",
            "typedef int row_t[5]; typedef int matrix_t[3][4]; static int grid[2][6];"
            "struct s { row_t row; char text[7]; matrix_t *matrix; };"
            "static int corner(matrix_t *m) { return (*m)[2][3]; }",
            lambda f, c: (f.sizeof("row_t"), f.sizeof("matrix_t"), len(c.grid[1])),
            lambda f, c: [f.typeof("struct s").fields[i][1].type for i in range(3)],
            lambda f, c: (f.sizeof("struct s"), len(f.new("struct s *").text)),
            lambda f, c: c.corner(f.new("matrix_t *", [[0] * 4, [0] * 4, [1, 2, 3, 4]])),
        )

    def test_unnamed_and_opaque(self) -> None:
        self.check(
            "typedef struct { int a; } *box; typedef ... thing; typedef ... *ref;"
            "box made(int a); ref taken(thing *t);"
            "struct outer { struct { short b; int d; } in; union { int c; }; ...; };"
            "struct bits { unsigned low : 3; int : 5; unsigned high : 24; };",
            "typedef struct { int a; } *box;"
            "typedef struct hidden { int x; } thing; typedef struct hidden *ref;"
            "static box made(int a) { static struct { int a; } one; one.a = a; return (box)&one; }"
            "static ref taken(thing *t) { return t; }"
            "struct outer { int extra; struct { short b; int d; } in; union { int c; }; };"
            "struct bits { unsigned low : 3; int : 5; unsigned high : 24; };",
            lambda f, c: (c.made(7).a, c.made(7)[0].a, c.taken(f.NULL)),
            # The inner record is a view, which does not keep the outer one alive.
            lambda f, c: [
                getattr(it, "in").d for it in [f.new("struct outer *", {"in": {"d": 65}})]
            ],
            lambda f, c: (f.sizeof("struct outer"), f.offsetof("struct outer", "in", "d")),
            lambda f, c: f.new("struct outer *", {"c": 9}).c,
            lambda f, c: f.new("struct bits *", {"low": 5, "high": 77}).high,
        )

    def test_a_tag_and_a_typedef_name_one_type(self) -> None:
        source = "typedef struct tag { int a; } name; typedef enum kind { K } kind_t;"
        self.check(
            source + "int a_of(struct tag *); name *same(name *);",
            source + "static int a_of(name *n) { return n->a; }"
            "static name *same(name *n) { return n; }",
            lambda f, c: (f.typeof("struct tag"), f.typeof("name *"), f.typeof("enum kind")),
            lambda f, c: f.typeof("struct tag") is f.typeof("name"),
            lambda f, c: [c.a_of(c.same(it)) for it in [f.new("struct tag *", [7])]],
            lambda f, c: f.list_types(),
        )

    def test_constants_and_variables(self) -> None:
        self.check(
            "static char *const NAME; static const double RATIO; struct p { int x; };"
            "static const struct p ORIGIN; static int (*const CHOSEN)(int);"
            "extern struct p *current; extern char text[6]; extern const char *const words[2];"
            "extern _Bool flag; extern wchar_t wide; enum e { X = 3, Y, ... };",
            'static char *const NAME = "name"; static const double RATIO = 0.5;'
            "struct p { int x; };"
            "static const struct p ORIGIN = {4}; static int same(int x) { return x; }"
            "static int (*const CHOSEN)(int) = same; static struct p place = {8};"
            'static struct p *current = &place; static char text[6] = "hello";'
            'static const char *const words[2] = {"a", "b"}; static _Bool flag;'
            "static wchar_t wide = L'w'; enum e { X = 3, Y = 9 };",
            lambda f, c: (f.string(c.NAME), c.RATIO, c.ORIGIN.x, c.CHOSEN(6), c.Y),
            lambda f, c: (c.current.x, f.string(c.text), f.string(c.words[1]), c.wide),
            lambda f, c: (setattr(c, "flag", True), c.flag)[1],
            lambda f, c: (setattr(c, "text", b"bye"), f.string(c.text))[1],
            lambda f, c: f.addressof(c, "text")[0][1],
        )

    def test_names_of_the_generated_code_are_free(self) -> None:
        self.check(
            "typedef int number; typedef int place; typedef int result;"
            "number value(place, result);"
            "struct count { int record; }; int args(struct count *self);",
            "typedef int number, place, result; struct count { int record; };"
            "static number value(place a, result b) { return a + b; }"
            "static int args(struct count *self) { return self->record; }",
            lambda f, c: (c.value(3, 4), c.args([(5,)])),
        )

    def test_complex_numbers_and_wide_characters(self) -> None:
        self.check(
            "double _Complex turned(double _Complex); wchar_t next(wchar_t);"
            "char16_t same(char16_t);"
            "long double third(long double); _Bool inverted(_Bool);",
            "#include <uchar.h>\n static double _Complex turned(double _Complex z)"
            " { return z * 1.0i; } static wchar_t next(wchar_t c) { return c + 1; }"
            "static char16_t same(char16_t c) { return c; }"
            "static long double third(long double x) { return x / 3; }"
            "static _Bool inverted(_Bool b) { return !b; }",
            lambda f, c: (c.turned(2 + 1j), c.next("a"), c.same("\u20ac"), c.inverted(True)),
            lambda f, c: float(c.third(1.5)),
        )

    def test_refused(self) -> None:
        for cdef in (
            "struct a { struct b b; };",
            "struct b f(int);",
            "int f(int (*)[...]);",
            "#define X 5\nenum e { X };",
            'extern "Python" int f(int, ...);',
        ):
            with self.subTest(cdef):
                seen = []
                for package in (rust_cffi, cffi):
                    ffi = package.FFI()
                    with self.assertRaises(Exception) as caught:
                        ffi.cdef(cdef)
                        ffi.set_source("_refused", "")
                        ffi.emit_c_code(io.StringIO())
                    seen.append(type(caught.exception).__name__)
                self.assertEqual(*seen)


class Blame(unittest.TestCase):
    """What C contradicts is told by the line of the cdef, with what is declared and what C says."""

    HEADER = """
        struct point { int x; float y; };
        struct other { long first; int second; };
        struct near { int exact; int late; };
        #define ANSWER -140737488355328
        int add(int a, int b);
        double half(double x);
        int length(const char *text);
        extern double ratio;
    """

    def refused(self, cdef: str, line: int, *parts: str, **kwds: object) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef(cdef)
        ffi.set_source("_blamed", '#include "header.h"', include_dirs=["."], **kwds)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "header.h").write_text(self.HEADER)
            with self.assertRaises(rust_cffi.VerificationError) as caught:
                ffi.compile(tmpdir=folder)
        blamed = str(caught.exception).split("\n\n")[0]
        self.assertIn(f"line {line}", blamed)
        self.assertIn(cdef.splitlines()[line - 1].strip(), blamed)
        for part in parts:
            self.assertIn(part, blamed)

    def test_missing_field(self) -> None:
        self.refused("struct point {\n  int x;\n  int z; ...; };", 3, "no member named 'z'")

    def test_wrong_field_type(self) -> None:
        cdef = "struct point { int x;\n double y;\n ...; };"
        self.refused(cdef, 2, "double *", "float *", "'y': the cdef says 8, but C says 4")

    def test_wrong_size(self) -> None:
        cdef = "int add(int, int);\nstruct other { long first; };"
        self.refused(cdef, 2, "wrong size: the cdef says 8, but C says 16")

    def test_wrong_offset(self) -> None:
        cdef = "struct other {\n  int second;\n  long first; };"
        self.refused(cdef, 2, "offset of field 'second': the cdef says 0, but C says 8")

    def test_missing_function(self) -> None:
        self.refused("/* comment\n */\nint subtract(int, int);", 3, "subtract")

    def test_wrong_arguments(self) -> None:
        self.refused(
            "int add(int);", 1, "too few arguments", "header.h:6:", "int add(int a, int b)"
        )
        self.refused("\nint length(double *);", 2, "'double *'", "const char *text")
        self.refused("int add(int, char *);", 1, "'char *'", "int add(int a, int b)")
        self.refused("int add(int, double);", 1, "'double' to 'int'")

    def test_wrong_result(self) -> None:
        self.refused("double half(double);\nchar *add(int, int);", 2, "char *")
        self.refused("int half(double);", 1, "'double' to 'int'")

    def test_wrong_variable(self) -> None:
        self.refused("extern int ratio;", 1, "'int *'", "'double *'")

    def test_wrong_value(self) -> None:
        self.refused("#define ANSWER 42", 1, "'ANSWER' is equal to -140737488355328")

    def test_several_texts(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("int one(void);")
        ffi.cdef("\nint two(int);")
        ffi.set_source("_texts", "static int one(void) { return 1; }")
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(
                rust_cffi.VerificationError, r"line 2 of cdef 2: int two\(int\);"
            ):
                ffi.compile(tmpdir=folder)

    def test_what_agrees_is_built(self) -> None:
        cdef = """
            struct point { int x; float y; }; struct other { long first; int second; };
            struct near { int late; ...; }; extern double ratio; int length(char *);
            #define ANSWER -140737488355328
        """
        for source_extension in (".c", ".cpp"):
            ffi = rust_cffi.FFI()
            ffi.cdef(cdef)
            source = self.HEADER.replace("extern double", "static double").replace(
                "int length(const char *text);",
                "static int length(const char *text) { return text != 0; }",
            )
            ffi.set_source("_agreed", source, source_extension=source_extension)
            with tempfile.TemporaryDirectory() as folder:
                self.assertTrue(Path(ffi.compile(tmpdir=folder)).is_file())

    def test_the_check_can_be_left_out(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("struct s { int a; };")
        source = "struct s { long a; };"
        ffi.set_source("_lenient", source, define_macros=[("RC_LENIENT", None)])
        with tempfile.TemporaryDirectory() as folder:
            self.assertTrue(Path(ffi.compile(tmpdir=folder)).is_file())


class Roads(unittest.TestCase):
    """The ways to a built module besides ``compile()``."""

    def test_setuptools_builds_an_unchanged_project(self) -> None:
        try:
            import setuptools  # noqa: F401
        except ImportError:
            self.skipTest("setuptools is not installed")
        build = (
            "import cffi\nffibuilder = cffi.FFI()\nffibuilder.cdef('int triple(int);')\n"
            "ffibuilder.set_source('_triple', 'static int triple(int x) { return 3 * x; }')\n"
        )
        setup = (
            "import rust_cffi\nrust_cffi.install()\nfrom setuptools import setup\n"
            "setup(name='triple', cffi_modules=['triple_build.py:ffibuilder'], py_modules=[])\n"
        )
        packages = [str(Path(package.__file__).parents[1]) for package in (rust_cffi, cffi)]
        path = os.pathsep.join([*packages, *sys.path])
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "triple_build.py").write_text(build)
            Path(folder, "setup.py").write_text(setup)
            for command in (
                ["setup.py", "-q", "build_ext", "--inplace"],
                ["-c", "import rust_cffi, _triple; assert _triple.lib.triple(7) == 21"],
            ):
                ended = subprocess.run(
                    [sys.executable, *command],
                    cwd=folder,
                    env={**os.environ, "PYTHONPATH": path},
                    capture_output=True,
                    text=True,
                )
                self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
            (written,) = Path(folder, "build").rglob("_triple.c")
            self.assertIn("rust_cffi", written.read_text().splitlines()[0])

    def test_an_abi_module_is_python(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("size_t strlen(const char *); struct pair { int a; int b; };")
        ffi.set_source("_abi_pair", None)
        with tempfile.TemporaryDirectory() as folder:
            written = Path(ffi.compile(tmpdir=folder))
            self.assertEqual(written.name, "_abi_pair.py")
            again = Path(folder, "again.py")
            ffi.emit_python_code(str(again))
            self.assertEqual(again.read_text(), written.read_text())
            with self.assertRaises(TypeError):
                ffi.emit_c_code(str(Path(folder, "never.c")))
            with mock.patch.dict(sys.modules, {"_cffi_backend": rust_cffi._rust_cffi}):
                namespace: dict[str, Any] = {}
                exec(written.read_text(), namespace)
        made = namespace["ffi"]
        self.assertEqual(made.dlopen(None).strlen(b"four"), 4)
        self.assertEqual(made.sizeof("struct pair"), 8)

    def test_the_extension_of_setuptools(self) -> None:
        try:
            import setuptools  # noqa: F401
        except ImportError:
            self.skipTest("setuptools is not installed")
        ffi = rust_cffi.FFI()
        ffi.cdef("int half(int x);")
        ffi.set_source("package._half", "static int half(int x) { return x / 2; }", libraries=["m"])
        with tempfile.TemporaryDirectory() as folder:
            extension = ffi.distutils_extension(tmpdir=folder, verbose=False)
            self.assertEqual(extension.name, "package._half")
            self.assertEqual(extension.libraries, ["m"])
            self.assertTrue(Path(extension.sources[0]).is_file())

    def test_verify_names_what_to_use_instead(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("int half(int x);")
        with self.assertRaisesRegex(NotImplementedError, "set_source"):
            ffi.verify("static int half(int x) { return x / 2; }")

    def test_embedding_is_refused(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.embedding_api("int f(int);")
        ffi.embedding_init_code("pass")
        ffi.set_source("_embedded", "")
        with self.assertRaisesRegex(rust_cffi.VerificationError, "embed"):
            ffi.emit_c_code(io.StringIO())


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
