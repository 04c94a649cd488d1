import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libseries.so")))
lib.series_countdown.argtypes = [ctypes.c_uint]
lib.series_countdown.restype = None


def show():
    return lib.series_countdown(9)
