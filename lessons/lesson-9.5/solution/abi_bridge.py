"""Bridge abi: ffi.buffer lends the slots of C, and ffi.gc hears when nobody looks any more."""

from __future__ import annotations

import operator
import sys
from pathlib import Path
from typing import NoReturn

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    typedef struct ring ring;
    int ring_new(size_t capacity, ring **made);
    int ring_free(ring *r);
    int ring_resize(ring *r, size_t capacity);
    int ring_write(ring *r, const int16_t *samples, size_t count);
    int ring_read(ring *r, int16_t *samples, size_t count);
    int16_t *ring_lend(ring *r);
    int ring_return(ring *r);
    size_t ring_capacity(const ring *r);
    size_t ring_count(const ring *r);
    size_t ring_lent(const ring *r);
    int64_t ring_bytes(void);
    const char *ring_text(int code);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libring.so")))


def _check(operation: str, code: int, which: str) -> None:
    """Raise what `code` means, with operation, code and object."""
    if code == 0:
        return
    kind = {-5: BufferError, -6: MemoryError}.get(code, ValueError)
    text = ffi.string(lib.ring_text(code)).decode("ascii")
    raise kind(f"{operation}: {text} (code {code}): {which}")


def _size(operation: str, slots: int) -> int:
    """A number of slots as C takes it."""
    slots = operator.index(slots)
    if not -sys.maxsize <= slots <= sys.maxsize:
        raise OverflowError(f"{operation}: {slots} slots")
    return max(slots, 0)  # C refuses 0, and has no number below


def _take(operation: str, buffer: object, writable: bool) -> tuple[ffi.CData, int]:
    """A pointer into the memory of `buffer`, which cannot be resized meanwhile; its length."""
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
    samples = ffi.from_buffer("int16_t[]", view, require_writable=writable)
    return samples, len(samples)


class Ring:
    """A ring of 16-bit samples. `view` lends its slots; meanwhile they cannot be moved."""

    def __init__(self, capacity: int) -> None:
        made = ffi.new("ring **")
        slots = _size("Ring", capacity)
        _check("Ring", lib.ring_new(slots, made), f"ring of {capacity} slots")
        self._ring = ffi.gc(made[0], lib.ring_free)

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
        pointer, count = _take("write", samples, writable=False)
        _check("write", lib.ring_write(self._ring, pointer, count), str(self))

    def read_into(self, out: object) -> None:
        """Fill a writable buffer with the oldest samples, and forget them."""
        pointer, count = _take("read_into", out, writable=True)
        _check("read_into", lib.ring_read(self._ring, pointer, count), str(self))

    def read(self) -> bytes:
        """Return all samples as bytes of their own, and forget them."""
        copy = ffi.new("int16_t[]", len(self))
        _check("read", lib.ring_read(self._ring, copy, len(copy)), str(self))
        return bytes(ffi.buffer(copy))

    def resize(self, capacity: int) -> None:
        """Move the samples to `capacity` new slots; refused while any are lent."""
        slots = _size("resize", capacity)
        _check("resize", lib.ring_resize(self._ring, slots), str(self))

    # region: view
    def view(self) -> memoryview:
        """Lend all slots: a memoryview of items `h`, nothing is copied."""
        # Whatever looks at the slots holds this pointer; its destructor holds the ring.
        loan = ffi.gc(lib.ring_lend(self._ring), self._give_back)
        return memoryview(ffi.buffer(loan, self.capacity * 2)).cast("h")

    # endregion
    def _give_back(self, loan: ffi.CData) -> None:
        """End one loan."""
        lib.ring_return(self._ring)


def bytes_held() -> int:
    """Return how many bytes all rings have in C."""
    return lib.ring_bytes()
