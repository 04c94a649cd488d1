import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libseries.so")))
lib.series_product.argtypes = [ctypes.c_int64, ctypes.c_int64]
lib.series_product.restype = ctypes.c_int


def show():
    return lib.series_product(100_000, 100_000)
