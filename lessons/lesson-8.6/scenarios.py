"""Lesson 8.6: what the eight variants are asked to show, and what this machine shows of buffers."""

import ctypes
import sys
from array import array

from observe import attempt

SHARPEN = array("d", [0, -1, 0, -1, 5, -1, 0, -1, 0])
KEEP = array("d", [0, 0, 0, 0, 1, 0, 0, 0, 0])


def means(bridge, pixels):
    return attempt(bridge.mean, pixels)


def brightens(bridge, pixels, factor):
    image = bytearray(pixels)
    return [attempt(bridge.brighten, image, factor), image.hex()]


def convolves(bridge, pixels, width, weight):
    out = bytearray(len(pixels))
    kernel = array("d", [0, 0, 0, 0, 1, weight, 0, 0, 0])
    return [attempt(bridge.convolve, pixels, out, width, kernel), out.hex()]


def sharpens(bridge):
    image = array("B", [10, 10, 10, 10, 90, 10, 10, 10, 10, 10, 10, 255])
    out = array("B", bytes(12))
    bridge.convolve(image, out, 3, SHARPEN)
    return out.tolist()


def writes_through(bridge):
    """C writes into the object that it was given, and into no more of it than that."""
    whole = bytearray([10] * 12)
    part = memoryview(whole)[4:8]
    rows = memoryview(bytearray([10] * 12)).cast("B", (3, 4))
    pixels = array("B", [10] * 12)
    for image in (part, rows, pixels):
        bridge.brighten(image, 2.0)
    return {"slice": list(whole), "rows": rows.tolist(), "array": pixels.tolist()}


# region: address
def sees_the_same_memory(bridge):
    """Proof by address: where Python keeps the pixels, and where C sees them."""
    data, pixels, constant = bytearray(12), array("B", bytes(12)), bytes(12)
    start = ctypes.addressof(ctypes.c_char.from_buffer(data))
    return {
        "array": bridge.address(pixels) == pixels.buffer_info()[0],
        "bytearray": bridge.address(data) == start,
        "memoryview from 3 on": bridge.address(memoryview(data)[3:]) == start + 3,
        "bytes": bridge.address(constant) == id(constant) + bytes.__basicsize__ - 1,
    }


# endregion


def lets_go(bridge):
    """What C is lent cannot be resized; after the call it can, also after an error."""
    image, out, kernel = bytearray(12), bytearray(12), array("d", SHARPEN)
    calls = {
        "address": lambda: bridge.address(image),
        "mean": lambda: bridge.mean(image),
        "brighten": lambda: bridge.brighten(image, 1.0),
        "brighten refused": lambda: bridge.brighten(image, -1.0),
        "convolve": lambda: bridge.convolve(image, out, 4, kernel),
        "convolve refused": lambda: bridge.convolve(image, out, 0, kernel),
        "out is read-only": lambda: bridge.convolve(image, bytes(12), 4, kernel),
        "gaps": lambda: bridge.mean(memoryview(image)[::2]),
        "other items": lambda: bridge.mean(kernel),
        "no kernel": lambda: bridge.convolve(image, out, 4, None),
        "another kernel": lambda: bridge.convolve(image, out, 4, array("f", SHARPEN)),
    }
    observed = {}
    for name, call in calls.items():
        attempt(call)
        resized = [attempt(_resize, owner) for owner in (image, out, kernel)]
        observed[name] = all("returned" in one for one in resized)
    return observed


def refuses_gaps(bridge):
    image = memoryview(bytearray(24))[::2]
    out = bytearray(12)
    return {
        "address": _complaint(bridge.address, image),
        "mean": _complaint(bridge.mean, image),
        "mean, backwards": _complaint(bridge.mean, memoryview(bytearray(12))[::-1]),
        "brighten": _complaint(bridge.brighten, image, 2.0),
        "convolve, pixels": _complaint(bridge.convolve, image, out, 4, KEEP),
        "convolve, out": _complaint(bridge.convolve, out, image, 4, KEEP),
        "convolve, kernel": _complaint(
            bridge.convolve, bytes(12), out, 4, memoryview(array("d", range(18)))[::2]
        ),
    }


def refuses_read_only(bridge):
    constant = bytes(bytearray(range(12)))  # An object that nobody else has.
    closed = memoryview(bytearray(12)).toreadonly()
    return {
        "brighten, bytes": _complaint(bridge.brighten, constant, 2.0),
        "brighten, memoryview": _complaint(bridge.brighten, closed, 2.0),
        "convolve, out": _complaint(bridge.convolve, closed, constant, 4, KEEP),
        "unchanged": constant.hex(),
        "mean": attempt(bridge.mean, constant),
    }


def refuses_other_items(bridge):
    image, out = bytes(12), bytearray(12)
    pixels = [None, "abc", [1, 2, 3], 7, array("d", [1.0]), array("b", [1]), array("H", [1])]
    kernels = [None, list(KEEP), array("f", KEEP), array("q", range(9)), bytes(72)]
    return {
        "mean": [_complaint(bridge.mean, one) for one in pixels],
        "brighten": [_complaint(bridge.brighten, one, 2.0) for one in pixels],
        "kernel": [_complaint(bridge.convolve, image, out, 4, one) for one in kernels],
    }


def refuses_sizes(bridge):
    image, out = bytearray(12), bytearray(12)
    return {
        "mean of nothing": _complaint(bridge.mean, b""),
        "brighten nothing": _complaint(bridge.brighten, bytearray(), 2.0),
        "factor": [_complaint(bridge.brighten, image, one) for one in (-1.0, float("nan"))],
        "width": [_complaint(bridge.convolve, image, out, one, KEEP) for one in (0, 5, -4, 24)],
        "out": _complaint(bridge.convolve, image, bytearray(11), 4, KEEP),
        "kernel": _complaint(bridge.convolve, image, out, 4, KEEP[:8]),
        "out is the image": _complaint(bridge.convolve, image, image, 4, KEEP),
        "out overlaps": _complaint(
            bridge.convolve, memoryview(image)[:8], memoryview(image)[4:], 4, KEEP
        ),
    }


def _resize(owner):
    owner.append(owner.pop())


def _complaint(function, *arguments):
    """The exception's class, the operation if its message begins so, and what else that names."""
    operation = function.__name__
    try:
        return function(*arguments)
    except Exception as error:
        message = str(error)
        named = {"pixels", "out", "kernel", "width", "bytes", "wide", "weights"}
        if isinstance(error, ValueError):
            named = {"refused with -", "weights"}
        found = [operation] if message.startswith(operation) else []
        found += [part for part in named if part in message]
        return [type(error).__name__, *sorted(found)]


# Evidence: facts of this machine, of ctypes, of CFFI and of CPython, observed on the solution.


def makes_arrays(bridge):
    """B31, B46, B47: `T * n` is a type, `(T * n)()` memory that Python owns and lends."""
    kind = ctypes.c_uint8 * 4
    image = kind(1, 2, 3, 4)
    bridge.lib.image_brighten(image, len(image), 2.0)

    def without_a_star():
        compile("(ctypes.c_uint8 4)()", "document", "eval")

    return {
        "T * n is a type": isinstance(kind, type),
        "what C wrote": list(image),
        "(T n)()": attempt(without_a_star),
        "as it is": bridge.lib.image_mean(image, 4),
        "byref": attempt(bridge.lib.image_mean, ctypes.byref(image), 4),
        "pointer": attempt(bridge.lib.image_mean, ctypes.pointer(image), 4),
        "pointer, not declared": _undeclared(bridge, "image_mean")(ctypes.pointer(image), 4),
        "format of its memory": memoryview(image).format,
        "taken by this bridge": attempt(bridge.mean, image),
    }


def _undeclared(bridge, name):
    function = bridge.lib[name]
    function.restype = ctypes.c_double
    return function


def indexes_arrays(bridge):
    """B48: a CFFI array knows its length, a pointer does not; neither is a list."""
    ffi = bridge.ffi
    owned = ffi.new("uint8_t[]", [10, 20, 30, 40])
    pointer = ffi.cast("uint8_t *", owned)
    return {
        "[3], [1:3]": [owned[3], list(owned[1:3])],
        "[4]": attempt(lambda: owned[4]),
        "[-1]": attempt(lambda: owned[-1]),
        "[:2]": attempt(lambda: owned[:2]),
        "[0:4:2]": attempt(lambda: owned[0:4:2]),
        "a pointer from the middle, [-1]": (pointer + 1)[-1],
    }


def lends_memory(bridge):
    """B33, B49: from_buffer does not copy, and locks the size until it is released."""
    ffi = bridge.ffi
    # region: lock
    owner = bytearray(4)
    lent = ffi.from_buffer(owner)
    lent[0] = b"\x07"
    locked = attempt(owner.append, 1)
    ffi.release(lent)
    free = attempt(owner.append, 1)
    # endregion
    new = ffi.new("char[]", 4)
    return {"seen": owner[0], "locked": locked, "released": free, "new is a copy": len(new)}


def counts_bytes(bridge):
    """B50: from_buffer gives char[], believes any item type, and writes into what is read-only."""
    ffi = bridge.ffi
    weights, integers = array("d", range(6)), array("q", [1])
    constant = bytes(bytearray(range(1, 4)))
    lent = ffi.from_buffer(constant)
    lent[0] = b"\xff"
    return {
        "its type": str(ffi.typeof(ffi.from_buffer(weights))),
        "its length": len(ffi.from_buffer(weights)),
        "as double[]": len(ffi.from_buffer("double[]", weights)),
        "an integer as double": ffi.from_buffer("double[]", integers)[0] == 5e-324,
        "a constant, written": constant.hex(),
        "require_writable": attempt(lambda: ffi.from_buffer(constant, require_writable=True)),
    }


def loses_what_c_wrote(bridge):
    """B51: to make a strided view contiguous is to copy it; the result lies in the copy."""
    # region: lost
    image = bytearray([10] * 8)
    every_second = memoryview(image)[::2]
    contiguous = memoryview(bytearray(every_second))
    bridge.brighten(contiguous, 2.0)
    # endregion
    in_the_copy, in_the_image = contiguous.tolist(), list(image)
    every_second[:] = contiguous
    return {
        "in the copy": in_the_copy,
        "in the image": in_the_image,
        "copied back": list(image),
        "from_buffer, strided": attempt(bridge.ffi.from_buffer, every_second),
    }


def lays_over_writable_memory_only(bridge):
    """Why ctypes copies: its from_buffer refuses what is read-only, and what has gaps."""
    kind = ctypes.c_uint8 * 4
    return {
        "bytearray": attempt(lambda: list(kind.from_buffer(bytearray(4)))),
        "bytes": attempt(lambda: kind.from_buffer(bytes(4))),
        "strided": attempt(lambda: kind.from_buffer(memoryview(bytearray(8))[::2])),
        "too small": attempt(lambda: kind.from_buffer(bytearray(3))),
    }


class _PyBuffer(ctypes.Structure):
    """What PyObject_GetBuffer fills, the same since CPython 3.3."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("others", ctypes.c_void_p * 4),
    ]


SIMPLE, WRITABLE = 0, 1


def _get_buffer(thing, flags=SIMPLE):
    view = _PyBuffer()
    get = ctypes.pythonapi["PyObject_GetBuffer"]
    get.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
    get(thing, ctypes.addressof(view), flags)
    return view


def _release(view):
    give_back = ctypes.pythonapi["PyBuffer_Release"]
    give_back.argtypes, give_back.restype = [ctypes.c_void_p], None
    give_back(ctypes.addressof(view))


def gets_buffers(bridge):
    """D20, D48, D49: what PyObject_GetBuffer lends, and that it lends and does not copy."""
    things = {
        "bytes": b"abc",
        "bytearray": bytearray(b"abc"),
        "memoryview": memoryview(b"abc"),
        "array": array("d", [1.0]),
        "strided memoryview": memoryview(b"abcdef")[::2],
        "str": "abc",
        "list": [1, 2, 3],
    }

    def length(thing):
        view = _get_buffer(thing)
        try:
            return view.len
        finally:
            _release(view)

    pixels = array("B", b"abc")
    view = _get_buffer(pixels)
    same = view.buf == pixels.buffer_info()[0]
    _release(view)
    return {**{name: attempt(length, one) for name, one in things.items()}, "same memory": same}


def writes_into_a_constant(bridge):
    """D50: PyBUF_SIMPLE lends a constant too, and says so; whoever writes must ask for WRITABLE."""
    constant = bytes(bytearray(b"abc"))
    before = hash(constant)
    view = _get_buffer(constant)
    ctypes.memset(view.buf, ord("X"), 1)
    _release(view)
    return {
        "readonly": view.readonly,
        "changed": constant.decode(),
        "the hash is the old one": hash(constant) == before != hash(b"".join([b"Xb", b"c"])),
        "WRITABLE": attempt(lambda: _get_buffer(constant, WRITABLE)),
    }


def forgets_to_release(bridge):
    """D51: without PyBuffer_Release the owner can never be resized again."""
    owner = bytearray(b"abc")
    view = _get_buffer(owner)
    kept = attempt(owner.append, 1)
    _release(view)
    return {"not released": kept, "released": attempt(owner.append, 1)}


def parses_bytes_like(bridge):
    """D16: `y#` takes what cannot change; `y*` takes every buffer."""
    things = {
        "bytes": b"abc",
        "bytearray": bytearray(b"abc"),
        "memoryview": memoryview(b"abc"),
        "array": array("B", b"abc"),
        "str": "abc",
    }
    return {
        form: {name: attempt(_parsed_length, form, one) for name, one in things.items()}
        for form in ("y#", "y*")
    }


def _parsed_length(form, thing):
    if form == "y*":
        view = _PyBuffer()
        _parse("_PyArg_ParseTuple_SizeT", form, thing, ctypes.addressof(view))
        _release(view)
        return view.len
    data, size = ctypes.c_void_p(), ctypes.c_ssize_t()
    places = (ctypes.addressof(data), ctypes.addressof(size))
    _parse("_PyArg_ParseTuple_SizeT", form, thing, *places)
    return size.value


def _parse(function, form, thing, *places):
    parse = ctypes.pythonapi[function]
    parse.argtypes = [ctypes.py_object, ctypes.c_char_p] + [ctypes.c_void_p] * len(places)
    return parse((thing,), form.encode(), *places)


def needs_clean_sizes(bridge):
    """D19: what `y#` writes without PY_SSIZE_T_CLEAN depends on the version."""
    import warnings

    data, size = ctypes.c_void_p(), ctypes.c_ssize_t(-1)
    places = (ctypes.addressof(data), ctypes.addressof(size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ended = attempt(_parse, "PyArg_ParseTuple", "y#", b"abc", *places)
    if sys.version_info < (3, 10):
        expected = [{"returned": 1}, 3 - 2**32]  # The lower half of -1 was overwritten.
    elif sys.version_info < (3, 13):
        expected = [{"raised": "SystemError"}, -1]
    else:
        expected = [{"returned": 1}, 3]
    with_it = _parsed_length("y#", b"abc")
    return {"with": with_it, "without, as this version does": [ended, size.value] == expected}
