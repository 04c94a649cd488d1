"""Who keeps the text: counted by its references, and by reading after its owner went."""

import gc
import sys

from observe import attempt

SENTENCE = b"the  quick brown fox "


def _new(*parts):
    """Return bytes that nobody else refers to: a constant would live on."""
    return b"".join(bytes(bytearray(part)) for part in parts)


def _start(text):
    """Return where bytes are: in the object itself, behind its head."""
    return id(text) + bytes.__basicsize__ - 1


def _rest(reader):
    return list(iter(reader.next, None))


class _Counted:
    """How many references to a text and how many readers are there more than at the beginning."""

    def __init__(self, bridge, text):
        self.bridge, self.text = bridge, text

    def begin(self):
        """Count, with no argument of this class in the way."""
        gc.collect()
        self.before = sys.getrefcount(self.text), self.bridge.alive()
        return self

    def kept(self):
        """Whether somebody else keeps the text; or what is wrong with the count."""
        more = sys.getrefcount(self.text) - self.before[0]
        return more > 0 if more >= 0 else "too few references"

    def more(self):
        return [self.kept(), self.bridge.alive() - self.before[1]]


def splits(bridge, text, separators):
    reader = bridge.Reader(text, separators or b" ")
    tokens = iter(reader.next, None)
    return [reader.left(), [[token.read(), len(token), reader.left()] for token in tokens]]


def points_into_the_text(bridge):
    """Nothing is copied: tokens start where the text has them."""
    text = _new(SENTENCE)
    tokens = _rest(bridge.Reader(text))
    return [[token.read(), token.address() - _start(text)] for token in tokens]


def ends(bridge):
    """After the last token there is none, however often one asks."""
    reader = bridge.Reader(_new(b"one"))
    return [reader.next().read(), reader.next(), reader.next()]


def reader_keeps_the_text(bridge):
    """From open to close."""
    text = _new(SENTENCE)
    counted = _Counted(bridge, text).begin()
    reader = bridge.Reader(text)
    opened = counted.more()
    observed = [opened, reader.close(), counted.more(), reader.close(), counted.more()]
    del reader
    return [*observed, counted.more()]


def reader_without_close_lets_go(bridge):
    text = _new(SENTENCE)
    counted = _Counted(bridge, text).begin()
    reader = bridge.Reader(text)
    kept = counted.more()
    del reader
    return [kept, counted.more()]


def token_keeps_the_text(bridge):
    """The reader is closed and gone, tokens live: each of them keeps the text."""
    text = _new(SENTENCE)
    counted = _Counted(bridge, text).begin()
    reader = bridge.Reader(text)
    first, second = reader.next(), reader.next()
    reader.close()
    closed = counted.more()
    del reader
    observed = [closed, counted.more()]
    del first
    observed.append(counted.more())
    del second
    return [*observed, counted.more()]


def keeps_each_once(bridge):
    """A thousand tokens come and go: no reference too many, none too few."""
    text = _new(b"a " * 1000)
    counted = _Counted(bridge, text).begin()
    for _ in range(3):
        reader = bridge.Reader(text)
        tokens = _rest(reader)
        reader.close()
    during = [len(tokens), counted.more()]
    del tokens, reader
    return [*during, counted.more()]


def outlives_its_text(bridge):
    """The owner goes, and its memory is given to others: a reader and a token still read it."""
    reader = bridge.Reader(_new(b"first ", b"." * 60, b" last"))
    token = reader.next()
    others = [_new(b"x" * size) for size in (71, 71, 71, 71)]
    observed = [token.read(), [len(token.read()) for token in _rest(reader)]]
    reader.close()
    del reader
    others += [_new(b"y" * 71) for _ in range(4)]
    return [*observed, token.read(), len(others)]


def needs_no_collector(bridge):
    """Nothing refers back to who holds it: all ends with the last reference."""
    text = _new(SENTENCE)
    counted = _Counted(bridge, text).begin()
    gc.disable()
    try:
        reader = bridge.Reader(text)
        token = reader.next()
        del reader
        without_reader = counted.more()
        del token
        return [without_reader, counted.more()]
    finally:
        gc.enable()


def refuses_closed(bridge):
    reader = bridge.Reader(_new(SENTENCE))
    reader.close()
    return [attempt(reader.next), attempt(reader.left)]


def refuses(bridge):
    """And neither readers nor references are left."""
    text = _new(SENTENCE)
    counted = _Counted(bridge, text).begin()

    class Subclass(bytes):
        pass

    return {
        "no separator": attempt(bridge.Reader, text, b""),
        "a NUL": attempt(bridge.Reader, text, b" \0"),
        "separators of str": attempt(bridge.Reader, text, " "),
        "separators None": attempt(bridge.Reader, text, None),
        "a str": attempt(bridge.Reader, "text"),
        "a bytearray, which can move": attempt(bridge.Reader, bytearray(text)),
        "a subclass, which could make a cycle": attempt(bridge.Reader, Subclass(text)),
        "None": attempt(bridge.Reader, None),
        "left": counted.more(),
    }


def names_the_argument(bridge):
    try:
        return bridge.Reader(b"text", b"")
    except ValueError as error:
        said = str(error)
    return [word in said for word in ("open", "separators b''", "code -1")]


def keeps_no_type(bridge):
    """A thousand readers and tokens give back their references to their types, and memory."""
    token = type(bridge.Reader(b"a").next())
    gc.collect()
    before = sys.getrefcount(bridge.Reader), sys.getrefcount(token), sys.getallocatedblocks()
    for _ in range(1000):
        bridge.Reader(SENTENCE).next()
        attempt(bridge.Reader, SENTENCE, b"")
    gc.collect()
    after = sys.getrefcount(bridge.Reader), sys.getrefcount(token)
    blocks = sys.getallocatedblocks() - before[2]
    return [after[0] - before[0], after[1] - before[1], "few" if blocks < 500 else blocks]


# What follows is evidence: it runs with the solution only.


def forgotten_owner(bridge):
    """The library alone: C keeps an address, and nobody keeps what is there."""
    import ctypes

    lib, reader = bridge.lib, ctypes.c_void_p()
    start, size = ctypes.c_void_p(), ctypes.c_int64()
    other, others = bytearray(b"other " * 40), [None] * 8
    text = _new(b"first " * 40)
    counted = _Counted(bridge, text).begin()
    lib.tok_open(text, len(text), b" ", ctypes.byref(reader))
    kept = counted.kept()
    del counted, text
    for place in range(8):  # the first that asks for as much memory gets that of the text
        others[place] = bytes(other)
    lib.tok_next(reader, ctypes.byref(start), ctypes.byref(size))
    seen = ctypes.string_at(start.value, size.value)
    lib.tok_close(reader)
    return {"kept by tok_open": kept, "first token": seen, "others": len(others)}


def what_ctypes_keeps(bridge):
    """Which objects of ctypes keep the bytes that they point to."""
    import ctypes

    class Named(ctypes.Structure):
        _fields_ = [("name", ctypes.c_char_p)]

    def moved(text):
        original, copy = Named(text), Named()
        ctypes.memmove(ctypes.byref(copy), ctypes.byref(original), ctypes.sizeof(copy))
        return copy

    return {
        "c_char_p": _keeps(bridge, ctypes.c_char_p),
        "a cast of it": _keeps(bridge, lambda text: ctypes.cast(text, ctypes.c_void_p)),
        "its number": _keeps(bridge, lambda text: ctypes.cast(text, ctypes.c_void_p).value),
        "a struct with it": _keeps(bridge, Named),
        "a memmove of the struct": _keeps(bridge, moved),
    }


def what_cffi_keeps(bridge):
    """Which objects of CFFI keep the memory that they point to."""
    import weakref

    from cffi import FFI

    ffi = FFI()
    ffi.cdef("struct named { char *name; };")

    def lives(make):
        """Whether memory of ffi.new lives on in what make returns of it."""
        owner = ffi.new("char[]", b"text")
        watch = weakref.ref(owner)
        made = make(owner)
        del owner
        return [watch() is not None, made is not None][0]

    def pointer_field(owner):
        place = ffi.new("struct named *")
        place.name = owner
        return place

    return {
        "from_buffer of bytes": _keeps(bridge, ffi.from_buffer),
        "a cast of from_buffer": _keeps(
            bridge, lambda text: ffi.cast("char *", ffi.from_buffer(text))
        ),
        "a field": lives(pointer_field),
        "a char ** of it": lives(lambda owner: ffi.new("char **", owner)),
        "a cast": lives(lambda owner: ffi.cast("char *", owner)),
        "an inner pointer": lives(lambda owner: owner + 1),
        "a list of it": lives(lambda owner: [owner]),
    }


def _keeps(bridge, make):
    """Return whether what make returns of a text keeps the text."""
    text = _new(SENTENCE)
    counted = _Counted(bridge, text).begin()
    made = make(text)
    kept = counted.kept()
    del made
    return kept
