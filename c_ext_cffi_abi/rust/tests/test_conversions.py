"""Values that cross, and values that are refused: compared with stock cffi."""

# Every lambda here is called before the loop goes on.
# ruff: noqa: B023

import unittest

from support import FUNCTIONS, NUMBERS, OracleTest

TYPES = [
    "char", "signed char", "unsigned char", "short", "int", "unsigned int", "long", "unsigned long",
    "long long", "float", "double", "_Bool", "wchar_t", "char16_t", "char32_t", "int8_t",
    "uint64_t", "size_t", "ssize_t", "intptr_t", "enum color", "void *", "int *", "char *",
    "int[3]",
]  # fmt: skip


class Arguments(OracleTest):
    def test_every_primitive_against_every_value(self) -> None:
        outcomes = {
            (name, repr(value)): self.same(lambda f, c: getattr(c, name)(value), (name, value))
            for name in FUNCTIONS
            for value in NUMBERS
        }
        kinds = {(ended, what if ended == "raised" else "") for ended, what in outcomes.values()}
        self.assertEqual(
            kinds, {("returned", ""), ("raised", "OverflowError"), ("raised", "TypeError")}
        )

    def test_arity(self) -> None:
        for name in ("nothing", "same_i32", "moved", "norm"):
            for count in range(4):
                self.same(lambda f, c: getattr(c, name)(*[1] * count), (name, count))
        self.same(lambda f, c: c.same_i32(x=1))

    def test_pointers(self) -> None:
        self.same(lambda f, c: c.length(f.new("char[]", b"four")))
        self.same(lambda f, c: c.length(f.new("int *")))
        self.same(lambda f, c: c.length(f.cast("void *", f.new("char[]", b"x"))[0:0]))
        self.same(lambda f, c: c.norm(f.new("struct point *", [3, 4.5])))
        self.same(lambda f, c: c.norm(f.new("struct mixed *")))
        self.same(lambda f, c: c.norm([(3, 4.5)]))
        self.same(lambda f, c: c.norm(f.NULL if False else [{"x": 1}]))
        self.same(lambda f, c: c.sum([1, 2, 3], 3))
        self.same(lambda f, c: c.sum((1, 2**40), 2))
        self.same(lambda f, c: c.sum(range(3), 3))
        self.same(lambda f, c: c.sum(list(range(2000)), 2000))
        self.same(lambda f, c: c.sum(f.new("int[3]", [4, 5, 6])[1:3], 2))
        self.same(lambda f, c: c.same_pointer(f.NULL))

    def test_more_arguments_than_registers(self) -> None:
        ended, value = self.same(lambda f, c: c.many(*(number for number in range(1, 19))))
        self.assertEqual((ended, value[1]), ("returned", 171.0))

    def test_variadic(self) -> None:
        self.same(
            lambda f, c: c.sum_of(3, f.cast("int", 1), f.cast("short", -2), f.cast("char", 5))
        )
        self.same(lambda f, c: c.sum_of(1, 2))
        self.same(lambda f, c: c.sum_of())

    def test_variables_and_constants(self) -> None:
        self.same(lambda f, c: (c.counter, list(c.table), f.string(c.greeting), c.SEVEN, c.GREEN))
        self.same(lambda f, c: (setattr(c, "counter", 8), c.counter, setattr(c, "counter", 5))[1])
        self.same(lambda f, c: setattr(c, "counter", 2**40))
        self.same(lambda f, c: c.not_there)
        self.same(lambda f, c: c.undeclared)
        self.same(lambda f, c: f.addressof(c, "counter")[0])


class Casts(OracleTest):
    def test_every_type_against_every_value(self) -> None:
        for ctype in TYPES:
            for value in NUMBERS:
                self.same(lambda f, c: f.cast(ctype, value), (ctype, value))

    def test_every_type_against_every_type(self) -> None:
        for ctype in TYPES:
            for source in TYPES:
                self.same(lambda f, c: f.cast(ctype, f.cast(source, 65)), (ctype, source))

    def test_values_of_casts(self) -> None:
        for ctype in TYPES[:21]:
            for value in (0, 1, -1, 300, 2**40, 65.7):
                self.same(lambda f, c: int(f.cast(ctype, value)), (ctype, value))
                self.same(lambda f, c: float(f.cast(ctype, value)), (ctype, value))
                self.same(lambda f, c: bool(f.cast(ctype, value)), (ctype, value))

    def test_long_double(self) -> None:
        self.same(lambda f, c: f.cast("long double", 2.5))
        self.same(lambda f, c: float(f.cast("long double", f.cast("long double", 1))))
        self.same(lambda f, c: float(f.new("long double *", 1.25)[0]))
        self.same(lambda f, c: f.cast("long double", 1) == 1)


class Texts(OracleTest):
    def test_string(self) -> None:
        for ctype, value in [
            ("char[]", b"abc"), ("char[10]", b"ab"), ("char[2]", b"ab"), ("wchar_t[]", "a\u20ac"),
            ("char16_t[]", "a\U00012345b"), ("char32_t[]", "a\U00012345b"), ("int8_t[]", [65, 0]),
            ("int[]", [1, 2]), ("_Bool[]", [True, False]),
        ]:  # fmt: skip
            self.same(lambda f, c: f.string(f.new(ctype, value)), ctype)
            self.same(lambda f, c: f.string(f.new(ctype, value), 1), ctype)
            self.same(lambda f, c: f.unpack(f.new(ctype, value), 2), ctype)
        self.same(lambda f, c: f.string(f.cast("enum color", 5)))
        self.same(lambda f, c: f.string(f.cast("enum color", 6)))
        self.same(lambda f, c: f.string(f.cast("enum color", 99)))
        self.same(lambda f, c: f.string(f.cast("char *", 0)))

    def test_too_long(self) -> None:
        self.same(lambda f, c: f.new("char[2]", b"abc"))
        self.same(lambda f, c: f.new("wchar_t[2]", "abc"))
        self.same(lambda f, c: f.new("int[2]", [1, 2, 3]))
        self.same(lambda f, c: f.new("char[]", "text"))
        self.same(lambda f, c: f.new("_Bool[]", b"\x02"))


class Descriptions(OracleTest):
    def test_types(self) -> None:
        for text in [
            "int", "int *", "int(*)(int, char *)", "int(*[3])(void)", "struct point[2][3]", "int[]",
            "struct point *(*)(union number)", "enum color", "const char *const", "unsigned",
            "long long int", "void", "int(*(*)(int))(char)", "nope", "int[-1]", "int[", "5",
            "struct nope", "int(int)",
        ]:  # fmt: skip
            self.same(lambda f, c: f.typeof(text), text)
            self.same(lambda f, c: f.sizeof(text), text)
            self.same(lambda f, c: f.alignof(text), text)
            self.same(lambda f, c: f.getctype(text, "name"), text)

    def test_attributes(self) -> None:
        for text in ["int", "int *", "int[4]", "struct point", "int(*)(int)", "enum color"]:
            self.same(lambda f, c: [name for name in dir(f.typeof(text)) if name != "abi"], text)
        self.same(lambda f, c: f.typeof("int[4]").length)
        self.same(lambda f, c: f.typeof("int").item)
        self.same(lambda f, c: f.typeof("enum color").relements["BLUE"])
        self.same(lambda f, c: [name for name, _ in f.typeof("struct mixed").fields])


class Errno(OracleTest):
    def test_kept_per_call(self) -> None:
        self.same(lambda f, c: (c.fail_with(33), f.errno))
        self.same(lambda f, c: (setattr(f, "errno", 7), c.errno_seen())[1])


if __name__ == "__main__":
    unittest.main()
