"""Memory of C, lent by the buffer protocol: looked at, kept in place, given back."""

import copy
import ctypes
import gc
import pickle
import sys
from array import array

from observe import attempt


def _said(function, *arguments):
    """Class and text of an exception, or "accepted"."""
    try:
        function(*arguments)
    except Exception as error:
        return [type(error).__name__, str(error)]
    return "accepted"


def _refused(call, *arguments):
    """Class of an exception, and whether its text begins with the operation; or "accepted"."""
    said = _said(call, *arguments)
    return said if said == "accepted" else [said[0], said[1].startswith(f"{call.__name__}: ")]


def _samples(buffer):
    return array("h", bytes(buffer)).tolist()


def _ring(bridge, capacity, *samples):
    ring = bridge.Ring(capacity)
    ring.write(array("h", samples))
    return ring


def keeps_order(bridge, samples):
    """First in, first out, around the end of the slots too."""
    samples = array("h", [256 * byte - 32768 for byte in samples] + [1, -2])
    ring = _ring(bridge, len(samples) + 1)
    observed = []
    for _ in range(3):
        ring.write(samples)
        half = array("h", [0] * (len(samples) // 2))
        ring.read_into(half)
        observed += [half.tolist(), len(ring), _samples(ring.read()), len(ring)]
    return observed


def copies(bridge):
    """What `read` returns belongs to Python: nothing is lent, and nothing changes in it."""
    ring = _ring(bridge, 4, 1, 256, 0)
    read = ring.read()
    ring.write(array("h", [7, 7, 7]))
    return [type(read).__name__, read, ring.lent, _said(ring.resize, 3), read, ring.read()]


def lends_slots(bridge):
    """All slots, in the words of the buffer protocol."""
    ring = _ring(bridge, 5, 10, -20)
    with ring.view() as view:
        return {
            "items": [view.format, view.itemsize, view.nbytes],
            "layout": [view.ndim, list(view.shape), list(view.strides), view.c_contiguous],
            "read-only": view.readonly,
            "samples": _samples(view),
            "lent": ring.lent,
        }


def shares_memory(bridge, sample):
    """Both sides see what the other one writes: nothing is copied."""
    ring = _ring(bridge, 3, 1, 2)
    view, other = ring.view(), ring.view()
    view[0] = sample
    ring.write(array("h", [sample]))
    observed = [other.tolist(), _samples(ring.read())]
    ring.write(array("h", [5]))
    return [*observed, view.tolist(), other.tolist()]


def stays_in_place(bridge, holder):
    """Whoever looks at the slots, resize is refused; then it keeps the samples."""
    hold = {
        "a view": lambda view: view,
        "a slice": lambda view: view[1:],
        "every second slot": lambda view: view[::2],
        "as bytes": lambda view: view.cast("B"),
        "a view of the view": memoryview,
        "read-only": lambda view: view.toreadonly(),
        "a ctypes array": lambda view: (ctypes.c_int16 * 4).from_buffer(view),
    }[holder]
    ring = _ring(bridge, 4, 1, 2)
    ring.read_into(array("h", [0]))
    held = hold(ring.view())
    refused = _said(ring.resize, 8)
    seen = [bytes(held)[:2], ring.capacity, ring.lent]
    del held
    returned = [ring.lent, _said(ring.resize, 2), ring.capacity, _samples(ring.read())]
    return {"lent": refused, "seen": seen, "returned": returned}


def keeps_the_ring(bridge):
    """The ring is forgotten, its view is not: the slots stay, and end with the last look."""
    before = bridge.bytes_held()
    ring = _ring(bridge, 64, 7, 8)
    view = ring.view()
    del ring
    gc.collect()
    others = [bridge.Ring(64) for _ in range(8)]
    view[2] = 9
    part = view[:4]
    observed = [part.tolist(), bridge.bytes_held() - before > 0]
    view.release()
    observed += [part.tolist(), len(others)]
    del part, others
    gc.collect()
    return [*observed, bridge.bytes_held() - before]


def returns_loans(bridge):
    """A loan ends once: by release, by `with`, with the last slice, without the collector."""
    ring = bridge.Ring(4)
    gc.disable()
    try:
        view, other = ring.view(), ring.view()
        lent = [ring.lent]
        part = view[1:]
        view.release()
        lent.append(ring.lent)  # the slice still looks
        part.release()
        lent.append(ring.lent)
        part.release()
        view.release()
        lent.append(ring.lent)
        with other:
            lent.append(ring.lent)
        lent.append(ring.lent)

        def work():
            with ring.view():
                raise RuntimeError("in the middle")

        lent += [attempt(work)["raised"], ring.lent, _said(other.tolist)[0]]
        ring.view()
        return [*lent, ring.lent]
    finally:
        gc.enable()


def passes_on(bridge):
    """Given and taken: from ring to ring without a copy in between."""
    first, second = _ring(bridge, 3, 1, 2, 3), bridge.Ring(5)
    second.write(first.view()[1:])
    with second.view() as view:
        first.read_into(view[3:])
        observed = [view.tolist(), [first.lent, second.lent]]
    return [*observed, [first.lent, second.lent], _samples(first.read()), _samples(second.read())]


def takes(bridge, what):
    """What has items of two bytes without gaps, wherever it lies."""
    samples = {
        "an array": lambda: array("h", [1, -1]),
        "a slice": lambda: memoryview(array("h", [1, 2, 3]))[1:],
        "two rows": lambda: memoryview(array("h", range(6))).cast("B").cast("h", [2, 3]),
        "an odd address": lambda: memoryview(bytearray(b"_\1\0\2\0"))[1:].cast("h"),
        "a constant": lambda: memoryview(b"\1\0\2\0").cast("h"),
        "nothing": lambda: array("h"),
    }[what]()
    ring = _ring(bridge, 16, *[-5] * (memoryview(samples).nbytes // 2))
    ring.write(samples)
    if not memoryview(samples).readonly:
        ring.read_into(samples)
    return [_samples(samples), _samples(ring.read()), ring.lent]


def refuses_others(bridge, what):
    """What is no buffer, or has other items: neither read nor written."""
    samples = {
        "str": "ab",
        "list": [1, 2],
        "type": bridge.Ring,
        "bytes": b"ab",
        "bytearray": bytearray(2),
        "unsigned": array("H", [1]),
        "int": array("i", [1]),
        "float": array("f", [1]),
    }[what]
    ring = _ring(bridge, 8, 1, 2)
    refused = [_refused(call, samples) for call in (ring.write, ring.read_into)]
    return [*refused, len(ring), ring.lent]


def refuses_gaps(bridge, start, step):
    """C knows nothing of strides, neither of ours nor of a ring's."""
    ring, samples = _ring(bridge, 8, 1, 2), memoryview(array("h", range(6)))
    other = _ring(bridge, 6, 7)
    return {
        "array": [_refused(ring.write, samples[start::step]), samples.tolist()],
        "into it": [_refused(ring.read_into, samples[start::step]), samples.tolist()],
        "ring": [_refused(ring.write, other.view()[start::step]), other.lent],
        "left": len(ring),
    }


def refuses_read_only(bridge):
    """Where C writes, it has to be allowed to."""
    ring, constant = _ring(bridge, 8, 1, 2), memoryview(b"abcd").cast("h")
    view = _ring(bridge, 4).view().toreadonly()
    return {
        "a constant": [_refused(ring.read_into, constant), constant.tobytes()],
        "a read-only view": [_refused(ring.read_into, view), _samples(view)],
        "C only reads": [len(ring), _said(ring.write, constant), len(ring)],
    }


def refuses_ended(bridge):
    """An exporter may refuse, too: here a view that was released, of an array and of a ring."""
    ring, other = _ring(bridge, 8, 1, 2), _ring(bridge, 4, 7)
    ended = [memoryview(array("h", [1])), other.view()]
    for view in ended:
        view.release()
    said = [_said(call, view) for view in ended for call in (ring.write, ring.read_into)]
    its_own_words = ["ring of" in text for _, text in said]
    return [[name for name, _ in said], its_own_words, len(ring), other.lent]


def lets_go(bridge, call, samples):
    """What was taken can be resized after each call, and after a refusal by us or by C."""
    ring, empty = _ring(bridge, 2, 1, 2), bridge.Ring(2)
    owner = array("h", [0] * 12)
    view = {
        "one": lambda view: view[:1],
        "ten": lambda view: view[:10],
        "gaps": lambda view: view[::2],
        "read-only": lambda view: view.toreadonly(),
        "bytes": lambda view: view.cast("B"),
    }[samples](memoryview(owner))
    said = _refused({"write": empty.write, "read_into": ring.read_into}[call], view)
    del view
    return [said, _said(owner.append, 1)]


def refuses(bridge, what):
    """Each code of C as an exception with operation, code and ring; nothing has changed."""
    ring, more = _ring(bridge, 4, 1, 2, 3), array("h", [0] * 4)
    view = ring.view()
    if what.startswith("resize"):
        view.release()
    said = {
        "too many": lambda: _said(ring.write, array("h", [4, 5])),
        "too few": lambda: _said(ring.read_into, more),
        "its own slots": lambda: _said(ring.write, view[3:]),
        "into its own slots": lambda: _said(ring.read_into, view[:2]),
        "lent": lambda: _said(ring.resize, 8),
        "resize too small": lambda: _said(ring.resize, 2),
        "resize too large": lambda: _said(ring.resize, sys.maxsize),
    }[what]()
    view.release()
    left = [ring.capacity, ring.lent, more.tolist(), _samples(ring.read())]
    return {"said": said, "left": left}


def refuses_sizes(bridge):
    before = bridge.bytes_held()
    ring = bridge.Ring(1)
    return {
        "Ring(0)": _said(bridge.Ring, 0),
        "Ring(-1)": _said(bridge.Ring, -1),
        "Ring(maxsize)": _said(bridge.Ring, sys.maxsize),
        "Ring(2**64)": attempt(bridge.Ring, 2**64),
        "Ring(1.0)": attempt(bridge.Ring, 1.0),
        "Ring()": attempt(bridge.Ring),
        "resize(0)": _said(ring.resize, 0),
        "resize(-2)": _said(ring.resize, -2),
        "resize(-2**64)": attempt(ring.resize, -(2**64)),
        "resize('2')": attempt(ring.resize, "2"),
        "bytes": [bridge.bytes_held() > before, ring.capacity],
    }


def refuses_copies(bridge):
    """A copy would be a second owner of the same slots."""
    ring = bridge.Ring(2)
    return [_said(each, ring)[0] for each in (copy.copy, copy.deepcopy, pickle.dumps)]


def is_inherited(bridge):
    """A subclass lends, too; a ring in a cycle goes when nobody looks and the collector comes."""

    class Named(bridge.Ring):
        pass

    before = bridge.bytes_held()
    ring = Named(3)
    ring.itself, ring.name = ring, "mine"
    ring.write(array("h", [1, 2]))
    view = ring.view()
    observed = [ring.name, type(ring).__name__, ring.lent]
    del ring
    gc.collect()
    observed += [view.tolist(), bridge.bytes_held() > before]
    del view
    gc.collect()
    return [*observed, bridge.bytes_held() - before]


def keeps_nothing(bridge):
    """Many rings, views, refusals: bytes, references and memory are as before."""
    counted = [bridge.Ring, array("h", [1, 2]), _ring(bridge, 4, 1)]
    samples, ring = counted[1:]

    def use():
        with ring.view() as view:
            attempt(ring.resize, 8)
            attempt(ring.write, view)
        attempt(ring.write, "ab")
        attempt(ring.read_into, samples)
        other = _ring(bridge, 16, 1)
        other.write(samples)
        return other.view()[2:]

    def references():
        gc.collect()
        return [sys.getrefcount(each) for each in counted]

    use()
    before, held, blocks = references(), bridge.bytes_held(), sys.getallocatedblocks()
    for _ in range(500):
        use()
    left = [now - then for now, then in zip(references(), before)]
    more = sys.getallocatedblocks() - blocks
    return [*left, bridge.bytes_held() - held, ring.lent, more < 400]


def lends_itself(bridge):
    """An object with the two slots is a buffer for everybody: no method has to be called."""
    import io
    import zlib

    ring = _ring(bridge, 4, 1, 2)
    # region: consumers
    observed = {
        "memoryview": [memoryview(ring).tolist(), memoryview(ring).obj is ring],
        "bytes": bytes(ring),
        "crc32": zlib.crc32(ring) == zlib.crc32(bytes(ring)),
        "readinto": io.BytesIO(b"\5\0\6\0\7\0").readinto(ring),
        "another ring": [bridge.Ring(4).write(ring), ring.read_into(bridge.Ring(1))],
    }
    # endregion
    empty, full = bridge.Ring(2), _ring(bridge, 2, 1, 2)
    observed["itself"] = [_said(empty.write, empty), _said(full.read_into, full)]
    lent = (ctypes.c_int16 * 4).from_buffer(ring)
    lent[3] = 8
    observed["ctypes"] = [ring.lent, _said(ring.resize, 9)[0], memoryview(ring).tolist()]
    del lent
    return {**observed, "left": [ring.lent, len(ring)]}


class _Buffer(ctypes.Structure):
    """Py_buffer, as C has it."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_void_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


def _asked(ring, flags):
    """What the exporter writes into a buffer full of rubbish, asked with these flags."""
    api, view = ctypes.PyDLL(None), _Buffer()
    ctypes.memset(ctypes.byref(view), 0x55, ctypes.sizeof(view))
    references = sys.getrefcount(ring)
    api.PyObject_GetBuffer(ctypes.py_object(ring), ctypes.byref(view), flags)

    def of(kind, address):
        return None if address is None else kind.from_address(address).value

    observed = {
        "bytes": [view.len, view.itemsize, view.readonly, view.ndim],
        "samples": list((ctypes.c_int16 * 2).from_address(view.buf)),
        "format": None if view.format is None else ctypes.string_at(view.format),
        "shape": of(ctypes.c_ssize_t, view.shape),
        "strides": of(ctypes.c_ssize_t, view.strides),
        "suboffsets": view.suboffsets,
        "owner": [view.obj == id(ring), sys.getrefcount(ring) - references],
    }
    api.PyBuffer_Release(ctypes.byref(view))
    return {**observed, "after": [view.obj, sys.getrefcount(ring) - references, ring.lent]}


def answers_flags(bridge, flags):
    """Only what was asked for, and all of it, for each way to ask."""
    asked = {"SIMPLE": 0, "WRITABLE": 0x01, "FORMAT": 0x04, "ND": 0x08, "STRIDES": 0x18}
    ring = _ring(bridge, 2, 5, 6)
    return _asked(ring, sum(asked[flag] for flag in flags.split(" | ")))


# What follows is evidence: it runs with the solution only.

BUFFERS = r"""
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <unistd.h>

/* Copies by size and, as a C string, without. */
static PyObject *two_copies(PyObject *self, PyObject *object)
{
    Py_buffer view;
    PyObject *sized, *string;

    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    sized = PyBytes_FromStringAndSize(view.buf, view.len);
    string = PyBytes_FromString(view.buf);
    PyBuffer_Release(&view);
    return Py_BuildValue("(NN)", sized, string);
}

/* Adds what it believes to be `count` shorts, one behind the other. */
static PyObject *believe(PyObject *self, PyObject *args)
{
    PyObject *object;
    Py_buffer view;
    long sum = 0;
    int i, count, write = 0;

    if (!PyArg_ParseTuple(args, "Oi|p", &object, &count, &write) ||
        PyObject_GetBuffer(object, &view, PyBUF_FULL_RO) < 0)
        return NULL;
    for (i = 0; i < count; i++)
        sum += ((short *)view.buf)[i];
    if (write)
        ((char *)view.buf)[0] = '!';
    PyBuffer_Release(&view);
    return PyLong_FromLong(sum);
}

// A call that works without the GIL, and reads the first byte twice.
static PyObject *read_twice(PyObject *self, PyObject *args)
{
    Py_buffer view;
    int tell, wait;
    char before, after, sign = 0;
    int heard;

    if (!PyArg_ParseTuple(args, "y*ii", &view, &tell, &wait))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    before = *(volatile char *)view.buf;
    heard = write(tell, &sign, 1) == 1 && read(wait, &sign, 1) == 1;
    after = *(volatile char *)view.buf;
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return heard ? Py_BuildValue("(ii)", before, after) : PyErr_SetFromErrno(PyExc_OSError);
}

static PyMethodDef methods[] = {
    {"two_copies", two_copies, METH_O, NULL},
    {"believe", believe, METH_VARARGS, NULL},
    {"read_twice", read_twice, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "_buffers", NULL, -1, methods};

PyMODINIT_FUNC PyInit__buffers(void) { return PyModule_Create(&def); }
"""


def copies_by_size(bridge):
    """A bytes object of a buffer: with the size, or up to the first NUL; either is a copy."""
    data = bytearray(b"a\0bc\0")
    sized, string = _buffers(bridge).two_copies(data)
    data[:] = b"xxxxx"
    return {"FromStringAndSize": sized, "FromString": string, "data": bytes(data)}


def believes_too_much(bridge):
    """C that takes every buffer for writable shorts, side by side."""
    believe = _buffers(bridge).believe
    samples, constant = memoryview(array("h", [1, 2, 3, 4])), bytes([97, 98])
    observed = {
        "every second of 1 2 3 4": [sum(samples[::2]), believe(samples[::2], 2)],
        "the ints 70000 70000": [140000, believe(array("i", [70000, 70000]), 2)],
        "the doubles 1 2": [3.0, believe(array("d", [1, 2]), 2)],
    }
    believe(constant, 1, True)
    return {**observed, "the constant b'ab'": constant}


def changes_while_c_reads(bridge):
    """While C reads without the GIL, another thread resizes and changes what it reads."""
    import os
    import threading

    data, said = bytearray(b"\1\2"), []
    told, tell = os.pipe()
    waited, answer = os.pipe()

    def meanwhile():
        os.read(told, 1)
        said.append(_said(data.append, 3)[0])
        data[0] = 9
        os.write(answer, b"!")

    thread = threading.Thread(target=meanwhile)
    thread.start()
    seen = _buffers(bridge).read_twice(data, tell, waited)
    thread.join()
    for end in (told, tell, waited, answer):
        os.close(end)
    return {"C read, and read again": list(seen), "append": said}


def exports_in_python(bridge):
    """A class with __buffer__ is an exporter, since Python knows of it."""

    # region: python
    class Lending(bridge.Ring):
        def __buffer__(self, flags):
            return self.view()

    # endregion
    ring = Lending(2)
    ring.write(array("h", [1, 2]))
    observed = attempt(lambda: memoryview(ring).tolist())
    return {"memoryview(ring)": observed, "left": ring.lent}


def _buffers(bridge):
    """Compiles the extension above beside the bridge and imports it."""
    import importlib
    import subprocess
    import sysconfig
    from pathlib import Path

    folder = Path(bridge.__file__).resolve().parent
    if not (folder / "_buffers.so").exists():
        (folder / "_buffers.c").write_text(BUFFERS)
        headers = f"-I{sysconfig.get_path('include')}"
        command = ["cc", "-shared", "-fPIC", "-w", headers, "_buffers.c", "-o", "_buffers.so"]
        subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=True)
        importlib.invalidate_caches()
    return importlib.import_module("_buffers")
