"""What the four bridges to tiles must do, and what this machine shows about CFFI."""

import importlib
import os
import sys
from pathlib import Path

from observe import attempt


def adds(bridge, a, b):
    return bridge.add(a, b)


def measures_area(bridge, x, y, side):
    return bridge.area((x, y, side))


def counts_steps(bridge, from_x, from_y, to_x, to_y):
    return bridge.steps((from_x, from_y, 1.0), (to_x, to_y, 1.0))


def refines(bridge, x, y, side, factor):
    return bridge.refine((x, y, side), factor)


def refuses_to_refine(bridge, x, y, factor):
    return attempt(bridge.refine, (x, y, 1.0), factor)


def misreads(bridge, x, y, side):
    try:
        return bridge.misread((x, y, side))
    except Exception as error:
        # ffi.error says many things; only the comparison with the compiler speaks of an offset.
        if "wrong offset" not in str(error):
            raise
        return "refused: wrong offset"


# What follows is evidence: it runs in the stock variants, with the solution.

ADD = "int add(int a, int b);"
TILE = "typedef struct { int32_t x; int32_t y; double side; } tile;"


def four_combinations(bridge):
    """ABI or API, in-line or out-of-line: each program runs with a compiler and without one."""
    import shutil

    begin = f"from cffi import FFI\nffi = FFI()\nffi.cdef('{ADD}')\n"
    load = "lib = ffi.dlopen('./libtiles.so')\n"
    source = "'#include \"tiles.h\"', sources=['tiles.c'], include_dirs=['.']"
    programs = {
        "in-line ABI": load,
        "out-of-line ABI": f"ffi.set_source('_o', None)\nffi.compile()\nfrom _o import ffi\n{load}",
        "in-line API": f"lib = ffi.verify({source}, tmpdir='.')\n",
        "out-of-line API": f"ffi.set_source('_o', {source})\nffi.compile()\nfrom _o import lib\n",
    }
    observed = {}
    for name, program in programs.items():
        folder = _folder(bridge, name.replace(" ", "_"))
        for file in ("tiles.c", "tiles.h", "libtiles.so"):
            shutil.copy(Path(bridge.__file__).with_name(file), folder)
        program = begin + program + "print(lib.add(2, 3))\n"
        alone = _python(folder, program, PATH="/none", CC="/none/cc")
        helped = _python(folder, program)
        observed[name] = {
            "with a compiler": helped.stdout.split()[-1:],
            "without": alone.stdout.split()[-1:],
            "made a shared library": len(list(folder.rglob("*.so"))) > 1,
        }
    return observed


def function_object(bridge):
    """The type of lib.add, and how it shows itself before the address."""
    kind = type(bridge.lib.add)
    return {
        "type": f"{kind.__module__}.{kind.__name__}",
        "shown as": repr(bridge.lib.add).split(" 0x")[0].split(" of ")[0],
    }


CALL_PATH = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <stdio.h>

/* Writes the files of all frames of the stack, one a line; returns their number. */
int call_path(char *out, int size)
{
    void *frames[64];
    int count = backtrace(frames, 64), used = 0;

    for (int i = 0; i < count && used < size; i++) {
        Dl_info info;
        if (dladdr(frames[i], &info) && info.dli_fname)
            used += snprintf(out + used, size - used, "%s\\n", info.dli_fname);
    }
    return count;
}
"""


def call_path(bridge):
    """Which files lie between the interpreter and the C function, innermost first."""
    from cffi import FFI

    folder = _folder(bridge, "path")
    declared = "int call_path(char *out, int size);"
    if bridge.__name__ == "api_bridge":
        _compile(folder, "_callpath", declared, CALL_PATH)
        module = _import(folder, "_callpath")
        ffi, lib = module.ffi, module.lib
    else:
        (folder / "callpath.c").write_text(CALL_PATH)
        _cc(folder, "callpath.c", "-o", "libcallpath.so")
        ffi = FFI()
        ffi.cdef(declared)
        lib = ffi.dlopen(str(folder / "libcallpath.so"))
    out = ffi.new("char[]", 8192)
    lib.call_path(out, 8192)
    files = [Path(line).name.split(".")[0] for line in ffi.string(out).decode().splitlines()]
    until_python = files[: next(i for i, name in enumerate(files) if "python" in name)]
    import _cffi_backend

    bundled = b"ffi_call" in Path(_cffi_backend.__file__).read_bytes()
    return {
        "starts in": until_python[0],
        "passes through the backend": "_cffi_backend" in until_python,
        "libffi": "libffi" in until_python or ("_cffi_backend" in until_python and bundled),
    }


def wrong_cdef(bridge):
    """A function declared to return a pointer; the pointer is the sum."""
    program = (
        "from cffi import FFI\nffi = FFI()\nffi.cdef('const char *add(int a, int b);')\n"
        f"lib = ffi.dlopen({_library(bridge)!r})\nprint(ffi.string(lib.add(2, 3)))\n"
    )
    ended = _python(_folder(bridge, "crash"), program)
    return {"ended by a signal": ended.returncode < 0, "printed": ended.stdout}


def header_lines(bridge):
    """Lines as they stand in headers, given to cdef one by one."""
    from cffi import FFI

    lines = {
        "prototype": "int add(int a, int b);",
        "typedef of a struct": TILE,
        "restrict": "void copy(char *restrict to, const char *restrict from);",
        "FILE": "int dump(FILE *to);",
        "bool": "bool is_open(void);",
        "#define of a number": "#define LIMIT 5",
        "#include": "#include <stdint.h>",
        "#ifdef": "#ifdef TILES_H\n#endif",
        "#define with parameters": "#define SQUARE(x) ((x) * (x))",
        "__attribute__": "int add(int a, int b) __attribute__((const));",
        "__restrict": "void copy(char *__restrict to);",
        "static inline with a body": "static inline int one(void) { return 1; }",
        "array size from a macro": "typedef struct { char name[PATH_MAX]; } entry;",
        'extern "C"': 'extern "C" { int add(int a, int b); }',
    }
    return {
        name: "accepted" if "returned" in attempt(FFI().cdef, line) else "refused"
        for name, line in lines.items()
    }


def dlopen_and_cdll(bridge):
    """What ffi.dlopen shares with ctypes.CDLL, and where it differs."""
    import ctypes
    import shutil

    from cffi import FFI

    folder = _folder(bridge, "dlopen")
    ffi = FFI()
    ffi.cdef(ADD + "double cos(double x);")
    outside = FFI()
    outside.cdef("double cos(double x);")
    outside.set_source("_outside", None)
    outside.emit_python_code(str(folder / "_outside.py"))
    lib, twin = ffi.dlopen(_library(bridge)), ctypes.CDLL(_library(bridge))
    address = int(ffi.cast("intptr_t", lib.add))
    closed, kept = str(folder / "closed.so"), str(folder / "kept.so")
    shutil.copy(_library(bridge), closed)
    shutil.copy(_library(bridge), kept)
    opened = ffi.dlopen(closed)
    before = _mapped("closed.so")
    ffi.dlclose(opened)
    ctypes.CDLL(kept)
    return {
        "same address": address == ctypes.cast(twin.add, ctypes.c_void_p).value,
        "finds `m`, in-line": attempt(lambda: ffi.dlopen("m").cos(0.0)),
        "finds `m`, out-of-line": attempt(_import(folder, "_outside").ffi.dlopen, "m"),
        "mapped, then closed": [before, _mapped("closed.so")],
        "CDLL without any reference": _mapped("kept.so"),
    }


def generated_extension(bridge):
    """The module that API mode made, and what it needs while it runs."""
    module = importlib.import_module("_lesson_7_3")
    content = Path(module.__file__).read_bytes()
    folder = Path(bridge.__file__).parent
    written = (folder / "api_build.py").read_text()
    without = "import sys\nsys.modules['_cffi_backend'] = None\nimport _lesson_7_3\n"
    refused = _python(folder, without).stderr
    return {
        "PyInit_ in the build script": "PyInit_" in written,
        "PyInit_ in the module": b"PyInit__lesson_7_3\0" in content,
        "tiles.c inside": b"tile_refine\0" in content,
        "libtiles.so loaded": _mapped("libtiles.so"),
        "add(2, 3)": module.lib.add(2, 3),
        "without _cffi_backend": "ModuleNotFoundError" in refused,
    }


def sources_or_library(bridge):
    """Three ways to give a module the code of tiles, and none."""
    folder = _folder(bridge, "link")
    library = Path(_library(bridge)).parent
    source = str(Path(bridge.__file__).with_name("tiles.c"))
    links = {
        "sources": [source],
        "libraries": [f"-L{library}", "-ltiles"],
        "libraries and a search path": [f"-L{library}", "-ltiles", f"-Wl,-rpath,{library}"],
        "nothing": [],
    }
    observed = {}
    for number, (name, arguments) in enumerate(links.items()):
        module = f"_link{number}"
        built = _compile(folder, module, ADD, '#include "tiles.h"', *arguments)
        added = _python(folder, f"from {module} import lib\nprint(lib.add(2, 3))\n")
        missing = "undefined symbol" in added.stderr or "symbol not found" in added.stderr
        observed[name] = {
            "compiled": built.returncode == 0,
            "printed": added.stdout.strip(),
            "ImportError": "ImportError" in added.stderr,
            "undefined symbol": missing,
        }
    return observed


def layout_checks(bridge):
    """Wrong structs in API mode: all of them compile; what does their first use say?"""
    folder = _folder(bridge, "layout")
    wrong = {
        "wrong_order": "int32_t y; int32_t x; double side;",
        "narrow_field": "int16_t x; int32_t y; double side;",
        "last_missing": "int32_t x; int32_t y;",
        "middle_missing": "int32_t x; double side;",
        "never_used": "int32_t y; int32_t x; double side;",
        "other_sign": "uint32_t x; int32_t y; double side;",
        "with_dots": "double side; ...;",
    }
    declared = "".join(f"typedef struct {{ {fields} }} {name};" for name, fields in wrong.items())
    real = '#include "tiles.h"\n' + "".join(f"typedef tile {name};\n" for name in wrong)
    declared += "typedef struct { unsigned first : 4; unsigned second : 4; } bits;"
    real += "typedef struct { unsigned first : 3; unsigned second : 5; } bits;\n"
    built = _compile(folder, "_layout", declared, real)
    ffi = _import(folder, "_layout").ffi
    observed = {"all of them": "compiled" if built.returncode == 0 else "refused"}
    for name in [*wrong, "bits"]:
        if name != "never_used":
            first_use = attempt(lambda name=name: ffi.sizeof(ffi.new(f"{name} *")[0]) > 0)
            observed[name] = first_use.get("raised", "accepted")
    for name, fields in {
        "unknown field": "int32_t x; int32_t y; double side; int32_t z;",
        "double as an integer": "int32_t x; int32_t y; int64_t side;",
    }.items():
        declared = f"typedef struct {{ {fields} }} tile;"
        built = _compile(folder, "_refused", declared, '#include "tiles.h"')
        observed[name] = "compiled" if built.returncode == 0 else "refused"
    return observed


def signature_checks(bridge):
    """Wrong functions, macros and enums in API mode: who notices, and when?"""
    folder = _folder(bridge, "signature")
    declared = """
        int wide(void); int half(int of);
        #define LIMIT 5
        enum colour { RED = 7 };
    """
    real = """
        #define LIMIT 4
        enum colour { RED = 1 };
        static long long wide(void) { return 4294967301LL; }
        static double half(double of) { return of / 2; }
    """
    built = _compile(folder, "_signature", declared, real)
    lib = _import(folder, "_signature").lib
    observed = {
        "all of them": "compiled" if built.returncode == 0 else "refused",
        "long long as int": lib.wide(),
        "double as int": lib.half(3),
        "macro, first use": attempt(lambda: lib.LIMIT),
        "enum, first use": attempt(lambda: lib.RED),
    }
    one = {
        "too few parameters": ("int add(int a);", '#include "tiles.h"'),
        "pointer to another integer": (
            "void zero(int *to);",
            "static void zero(long *to) { *to = 0; }",
        ),
        "function that C does not know": ("int subtract(int a, int b);", '#include "tiles.h"'),
    }
    for name, (cdef, source) in one.items():
        built = _compile(folder, "_one", cdef, source)
        observed[name] = "the compiler says so" if built.stderr else "nobody says a word"
    return observed


def article_build(bridge):
    """The article's add_build.py and setup.py, in a folder of their own."""
    import sysconfig

    folder = _folder(bridge, "article")
    (folder / "add.h").write_text(ADD + "\n")
    (folder / "add.c").write_text("int add(int a, int b)\n{\n    return a + b;\n}\n")
    (folder / "add_build.py").write_text(
        f"from cffi import FFI\n\nffibuilder = FFI()\nffibuilder.cdef('{ADD}')\n"
        "ffibuilder.set_source(\n    '_add_cffi', '#include \"add.h\"',"
        " sources=['add.c'], include_dirs=['.'],\n)\n"
    )
    setup = "setup(name='add_cffi', cffi_modules=['add_build.py:ffibuilder'])\n"
    (folder / "printed.py").write_text(setup)
    (folder / "setup.py").write_text("from setuptools import setup\n\n" + setup)
    use = "from _add_cffi import lib\nprint(lib.add(2, 3))\n"

    def built(*command):
        ended = _python(folder, *command)
        suffixes = [path.name.replace("_add_cffi", "") for path in folder.glob("_add_cffi.*so")]
        names = {".abi3.so": "abi3", sysconfig.get_config_var("EXT_SUFFIX"): "this version"}
        added = _python(folder, use).stdout.strip() if suffixes else None
        for path in folder.glob("_add_cffi.*so"):
            path.unlink()
        error = ended.stderr.strip().split("\n")[-1].split(":")[0] if ended.returncode else None
        return {"built for": [names[s] for s in suffixes], "add(2, 3)": added, "error": error}

    arguments = ["build_ext", "--inplace"]
    no_setuptools = "import sys\nsys.modules['setuptools'] = None\n"
    return {
        "as printed": built(Path("printed.py"), *arguments),
        "with the missing import": built(Path("setup.py"), *arguments),
        "without setuptools": built(no_setuptools + (folder / "setup.py").read_text(), *arguments),
        "ffibuilder.compile()": built("from add_build import ffibuilder\nffibuilder.compile()\n"),
        "a new venv brings setuptools before 3.12 only": _bundled_setuptools()
        == (sys.version_info < (3, 12)),
    }


def _folder(bridge, name):
    folder = Path(bridge.__file__).resolve().parent / f"evidence_{name}"
    folder.mkdir()
    return folder


def _library(bridge):
    return str(Path(bridge.__file__).resolve().with_name("libtiles.so"))


def _python(folder, program, *arguments, **changes):
    """Runs a program, given as text or as a file, in `folder` with a changed environment."""
    import subprocess

    run = [str(program)] if isinstance(program, Path) else ["-c", program]
    return subprocess.run(
        [sys.executable, *run, *arguments],
        cwd=folder,
        env={**os.environ, **changes},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def _cc(folder, *arguments):
    import subprocess

    command = ["cc", "-std=gnu99", "-shared", "-fPIC", "-O0", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def _compile(folder, name, cdef, source, *arguments):
    """Compiles an out-of-line API module as CFFI writes it, without setuptools."""
    import sysconfig

    from cffi import FFI

    builder = FFI()
    builder.cdef(cdef)
    builder.set_source(name, source)
    builder.emit_c_code(str(folder / f"{name}.c"))
    headers = [f"-I{folder.parent}", f"-I{sysconfig.get_path('include')}"]
    product = name + sysconfig.get_config_var("EXT_SUFFIX")
    return _cc(folder, *headers, f"{name}.c", "-o", product, *arguments)


def _import(folder, name):
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


def _mapped(file):
    """Whether a file of this name is part of the memory of this process."""
    maps = Path("/proc/self/maps").read_text()
    return any(line.endswith("/" + file) for line in maps.split("\n"))


def _bundled_setuptools():
    import ensurepip

    return any("setuptools" in str(project) for project in getattr(ensurepip, "_PROJECTS", []))
