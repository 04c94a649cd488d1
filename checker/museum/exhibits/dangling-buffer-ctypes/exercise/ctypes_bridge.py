import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libcells.so")))
lib.series_sum.argtypes = [ctypes.c_void_p]
lib.series_sum.restype = ctypes.c_int


class Series(ctypes.Structure):
    _fields_ = [("numbers", ctypes.c_void_p), ("count", ctypes.c_int)]


def show():
    series = Series(ctypes.addressof((ctypes.c_int * 100)(*range(100))), 100)
    return lib.series_sum(ctypes.byref(series))
