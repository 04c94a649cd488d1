import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libseries.so")))
lib.series_root_or_else.argtypes = [ctypes.c_int]
lib.series_root_or_else.restype = ctypes.c_int


def show():
    return lib.series_root_or_else(10)
