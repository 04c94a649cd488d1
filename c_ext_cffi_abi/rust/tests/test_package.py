"""The package: cffi's Python code over our backend, beside or instead of stock."""

import os
import subprocess
import sys
import unittest
import warnings
from pathlib import Path
from unittest import mock

import cffi
import rust_cffi
from support import compiled_module, library


def run(program: str) -> str:
    """What a fresh interpreter prints for the program."""
    path = str(Path(rust_cffi.__file__).parent.parent)
    code = f"import sys; sys.path.insert(0, {path!r})\n{program}"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if ended.returncode != 0:
        raise AssertionError(ended.stderr)
    return ended.stdout.strip()


class Package(unittest.TestCase):
    def test_stock_stays_as_it_is(self) -> None:
        self.assertIsNot(cffi.FFI, rust_cffi.FFI)
        self.assertEqual(cffi.FFI()._backend.__name__, "_cffi_backend")
        self.assertEqual(rust_cffi.FFI()._backend.__name__, "_rust_cffi")
        self.assertEqual(cffi.__version__, rust_cffi.__version__)

    def test_the_stock_backend_is_not_loaded(self) -> None:
        said = run(
            "import rust_cffi; ffi = rust_cffi.FFI(); ffi.cdef('FILE *stdin;')\n"
            "stock = ('cffi', '_cffi_backend')\n"
            "print([name for name in sys.modules if name.split('.')[0] in stock])"
        )
        self.assertEqual(said, "[]")

    def test_the_loader_has_the_flags_of_the_system(self) -> None:
        flags = {name: value for name, value in vars(os).items() if name.startswith("RTLD_")}
        for owner in (rust_cffi._rust_cffi, rust_cffi._rust_cffi.FFI):
            names = [name for name in dir(owner) if name.startswith("RTLD_")]
            self.assertEqual({name: getattr(owner, name) for name in names}, flags)

    def test_names_of_the_native_part_are_there_however_they_are_asked_for(self) -> None:
        module = "import rust_cffi; from rust_cffi import _rust_cffi as native\n"
        ways = (
            "print('FFI' in dir(native), hasattr(native, 'newp'))",
            "sys.modules['_cffi_backend'] = native; from _cffi_backend import *\n"
            "print(newp != 0, sizeof != 0)",
            "from _rust_cffi import CType, _testfunc; print(CType is native.CType, True)",
            "print(hasattr(native, 'newp'), not hasattr(native, 'no_such_name'))",
            "print(not hasattr(native, '__path__'), not hasattr(native, '__all__'))",
        )
        for way in ways:
            with self.subTest(way):
                self.assertEqual(run(module + way), "True True")

    def test_a_library_of_replaced_declarations_is_looked_up_anew(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("int abs(int x); extern char **environ;")
        lib = ffi.dlopen(None)
        for _ in range(3):
            self.assertEqual(lib.abs(-3), 3)
        self.assertEqual(ffi.typeof(ffi.addressof(lib, "environ")).cname, "char * * *")
        ffi.cdef("unsigned char abs(int x);", override=True)
        self.assertEqual(ffi.typeof(lib.abs).result.cname, "unsigned char")
        self.assertEqual(lib.abs(-257), 1)
        for name in ("no_such_name", "__no_such_name__"):
            with self.assertRaises(AttributeError):
                getattr(lib, name)
        with self.assertRaises(AttributeError):
            lib.abs = abs
        self.assertEqual(dir(lib), ["abs", "environ"])
        ffi.dlclose(lib)
        with self.assertRaises(ValueError):
            lib.abs(-3)

    def test_what_a_library_hands_out_stays_the_same_object(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("enum opaque; int abs(enum opaque *x);")
        lib = ffi.dlopen(None)
        asked: list[bool] = []
        meanwhile = []

        def show(*_details: object) -> None:
            # While the first request makes the function, a second one asks for it.
            if not asked:
                asked.append(True)
                meanwhile.append(lib.abs)

        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = show
            first = lib.abs
        self.assertEqual(len(meanwhile), 1)
        self.assertIs(first, meanwhile[0])
        self.assertIs(first, lib.abs)

    def test_a_compiled_module_needs_the_native_part_alone(self) -> None:
        said = run(
            "before = set(sys.modules); import _rust_cffi\n"
            "print(sorted(one for one in set(sys.modules) - before if 'cffi' in one))"
        )
        self.assertEqual(said, "['_rust_cffi']")

    def test_ffi_of_a_compiled_module_is_made_when_it_is_asked_for(self) -> None:
        module = compiled_module(rust_cffi, "int two(void);", "static int two(void) { return 2; }")
        self.assertEqual(module.lib.two(), 2)
        self.assertNotIn("ffi", vars(module))
        with self.assertRaisesRegex(AttributeError, "module '_probe.*' has no attribute 'nothing'"):
            module.nothing
        names: dict = {}
        with mock.patch.dict(sys.modules, {"late": module}):
            exec("from late import *", names)
            exec("from late import ffi as again", names)
        self.assertIs(names["ffi"], names["again"])
        self.assertIs(vars(module)["ffi"], names["ffi"])
        self.assertIs(names["lib"], module.lib)
        self.assertEqual(module.ffi.sizeof("int[3]"), 12)

    def test_any_part_may_be_imported_first(self) -> None:
        for first in (
            "import rust_cffi.api",
            "import rust_cffi.cparser",
            "import rust_cffi.model",
            "import rust_cffi.recompiler",
            "from rust_cffi import *; FFI, install",
            "from rust_cffi import verifier",
        ):
            with self.subTest(first):
                said = run(
                    f"{first}\nimport rust_cffi\n"
                    "print(rust_cffi.FFI is rust_cffi.api.FFI, 'FFI' in dir(rust_cffi))\n"
                    "print(hasattr(rust_cffi, 'nothing'), hasattr(rust_cffi, '_nothing'))"
                )
                self.assertEqual(said.split(), ["True", "True", "False", "False"])

    def test_no_parser_in_python_is_loaded(self) -> None:
        said = run(
            "import rust_cffi; ffi = rust_cffi.FFI()\n"
            "ffi.cdef('struct s { int x; }; int same_i32(int);')\n"
            f"print(ffi.dlopen({str(library())!r}).same_i32(ffi.new('struct s *', [3]).x))\n"
            "import sys; print([one for one in sys.modules if 'pycparser' in one])"
        )
        self.assertEqual(said.split(), ["3", "[]"])

    def test_install(self) -> None:
        said = run(
            "import cffi.api\nimport rust_cffi; rust_cffi.install(); rust_cffi.install()\n"
            "import cffi, cffi.model, cffi.error, _cffi_backend\n"
            "from cffi import FFI\n"
            "print(cffi is rust_cffi, cffi.model is rust_cffi.model, FFI is rust_cffi.FFI)\n"
            "ffi = FFI(); ffi.cdef('int same_i32(int);')\n"
            f"print(ffi.dlopen({str(library())!r}).same_i32(3))"
        )
        self.assertEqual(said.split(), ["True", "True", "True", "3"])

    def test_types_of_one_are_refused_by_the_other(self) -> None:
        ours, theirs = rust_cffi.FFI(), cffi.FFI()
        with self.assertRaises(TypeError):
            ours.cast("int *", theirs.cast("int *", 0))

    def test_a_subinterpreter_is_refused(self) -> None:
        said = run(
            "import _rust_cffi\n"
            "try: import _xxsubinterpreters as inner\n"
            "except ImportError: import _interpreters as inner\n"
            "try: made = inner.create('legacy')\n"
            "except TypeError: made = inner.create(isolated=False)\n"
            "program = 'import sys; sys.path[:] = ' + repr(sys.path) + chr(10)\n"
            "program += 'try: import _rust_cffi' + chr(10)\n"
            "program += 'except ImportError as error: print(error, flush=True)'\n"
            "inner.run_string(made, program)"
        )
        self.assertIn("not in a sub-interpreter", said)

    def test_callbacks_end_with_the_interpreter(self) -> None:
        said = run(
            "import sys, rust_cffi; ffi = rust_cffi.FFI()\n"
            "ffi.cdef('int apply(int (*function)(int), int x);')\n"
            f"lib = ffi.dlopen({str(library())!r})\n"
            "class Late:\n"
            "    def __init__(self): self.made = ffi.callback('int(int)', lambda x: x + 1)\n"
            "    def __del__(self): print(lib.apply(self.made, 2))\n"
            "late = Late(); late.itself = late\n"
            "sys.modules['kept'] = late\n"
            "import builtins; builtins.late = late"
        )
        self.assertIn(said, ("3", ""))

    def test_what_is_missing_is_named(self) -> None:
        ffi = rust_cffi.FFI()
        ffi.cdef("int not_there(int);")
        lib = ffi.dlopen(str(library()))
        with self.assertRaisesRegex(AttributeError, "not_there.*libprobe"):
            lib.not_there(1)
        with self.assertRaisesRegex(OSError, "no such file"):
            ffi.dlopen("./no-such-folder/libnothing.so")
        with self.assertRaisesRegex(OSError, "looked in"):
            ffi.dlopen("libno_such_library_anywhere.so")
        ffi.dlclose(lib)
        with self.assertRaises((ValueError, AttributeError)):
            lib.not_there(1)


if __name__ == "__main__":
    unittest.main()
