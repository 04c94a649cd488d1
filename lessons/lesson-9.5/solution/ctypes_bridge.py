"""Bridge ctypes: an array laid over the slots of C lends them, for as long as anybody looks."""

from __future__ import annotations

import ctypes
import operator
import sys
import weakref
from pathlib import Path
from typing import NoReturn


class _Ring(ctypes.Structure):
    """Opaque: only pointers to it exist."""


_ring_p = ctypes.POINTER(_Ring)
_slots_p = ctypes.POINTER(ctypes.c_int16)
lib = ctypes.CDLL(str(Path(__file__).with_name("libring.so")))
lib.ring_new.argtypes = [ctypes.c_size_t, ctypes.POINTER(_ring_p)]
lib.ring_new.restype = ctypes.c_int
lib.ring_free.argtypes = [_ring_p]
lib.ring_free.restype = ctypes.c_int
lib.ring_resize.argtypes = [_ring_p, ctypes.c_size_t]
lib.ring_resize.restype = ctypes.c_int
lib.ring_write.argtypes = [_ring_p, _slots_p, ctypes.c_size_t]
lib.ring_write.restype = ctypes.c_int
lib.ring_read.argtypes = [_ring_p, _slots_p, ctypes.c_size_t]
lib.ring_read.restype = ctypes.c_int
lib.ring_lend.argtypes = [_ring_p]
lib.ring_lend.restype = _slots_p
lib.ring_return.argtypes = [_ring_p]
lib.ring_return.restype = ctypes.c_int
lib.ring_capacity.argtypes = [_ring_p]
lib.ring_capacity.restype = ctypes.c_size_t
lib.ring_count.argtypes = [_ring_p]
lib.ring_count.restype = ctypes.c_size_t
lib.ring_lent.argtypes = [_ring_p]
lib.ring_lent.restype = ctypes.c_size_t
lib.ring_bytes.argtypes = []
lib.ring_bytes.restype = ctypes.c_int64
lib.ring_text.argtypes = [ctypes.c_int]
lib.ring_text.restype = ctypes.c_char_p


def _check(operation: str, code: int, which: str) -> None:
    """Raise what `code` means, with operation, code and object."""
    if code == 0:
        return
    kind = {-5: BufferError, -6: MemoryError}.get(code, ValueError)
    raise kind(f"{operation}: {lib.ring_text(code).decode('ascii')} (code {code}): {which}")


def _size(operation: str, slots: int) -> int:
    """A number of slots as C takes it; ctypes would cut it silently."""
    slots = operator.index(slots)
    if not -sys.maxsize <= slots <= sys.maxsize:
        raise OverflowError(f"{operation}: {slots} slots")
    return max(slots, 0)  # C refuses 0, and has no number below


def _take(operation: str, buffer: object, writable: bool) -> tuple[ctypes.Array, int]:
    """An array over the memory of `buffer`, which cannot be resized meanwhile; its length."""
    try:
        view = memoryview(buffer)
    except TypeError:
        found = type(buffer).__name__
        raise TypeError(f"{operation}: no buffer, but {found}") from None
    if view.format != "h":
        raise TypeError(f"{operation}: items {view.format}, not h")
    if writable and view.readonly:
        raise BufferError(f"{operation}: the buffer is read-only")
    if not view.c_contiguous:
        raise BufferError(f"{operation}: the buffer has gaps")
    count = view.nbytes // view.itemsize
    array = ctypes.c_int16 * count
    # from_buffer borrows writable memory only; C reads the copy of a constant.
    return (array.from_buffer_copy(view) if view.readonly else array.from_buffer(view)), count


class Ring:
    """A ring of 16-bit samples. `view` lends its slots; meanwhile they cannot be moved."""

    def __init__(self, capacity: int) -> None:
        made = _ring_p()
        slots = _size("Ring", capacity)
        _check("Ring", lib.ring_new(slots, ctypes.byref(made)), f"ring of {capacity} slots")
        self._ring = made
        weakref.finalize(self, lib.ring_free, made)

    def __str__(self) -> str:
        return f"ring of {self.capacity} slots"

    def __len__(self) -> int:
        return lib.ring_count(self._ring)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Ring owns its slots alone: it cannot be copied or pickled")

    @property
    def capacity(self) -> int:
        """How many slots there are."""
        return lib.ring_capacity(self._ring)

    @property
    def lent(self) -> int:
        """How many loans have not come back."""
        return lib.ring_lent(self._ring)

    def write(self, samples: object) -> None:
        """Copy samples in, all or none: any buffer of items `h` without gaps."""
        array, count = _take("write", samples, writable=False)
        _check("write", lib.ring_write(self._ring, array, count), str(self))

    def read_into(self, out: object) -> None:
        """Fill a writable buffer with the oldest samples, and forget them."""
        array, count = _take("read_into", out, writable=True)
        _check("read_into", lib.ring_read(self._ring, array, count), str(self))

    def read(self) -> bytes:
        """Return all samples as bytes of their own, and forget them."""
        copy = (ctypes.c_int16 * len(self))()
        _check("read", lib.ring_read(self._ring, copy, len(copy)), str(self))
        return bytes(copy)

    def resize(self, capacity: int) -> None:
        """Move the samples to `capacity` new slots; refused while any are lent."""
        slots = _size("resize", capacity)
        _check("resize", lib.ring_resize(self._ring, slots), str(self))

    def view(self) -> memoryview:
        """Lend all slots: a memoryview of items `h`, nothing is copied."""
        # region: loan
        # task: view
        start = lib.ring_lend(self._ring)
        slots = (ctypes.c_int16 * self.capacity).from_address(ctypes.addressof(start.contents))
        # Whatever looks at the slots holds this array; the finaliser holds the ring.
        weakref.finalize(slots, self._give_back)
        return memoryview(slots).cast("B").cast("h")  # ctypes calls the format <h
        # starter:
        #| # TODO 1: lend the slots of C and not a copy. `from_address` lays an array over memory
        #| # and owns nothing: what keeps the ring while anybody looks? Who calls `_give_back`?
        #| copy = (ctypes.c_int16 * self.capacity)()
        #| return memoryview(copy).cast("B").cast("h")
        # endtask
        # endregion

    def _give_back(self) -> None:
        """End one loan."""
        # task: give-back
        lib.ring_return(self._ring)
        # starter:
        #| # TODO 2: tell C.
        # endtask


def bytes_held() -> int:
    """Return how many bytes all rings have in C."""
    return lib.ring_bytes()
