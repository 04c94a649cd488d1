import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libseries.so")))
lib.series_scale.argtypes = [ctypes.c_int, ctypes.c_int]
lib.series_scale.restype = ctypes.c_double


def show():
    return lib.series_scale(2, 3) == 6.0
