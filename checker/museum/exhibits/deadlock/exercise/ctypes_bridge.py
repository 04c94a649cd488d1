import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libworkers.so")))
lib.worker_enter.restype = ctypes.c_int


def show():
    return lib.worker_enter()
