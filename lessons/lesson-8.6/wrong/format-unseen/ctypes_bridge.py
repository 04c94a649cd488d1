"""image through ctypes: an array type laid over the memory of a Python object."""

from __future__ import annotations

import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libimage.so")))
_pixels_p = ctypes.POINTER(ctypes.c_uint8)
lib.image_mean.argtypes = [_pixels_p, ctypes.c_size_t]
lib.image_mean.restype = ctypes.c_double
lib.image_brighten.argtypes = [_pixels_p, ctypes.c_size_t, ctypes.c_double]
lib.image_brighten.restype = ctypes.c_int
lib.image_convolve.argtypes = [
    _pixels_p,
    _pixels_p,
    ctypes.c_size_t,
    ctypes.c_size_t,
    ctypes.POINTER(ctypes.c_double),
]
lib.image_convolve.restype = ctypes.c_int
lib.image_address.argtypes = [_pixels_p]
lib.image_address.restype = ctypes.c_size_t


def _view(operation: str, name: str, buffer: object, code: str, writable: bool) -> memoryview:
    """The memory of `buffer`, not copied, if C can take it as it is."""
    try:
        view = memoryview(buffer)
    except TypeError:
        found = type(buffer).__name__
        raise TypeError(f"{operation}: {name} is no buffer, but {found}") from None
    if writable and view.readonly:
        raise BufferError(f"{operation}: {name} is read-only")
    if not view.c_contiguous:
        raise BufferError(f"{operation}: {name} has gaps")
    return view


def _lay(kind: type, view: memoryview) -> ctypes.Array:
    """An array of `kind` over the memory of `view`, which it keeps from being resized."""
    array = kind * (view.nbytes // view.itemsize)
    if view.readonly:
        return array.from_buffer_copy(view)  # from_buffer takes writable memory only.
    return array.from_buffer(view)


def _pixels(
    operation: str, name: str, buffer: object, writable: bool = False
) -> tuple[ctypes.Array, int]:
    view = _view(operation, name, buffer, "B", writable)
    return _lay(ctypes.c_uint8, view), view.nbytes


def _kernel(operation: str, buffer: object) -> tuple[ctypes.Array, int]:
    view = _view(operation, "kernel", buffer, "d", writable=False)
    return _lay(ctypes.c_double, view), view.nbytes // view.itemsize


def _check(operation: str, status: float, buffer: object) -> None:
    if status < 0:
        size = memoryview(buffer).nbytes
        raise ValueError(f"{operation}: refused with {status:.0f}, for an image of {size} bytes")


def address(pixels: object) -> int:
    """Where C sees the image."""
    c_pixels, _ = _pixels("address", "pixels", pixels)
    return lib.image_address(c_pixels)


def mean(pixels: object) -> float:
    """The mean of all pixels."""
    c_pixels, size = _pixels("mean", "pixels", pixels)
    result = lib.image_mean(c_pixels, size)
    _check("mean", result, pixels)
    return result


def brighten(pixels: object, factor: float) -> None:
    """Multiplies each pixel by `factor`, in place."""
    c_pixels, size = _pixels("brighten", "pixels", pixels, writable=True)
    _check("brighten", lib.image_brighten(c_pixels, size, factor), pixels)


def convolve(pixels: object, out: object, width: int, kernel: object) -> None:
    """Writes the weighted sum of the nine pixels around each one to `out`."""
    c_pixels, size = _pixels("convolve", "pixels", pixels)
    c_out, out_size = _pixels("convolve", "out", out, writable=True)
    c_kernel, weights = _kernel("convolve", kernel)
    if out_size != size or not 0 <= width <= size or weights != 9:
        shape = f"{size} pixels to {out_size}, {width} wide"
        raise ValueError(f"convolve: {shape}, with {weights} weights")
    _check("convolve", lib.image_convolve(c_pixels, c_out, size, width, c_kernel), pixels)
