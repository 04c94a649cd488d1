import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libseries.so")))
lib.series_sum.argtypes = [ctypes.POINTER(ctypes.c_int), ctypes.c_int]
lib.series_sum.restype = ctypes.c_int


def show():
    numbers = (ctypes.c_int * 10)(*range(10))
    return lib.series_sum(numbers, ctypes.sizeof(numbers))
