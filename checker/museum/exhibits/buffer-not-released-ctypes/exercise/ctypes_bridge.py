import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libseries.so")))
lib.series_sum.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.series_sum.restype = ctypes.c_int


def show():
    numbers = bytearray(b"abc")
    view = (ctypes.c_ubyte * 3).from_buffer(numbers)
    total = lib.series_sum(ctypes.addressof(view), 3)
    numbers.append(0)
    return total
