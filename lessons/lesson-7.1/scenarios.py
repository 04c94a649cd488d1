"""Lesson 7.1: what the eight variants are asked to show."""

import struct
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from observe import attempt

TEN_INTS = "int64_t(int, int, int, int, int, int, int, int, int, int)"


def finds(bridge):
    return {
        "add": bridge.address("add") > 0,
        "the same again": bridge.address("add") == bridge.address("add"),
        "subtract": attempt(bridge.address, "subtract"),
    }


def calls_add(bridge, a, b):
    return bridge.call("int(int, int)", bridge.address("add"), [a, b])


def calls_add_scaled(bridge, a, factor, b):
    description = "double(int, double, int64_t)"
    return bridge.call(description, bridge.address("add_scaled"), [a, factor, b])


def calls_add_places(bridge, first, rest):
    """Every place tells: with other places swapped or lost, another number comes back."""
    pointer = bridge.address("add_places")
    return [
        bridge.call(TEN_INTS, pointer, [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]),
        bridge.call(TEN_INTS, pointer, [first] + [rest] * 9),
        bridge.call(TEN_INTS, pointer, [rest] * 9 + [first]),
    ]


def gets_64_bits(bridge):
    """A shared library lies beyond the first 4 GiB, and so does whoever calls it."""
    return bridge.call("uintptr_t(void)", bridge.address("add_caller"), []) >= 2**32


def refuses_arguments(bridge):
    add, add_scaled = bridge.address("add"), bridge.address("add_scaled")
    mixed = "double(int, double, int64_t)"
    return {
        "too few": attempt(bridge.call, "int(int, int)", add, [2]),
        "too many": attempt(bridge.call, "int(int, int)", add, [2, 3, 4]),
        "text for an int": attempt(bridge.call, "int(int, int)", add, ["2", 3]),
        "a fraction for an int": attempt(bridge.call, "int(int, int)", add, [2.5, 3]),
        "None for a double": attempt(bridge.call, mixed, add_scaled, [2, None, 3]),
        "an int for a double": attempt(bridge.call, mixed, add_scaled, [2, 3, 4]),
    }


def refuses_descriptions(bridge):
    add = bridge.address("add")
    malformed = ["int", "int(int, int", "int(integer, int)", "number(int, int)", "int(, )"]
    return {text: attempt(bridge.call, text, add, [2, 3]) for text in malformed}


def meets_a_wrong_description(bridge):
    """add takes two ints. C ignores what is too many, so this call is wrong and yet harmless."""
    outcome = attempt(bridge.call, TEN_INTS, bridge.address("add"), [1] * 10)
    return "refused" if "raised" in outcome else "believed"


# Evidence: facts of the machine, observed on the solution.


def tells_who_calls(bridge):
    """A9, A11, A17, A18, A20: add_caller returns to whoever made the call."""
    caller = _caller(bridge)
    holds_libffi = b"ffi_call" in caller.read_bytes()
    if caller.name.startswith("libffi") or holds_libffi and not caller.name.startswith("_lesson"):
        return "libffi"  # A library of its own, or linked into _ctypes or _cffi_backend.
    return {caller.name.partition(".")[0]: "holds libffi" if holds_libffi else "no libffi"}


def tells_that_the_engine_calls(bridge):
    """A11, with the replaced mechanism: an engine of this repository makes the call."""
    return _caller(bridge).name.partition(".")[0]


def opens_a_library(bridge):
    """A10: is libadd.so in this process?"""
    bridge.address("add")
    return "/libadd.so" in Path("/proc/self/maps").read_text()


def has_an_init_function(bridge):
    """A1: a plain library has no PyInit; a bridge may have one, written by you or by CFFI."""
    library = _Elf(Path(__file__).with_name("libadd.so"))
    module = sys.modules.get("_lesson_7_1")
    return {
        "libadd.so": sorted(name for name in library.exports if "add" in name or "Py" in name),
        "extension module": [
            name for name in (_Elf(module.__file__).exports if module else []) if "PyInit" in name
        ],
    }


def links_no_libpython(bridge):
    """A7, A19: no libpython among the needed libraries; Py* symbols are left to the process."""
    module = _Elf(sys.modules["_lesson_7_1"].__file__)
    return {
        "Python asks for": sysconfig.get_config_var("LIBPYTHON") or "no library",
        "needs libpython": any("libpython" in name for name in module.needed),
        "needs libadd": any("libadd" in name for name in module.needed),
        "imports of the C API": any(name.startswith("PyLong_") for name in module.imports),
        "imports of libffi": any(name.startswith("ffi_") for name in module.imports),
    }


def needs_no_libffi(bridge):
    """A16: only who calls needs libffi."""
    library = _Elf(Path(__file__).with_name("libadd.so"))
    return {
        "needs libffi": any("libffi" in name for name in library.needed),
        "imports of libffi": any(name.startswith("ffi_") for name in library.imports),
    }


def has_a_versioned_file(bridge):
    """A12, A13: _ctypes<tag>.so, unless python itself contains it."""
    import _ctypes

    built_in = "_ctypes" in sys.builtin_module_names
    name = "" if built_in else Path(_ctypes.__file__).name
    return {
        "a plain file _ctypes": name == "_ctypes",
        "a suffix for extension modules, or built in": built_in
        or name in ["_ctypes" + suffix for suffix in EXTENSION_SUFFIXES],
    }


def holds_libffi(bridge):
    """A14, A15: needed as a library of its own, or linked in, as the wheels of cffi have it."""
    if "_cffi_backend" not in sys.modules:
        import _ctypes

        backend, wheel = getattr(_ctypes, "__file__", sys.executable), ""
    else:
        from importlib import metadata  # Slow to import, and needed here alone.

        backend = sys.modules["_cffi_backend"].__file__
        wheel = metadata.distribution("cffi").read_text("WHEEL") or ""
    needs = any(name.startswith("libffi") for name in _Elf(backend).needed)
    published = "manylinux" in wheel or "musllinux" in wheel
    return {
        "calls libffi": b"ffi_call" in Path(backend).read_bytes(),
        "a published wheel, but needs libffi.so": published and needs,
    }


def _caller(bridge):
    """The file that holds the address to which add_caller returns."""
    address = bridge.call("uintptr_t(void)", bridge.address("add_caller"), [])
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, _, _, _, _, *name = line.split(maxsplit=5)
        start, end = (int(edge, 16) for edge in span.split("-"))
        if start <= address < end:
            return Path(*name)
    raise LookupError(hex(address))


class _Elf:
    """What a 64-bit little-endian ELF file needs, imports and exports."""

    def __init__(self, path):
        image = Path(path).read_bytes()
        self.needed, self.imports, self.exports = [], [], []
        (table,) = struct.unpack_from("<Q", image, 0x28)
        (count,) = struct.unpack_from("<H", image, 0x3C)
        sections = [struct.unpack_from("<IIQQQQII", image, table + 64 * i) for i in range(count)]
        for _, kind, _, _, start, size, link, _ in sections:
            if kind == 6:  # dynamic: pairs of tag and value
                for tag, value in struct.iter_unpack("<qQ", image[start : start + size]):
                    if tag == 1:
                        self.needed.append(_text(image, sections[link][4] + value))
            elif kind == 11:  # dynamic symbols; section 0 means that another file defines it
                for entry in struct.iter_unpack("<IBBHQQ", image[start : start + size]):
                    names = self.exports if entry[3] else self.imports
                    names.append(_text(image, sections[link][4] + entry[0]))


def _text(image, start):
    return image[start : image.index(b"\0", start)].decode()
