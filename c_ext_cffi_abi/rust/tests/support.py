"""What the tests share: a C library, and stock cffi as the judge of what is right.

The same small program runs over both packages; its results are reduced to plain data, an exception
to its class. The engine is right when both agree.
"""

from __future__ import annotations

import atexit
import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import cffi
import rust_cffi

SOURCE = Path(__file__).with_name("probe.c")
FOLDER = Path(tempfile.mkdtemp(prefix="rust-cffi-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

CDEF = """
struct point { int x; double y; };
struct mixed { char tag; short small; float ratio; long long large; };
enum color { RED, GREEN = 5, BLUE };
union number { int whole; double real; };
#define SEVEN 7
extern int counter;
extern int table[4];
extern const char *const greeting;
signed char same_i8(signed char x);
unsigned char same_u8(unsigned char x);
short same_i16(short x);
unsigned short same_u16(unsigned short x);
int same_i32(int x);
unsigned int same_u32(unsigned int x);
long long same_i64(long long x);
unsigned long long same_u64(unsigned long long x);
float same_float(float x);
double same_double(double x);
char same_char(char x);
_Bool same_bool(_Bool x);
void *same_pointer(void *x);
enum color same_color(enum color x);
void nothing(void);
size_t length(const char *text);
double norm(struct point *point);
struct point moved(struct point point, int by);
struct mixed swapped(struct mixed mixed);
int sum(const int *numbers, int count);
int sum_of(int count, ...);
double many(int a, double b, int c, double d, int e, double f, int g, double h, int i, double j,
            int k, double l, int m, double n, int o, double p, int q, double r);
int fail_with(int number);
int errno_seen(void);
int apply(int (*function)(int), int x);
struct point apply_point(struct point (*function)(struct point), struct point point);
int not_there(int x);
"""

Program = Callable[[Any, Any], Any]


class Index:
    """An object with `__index__`, which cffi does not take for an integer."""

    def __index__(self) -> int:
        return 3


class Int:
    """An object with `__int__`, which cffi takes for an integer."""

    def __int__(self) -> int:
        return 3


NUMBERS = [
    *(sign * 2**bits + more for bits in (7, 8, 15, 16, 31, 32, 63, 64) for sign in (1, -1)
      for more in (-1, 0, 1)),
    0, True, 1.0, 2.5, -0.0, float("inf"), 1e300, "1", b"1", b"", b"12", "\xe9", "ab", None, [],
    (1,), Index(), Int(), Fraction(1, 2), 1j, object,
]  # fmt: skip
# The functions of probe.c that give back their argument, or count it.
FUNCTIONS = [
    "same_i8", "same_u8", "same_i16", "same_u16", "same_i32", "same_u32", "same_i64", "same_u64",
    "same_float", "same_double", "same_char", "same_bool", "same_color", "same_pointer", "length",
]  # fmt: skip


def compile_c(target: Path, *arguments: str) -> None:
    """Compile a shared object, with the compiler's messages in the error if it fails."""
    command = ["cc", "-shared", "-fPIC", "-o", str(target), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(ended.stderr)


def library() -> Path:
    """The compiled probe.c, made once per process."""
    made = FOLDER / "libprobe.so"
    if not made.exists():
        compile_c(made, "-std=c99", "-O1", str(SOURCE))
    return made


def opened(package: ModuleType) -> tuple[Any, Any]:
    """An FFI object of the package, and the C library opened by it in ABI mode."""
    ffi = package.FFI()
    ffi.cdef(CDEF)
    return ffi, ffi.dlopen(str(library()))


_modules = 0


def compiled(package: ModuleType, cdef: str, source: str, override: str = "") -> tuple[Any, Any]:
    """`ffi` and `lib` of a module that the package writes and the C compiler builds."""
    module = compiled_module(package, cdef, source, override)
    return module.ffi, module.lib


def compiled_module(package: ModuleType, cdef: str, source: str, override: str = "") -> ModuleType:
    """That module."""
    global _modules
    _modules += 1
    name = f"_probe_{package.__name__}_{_modules}"
    builder = package.FFI()
    builder.cdef(cdef)
    if override:
        builder.cdef(override, override=True)
    builder.set_source(name, source)
    c_file = FOLDER / f"{name}.c"
    builder.emit_c_code(str(c_file))
    target = FOLDER / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    compile_c(target, "-w", f"-I{sysconfig.get_path('include')}", str(c_file))
    return imported(name, target)


@contextmanager
def our_backend() -> Iterator[None]:
    """While it lasts, modules that stock cffi has written are imported over our backend."""
    stock = sys.modules.get("_cffi_backend")
    sys.modules["_cffi_backend"] = rust_cffi._rust_cffi
    try:
        yield
    finally:
        sys.modules["_cffi_backend"] = stock


def imported(name: str, path: Path) -> ModuleType:
    """The module in this file."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def from_stock(cdef: str, source: str | None) -> list[ModuleType]:
    """A module that stock cffi writes, twice: over its own backend and over ours.

    With C source it is compiled (API mode), without it is a Python module (ABI mode). Two files,
    because compiled tables belong to the backend that loads them first.
    """
    global _modules
    made = []
    for backend in (nullcontext, our_backend):
        _modules += 1
        name = f"_from_stock_{_modules}"
        builder = cffi.FFI()
        builder.cdef(cdef)
        builder.set_source(name, source)
        if source is None:
            target = FOLDER / f"{name}.py"
            builder.emit_python_code(str(target))
        else:
            c_file = FOLDER / f"{name}.c"
            builder.emit_c_code(str(c_file))
            target = FOLDER / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
            compile_c(target, "-w", f"-I{sysconfig.get_path('include')}", str(c_file))
        with backend():
            made.append(imported(name, target))
    return made


def plain(ffi: Any, value: Any) -> Any:
    """A result as data that can be compared across packages; addresses stay out of it."""
    if isinstance(value, ffi.CData):
        ctype = ffi.typeof(value)
        if ctype.kind == "primitive":
            return (ctype.cname, repr(value))
        return (ctype.cname, bool(value))
    if isinstance(value, ffi.CType):
        return (ctype_kind(value), value.cname)
    if isinstance(value, (list, tuple)):
        return [plain(ffi, one) for one in value]
    return (type(value).__name__, value)


def ctype_kind(ctype: Any) -> str:
    """The kind of a type."""
    return f"ctype:{ctype.kind}"


def outcome(ffi: Any, lib: Any, program: Program) -> Any:
    """What the program gives: its result as plain data, or the class of its exception."""
    try:
        return ("returned", plain(ffi, program(ffi, lib)))
    except SystemError:
        # Stock lets the interpreter's complaint about an impossible character through.
        return ("raised", "ValueError")
    except Exception as error:
        return ("raised", type(error).__name__)


class OracleTest(unittest.TestCase):
    """Runs programs over stock cffi and over the engine."""

    stock: tuple[Any, Any]
    ours: tuple[Any, Any]

    @classmethod
    def setUpClass(cls) -> None:
        cls.stock = opened(cffi)
        cls.ours = opened(rust_cffi)

    def same(self, program: Program, label: object = "") -> Any:
        """Both agree; the common outcome is returned."""
        expected = outcome(*self.stock, program)
        with self.subTest(label):
            self.assertEqual(outcome(*self.ours, program), expected)
        return expected
