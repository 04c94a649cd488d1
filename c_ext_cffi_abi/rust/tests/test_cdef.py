"""The cdef parser against cffi's own: both give the same types, or both refuse."""

import random
import sys
import unittest
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import cffi
import rust_cffi
from support import library

CORPUS = Path(__file__).parents[3] / "c_ext_ffi_clib" / "rust" / "tests" / "cdef"
# C that cffi's parser does not take, or not with this meaning.
ONLY_OURS = [
    "int unsigned f(void);",
    "long int long f(void);",
    "enum e { A } f(enum e);",
    "#define A$ 1",
    "int f(int, \\\n int);",
    'extern "C" { int f(void); }',
    "int f(char *__restrict p);",
]
# What is no C, although cffi's parser takes it.
ONLY_STOCK = [
    "signed float f(void);",
    "unsigned signed f(void);",
    "struct s { struct s { int x; } a; };",
    "struct s { int x : -1; };",
]


def corpus(name: str) -> list[str]:
    """The declarations of one file of the corpus."""
    text = (CORPUS / name).read_text(encoding="utf-8")
    return [entry.rstrip("\n") for entry in text.split("%%\n")]


def shape(tp: Any, seen: set[int]) -> Any:
    """cffi's object for a type, as plain data."""
    said = [type(tp).__name__, repr(tp)]
    if id(tp) in seen:
        return said
    seen.add(id(tp))
    if hasattr(tp, "fldtypes"):
        said += [tp.name, tp.forcename, tp.partial, tp.packed or 0, tp.fldnames, tp.fldbitsize]
        said += [tp.fldquals, [shape(one, seen) for one in tp.fldtypes or ()]]
    elif hasattr(tp, "enumerators"):
        said += [tp.name, tp.forcename, tp.partial, tp.enumerators, tp.enumvalues]
    for part in ("totype", "item", "result"):
        if hasattr(tp, part):
            said.append(shape(getattr(tp, part), seen))
    for part in ("length", "quals", "ellipsis", "abi"):
        said.append(getattr(tp, part, None))
    said += [shape(one, seen) for one in getattr(tp, "args", ())]
    return said


def layout(ctype: Any, depth: int = 0) -> Any:
    """A type of the backend, as plain data."""
    said: list[Any] = [ctype.kind, ctype.cname]
    if ctype.kind in ("struct", "union") and ctype.fields is not None and depth < 4:
        for name, field in ctype.fields:
            position = (field.offset, field.bitshift, field.bitsize, field.flags)
            said.append((name, position, layout(field.type, depth + 1)))
    elif ctype.kind in ("pointer", "array") and depth < 4:
        said.append(layout(ctype.item, depth + 1))
    elif ctype.kind == "enum":
        said.append(ctype.elements)
    elif ctype.kind == "function":
        # cffi says `ellipsis` also of functions that libffi cannot call.
        said += [layout(ctype.result, depth + 1)]
        said += [layout(one, depth + 1) for one in ctype.args]
    return said


def asked(ffi: Any, question: Any) -> Any:
    """The answer, or the class of the exception."""
    try:
        return question(ffi)
    except Exception as error:
        return type(error).__name__


def told(package: ModuleType, text: str, **options: Any) -> Any:
    """All that a package makes of a cdef; None if it refuses."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        ffi = package.FFI()
        try:
            ffi.cdef(text, **options)
        except Exception:
            return None
        declared = [
            (key, shape(tp, set()) if hasattr(tp, "get_c_name") else tp, quals)
            for key, (tp, quals) in ffi._parser._declarations.items()
        ]
        types = {}
        for key, *_ in declared:
            kind, name = key.split(" ", 1)
            name = {"typedef": name, "anonymous": name}.get(kind, key)
            if kind in ("typedef", "anonymous", "struct", "union", "enum"):
                types[name] = asked(ffi, lambda f, n=name: layout(f.typeof(n)))
                types[name + " *"] = asked(ffi, lambda f, n=name: layout(f.typeof(n + " *")))
                types["sizeof " + name] = asked(ffi, lambda f, n=name: (f.sizeof(n), f.alignof(n)))
        lib = ffi.dlopen(str(library()))
        # cffi leaves variables out that are of an enum type.
        kinds = ("function ", "variable ", "constant ")
        attributes = {key.split()[1] for key, *_ in declared if key.startswith(kinds)}
        names = sorted(attributes.union(dir(lib)))
        values = {
            name: value
            for name in names
            if isinstance(value := asked(lib, lambda x, n=name: getattr(x, n)), int)
        }
        return {
            "declared": declared,
            "constants": ffi._parser._int_constants,
            "types": types,
            "lists": ffi.list_types(),
            "names": names,
            "values": values,
            "warnings": len(noted),
        }


class Same(unittest.TestCase):
    maxDiff = 4000

    def same(self, text: str, **options: Any) -> Any:
        expected, made = told(cffi, text, **options), told(rust_cffi, text, **options)
        with self.subTest(text):
            if expected is not None and made is not None:
                self.forget_failures(expected["types"], made["types"])
            self.assertEqual(made, expected)
        return expected

    def forget_failures(self, expected: dict[str, Any], made: dict[str, Any]) -> None:
        """Takes out what cannot be made.

        After one failure, cffi goes on with structs that it has made half.
        """
        failed = {name for name, answer in made.items() if isinstance(answer, str)}
        self.assertLessEqual({n for n, said in expected.items() if isinstance(said, str)}, failed)
        if any(isinstance(answer, str) for answer in expected.values()):
            for name in failed:
                del expected[name], made[name]


class Corpus(Same):
    def test_accepted(self) -> None:
        for text in corpus("accepted.txt"):
            with self.subTest(text):
                self.assertIsNotNone(self.same(text))

    def test_refused(self) -> None:
        for text in corpus("refused.txt"):
            with self.subTest(text):
                self.assertIsNone(self.same(text))

    def test_only_one_accepts(self) -> None:
        for text in ONLY_OURS:
            with self.subTest(text):
                self.assertIsNone(told(cffi, text))
                self.assertIsNotNone(told(rust_cffi, text))
        for text in ONLY_STOCK:
            with self.subTest(text):
                self.assertIsNotNone(told(cffi, text))
                self.assertIsNone(told(rust_cffi, text))

    def test_packed(self) -> None:
        for text in corpus("accepted.txt"):
            if "struct" in text and "..." not in text:
                self.same(text, packed=True)
                self.same(text, pack=2)


class Random:
    """Writes declarations; the same seed writes the same."""

    BASES = [
        "int", "char", "unsigned char", "short", "unsigned", "long", "long long", "float",
        "double", "size_t", "int8_t", "uint16_t", "const char", "volatile int", "_Bool",
    ]  # fmt: skip

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = 0
        self.known: list[str] = []
        self.constants: list[str] = []

    def name(self) -> str:
        self.names += 1
        return f"n{self.names}"

    def base(self) -> str:
        return self.random.choice(self.BASES + self.known)

    def number(self) -> str:
        if self.constants and self.random.random() < 0.3:
            return self.random.choice(self.constants)
        made = self.random.choice(["1", "2", "3", "0x4", "05", "1 + 2", "(2 << 1)", "7 / 2"])
        return made

    def around(self, inner: str, depth: int) -> str:
        """A declarator around a name or nothing; what it makes is an object of known size."""
        for _ in range(self.random.randrange(depth)):
            kind = self.random.randrange(5)
            if kind == 0:
                inner = f"*{inner}"
            elif kind == 1:
                inner = f"*const {inner}"
            elif kind == 2:
                inner = f"({inner})[{self.number()}]" if inner else f"[{self.number()}]"
            elif kind == 3:
                inner = f"(*{inner})[{self.number()}]"
            else:
                inner = f"(*{inner})({self.parameters()})"
        return inner

    def parameters(self) -> str:
        count = self.random.randrange(4)
        made = [f"{self.base()} {self.around('', 2)}".strip() for _ in range(count)]
        if made and self.random.random() < 0.2:
            made.append("...")
        return ", ".join(made) or "void"

    def members(self, depth: int) -> str:
        made = []
        for _ in range(self.random.randint(1, 5)):
            kind = self.random.randrange(8)
            if kind == 0 and depth < 3:
                keyword = self.random.choice(["struct", "union"])
                name = self.random.choice(["", self.name()])
                made.append(f"{keyword} {{ {self.members(depth + 1)} }} {name};")
            elif kind == 1:
                width = self.random.randrange(1, 9)
                made.append(f"unsigned {self.name()} : {width}, : {width % 3}, {self.name()};")
            else:
                made.append(f"{self.base()} {self.around(self.name(), 3)};")
        return " ".join(made)

    def declaration(self) -> str:
        kind = self.random.randrange(8)
        name = self.name()
        if kind == 0:
            pointer = f"struct {name} *{self.name()};"
            made = f"struct {name} {{ {self.members(0)} {pointer} }};"
            self.known.append(f"struct {name}")
            return made
        if kind == 1:
            made = f"typedef struct {{ {self.members(0)} }} {name};"
            self.known.append(name)
            return made
        if kind == 2:
            made = f"union {name} {{ {self.members(0)} }};"
            self.known.append(f"union {name}")
            return made
        if kind == 3:
            self.constants.append(name)
            return f"enum {{ {self.name()}, {name} = {self.number()}, {self.name()} }};"
        if kind == 4:
            self.constants.append(name)
            return f"#define {name} {self.random.randint(1, 9)}\n"
        if kind == 5:
            made = f"typedef {self.base()} {self.around(name, 3)};"
            self.known.append(name)
            return made
        if kind == 6:
            return f"extern {self.base()} {self.around(name, 4)};"
        return f"{self.base()} *{name}({self.parameters()});"


class Generated(Same):
    def test_random(self) -> None:
        accepted = 0
        for seed in range(60):
            writer = Random(seed)
            text = "\n".join(writer.declaration() for _ in range(12))
            accepted += self.same(text) is not None
        # Most are C; the rest is refused by both.
        self.assertGreater(accepted, 40)

    def test_mutated(self) -> None:
        rng = random.Random(7)
        known = corpus("accepted.txt")
        pieces = ["*", "(", ")", "[", "]", ",", ";", "{", "}", "int", "const", "x", "5", "struct"]
        refused = 0
        for _ in range(400):
            words = rng.choice(known).split()
            at = rng.randrange(len(words) + 1)
            words[at : at + rng.randrange(2)] = rng.choices(pieces, k=rng.randrange(2))
            text = " ".join(words)
            if '"' in text or "//" in text or "#" in text:
                continue
            # The pycparser that Python 3.9 still gets reads over an enumerator without a name.
            if ", ," in text and sys.version_info < (3, 10):
                continue
            refused += told(rust_cffi, text) is None
            self.same(text)
        self.assertGreater(refused, 50)


class Errors(unittest.TestCase):
    def refused(self, text: str) -> Any:
        with self.assertRaises((rust_cffi.CDefError, rust_cffi.FFIError)) as caught:
            rust_cffi.FFI().cdef(text)
        return caught.exception

    def test_syntax_shows_line_column_and_caret(self) -> None:
        error = self.refused("int f(void);\n  long g(int x y);\n")
        self.assertIsInstance(error, rust_cffi.CDefError)
        self.assertEqual((error.line, error.column), (2, 16))
        expected = (
            'cannot parse "long g(int x y);"\n'
            "<cdef source string>:2:16: expected ')' before 'y'\n"
            "      long g(int x y);\n"
            "                   ^"
        )
        self.assertEqual(str(error), expected)

    def test_other_faults_show_it_in_a_note(self) -> None:
        error = self.refused("int a[3];\nint b[2 + SIZE];")
        self.assertIsInstance(error, rust_cffi.FFIError)
        self.assertEqual((error.line, error.column), (2, 11))
        self.assertIn("'SIZE' is not the name of one", str(error))
        self.assertEqual(
            error.__notes__, ["<cdef source string>:2:11:\n    int b[2 + SIZE];\n              ^"]
        )

    def test_line_directives(self) -> None:
        error = self.refused('# 40 "some.h"\n\n  nope f(void);\n')
        self.assertEqual((error.file, error.line, error.column), ("some.h", 41, 3))

    def test_characters_count_not_bytes(self) -> None:
        error = self.refused("/* \u00e9\u4e16 */ nope f(void);")
        self.assertEqual(error.column, 10)
        self.refused("int \u00e9;")

    def test_nothing_stays_of_a_faulty_text(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("struct s; int f(struct s *);")
        for tail in ["oops", "int f(long);", "extern int a[1 / 0];"]:
            with self.assertRaises((rust_cffi.CDefError, rust_cffi.FFIError)):
                text = "struct s { int x; }; typedef int t; enum { A }; struct n { int y; };"
                ffi.cdef(f"#define B 3\n{text} {tail}")
        self.assertEqual(ffi.list_types(), ([], ["s"], []))
        self.assertEqual(ffi._parser._int_constants, {})
        ffi.cdef("struct s { char x; }; typedef char t; enum { A = 5 };\n#define B 4\n")
        self.assertEqual(ffi.sizeof("struct s"), 1)

    def test_depth_is_limited(self) -> None:
        deep = 100_000
        for text in [
            "int " + "(" * deep + "a" + ")" * deep + ";",
            "int a[" + "(" * deep + "1" + ")" * deep + "];",
            "int a[" + "-" * deep + "1];",
            "struct {" * deep + "int x;" + "} a;" * deep,
            "int f(" + "int (*)(" * deep + ")" * deep + ");",
            "int " + "*" * deep + "a;",
            "int a" + "[2]" * deep + ";",
        ]:
            self.refused(text)
        ffi = rust_cffi.FFI()
        ffi.cdef("typedef int *t0;")
        with self.assertRaises(rust_cffi.FFIError):
            ffi.cdef("".join(f"typedef t{i} *t{i + 1};" for i in range(1000)))
        nested = "".join(f"struct n{i + 1} {{ struct n{i} x; }};" for i in range(20_000))
        ffi.cdef("struct n0 { int x; };" + nested)
        with self.assertRaises(RecursionError):
            ffi.typeof("struct n20000")

    def test_sizes_are_checked(self) -> None:
        ffi = rust_cffi.FFI()
        for text in ["int[0x7fffffffffffffff]", "int[99999999999999999999]", "char[1 << 100]"]:
            with self.assertRaises(OverflowError):
                ffi.typeof(text)
        with self.assertRaises(rust_cffi.FFIError):
            ffi.typeof("int[(1 << 126) * 4]")
        with self.assertRaises(ValueError):
            ffi.typeof("int[-1]")
        ffi.cdef("struct s { char a[0x7ffffffffffffff0]; char b[0x7ffffffffffffff0]; };")
        with self.assertRaises(OverflowError):
            ffi.sizeof("struct s")
        # The largest size is allowed, also of a field; alignment must not pass it either.
        ffi.cdef("""
            struct largest { char a[0x7fffffffffffffff]; };
            struct around { struct largest a; };
            struct beyond { struct largest a; char b; };
            struct aligned { struct largest a; short b[0]; };
            union padded { struct largest a; int b; };
            struct bits { struct largest a; char b : 1; };
        """)
        self.assertEqual(ffi.sizeof("struct largest"), 0x7FFFFFFFFFFFFFFF)
        self.assertEqual(ffi.sizeof("struct around"), 0x7FFFFFFFFFFFFFFF)
        for text in ["struct beyond", "struct aligned", "union padded", "struct bits"]:
            with self.assertRaises(OverflowError, msg=text):
                ffi.sizeof(text)

    def test_options(self) -> None:
        for options in [{"packed": 2}, {"packed": True, "pack": 2}, {"pack": 3}, {"pack": -4}]:
            with self.assertRaises(ValueError):
                rust_cffi.FFI().cdef("int f(void);", **options)
        with self.assertRaises(TypeError):
            rust_cffi.FFI().cdef(b"int f(void);")


class Sharing(unittest.TestCase):
    def test_types_are_the_same_in_all(self) -> None:
        one, two = rust_cffi.FFI(), rust_cffi.FFI()
        for text in ["int", "int *", "char[5]", "int(*)(long, char *)", "FILE *"]:
            self.assertIs(one.typeof(text), two.typeof(text))
        one.cdef("struct s { int x; };")
        two.cdef("struct s { int x; };")
        self.assertIsNot(one.typeof("struct s"), two.typeof("struct s"))

    def test_include(self) -> None:
        one, two = rust_cffi.FFI(), rust_cffi.FFI()
        one.cdef("typedef struct s { struct s *next; } s_t; enum e { A, B }; struct late;")
        two.include(one)
        two.cdef("s_t *f(enum e); struct t { struct s inner; struct late *late; };")
        self.assertIs(two.typeof("s_t"), one.typeof("struct s"))
        self.assertIs(two.typeof("enum e"), one.typeof("enum e"))
        late = two.typeof("struct t").fields[1][1].type.item
        one.cdef("struct late { long x; };")
        self.assertEqual(late.fields[0][0], "x")
        del one
        self.assertEqual(two.sizeof("struct t"), 16)
        with self.assertRaises(rust_cffi.FFIError):
            two.cdef("typedef int s_t;")

    def test_override(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("int same_i32(int);")
        lib = ffi.dlopen(str(library()))
        self.assertEqual(ffi.typeof(lib.same_i32).cname, "int(*)(int)")
        with self.assertRaises(rust_cffi.FFIError):
            ffi.cdef("long same_i32(long);")
        ffi.cdef("long same_i32(long);", override=True)
        self.assertEqual(ffi.typeof(lib.same_i32).cname, "long(*)(long)")

    def test_what_a_tool_notes_on_model_objects_stays(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("enum e { A, ... }; struct s { int x; ...; };")
        for key in ["enum e", "struct s"]:
            ffi._parser._declarations[key][0].noted = key
        ffi._parser.parse_type("struct s *")
        ffi.cdef("int f(void);")
        for key in ["enum e", "struct s"]:
            self.assertEqual(ffi._parser._declarations[key][0].noted, key)

    def test_a_struct_that_becomes_known(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("struct s; struct s *f(void);")
        opaque = ffi.typeof("struct s *")
        with self.assertRaises(TypeError):
            ffi.new("struct s *")
        ffi.cdef("struct s { int x; };")
        self.assertEqual(ffi.new("struct s *", [7]).x, 7)
        self.assertIs(ffi.typeof("struct s *"), opaque)


if __name__ == "__main__":
    unittest.main()
