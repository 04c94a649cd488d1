"""Lesson 8.5: what the eight variants are asked to show, and what this machine shows of text."""

import ctypes
import faulthandler
import json
import os
import resource
import signal
import sys

from observe import attempt


def counts(bridge, text):
    return bridge.count(text)


def uppers(bridge, text):
    return bridge.upper(text)


def quotes(bridge, text):
    return bridge.quote(text)


def quotes_every_length(bridge):
    """Each length around the first room: the NUL byte needs one byte more than the text."""
    lengths = range(40)
    wrong = [length for length in lengths if bridge.quote("x" * length) != f"'{'x' * length}'"]
    return {"tried": len(lengths), "wrong": wrong}


def quotes_long_texts(bridge, character, times):
    word = bridge.quote(character * times)
    return {"length": len(word), "begin": word[:6], "end": word[-6:]}


def takes_bytes(bridge):
    text = "Größe".encode()
    return [bridge.count(text), bridge.upper(text), bridge.quote(text)]


def keeps_what_it_was_given(bridge, text):
    given = bytes(bytearray(text))  # An object that nobody else has.
    return [bridge.upper(given), given, bridge.quote(given), given]


def refuses(bridge, text):
    return {
        operation: _complaint(getattr(bridge, operation), text)
        for operation in ("count", "upper", "quote")
    }


def refuses_nul(bridge):
    return [refuses(bridge, "a\0b"), refuses(bridge, b"ab\0"), refuses(bridge, "\0")]


def refuses_surrogates(bridge):
    """A lone surrogate is a str, and no text: it has no UTF-8."""
    return [attempt(getattr(bridge, name), "a\udc80") for name in ("count", "upper", "quote")]


def refuses_other_types(bridge):
    others = [None, 7, bytearray(b"abc"), memoryview(b"abc"), ["abc"]]
    return {type(other).__name__: refuses(bridge, other) for other in others}


def leaves_nothing(bridge):
    """The largest memory that the process ever had, before and after 60 MB of words."""
    long, bad = "x" * 1_000_000, b"x" * 1_000_000 + b"\xff"

    def once():
        bridge.quote(long)
        bridge.upper(long)
        attempt(bridge.quote, bad)

    once()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(30):
        once()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return "less than 15 MB more" if grown < 15_000 * _rss_unit() else "more and more memory"


def _rss_unit():
    return 1024 if sys.platform == "darwin" else 1


def _complaint(function, text):
    """The exception's class, and which things its message names."""
    try:
        return function(text)
    except Exception as error:
        message = str(error)
        named = {"the operation": function.__name__}
        if isinstance(error, TypeError):
            named["the type"] = type(text).__name__
        else:
            named.update({"the text": repr(text), "NUL": "NUL", "the status": "-2"})
        return [type(error).__name__, *(name for name, part in named.items() if part in message)]


# Evidence: facts of this machine, of ctypes, of CFFI and of CPython, observed on the solution.


def reads_up_to_the_nul(bridge):
    """B28: the library sees what stands before the first NUL byte, and nothing else."""
    return {r"ab\0cd": bridge.lib.text_count(b"ab\0cd"), r"\0": bridge.lib.text_count(b"\0")}


def takes_for_c_char_p(bridge):
    """B21: what an argument of type c_char_p takes. None becomes NULL, a NUL byte is no error."""
    count, pointer = bridge.lib.text_count, ctypes.c_char_p
    given = {
        "bytes": b"abc",
        "create_string_buffer": ctypes.create_string_buffer(b"abc"),
        "None": None,
        "str": "abc",
        "bytearray": bytearray(b"abc"),
        "memoryview": memoryview(b"abc"),
        "int": 7,
    }
    observed = {name: attempt(count, value) for name, value in given.items()}
    return {"argtypes": count.argtypes == [pointer] or count.argtypes == (pointer,), **observed}


def changes_a_constant(bridge):
    """B22: POINTER(c_char) takes bytes, and C writes into them."""

    def damage():
        # region: constant
        greeting = b"hello"
        table = {greeting: 1}
        bridge.lib.text_upper(greeting)
        # endregion
        bridge.lib.text_upper(b"a")
        return {
            "greeting": greeting.decode(),
            "in the table": {word: word.encode() in table for word in ("hello", "HELLO")},
            "bytes([97])": bytes([97]).decode(),
        }

    def protected():
        data = b"hello"
        bridge.lib.text_upper(ctypes.create_string_buffer(data))
        return data.decode()

    return {"bytes": _in_child(damage), "create_string_buffer": _in_child(protected)}


def changes_a_constant_too(bridge):
    """B22, in CFFI: `char *` takes bytes as well."""

    def damage():
        greeting = b"hello"
        bridge.lib.text_upper(greeting)
        return greeting.decode()

    return {"bytes": _in_child(damage)}


def cuts_addresses(bridge):
    """B20: a c_void_p result is an int, and without argtypes only 32 bits of it go on."""
    address = bridge.lib["text_message"]
    address.restype = ctypes.c_void_p
    undeclared, declared = bridge.lib["text_count"], bridge.lib["text_count"]
    undeclared.restype = declared.restype = ctypes.c_int64
    declared.argtypes = [ctypes.c_void_p]
    return {
        "the result is an": type(address(-2)).__name__,
        "argtypes declared": declared(address(-2)),
        "not declared": _in_child(lambda: undeclared(address(-2))),
    }


def takes_str_for_wide_text(bridge):
    """B29: without a declaration ctypes hands a str over as wchar_t, of which C reads one byte."""
    bare, pointer = bridge.lib["text_count"], bridge.lib["text_count"]
    pointer.argtypes = [ctypes.c_void_p]
    return {
        "not declared": attempt(bare, "abc"),
        "c_void_p": attempt(pointer, "abc"),
        "c_char_p": attempt(bridge.lib.text_count, "abc"),
    }


def decodes_with_care(bridge):
    """B30: the same byte in two encodings."""
    latin = "Größe".encode("latin-1")
    return {
        "as UTF-8": attempt(latin.decode, "utf-8"),
        "as latin-1": latin.decode("latin-1"),
        "UTF-8 as latin-1": "Größe".encode().decode("latin-1"),
        "the library's answer": bridge.lib.text_count(latin),
    }


def makes_string_buffers(bridge):
    """B32: whether there is a NUL byte depends on how the size is given."""
    whole, exact = ctypes.create_string_buffer(b"hello"), ctypes.create_string_buffer(b"hello", 5)
    bridge.lib.text_upper(whole)
    room = ctypes.create_string_buffer(b"ab\0cd", 8)
    return {
        "changed": whole.raw,
        "sizes": [len(whole), len(exact)],
        "without a NUL byte": exact.raw,
        "value and raw": [room.value, room.raw],
        "too small": attempt(ctypes.create_string_buffer, b"hello", 4),
    }


def cffi_takes_for_char_p(bridge):
    """E12, E25: what `char *` takes in CFFI; a str is always refused, and never garbage."""
    ffi, count = bridge.ffi, bridge.lib.text_count
    memory = bytearray(b"abc\0")
    given = {
        "bytes": b"abc",
        "char[]": ffi.new("char[]", b"abc"),
        "from_buffer": ffi.from_buffer(memory),
        "list": [b"a", b"b", b"c", b"\0"],
        "NULL": ffi.NULL,
        "str": "abc",
        "bytearray": memory,
        "memoryview": memoryview(b"abc"),
        "None": None,
        "int": 7,
    }
    observed = {name: attempt(count, value) for name, value in given.items()}
    return {**observed, "str in ffi.new": attempt(ffi.new, "char[]", "abc")}


def runs_the_quickstart(bridge):
    """E11, E22, E26: the program of the facts page, and who makes room for the NUL byte."""
    ffi = type(bridge.ffi)()
    ffi.cdef("size_t strlen(const char *s);")
    c = ffi.dlopen(None)
    buf = ffi.new("char[]", b"world")
    return {
        "length": c.strlen(b"hello, cffi"),
        "text": ffi.string(buf),
        "char[]": len(buf),
        "char[5]": [len(ffi.new("char[5]", b"world")), ffi.string(ffi.new("char[5]", b"world"))],
        "char[4]": attempt(ffi.new, "char[4]", b"world"),
    }


def cffi_takes_wide_text(bridge):
    """E13: what is encoded is char; the wide types take a str."""
    ffi = bridge.ffi
    return {
        kind: [len(ffi.new(f"{kind}[]", "a\N{SNAKE}")), ffi.string(ffi.new(f"{kind}[]", "aé"))]
        for kind in ("wchar_t", "char16_t", "char32_t")
    }


def parses_text(bridge):
    """D15, D17: `s` copies nothing and looks for NUL; the reference of `O` is not ours."""
    found = ctypes.c_char_p()
    thing = object()
    place = ctypes.c_void_p()
    before = sys.getrefcount(thing)
    _parse(b"O", thing, place)
    return {
        "s, str": [_parse(b"s", "Größe", found), found.value],
        "s, NUL inside": attempt(_parse, b"s", "a\0b", found),
        "s, lone surrogate": attempt(_parse, b"s", "\udc80", found),
        "s, bytes": attempt(_parse, b"s", b"abc", found),
        "O is the object": place.value == id(thing),
        "O, references more": sys.getrefcount(thing) - before,
    }


def makes_text(bridge):
    """D23: from `char *` to an object. Neither function asks whether the pointer is NULL."""
    text, data = ctypes.pythonapi["PyUnicode_FromString"], ctypes.pythonapi["PyBytes_FromString"]
    for function in (text, data):
        function.argtypes, function.restype = [ctypes.c_char_p], ctypes.py_object
    return {
        "PyUnicode_FromString, UTF-8": text("Größe".encode()),
        "PyUnicode_FromString, latin-1": attempt(text, b"Gr\xf6\xdfe"),
        "PyBytes_FromString, latin-1": data(b"Gr\xf6\xdfe"),
        "PyUnicode_FromString, NULL": _in_child(lambda: text(None)),
    }


def _parse(form, argument, place):
    parse = ctypes.pythonapi["PyArg_ParseTuple"]
    parse.argtypes = [ctypes.py_object, ctypes.c_char_p, ctypes.c_void_p]
    return parse((argument,), form, ctypes.addressof(place))


def _in_child(action):
    """What `action` returns in a child process, or the signal that ends it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        try:
            os.write(writer, json.dumps(action()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answers:
        answer = answers.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return json.loads(answer)
